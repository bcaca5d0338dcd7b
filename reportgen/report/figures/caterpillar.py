"""Every pharmacy's effect with its interval, sorted: all up to 120, beyond that a density and the two ends.

Up to 40 pharmacies each has a named row; to 120 upright intervals with the ends named; beyond, a strip with the
density of all and the 20 highest and 20 lowest in named rows on one scale.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING, Literal

import numpy as np

from reportgen.report.figures import marks
from reportgen.report.figures.chart import Chart, ChartTable, Kit, Tip
from reportgen.report.figures.intervals import (
    Interval,
    Reference,
    draw_intervals,
    draw_references,
    fit_ticks,
    interval_chart,
)
from reportgen.report.figures.sheet import Box, sheet
from reportgen.report.figures.theme import SMALL, WIDE
from reportgen.report.fonts import fit_text
from reportgen.report.names import clean

if TYPE_CHECKING:
    from collections.abc import Callable

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from reportgen.results import MarketResults

NAMED, ALL, ENDS = 40, 120, 20


@dataclass(frozen=True, slots=True, eq=False)
class Caterpillar:
    """Pharmacies from highest to lowest; arrays (G,) of drawn values."""

    what: Literal["slope", "intercept"]
    names: tuple[str, ...]
    estimate: marks.Numbers
    lower: marks.Numbers
    upper: marks.Numbers
    deviation: marks.Numbers
    """-1, 0 or 1: clearly below, not to tell apart from, clearly above the average pharmacy."""
    average: float

    @property
    def above_zero(self) -> int:
        """Pharmacies whose interval lies above zero."""
        return int((self.lower > 0).sum())

    @property
    def below_zero(self) -> int:
        """Pharmacies whose interval lies below zero."""
        return int((self.upper < 0).sum())


def compute_caterpillar(
    results: MarketResults, kit: Kit, what: Literal["slope", "intercept"] = "slope"
) -> Caterpillar | None:
    """Sorted effects; ``None`` where pharmacies have none, or the model gives all the same."""
    z = NormalDist().inv_cdf(0.5 + kit.confidence / 2)
    rows = []
    for p in results.pharmacies:
        if what == "slope" and p.total_slope is not None and p.lower is not None and p.upper is not None:
            mode, se = p.slope or 0.0, p.slope_se
            rows.append((p.pharmacy, kit.shown(p.total_slope), kit.shown(p.lower), kit.shown(p.upper), mode, se))
        elif what == "intercept" and p.intercept is not None and p.intercept_se is not None:
            mode, se = p.intercept, p.intercept_se
            rows.append((p.pharmacy, kit.shown(mode), kit.shown(mode - z * se), kit.shown(mode + z * se), mode, se))
    if not rows or (what == "slope" and max(r[1] for r in rows) - min(r[1] for r in rows) == 0):
        return None
    rows.sort(key=lambda r: (-r[1], r[0]))
    sign = np.array([0 if not se or abs(mode) <= z * se else int(np.sign(mode)) for *_, mode, se in rows])
    columns = [np.array([row[k] for row in rows], dtype=float) for k in (1, 2, 3)]
    average = kit.shown(_market_effect(results)) if what == "slope" else 0.0
    return Caterpillar(what, tuple(clean(r[0]) for r in rows), columns[0], columns[1], columns[2], sign, average)


def _market_effect(results: MarketResults) -> float:
    terms = results.model.promotion_terms if results.model else ()
    row = next((r for r in results.fixed if r.term in terms), None)
    return row.estimate if row else 0.0


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
            label=data.names[i], estimate=float(data.estimate[i]), lower=float(data.lower[i]), upper=float(data.upper[i]),
            value=texts(i) if texts else "", color="second" if data.deviation[i] else "accent",
        )
        for i in chosen
    ]  # fmt: skip


def _value_texts(data: Caterpillar, kit: Kit) -> Callable[[int], str]:
    f = kit.formats

    def text(i: int) -> str:
        if kit.log:
            return f.percent(float(data.estimate[i]), float(data.upper[i] - data.lower[i]) / 4)
        return f.money(float(data.estimate[i]), float(data.upper[i] - data.lower[i]) / 4)

    return text


def _references(data: Caterpillar, kit: Kit) -> list[Reference]:
    if data.what == "intercept":
        return [Reference(value=0.0, label=kit.say("average pharmacy"), color="muted")]
    return [
        Reference(value=0.0, label=kit.say("no effect")),
        Reference(value=data.average, label=kit.say("market"), color="ink", dashed=True),
    ]


def draw_upright(axes: Axes, data: Caterpillar, kit: Kit) -> None:
    """All intervals side by side from lowest to highest, the ends named."""
    n = len(data.names)
    place = np.arange(n - 1, -1, -1, dtype=float)
    ticks = marks.nice_ticks(*axes.get_ylim(), 5)
    marks.grid_y(axes, ticks, kit.effect_ticks(ticks), kit.theme)
    for reference in _references(data, kit):
        color = getattr(kit.theme, reference.color)
        ends = list(axes.get_xlim())
        marks.line(axes, ends, [reference.value] * 2, color, width=1.1, dash=(4, 3) if reference.dashed else (), clip=False)
        shade = kit.theme.muted if reference.color == "faint" else color
        marks.label(axes, ends[1], reference.value, reference.label, shade, dx=6)
    draw_intervals(axes, _rows(data, kit, range(n), values=False), kit, positions=place, upright=True, size=4.5, thick=2.6)
    uy = marks.units(axes)[1]
    for end, anchor in (((0, 1, 2), "end"), ((n - 1, n - 2, n - 3), "start")):
        tops = [float(data.lower[i] if anchor == "end" else data.upper[i]) for i in end]
        level = min(tops) - 14 * uy if anchor == "end" else max(tops) + 14 * uy
        shift = -13 * uy if anchor == "end" else 13 * uy
        for k, i in enumerate(end):
            y = level + shift * k
            marks.line(axes, [place[i]] * 2, [tops[k], y], kit.theme.faint, width=0.7)
            color = kit.theme.second if data.deviation[i] else kit.theme.ink
            dx = -3.0 if anchor == "end" else 3.0
            text = fit_text(data.names[i], 230, SMALL)
            marks.label(axes, place[i], y, text, color, anchor="end" if anchor == "end" else "start", dx=dx, halo=kit.theme.paper)


def draw_strip(axes: Axes, data: Caterpillar, kit: Kit) -> None:
    """Density of all pharmacies' effects as a row of bars, with zero and the market as labelled lines."""
    counts, edges = np.histogram(data.estimate, bins=48, range=axes.get_xlim())
    top = counts.max() or 1
    boxes = [(float(a), 0.0, float(b), float(c / top)) for a, b, c in zip(edges[:-1], edges[1:], counts, strict=True) if c]
    marks.rectangles(axes, boxes, kit.theme.accent, alpha=0.35)
    fit_ticks(axes, kit, kit.effect_ticks, base=True)
    draw_references(axes, _references(data, kit), kit)


