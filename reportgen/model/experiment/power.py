"""The smallest effect that an experiment would show, by simulation from the market's own fit.

Every draw of the pharmacies' future is read out as the experiment will be; power at an effect is the share of draws in
which the interval excludes zero. Every draw has lots of its own: what is told is the power of experiments drawn like
this one, not of the one whose luck is known already. The smallest effect is the one with the power asked for, found by
bisection on the same draws, so that it moves evenly.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np

from reportgen.model.experiment.assign import Assignment, draw_lots
from reportgen.model.experiment.future import Future, draw_future
from reportgen.model.experiment.readout import Contrast, contrast
from reportgen.model.lmm.columns import Array
from reportgen.model.market.fit import MarketFit

DRAWS = 1000
NARROW = 0.002
"""Share of the effect to which the smallest one is found."""
FARTHEST = 60.0
"""Standard errors of the null at which the search for an effect ends."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Showing:
    """What an experiment of so many periods would show.

    Attributes
    ----------
    smallest
        Effect of one more unit kept up that is seen with the power asked for, response units; None where none is.
    meanwhile
        What it adds to sales a pharmacy and period while the experiment runs, of all units, money.
    power
        With which the market's own estimate would be seen; None without one.
    """

    periods: int
    smallest: float | None
    meanwhile: float | None
    power: float | None


def showings(
    market: MarketFit,
    assignment: Assignment,
    dose: float,
    lengths: Sequence[int],
    rng: np.random.Generator,
    *,
    channel: int = 0,
    power: float = 0.8,
    confidence: float = 0.95,
    estimate: float | None = None,
    draws: int = DRAWS,
) -> tuple[Showing, ...]:
    """The smallest effect of each length in periods, where the arm gets ``dose`` units more a period.

    ``estimate``: what the market's fit says of one unit kept up.
    """
    groups = np.searchsorted(market.frame.grid_rows, assignment.baseline.rows)
    future = draw_future(market, groups, max(lengths), draws, rng, channel=channel)
    trial = _Trial(
        future=future,
        given=dose * draw_lots(assignment.stratum, draws, rng),
        before=np.column_stack([assignment.baseline.size, assignment.baseline.growth]),
        scale=assignment.baseline.scale,
        confidence=confidence,
    )
    return tuple(_showing(trial, length, power, estimate) for length in lengths)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Trial:
    """All draws of one experiment; ``given`` (R, K) is what is more a period, the rest as for ``contrast``."""

    future: Future
    given: Array
    before: Array
    scale: Array
    confidence: float

    def power(self, effect: float, periods: int) -> float:
        """Share of draws whose interval excludes zero."""
        found = self.read(effect, periods)
        return float(np.mean(np.abs(found.value) > found.reach(self.confidence)))

    def read(self, effect: float, periods: int) -> Contrast:
        """What the experiment reads at an effect."""
        return contrast(self.future.mean_sales(effect, self.given, periods), self.given, self.before, self.scale)

    def unit(self, periods: int) -> float:
        """About the effect that is one standard error."""
        step = float((self.future.step[:, :periods].mean(axis=1) / self.future.settled).mean())
        level = float(self.future.mean_sales(0.0, 0.0 * self.given, periods).mean()) if self.future.log else 1.0
        return sqrt(float(np.mean(self.read(0.0, periods).se ** 2))) / max(step * max(level, 1e-300), 1e-300)

    def added(self, effect: float, periods: int) -> float:
        """Money a pharmacy of the arm and period."""
        more = self.future.mean_sales(effect, self.given, periods)
        less = self.future.mean_sales(effect, 0.0 * self.given, periods)
        return float((more - less)[self.given > 0.0].mean())


def _showing(trial: _Trial, periods: int, wanted: float, estimate: float | None) -> Showing:
    unit = trial.unit(periods)
    low, high = 0.0, 4.0 * unit
    while trial.power(high, periods) < wanted and high < FARTHEST * unit:
        low, high = high, 2.0 * high
    own = None if estimate is None else trial.power(estimate, periods)
    if trial.power(high, periods) < wanted:
        return Showing(periods=periods, smallest=None, meanwhile=None, power=own)
    while high - low > NARROW * high:
        middle = 0.5 * (low + high)
        low, high = (low, middle) if trial.power(middle, periods) >= wanted else (middle, high)
    return Showing(periods=periods, smallest=high, meanwhile=trial.added(high, periods), power=own)
