"""Sales of a market's pharmacies in the periods after its record, as usual and under other promotion.

Draws walk on from each pharmacy's last sales and promotion: coefficients, decay and curve drawn as everywhere
(:mod:`reportgen.model.effects.draws`), pharmacies' own levels, slopes and trends drawn given them, what happens to all
at once by :mod:`reportgen.model.effects.periods_ahead`, fresh errors on top. Promotion as usual is drawn by period for
all pharmacies together, so that common campaigns stay common.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from reportgen.model.effects.draws import draw_beta, draw_modes
from reportgen.model.effects.periods_ahead import draw_common, find_process
from reportgen.model.lmm.columns import Array, Index
from reportgen.model.lmm.fit import LmmFit
from reportgen.model.market.calendar import PERIOD_KINDS, TREND, calendar_columns, trend_of
from reportgen.model.market.fit import MarketFit
from reportgen.model.market.territories import cell_codes, sharing
from reportgen.panel import transforms
from reportgen.panel.features import ModelFrame
from reportgen.panel.periods import PER_YEAR
from reportgen.results import Movement
from reportgen.results import UsualPromotion as UsualRule

RECENT = 3
"""Periods at the end of the record in one of which a pharmacy must have sales to be expected to go on."""
RULES: tuple[UsualRule, ...] = ("last-year", "same-season", "last-periods")
BETTER = 0.9
"""Squared error of another rule for usual promotion against that of the last year's mean, at most."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Ahead:
    """Draws of N periods to come for K pharmacies, money and promotion units.

    ``usual``, ``planned`` (D, K, N); ``promotion`` (K, N) mean of the first channel as usual; ``groups`` (K,) of the
    fit; ``movement`` of what all have in common.
    """

    usual: Array
    planned: Array | None
    promotion: Array
    groups: Index
    rule: UsualRule
    movement: Movement


def going_on(frame: ModelFrame) -> Index:
    """Pharmacies of the fit that are expected to go on, (K,)."""
    known = np.isfinite(frame.panel.sales[frame.grid_rows][:, -RECENT:]).any(axis=1)
    return np.flatnonzero(known).astype(np.intp)


def draw_ahead(
    market: MarketFit, periods: int, draws: int, rng: np.random.Generator, *, factor: Array | None = None
) -> Ahead:
    """Draws of the ``periods`` after the record.

    Parameters
    ----------
    factor
        (c, G) promotion of each channel under the plan over that as usual, by pharmacy of the fit; None: no plan.
    """
    groups = going_on(market.frame)
    usually = usual_promotion(market.frame, periods)
    made = [
        _walk(fitted, fit, decays, covariance, size, groups, usually, rng, factor)
        for fitted, fit, decays, covariance, size in _fits(market, draws)
        if size
    ]
    usual, planned, promotion = zip(*made, strict=True)
    sizes = np.array([len(part) for part in usual], dtype=np.float64)
    return Ahead(
        usual=np.concatenate(usual),
        planned=None if factor is None else np.concatenate(planned),
        promotion=np.einsum("m,mkn->kn", sizes / sizes.sum(), np.stack(promotion)),
        groups=groups,
        rule=usually.rule,
        movement=find_process(market, market.fit, market.covariance.values, groups, periods).movement,
    )


def _fits(market: MarketFit, draws: int) -> Iterator[tuple[MarketFit, LmmFit, Array, Array, int]]:
    """Every fit that what is uncertain about curve and decay leaves, with its covariance and share of the draws."""
    own = 1.0 - sum(weight for _, weight in market.rivals)
    for fitted, weight in ((market, own), *market.rivals):
        if fitted.mixture is None:
            decays = np.array(fitted.decays)
            yield fitted, fitted.fit, decays, fitted.covariance.values, round(draws * weight)
            continue
        nodes = fitted.mixture
        ends = np.rint(np.cumsum(nodes.weights) / nodes.weights.sum() * draws * weight).astype(int)
        sizes = np.diff(ends, prepend=0)
        for fit, decay, covariance, size in zip(nodes.fits, nodes.decays, nodes.covariance, sizes, strict=True):
            yield fitted, fit, np.array([decay]), covariance, int(size)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class UsualPromotion:
    """Promotion as usual: the ``columns`` of the record that stand for each of the coming periods, times ``growth``.

    Columns are the same for all channels, so that common campaigns stay common; each channel (c,) has its own growth.
    """

    rule: UsualRule
    columns: tuple[Index, ...]
    growth: Array


