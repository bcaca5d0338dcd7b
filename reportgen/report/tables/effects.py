"""Tables of effects: period by period, by pharmacy, under other promotion, by month."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reportgen.report.blocks import Cell, Column, Row, Table
from reportgen.report.narrative.beyond.curve import level_note
from reportgen.report.narrative.verdict import WORDS
from reportgen.report.tables.cells import effect, effect_span, interval_label, money_span
from reportgen.report.words import quantities
from reportgen.report.words.names import clean

if TYPE_CHECKING:
    from reportgen.report.words.writer import Writer
    from reportgen.results import VerdictCode


def impulse(w: Writer) -> Table | None:
    """Effect and running total by period after one unit of promotion."""
    if not w.results.impulse:
        return None
    rows = tuple(
        Row(
            cells=(
                Cell(text=w.formats.integer(point.horizon), sort=point.horizon),
                effect(w, point.effect),
                effect_span(w, point.lower, point.upper),
                effect(w, point.cumulative),
                effect_span(w, point.cumulative_lower, point.cumulative_upper),
            )
        )
        for point in w.results.impulse
    )
    return Table(
        name="impulse",
        caption=w.say("Effect of a single promotion, period by period ({unit})", unit=w.per_unit),
        columns=(
            Column(label=w.by_period("Months later", "Weeks later")),
            Column(label=w.say("Effect")),
            Column(label=interval_label(w)),
            Column(label=w.say("Running total")),
            Column(label=interval_label(w)),
        ),
        rows=rows,
        only="screen",
        width="auto",
    )


def channels(w: Writer) -> Table | None:
    """Verdict and effects of each of several channels, and what it brought, the others as they were."""
    if not w.results.channels:
        return None
    return Table(
        name="channels",
        caption=w.say("Channel by channel"),
        columns=(
            Column(label=w.say("Channel"), numeric=False),
            Column(label=w.say("Verdict"), numeric=False),
            Column(label=quantities.first_period(w)),
            Column(label=w.say(quantities.KEPT_UP)),
            Column(label=interval_label(w)),
            Column(label=w.say("Carry-over")),
            Column(label=w.say("Incremental sales")),
            Column(label=interval_label(w)),
            Column(label=w.say("Share of sales")),
        ),
        rows=tuple(_channel(w.of_channel(k), k) for k in range(len(w.results.channels))),
        note=w.sentences(
            w.say(
                "Effects of one more unit of the channel, per pharmacy. Each channel is taken away alone, the others "
                "as they were."
            ),
            level_note(w),
        ),
    )


def _channel(w: Writer, k: int) -> Row:
    item = w.results.channels[k]
    decays = {one.channel: one for one in (w.results.decay, *w.results.more_decays) if one is not None}
    decay = decays.get(item.channel)
    first, kept = quantities.first(w.results, k), quantities.kept_up(w.results, k)
    code: VerdictCode = item.verdict.code if item.verdict is not None else "unclear"
    per = w.shortest(w.step) if w.step != 1 else ""
    name = clean(item.channel, 40)
    digits = None if kept is None else quantities.spread(kept)
    return Row(
        cells=(
            Cell(text=w.say("{channel} (for {amount})", channel=name, amount=per) if per else name),
            Cell(text=w.say(WORDS[code][0]), mark=code),
            effect(w, None if first is None else first.estimate, None if first is None else quantities.spread(first)),
            effect(w, None if kept is None else kept.estimate, digits),
            effect_span(w, None if kept is None else kept.lower, None if kept is None else kept.upper, digits),
            Cell(
                text=w.formats.percent(None if decay is None else decay.estimate, digits=0),
                sort=None if decay is None else decay.estimate,
            ),
            Cell(text=w.formats.money_short(item.incremental), sort=item.incremental),
            money_span(w.formats, item.lower, item.upper),
            Cell(text=w.formats.percent(item.share), sort=item.share),
        )
    )


def months(w: Writer) -> Table | None:
    """Sales with and without promotion by period."""
    inc = w.results.incremental
    if inc is None or not inc.months:
        return None
    rows = tuple(
        Row(
            cells=(
                Cell(text=w.formats.period(item.period), sort=float(i), raw=(item.period,)),
                Cell(text=w.formats.money(item.sales), sort=item.sales),
                Cell(text=w.formats.money(item.without), sort=item.without),
                money_span(w.formats, item.without_lower, item.without_upper, "money"),
                Cell(text=w.formats.money(item.incremental), sort=item.incremental),
                Cell(text=w.formats.integer(item.pharmacies), sort=item.pharmacies),
            )
        )
        for i, item in enumerate(inc.months)
    )
    return Table(
        name="months",
        caption=w.by_period("Sales with and without promotion, by month", "Sales with and without promotion, by week"),
        columns=(
            Column(label=w.by_period("Month", "Week"), numeric=False),
            Column(label=w.say("Sales")),
            Column(label=w.say("Without promotion")),
            Column(label=interval_label(w)),
            Column(label=w.say("Difference")),
            Column(label=w.say("Pharmacies")),
        ),
        rows=rows,
        only="screen",
    )
