"""What the design itself allows: collinearity, adstock against lagged sales, promotion targeting.

Functions on (n, .) columns and ``group`` (n,), the pharmacy of each row; which columns of a market go in says
:func:`design_checks`. Rules and sources are in ``rules.py``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from reportgen.model.checks.rules import RULES, grade
from reportgen.model.market.fit import MarketFit
from reportgen.results import Check

Array = NDArray[np.float64]
Index = NDArray[np.intp]

LARGEST_VIF = 1e9
"""What stands for infinity: an exactly collinear column."""


def centre_within(values: Array, group: Index) -> Array:
    """Subtract pharmacy means from (n,) or (n, k) values."""
    table = values[:, None] if values.ndim == 1 else values
    means = group_means(table, group)
    return np.asarray(table - means[group], dtype=np.float64).reshape(values.shape)


def group_means(values: Array, group: Index) -> Array:
    """Means (G, k) of (n, k) values by pharmacy; 0 for a pharmacy without rows."""
    size = int(group.max()) + 1
    count = np.maximum(np.bincount(group, minlength=size), 1)
    return np.stack([np.bincount(group, weights=column, minlength=size) / count for column in values.T], axis=1)


def variance_inflation(columns: Array) -> Array:
    """Variance inflation factors (p,): 1 / (1 - R²) of each column on the others and an intercept.

    1 for a constant column; ``LARGEST_VIF`` where a column is an exact combination of others.
    """
    centred = columns - columns.mean(axis=0)
    spread = np.sqrt(np.mean(centred**2, axis=0))
    moves = spread > 1e-12 * np.maximum(np.abs(columns).max(axis=0), 1e-300)
    out = np.ones(columns.shape[1])
    z = centred[:, moves] / spread[moves]
    # VIFs are the diagonal of the inverse of the correlation matrix. By eigenvalues with a floor, an exact combination
    # is a large number and no error.
    values, vectors = np.linalg.eigh(z.T @ z / len(z))
    with_floor = np.maximum(values, 1.0 / LARGEST_VIF)
    out[moves] = np.minimum((vectors**2 / with_floor).sum(axis=1), LARGEST_VIF)
    return out


def check_collinearity(columns: Array, names: Sequence[str], *, of: Sequence[str] | None = None) -> Check:
    """Largest VIF among ``of`` (default: all columns), against 5 (fail 10); names the column.

    Only those in ``of`` are graded, still against all columns: that time effects and controls repeat each other does
    no harm.
    """
    wanted = [i for i, name in enumerate(names) if of is None or name in of]
    if columns.shape[1] < 2 or not wanted:
        return grade("collinearity", None)
    factors = variance_inflation(columns)
    worst = max(wanted, key=lambda i: factors[i])
    return grade("collinearity", float(factors[worst]), detail=names[worst])


def check_adstock_lag_correlation(adstock: Array, lag: Array, group: Index, names: Sequence[str]) -> Check:
    """Largest within-pharmacy |r| of an adstock column (n, c) and lag 1 of sales (n,), against .7 (fail .95)."""
    x, y = centre_within(adstock, group), centre_within(lag, group)
    # A channel that does not vary within pharmacies correlates with nothing: its scale of zero becomes infinite below.
    scale = np.sqrt(np.sum(x**2, axis=0) * np.sum(y**2))
    if not np.any(scale > 0):
        return grade("adstock-lag-correlation", None)
    r = np.abs(y @ x) / np.where(scale > 0, scale, np.inf)
    worst = int(np.argmax(r))
    return grade("adstock-lag-correlation", float(r[worst]), detail=names[worst])


@dataclass(frozen=True, slots=True, kw_only=True)
class Targeting:
    """Promotion within and between pharmacies, one channel.

    ``within``: slope of the response on promotion inside pharmacies. ``between``: slope of pharmacy means
    on mean promotion. ``correlation``: of mean promotion with the baseline (mean response minus within slope
    times mean promotion); its regression slope is the contrast between - within (Mundlak 1978).
    """

    within: float
    between: float
    correlation: float
    pharmacies: int


def targeting_contrast(response: Array, promotion: Array, group: Index) -> Targeting | None:
    """Compare the two slopes for one channel, all arrays (n,); None where promotion does not vary in both ways."""
    y, x = centre_within(response, group), centre_within(promotion, group)
    present = np.bincount(group, minlength=int(group.max()) + 1) > 0
    means = group_means(np.column_stack([response, promotion]), group)[present]
    inside = float(x @ x)
    spread = means[:, 1] - means[:, 1].mean()
    if len(means) < 5 or not inside > 1e-12 * float(promotion @ promotion) or not float(spread @ spread) > 0:
        return None
    within = float(x @ y) / inside
    # What a pharmacy would sell without promotion, if promotion worked between pharmacies as it does within.
    baseline = means[:, 0] - within * means[:, 1]
    baseline = baseline - baseline.mean()
    size = sqrt(float(spread @ spread) * float(baseline @ baseline))
    return Targeting(
        within=within,
        between=float(spread @ means[:, 0]) / float(spread @ spread),
        correlation=float(spread @ baseline) / size if size > 0 else 0.0,
        pharmacies=len(means),
    )


def check_targeting(
    response: Array, promotion: Array, group: Index, channels: Sequence[str], *, corrected: bool
) -> Check:
    """Largest |r| of mean promotion with baseline over the channels (n, c); names the channel.

    Against .3 (fail .5) in the plain model; with the initial-conditions correction, which models exactly this,
    against .5 and never "fail". The threshold is at least the 5 % point of r for this many pharmacies.
    """
    found = [
        (abs(one.correlation), name, one.pharmacies)
        for j, name in enumerate(channels)
        if (one := targeting_contrast(response, promotion[:, j], group)) is not None
    ]
    if not found:
        return grade("targeting", None)
    value, name, size = max(found)
    # The r that pharmacies drawn without any connection exceed in one market of twenty: t = r sqrt((n - 2) / (1 - r²)),
    # solved for r.
    t = float(stdtrit(size - 2, 0.975))
    chance = t / sqrt(size - 2 + t**2)
    rule = RULES["targeting"]
    strict = rule.fail if corrected and rule.fail is not None else rule.review
    fail = 1.0 if corrected else max(rule.fail or 0.0, chance)
    return grade("targeting", value, review=max(strict, chance), fail=fail, detail=name)


def design_checks(market: MarketFit) -> tuple[Check, ...]:
    """Every check of a market's design."""
    frame, design, terms = market.frame, market.design, market.terms
    adstock = design.x[:, [market.index(term) for term in terms.promotion]]
    lagged = (
        check_adstock_lag_correlation(adstock, design.column(lag), frame.group, terms.promotion)
        for lag in terms.lags[:1]
    )
    return (
        check_collinearity(
            # Within pharmacies, since that is where effects of promotion and lags are told apart; the intercept is gone
            # there.
            centre_within(design.x[:, 1:], design.group),
            design.names[1:],
            of=(*terms.promotion, *terms.lags),
        ),
        *lagged,
        check_targeting(design.y, frame.promotion, frame.group, frame.panel.channels, corrected=bool(terms.correction)),
    )
