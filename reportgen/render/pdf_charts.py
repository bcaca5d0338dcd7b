"""Charts in a PDF: their lines, areas, dots and labels as PDF operators, straight from what the chart writer wrote.

WeasyPrint draws any SVG; a chart of ours is four kinds of elements with the same few attributes, and a third of the
time of writing a PDF went into looking for all else that an SVG can hold. It also sets the text of an SVG letter by
letter: without kerning, with vowel signs torn off Devanagari consonants and Arabic in isolated forms. Its drawing
functions are a table by tag, so charts on their way into a PDF become one element of a tag of their own, drawn here:
a path by its own operators, a label as one run of text with its end where the chart wants it. A WeasyPrint without
that table draws the chart as it does any SVG.

Rejected: outlines of the letters (the words are lost to search and copy, and a Devanagari report doubles in size).
"""

from __future__ import annotations

import re
from functools import lru_cache
from html import unescape
from typing import Any, NamedTuple
from xml.sax.saxutils import quoteattr

from reportgen.report.figures.drawing.theme import TEXT_SIZE

_TAG = "chart"
_BODY = re.compile(r"(<svg[^>]*>)(.*)</svg>\s*\Z", re.DOTALL)
_PIECE = re.compile(r'<path ([^>]*?) ?d="([^"]*)"/>|<g([^>]*)>|</g>|<text x="([^"]*)" y="([^"]*)">([^<]*)</text>')
_ATTRIBUTE = re.compile(r'([a-z-]+)="([^"]*)"')
_STEP = re.compile(r"([Mlhvz])([^Mlhvz]*)")
_NUMBER = re.compile(r"-?(?:\d+\.\d+|\.\d+|\d+)")
_CAPS = {"butt": 0, "round": 1, "square": 2}
_JOINS = {"miter": 0, "round": 1, "bevel": 2}


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


def as_chart(svg: str) -> str:
    """Return ``svg``, as the chart writer makes it (without tooltips), as one element of the tag ``chart``.

    Anything else is returned as it is: WeasyPrint then draws it, or refuses what it asks for.
    """
    found = _BODY.match(svg)
    if found is None or _PIECE.sub("", found[2]):
        return svg
    return f"{found[1]}<{_TAG} marks={quoteattr(found[2])}/></svg>"


def _draw_chart(svg: Any, node: Any, font_size: float) -> None:
    """Draw one chart; called by WeasyPrint with its image, the node and the size of its text in pixels."""
    del font_size
    styles = _Styles(svg.font_config, str(node.get("font-family", "sans-serif")))
    words = _words("")
    for look, path, group, x, y, text in _PIECE.findall(node.get("marks", "")):
        if path:
            _draw_path(svg.stream, _look(look), path)
        elif x:
            _draw_label(svg, words, styles[words.weight, words.size], (float(x), float(y)), unescape(text))
        else:
            words = _words(group)


# --- paths ------------------------------------------------------------------------------------


class _Look(NamedTuple):
    fill: Any
    stroke: Any
    width: float
    dash: tuple[float, ...]
    cap: int
    join: int


@lru_cache(maxsize=1024)
def _look(attributes: str) -> _Look:
    given = dict(_ATTRIBUTE.findall(attributes))
    return _Look(
        fill=_colour(given.get("fill", ""), given.get("fill-opacity", "1")),
        stroke=_colour(given.get("stroke", ""), given.get("stroke-opacity", "1")),
        width=float(given.get("stroke-width", "1")),
        dash=tuple(float(value) for value in given.get("stroke-dasharray", "").split()),
        cap=_CAPS[given.get("stroke-linecap", "butt")],
        join=_JOINS[given.get("stroke-linejoin", "miter")],
    )


def _colour(text: str, opacity: str) -> Any:
    from weasyprint.svg.utils import color

    if not text:
        return None
    colour = color(text)
    colour.alpha *= float(opacity)
    return colour


def _draw_path(stream: Any, look: _Look, data: str) -> None:
    stream.push_state()
    if look.fill is not None:
        stream.set_color(look.fill)
    if look.stroke is not None:
        stream.set_color(look.stroke, stroke=True)
        stream.set_line_width(look.width)
        stream.set_line_cap(look.cap)
        stream.set_line_join(look.join)
        if look.dash:
            stream.set_dash(look.dash, 0)
    stream.stream.append(path_operators(data).encode())
    if look.fill is not None and look.stroke is not None:
        stream.fill_and_stroke()
    elif look.stroke is not None:
        stream.stroke()
    else:
        stream.fill()
    stream.pop_state()


def path_operators(data: str) -> str:
    """Path data of the chart writer as PDF operators, in tenths of a pixel without drift."""
    out: list[str] = []
    x = y = 0
    for letter, arguments in _STEP.findall(data):
        if letter == "z":
            out.append("h")
            continue
        steps = [round(float(value) * 10) for value in _NUMBER.findall(arguments)]
        if letter == "M":
            x, y = steps
            out.append(f"{x / 10:g} {y / 10:g} m")
            continue
        across, down = {"h": (steps, [0]), "v": ([0], steps)}.get(letter, (steps[::2], steps[1::2]))
        for dx, dy in zip(across, down, strict=True):
            x, y = x + dx, y + dy
            out.append(f"{x / 10:g} {y / 10:g} l")
    return "\n".join(out)


# --- labels -----------------------------------------------------------------------------------


class _Words(NamedTuple):
    colour: Any
    size: float
    weight: int
    shift: float
    """Share of its width that a label stands to the left of its place."""


@lru_cache(maxsize=256)
def _words(group: str) -> _Words:
    given = dict(_ATTRIBUTE.findall(group))
    return _Words(
        colour=_colour(given.get("fill", "#000000"), "1"),
        size=float(given.get("font-size", TEXT_SIZE)),
        weight=int(given.get("font-weight", "400")),
        shift={"middle": 0.5, "end": 1.0}.get(given.get("text-anchor", ""), 0.0),
    )


class _Styles(dict[tuple[int, float], Any]):
    """Computed styles as WeasyPrint's text functions want them, by weight and size, for one chart."""

    def __init__(self, fonts: Any, family: str) -> None:
        super().__init__()
        self._fonts = fonts
        self._family = [name.strip().strip("\"'") for name in family.split(",")]

    def __missing__(self, key: tuple[int, float]) -> Any:
        from weasyprint.css.properties import INITIAL_VALUES
        from weasyprint.svg.text import Style

        style = Style()
        style.update(INITIAL_VALUES)
        style.font_config = self._fonts
        style["font_family"] = self._family
        style["font_weight"], style["font_size"] = key
        self[key] = style
        return style


def _draw_label(svg: Any, words: _Words, style: Any, place: tuple[float, float], text: str) -> None:
    from weasyprint.draw.text import draw_first_line
    from weasyprint.matrix import Matrix
    from weasyprint.svg.text import TextBox
    from weasyprint.text.line_break import create_layout, line_size

    if not text.strip():
        return
    layout = create_layout(text.strip(), style, svg.context, None, 0)
    x, y = place
    if words.shift:
        x -= words.shift * line_size(layout.get_first_line()[0], style)[0]
    stream = svg.stream
    stream.push_state()
    stream.set_color(words.colour)
    stream.begin_text()
    stream.set_text_rendering(0)
    draw_first_line(stream, TextBox(layout, style), "none", "none", Matrix(d=-1, e=x, f=y))
    stream.end_text()
    stream.pop_state()
