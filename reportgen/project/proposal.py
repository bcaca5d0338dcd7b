"""``init --data``: the settings that fit a table, found from its own columns.

Which column may play which role is ``panel/reading/columns.py``'s to say, and the data contract judges the result;
this module only puts the two together and keeps apart what is sure, what is a guess and what is missing.
Rejected: guessing roles from values, which finds a promotion column in every column of small numbers.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from reportgen.settings.read import load_settings
from reportgen.settings.sections import Settings

if TYPE_CHECKING:
    from reportgen.panel.checking.contract import Finding
    from reportgen.panel.reading.raw import RawTable

Sureness = Literal["found", "guessed", "missing"]
_ROLES = ("market", "pharmacy", "month", "sales", "promotion")
_CURRENCIES = {"₹": "INR", "€": "EUR", "£": "GBP", "¥": "JPY", "₩": "KRW", "₺": "TRY", "zł": "PLN"}


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
    def notes(self) -> Mapping[str, str]:
        """Comments for reportgen.toml: what could not be found or was guessed, and which columns are left."""
        said = {}
        for role in self.roles:
            if role.sureness == "missing":
                said[f"panel.{role.name}"] = f"NOT FOUND in {self.source}: write the name of the column here."
            elif role.sureness == "guessed":
                said[f"panel.{role.name}"] = f"GUESSED from the columns of {self.source}: please check."
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
    from reportgen.panel.reading.columns import find_columns, propose_settings
    from reportgen.panel.reading.read import is_database, read_table

    given = {**(overrides or {}), "panel.source": data}
    settings = _settings(given)
    raw = read_table(settings.panel, folder.absolute() if is_database(data) else Path.cwd())
    given["panel.source"] = data if is_database(data) else Path(os.path.relpath(data, folder)).as_posix()
    names = [str(name) for name in raw.frame.columns]
    proposed = {key: value for key, value in propose_settings(names, settings.panel).items() if key not in given}
    found = find_columns(names, settings.panel)
    missing = {item.role for item in found.missing}
    roles = []
    for role in _ROLES:
        column = proposed.get(f"panel.{role}", getattr(found, role))
        shown = ", ".join(column) if isinstance(column, tuple) else str(column)
        sureness: Sureness = "missing" if not shown else "guessed" if role in missing else "found"
        roles.append(Role(name=role, column=shown, sureness=sureness))
    proposed |= _currency(names, found.sales or str(proposed.get("panel.sales", "")), given)
    values, errors = _settle(raw, {**given, **proposed})
    taken = {name for role in roles for name in role.column.split(", ")} | {role.column for role in roles}
    return Proposal(
        source=raw.source,
        rows=len(raw.frame),
        values=values,
        roles=tuple(roles),
        spare=tuple(name for name in found.spare if name not in taken),
        errors=errors,
    )


def _currency(names: list[str], sales: str, given: Mapping[str, object]) -> dict[str, object]:
    """Return the currency that the heading of the sales column names, if it does."""
    if "report.currency" in given or sales not in names:
        return {}
    code = next((code for sign, code in _CURRENCIES.items() if sign in sales), "")
    return {"report.currency": code} if code else {}


def _settle(raw: RawTable, values: dict[str, Any]) -> tuple[dict[str, Any], tuple[Finding, ...]]:
    """Return the values and the errors of the contract; weeks where months break it and weeks do not."""
    from reportgen.panel.checking.contract import check_panel
    from reportgen.panel.reading.columns import fold_name

    if "panel.period" not in values and fold_name(str(values.get("panel.month", ""))) in {"week", "woche"}:
        values = {**values, "panel.period": "week"}

    def errors(tried: Mapping[str, Any]) -> tuple[Finding, ...]:
        settings = _settings(tried)
        return tuple(finding for finding in check_panel(raw, settings) if finding.severity == "error")

    found = errors(values)
    if "panel.period" not in values and any(finding.code == "duplicate-rows" for finding in found):
        weekly = {**values, "panel.period": "week"}
        fewer = errors(weekly)
        if not any(finding.code == "duplicate-rows" for finding in fewer):
            return weekly, fewer
    return values, found


def _settings(values: Mapping[str, Any]) -> Settings:
    return load_settings(Path("no settings yet"), overrides=values).settings
