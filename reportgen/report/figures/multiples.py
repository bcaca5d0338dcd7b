"""Twelve pharmacies as small multiples on one scale, all in one axes (twelve axes cost ten times as much)."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING

import numpy as np

from reportgen.report.blocks import Chart, ChartTable, Value
from reportgen.report.figures.drawing import marks
from reportgen.report.figures.drawing.plane import Box, sheet
from reportgen.report.figures.drawing.theme import SMALL, WIDE
from reportgen.report.figures.kit import Kit
from reportgen.report.typefaces.widths import fit_texts, text_width
from reportgen.report.words.names import clean

if TYPE_CHECKING:
    from reportgen.report.figures.drawing.plane import Plane
    from reportgen.results import MarketResults, PharmacySeries

_COLUMNS, _CELL, _PLOT, _STRIP, _LEFT, _GAP = 4, 90.0, 39.0, 10.0, 66.0, 18.0


@dataclass(frozen=True, slots=True, eq=False)
class Multiples:
    """Chosen pharmacies; sales (K, T) in money and promotion (K, T), NaN where unknown."""

    periods: tuple[str, ...]
    names: tuple[str, ...]
    roles: tuple[str, ...]
    sales: marks.Numbers
    promotion: marks.Numbers
    largest: PharmacySeries
    smallest: PharmacySeries
    """By mean sales."""


def compute_multiples(results: MarketResults) -> Multiples | None:
    """Grid of the chosen pharmacies, largest first; ``None`` where none were chosen."""
    monthly, chosen = results.charts.monthly, results.charts.multiples
    if monthly is None or not chosen:
        return None
    order = {"largest": 0, "typical": 1, "odd": 2, "smallest": 3}
    unique: dict[str, PharmacySeries] = {}
    for series in sorted(chosen, key=lambda s: order[s.role]):
        # A pharmacy may be the largest and odd at once: it is drawn in its first role.
        unique.setdefault(series.pharmacy, series)
    kept = list(unique.values())[:12]

    def grid(name: str) -> marks.Numbers:
        return np.array([[np.nan if v is None else v for v in getattr(s, name)] for s in kept], dtype=float)

    sold = [one for one in kept if isfinite(one.sales_mean)]
    if not sold:
        return None
    largest, smallest = (end(sold, key=lambda one: one.sales_mean) for end in (max, min))
    names, roles = tuple(clean(s.pharmacy) for s in kept), tuple(s.role for s in kept)
    return Multiples(monthly.periods, names, roles, grid("sales"), grid("promotion"), largest, smallest)


def table_multiples(data: Multiples) -> ChartTable:
    """Return one row per pharmacy and period."""
    rows: list[tuple[Value, ...]] = []
    for k, name in enumerate(data.names):
        for t, period in enumerate(data.periods):
            pair = (data.sales[k, t], data.promotion[k, t])
            rows.append((name, period, *(float(v) if np.isfinite(v) else None for v in pair)))
    return ChartTable(columns=("pharmacy", "period", "sales", "promotion"), rows=tuple(rows))


def _corner(k: int, height: float) -> tuple[float, float, float]:
    """Left, base of the plot, and width of cell ``k``, in pixels with y up."""
    width = (WIDE - _LEFT - _GAP * (_COLUMNS - 1)) / _COLUMNS
    # Row by row, four cells each, the first row on top.
    left = _LEFT + (k % _COLUMNS) * (width + _GAP)
    base = height - 22 - (k // _COLUMNS) * _CELL - _PLOT
    return left, base, width


def draw_multiples(axes: Plane, data: Multiples, kit: Kit, height: float) -> None:
    """Sales as a line over a strip of promotion bars, in pixel coordinates."""
    theme, n = kit.theme, len(data.periods)
    top = float(np.nanmax(data.sales)) or 1.0
    most = float(np.nanmax(data.promotion)) if np.isfinite(data.promotion).any() else 0.0
    ticks = [t for t in marks.nice_ticks(0.0, top, 3) if t <= top]
    texts = kit.formats.ticks(tuple(ticks), "money")
    words = {
        "largest": kit.say("largest"),
        "smallest": kit.say("smallest"),
        "typical": kit.say("typical"),
        "odd": kit.say("unusual"),
    }
    boxes: list[tuple[float, float, float, float]] = []
    lines_x, lines_y = [], []
    room = _corner(0, height)[2] - max(text_width(words[role], 10) for role in data.roles) - 8
    for k, name in enumerate(fit_texts(data.names, room, SMALL, 600)):
        left, base, width = _corner(k, height)
        step = width / max(n, 1)
        x = left + (np.arange(n) + 0.5) * step
        for tick, text in zip(ticks, texts, strict=True):
            y = base + tick / top * _PLOT
            marks.line(axes, [left, left + width], [y, y], theme.line if tick else theme.faint)
            if k % _COLUMNS == 0:
                marks.label(axes, left, y, text, theme.muted, anchor="end", dx=-6, size=10)
        # All lines are one shape: a gap parts one pharmacy's from the next.
        lines_x += [*x, np.nan]
        lines_y += [*(base + data.sales[k] / top * _PLOT), np.nan]
        if most > 0:
            lift = data.promotion[k] / most * _STRIP
            floor = base - 3 - _STRIP
            boxes += [
                (float(a - step * 0.4), floor, float(a + step * 0.4), float(floor + h))
                for a, h in zip(x, lift, strict=True)
                if h > 0
            ]
        role = words[data.roles[k]]
        marks.label(axes, left, base + _PLOT, name, theme.ink, valign="base", dy=7, weight=600)
        marks.label(axes, left + width, base + _PLOT, role, theme.muted, anchor="end", valign="base", dy=7, size=10)
    marks.rectangles(axes, boxes, theme.accent, alpha=0.8)
    marks.line(axes, lines_x, lines_y, theme.ink, width=1.3)
    _time(axes, data, kit, height)


def _time(axes: Plane, data: Multiples, kit: Kit, height: float) -> None:
    """First and last period below the lowest cell of each column."""
    first, last = kit.formats.period(data.periods[0]), kit.formats.period(data.periods[-1])
    for k in range(len(data.names)):
        # Another cell stands below this one, and has the dates.
        if k + _COLUMNS < len(data.names):
            continue
        left, base, width = _corner(k, height)
        y = base - _STRIP - 8
        marks.label(axes, left, y, first, kit.theme.muted, valign="top", size=10)
        if len(data.periods) > 1 and text_width(first + last, 10) + 8 < width:
            marks.label(axes, left + width, y, last, kit.theme.muted, anchor="end", valign="top", size=10)


def chart_multiples(results: MarketResults, kit: Kit, name: str = "multiples") -> Chart | None:
    """Sales of a chosen few pharmacies, on one scale."""
    data = compute_multiples(results)
    if data is None:
        return None
    rows = -(-len(data.names) // _COLUMNS)
    height = rows * _CELL + 8
    drawn, (axes,) = sheet(WIDE, height, [Box(0, 0, WIDE, height, (0.0, WIDE), (0.0, height))])
    draw_multiples(axes, data, kit, height)
    f, high, low = kit.formats, data.largest, data.smallest
    if low.sales_mean > 0 and high is not low:
        title = kit.say(
            "{largest} sells {ratio} times as much as {smallest}: {high} against {low} {per_period}.",
            largest=clean(high.pharmacy, 40),
            smallest=clean(low.pharmacy, 40),
            ratio=f.decimal(high.times(low), 1),
            high=f.money(high.sales_mean),
            low=f.money(low.sales_mean),
            per_period=kit.per_period,
        )
    else:
        title = kit.say(
            "{name} sells {sales} {per_period}.",
            name=clean(high.pharmacy),
            sales=f.money(high.sales_mean),
            per_period=kit.per_period,
        )
    return kit.chart(
        name,
        drawn,
        title=title,
        table=table_multiples(data),
        subtitle=kit.say(
            "Sales of {count} pharmacies on one scale (line), with their promotion below (bars)",
            count=f.integer(len(data.names)),
        ),
        foot=kit.say(
            "Largest, typical, unusual (far from its own pattern) and smallest of {rows}. A gap is a missing record.",
            rows=kit.read,
        ),
    )
