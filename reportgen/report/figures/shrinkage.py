"""From each pharmacy's own estimate to the one that is used: what borrowing strength does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from reportgen.report.blocks import Chart, ChartTable
from reportgen.report.figures.drawing import marks
from reportgen.report.figures.drawing.plane import Box, sheet
from reportgen.report.figures.drawing.theme import WIDE
from reportgen.report.figures.kit import Kit, Tip
from reportgen.report.words.names import clean

if TYPE_CHECKING:
    from reportgen.report.figures.drawing.plane import Plane
    from reportgen.report.words.formats import Kind
    from reportgen.results import MarketResults

MOST = 240


@dataclass(frozen=True, slots=True, eq=False)
class Shrinkage:
    """Own and used promotion effects, drawn values, (G,), sorted by the own estimate."""

    names: tuple[str, ...]
    own: marks.Numbers
    used: marks.Numbers
    average: float
    of: int
    """Pharmacies before thinning."""


def compute_shrinkage(results: MarketResults, kit: Kit) -> Shrinkage | None:
    """Own against used estimates; ``None`` where there are no own ones, or all used ones are the same."""
    pairs = [
        (clean(p.pharmacy), kit.effect(p.own_slope), kit.effect(p.total_slope))
        for p in results.pharmacies
        if p.own_slope is not None and p.total_slope is not None
    ]
    market = results.promotion_effect
    if len(pairs) < 2 or market is None:
        return None
    pairs.sort(key=lambda row: (row[1], row[0]))
    total = len(pairs)
    if total > MOST:
        pairs = [pairs[i] for i in np.linspace(0, total - 1, MOST).round().astype(int)]
    own, used = np.array([p[1] for p in pairs]), np.array([p[2] for p in pairs])
    return Shrinkage(tuple(p[0] for p in pairs), own, used, kit.effect(market.estimate), total)


def table_shrinkage(data: Shrinkage) -> ChartTable:
    """Return one row per pharmacy."""
    rows = tuple((n, float(a), float(b)) for n, a, b in zip(data.names, data.own, data.used, strict=True))
    return ChartTable(columns=("pharmacy", "own_estimate", "used_estimate"), rows=rows)


def draw_shrinkage(axes: Plane, data: Shrinkage, kit: Kit) -> None:
    """Draw an arrow per pharmacy from its own estimate (ring) to the used one (dot)."""
    theme, n = kit.theme, len(data.names)
    x = np.arange(n, dtype=float)
    ticks = marks.nice_ticks(*axes.y, 5)
    marks.grid_y(axes, ticks, kit.effect_ticks(ticks), theme, base=0.0)
    size = 5.0 if n <= 80 else 3.6
    marks.segments(axes, x, data.own, x, data.used, theme.faint, width=1.0)
    low, high = axes.y
    inside = (data.own >= low) & (data.own <= high)
    marks.dots(axes, x[inside], data.own[inside], theme.muted, size=size, hollow=theme.paper)
    marks.line(axes, list(axes.x), [data.average] * 2, theme.ink, width=1.1, dash=(4, 3), clip=False)
    marks.dots(axes, x, data.used, theme.accent, size=size + 0.6)
    right = axes.x[1]
    wanted = [
        (float(data.own[-1]), kit.say("own estimate"), theme.muted),
        (float(data.used[-1]), kit.say("used here"), theme.accent),
        (data.average, kit.say("market"), theme.ink),
        (0.0, kit.say("no effect"), theme.muted),
    ]
    places = marks.spread([w[0] for w in wanted], 13 * axes.units[1], low, high)
    for place, (_, text, color) in zip(places, wanted, strict=True):
        marks.label(axes, right, place, text, color, dx=8, weight=400 if color == theme.muted else 600)


def _bounds(data: Shrinkage) -> tuple[tuple[float, float], int]:
    """Range of effects to draw, and the own estimates that leave it: a wild one must not flatten all others."""
    full = marks.limits(np.concatenate([data.own, data.used]), zero=True)
    own = np.quantile(data.own, (0.03, 0.97)) if len(data.own) >= 20 else data.own
    usual = marks.limits(np.concatenate([own, data.used]), zero=True, pad=0.1)
    if np.ptp(full) <= 1.8 * np.ptp(usual):
        return full, 0
    return usual, int(np.count_nonzero((data.own < usual[0]) | (data.own > usual[1])))


def chart_shrinkage(results: MarketResults, kit: Kit, name: str = "shrinkage") -> Chart | None:
    """Own estimates and where shrinkage takes them."""
    data = compute_shrinkage(results, kit)
    if data is None:
        return None
    bounds, beyond = _bounds(data)
    drawn, (axes,) = sheet(WIDE, 246, [Box(70, 26, WIDE - 70 - 100, 200, (-1.0, float(len(data.names))), bounds)])
    draw_shrinkage(axes, data, kit)
    marks.heading(axes, kit.coefficient_unit, kit.theme, dx=-64)
    f = kit.formats
    wide, narrow = float(np.ptp(data.own)), float(np.ptp(data.used))
    kind: Kind = "percent" if kit.log else "money"
    title = kit.say(
        "Taken alone, the effects of pharmacies run from {own}; after borrowing strength from {used}.",
        own=f.interval(float(data.own[0]), float(data.own[-1]), kind, wide / 20 or None),
        used=f.interval(float(data.used.min()), float(data.used.max()), kind, narrow / 20 or None),
    )
    note = (
        kit.say("{shown} of {count} pharmacies drawn.", shown=f.integer(len(data.names)), count=f.integer(data.of))
        if data.of > len(data.names)
        else ""
    )
    far = kit.plural("{count} own estimate leaves the picture.", "{count} own estimates leave the picture.", beyond)
    tips: list[Tip] = [
        (
            *axes.pixel(float(i), float(u)),
            f"{n}: {f.value(float(o), kind, wide / 20)} → {f.value(float(u), kind, wide / 20)}",
        )
        for i, (n, o, u) in enumerate(zip(data.names, data.own, data.used, strict=True))
    ]
    return kit.chart(
        name,
        drawn,
        title=title,
        table=table_shrinkage(data),
        tips=tips,
        subtitle=kit.say(
            "Promotion effect of each pharmacy from its own rows alone (ring) and as used in this report (dot)"
        ),
        foot=kit.foot(
            kit.say("The less a pharmacy’s own rows tell, the closer its estimate moves to the market’s."),
            note,
            far if beyond else "",
        ),
    )
