"""The pages and files around the markets: overview with its listing, method, configuration, themes.

The listing reads one YAML file, ``markets/listing.yml`` (a line of JSON per market), so the overview page itself stays
small and no market gets an entry in a sidebar, whose cost in Quarto grows with the square of the pages. Quarto puts a
listing's values into raw HTML and Markdown at once, hence entities; numbers are sorted by an invisible rank, because
Quarto would sort "₹ 12.4 lakh" as text.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from reportgen.render.charts.svg import chart_file
from reportgen.render.quarto import escape
from reportgen.render.quarto.pages import DEFAULT_FORMATS, Composer, Piece, PieceSection, call_outs, render
from reportgen.render.quarto.theme import theme_files
from reportgen.report.blocks import Heading, Table

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from reportgen.report.blocks import Block, Brand, Cell, Column, MarketReport, Row, Section
    from reportgen.report.site.overview import Overview
    from reportgen.report.words.publishing import SiteWords

LISTING = "markets/listing.yml"
_NOTHING = frozenset({"", "–"})
_LEFT_OUT = frozenset({"provenance"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """What the configuration says of the whole site."""

    title: str
    description: str
    lang: str
    footer: str
    paper: str
    """``a4`` or ``us-letter``."""
    words: SiteWords
    accent: str = ""
    formats: tuple[str, ...] = DEFAULT_FORMATS


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One column of the listing."""

    name: str
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OverviewPage:
    """What the overview's template gets besides the overview."""

    words: SiteWords
    fields: tuple[Field, ...]
    sections: tuple[PieceSection, ...]
    callouts: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class MethodPage:
    """What the method page's template gets."""

    words: SiteWords
    pieces: tuple[Piece, ...]
    callouts: Mapping[str, str]


def site_of(overview: Overview, words: SiteWords, *, paper: str, formats: Sequence[str] = DEFAULT_FORMATS) -> Site:
    """Facts of the configuration, from the page over all markets."""
    brand: Brand = overview.brand
    name = f"{brand.name} · {overview.title}" if brand.name else overview.title
    return Site(
        title=name,
        description=overview.description,
        lang=overview.lang,
        footer=brand.footer or overview.title,
        paper="us-letter" if paper == "Letter" else "a4",
        words=words,
        accent=brand.accent,
        formats=tuple(formats),
    )


def configuration(site: Site, *, pre_render: str = "", templates: Path | None = None) -> bytes:
    """``_quarto.yml``.

    Parameters
    ----------
    pre_render
        Command that Quarto runs before it reads the pages; none where the pages are there already.
    """
    return render("quarto.yml.j2", templates, site=site, pre_render=pre_render).encode()


def overview_files(doc: Overview, words: SiteWords, *, templates: Path | None = None) -> dict[str, bytes]:
    """``index.qmd``, the listing's data and the charts over all markets."""
    tables = [block for block in _blocks(doc.sections, "markets") if isinstance(block, Table)]
    rows = [row for table in tables for row in table.rows]
    columns = _kept(tables[0].columns, rows) if tables else []
    composer = Composer()
    sections = tuple(composer.section(_linked(section)) for section in doc.sections)
    page = OverviewPage(
        words=words,
        fields=tuple(_field(count, column, rows, place) for count, (place, column) in enumerate(columns)),
        sections=tuple(replace(s, number="", pieces=() if s.anchor == "markets" else s.pieces) for s in sections),
        callouts=call_outs(),
    )
    charts = {file: chart_file(figure) for file, figure in composer.charts.items()}
    index = render("overview.qmd.j2", templates, doc=doc, page=page)
    return {"index.qmd": index.encode(), LISTING: _listing(rows, [place for place, _ in columns]), **charts}


def method_file(report: MarketReport, words: SiteWords, *, templates: Path | None = None) -> dict[str, bytes]:
    """``method.qmd`` from the last section of any report, without what is about that market alone."""
    last = report.sections[-1]
    pieces = tuple(Composer().pieces(tuple(_without(last.blocks, _LEFT_OUT))))
    page = MethodPage(words=words, pieces=pieces, callouts=call_outs())
    return {"method.qmd": render("method.qmd.j2", templates, doc=report, page=page).encode()}


def look_files(site: Site) -> dict[str, bytes]:
    """Themes and typefaces."""
    return theme_files(site.accent, paper="typst" in site.formats)


# --- overview ---------------------------------------------------------------------------------


def _blocks(sections: Iterable[Section], anchor: str) -> Iterator[Block]:
    for section in sections:
        if section.anchor == anchor:
            yield from section.blocks


def _kept(columns: Sequence[Column], rows: Sequence[Row]) -> list[tuple[int, Column]]:
    """Columns in which any market has something to show."""
    return [
        (place, column)
        for place, column in enumerate(columns)
        if place == 0 or any(row.cells[place].text not in _NOTHING for row in rows)
    ]


def _field(count: int, column: Column, rows: Sequence[Row], place: int) -> Field:
    drawn = any(row.cells[place].bar for row in rows)  # the unit then explains a drawing that is not here
    label = f"{column.label} ({column.unit})" if column.unit and not drawn else column.label
    return Field(name="title" if count == 0 else f"column{count}", label=label)


def _listing(rows: Sequence[Row], places: Sequence[int]) -> bytes:
    """One market a line, as JSON, which is YAML."""
    ranks = {place: _ranks([row.cells[place] for row in rows]) for place in places[1:]}
    lines = []
    for number, row in enumerate(rows):
        page = market_page(row.cells[0].link).removeprefix("markets/")
        item = {"path": page} if page else {}
        item["title"] = escape.entities(row.cells[0].text)
        for count, place in enumerate(places[1:], start=1):
            cell = row.cells[place]
            shape = f"[]{{.shape .{cell.mark}}} " if cell.mark else ""
            item[f"column{count}"] = f"{ranks[place][number]}{shape}{escape.entities(cell.text)}"
        lines.append("- " + json.dumps(item, ensure_ascii=False))
    return ("\n".join(lines) + "\n" if lines else "[]\n").encode()


def _ranks(cells: Sequence[Cell]) -> list[str]:
    """Invisible sort keys in the order of the numbers behind the cells; cells without a number come last."""
    values = sorted({cell.sort for cell in cells if cell.sort is not None})
    if not values:
        return [""] * len(cells)
    # Ranks of six digits are sorted as text in the order of the numbers.
    place = {value: rank for rank, value in enumerate(values)}
    return [
        f"[{place.get(c.sort, len(values)) if c.sort is not None else len(values):06d}]{{.sort-key}}" for c in cells
    ]


def market_page(link: str) -> str:
    """Page of a market in the project, from the link ``markets/<slug>/report.html`` of the overview."""
    parts = link.split("/")
    return f"markets/{parts[-2]}/index.qmd" if len(parts) >= 3 else ""


def _linked(section: Section) -> Section:
    """The section with links to pages of the project instead of reports."""
    blocks = tuple(_with_links(block) if isinstance(block, Table) else block for block in section.blocks)
    return replace(section, blocks=blocks)


def _with_links(table: Table) -> Table:
    rows = tuple(
        replace(row, cells=tuple(replace(cell, link=market_page(cell.link)) for cell in row.cells))
        for row in table.rows
    )  # fmt: skip
    return replace(table, rows=rows)


def _without(blocks: Sequence[Block], anchors: frozenset[str]) -> Iterator[Block]:
    """Blocks but for those under one of the headings."""
    dropped = False
    for block in blocks:
        if isinstance(block, Heading):
            dropped = block.anchor in anchors
        if not dropped:
            yield block
