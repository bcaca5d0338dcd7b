"""Each pharmacy's line of sales over promotion around the market's line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from reportgen.report.blocks import Chart, ChartTable
from reportgen.report.figures.drawing import marks
from reportgen.report.figures.drawing.plane import Box, sheet
from reportgen.report.figures.drawing.theme import SMALL, WIDE
from reportgen.report.figures.intervals import fit_ticks
from reportgen.report.figures.kit import Kit
from reportgen.report.standing import market_effect, standings
from reportgen.report.typefaces.widths import fit_texts
from reportgen.report.words.names import clean

if TYPE_CHECKING:
    from reportgen.report.figures.drawing.plane import Plane
    from reportgen.results import MarketResults

MOST = 400


@dataclass(frozen=True, slots=True, eq=False)
class Lines:
    """Lines of sales (money) over promotion."""

    x: marks.Numbers
    """(P,) adstocked promotion."""
    market: marks.Numbers
    """(P,)"""
    pharmacies: marks.Numbers
    """(G, P)"""
    names: tuple[str, ...]
    slope: marks.Numbers
    """(G,) total slopes, response units: which line to name."""
    distinct: marks.Flags
    """(G,) whether a pharmacy's response differs clearly from the market's."""


def compute_lines(results: MarketResults) -> Lines | None:
    """Lines over the usual range of promotion; ``None`` where the model gives none."""
    charts, model = results.charts, results.model
    if (
        charts.promotion_range is None
        or charts.promotion_center is None
        or charts.market_level is None
        or model is None
    ):
        return None
    beta = market_effect(results)
    sides = zip(results.pharmacies, standings(results), strict=True)
    rows = [(p, side != 0) for p, side in sides if p.intercept is not None]
    if beta is None or not rows or charts.promotion_range[1] <= charts.promotion_range[0]:
        return None
    if len(rows) > MOST:
        rows = [rows[i] for i in np.linspace(0, len(rows) - 1, MOST).round().astype(int)]
    x = np.linspace(*charts.promotion_range, 9 if model.response == "log" else 2)
    level = charts.market_level + beta * (x - charts.promotion_center)
    intercept = np.array([p.intercept or 0.0 for p, _ in rows])
    slope = np.array([p.slope or 0.0 for p, _ in rows])
    distinct = np.array([stands_out for _, stands_out in rows])
    lines = level + intercept[:, None] + slope[:, None] * x
    if model.response == "log":
        level, lines = np.exp(level), np.exp(lines)
    return Lines(x, level, lines, tuple(clean(p.pharmacy) for p, _ in rows), slope + beta, distinct)


def table_lines(data: Lines) -> ChartTable:
    """Sales of each pharmacy's line at the two ends of the range; the market is the first row."""
    rows = [("", float(data.market[0]), float(data.market[-1]))]
    rows += [(n, float(y[0]), float(y[-1])) for n, y in zip(data.names, data.pharmacies, strict=True)]
    return ChartTable(columns=("pharmacy", "sales_at_low_promotion", "sales_at_high_promotion"), rows=tuple(rows))


def draw_lines(axes: Plane, data: Lines, kit: Kit) -> None:
    """Thin lines for pharmacies, clear ones in the second colour, the market thick."""
    theme = kit.theme
    ticks = marks.nice_ticks(*axes.y, 5)
    marks.grid_y(axes, ticks, kit.formats.ticks(ticks, "money"), theme)
    many = len(data.names) > 120
    usual, clear = (0.5, 0.35) if many else (0.8, 0.45), (0.8, 0.7) if many else (1.0, 0.8)
    for chosen, color, (width, alpha) in ((~data.distinct, theme.accent, usual), (data.distinct, theme.second, clear)):
        lines = data.pharmacies[chosen]
        if len(lines):
            x = np.tile(np.append(data.x, np.nan), len(lines))
            y = np.column_stack([lines, np.full(len(lines), np.nan)]).ravel()
            marks.line(axes, x, y, color, width=width, alpha=alpha)
    marks.line(axes, data.x, data.market, theme.ink, width=3.2)
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
        marks.label(axes, float(data.x[-1]), place, text, color, dx=8, weight=weight)


def _bounds(data: Lines) -> tuple[tuple[float, float], int]:
    """Range of sales to draw, and the lines that leave it: a few steep ones must not flatten all others."""
    low, high = marks.limits(np.concatenate([data.pharmacies.ravel(), data.market]), pad=0.02)
    usual = max(float(np.quantile(data.pharmacies.max(axis=1), 0.95)), float(data.market.max()))
    if usual <= 0 or high <= 1.8 * usual:
        return (low, high), 0
    return (max(low, 0.0) if low > -0.1 * usual else low, 1.25 * usual), int(
        (data.pharmacies.max(axis=1) > 1.25 * usual).sum()
    )


def chart_lines(results: MarketResults, kit: Kit, name: str = "lines") -> Chart | None:
    """Pharmacy lines around the market line."""
    data = compute_lines(results)
    if data is None:
        return None
    bounds, over = _bounds(data)
    drawn, (axes,) = sheet(
        WIDE, 268, [Box(74, 26, WIDE - 74 - 136, 200, (float(data.x[0]), float(data.x[-1])), bounds)]
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
    digits = 1 if np.ptp(data.x) >= 1 else 2
    change = data.pharmacies[:, -1] - data.pharmacies[:, 0]
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
        low=f.decimal(float(data.x[0]), digits),
        high=f.decimal(float(data.x[-1]), digits),
        before=f.money(float(data.market[0])),
        after=f.money(float(data.market[-1])),
        rising=f.integer(int((change > 0).sum())),
        falling=f.integer(int((change < 0).sum())),
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