def _ends_chart(data: Caterpillar, kit: Kit) -> tuple[Figure, list[Tip]]:
    """Strip of all, then the highest and the lowest side by side on one scale."""
    n, row, name = len(data.names), 15.0, 104.0
    half = (WIDE - 24) / 2
    high, low = list(range(ENDS)), list(range(n - ENDS, n))
    shown = high + low
    bounds = marks.limits(np.concatenate([data.lower[shown], data.upper[shown], [data.average]]), zero=True)
    figure, axes = sheet("ends", WIDE, 144 + row * ENDS + 58, [
        Box(8, 44, WIDE - 16, 50, marks.limits(np.append(data.estimate, [data.average, 0.0])), (0.0, 1.0)),
        Box(name, 158, half - name, row * ENDS, bounds, (-0.5, ENDS - 0.5)),
        Box(half + 24 + name, 158, half - name, row * ENDS, bounds, (-0.5, ENDS - 0.5)),
    ])  # fmt: skip
    draw_strip(axes[0], data, kit)
    count = kit.formats.integer
    marks.heading(axes[0], kit.say("All {count} pharmacies", count=count(n)), kit.theme, dy=26)
    tips: list[Tip] = []
    texts = _value_texts(data, kit)
    titles = (kit.say("{count} highest", count=count(ENDS)), kit.say("{count} lowest", count=count(ENDS)))
    for panel, chosen, title in zip(axes[1:], (high, low), titles, strict=True):
        fit_ticks(panel, kit, kit.effect_ticks)
        bottom, top = panel.get_ylim()
        for reference in _references(data, kit):
            color = getattr(kit.theme, reference.color)
            marks.line(panel, [reference.value] * 2, [bottom, top], color, width=1.1, dash=(4, 3) if reference.dashed else ())
        draw_intervals(panel, _rows(data, kit, chosen, values=False), kit, size=5.5, thick=3.2)
        marks.heading(panel, title, kit.theme, dx=-name, dy=6)
        for k, i in enumerate(chosen):
            y = float(ENDS - 1 - k)
            color = kit.theme.second if data.deviation[i] else kit.theme.ink
            marks.label(panel, panel.get_xlim()[0], y, fit_text(data.names[i], name - 8, SMALL), color, dx=-name)
            tips.append((*marks.pixel(panel, float(data.estimate[i]), y), f"{data.names[i]}: {texts(i)}"))
    return figure, tips


