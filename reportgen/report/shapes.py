"""What a drawn chart consists of: lines, areas, dots and labels in their places, as plain data.

Places are whole tenths of a pixel (72 an inch) from the left and top edge, y down. They are rounded once, where a
shape is made: an SVG, a PDF and a matplotlib axes then show the same picture, and no writer reads what another wrote.
Steps of no length are left out (but a line may be a single such step, which a round end makes a dot), and neighbours
of one look are one shape.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Anchor = Literal["start", "middle", "end"]
Cap = Literal["butt", "round"]
Dash = tuple[float, ...]
Point = tuple[int, int]
Piece = tuple[Point, ...]
"""Corners joined by straight steps."""


@dataclass(frozen=True, slots=True)
class Line:
    """Open pieces of one look; corners are round. ``width`` and ``dash`` in pixels."""

    pieces: tuple[Piece, ...]
    color: str
    alpha: float
    width: float
    dash: Dash
    cap: Cap


@dataclass(frozen=True, slots=True)
class Area:
    """Filled pieces without an edge; the last corner of each joins its first."""

    pieces: tuple[Piece, ...]
    color: str
    alpha: float


@dataclass(frozen=True, slots=True)
class Dots:
    """The same mark at many points: ``size`` pixels across, filled with ``inside``, its outline ``edge`` wide."""

    points: tuple[Point, ...]
    color: str
    inside: str
    alpha: float
    size: float
    edge: float
    shape: Literal["round", "diamond"]

    def rings(self) -> tuple[tuple[float, str], ...]:
        """Diameters and colours of the discs that make a round mark: a ring is a disc on a disc."""
        inner = (self.size - self.edge, self.inside)
        return ((self.size + self.edge, self.color), inner) if self.edge else (inner,)

    def diamonds(self) -> tuple[Piece, ...]:
        """Corners of every diamond: a square of ``size`` on its tip."""
        half = tenths(self.size / 2**0.5)
        return tuple(((x, y + half), (x + half, y), (x, y - half), (x - half, y)) for x, y in self.points)


@dataclass(frozen=True, slots=True)
class Label:
    """One line of horizontal text that hangs from its anchor on the baseline; only ever text, never mathtext."""

    place: Point
    text: str
    color: str
    size: float
    weight: int
    anchor: Anchor


@dataclass(frozen=True, slots=True)
class Tip:
    """A place that a page answers with a text when it is pointed at."""

    place: Point
    text: str


Shape = Line | Area | Dots | Label
SHIFT = {"start": 0.0, "middle": 0.5, "end": 1.0}
"""Share of its width that a label stands to the left of its place, by anchor."""


def tenths(value: float) -> int:
    """Pixels as whole tenths."""
    return round(value * 10)
