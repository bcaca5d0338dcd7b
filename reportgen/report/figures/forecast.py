"""The next periods: sales so far, what is expected as usual and as planned, and the year before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from reportgen.report.blocks import Chart, ChartTable
from reportgen.report.figures.drawing import marks
from reportgen.report.figures.drawing.plane import Box, sheet
from reportgen.report.figures.drawing.theme import SLIM, WIDE
from reportgen.results.derived.intervals import about_se

if TYPE_CHECKING:
    from reportgen.report.figures.drawing.plane import Plane
    from reportgen.report.figures.kit import Kit
    from reportgen.report.words.formats import Formats
    from reportgen.results import MarketResults

_LEFT, _RIGHT = 74.0, 128.0
_APART = 0.16
"""Half the distance between marks of one period, in periods."""


@dataclass(frozen=True, slots=True, eq=False)
class Ahead:
    """Sales so far (T,) and the coming ones (N,), money; NaN where unknown."""

    past: tuple[str, ...]
    sales: marks.Numbers
    coming: tuple[str, ...]
    usual: marks.Numbers
    lower: marks.Numbers
    upper: marks.Numbers
    planned: marks.Numbers
    planned_lower: marks.Numbers
    planned_upper: marks.Numbers
    before: marks.Numbers


def compute_forecast(results: MarketResults) -> Ahead | None:
    """Data of the chart; ``None`` without a forecast."""
    found, monthly = results.forecast, results.charts.monthly
    if found is None or monthly is None:
        return None
    span = {"month": 12, "quarter": 8}.get(results.data.period_type, 26)

    def column(name: str) -> marks.Numbers:
        return np.array([np.nan if (v := getattr(p, name)) is None else v for p in found.periods], dtype=float)

    return Ahead(
        monthly.periods[-span:],
        np.array([np.nan if v is None else v for v in monthly.sales_total[-span:]], dtype=float),
        tuple(p.period for p in found.periods),
        *(
            column(name)
            for name in (
                "estimate", "lower", "upper", "planned", "planned_lower", "planned_upper", "year_before",
            )
        ),
    )  # fmt: skip


def table_forecast(data: Ahead) -> ChartTable:
    """Return one row per period, those so far first."""
    columns = ("period", "sales", "estimate", "lower", "upper", "planned", "planned_lower", "planned_upper", "before")
    coming = (data.usual, data.lower, data.upper, data.planned, data.planned_lower, data.planned_upper, data.before)
    rows = [(p, _plain(data.sales[i]), *(None,) * len(coming)) for i, p in enumerate(data.past)]
    rows += [(p, None, *(_plain(s[i]) for s in coming)) for i, p in enumerate(data.coming)]
    return ChartTable(columns=columns, rows=tuple(rows))


def _plain(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def draw_forecast(axes: Plane, data: Ahead, kit: Kit) -> None:
    """Sales so far in ink; coming ones as points with intervals: grey as usual, in the promotion colour as planned."""
    theme, so_far = kit.theme, len(data.past)
    planned = bool(np.isfinite(data.planned).any())
    ticks = marks.nice_ticks(*axes.y, 4)
    marks.grid_y(axes, ticks, kit.formats.ticks(ticks, "money"), theme)
    marks.line(axes, np.arange(so_far, dtype=float), data.sales, theme.ink, width=2.2)
    marks.line(axes, [so_far - 0.5, so_far - 0.5], list(axes.y), theme.faint, dash=(3, 3))
    x = so_far + np.arange(len(data.coming), dtype=float)
    marks.dots(axes, x, data.before, theme.faint, size=7, hollow=theme.paper, shape="diamond")
    usual = x - _APART if planned else x
    marks.segments(axes, usual, data.lower, usual, data.upper, theme.muted, width=1.6)
    marks.dots(axes, usual, data.usual, theme.muted, size=7)
    wanted = [(float(data.usual[-1]), kit.say("as usual"), theme.muted)]
    if planned:
        marks.segments(axes, x + _APART, data.planned_lower, x + _APART, data.planned_upper, theme.accent, width=1.6)
        marks.dots(axes, x + _APART, data.planned, theme.accent, size=7)
        wanted.append((float(data.planned[-1]), kit.say("as planned"), theme.accent))
    if np.isfinite(data.before[-1]):
        wanted.append((float(data.before[-1]), kit.say("a year before"), theme.muted))
    if axes.sheet.width < WIDE:
        # No room beside the points: what they are stands in a line below, in their colours.
        for k, (_, text, color) in enumerate(wanted):
            dx = 90.0 * (k - len(wanted) + 1)
            marks.label(axes, axes.x[1], axes.y[0], text, color, anchor="end", dx=dx, dy=-50, weight=600)
    else:
        places = marks.spread([y for y, _, _ in wanted], 13 * axes.units[1], *axes.y)
        for place, (_, text, color) in zip(places, wanted, strict=True):
            marks.label(axes, axes.x[1], place, text, color, dx=6, weight=600 if color == theme.accent else 400)
    marks.heading(axes, kit.say("Sales of the market {per_period}", per_period=kit.per_period), theme, dx=-_LEFT + 6)
    marks.time_axis(axes, kit.formats.axis_periods((*data.past, *data.coming), 6), theme)


def _tip(data: Ahead, i: int, f: Formats) -> str:
    lower, upper = float(data.lower[i]), float(data.upper[i])
    sales = f.money_short(float(data.usual[i]), about_se(lower, upper))
    return f"{f.period(data.coming[i])}: {sales} ({f.interval(lower, upper, 'money-short')})"


def chart_forecast(results: MarketResults, kit: Kit, name: str = "forecast") -> Chart | None:
    """Sales so far and of the next periods."""
    data = compute_forecast(results)
    if data is None or results.forecast is None:
        return None
    n, f, total = len(data.past) + len(data.coming), kit.formats, results.forecast.total
    every = np.concatenate([data.sales, data.lower, data.upper, data.planned_lower, data.planned_upper, data.before])
    bounds = (-0.4, n - 0.4), marks.limits(every)
    drawn, (axes,) = sheet(WIDE, 190, [Box(_LEFT, 26, WIDE - _LEFT - _RIGHT, 118, *bounds)])
    slim, (small,) = sheet(SLIM, 206, [Box(_LEFT, 26, SLIM - _LEFT - 8, 118, *bounds)])
    for one in (axes, small):
        draw_forecast(one, data, kit)
    title = kit.say(
        "{sales} to be expected in the next {span} with promotion as usual ({interval}).",
        sales=f.money_short(
            total.estimate,
            about_se(total.lower, total.upper),
            beside=max(abs(total.lower or 0.0), abs(total.upper or 0.0)),
        ),
        span=kit.periods(len(data.coming)),
        interval=f.interval(total.lower, total.upper, "money-short"),
    )
    tips = [(*axes.pixel(len(data.past) + i, data.usual[i]), _tip(data, i, f)) for i in range(len(data.coming))]
    foot = [kit.say("Diamonds: the same pharmacies a year before.")] if np.isfinite(data.before).any() else []
    if axes.y[0] > 0:
        foot.append(kit.say("The axis of sales does not start at zero."))
    return kit.chart(
        name,
        drawn,
        title=title,
        subtitle=kit.say(
            "Sales of all pharmacies so far, and of those that go on in the next {span} with {level} intervals",
            span=kit.periods(len(data.coming)),
            level=kit.level,
        ),
        foot=kit.foot(*foot),
        table=table_forecast(data),
        tips=tips,
        slim=slim,
    )
