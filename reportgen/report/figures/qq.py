"""Normal quantile plots of residuals and of random effects, with their pointwise band."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from reportgen.report.blocks import Chart, ChartTable
from reportgen.report.figures.drawing import marks
from reportgen.report.figures.drawing.plane import Box, sheet
from reportgen.report.figures.drawing.theme import THIRD
from reportgen.report.figures.kit import Kit

if TYPE_CHECKING:
    from reportgen.report.figures.drawing.plane import Plane
    from reportgen.results import QQ, MarketResults

MOST = 200
_ORDER = ("residuals", "intercept", "slope")


@dataclass(frozen=True, slots=True, eq=False)
class Quantiles:
    """Normal against observed quantiles with a band, (P,) each."""

    name: str
    theoretical: marks.Numbers
    sample: marks.Numbers
    lower: marks.Numbers
    upper: marks.Numbers

    @property
    def outside(self) -> marks.Flags:
        """Which points lie outside the band."""
        return (self.sample < self.lower) | (self.sample > self.upper)


def compute_quantiles(source: QQ) -> Quantiles | None:
    """Arrays of one plot, thinned evenly to ``MOST`` points; ``None`` below three."""
    count = len(source.theoretical)
    if count < 3:
        return None
    kept = np.arange(count) if count <= MOST else np.unique(np.linspace(0, count - 1, MOST).round().astype(int))
    return Quantiles(
        source.name, *(np.array(s)[kept] for s in (source.theoretical, source.sample, source.lower, source.upper))
    )


def table_quantiles(data: Quantiles) -> ChartTable:
    """Return one row per point."""
    series = (data.theoretical, data.sample, data.lower, data.upper)
    rows = tuple(tuple(map(float, row)) for row in zip(*series, strict=True))
    return ChartTable(columns=("normal", "observed", "lower", "upper"), rows=rows)


def draw_quantiles(axes: Plane, data: Quantiles, kit: Kit) -> None:
    """Band, the line of perfect agreement, points; those outside the band are diamonds in the second colour."""
    theme = kit.theme
    marks.band(axes, data.theoretical, data.lower, data.upper, theme.faint, alpha=0.25)
    ticks = marks.nice_ticks(*axes.y, 4)
    marks.grid_y(axes, ticks, kit.formats.ticks(ticks), theme)
    # The middle of the band is where points of a normal sample are expected.
    middle = (data.lower + data.upper) / 2
    marks.line(axes, data.theoretical, middle, theme.faint, width=1.2)
    outside = data.outside
    marks.dots(axes, data.theoretical[~outside], data.sample[~outside], theme.accent, size=4.2)
    size = 5.5 if np.count_nonzero(outside) <= 40 else 4.0
    marks.dots(axes, data.theoretical[outside], data.sample[outside], theme.second, size=size, shape="diamond")
    at = marks.nice_ticks(*axes.x, 5)
    marks.grid_x(axes, at, kit.formats.ticks(at), theme, lines=False, base=True)


def _kind(name: str, results: MarketResults) -> str:
    """``residuals``, or the role of the random term."""
    terms = results.model.terms if results.model is not None else ()
    return next((column.role for column in terms if column.term == name), name)


def _what(name: str, kit: Kit) -> str:
    if name == "residuals":
        return kit.say("Residuals")
    return kit.say("Levels of pharmacies") if name == "intercept" else kit.say("Responses of pharmacies")


def _chart(source: QQ, kit: Kit, name: str, results: MarketResults) -> Chart | None:
    """Plot one sample against the normal distribution."""
    data = compute_quantiles(source)
    if data is None:
        return None
    what = _what(_kind(source.name, results), kit)
    # Without both ends of the band: it opens wide there and would press the points together.
    bounds = marks.limits(np.concatenate([data.sample, data.lower[1:-1], data.upper[1:-1]]))
    drawn, (axes,) = sheet(THIRD, 152, [Box(46, 26, THIRD - 46 - 12, 86, marks.limits(data.theoretical), bounds)])
    draw_quantiles(axes, data, kit)
    marks.heading(axes, kit.say("{what}, observed", what=what), kit.theme, dx=-40)
    marks.below(axes, kit.say("Expected if normal"), kit.theme)
    f, out = kit.formats, int(np.count_nonzero(data.outside))
    title = kit.say(
        "{what}: {outside} of {count} points outside the band.",
        what=what,
        outside=f.integer(out),
        count=f.integer(len(data.sample)),
    )
    return kit.chart(
        name,
        drawn,
        title=title,
        table=table_quantiles(data),
        foot=kit.say("Should lie on the line, within the band."),
        subtitle=kit.say("Observed against normal quantiles with a pointwise {level} band", level=kit.pointwise),
    )


def charts_qq(results: MarketResults, kit: Kit, kind: str = "qq") -> tuple[Chart, ...]:
    """Plots of residuals and of each random term: ``qq_residuals``, ``qq_intercept``, ``qq_slope`` (then ``_2``)."""
    made: list[tuple[int, Chart | None]] = []
    seen: Counter[str] = Counter()
    for source in results.charts.qq:
        what = _kind(source.name, results)
        what = what if what in _ORDER else "slope"
        seen[what] += 1
        name = f"{kind}_{what}" if seen[what] == 1 else f"{kind}_{what}_{seen[what]}"
        made.append((_ORDER.index(what), _chart(source, kit, name, results)))
    return tuple(chart for _, chart in sorted(made, key=lambda one: one[0]) if chart is not None)
