"""What each period added for all pharmacies together, as the model has it: season, growth and common shocks."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from reportgen.report.blocks import Chart, ChartTable
from reportgen.report.figures.drawing import marks
from reportgen.report.figures.drawing.plane import Box, sheet
from reportgen.report.figures.drawing.theme import HALF, WIDE
from reportgen.report.figures.kit import Kit
from reportgen.report.words.phrases import mark

if TYPE_CHECKING:
    from reportgen.report.figures.drawing.plane import Plane, Sheet
    from reportgen.results import MarketResults

_SPAN = 4
"""Periods that a chart needs; fewer show no course."""


@dataclass(frozen=True, slots=True, eq=False)
class CommonCourse:
    """Effects of T periods beside their mean, drawn values (money, or a share at log response)."""

    periods: tuple[str, ...]
    estimate: marks.Numbers
    lower: marks.Numbers
    upper: marks.Numbers
    """(T,), NaN where the model gives no limit."""
    territories: bool
    """Whether the effects are a mean over territories."""


def compute_common(results: MarketResults) -> CommonCourse | None:
    """Effects of periods; ``None`` without time in the model."""
    time = results.time
    if time is None or len(time.effects) < _SPAN:
        return None
    effects = time.effects
    estimate, lower, upper = (
        np.array([np.nan if value is None else value for value in values], dtype=float)
        for values in ([e.estimate for e in effects], [e.lower for e in effects], [e.upper for e in effects])
    )
    return CommonCourse(tuple(e.period for e in effects), estimate, lower, upper, time.kind == "territory-periods")


def table_common(data: CommonCourse) -> ChartTable:
    """One row a period, in response units."""
    rows = tuple(
        (p, *(float(v) if np.isfinite(v) else None for v in values))
        for p, *values in zip(data.periods, data.estimate, data.lower, data.upper, strict=True)
    )
    return ChartTable(columns=("period", "effect", "effect_lower", "effect_upper"), rows=rows)


def draw_common(axes: Plane, data: CommonCourse, kit: Kit) -> None:
    """Line with its band around the mean of the periods."""
    x, theme = np.arange(len(data.periods), dtype=float), kit.theme
    ticks = marks.nice_ticks(*axes.y, 5)
    marks.grid_y(axes, ticks, kit.effect_ticks(ticks), theme, base=0.0)
    marks.band(axes, x, data.lower, data.upper, theme.ink, alpha=0.14)
    marks.line(axes, x, data.estimate, theme.ink, width=2)
    marks.time_axis(axes, kit.formats.axis_periods(data.periods, 5 if axes.right - axes.left < HALF else 10), theme)


def _drawn(
    shown: CommonCourse, kit: Kit, width: float, height: float, bounds: tuple[float, float]
) -> tuple[Sheet, Plane]:
    box = Box(62, 26, width - 62 - 12, height - 68, (-0.6, len(shown.periods) - 0.4), bounds)
    drawn, (axes,) = sheet(width, height, [box])
    draw_common(axes, shown, kit)
    message = (
        mark("% of sales {per_period}, beside the mean")
        if kit.log
        else mark("{currency} per pharmacy {per_period}, beside the mean")
    )
    heading = kit.say(message, currency=kit.formats.symbol, per_period=kit.per_period)
    marks.heading(axes, heading, kit.theme, dx=-56)
    return drawn, axes


def chart_common(results: MarketResults, kit: Kit, name: str = "common") -> Chart | None:
    """Season, growth and shocks that all pharmacies share."""
    found = compute_common(results)
    if found is None:
        return None
    estimate, lower, upper = (
        np.array([kit.shown(float(v)) for v in values]) for values in (found.estimate, found.lower, found.upper)
    )
    shown = replace(found, estimate=estimate, lower=lower, upper=upper)
    bounds = marks.limits(np.concatenate([shown.lower, shown.estimate, shown.upper]), zero=True, pad=0.04)
    # Beside a profile of carry-over it is one of a pair; alone it takes the row.
    profiles = [one for one in (results.decay, *results.more_decays) if one is not None and len(one.profile) > 2]
    slim, small = _drawn(shown, kit, HALF, 186.0, bounds)
    drawn, axes = (slim, small) if len(profiles) % 2 else _drawn(shown, kit, WIDE, 206.0, bounds)
    f = kit.formats
    best, least = int(np.nanargmax(found.estimate)), int(np.nanargmin(found.estimate))
    notes = [
        kit.say(
            "Band: {level} interval of each period alone. An effect of a period also moves later sales, by the lags.",
            level=kit.level,
        )
    ]
    if found.territories:
        notes.append(kit.say("Mean over territories, which have effects of their own."))
    return kit.chart(
        name,
        drawn,
        title=kit.say(
            "Beside promotion and earlier sales, all pharmacies moved between {least} in {low} and {most} in {high}.",
            least=f.effect(float(found.estimate[least])),
            low=f.period(found.periods[least]),
            most=f.effect(float(found.estimate[best])),
            high=f.period(found.periods[best]),
        ),
        subtitle=kit.say("What each period added for every pharmacy, as the model has it, beside the mean of periods"),
        foot=" ".join(notes),
        table=table_common(found),
        tips=[
            (*axes.pixel(float(i), float(y)), f"{f.period(p)}: {f.effect(float(e))}")
            for i, (p, y, e) in enumerate(zip(found.periods, shown.estimate, found.estimate, strict=True))
        ],
        slim=None if drawn is slim else slim,
    )
