"""What each level of promotion brings when kept up, where it brings less the more of it there is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from reportgen.report.blocks import Chart, ChartTable
from reportgen.report.figures.drawing import marks
from reportgen.report.figures.drawing.plane import Box, sheet
from reportgen.report.figures.drawing.theme import WIDE
from reportgen.report.figures.intervals import fit_ticks
from reportgen.report.figures.kit import Kit
from reportgen.report.words import quantities
from reportgen.report.words.phrases import mark

if TYPE_CHECKING:
    from reportgen.report.figures.drawing.plane import Plane
    from reportgen.results import EffectSize, MarketResults, ResponseShape

TOLD = (0.5, 1.0, 2.0)
"""Levels, in usual promotion, at which one more is told."""
TANGENT = 26.0
"""Pixels of a slope to each side of its level."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FlatteningCurve:
    """The curve of one channel at P levels of promotion, drawn values (money, or a share at log response)."""

    shape: ResponseShape
    promotion: marks.Numbers
    """(P,) with carry-over, from none on."""
    estimate: marks.Numbers
    lower: marks.Numbers
    upper: marks.Numbers
    seen: marks.Flags
    """(P,) whether pharmacies had such promotion."""
    told: tuple[int, ...]
    """Levels at which one more is told, usual promotion among them."""
    kept_up: EffectSize
    """One more at usual promotion."""


def compute_curve(results: MarketResults, kit: Kit) -> FlatteningCurve | None:
    """Curve of the first channel; ``None`` where it is a straight line or what it brings is withheld."""
    shape, kept_up = results.shape_of(None), quantities.kept_up(results)
    if shape is None or not shape.points or kept_up is None or shape.at(1.0) is None:
        return None
    points = shape.points
    estimate, lower, upper = (
        np.array([kit.shown(value) for value in values])
        for values in ([p.estimate for p in points], [p.lower for p in points], [p.upper for p in points])
    )
    return FlatteningCurve(
        shape=shape,
        promotion=np.array([p.promotion for p in points]),
        estimate=estimate,
        lower=lower,
        upper=upper,
        seen=np.array([p.seen for p in points]),
        told=tuple(k for k in map(shape.at, TOLD) if k is not None),
        kept_up=kept_up,
    )


def table_curve(data: FlatteningCurve) -> ChartTable:
    """One row a level, in the units of the results."""
    rows = tuple((p.promotion, p.estimate, p.lower, p.upper, p.marginal, int(p.seen)) for p in data.shape.points)
    columns = ("promotion", "brings", "brings_lower", "brings_upper", "one_more_brings", "seen")
    return ChartTable(columns=columns, rows=rows)


def draw_curve(axes: Plane, data: FlatteningCurve, kit: Kit) -> None:
    """Band and line, faint and dashed where no pharmacy was; slopes at the levels that are told."""
    theme = kit.theme
    ticks = marks.nice_ticks(*axes.y, 5)
    marks.grid_y(axes, ticks, kit.effect_ticks(ticks), theme, base=0.0)
    fit_ticks(axes, kit, kit.formats.ticks, base=True)
    for part, alpha in ((data.seen, 0.2), (_unseen(data.seen), 0.08)):
        low, high = (np.where(part, edge, np.nan) for edge in (data.lower, data.upper))
        marks.band(axes, data.promotion, low, high, theme.accent, alpha=alpha)
    usual = data.promotion[data.shape.at(1.0) or 0]
    marks.line(axes, [usual, usual], list(axes.y), theme.faint, dash=(2, 3))
    marks.label(axes, usual, axes.y[1], kit.say("usual"), theme.muted, anchor="middle", valign="base", dy=5)
    marks.line(
        axes, data.promotion, np.where(_unseen(data.seen), data.estimate, np.nan), theme.accent, width=1.5, dash=(4, 3)
    )
    marks.line(axes, data.promotion, np.where(data.seen, data.estimate, np.nan), theme.accent, width=2.6)
    for place in data.told:
        _slope(axes, data, place, kit)


def _unseen(seen: marks.Flags) -> marks.Flags:
    """Levels that were not seen, with those that join them to the ones that were."""
    before, after = np.append(seen[1:], True), np.insert(seen[:-1], 0, True)
    return np.asarray(~(seen & before & after), dtype=np.bool_)


