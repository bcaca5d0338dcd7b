"""The few marks every chart is made of: lines, intervals, dots, bands, bars, labels, and a plain frame.

Each is added to an axes as the topmost (``axes.py``). Axes have no matplotlib axis: ticks
there cost more than all else together, and a frame drawn from lines and labels puts every label where it is wanted.
Labels are drawn without layout, mathtext or font lookup, so any text from data is only ever text.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal

import numpy as np
from matplotlib.path import Path

from reportgen.report.figures.drawing.axes import Anchor, Area, Cap, Dash, Dots, Flags, Label, Numbers, Stroke
from reportgen.report.figures.drawing.theme import SMALL, TEXT_SIZE, Theme
from reportgen.report.typefaces.widths import text_width

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reportgen.report.figures.drawing.axes import ChartAxes
    from reportgen.report.words.formats import AxisPeriod

_CAP_HEIGHT = 0.69
_ABOVE = {"base": 0.0, "middle": -_CAP_HEIGHT / 2, "top": -_CAP_HEIGHT, "bottom": 0.22}


def label(
    axes: ChartAxes,
    x: float,
    y: float,
    text: str,
    color: str,
    *,
    size: float = SMALL,
    weight: int = 400,
    anchor: Anchor = "start",
    valign: Literal["base", "middle", "top", "bottom"] = "middle",
    dx: float = 0.0,
    dy: float = 0.0,
    halo: str = "",
) -> None:
    """Write ``text`` at data point (x, y); ``halo`` is the colour of a patch behind it."""
    if not text:
        return
    low = dy + size * _ABOVE[valign]
    if halo:
        width = text_width(text, size, weight)
        left = dx - {"start": 0.0, "middle": width / 2, "end": width}[anchor]
        ux, uy = units(axes)
        corners = ((left - 2, low - 3), (left + width + 2, low + size * _CAP_HEIGHT + 2))
        (x0, y0), (x1, y1) = ((x + px * ux, y + py * uy) for px, py in corners)
        rectangles(axes, [(x0, y0, x1, y1)], halo, alpha=0.85)
    axes.marks.append(Label((float(x), float(y)), (dx, low), text, color, size, weight, anchor))


def units(axes: ChartAxes) -> tuple[float, float]:
    """Data units per pixel, along x and y."""
    (x0, x1), (y0, y1) = axes.get_xlim(), axes.get_ylim()
    box = axes.place.box
    return (x1 - x0) / box.width, (y1 - y0) / box.height


def pixel(axes: ChartAxes, x: float, y: float) -> tuple[float, float]:
    """Position of a data point in pixels of the figure, y up: where a tooltip hangs."""
    return axes.place.of(float(x), float(y))


def line(
    axes: ChartAxes,
    x: Sequence[float] | Numbers,
    y: Sequence[float] | Numbers,
    color: str,
    *,
    width: float = 1.5,
    dash: Dash = (),
    alpha: float | None = None,
    cap: Cap = "butt",
    clip: bool = True,
) -> None:
    """Draw a line; NaN breaks it."""
    path = Path(np.column_stack([x, y]))
    axes.marks.append(Stroke(path, color, alpha, width, dash, cap, clip))


def segments(
    axes: ChartAxes,
    x0: Numbers,
    y0: Numbers,
    x1: Numbers,
    y1: Numbers,
    color: str,
    *,
    width: float = 1.0,
    dash: Dash = (),
    alpha: float | None = None,
    cap: Cap = "butt",
    clip: bool = True,
) -> None:
    """Draw many straight pieces as one element."""
    ends = np.full((np.broadcast(x0, x1, y0, y1).size, 3, 2), np.nan)  # two ends and a gap
    ends[:, 0, 0], ends[:, 0, 1], ends[:, 1, 0], ends[:, 1, 1] = x0, y0, x1, y1
    axes.marks.append(Stroke(Path(ends.reshape(-1, 2)), color, alpha, width, dash, cap, clip))


def dots(
    axes: ChartAxes,
    x: Sequence[float] | Numbers,
    y: Sequence[float] | Numbers,
    color: str,
    *,
    size: float = 6.0,
    hollow: str = "",
    shape: str = "o",
    alpha: float | None = None,
) -> None:
    """Draw marks of ``size`` pixels; ``hollow`` is the colour inside a ring."""
    edge = 1.4 if hollow else 0.0
    path = Path(np.column_stack([x, y]))
    axes.marks.append(Dots(path, color, hollow or color, alpha, size - edge, edge, shape))


def band(
    axes: ChartAxes,
    x: Sequence[float] | Numbers,
    lower: Sequence[float] | Numbers,
    upper: Sequence[float] | Numbers,
    color: str,
    *,
    alpha: float = 0.18,
) -> None:
    """Fill between two lines; NaN breaks the band."""
    xs, low, high = (np.asarray(v, dtype=float) for v in (x, lower, upper))
    known = np.isfinite(low) & np.isfinite(high)
    edges = np.flatnonzero(np.diff(np.concatenate([[0], known.astype(int), [0]])))
    vertices: list[Numbers] = []
    codes: list[list[int]] = []
    for start, stop in zip(edges[::2], edges[1::2], strict=True):
        if stop - start < 2:
            continue
        there = np.column_stack([xs[start:stop], high[start:stop]])
        back = np.column_stack([xs[start:stop], low[start:stop]])[::-1]
        vertices.append(np.vstack([there, back, there[:1]]))
        codes.append([int(Path.MOVETO)] + [int(Path.LINETO)] * (2 * (stop - start) - 1) + [int(Path.CLOSEPOLY)])
    _fill(axes, vertices, codes, color, alpha)


def rectangles(
    axes: ChartAxes,
    boxes: Sequence[tuple[float, float, float, float]],
    color: str,
    *,
    alpha: float | None = None,
    clip: bool = False,
) -> None:
    """Fill boxes (x0, y0, x1, y1) as one element."""
    vertices = [np.array([(a, b), (a, d), (c, d), (c, b), (a, b)]) for a, b, c, d in boxes]
    _fill(axes, vertices, [[1, 2, 2, 2, 79]] * len(vertices), color, alpha, clip=clip)


def _fill(
    axes: ChartAxes,
    vertices: list[Numbers],
    codes: list[list[int]],
    color: str,
    alpha: float | None,
    *,
    clip: bool = True,
) -> None:
    if vertices:
        axes.marks.append(Area(Path(np.vstack(vertices), np.concatenate(codes)), color, alpha, clip))


# --- frame ------------------------------------------------------------------------------------


def nice_ticks(lower: float, upper: float, count: int = 5) -> tuple[float, ...]:
    """Round numbers inside [lower, upper], about ``count`` of them."""
    span = upper - lower
    if not span > 0 or not math.isfinite(span):
        return (lower,)
    raw = span / max(count, 1)
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(m * power for m in (1, 2, 2.5, 5, 10) if m * power >= raw * 0.999)
    first = math.ceil(lower / step - 1e-9)
    last = math.floor(upper / step + 1e-9)
    return tuple(float(f"{k * step:.12g}") for k in range(first, last + 1))


def limits(values: Sequence[float] | Numbers, *, zero: bool = False, pad: float = 0.04) -> tuple[float, float]:
    """Range of the finite values with some air; ``zero`` makes it include zero."""
    known = np.asarray(values, dtype=float)
    known = known[np.isfinite(known)]
    low, high = (float(known.min()), float(known.max())) if known.size else (0.0, 1.0)
    if zero:
        low, high = min(low, 0.0), max(high, 0.0)
    span = (high - low) or abs(high) or 1.0
    flush = zero and high > low  # all zero: air on both sides, a range of nothing cannot be drawn
    return (low if flush and low == 0 else low - pad * span), (high if flush and high == 0 else high + pad * span)


def grid_y(
    axes: ChartAxes, ticks: Sequence[float], texts: Sequence[str], theme: Theme, *, base: float | None = None
) -> None:
    """Draw light horizontal lines with their numbers to the left; ``base`` is drawn darker."""
    x0, x1 = axes.get_xlim()
    at = np.asarray(ticks, dtype=float)
    segments(axes, np.full_like(at, x0), at, np.full_like(at, x1), at, theme.line, clip=False)
    if base is not None:
        line(axes, [x0, x1], [base, base], theme.faint, clip=False)
    for tick, text in zip(ticks, texts, strict=True):
        label(axes, x0, tick, text, theme.muted, anchor="end", dx=-7)


def grid_x(
    axes: ChartAxes,
    ticks: Sequence[float],
    texts: Sequence[str],
    theme: Theme,
    *,
    lines: bool = True,
    base: bool = False,
) -> None:
    """Draw light vertical lines with their numbers below."""
    y0, y1 = axes.get_ylim()
    at = np.asarray(ticks, dtype=float)
    if lines:
        segments(axes, at, np.full_like(at, y0), at, np.full_like(at, y1), theme.line, clip=False)
    if base:
        line(axes, list(axes.get_xlim()), [y0, y0], theme.faint, clip=False)
    end = (axes.figure.bbox.width - axes.bbox.x0) * units(axes)[0] + axes.get_xlim()[0]
    for tick, text in zip(ticks, texts, strict=True):
        if tick + text_width(text, SMALL) / 2 * units(axes)[0] <= end:  # a label that would leave the page is left out
            label(axes, tick, y0, text, theme.muted, anchor="middle", valign="top", dy=-7)


def time_axis(axes: ChartAxes, periods: Sequence[AxisPeriod], theme: Theme, *, last: float | None = None) -> None:
    """Write months below the axes, and below them each year once."""
    x0, x1 = axes.get_xlim()
    y0 = axes.get_ylim()[0]
    line(axes, [x0, x1 if last is None else last], [y0, y0], theme.faint, clip=False)
    at = np.asarray([p.position for p in periods], dtype=float)
    ticks = np.full_like(at, y0)
    segments(axes, at, ticks, at, ticks - 4 * units(axes)[1], theme.faint, clip=False)
    for period in periods:
        label(axes, period.position, y0, period.month, theme.muted, anchor="middle", valign="top", dy=-8)
        if period.year:
            label(axes, period.position, y0, period.year, theme.ink, anchor="middle", valign="top", dy=-23)


def heading(axes: ChartAxes, text: str, theme: Theme, *, dx: float = 0.0, dy: float = 10.0) -> None:
    """Write what an axis measures, with its unit, above the top left corner."""
    label(axes, axes.get_xlim()[0], axes.get_ylim()[1], text, theme.muted, valign="base", dx=dx, dy=dy)


def spread(wanted: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """Move positions apart until neighbours are ``gap`` apart, within [low, high], keeping their order."""
    order = sorted(range(len(wanted)), key=lambda i: (wanted[i], i))
    placed = [min(max(wanted[i], low), high) for i in order]
    for k in range(1, len(placed)):
        placed[k] = max(placed[k], placed[k - 1] + gap)
    if placed and placed[-1] > high:
        placed[-1] = high
        for k in range(len(placed) - 2, -1, -1):
            placed[k] = min(placed[k], placed[k + 1] - gap)
    made = [0.0] * len(wanted)
    for place, i in zip(placed, order, strict=True):
        made[i] = place
    return made


__all__ = [
    "TEXT_SIZE",
    "Anchor",
    "Flags",
    "Numbers",
    "band",
    "dots",
    "grid_x",
    "grid_y",
    "heading",
    "label",
    "limits",
    "line",
    "nice_ticks",
    "pixel",
    "rectangles",
    "segments",
    "spread",
    "time_axis",
    "units",
]
