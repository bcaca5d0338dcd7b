"""Text in scripts whose letters join or stack (Devanagari, Arabic, …), as outlines for print.

Browsers shape such text themselves. WeasyPrint lays SVG text out letter by letter, which tears vowel signs off their
consonants and writes Arabic in isolated forms, so for PDF these labels become shapes, drawn by matplotlib's own
shaping engine: Mukta for Devanagari, DejaVu Sans (comes with matplotlib) for what neither of our faces covers. The
words themselves stay in the text alternative and in the table of the chart.
"""

from __future__ import annotations

import warnings
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from reportgen.report.typefaces.faces import FALLBACK, FAMILY, register_fonts

if TYPE_CHECKING:
    from matplotlib.font_manager import FontProperties

_COMMANDS = {1: "M", 2: "L", 3: "Q", 4: "C"}


@lru_cache(maxsize=4)
def _font(weight: int) -> FontProperties:
    from matplotlib.font_manager import FontProperties

    register_fonts()
    return FontProperties(family=[FAMILY, FALLBACK, "DejaVu Sans"], weight=700 if weight >= 600 else 400)


@lru_cache(maxsize=2048)
def shaped_width(text: str, weight: int = 400) -> float:
    """Width of ``text`` in em, letters joined and stacked as written."""
    from matplotlib.textpath import text_to_path

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a glyph that no face has is drawn as a box, here as in a browser
        width, _, _ = text_to_path.get_text_width_height_descent(text, _font(weight), ismath=False)
    return float(width) / float(_font(weight).get_size_in_points())


@lru_cache(maxsize=2048)
def outline(text: str, weight: int = 400) -> tuple[tuple[str, tuple[tuple[float, float], ...]], ...]:
    """Return the commands of the outline of ``text``: SVG letter and points in em, y down."""
    from matplotlib.path import Path
    from matplotlib.textpath import text_to_path

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        vertices, codes = text_to_path.get_text_path(_font(weight), text, ismath=False)
    if not len(vertices):
        return ()
    made: list[tuple[str, tuple[tuple[float, float], ...]]] = []
    # matplotlib gives outlines at its own size of font, y up.
    scale = np.array([1.0, -1.0]) / float(text_to_path.FONT_SCALE)
    # Unsimplified: what makes no difference at matplotlib's size of font may be seen at ours.
    for points, code in Path(np.asarray(vertices), np.asarray(codes)).iter_segments(simplify=False):
        if code == Path.CLOSEPOLY:
            made.append(("z", ()))
        else:
            pairs = np.asarray(points).reshape(-1, 2) * scale
            made.append((_COMMANDS[int(code)], tuple((float(x), float(y)) for x, y in pairs)))
    return tuple(made)
