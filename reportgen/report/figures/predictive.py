"""Would the fitted model produce data like these? Observed distribution against simulated ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from reportgen.report.blocks import Chart, ChartTable
from reportgen.report.figures.drawing import marks
from reportgen.report.figures.drawing.plane import Box, sheet
from reportgen.report.figures.drawing.theme import THIRD
from reportgen.report.figures.intervals import fit_ticks
from reportgen.report.figures.kit import Kit

if TYPE_CHECKING:
    from reportgen.report.figures.drawing.plane import Plane
    from reportgen.results import MarketResults, PredictiveCheck


def compute_predictive(results: MarketResults) -> PredictiveCheck | None:
    """Check with the observed bins scaled to a sum of one; ``None`` where it was not made."""
    check = results.charts.predictive
    return check.shares() if check is not None and check.observed else None


def table_predictive(data: PredictiveCheck) -> ChartTable:
    """Return one row per bin."""
    series = (data.edges[:-1], data.edges[1:], data.observed, data.simulated, data.lower, data.upper)
    return ChartTable(
        columns=("from", "to", "observed", "simulated", "lower", "upper"), rows=tuple(zip(*series, strict=True))
    )


def draw_predictive(axes: Plane, data: PredictiveCheck, kit: Kit) -> None:
    """Observed as a stepped line in ink over the band of simulated data."""
    theme = kit.theme
    # A line of steps: every edge twice but the outermost two, every height twice.
    x = np.repeat(data.edges, 2)[1:-1]
    marks.band(axes, x, np.repeat(data.lower, 2), np.repeat(data.upper, 2), theme.accent, alpha=0.25)
    ticks = marks.nice_ticks(*axes.y, 4)
    marks.grid_y(axes, ticks, kit.formats.ticks(ticks, "percent"), theme)
    marks.line(axes, x, np.repeat(data.simulated, 2), theme.accent, width=1.2)
    marks.line(axes, x, np.repeat(data.observed, 2), theme.ink, width=1.6)
    fit_ticks(axes, kit, lambda t: kit.formats.ticks(t, "number" if kit.log else "money"), base=True)
    right, top = axes.x[1], axes.y[1]
    uy = axes.units[1]
    marks.label(axes, right, top - 8 * uy, kit.say("observed"), theme.ink, anchor="end", weight=600, halo=theme.paper)
    marks.label(
        axes, right, top - 22 * uy, kit.say("simulated"), theme.accent, anchor="end", weight=600, halo=theme.paper
    )


def chart_predictive(results: MarketResults, kit: Kit, name: str = "predictive") -> Chart | None:
    """Observed against simulated distribution of the response."""
    data = compute_predictive(results)
    if data is None:
        return None
    x = (data.edges[0], data.edges[-1])
    y = marks.limits(np.concatenate([data.observed, data.upper]), zero=True)
    drawn, (axes,) = sheet(THIRD, 152, [Box(46, 26, THIRD - 46 - 12, 86, x, y)])
    draw_predictive(axes, data, kit)
    marks.heading(axes, kit.say("Share of rows"), kit.theme, dx=-40)
    unit = kit.say("natural log of sales") if kit.log else kit.formats.symbol
    marks.below(axes, kit.say("Sales per pharmacy, {unit}", unit=unit), kit.theme)
    f = kit.formats
    title = kit.say(
        "In {outside} of {count} bins observed sales lie outside the band.",
        outside=f.integer(data.outside),
        count=f.integer(len(data.observed)),
    )
    return kit.chart(
        name,
        drawn,
        title=title,
        table=table_predictive(data),
        foot=kit.say("Should run within the band."),
        subtitle=kit.say(
            "Distribution of sales, observed and simulated from the fitted model with a pointwise {level} band",
            level=kit.pointwise,
        ),
    )
