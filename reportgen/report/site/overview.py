"""All markets of a run on one page: small summaries in, a finished overview out.

The lines come from ``market_line.py``, tables from ``market_table.py``, the list of changes from ``changes.py``. What
is computed *across* markets (totals, pooled effect, false discoveries) comes from ``OverviewResults`` and is optional:
without it the page has no line of totals.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from reportgen.report import brand as brands
from reportgen.report.blocks import Block, Brand, Cell, Column, Labels, Row, Section, Table
from reportgen.report.figures import draw_market_charts
from reportgen.report.narrative.verdict import WORDS
from reportgen.report.site.changes import ChangeWriter
from reportgen.report.site.market_table import ORDER, address, table_writer
from reportgen.report.site.markets_plan import between_markets
from reportgen.report.site.worklist import worklist
from reportgen.report.tables.rehearsal import rehearsal_table
from reportgen.report.words.labels import page_labels
from reportgen.report.words.names import clean

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reportgen.report.site.changes import Changes
    from reportgen.report.site.directory import Directory
    from reportgen.report.site.market_line import MarketSummary
    from reportgen.results import OverviewResults, RunTotals
    from reportgen.settings.sections import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Total:
    """One number of the line of totals."""

    value: str
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PageLink:
    """Another page of a long overview."""

    text: str
    address: str
    current: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Download:
    """One table of all markets' numbers; sizes in bytes."""

    name: str
    """``overview``, or a table of ``render/parquet.py``."""
    rows: int
    files: tuple[tuple[str, str, int], ...]
    """Format, address and size of each file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finder:
    """Words of the tools above the list of markets; ``%1`` to ``%3`` are filled by the page's script."""

    search: str
    verdict: str
    every: str
    which: str
    all_markets: str
    changed: str
    stale: str
    previous: str
    next: str
    shown: str
    nothing: str
    plain: str
    """Where every market is, for readers without JavaScript."""
    zero: str
    not_zero: str
    verdicts: tuple[tuple[str, str], ...]
    """Code and word of the verdicts that occur, in order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """A finished page over all markets: all that its template may see."""

    lang: str
    direction: Literal["ltr", "rtl"]
    heading: str
    scope: str
    title: str
    document_title: str
    description: str
    date: str
    date_iso: str
    brand: Brand
    labels: Labels
    totals: tuple[Total, ...]
    lead: str
    sections: tuple[Section, ...]
    pages: tuple[PageLink, ...] = ()
    """Parts of a long list."""
    menu: tuple[PageLink, ...] = ()
    """The other pages of the site."""
    finder: Finder | None = None
    """Only where a list of markets is on the page."""
    full_text: str = ""
    """Only on the page that searches all text: what readers see where it cannot work."""
    directory: Directory | None = None
    """Only on the page that finds a pharmacy."""


def build_overview(
    summaries: Sequence[MarketSummary],
    settings: Settings,
    *,
    as_of: str,
    across: OverviewResults | None = None,
    changes: Changes | None = None,
    downloads: Sequence[Download] = (),
) -> Overview:
    """Overview of every market of a run.

    Parameters
    ----------
    as_of
        Date printed, ISO.
    across
        What was estimated across markets: the line of totals on top, and charts above the table.
    changes
        What differs from the run before.
    downloads
        Tables of all markets' numbers that lie beside the page.
    """
    builder = _OverviewBuilder(tuple(sorted(summaries, key=lambda s: s.market)), settings)
    return builder.page(as_of, across, changes, tuple(downloads))


class _OverviewBuilder:
    """Arranges the blocks of the overview."""

    def __init__(self, summaries: tuple[MarketSummary, ...], settings: Settings) -> None:
        self.summaries, self.settings = summaries, settings
        self.tables = table_writer(settings, summaries)
        self.language, self.say = self.tables.language, self.tables.say
        self.formats = self.tables.formats
        self.estimated = [s for s in summaries if s.estimated]
        self.stale = [s for s in summaries if s.stale_since]

    def page(
        self, as_of: str, across: OverviewResults | None, changes: Changes | None, downloads: tuple[Download, ...]
    ) -> Overview:
        """Build the page."""
        title = self.say(clean(self.settings.report.title))
        heading = self.say("All markets")
        brand = brands.load_brand(self.settings.brand)
        sections = [
            self._markets(changes), between_markets(self.tables, None if across is None else across.plan),
            self._changes(changes), self._across(across, brand), self._channels(),
            self._rehearsal(across), self._stale(), self._downloads(downloads),
        ]  # fmt: skip
        shown = [section for section in sections if section.blocks]
        lead = self._lead()
        return Overview(
            lang=self.language.code,
            direction="rtl" if self.language.direction == "rtl" else "ltr",
            heading=heading,
            scope=self.language.ngettext("{count} market", "{count} markets", len(self.summaries)).format(
                count=self.formats.integer(len(self.summaries))
            ),
            title=title,
            document_title=f"{title} · {heading}",
            description=lead,
            date=self.formats.date(as_of),
            date_iso=as_of,
            brand=brand,
            labels=page_labels(self.language),
            totals=() if across is None else self._totals(across.totals),
            lead=lead,
            sections=tuple(replace(section, number=str(i)) for i, section in enumerate(shown, start=1)),
            finder=self._finder() if self.summaries else None,
        )

    # --- totals -----------------------------------------------------------------------------

    def _totals(self, totals: RunTotals) -> tuple[Total, ...]:
        f, ngettext, stale = self.formats, self.language.ngettext, len(self.stale)
        counted = [
            (totals.estimated, ngettext("market with an estimate", "markets with an estimate", totals.estimated)),
            (
                totals.not_estimable,
                ngettext(
                    "market whose data allow no estimate", "markets whose data allow no estimate", totals.not_estimable
                ),
            ),
            (
                totals.not_estimated,
                ngettext("market without a proven fit", "markets without a proven fit", totals.not_estimated),
            ),
            (totals.failed, ngettext("market that failed", "markets that failed", totals.failed)),
            (
                stale,
                ngettext(
                    "market shows an older report: there is no newer one",
                    "markets show an older report: there is no newer one",
                    stale,
                ),
            ),
        ]
        made = [
            Total(value=f.integer(number), label=label)
            for place, (number, label) in enumerate(counted)
            if number or not place
        ]
        if totals.promised:
            held = self.say("{held} of {count}", held=f.integer(totals.held), count=f.integer(totals.promised))
            should = f.decimal(totals.promised_expected, 1)
            label = self.say("promised intervals held what came ({expected} should)", expected=should)
            made.append(Total(value=held, label=label))
        if totals.incremental is not None:
            interval = f.interval(totals.incremental_lower, totals.incremental_upper, "money-short")
            label = self.say("of sales go with promotion ({interval}; markets taken as independent)", interval=interval)
            made.insert(0, Total(value=f.money_short(totals.incremental), label=label))
        return tuple(made)

    def _lead(self) -> str:
        counts = Counter(s.verdict for s in self.estimated)
        found = [code for code in ORDER[:-1] if counts[code]]
        parts = [f"{self.say(WORDS[code][0])} {self.formats.integer(counts[code])}" for code in found]
        if not parts:
            return self.say("No market could be estimated; the list below says why.")
        return self.say("Verdicts: {list}.", list=" · ".join(parts))

    # --- sections ---------------------------------------------------------------------------

    def _changes(self, changes: Changes | None) -> Section:
        response = self.settings.model.scale
        formats = self.tables.log_formats if response == "log" else self.formats
        links = {s.market: address(s) for s in self.summaries}
        return ChangeWriter(language=self.language, formats=formats).section(changes, links, self.tables.per_unit)

    def _across(self, across: OverviewResults | None, brand: Brand) -> Section:
        charts: tuple[Block, ...] = ()
        if across is not None:
            drawn = draw_market_charts(across, self.formats, self.language, brands.theme(brand))
            charts = tuple(drawn.values())
        return Section(anchor="across", number="", title=self.say("Markets side by side"), lead="", blocks=charts)

    def _markets(self, changes: Changes | None) -> Section:
        if not self.summaries:
            return Section(anchor="markets", number="", title=self.say("Markets"), lead="", blocks=())
        kinds = {entry.market: entry.kind for entry in changes.entries} if changes is not None else {}
        lead = self.say("Those with most to gain come first. Sort by any column; open a market for its report.")
        table = worklist(self.tables, self.summaries, kinds)
        return Section(
            anchor="markets", number="", title=self.say("What to do, market by market"), lead=lead, blocks=(table,)
        )

    def _channels(self) -> Section:
        table = self.tables.channels(self.estimated)
        blocks: tuple[Block, ...] = (table,) if table is not None else ()
        return Section(anchor="channels", number="", title=self.say("Channels"), lead="", blocks=blocks)

    def _rehearsal(self, across: OverviewResults | None) -> Section:
        blocks: tuple[Block, ...] = ()
        lead = ""
        if across is not None and across.rehearsal:
            lead = self.language.ngettext(
                "Panels drawn from the promotion and fit of {count} market, with known effect, estimated again.",
                "Panels drawn from the promotion and fit of {count} markets, with known effect, estimated again.",
                across.rehearsed,
            ).format(count=self.formats.integer(across.rehearsed))
            blocks = (rehearsal_table(self.say, self.formats, across.rehearsal),)
        return Section(anchor="rehearsal", number="", title=self.say("Rehearsal"), lead=lead, blocks=blocks)

    def _finder(self) -> Finder:
        present = {s.verdict if s.estimated else "cannot-tell" for s in self.summaries}
        return Finder(
            search=self.say("Search markets"),
            verdict=self.say("Verdict"),
            every=self.say("All verdicts"),
            which=self.say("Show"),
            all_markets=self.say("All markets"),
            changed=self.say("Changed since the last run"),
            stale=self.say("With an older report"),
            previous=self.say("Previous page"),
            next=self.say("Next page"),
            shown=self.say("{first} to {last} of {count}", first="%1", last="%2", count="%3"),
            nothing=self.say("No market fits."),
            plain=self.say("All markets on plain pages"),
            zero=self.tables.crossing(hollow=True),
            not_zero=self.tables.crossing(hollow=False),
            verdicts=tuple((code, self.say(WORDS[code][0])) for code in ORDER if code in present),
        )

    def _stale(self) -> Section:
        blocks: tuple[Block, ...] = (self.tables.stale(self.stale),) if self.stale else ()
        title = self.say("Markets with an older report")
        return Section(anchor="stale", number="", title=title, lead="", blocks=blocks)

    def _downloads(self, downloads: tuple[Download, ...]) -> Section:
        title = self.say("Download all numbers")
        if not downloads:
            return Section(anchor="downloads", number="", title=title, lead="", blocks=())
        kinds = [kind for kind, _, _ in downloads[0].files]
        words = {
            "overview": self.say("Overview, a row per market"),
            "coefficients": self.say("Coefficients and variances"),
            "pharmacies": self.say("Pharmacies"),
            "months": self.say("Months"),
            "forecast": self.say("The next periods"),
            "changes": self.say("Changes by cause"),
            "track": self.say("What was said, and what came"),
            "checks": self.say("Checks"),
        }
        table = Table(
            name="downloads",
            caption=self.say("Tables over all markets"),
            columns=(
                Column(label=self.say("Table"), numeric=False),
                Column(label=self.say("Rows")),
                *(Column(label=kind, numeric=False) for kind in kinds),
            ),
            rows=tuple(
                Row(
                    cells=(
                        Cell(text=words.get(one.name, one.name)),
                        Cell(text=self.formats.integer(one.rows), sort=one.rows),
                        *(Cell(text=f"{place.rsplit('/', 1)[-1]} ({self._size(size)})", link=place)
                          for _, place, size in one.files),
                    )
                )
                for one in downloads
            ),
            tools=False,
            width="auto",
        )  # fmt: skip
        lead = self.say("Every table over all markets, with a column that names the market.")
        return Section(anchor="downloads", number="", title=title, lead=lead, blocks=(table,))

    def _size(self, size: int) -> str:
        if size < 1_000_000:
            return f"{self.formats.integer(max(1, round(size / 1000)))} kB"
        return f"{self.formats.decimal(size / 1_000_000, 1)} MB"
