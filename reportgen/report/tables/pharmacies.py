"""The pharmacies in one table that is a chart, too: what each gets and sells, and its effect drawn on one scale.

Where a plan is recommended it is the plan's list: who gets more first, who gets less last, now and next.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reportgen.report.blocks import Cell, Column, Row, Table
from reportgen.report.narrative.ahead.plan import ACTIONS, ORDER, moved, rests
from reportgen.report.tables.cells import NONE, effect, effect_span, interval_bar, interval_label, money_span
from reportgen.report.words import quantities
from reportgen.report.words.names import clean, told_apart
from reportgen.results.derived.intervals import about_se

if TYPE_CHECKING:
    from reportgen.report.blocks import IntervalBar
    from reportgen.report.words.writer import Writer
    from reportgen.results import PharmacyRow, PlanRow


def pharmacies(w: Writer) -> Table | None:
    """All pharmacies, highest effect first (of those that get more, and so on, by the plan); on paper the two ends."""
    planned = _planned(w)
    rows = sorted(w.results.pharmacies, key=lambda row: _place(row, planned.get(row.pharmacy)))
    if not rows:
        return None
    top = w.settings.report.top
    shown: tuple[int, ...] | None = None
    if len(rows) > 2 * top + 2:
        shown = (*range(top), -1, *range(len(rows) - top, len(rows)))
    names, scale = [clean(row.pharmacy, 240) for row in rows], _scale(rows)
    short = told_apart(names, lambda name: clean(name, 30))
    # One number of decimals for the column, whatever a pharmacy's own error.
    se = max((row.slope_se for row in rows if row.slope_se), default=None)
    return Table(
        name="pharmacies",
        caption=w.say("Who gets more, who gets less") if planned else w.say("Pharmacies, highest effect first"),
        columns=(
            Column(label=w.say("Pharmacy"), numeric=False),
            *((Column(label=w.say("Action"), numeric=False),) if planned else ()),
            Column(label=w.say("Promotion"), unit=w.say("now → next, {per_period}", per_period=w.per_period))
            if planned
            else Column(label=w.say("Promotion"), unit=w.per_period),
            Column(label=w.say("Sales"), unit=w.per_period),
            Column(label=quantities.coefficient(w, w.results.model), unit=w.per_unit),
            Column(label=interval_label(w)),
            Column(label=w.say("Drawn"), unit=w.say("line: zero; dashed: market; grey: own data alone"), numeric=False),
            Column(label=w.say("Change of sales"), unit=w.per_period)
            if planned
            else Column(label=w.say("With promotion"), unit=w.say("whole period")),
        ),
        rows=tuple(
            _row(w, row, (name, brief), scale, planned.get(row.pharmacy), se)
            for row, name, brief in zip(rows, names, short, strict=True)
        ),
        print_rows=shown,
        print_note=w.say(
            "{count} pharmacies in between: see report.html or the data file",
            count=w.formats.integer(len(rows) - 2 * top),
        ),
        note=w.sentences(w.at_usual, rests(w)),
    )


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
        rows=tuple(_listed(w, row, name) for row, name in zip(shown, short, strict=True)),
        note=w.sentences(
            w.say(
                "{shown} of {count} pharmacies that change; all of them with their own data are under “{title}”.",
                shown=w.formats.integer(len(shown)),
                count=w.formats.integer(len(lists[0]) + len(lists[1])),
                title=w.say("Pharmacies"),
            ),
            rests(w),
        ),
        tools=False,
    )


def _one_more(row: PlanRow) -> float:
    return row.effect.estimate if row.effect is not None and row.effect.estimate is not None else 0.0


def _listed(w: Writer, row: PlanRow, name: str) -> Row:
    kept, gain = row.effect, row.gain
    se = None if kept is None else about_se(kept.lower, kept.upper)
    low, high = (None, None) if gain is None else (gain.lower, gain.upper)
    brought = None if gain is None else gain.estimate
    return Row(
        cells=(
            Cell(text=clean(row.pharmacy), short=name),
            Cell(text=w.say(ACTIONS[row.action]), raw=(row.action,)),
            Cell(text=moved(w, row), sort=row.next),
            effect(w, None if kept is None else kept.estimate, se),
            effect_span(w, *((None, None) if kept is None else (kept.lower, kept.upper)), se),
            Cell(text=w.formats.money_short(brought, about_se(low, high), plus=True), sort=brought),
            money_span(w.formats, low, high),
        )
    )


def _planned(w: Writer) -> dict[str, PlanRow]:
    plan = w.results.plan
    return {row.pharmacy: row for row in plan.rows} if plan is not None and recommended(w) else {}


def _place(row: PharmacyRow, planned: PlanRow | None) -> tuple[int, float]:
    effect_first = -row.total_slope if row.total_slope is not None else 1e300
    return (ORDER[planned.action] if planned is not None else 1), effect_first


def _row(
    w: Writer,
    row: PharmacyRow,
    names: tuple[str, str],
    scale: tuple[float, float] | None,
    planned: PlanRow | None,
    se: float | None,
) -> Row:
    given: tuple[Cell, ...] = (Cell(text=w.formats.number(row.promotion_mean), sort=row.promotion_mean),)
    brought = Cell(text=w.formats.money(row.incremental), sort=row.incremental)
    if planned is not None:
        given = (
            Cell(text=w.say(ACTIONS[planned.action]), sort=ORDER[planned.action]),
            Cell(text=moved(w, planned), sort=planned.next),
        )
        gain = None if planned.gain is None else planned.gain.estimate
        brought = Cell(text=NONE) if gain is None else Cell(text=w.formats.money_short(gain, plus=True), sort=gain)
    return Row(
        cells=(
            Cell(text=names[0], short=names[1]),
            *given,
            Cell(text=w.formats.money(row.sales_mean), sort=row.sales_mean),
            effect(w, row.total_slope, se),
            effect_span(w, row.lower, row.upper, se),
            Cell(text="", sort=row.total_slope, bar=_bar(w, row, scale)) if scale else Cell(text=NONE),
            brought,
        )
    )


def _bar(w: Writer, row: PharmacyRow, scale: tuple[float, float]) -> IntervalBar | None:
    if row.total_slope is None or row.lower is None or row.upper is None:
        return None
    market = w.results.promotion_effect
    return interval_bar(
        (row.total_slope, row.lower, row.upper),
        scale,
        w.confidence,
        w.say("own data alone: {effect}", effect=effect(w, row.own_slope).text),
        market=None if market is None else market.estimate,
        own=row.own_slope,
    )


def _scale(rows: list[PharmacyRow]) -> tuple[float, float] | None:
    """From the lowest to the highest end of an interval, with zero; ``None`` where there are none."""
    ends = [end for row in rows for end in (row.lower, row.upper) if end is not None]
    if not ends or min(ends) == max(ends):
        return None
    return min(*ends, 0.0), max(*ends, 0.0)
