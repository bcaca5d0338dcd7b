"""What slides are made of: plain, finished, frozen data that a writer of presentations only has to lay out.

Every text is final. A native chart holds numbers, not marks: whoever opens the file edits them. ``places`` and
``fields`` say where the results hold each of them, so that a test looks every number up again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from reportgen.report.blocks import Brand, Fact

Tone = Literal["", "above", "below"]
Look = Literal["main", "muted", "limit", "coming", "planned"]
Unit = Literal["money", "percent", "points"]
"""``percent``: of shares; ``points``: of numbers that are percents."""
Value = float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One key figure: its name, its number, what it is counted in, its interval."""

    label: str
    value: str
    unit: str
    interval: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TextList:
    """A heading with a few sentences."""

    heading: str
    items: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SlideTable:
    """A table of finished texts; ``widths`` are shares of its width, the first column heads the row."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    widths: tuple[float, ...]
    alt: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """Numbers of one name, one a category; ``lower`` and ``upper`` are empty or its intervals."""

    name: str
    values: tuple[Value, ...]
    places: tuple[str, ...]
    """Path of each in the results, e.g. ``pharmacies.3``; "" where it has no value."""
    fields: tuple[str, ...]
    """Names there of value, lower and upper limit; "" where the place is the number itself."""
    lower: tuple[Value, ...] = ()
    upper: tuple[Value, ...] = ()
    look: Look = "main"
    tones: tuple[Tone, ...] = ()
    """Of each bar: above or below what it is compared with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NativeChart:
    """Bars with intervals by name, or lines over periods. ``hollow``: the intervals alone are drawn."""

    kind: Literal["bars", "lines"]
    title: str
    alt: str
    categories: tuple[str, ...]
    series: tuple[Series, ...]
    unit: Unit
    hollow: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Slide:
    """One slide: its finding, and what shows it. ``notes`` are for who speaks."""

    name: str
    kicker: str
    """Whose slide it is and what it is about."""
    title: str
    cards: tuple[Card, ...] = ()
    chart: NativeChart | None = None
    table: SlideTable | None = None
    lists: tuple[TextList, ...] = ()
    notes: tuple[str, ...] = ()
    facts: tuple[Fact, ...] = ()
    """Every number that its sentences print."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deck:
    """A finished presentation. ``symbol`` is the currency sign that its charts print."""

    lang: str
    title: str
    date_iso: str
    brand: Brand
    symbol: str
    indian_grouping: bool
    foot: str
    slides: tuple[Slide, ...]
