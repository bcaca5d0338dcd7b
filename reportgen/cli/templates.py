"""``reportgen templates list`` and ``reportgen templates eject``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from reportgen.cli.group import Group
from reportgen.cli.options import Debug, Json, Project, Set, parse_overrides

app = typer.Typer(cls=Group, help="List templates with their blocks; copy one to change it.", no_args_is_help=True)


@app.command("list")
def list_(project: Project = Path(), set_: Set = None, as_json: Json = False, debug: Debug = False) -> None:
    """List every template, its blocks, and which of them this project overrides."""
    from dataclasses import asdict

    from reportgen.cli import console
    from reportgen.project import verbs
    from reportgen.render.templates import list_templates

    settings, root = verbs.open_project(project, overrides=parse_overrides(set_))
    found = list_templates(settings.report.template_folder(root))
    if as_json:
        console.say_json([asdict(template) for template in found])
        return
    width = max(len(template.name) for template in found)
    words = {"ours": "", "copy": "overridden, whole", "blocks": "overridden", "unknown": "overrides nothing"}
    for template in found:
        state = words[template.state]
        if template.state == "blocks":
            state += f": {', '.join(template.overridden)}"
        if template.nearest:
            state += f"; did you mean {template.nearest}?"
        if template.outdated:
            state += "; ours has changed since"
        blocks = ", ".join(template.blocks) or "–"
        console.say(f"{template.name:{width}}  {blocks}{f'  [{state}]' if state else ''}")


@app.command()
def words(
    text: Annotated[str, typer.Argument(help="Only sentences that hold this text or whose id does.")] = "",
    project: Project = Path(),
    set_: Set = None,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """List sentences of the documents with their ids, as lines to change in the file of report.words."""
    from dataclasses import asdict

    from reportgen.cli import console
    from reportgen.project import verbs
    from reportgen.project.templates import list_words

    settings, _ = verbs.open_project(project, overrides=parse_overrides(set_))
    found = list_words(settings, text)
    if as_json:
        console.say_json([asdict(one) for one in found])
        return
    for one in found:
        console.say(f"{one.id} = {one.toml}")
    if not found:
        console.say("No sentence holds this text.")


@app.command()
def eject(
    name: Annotated[str, typer.Argument(help="Name as `templates list` prints it, e.g. report.html.j2.")],
    folder: Annotated[
        Path | None, typer.Argument(metavar="[DIR]", help="Folder instead of report.templates.", show_default=False)
    ] = None,
    block: Annotated[list[str] | None, typer.Option("--block", help="Only this block; may be repeated.")] = None,
    project: Project = Path(),
    set_: Set = None,
    debug: Debug = False,
) -> None:
    """Copy a template, or single blocks of it, to where the project's own templates lie."""
    from reportgen.cli import console
    from reportgen.project import verbs
    from reportgen.project.templates import eject_template

    settings, root = verbs.open_project(project, overrides=parse_overrides(set_))
    made = eject_template(settings, root, name, folder.absolute() if folder else None, tuple(block or ()))
    console.say(f"wrote {made.path}")
    if not made.used:
        top = made.path.parents[name.count("/")]
        shown = top.relative_to(root).as_posix() if top.is_relative_to(root) else str(top)
        console.say(f'Now set templates = "{shown}" under [report] in reportgen.toml.')
