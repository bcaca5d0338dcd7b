"""Figures that are kept and used again: one per kind of chart and process.

Making a figure and its axes costs as much as drawing into it. A sheet is emptied and given its size and limits anew
before each use, so a reused one gives the same bytes as a fresh one (tested). Fixed places, no layout engine.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.figure import Figure

    from reportgen.report.figures.drawing.axes import ChartAxes


class Box(NamedTuple):
    """Place and scale of one axes: pixels from the left and top edge of the figure, limits of the data."""

    left: float
    top: float
    width: float
    height: float
    x: tuple[float, float]
    y: tuple[float, float]


_SHEETS: dict[tuple[str, int], tuple[Figure, list[ChartAxes]]] = {}


def sheet(kind: str, width: float, height: float, boxes: Sequence[Box]) -> tuple[Figure, list[ChartAxes]]:
    """Return the empty figure of ``kind`` with one axes per box."""
    figure, planes = _SHEETS.get((kind, len(boxes))) or _new(kind, width, height, len(boxes))
    size = width / 72, height / 72
    if size != tuple(figure.get_size_inches()):
        figure.set_size_inches(*size, forward=False)
    for axes, box in zip(planes, boxes, strict=True):
        bottom = height - box.top - box.height
        axes.start((box.left / width, bottom / height, box.width / width, box.height / height), box.x, box.y)
    return figure, planes


def _new(kind: str, width: float, height: float, count: int) -> tuple[Figure, list[ChartAxes]]:
    from matplotlib.figure import Figure

    from reportgen.report.figures.drawing.axes import ChartAxes

    figure = Figure(figsize=(width / 72, height / 72), dpi=72, facecolor="none", edgecolor="none", linewidth=0)
    figure.patch.set_visible(False)
    planes = [ChartAxes(figure, (0.0, 0.0, 1.0, 1.0)) for _ in range(count)]
    for axes in planes:
        figure.add_axes(axes)
    return _SHEETS.setdefault((kind, count), (figure, planes))


def forget_sheets() -> None:
    """Drop all figures (a worker that is done, a test that wants fresh ones)."""
    _SHEETS.clear()
