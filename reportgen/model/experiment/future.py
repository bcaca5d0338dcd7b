"""Sales of a market's pharmacies after its record, as the fitted model has them, without and with more promotion.

A pharmacy goes on from its last sales and promotion, with coefficients, its own level and slope drawn given the data,
promotion as in its last year, and fresh errors. What happens to all pharmacies at once moves both arms alike and stays
as it was.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from reportgen.model.effects.draws import draw_beta, draw_modes
from reportgen.model.effects.sales_ahead import last_responses, recursion
from reportgen.model.lmm.columns import Array, Index
from reportgen.model.market.calendar import TREND, trend_of
from reportgen.model.market.fit import MarketFit
from reportgen.panel import transforms
from reportgen.panel.periods import PER_YEAR

LEAST_REST = 0.05
"""One minus persistence, at least: a draw in which sales do not settle has no effect that is kept up."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Future:
    """Draws of N periods: ``response`` (R, K, N) as it goes on, ``slopes`` (R, K) of a pharmacy less the market's.

    ``step`` (R, N): what one more unit in every period adds to the response a period for a slope of one; ``settled``
    (R,) is its limit.
    """

    response: Array
    slopes: Array
    step: Array
    settled: Array
    log: bool
    sizes: Array
    """Of the pharmacies (K,): money of a response of one, on a scale relative to them."""

    def mean_sales(self, kept_up: float, dose: Array, periods: int) -> Array:
        """Mean sales of the first periods, (R, K), where a unit kept up brings ``kept_up``, at ``dose`` (R, K) more."""
        slope = (kept_up / self.settled[:, None] + self.slopes) * dose
        if not self.log:
            step = self.step[:, :periods].mean(axis=1)[:, None]
            return np.asarray((self.response[:, :, :periods].mean(axis=2) + slope * step) * self.sizes)
        response = self.response[:, :, :periods] + slope[:, :, None] * self.step[:, None, :periods]
        return np.asarray(np.exp(np.minimum(response, 700.0)).mean(axis=2))


def draw_future(
    market: MarketFit, groups: Index, periods: int, draws: int, rng: np.random.Generator, *, channel: int = 0
) -> Future:
    """Draws of the pharmacies ``groups`` (K,) of the fit, ``periods`` beyond the record; the decay counts as known."""
    frame, fit = market.frame, market.fit
    lags, order = market.terms.lag_periods, [market.index(term) for term in market.terms.lags]
    beta = draw_beta(market, fit, market.conditional, draws, rng)
    # What is drawn of the coefficients moves the deviations: given the data they share their error.
    modes = draw_modes(fit, beta, rng)[:, groups] if market.rung != "pooled" else np.zeros((draws, len(groups), 1))
    drive = _levels(market, groups, beta, modes, periods)
    for k, term in enumerate(market.terms.promotion):
        slope = beta[:, market.index(term), None] + _own_slopes(market, modes, k)
        drive += slope[:, :, None] * _stocks(market, groups, k, periods, draws, rng)
    drive += np.sqrt(fit.sigma2) * rng.standard_normal(drive.shape)
    past = last_responses(frame, groups, max(lags, default=0))
    decay = market.decays[channel]
    unit = np.broadcast_to(transforms.adstock(np.ones((1, periods)), decay, frame.normalize), (draws, 1, periods))
    whole = 1.0 if frame.normalize else 1.0 / (1.0 - decay)
    return Future(
        response=recursion(drive, past, beta[:, order], lags),
        slopes=_own_slopes(market, modes, channel),
        step=recursion(unit, past[:1] * 0.0, beta[:, order], lags)[:, 0],
        settled=whole / np.maximum(1.0 - beta[:, order].sum(axis=1), LEAST_REST),
        log=frame.scale == "log",
        sizes=frame.sizes[groups],
    )


def _own_slopes(market: MarketFit, modes: Array, channel: int) -> Array:
    """What a pharmacy's slope has beyond the market's, (R, K)."""
    random = market.random_index(market.terms.promotion[channel])
    return np.asarray(np.zeros(modes.shape[:2]) if random is None else modes[:, :, random])


def _levels(market: MarketFit, groups: Index, beta: Array, modes: Array, periods: int) -> Array:
    """What drives sales beside promotion and lags, (R, K, N): as in the last year, a pharmacy's own trend onwards."""
    frame, design, terms = market.frame, market.design, market.terms
    names = design.names
    own = [k for k, one in enumerate(terms.columns) if one.role == "initial-trend"]
    common = [names.index(one.term) for one in terms.time if one.role != "initial-trend"]
    left = {*common, *own, *(names.index(term) for term in (*terms.lags, *terms.promotion))}
    rest = [k for k in range(len(names)) if k not in left]
    recent = frame.column > frame.column.max() - PER_YEAR[frame.panel.period_type]
    closing = np.searchsorted(frame.group, np.arange(design.groups), side="right") - 1
    kept = recent.copy()
    kept[closing] = True
    size = np.bincount(frame.group[kept], minlength=design.groups)[:, None]
    mean = np.stack([np.bincount(frame.group[kept], weights=design.x[kept, k]) for k in rest], axis=1) / size
    level = beta[:, rest] @ mean[groups].T + (beta[:, common] @ design.x[recent][:, common].mean(axis=0))[:, None]
    out = np.repeat((level + modes[:, :, 0])[:, :, None], periods, axis=2)
    if TREND in design.z_names:
        ends = trend_of(frame, frame.column[closing])[groups, None]
        slope = design.x[closing][groups][:, own] / np.where(ends == 0.0, 1.0, ends)
        trend = modes[:, :, design.z_names.index(TREND)] + beta[:, own] @ slope.T
        out += trend[:, :, None] * trend_of(frame, frame.panel.n_periods + np.arange(periods))
    return out


def _stocks(
    market: MarketFit, groups: Index, channel: int, periods: int, draws: int, rng: np.random.Generator
) -> Array:
    """Adstock (R, K, N) where promotion goes on as in the last year, period by period at random.

    Drawn from a year that is drawn itself: how much a pharmacy usually gets is known from that year only.
    """
    frame = market.frame
    grid = np.nan_to_num(frame.panel.promotion[channel][frame.grid_rows][groups])
    decay = market.decays[channel]
    year = min(grid.shape[1], PER_YEAR[frame.panel.period_type])
    usual = rng.integers(grid.shape[1] - year, grid.shape[1], (draws, len(groups), year))
    picked = np.take_along_axis(usual, rng.integers(0, year, (draws, len(groups), periods)), axis=2)
    coming = np.take_along_axis(np.broadcast_to(grid, (draws, *grid.shape)), picked, axis=2)
    held = transforms.adstock(grid, decay, frame.normalize)[:, -1]
    made = transforms.adstock(coming.reshape(-1, periods), decay, frame.normalize).reshape(coming.shape)
    return np.asarray(made + held[:, None] * decay ** np.arange(1, periods + 1))
