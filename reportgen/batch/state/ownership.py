"""Whose a folder is, asked before anything is written: only what carries our seal is ever replaced.

An output folder may hold other things beside ours, but not the names a run replaces (``site``, ``markets``,
``run.json``) unless a run has written them, and never the project itself: a wrong ``out`` must cost a message, not a
folder.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from reportgen.batch.state import record, swap
from reportgen.errors import ConfigError
from reportgen.settings.sections import Settings

_REPLACED = ("markets", "site", "run.json")
_PAGES = {"index.qmd", "method.qmd", "markets", "theme", "figures"}
"""What a Quarto project of ours consists of, beside its ``_quarto.yml``, which may be the user's."""


def refuse_foreign_output(settings: Settings, root: Path, out: Path) -> None:
    """Raise where a run into ``out`` could replace something that is not reportgen's.

    Raises
    ------
    ConfigError
        If ``out`` is no folder, holds the project or its input, or has a ``site``, ``markets`` or ``run.json`` that no
        run has written. Nothing has been changed then.
    """
    shown = _shown(out, root)
    if out.exists() and not out.is_dir():
        raise ConfigError(
            f"run.out: {shown} is a file, and reports need a folder. Name another with run.out or --out.",
            code="out-is-a-file",
        )
    # Asked of the project's own files, wherever the settings put them: the input may lie outside the project, in the
    # folder that somebody names as the output.
    for what, path in _of_the_project(settings, root):
        if path.exists() and _is_inside(path, out):
            raise ConfigError(
                f"run.out: {shown} holds {what}, and a build replaces folders of its output. "
                'Name a folder of its own, for example out = "out" or --out out. Nothing was changed.',
                code="out-holds-project",
            )
    if not out.is_dir():
        return
    ours = _is_ours(out)
    for name in _REPLACED:
        path = out / name
        if path.exists() and not (ours and _is_sound(path)):
            raise ConfigError(
                f"run.out: {shown} has a {'file' if path.is_file() else 'folder'} {name} that reportgen did not write. "
                "Move it away, or name another folder with run.out or --out. Nothing was changed.",
                code="foreign-folder",
            )


def refuse_foreign_pages(settings: Settings, root: Path, project: Path, *, record_name: str) -> None:
    """Raise where a Quarto project written to ``project`` would lie among somebody else's files.

    Raises
    ------
    ConfigError
        If ``project`` lies inside the output folder (its own ``quarto`` excepted), or has files and no record of ours:
        only an empty folder or a Quarto project with room for our pages is written to.
    """
    out, shown = root / settings.run.out, _shown(project, root)
    if _is_inside(project, out) and project.resolve() != (out / "quarto").resolve():
        raise ConfigError(
            f"{shown} lies inside the output folder {_shown(out, root)}, whose folders a build replaces. "
            "Name a folder outside it, for example quarto-site.",
            code="pages-inside-output",
        )
    if project.exists() and not project.is_dir():
        raise ConfigError(f"{shown} is a file, and a Quarto project needs a folder.", code="out-is-a-file")
    if not project.is_dir() or (project / record_name).is_file():
        return
    # A folder with a ``_quarto.yml`` is somebody's Quarto project, and we may be guests in it where our names are free.
    names = {entry.name for entry in project.iterdir() if not entry.name.startswith(".")}
    taken = names & _PAGES if "_quarto.yml" in names else names
    if taken:
        raise ConfigError(
            f"{shown} has files that reportgen did not write ({', '.join(sorted(taken)[:3])}). "
            "Name an empty folder or a new one; nothing was changed.",
            code="foreign-folder",
        )


def _of_the_project(settings: Settings, root: Path) -> Iterator[tuple[str, Path]]:
    """Yield what a project consists of, where it lies on this machine."""
    yield "reportgen.toml", root / "reportgen.toml"
    source = settings.panel.source
    if source.startswith("sqlite:///"):
        # A database in a file is a file of the project like any other; its options begin with a question mark.
        source = source.removeprefix("sqlite:///").partition("?")[0]
    if source and "://" not in source:
        yield "the input", root / source
    if settings.report.templates:
        yield "the templates", root / settings.report.templates
    if settings.brand.logo:
        yield "the logo", root / settings.brand.logo
    if settings.report.words:
        yield "the words", root / settings.report.words
    if settings.brand.slides:
        yield "the template of slides", root / settings.brand.slides


def _is_inside(path: Path, folder: Path) -> bool:
    """Whether ``path`` is ``folder`` or below it, links followed."""
    return path.resolve().is_relative_to(folder.resolve())


def _is_ours(out: Path) -> bool:
    if swap.is_claimed(out) or record.unseal(out / "run.json") is not None:
        return True
    # Without run.json and work folder (reports copied by hand, say) any seal of ours will do.
    folders = [out / "site", *(out / "markets").glob("*")]
    return any(record.unseal(folder / record.NAME) is not None for folder in folders)


def _is_sound(path: Path) -> bool:
    """Whether an entry of our output is of the kind we write; a ``site`` shows a record, even a damaged one."""
    if path.name == "run.json":
        return path.is_file()
    return path.is_dir() and (path.name != "site" or (path / record.NAME).is_file() or not any(path.iterdir()))


def _shown(folder: Path, root: Path) -> str:
    """Return a folder as a user writes it: relative to the project where it lies there."""
    try:
        return folder.relative_to(root).as_posix() or "."
    except ValueError:
        return folder.name
