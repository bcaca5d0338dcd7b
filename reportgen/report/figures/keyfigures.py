"""The key figures' intervals, drawn small: one unit more, what promotion brings a month, profit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from reportgen.report.blocks import Chart, ChartTable
from reportgen.report.figures.drawing import marks
from reportgen.report.figures.drawing.plane import Box, sheet
from reportgen.report.figures.intervals import Interval, draw_intervals
from reportgen.report.figures.kit import Kit
from reportgen.report.typefaces.widths import text_width
from reportgen.report.words import quantities
from reportgen.results.derived.intervals import about_se

if TYPE_CHECKING:
    from reportgen.report.figures.drawing.plane import Plane
    from reportgen.results import MarketResults

WIDTH, HEIGHT = 216.0, 48.0


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyInterval:
    """One key figure: drawn values, and how to write its ends."""

    name: str
    label: str
    estimate: float
    lower: float
    upper: float
    texts: tuple[str, str, str]
    """Lower end, estimate, upper end."""


def compute_key_intervals(results: MarketResults, kit: Kit) -> tuple[KeyInterval, ...]:
    """Those of page 1 that have an estimate and an interval."""
    f = kit.formats
    made: list[KeyInterval] = []

    def add(
        name: str, label: str, values: tuple[float | None, float | None, float | None], kind: str, se: float | None
    ) -> None:
        low, middle, high = values
        if low is None or middle is None or high is None:
            return
        if kind == "effect":
            texts = tuple(kit.write_effect(v, se) for v in (low, middle, high))
            low, middle, high = (kit.effect(v) for v in (low, middle, high))
        else:
            # All in the unit of the largest, as the interval below the figure is written.
            largest = max(abs(low), abs(high))
            texts = tuple(f.money_short(v, about_se(low, high), beside=largest) for v in (low, middle, high))
        made.append(
            KeyInterval(
                name=name, label=label, estimate=middle, lower=low, upper=high, texts=(texts[0], texts[1], texts[2])
            )
        )

    kept_up = quantities.kept_up(results)
    first = quantities.first(results) if kept_up is None else None
    for name, label, found in (
        ("first", quantities.first_period(kit), first),
        ("kept_up", kit.say(quantities.KEPT_UP), kept_up),
    ):
        if found is not None:
            add(name, label, (found.lower, found.estimate, found.upper), "effect", quantities.spread(found))
    brought = results.incremental
    if brought is not None and brought.recent is not None:
        one, profit = brought.recent, brought.recent.profit
        label = kit.say("Sales that go with promotion, {per_period}", per_period=kit.per_period)
        add("brought", label, (one.lower, one.estimate, one.upper), "money", None)
        if profit is not None:
            label = kit.say("Profit of promotion, {per_period}", per_period=kit.per_period)
            add("profit", label, (profit.lower, profit.estimate, profit.upper), "money", None)
    elif brought is not None:
        label = kit.say("Incremental sales")
        add("incremental", label, (brought.lower, brought.total, brought.upper), "money", None)
    return tuple(made)


def table_key_interval(data: KeyInterval) -> ChartTable:
    """Return the single row."""
    return ChartTable(columns=("estimate", "lower", "upper"), rows=((data.estimate, data.lower, data.upper),))


def draw_key_interval(axes: Plane, data: KeyInterval, kit: Kit) -> None:
    """Interval on a line with zero, its ends written below."""
    theme = kit.theme
    x0, x1 = axes.x
    marks.line(axes, [x0, x1], [0.0, 0.0], theme.line, width=1, clip=False)
    marks.line(axes, [0.0, 0.0], [-0.9, 0.9], theme.faint, width=1.2, clip=False)
    row = Interval(label="", estimate=data.estimate, lower=data.lower, upper=data.upper)
    draw_intervals(axes, [row], kit, size=9, thick=6)
    ux = axes.units[0]
    ends = sorted(((data.lower, data.texts[0]), (data.upper, data.texts[2])))
    halves = [text_width(text, 10) / 2 for _, text in ends]
    # Each end is written below its place; where the two texts would touch they give way to each other, and neither
    # leaves the picture.
    low = max(ends[0][0] / ux, x0 / ux + halves[0])
    high = min(ends[1][0] / ux, x1 / ux - halves[1])
    short = halves[0] + halves[1] + 8 - (high - low)
    if short > 0:
        low = max(low - short / 2, x0 / ux + halves[0])
        high = min(max(high + short / 2, low + halves[0] + halves[1] + 8), x1 / ux - halves[1])
        low = min(low, high - halves[0] - halves[1] - 8)
    zero = text_width("0", 10) / 2
    for place, (_, text) in zip((low, high), ends, strict=True):
        marks.label(axes, place * ux, -1.0, text, theme.muted, anchor="middle", valign="top", size=10, dy=-3)
    if abs(low) > halves[0] + zero + 4 and abs(high) > halves[1] + zero + 4:
        marks.label(axes, 0.0, -1.0, "0", theme.muted, anchor="middle", valign="top", size=10, dy=-3)


def charts_key_figures(results: MarketResults, kit: Kit, kind: str = "key") -> tuple[Chart, ...]:
    """One tiny chart per key figure."""
    made: list[Chart] = []
    for data in compute_key_intervals(results, kit):
        bounds = marks.limits((data.lower, data.upper, 0.0), pad=0.06)
        drawn, (axes,) = sheet(WIDTH, HEIGHT, [Box(6, 4, WIDTH - 12, 26, bounds, (-1.0, 1.0))])
        draw_key_interval(axes, data, kit)
        title = kit.say(
            "{what}: {value} ({lower} to {upper}).",
            what=data.label,
            value=data.texts[1],
            lower=data.texts[0],
            upper=data.texts[2],
        )
        one = kit.chart(
            f"{kind}_{data.name}",
            drawn,
            title=title,
            table=table_key_interval(data),
            subtitle=kit.say(
                "Estimate with its {level} interval (thin) and {half} interval (thick)",
                level=kit.level,
                half=kit.formats.percent(0.5, digits=0),
            ),
        )
        made.append(one)
    return tuple(made)
