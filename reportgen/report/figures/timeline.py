"""Sales and promotion over time, and sales against the estimate without promotion."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from reportgen.report.blocks import Chart, ChartTable
from reportgen.report.figures.drawing import marks
from reportgen.report.figures.drawing.plane import Box, sheet
from reportgen.report.figures.drawing.theme import SLIM, WIDE
from reportgen.report.figures.kit import Kit, Tip
from reportgen.results.derived.intervals import about_se, which_side

if TYPE_CHECKING:
    from reportgen.report.figures.drawing.plane import Plane, Sheet
    from reportgen.results import MarketResults, RecentSales

_LEFT, _RIGHT = 74.0, 96.0


@dataclass(frozen=True, slots=True, eq=False)
class Timeline:
    """Median pharmacy, middle half and mean promotion by period; all (T,), NaN where unknown."""

    periods: tuple[str, ...]
    median: marks.Numbers
    lower: marks.Numbers
    upper: marks.Numbers
    promotion: marks.Numbers
    typical: float
    """Median over the periods of the median pharmacy's sales."""
    change: float | None
    """Relative change from the first to the last year (or half), ``None`` where there is no base."""
    compared: int
    """Periods in each of the two spans compared."""


def compute_timeline(results: MarketResults) -> Timeline | None:
    """Data of the monthly chart; ``None`` without a known period."""
    monthly = results.charts.monthly
    if monthly is None or monthly.typical is None:
        return None
    median, lower, upper, promotion = (
        np.array([np.nan if v is None else v for v in series], dtype=float)
        for series in (monthly.sales_median, monthly.sales_q25, monthly.sales_q75, monthly.promotion_mean)
    )
    return Timeline(monthly.periods, median, lower, upper, promotion, monthly.typical, monthly.change, monthly.compared)


def table_timeline(data: Timeline) -> ChartTable:
    """Return one row per period."""
    columns = ("period", "sales_median", "sales_q25", "sales_q75", "promotion_mean")
    series = (data.median, data.lower, data.upper, data.promotion)
    rows = tuple((p, *(_plain(s[i]) for s in series)) for i, p in enumerate(data.periods))
    return ChartTable(columns=columns, rows=rows)


