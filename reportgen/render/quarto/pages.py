"""Finished reports as Quarto pages: what each template gets, and which files one market's folder holds.

A page is ``index.qmd`` or ``brief.qmd`` with its charts as files beside it, so pages need nothing from each other.
Blocks become *pieces* here (small charts in rows, tables with identifiers, equations as TeX); templates only lay
them out. Jinja's own signs are ``<< >>`` and ``<% %>``, because ``{{< >}}`` are Quarto's shortcodes; every plain string
a template prints is escaped as Markdown unless a filter made it something else.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from markupsafe import Markup

from reportgen.render.charts.svg import chart_file
from reportgen.render.environment import SIGNS, fill, make_environment
from reportgen.render.quarto import escape
from reportgen.render.quarto.tables import Listed, listed
from reportgen.report.blocks import Block, Chart, Equation, MarketReport, Only, Section, Table
from reportgen.report.figures.drawing.theme import WIDE
from reportgen.resources import templates_dir

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from jinja2 import Environment

    from reportgen.report.words.publishing import SiteWords

PageFormat = Literal["html", "typst", "pdf"]
FORMATS: tuple[PageFormat, ...] = ("html", "typst", "pdf")
DEFAULT_FORMATS: tuple[PageFormat, ...] = ("html", "typst")

_CALLOUTS = {
    "good": "tip", "mixed": "note", "unsure": "warning", "none": "note", "bad": "important", "unknown": "warning",
    "note": "note", "warning": "warning", "limit": "important",
}  # fmt: skip
_EQUATION = 48
"""Signs of an equation after which the next term starts a new line."""
_WIDEST_IN_BRIEF = 88
"""Per cent of the page: with texts of any language it stays at two pages of paper."""
_EVIDENCE = ("fig-without-promotion", "tbl-coefficients", "fig-checks")


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """A chart in a page: its file, its identifier (``fig-…``, unique in the page)."""

    identifier: str
    file: str
    figure: Chart
    width: str = "100%"
    """Of the page, so that letters are as large in small charts as in wide ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """One thing to lay out; ``kind`` says which of the fields it has."""

    kind: str
    only: Only = ""
    block: Block | None = None
    charts: tuple[Drawn, ...] = ()
    across: int = 1
    """Charts that stand side by side."""
    table: Listed | None = None
    full: Listed | None = None
    """All rows, where ``table`` has only those that fit on paper."""
    tex: Markup | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PieceSection:
    """A section whose blocks are pieces."""

    anchor: str
    number: str
    title: str
    lead: str
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What a template of a market gets besides the report."""

    words: SiteWords
    formats: tuple[str, ...]
    callouts: Mapping[str, str]
    keys: Mapping[str, Drawn]
    """Small charts of the key figures, by key."""
    chart: Drawn | None
    channels: Listed | None
    lists: Listed | None
    sections: tuple[PieceSection, ...]
    evidence: tuple[str, ...]


class Composer:
    """Turns blocks into pieces and keeps identifiers unique within one page."""

    def __init__(self, widest: int = 100) -> None:
        self._widest = widest
        self._taken: Counter[str] = Counter()
        self.charts: dict[str, Chart] = {}
        """Charts drawn so far, by file name."""
        self.identifiers: list[str] = []
        """Of what every format shows, in the order of the page."""

    def identify(self, kind: str, name: str, *, everywhere: bool = True) -> str:
        """Return a new identifier ``<kind>-<name>``; a name used before gets a number."""
        plain = f"{kind}-{name.replace('_', '-')}"
        self._taken[plain] += 1
        made = plain if self._taken[plain] == 1 else f"{plain}-{self._taken[plain]}"
        if everywhere:
            self.identifiers.append(made)
        return made

    def draw(self, figure: Chart) -> Drawn:
        """Give a chart its file and identifier."""
        file = f"figures/{figure.name.replace('_', '-')}.svg"
        self.charts[file] = figure
        everywhere = not figure.only
        identifier = self.identify("fig", figure.name, everywhere=everywhere)
        share = f"{min(self._widest, max(40, round(figure.width / WIDE * 100)))}%"
        return Drawn(identifier=identifier, file=file, figure=figure, width=share)

    def small(self, figure: Chart) -> Drawn:
        """A chart without caption and identifier."""
        file = f"figures/{figure.name.replace('_', '-')}.svg"
        self.charts[file] = figure
        return Drawn(identifier="", file=file, figure=figure)

    def table(self, table: Table) -> Piece:
        """A table; a long one gets its short form, and all rows for screens."""
        identifier = self.identify("tbl", table.name, everywhere=not table.only)
        if table.print_rows is None or len(table.print_rows) >= len(table.rows):
            return Piece(kind="table", only=table.only, table=listed(table, identifier))
        full = self.identify("tbl", f"{table.name}-all", everywhere=False)
        short = listed(table, identifier, short=True)
        return Piece(kind="table", only=table.only, table=short, full=listed(table, full))

    def section(self, section: Section) -> PieceSection:
        """A section with its blocks as pieces."""
        return PieceSection(
            anchor=section.anchor,
            number=section.number,
            title=section.title,
            lead=section.lead,
            pieces=tuple(self.pieces(section.blocks)),
        )

    def pieces(self, blocks: Sequence[Block]) -> Iterator[Piece]:
        """Blocks in their order; neighbouring charts of less than the full width stand in a row."""
        for run in _runs(blocks):
            if isinstance(run[0], Chart) and run[0].size != "full":
                figures = [block for block in run if isinstance(block, Chart)]
                across = 3 if run[0].size == "third" else 2
                for start in range(0, len(figures), across):
                    charts = tuple(replace(self.draw(one), width="100%") for one in figures[start : start + across])
                    yield Piece(kind="row", only=run[0].only, charts=charts, across=across)
            else:
                yield from (self._piece(block) for block in run)

    def _piece(self, block: Block) -> Piece:
        if isinstance(block, Chart):
            return Piece(kind="figure", only=block.only, charts=(self.draw(block),))
        if isinstance(block, Table):
            return self.table(block)
        if isinstance(block, Equation):
            made = "".join(equation_tex(block))
            return Piece(kind="equation", only=block.only, tex=Markup(made))  # noqa: S704 - escaped as TeX
        return Piece(kind=block.kind, only=block.only, block=block)


def _runs(blocks: Sequence[Block]) -> Iterator[list[Block]]:
    """Split into runs of charts of one size for one medium, and runs of anything else."""
    for _, run in groupby(blocks, lambda b: (b.size, b.only) if isinstance(b, Chart) else None):
        yield list(run)


def equation_tex(equation: Equation) -> Iterator[str]:
    """Symbols of an equation as TeX, in lines of a width that fits a page."""
    length = 0
    for symbol in equation.symbols:
        text = escape.tex(symbol.text)
        if symbol.text.endswith("   "):  # the general form stands on a line of its own
            yield text.rstrip() + " \\\\ "
            length = 0
            continue
        if length > _EQUATION and symbol.text.startswith(" + "):
            yield " \\\\ "
            length = 0
        length += len(symbol.text) + len(symbol.index)
        yield f"{text}_{{{escape.tex(symbol.index)}}}" if symbol.index else text


def call_outs() -> Mapping[str, str]:
    """Kind of Quarto's callout for each tone of a report."""
    return _CALLOUTS


