"""Every pharmacy's effect with its interval, sorted: all up to 120, beyond that a density and the two ends.

Up to 40 pharmacies in one column of named rows, to 120 in two or three columns on one scale; beyond, a strip with the
density of all, and the 20 highest and 20 lowest in named rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from reportgen.report.blocks import Chart, ChartTable
from reportgen.report.figures.drawing import marks
from reportgen.report.figures.drawing.plane import Box, Sheet, sheet
from reportgen.report.figures.drawing.theme import WIDE
from reportgen.report.figures.intervals import (
    Interval,
    Reference,
    draw_intervals,
    draw_references,
    fit_ticks,
    interval_chart,
    lift,
)
from reportgen.report.figures.kit import Kit, Tip
from reportgen.report.typefaces.widths import fit_texts, text_width
from reportgen.report.words.names import clean
from reportgen.report.words.quantities import KEPT_UP
from reportgen.results.derived.intervals import about_se
from reportgen.results.derived.kept_up import coefficients, shown_effects, shows_kept_up
from reportgen.results.derived.standing import above_zero, below_zero, standings

if TYPE_CHECKING:
    from collections.abc import Callable

    from reportgen.report.figures.drawing.plane import Plane
    from reportgen.results import MarketResults

NAMED, ALL, ENDS = 24, 120, 20


@dataclass(frozen=True, slots=True, eq=False)
class Caterpillar:
    """Pharmacies from highest to lowest; arrays (G,) of drawn values."""

    names: tuple[str, ...]
    estimate: marks.Numbers
    lower: marks.Numbers
    upper: marks.Numbers
    deviation: marks.Numbers
    """-1, 0 or 1: clearly below, not to tell apart from, clearly above the average pharmacy."""
    average: float
    above_zero: int
    below_zero: int
    """Pharmacies whose interval of the effect lies on one side of zero."""
    tied: bool = False
    """Whether the fit is at its limit, so that no single pharmacy may be set apart."""


def compute_caterpillar(results: MarketResults, kit: Kit) -> Caterpillar | None:
    """Sorted effects; ``None`` where pharmacies have none, or the model gives all the same."""
    rows = []
    kept_up = _kept_up(results)
    found = shown_effects(results) if kept_up else coefficients(results)
    for p, one, side in zip(results.pharmacies, found, standings(results), strict=True):
        if one.estimate is not None and one.lower is not None and one.upper is not None:
            rows.append((p.pharmacy, kit.effect(one.estimate), kit.effect(one.lower), kit.effect(one.upper), side))
    if not rows or max(r[1] for r in rows) - min(r[1] for r in rows) == 0:
        return None
    # Equal effects (a singular fit has hundreds) stand in the order of their names: same results, same picture.
    rows.sort(key=lambda r: (-r[1], r[0]))
    tied = results.status == "singular"
    estimate, lower_ends, upper_ends, sides = (np.array([row[k] for row in rows]) for k in (1, 2, 3, 4))
    market = results.effects[0].kept_up if kept_up else results.promotion_effect
    average = kit.effect(market.estimate) if market is not None else 0.0
    names = tuple(clean(r[0]) for r in rows)
    known = above_zero(results), below_zero(results)
    return Caterpillar(names, estimate, lower_ends, upper_ends, sides, average, *known, tied)


def _kept_up(results: MarketResults) -> bool:
    """Whether effects are drawn kept up; on a curve they would stand at each pharmacy's own promotion, on no line."""
    return shows_kept_up(results) and not results.shapes


def table_caterpillar(data: Caterpillar) -> ChartTable:
    """Return one row per pharmacy, highest first."""
    rows = tuple(
        (name, float(e), float(lo), float(hi), int(d))
        for name, e, lo, hi, d in zip(data.names, data.estimate, data.lower, data.upper, data.deviation, strict=True)
    )
    return ChartTable(columns=("pharmacy", "estimate", "lower", "upper", "against_average"), rows=rows)


