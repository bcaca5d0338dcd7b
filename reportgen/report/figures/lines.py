"""Each pharmacy's line of sales over promotion around the market's line."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from reportgen.report.blocks import Chart, ChartTable
from reportgen.report.figures.drawing import marks
from reportgen.report.figures.drawing.plane import Box, sheet
from reportgen.report.figures.drawing.theme import SMALL, WIDE
from reportgen.report.figures.intervals import fit_ticks
from reportgen.report.figures.kit import Kit
from reportgen.report.typefaces.widths import fit_texts
from reportgen.report.words.names import clean
from reportgen.results.derived.lines import FittedLines, fitted_lines

if TYPE_CHECKING:
    from reportgen.report.figures.drawing.plane import Plane
    from reportgen.results import MarketResults

MOST = 400


def compute_lines(results: MarketResults) -> FittedLines | None:
    """Lines over the usual range of promotion; ``None`` where the model gives none."""
    found = fitted_lines(results, MOST)
    return None if found is None else replace(found, names=tuple(map(clean, found.names)))


def table_lines(data: FittedLines) -> ChartTable:
    """Sales of each pharmacy's line at the two ends of the range; the market is the first row."""
    rows = [("", float(data.market[0]), float(data.market[-1]))]
    rows += [(n, float(y[0]), float(y[-1])) for n, y in zip(data.names, data.pharmacies, strict=True)]
    return ChartTable(columns=("pharmacy", "sales_at_low_promotion", "sales_at_high_promotion"), rows=tuple(rows))


def draw_lines(axes: Plane, data: FittedLines, kit: Kit) -> None:
    """Thin lines for pharmacies, clear ones in the second colour, the market thick."""
    theme = kit.theme
    ticks = marks.nice_ticks(*axes.y, 5)
    marks.grid_y(axes, ticks, kit.formats.ticks(ticks, "money"), theme)
    many = len(data.names) > 120
    usual, clear = (0.5, 0.35) if many else (0.8, 0.45), (0.8, 0.7) if many else (1.0, 0.8)
    for chosen, color, (width, alpha) in ((~data.distinct, theme.accent, usual), (data.distinct, theme.second, clear)):
        lines = data.pharmacies[chosen]
        if len(lines):
            # All lines of one colour are one shape with gaps (NaN): hundreds of shapes would be most of the page.
            x = np.tile(np.append(data.promotion, np.nan), len(lines))
            y = np.column_stack([lines, np.full(len(lines), np.nan)]).ravel()
            marks.line(axes, x, y, color, width=width, alpha=alpha)
    marks.line(axes, data.promotion, data.market, theme.ink, width=3.2)
    fit_ticks(axes, kit, kit.formats.ticks, base=True)
    ends = [(float(data.market[-1]), kit.say("market"), theme.ink, 600)]
    if data.slope.max() > data.slope.min():
        steepest = (int(np.argmax(data.slope)), int(np.argmin(data.slope)))
        names = fit_texts([data.names[i] for i in steepest], 120, SMALL)
        for i, name in zip(steepest, names, strict=True):
            color = theme.second if data.distinct[i] else theme.accent
            ends.append((float(data.pharmacies[i, -1]), name, color, 400))
    low, high = axes.y
    places = marks.spread([e[0] for e in ends], 13 * axes.units[1], low, high)
    for place, (_, text, color, weight) in zip(places, ends, strict=True):
        marks.label(axes, float(data.promotion[-1]), place, text, color, dx=8, weight=weight)


def _bounds(data: FittedLines) -> tuple[tuple[float, float], int]:
    """Range of sales to draw, and the lines that leave it: a few steep ones must not flatten all others."""
    low, high = marks.limits(np.concatenate([data.pharmacies.ravel(), data.market]), pad=0.02)
    # Nineteen of twenty lines stay below this, and the picture ends a quarter above it.
    usual = max(float(np.quantile(data.pharmacies.max(axis=1), 0.95)), float(data.market.max()))
    if usual <= 0 or high <= 1.8 * usual:
        return (low, high), 0
    beyond = int(np.count_nonzero(data.pharmacies.max(axis=1) > 1.25 * usual))
    return (max(low, 0.0) if low > -0.1 * usual else low, 1.25 * usual), beyond


def chart_lines(results: MarketResults, kit: Kit, name: str = "lines") -> Chart | None:
    """Pharmacy lines around the market line."""
    data = compute_lines(results)
    if data is None:
        return None
    bounds, over = _bounds(data)
    drawn, (axes,) = sheet(
        WIDE, 268, [Box(74, 26, WIDE - 74 - 136, 200, (float(data.promotion[0]), float(data.promotion[-1])), bounds)]
    )
    draw_lines(axes, data, kit)
    marks.heading(axes, kit.say("Sales per pharmacy {per_period}", per_period=kit.per_period), kit.theme, dx=-68)
    marks.below(
        axes,
        kit.say("Promotion with carry-over ({unit} {per_period})", unit=kit.unit, per_period=kit.per_period),
        kit.theme,
        dy=-25,
    )
    f = kit.formats
    note = kit.plural("{count} line leaves the picture.", "{count} lines leave the picture.", over) if over else ""
    digits = 1 if np.ptp(data.promotion) >= 1 else 2
    falls = bool(data.market[-1] < data.market[0])
    message = (
        kit.say(
            "Where promotion rises from {low} to {high}, sales of the average pharmacy go from {before} to {after}; "
            "{falling} of {count} lines fall."
        )
        if falls
        else kit.say(
            "Where promotion rises from {low} to {high}, sales of the average pharmacy go from {before} to {after}; "
            "{rising} of {count} lines rise."
        )
    )
    title = message.format(
        low=f.decimal(float(data.promotion[0]), digits),
        high=f.decimal(float(data.promotion[-1]), digits),
        before=f.money(float(data.market[0])),
        after=f.money(float(data.market[-1])),
        rising=f.integer(data.rising),
        falling=f.integer(data.falling),
        count=f.integer(len(data.names)),
    )
    return kit.chart(
        name,
        drawn,
        title=title,
        table=table_lines(data),
        subtitle=kit.say(
            "Fitted sales of each pharmacy over the usual range of promotion, lagged sales held at their mean"
        ),
        foot=kit.foot(
            kit.say(
                "Range: from the {low} to the {high} quantile of promotion.",
                low=f.percent(0.05, digits=0),
                high=f.percent(0.95, digits=0),
            ),
            kit.say("Second colour: response clearly different from the market’s.") if data.distinct.any() else "",
            note,
        ),
    )
