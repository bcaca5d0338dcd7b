"""A market's plan: promotion re-allocated by posterior means, its worth evaluated under every draw, and the loss gate.

What a pharmacy makes of promotion x, kept up, is K_i f(x) a period, K_i its total effect over one minus persistence and
f the response curve (or a straight line); on a log response its recent sales times exp(K_i (f(x) - f(now))) less one.
The plan gives steps of promotion to whoever makes the most of them by posterior mean
(:mod:`reportgen.model.planning.allocate`). Its gain has a joint interval: the same plan under draws of everything that
is uncertain, the differences between pharmacies included (:mod:`reportgen.model.planning.spread`).

Two gates. Differences: without a curve, pharmacies must be found to differ (the slope test), because the best of equals
look better than they are. Gain: its interval must lie above zero. Rejected: naming pharmacies whose own interval clears
the market's (gains a tenth of what the same data can), and a plan without a gate (loses in 7 % of such markets).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from reportgen.model.effects.impact import market_generator
from reportgen.model.effects.responses import is_stationary
from reportgen.model.lmm.columns import Array
from reportgen.model.market.fit import MarketFit
from reportgen.model.planning.allocate import Counts, Ladder
from reportgen.model.planning.returns import Returns, draw_returns
from reportgen.model.planning.today import Today, today
from reportgen.panel.grid import MarketPanel
from reportgen.results import (
    EffectSize,
    Plan,
    PlanAction,
    PlanExperiment,
    PlanGroup,
    PlanGroupName,
    PlanProfit,
    PlanReason,
    PlanRow,
    PlanRowReason,
    SlopeTest,
    Verdict,
    Withheld,
)
from reportgen.settings.sections import Settings

DIFFER = 0.10
"""Level of the test that pharmacies differ, without which nothing is moved; that the gain is clear is the stricter gate
(60 markets without differences: 3 % get a plan without this one, 2 % with it; at a level of 5 % a quarter of the gain
is lost where effects differ by a fifth of their mean)."""
PAGE_DRAWS = 200
"""Draws that a page carries: quantiles of 2.5 % rest on five of them at each end."""
EXPERIMENT_PERIODS = {"month": 6, "week": 26, "quarter": 4}


def make_plan(
    market: MarketFit,
    settings: Settings,
    *,
    verdict: Verdict,
    withheld: Sequence[Withheld],
    test: SlopeTest | None,
) -> Plan:
    """Plan of a market with an estimate, for its first channel."""
    state = today(market.frame.panel, settings.plan, 0)
    bare = _bare(market.frame.panel, settings, state)
    reason, check = _unknown(market, verdict, withheld)
    if reason:
        return replace(bare, outcome="find-out", reason=reason, check=check)
    state = _known_to(state, market.frame.grid_rows)
    drawn = draw_returns(market, state.sales, market_generator(settings, market.frame.panel.market, "plan"))
    differ = test is not None and test.p is not None and test.p < DIFFER
    made = _gated(_worth(bare, settings, state, drawn.returns(differ), drawn.own), verdict, differ)
    sales = float(np.nansum(state.sales[state.active]))
    return replace(made, sales=sales if sales > 0.0 else None, groups=_groups(made, state, drawn.own))


def plan_without_estimate(panel: MarketPanel, settings: Settings) -> Plan | None:
    """What there is to say of a market that was not estimated: promotion now, and the experiment; None without any."""
    if not panel.channels:
        return None
    return replace(_bare(panel, settings, today(panel, settings.plan, 0)), outcome="find-out", reason="no-estimate")


def _unknown(market: MarketFit, verdict: Verdict, withheld: Sequence[Withheld]) -> tuple[PlanReason, str | None]:
    """Why nothing can be planned, and the check behind it."""
    phi = market.fit.beta[[market.index(term) for term in market.terms.lags]]
    if not is_stationary(phi, market.terms.lag_periods):
        return "not-stationary", None
    channel = market.frame.panel.channels[0]
    for one in withheld:
        if one.quantity in ("kept-up", "works") and one.channel in (None, channel):
            return "withheld", one.check
    return ("effect-negative", None) if verdict.code == "negative" else ("", None)


def _bare(panel: MarketPanel, settings: Settings, state: Today) -> Plan:
    """A plan that changes nothing."""
    total = float(state.now[state.active].sum())
    usual = total / max(int(state.active.sum()), 1)
    rows = tuple(
        PlanRow(
            pharmacy=name, now=_finite(state.now[g]), next=_finite(state.now[g]), action="keep",
            reason=_kept(state, g, "not-recommended"), effect=None, gain=None,
        )
        for g, name in enumerate(panel.pharmacies)
    )  # fmt: skip
    return Plan(
        outcome="keep",
        reason="",
        channel=panel.channels[0],
        recent=state.recent,
        periods=state.periods,
        bound=settings.plan.bound,
        step=state.step,
        budget=settings.plan.budget / 100.0,
        total_now=total,
        total_next=total,
        # Half as much again: what a market is seen to do within one or two of its own bounds tells little.
        experiment=PlanExperiment(
            periods=EXPERIMENT_PERIODS[panel.period_type],
            dose=float(max(np.round(usual / 2.0), 1.0)) if state.step == 1.0 else usual / 2.0,
        )
        if usual > 0.0
        else None,
        rows=rows,
    )


def _kept(state: Today, g: int, otherwise: PlanRowReason) -> PlanRowReason:
    if not state.active[g]:
        return "no-recent-record"
    return "fixed" if state.fixed[g] else otherwise


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _known_to(state: Today, rows: Counts) -> Today:
    """The state with room only for pharmacies that the model has rows of."""
    known = np.zeros(len(state.now), dtype=bool)
    known[rows] = True
    return replace(state, active=state.active & known, room=np.where(known, state.room, 0))


def _size(draws: Array, confidence: float) -> EffectSize:
    lower, upper = np.quantile(draws, [0.5 - confidence / 2.0, 0.5 + confidence / 2.0])
    return EffectSize(estimate=float(draws.mean()), lower=float(lower), upper=float(upper))


def _sizes(draws: Array, confidence: float) -> list[EffectSize]:
    """The same of each column."""
    lower, upper = np.quantile(draws, [0.5 - confidence / 2.0, 0.5 + confidence / 2.0], axis=0)
    columns = zip(draws.mean(axis=0).tolist(), lower.tolist(), upper.tolist(), strict=True)
    return [EffectSize(estimate=middle, lower=low, upper=high) for middle, low, high in columns]


def _worth(bare: Plan, settings: Settings, state: Today, drawn: tuple[Returns, ...], own: tuple[Returns, ...]) -> Plan:
    """The plan by posterior means of ``drawn``, with its worth; the effects told of pharmacies are their ``own``."""
    confidence, now = settings.report.confidence, np.nan_to_num(state.now)
    ladder = _ladder(state, drawn[0])
    budget = float(now[state.active].sum()) * settings.plan.budget / 100.0
    steps = ladder.allocate(round(budget / state.unit))
    level = now + steps * state.unit
    gains = np.concatenate([one.gain(now, level) for one in drawn])
    even = _even(state, now, level)
    compared = gains.sum(axis=1)
    if even is not None:
        compared = compared - np.concatenate([one.gain(now, even).sum(axis=1) for one in drawn])
    sales = float(np.nansum(state.sales[state.active]))
    effects = _sizes(np.concatenate([one.marginal(now) for one in own]), confidence)
    gain = _size(gains.sum(axis=1), confidence)
    return replace(
        bare,
        total_now=float(now[state.active].sum()),
        total_next=float(now[state.active].sum()) + int(steps.sum()) * state.unit,
        given=int(steps[steps > 0].sum()) * state.unit,
        taken=int(-steps[steps < 0].sum()) * state.unit,
        gives=int(np.sum(steps > 0)),
        takes=int(np.sum(steps < 0)),
        gain=gain,
        gain_year=state.year * (gain.estimate or 0.0),
        against_even=None if even is None else _size(compared, confidence),
        share=gain.estimate / sales if gain.estimate is not None and sales > 0.0 else None,
        loss=float(np.mean(compared < 0.0)),
        regret=float(np.mean(np.maximum(-compared, 0.0))),
        more=_everywhere(state, own, bare.bound, confidence),
        less=_everywhere(state, own, -bare.bound, confidence),
        profit=_profit(settings, state, ladder, level, drawn),
        rows=_rows(bare, state, steps, effects, _sizes(gains, confidence)),
    )


def _ladder(state: Today, returns: Returns) -> Ladder:
    """Steps of promotion with what each brings a period by posterior means."""
    mean, now = replace(returns, slope=returns.slope.mean(axis=0)[None]), np.nan_to_num(state.now)
    return Ladder.of(state.room, lambda whose, place: mean.of(whose, now[whose], now[whose] + place * state.unit)[0])


def _even(state: Today, now: Array, level: Array) -> Array | None:
    """The same change spread evenly over the pharmacies that may change; None where the total is kept."""
    change = float((level - now).sum())
    free = np.where(state.room > 0, now, 0.0)
    return now + change * free / free.sum() if abs(change) > 0.5 * state.unit else None


def _everywhere(state: Today, own: tuple[Returns, ...], share: float, confidence: float) -> EffectSize:
    """Change of the market's sales where all promotion changes by the same share."""
    now = np.where(state.active, np.nan_to_num(state.now), 0.0)
    return _size(np.concatenate([one.gain(now, now * (1.0 + share)).sum(axis=1) for one in own]), confidence)


