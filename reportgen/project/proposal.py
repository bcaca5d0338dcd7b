"""``init --data``: the settings that fit a table, found from its own columns.

Which column may play which role is ``panel/reading/columns.py``'s to say, and the data contract judges the result;
this module only puts the two together and keeps apart what is sure, what is a guess and what is missing.
Rejected: guessing roles from values, which finds a promotion column in every column of small numbers.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from reportgen.settings.read import load_settings
from reportgen.settings.sections import Settings

if TYPE_CHECKING:
    from reportgen.panel.checking.contract import Finding
    from reportgen.panel.reading.raw import RawTable

Sureness = Literal["found", "guessed", "missing"]
ONE_MARKET_SHOWN = "(one market)"
"""Column of the market, where the table has none."""
_ROLES = ("market", "pharmacy", "month", "sales", "promotion")


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """The column of one role: of the same or a usual name, only similar, or none (``column`` is then empty)."""

    name: str
    column: str
    sureness: Sureness


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """Settings for a table, and what to tell about them."""

    source: str
    """What messages call the table."""
    rows: int
    values: Mapping[str, Any]
    """``section.key`` → value for reportgen.toml."""
    roles: tuple[Role, ...]
    spare: tuple[str, ...]
    """Columns without a role."""
    errors: tuple[Finding, ...]
    """What the data contract has against the table under these settings."""

    @property
    def guesses(self) -> tuple[str, ...]:
        """What was decided about the rows as a whole, to be checked by a person."""
        said = []
        if self.values.get("panel.fill_down"):
            said.append("panel.fill_down: codes hold for the rows below them (a guess: please check it)")
        if rules := self.values.get("panel.aggregate"):
            how = ", ".join(f"{name} = {rule}" for name, rule in dict(rules).items())
            said.append(f"panel.aggregate: rows of one period are added up, {how} (a guess: please check it)")
        return tuple(said)

    @property
    def notes(self) -> Mapping[str, str]:
        """Comments for reportgen.toml: what could not be found or was guessed, and which columns are left."""
        said = {}
        for role in self.roles:
            if role.sureness == "missing":
                said[f"panel.{role.name}"] = f"NOT FOUND in {self.source}: write the name of the column here."
            elif role.sureness == "guessed":
                said[f"panel.{role.name}"] = f"GUESSED from the columns of {self.source}: please check."
        for text in self.guesses:
            said[text.partition(":")[0]] = f"GUESSED from the rows of {self.source}: please check."
        if self.spare:
            said["panel.controls"] = f"Columns of {self.source} without a role: {', '.join(self.spare)}."
        return {key: " ".join(text.split()) for key, text in said.items()}


def propose(data: str, folder: Path, overrides: Mapping[str, object] | None = None) -> Proposal:
    """Read a table and propose settings for it.

    Parameters
    ----------
    data
        Path from the current folder, or an address (whose relative parts start from ``folder``).
    folder
        Of the new project; it need not exist.
    overrides
        ``section.key`` → value that the caller decided; never changed.

    Raises
    ------
    ReadError
        If it cannot be read as a table.
    ConfigError
        If an override does not fit.
    """
    from reportgen.panel.reading.read import is_database, read_table

    top = folder.absolute() if is_database(data) else Path.cwd()
    kept = data if is_database(data) else Path(os.path.relpath(data, folder)).as_posix()
    given = {**(overrides or {}), "panel.source": data}
    return propose_for(read_table(_settings(given).panel, top), {**given, "panel.source": kept})


def propose_for(raw: RawTable, given: dict[str, Any]) -> Proposal:
    """Propose settings for a table that was read; ``given`` are the caller's, ``panel.source`` among them."""
    from reportgen.panel.reading.columns import find_columns
    from reportgen.panel.reading.layouts.roles import guess_roles

    settings = _settings(given)
    names = [str(name) for name in raw.frame.columns]
    found = find_columns(names, settings.panel)
    missing = {item.role for item in found.missing}
    exact = [role for role in _ROLES if getattr(found, role) and role not in missing]
    guess = guess_roles(raw.frame, raw.delimiter)
    proposed = {key: value for key, value in guess.values.items() if key not in given}
    said = {role for role in _ROLES if f"panel.{role}" in given}
    for role in exact:
        if role not in said:
            _keep(proposed, role, getattr(found, role))
    roles = [_role(role, {**given, **proposed}, exact, said) for role in _ROLES]
    proposed |= _currency(raw, str(proposed.get("panel.sales", found.sales)), given)
    values = {**given, **proposed}
    values = {key: value for key, value in values.items() if key in given or not _is_default(key, value)}
    errors = _errors(raw, values)
    # A key of several columns is shown joined by commas; a single name may hold one itself.
    taken = {name for role in roles for name in role.column.split(", ")} | {role.column for role in roles}
    return Proposal(
        source=raw.source,
        rows=len(raw.frame),
        values=values,
        roles=tuple(roles),
        spare=tuple(name for name in names if name not in taken),
        errors=errors,
    )


def _keep(proposed: dict[str, Any], role: str, column: str | tuple[str, ...]) -> None:
    """A column of the right name keeps its role, alone or as a part of a key of several columns."""
    key = f"panel.{role}"
    guessed = proposed.get(key)
    if role != "promotion" and isinstance(guessed, tuple) and column in guessed:
        return
    if role == "promotion" and isinstance(guessed, tuple) and set(column) < set(guessed):
        return
    proposed[key] = column


def _role(role: str, values: Mapping[str, Any], exact: Sequence[str], said: set[str]) -> Role:
    value = values.get(f"panel.{role}")
    if role == "market" and value == "":
        return Role(name=role, column=ONE_MARKET_SHOWN, sureness="found" if role in said else "guessed")
    shown = ", ".join(value) if isinstance(value, tuple | list) else str(value or "")
    same = role in said or (role in exact and not (role != "promotion" and isinstance(value, tuple)))
    return Role(name=role, column=shown, sureness="missing" if not shown else "found" if same else "guessed")


def _is_default(key: str, value: Any) -> bool:
    section, _, name = key.partition(".")
    default = getattr(getattr(Settings(), section), name)
    return bool(value == default or (isinstance(default, tuple) and (value,) == default))


def _currency(raw: RawTable, sales: str, given: Mapping[str, object]) -> dict[str, object]:
    """Return the currency that the heading and the signs of the sales column name, if they do."""
    from reportgen.panel.reading.values.currency import currency_of_heading, settle_currency, survey_signs

    if "report.currency" in given or sales not in raw.frame.columns:
        return {}
    code = settle_currency(currency_of_heading(sales), survey_signs(raw.frame[sales]))
    return {"report.currency": code} if code else {}


def _errors(raw: RawTable, values: Mapping[str, Any]) -> tuple[Finding, ...]:
    """Return what the contract has against the table under the settings proposed."""
    from reportgen.panel.checking.contract import check_panel
    from reportgen.panel.reading.layouts.arrange import arrange

    settings = _settings(values)
    arranged = arrange(raw, settings.panel)
    return tuple(finding for finding in check_panel(arranged, settings) if finding.severity == "error")


def _settings(values: Mapping[str, Any]) -> Settings:
    return load_settings(Path("no settings yet"), overrides=values).settings
