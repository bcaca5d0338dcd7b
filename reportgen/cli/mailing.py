"""``reportgen mail``: the briefs to the people they are for."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reportgen.cli.options import Debug, Exclude, Out, Project, Quiet, Select, Set, parse_overrides, state

if TYPE_CHECKING:
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
