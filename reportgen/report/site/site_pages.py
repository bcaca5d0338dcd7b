"""The pages of our own site: overview, plain list, method and glossary, the page for what is not there.

All of them are documents of one type, so one template sets them all. What stands at the head of a market's report when
it is part of the site (the way back, the neighbours) is made here too, in the language of that report. Which files
exist and what lies where is decided in ``batch/site/build.py``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from reportgen.report.blocks import Bullets, Definitions, Prose, Section
from reportgen.report.narrative import method
from reportgen.report.site.directory import build_directory
from reportgen.report.site.market_table import address, table_writer
from reportgen.report.site.overview import PageLink, build_overview
from reportgen.report.site.why import why_section
from reportgen.report.words.language import language_of
from reportgen.report.words.names import clean
from reportgen.report.words.writer import make_writer

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reportgen.report.blocks import Block
    from reportgen.report.site.changes import Changes
    from reportgen.report.site.market_line import MarketSummary
    from reportgen.report.site.overview import Download, Overview
    from reportgen.results import MarketResults, OverviewResults
    from reportgen.settings.sections import Settings

PAGE = 1000
"""Markets on one page of the plain list: more take seconds to paint."""
INDEX, LIST, METHOD, MISSING = "index.html", "list.html", "method.html", "404.html"
FIND, SEARCH, WHY = "pharmacies.html", "search.html", "changes.html"


@dataclass(frozen=True, slots=True, kw_only=True)
class Navigation:
    """The head of a market's report on the site; addresses relative to the report."""

    label: str
    home: PageLink
    market: str
    before: PageLink | None
    after: PageLink | None
    previous: str
    next: str


def build_pages(
    summaries: Sequence[MarketSummary],
    settings: Settings,
    *,
    as_of: str,
    across: OverviewResults | None = None,
    changes: Changes | None = None,
    downloads: Sequence[Download] = (),
    sample: MarketResults | None = None,
    pharmacies: Mapping[str, Sequence[str]] | None = None,
    slides: str = "",
) -> dict[str, Overview]:
    """Every page around the reports, by file name.

    Parameters
    ----------
    sample
        Results of any market, for the words on method; no method page without.
    pharmacies
        Codes by market, for the page that finds them.
    slides
        File of slides over all markets beside the pages, if there is one.

    Others are those of :func:`~reportgen.report.site.overview.build_overview`.
    """
    lines = sorted(summaries, key=lambda s: s.market)
    overview = build_overview(
        lines, settings, as_of=as_of, across=across, changes=changes, downloads=downloads
    )  # fmt: skip
    pages = {INDEX: overview, **_list(overview, lines, settings)}
    directory = build_directory(lines, pharmacies or {}, language_of(settings.report))
    if directory is not None:
        pages[FIND] = replace(_page(overview, directory.search, "", ()), directory=directory)
    if settings.report.search == "pagefind":
        pages[SEARCH] = _search(overview, settings)
    if (changed := why_section(lines, settings)) is not None:
        pages[WHY] = _page(overview, changed.title, changed.lead, [replace(changed, lead="")])
    if sample is not None:
        pages[METHOD] = _method(overview, sample, settings)
    pages[MISSING] = _missing(overview, settings)
    return {
        name: replace(page, menu=_menu(name, pages, settings, bool(downloads), slides)) for name, page in pages.items()
    }


def build_navigation(
    summary: MarketSummary, before: MarketSummary | None, after: MarketSummary | None, settings: Settings
) -> Navigation:
    """Head of one market's report, in that report's language."""
    _ = language_of(settings.for_market(summary.market).report).gettext
    return Navigation(
        label=_("Where you are"),
        home=PageLink(text=_("All markets"), address=f"../../{INDEX}", current=False),
        market=clean(summary.market),
        before=_neighbour(before),
        after=_neighbour(after),
        previous=_("Previous market"),
        next=_("Next market"),
    )


def _neighbour(summary: MarketSummary | None) -> PageLink | None:
    if summary is None:
        return None
    return PageLink(text=clean(summary.market), address=f"../../{address(summary)}", current=False)


def _menu(
    name: str, pages: dict[str, Overview], settings: Settings, downloads: bool, slides: str
) -> tuple[PageLink, ...]:
    _ = language_of(settings.report).gettext
    entries = [
        (INDEX, _("All markets")), (SEARCH, _("Search all text")), (FIND, _("Search pharmacies")),
        (LIST, _("Plain list")), (WHY, _("Why answers changed")), (METHOD, _("Method and glossary")),
    ]  # fmt: skip
    made = [PageLink(text=text, address=file, current=file == name) for file, text in entries if file in pages]
    if downloads:
        made.append(PageLink(text=_("Download all numbers"), address=f"{INDEX}#downloads", current=False))
    if slides:
        made.append(PageLink(text=_("Slides"), address=slides, current=False))
    return tuple(made)


def _page(overview: Overview, heading: str, lead: str, sections: Sequence[Section]) -> Overview:
    """A page of the same site with other content."""
    return replace(
        overview,
        heading=heading,
        document_title=f"{overview.title} · {heading}",
        description=lead or heading,
        scope="",
        totals=(),
        lead=lead,
        sections=tuple(sections),
        finder=None,
    )


def _list(overview: Overview, lines: Sequence[MarketSummary], settings: Settings) -> dict[str, Overview]:
    tables = table_writer(settings, lines)
    heading = tables.say("Plain list")
    parts = [lines[i : i + PAGE] for i in range(0, len(lines), PAGE)]
    # The first part keeps the name that other pages link to, however long the list becomes.
    names = [LIST, *(f"list-{i}.html" for i in range(2, len(parts) + 1))]
    made = {}
    for name, part in zip(names, parts, strict=True):
        section = Section(
            anchor="list", number="", title=tables.say("Markets"), lead="", blocks=(tables.plain(part),)
        )  # fmt: skip
        links = tuple(
            PageLink(text=f"{clean(one[0].market)} – {clean(one[-1].market)}", address=file, current=file == name)
            for file, one in zip(names, parts, strict=True)
        )
        made[name] = replace(_page(overview, heading, "", [section]), pages=links if len(parts) > 1 else ())
    return made


def _method(overview: Overview, sample: MarketResults, settings: Settings) -> Overview:
    w = make_writer(sample, settings.for_site())
    heading = w.say("Method and glossary")
    lead = w.say("How every number of these pages was made, what it cannot tell, and what the words mean.")
    parts: list[tuple[str, str, tuple[Block, ...]]] = [
        ("how", w.say("How the numbers were made"), tuple(Prose(text=text) for text in method.method(w))),
        ("limits", w.say("What this report cannot tell"),
         (Bullets(items=method.limits(w)),)),
        ("glossary", w.say("Glossary"), (Definitions(items=method.glossary(w)),)),
        ("reading", w.say("Further reading"), (Definitions(items=method.reading(), style="references"),)),
    ]  # fmt: skip
    sections = [
        Section(anchor=anchor, number=str(i), title=title, lead="", blocks=blocks)
        for i, (anchor, title, blocks) in enumerate(parts, start=1)
    ]
    return _page(overview, heading, lead, sections)


def _search(overview: Overview, settings: Settings) -> Overview:
    say = table_writer(settings).say
    note = say("This search works where the pages come from a web server and JavaScript is on.")
    return replace(_page(overview, say("Search all text"), "", ()), full_text=note)


def _missing(overview: Overview, settings: Settings) -> Overview:
    say = table_writer(settings).say
    lead = say("There is no page at this address. The market may have been renamed or is no longer in the data.")
    return _page(overview, say("Page not found"), lead, ())
