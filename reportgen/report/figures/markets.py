"""All markets of a run: the data of their charts, and the forest with the pooled effect."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from reportgen.report.blocks import Chart, ChartTable, Value
from reportgen.report.figures.drawing import marks
from reportgen.report.figures.drawing.plane import Box, sheet
from reportgen.report.figures.drawing.theme import SMALL, WIDE
from reportgen.report.figures.intervals import Interval, Reference, draw_intervals, draw_references, fit_ticks
from reportgen.report.figures.kit import Kit, Tip
from reportgen.report.typefaces.widths import fit_texts, text_width
from reportgen.report.words.names import clean
from reportgen.results.derived.intervals import about_se

if TYPE_CHECKING:
    from collections.abc import Callable

    from reportgen.report.figures.drawing.plane import Plane
    from reportgen.results import OverviewResults

MOST, EACH = 60, 15
"""Markets drawn at most; of more than that, so many at each end."""


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
            label=kit.say("All markets, pooled"),
            estimate=p.estimate * scale,
            lower=p.lower * scale,
            upper=p.upper * scale,
            color="ink",
            bold=True,
        )
        if p.prediction_lower is not None and p.prediction_upper is not None:
            prediction = (p.prediction_lower * scale, p.prediction_upper * scale)
        tau = p.tau * scale
    return Markets(
        tuple(clean(m.market, 60) for m in rows),
        column("estimate") * scale,
        column("se") * scale,
        column("lower") * scale,
        column("upper") * scale,
        column("shrunken") * scale,
        column("expected_rank"),
        pooled,
        prediction,
        percent,
        tau,
    )


def table_markets(data: Markets) -> ChartTable:
    """Return one row per market."""
    series = (data.estimate, data.se, data.lower, data.upper, data.shrunken, data.rank)
    rows: list[tuple[Value, ...]] = [
        (name, *(float(s[i]) if np.isfinite(s[i]) else None for s in series)) for i, name in enumerate(data.names)
    ]
    return ChartTable(
        columns=("market", "estimate", "se", "lower", "upper", "shrunken", "expected_rank"), rows=tuple(rows)
    )


def ticks_of(data: Markets, kit: Kit) -> Callable[[tuple[float, ...]], tuple[str, ...]]:
    """Labels of an axis of effects."""
    return lambda ticks: kit.formats.ticks(ticks, "percent" if data.percent else "number")


def write(data: Markets, kit: Kit, value: float, se: float | None = None) -> str:
    """Write an effect in the estimand's unit."""
    return kit.formats.percent(value, se) if data.percent else kit.formats.number(value, se)


def write_range(data: Markets, kit: Kit, lower: float, upper: float, se: float | None) -> str:
    """Write an interval."""
    return kit.say("{lower} to {upper}", lower=write(data, kit, lower, se), upper=write(data, kit, upper, se))


def unit_of(data: Markets, kit: Kit) -> str:
    """What the effects are measured in."""
    if data.percent:
        return kit.say("% of mean sales for one {unit} more", unit=kit.unit)
    return kit.say("% of sales for 1% more promotion")


def shown_rows(data: Markets) -> list[int | None]:
    """Rows to draw: all, or the two ends with ``None`` for the gap."""
    n = len(data.names)
    return list(range(n)) if n <= MOST else [*range(EACH), None, *range(n - EACH, n)]


def draw_market_forest(
    axes: Plane, data: Markets, chosen: list[int | None], kit: Kit, names: float, values: float
) -> list[Tip]:
    """Intervals from highest to lowest, then the pooled effect with the prediction interval behind it."""
    theme = kit.theme
    # Two rows at the bottom: all markets pooled, and what a new market may be expected to have.
    extra = 2 if data.pooled else 0
    top = len(chosen) + extra - 1
    place = [float(top - k) for k in range(len(chosen))]
    kept = [(i, y) for i, y in zip(chosen, place, strict=True) if i is not None]
    left, right = axes.x
    fit_ticks(axes, kit, ticks_of(data, kit))
    references = [Reference(value=0.0, label=kit.say("no effect"))]
    if data.pooled:
        references.append(Reference(value=data.pooled.estimate, label=kit.say("pooled"), color="ink", dashed=True))
    draw_references(axes, references, kit)
    rows = [
        Interval(
            label=data.names[i],
            estimate=float(data.estimate[i]),
            lower=float(data.lower[i]),
            upper=float(data.upper[i]),
        )
        for i, _ in kept
    ]
    draw_intervals(axes, rows, kit, positions=np.array([y for _, y in kept]), size=6.5, thick=4)
    tips: list[Tip] = []
    shown = fit_texts([data.names[i] for i, _ in kept], names - 10, SMALL)
    for (i, y), name in zip(kept, shown, strict=True):
        se = float(data.se[i])
        interval = write_range(data, kit, float(data.lower[i]), float(data.upper[i]), se)
        text = f"{write(data, kit, float(data.estimate[i]), se)} ({interval})"
        marks.label(axes, left, y, name, theme.ink, dx=-names)
        marks.label(axes, right, y, text, theme.muted, dx=12)
        tips.append((*axes.pixel(float(data.estimate[i]), y), f"{data.names[i]}: {text}"))
    for y, place_of in zip(place, chosen, strict=True):
        if place_of is None:
            marks.label(axes, left, y, "…", theme.muted, dx=-names)
    if data.pooled:
        ux = axes.units[0]
        marks.line(axes, [left - names * ux, right + values * ux], [0.5 + extra - 1] * 2, theme.line, clip=False)
        _draw_pooled(axes, data, kit, names)
    return tips


