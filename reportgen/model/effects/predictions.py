"""Sales of rows that are asked for, with intervals: of pharmacies on record, and of new ones.

A row is predicted from the promotion of its period and the sales before it: those that are known, and where they are
not, those that are drawn on the way there. Every draw has coefficients of its own (their uncertainty from the decay
included; the decay itself stays where it is), a pharmacy's deviations given them, and an error each period. A period
after the record has the effect that a straight line and the season of the earlier ones say, and an error as large as
they leave (``calendar.foreseen``).

A new pharmacy is one of those on record, drawn at random, in what came before it (its first sales, its promotion until
then) with deviations drawn anew from their distribution: what Gelman and Hill (2007, section 12.7) call a new group.

Left to others: how a table of rows is read (``notebook``). Rejected: the conditional SD of a fitted row as an interval
(leaves out the error, and everything of a new pharmacy).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from reportgen.model.effects.draws import draw_beta, draw_modes
from reportgen.model.effects.incremental import QUANTILE
from reportgen.model.lmm.columns import Array, Index
from reportgen.model.lmm.deviance import covariance_root
from reportgen.model.lmm.modes import conditional_modes
from reportgen.model.market.calendar import TREND, calendar_columns, code_of_columns, foreseen, trend_of
from reportgen.model.market.fit import MarketFit
from reportgen.model.market.territories import cell_codes, sharing
from reportgen.panel.features import ModelFrame
from reportgen.panel.grid import Booleans, MarketPanel
from reportgen.panel.scale import in_money, on_scale

_CONSTANT = ("initial-sales", "mean-promotion", "initial-promotion")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AskedRows:
    """n rows: ``pharmacies``, ``columns`` of the record's grid (n,), later ones go on counting; ``sales`` (n,),
    ``promotion`` (c, n), ``controls`` (k, n), NaN where the record's own hold.
    """

    pharmacies: tuple[str, ...]
    columns: Index
    sales: Array
    promotion: Array
    controls: Array


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PredictedRows:
    """Money, (n,) each: what is expected (with a log response the median), limits of the prediction interval."""

    estimate: Array
    lower: Array
    upper: Array
    known: Array
    """Whether the pharmacy is one of the fit's."""


def predict_rows(
    market: MarketFit, rows: AskedRows, *, confidence: float, draws: int, rng: np.random.Generator
) -> PredictedRows:
    """Predict every row; ``columns`` may not lie before the record."""
    grid = _Extended(market, rows, draws, rng)
    n = len(rows.pharmacies)
    estimate, lower, upper, known = np.full(n, np.nan), np.full(n, np.nan), np.full(n, np.nan), np.zeros(n, dtype=bool)
    tail = (1.0 - confidence) / 2.0
    for name in dict.fromkeys(rows.pharmacies):
        mine = np.array([k for k, one in enumerate(rows.pharmacies) if one == name])
        place = grid.place.get(name)
        drawn, plain = grid.known(place, mine) if place is not None else grid.new(mine)
        at = rows.columns[mine]
        known[mine] = place is not None
        scale, size = market.frame.scale, grid.size(place)
        estimate[mine] = in_money(plain.mean(axis=0)[at], scale, size)
        lower[mine], upper[mine] = in_money(
            np.quantile(drawn[:, at], [tail, 1.0 - tail], axis=0, method=QUANTILE), scale, size
        )
    return PredictedRows(estimate=estimate, lower=lower, upper=upper, known=known)