def _slope(axes: Plane, data: FlatteningCurve, place: int, kit: Kit) -> None:
    """A dot with what one more brings there, along the curve."""
    x, y = float(data.promotion[place]), float(data.estimate[place])
    near = np.array([max(place - 1, 0), min(place + 1, len(data.promotion) - 1)])
    rise = float(np.diff(data.estimate[near])[0] / np.diff(data.promotion[near])[0])
    ux, uy = axes.units
    # As long on paper whatever its slope.
    dx = TANGENT * ux / float(np.hypot(1.0, rise * ux / uy))
    marks.line(axes, [x - dx, x + dx], [y - rise * dx, y + rise * dx], kit.theme.second, width=1.6)
    marks.dots(axes, [x], [y], kit.theme.second, size=7)
    text = kit.say("one more: {effect}", effect=_one_more(data, place, kit))
    marks.label(axes, x, y, text, kit.theme.second, dx=6, dy=-16 if y >= 0 else 16, weight=600)


def _one_more(data: FlatteningCurve, place: int, kit: Kit) -> str:
    return kit.write_effect(data.shape.points[place].marginal, quantities.spread(data.kept_up))


def _title(data: FlatteningCurve, kit: Kit) -> str:
    f, kept = kit.formats, data.kept_up
    usual = f.number(data.shape.usual)
    if kept.lower is not None and kept.upper is not None and kept.lower <= 0 <= kept.upper:
        return kit.say(
            "At the usual promotion of {usual}, one more, kept up, goes with a change of sales of {interval}; the "
            "response flattens.",
            usual=usual,
            interval=f.effect_interval(kept.lower * kit.step, kept.upper * kit.step),
        )
    places = {times: data.shape.at(times) for times in TOLD}
    other = places[2.0] if places[2.0] is not None else places[0.5]
    here = places[1.0] or 0
    if other is None:
        return kit.say(
            "At the usual promotion of {usual}, {dose} more, kept up, goes with {effect}, and with less the more there "
            "is.",
            usual=usual,
            dose=kit.dose,
            effect=_one_more(data, here, kit),
        )
    return kit.say(
        "At the usual promotion of {usual}, {dose} more, kept up, goes with {effect}; at {level} with {other}.",
        usual=usual,
        dose=kit.dose,
        effect=_one_more(data, here, kit),
        level=f.number(data.shape.points[other].promotion),
        other=_one_more(data, other, kit),
    )


def chart_response(results: MarketResults, kit: Kit, name: str = "response") -> Chart | None:
    """The curve of a response that flattens."""
    data = compute_curve(results, kit)
    if data is None:
        return None
    bounds = marks.limits(np.concatenate([data.lower, data.estimate, data.upper]), zero=True, pad=0.04)
    x = (0.0, float(data.promotion[-1]))
    drawn, (axes,) = sheet(WIDE, 290, [Box(74, 40, WIDE - 74 - 24, 206, x, bounds)])
    draw_curve(axes, data, kit)
    message = (
        mark("% of sales {per_period}, against no promotion")
        if kit.log
        else mark("{currency} per pharmacy {per_period}, against no promotion")
    )
    heading = kit.say(message, currency=kit.formats.symbol, per_period=kit.per_period)
    marks.heading(axes, heading, kit.theme, dx=-68, dy=20)
    below = kit.say("Promotion with carry-over ({unit} {per_period})", unit=kit.unit, per_period=kit.per_period)
    marks.below(axes, below, kit.theme, dy=-25)
    f = kit.formats
    return kit.chart(
        name,
        drawn,
        title=_title(data, kit),
        table=table_curve(data),
        tips=[
            (*axes.pixel(float(x), float(y)), f"{f.number(p.promotion)}: {f.effect(p.estimate)}")
            for x, y, p in zip(data.promotion, data.estimate, data.shape.points, strict=True)
        ],
        subtitle=kit.say(
            "What a level of promotion goes with where it is kept up; short lines: what one more would add"
        ),
        foot=kit.foot(
            kit.say("Band: {level} interval.", level=kit.level),
            kit.say(
                "Dashed: promotion that no pharmacy had; seen were {lowest} to {highest}.",
                lowest=f.number(data.shape.lowest),
                highest=f.number(data.shape.highest),
            ),
        ),
    )
