"""``reportgen mail``, ``preview`` and ``quarto``: finished reports to the people they are for, and into other forms."""

from __future__ import annotations

import atexit
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reportgen.cli import console
from reportgen.cli.options import Debug, Exclude, Formats, Out, Project, Quiet, Select, Set, parse_overrides, state

if TYPE_CHECKING:
    from reportgen.batch.state.outcome import RunResult
    from reportgen.publish.mail import MailResult
    from reportgen.publish.quarto.program import Rendered
    from reportgen.publish.quarto.run import QuartoRun
    from reportgen.publish.quarto.sources import Sources

_MOST = 20


def mail(
    project: Project = Path(),
    out: Out = None,
    select: Select = None,
    exclude: Exclude = None,
    dry_run: Annotated[
        Path | None, typer.Option("--dry-run", help="Write the messages here as .eml files; send nothing.")
    ] = None,
    again: Annotated[bool, typer.Option("--again", help="Send what was sent before, too.")] = False,
    set_: Set = None,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Send brief.pdf of every complete market to the people that [mail] names for it; each brief once."""
    from reportgen import api

    result = api.mail(
        project,
        out=out,
        select=select or (),
        exclude=exclude or (),
        dry_run=dry_run,
        again=again,
        overrides=parse_overrides(set_),
    )
    show_mail(result)
    raise typer.Exit(result.exit_code)


def show_mail(result: MailResult) -> None:
    """Print what was sent, what was left out and why, and what the server refused."""
    reasons: dict[str, list[str]] = {}
    left_out = {} if state["quiet"] else result.plan.left_out
    for market, reason in left_out.items():
        reasons.setdefault(reason, []).append(market)
    for reason, markets in reasons.items():
        more = f" and {len(markets) - _MOST} more" if len(markets) > _MOST else ""
        console.note(f"Left out, {reason}: {', '.join(markets[:_MOST])}{more}")
    for path in result.written:
        console.say(f"wrote {path}")
    for letter in result.sent:
        console.say(f"sent to {', '.join(letter.recipients)}: {', '.join(one.market for one in letter.enclosures)}")
    for who, why in result.failed.items():
        console.error(f"{who}: {why}")
    if not (result.written or result.sent or result.failed):
        console.say("Nothing to send.")


def preview(
    project: Annotated[Path, typer.Argument(help="Folder with reportgen.toml.", show_default="here")] = Path(),
    port: Annotated[
        int | None, typer.Option("--port", min=0, max=65535, help="Port; 0: any.", show_default="first free from 8000")
    ] = None,
    out: Out = None,
    formats: Formats = None,
    no_build: Annotated[bool, typer.Option("--no-build", help="Serve the site that is there.")] = False,
    set_: Set = None,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Serve the site on 127.0.0.1; build again and reload when data, settings or templates change."""
    from reportgen import api

    def ready(url: str) -> None:
        console.say(f"Serving {url} (Ctrl-C ends)", always=True)

    code = api.preview(
        project,
        port=port,
        out=out,
        formats=formats.split(",") if formats is not None else None,
        build=not no_build,
        overrides=parse_overrides(set_),
        progress=console.choose_progress("text"),
        ready=ready,
        built=_tell,
    )
    # A second Ctrl-C while Python tidies up would otherwise end it by signal.
    atexit.register(signal.signal, signal.SIGINT, signal.SIG_IGN)
    raise typer.Exit(code)


def _tell(result: RunResult) -> None:
    """One line per build."""
    counts = [(result.count("built"), "built"), (result.count("failed"), "failed")]
    said = ", ".join(f"{count} {word}" for count, word in counts if count) or "nothing to do"
    console.say(f"{said} in {result.seconds:.1f} s")


def show_quarto(run: QuartoRun, *, debug: bool = False) -> None:
    """Print the outcome of a run."""
    for warning in run.sources.warnings:
        console.note(f"Warning: {warning}")
    if run.built is not None and run.built.exit_code:
        for outcome in run.built.markets:
            if outcome.action == "failed":
                console.note(f"{outcome.market}: {outcome.message}")
    _show_sources(run.sources, debug=debug)
    if run.rendered is not None:
        _show_rendered(run.rendered, run.sources.folder)
        return
    folder = console.short(run.sources.folder)
    if run.program.startswith("quarto "):
        console.say(f"Found {run.program}. Now: quarto render {folder}, or this command with --render.")
    else:
        console.say(f"The sources are ready in {folder}. {run.program}")


def _show_sources(sources: Sources, *, debug: bool) -> None:
    for failure in sources.failed[:_MOST]:
        console.note(f"{failure.market or failure.page}: {failure.message}")
        for part in failure.trace.splitlines() if debug else ():
            console.note(f"  {part}")
    _more(len(sources.failed))
    what = f"{sources.drawn} drawn, {sources.markets - sources.drawn} up to date"
    failed = f", {len(sources.failed)} failed" if sources.failed else ""
    console.say(
        f"{sources.markets} markets in {console.short(sources.folder)}: {what}{failed} in {sources.seconds:.1f} s."
    )


def _show_rendered(rendered: Rendered, folder: Path) -> None:
    for failure in rendered.failed[:_MOST]:
        console.note(failure.message)
    _more(len(rendered.failed))
    program = rendered.program
    failed = f", {len(rendered.failed)} failed" if rendered.failed else ""
    console.say(
        f"quarto {program.version} ({program.path}): {len(rendered.done)} pages rendered, "
        f"{rendered.up_to_date} up to date{failed} in {rendered.seconds:.1f} s."
    )
    console.say(f"Open {console.short(folder / '_site' / 'index.html')}")


def _more(count: int) -> None:
    if count > _MOST:
        console.note(f"… and {count - _MOST} more.")
