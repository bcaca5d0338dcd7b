"""Charts as data: one file per family, each in three functions (compute, table, draw).

:func:`draw_charts` draws every chart of one market's results, :func:`draw_market_charts` those of a whole run. A chart
whose data are missing is left out, never empty. Lines of reference (zero, the market's effect) are each chart's own.
Colours are tokens of ``theme.Theme``. What is drawn are plain shapes (``report/shapes.py``); ``render/`` writes them as
SVG, into a PDF, or onto a matplotlib axes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reportgen.report.blocks import Chart, ChartTable
from reportgen.report.figures.drawing.theme import Theme
from reportgen.report.figures.kit import Kit, kit_for

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from reportgen.report.words.formats import Formats
    from reportgen.report.words.language import Language
    from reportgen.results import MarketResults, OverviewResults

    Maker = Callable[[MarketResults, Kit, str], Chart | None]

__all__ = [
    "CHARTS",
    "Chart",
    "ChartTable",
    "Kit",
    "Theme",
    "draw_charts",
    "draw_market_charts",
]

CHARTS = (
    "key_now", "key_long_run", "key_incremental", "key_roi", "without_promotion", "hierarchy", "timeline",
    "multiples", "forest", "estimators", "decay", "decay_2", "decay_3", "impulse", "impulse_brief", "caterpillar",
    "caterpillar_intercept", "caterpillar_brief", "lines", "shrinkage", "contribution", "waterfall",
    "incremental_pharmacies", "what_if", "residuals", "scale_location", "autocorrelation", "qq_residuals",
    "qq_intercept", "qq_slope", "influence", "predictive", "ordinary",
)  # fmt: skip
"""Names of all charts of a market, in the order of the report (further random terms add ``qq_slope_2``, …)."""


def _makers() -> dict[str, Maker]:
    """Makers of the charts that come one at a time, by name."""
    from reportgen.report.figures import (
        caterpillar,
        contribution,
        decay,
        forest,
        hierarchy,
        impulse,
        influence,
        lines,
        multiples,
        predictive,
        residuals,
        shrinkage,
        timeline,
    )

    def channel(k: int) -> Maker:
        def make(results: MarketResults, kit: Kit, name: str) -> Chart | None:
            summaries = (results.decay, *results.more_decays)
            return decay.chart_decay(summaries[k], kit, name) if k < len(summaries) else None

        return make

    return {
        "without_promotion": timeline.chart_counterfactual,
        "hierarchy": hierarchy.chart_hierarchy,
        "timeline": timeline.chart_timeline,
        "multiples": multiples.chart_multiples,
        "forest": forest.chart_coefficients,
        "estimators": forest.chart_estimators,
        "decay": channel(0),
        "decay_2": channel(1),
        "decay_3": channel(2),
        "impulse": impulse.chart_impulse,
        "impulse_brief": impulse.chart_impulse_small,
        "caterpillar": caterpillar.chart_caterpillar,
        "caterpillar_intercept": lambda r, k, n: caterpillar.chart_caterpillar(r, k, n, "intercept"),
        "caterpillar_brief": caterpillar.chart_caterpillar_ends,
        "lines": lines.chart_lines,
        "shrinkage": shrinkage.chart_shrinkage,
        "contribution": contribution.chart_contribution,
        "waterfall": contribution.chart_waterfall,
        "incremental_pharmacies": contribution.chart_by_pharmacy,
        "what_if": forest.chart_what_if,
        "residuals": residuals.chart_residuals,
        "scale_location": residuals.chart_spread,
        "autocorrelation": residuals.chart_autocorrelation,
        "influence": influence.chart_influence,
        "predictive": predictive.chart_predictive,
        "ordinary": forest.chart_ordinary,
    }


def draw_charts(
    results: MarketResults,
    formats: Formats,
    language: Language,
    theme: Theme | None = None,
    names: Collection[str] | None = None,
) -> dict[str, Chart]:
    """Draw the charts of one market.

    Parameters
    ----------
    formats
        Number formats; ``formats.response`` must be the model's.
    names
        Charts wanted (see :data:`CHARTS`); all by default.

    Returns
    -------
    dict
        Finished charts by name, in the order of the report; those without data are missing.
    """
    from reportgen.report.figures import keyfigures, qq

    kit = kit_for(results, formats, language, theme or Theme())
    made: dict[str, Chart | None] = {}
    if names is None or any(name.startswith("key_") for name in names):
        made.update(keyfigures.charts_key_figures(results, kit))
    makers = _makers()
    for name in CHARTS:
        if name in makers and (names is None or name in names):
            made[name] = makers[name](results, kit, name)
    if names is None or any(name.startswith("qq_") for name in names):
        made.update(qq.charts_qq(results, kit))
    order = {name: place for place, name in enumerate(CHARTS)}
    chosen = sorted(made.items(), key=lambda item: order.get(item[0], order["qq_slope"]))
    return {name: chart for name, chart in chosen if chart is not None and (names is None or name in names)}


def draw_market_charts(
    overview: OverviewResults, formats: Formats, language: Language, theme: Theme | None = None
) -> dict[str, Chart]:
    """Draw the charts over all markets: ``market_forest``, ``market_uncertainty``, ``market_ranks``."""
    from reportgen.report.figures import markets, ranking

    kit = Kit(formats=formats, language=language, theme=theme or Theme(), confidence=overview.confidence)
    makers = {
        "market_forest": markets.chart_market_forest,
        "market_uncertainty": ranking.chart_market_uncertainty,
        "market_ranks": ranking.chart_market_ranks,
    }
    made = {name: make(overview, kit, name) for name, make in makers.items()}
    return {name: chart for name, chart in made.items() if chart is not None}
