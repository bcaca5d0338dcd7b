"""Charts as SVG: exact numbers, short paths, dots without markers, text that is only text."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import pytest

from drawings import chart_of
from factories import market_results
from reportgen.render.charts.svg import chart_file, number, path_data, svg_for_print, write_svg
from reportgen.report.figures import Theme, draw_charts
from reportgen.report.shapes import Area, Dots, Label, Line, Piece, Shape, Tip
from reportgen.report.typefaces.outlines import shaped_width
from reportgen.report.typefaces.widths import text_width
from reportgen.report.words.formats import Formats
from reportgen.report.words.language import Language

TEXT = "{http://www.w3.org/2000/svg}text"


def body(*shapes: Shape) -> str:
    return write_svg(chart_of(*shapes)).partition('fill="none">')[2].removesuffix("</svg>")


@pytest.mark.parametrize(
    ("value", "text"), [(0.0, "0"), (-0.04, "0"), (12.34, "12.3"), (-0.26, "-0.3"), (100.0, "100"), (7.96, "8")]
)
def test_numbers_have_at_most_one_decimal(value: float, text: str) -> None:
    assert number(value) == text


@pytest.mark.parametrize(
    ("pieces", "closed", "data"),
    [
        ([((10, 20), (30, 20), (30, 50))], False, "M1 2h2v3"),
        ([((0, 0), (15, 15), (10, 10))], False, "M0 0l1.5 1.5-.5-.5"),
        ([((0, 0), (40, 0), (40, 40))], True, "M0 0h4v4z"),
        ([((0, 0), (0, 0))], False, "M0 0h0"),
        ([((0, 0), (10, 10), (20, 30))], False, "M0 0l1 1 1 2"),
        ([((0, 0),), ((50, 50), (50, 45))], False, "M0 0M5 5v-.5"),
    ],
)
def test_path_data_is_relative_and_short(pieces: list[Piece], closed: bool, data: str) -> None:
    assert path_data(pieces, closed=closed) == data


def test_a_line_and_an_area_say_only_what_is_not_usual() -> None:
    line = Line((((0, 0), (50, 0)),), "#112233", 1.0, 1.0, (), "butt")
    area = Area((((0, 0), (50, 0), (50, 50)),), "#112233", 0.255)
    assert body(line) == '<path stroke="#112233" stroke-linejoin="round" d="M0 0h5"/>'
    assert body(area) == '<path fill="#112233" fill-opacity="0.26" d="M0 0h5v5z"/>'
    dashed = Line(line.pieces, "#112233", 0.5, 2.25, (5, 3), "round")
    assert body(dashed) == (
        '<path stroke="#112233" stroke-opacity="0.5" stroke-width="2.2" stroke-dasharray="5 3" stroke-linecap="round" '
        'stroke-linejoin="round" d="M0 0h5"/>'
    )


def test_round_marks_are_dots_and_hollow_ones_rings() -> None:
    dot = '<path stroke="{}" stroke-width="{}" stroke-linecap="round" d="M50 50h0M10 50h0"/>'
    at = ((500, 500), (100, 500))
    assert body(Dots(at, "#112233", "#112233", 1.0, 6.0, 0.0, "round")) == dot.format("#112233", 6)
    ring = body(Dots(at, "#112233", "#ffffff", 1.0, 4.6, 1.4, "round"))
    assert ring == dot.format("#112233", 6) + dot.format("#ffffff", "3.2")


def test_diamonds_are_copies_of_their_outline() -> None:
    made = body(Dots(((100, 100), (200, 100)), "#112233", "#112233", 1.0, 6.0, 0.0, "diamond"))
    assert made == '<path fill="#112233" d="M10 14.2l4.2-4.2-4.2-4.2-4.2 4.2zM20 14.2l4.2-4.2-4.2-4.2-4.2 4.2z"/>'


def test_text_is_escaped_anchored_and_never_parsed() -> None:
    label = Label((400, 400), "$x_{$ <b> & \\frac", "#000000", 10, 600, "middle")
    made = write_svg(chart_of(label, alt='says "hi" & <bye>'))
    assert '<g fill="#000000" font-size="10" font-weight="600" text-anchor="middle">' in made
    assert ">$x_{$ &lt;b&gt; &amp; \\frac</text>" in made
    assert "aria-label='says \"hi\" &amp; &lt;bye&gt;'" in made


def test_neighbouring_labels_of_one_look_share_a_group() -> None:
    one, two = (Label((0, y), "a", "#000000", 12, 400, "start") for y in (100, 200))
    line = Line((((0, 0), (50, 0)),), "#000000", 1.0, 1.0, (), "butt")
    assert body(one, two).count("<g") == 1
    assert body(one, line, two).count("<g") == body(one, line, two).count("</g>") == 2


def test_on_screen_colours_are_variables_of_the_page_and_names_are_not() -> None:
    theme = Theme(accent="#123456")
    label = Label((0, 100), '"#123456"', "#123456", 12, 400, "start")
    made = write_svg(chart_of(label, tips=(Tip((10, 20), "a & b"),)), theme=theme)
    assert '<g fill="var(--accent,#123456)">' in made
    assert '>"#123456"</text>' in made
    assert '<circle cx="1" cy="2" r="8" data-tip="a &amp; b"/>' in made


def test_of_two_tokens_with_one_colour_the_first_names_it() -> None:
    label = Label((0, 100), "a", "#17202b", 12, 400, "start")
    assert '"var(--ink,#17202b)"' in write_svg(chart_of(label), theme=Theme(accent="#17202b"))


def test_print_has_no_tooltips_and_complex_scripts_are_shapes() -> None:
    plain = Label((50, 90), "A & B", "#111111", 10, 400, "end")
    pune = Label((500, 200), "पुणे", "#111111", 10, 400, "end")
    made = svg_for_print(chart_of(plain, pune, tips=(Tip((1, 1), "a"),)))
    assert "tips" not in made
    assert [node.text for node in ET.fromstring(made).iter(TEXT)] == ["A & B"]
    left = 50 - 10 * shaped_width("पुणे")
    first = float(made.split('d="M')[1].split()[0])
    assert left - 1 <= first <= 50


def test_a_file_gives_every_text_the_room_it_was_planned_with() -> None:
    made = ET.fromstring(chart_file(chart_of(Label((50, 90), "A & B", "#111111", 10, 600, "end"))))
    (node,) = made.iter(TEXT)
    assert node.get("textLength") == number(text_width("A & B", 10, 600))


def test_every_chart_of_a_market_is_lean_well_formed_and_without_ids() -> None:
    for chart in draw_charts(market_results(), Formats("en_IN", "INR", unit="visit"), Language("en_IN")).values():
        made = write_svg(chart)
        root = ET.fromstring(made)
        assert root.get("viewBox") == f"0 0 {chart.width:g} {chart.height:g}"
        assert root.get("aria-label") == chart.alt
        assert not re.search(r"<use|<style|<image| id=|clip-path|url\(|nan|inf[\"\s]", made), chart.name
        shown = write_svg(chart, theme=Theme())
        assert not re.search(r'(?:fill|stroke)="#(?!000)', shown)


def test_sizes_stay_small_at_three_hundred_pharmacies() -> None:
    results = market_results(pharmacies=300)
    made = draw_charts(results, Formats("en_IN", "INR", unit="visit"), Language("en_IN")).values()
    assert sum(len(write_svg(chart)) for chart in made) < 220_000
    assert sum(len(svg_for_print(chart)) for chart in made) < 160_000
    assert max(len(chart.shapes) for chart in made) < 500
    assert max(write_svg(chart).count("<path") for chart in made) < 200
