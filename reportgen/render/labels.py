"""Chart labels in a PDF: each set as one run of text, kerned and shaped, with its end where the chart wants it.

WeasyPrint sets the text of an SVG letter by letter: without kerning, with vowel signs torn off Devanagari consonants
and Arabic in isolated forms, and with a form object for each label that is not anchored at its start. Its drawing
functions are a table by tag, so charts on their way into a PDF get a tag of their own, ``label``, drawn here. A
WeasyPrint without that table draws ``text`` as it does for any SVG.

Rejected: outlines of the letters (the words are lost to search and copy, and a Devanagari report doubles in size).
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

_TAG = "label"
_ANCHOR = "label-anchor"


@lru_cache(maxsize=1)
def take_labels() -> bool:
    """Teach WeasyPrint the tag ``label``; tell whether it could be."""
    try:
        from weasyprint.draw.text import draw_first_line  # noqa: F401
        from weasyprint.svg import TAGS
        from weasyprint.svg.text import Style, TextBox  # noqa: F401
        from weasyprint.text.line_break import create_layout, line_size  # noqa: F401
    except ImportError:
        return False
    TAGS[_TAG] = _draw_label
    return True


def with_labels(svg: str) -> str:
    """Return ``svg``, as the chart writer makes it, with its texts as labels."""
    return svg.replace("<text ", f"<{_TAG} ").replace("</text>", f"</{_TAG}>").replace(" text-anchor=", f" {_ANCHOR}=")


def _draw_label(svg: Any, node: Any, font_size: float) -> None:
    """Draw one label; called by WeasyPrint with its image, the node and the size of its text in pixels."""
    from weasyprint.draw.text import draw_first_line
    from weasyprint.matrix import Matrix
    from weasyprint.svg.text import TextBox
    from weasyprint.text.line_break import create_layout, line_size

    text = (node.text or "").strip()
    if not text:
        return
    style = _style(svg.font_config, node.get("font-family", "sans-serif"), _weight(node), font_size)
    layout = create_layout(text, style, svg.context, None, 0)
    width, _ = line_size(layout.get_first_line()[0], style)
    x, y = svg.point(node.get("x"), node.get("y"), font_size)
    x -= {"middle": 0.5, "end": 1.0}.get(node.get(_ANCHOR, ""), 0.0) * width
    svg.stream.push_state()
    fill, stroke = svg.set_graphical_state(node, font_size)
    svg.stream.begin_text()
    svg.fill_stroke(fill, stroke, text=True)
    draw_first_line(svg.stream, TextBox(layout, style), "none", "none", Matrix(d=-1, e=x, f=y))
    svg.stream.end_text()
    svg.stream.pop_state()


def _weight(node: Any) -> int:
    weight = str(node.get("font-weight", "400"))
    return int(weight) if weight.isdecimal() else 700 if weight == "bold" else 400


def _style(fonts: Any, family: str, weight: int, size: float) -> Any:
    """Return the computed style that WeasyPrint's text functions want."""
    from weasyprint.css.properties import INITIAL_VALUES
    from weasyprint.svg.text import Style

    style = Style()
    style.update(INITIAL_VALUES)
    style.font_config = fonts
    style["font_family"] = [name.strip().strip("\"'") for name in family.split(",")]
    style["font_weight"] = weight
    style["font_size"] = size
    return style
