"""The plan in words: one sentence that holds the decision and its worth, and what stands behind it.

Words for what is done are four: give, take, keep, find out. A pharmacy that responds below the others gets less, never
nothing; what is not known is found out by an experiment.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reportgen.report.words.checks import check_name
from reportgen.report.words.names import clean
from reportgen.report.words.phrases import mark
from reportgen.results.derived.intervals import about_se

if TYPE_CHECKING:
    from reportgen.report.words.writer import Writer
    from reportgen.results import EffectSize, Plan, PlanAction, PlanReason, PlanRow, PlanRowReason

ACTIONS: dict[PlanAction, str] = {"give": mark("Give"), "take": mark("Take"), "keep": mark("Keep")}
ORDER: dict[PlanAction, int] = {"give": 0, "keep": 1, "take": 2}
"""Who gets more first, who gets less last."""
STAYS: dict[PlanRowReason, str] = {
    "": "",
    "not-recommended": mark("no change is recommended"),
    "fixed": mark("must not change"),
    "no-recent-record": mark("no recent record"),
    "too-little-to-move": mark("too little to move"),
    "as-good-as-others": mark("as good here as elsewhere"),
}
_KEEP: dict[PlanReason, str] = {
    "nothing-to-move": mark(
        "Keep promotion where it is: within a bound of {bound} no pharmacy can change by a whole step."
    ),
    "effects-hardly-differ": mark(
        "Keep promotion where it is: pharmacies are not found to differ in what one more unit brings."
    ),
    "no-effect": mark("Keep promotion where it is: an effect that matters is ruled out, so moving it gains nothing."),
    "gain-not-clear": mark("Keep promotion where it is: that moving it would gain is not clear."),
}
_FIND_OUT: dict[PlanReason, str] = {
    "no-estimate": mark("Find out first: without an estimate nobody knows where promotion brings most."),
    "not-stationary": mark("Find out first: sales do not settle, so what moved promotion brings has no value yet."),
    "withheld": mark("Find out first: the check “{check}” stands against acting on the effect."),
    "effect-negative": mark("Find out first why more promotion goes with less sales, before any is moved."),
    "effect-unknown": mark(
        "Find out first: what promotion brings here is open, and moving it between pharmacies shows no clear gain."
    ),
}


def decision(w: Writer) -> str:
    """What to do, and what it is worth; empty where results hold no plan."""
    plan = w.results.plan
    if plan is None:
        return ""
    if plan.outcome == "recommended":
        return _move(w, plan)
    if plan.outcome == "find-out":
        return w.say(_FIND_OUT.get(plan.reason, _FIND_OUT["effect-unknown"]), check=_check(w, plan))
    bound = w.percent(plan.bound, "plan.bound", digits=0)
    return w.say(_KEEP.get(plan.reason, _KEEP["gain-not-clear"]), bound=bound)


def _check(w: Writer, plan: Plan) -> str:
    found = next((check for check in w.results.checks if check.id == plan.check), None)
    return "" if found is None else check_name(w, w.results, found)


def _move(w: Writer, plan: Plan) -> str:
    if plan.gain is None or plan.given is None or plan.taken is None or plan.total_now is None:
        return ""
    takes = w.plural("{count} pharmacy", "{count} pharmacies", plan.takes, "plan.takes")
    gives = w.plural("{count} other", "{count} others", plan.gives, "plan.gives")
    if plan.budget:
        moved = w.say(
            "Change all promotion by {budget}, less in {takes} and more in {gives}:",
            budget=w.percent(plan.budget, "plan.budget", digits=0, plus=True), takes=takes, gives=gives,
        )  # fmt: skip
        told, source = plan.against_even, "plan.against_even"
    else:
        moved = w.say(
            "Move {given} of {total} {units} {per_period} from {takes} to {gives}:",
            given=w.number(plan.given, "plan.given", digits=_digits(plan.given)),
            total=w.number(plan.total_now, "plan.total_now", digits=0),
            units=w.units, per_period=w.per_period, takes=takes, gives=gives,
        )  # fmt: skip
        told, source = plan.gain, "plan.gain"
    if told is None or told.estimate is None or told.lower is None or told.upper is None:
        return ""
    worth = w.say(
        "{gain} more sales {per_period} to be expected than with the same change everywhere "
        "({level} interval {interval}), {loss}."
        if plan.budget
        else "{gain} more sales {per_period} to be expected ({level} interval {interval}), {loss}.",
        gain=w.money(
            told.estimate, f"{source}.estimate", se=about_se(told.lower, told.upper), beside=(told.lower, told.upper)
        ),
        per_period=w.per_period,
        level=w.level,
        interval=_interval(w, told, source),
        loss=_loss(w, plan),
    )
    return w.sentences(moved, worth)


def _digits(value: float) -> int:
    return 0 if value >= 10.0 or abs(value - round(value)) < 1e-9 else 1


def _interval(w: Writer, found: EffectSize, source: str) -> str:
    return w.interval((found.lower or 0.0, found.upper or 0.0), (f"{source}.lower", f"{source}.upper"), "money-short")


LEAST_CHANCE = 0.01
"""Chances below are not told by their digits: so few draws are beyond."""


def _loss(w: Writer, plan: Plan) -> str:
    if plan.loss is None:
        return ""
    if plan.loss < LEAST_CHANCE:
        limit = w.fact(w.formats.percent(LEAST_CHANCE, digits=0), LEAST_CHANCE, "count:least-chance")
        return w.say("chance of a loss below {limit}", limit=limit)
    return w.say("chance of a loss {chance}", chance=w.percent(plan.loss, "plan.loss", digits=0))


def plan_lines(w: Writer) -> tuple[str, ...]:
    """What stands behind the decision: the year, money, what it rests on, the experiment that would tell."""
    plan = w.results.plan
    if plan is None:
        return ()
    lines = []
    if plan.outcome == "recommended":
        lines += [_year(w, plan), _profit(w, plan)]
    elif plan.outcome == "keep":
        lines += [_not_clear(w, plan), _best(w, plan)]
    else:
        lines += [_experiment(w, plan)]
    return tuple(line for line in lines if line)


def moved(w: Writer, row: PlanRow) -> str:
    """``5.9 → 7.3``; one number where nothing changes."""
    if row.now is None or row.next is None:
        return w.formats.decimal(None, 0)
    digits = 0 if abs(row.now) >= 100.0 else 1 if abs(row.now) >= 1.0 else 2
    now, following = (w.formats.decimal(value, digits) for value in (row.now, row.next))
    return now if row.action == "keep" else f"{now} → {following}"


def _year(w: Writer, plan: Plan) -> str:
    if plan.gain_year is None or plan.share is None:
        return ""
    return w.say(
        "Against today that is a change of sales by {year} a year, {share} of sales, once sales have settled."
        if plan.budget
        else "The plan is worth {year} a year, {share} of sales, once sales have settled.",
        year=w.money(plan.gain_year, "plan.gain_year", se=_year_se(plan)),
        share=w.percent(plan.share, "plan.share", digits=2 if abs(plan.share) < 0.01 else 1),
    )


def _year_se(plan: Plan) -> float | None:
    se = None if plan.gain is None else about_se(plan.gain.lower, plan.gain.upper)
    if se is None or plan.gain is None or not plan.gain.estimate or plan.gain_year is None:
        return None
    return se * plan.gain_year / plan.gain.estimate


def _profit(w: Writer, plan: Plan) -> str:
    money = plan.profit
    brought = w.results.incremental
    if money is None and brought is not None and brought.recent is not None:
        return ""  # The third figure says what is missing.
    if money is None:
        return w.say("Profit is known once cost and margin are set (panel.cost, panel.margin).")
    told = money.profit
    if told is None or told.estimate is None or told.lower is None or told.upper is None:
        return ""
    gain = w.say(
        "Profit: {profit} {per_period} ({level} interval {interval}) at the cost and margin given.",
        profit=w.money(
            told.estimate,
            "plan.profit.profit.estimate",
            plus=True,
            se=about_se(told.lower, told.upper),
            beside=(told.lower, told.upper),
        ),
        per_period=w.per_period,
        level=w.level,
        interval=_interval(w, told, "plan.profit.profit"),
    )
    return w.sentences(gain, _best(w, plan))


def _best(w: Writer, plan: Plan) -> str:
    """The total at which expected profit is greatest within the bounds, where its gain is clear."""
    money = plan.profit
    if money is None or money.best_profit is None or money.best_change is None or money.best_profit.lower is None:
        return ""
    pays = w.say(
        "One more unit pays for itself where it brings {sales} {per_period}, kept up.",
        sales=w.money(money.break_even, "plan.profit.break_even"), per_period=w.per_period,
    )  # fmt: skip
    if money.best_profit.lower <= 0.0 or abs(money.best_change) < 0.005:
        return pays
    best = w.say(
        "Within the bounds profit is greatest at {change} of promotion in all, {profit} {per_period} more than today "
        "({interval}).",
        change=w.percent(money.best_change, "plan.profit.best_change", digits=0, plus=True),
        profit=w.money(money.best_profit.estimate or 0.0, "plan.profit.best_profit.estimate"),
        per_period=w.per_period,
        interval=_interval(w, money.best_profit, "plan.profit.best_profit"),
    )
    return w.sentences(pays, best)


def rests(w: Writer) -> str:
    """What now is, and how far a pharmacy may change; empty where nothing moves."""
    plan = w.results.plan
    if plan is None or plan.recent is None or plan.outcome != "recommended":
        return ""
    return w.say(
        "Now is the mean of {recent}; no pharmacy changes by more than {bound} of its own, in whole steps over the "
        "coming {periods} {months}.",
        recent=w.fact(w.formats.period_range(*plan.recent), 0, "text:period"),
        bound=w.percent(plan.bound, "plan.bound", digits=0),
        periods=w.count(plan.periods, "plan.periods"),
        months=w.periods,
    )


def _not_clear(w: Writer, plan: Plan) -> str:
    """The interval of the plan that was tried."""
    told, source = (plan.against_even, "plan.against_even") if plan.budget else (plan.gain, "plan.gain")
    if told is None or told.lower is None or told.upper is None:
        return ""
    return w.say(
        "The best move within the bounds would change sales by {interval} {per_period} ({level} interval).",
        interval=_interval(w, told, source),
        per_period=w.per_period,
        level=w.level,
    )


def _experiment(w: Writer, plan: Plan) -> str:
    if plan.experiment is None:
        return ""
    return w.say(
        "An experiment would tell: half of the pharmacies, drawn by lot, get {dose} {units} more {per_period} for "
        "{periods} {months} (reportgen design --market {market}).",
        units=w.units,
        dose=w.number(plan.experiment.dose, "plan.experiment.dose", digits=0 if plan.experiment.dose >= 1.0 else None),
        per_period=w.per_period,
        periods=w.count(plan.experiment.periods, "plan.experiment.periods"),
        months=w.periods,
        market=clean(w.results.market, 40),
    )
