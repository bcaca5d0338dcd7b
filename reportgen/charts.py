"""Every chart of the report on a matplotlib axes of yours: real artists, to be restyled, combined and saved.

::

    import matplotlib.pyplot as plt
    import reportgen
    from reportgen import charts

    analysis = reportgen.analyse("sales.csv", market="PL-01")
    figure, (left, right) = plt.subplots(1, 2, figsize=(14, 5))
    charts.caterpillar(analysis, ax=left)
    charts.impulse(analysis, ax=right).set_title("Carry-over")

A function for every kind. ``analysis`` is what :func:`reportgen.analyse` or :func:`reportgen.load_results` returns
(:data:`ACROSS`: what ``analyse`` returns for several markets). Coordinates of the axes are pixels of the report, with y
down; the numbers behind a chart are ``table`` of ``charts.caterpillar.chart(analysis)``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from reportgen.errors import InputError

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from reportgen.notebook.analysis import MarketAnalysis
    from reportgen.notebook.markets import MarketAnalyses
    from reportgen.report.blocks import Chart as DrawnChart
    from reportgen.settings.sections import Settings


@dataclass(frozen=True, slots=True)
class ChartKind:
    """A chart of one market: call it with an analysis and, if you like, an axes."""

    name: str
    shows: str
    """What is drawn."""

    def __call__(
        self, analysis: MarketAnalysis, ax: Axes | None = None, *, settings: Settings | None = None, which: str = ""
    ) -> Axes:
        """Draw the chart and return the axes.

        Parameters
        ----------
        ax
            Where to draw; a new figure of the chart's own size by default.
        settings
            Language, currency and colours; those of the analysis by default.
        which
            One of several charts of this kind: ``"2"`` is the second channel, ``"slope"`` the random slope of ``qq``.

        Raises
        ------
        InputError
            These results have nothing to show in it.
        """
        from reportgen.render.charts.artists import add_artists

        made = self.chart(analysis, settings=settings, which=which)
        ax = ax if ax is not None else _new_axes(made)
        add_artists(made, ax)
        return ax

    def chart(self, analysis: MarketAnalysis, *, settings: Settings | None = None, which: str = "") -> DrawnChart:
        """The chart as data: ``title``, ``subtitle``, ``foot``, ``alt``, ``table`` (its numbers), ``shapes``.

        Raises
        ------
        InputError
            These results have nothing to show in it.
        """
        from reportgen.render.charts.artists import drawn_charts
        from reportgen.report.figures import kind_of

        results = analysis.results
        drawn = drawn_charts(results, settings or analysis.settings)
        found = {name: chart for name, chart in drawn.items() if kind_of(name) == self.name}
        if which:
            name = f"{self.name}_{which}"
            if name not in found:
                raise InputError(
                    f"{results.market} has no chart {name}; there are {', '.join(found) or 'none'}.", code="no-chart"
                )
            return found[name]
        if not found:
            raise InputError(f"{results.market} has no chart {self.name!r}.", code="no-chart")
        return next(iter(found.values()))


@dataclass(frozen=True, slots=True)
class ChartAcross:
    """A chart over several markets: call it with what ``analyse`` returns for them."""

    name: str
    shows: str

    def __call__(self, analyses: MarketAnalyses, ax: Axes | None = None, *, settings: Settings | None = None) -> Axes:
        """Draw the chart and return the axes; parameters and errors as for the charts of one market."""
        from reportgen.render.charts.artists import add_artists

        made = self.chart(analyses, settings=settings)
        ax = ax if ax is not None else _new_axes(made)
        add_artists(made, ax)
        return ax

    def chart(self, analyses: MarketAnalyses, *, settings: Settings | None = None) -> DrawnChart:
        """The chart as data.

        Raises
        ------
        InputError
            Fewer than two markets can be pooled.
        """
        from reportgen.report.brand import load_brand, theme
        from reportgen.report.figures import draw_market_charts
        from reportgen.report.site.market_table import table_writer

        chosen = settings or analyses.settings
        writer = table_writer(chosen)
        drawn = draw_market_charts(analyses.overview, writer.formats, writer.language, theme(load_brand(chosen.brand)))
        if self.name not in drawn:
            raise InputError(f"These markets have no chart {self.name!r}.", code="no-chart")
        return drawn[self.name]


def _new_axes(chart: DrawnChart) -> Axes:
    from matplotlib import pyplot as plt

    figure = plt.figure(figsize=(chart.width / 72, chart.height / 72))
    return figure.add_axes((0.0, 0.0, 1.0, 1.0))


key = ChartKind("key", "A key figure of the first page as an interval.")
without_promotion = ChartKind("without_promotion", "Sales by period, and what they would have been without promotion.")
hierarchy = ChartKind("hierarchy", "The levels of the model with their counts.")
timeline = ChartKind("timeline", "Sales of a pharmacy (median and middle half) and promotion, by period.")
multiples = ChartKind("multiples", "Small pictures of single pharmacies: sales and promotion.")
forest = ChartKind("forest", "Coefficients with their intervals.")
estimators = ChartKind("estimators", "The effect by the plain, the corrected and the within-pharmacy estimator.")
common = ChartKind("common", "What each period added for all pharmacies together.")
decay = ChartKind("decay", "Likelihood over the carry-over, with its interval; a chart a channel.")
impulse = ChartKind("impulse", "What one unit brings in the periods after it, and in all; a chart a channel.")
caterpillar = ChartKind("caterpillar", "Effect in every pharmacy with its interval, sorted.")
response = ChartKind("response", "The curve of the response to a channel, with its band.")
forecast = ChartKind("forecast", "Sales to be expected in the next periods, with their interval.")
checks = ChartKind("checks", "Every check: value over limit, by the question it answers.")
residuals = ChartKind("residuals", "Residuals over fitted sales.")
scale_location = ChartKind("scale_location", "Spread of the residuals over fitted sales.")
autocorrelation = ChartKind("autocorrelation", "Correlation of a pharmacy's residuals over time, by lag.")
qq = ChartKind("qq", "Residuals, and pharmacies' effects, against the normal distribution.")
influence = ChartKind("influence", "The effect without each pharmacy.")
predictive = ChartKind("predictive", "The distribution of sales, and of data simulated from the model.")
ordinary = ChartKind("ordinary", "Coefficients under ordinary regression and under the model.")

market_forest = ChartAcross("market_forest", "Effect of every market with its interval, and all of them pooled.")
market_uncertainty = ChartAcross("market_uncertainty", "Effect of every market over its standard error.")
market_ranks = ChartAcross("market_ranks", "Expected rank of every market.")

KINDS: tuple[ChartKind, ...] = (
    key, without_promotion, hierarchy, timeline, multiples, forest, estimators, common, decay, impulse, caterpillar,
    response, forecast, checks, residuals, scale_location, autocorrelation, qq, influence, predictive, ordinary,
)  # fmt: skip
"""All charts of one market, in the order of the report."""
ACROSS: tuple[ChartAcross, ...] = (market_forest, market_uncertainty, market_ranks)
"""All charts over several markets."""

__all__ = [
    "ACROSS",
    "KINDS",
    "ChartAcross",
    "ChartKind",
    "autocorrelation",
    "caterpillar",
    "checks",
    "common",
    "decay",
    "estimators",
    "forecast",
    "forest",
    "hierarchy",
    "impulse",
    "influence",
    "key",
    "market_forest",
    "market_ranks",
    "market_uncertainty",
    "multiples",
    "ordinary",
    "predictive",
    "qq",
    "residuals",
    "response",
    "scale_location",
    "timeline",
    "without_promotion",
]  # fmt: skip
