"""Markets against each other: effect against uncertainty, and expected ranks."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from reportgen.report.blocks import Chart
from reportgen.report.figures.drawing import marks
from reportgen.report.figures.drawing.plane import Box, sheet
from reportgen.report.figures.drawing.theme import SMALL, WIDE
from reportgen.report.figures.intervals import Reference, draw_references, fit_ticks
from reportgen.report.figures.kit import Kit, Tip
from reportgen.report.figures.markets import (
    Markets,
    compute_markets,
    shown_rows,
    table_markets,
    ticks_of,
    unit_of,
    write,
)
from reportgen.report.typefaces.widths import fit_text, fit_texts, text_width
from reportgen.results.derived.intervals import normal_interval

if TYPE_CHECKING:
    from reportgen.report.figures.drawing.plane import Plane
    from reportgen.results import OverviewResults

NAMED = 12
_ORDERED = 10.0
"""Expected ranks closer together than this are no order."""
TOLD = 100
"""Points that tell their market where there are more: those farthest from the others."""


def draw_market_uncertainty(axes: Plane, data: Markets, kit: Kit) -> list[Tip]:
    """Draw a dot per market, effect along x, standard error down y; inside the cone none can be told from zero."""
    theme = kit.theme
    fit_ticks(axes, kit, ticks_of(data, kit), base=True)
    bottom = axes.y[0]
    ticks = marks.nice_ticks(0.0, bottom, 4)
    marks.grid_y(axes, ticks, ticks_of(data, kit)(ticks), theme)
    # The cone of a funnel plot: at each standard error, the effects whose interval would just reach zero.
    left, right = normal_interval(0.0, bottom, kit.confidence)
    marks.band(axes, [left, 0.0, right], [bottom, 0.0, bottom], [bottom] * 3, theme.faint, alpha=0.22)
    references = [Reference(value=0.0, label=kit.say("no effect"))]
    if data.pooled:
        references.append(Reference(value=data.pooled.estimate, label=kit.say("pooled"), color="ink", dashed=True))
    draw_references(axes, references, kit)
    crosses = (data.lower <= 0) & (data.upper >= 0)
    marks.dots(axes, data.estimate[crosses], data.se[crosses], theme.accent, size=8, hollow=theme.paper)
    marks.dots(axes, data.estimate[~crosses], data.se[~crosses], theme.accent, size=8)
    center = data.pooled.estimate if data.pooled else float(np.median(data.estimate))
    order = np.argsort(-np.abs(data.estimate - center), kind="stable").tolist()
    _name_points(axes, data, kit, order)
    tips: list[Tip] = []
    for i in sorted(order[:TOLD]):
        e, s = float(data.estimate[i]), float(data.se[i])
        text = f"{data.names[i]}: {write(data, kit, e, s)}, SE {write(data, kit, s, s)}"
        tips.append((*axes.pixel(e, s), text))
    return tips


def _name_points(axes: Plane, data: Markets, kit: Kit, order: list[int]) -> None:
    """Name points in the given order as long as names do not touch each other or another point."""
    pixels = [axes.pixel(float(e), float(s)) for e, s in zip(data.estimate, data.se, strict=True)]
    taken: list[tuple[float, float, float, float]] = [(x - 5, y - 5, x + 5, y + 5) for x, y in pixels]
    right = axes.right
    left_edge = axes.left
    named = 0
    for i in order:
        text = fit_text(data.names[i], 110, SMALL)
        width = text_width(text, SMALL)
        x, y = pixels[i]
        # Right of the point, left of it, above, below: the first place where nothing is. Far points come first, so
        # those that stand out are named.
        sides: tuple[tuple[marks.Anchor, float, float, float], ...] = (
            ("start", x + 8, 8.0, 0.0),
            ("end", x - 8 - width, -8.0, 0.0),
            ("middle", x - width / 2, 0.0, 13.0),
            ("middle", x - width / 2, 0.0, -13.0),
        )
        for anchor, start, dx, dy in sides:
            box = (start, y + dy - 6, start + width, y + dy + 6)
            inside = start >= left_edge and box[2] <= right + 40
            if inside and not any(box[0] < b[2] and box[2] > b[0] and box[1] < b[3] and box[3] > b[1] for b in taken):
                at = float(data.estimate[i]), float(data.se[i])
                marks.label(axes, *at, text, kit.theme.ink, anchor=anchor, dx=dx, dy=dy, halo=kit.theme.paper)
                taken.append(box)
                named += 1
                break
        if named >= NAMED:
            return


def chart_market_uncertainty(overview: OverviewResults, kit: Kit, name: str = "market_uncertainty") -> Chart | None:
    """Effect against its standard error."""
    data = compute_markets(overview, kit)
    if data is None or len(data.names) < 2:
        return None
    top = float(np.nanmax(data.se)) or 1.0
    drawn, (axes,) = sheet(
        WIDE,
        332,
        [Box(66, 38, WIDE - 66 - 48, 240, marks.limits(np.append(data.estimate, 0.0), pad=0.08), (top * 1.08, 0.0))],
    )
    tips = draw_market_uncertainty(axes, data, kit)
    marks.label(axes, axes.x[0], 0.0, kit.say("Standard error"), kit.theme.muted, valign="base", dx=-60, dy=22)
    marks.below(axes, unit_of(data, kit), kit.theme)
    f = kit.formats
    title = kit.say(
        "{known} of {count} markets are precise enough to tell their effect from zero.",
        known=f.integer(overview.clear_of_zero),
        count=f.integer(len(data.names)),
    )
    return kit.chart(
        name,
        drawn,
        title=title,
        table=table_markets(data),
        tips=tips,
        subtitle=kit.say("Effect of each market against its standard error; precise markets on top"),
        foot=kit.say("Inside the grey cone an effect cannot be told from zero. Hollow: the interval crosses zero."),
    )


def chart_market_ranks(overview: OverviewResults, kit: Kit, name: str = "market_ranks") -> Chart | None:
    """Expected rank of each market; missing where nothing could be pooled."""
    data = compute_markets(overview, kit)
    if data is None or len(data.names) < 2 or not np.isfinite(data.rank).all():
        return None
    order = np.lexsort((np.array(data.names), -data.rank)).tolist()
    data = replace(
        data,
        names=tuple(data.names[i] for i in order),
        estimate=data.estimate[order],
        shrunken=data.shrunken[order],
        rank=data.rank[order],
    )
    chosen = shown_rows(data)
    names = min(max(text_width(data.names[i], SMALL) for i in chosen if i is not None) + 16, 210.0)
    drawn, (axes,) = sheet(
        WIDE,
        16.0 * len(chosen) + 56,
        [Box(names, 26, WIDE - names - 90, 16.0 * len(chosen), (0.0, 100.0), (-0.5, len(chosen) - 0.5))],
    )
    tips = draw_market_ranks(axes, data, chosen, kit, names)
    f = kit.formats
    marks.label(
        axes,
        0.0,
        len(chosen) - 0.5,
        kit.say("Expected rank: 0 lowest, 100 highest"),
        kit.theme.muted,
        valign="base",
        dx=-names,
        dy=12,
    )
    high, low = f.integer(float(data.rank[0])), f.integer(float(data.rank[-1]))
    if float(data.rank[0] - data.rank[-1]) < _ORDERED:
        title = kit.say(
            "The markets cannot be put in order: expected ranks run from {low} to {high} of 100.", low=low, high=high
        )
    else:
        title = kit.say(
            "{first} ranks highest ({high} of 100), {last} lowest ({low}), after allowing for uncertainty.",
            first=data.names[0],
            high=high,
            last=data.names[-1],
            low=low,
        )
    return kit.chart(
        name,
        drawn,
        title=title,
        table=table_markets(data),
        tips=tips,
        subtitle=kit.say("Expected rank of each market’s effect, and its best estimate given all markets"),
        foot=kit.say("Ranks near 50 mean that the data cannot order a market."),
    )


def draw_market_ranks(axes: Plane, data: Markets, chosen: list[int | None], kit: Kit, names: float) -> list[Tip]:
    """Dots on a scale from 0 to 100 with the shrunken effect to the right."""
    theme = kit.theme
    at = (0.0, 25.0, 50.0, 75.0, 100.0)
    marks.grid_x(axes, at, kit.formats.ticks(at), theme)
    low, high = axes.y
    marks.line(axes, [50.0, 50.0], [low, high], theme.faint, dash=(4, 3), clip=False)
    x, y = [], []
    tips: list[Tip] = []
    kept = iter(fit_texts([data.names[i] for i in chosen if i is not None], names - 10, SMALL))
    for k, i in enumerate(chosen):
        row = float(len(chosen) - 1 - k)
        if i is None:
            marks.label(axes, 0.0, row, "…", theme.muted, dx=-names)
            continue
        rank = float(data.rank[i])
        x.append(rank)
        y.append(row)
        shrunken = float(data.shrunken[i])
        value = write(data, kit, shrunken if np.isfinite(shrunken) else float(data.estimate[i]))
        marks.label(axes, 0.0, row, next(kept), theme.ink, dx=-names)
        marks.label(axes, 100.0, row, value, theme.muted, dx=14)
        tips.append((*axes.pixel(rank, row), f"{data.names[i]}: {kit.formats.integer(rank)}, {value}"))
    zeros, ranks, rows = np.full(len(x), 50.0), np.array(x), np.array(y)
    marks.segments(axes, zeros, rows, ranks, rows, theme.faint, width=1.2)
    marks.dots(axes, ranks, rows, theme.accent, size=7.5)
    return tips
