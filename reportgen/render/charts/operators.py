"""Charts in a PDF: their lines, areas, dots and labels as PDF operators.

WeasyPrint draws any SVG; a chart of ours is four kinds of shapes with the same few attributes, and a third of the
time of writing a PDF went into looking for all else that an SVG can hold. It also sets the text of an SVG letter by
letter: without kerning, with vowel signs torn off Devanagari consonants and Arabic in isolated forms. Its drawing
functions are a table by tag, so a chart on its way into a PDF is an SVG with one element of a tag of our own, which
names the chart and is drawn here: a path by its own operators, a label as one run of text with its end where the chart
wants it. A WeasyPrint without that table draws the chart's SVG.

Rejected: outlines of the letters (the words are lost to search and copy, and a Devanagari report doubles in size).
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple
from xml.sax.saxutils import quoteattr

from reportgen.render.charts.svg import frame, svg_for_print
from reportgen.report.shapes import SHIFT, Area, Dash, Label, Line, tenths
from reportgen.report.typefaces.faces import STACK

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reportgen.report.blocks import Chart
    from reportgen.report.shapes import Dots, Piece

_TAG = "chart"
_PLAIN, _ROUND = 0, 1
"""Ends and corners of lines as PDF numbers them: cut off and mitred, or round (ISO 32000-1, 8.4.3.3 and 8.4.3.4)."""
_FAMILIES = [name.strip(" '") for name in STACK.split(",")]


@lru_cache(maxsize=1)
def take_charts() -> bool:
    """Teach WeasyPrint the tag ``chart``; tell whether it could be."""
    try:
        from weasyprint.draw.text import draw_first_line  # noqa: F401
        from weasyprint.svg import TAGS
        from weasyprint.svg.text import Style, TextBox  # noqa: F401
        from weasyprint.svg.utils import color  # noqa: F401
        from weasyprint.text.line_break import create_layout, line_size  # noqa: F401
    except ImportError:
        return False
    TAGS[_TAG] = _draw_chart
    return True


def chart_image(chart: Chart) -> str:
    """The image of a chart for WeasyPrint; the fetcher that serves it must have the chart in its ``charts``."""
    return frame(chart, f"<{_TAG} name={quoteattr(chart.name)}/>") if take_charts() else svg_for_print(chart)


def _draw_chart(svg: Any, node: Any, font_size: float) -> None:
    """Draw one chart; called by WeasyPrint with its image, the node and the size of its text in pixels."""
    del font_size
    chart: Chart = svg.url_fetcher.charts[node.get("name")]
    styles = _Styles(svg.font_config)
    # In their order: what comes later lies on top, in the SVG as well.
    for shape in chart.shapes:
        if isinstance(shape, Label):
            _draw_label(svg, shape, styles[shape.weight, _printed(shape.size)])
        elif isinstance(shape, Line):
            cap = _ROUND if shape.cap == "round" else _PLAIN
            look = _Look(
                stroke=_colour(shape.color, shape.alpha), width=shape.width, dash=shape.dash, cap=cap, join=_ROUND
            )
            _draw_path(svg.stream, look, path_operators(shape.pieces))
        elif isinstance(shape, Area):
            look = _Look(fill=_colour(shape.color, shape.alpha))
            _draw_path(svg.stream, look, path_operators(shape.pieces, closed=True))
        else:
            _draw_dots(svg.stream, shape)


# --- paths ------------------------------------------------------------------------------------


class _Look(NamedTuple):
    fill: Any = None
    stroke: Any = None
    width: float = 1.0
    dash: Dash = ()
    cap: int = _PLAIN
    join: int = _PLAIN


@lru_cache(maxsize=256)
def _colour(text: str, opacity: float) -> Any:
    from weasyprint.svg.utils import color

    colour = color(text)
    # Rounded as the SVG has it, so that page and PDF show one colour.
    colour.alpha *= round(opacity, 2)
    return colour


def _draw_dots(stream: Any, dots: Dots) -> None:
    """A round mark is a line of no length with round ends: one operator instead of four curves."""
    if dots.shape == "round":
        path = path_operators((point, point) for point in dots.points)
        for width, color in dots.rings():
            _draw_path(stream, _Look(stroke=_colour(color, dots.alpha), width=width, cap=_ROUND), path)
        return
    edge = _colour(dots.color, dots.alpha) if dots.edge else None
    look = _Look(fill=_colour(dots.inside, dots.alpha), stroke=edge, width=dots.edge)
    _draw_path(stream, look, path_operators(dots.diamonds(), closed=True))


def _draw_path(stream: Any, look: _Look, path: str) -> None:
    stream.push_state()
    if look.fill is not None:
        stream.set_color(look.fill)
    if look.stroke is not None:
        stream.set_color(look.stroke, stroke=True)
        stream.set_line_width(_printed(look.width))
        stream.set_line_cap(look.cap)
        stream.set_line_join(look.join)
        if look.dash:
            stream.set_dash(tuple(map(_printed, look.dash)), 0)
    stream.stream.append(path.encode())
    if look.fill is not None and look.stroke is not None:
        stream.fill_and_stroke()
    elif look.stroke is not None:
        stream.stroke()
    else:
        stream.fill()
    stream.pop_state()


def path_operators(pieces: Iterable[Piece], *, closed: bool = False) -> str:
    """Pieces as PDF operators: move (m), line (l), close (h). Not relative ones: PDF has none."""
    out: list[str] = []
    for piece in pieces:
        letter = "m"
        for x, y in piece:
            out.append(f"{x / 10:g} {y / 10:g} {letter}")
            letter = "l"
        if closed:
            out.append("h")
    return "\n".join(out)


def _printed(pixels: float) -> float:
    """Rounded as the chart's SVG has it."""
    return tenths(pixels) / 10


# --- labels -----------------------------------------------------------------------------------


class _Styles(dict[tuple[int, float], Any]):
    """Computed styles as WeasyPrint's text functions want them, by weight and size, for one chart."""

    def __init__(self, fonts: Any) -> None:
        super().__init__()
        self._fonts = fonts

    def __missing__(self, key: tuple[int, float]) -> Any:
        from weasyprint.css.properties import INITIAL_VALUES
        from weasyprint.svg.text import Style

        style = Style()
        # A label is a text of no document, so nothing is inherited: every property that layout asks for has its first
        # value.
        style.update(INITIAL_VALUES)
        style.font_config = self._fonts
        style["font_family"] = _FAMILIES
        style["font_weight"], style["font_size"] = key
        self[key] = style
        return style


def _draw_label(svg: Any, label: Label, style: Any) -> None:
    from weasyprint.draw.text import draw_first_line
    from weasyprint.matrix import Matrix
    from weasyprint.svg.text import TextBox
    from weasyprint.text.line_break import create_layout, line_size

    text = label.text.strip()
    if not text:
        return
    layout = create_layout(text, style, svg.context, None, 0)
    x, y = label.place[0] / 10, label.place[1] / 10
    if label.anchor != "start":
        # The width as laid out, kerned: the one that the chart was planned with adds up advances.
        x -= SHIFT[label.anchor] * line_size(layout.get_first_line()[0], style)[0]
    stream = svg.stream
    stream.push_state()
    stream.set_color(_colour(label.color, 1.0))
    stream.begin_text()
    # Mode 0: letters are filled (ISO 32000-1, 9.3.6).
    stream.set_text_rendering(0)
    # The y axis of an image points down, that of text up: mirrored, or letters would stand on their heads.
    draw_first_line(stream, TextBox(layout, style), "none", "none", Matrix(d=-1, e=x, f=y))
    stream.end_text()
    stream.pop_state()