def _groups(made: Plan, state: Today, own: tuple[Returns, ...]) -> tuple[PlanGroup, ...]:
    """What each group brings under the same draws where its promotion changes by the bound."""
    now, bound = np.where(state.active, np.nan_to_num(state.now), 0.0), made.bound
    less, more = (_thinned(np.concatenate([one.gain(now, now * (1.0 + x)) for one in own])) for x in (-bound, bound))
    names: dict[PlanGroupName, NDArray[np.bool_]] = {
        action: np.array([row.action == action for row in made.rows]) for action in ("give", "keep", "take")
    }
    if made.outcome != "recommended":
        effect = np.array([np.nan if row.effect is None else row.effect.estimate for row in made.rows], dtype=float)
        if np.isfinite(effect).sum() < 3:
            return ()
        low, high = np.nanquantile(effect, [1 / 3, 2 / 3])
        names = {"strong": effect > high, "middle": (effect >= low) & (effect <= high), "weak": effect < low}
    groups = []
    for name, wanted in names.items():
        members = wanted & state.active
        if members.any():
            down, up = (
                tuple(float(f"{v:.4g}") for v in draws[:, members].sum(axis=1).tolist()) for draws in (less, more)
            )
            groups.append(
                PlanGroup(name=name, pharmacies=int(members.sum()), now=float(now[members].sum()), less=down, more=up)
            )
    return tuple(groups)


