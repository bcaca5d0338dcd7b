"""The first page of a report as a card in a notebook: no script, nothing fetched, no style that leaks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from markupsafe import Markup

from reportgen.render.charts.svg import write_svg
from reportgen.render.environment import fill, make_environment
from reportgen.report.blocks import Chart
from reportgen.report.figures.drawing.theme import Theme
from reportgen.resources import templates_dir

if TYPE_CHECKING:
    from reportgen.report.blocks import MarketReport


def render_card(report: MarketReport) -> str:
    """Answer, key figures, chart, and what the checks say; colours are those of paper, the brand's accent included."""
    accent = report.brand.accent or Theme().accent
    # Beside a plan the first page has lists and no chart: the first one behind it.
    drawn = (block for section in report.sections for block in section.blocks if isinstance(block, Chart))
    chart = report.summary.chart or next(drawn, None)
    return fill(
        make_environment(templates_dir() / "html", None),
        "card.html.j2",
        doc=report,
        accent=accent,
        chart=Markup(write_svg(chart, tips=False)) if chart is not None else "",  # noqa: S704 - escaped when drawn
    )
