"""The same market fitted another way, to see whether the answer moves.

Each variant changes one thing (a pharmacy left out, month dummies, next period's promotion
added, the last periods held out) and keeps the decay, so that a difference has one cause.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.stats import t as student

from reportgen.model.lmm.columns import Array, Design, Index, NoResidualVariation, RankDeficient
from reportgen.model.lmm.fit import LmmFit, fit_lmm
from reportgen.model.lmm.inference import fixed_covariance
from reportgen.model.lmm.least_squares import within_estimate
from reportgen.model.lmm.modes import conditional_modes
from reportgen.model.market.calendar import foreseen
from reportgen.model.market.fit import MarketFit
from reportgen.model.market.quality import without_slopes, without_slopes_rung
from reportgen.model.market.territories import sharing
from reportgen.panel.features import ModelFrame
from reportgen.panel.periods import PER_YEAR, period_start

HOLDOUT_ORIGINS = 6
LEAST_TRAINING = 6
ADDED = "Added"
DECAY_STEP = 0.01
"""Half the distance over which the derivative of the adstock in the decay is taken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """One coefficient: estimate, SE, df and interval."""

    value: float
    se: float
    df: float
    lower: float
    upper: float


def coefficient(fit: LmmFit, position: int, confidence: float) -> Estimate:
    """One fixed effect with its full-information interval."""
    covariance = fixed_covariance(fit)
    value, df = float(fit.beta[position]), float(covariance.df[position])
    se = float(np.sqrt(covariance.values[position, position]))
    reach = float(student.ppf(0.5 + confidence / 2.0, df)) * se
    return Estimate(value=value, se=se, df=df, lower=value - reach, upper=value + reach)


def add_columns(design: Design, columns: Array, names: tuple[str, ...]) -> Design:
    """The design with further fixed-effect columns (n, k) at the end."""
    return replace(design, x=np.column_stack([design.x, columns]), names=(*design.names, *names))


def refitted(market: MarketFit, design: Design) -> LmmFit | None:
    """Another design fitted as the market was; None where it cannot be."""
    try:
        return fit_lmm(design, method=market.fit.method, rung=market.fit.rung, near=market.fit)
    except (RankDeficient, NoResidualVariation):
        return None


def added_column(design: Design, column: Array, *, confidence: float = 0.95) -> Estimate | None:
    """Coefficient of one more column (n,) within pharmacies; None where it does not vary or repeats the others.

    Least squares on deviations from pharmacy means: that needs nothing of how pharmacies differ.
    """
    found = within_estimate(add_columns(design, column[:, None], (ADDED,)))
    if found is None or ADDED not in found.names:
        return None
    k = found.names.index(ADDED)
    value, df = float(found.beta[k]), float(found.covariance.df[k])
    se = float(np.sqrt(found.covariance.values[k, k]))
    if not se > 0.0:
        return None
    reach = float(student.ppf(0.5 + confidence / 2.0, df)) * se
    return Estimate(value=value, se=se, df=df, lower=value - reach, upper=value + reach)


def curvature(design: Design, term: str) -> Estimate | None:
    """Coefficient of log(1 + A / mean A) beside the adstock A itself: above zero where the response is concave."""
    stock = np.maximum(design.column(term), 0.0)
    usual = float(stock.mean())
    return added_column(design, np.log1p(stock / usual)) if usual > 0.0 else None


def without_pharmacy(market: MarketFit, position: int, term: str, confidence: float) -> Estimate | None:
    """The promotion effect when one pharmacy is left out."""
    fit = refitted(market, market.design.rows(market.design.group != position))
    return None if fit is None else coefficient(fit, market.index(term), confidence)


def with_one_effect(market: MarketFit, term: str, confidence: float) -> Estimate | None:
    """The promotion effect when all pharmacies respond alike; ``None`` where they do already, or by least squares."""
    smaller = without_slopes(market.design)
    if len(market.design.z_names) == len(smaller.z_names) or market.rung == "pooled":
        return None
    try:
        fit = fit_lmm(smaller, method=market.fit.method, rung=without_slopes_rung(market.design))
    except (RankDeficient, NoResidualVariation):
        return None
    return coefficient(fit, market.index(term), confidence) if fit.certified else None


