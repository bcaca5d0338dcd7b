"""``reportgen mail`` and ``reportgen preview``: finished reports to the people they are for, and into a browser."""

from __future__ import annotations

import atexit
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reportgen.cli.options import Debug, Exclude, Formats, Out, Project, Quiet, Select, Set, parse_overrides, state

if TYPE_CHECKING:
    from reportgen.batch.state.outcome import RunResult
    from reportgen.publish.mail import MailResult

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
    from reportgen.cli import console

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
    from reportgen.cli import console

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
    from reportgen.cli import console

    counts = [(result.count("built"), "built"), (result.count("failed"), "failed")]
    said = ", ".join(f"{count} {word}" for count, word in counts if count) or "nothing to do"
    console.say(f"{said} in {result.seconds:.1f} s")
