"""The lean writer: exact numbers, merged paths, dots without markers, geometry that stays in its axes."""

from __future__ import annotations

import re

import numpy as np
import pytest
from matplotlib.figure import Figure

from reportgen.report.figures.drawing import marks
from reportgen.report.figures.drawing.axes import ChartAxes
from reportgen.report.figures.drawing.sheet import Box, forget_sheets, sheet
from reportgen.report.figures.drawing.svg import LeanRenderer, number, path_data, write_svg


@pytest.fixture
def canvas() -> tuple[Figure, ChartAxes]:
    forget_sheets()
    figure, (axes,) = sheet("test", 100, 100, [Box(10, 10, 80, 80, (0.0, 8.0), (0.0, 8.0))])
    return figure, axes


@pytest.mark.parametrize(
    ("value", "text"), [(0.0, "0"), (-0.04, "0"), (12.34, "12.3"), (-0.26, "-0.3"), (100.0, "100"), (7.96, "8")]
)
def test_numbers_have_at_most_one_decimal(value: float, text: str) -> None:
    assert number(value) == text


@pytest.mark.parametrize(
    ("points", "codes", "data"),
    [
        ([(1, 2), (3, 2), (3, 5)], [1, 2, 2], "M1 2h2v3"),
        ([(0, 0), (1.5, 1.5), (1, 1)], [1, 2, 2], "M0 0l1.5 1.5-.5-.5"),
        ([(0, 0), (4, 0), (4, 4), (0, 0)], [1, 2, 2, 79], "M0 0h4v4z"),
        ([(0, 0), (0, 0)], [1, 2], "M0 0h0"),
        ([(0, 0), (1, 1), (1, 1), (2, 3)], [1, 2, 2, 2], "M0 0l1 1 1 2"),
        ([(0, 0), (5, 5), (0, 0)], [1, 1, 0], "M0 0M5 5"),
    ],
)
def test_path_data_is_relative_and_short(points: list[tuple[float, float]], codes: list[int], data: str) -> None:
    assert path_data(np.array(points, dtype=float), codes) == data


def walk(data: str) -> list[tuple[float, float]]:
    """Follow path data to its corners."""
    x = y = 0.0
    corners = []
    for command, arguments in re.findall(r"([MlhvzL])([^MlhvzL]*)", data):
        values = [float(v) for v in re.findall(r"-?(?:\d+\.\d+|\.\d+|\d+)", arguments)]
        pairs = {"h": [(v, 0.0) for v in values], "v": [(0.0, v) for v in values]}.get(
            command, list(zip(values[::2], values[1::2], strict=False))
        )
        for dx, dy in pairs:
            x, y = (dx, dy) if command == "M" else (x + dx, y + dy)
            corners.append((x, y))
    return corners


def test_rounded_steps_never_drift() -> None:
    x = np.arange(0, 400) * 0.333
    points = np.column_stack([x, 50 * np.sin(x)])
    corners = np.array(walk(path_data(points, [1] + [2] * 399)))
    assert np.abs(corners - points).max() < 0.0501


def test_neighbours_of_one_look_become_one_path(canvas: tuple[Figure, ChartAxes]) -> None:
    figure, axes = canvas
    marks.line(axes, [0, 8], [1, 1], "#000000", width=1)
    marks.line(axes, [0, 8], [2, 2], "#000000", width=1)
    marks.line(axes, [0, 8], [3, 3], "#ff0000", width=1)
    assert write_svg(figure, "two looks").count("<path") == 2


def test_missing_values_break_a_line_and_a_band(canvas: tuple[Figure, ChartAxes]) -> None:
    figure, axes = canvas
    nan = float("nan")
    marks.line(axes, [0, 1, 2, 3, 4], [1, 1, nan, 1, 1], "#000000")
    marks.band(axes, [0, 1, 2, 3, 4], [1, 1, nan, 1, 1], [2, 2, 2, 2, 2], "#ff0000")
    line, band = re.findall(r'd="([^"]+)"', write_svg(figure, "gap"))
    assert line.count("M") == 2
    assert band.count("M") == 2
    assert "nan" not in line + band