def with_month_dummies(market: MarketFit, term: str, confidence: float) -> Estimate | None:
    """The promotion effect with a dummy per month of the year; ``None`` under a year of data."""
    panel = market.frame.panel
    calendar = [period_start(panel.first_period + j, panel.period_type).month for j in range(panel.n_periods)]
    month = np.array(calendar)[market.frame.column]
    present = np.unique(month)
    if len(present) < 2 or np.unique(market.frame.column).size < len(present) + 2:
        return None
    dummies = (month[:, None] == present[1:]).astype(float)
    names = tuple(f"Month_{value}" for value in present[1:])
    fit = refitted(market, add_columns(market.design, dummies, names))
    return None if fit is None else coefficient(fit, market.index(term), confidence)


def next_promotion(frame: ModelFrame) -> Array:
    """Promotion of the period after each row's, by channel, (n, c); NaN where unknown."""
    grid = frame.panel.promotion[:, frame.grid_rows]
    # By the calendar and not by rows: behind a gap the next row's promotion is not the next period's.
    following = np.concatenate([grid[:, :, 1:], np.full((*grid.shape[:2], 1), np.nan)], axis=2)
    return np.asarray(following[:, frame.group, frame.column].T)


def with_leads(market: MarketFit, confidence: float) -> tuple[Estimate, ...] | None:
    """Coefficient of each channel's promotion of the next period, on rows where it is known; None where it cannot be.

    It has no effect yet: a coefficient means that promotion follows sales, or is recorded a period late.
    """
    frame = market.frame
    leads = next_promotion(frame)
    known = np.asarray(np.isfinite(leads).all(axis=1), dtype=np.bool_)
    # Rows without a known next period (the last one, gaps) are left out; where they are more than half, what is left is
    # another market.
    if known.sum() < 0.5 * len(leads):
        return None
    names = tuple(f"Lead_{term}" for term in market.terms.promotion)
    fit = refitted(market, add_columns(market.design, np.nan_to_num(leads), names).rows(known))
    return None if fit is None else _named(fit, names, confidence)


def with_current(market: MarketFit, confidence: float) -> tuple[Estimate, ...] | None:
    """Coefficient of each channel's promotion of the period itself beside its adstock; None where it cannot be.

    Under geometric carry-over it is zero. The decay was estimated on the same rows and would take a part of what is
    sought: the derivative of the adstock in the decay, a column of its own, leaves it free to first order (a score
    test with the nuisance parameter profiled out; Cox and Hinkley 1974, section 9.3).
    """
    frame = market.frame
    slopes = []
    for channel, decay in enumerate(market.decays):
        # At a decay of zero the difference is one-sided: adstock of a negative decay has no meaning.
        ends = max(decay - DECAY_STEP, 0.0), decay + DECAY_STEP
        carried = frame.adstock_profile(ends, channel)
        slopes.append((carried[:, 1] - carried[:, 0]) / (ends[1] - ends[0]))
    names = tuple(f"Current_{term}" for term in market.terms.promotion)
    columns = np.column_stack([frame.promotion, *slopes])
    fit = refitted(market, add_columns(market.design, columns, (*names, *(f"Decay_{name}" for name in names))))
    return None if fit is None else _named(fit, names, confidence)


def _named(fit: LmmFit, names: tuple[str, ...], confidence: float) -> tuple[Estimate, ...]:
    return tuple(coefficient(fit, fit.design.names.index(name), confidence) for name in names)


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldOut:
    """One-step-ahead forecasts of the last periods: sum |error| / sum sales, model and seasonal-naive."""

    model: float | None
    naive: float | None
    periods: int


