"""Two analyses side by side."""

from __future__ import annotations

from math import hypot
from typing import TYPE_CHECKING, Any

import pandas as pd

from reportgen.notebook.frames import EFFECTS
from reportgen.results.derived.intervals import interval_se

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reportgen.notebook.analysis import MarketAnalysis
    from reportgen.results import MarketResults

COLUMNS = ("this", "this_lower", "this_upper", "other", "other_lower", "other_upper", "difference", "difference_se")


def compare(this: MarketAnalysis, other: MarketAnalysis) -> pd.DataFrame:
    """See :meth:`MarketAnalysis.compare`."""
    first, second = _quantities(this.results), _quantities(other.results)
    same = this.results.provenance.data_hash == other.results.provenance.data_hash
    levels = [one.model.confidence if one.model is not None else 0.95 for one in (this.results, other.results)]
    rows: dict[str, tuple[Any, ...]] = {}
    for name in first:
        one, two = first[name], second.get(name, (None, None, None))
        known = one[0] is not None and two[0] is not None
        gap = one[0] - two[0] if known else None  # type: ignore[operator]
        spread = None if same else _spread((one, two), levels)
        rows[name] = (*one, *two, gap, spread)
    made = pd.DataFrame.from_dict(rows, orient="index", columns=list(COLUMNS)).astype(float)
    made.index.name = "quantity"
    made.attrs = {"this": this.market, "other": other.market, "verdicts": (this.verdict, other.verdict)}
    return made


Triple = tuple[float | None, float | None, float | None]


def _quantities(results: MarketResults) -> dict[str, Triple]:
    """Quantities with their limits; those of further channels under their names."""
    found: dict[str, Triple] = {}
    for one in results.effects:
        for name in EFFECTS:
            size = getattr(one, name)
            found[name if one is results.effects[0] else f"{name}: {one.channel}"] = (
                size.estimate, size.lower, size.upper
            )  # fmt: skip
    if results.decay is not None:
        found["decay"] = (results.decay.estimate, results.decay.lower, results.decay.upper)
    if results.incremental is not None:
        total = results.incremental
        found["incremental"] = (total.total, total.lower, total.upper)
        found["incremental_share"] = (total.share, total.share_lower, total.share_upper)
    data = results.data
    found["sales_mean"] = (data.sales_mean, None, None)
    found["pharmacies"] = (float(data.pharmacies), None, None)
    found["checks_passed"] = (float(results.checks_passed), None, None)
    return found


def _spread(rows: Sequence[Triple], levels: Sequence[float]) -> float | None:
    """SE of the difference from the widths of both intervals, each at its own level."""
    errors = [interval_se(row[1], row[2], level) for row, level in zip(rows, levels, strict=True)]
    known = [error for error in errors if error is not None]
    return hypot(*known) if len(known) == len(rows) else None
