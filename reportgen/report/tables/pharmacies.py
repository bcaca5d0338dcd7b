"""The pharmacies in one table that is a chart, too: what each gets and sells, and its effect drawn on one scale."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reportgen.report.blocks import Cell, Column, Row, Table
from reportgen.report.tables.cells import NONE, effect, effect_span, interval_bar, interval_label
from reportgen.report.words import quantities
from reportgen.report.words.names import clean, told_apart

if TYPE_CHECKING:
    from reportgen.report.blocks import IntervalBar
    from reportgen.report.words.writer import Writer
    from reportgen.results import PharmacyRow


def pharmacies(w: Writer) -> Table | None:
    """All pharmacies, highest effect first; on paper the two ends."""
    rows = sorted(w.results.pharmacies, key=lambda row: -(row.total_slope if row.total_slope is not None else -1e300))
    if not rows:
        return None
    top = w.settings.report.top
    shown: tuple[int, ...] | None = None
    if len(rows) > 2 * top + 2:
        shown = (*range(top), -1, *range(len(rows) - top, len(rows)))
    names, scale = [clean(row.pharmacy) for row in rows], _scale(rows)
    short = told_apart(names, lambda name: clean(name, 30))
    return Table(
        name="pharmacies",
        caption=w.say("Pharmacies, highest effect first"),
        columns=(
            Column(label=w.say("Pharmacy"), numeric=False),
            Column(label=w.say("Promotion"), unit=w.per_period),
            Column(label=w.say("Sales"), unit=w.per_period),
            Column(label=quantities.coefficient(w, w.results.model), unit=w.per_unit),
            Column(label=interval_label(w)),
            Column(label=w.say("Drawn"), unit=w.say("line: zero; dashed: market; grey: own data alone"), numeric=False),
            Column(label=w.say("With promotion"), unit=w.say("whole period")),
        ),
        rows=tuple(_row(w, row, (name, brief), scale) for row, name, brief in zip(rows, names, short, strict=True)),
        print_rows=shown,
        print_note=w.say(
            "{count} pharmacies in between: see report.html or the data file",
            count=w.formats.integer(len(rows) - 2 * top),
        ),
        note=w.at_usual,
    )


def _row(w: Writer, row: PharmacyRow, names: tuple[str, str], scale: tuple[float, float] | None) -> Row:
    return Row(
        cells=(
            Cell(text=names[0], short=names[1]),
            Cell(text=w.formats.number(row.promotion_mean), sort=row.promotion_mean),
            Cell(text=w.formats.money(row.sales_mean), sort=row.sales_mean),
            effect(w, row.total_slope, row.slope_se),
            effect_span(w, row.lower, row.upper, row.slope_se),
            Cell(text="", sort=row.total_slope, bar=_bar(w, row, scale)) if scale else Cell(text=NONE),
            Cell(text=w.formats.money(row.incremental), sort=row.incremental),
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