class _Extended:
    """The record with the asked rows laid over it, and the draws."""

    def __init__(self, market: MarketFit, rows: AskedRows, draws: int, rng: np.random.Generator) -> None:
        frame = market.frame
        self.market, self.rows, self.rng = market, rows, rng
        self.periods = max(frame.panel.n_periods, int(rows.columns.max(initial=0)) + 1)
        self.place = {name: k for k, name in enumerate(frame.pharmacies)}
        self.beta = draw_beta(market, market.fit, market.covariance.values, draws, rng)
        self.modes = draw_modes(market.fit, self.beta, rng)
        self.columns = _given_columns(market, self.periods)
        self.periods_of_draws = self._period_levels(self.beta, noise=True)
        self.periods_expected = self._period_levels(market.fit.beta[None], noise=False)
        self.response = _padded(frame.response_grid(), self.periods)
        self.owner = sharing(frame) if market.terms.by_territory else np.zeros(len(frame.pharmacies), dtype=np.intp)

    def known(self, place: int, mine: Index) -> tuple[Array, Array]:
        """Drawn responses (D, T) and the expected one (1, T) of a pharmacy on record."""
        x = self._columns_of(np.array([place]), mine)[0]
        response = self._with_asked(self.response[place], mine, place)
        z = x[:, self._random()]
        errors = np.sqrt(self.market.fit.sigma2) * self.rng.standard_normal((len(self.beta), self.periods))
        start = int(np.flatnonzero(np.isfinite(response))[0])
        drive = self.beta @ self._without_lags(x).T + self.periods_of_draws[:, place] + self.modes[:, place] @ z.T
        drawn = self._walk(drive + errors, self.beta, response, start)
        beta, modes = self.market.fit.beta[None], conditional_modes(self.market.fit)[place][None]
        expected = beta @ self._without_lags(x).T + self.periods_expected[:, place] + modes @ z.T
        return drawn, self._walk(expected, beta, response, start)

    def new(self, mine: Index) -> tuple[Array, Array]:
        """The same of a pharmacy that is not on record: each draw begins where another one of them did."""
        draws, pharmacies = len(self.beta), len(self.place)
        donors = np.resize(self.rng.permutation(pharmacies), draws)
        x = self._columns_of(donors, mine)
        z = x[:, :, self._random()]
        deviations = self.rng.standard_normal((draws, z.shape[2])) @ covariance_root(self.market.fit.psi).T
        errors = np.sqrt(self.market.fit.sigma2) * self.rng.standard_normal((draws, self.periods))
        given = self._with_asked(np.full(self.periods, np.nan), mine, None)
        first = np.array([np.flatnonzero(np.isfinite(self.response[one]))[0] for one in donors])
        lags = max(self.market.terms.lag_periods, default=0)
        # A donor's sales count until its first row; from there on the new pharmacy has its own.
        begun = np.where(np.arange(self.periods) < (first + lags)[:, None], self.response[donors], np.nan)
        response = np.where(np.isfinite(given), given, begun)
        drive = np.einsum("dtp,dp->dt", self._without_lags(x), self.beta)
        drive += self.periods_of_draws[np.arange(draws), donors] + np.einsum("dtq,dq->dt", z, deviations)
        start = int(first.min())
        drawn = self._walk(drive + errors, self.beta, response, start)
        beta = np.broadcast_to(self.market.fit.beta, self.beta.shape)
        expected = np.einsum("dtp,dp->dt", self._without_lags(x), beta) + self.periods_expected[0, donors]
        return drawn, self._walk(expected, beta, response, start)

    def _walk(self, drive: Array, beta: Array, response: Array, start: int) -> Array:
        """Predicted responses, each from the known or drawn ones before it."""
        lags = [(lag, beta[:, self.market.index(term)]) for lag, term in self._lags()]
        known = np.broadcast_to(response, drive.shape)
        level = np.nanmean(response)
        values = np.where(np.isfinite(known), known, level)
        predicted = np.array(drive)
        for t in range(start, self.periods):
            for lag, weight in lags:
                if lag <= t:
                    predicted[:, t] += weight * values[:, t - lag]
            values[:, t] = np.where(np.isfinite(known[:, t]), known[:, t], predicted[:, t])
        return predicted

    def _lags(self) -> list[tuple[int, str]]:
        return list(zip(self.market.terms.lag_periods, self.market.terms.lags, strict=True))

    def _random(self) -> list[int]:
        """Places of the random effects among the columns; the trend may stand behind the fixed ones."""
        names = [*self.market.terms.fixed, TREND]
        return [names.index(name) for name in self.market.design.z_names]

    def _without_lags(self, x: Array) -> Array:
        return x[..., : len(self.market.terms.fixed)]

    def _columns_of(self, places: Index, mine: Index) -> Array:
        """Columns of pharmacies with the asked promotion and controls, (m, T, p + 1); lags and periods are zero."""
        market, frame = self.market, self.market.frame
        x = self.columns[places].copy()
        at = self.rows.columns[mine]
        for channel, term in enumerate(market.terms.promotion):
            given = _padded(frame.panel.promotion[channel][frame.grid_rows[places]], self.periods)
            asked = self.rows.promotion[channel, mine]
            given[:, at] = np.where(np.isfinite(asked), asked, given[:, at])
            x[:, :, market.index(term)] = _adstock(frame, given, places, market.decays[channel], channel)
        controls = dict(zip(frame.control_names, self.rows.controls[:, mine], strict=True))
        for term in market.terms.controls:
            column = x[:, :, market.index(term)]
            column[:, at] = np.where(np.isfinite(controls[term]), controls[term], column[:, at])
        return x

    def size(self, place: int | None) -> float:
        """Size of a pharmacy; one that is not on record counts as an average one."""
        return 1.0 if place is None else float(self.market.frame.sizes[place])

    def _with_asked(self, response: Array, mine: Index, place: int | None) -> Array:
        """Responses with the sales of the asked rows laid over them."""
        sales = on_scale(self.rows.sales[None, mine], self.market.frame.scale, np.array([self.size(place)]))[0]
        out = response.copy()
        out[self.rows.columns[mine]] = np.where(np.isfinite(sales), sales, out[self.rows.columns[mine]])
        return out

    def _period_levels(self, beta: Array, *, noise: bool) -> Array:
        """What periods add, (D, Gu, T); those after the record as the earlier ones foresee."""
        market, frame = self.market, self.market.frame
        design, groups = market.design, len(frame.pharmacies)
        levels = np.zeros((len(beta), groups, self.periods))
        if design.period is None:
            return levels
        first = design.period_at
        effects = np.concatenate([np.zeros((len(beta), 1)), beta[:, first : first + int(design.period.max())]], axis=1)
        by_territory = market.terms.by_territory
        codes = cell_codes(frame)[sharing(frame)] if by_territory else np.tile(code_of_columns(frame), (groups, 1))
        levels[:, :, : frame.panel.n_periods] = effects[:, codes]
        coming = np.arange(frame.panel.n_periods, self.periods)
        if coming.size:
            shared = sharing(frame) if by_territory else np.zeros(groups, dtype=np.intp)
            _, start, place = np.unique(design.period, return_index=True, return_inverse=True)
            seen, owner = frame.column[start], shared[design.group][start]
            np.minimum.at(seen, place, frame.column)
            for one in np.unique(owner):
                own = np.flatnonzero(owner == one)
                ahead, left = _ahead(frame, effects[:, own], seen[own], coming)
                if noise:
                    ahead = ahead + left * self.rng.standard_normal(ahead.shape)
                levels[:, shared == one, frame.panel.n_periods :] = ahead[:, None]
        return levels


