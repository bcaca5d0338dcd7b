"""Serial correlation of residuals within pharmacies, by calendar distance.

Rows carry ``group`` (n,), the pharmacy, and ``column`` (n,), the calendar period; a pair of rows counts
for lag k only if it is the same pharmacy exactly k periods apart, so gaps are respected and nothing is
compared across pharmacies. Residuals are conditional ones (fixed part and conditional modes removed).

Rejected: Durbin-Watson (invalid with lagged sales among the regressors) and correlation by row
position.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import erfc, sqrt

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from reportgen.model.checks.rules import RULES, grade
from reportgen.model.lmm.modes import beta_contributions
from reportgen.model.market.fit import MarketFit
from reportgen.results import Autocorrelation, Check

Array = NDArray[np.float64]
Index = NDArray[np.intp]

SMALL_CORRELATION = 0.05
LARGE_CORRELATION = 0.10
"""Second-order correlations of differenced residuals that AR(1) errors of .1 and .3 produce: r(1 - r)/2."""


def on_grid(values: Array, group: Index, column: Index) -> tuple[Array, NDArray[np.bool_]]:
    """Spread rows over a (G, T) calendar grid: values, 0 where there is no row, and where there is one."""
    shape = (int(group.max()) + 1, int(column.max()) + 1)
    grid, seen = np.zeros(shape), np.zeros(shape, dtype=np.bool_)
    grid[group, column] = values
    seen[group, column] = True
    return grid, seen


def within_autocorrelation(
    residuals: Array, group: Index, column: Index, *, most: int = 12, confidence: float = 0.95
) -> Autocorrelation:
    """Residual autocorrelation pooled over pharmacies, free of the bias of removing pharmacy means.

    Residuals are centred within pharmacies. For white errors that leaves a covariance of -sigma²/T_i
    in every pair of pharmacy i; it is added back, with sigma² = SS / (n - G), so the expectation is 0
    at every lag, however short the pharmacies and whatever part of their intercept was already removed.

    Returns
    -------
    Autocorrelation
        Lags 1 .. ``most``; value and bound z/sqrt(pairs) are None where fewer than 10 pairs exist. With
        lagged sales in the model the bounds are conservative at low lags (as in Box and Pierce 1970).
    """
    grid, seen = on_grid(residuals, group, column)
    rows = seen.sum(axis=1)
    has = np.maximum(rows, 1)
    grid = np.where(seen, grid - (grid.sum(axis=1) / has)[:, None], 0.0)
    free = int(rows.sum() - np.count_nonzero(rows))
    variance = float(np.sum(grid**2)) / free if free > 0 else 0.0
    z = float(ndtri(0.5 + confidence / 2))
    values: list[float | None] = []
    bounds: list[float | None] = []
    for lag in range(1, most + 1):
        pairs = np.count_nonzero(seen[:, lag:] & seen[:, :-lag], axis=1)
        count = int(pairs.sum())
        if count < 10 or not variance > 0:
            values.append(None)
            bounds.append(None)
            continue
        # E[e_s e_t] = -sigma²/T_i after centring within a pharmacy, for any two periods.
        removed = variance * float(np.sum(pairs / has))
        values.append((float(np.sum(grid[:, lag:] * grid[:, :-lag])) + removed) / (count * variance))
        bounds.append(z / sqrt(count))
    return Autocorrelation(lags=tuple(range(1, most + 1)), values=tuple(values), bounds=tuple(bounds))


def check_autocorrelation(found: Autocorrelation, *, confidence: float = 0.95) -> Check:
    """Largest |r| over the lags, against .10 (fail .30) or the bound at that lag for as many looks as there are lags.

    The raised threshold is the two-sided normal point at level (1 - confidence) / lags (Bonferroni).
    ``detail`` is the lag.
    """
    known = [
        (abs(value), lag, bound)
        for value, lag, bound in zip(found.values, found.lags, found.bounds, strict=True)
        if value is not None and bound is not None
    ]
    if not known:
        return grade("autocorrelation", None)
    # The bound of that lag, not the widest: far lags have few pairs and wide bounds.
    value, lag, bound = max(known)
    # Bounds are for one look; times this ratio they hold for all lags together.
    ratio = float(ndtri(1 - (1 - confidence) / (2 * len(known))) / ndtri(0.5 + confidence / 2))
    review = max(RULES["autocorrelation"].review, ratio * bound)
    return grade("autocorrelation", value, review=review, detail=str(lag))


@dataclass(frozen=True, slots=True, kw_only=True)
class ArellanoBond:
    """Second-order serial correlation of differenced residuals: z statistic, p, correlation, number of products."""

    statistic: float
    p: float
    correlation: float
    products: int


def arellano_bond(
    residuals: Array,
    group: Index,
    column: Index,
    *,
    order: int = 2,
    columns: Array | None = None,
    influence: Array | None = None,
) -> ArellanoBond | None:
    """Arellano-Bond (1991) statistic m_order: differenced residuals must be uncorrelated beyond order 1.

    With s_i the sum over t of de_it de_i,t-order, m = sum s_i / sqrt(sum s_i²), standard normal over
    many pharmacies where errors are white. Estimation noise enters through s_i - g'h_i, where g is the
    derivative of the sum in the coefficients and h_i pharmacy i's share of (estimate - truth).

    Parameters
    ----------
    residuals
        (n,) conditional residuals.
    group, column
        (n,) pharmacy and calendar period.
    columns, influence
        (n, p) fixed-effect columns X and (G, p) contributions h_i = (X'V⁻¹X)⁻¹ X_i'V_i⁻¹(y_i - X_i beta);
        both or neither. Without them the estimates count as known.

    Returns
    -------
    ArellanoBond or None
        None where fewer than 5 pharmacies have a product.
    """
    grid, seen = on_grid(residuals, group, column)
    step = np.where(both := seen[:, 1:] & seen[:, :-1], grid[:, 1:] - grid[:, :-1], 0.0)
    # Differences of period t and of period t - order, both known: three periods apart at order 2 four cells are needed.
    usable = both[:, order:] & both[:, : both.shape[1] - order] if both.shape[1] > order else both[:, :0]
    # The statistic is normal over many pharmacies; a handful of sums says nothing of it.
    if np.count_nonzero(usable.any(axis=1)) < 5:
        return None
    late, early = step[:, order:] * usable, step[:, : step.shape[1] - order] * usable
    # One sum a pharmacy: pharmacies are independent, the products within one are not.
    share = np.sum(late * early, axis=1)
    spread = sqrt(float(np.sum(late**2)) * float(np.sum(early**2)))
    if columns is not None and influence is not None:
        for j in range(columns.shape[1]):
            path, _ = on_grid(columns[:, j], group, column)
            change = np.where(both, path[:, 1:] - path[:, :-1], 0.0)
            # d/d beta_j of sum de_t de_(t-order) is minus this: residuals are y - X beta, so estimates leave a trace in
            # both.
            slope = float(np.sum(change[:, order:] * early) + np.sum(late * change[:, : change.shape[1] - order]))
            # Pharmacies without used rows stand on the grid, too, and have no share.
            share_of_noise = np.zeros(share.size)
            share_of_noise[: len(influence)] = influence[:, j]
            share = share - slope * share_of_noise
    noise = sqrt(float(np.sum(share**2)))
    total = float(np.sum(late * early))
    if not (noise > 0 and spread > 0):
        return None
    statistic = total / noise
    return ArellanoBond(
        statistic=statistic,
        p=erfc(abs(statistic) / sqrt(2)),
        correlation=total / spread,
        products=int(usable.sum()),
    )


def check_arellano_bond(found: ArellanoBond | None) -> Check:
    """|m2| against 1.96 (fail 3.29), or against the |m2| that a correlation of .05 (.10) would have here.

    The second makes the check about size once pharmacies are many: .05 is what AR(1) errors of .1 give.
    """
    if found is None:
        return grade("arellano-bond-m2", None)
    rule, size = RULES["arellano-bond-m2"], abs(found.correlation)
    per_correlation = abs(found.statistic) / size if size > 0 else 0.0
    return grade(
        "arellano-bond-m2",
        abs(found.statistic),
        review=max(rule.review, SMALL_CORRELATION * per_correlation),
        fail=max(rule.fail or 0.0, LARGE_CORRELATION * per_correlation),
    )


def serial_checks(
    market: MarketFit, residuals: Array, autocorrelation: Autocorrelation, confidence: float
) -> tuple[Check, ...]:
    """Every check of serial correlation of a market's conditional residuals, (n,)."""
    bond = arellano_bond(
        residuals,
        market.frame.group,
        market.frame.column,
        columns=market.design.x,
        influence=beta_contributions(market.fit),
    )
    return check_autocorrelation(autocorrelation, confidence=confidence), check_arellano_bond(bond)