def _thinned(draws: Array) -> Array:
    """Some ``PAGE_DRAWS`` of all draws, evenly."""
    return draws[:: max(len(draws) // PAGE_DRAWS, 1)][:PAGE_DRAWS]


def _rows(
    bare: Plan, state: Today, steps: Counts, effects: Sequence[EffectSize], gains: Sequence[EffectSize]
) -> tuple[PlanRow, ...]:
    made = []
    for g, row in enumerate(bare.rows):
        moved = int(steps[g])
        action: PlanAction = "give" if moved > 0 else "take" if moved < 0 else "keep"
        stays: PlanRowReason = "as-good-as-others" if state.room[g] else "too-little-to-move"
        made.append(
            replace(
                row,
                next=None if row.now is None else row.now + moved * state.unit,
                action=action,
                reason="" if moved else _kept(state, g, stays),
                effect=effects[g] if state.active[g] else None,
                gain=gains[g] if moved else None,
            )
        )
    return tuple(made)


def _profit(
    settings: Settings, state: Today, ladder: Ladder, level: Array, drawn: tuple[Returns, ...]
) -> PlanProfit | None:
    """None without a cost or a margin."""
    margin, confidence, now = settings.panel.margin, settings.report.confidence, np.nan_to_num(state.now)
    total = float(now[state.active].sum())
    if state.cost is None or margin is None or not total > 0.0 or not np.isfinite(state.cost).all():
        return None
    cost = float(state.cost[state.active] @ now[state.active]) / total

    def profit(at: Array) -> EffectSize:
        paid = float(state.cost @ (at - now)) if state.cost is not None else 0.0
        return _size(margin * np.concatenate([one.gain(now, at).sum(axis=1) for one in drawn]) - paid, confidence)

    best = now + ladder.worthwhile(state.cost * state.unit / margin) * state.unit
    return PlanProfit(
        cost=cost,
        margin=margin,
        break_even=cost / margin,
        profit=profit(level),
        best_total=float(best[state.active].sum()),
        best_change=float(best[state.active].sum()) / total - 1.0,
        best_profit=profit(best),
    )


def _gated(made: Plan, verdict: Verdict, differ: bool) -> Plan:
    """The plan where it clearly gains and promotion works; else what stays of it, and why."""
    compared = made.against_even or made.gain
    clear = compared is not None and compared.lower is not None and compared.lower > 0.0
    moves = made.gives + made.takes > 0
    if clear and moves and verdict.code != "no-effect":
        return replace(made, outcome="recommended", reason="")
    reason: PlanReason = "gain-not-clear"
    if all(row.reason in ("too-little-to-move", "fixed", "no-recent-record") for row in made.rows):
        reason = "nothing-to-move"
    elif not differ:
        reason = "effects-hardly-differ"
    kept = _still(made)
    if reason != "gain-not-clear":
        kept = replace(kept, gain=None, gain_year=None, against_even=None, share=None, loss=None, regret=None)
    if verdict.code in ("unclear", "cannot-tell"):
        return replace(kept, outcome="find-out", reason="effect-unknown")
    return replace(kept, outcome="keep", reason="no-effect" if verdict.code == "no-effect" else reason)


def _still(made: Plan) -> Plan:
    """Nothing moves."""
    rows = tuple(
        replace(row, next=row.now, action="keep", reason=row.reason or "not-recommended", gain=None)
        for row in made.rows
    )
    return replace(
        made, total_next=made.total_now, given=0.0, taken=0.0, gives=0, takes=0, rows=rows,
        profit=None if made.profit is None else replace(made.profit, profit=None),
    )  # fmt: skip