def _rows(data: Caterpillar, kit: Kit, chosen: range | list[int], *, values: bool) -> list[Interval]:
    texts = _value_texts(data, kit) if values else None
    return [
        Interval(
            label=data.names[i],
            estimate=float(data.estimate[i]),
            lower=float(data.lower[i]),
            upper=float(data.upper[i]),
            value=texts(i) if texts else "",
            color="ink" if data.deviation[i] else "accent",
        )
        for i in chosen
    ]


def _value_texts(data: Caterpillar, kit: Kit) -> Callable[[int], str]:
    f = kit.formats

    def text(i: int) -> str:
        se = about_se(float(data.lower[i]), float(data.upper[i]))
        return (f.percent if kit.log else f.money)(float(data.estimate[i]), se)

    return text


def _references(data: Caterpillar, kit: Kit) -> list[Reference]:
    return [
        Reference(value=0.0, label=kit.say("no effect")),
        Reference(value=data.average, label=kit.say("market"), color="ink", dashed=True),
    ]


def draw_strip(axes: Plane, data: Caterpillar, kit: Kit) -> None:
    """Density of all pharmacies' effects as a row of bars, with zero and the market as labelled lines."""
    counts, edges = np.histogram(data.estimate, bins=48, range=axes.x)
    top = counts.max() or 1
    boxes = [
        (float(a), 0.0, float(b), float(c / top)) for a, b, c in zip(edges[:-1], edges[1:], counts, strict=True) if c
    ]
    marks.rectangles(axes, boxes, kit.theme.accent, alpha=0.35)
    fit_ticks(axes, kit, kit.effect_ticks, base=True)
    draw_references(axes, _references(data, kit), kit)


def _panels(
    data: Caterpillar, kit: Kit, chunks: list[list[int]], titles: list[str], *, strip: bool, row: float = 14.0
) -> tuple[Sheet, list[Tip]]:
    """Columns of named rows on one scale, below a strip with the density of all where wanted."""
    count, rows = len(chunks), max(map(len, chunks))
    gap, air = 22.0, 14.0
    column = (WIDE - gap * (count - 1)) / count
    shown = [i for chunk in chunks for i in chunk]
    # Names take the room that the longest needs, but never half of the column.
    name = min(max(text_width(data.names[i], 10) for i in shown) + 12, column * 0.42)
    # One scale for all columns: rows of different columns are compared.
    bounds = marks.limits(np.concatenate([data.lower[shown], data.upper[shown], [data.average]]), zero=True)
    references = _references(data, kit)
    inner = column - name - air
    top = (112.0 if strip else 0.0) + (18.0 if any(titles) else 0.0) + lift(references, bounds, inner) + 20.0
    boxes = [
        Box(k * (column + gap) + name, top, inner, row * rows, bounds, (-0.5, rows - 0.5))
        for k, chunk in enumerate(chunks)
    ]
    if strip:
        boxes.insert(
            0, Box(8, 40, WIDE - 16, 42, marks.limits(np.append(data.estimate, [data.average, 0.0])), (0.0, 1.0))
        )
    drawn, axes = sheet(WIDE, top + row * rows + 26, boxes)
    if strip:
        draw_strip(axes[0], data, kit)
        marks.heading(
            axes[0], kit.say("All {count} pharmacies", count=kit.formats.integer(len(data.names))), kit.theme, dy=26
        )
    tips: list[Tip] = []
    texts = _value_texts(data, kit)
    names = dict(zip(shown, fit_texts([data.names[i] for i in shown], name - 8, 10), strict=True))
    for panel, chunk, title in zip(axes[1 if strip else 0 :], chunks, titles, strict=True):
        fit_ticks(panel, kit, kit.effect_ticks)
        draw_references(panel, references, kit)
        place = np.arange(rows - 1, rows - 1 - len(chunk), -1, dtype=float)
        draw_intervals(panel, _rows(data, kit, chunk, values=False), kit, positions=place, size=5.5, thick=3.2)
        marks.label(panel, bounds[0], rows - 0.5, title, kit.theme.ink, valign="base", dx=-name, dy=22, weight=600)
        for y, i in zip(place, chunk, strict=True):
            color = kit.theme.ink if data.deviation[i] else kit.theme.muted
            marks.label(panel, bounds[0], float(y), names[i], color, dx=-name, size=10)
            tips.append((*panel.pixel(float(data.estimate[i]), float(y)), f"{data.names[i]}: {texts(i)}"))
    return drawn, tips


