"""How often which values occur in a column: a bar a value where there are few, else bars in steps of the logarithm."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reportgen.report.blocks import Chart, ChartTable
from reportgen.report.figures.drawing import marks
from reportgen.report.figures.drawing.plane import Box, sheet
from reportgen.report.figures.drawing.theme import HALF, SMALL
from reportgen.report.figures.kit import Kit, Tip
from reportgen.report.typefaces.widths import text_width
from reportgen.report.words.names import clean
from reportgen.results import BINS

if TYPE_CHECKING:
    from reportgen.results import Distribution

_HEIGHT, _LEFT, _TOP, _BOTTOM, _RIGHT = 176.0, 52.0, 22.0, 26.0, 12.0
# How many steps of a power of ten (``BINS``) make one bar: divisors of it, so that every power of ten begins a bar.
_FINEST = (1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 24, 30, 40, 60, 80, 120, 240)
_MOST_BARS = 30


@dataclass(frozen=True, slots=True)
class Bars:
    """Bars of a histogram: left and right edge, rows; edges are values, or their log10 where ``log``."""

    edges: tuple[tuple[float, float], ...]
    rows: tuple[int, ...]
    log: bool


def compute_bars(found: Distribution) -> Bars | None:
    """Bars of a column; ``None`` where it has no values."""
    if found.values:
        gaps = [b - a for (a, _), (b, _) in zip(found.values, found.values[1:], strict=False)]
        # By the smallest gap: bars of values that lie close do not touch, and all are as wide.
        half = 0.4 * min(gaps, default=1.0)
        edges = tuple((value - half, value + half) for value, _ in found.values)
        return Bars(edges, tuple(count for _, count in found.values), log=False)
    if not found.bins:
        return None
    low, high = found.bins[0][0], found.bins[-1][0]
    step = next((s for s in _FINEST if (high - low) / s <= _MOST_BARS), BINS)
    counts: Counter[int] = Counter()
    for k, count in found.bins:
        counts[k // step] += count
    places = sorted(counts)
    return Bars(
        tuple((k * step / BINS, (k + 1) * step / BINS) for k in places), tuple(counts[k] for k in places), log=True
    )


def chart_distribution(found: Distribution, kit: Kit, name: str, width: float = HALF) -> Chart | None:
    """Histogram of one column, ``width`` pixels wide; zero, empty and negative rows in the note."""
    bars = compute_bars(found)
    if bars is None:
        return None
    low, high = min(a for a, _ in bars.edges), max(b for _, b in bars.edges)
    if low == high:
        low, high = low - 0.5, high + 0.5
    most = max(bars.rows)
    drawn, (axes,) = sheet(
        width, _HEIGHT,
        [Box(_LEFT, _TOP, width - _LEFT - _RIGHT, _HEIGHT - _TOP - _BOTTOM, (low, high), (0.0, most * 1.04))],
    )  # fmt: skip
    ticks = marks.nice_ticks(0.0, most, 3)
    counted = [tick for tick in ticks if tick == int(tick)]
    marks.grid_y(axes, counted, [kit.formats.integer(tick) for tick in counted], kit.theme, base=0.0)
    marks.rectangles(
        axes, [(a, 0.0, b, count) for (a, b), count in zip(bars.edges, bars.rows, strict=True)],
        kit.theme.ink if found.role == "sales" else kit.theme.accent, alpha=0.8,
    )  # fmt: skip
    at, texts = _ticks(bars, (low, high), found, kit, width - _LEFT - _RIGHT)
    marks.grid_x(axes, at, texts, kit.theme, lines=False)
    marks.heading(axes, kit.say("Rows"), kit.theme, dx=-_LEFT + 4)
    tips = [
        (*axes.pixel((a + b) / 2, count), f"{_between(a, b, found, bars, kit)}: {kit.formats.integer(count)}")
        for (a, b), count in zip(bars.edges, bars.rows, strict=True)
    ]
    return kit.chart(
        name, drawn, title=_title(found, bars, kit), subtitle=_subtitle(bars, kit), foot=_foot(found, kit),
        table=ChartTable(
            columns=("from", "to", "rows"),
            rows=tuple(
                (_value(a, bars), _value(b, bars), count) for (a, b), count in zip(bars.edges, bars.rows, strict=True)
            ),
        ),
        tips=_kept(tips),
    )  # fmt: skip


def _kept(tips: list[Tip]) -> list[Tip]:
    return tips[:100]


def _value(edge: float, bars: Bars) -> float:
    return 10.0**edge if bars.log else edge


def _written(value: float, found: Distribution, kit: Kit) -> str:
    return kit.formats.money_short(value) if found.role == "sales" else kit.shortest(value)


def _between(low: float, high: float, found: Distribution, bars: Bars, kit: Kit) -> str:
    if not bars.log:
        return _written((low + high) / 2, found, kit)
    return kit.say("{lower} to {upper}", lower=_written(10.0**low, found, kit), upper=_written(10.0**high, found, kit))


def _ticks(
    bars: Bars, ends: tuple[float, float], found: Distribution, kit: Kit, room: float
) -> tuple[list[float], list[str]]:
    """Places and numbers below the axis, as many as have room on so many pixels."""
    low, high = ends
    if bars.log:
        if high - low < 1.0:
            round_ones = [math.log10(value) for value in marks.nice_ticks(10.0**low, 10.0**high, 4) if value > 0]
        else:
            round_ones = [k + math.log10(m) for k in range(math.floor(low), math.ceil(high) + 1) for m in (1, 2, 5)]
        at = [place for place in round_ones if low <= place <= high]
        if not at:
            at = [(low + high) / 2]
    elif len(bars.edges) <= 12:
        at = [(a + b) / 2 for a, b in bars.edges]
    else:
        at = list(marks.nice_ticks(low, high, 5))
    kept: list[float] = []
    texts: list[str] = []
    unit, edge = room / (high - low), -math.inf
    for place in at:
        text = _written(round(_value(place, bars), 10), found, kit)
        width = text_width(text, SMALL)
        if (place - low) * unit - width / 2 > edge:
            kept.append(place)
            texts.append(text)
            edge = (place - low) * unit + width / 2 + 6
    return kept, texts


def _title(found: Distribution, bars: Bars, kit: Kit) -> str:
    """The values most rows have."""
    name, most = clean(found.column, 40), max(range(len(bars.rows)), key=lambda k: bars.rows[k])
    known = max(found.rows - found.empty, 1)
    share = kit.formats.percent(bars.rows[most] / known, digits=0)
    if not bars.log:
        value = _written((bars.edges[most][0] + bars.edges[most][1]) / 2, found, kit)
        return kit.say("{column}: {value} is the most frequent, in {share} of the rows.", column=name, value=value,
                       share=share)  # fmt: skip
    low, high = (_written(10.0**edge, found, kit) for edge in (bars.edges[0][0], bars.edges[-1][1]))
    return kit.say("{column}: from about {lower} to {upper}.", column=name, lower=low, upper=high)


def _subtitle(bars: Bars, kit: Kit) -> str:
    if bars.log:
        return kit.say("Rows by value; steps of equal ratio")
    return kit.say("Rows by value")


def _foot(found: Distribution, kit: Kit) -> str:
    parts = [
        (found.empty, kit.plural("{count} row has no number.", "{count} rows have no number.", found.empty)),
        (found.zero, kit.plural("{count} row is zero.", "{count} rows are zero.", found.zero)),
        (found.negative, kit.plural("{count} row is negative.", "{count} rows are negative.", found.negative)),
    ]
    return " ".join(text for count, text in parts if count)
