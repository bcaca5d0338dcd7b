"""Figures that are kept and used again: one per kind of chart and process.

Making a figure and its axes costs as much as drawing into it. A sheet is emptied and given its size and limits anew
before each use, so a reused one gives the same bytes as a fresh one (tested). Fixed places, no layout engine.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


class Box(NamedTuple):
    """Place and scale of one axes: pixels from the left and top edge of the figure, limits of the data."""

    left: float
    top: float
    width: float
    height: float
    x: tuple[float, float]
    y: tuple[float, float]


_SHEETS: dict[tuple[str, int], Figure] = {}


def sheet(kind: str, width: float, height: float, boxes: Sequence[Box]) -> tuple[Figure, list[Axes]]:
    """Return the empty figure of ``kind`` with one axes per box."""
    from matplotlib.figure import Figure

    figure = _SHEETS.get((kind, len(boxes)))
    if figure is None:
        figure = Figure(figsize=(width / 72, height / 72), dpi=72, facecolor="none", edgecolor="none", linewidth=0)
        figure.patch.set_visible(False)
        for _ in boxes:
            axes = figure.add_axes((0.0, 0.0, 1.0, 1.0), frameon=False, autoscale_on=False)
            axes.set_axis_off()
        _SHEETS[kind, len(boxes)] = figure
    figure.set_size_inches(width / 72, height / 72, forward=False)
    for axes, box in zip(figure.axes, boxes, strict=True):
        _empty(axes)
        bottom = height - box.top - box.height
        axes.set_position((box.left / width, bottom / height, box.width / width, box.height / height))
        axes.set_xlim(*box.x)
        axes.set_ylim(*box.y)
    return figure, figure.axes


def _empty(axes: Axes) -> None:
    for artist in (*axes.lines, *axes.patches, *axes.artists):
        artist.remove()


def forget_sheets() -> None:
    """Drop all figures (a worker that is done, a test that wants fresh ones)."""
    _SHEETS.clear()