def _draw(data: Caterpillar, kit: Kit) -> tuple[Sheet, list[Tip]]:
    n = len(data.names)
    if n <= NAMED:
        return interval_chart(
            _rows(data, kit, range(n), values=True),
            kit,
            ticks=kit.effect_ticks,
            heading="",
            references=_references(data, kit),
            row=17.0 if n > 20 else 20.0,
            size=6.0,
            thick=3.6,
        )
    if n > ALL:
        chunks = [list(range(ENDS)), list(range(n - ENDS, n))]
        count = kit.formats.integer(ENDS)
        titles = [kit.say("{count} highest", count=count), kit.say("{count} lowest", count=count)]
        return _panels(data, kit, chunks, titles, strip=True, row=12.5)
    widest = max(text_width(name, 10) for name in data.names)
    columns = 2 if n <= 2 * NAMED or widest > 60 else 3
    each = -(-n // columns)
    chunks = [list(range(k * each, min((k + 1) * each, n))) for k in range(columns)]
    return _panels(data, kit, chunks, [""] * columns, strip=False, row=13.0 if each <= NAMED else 12.5)


def _title(data: Caterpillar, kit: Kit) -> str:
    f, n = kit.formats, len(data.names)
    above, below = int(np.count_nonzero(data.deviation > 0)), int(np.count_nonzero(data.deviation < 0))
    first = kit.say(
        "Sales rise with promotion in {rising} of {count} pharmacies",
        rising=f.integer(data.above_zero),
        count=f.integer(n),
    )
    if data.below_zero > data.above_zero:
        first = kit.say(
            "Sales fall with promotion in {falling} of {count} pharmacies",
            falling=f.integer(data.below_zero),
            count=f.integer(n),
        )
    if not data.above_zero and not data.below_zero:
        first = kit.say("In none of {count} pharmacies is the effect clear of zero", count=f.integer(n))
    if above or below:
        rest = kit.say(
            "{above} respond clearly more than average, {below} clearly less.",
            above=f.integer(above),
            below=f.integer(below),
        )
    elif data.tied:
        rest = kit.say("only their order can be read, at the limit of what the data show.")
    else:
        rest = kit.say("none can be told apart from the average.")
    return f"{first}; {rest}"


def chart_caterpillar(results: MarketResults, kit: Kit, name: str = "caterpillar") -> Chart | None:
    """Effect of promotion by pharmacy, sorted."""
    data = compute_caterpillar(results, kit)
    if data is None:
        return None
    drawn, tips = _draw(data, kit)
    note = kit.say("Rises: the interval lies above zero.")
    if data.below_zero > data.above_zero:
        note = kit.say("Falls: the interval lies below zero.")
    if data.deviation.any():
        note += " " + kit.say("Dark: clearly different from the market.")
    if kit.at_usual:
        note += f" {kit.at_usual}"
    return kit.chart(
        name,
        drawn,
        title=_title(data, kit),
        subtitle=kit.say(
            "Each pharmacy with its {level} interval: {unit}",
            level=kit.level,
            unit=f"{kit.say(KEPT_UP)}, {kit.effect_unit}" if _kept_up(results) else kit.coefficient_unit,
        ),
        tips=tips,
        table=table_caterpillar(data),
        foot=kit.foot(kit.uncertainty, note),
        zoom=True,
    )
