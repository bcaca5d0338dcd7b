"""Which column of a table plays which role.

A column is taken under its exact name, else under the same name written differently (case, blanks, underscores),
else, where the setting is the default, under a usual name such as the headings of the introductory table. Anything
further apart is proposed, never taken.
"""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass

from reportgen.settings.coerce import fold_name
from reportgen.settings.sections import PanelSettings

ONE_MARKET = "(market)"
"""Column of the market where the table has none."""
USUAL_NAMES = {
    "market": ("sheet", "market code", "market id", "market name", "markt"),
    "pharmacy": (
        "pharmacy code",
        "pharmacy id",
        "pharmacy name",
        "store",
        "outlet",
        "store code",
        "outlet code",
        "apotheke",
    ),
    "month": ("period", "date", "week", "quarter", "year month", "calendar month", "monat", "woche", "quartal"),
    "sales": ("sales amount (₹)", "sales amount", "sales value", "sales (₹)", "sales amount inr", "revenue", "umsatz"),
    "promotion": ("promotions", "promo", "promotion units", "promotion count"),
}
OTHER_NAMES = {
    "market": ("country", "region", "territory", "land", "gebiet"),
    "pharmacy": ("customer", "account", "kunde"),
    "promotion": ("visits", "calls", "details", "samples", "besuche"),
}
"""Names that may mean the role and may mean something else: proposed, never taken."""
TERRITORY_NAMES = (
    "territory", "sales territory", "gebiet", "verkaufsgebiet", "bezirk", "district", "sales district", "rep",
    "sales rep", "representative", "vertreter", "außendienst", "region", "area",
)  # fmt: skip
"""Names of columns that may be territories: where no territory is named, a check asks whether they should be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MissingColumn:
    """A role no column plays. ``proposals``: columns it might be, nearest first."""

    role: str
    wanted: str
    proposals: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """Roles of the columns of one table; the names are those of the table.

    ``renamed`` holds (wanted, found) where they differ, ``missing`` what was not found. Where a role is missing its
    field is ``""`` (single) or left out (several). ``spare`` are columns without a role.
    ``territory`` and ``moderators`` may be a part of a key that has another role. ``candidate`` is a column without a
    role that may hold territories; empty where one is named.
    """

    market: str
    pharmacy: str
    month: str
    sales: str
    promotion: tuple[str, ...]
    controls: tuple[str, ...]
    cost: str
    territory: str
    moderators: tuple[str, ...]
    candidate: str
    renamed: tuple[tuple[str, str], ...]
    missing: tuple[MissingColumn, ...]
    spare: tuple[str, ...]

    @property
    def numbers(self) -> tuple[str, ...]:
        """Columns that must hold numbers."""
        return tuple(name for name in (self.sales, *self.promotion, *self.controls, self.cost) if name)


def find_columns(names: Sequence[str], panel: PanelSettings, moderators: Sequence[str] = ()) -> Columns:
    """Assign the columns of a table to the roles of the settings; no column plays two of them.

    ``moderators`` are the wanted columns of classes (``model.moderators``).
    """
    found: dict[tuple[str, int], str] = {}
    wanted = _wanted(panel)
    free = list(names)
    # Round by round over all roles: no role takes by likeness what is another's by its exact name.
    for match in (_exact, _spelled, _usual):
        for key, name in wanted.items():
            if key not in found and (column := match(name, key[0], free)):
                found[key] = column
                free.remove(column)
    missing = tuple(
        MissingColumn(role=role, wanted=name, proposals=_propose(name, role, free))
        for (role, i), name in wanted.items()
        if (role, i) not in found
    )
    several = {role: tuple(found[key] for key in wanted if key[0] == role and key in found) for role in wanted_roles()}
    levels = [("territory", column_of(panel.territory))] if panel.territory else []
    levels += [("moderator", name) for name in moderators]
    at = {(role, name): _exact(name, "", names) or _spelled(name, "", names) for role, name in levels}
    missing += tuple(
        MissingColumn(role=role, wanted=name, proposals=_propose(name, "", free))
        for (role, name), column in at.items()
        if column is None
    )
    taken = {(role, name): column for (role, name), column in at.items() if column is not None}
    spare = tuple(name for name in free if name not in taken.values())
    return Columns(
        market=found.get(("market", 0), ""),
        pharmacy=found.get(("pharmacy", 0), ""),
        month=found.get(("month", 0), ""),
        sales=found.get(("sales", 0), ""),
        promotion=several["promotion"],
        controls=several["control"],
        cost=found.get(("cost", 0), ""),
        territory=next((column for (role, _), column in taken.items() if role == "territory"), ""),
        moderators=tuple(column for (role, _), column in taken.items() if role == "moderator"),
        renamed=tuple((wanted[key], column) for key, column in found.items() if wanted[key] != column),
        missing=missing,
        candidate="" if panel.territory else _candidate(spare),
        spare=spare,
    )


def wanted_roles() -> tuple[str, str]:
    """Roles that several columns may play."""
    return ("promotion", "control")


def column_of(key: str | tuple[str, ...]) -> str:
    """Name of a key's column: its own, those of its parts, or :data:`ONE_MARKET` where there is none."""
    return ", ".join(key) if isinstance(key, tuple) else key or ONE_MARKET


def _wanted(panel: PanelSettings) -> dict[tuple[str, int], str]:
    keys = {"market": panel.market, "pharmacy": panel.pharmacy, "month": panel.month}
    wanted = {(role, 0): column_of(key) for role, key in keys.items()}
    wanted[("sales", 0)] = panel.sales
    wanted |= {("promotion", i): name for i, name in enumerate(panel.promotion)}
    wanted |= {("control", i): name for i, name in enumerate(panel.controls)}
    if isinstance(panel.cost, str) and panel.cost.strip():
        wanted[("cost", 0)] = panel.cost
    return wanted


def _candidate(spare: Sequence[str]) -> str:
    """The first of the columns without a role that may hold territories, by the order of the usual names."""
    folded = {fold_name(name): name for name in reversed(spare)}
    return next((folded[fold_name(name)] for name in TERRITORY_NAMES if fold_name(name) in folded), "")


def _exact(name: str, _role: str, free: Sequence[str]) -> str | None:
    return name if name in free else None


def _spelled(name: str, _role: str, free: Sequence[str]) -> str | None:
    same = [column for column in free if fold_name(column) == fold_name(name)]
    return same[0] if len(same) == 1 else None


def _usual(name: str, role: str, free: Sequence[str]) -> str | None:
    # Only for the default, where the user has named no column.
    if name != role:
        return None
    usual = {fold_name(other) for other in USUAL_NAMES.get(role, ())}
    same = [column for column in free if fold_name(column) in usual]
    return same[0] if len(same) == 1 else None


def _propose(name: str, role: str, free: Sequence[str]) -> tuple[str, ...]:
    targets = [name, *(USUAL_NAMES.get(role, ()) if name == role else ())]
    scores = {
        column: max(difflib.SequenceMatcher(None, fold_name(column), fold_name(t)).ratio() for t in targets)
        for column in free
    }
    other = {fold_name(word) for word in OTHER_NAMES.get(role, ())} if name == role else set()
    scores |= {column: 0.9 for column in free if fold_name(column) in other}
    near = [column for column in free if scores[column] >= 0.6 or fold_name(name) in fold_name(column)]
    return tuple(sorted(near, key=lambda column: -scores[column])[:3])