def hold_out(market: MarketFit) -> HoldOut:
    """Refit up to each of the last periods in turn and forecast the next from known promotion and lags.

    The seasonal-naive forecast is the sales one year earlier (the last known period where there is no
    year); only cells with both forecasts count.
    """
    frame = market.frame
    last = int(frame.column.max())
    first = int(frame.column.min())
    season = PER_YEAR[frame.panel.period_type]
    origins = min(HOLDOUT_ORIGINS, (last - first + 1) // 4, last - first + 1 - LEAST_TRAINING)
    errors = np.zeros(3)
    used = 0
    for column in range(last - origins + 1, last + 1):
        sums = _forecast(market, column, season)
        if sums is not None:
            errors += sums
            used += 1
    if used == 0 or not errors[2] > 0.0:
        return HoldOut(model=None, naive=None, periods=0)
    return HoldOut(model=float(errors[0] / errors[2]), naive=float(errors[1] / errors[2]), periods=used)


def _forecast(market: MarketFit, column: int, season: int) -> Array | None:
    """Sums of |model error|, |naive error| and sales over the cells of one period."""
    frame, design = market.frame, market.design
    train, test = frame.column < column, np.flatnonzero(frame.column == column)
    if not train.any() or not test.size:
        return None
    kept = design.rows(train)
    if len(kept.y) <= kept.x.shape[1] + 2 * kept.groups:
        return None
    fit = refitted(market, kept)
    if fit is None:
        return None
    known = np.unique(design.group[train])
    modes = np.zeros((design.groups, design.z.shape[1]))
    # A pharmacy without a row before the cut has the market's mean: its mode is zero.
    modes[known] = conditional_modes(fit)
    forecast = _expected(market, fit, kept, test) + np.einsum("ij,ij->i", design.z[test], modes[design.group[test]])
    # With a log response the median of sales, which suits absolute errors.
    forecast = frame.money(forecast, design.group[test])
    naive = _naive(frame.panel.sales[frame.grid_rows], design.group[test], column, season)
    sales = frame.sales[test]
    both = np.isfinite(naive)
    return np.array([np.abs(sales - forecast)[both].sum(), np.abs(sales - naive)[both].sum(), sales[both].sum()])


def _expected(market: MarketFit, fit: LmmFit, kept: Design, test: Index) -> Array:
    """X beta of the rows ``test``, which lie after all rows that were fitted.

    The effect of a period to come is what the past ones say: least squares of theirs on a straight line and as many
    waves of the season as a third of them can carry.
    """
    design = market.design
    if kept.period is None or design.period is None:
        return np.asarray(design.x[test] @ fit.beta)
    first, count = kept.period_at, int(kept.period.max())
    effects = np.concatenate([[0.0], fit.beta[first : first + count]])
    coming = market.frame.column[test][:1]
    # Where territories have periods of their own, each goes on from its own past.
    shared = sharing(market.frame)[design.group] if market.terms.by_territory else np.zeros(len(design.y), dtype=int)
    train = market.frame.column < coming[0]
    _, start, place = np.unique(design.period[train], return_index=True, return_inverse=True)
    seen, owner = market.frame.column[train][start], shared[train][start]
    np.minimum.at(seen, place, market.frame.column[train])
    ahead = {k: foreseen(market.frame, effects[owner == k], seen[owner == k], coming)[0] for k in np.unique(owner)}
    level = np.array([ahead.get(k, effects.mean()) for k in shared[test]])
    return np.asarray(design.x[test][:, :first] @ fit.beta[:first] + level)


def _naive(sales: Array, group: Index, column: int, season: int) -> Array:
    if column >= season:
        return np.asarray(sales[group, column - season])
    past = sales[:, :column]
    known = np.isfinite(past)
    latest = np.where(known, np.arange(column), -1).max(axis=1, initial=-1)
    values = np.where(latest >= 0, sales[np.arange(len(sales)), np.maximum(latest, 0)], np.nan)
    return np.asarray(values[group])
