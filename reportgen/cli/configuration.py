"""``reportgen config``: which settings hold and why, and the schema that editors complete reportgen.toml by."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reportgen.cli.group import Group
from reportgen.cli.options import Debug, Json, Project, Set, parse_overrides

if TYPE_CHECKING:
    from reportgen.settings.read import SettingRow

app = typer.Typer(cls=Group, help="Which settings hold and why; the schema of reportgen.toml.", no_args_is_help=True)
_LONGEST = 60


@app.command()
def show(
    folder: Annotated[Path | None, typer.Argument(help="Folder with reportgen.toml.", show_default="here")] = None,
    project: Project = Path(),
    changed: Annotated[bool, typer.Option("--changed", help="Only what is not left at its default.")] = False,
    set_: Set = None,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Print every setting, its value, and what decided it: option, variable, line of reportgen.toml, or default."""
    from dataclasses import asdict

    from reportgen.cli import console
    from reportgen.project import verbs
    from reportgen.settings.sections import SETTINGS_FILE

    chosen = folder if folder is not None else project
    every = verbs.list_settings(chosen, overrides=parse_overrides(set_))
    rows = [row for row in every if row.origin != "default"] if changed else list(every)
    if as_json:
        console.say_json([asdict(row) for row in rows])
        return
    if rows:
        console.show_table(("Setting", "Value", "Decided by"), [(row.setting, _shown(row), row.place) for row in rows])
    else:
        console.say("Every setting is left at its default.")
    if not (chosen / SETTINGS_FILE).is_file():
        console.note(f"There is no {SETTINGS_FILE} in {chosen.absolute()}; `reportgen init` writes one.")


@app.command()
def schema(debug: Debug = False) -> None:
    """Print the JSON Schema of reportgen.toml; `init` writes it beside the settings, for editors."""
    from reportgen.cli import console
    from reportgen.settings.read import settings_schema

    console.say_json(settings_schema())


def _shown(row: SettingRow) -> str:
    """Return the value as it would stand in reportgen.toml, cut where it is long."""
    from reportgen.settings.coerce import toml_value

    text = "" if row.value is None else toml_value(row.value)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