def _ahead(frame: ModelFrame, effects: Array, seen: Index, coming: Index) -> tuple[Array, float]:
    """Effects of coming periods, (D, k), and the SD of what line and season leave of the seen ones."""
    both = foreseen(frame, effects.T, seen, np.concatenate([coming, seen])).T
    left = effects - both[:, len(coming) :]
    spare = max(len(seen) - _free(frame, seen), 1)
    return both[:, : len(coming)], float(np.sqrt(np.sum(left**2, axis=1).mean() / spare))


def _free(frame: ModelFrame, seen: Index) -> int:
    """Coefficients of line and season: the rank of what ``foreseen`` fits, seen as the trace of its hat matrix."""
    return round(float(np.trace(foreseen(frame, np.eye(len(seen)), seen, seen))))


def _given_columns(market: MarketFit, periods: int) -> Array:
    """Columns that promotion and lags have no part in, on the grid, (Gu, T, p + 1); the last is the trend."""
    frame, design = market.frame, market.design
    groups = len(frame.pharmacies)
    starts = np.searchsorted(frame.group, np.arange(groups))
    every = np.arange(periods)
    waves = [one for one in market.terms.columns if one.role == "season"]
    season = calendar_columns(frame, waves, beyond=periods - frame.panel.n_periods)
    trend = trend_of(frame, every)
    makers: dict[str, Callable[[int], Array]] = {
        "intercept": lambda _: np.ones((groups, periods)),
        "trend": lambda _: np.broadcast_to(trend, (groups, periods)),
        "initial-trend": lambda k: _own_slope(market, k)[:, None] * trend,
        "control": lambda k: _carried(frame, design.x[:, k], periods),
    }
    x = np.zeros((groups, periods, len(market.terms.fixed) + 1))
    for k, one in enumerate(market.terms.columns):
        if one.role in _CONSTANT:
            x[:, :, k] = design.x[starts, k][:, None]
        elif one.role == "presample-promotion":
            # Zero to the power of zero is one: with a decay of zero nothing is left after the first period.
            age = np.maximum(every - frame.column[starts][:, None], 0).astype(np.float64)
            x[:, :, k] = design.x[starts, k][:, None] * market.decays[one.channel or 0] ** age
        elif one.role == "season":
            x[:, :, k] = season[one.term]
        elif one.role in makers:
            x[:, :, k] = makers[one.role](k)
    x[:, :, -1] = trend
    return x