def _draw(data: Caterpillar, kit: Kit) -> tuple[Figure, list[Tip]]:
    n = len(data.names)
    if n <= NAMED:
        return interval_chart(
            "caterpillar", _rows(data, kit, range(n), values=True), kit, ticks=kit.effect_ticks, heading="",
            references=_references(data, kit), row=17.0 if n > 20 else 20.0, size=6.0, thick=3.6,
        )  # fmt: skip
    if n > ALL:
        return _ends_chart(data, kit)
    low, high = marks.limits(np.concatenate([data.lower, data.upper]), zero=True)
    air = (high - low) * 0.12
    figure, (axes,) = sheet("upright", WIDE, 350, [Box(70, 26, WIDE - 70 - 96, 308, (-1.0, float(n)), (low - air, high + air))])
    draw_upright(axes, data, kit)
    marks.heading(axes, kit.say("Pharmacies from lowest to highest"), kit.theme, dx=-64)
    texts = _value_texts(data, kit)
    tips = [(*marks.pixel(axes, n - 1 - i, float(data.estimate[i])), f"{data.names[i]}: {texts(i)}") for i in range(n)]
    return figure, tips


def _title(data: Caterpillar, kit: Kit) -> str:
    f, n = kit.formats, len(data.names)
    above, below = int((data.deviation > 0).sum()), int((data.deviation < 0).sum())
    if data.what == "intercept":
        return kit.say(
            "At equal promotion, {above} of {count} pharmacies sell clearly more than the average pharmacy and {below} clearly less.",
            above=f.integer(above), count=f.integer(n), below=f.integer(below),
        )  # fmt: skip
    first = kit.say(
        "Sales rise with promotion in {rising} of {count} pharmacies", rising=f.integer(data.above_zero), count=f.integer(n)
    )
    if data.below_zero > data.above_zero:
        first = kit.say(
            "Sales fall with promotion in {falling} of {count} pharmacies", falling=f.integer(data.below_zero), count=f.integer(n)
        )  # fmt: skip
    if above or below:
        rest = kit.say("{above} respond clearly more than average, {below} clearly less.", above=f.integer(above), below=f.integer(below))
    else:
        rest = kit.say("none can be told apart from the average.")
    return f"{first}; {rest}"


def chart_caterpillar(
    results: MarketResults, kit: Kit, name: str = "caterpillar", what: Literal["slope", "intercept"] = "slope"
) -> Chart | None:
    """Effect of promotion (or level of sales) by pharmacy, sorted."""
    data = compute_caterpillar(results, kit, what)
    if data is None:
        return None
    figure, tips = _draw(data, kit)
    if what == "slope":
        subtitle = kit.say("Total promotion effect of each pharmacy with its {level} interval, {unit}", level=kit.level, unit=kit.effect_unit)
        note = kit.say("Rises: the interval lies above zero. Second colour: clearly different from the market.")
    else:
        unit = kit.say("% of sales") if kit.log else kit.say("{currency} {per_period}", currency=kit.formats.symbol, per_period=kit.per_period)
        subtitle = kit.say("Difference in sales to the average pharmacy with its {level} interval, {unit}", level=kit.level, unit=unit)
        note = kit.say("Second colour: clearly different from the average pharmacy.")
    return kit.chart(
        name, figure, title=_title(data, kit), subtitle=subtitle, tips=tips, table=table_caterpillar(data),
        foot=kit.foot(kit.uncertainty, note),
    )  # fmt: skip


def chart_caterpillar_ends(results: MarketResults, kit: Kit, name: str = "caterpillar_brief", each: int = 10) -> Chart | None:
    """Only the ``each`` highest and lowest pharmacies, in named rows, for the brief."""
    data = compute_caterpillar(results, kit)
    if data is None:
        return None
    n = len(data.names)
    chosen = list(range(n)) if n <= 2 * each else [*range(each), *range(n - each, n)]
    figure, tips = interval_chart(
        "caterpillar", _rows(data, kit, chosen, values=True), kit, ticks=kit.effect_ticks, heading="",
        references=_references(data, kit), row=17.0, size=6.0, thick=3.6,
    )  # fmt: skip
    return kit.chart(
        name, figure, title=_title(data, kit), tips=tips, table=table_caterpillar(data), foot=kit.foot(kit.uncertainty),
        subtitle=kit.say(
            "Total promotion effect of the {each} highest and {each} lowest pharmacies, {unit}",
            each=kit.formats.integer(each), unit=kit.effect_unit,
        ),
    )  # fmt: skip
