"""Promotion moved between markets, the total kept: a plan of its own over the markets' own posteriors.

A market's promotion changes evenly, by at most the bound of its own plan. What that brings is the market's ``more`` and
``less``; per unit it is shrunk towards all markets (random effects, as the pooled effect is), and bends where the
market's response does. Markets are independent, so the gain is normal with the sum of their variances. Two gates, as in
a market: markets must be found to differ (Cochran's Q), and the gain's interval must lie above zero.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import floor, log10, sqrt

import numpy as np
from scipy.stats import norm

from reportgen.model.across.meta import pool_effects
from reportgen.model.planning.allocate import Ladder
from reportgen.panel.periods import PER_YEAR
from reportgen.results import EffectSize, MarketMove, MarketResults, MarketsPlan, MarketsPlanReason, PlanAction
from reportgen.results.derived.intervals import interval_se, normal_interval

LEAST_MARKETS = 3
DIFFER = 0.05
STEPS = 500.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """A market that can take part: promotion now, its unit effect with SE, how the effect bends up and down."""

    market: str
    now: float
    bound: float
    unit: float
    se: float
    up: float
    down: float


def plan_markets(results: Sequence[MarketResults], confidence: float) -> MarketsPlan | None:
    """Plan over the markets whose own effect is known (their plan says keep or recommended).

    None where no market has a plan: a single market, or results of an older version.
    """
    # Units of another channel are other units.
    channels = Counter(one.plan.channel for one in results if one.plan is not None)
    if len(results) < 2 or not channels:
        return None
    channel = channels.most_common(1)[0][0]
    found = [known for one in results if (known := _known(one, channel)) is not None]
    if len({one.data.currency for one in results if one.plan is not None}) > 1:
        return MarketsPlan(outcome="keep", reason="several-currencies")
    if len(found) < LEAST_MARKETS:
        return MarketsPlan(outcome="find-out", reason="few-markets")
    pool = pool_effects([one.unit for one in found], [one.se**2 for one in found], confidence=confidence)
    units, errors = pool.shrunken, pool.shrunken_se
    step = 10.0 ** floor(log10(sum(one.now for one in found) / STEPS))
    room = np.array([floor(one.now * one.bound / step + 1e-9) for one in found], dtype=np.intp)
    bends = np.array([(one.down, one.up) for one in found])
    ladder = Ladder.of(
        room, lambda whose, place: units[whose] * place * step * bends[whose, (place > 0).astype(np.intp)]
    )
    steps = ladder.allocate(0)
    # Per unit: what each market's own change brings for one unit of its effect.
    weight = steps * step * np.where(steps > 0, bends[:, 1], bends[:, 0])
    gain, sd = float(weight @ units), sqrt(float(np.sum((weight * errors) ** 2)))
    made = _assembled(found, steps, step, weight, units, errors, confidence)
    year = PER_YEAR[results[0].data.period_type]
    if not steps.any():
        return _still(made, "nothing-to-move" if not room.any() else "effects-hardly-differ")
    if not pool.q_p < DIFFER:
        return _still(made, "effects-hardly-differ")
    size = _size(gain, sd, confidence)
    if size.lower is None or size.lower <= 0.0:
        return _still(made, "gain-not-clear")
    return replace(
        made, gain=size, gain_year=year * gain, loss=float(norm.cdf(-gain / sd)) if sd > 0.0 else 0.0,
        regret=float(sd * norm.pdf(gain / sd) - gain * norm.cdf(-gain / sd)) if sd > 0.0 else 0.0,
    )  # fmt: skip


def _known(one: MarketResults, channel: str) -> _Known | None:
    plan = one.plan
    if (
        plan is None
        or plan.outcome == "find-out"
        or plan.channel != channel
        or plan.more is None
        or plan.less is None
        or not plan.total_now
    ):
        return None
    more, less = plan.more, plan.less
    level = one.model.confidence if one.model is not None else 0.95
    error = interval_se(more.lower, more.upper, level)
    if more.estimate is None or less.estimate is None or error is None:
        return None
    moved = plan.bound * plan.total_now
    unit = (more.estimate - less.estimate) / (2.0 * moved)
    bends = unit != 0.0
    return _Known(
        market=one.market, now=plan.total_now, bound=plan.bound, unit=unit, se=error / moved,
        up=more.estimate / moved / unit if bends else 1.0, down=-less.estimate / moved / unit if bends else 1.0,
    )  # fmt: skip


def _assembled(
    found: Sequence[_Known], steps: np.ndarray, step: float, weight: np.ndarray, units: np.ndarray, errors: np.ndarray,
    confidence: float,
) -> MarketsPlan:  # fmt: skip
    rows = []
    for k, one in enumerate(found):
        moved = int(steps[k])
        action: PlanAction = "give" if moved > 0 else "take" if moved < 0 else "keep"
        gain = _size(float(weight[k] * units[k]), abs(float(weight[k] * errors[k])), confidence) if moved else None
        effect = _size(float(units[k]), float(errors[k]), confidence)
        rows.append(
            MarketMove(
                market=one.market, now=one.now, next=one.now + moved * step, action=action, effect=effect, gain=gain
            )
        )
    return MarketsPlan(
        outcome="recommended", reason="", total=sum(one.now for one in found), step=step,
        moved=int(steps[steps > 0].sum()) * step, gives=int(np.sum(steps > 0)), takes=int(np.sum(steps < 0)),
        rows=tuple(rows),
    )  # fmt: skip


def _size(estimate: float, sd: float, confidence: float) -> EffectSize:
    lower, upper = normal_interval(estimate, sd, confidence)
    return EffectSize(estimate=estimate, lower=lower, upper=upper)


def _still(made: MarketsPlan, reason: MarketsPlanReason) -> MarketsPlan:
    rows = tuple(replace(row, next=row.now, action="keep", gain=None) for row in made.rows)
    return replace(made, outcome="keep", reason=reason, moved=0.0, gives=0, takes=0, rows=rows)
