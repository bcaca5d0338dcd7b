"""What pharmacies make of promotion that is kept up, under draws of everything that is uncertain.

Of promotion x a pharmacy makes K f(x) a period once sales have settled, K its total effect over one minus persistence
and f the response curve (or a straight line); on a log response its recent sales times exp(K (f(x) - f(now))) less one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from reportgen.model.lmm.columns import Array
from reportgen.model.market.fit import MarketFit
from reportgen.model.planning.allocate import Counts
from reportgen.model.planning.spread import draw_slopes
from reportgen.panel.curves import ResponseCurve

DRAWS = 1000
LEAST_REST = 0.02
"""One minus persistence, at least: a draw in which sales do not settle has no effect that is kept up."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Returns:
    """What G pharmacies make of promotion, in money a period: one curve and draws of ``slope`` (D, G), kept up.

    ``sales`` (G,) are recent ones where the response is in logarithms, else ``None``.
    """

    slope: Array
    curve: ResponseCurve | None
    sales: Array | None

    def gain(self, now: Array, level: Array) -> Array:
        """Money of each pharmacy at ``level`` (G,) over that at ``now`` (G,), (D, G)."""
        return self.of(np.arange(len(now)), now, level)

    def of(self, whose: Counts, now: Array, level: Array) -> Array:
        """The same of the pharmacies ``whose`` (S,), (D, S)."""
        step = self._bent(level) - self._bent(now)
        change = self.slope[:, whose] * step
        return change if self.sales is None else np.asarray(self.sales[whose] * np.expm1(np.minimum(change, 50.0)))

    def marginal(self, now: Array) -> Array:
        """What one more unit brings from ``now`` on, response units, (D, G)."""
        return self.slope if self.curve is None else np.asarray(self.slope * self.curve.slope(now))

    def _bent(self, level: Array) -> Array:
        return level if self.curve is None else self.curve.bend(level)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DrawnReturns:
    """Returns under the draws of the market's fit (the first) and of its rivals; ``equal``: all pharmacies alike."""

    own: tuple[Returns, ...]
    equal: tuple[Returns, ...]

    def returns(self, differ: bool) -> tuple[Returns, ...]:
        """What a plan may count on."""
        return self.own if differ else self.equal


def draw_returns(market: MarketFit, recent_sales: Array, rng: np.random.Generator) -> DrawnReturns:
    """Draws for the G pharmacies of the panel, first channel; ``recent_sales`` (G,) are money a period, NaN without."""
    rest = 1.0 - sum(weight for _, weight in market.rivals)
    sales = np.where(np.isfinite(recent_sales), recent_sales, 0.0) if market.frame.scale == "log" else None
    own, equal = [], []
    for fit, weight in ((market, rest), *market.rivals):
        slopes, base = draw_slopes(fit, 0, max(round(DRAWS * weight), 2), rng)
        settled = np.maximum(1.0 - base.phi.sum(axis=1), LEAST_REST)
        settled = settled if fit.frame.normalize else settled * (1.0 - base.decays[:, 0])
        # On the panel's rows: a pharmacy that is in no row of the model has no effect and no room.
        full = np.zeros((len(slopes), len(recent_sales)))
        full[:, market.frame.grid_rows] = market.frame.sizes * slopes / settled[:, None]
        alike = base.beta[:, fit.index(fit.terms.promotion[0])] / settled
        curve = fit.frame.curve(0)
        own.append(Returns(slope=full, curve=curve, sales=sales))
        equal.append(Returns(slope=np.repeat(alike[:, None], full.shape[1], axis=1), curve=curve, sales=sales))
    return DrawnReturns(own=tuple(own), equal=tuple(equal))
