"""A sheet and its planes: where data stand on a chart.

A plane is a rectangle of the sheet with a scale along x and y. It turns data into pixels and keeps shapes in the
order in which they were added; what lies outside is cut off here, by geometry, so that a picture needs no clip paths
(their ids would clash where many charts share a page). Pixels are counted from the left and bottom edge here, y up;
shapes have y down.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from reportgen.report.shapes import Area, Dash, Dots, Label, Line, Piece, Point, Shape, tenths

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reportgen.report.shapes import Anchor, Cap

Numbers = NDArray[np.float64]
Flags = NDArray[np.bool_]
Pair = tuple[float, float]
_MARGIN = 1.0
"""Pixels beyond its plane that a line is drawn to, so that its rounded corner, not a cut, is seen at the edge."""


class Box(NamedTuple):
    """Place and scale of one plane: pixels from the left and top edge of the sheet, limits of the data."""

    left: float
    top: float
    width: float
    height: float
    x: Pair
    y: Pair


class Sheet:
    """The paper of one chart."""

    __slots__ = ("height", "planes", "width")

    def __init__(self, width: float, height: float, boxes: Sequence[Box]) -> None:
        self.width, self.height = width, height
        self.planes = [Plane(self, box) for box in boxes]

    def shapes(self) -> tuple[Shape, ...]:
        """All shapes, plane by plane; neighbours of one look that nothing shines through are one."""
        made: list[Shape] = []
        for shape in (shape for plane in self.planes for shape in plane.shapes):
            last = made[-1] if made else None
            if (
                isinstance(shape, Line | Area)
                and shape.alpha == 1
                and type(last) is type(shape)
                and replace(shape, pieces=last.pieces) == last
            ):
                made[-1] = replace(last, pieces=last.pieces + shape.pieces)
            else:
                made.append(shape)
        return tuple(made)

    def spot(self, x: float, y: float) -> Point:
        """A place in pixels (y up) as shapes have it."""
        return tenths(x), tenths(self.height - y)


class Plane:
    """A part of a sheet with its two scales; ``x`` and ``y`` are the limits of the data, edges are in pixels."""

    __slots__ = ("_scale", "_start", "bottom", "left", "right", "shapes", "sheet", "top", "units", "x", "y")

    def __init__(self, sheet: Sheet, box: Box) -> None:
        self.sheet, self.shapes = sheet, list[Shape]()
        self.x, self.y = _apart(*box.x), _apart(*box.y)
        # Edges go by shares of the sheet: that decides the last bit, and so how half a tenth is rounded.
        wide, high = sheet.width, sheet.height
        across, up = box.left / wide, (high - box.top - box.height) / high
        self.left, self.right = across * wide, (across + box.width / wide) * wide
        self.bottom, self.top = up * high, (up + box.height / high) * high
        width, height = self.right - self.left, self.top - self.bottom
        self.units = (self.x[1] - self.x[0]) / width, (self.y[1] - self.y[0]) / height
        """Data units per pixel, along x and y."""
        # One product and one sum a point: pixel = scale * value + start.
        a, d = 1.0 / (self.x[1] - self.x[0]), 1.0 / (self.y[1] - self.y[0])
        self._scale = width * a, height * d
        self._start = self.left - width * (self.x[0] * a), self.bottom - height * (self.y[0] * d)

    def pixel(self, x: float, y: float) -> Pair:
        """One point in pixels of the sheet."""
        (a, d), (e, f) = self._scale, self._start
        return a * x + e, d * y + f

    def _pixels(self, x: Sequence[float] | Numbers, y: Sequence[float] | Numbers) -> Numbers:
        """Many points, (N, 2)."""
        return np.column_stack(self.pixel(np.asarray(x, dtype=float), np.asarray(y, dtype=float)))  # type: ignore[arg-type]

    def line(
        self,
        x: Sequence[float] | Numbers,
        y: Sequence[float] | Numbers,
        color: str,
        *,
        width: float,
        dash: Dash,
        alpha: float | None,
        cap: Cap,
        clip: bool,
    ) -> None:
        """Add a line; NaN breaks it, ``clip`` cuts it at the edge of the plane."""
        points = self._pixels(x, y)
        parts = runs(points, np.isfinite(points.sum(axis=1)))
        if clip:
            edges = self.left - _MARGIN, self.bottom - _MARGIN, self.right + _MARGIN, self.top + _MARGIN
            parts = [inner for part in parts for inner in _inside(part, edges)]
        pieces = self._pieces(parts)
        if pieces:
            self.shapes.append(Line(pieces, color, 1.0 if alpha is None else alpha, width, dash, cap))

    def area(self, corners: Sequence[Numbers], color: str, *, alpha: float | None, clip: bool) -> None:
        """Fill shapes given by their corners, each (N, 2) in data units."""
        outlines = [self._pixels(one[:, 0], one[:, 1]) for one in corners]
        if clip:
            # Corners are moved to the edge, sides are not cut: exact for boxes, close enough for the narrow steps of a
            # band.
            outlines = [one.clip((self.left, self.bottom), (self.right, self.top)) for one in outlines]
        if outlines:
            self.shapes.append(Area(self._pieces(outlines), color, 1.0 if alpha is None else alpha))

    def dots(self, x: Sequence[float] | Numbers, y: Sequence[float] | Numbers, look: Dots) -> None:
        """Add the mark of ``look`` at many points; unknown ones are left out."""
        points = self._pixels(x, y)
        points = points[np.isfinite(points.sum(axis=1))]
        if len(points):
            self.shapes.append(replace(look, points=self._spots(points)))

    def label(self, at: Pair, offset: Pair, text: str, color: str, *, size: float, weight: int, anchor: Anchor) -> None:
        """Hang ``text`` at a data point, moved by ``offset`` pixels."""
        x, y = self.pixel(*at)
        place = self.sheet.spot(x + offset[0], y + offset[1])
        self.shapes.append(Label(place, text, color, size, weight, anchor))

    def _spots(self, points: Numbers) -> Piece:
        # Whole tenths of a pixel: no screen shows less, and their texts are short and few (``render/charts/svg.py``).
        points[:, 1] = self.sheet.height - points[:, 1]
        return tuple(map(tuple, (points * 10).round().astype(int).tolist()))

    def _pieces(self, runs: Sequence[Numbers]) -> tuple[Piece, ...]:
        if not runs:
            return ()
        # All pieces rounded by one call, then parted again.
        whole = self._spots(np.vstack(runs))
        made, start = [], 0
        for run in runs:
            made.append(_steps(whole[start : start + len(run)]))
            start += len(run)
        return tuple(made)


def sheet(width: float, height: float, boxes: Sequence[Box]) -> tuple[Sheet, list[Plane]]:
    """Return an empty sheet and its planes, one per box."""
    made = Sheet(width, height, boxes)
    return made, made.planes


def _apart(low: float, high: float) -> Pair:
    """Return limits with something between them: a scale of one value has its middle there."""
    return (low, high) if low != high else (low - 0.5, high + 0.5)


def spans(known: Flags) -> list[tuple[int, int]]:
    """Where each run of what is known begins, and where it has ended."""
    # A zero on either side: runs at the ends of the array have their edges, too.
    edges = np.flatnonzero(np.diff(np.concatenate([[0], known.astype(int), [0]]))).tolist()
    return list(zip(edges[::2], edges[1::2], strict=True))


def runs(points: Numbers, known: Flags) -> list[Numbers]:
    """Split points (N, 2) at those that are not known."""
    return [points[start:stop] for start, stop in spans(known)]


def _steps(corners: Piece) -> Piece:
    """Leave out steps of no length, all but the first."""
    return corners[:2] + tuple(b for a, b in pairwise(corners[1:]) if a != b)


def _inside(run: Numbers, edges: tuple[float, float, float, float]) -> list[Numbers]:
    """Parts of a line inside ``edges`` (left, bottom, right, top)."""
    left, bottom, right, top = edges
    # Most lines lie inside as a whole; only the others are looked at step by step.
    low, high = run.min(axis=0), run.max(axis=0)
    if low[0] >= left and low[1] >= bottom and high[0] <= right and high[1] <= top:
        return [run]
    parts: list[list[Pair]] = []
    joined = False
    corners: list[Pair] = list(map(tuple, run.tolist()))
    for start, end in pairwise(corners):
        piece = _cut(start, end, edges)
        if piece is None:
            joined = False
            continue
        # Cut at its start: the line was outside and comes back in, which begins a part of its own.
        if not joined or piece[0] != start:
            parts.append([piece[0]])
        parts[-1].append(piece[1])
        joined = piece[1] == end
    return [np.array(part) for part in parts]


def _cut(start: Pair, end: Pair, edges: tuple[float, float, float, float]) -> tuple[Pair, Pair] | None:
    """The part of a straight step inside ``edges``, from where it enters to where it leaves (Liang, Barsky 1984)."""
    enters, leaves = 0.0, 1.0
    for axis in (0, 1):
        way = end[axis] - start[axis]
        for out, room in ((-way, start[axis] - edges[axis]), (way, edges[axis + 2] - start[axis])):
            if out == 0 and room < 0:  # beside this edge all along
                return None
            if out < 0:
                enters = max(enters, room / out)
            elif out > 0:
                leaves = min(leaves, room / out)
    if enters > leaves:
        return None

    def at(share: float) -> Pair:
        return start[0] + share * (end[0] - start[0]), start[1] + share * (end[1] - start[1])

    return at(enters) if enters else start, at(leaves) if leaves < 1 else end
