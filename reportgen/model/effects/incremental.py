"""Sales with and without promotion, through the recursion, for many draws of the parameters at once.

The difference between the sales that happened and the sales without promotion follows, on the
response scale, from each pharmacy's first used period on (before it the difference is 0: the
initial sales are given),

    delta_it = sum_c slope_ci A_cit + sum_l phi_l delta_i,t-l ,

on *every* calendar period: a period without a usable row passes the difference on but adds nothing
to the totals. Level response: sales without promotion are y - delta. Log response: y exp(-delta).
Scaling promotion by 1 + s gives y + s delta, or y exp(s delta); s = -1 is "without promotion". Where adstock is bent
by a curve f the drive is slope (f(A + L) - f(L)), with L what is left of promotion from before the record, and a
scenario is walked by itself with slope (f((1 + s) A + L) - f(A + L)).

Memory is O(block x pharmacies) for the recursion and O(draws x (pharmacies + periods)) for the
answer; no (draws, pharmacies, periods) array is ever made.

Left to others: estimates, draws (``effects.draw_parameters``), the conditional slopes of each
pharmacy. Rejected: beta times adstock alone (leaves out what came through lagged sales), and one
market-level series (pharmacies enter at different periods and respond differently).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from reportgen.panel.curves import ResponseCurve
from reportgen.results import Incremental, IncrementalMonth, Roi, WhatIf
from reportgen.settings.statistics import Response

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

SCENARIOS = (-1.0, -0.25, -0.10, 0.10, 0.25)
"""Relative changes of promotion in the what-if table."""
QUANTILE: Literal["weibull"] = "weibull"
"""The k-th of N draws is the k/(N + 1) quantile: its chance of exceeding one more draw. numpy's default,
(k - 1)/(N - 1), makes the 95 % interval of 400 draws hold only 94.5 %."""
BLOCK = 64
"""Draws carried through the recursion together (64 x 200 pharmacies x 8 bytes stay in a core's cache)."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RecursionTotals:
    """Money over used cells, for D draws (one draw: the point estimate).

    ``period`` (D, T) and ``pharmacy`` (D, G): sales that happened minus sales without promotion.
    ``scenario`` (D, S): change of total sales with promotion scaled by 1 + ``changes[s]``.
    """

    period: Array
    pharmacy: Array
    scenario: Array
    changes: tuple[float, ...]

    @property
    def total(self) -> Array:
        """Incremental sales of the market, (D,)."""
        return np.asarray(self.period.sum(axis=1), dtype=np.float64)


def joined(parts: Sequence[RecursionTotals]) -> RecursionTotals:
    """Draws of several fits as those of one."""
    if len(parts) == 1:
        return parts[0]
    return RecursionTotals(
        period=np.concatenate([part.period for part in parts]),
        pharmacy=np.concatenate([part.pharmacy for part in parts]),
        scenario=np.concatenate([part.scenario for part in parts]),
        changes=parts[0].changes,
    )


def recursion_totals(
    *,
    used: Mask,
    sales: Array,
    promotion: Array,
    slopes: ArrayLike,
    phi: ArrayLike,
    lags: Sequence[int],
    response: Response,
    sizes: Array | None = None,
    decay: ArrayLike | None = None,
    normalize: bool = True,
    curves: Sequence[ResponseCurve | None] = (),
    before: Array | None = None,
    changes: Sequence[float] = SCENARIOS,
    block: int = BLOCK,
) -> RecursionTotals:
    """Incremental sales and scenarios for every draw.

    Parameters
    ----------
    used
        (G, T) cells whose sales count.
    sales
        (G, T) sales in money; may be NaN where not used.
    promotion
        (c, G, T): adstock where ``decay`` is None; else raw promotion (NaN counts as 0), from which
        each draw makes its own adstock from the first column on.
    slopes
        (c, G) or (D, c, G) total slope (market effect + deviation) of each pharmacy.
    phi
        (L,) or (D, L) lag coefficients for ``lags``.
    sizes
        (G,) of the pharmacies, by which differences become money; None: they are money.
    decay
        None, (c,) or (D, c).
    normalize
        Whether adstock weights are scaled to sum to one (with ``decay`` only).
    curves
        How each channel's adstock is bent (with ``decay`` only); empty: not at all.
    before
        (c, G, T) mean promotion of a pharmacy where its record begins, zero elsewhere: what stands for promotion from
        before. It goes on working in sales without promotion, and says where on a curve a pharmacy begins.

    Returns
    -------
    RecursionTotals
        D is 1 where no argument has draws.
    """
    slope = np.asarray(slopes, dtype=np.float64)
    slope = slope[None] if slope.ndim == 2 else slope
    lag_effect = np.atleast_2d(np.asarray(phi, dtype=np.float64))
    # Whatever has no draws is the same in all of them.
    rate = None if decay is None else np.atleast_2d(np.asarray(decay, dtype=np.float64))
    draws = max(slope.shape[0], lag_effect.shape[0], 1 if rate is None else rate.shape[0])
    walk = _Walk.of(
        used, sales, promotion, tuple(lags), response == "log", normalize, tuple(changes), tuple(curves), before, sizes
    )
    parts = []
    for start in range(0, draws, block):
        size = min(block, draws - start)
        cut = slice(start, start + size)
        parts.append(
            walk.run(
                np.broadcast_to(slope, (draws, *slope.shape[1:]))[cut],
                np.broadcast_to(lag_effect, (draws, lag_effect.shape[1]))[cut],
                None if rate is None else np.broadcast_to(rate, (draws, rate.shape[1]))[cut],
            )
        )
    period, pharmacy, scenario = (np.concatenate(piece) for piece in zip(*parts, strict=True))
    return RecursionTotals(period=period, pharmacy=pharmacy, scenario=scenario, changes=tuple(changes))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Walk:
    """The grids of a market by period (T first), and one pass through them for a block of draws."""

    weight: Array  # (T, G) where used what a difference of one is in money, else 0
    alive: Array  # (T, G) 1 from the first used period on
    money: Array  # (T, G) sales where used, else 0
    promotion: Array  # (T, c, G)
    lags: tuple[int, ...]
    log: bool
    normalize: bool
    changes: tuple[float, ...]
    curves: tuple[ResponseCurve | None, ...]
    before: Array  # (T, c, G)

    @classmethod
    def of(
        cls, used: Mask, sales: Array, promotion: Array, lags: tuple[int, ...], log: bool, normalize: bool,
        changes: tuple[float, ...], curves: tuple[ResponseCurve | None, ...], before: Array | None, sizes: Array | None,
    ) -> _Walk:  # fmt: skip
        dose = np.ascontiguousarray(np.moveaxis(np.asarray(promotion, dtype=np.float64), 2, 0))
        return cls(
            weight=np.ascontiguousarray(used.T * (1.0 if sizes is None else sizes), dtype=np.float64),
            alive=np.ascontiguousarray(np.maximum.accumulate(used, axis=1).T, dtype=np.float64),
            money=np.ascontiguousarray(np.where(used, sales, 0.0).T),
            promotion=np.nan_to_num(dose, nan=0.0),
            lags=lags,
            log=log,
            normalize=normalize,
            changes=changes,
            curves=curves,
            before=np.zeros_like(dose) if before is None else np.ascontiguousarray(np.moveaxis(before, 2, 0)),
        )

    def run(self, slope: Array, phi: Array, rate: Array | None) -> tuple[Array, Array, Array]:
        """Totals by period (B, T), pharmacy (B, G) and scenario (B, S) for a block of B draws."""
        draws, _, size = slope.shape
        periods = self.weight.shape[0]
        by_period, by_pharmacy = np.zeros((draws, periods)), np.zeros((draws, size))
        by_scenario = np.zeros((draws, len(self.changes)))
        # The first difference is to no promotion. Where adstock is bent a scenario is no multiple of it and is walked
        # beside it. A ring: only as many periods are kept as the longest lag looks back.
        walked = 1 + (len(self.changes) if self._bent else 0)
        past = np.zeros((max(self.lags, default=0) + 1, walked, draws, size))
        stock, left = np.zeros(slope.shape), np.zeros(slope.shape)
        for t in range(periods):
            deltas = past[t % len(past)]
            self._step(t, deltas, past, (stock, left), slope, phi, rate)
            delta, scenarios = deltas[0], deltas[1:]
            if self.log:
                # Log response: sales without promotion are sales times exp(-delta), whatever else moved them.
                brought = self.money[t] * (1.0 - np.exp(-delta))
                for s, change in enumerate(self.changes):
                    moved = scenarios[s] if self._bent else change * delta
                    by_scenario[:, s] += np.exp(moved) @ self.money[t] - self.money[t].sum()
            else:
                # Counted where sales count; the difference itself goes on through cells that do not.
                brought = delta * self.weight[t]
                if self._bent:
                    by_scenario += (scenarios @ self.weight[t]).T
            by_period[:, t] = brought.sum(axis=1)
            by_pharmacy += brought
        if not (self.log or self._bent):
            # The recursion is linear in promotion, so a scenario is a multiple of the difference already known.
            by_scenario = by_period.sum(axis=1)[:, None] * np.array(self.changes)
        return by_period, by_pharmacy, by_scenario

    @property
    def _bent(self) -> bool:
        return any(curve is not None for curve in self.curves)

    def _step(
        self, t: int, deltas: Array, past: Array, stocks: tuple[Array, Array], slope: Array, phi: Array,
        rate: Array | None,
    ) -> None:  # fmt: skip
        """Write the differences of period t into ``deltas``, a row of ``past``; advance the adstock of the record, and
        what is left of promotion from before (a curve only asks for it).
        """
        stock, left = stocks
        if rate is None:
            stock[:] = self.promotion[t]
        else:
            # Adstock A_t = w x_t + d A_(t-1) in place, w = 1 - d where weights sum to one.
            stock *= rate[:, :, None]
            stock += (1.0 - rate)[:, :, None] * self.promotion[t] if self.normalize else self.promotion[t]
            if self._bent:
                left += self.before[t]
                left *= rate[:, :, None]
        deltas[:] = 0.0
        for c in range(slope.shape[1]):
            now = self._response(stock[:, c], left[:, c], rate, c)
            deltas[0] += slope[:, c] * now
            for s, change in enumerate(self.changes if self._bent else ()):
                deltas[1 + s] += slope[:, c] * (self._response((1.0 + change) * stock[:, c], left[:, c], rate, c) - now)
        for j, lag in enumerate(self.lags):
            if lag <= t:
                deltas += phi[:, j, None] * past[(t - lag) % len(past)]
        # Nothing is brought before a pharmacy's first used period; in gaps after it promotion works on unseen.
        deltas *= self.alive[t]

    def _response(self, stock: Array, left: Array, rate: Array | None, channel: int) -> Array:
        """What adstock (B, G) of one channel adds to what is ``left`` of earlier promotion, bent where it is.

        A curve is in units of weights that sum to one, and so is ``left``.
        """
        curve = self.curves[channel] if self.curves else None
        if curve is None:
            return stock
        rest = np.float64(1.0) if self.normalize or rate is None else 1.0 - rate[:, channel, None]
        return np.asarray((curve.bend(stock * rest + left) - curve.bend(left)) / rest)


def percentile_limits(draws: Array, confidence: float) -> tuple[float, float]:
    """Limits of the draws (D,) at ``confidence``."""
    lower, upper = np.quantile(draws, [0.5 - confidence / 2, 0.5 + confidence / 2], method=QUANTILE)
    return float(lower), float(upper)


def summarise_incremental(
    point: RecursionTotals,
    draws: RecursionTotals,
    *,
    used: Mask,
    sales: Array,
    periods: Sequence[str],
    confidence: float = 0.95,
) -> Incremental:
    """Total, share and months with percentile intervals over the draws.

    Parameters
    ----------
    point, draws
        Totals at the estimates (D = 1) and at the draws.
    used, sales
        (G, T) as given to :func:`recursion_totals`.
    periods
        T labels. Periods without a used cell are left out of ``months``.
    """
    money = np.where(used, sales, 0.0)
    observed, count, whole = money.sum(axis=0), used.sum(axis=0), float(money.sum())
    tails = [0.5 - confidence / 2, 0.5 + confidence / 2]
    # Sales without promotion are sales less what it brought, so their upper limit has its lower one.
    low, high = np.quantile(draws.period, tails, axis=0, method=QUANTILE)
    lower, upper = percentile_limits(draws.total, confidence)
    total = float(point.total[0])
    months = tuple(
        IncrementalMonth(
            period=periods[t],
            sales=float(observed[t]),
            without=float(observed[t] - point.period[0, t]),
            without_lower=float(observed[t] - high[t]),
            without_upper=float(observed[t] - low[t]),
            incremental=float(point.period[0, t]),
            pharmacies=int(count[t]),
        )
        for t in np.flatnonzero(count).tolist()
    )
    return Incremental(
        total=total,
        share=total / whole if whole > 0 else None,
        lower=lower,
        upper=upper,
        share_lower=lower / whole if whole > 0 else None,
        share_upper=upper / whole if whole > 0 else None,
        draws=len(draws.total),
        months=months,
    )


def tabulate_what_if(
    point: RecursionTotals,
    draws: RecursionTotals,
    *,
    sales_total: float,
    margin: float | None = None,
    cost: float | None = None,
    confidence: float = 0.95,
) -> tuple[WhatIf, ...]:
    """Change of sales, and of profit where ``margin`` (share of sales) and ``cost`` (money in all) are given.

    Profit changes by margin * change of sales - change of promotion * cost.
    """
    rows = []
    for s, change in enumerate(point.changes):
        sales, (lower, upper) = float(point.scenario[0, s]), percentile_limits(draws.scenario[:, s], confidence)
        gain: tuple[float | None, ...] = (None, None, None)
        if margin is not None and cost is not None:
            gain = tuple(margin * value - change * cost for value in (sales, lower, upper))
        rows.append(
            WhatIf(
                change=change,
                sales=sales,
                lower=lower,
                upper=upper,
                share=sales / sales_total if sales_total > 0 else None,
                profit=gain[0],
                profit_lower=gain[1],
                profit_upper=gain[2],
            )
        )
    return tuple(rows)


def return_on_promotion(
    point: RecursionTotals,
    draws: RecursionTotals,
    *,
    cost: float,
    units: float,
    margin: float,
    confidence: float = 0.95,
) -> Roi:
    """ROI = (margin * incremental - cost) / cost; break-even cost per unit = margin * incremental / units.

    Parameters
    ----------
    cost
        Money spent on promotion over the used cells.
    units
        Promotion units over the used cells (all channels).
    margin
        Share of sales that is margin, in (0, 1].
    """
    total, (lower, upper) = float(point.total[0]), percentile_limits(draws.total, confidence)
    gains = [margin * value for value in (total, lower, upper)]
    roi: list[float | None] = [gain / cost - 1.0 if cost > 0 else None for gain in gains]
    even: list[float | None] = [gain / units if units > 0 else None for gain in gains]
    return Roi(
        cost=cost,
        margin=margin,
        roi=roi[0],
        lower=roi[1],
        upper=roi[2],
        break_even_cost=even[0],
        break_even_lower=even[1],
        break_even_upper=even[2],
    )
