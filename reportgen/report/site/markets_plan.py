"""Moving promotion between markets: the decision in a sentence, and every market with what it gets next."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reportgen.report.blocks import Block, Cell, Column, Prose, Row, Section, Table
from reportgen.report.narrative.ahead.plan import ACTIONS, LEAST_CHANCE, ORDER
from reportgen.report.tables.cells import NONE, money_span
from reportgen.report.words import quantities
from reportgen.report.words.names import clean
from reportgen.report.words.phrases import mark
from reportgen.results.derived.intervals import about_se

if TYPE_CHECKING:
    from reportgen.report.words.phrases import Phrases
    from reportgen.results import EffectSize, MarketMove, MarketsPlan, MarketsPlanReason

_STAYS: dict[MarketsPlanReason, str] = {
    "few-markets": mark("Whether promotion is better placed in other markets takes three with a known effect."),
    "several-currencies": mark("Promotion is not compared between markets with several currencies."),
    "effects-hardly-differ": mark(
        "Keep promotion in the markets where it is: they are not found to differ in what one more unit brings."
    ),
    "gain-not-clear": mark("Keep promotion in the markets where it is: that moving it would gain is not clear."),
    "nothing-to-move": mark("Keep promotion in the markets where it is: within the bounds there is nothing to move."),
}


def between_markets(w: Phrases, plan: MarketsPlan | None) -> Section:
    """Section of the overview; without blocks where there is nothing to say."""
    blocks: tuple[Block, ...] = ()
    if plan is not None:
        blocks = (Prose(text=_decision(w, plan), style="lead"),)
        if plan.outcome == "recommended":
            blocks = (*blocks, _table(w, plan))
    return Section(anchor="between", number="", title=w.say("Between markets"), lead="", blocks=blocks)


def _decision(w: Phrases, plan: MarketsPlan) -> str:
    gain = plan.gain
    if plan.outcome != "recommended" or gain is None or plan.gain_year is None or plan.loss is None:
        return w.say(_STAYS.get(plan.reason, _STAYS["gain-not-clear"]))
    f, se = w.formats, about_se(gain.lower, gain.upper)
    loss = f.percent(max(plan.loss, LEAST_CHANCE), digits=0)
    return w.say(
        "Move {moved} of {total} {units} {per_period} from {takes} to {gives}: {gain} more sales "
        "{per_period} to be expected ({level} interval {interval}), {loss}; {year} a year. The plans within markets "
        "come on top.",
        moved=f.number(plan.moved),
        total=f.number(plan.total),
        units=w.units,
        per_period=w.per_period,
        takes=w.language.ngettext("{count} market", "{count} markets", plan.takes).format(count=f.integer(plan.takes)),
        gives=w.language.ngettext("{count} other", "{count} others", plan.gives).format(count=f.integer(plan.gives)),
        gain=f.money_short(gain.estimate, se, beside=max(abs(gain.lower or 0.0), abs(gain.upper or 0.0))),
        level=w.level,
        interval=f.interval(gain.lower, gain.upper, "money-short"),
        loss=w.say("chance of a loss below {limit}", limit=loss)
        if plan.loss < LEAST_CHANCE
        else w.say("chance of a loss {chance}", chance=loss),
        year=f.money_short(plan.gain_year),
    )


def _table(w: Phrases, plan: MarketsPlan) -> Table:
    rows = sorted(plan.rows, key=lambda row: (ORDER[row.action], -(row.effect.estimate or 0.0), row.market))
    label = w.say("{level} interval", level=w.level)
    return Table(
        name="between-markets",
        caption=w.say("Which market gets more, which less"),
        columns=(
            Column(label=w.say("Market"), numeric=False),
            Column(label=w.say("Action"), numeric=False),
            Column(label=w.say("Now"), unit=w.per_period),
            Column(label=w.say("Next"), unit=w.per_period),
            Column(label=w.say(quantities.KEPT_UP), unit=w.per_unit),
            Column(label=label),
            Column(label=w.say("Change of sales"), unit=w.per_period),
            Column(label=label),
        ),
        rows=tuple(Row(cells=_cells(w, row, float(ORDER[row.action]))) for row in rows),
        note=w.say("Kept up: what one more unit brings, shrunk towards all markets; markets taken as independent."),
    )


def _cells(w: Phrases, row: MarketMove, place: float) -> tuple[Cell, ...]:
    return (
        Cell(text=clean(row.market)),
        Cell(text=w.say(ACTIONS[row.action]), sort=place),
        Cell(text=w.formats.number(row.now), sort=row.now),
        Cell(text=w.formats.number(row.next), sort=row.next),
        *_size(w, row.effect),
        *_size(w, row.gain, plus=True),
    )


def _size(w: Phrases, found: EffectSize | None, *, plus: bool = False) -> tuple[Cell, Cell]:
    if found is None or found.lower is None or found.upper is None:
        return Cell(text=NONE), Cell(text=NONE)
    text = w.formats.money_short(found.estimate, about_se(found.lower, found.upper), plus=plus)
    return Cell(text=text, sort=found.estimate), money_span(w.formats, found.lower, found.upper)