def market_files(
    report: MarketReport, words: SiteWords, formats: Sequence[str] = DEFAULT_FORMATS, *, templates: Path | None = None
) -> dict[str, bytes]:
    """Files of one market's folder: ``index.qmd``, ``brief.qmd``, ``figures/*.svg``.

    Parameters
    ----------
    formats
        Some of :data:`FORMATS`: what the front matter declares.
    templates
        Folder of user templates that win over ours by name; they run in a sandbox.

    Raises
    ------
    TemplateError
        A template is missing, malformed, or names something that does not exist (with file and line).
    """
    name = "market.qmd.j2" if report.summary.key_figures else "not-estimable.qmd.j2"
    composer = Composer()
    page = _page(report, words, formats, composer, report.sections)
    texts = {"index.qmd": render(name, templates, doc=report, page=page)}
    # A page of its own, with identifiers of its own.
    brief = Composer(_WIDEST_IN_BRIEF)
    brief_page = _page(report, words, formats, brief, (report.brief.section,))
    texts["brief.qmd"] = render("brief.qmd.j2", templates, doc=report, page=brief_page)
    charts = {**composer.charts, **brief.charts}
    files = {name: text.encode() for name, text in texts.items()}
    return files | {file: chart_file(chart) for file, chart in sorted(charts.items())}


def _page(
    report: MarketReport, words: SiteWords, formats: Sequence[str], composer: Composer, sections: Iterable[Section]
) -> Page:
    first = report.summary
    keys = {key.name: composer.small(key.chart) for key in first.key_figures if key.chart is not None}
    chart = composer.draw(first.chart) if first.chart else None
    channels = composer.table(first.channels).table if first.channels else None
    lists = composer.table(first.lists).table if first.lists else None
    made = tuple(composer.section(section) for section in sections)
    return Page(
        words=words,
        formats=tuple(formats),
        callouts=_CALLOUTS,
        keys=keys,
        chart=chart,
        channels=channels,
        lists=lists,
        sections=made,
        evidence=tuple(name for name in _EVIDENCE if name in composer.identifiers),
    )


def render(name: str, templates: Path | None, **context: object) -> str:
    """Fill a template of ``templates/quarto`` and return the page, lines tidied."""
    text = fill(_environment(templates), name, **context)
    return "\n".join(_tidy(text.split("\n"))) + "\n"


def _tidy(lines: Iterable[str]) -> Iterator[str]:
    """At most one empty line in a row outside code, none at the start and the end."""
    fence, empty, started = "", False, False
    for line in lines:
        if not fence and not line.strip():
            empty = started
            continue
        if empty:
            yield ""
        empty, started = False, True
        if line.startswith("```"):
            # A block of code ends at as many backticks as it began with, or more (CommonMark 0.31, 4.5).
            run = line[: len(line) - len(line.lstrip("`"))]
            fence = "" if fence and len(run) >= len(fence) else fence or run
        yield line if fence else line.rstrip()


@cache
def _environment(templates: Path | None) -> Environment:
    made = make_environment(templates_dir() / "quarto", templates, **SIGNS, finalize=_finished)
    made.filters.update(
        attribute=escape.attribute,
        scalar=escape.scalar,
        scalar_markdown=escape.scalar_markdown,
        scalar_entities=escape.scalar_entities,
        ready=Markup,
        code_block=escape.code_block,
        address=escape.address,
    )
    return made


def _finished(value: object) -> Markup:
    """Escape whatever is not finished Markdown yet; every printed expression passes here."""
    return value if isinstance(value, Markup) else escape.markdown(str(value))
