"""The cells that all tables are made of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reportgen.report.blocks import Cell

if TYPE_CHECKING:
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
    return Cell(text=w.formats.interval(lower, upper, "number", se), sort=lower)


def effect(w: Writer, value: float | None, se: float | None = None) -> Cell:
    """Effect in response units: money, or percent at log response."""
    if value is None:
        return Cell(text=NONE)
    scaled, spread = value * w.step, None if se is None else se * w.step
    return Cell(text=w.formats.effect(scaled, spread), sort=w.formats.effect_value(scaled))


def effect_span(w: Writer, lower: float | None, upper: float | None, se: float | None = None) -> Cell:
    """Interval of an effect in response units; sorts by its lower end."""
    if lower is None or upper is None:
        return Cell(text=NONE)
    low, high, spread = lower * w.step, upper * w.step, None if se is None else se * w.step
    return Cell(text=w.formats.effect_interval(low, high, spread), sort=w.formats.effect_value(low))


def interval_label(w: Writer) -> str:
    """``95% interval``, for a heading."""
    model = w.results.model
    value = model.confidence if model else w.settings.report.confidence
    return w.say("{level} interval", level=w.formats.level(value))
