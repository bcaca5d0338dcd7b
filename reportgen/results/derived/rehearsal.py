"""What rehearsals say together: sums of their counts, and shares of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from typing import get_args

from reportgen.results.checks import Rehearsal, RehearsalKind, RehearsalRow

_COUNTS = [field.name for field in fields(RehearsalRow) if field.name not in ("kind", "fired")]


def together(rehearsals: Sequence[Rehearsal]) -> tuple[RehearsalRow, ...]:
    """Counts of all markets, one row a kind that any of them has; totals are those of markets that rehearse them."""
    rows = []
    for kind in get_args(RehearsalKind):
        found = [row for one in rehearsals for row in one.rows if row.kind == kind]
        if found:
            sums = {name: sum(getattr(row, name) for row in found) for name in _COUNTS}
            fired = tuple(sum(counts) for counts in zip(*(row.fired for row in found), strict=True))
            rows.append(RehearsalRow(kind=kind, fired=fired, **sums))
    return tuple(rows)


def missed(panels: int, held: int) -> int:
    """Panels whose interval does not hold the truth."""
    return panels - held


def share(count: int, panels: int) -> float | None:
    """``None`` where there are none to be a share of."""
    return count / panels if panels else None
