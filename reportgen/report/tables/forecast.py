"""The next periods, one row each and their sum."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reportgen.report.blocks import Cell, Column, Heading, Row, Table
from reportgen.report.narrative.beyond.forecast import forecast_words
from reportgen.report.narrative.beyond.track import track_line
from reportgen.report.tables.cells import NONE, interval_label, money_span
from reportgen.report.tables.track import track
from reportgen.results.derived.intervals import about_se

if TYPE_CHECKING:
    from reportgen.report.blocks import Block, Chart
    from reportgen.report.words.writer import Writer
    from reportgen.results import ForecastPeriod, ForecastSum


def forecast_blocks(w: Writer, chart: Chart | None) -> tuple[Block | str | None, ...]:
    """The next periods, as usual and as planned: finding, chart, table, and what they rest on."""
    if w.results.forecast is None:
        return ()
    finding, *rest = forecast_words(w)
    title = Heading(text=w.by_period("The next months", "The next weeks"), anchor="forecast")
    return (title, finding, track_line(w), chart, forecast(w), track(w), *rest)


def forecast(w: Writer) -> Table | None:
    """Expected sales as usual and under the plan, beside those of a year before."""
    found = w.results.forecast
    if found is None:
        return None
    planned = found.total.planned is not None
    rows = [
        Row(cells=(Cell(text=w.formats.period(one.period), sort=float(k), raw=(one.period,)), *_sales(w, one, planned)))
        for k, one in enumerate(found.periods)
    ]
    rows.append(Row(cells=(Cell(text=w.say("Together"), sort=float(len(rows))), *_sales(w, found.total, planned))))
    columns = [
        Column(label=w.by_period("Month", "Week"), numeric=False),
        Column(label=w.say("As usual")),
        Column(label=interval_label(w)),
    ]
    if planned:
        columns += [Column(label=w.say("As planned")), Column(label=interval_label(w))]
    return Table(
        name="forecast",
        caption=w.say("Sales to be expected"),
        columns=(*columns, Column(label=w.say("A year before"))),
        rows=tuple(rows),
    )


def _sales(w: Writer, one: ForecastPeriod | ForecastSum, planned: bool) -> tuple[Cell, ...]:
    f, se = w.formats, about_se(one.lower, one.upper)
    cells = [Cell(text=f.money_short(one.estimate, se), sort=one.estimate), money_span(f, one.lower, one.upper)]
    if planned:
        between = money_span(f, one.planned_lower, one.planned_upper)
        cells += [Cell(text=f.money_short(one.planned, se), sort=one.planned), between]
    if one.year_before is None:
        return (*cells, Cell(text=NONE))
    return (*cells, Cell(text=f.money_short(one.year_before, se), sort=one.year_before))