def test_round_marks_are_dots_and_hollow_ones_rings(canvas: tuple[Figure, ChartAxes]) -> None:
    figure, axes = canvas
    marks.dots(axes, [1, 2, 3], [1, 2, 3], "#112233", size=6)
    assert write_svg(figure, "dots").count("h0") == 3
    marks.dots(axes, [4], [4], "#112233", size=6, hollow="#ffffff")
    svg = write_svg(figure, "dots and a ring")
    assert 'stroke="#ffffff" stroke-width="3.2" stroke-linecap="round" d="M50 50h0"' in svg


def test_other_marks_are_copies_of_their_outline(canvas: tuple[Figure, ChartAxes]) -> None:
    figure, axes = canvas
    marks.dots(axes, [1, 2], [1, 1], "#112233", size=6, shape="D")
    data = re.findall(r'fill="#112233" d="([^"]+)"', write_svg(figure, "diamonds"))
    assert data[0].count("M") == 2
    assert data[0].count("z") == 2


def test_marks_outside_the_axes_are_not_drawn(canvas: tuple[Figure, ChartAxes]) -> None:
    figure, axes = canvas
    marks.line(axes, [20, 30], [4, 4], "#000000")
    marks.rectangles(axes, [(-5.0, -5.0, 4.0, 20.0)], "#00ff00", clip=True)
    svg = write_svg(figure, "clipped")
    assert svg.count("<path") == 1
    numbers = [float(v) for v in re.findall(r"M(-?[\d.]+)", svg)]
    assert min(numbers) >= 10


def test_text_is_escaped_anchored_and_never_parsed(canvas: tuple[Figure, ChartAxes]) -> None:
    figure, axes = canvas
    marks.label(axes, 4, 4, "$x_{$ <b> & \\frac", "#000000", anchor="middle", size=10, weight=600)
    svg = write_svg(figure, 'says "hi" & <bye>')
    assert '<g fill="#000000" font-size="10" font-weight="600" text-anchor="middle">' in svg
    assert ">$x_{$ &lt;b&gt; &amp; \\frac</text>" in svg
    assert "aria-label='says \"hi\" &amp; &lt;bye&gt;'" in svg


def test_empty_label_is_nothing(canvas: tuple[Figure, ChartAxes]) -> None:
    figure, axes = canvas
    marks.label(axes, 4, 4, "", "#000000")
    assert "<text" not in write_svg(figure, "nothing")


def test_renderer_measures_text_without_layout() -> None:
    from matplotlib.font_manager import FontProperties

    renderer = LeanRenderer(10, 10)
    width, height, descent = renderer.get_text_width_height_descent("abc", FontProperties(size=10), ismath=False)
    assert width > 10
    assert height == pytest.approx(6.9)
    assert descent == 0


def test_marks_are_drawn_by_matplotlib_itself_too(canvas: tuple[Figure, ChartAxes]) -> None:
    from io import BytesIO

    from matplotlib.image import imread

    figure, axes = canvas
    marks.line(axes, [0, 8], [4, 4], "#ff0000", width=4, dash=(6, 3))
    marks.dots(axes, [4], [6], "#0000ff", size=20)
    marks.rectangles(axes, [(0.0, 0.0, 8.0, 2.0)], "#00ff00")
    file = BytesIO()
    figure.savefig(file, format="png")
    file.seek(0)
    image = imread(file)
    assert image.shape == (100, 100, 4)
    for row, column, colour in ((50, 13, (1, 0, 0)), (30, 50, (0, 0, 1)), (85, 50, (0, 1, 0))):
        assert image[row, column, :3] == pytest.approx(colour, abs=0.02)


def test_a_scale_of_a_single_value_has_it_in_the_middle() -> None:
    _, (axes,) = sheet("single", 100, 100, [Box(10, 10, 80, 80, (3.0, 3.0), (0.0, 0.0))])
    assert marks.pixel(axes, 3.0, 0.0) == (50.0, 50.0)
