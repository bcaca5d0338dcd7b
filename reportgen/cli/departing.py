"""What commands say of markets that the data no longer have, and the one question they may ask."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer

from reportgen.cli.options import state

if TYPE_CHECKING:
    from reportgen.batch.state.outcome import GoneMarkets

_MOST_NAMES = 50

DropGone = Annotated[
    bool,
    typer.Option("--drop-gone", help="Take reports of markets that the data no longer have off the site, even many."),
]


def asker() -> Callable[[GoneMarkets], bool] | None:
    """Return what asks on the terminal; None where nobody could answer: then nothing is removed."""
    there = sys.stdin is not None and sys.stdin.isatty() and sys.stderr.isatty()
    return _ask if there and not state["events"] else None


def named(gone: GoneMarkets) -> str:
    """Return the line that names the markets and says what becomes of their reports."""
    names = ", ".join(gone.names[:_MOST_NAMES])
    if len(gone.names) > _MOST_NAMES:
        names = f"{names} and {len(gone.names) - _MOST_NAMES:,} more (all are in run.json)"
    if len(gone.names) == 1:
        found = f"1 of {gone.of:,} markets on the site is no longer in the data: {names}."
        after = "stays on the site until that is confirmed" if gone.kept else "leaves the site; its folder stays"
        return f"{found} Its report {after}."
    found = f"{len(gone.names):,} of {gone.of:,} markets on the site are no longer in the data: {names}."
    after = "stay on the site until that is confirmed" if gone.kept else "leave the site; their folders stay"
    return f"{found} Their reports {after}."


def waiting(gone: GoneMarkets) -> str:
    """Return what to do about reports that wait for a confirmation."""
    count = len(gone.kept)
    found = (
        f"Reports of {count:,} markets that the data no longer have stay on the site."
        if count > 1
        else f"The report of {gone.kept[0]}, which the data no longer have, stays on the site."
    )
    return (
        f"{found} If the table is incomplete, mend it and build again; if they are meant to go, give the same command "
        "with --drop-gone. Until then the exit code is 1."
    )


def _ask(gone: GoneMarkets) -> bool:
    """Ask whether the reports of the markets that were just named may leave the site."""
    text = f"Take the reports of these {len(gone.names):,} off the site?" if len(gone.names) > 1 else "Take it off?"
    try:
        return typer.confirm(text, default=False, err=True)
    except typer.Abort:  # Ctrl-C and the end of input: no answer
        raise KeyboardInterrupt from None
