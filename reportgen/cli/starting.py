"""What ``reportgen init`` prints: how the columns of the data were understood, and what to do next."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from reportgen.cli import console

if TYPE_CHECKING:
    from pathlib import Path

    from reportgen.project.proposal import Proposal, Role

_MOST_ERRORS = 5


def show_start(folder: Path, proposal: Proposal | None, *, recipes: bool = False) -> None:
    """Print what was understood of the data and the next command."""
    where = shlex.quote(str(folder))
    if recipes:
        console.say("Each recipe says in its first lines where it belongs and how it is started.")
    if proposal is None:
        console.say(f"Now: reportgen build -C {where}")
        return
    console.say(f"{proposal.source}: {proposal.rows:,} rows.")
    console.show_table(("Setting", "Column", ""), [_row(role) for role in proposal.roles])
    for key in ("panel.period", "report.currency"):
        if key in proposal.values:
            console.say(f"{key} = {proposal.values[key]}")
    for said in proposal.guesses:
        console.say(said)
    if proposal.spare:
        console.say(f"Without a role: {', '.join(proposal.spare)}. Numbers such as a price can be panel.controls.")
    _next(where, proposal)


def _row(role: Role) -> tuple[str, str, str]:
    said = {
        "found": "",
        "guessed": "a guess: please check it",
        "missing": f"NOT FOUND: write its name to {role.name} under [panel]",
    }
    return f"panel.{role.name}", role.column or "–", said[role.sureness]


def _next(where: str, proposal: Proposal) -> None:
    missing = [role.name for role in proposal.roles if role.sureness == "missing"]
    needed = [name for name in missing if name != "promotion"]
    for finding in () if needed else proposal.errors[:_MOST_ERRORS]:
        console.note(finding.message)
    if needed:
        console.say(f"Now: name the missing columns in reportgen.toml, then: reportgen check -C {where}")
    elif proposal.errors:
        console.say(f"Now: mend the data or the settings, then: reportgen check -C {where}")
    else:
        console.say(f"Now: reportgen build -C {where}")