def _own_slope(market: MarketFit, column: int) -> Array:
    """A column of a pharmacy's own trend over the trend, (Gu,), where the trend is farthest from its middle."""
    frame = market.frame
    trend = trend_of(frame, frame.column)
    far = np.zeros(len(frame.pharmacies))
    order = np.argsort(np.abs(trend), kind="stable")
    far[frame.group[order]] = market.design.x[order, column] / np.where(trend[order] == 0.0, 1.0, trend[order])
    return far


def _carried(frame: ModelFrame, rows: Array, periods: int) -> Array:
    """A column on the grid, (Gu, T); where there is no row, the value of the row before, or of the first one."""
    grid = np.zeros((len(frame.pharmacies), periods))
    there = np.zeros(grid.shape, dtype=bool)
    grid[frame.group, frame.column], there[frame.group, frame.column] = rows, True
    place = np.maximum.accumulate(np.where(there, np.arange(periods), 0), axis=1)
    return np.take_along_axis(grid, np.maximum(place, there.argmax(axis=1)[:, None]), axis=1)


def _adstock(frame: ModelFrame, promotion: Array, places: Index, decay: float, channel: int) -> Array:
    """Adstock of given promotion (m, T) as the frame makes it of its own."""
    periods = promotion.shape[1]
    panel = _longer(frame, periods)
    grid = np.zeros((len(frame.panel.channels), len(panel.pharmacies), periods))
    carried = np.empty_like(promotion)
    # Donors may come more than once: each round has every pharmacy at most once.
    rest = np.arange(len(places))
    while rest.size:
        _, first = np.unique(places[rest], return_index=True)
        now = rest[first]
        grid[channel, frame.grid_rows[places[now]]] = promotion[now]
        made = replace(
            frame, panel=replace(panel, promotion=grid.copy()), used=_without_more(frame.used, periods)
        ).adstock_grid(decay, channel)
        carried[now] = made[places[now]]
        rest = np.delete(rest, first)
    return carried


def _longer(frame: ModelFrame, periods: int) -> MarketPanel:
    """The panel with further periods in which nothing is known."""
    panel = frame.panel
    cost = panel.cost
    return replace(
        panel,
        n_periods=periods,
        sales=_padded(panel.sales, periods),
        promotion=_padded(panel.promotion, periods),
        controls=_padded(panel.controls, periods),
        recorded=_without_more(panel.recorded, periods),
        cost=_padded(cost, periods) if isinstance(cost, np.ndarray) else cost,
        set_aside=None if panel.set_aside is None else _without_more(panel.set_aside, periods),
    )


def _padded(grid: Array, periods: int) -> Array:
    more = np.full((*grid.shape[:-1], periods - grid.shape[-1]), np.nan)
    return np.concatenate([grid, more], axis=-1)


def _without_more(mask: Booleans, periods: int) -> Booleans:
    more = np.zeros((*mask.shape[:-1], periods - mask.shape[-1]), dtype=np.bool_)
    return np.concatenate([mask, more], axis=-1)