def _draw_pooled(axes: Plane, data: Markets, kit: Kit, names: float) -> None:
    pooled = data.pooled
    assert pooled is not None and pooled.lower is not None and pooled.upper is not None  # noqa: S101, PT018
    left, right = axes.x
    draw_intervals(axes, [pooled], kit, positions=np.array([1.0]), size=9, thick=6)
    se = about_se(pooled.lower, pooled.upper)
    marks.label(axes, left, 1.0, pooled.label, kit.theme.ink, dx=-names, weight=600)
    text = f"{write(data, kit, pooled.estimate, se)} ({write_range(data, kit, pooled.lower, pooled.upper, se)})"
    marks.label(axes, right, 1.0, text, kit.theme.ink, dx=12, weight=600)
    if data.prediction is not None:
        low, high = data.prediction
        marks.line(axes, [low, high], [0.0, 0.0], kit.theme.second, width=5, alpha=0.55)
        marks.label(axes, left, 0.0, kit.say("A new market, expected"), kit.theme.ink, dx=-names)
        text = write_range(data, kit, low, high, about_se(low, high))
        marks.label(axes, right, 0.0, text, kit.theme.muted, dx=12)


def chart_market_forest(overview: OverviewResults, kit: Kit, name: str = "market_forest") -> Chart | None:
    """Forest of all markets."""
    data = compute_markets(overview, kit)
    if data is None:
        return None
    chosen = shown_rows(data)
    count = len(chosen) + (2 if data.pooled else 0)
    labels = [data.names[i] for i in chosen if i is not None] + [
        kit.say("A new market, expected"),
        kit.say("All markets, pooled"),
    ]
    names = min(max(text_width(t, SMALL, 600) for t in labels) + 16, 210.0)
    values = 176.0
    ends = [*data.lower, *data.upper, *(data.prediction or ())]
    drawn, (axes,) = sheet(
        WIDE,
        18.0 * count + 78,
        [Box(names, 50, WIDE - names - values, 18.0 * count, marks.limits(ends, zero=True), (-0.5, count - 0.5))],
    )
    tips = draw_market_forest(axes, data, chosen, kit, names, values)
    marks.label(axes, axes.x[0], count - 0.5, unit_of(data, kit), kit.theme.muted, valign="base", dx=-names, dy=34)
    f, above = kit.formats, overview.above_zero
    if data.pooled is not None and data.pooled.lower is not None and data.pooled.upper is not None:
        se = about_se(data.pooled.lower, data.pooled.upper)
        title = kit.say(
            "Pooled over {count} markets the effect is {effect} ({interval}); {above} markets lie clearly above zero.",
            count=f.integer(len(data.names)),
            effect=write(data, kit, data.pooled.estimate, se),
            interval=write_range(data, kit, data.pooled.lower, data.pooled.upper, se),
            above=f.integer(above),
        )
    else:
        title = kit.say(
            "{above} of {count} markets lie clearly above zero.",
            above=f.integer(above),
            count=f.integer(len(data.names)),
        )
    return kit.chart(
        name,
        drawn,
        title=title,
        table=table_markets(data),
        tips=tips,
        subtitle=kit.say("Effect by market: {unit}", unit=unit_of(data, kit)),
        foot=" ".join(
            [
                kit.uncertainty,
                kit.say("Random-effects pooling; the bar is the range expected for a new market.")
                if data.prediction
                else "",
            ]
        ).strip(),
    )
