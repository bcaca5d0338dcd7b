"""New projects: ``init`` writes one to fill in, ``demo`` one that is ready to build.

Nothing that exists is ever overwritten. The settings file itself comes from ``settings/write.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from reportgen.batch.state.files import write_atomic
from reportgen.errors import EnvironmentMissing, UsageError, cannot_write
from reportgen.project.recipes import parse_recipes, write_recipes
from reportgen.resources import data_dir
from reportgen.settings.messages import did_you_mean
from reportgen.settings.sections import SCHEMA_FILE, SETTINGS_FILE
from reportgen.settings.write import schema_text, settings_text

if TYPE_CHECKING:
    from reportgen.project.proposal import Proposal

_OVERRIDES = """\
Template overrides
==================
`reportgen templates list` prints every template with its blocks; `reportgen templates eject NAME --block BLOCK` writes
one here to be changed. Set `templates = "templates"` under [report] so that they are used.
They run in a sandbox and see plain data only.
"""
_DEMO = {
    "report.title": "Promotion impact",
    "brand.name": "Demo",
    "report.promotion_unit": "visit",
    "report.currency": "INR",
    "run.as_of": "2024-01-15",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class NewProject:
    """What ``init`` did: files written, files that were there, and what was found out about the user's table."""

    written: tuple[Path, ...]
    kept: tuple[Path, ...] = ()
    proposal: Proposal | None = None


Ask = Callable[["Proposal"], Mapping[str, object]]
"""Asks a person about what is unsure in a proposal; returns the settings answered, none when nothing is left to ask."""


def start_project(
    folder: Path,
    data: str | None = None,
    overrides: Mapping[str, object] | None = None,
    *,
    recipe: str = "",
    ask: Ask | None = None,
) -> NewProject:
    """Write a new project, and recipes into it; into a project that exists only recipes.

    ``ask`` is asked until it has no more answers; None where nobody could give any.

    Raises
    ------
    UsageError
        If there is a project and nothing but a project is asked for; if a recipe is unknown.
    ReadError
        If ``data`` cannot be read as a table.
    EnvironmentMissing
        If the folder cannot be written.
    """
    recipes = parse_recipes(recipe)
    settings = folder / SETTINGS_FILE
    # Recipes may come later: then only they are written, and the project stays as it is.
    if recipes and data is None and settings.exists():
        written, kept = write_recipes(folder, recipes)
        return NewProject(written=written, kept=(settings, *kept))
    refuse_existing(folder)
    proposal = None
    if data is not None:
        from reportgen.project.proposal import propose

        proposal = propose(data, folder, overrides)
        known = dict(overrides or {})
        while ask is not None and (answers := ask(proposal)):
            known |= answers
            proposal = propose(data, folder, known)
    project, there = write_project(folder, proposal)
    written, kept = write_recipes(folder, recipes)
    return NewProject(written=(*project, *written), kept=(*there, *kept), proposal=proposal)


def write_project(folder: Path, proposal: Proposal | None = None) -> tuple[tuple[Path, ...], tuple[Path, ...]]:
    """Write a new project; return the files written, and those that were there and stay as they are.

    Parameters
    ----------
    proposal
        Settings found from a table of the user's; None: sample data, and the settings that fit them.

    Raises
    ------
    UsageError
        If the folder already holds settings.
    EnvironmentMissing
        If it cannot be written.
    """
    refuse_existing(folder)
    content = {SCHEMA_FILE: schema_text().encode(), "templates/README.txt": _OVERRIDES.encode()}
    if proposal is None:
        content[SETTINGS_FILE] = settings_text({}).encode()
        content["data/panel.csv"] = (data_dir() / "demo_panel.csv").read_bytes()
    else:
        content[SETTINGS_FILE] = settings_text(proposal.values, proposal.notes).encode()
    missing = {name: body for name, body in sorted(content.items()) if not (folder / name).exists()}
    return _write(folder, missing), tuple(folder / name for name in sorted(set(content) - set(missing)))


def refuse_existing(folder: Path) -> None:
    """Raise :class:`UsageError` if the folder already holds settings, or is a file."""
    if folder.is_file():
        raise UsageError(
            f"{folder} is a file, and a project is a folder. `reportgen init NAME --data {folder}` starts one from it.",
            code="project-exists",
        )
    if (folder / SETTINGS_FILE).exists():
        raise UsageError(f"{folder} already has a {SETTINGS_FILE}; nothing was written.", code="project-exists")


def write_demo(folder: Path, kind: str = "") -> tuple[Path, ...]:
    """Write the demo project where its files are missing; return the files written.

    ``kind``: saturating, channels or experiment, of one market each; empty: the ten markets.

    Raises
    ------
    UsageError
        If there is no such kind.
    EnvironmentMissing
        If the folder cannot be written.
    """
    from reportgen.panel.demos import SETTINGS

    known = {str(name): dict(values) for name, values in SETTINGS.items()}
    if kind and kind not in known:
        raise UsageError(f"{kind}: demos are {', '.join(known)}.{did_you_mean(kind, known)}", code="unknown-demo")
    content = {
        SETTINGS_FILE: settings_text(_DEMO | known.get(kind, {})).encode(),
        SCHEMA_FILE: schema_text().encode(),
        "data/panel.csv": (data_dir() / f"demo_{kind or 'panel'}.csv").read_bytes(),
    }
    # File by file: a demo whose settings somebody changed is built as it is, and a table that went missing comes back.
    return _write(folder, {name: body for name, body in content.items() if not (folder / name).exists()})


def _write(folder: Path, content: Mapping[str, bytes]) -> tuple[Path, ...]:
    try:
        for name, body in content.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            write_atomic(path, body)
    except OSError as error:
        if folder.is_file():
            message = f"{folder}: cannot write: it is a file; name a folder."
            raise EnvironmentMissing(message, code="cannot-write") from error
        raise cannot_write(folder, error) from error
    return tuple(folder / name for name in content)
