"""Charts as data: one file per family, each in three functions (compute, table, draw).

:func:`draw_charts` draws every chart of one market's results, :func:`draw_market_charts` those of a whole run. A chart
whose data are missing is left out, never empty. Colours are tokens of ``theme.Theme``. What is drawn are plain shapes
(``report/shapes.py``); ``render/`` writes them as SVG, into a PDF, or onto a matplotlib axes.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from reportgen.report.blocks import Chart
from reportgen.report.channels import of_channel
from reportgen.report.figures import (
    caterpillar,
    common,
    decay,
    forecast,
    forest,
    hierarchy,
    impulse,
    influence,
    keyfigures,
    markets,
    multiples,
    predictive,
    qq,
    ranking,
    residuals,
    response,
    strip,
    timeline,
)
from reportgen.report.figures.drawing.theme import Theme
from reportgen.report.figures.kit import Kit, kit_for, usual_level
from reportgen.report.words.names import clean
from reportgen.report.words.units import channel_unit, promotion_step

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from reportgen.report.words.formats import Formats
    from reportgen.report.words.language import Language
    from reportgen.results import MarketResults, OverviewResults

    Made = Chart | tuple[Chart, ...] | None

__all__ = ["ACROSS", "CHARTS", "Theme", "draw_charts", "draw_market_charts", "kind_of"]

CHARTS: Mapping[str, Callable[[MarketResults, Kit, str], Made]] = {
    "key": keyfigures.charts_key_figures,
    "without_promotion": timeline.chart_counterfactual,
    "hierarchy": hierarchy.chart_hierarchy,
    "timeline": timeline.chart_timeline,
    "multiples": multiples.chart_multiples,
    "forest": forest.chart_coefficients,
    "estimators": forest.chart_estimators,
    "common": common.chart_common,
    "decay": decay.charts_decay,
    "impulse": impulse.chart_impulse,
    "caterpillar": caterpillar.chart_caterpillar,
    "response": response.chart_response,
    "forecast": forecast.chart_forecast,
    "checks": strip.chart_strip,
    "residuals": residuals.chart_residuals,
    "scale_location": residuals.chart_spread,
    "autocorrelation": residuals.chart_autocorrelation,
    "qq": qq.charts_qq,
    "influence": influence.chart_influence,
    "predictive": predictive.chart_predictive,
    "ordinary": forest.chart_ordinary,
}
"""Kinds of charts of a market, in the order of the report, and what draws them.

Most kinds are one chart of the same name; those drawn by ``charts_…`` have a name each, which begins with the kind's:
``key_first``, ``decay`` and ``decay_2`` (a channel each), ``qq_slope``.
"""

BY_CHANNEL = frozenset({"decay", "impulse", "response"})
"""Kinds that every channel has its own of."""
OF_FIRST_CHANNEL = frozenset({
    "estimators", "caterpillar", "influence", "ordinary",
})  # fmt: skip
"""Kinds that are about the first channel where there are several, and are then told under its name."""

ACROSS: Mapping[str, Callable[[OverviewResults, Kit, str], Chart | None]] = {
    "market_forest": markets.chart_market_forest,
    "market_uncertainty": ranking.chart_market_uncertainty,
    "market_ranks": ranking.chart_market_ranks,
}
"""Charts over all markets, in the order of the overview."""


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
        Charts wanted, all by default.

    Returns
    -------
    dict
        Finished charts by name, in the order of the report; those without data are missing.
    """
    kit = kit_for(results, formats, language, theme or Theme())
    kinds = CHARTS if names is None else {kind_of(name) for name in names}
    found: list[Chart] = []
    for kind, make in CHARTS.items():
        if kind in kinds:
            found += _of_channels(make, results, kit, kind) if results.channels else _listed(make(results, kit, kind))
    return {chart.name: chart for chart in found if names is None or chart.name in names}


def _of_channels(
    make: Callable[[MarketResults, Kit, str], Made], results: MarketResults, kit: Kit, kind: str
) -> list[Chart]:
    """The charts of a kind where there are several channels: under the channel's name what is about one of them."""
    if kind not in BY_CHANNEL:
        made = _listed(make(results, kit, kind))
        return [_told(chart, results, 0) for chart in made] if kind in OF_FIRST_CHANNEL else made
    found: list[Chart] = []
    for k, channel in enumerate(results.channels):
        # Results that speak of this channel alone, so that a chart need not know there are others.
        one = of_channel(results, k)
        unit = channel_unit(kit.language, channel.channel)
        own = replace(kit, formats=replace(kit.formats, unit=unit), step=promotion_step(one.data))
        own = replace(own, usual=usual_level(one, own.formats))
        made = _listed(make(one, own, kind if k == 0 else f"{kind}_{k + 1}"))
        found += [_told(chart, results, k) for chart in made]
    return found


def _told(chart: Chart, results: MarketResults, channel: int) -> Chart:
    name = clean(results.channels[channel].channel, 40)
    return replace(chart, title=f"{name}: {chart.title}", alt=f"{name}: {chart.alt}")


def _listed(made: Made) -> list[Chart]:
    return [*made] if isinstance(made, tuple) else [made] if made else []


def kind_of(name: str) -> str:
    """Kind of the chart ``name``: itself, or what it begins with."""
    return name if name in CHARTS else name.partition("_")[0]


def draw_market_charts(
    overview: OverviewResults, formats: Formats, language: Language, theme: Theme | None = None
) -> dict[str, Chart]:
    """Draw the charts over all markets, those of :data:`ACROSS` that have data."""
    kit = Kit(formats=formats, language=language, theme=theme or Theme(), confidence=overview.confidence)
    made = {name: make(overview, kit, name) for name, make in ACROSS.items()}
    return {name: chart for name, chart in made.items() if chart is not None}
