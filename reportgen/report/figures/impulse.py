"""What one unit of promotion does over time: period by period, and summed up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from reportgen.report.blocks import Chart, ChartTable
from reportgen.report.figures.drawing import marks
from reportgen.report.figures.drawing.plane import Box, sheet
from reportgen.report.figures.drawing.theme import WIDE
from reportgen.report.figures.kit import Kit, Tip
from reportgen.results.derived.intervals import about_se

if TYPE_CHECKING:
    from reportgen.report.figures.drawing.plane import Plane
    from reportgen.report.words.formats import Kind
    from reportgen.results import MarketResults


@dataclass(frozen=True, slots=True, eq=False)
class Response:
    """Effect of one unit in period 0; all (H,), drawn values, NaN where unknown."""

    horizon: marks.Numbers
    effect: marks.Numbers
    lower: marks.Numbers
    upper: marks.Numbers
    total: marks.Numbers
    total_lower: marks.Numbers
    total_upper: marks.Numbers
    half_life: float | None

    @property
    def unsure(self) -> bool:
        """Whether the whole effect cannot be told apart from zero: nothing then has a half."""
        return bool(self.total_lower[-1] <= 0 <= self.total_upper[-1])


def compute_response(results: MarketResults, kit: Kit) -> Response | None:
    """Impulse response and its sum; ``None`` where the model has none."""
    points = results.impulse
    if len(points) < 2:
        return None

    def column(name: str) -> marks.Numbers:
        return np.array([kit.effect(getattr(p, name)) for p in points])

    return Response(
        np.array([float(p.horizon) for p in points]),
        column("effect"),
        column("lower"),
        column("upper"),
        column("cumulative"),
        column("cumulative_lower"),
        column("cumulative_upper"),
        results.long_run.half_life if results.long_run else None,
    )


def table_response(data: Response) -> ChartTable:
    """Return one row per horizon."""
    columns = ("horizon", "effect", "lower", "upper", "cumulative", "cumulative_lower", "cumulative_upper")
    series = (data.horizon, data.effect, data.lower, data.upper, data.total, data.total_lower, data.total_upper)
    rows = tuple(tuple(float(v) if np.isfinite(v) else None for v in row) for row in zip(*series, strict=True))
    return ChartTable(columns=columns, rows=rows)


def draw_pulse(axes: Plane, data: Response, kit: Kit) -> None:
    """Bars of the effect in each period with their intervals."""
    theme = kit.theme
    _frame(axes, kit)
    boxes = [(h - 0.3, 0.0, h + 0.3, float(e)) for h, e in zip(data.horizon, data.effect, strict=True)]
    marks.rectangles(axes, boxes, theme.accent, alpha=0.75)
    marks.segments(axes, data.horizon, data.lower, data.horizon, data.upper, theme.ink, width=1.2)


def draw_total(axes: Plane, data: Response, kit: Kit) -> None:
    """Summed effect with its band, and the period in which half of it has happened."""
    theme = kit.theme
    _frame(axes, kit)
    marks.band(axes, data.horizon, data.total_lower, data.total_upper, theme.accent, alpha=0.2)
    marks.line(axes, data.horizon, data.total, theme.accent, width=2)
    end = float(data.total[-1])
    shown = _range(data, kit) if data.unsure else _write(end, data, kit)
    word = kit.say("{effect} in {span}", effect=shown, span=_span(data, kit))
    up = end >= 0
    marks.label(
        axes,
        float(data.horizon[-1]),
        end,
        word,
        theme.accent,
        anchor="end",
        valign="base" if up else "top",
        dy=7 if up else -7,
        weight=600,
    )
    if data.half_life is not None and data.half_life <= data.horizon[-1] and not data.unsure:
        # The half-life lies between periods: its dot stands on the line, not above a bar.
        y = float(np.interp(data.half_life, data.horizon, data.total))
        marks.dots(axes, [data.half_life], [y], theme.ink, size=7)
        text = kit.say("half after {time}", time=_time(data.half_life, kit))
        if data.half_life < 0.5:
            text = kit.by_period("half in the first month", "half in the first week")
        marks.label(axes, data.half_life, y, text, theme.ink, dx=9, dy=-8 if up else 8)


def _frame(axes: Plane, kit: Kit) -> None:
    ticks = marks.nice_ticks(*axes.y, 4)
    marks.grid_y(axes, ticks, kit.effect_ticks(ticks), kit.theme, base=0.0)
    # Periods are whole: no tick at two and a half months.
    at = [t for t in marks.nice_ticks(*axes.x, 6) if t >= 0 and t == int(t)]
    marks.grid_x(axes, at, kit.formats.ticks(tuple(at)), kit.theme, lines=False)
    marks.below(axes, kit.by_period("months later", "weeks later"), kit.theme, dy=-22)


def _time(value: float, kit: Kit) -> str:
    if abs(value - round(value)) < 0.05:
        return kit.periods(round(value))
    text = kit.formats.decimal(value, 1)
    unit = (
        kit.language.ngettext("{count} week", "{count} weeks", 2)
        if kit.weekly
        else kit.language.ngettext("{count} month", "{count} months", 2)
    )
    return unit.format(count=text)


def _write(value: float, data: Response, kit: Kit) -> str:
    spread = about_se(float(data.total_lower[-1]), float(data.total_upper[-1]))
    return kit.formats.percent(value, spread) if kit.log else kit.formats.money(value, spread)


def _range(data: Response, kit: Kit) -> str:
    kind: Kind = "percent" if kit.log else "money"
    return kit.formats.interval(float(data.total_lower[-1]), float(data.total_upper[-1]), kind)


def _title(data: Response, kit: Kit) -> str:
    total = _write(float(data.total[-1]), data, kit)
    interval = _range(data, kit)
    dose = kit.dose_here[:1].upper() + kit.dose_here[1:]
    message = kit.say("{dose} goes with {total} within {span} ({interval}).")
    after = ""
    if data.unsure:
        message = kit.say("{dose} goes with {interval} within {span}, which cannot be told apart from zero.")
    elif data.half_life is not None:
        message = kit.say("{dose} goes with {total} within {span} ({interval}); half of it is there after {time}.")
        after = _time(data.half_life, kit)
        if data.half_life < 0.5:
            message = kit.by_period(
                "{dose} goes with {total} within {span} ({interval}); half of it is there in the first month.",
                "{dose} goes with {total} within {span} ({interval}); half of it is there in the first week.",
            )
    return message.format(dose=dose, total=total, interval=interval, time=after, span=_span(data, kit))


def _span(data: Response, kit: Kit) -> str:
    """How long the sum runs, in words."""
    return kit.periods(int(data.horizon[-1]))


def _bounds(lower: marks.Numbers, middle: marks.Numbers, upper: marks.Numbers) -> tuple[float, float]:
    return marks.limits(np.concatenate([lower, middle, upper]), zero=True, pad=0.1)


def _tips(axes: Plane, values: marks.Numbers, data: Response, kit: Kit) -> list[Tip]:
    return [
        (*axes.pixel(h, v), f"{kit.formats.integer(h)}: {_write(float(v), data, kit)}")
        for h, v in zip(data.horizon, values, strict=True)
    ]


def chart_impulse(results: MarketResults, kit: Kit, name: str = "impulse") -> Chart | None:
    """Impulse response and cumulative effect side by side."""
    data = compute_response(results, kit)
    if data is None:
        return None
    # Two planes with room for numbers left of each and a margin at the right.
    width, x = (WIDE - 60 - 76 - 14) / 2, (-0.5, float(data.horizon[-1]) + 0.5)
    drawn, (pulse, total) = sheet(
        WIDE,
        226,
        [
            Box(60, 28, width, 160, x, _bounds(data.lower, data.effect, data.upper)),
            Box(60 + width + 76, 28, width, 160, x, _bounds(data.total_lower, data.total, data.total_upper)),
        ],
    )
    draw_pulse(pulse, data, kit)
    draw_total(total, data, kit)
    marks.heading(pulse, kit.say("In each period, {unit}", unit=kit.effect_unit), kit.theme, dx=-54)
    marks.heading(total, kit.say("Summed up, {unit}", unit=kit.effect_unit), kit.theme, dx=-54)
    tips = _tips(pulse, data.effect, data, kit) + _tips(total, data.total, data, kit)
    return kit.chart(
        name,
        drawn,
        title=_title(data, kit),
        table=table_response(data),
        tips=tips,
        subtitle=kit.say("Effect of {dose} given once, through carry-over and through later sales", dose=kit.dose_here),
        foot=kit.foot(kit.say("Lines and band: {level} interval.", level=kit.level)),
    )
