"""Rows of estimates with their intervals: the drawing that forests, caterpillars and market charts share.

95 % (the report's level) thin, 50 % thick, point on top; a hollow mark where the interval crosses zero. Names to the
left, values to the right, zero and other references as labelled lines.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from reportgen.report.figures.drawing import marks
from reportgen.report.figures.drawing.plane import Box, Sheet, sheet
from reportgen.report.figures.drawing.theme import SMALL, WIDE
from reportgen.report.typefaces.widths import fit_text, text_width
from reportgen.report.words.names import told_apart

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from reportgen.report.figures.drawing.plane import Plane
    from reportgen.report.figures.kit import Kit, Tip


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """One row. Numbers are drawn values (money, or fractions at log response); ``color`` is a palette token.

    A row whose estimate is NaN is only its label: the gap between the two ends of a shortened list.
    """

    label: str
    estimate: float
    lower: float | None
    upper: float | None
    value: str = ""
    """The numbers in words, to the right."""
    color: str = "accent"
    bold: bool = False

    @property
    def crosses(self) -> bool:
        """Whether the interval contains zero (or is unknown)."""
        return self.lower is None or self.upper is None or self.lower <= 0 <= self.upper


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """A labelled vertical line."""

    value: float
    label: str
    color: str = "faint"
    dashed: bool = False


def draw_intervals(
    axes: Plane,
    rows: Sequence[Interval],
    kit: Kit,
    *,
    positions: marks.Numbers | None = None,
    size: float = 7.0,
    thick: float = 4.5,
) -> None:
    """Draw the intervals; row k at height ``positions[k]`` (by default the first on top)."""
    place = np.arange(len(rows) - 1, -1, -1, dtype=float) if positions is None else positions
    place, rows = place[[math.isfinite(r.estimate) for r in rows]], [r for r in rows if math.isfinite(r.estimate)]
    mid = np.array([r.estimate for r in rows])
    ends = np.array([(r.estimate if v is None else v) for r in rows for v in (r.lower, r.upper)]).reshape(-1, 2)
    inner = np.array([kit.half(r.estimate, r.lower, r.upper) for r in rows]).reshape(-1, 2)
    colors, crosses = np.array([r.color for r in rows]), np.array([r.crosses for r in rows])
    # By colour, thin lines before thick ones before marks: few shapes, and marks on top.
    for color in dict.fromkeys(colors.tolist()):
        shade, mine = getattr(kit.theme, color), colors == color
        for bounds, width in ((ends, 1.2), (inner, thick)):
            a, b, p = bounds[mine, 0], bounds[mine, 1], place[mine]
            marks.segments(axes, a, p, b, p, shade, width=width)
        for hollow in (True, False):
            chosen = mine & (crosses == hollow)
            if chosen.any():
                marks.dots(axes, mid[chosen], place[chosen], shade, size=size, hollow=kit.theme.paper if hollow else "")


def draw_references(axes: Plane, references: Sequence[Reference], kit: Kit) -> None:
    """Vertical lines with their names on top, moved apart where they would touch."""
    low, high = axes.y
    ux = axes.units[0]
    for reference, up in _lifted(references, axes.x, ux):
        color = getattr(kit.theme, reference.color)
        marks.line(
            axes,
            [reference.value] * 2,
            [low, high],
            color,
            width=1.1,
            dash=(4, 3) if reference.dashed else (),
            clip=False,
        )
        shade = kit.theme.muted if reference.color == "faint" else color
        half = text_width(reference.label, SMALL) / 2
        # A name that would leave the page on the right moves in.
        beyond = axes.left + (reference.value - axes.x[0]) / ux + half - axes.sheet.width
        dx, at = -max(beyond, 0.0), (reference.value, high)
        marks.label(axes, *at, reference.label, shade, anchor="middle", valign="base", dx=dx, dy=up)


def _lifted(references: Sequence[Reference], bounds: tuple[float, float], ux: float) -> list[tuple[Reference, float]]:
    """References inside the axes with the height of their label: a second row where names would touch."""
    made, taken = [], -math.inf
    for reference in sorted(references, key=lambda r: r.value):
        if bounds[0] <= reference.value <= bounds[1]:
            half = text_width(reference.label, SMALL) / 2
            # In pixels: places in data over data units a pixel.
            left = reference.value / ux - half
            up = 17.0 if left < taken + 6 else 4.0
            taken = left + 2 * half if up == 4.0 else taken
            made.append((reference, up))
    return made


def lift(references: Sequence[Reference], bounds: tuple[float, float], width: float) -> float:
    """Room that a second row of reference names takes in axes of ``width`` pixels, 0 where one is enough."""
    return max((up for _, up in _lifted(references, bounds, (bounds[1] - bounds[0]) / width)), default=4.0) - 4.0


def interval_chart(
    rows: Sequence[Interval],
    kit: Kit,
    *,
    ticks: Callable[[tuple[float, ...]], tuple[str, ...]],
    heading: str,
    references: Sequence[Reference] = (),
    width: float = WIDE,
    row: float = 21.0,
    zero: bool = True,
    size: float = 7.0,
    thick: float = 4.5,
) -> tuple[Sheet, list[Tip]]:
    """Draw a forest on its own sheet; the width of names and values decides the place of the axes."""
    names = min(
        max((text_width(r.label, SMALL + 1, 600 if r.bold else 400) for r in rows), default=0.0) + 14, width * 0.34
    )
    values = max((text_width(r.value, SMALL) for r in rows), default=0.0) + 16
    ends = [v for r in rows for v in (r.estimate, r.lower, r.upper) if v is not None and math.isfinite(v)]
    # A reference is in sight even where all intervals lie far from it.
    ends += [reference.value for reference in references]
    bounds = marks.limits(ends, zero=zero)
    inner = width - names - max(values, 24)
    double = lift(references, bounds, inner)
    top, height = (38.0 if heading else 20.0) + double, row * len(rows)
    drawn, (axes,) = sheet(width, top + height + 26, [Box(names, top, inner, height, bounds, (-0.5, len(rows) - 0.5))])
    fit_ticks(axes, kit, ticks)
    marks.label(axes, bounds[0], len(rows) - 0.5, heading, kit.theme.muted, valign="base", dx=-names, dy=22 + double)
    draw_references(axes, references, kit)
    draw_intervals(axes, rows, kit, size=size, thick=thick)
    tips: list[Tip] = []
    type_size = min(SMALL + 1, row * 0.8)
    bold = {r.label for r in rows if r.bold}
    texts = told_apart(
        [r.label for r in rows], lambda text: fit_text(text, names - 10, type_size, 600 if text in bold else 400)
    )
    for k, item in enumerate(rows):
        y = float(len(rows) - 1 - k)
        weight = 600 if item.bold else 400
        shade = getattr(kit.theme, item.color if item.color in {"second", "muted"} else "ink")
        marks.label(axes, bounds[0], y, texts[k], shade, dx=-names, size=type_size, weight=weight)
        marks.label(
            axes,
            bounds[1],
            y,
            item.value,
            kit.theme.ink if item.bold else kit.theme.muted,
            dx=12,
            size=min(SMALL, row * 0.8),
        )
        if math.isfinite(item.estimate):
            tips.append((*axes.pixel(item.estimate, y), f"{item.label}: {item.value}"))
    return drawn, tips


def fit_ticks(
    axes: Plane, kit: Kit, ticks: Callable[[tuple[float, ...]], tuple[str, ...]], *, base: bool = False
) -> None:
    """Draw as many vertical grid lines as their labels leave room for."""
    bounds = axes.x
    coarser: tuple[float, ...] = ()
    for count in (6, 5, 4, 3, 2):
        at = marks.nice_ticks(*bounds, count)
        texts = ticks(at)
        widest = max((text_width(t, SMALL) for t in texts), default=0.0)
        if len(at) < 2 and len(coarser) > 1:  # one number tells no scale: keep the two ends of the grid before
            at = (coarser[0], coarser[-1])
            texts = ticks(at)
        if len(at) < 3 or (at[1] - at[0]) / axes.units[0] > widest + 8:
            break
        coarser = at
    marks.grid_x(axes, at, texts, kit.theme, base=base)
