"""What a report is made of: plain, finished, frozen data that a template only has to lay out.

Every text here is final (translated, numbers formatted, names cleaned); every drawn interval is
already in percent of its scale. A template decides nothing but looks, so HTML, PDF and Quarto
say the same. Each block carries a literal ``kind``: templates and writers dispatch on it.
Rejected: one class per section (ten shapes to keep in step with three renderers).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from reportgen.report.shapes import Shape, Tip

Only = Literal["", "screen", "print"]
Tone = Literal["good", "mixed", "unsure", "none", "bad", "unknown"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """A number that a sentence prints: its text, its value, and where the results hold it."""

    text: str
    value: float
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A status: the code chooses the shape, the word is read."""

    code: str
    word: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IntervalBar:
    """A drawn interval; all places in percent (0-100) of the bar's width."""

    point: float
    low: float
    high: float
    low50: float
    high50: float
    zero: float | None
    hollow: bool
    alt: str
    market: float | None = None
    """The average that rows are compared with, a dashed line."""
    own: float | None = None
    """What the row's own data say alone, faint; ``None`` where it leaves the scale."""
    brief: str = ""
    """The number of ``alt`` alone, where the heading says what it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column of a table: heading, unit below it, and how it aligns."""

    label: str
    unit: str = ""
    numeric: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One cell. ``sort`` is the number behind the text, ``short`` replaces the text on paper.

    ``raw`` is what a data file holds of it, where that is neither the text nor (in a column of numbers) ``sort``: both
    limits of an interval, a period, a code.
    """

    text: str
    short: str = ""
    sort: float | None = None
    raw: tuple[float | str | None, ...] = ()
    mark: str = ""
    link: str = ""
    bar: IntervalBar | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row; its first cell is the row's heading."""

    cells: tuple[Cell, ...]
    tone: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table with caption. ``print_rows`` are the rows that fit on paper (all where ``None``)."""

    name: str
    caption: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    note: str = ""
    tools: bool = True
    print_rows: tuple[int, ...] | None = None
    print_note: str = ""
    width: Literal["auto", "full"] = "full"
    only: Only = ""
    kind: Literal["table"] = "table"


Value = str | float | int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChartTable:
    """The numbers behind a chart, unformatted: column names are stable and English, for files."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Value, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Slim:
    """The same chart drawn for a phone, where the wide one would be read through a keyhole."""

    width: float
    height: float
    shapes: tuple[Shape, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """One drawn chart: its shapes and the sentences around them. Sizes in pixels (1/72 inch)."""

    name: str
    title: str
    """The finding, a sentence with its number."""
    subtitle: str
    """What is drawn, in which unit."""
    foot: str
    """Rows, period, method, and how uncertainty is drawn."""
    alt: str
    """The finding and the numbers a listener needs."""
    width: float
    height: float
    shapes: tuple[Shape, ...]
    tips: tuple[Tip, ...]
    table: ChartTable
    size: Literal["full", "half", "third"] = "full"
    zoom: bool = False
    """Whether it has so many marks that a page should let its reader look closer."""
    only: Only = ""
    slim: Slim | None = None
    kind: Literal["figure"] = "figure"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyFigure:
    """One number of the first page with its interval, written and drawn."""

    name: str
    label: str
    value: str
    unit: str
    interval: str
    note: str
    chart: Chart | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Prose:
    """One paragraph."""

    text: str
    style: Literal["p", "lead", "note"] = "p"
    only: Only = ""
    kind: Literal["prose"] = "prose"


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """A heading inside a section (level 3)."""

    text: str
    anchor: str
    only: Only = ""
    kind: Literal["heading"] = "heading"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bullets:
    """A list of sentences."""

    items: tuple[str, ...]
    only: Only = ""
    kind: Literal["bullets"] = "bullets"


@dataclass(frozen=True, slots=True, kw_only=True)
class Callout:
    """A box that must not be overlooked."""

    tone: Literal["note", "warning", "limit"]
    title: str
    items: tuple[str, ...]
    only: Only = ""
    kind: Literal["callout"] = "callout"


@dataclass(frozen=True, slots=True, kw_only=True)
class Symbol:
    """A piece of an equation: text, and its lower index."""

    text: str
    index: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Equation:
    """An equation in symbols, readable as text."""

    symbols: tuple[Symbol, ...]
    only: Only = ""
    kind: Literal["equation"] = "equation"


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """Text to be typed or printed as it stands."""

    text: str
    caption: str = ""
    only: Only = ""
    kind: Literal["code"] = "code"


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """A word and what it means; ``link`` where it is a reference."""

    term: str
    text: str
    link: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Definitions:
    """A list of words or of facts with their labels."""

    items: tuple[Definition, ...]
    style: Literal["glossary", "facts", "references"] = "glossary"
    only: Only = ""
    kind: Literal["definitions"] = "definitions"


Block = Table | Chart | Prose | Heading | Bullets | Callout | Equation | Code | Definitions


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """One numbered section with its blocks in reading order."""

    anchor: str
    number: str
    title: str
    lead: str
    blocks: tuple[Block, ...]
    only: Only = ""

    @property
    def line(self) -> str:
        """What stands for it while it is folded: its lead, else its first finding or words."""
        if self.lead:
            return self.lead
        first = next((block for block in self.blocks if isinstance(block, (Chart, Callout, Prose))), None)
        if isinstance(first, Prose):
            return first.text
        return "" if first is None else first.title


@dataclass(frozen=True, slots=True, kw_only=True)
class VerdictLine:
    """The answer in a word and a sentence."""

    word: str
    tone: Tone
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """The first page."""

    title: str
    scope: str
    verdict: VerdictLine
    key_figures: tuple[KeyFigure, ...]
    lists: Table | None
    """Who gets more and who less, the changes worth most, where a plan is recommended."""
    chart: Chart | None
    actions_title: str
    actions: tuple[str, ...]
    confidence_title: str
    confidence: tuple[str, ...]
    strip: tuple[Mark, ...]
    """All checks with their names."""
    channels: Table | None
    """One line a promotion channel where there are several."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Brief:
    """The two-page brief: the first page, and this section as the second."""

    section: Section
    contact_title: str
    contact: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Labels:
    """The words of the page itself: navigation and buttons."""

    contents: str
    skip: str
    filter: str
    copy: str
    copied: str
    download: str
    lower: str
    upper: str
    sort: str
    larger: str
    smaller: str
    files: str
    close: str
    pdf: str
    brief: str
    data: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Brand:
    """Whose report it is; ``logo`` is a ``data:`` URL or empty, ``accent`` ``#rrggbb`` or empty."""

    name: str
    logo: str
    accent: str
    footer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannerGroup:
    """A group of pharmacies with a slider; ``less`` and ``more`` as in ``results.PlanGroup``."""

    label: str
    note: str
    less: tuple[float, ...]
    more: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Planner:
    """What a page needs to tell the sales to be expected under a plan of its reader."""

    title: str
    lead: str
    groups: tuple[PlannerGroup, ...]
    bound: float
    sales: float
    level: float
    currency: str
    change: str
    result: str
    """Words of the two numbers."""
    loss: str
    to: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketReport:
    """A finished report of one market: all that templates may see."""

    lang: str
    direction: Literal["ltr", "rtl"]
    paper: Literal["A4", "Letter"]
    market: str
    title: str
    document_title: str
    period: str
    date: str
    date_iso: str
    status: str
    description: str
    brand: Brand
    labels: Labels
    summary: Summary
    sections: tuple[Section, ...]
    brief: Brief
    planner: Planner | None
    facts: tuple[Fact, ...]