def usual_promotion(frame: ModelFrame, periods: int) -> UsualPromotion:
    """Which rule foresaw mean promotion of the first channel best, and how much more there was than it foresaw.

    Below two years of record it is the last year's mean, which nothing was foreseen by yet.
    """
    end, year = frame.panel.n_periods, PER_YEAR[frame.panel.period_type]
    grids = frame.panel.promotion[:, frame.grid_rows]
    counts = np.isfinite(grids).sum(axis=1)
    mean = np.nansum(grids, axis=1) / np.maximum(counts, 1)
    rule, growth = RULES[0], np.ones(len(grids))
    tested = [t for t in range(year + 1, end) if counts[:, t].all()]
    if end >= 2 * year and tested:
        came, errors, ratios = mean[:, tested], [], []
        for name in RULES:
            # Each as far ahead as the forecast goes.
            windows = (_columns(name, t - periods + 1, periods, year)[-1] for t in tested)
            said = np.stack([mean[:, window].mean(axis=1) for window in windows], axis=1)
            whole = said.sum(axis=1)
            ratios.append(np.where(whole > 0.0, came.sum(axis=1) / np.where(whole > 0.0, whole, 1.0), 1.0))
            errors.append(float(np.sum((came[0] - ratios[-1][0] * said[0]) ** 2)))
        best = int(np.argmin(errors))
        chosen = best if errors[best] < BETTER * errors[0] else 0
        rule, growth = RULES[chosen], ratios[chosen]
    return UsualPromotion(rule=rule, columns=_columns(rule, end, periods, year), growth=growth)