def _plain(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def draw_timeline(sales: Plane, promotion: Plane, data: Timeline, kit: Kit) -> None:
    """Median line with the middle half above, bars of mean promotion below."""
    theme, formats = kit.theme, kit.formats
    x = np.arange(len(data.periods), dtype=float)
    ticks = marks.nice_ticks(*sales.y, 4)
    marks.grid_y(sales, ticks, formats.ticks(ticks, "money"), theme)
    marks.band(sales, x, data.lower, data.upper, theme.ink, alpha=0.14)
    marks.line(sales, x, data.median, theme.ink, width=2)
    _end_labels(
        sales,
        kit,
        sales.x[1],
        [
            (_last(data.median), kit.say("median"), theme.ink),
            (_last(data.upper), kit.say("top quarter"), theme.muted),
            (_last(data.lower), kit.say("bottom quarter"), theme.muted),
        ],
    )
    marks.heading(sales, kit.say("Sales per pharmacy {per_period}", per_period=kit.per_period), theme, dx=-_LEFT + 6)
    ticks = marks.nice_ticks(*promotion.y, 3)
    marks.grid_y(promotion, ticks, formats.ticks(ticks), theme)
    known = np.isfinite(data.promotion)
    width = 0.36 if len(x) < 80 else 0.5
    boxes = [
        (float(i) - width, 0.0, float(i) + width, float(v))
        for i, v in zip(x[known], data.promotion[known], strict=True)
    ]
    marks.rectangles(promotion, boxes, theme.accent)
    marks.heading(promotion, kit.say("Mean promotion per pharmacy ({unit})", unit=kit.unit), theme, dx=-_LEFT + 6)
    end = promotion.x[1]
    marks.label(promotion, end, _last(data.promotion) / 2, kit.say("promotion"), theme.accent, dx=6, weight=600)
    marks.time_axis(promotion, formats.axis_periods(data.periods), theme)


def _last(values: marks.Numbers) -> float:
    # The last known value: a series may end in a gap, and its label stands beside what is drawn last.
    known = values[np.isfinite(values)]
    return float(known[-1]) if known.size else 0.0


def _end_labels(axes: Plane, kit: Kit, x: float, wanted: list[tuple[float, str, str]]) -> None:
    """Write labels at the right end of lines, moved apart where they would touch."""
    gap = 13 * axes.units[1]
    low, high = axes.y
    places = marks.spread([y for y, _, _ in wanted], gap, low, high)
    for place, (_, text, color) in zip(places, wanted, strict=True):
        marks.label(axes, x, place, text, color, dx=6, weight=600 if color != kit.theme.muted else 400)


def _cut(axes: Plane, kit: Kit) -> str:
    """Return a warning where the axis of sales does not start at zero."""
    return " " + kit.say("The axis of sales does not start at zero.") if axes.y[0] > 0 else ""


def chart_timeline(results: MarketResults, kit: Kit, name: str = "timeline") -> Chart | None:
    """Sales and promotion over time."""
    data = compute_timeline(results)
    if data is None:
        return None
    n = len(data.periods)
    span = (-0.6, max(n - 0.4, 0.6))
    top = float(np.nanmax(data.promotion)) if np.isfinite(data.promotion).any() else 1.0
    width = WIDE - _LEFT - _RIGHT
    drawn, (sales, promotion) = sheet(
        WIDE,
        256,
        [
            Box(_LEFT, 26, width, 114, span, marks.limits(np.concatenate([data.lower, data.upper, data.median]))),
            Box(_LEFT, 170, width, 42, span, (0.0, (top if top > 0 else 1.0) * 1.12)),
        ],
    )
    draw_timeline(sales, promotion, data, kit)
    money, f = kit.formats.money, kit.formats
    if data.change is None:
        title = kit.say(
            "The median pharmacy sells {sales} {per_period}.", sales=money(data.typical), per_period=kit.per_period
        )
    else:
        title = kit.say(
            "The median pharmacy sells {sales} {per_period}; "
            "from the first {span} to the last {span} it changed by {change}.",
            sales=money(data.typical),
            per_period=kit.per_period,
            span=kit.periods(data.compared),
            change=f.percent(data.change, plus=True),
        )
    tips: list[Tip] = []
    for i, period in enumerate(data.periods):
        if np.isfinite(data.median[i]):
            text = f"{f.period(period)}: {money(data.median[i])} ({f.interval(data.lower[i], data.upper[i], 'money')})"
            tips.append((*sales.pixel(i, data.median[i]), text))
    return kit.chart(
        name,
        drawn,
        title=title,
        subtitle=kit.say(
            "Sales of the median pharmacy with the middle half of pharmacies (band), and mean promotion, by period"
        ),
        foot=kit.say("Data as read, before any model: {rows}.", rows=kit.read) + _cut(sales, kit),
        table=table_timeline(data),
        tips=tips,
    )


# --- with and without promotion ---------------------------------------------------------------


@dataclass(frozen=True, slots=True, eq=False)
class Counterfactual:
    """Market sales by period, and the estimate without promotion with its interval; all (T,), money."""

    periods: tuple[str, ...]
    sales: marks.Numbers
    without: marks.Numbers
    lower: marks.Numbers
    upper: marks.Numbers
    total: float | None
    total_lower: float | None
    total_upper: float | None
    share: float | None
    pharmacies: marks.Numbers
    """(T,) pharmacies on record in each period."""
    recent: RecentSales | None = None
    begin: int = 0
    """First period whose estimate without promotion is drawn: before it the difference begins at nothing."""


def compute_counterfactual(results: MarketResults) -> Counterfactual | None:
    """Sales with and without promotion; ``None`` where nothing was estimated."""
    brought = results.incremental
    if brought is None or not brought.months:
        return None

    def column(name: str) -> marks.Numbers:
        return np.array([np.nan if (v := getattr(m, name)) is None else v for m in brought.months], dtype=float)

    periods = tuple(m.period for m in brought.months)
    begin = periods.index(brought.settled) if brought.settled in periods else 0
    return Counterfactual(
        periods,
        column("sales"),
        column("without"),
        column("without_lower"),
        column("without_upper"),
        brought.total,
        brought.lower,
        brought.upper,
        brought.share,
        column("pharmacies"),
        brought.recent,
        begin if begin <= len(periods) // 2 else 0,
    )


def table_counterfactual(data: Counterfactual) -> ChartTable:
    """Return one row per period."""
    series = (data.sales, data.without, data.lower, data.upper)
    rows = tuple((p, *(_plain(s[i]) for s in series)) for i, p in enumerate(data.periods))
    return ChartTable(columns=("period", "sales", "without", "without_lower", "without_upper"), rows=rows)


def draw_counterfactual(axes: Plane, data: Counterfactual, kit: Kit) -> None:
    """Sales in ink, without promotion dashed grey with its band, the difference in the promotion colour."""
    theme = kit.theme
    x = np.arange(len(data.periods), dtype=float)
    ticks = marks.nice_ticks(*axes.y, 4)
    marks.grid_y(axes, ticks, kit.formats.ticks(ticks, "money"), theme)
    # The area between sales with and without promotion: its size is what promotion brought.
    at = slice(data.begin, None)
    marks.band(axes, x[at], data.without[at], data.sales[at], theme.accent, alpha=0.22)
    marks.band(axes, x[at], data.lower[at], data.upper[at], theme.faint, alpha=0.3)
    marks.line(axes, x[at], data.without[at], theme.muted, width=1.8, dash=(5, 3))
    marks.line(axes, x, data.sales, theme.ink, width=2.2)
    ends = [
        (_last(data.sales), kit.say("sales"), theme.ink),
        (_last(data.without), kit.say("without promotion"), theme.muted),
    ]
    slim = axes.sheet.width < WIDE
    if slim:
        # No room beside the lines: one name above, the other below.
        for (y, text, color), dy in zip(ends, (9, -16), strict=True):
            marks.label(axes, axes.x[1], y, text, color, anchor="end", dy=dy, weight=600)
    else:
        _end_labels(axes, kit, axes.x[1], ends)
    marks.heading(axes, kit.say("Sales of the market {per_period}", per_period=kit.per_period), theme, dx=-_LEFT + 6)
    marks.time_axis(axes, kit.formats.axis_periods(data.periods, 6 if slim else 12), theme)


def chart_counterfactual(results: MarketResults, kit: Kit, name: str = "without_promotion") -> Chart | None:
    """Sales against the estimate without promotion."""
    data = compute_counterfactual(results)
    if data is None:
        return None
    drawn, axes = _counterfactual(data, kit, WIDE, 128.0)
    slim, _ = _counterfactual(data, kit, SLIM, 8.0)
    f = kit.formats
    tips = [
        (
            *axes.pixel(i, data.sales[i]),
            (
                f"{f.period(p)}: {f.money_short(data.sales[i])}, "
                f"{kit.say('without promotion')} {f.money_short(data.without[i])}"
            ),
        )
        for i, p in enumerate(data.periods)
    ]
    return kit.chart(
        name,
        drawn,
        title=_brought(data, kit),
        subtitle=kit.say(
            "Sales of all pharmacies against the estimate without any promotion, with its {level} band", level=kit.level
        ),
        foot=kit.foot(
            kit.say("What promotion adds through the sales of later periods is counted in."),
            kit.say("The first periods are left out: effects of promotion from before the record are in them.")
            if data.begin
            else "",
            _coverage(data, kit),
        ),
        table=table_counterfactual(data),
        tips=tips,
        slim=slim,
    )


def _counterfactual(data: Counterfactual, kit: Kit, width: float, right: float) -> tuple[Sheet, Plane]:
    x = (-0.4, max(len(data.periods) - 0.6, 0.6))
    y = marks.limits(np.concatenate([[0.0], data.sales, data.upper]))
    drawn, (axes,) = sheet(width, 216, [Box(_LEFT, 26, width - _LEFT - right, 144, x, y)])
    draw_counterfactual(axes, data, kit)
    return drawn, axes


def _coverage(data: Counterfactual, kit: Kit) -> str:
    """A warning where totals move because pharmacies come and go."""
    least, most = int(np.nanmin(data.pharmacies)), int(np.nanmax(data.pharmacies))
    if least >= 0.8 * most:
        return ""
    return kit.say(
        "Only {least} to {most} pharmacies are on record in a period, so the total also moves with their number.",
        least=kit.formats.integer(least),
        most=kit.formats.integer(most),
    )


def _brought(data: Counterfactual, kit: Kit) -> str:
    """Return the finding in a sentence."""
    f = kit.formats
    if data.total is not None and data.recent is not None:
        return _brought_of_late(data.recent, kit)
    if data.total is None:
        return kit.say("Sales, and sales without promotion, over {count} periods.", count=f.integer(len(data.periods)))
    spread = about_se(data.total_lower, data.total_upper)
    total, range_ = f.money_short(data.total, spread), f.interval(data.total_lower, data.total_upper, "money-short")
    if not which_side(data.total_lower, data.total_upper):
        return kit.say(
            "Sales with and without promotion cannot be told apart: {total} ({interval}).", total=total, interval=range_
        )
    share = f.percent(abs(data.share)) if data.share is not None else ""
    if data.total < 0:
        return kit.say(
            "Sales are {total} ({share}) lower than without promotion; interval {interval}.",
            total=f.money_short(-data.total, spread),
            share=share,
            interval=range_,
        )
    return kit.say(
        "Promotion goes with {total} of sales, {share} of the total ({interval}).",
        total=total,
        share=share,
        interval=range_,
    )


def _brought_of_late(recent: RecentSales, kit: Kit) -> str:
    """The same by the last year."""
    f, spread = kit.formats, about_se(recent.lower, recent.upper)
    words = {
        "total": f.money_short(abs(recent.estimate), spread, beside=max(abs(recent.lower), abs(recent.upper))),
        "per_period": kit.per_period,
        "interval": f.interval(recent.lower, recent.upper, "money-short"),
        "share": f.percent(abs(recent.share or 0.0)),
        "period": f.period_range(*recent.period),
    }
    if not which_side(recent.lower, recent.upper):
        return kit.say(
            "Sales with and without promotion cannot be told apart: {interval} {per_period}, mean of {period}.", **words
        )
    if recent.estimate < 0:
        return kit.say(
            "Sales are {total} {per_period} ({share}) lower than without promotion, mean of {period}.", **words
        )
    return kit.say("Promotion goes with {total} of sales {per_period}, {share} of all, mean of {period}.", **words)
