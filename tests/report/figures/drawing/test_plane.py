"""Planes: geometry that stays inside, gaps that stay gaps, neighbours of one look joined."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest

from reportgen.report.figures.drawing import marks
from reportgen.report.figures.drawing.plane import Box, Plane, Sheet, sheet
from reportgen.report.shapes import Area, Dots, Label, Line


@pytest.fixture
def canvas() -> tuple[Sheet, Plane]:
    made, (plane,) = sheet(100, 100, [Box(10, 10, 80, 80, (0.0, 8.0), (0.0, 8.0))])
    return made, plane


def test_rounded_steps_never_drift(canvas: tuple[Sheet, Plane]) -> None:
    made, plane = canvas
    x = np.arange(0, 400) * 0.02
    marks.line(plane, x, 4 + 3 * np.sin(7 * x), "#000000")
    (line,) = made.shapes()
    assert isinstance(line, Line)
    corners = np.array(line.pieces[0]) / 10
    exact = np.column_stack([10 + 10 * x, 90 - 10 * (4 + 3 * np.sin(7 * x))])
    assert len(corners) == 400
    assert np.abs(corners - exact).max() < 0.0501


def test_neighbours_of_one_look_become_one_shape(canvas: tuple[Sheet, Plane]) -> None:
    made, plane = canvas
    marks.line(plane, [0, 8], [1, 1], "#000000", width=1)
    marks.line(plane, [0, 8], [2, 2], "#000000", width=1)
    marks.line(plane, [0, 8], [3, 3], "#ff0000", width=1)
    assert [len(shape.pieces) for shape in made.shapes() if isinstance(shape, Line)] == [2, 1]


def test_neighbours_that_let_through_stay_apart(canvas: tuple[Sheet, Plane]) -> None:
    made, plane = canvas
    for _ in range(2):
        marks.rectangles(plane, [(0.0, 0.0, 2.0, 2.0)], "#000000", alpha=0.5)
    assert len(made.shapes()) == 2


def test_missing_values_break_a_line_and_a_band_and_leave_out_a_dot(canvas: tuple[Sheet, Plane]) -> None:
    made, plane = canvas
    nan = math.nan
    marks.line(plane, [0, 1, 2, 3, 4], [1, 1, nan, 1, 1], "#000000")
    marks.band(plane, [0, 1, 2, 3, 4], [1, 1, nan, 1, 1], [2, 2, 2, 2, 2], "#ff0000")
    marks.dots(plane, [0, 1, 2], [1, nan, 1], "#000000")
    line, band, dots = made.shapes()
    assert isinstance(line, Line)
    assert isinstance(band, Area)
    assert isinstance(dots, Dots)
    assert len(line.pieces) == len(band.pieces) == len(dots.points) == 2


def test_what_is_outside_is_cut_off(canvas: tuple[Sheet, Plane]) -> None:
    made, plane = canvas
    marks.line(plane, [20, 30], [4, 4], "#000000")
    marks.line(plane, [-8, 4, 16, 4, 4], [4, 4, 4, 4, 20], "#000000")
    marks.rectangles(plane, [(-5.0, -5.0, 4.0, 20.0)], "#00ff00", clip=True)
    line, area = made.shapes()
    assert isinstance(line, Line)
    assert isinstance(area, Area)
    assert line.pieces == (((90, 500), (500, 500), (910, 500)), ((910, 500), (500, 500), (500, 90)))
    assert area.pieces == (((100, 900), (100, 100), (500, 100), (500, 900)),)


@pytest.mark.parametrize("seed", range(20))
def test_a_cut_line_is_the_line_inside_the_edges(seed: int) -> None:
    """Every piece lies inside, and every point of the line that is well inside is on a piece."""
    made, (plane,) = sheet(100, 100, [Box(10, 10, 80, 80, (0.0, 1.0), (0.0, 1.0))])
    random = np.random.default_rng(seed)
    x, y = random.normal(0.5, 1.0, (2, 30))
    marks.line(plane, x, y, "#000000")
    pieces = [np.array(piece) / 10 for shape in made.shapes() if isinstance(shape, Line) for piece in shape.pieces]
    assert all(((piece >= 8.95) & (piece <= 91.05)).all() for piece in pieces)
    share = np.linspace(0, 1, 200)[:, None]
    walked = np.vstack([a + share * (b - a) for piece in pieces for a, b in pairwise(piece)])
    corners = np.column_stack([10 + 80 * x, 90 - 80 * y])
    fine = np.vstack([a + share * (b - a) for a, b in pairwise(corners)])
    inside = fine[((fine > 10) & (fine < 90)).all(axis=1)]
    nearest = np.sqrt(((inside[:, None] - walked[None]) ** 2).sum(axis=2).min(axis=1))
    assert nearest.max() < 0.6


def test_empty_label_is_nothing(canvas: tuple[Sheet, Plane]) -> None:
    made, plane = canvas
    marks.label(plane, 4, 4, "", "#000000")
    assert made.shapes() == ()


def test_a_label_hangs_where_its_place_says(canvas: tuple[Sheet, Plane]) -> None:
    made, plane = canvas
    marks.label(plane, 4, 4, "a", "#000000", valign="base", dx=3, dy=-2)
    (shape,) = made.shapes()
    assert isinstance(shape, Label)
    assert shape.place == (530, 520)


def test_a_scale_of_a_single_value_has_it_in_the_middle() -> None:
    _, (plane,) = sheet(100, 100, [Box(10, 10, 80, 80, (3.0, 3.0), (0.0, 0.0))])
    assert plane.pixel(3.0, 0.0) == pytest.approx((50.0, 50.0))
