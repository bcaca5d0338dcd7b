"""The cells that all tables are made of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reportgen.report.blocks import Cell

if TYPE_CHECKING:
    from reportgen.report.narrative.writer import Writer

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
    return Cell(text=w.formats.effect(value, se), sort=w.formats.effect_value(value))


def interval_label(w: Writer) -> str:
    """``95% interval``, for a heading."""
    model = w.results.model
    value = model.confidence if model else w.settings.report.confidence
    return w.say("{level} interval", level=w.formats.percent(value, digits=0))
