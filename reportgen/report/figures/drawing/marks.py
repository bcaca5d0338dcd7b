"""The few marks every chart is made of: lines, intervals, dots, bands, bars, labels, and a plain frame.

Each is added to a plane (``plane.py``) as the topmost. A frame drawn from lines and labels puts every label where it
is wanted; text from data is only ever text.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal

import numpy as np

from reportgen.report.figures.drawing.plane import Flags, Numbers, runs
from reportgen.report.figures.drawing.theme import SMALL, TEXT_SIZE, Theme
from reportgen.report.shapes import SHIFT, Anchor, Cap, Dash, Dots
from reportgen.report.typefaces.widths import fit_text, text_width

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reportgen.report.figures.drawing.plane import Plane
    from reportgen.report.words.formats import AxisPeriod

# Of Fira Sans, in em: labels are centred on their capitals and figures, not on a line box with room for descenders.
_CAP_HEIGHT = 0.69
_ABOVE = {"base": 0.0, "middle": -_CAP_HEIGHT / 2, "top": -_CAP_HEIGHT, "bottom": 0.22}


def label(
    axes: Plane,
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
        left = dx - SHIFT[anchor] * width
        ux, uy = axes.units
        corners = ((left - 2, low - 3), (left + width + 2, low + size * _CAP_HEIGHT + 2))
        (x0, y0), (x1, y1) = ((x + px * ux, y + py * uy) for px, py in corners)
        rectangles(axes, [(x0, y0, x1, y1)], halo, alpha=0.85)
    axes.label((float(x), float(y)), (dx, low), text, color, size=size, weight=weight, anchor=anchor)


def line(
    axes: Plane,
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
    axes.line(x, y, color, width=width, dash=dash, alpha=alpha, cap=cap, clip=clip)


def segments(
    axes: Plane,
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
    axes.line(
        ends[:, :, 0].ravel(), ends[:, :, 1].ravel(), color, width=width, dash=dash, alpha=alpha, cap=cap, clip=clip
    )


def dots(
    axes: Plane,
    x: Sequence[float] | Numbers,
    y: Sequence[float] | Numbers,
    color: str,
    *,
    size: float = 6.0,
    hollow: str = "",
    shape: Literal["round", "diamond"] = "round",
    alpha: float | None = None,
) -> None:
    """Draw marks of ``size`` pixels; ``hollow`` is the colour inside a ring."""
    edge = 1.4 if hollow else 0.0
    axes.dots(x, y, Dots((), color, hollow or color, 1.0 if alpha is None else alpha, size - edge, edge, shape))


def band(
    axes: Plane,
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
    upper_runs, lower_runs = (runs(np.column_stack([xs, edge]), known) for edge in (high, low))
    # Along the upper line and back along the lower one: a closed outline. A single known value has no area.
    corners = [np.vstack([up, down[::-1]]) for up, down in zip(upper_runs, lower_runs, strict=True) if len(up) >= 2]
    axes.area(corners, color, alpha=alpha, clip=True)


def rectangles(
    axes: Plane,
    boxes: Sequence[tuple[float, float, float, float]],
    color: str,
    *,
    alpha: float | None = None,
    clip: bool = False,
) -> None:
    """Fill boxes (x0, y0, x1, y1) as one element."""
    axes.area([np.array([(a, b), (a, d), (c, d), (c, b)]) for a, b, c, d in boxes], color, alpha=alpha, clip=clip)


# --- frame ------------------------------------------------------------------------------------


def nice_ticks(lower: float, upper: float, count: int = 5) -> tuple[float, ...]:
    """Round numbers inside [lower, upper], about ``count`` of them."""
    span = upper - lower
    if not span > 0 or not math.isfinite(span):
        return (lower,)
    raw = span / max(count, 1)
    power = 10.0 ** math.floor(math.log10(raw))
    # A hair of tolerance, or rounding in the logarithm would double the step of a span that is a round number.
    step = next(m * power for m in (1, 2, 2.5, 5, 10) if m * power >= raw * 0.999)
    # The same for ends that are ticks themselves; the text form takes the dust off k times step.
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
    axes: Plane, ticks: Sequence[float], texts: Sequence[str], theme: Theme, *, base: float | None = None
) -> None:
    """Draw light horizontal lines with their numbers to the left; ``base`` is drawn darker."""
    x0, x1 = axes.x
    at = np.asarray(ticks, dtype=float)
    segments(axes, np.full_like(at, x0), at, np.full_like(at, x1), at, theme.line, clip=False)
    if base is not None:
        line(axes, [x0, x1], [base, base], theme.faint, clip=False)
    for tick, text in zip(ticks, texts, strict=True):
        label(axes, x0, tick, text, theme.muted, anchor="end", dx=-7)


def grid_x(
    axes: Plane, ticks: Sequence[float], texts: Sequence[str], theme: Theme, *, lines: bool = True, base: bool = False
) -> None:
    """Draw light vertical lines with their numbers below."""
    y0, y1 = axes.y
    at = np.asarray(ticks, dtype=float)
    if lines:
        segments(axes, at, np.full_like(at, y0), at, np.full_like(at, y1), theme.line, clip=False)
    if base:
        line(axes, list(axes.x), [y0, y0], theme.faint, clip=False)
    end = (axes.sheet.width - axes.left) * axes.units[0] + axes.x[0]
    for tick, text in zip(ticks, texts, strict=True):
        if tick + text_width(text, SMALL) / 2 * axes.units[0] <= end:  # a label that would leave the page is left out
            label(axes, tick, y0, text, theme.muted, anchor="middle", valign="top", dy=-7)


def time_axis(axes: Plane, periods: Sequence[AxisPeriod], theme: Theme, *, last: float | None = None) -> None:
    """Write months below the axes, and below them each year once."""
    x0, x1 = axes.x
    y0 = axes.y[0]
    line(axes, [x0, x1 if last is None else last], [y0, y0], theme.faint, clip=False)
    at = np.asarray([p.position for p in periods], dtype=float)
    ticks = np.full_like(at, y0)
    segments(axes, at, ticks, at, ticks - 4 * axes.units[1], theme.faint, clip=False)
    for period in periods:
        label(axes, period.position, y0, period.month, theme.muted, anchor="middle", valign="top", dy=-8)
        if period.year:
            label(axes, period.position, y0, period.year, theme.ink, anchor="middle", valign="top", dy=-23)


def heading(axes: Plane, text: str, theme: Theme, *, dx: float = 0.0, dy: float = 10.0) -> None:
    """Write what an axis measures, with its unit, above the top left corner."""
    text = fit_text(text, axes.sheet.width - axes.left - dx, SMALL)
    label(axes, axes.x[0], axes.y[1], text, theme.muted, valign="base", dx=dx, dy=dy)


def below(axes: Plane, text: str, theme: Theme, *, dy: float = -24.0) -> None:
    """Write what the horizontal axis measures, with its unit, in the middle below its numbers."""
    text = fit_text(text, axes.sheet.width, SMALL)
    # A text wider than its plane moves in from the edges of the sheet.
    half, middle = text_width(text, SMALL) / 2, (axes.left + axes.right) / 2
    dx = min(max(middle, half), axes.sheet.width - half) - middle
    label(axes, sum(axes.x) / 2, axes.y[0], text, theme.muted, anchor="middle", valign="top", dx=dx, dy=dy)


def spread(wanted: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """Move positions apart until neighbours are ``gap`` apart, within [low, high], keeping their order."""
    order = sorted(range(len(wanted)), key=lambda i: (wanted[i], i))
    placed = [min(max(wanted[i], low), high) for i in order]
    for k in range(1, len(placed)):
        placed[k] = max(placed[k], placed[k - 1] + gap)
    # Pushed up in one pass; if that leaves the range, back down from its end. With too little room both ends give.
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
    "below",
    "dots",
    "grid_x",
    "grid_y",
    "heading",
    "label",
    "limits",
    "line",
    "nice_ticks",
    "rectangles",
    "segments",
    "spread",
    "time_axis",
]
