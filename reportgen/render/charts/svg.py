"""Charts as SVG: for the page that inlines them, as files, and for programs that know neither our page nor our fonts.

One ``<path>`` per shape, presentation attributes instead of style text, relative coordinates of one decimal, and round
marks as zero-length strokes with round ends. No ids and no clip paths, so any number of charts can stand in one page.
Same chart, same bytes. matplotlib's own writer was measured at 1.8 times the size; ``<use>`` per marker was rejected
(WeasyPrint: 0.5 ms each), so was a style sheet inside the SVG (it leaks into the page it is inlined in).
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.sax.saxutils import escape, quoteattr

from reportgen.report.figures.drawing.theme import TEXT_SIZE, Theme
from reportgen.report.shapes import SHIFT, Area, Dots, Label, Line, tenths
from reportgen.report.typefaces.faces import COMPLEX, STACK
from reportgen.report.typefaces.outlines import outline, shaped_width
from reportgen.report.typefaces.widths import text_width

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from reportgen.report.blocks import Chart
    from reportgen.report.shapes import Piece, Shape

_KEPT = 50_000
"""Most texts of coordinates that are remembered."""


def write_svg(chart: Chart, *, theme: Theme | None = None, tips: bool = True) -> str:
    """SVG of a chart.

    Parameters
    ----------
    theme
        Palette whose colours are written as CSS variables of the page (``var(--ink,#17202b)``), for inlining: one
        chart then serves light, dark and brand colours. Without it colours are plain.
    tips
        Whether it has invisible targets for the page's tooltips.
    """
    # Of two tokens with one colour, the first names it.
    names = {} if theme is None else {color: f"var(--{name},{color})" for name, color in reversed(theme.variables())}
    body = "".join(_elements(chart.shapes, names, _written))
    if tips and chart.tips:
        targets = (
            f'<circle cx="{_PLAIN[tip.place[0]]}" cy="{_PLAIN[tip.place[1]]}" r="8" data-tip={quoteattr(tip.text)}/>'
            for tip in chart.tips
        )
        body += f'<g class="tips" fill="#000" fill-opacity="0">{"".join(targets)}</g>'
    return frame(chart, body)


def svg_for_print(chart: Chart, *, measured: bool = False) -> str:
    """SVG for other programs: no tooltips, and labels in complex scripts as outlines.

    Parameters
    ----------
    measured
        Give each text the width it has in Fira Sans, so that nothing runs into its neighbour in another typeface.
    """

    def write(label: Label) -> str:
        if COMPLEX.search(label.text):
            return f'<path d="{outline_data(label)}"/>'
        return _written(label, text_width(label.text, label.size, label.weight) if measured else 0.0)

    return frame(chart, "".join(_elements(chart.shapes, {}, write)))


def chart_file(chart: Chart) -> bytes:
    """Content of a chart's file beside a page that shows it as an image.

    There it cannot use the typefaces of its page, and one embedded copy per chart would be most of the page: measured
    texts keep their room whatever typeface stands in. All texts as outlines were rejected: larger, and no longer text.
    """
    return svg_for_print(chart, measured=True).encode()


def frame(chart: Chart, body: str) -> str:
    """The root element of a chart around ``body``."""
    # As one image with one text a chart is told once; without the role screen readers would read label after label, out
    # of place.
    width, height = number(chart.width), number(chart.height)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'role="img" aria-label={quoteattr(chart.alt)} font-family="{STACK}" font-size="{TEXT_SIZE}" fill="none">'
        f"{body}</svg>"
    )


# --- numbers and paths ----------------------------------------------------------------------------


class _Texts(dict[int, str]):
    """Texts of tenths, each made once: a report writes some ten thousand coordinates, few of them different."""

    def __init__(self, zero: str) -> None:
        super().__init__()
        self._zero = zero

    def __missing__(self, value: int) -> str:
        whole, rest = divmod(abs(value), 10)
        text = f"{whole or self._zero}.{rest}" if rest else str(whole)
        text = f"-{text}" if value < 0 else text
        if len(self) < _KEPT:
            self[value] = text
        return text


_PLAIN, _SHORT = _Texts("0"), _Texts("")


def number(value: float) -> str:
    """One decimal, without trailing zero and without a signed zero."""
    return _PLAIN[tenths(value)]


def path_data(pieces: Iterable[Piece], *, closed: bool = False) -> str:
    """SVG path data of straight steps; relative after each move, so rounding does not add up."""
    out: list[str] = []
    for piece in pieces:
        x, y = piece[0]
        out.append(f"M{_SHORT[x]} {_SHORT[y]}")
        letter = "M"
        for to_x, to_y in piece[1:]:
            # Whole tenths: differences of them are exact.
            dx, dy = to_x - x, to_y - y
            x, y = to_x, to_y
            if dy == 0:
                out.append(f"h{_SHORT[dx]}")
                letter = "h"
            elif dx == 0:
                out.append(f"v{_SHORT[dy]}")
                letter = "v"
            else:  # a letter said before need not be said again, and a minus sign parts numbers as a space does
                lead = "l" if letter != "l" else "" if dx < 0 else " "
                out.append(f"{lead}{_SHORT[dx]}{'' if dy < 0 else ' '}{_SHORT[dy]}")
                letter = "l"
        if closed:
            out.append("z")
    return "".join(out)


def outline_data(label: Label) -> str:
    """SVG path data of a label's letters, joined and stacked as written."""
    size = label.size
    left = label.place[0] / 10 - SHIFT[label.anchor] * shaped_width(label.text, label.weight) * size
    base = label.place[1] / 10
    parts: list[str] = []
    at = start = (0, 0)  # hundredths of a pixel: relative steps stay exact
    for command, points in outline(label.text, label.weight):
        if command == "z":
            parts.append("z")
            at = start
            continue
        whole = [(round(100 * (left + a * size)), round(100 * (base + b * size))) for a, b in points]
        if command == "M":
            start = whole[0]
            parts.append(f"M{start[0] / 100:g} {start[1] / 100:g}")
        else:
            steps = ((a - at[0], b - at[1]) for a, b in whole)
            # Relative to where the last command ended, control points of curves included.
            parts.append(command.lower() + " ".join(f"{a / 100:g} {b / 100:g}" for a, b in steps))
        at = whole[-1]
    return "".join(parts)


# --- elements ---------------------------------------------------------------------------------


def _elements(shapes: Iterable[Shape], names: Mapping[str, str], write: Callable[[Label], str]) -> Iterator[str]:
    """One element per shape; neighbouring labels of one look share a group."""
    group = ""
    for shape in shapes:
        wanted = _label_look(shape, names) if isinstance(shape, Label) else ""
        if group != wanted:
            yield ("</g>" if group else "") + (f"<g{wanted}>" if wanted else "")
            group = wanted
        if isinstance(shape, Label):
            yield write(shape)
        elif isinstance(shape, Line):
            yield f'<path {_line_look(shape, names)} d="{path_data(shape.pieces)}"/>'
        elif isinstance(shape, Area):
            look = _paint("fill", shape.color, shape.alpha, names)
            yield f'<path {look} d="{path_data(shape.pieces, closed=True)}"/>'
        else:
            yield from _dots(shape, names)
    if group:
        yield "</g>"


def _paint(kind: str, color: str, alpha: float, names: Mapping[str, str]) -> str:
    return f'{kind}="{names.get(color, color)}"{_opacity(kind, alpha)}'


def _opacity(kind: str, alpha: float) -> str:
    return "" if alpha == 1 else f' {kind}-opacity="{round(alpha, 2):g}"'


def _line_look(line: Line, names: Mapping[str, str]) -> str:
    look = [_paint("stroke", line.color, line.alpha, names)]
    if line.width != 1:
        look.append(f'stroke-width="{number(line.width)}"')
    if line.dash:
        look.append(f'stroke-dasharray="{" ".join(map(number, line.dash))}"')
    if line.cap != "butt":
        look.append(f'stroke-linecap="{line.cap}"')
    return " ".join([*look, 'stroke-linejoin="round"'])


def _dots(dots: Dots, names: Mapping[str, str]) -> Iterator[str]:
    """Round marks as dots (a ring is a dot in a dot), diamonds as copies of their outline."""
    if dots.shape == "round":
        data = "".join(f"M{_PLAIN[x]} {_PLAIN[y]}h0" for x, y in dots.points)
        for width, color in dots.rings():
            look = f'stroke="{names.get(color, color)}" stroke-width="{number(width)}" stroke-linecap="round"'
            yield f'<path {look}{_opacity("stroke", dots.alpha)} d="{data}"/>'
        return
    look = _paint("fill", dots.inside, dots.alpha, names)
    if dots.edge:
        look += f' {_paint("stroke", dots.color, dots.alpha, names)} stroke-width="{number(dots.edge)}"'
    yield f'<path {look} d="{path_data(dots.diamonds(), closed=True)}"/>'


def _label_look(label: Label, names: Mapping[str, str]) -> str:
    look = f' fill="{names.get(label.color, label.color)}"'
    if label.size != TEXT_SIZE:
        look += f' font-size="{number(label.size)}"'
    if label.weight != 400:
        look += f' font-weight="{label.weight}"'
    return look if label.anchor == "start" else f'{look} text-anchor="{label.anchor}"'


def _written(label: Label, width: float = 0.0) -> str:
    """A label as text; ``width`` is what it has to take up (0: what it does)."""
    fit = f' textLength="{number(width)}" lengthAdjust="spacingAndGlyphs"' if width > 0 and len(label.text) > 1 else ""
    return f'<text x="{_PLAIN[label.place[0]]}" y="{_PLAIN[label.place[1]]}"{fit}>{escape(label.text)}</text>'
