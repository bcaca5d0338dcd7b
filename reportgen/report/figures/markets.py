"""All markets of a run: forest with the pooled effect, effect against uncertainty, expected ranks."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from reportgen.report.figures import marks
from reportgen.report.figures.chart import Chart, ChartTable, Kit, Tip, Value
from reportgen.report.figures.intervals import Interval, Reference, draw_intervals, draw_references, fit_ticks
from reportgen.report.figures.sheet import Box, sheet
from reportgen.report.figures.theme import SMALL, WIDE
from reportgen.report.fonts import fit_text, text_width
from reportgen.report.names import clean

if TYPE_CHECKING:
    from collections.abc import Callable

    from matplotlib.axes import Axes

    from reportgen.results_markets import OverviewResults

MOST, EACH, NAMED = 60, 25, 12


@dataclass(frozen=True, slots=True, eq=False)
class Markets:
    """Markets from highest to lowest effect; arrays (K,) in units of the estimand (percent as fractions)."""

    names: tuple[str, ...]
    estimate: marks.Numbers
    se: marks.Numbers
    lower: marks.Numbers
    upper: marks.Numbers
    shrunken: marks.Numbers
    rank: marks.Numbers
    pooled: Interval | None
    prediction: tuple[float, float] | None
    percent: bool
    tau: float | None


def compute_markets(overview: OverviewResults, kit: Kit) -> Markets | None:
    """Sorted markets and the pooled effect; ``None`` where no market was estimated."""
    rows = sorted(overview.markets, key=lambda m: (-m.estimate, m.market))
    if not rows:
        return None
    percent = overview.estimand.endswith("percent")
    scale = 0.01 if percent else 1.0

    def column(name: str) -> marks.Numbers:
        return np.array([np.nan if (v := getattr(m, name)) is None else v for m in rows], dtype=float)

    pooled, prediction, tau = None, None, None
    if overview.pooled is not None:
        p = overview.pooled
        pooled = Interval(
            label=kit.say("All markets, pooled"), estimate=p.estimate * scale, lower=p.lower * scale, upper=p.upper * scale,
            color="ink", bold=True,
        )  # fmt: skip
        if p.prediction_lower is not None and p.prediction_upper is not None:
            prediction = (p.prediction_lower * scale, p.prediction_upper * scale)
        tau = p.tau * scale
    return Markets(
        tuple(clean(m.market, 60) for m in rows), column("estimate") * scale, column("se") * scale, column("lower") * scale,
        column("upper") * scale, column("shrunken") * scale, column("expected_rank"), pooled, prediction, percent, tau,
    )  # fmt: skip


def table_markets(data: Markets) -> ChartTable:
    """Return one row per market."""
    series = (data.estimate, data.se, data.lower, data.upper, data.shrunken, data.rank)
    rows: list[tuple[Value, ...]] = [
        (name, *(float(s[i]) if np.isfinite(s[i]) else None for s in series)) for i, name in enumerate(data.names)
    ]
    return ChartTable(columns=("market", "estimate", "se", "lower", "upper", "shrunken", "expected_rank"), rows=tuple(rows))


def _ticks(data: Markets, kit: Kit) -> Callable[[tuple[float, ...]], tuple[str, ...]]:
    return lambda ticks: kit.formats.ticks(ticks, "percent" if data.percent else "number")


def _write(data: Markets, kit: Kit, value: float, se: float | None = None) -> str:
    return kit.formats.percent(value, se) if data.percent else kit.formats.number(value, se)


def _range(data: Markets, kit: Kit, lower: float, upper: float, se: float | None) -> str:
    return kit.say("{lower} to {upper}", lower=_write(data, kit, lower, se), upper=_write(data, kit, upper, se))


def _unit(data: Markets, kit: Kit) -> str:
    if data.percent:
        return kit.say("% of mean sales for one {unit} more", unit=kit.unit)
    return kit.say("% of sales for 1% more promotion")


def _shown(data: Markets) -> list[int | None]:
    n = len(data.names)
    return list(range(n)) if n <= MOST else [*range(EACH), None, *range(n - EACH, n)]


def draw_market_forest(axes: Axes, data: Markets, chosen: list[int | None], kit: Kit, names: float, values: float) -> list[Tip]:
    """Intervals from highest to lowest, then the pooled effect with the prediction interval behind it."""
    theme = kit.theme
    extra = 2 if data.pooled else 0
    top = len(chosen) + extra - 1
    place = [float(top - k) for k in range(len(chosen))]
    kept = [(i, y) for i, y in zip(chosen, place, strict=True) if i is not None]
    left, right = axes.get_xlim()
    fit_ticks(axes, kit, _ticks(data, kit))
    references = [Reference(value=0.0, label=kit.say("no effect"))]
    if data.pooled:
        references.append(Reference(value=data.pooled.estimate, label=kit.say("pooled"), color="ink", dashed=True))
    draw_references(axes, references, kit)
    rows = [Interval(label=data.names[i], estimate=float(data.estimate[i]), lower=float(data.lower[i]), upper=float(data.upper[i])) for i, _ in kept]
    draw_intervals(axes, rows, kit, positions=np.array([y for _, y in kept]), size=6.5, thick=4)
    tips: list[Tip] = []
    for i, y in kept:
        text = f"{_write(data, kit, float(data.estimate[i]), float(data.se[i]))} ({_range(data, kit, float(data.lower[i]), float(data.upper[i]), float(data.se[i]))})"
        marks.label(axes, left, y, fit_text(data.names[i], names - 10, SMALL), theme.ink, dx=-names)
        marks.label(axes, right, y, text, theme.muted, dx=12)
        tips.append((*marks.pixel(axes, float(data.estimate[i]), y), f"{data.names[i]}: {text}"))
    for y, place_of in zip(place, chosen, strict=True):
        if place_of is None:
            marks.label(axes, left, y, "⋮", theme.muted, dx=-names)
    if data.pooled:
        ux = marks.units(axes)[0]
        marks.line(axes, [left - names * ux, right + values * ux], [0.5 + extra - 1] * 2, theme.line, clip=False)
        _draw_pooled(axes, data, kit, names)
    return tips


def _draw_pooled(axes: Axes, data: Markets, kit: Kit, names: float) -> None:
    pooled = data.pooled
    assert pooled is not None and pooled.lower is not None and pooled.upper is not None  # noqa: S101, PT018
    left, right = axes.get_xlim()
    draw_intervals(axes, [pooled], kit, positions=np.array([1.0]), size=9, thick=6)
    se = (pooled.upper - pooled.lower) / 4 or None
    marks.label(axes, left, 1.0, pooled.label, kit.theme.ink, dx=-names, weight=600)
    text = f"{_write(data, kit, pooled.estimate, se)} ({_range(data, kit, pooled.lower, pooled.upper, se)})"
    marks.label(axes, right, 1.0, text, kit.theme.ink, dx=12, weight=600)
    if data.prediction is not None:
        low, high = data.prediction
        marks.line(axes, [low, high], [0.0, 0.0], kit.theme.second, width=5, alpha=0.55)
        marks.label(axes, left, 0.0, kit.say("A new market, expected"), kit.theme.ink, dx=-names)
        marks.label(axes, right, 0.0, _range(data, kit, low, high, (high - low) / 4 or None), kit.theme.muted, dx=12)


def chart_market_forest(overview: OverviewResults, kit: Kit, name: str = "market_forest") -> Chart | None:
    """Forest of all markets."""
    data = compute_markets(overview, kit)
    if data is None:
        return None
    chosen = _shown(data)
    count = len(chosen) + (2 if data.pooled else 0)
    labels = [data.names[i] for i in chosen if i is not None] + [kit.say("A new market, expected"), kit.say("All markets, pooled")]
    names = min(max(text_width(t, SMALL, 600) for t in labels) + 16, 210.0)
    values = 176.0
    ends = [*data.lower, *data.upper, *(data.prediction or ())]
    figure, (axes,) = sheet("market_forest", WIDE, 18.0 * count + 78, [
        Box(names, 50, WIDE - names - values, 18.0 * count, marks.limits(ends, zero=True), (-0.5, count - 0.5)),
    ])  # fmt: skip
    tips = draw_market_forest(axes, data, chosen, kit, names, values)
    marks.label(axes, axes.get_xlim()[0], count - 0.5, _unit(data, kit), kit.theme.muted, valign="base", dx=-names, dy=34)
    f, above = kit.formats, int((data.lower > 0).sum())
    if data.pooled is not None and data.pooled.lower is not None and data.pooled.upper is not None:
        se = (data.pooled.upper - data.pooled.lower) / 4 or None
        title = kit.say(
            "Pooled over {count} markets the effect is {effect} ({interval}); {above} markets lie clearly above zero.",
            count=f.integer(len(data.names)), effect=_write(data, kit, data.pooled.estimate, se),
            interval=_range(data, kit, data.pooled.lower, data.pooled.upper, se), above=f.integer(above),
        )  # fmt: skip
    else:
        title = kit.say("{above} of {count} markets lie clearly above zero.", above=f.integer(above), count=f.integer(len(data.names)))
    return kit.chart(
        name, figure, title=title, table=table_markets(data), tips=tips, subtitle=kit.say("Effect by market: {unit}", unit=_unit(data, kit)),
        foot=" ".join([kit.uncertainty, kit.say("Random-effects pooling; the bar is the range expected for a new market.") if data.prediction else ""]).strip(),
    )  # fmt: skip


def draw_market_uncertainty(axes: Axes, data: Markets, kit: Kit) -> list[Tip]:
    """Draw a dot per market, effect along x and standard error down y; markets inside the funnel cannot be told from zero."""
    theme = kit.theme
    fit_ticks(axes, kit, _ticks(data, kit), base=True)
    bottom = axes.get_ylim()[0]
    ticks = marks.nice_ticks(0.0, bottom, 4)
    marks.grid_y(axes, ticks, _ticks(data, kit)(ticks), theme)
    z = 1.96
    marks.band(axes, [-z * bottom, 0.0, z * bottom], [bottom, 0.0, bottom], [bottom] * 3, theme.faint, alpha=0.22)
    references = [Reference(value=0.0, label=kit.say("no effect"))]
    if data.pooled:
        references.append(Reference(value=data.pooled.estimate, label=kit.say("pooled"), color="ink", dashed=True))
    draw_references(axes, references, kit)
    crosses = (data.lower <= 0) & (data.upper >= 0)
    marks.dots(axes, data.estimate[crosses], data.se[crosses], theme.accent, size=8, hollow=theme.paper)
    marks.dots(axes, data.estimate[~crosses], data.se[~crosses], theme.accent, size=8)
    center = data.pooled.estimate if data.pooled else float(np.median(data.estimate))
    _name_points(axes, data, kit, np.argsort(-np.abs(data.estimate - center), kind="stable").tolist())
    return [
        (*marks.pixel(axes, float(e), float(s)), f"{n}: {_write(data, kit, float(e), float(s))}, SE {_write(data, kit, float(s), float(s))}")
        for n, e, s in zip(data.names, data.estimate, data.se, strict=True)
    ]  # fmt: skip


def _name_points(axes: Axes, data: Markets, kit: Kit, order: list[int]) -> None:
    """Name points in the given order as long as names do not touch each other or another point."""
    pixels = [marks.pixel(axes, float(e), float(s)) for e, s in zip(data.estimate, data.se, strict=True)]
    taken: list[tuple[float, float, float, float]] = [(x - 5, y - 5, x + 5, y + 5) for x, y in pixels]
    right = axes.bbox.x1
    left_edge = axes.bbox.x0
    named = 0
    for i in order:
        text = fit_text(data.names[i], 110, SMALL)
        width = text_width(text, SMALL)
        x, y = pixels[i]
        sides: tuple[tuple[marks.Anchor, float], ...] = (("start", x + 8), ("end", x - 8 - width))
        for anchor, start in sides:
            box = (start, y - 6, start + width, y + 6)
            inside = start >= left_edge and box[2] <= right + 40
            if inside and not any(box[0] < b[2] and box[2] > b[0] and box[1] < b[3] and box[3] > b[1] for b in taken):
                dx = 8.0 if anchor == "start" else -8.0
                marks.label(axes, float(data.estimate[i]), float(data.se[i]), text, kit.theme.ink, anchor=anchor, dx=dx)
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
    figure, (axes,) = sheet("market_uncertainty", WIDE, 332, [
        Box(66, 38, WIDE - 66 - 48, 240, marks.limits(data.estimate, zero=True, pad=0.08), (top * 1.08, 0.0)),
    ])  # fmt: skip
    tips = draw_market_uncertainty(axes, data, kit)
    marks.label(axes, axes.get_xlim()[0], 0.0, kit.say("Standard error"), kit.theme.muted, valign="base", dx=-60, dy=22)
    marks.label(axes, sum(axes.get_xlim()) / 2, top * 1.08, _unit(data, kit), kit.theme.muted, anchor="middle", valign="top", dy=-24)
    known = int(((data.lower > 0) | (data.upper < 0)).sum())
    f = kit.formats
    title = kit.say("{known} of {count} markets are precise enough to tell their effect from zero.", known=f.integer(known), count=f.integer(len(data.names)))
    return kit.chart(
        name, figure, title=title, table=table_markets(data), tips=tips,
        subtitle=kit.say("Effect of each market against its standard error; precise markets on top"),
        foot=kit.say("Inside the grey cone an effect cannot be told from zero. Hollow: the interval crosses zero."),
    )  # fmt: skip


def chart_market_ranks(overview: OverviewResults, kit: Kit, name: str = "market_ranks") -> Chart | None:
    """Expected rank of each market; missing where nothing could be pooled."""
    data = compute_markets(overview, kit)
    if data is None or len(data.names) < 2 or not np.isfinite(data.rank).all():
        return None
    order = np.lexsort((np.array(data.names), -data.rank)).tolist()
    data = replace(data, names=tuple(data.names[i] for i in order), estimate=data.estimate[order], shrunken=data.shrunken[order], rank=data.rank[order])
    chosen = _shown(data)
    names = min(max(text_width(data.names[i], SMALL) for i in chosen if i is not None) + 16, 210.0)
    figure, (axes,) = sheet("market_ranks", WIDE, 16.0 * len(chosen) + 56, [
        Box(names, 26, WIDE - names - 90, 16.0 * len(chosen), (0.0, 100.0), (-0.5, len(chosen) - 0.5)),
    ])  # fmt: skip
    tips = draw_market_ranks(axes, data, chosen, kit, names)
    f = kit.formats
    marks.label(axes, 0.0, len(chosen) - 0.5, kit.say("Expected rank: 0 lowest, 100 highest"), kit.theme.muted, valign="base", dx=-names, dy=12)
    title = kit.say(
        "{first} ranks highest ({high} of 100), {last} lowest ({low}), after allowing for uncertainty.", first=data.names[0],
        high=f.integer(float(data.rank[0])), last=data.names[-1], low=f.integer(float(data.rank[-1])),
    )  # fmt: skip
    return kit.chart(
        name, figure, title=title, table=table_markets(data), tips=tips,
        subtitle=kit.say("Expected rank of each market's effect, and its best estimate given all markets"),
        foot=kit.say("Ranks near 50 mean that the data cannot order a market."),
    )  # fmt: skip


def draw_market_ranks(axes: Axes, data: Markets, chosen: list[int | None], kit: Kit, names: float) -> list[Tip]:
    """Dots on a scale from 0 to 100 with the shrunken effect to the right."""
    theme = kit.theme
    at = (0.0, 25.0, 50.0, 75.0, 100.0)
    marks.grid_x(axes, at, kit.formats.ticks(at), theme)
    low, high = axes.get_ylim()
    marks.line(axes, [50.0, 50.0], [low, high], theme.faint, dash=(4, 3), clip=False)
    x, y = [], []
    tips: list[Tip] = []
    for k, i in enumerate(chosen):
        row = float(len(chosen) - 1 - k)
        if i is None:
            marks.label(axes, 0.0, row, "⋮", theme.muted, dx=-names)
            continue
        rank = float(data.rank[i])
        x.append(rank)
        y.append(row)
        shrunken = float(data.shrunken[i])
        value = _write(data, kit, shrunken if np.isfinite(shrunken) else float(data.estimate[i]))
        marks.label(axes, 0.0, row, fit_text(data.names[i], names - 10, SMALL), theme.ink, dx=-names)
        marks.label(axes, 100.0, row, value, theme.muted, dx=14)
        tips.append((*marks.pixel(axes, rank, row), f"{data.names[i]}: {kit.formats.integer(rank)}, {value}"))
    zeros, ranks, rows = np.full(len(x), 50.0), np.array(x), np.array(y)
    marks.segments(axes, zeros, rows, ranks, rows, theme.faint, width=1.2)
    marks.dots(axes, ranks, rows, theme.accent, size=7.5)
    return tips
