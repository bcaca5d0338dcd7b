"""What promotion brought a period of late: money by the month, where a report would else hold a sum over its record.

The first periods of a record are left out: what promotion from before it brought is in sales without promotion there,
so that the difference begins at nothing (:mod:`reportgen.model.effects.incremental`).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from reportgen.model.effects.incremental import Array, Mask, RecursionTotals, percentile_limits
from reportgen.results import EffectSize, RecentSales


def summarise_recent(
    point: RecursionTotals,
    draws: RecursionTotals,
    *,
    used: Mask,
    sales: Array,
    periods: Sequence[str],
    settled: int,
    year: int,
    margin: float | None = None,
    spend: Array | None = None,
    confidence: float = 0.95,
) -> RecentSales | None:
    """Mean a period over the last ``year`` periods from column ``settled`` on; ``None`` without a used cell there.

    Parameters
    ----------
    spend
        (T,) money spent on promotion in the used cells of each period; profit is margin times what was brought less it.
    """
    last = len(periods) - max(year // 4, 1)
    window = np.arange(max(len(periods) - year, min(settled, last), 0), len(periods))
    window = window[used[:, window].any(axis=0)]
    if not window.size:
        return None
    mean, spread = float(point.period[0, window].mean()), draws.period[:, window].mean(axis=1)
    whole = float(np.where(used, sales, 0.0)[:, window].sum()) / window.size
    lower, upper = percentile_limits(spread, confidence)
    profit = None
    if margin is not None and spend is not None:
        paid = float(spend[window].mean())
        low, middle, high = (margin * value - paid for value in (lower, mean, upper))
        profit = EffectSize(estimate=middle, lower=low, upper=high)
    return RecentSales(
        period=(periods[window[0]], periods[window[-1]]),
        periods=int(window.size),
        sales=whole,
        estimate=mean,
        lower=lower,
        upper=upper,
        share=mean / whole if whole > 0 else None,
        year=year * mean,
        profit=profit,
    )
