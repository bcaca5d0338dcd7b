"""What ``reportgen init`` prints: how the columns of the data were understood, and what to do next."""

from __future__ import annotations

import re
import shlex
import sys
import tomllib
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import typer

from reportgen.cli import console

if TYPE_CHECKING:
    from pathlib import Path

    from reportgen.project.proposal import Proposal, Role

_MOST_ERRORS = 5
_CHOICES: dict[str, tuple[str, tuple[str, ...]]] = {
    "ambiguous-number": ("panel.decimal", (".", ",")),
    "ambiguous-date": ("panel.dates", ("day-first", "month-first", "year-first")),
    "empty-promotion": ("panel.empty_promotion", ("zero", "missing")),
    "split-market": ("panel.spellings", ("join", "apart")),
    "split-pharmacy": ("panel.spellings", ("join", "apart")),
    "financial-year": ("panel.year_begins", tuple(map(str, range(1, 13)))),
}
"""Finding → the setting that answers it, and its values."""
_NAMED = {"placeholder": "panel.missing", "sum-of-others": "panel.leave_out", "assumed-year": "panel.year"}
"""Finding → the setting whose value it proposes itself."""


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


def asker() -> Callable[[Proposal], Mapping[str, object]] | None:
    """Return what asks on the terminal about guesses and questions; None where nobody could answer."""
    there = sys.stdin is not None and sys.stdin.isatty() and sys.stderr.isatty()
    if not there:
        return None
    asked: set[str] = set()

    def ask(proposal: Proposal) -> dict[str, object]:
        try:
            return _ask_roles(proposal, asked) or _ask_findings(proposal, asked)
        except typer.Abort:  # Ctrl-C and the end of input: no answer
            raise KeyboardInterrupt from None

    return ask


def _ask_roles(proposal: Proposal, asked: set[str]) -> dict[str, object]:
    """Ask for the column of every role that was guessed or not found, once each."""
    from reportgen.project.proposal import ONE_MARKET_SHOWN

    answers: dict[str, object] = {}
    unsure = [role for role in proposal.roles if role.sureness != "found" and role.name not in asked]
    if unsure:
        columns = [*(role.column for role in proposal.roles if role.column), *proposal.spare]
        typer.echo(f"Columns: {', '.join(dict.fromkeys(columns))}. Enter takes what stands in brackets.", err=True)
    for role in unsure:
        asked.add(role.name)
        text = f"Which column is {role.name}?" if role.column else f"Which column is {role.name}? (Enter: none)"
        answer = typer.prompt(text, default=role.column, show_default=bool(role.column), err=True).strip()
        if answer:
            parts = [part.strip() for part in answer.split(",")]
            named: object = "" if answer == ONE_MARKET_SHOWN else parts[0] if len(parts) == 1 else tuple(parts)
            answers[f"panel.{role.name}"] = named
    return answers


def _ask_findings(proposal: Proposal, asked: set[str]) -> dict[str, object]:
    """Ask the first question of the table that a setting answers and that was not asked yet."""
    for finding in proposal.errors:
        key, choices = _CHOICES.get(finding.code, (_NAMED.get(finding.code, ""), ()))
        if not key or key in asked:
            continue
        asked.add(key)
        typer.echo(finding.message, err=True)
        if choices:
            text = f"{key} ({', '.join(choices)}; Enter: leave it open)"
            answer = typer.prompt(text, default="", show_default=False, err=True).strip()
            if answer in choices:
                return {key: int(answer) if answer.isdigit() else answer}
        elif (value := _proposed(finding.message, key)) is not None and typer.confirm(f"{key} = {value}?", err=True):
            return {key: value}
    return {}


def _proposed(message: str, key: str) -> object:
    """The value that a message proposes for a setting; None if it has none."""
    found = re.search(rf"{re.escape(key)} = (\[[^\]]*\]|\d+)", message)
    return tomllib.loads(f"value = {found[1]}")["value"] if found else None


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
