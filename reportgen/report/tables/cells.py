"""The cells that all tables are made of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reportgen.report.blocks import Cell, IntervalBar
from reportgen.results.derived.intervals import half_interval

if TYPE_CHECKING:
    from reportgen.report.words.formats import Formats, Kind
    from reportgen.report.words.writer import Writer

NONE = "–"


def text(words: str) -> Cell:
    """Cell of words."""
    return Cell(text=words)


def number(w: Writer, value: float | None, se: float | None = None) -> Cell:
    """Number with the digits its SE supports."""
    return Cell(text=w.formats.number(value, se), sort=value)


def span(w: Writer, lower: float | None, upper: float | None, se: float | None = None) -> Cell:
    """Interval of plain numbers; sorts by its lower end."""
    return Cell(text=w.formats.interval(lower, upper, "number", se), sort=lower, raw=(lower, upper))


def money_span(f: Formats, lower: float | None, upper: float | None, kind: Kind = "money-short") -> Cell:
    """Interval of money; sorts by its lower end."""
    return Cell(text=f.interval(lower, upper, kind), sort=lower, raw=(lower, upper))


def effect(w: Writer, value: float | None, se: float | None = None) -> Cell:
    """Effect in response units: money, or percent at log response."""
    if value is None:
        return Cell(text=NONE)
    scaled, spread = value * w.step, None if se is None else se * w.step
    return Cell(text=w.formats.effect(scaled, spread), sort=w.formats.effect_value(scaled), raw=(value,))


def effect_span(w: Writer, lower: float | None, upper: float | None, se: float | None = None) -> Cell:
    """Interval of an effect in response units; sorts by its lower end."""
    if lower is None or upper is None:
        return Cell(text=NONE)
    low, high, spread = lower * w.step, upper * w.step, None if se is None else se * w.step
    text, at = w.formats.effect_interval(low, high, spread), w.formats.effect_value(low)
    return Cell(text=text, sort=at, raw=(lower, upper))


def interval_label(w: Writer) -> str:
    """``95% interval``, for a heading."""
    model = w.results.model
    value = model.confidence if model else w.settings.report.confidence
    return w.say("{level} interval", level=w.formats.level(value))


def interval_bar(
    value: tuple[float, float, float],
    scale: tuple[float, float],
    confidence: float,
    alt: str,
    *,
    market: float | None = None,
    own: float | None = None,
    brief: str = "",
) -> IntervalBar:
    """Estimate with its limits on a scale that all rows share; what lies beyond ends at its edge."""
    start, stop = scale

    def place(number: float) -> float:
        return round(100 * min(max((number - start) / (stop - start), 0.0), 1.0), 1)

    estimate, low, high = value
    inner = half_interval(estimate, low, high, confidence)
    return IntervalBar(
        point=place(estimate), low=place(low), high=place(high), low50=place(inner[0]), high50=place(inner[1]),
        zero=place(0.0), hollow=low <= 0 <= high, alt=alt, market=None if market is None else place(market),
        own=place(own) if own is not None and start <= own <= stop else None, brief=brief,
    )  # fmt: skip
