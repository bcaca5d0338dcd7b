"""Tables of effects: period by period, by pharmacy, under other promotion, by month."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reportgen.report.blocks import Cell, Column, Row, Table
from reportgen.report.narrative.beyond.curve import level_note
from reportgen.report.narrative.verdict import WORDS
from reportgen.report.tables.cells import effect, effect_span, interval_label
from reportgen.report.words import quantities
from reportgen.report.words.names import clean, told_apart
from reportgen.results.derived.intervals import about_se

if TYPE_CHECKING:
    from reportgen.report.words.writer import Writer
    from reportgen.results import PharmacyRow, VerdictCode


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


def pharmacies(w: Writer) -> Table | None:
    """All pharmacies, highest effect first; on paper the two ends."""
    rows = sorted(w.results.pharmacies, key=lambda row: -(row.total_slope if row.total_slope is not None else -1e300))
    if not rows:
        return None
    top = w.settings.report.top
    shown: tuple[int, ...] | None = None
    if len(rows) > 2 * top + 2:
        shown = (*range(top), -1, *range(len(rows) - top, len(rows)))
    names = [clean(row.pharmacy) for row in rows]
    made = [_pharmacy(w, *each) for each in zip(rows, names, told_apart(names, lambda n: clean(n, 30)), strict=True)]
    rest = len(rows) - 2 * top
    return Table(
        name="pharmacies",
        caption=w.say("Pharmacies, highest effect first"),
        columns=(
            Column(label=w.say("Pharmacy"), numeric=False),
            Column(label=w.say("Rows")),
            Column(label=w.say("Mean sales"), unit=w.per_period),
            Column(label=quantities.coefficient(w, w.results.model), unit=w.per_unit),
            Column(label=interval_label(w)),
            Column(label=w.say(quantities.KEPT_UP)),
            Column(label=w.say("Reliability"), unit="0–1"),
            Column(label=w.say("Expected rank"), unit="0–100"),
            Column(label=w.say("With promotion"), unit=w.say("whole period")),
        ),
        rows=tuple(made),
        print_rows=shown,
        print_note=w.say(
            "{count} pharmacies in between: see report.html or the data file", count=w.formats.integer(rest)
        ),
        note=w.at_usual,
    )


def _pharmacy(w: Writer, row: PharmacyRow, name: str, short: str) -> Row:
    return Row(
        cells=(
            Cell(text=name, short=short),
            Cell(text=w.formats.integer(row.rows), sort=row.rows),
            Cell(text=w.formats.money(row.sales_mean), sort=row.sales_mean),
            effect(w, row.total_slope, row.slope_se),
            effect_span(w, row.lower, row.upper, row.slope_se),
            effect(w, row.long_run, row.slope_se),
            Cell(text=w.formats.decimal(row.reliability, 2), sort=row.reliability),
            Cell(text=w.formats.decimal(row.expected_rank, 0), sort=row.expected_rank),
            Cell(text=w.formats.money(row.incremental), sort=row.incremental),
        )
    )


def what_if(w: Writer) -> Table | None:
    """Sales, and profit where costs are known, had promotion been another."""
    if not w.results.what_if:
        return None
    profit = any(item.profit is not None for item in w.results.what_if)
    rows = []
    for item in w.results.what_if:
        label = w.say("Stop promotion") if item.change == -1 else w.formats.percent(item.change, digits=0, plus=True)
        se = about_se(item.lower, item.upper)
        cells = [
            Cell(text=label, sort=item.change),
            Cell(text=w.formats.money_short(item.sales, se, plus=True), sort=item.sales),
            Cell(text=w.formats.interval(item.lower, item.upper, "money-short"), sort=item.lower),
            Cell(text=w.formats.percent(item.share, plus=True), sort=item.share),
        ]
        if profit:
            cells.append(Cell(text=w.formats.money_short(item.profit, plus=True), sort=item.profit))
            bounds = w.formats.interval(item.profit_lower, item.profit_upper, "money-short")
            cells.append(Cell(text=bounds, sort=item.profit_lower))
        rows.append(Row(cells=tuple(cells)))
    columns = [
        Column(label=w.say("Promotion"), numeric=False),
        Column(label=w.say("Change of sales")),
        Column(label=interval_label(w)),
        Column(label=w.say("Share of sales")),
    ]
    if profit:
        columns += [Column(label=w.say("Change of profit")), Column(label=interval_label(w))]
    return Table(
        name="what-if",
        caption=w.say("What if promotion had been different over the whole period"),
        columns=tuple(columns),
        rows=tuple(rows),
        note=w.sentences(
            w.say("Large changes go beyond what was observed; read them as a direction."),
            w.say("They follow the curve: twice the change does not bring twice the sales.")
            if w.results.shapes
            else "",
        ),
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
            Cell(text=w.formats.interval(item.lower, item.upper, "money-short"), sort=item.lower),
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
                Cell(text=w.formats.period(item.period), sort=float(i)),
                Cell(text=w.formats.money(item.sales), sort=item.sales),
                Cell(text=w.formats.money(item.without), sort=item.without),
                Cell(text=w.formats.interval(item.without_lower, item.without_upper, "money"), sort=item.without_lower),
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
