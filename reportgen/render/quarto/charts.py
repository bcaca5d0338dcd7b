"""Charts as files of their own: drawn for paper, and their texts as wide as they were measured.

A chart in an ``<img>`` cannot use the typefaces of its page, and one embedded copy per chart would be most of the page.
So each text carries the width it has in Fira Sans (``textLength``): whatever typeface stands in for it, nothing runs
out of the chart or into its neighbour. Texts as outlines were rejected: larger, and no longer text.
"""

from __future__ import annotations

import re
from html import unescape
from typing import TYPE_CHECKING

from reportgen.report.figures.drawing.svg import for_print, number
from reportgen.report.figures.drawing.theme import TEXT_SIZE
from reportgen.report.typefaces.widths import text_width

if TYPE_CHECKING:
    from reportgen.report.blocks import Figure

_PIECE = re.compile(r"<g([^>]*)>|(<text [^>]*)>([^<]*)</text>")
_SIZE = re.compile(r'font-size="([\d.]+)"')
_WEIGHT = re.compile(r'font-weight="(\d+)"')


def chart_file(figure: Figure) -> bytes:
    """Content of a chart's SVG file."""
    return _measured(for_print(figure.svg)).encode()


def _measured(svg: str) -> str:
    size, weight = float(TEXT_SIZE), 400

    def measure(found: re.Match[str]) -> str:
        nonlocal size, weight
        group, opening, text = found.groups()
        if group is not None:
            given, heavy = _SIZE.search(group), _WEIGHT.search(group)
            size, weight = float(given[1]) if given else float(TEXT_SIZE), int(heavy[1]) if heavy else 400
            return found[0]
        width = text_width(unescape(text), size, weight)
        if len(text) < 2 or width <= 0:
            return found[0]
        return f'{opening} textLength="{number(width)}" lengthAdjust="spacingAndGlyphs">{text}</text>'

    return _PIECE.sub(measure, svg)
