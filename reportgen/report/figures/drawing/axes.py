"""Axes that draw their own marks.

A matplotlib artist per mark costs several times what drawing it does: callbacks, clip paths, a transform of its own,
sorting by ``zorder``. Here an axes keeps plain marks in the order of the calls, moves them to pixels by one affine
map, and hands them to matplotlib's renderer with a graphics context that is made once per look: half the time of a
chart, the same SVG. Lines, areas and dots draw on any backend; labels only with ours, which knows how they hang.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal, Protocol

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backend_bases import GraphicsContextBase
from matplotlib.colors import to_rgba
from matplotlib.font_manager import FontProperties
from matplotlib.markers import MarkerStyle
from matplotlib.path import Path
from matplotlib.transforms import Affine2D
from numpy.typing import NDArray

if TYPE_CHECKING:
    from matplotlib.backend_bases import RendererBase
    from matplotlib.transforms import Bbox, Transform

Numbers = NDArray[np.float64]
Flags = NDArray[np.bool_]
Anchor = Literal["start", "middle", "end"]
Cap = Literal["butt", "round"]
Dash = tuple[float, ...]


class Place:
    """Where an axes stands, and how its data become pixels of the figure, y up."""

    __slots__ = ("_scale", "_start", "box", "to_pixels")

    def __init__(self, to_pixels: NDArray[np.float64], box: Bbox) -> None:
        self.to_pixels, self.box = Affine2D(to_pixels), box
        (a, _, e), (_, d, f) = to_pixels[:2].tolist()
        self._scale, self._start = (a, d), (e, f)

    def of(self, x: float, y: float) -> tuple[float, float]:
        """Return one point in pixels."""
        return self._scale[0] * x + self._start[0], self._scale[1] * y + self._start[1]


class Mark(Protocol):
    """Something that an axes shows."""

    def draw(self, renderer: RendererBase, place: Place) -> None:
        """Draw at the place of the axes."""


class ChartAxes(Axes):
    """A place and its two scales, without matplotlib's axis, ticks and frame."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        self.marks: list[Mark] = []
        self._place: Place | None = None
        self._where = (0.0, 0.0, 1.0, 1.0)
        self._limits = (0.0, 1.0), (0.0, 1.0)
        super().__init__(*arguments, frameon=False, autoscale_on=False, **options)
        self.set_axis_off()

    def start(self, where: tuple[float, float, float, float], x: tuple[float, float], y: tuple[float, float]) -> None:
        """Forget all marks; stand at ``where`` (left, bottom, width, height; shares of the figure), with these limits.

        The limits are set as they are: nothing listens to them, and none is widened for the sake of a tick.
        """
        self.marks.clear()
        self._place, self._limits = None, (_apart(*x), _apart(*y))
        if where != self._where:
            self.set_position(where)
            self._where = where
        self.viewLim.intervalx, self.viewLim.intervaly = self._limits

    def get_xlim(self) -> tuple[float, float]:
        """Return the limits given to :meth:`start`."""
        return self._limits[0]

    def get_ylim(self) -> tuple[float, float]:
        """Return the limits given to :meth:`start`."""
        return self._limits[1]

    @property
    def place(self) -> Place:
        """Where it stands since the last :meth:`start`."""
        if self._place is None:
            self._place = Place(self.transData.get_matrix(), self.bbox.frozen())
        return self._place

    def draw(self, renderer: RendererBase | None) -> None:
        """Draw the marks in the order in which they were added."""
        if renderer is None:
            raise RuntimeError("A chart is drawn by a renderer.")
        for mark in self.marks:
            mark.draw(renderer, self.place)
        self.stale = False


@dataclass(frozen=True, slots=True)
class Stroke:
    """A line; NaN breaks it."""

    path: Path
    color: str
    alpha: float | None
    width: float
    dash: Dash
    cap: Cap
    clip: bool

    def draw(self, renderer: RendererBase, place: Place) -> None:
        """Hand the line to the renderer."""
        gc = _pen(self.color, self.alpha, self.width, self.dash, self.cap, "round")
        gc.set_clip_rectangle(place.box if self.clip else None)
        renderer.draw_path(gc, self.path, place.to_pixels)


@dataclass(frozen=True, slots=True)
class Area:
    """A filled shape without an edge."""

    path: Path
    color: str
    alpha: float | None
    clip: bool

    def draw(self, renderer: RendererBase, place: Place) -> None:
        """Hand the shape to the renderer."""
        gc = _pen("none", None, 0.0, (), "butt", "miter")
        gc.set_clip_rectangle(place.box if self.clip else None)
        renderer.draw_path(gc, self.path, place.to_pixels, to_rgba(self.color, self.alpha))


@dataclass(frozen=True, slots=True)
class Dots:
    """The same mark at many points; ``edge`` is the width of its outline."""

    path: Path
    color: str
    inside: str
    alpha: float | None
    size: float
    edge: float
    shape: str

    def draw(self, renderer: RendererBase, place: Place) -> None:
        """Hand the marks to the renderer."""
        shape, move, cap, join = _marker(self.shape, self.size)
        gc = _pen(self.color, self.alpha, self.edge, (), cap, join)
        gc.set_clip_rectangle(None)
        renderer.draw_markers(gc, shape, move, self.path, place.to_pixels, to_rgba(self.inside, self.alpha))


@dataclass(frozen=True, slots=True)
class Label:
    """One line of horizontal text, hung at data coordinates with an offset in pixels; never layout or mathtext."""

    at: tuple[float, float]
    offset: tuple[float, float]
    text: str
    color: str
    size: float
    weight: int
    anchor: Anchor

    def draw(self, renderer: RendererBase, place: Place) -> None:
        """Write the text from its anchor on the baseline."""
        x, y = place.of(*self.at)
        gc = _pen(self.color, None, 1.0, (), "butt", "round")
        gc.set_clip_rectangle(None)
        x, y = x + self.offset[0], y + self.offset[1]
        renderer.draw_text(gc, x, y, self.text, _font(self.size), 0, False, self)  # type: ignore[arg-type]


def _apart(low: float, high: float) -> tuple[float, float]:
    """Return limits with something between them: a scale of one value has its middle there."""
    return (low, high) if low != high else (low - 0.5, high + 0.5)


@lru_cache(maxsize=512)
def _pen(color: str, alpha: float | None, width: float, dash: Dash, cap: str, join: str) -> GraphicsContextBase:
    gc = GraphicsContextBase()
    gc.set_foreground(to_rgba(color, alpha), isRGBA=True)
    gc.set_linewidth(width)
    gc.set_capstyle(cap)  # type: ignore[arg-type]
    gc.set_joinstyle(join)  # type: ignore[arg-type]
    if dash:
        gc.set_dashes(0, dash)
    return gc


@lru_cache(maxsize=64)
def _marker(shape: str, size: float) -> tuple[Path, Transform, str, str]:
    marker = MarkerStyle(shape)
    move = marker.get_transform().scale(size)  # type: ignore[attr-defined]
    return marker.get_path(), move, str(marker.get_capstyle()), str(marker.get_joinstyle())


@lru_cache(maxsize=64)
def _font(size: float) -> FontProperties:
    return FontProperties(size=size)
