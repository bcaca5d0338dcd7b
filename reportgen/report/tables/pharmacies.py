"""The pharmacies in one table that is a chart, too: what each gets and sells, and its effect drawn on one scale.

Where a plan is recommended it is the plan's list: who gets more first, who gets less last, now and next.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reportgen.report.blocks import Cell, Column, Row, Table
from reportgen.report.narrative.ahead.key_figures import is_open
from reportgen.report.narrative.ahead.plan import ACTIONS, ORDER, moved, rests
from reportgen.report.tables.cells import NONE, effect, effect_span, interval_bar, interval_label, money_span
from reportgen.report.words import quantities
from reportgen.report.words.names import clean, told_apart
from reportgen.results.derived.intervals import about_se
from reportgen.results.derived.kept_up import ShownEffect, shown_effects, shows_kept_up

if TYPE_CHECKING:
    from reportgen.report.blocks import IntervalBar
    from reportgen.report.words.writer import Writer
    from reportgen.results import PharmacyRow, PlanRow


def pharmacies(w: Writer) -> Table | None:
    """All pharmacies, highest effect first (of those that get more, and so on, by the plan); on paper the two ends.

    Where the answer is open their order would be one of noise: they stand by name, with intervals alone.
    """
    planned, unknown = _planned(w), is_open(w)
    found = dict(zip((row.pharmacy for row in w.results.pharmacies), shown_effects(w.results), strict=True))
    rows = sorted(
        w.results.pharmacies,
        key=lambda row: (row.pharmacy,) if unknown else _place(found[row.pharmacy], planned.get(row.pharmacy)),
    )
    if not rows:
        return None
    top = w.settings.report.top
    shown: tuple[int, ...] | None = None
    if len(rows) > 2 * top + 2:
        shown = (*range(top), -1, *range(len(rows) - top, len(rows)))
    names, scale = [clean(row.pharmacy, 240) for row in rows], _scale(list(found.values()))
    short, kept_up = told_apart(names, lambda name: clean(name, 30)), shows_kept_up(w.results)
    # One number of decimals for the column, whatever a pharmacy's own error.
    se = max((se for one in found.values() if (se := about_se(one.lower, one.upper))), default=None)
    told = w.say(quantities.KEPT_UP) if kept_up else quantities.coefficient(w, w.results.model)
    curved = kept_up and bool(w.results.shapes)
    drawn = w.say("line: zero") if curved else w.say("line: zero; dashed: market; grey: own data alone")
    return Table(
        name="pharmacies",
        caption=w.say("Who gets more, who gets less")
        if planned
        else w.say("Pharmacies by name")
        if unknown
        else w.say("Pharmacies, highest effect first"),
        columns=(
            Column(label=w.say("Pharmacy"), numeric=False),
            *((Column(label=w.say("Action"), numeric=False),) if planned else ()),
            Column(label=w.say("Promotion"), unit=w.say("now → next, {per_period}", per_period=w.per_period))
            if planned
            else Column(label=w.say("Promotion"), unit=w.per_period),
            Column(label=w.say("Sales"), unit=w.per_period),
            *(() if unknown else (Column(label=told, unit=w.per_unit),)),
            Column(label=f"{told}, {interval_label(w)}", unit=w.per_unit)
            if unknown
            else Column(label=interval_label(w)),
            Column(label=w.say("Drawn"), unit=drawn, numeric=False),
            *(
                (Column(label=w.say("Change of sales"), unit=w.per_period),)
                if planned
                else ()
                if unknown
                else (Column(label=w.say("With promotion"), unit=w.say("whole period")),)
            ),
        ),
        rows=tuple(
            _row(w, row, found[row.pharmacy], (name, brief), scale, planned.get(row.pharmacy), se)
            for row, name, brief in zip(rows, names, short, strict=True)
        ),
        print_rows=shown,
        print_note=w.say(
            "{count} pharmacies in between: see report.html or the data file",
            count=w.formats.integer(len(rows) - 2 * top),
        ),
        note=w.sentences(from_today(w) if kept_up else w.at_usual, rests(w)),
    )


def from_today(w: Writer) -> str:
    """At which promotion effects of a plan are told; empty where the response is a straight line."""
    if w.shape is None:
        return ""
    return w.say("The response flattens: effects are those of one more than each pharmacy has now.")


LISTED = 6
"""Pharmacies of each list on the first page."""


def recommended(w: Writer) -> bool:
    """Whether a plan is recommended."""
    return w.results.plan is not None and w.results.plan.outcome == "recommended"


def plan_lists(w: Writer) -> Table | None:
    """Give and take, each from the change that is worth most on; ``None`` where no plan is recommended."""
    plan = w.results.plan
    if plan is None or not recommended(w):
        return None
    rows = sorted(plan.rows, key=lambda row: (ORDER[row.action], -_one_more(row), row.pharmacy))
    lists = [[row for row in rows if row.action == action] for action in ("give", "take")]
    shown = [*lists[0][:LISTED], *lists[1][-LISTED:]]
    short = told_apart([clean(row.pharmacy) for row in shown], lambda name: clean(name, 30))
    # One number of decimals for the column.
    spreads = (about_se(row.effect.lower, row.effect.upper) for row in shown if row.effect is not None)
    se = max((spread for spread in spreads if spread), default=None)
    return Table(
        name="plan",
        caption=w.say("Give and take: the changes worth most"),
        columns=(
            Column(label=w.say("Pharmacy"), numeric=False),
            Column(label=w.say("Action"), numeric=False),
            Column(label=w.say("Promotion"), unit=w.say("now → next, {per_period}", per_period=w.per_period)),
            Column(label=w.say(quantities.KEPT_UP), unit=w.per_unit),
            Column(label=interval_label(w)),
            Column(label=w.say("Change of sales"), unit=w.per_period),
            Column(label=interval_label(w)),
        ),
        rows=tuple(_listed(w, row, name, se) for row, name in zip(shown, short, strict=True)),
        note=w.sentences(
            w.say(
                "{shown} of {count} pharmacies that change; all of them with their own data are under “{title}”.",
                shown=w.formats.integer(len(shown)),
                count=w.formats.integer(len(lists[0]) + len(lists[1])),
                title=w.say("Pharmacies"),
            ),
            from_today(w),
            rests(w),
        ),
        tools=False,
    )


def _one_more(row: PlanRow) -> float:
    return row.effect.estimate if row.effect is not None and row.effect.estimate is not None else 0.0


def _listed(w: Writer, row: PlanRow, name: str, se: float | None) -> Row:
    kept, gain = row.effect, row.gain
    low, high = (None, None) if gain is None else (gain.lower, gain.upper)
    brought = None if gain is None else gain.estimate
    return Row(
        cells=(
            Cell(text=clean(row.pharmacy), short=name),
            Cell(text=w.say(ACTIONS[row.action]), raw=(row.action,)),
            Cell(text=moved(w, row), sort=row.next),
            effect(w, None if kept is None else kept.estimate, se),
            effect_span(w, *((None, None) if kept is None else (kept.lower, kept.upper)), se),
            Cell(text=w.formats.money(brought, plus=True), sort=brought),
            money_span(w.formats, low, high, "money"),
        )
    )


def _planned(w: Writer) -> dict[str, PlanRow]:
    plan = w.results.plan
    return {row.pharmacy: row for row in plan.rows} if plan is not None and recommended(w) else {}


def _place(found: ShownEffect, planned: PlanRow | None) -> tuple[int, float]:
    effect_first = -found.estimate if found.estimate is not None else 1e300
    return (ORDER[planned.action] if planned is not None else 1), effect_first


def _row(
    w: Writer,
    row: PharmacyRow,
    found: ShownEffect,
    names: tuple[str, str],
    scale: tuple[float, float] | None,
    planned: PlanRow | None,
    se: float | None,
) -> Row:
    unknown = is_open(w)
    given: tuple[Cell, ...] = (Cell(text=w.formats.number(row.promotion_mean), sort=row.promotion_mean),)
    brought = Cell(text=w.formats.money(row.incremental), sort=row.incremental)
    if planned is not None:
        given = (
            Cell(text=w.say(ACTIONS[planned.action]), sort=ORDER[planned.action]),
            Cell(text=moved(w, planned), sort=planned.next),
        )
        gain = None if planned.gain is None else planned.gain.estimate
        brought = Cell(text=NONE) if gain is None else Cell(text=w.formats.money(gain, plus=True), sort=gain)
    return Row(
        cells=(
            Cell(text=names[0], short=names[1]),
            *given,
            Cell(text=w.formats.money(row.sales_mean), sort=row.sales_mean),
            *(() if unknown else (effect(w, found.estimate, se),)),
            effect_span(w, found.lower, found.upper, se),
            Cell(text="", sort=found.estimate, bar=_bar(w, found, scale)) if scale else Cell(text=NONE),
            *(() if unknown else (brought,)),
        )
    )


def _bar(w: Writer, found: ShownEffect, scale: tuple[float, float]) -> IntervalBar | None:
    if found.estimate is None or found.lower is None or found.upper is None:
        return None
    market: float | None = None
    if not shows_kept_up(w.results):
        market = None if w.results.promotion_effect is None else w.results.promotion_effect.estimate
    elif not w.results.shapes:
        market = w.results.effects[0].kept_up.estimate
    own = found.own
    brief = "" if own is None else effect(w, own).text
    return interval_bar(
        (found.estimate, found.lower, found.upper),
        scale,
        w.confidence,
        w.say("own data alone: {effect}", effect=brief) if brief else "",
        market=market,
        own=own,
        brief=brief,
    )


def _scale(found: list[ShownEffect]) -> tuple[float, float] | None:
    """From the lowest to the highest end of an interval, with zero; ``None`` where there are none."""
    ends = [end for one in found for end in (one.lower, one.upper) if end is not None]
    if not ends or min(ends) == max(ends):
        return None
    return min(*ends, 0.0), max(*ends, 0.0)
