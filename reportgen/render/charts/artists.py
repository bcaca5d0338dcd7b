"""Charts on a matplotlib axes of the user's: real artists, to be restyled, combined and saved like any other.

The only writer of charts that needs matplotlib; no document does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reportgen.errors import InputError
from reportgen.report.shapes import Dots, Label, Line
from reportgen.report.typefaces.faces import FALLBACK, FAMILY, register_fonts

if TYPE_CHECKING:
    from collections.abc import Collection

    from matplotlib.axes import Axes
    from matplotlib.collections import LineCollection, PolyCollection

    from reportgen.report.blocks import Chart
    from reportgen.report.shapes import Area, Piece
    from reportgen.results import MarketResults
    from reportgen.settings.sections import Settings

_ANCHORS = {"start": "left", "middle": "center", "end": "right"}


def draw(results: MarketResults, name: str, axes: Axes, settings: Settings | None = None) -> Chart:
    """Draw a chart of the report on a matplotlib ``axes``, and return it with its title, notes and numbers.

    Parameters
    ----------
    name
        A chart of the report, such as ``caterpillar`` (kinds are in ``reportgen.report.figures.CHARTS``).
    settings
        Language, currency and colours, as for a report; those of a report without settings by default.

    Raises
    ------
    InputError
        There is no such chart, or these results have nothing to show in it.
    """
    drawn = drawn_charts(results, settings, [name])
    if name not in drawn:
        raise InputError(f"{results.market} has no chart {name!r}.", code="no-chart")
    add_artists(drawn[name], axes)
    return drawn[name]


def drawn_charts(
    results: MarketResults, settings: Settings | None = None, names: Collection[str] | None = None
) -> dict[str, Chart]:
    """Charts of a market as data, by name, all that have something to show where no ``names`` are given."""
    from reportgen.report.brand import load_brand, theme
    from reportgen.report.figures import draw_charts
    from reportgen.report.words.writer import make_writer
    from reportgen.settings.sections import Settings

    chosen = (settings or Settings()).for_market(results.market)
    writer = make_writer(results, chosen)
    return draw_charts(results, writer.formats, writer.language, theme(load_brand(chosen.brand)), names)


def add_artists(chart: Chart, axes: Axes) -> None:
    """Add the shapes of ``chart`` to ``axes``, in pixels of the chart, as large as its place allows now."""
    register_fonts()
    place = axes.get_window_extent()
    inch = axes.get_figure(root=True).dpi  # type: ignore[union-attr]
    # Points of type for one pixel of the chart: matplotlib scales places with the axes, but no text and no line width.
    points = min(place.width / chart.width, place.height / chart.height) * 72 / inch
    # Shapes have y down, as pixels do: the axis is turned round.
    axes.set(xlim=(0, chart.width), ylim=(chart.height, 0), aspect="equal")
    axes.set_axis_off()
    for order, shape in enumerate(chart.shapes):
        # The order of the shapes is what lies on what; matplotlib would put lines above areas and text above both.
        look = {"alpha": getattr(shape, "alpha", 1.0), "zorder": order}
        if isinstance(shape, Label):
            _add_label(axes, shape, points, look)
        elif isinstance(shape, Dots):
            _add_dots(axes, shape, points, look)
        else:
            axes.add_collection(_line(shape, points, look) if isinstance(shape, Line) else _area(shape, look))


def _add_label(axes: Axes, label: Label, points: float, look: dict[str, Any]) -> None:
    axes.text(
        *_pixels((label.place,))[0],
        label.text,
        color=label.color,
        size=label.size * points,
        weight=700 if label.weight >= 600 else 400,
        ha=_ANCHORS[label.anchor],
        va="baseline",
        family=[FAMILY, FALLBACK, "DejaVu Sans"],
        parse_math=False,
        **look,
    )


def _line(line: Line, points: float, look: dict[str, Any]) -> LineCollection:
    from matplotlib.collections import LineCollection

    return LineCollection(
        [_pixels(piece) for piece in line.pieces],
        colors=line.color,
        linewidths=line.width * points,
        # matplotlib counts dashes in widths of the line, we in pixels.
        linestyles=[(0, [step / line.width for step in line.dash])] if line.dash else "solid",
        capstyle=line.cap,
        joinstyle="round",
        **look,
    )


def _area(area: Area, look: dict[str, Any]) -> PolyCollection:
    from matplotlib.collections import PolyCollection

    corners = [_pixels(piece) for piece in area.pieces]
    return PolyCollection(corners, facecolors=area.color, edgecolors="none", **look)


def _add_dots(axes: Axes, dots: Dots, points: float, look: dict[str, Any]) -> None:
    x, y = zip(*_pixels(dots.points), strict=True)
    axes.plot(
        x,
        y,
        linestyle="none",
        marker="o" if dots.shape == "round" else "D",
        markersize=dots.size * points,
        markerfacecolor=dots.inside,
        markeredgecolor=dots.color,
        markeredgewidth=dots.edge * points,
        clip_on=False,
        **look,
    )


def _pixels(piece: Piece) -> list[tuple[float, float]]:
    return [(x / 10, y / 10) for x, y in piece]