def _columns(rule: UsualRule, end: int, periods: int, year: int) -> tuple[Index, ...]:
    """Columns before ``end`` that a rule takes for each of the periods from ``end`` on."""
    size = year if rule == "last-year" else max(year // 4, 1)
    window = np.arange(max(end - size, 0), max(end, 1))
    if rule != "same-season":
        return (window,) * periods
    made = []
    for ahead in range(periods):
        around = end + ahead - year * (1 + ahead // year) + np.array([-1, 0, 1])
        made.append(around[(around >= 0) & (around < end)])
    return tuple(columns if len(columns) else window for columns in made)


def _walk(
    market: MarketFit, fit: LmmFit, decays: Array, covariance: Array, draws: int, groups: Index,
    usually: UsualPromotion, rng: np.random.Generator, factor: Array | None,
) -> tuple[Array, Array | None, Array]:  # fmt: skip
    """Sales as usual and as planned (D, K, N), and mean promotion as usual (K, N), at one fit and decay."""
    frame, periods = market.frame, len(usually.columns)
    coming = (frame.panel.n_periods + np.arange(periods)).astype(np.intp)
    process = find_process(market, fit, covariance, groups, periods)
    beta = draw_beta(market, fit, covariance, draws, rng)
    level, beta = draw_common(process, fit, covariance, beta, rng)
    modes = np.zeros((draws, len(groups), 1))
    if market.rung != "pooled":
        modes = draw_modes(fit, beta, rng)[:, groups]
    drive = _drive(market, fit, groups, beta, modes, decays, coming) + level[:, None, :]
    drive += np.sqrt(fit.sigma2) * rng.standard_normal(drive.shape)
    picked = np.stack([rng.choice(options, draws) for options in usually.columns], axis=1)
    drive_planned, promotion = drive.copy() if factor is not None else None, np.zeros((len(groups), periods))
    for channel, term in enumerate(market.terms.promotion):
        random = market.random_index(term)
        slope = beta[:, market.index(term), None] + (0.0 if random is None else modes[:, :, random])
        dose = usually.growth[channel] * _doses(frame, channel, groups, picked)
        drive += slope[:, :, None] * _stock(frame, channel, groups, decays[channel], dose)
        if channel == 0:
            promotion = dose.mean(axis=0)
        if drive_planned is not None and factor is not None:
            other = dose * factor[channel, groups, None]
            drive_planned += slope[:, :, None] * _stock(frame, channel, groups, decays[channel], other)
    lags, phi = market.terms.lag_periods, beta[:, [market.index(term) for term in market.terms.lags]]
    past = last_responses(frame, groups, max(lags, default=0))
    planned = None if drive_planned is None else frame.money(recursion(drive_planned, past, phi, lags), groups[:, None])
    return frame.money(recursion(drive, past, phi, lags), groups[:, None]), planned, promotion


def _drive(
    market: MarketFit, fit: LmmFit, groups: Index, beta: Array, modes: Array, decays: Array, coming: Index
) -> Array:
    """What drives responses beside promotion, lags and what all have in common beyond the model, (D, K, N).

    Controls are as in a pharmacy's last year; constants of a pharmacy stay; what is left of promotion before the record
    fades; season and trend of the model go on.
    """
    frame, design, terms = market.frame, fit.design, market.terms
    names, closing = design.names, np.searchsorted(frame.group, np.arange(design.groups), side="right") - 1
    roles = {column.term: column.role for column in terms.columns}
    periods = market.time.kind in PERIOD_KINDS and design.period is not None
    away = {"lag", "promotion", "trend", "season", "period", "initial-trend", "presample-promotion"}
    away |= {"intercept"} if periods else set()
    rest = [k for k, name in enumerate(names) if roles[name] not in away]
    recent = frame.column > frame.column.max() - PER_YEAR[frame.panel.period_type]
    recent[closing] = True
    size = np.bincount(frame.group[recent], minlength=design.groups)[:, None]
    mean = np.stack(
        [np.zeros(design.groups)]
        + [np.bincount(frame.group[recent], weights=design.x[recent, k]) for k in rest], axis=1
    ) / size  # fmt: skip
    out = np.repeat((beta[:, rest] @ mean[groups, 1:].T + modes[:, :, 0])[:, :, None], len(coming), axis=2)
    ahead = coming[None] - frame.column[closing][groups, None]
    for k, name in enumerate(names):
        if roles[name] == "presample-promotion":
            channel = next(column.channel for column in terms.columns if column.term == name) or 0
            faded = design.x[closing, k][groups, None] * decays[channel] ** ahead
            out += beta[:, k, None, None] * faded
    line = trend_of(frame, coming)
    if TREND in design.z_names:
        ends = trend_of(frame, frame.column[closing])[groups]
        own = [k for k, name in enumerate(names) if roles[name] == "initial-trend"]
        steep = design.x[closing][groups][:, own] / np.where(ends == 0.0, 1.0, ends)[:, None]
        trend = modes[:, :, design.z_names.index(TREND)] + beta[:, own] @ steep.T
        out += trend[:, :, None] * line
    calendar = tuple(column for column in terms.time if column.role in ("trend", "season") and column.term in names)
    if calendar:
        grids = calendar_columns(frame, calendar, beyond=len(coming))
        made = np.stack([grids[column.term][coming] for column in calendar], axis=1)
        out += (beta[:, [names.index(column.term) for column in calendar]] @ made.T)[:, None, :]
    return out + _territory_levels(market, fit, groups, beta)[:, :, None] if periods and terms.by_territory else out


def _territory_levels(market: MarketFit, fit: LmmFit, groups: Index, beta: Array) -> Array:
    """How far each pharmacy's territory was from the market in its last year, (D, K)."""
    frame, design = market.frame, fit.design
    codes, owner = cell_codes(frame), sharing(frame)[groups]
    last = codes[:, -PER_YEAR[frame.panel.period_type] :]
    effects = np.concatenate(
        [np.zeros((len(beta), 1)), beta[:, design.period_at : design.period_at + int(codes.max())]], axis=1
    )
    mean = effects[:, last].mean(axis=2)[:, owner]
    return np.asarray(mean - mean.mean(axis=1, keepdims=True))


def _doses(frame: ModelFrame, channel: int, groups: Index, picked: Index) -> Array:
    """Promotion of the periods to come, (D, K, N); what is unknown is the pharmacy's mean."""
    grid = frame.panel.promotion[channel][frame.grid_rows][groups]
    known = np.isfinite(grid)
    mean = np.where(known, grid, 0.0).sum(axis=1) / np.maximum(known.sum(axis=1), 1)
    return np.ascontiguousarray(np.moveaxis(np.where(known, grid, mean[:, None])[:, picked], 0, 1))


def _stock(frame: ModelFrame, channel: int, groups: Index, decay: float, dose: Array) -> Array:
    """Adstock column of the periods to come, bent where it is, (D, K, N)."""
    curve = frame.curve(channel)
    held = transforms.adstock(frame.panel.promotion[channel][frame.grid_rows][groups], decay)[:, -1]
    if curve is not None:
        held = held + frame.leftover(decay, channel)[groups, -1]
    made = transforms.adstock(dose, decay) + held[:, None] * decay ** np.arange(1, dose.shape[2] + 1)
    rest = 1.0 if frame.normalize else 1.0 - decay
    return np.asarray((made if curve is None else curve.bend(made)) / rest)


def last_responses(frame: ModelFrame, groups: Index, count: int) -> Array:
    """The last ``count`` responses (K, count); unknown ones are those of the pharmacy's last known period."""
    grid = frame.response_grid()[groups]
    known = np.isfinite(grid)
    place = np.maximum.accumulate(np.where(known, np.arange(grid.shape[1]), 0), axis=1)
    return np.asarray(np.take_along_axis(grid, place, axis=1)[:, grid.shape[1] - count :])


def recursion(drive: Array, past: Array, phi: Array, lags: tuple[int, ...]) -> Array:
    """Responses (D, K, N) from what drives them and the responses before, (K, L), at ``phi`` (D, number of lags)."""
    count = past.shape[1]
    out = np.concatenate([np.broadcast_to(past, (*drive.shape[:2], count)), drive], axis=2)
    for t in range(count, out.shape[2]):
        for j, lag in enumerate(lags):
            out[:, :, t] += phi[:, j, None] * out[:, :, t - lag]
    return out[:, :, count:]
