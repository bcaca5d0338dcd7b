"""The data page: what was read of a table, what is wrong with it, and what a build will do with each market.

It is a page of the same kind as the overview over all markets, so that it has its look, its tools and its template.
Its size is bounded: so many markets, findings and calendars are on it, and it says what is left out.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from reportgen.report import brand as brands
from reportgen.report.blocks import Block, Callout, Cell, Chart, Column, Definition, Definitions, Prose, Row, Section
from reportgen.report.blocks import Table as TableBlock
from reportgen.report.datapage.calendar_map import chart_calendar, chart_coverage
from reportgen.report.datapage.distribution import chart_distribution
from reportgen.report.datapage.prospects import OUTCOMES, prospect_lines
from reportgen.report.datapage.reading import column_table, how_it_was_read
from reportgen.report.figures.drawing.theme import HALF, WIDE
from reportgen.report.figures.kit import Kit
from reportgen.report.site.overview import Overview, Total
from reportgen.report.words.formats import Formats
from reportgen.report.words.labels import page_labels
from reportgen.report.words.language import language_of
from reportgen.report.words.names import clean
from reportgen.report.words.phrases import mark

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reportgen.results import Finding, MarketFacts, MarketProspect, TableFacts
    from reportgen.settings.sections import Settings

MOST_MARKETS = 2000
MOST_FINDINGS = 500
MOST_CALENDARS = 12
_ROWS = 3
_SEVERITIES = {"error": mark("error"), "warning": mark("warning"), "note": mark("note")}
_MARKS = {"error": "fail", "warning": "review", "note": "not-run"}
_OUTCOME_MARKS = {"refused": "fail", "no-estimate": "cannot-tell", "withheld": "review", "estimate": "pass"}


def build_data_page(
    facts: TableFacts,
    findings: Sequence[Finding],
    markets: Sequence[MarketProspect],
    settings: Settings,
    *,
    builds: bool,
    as_of: str,
) -> Overview:
    """Page of one table.

    Parameters
    ----------
    builds
        False: nothing is built from this table as it is.
    as_of
        Date printed, ISO.
    """
    return _Builder(facts, findings, markets, settings).page(builds, as_of)


class _Builder:
    """Arranges the blocks of the page."""

    def __init__(
        self, facts: TableFacts, findings: Sequence[Finding], markets: Sequence[MarketProspect], settings: Settings
    ) -> None:
        self.facts, self.findings, self.markets, self.settings = facts, findings, markets, settings
        language = language_of(settings.report)
        self.brand = brands.load_brand(settings.brand)
        self.kit = Kit(
            formats=Formats(locale=settings.report.locale, currency=facts.currency, own=language.own),
            language=language,
            theme=brands.theme(self.brand),
            weekly=facts.period_type == "week",
        )
        self.say, self.f, self.language = self.kit.say, self.kit.formats, language
        self.known = {one.market: one for one in facts.markets}

    def page(self, builds: bool, as_of: str) -> Overview:
        sections = [
            self._prospects(builds), self._findings(), self._read(), self._columns(), self._calendars(),
            self._distributions(),
        ]  # fmt: skip
        heading = self.say("Data of {source}", source=clean(self.facts.source))
        title = self.say(clean(self.settings.report.title))
        lead = self._lead(builds)
        return Overview(
            lang=self.language.code,
            direction="rtl" if self.language.direction == "rtl" else "ltr",
            heading=heading,
            scope=self.say("Looked at before a build; nothing was estimated"),
            title=title,
            document_title=f"{heading} · {title}",
            description=lead,
            date=self.f.date(as_of),
            date_iso=as_of,
            brand=self.brand,
            labels=page_labels(self.language),
            totals=self._totals(),
            lead=lead,
            sections=tuple(
                replace(one, number=str(i)) for i, one in enumerate((one for one in sections if one.blocks), start=1)
            ),
        )

    # --- the answer ---------------------------------------------------------------------------

    def _lead(self, builds: bool) -> str:
        errors = Counter(one.severity for one in self.findings)["error"]
        if not builds:
            return self.kit.plural(
                "Nothing is built from this table until {count} kind of error is mended.",
                "Nothing is built from this table until {count} kinds of error are mended.",
                errors,
            )
        counts = Counter(one.outcome for one in self.markets)
        parts = [
            self.say("{outcome}: {count}", outcome=self.say(OUTCOMES[outcome]), count=self.f.integer(counts[outcome]))
            for outcome in reversed(OUTCOMES)
            if counts[outcome]
        ]
        return self.say("What a build will do with the markets, as far as the data tell before a fit: {list}.",
                        list="; ".join(parts))  # fmt: skip

    def _totals(self) -> tuple[Total, ...]:
        kit, facts = self.kit, self.facts
        severe = Counter(one.severity for one in self.findings)
        ngettext = self.language.ngettext
        counted = [
            (facts.rows, ngettext("row read", "rows read", facts.rows)),
            (len(facts.markets), ngettext("market found", "markets found", len(facts.markets))),
            (facts.pharmacies, ngettext("pharmacy found", "pharmacies found", facts.pharmacies)),
            (severe["error"], ngettext("kind of error", "kinds of error", severe["error"])),
            (severe["warning"], ngettext("kind of doubt", "kinds of doubt", severe["warning"])),
        ]
        return tuple(Total(value=kit.formats.integer(number), label=label) for number, label in counted)

    def _prospects(self, builds: bool) -> Section:
        order = list(OUTCOMES)
        ranked = sorted(self.markets, key=lambda one: (order.index(one.outcome), one.market))
        shown = ranked[:MOST_MARKETS]
        blocks: list[Block] = []
        if not builds:
            blocks.append(
                Callout(
                    tone="warning",
                    title=self.say("Nothing is built from this table as it is"),
                    items=(
                        self.say(
                            "Mend the errors below. With bad_markets = “contain” under [panel] markets without errors "
                            "are built and the others are refused."
                        ),
                    ),
                )
            )
        if shown:
            blocks.append(self._market_table(shown, len(ranked) - len(shown)))
        return Section(anchor="build", number="", title=self.say("What a build will do"), lead="", blocks=tuple(blocks))

    def _market_table(self, shown: Sequence[MarketProspect], left: int) -> TableBlock:
        channels = [one.column for one in self.facts.distributions if one.role == "promotion"]
        note = self.say("Sales and promotion are means per row. Checks of the fit may still withhold numbers.")
        if left:
            more = self.kit.plural(
                "{count} market more is not listed here.", "{count} more markets are not listed here.", left
            )
            note = f"{more} {note}"
        return TableBlock(
            name="prospects",
            caption=self.say("Markets, those that get less first"),
            columns=(
                Column(label=self.say("Market"), numeric=False),
                Column(label=self.say("A build gives"), numeric=False),
                Column(label=self.say("Why, and what would help"), numeric=False),
                Column(label=self.say("Rows")),
                Column(label=self.say("Pharmacies")),
                Column(label=self.say("Period"), numeric=False),
                Column(label=self.say("Filled")),
                Column(label=self.say("Sales")),
                *(Column(label=clean(name, 30)) for name in channels),
            ),
            rows=tuple(self._market_row(one, len(channels)) for one in shown),
            note=note,
        )

    def _market_row(self, one: MarketProspect, channels: int) -> Row:
        f, facts = self.f, self.known.get(one.market)
        why = " ".join(prospect_lines(one, self.settings))
        if not why and one.codes:
            why = self.say("See the findings: {codes}", codes=", ".join(one.codes))
        words = (
            Cell(text=clean(one.market)),
            Cell(text=self.say(OUTCOMES[one.outcome]), mark=_OUTCOME_MARKS[one.outcome]),
            Cell(text=why or "–"),
        )
        if facts is None:
            return Row(cells=(*words, *(Cell(text="–"),) * (5 + channels)))
        doses = (*facts.promotion_mean, *(None,) * channels)[:channels]
        return Row(
            cells=(
                *words,
                Cell(text=f.integer(facts.rows), sort=facts.rows),
                Cell(text=f.integer(facts.pharmacies), sort=facts.pharmacies),
                Cell(text=f.period_range(*facts.period) if facts.period else "–"),
                Cell(text="–" if facts.filled is None else f.percent(facts.filled, digits=1), sort=facts.filled),
                Cell(text=f.money_short(facts.sales_mean), sort=facts.sales_mean),
                *(Cell(text=f.number(dose), sort=dose) for dose in doses),
            )
        )

    # --- findings -----------------------------------------------------------------------------

    def _findings(self) -> Section:
        title = self.say("Findings")
        if not self.findings:
            lead = self.say("Nothing is wrong with the table and nothing in it is doubtful.")
            return Section(anchor="findings", number="", title=title, lead="", blocks=(Prose(text=lead),))
        shown = self.findings[:MOST_FINDINGS]
        left = len(self.findings) - len(shown)
        notes = [self.say("Rows are counted as the file does; its first row is 1.")]
        if self.language.code.split("-")[0] != "en":
            notes.append(self.say("Findings are worded as on the terminal, in English."))
        if left:
            notes.append(
                self.kit.plural(
                    "{count} finding more is not listed here.", "{count} more findings are not listed here.", left
                )
            )
        table = TableBlock(
            name="findings",
            caption=self.say("Findings, errors first"),
            columns=(
                Column(label=self.say("Kind"), numeric=False),
                Column(label=self.say("Column"), numeric=False),
                Column(label=self.say("Market"), numeric=False),
                Column(label=self.say("How many")),
                Column(label=self.say("First rows"), numeric=False),
                Column(label=self.say("What and what to do"), numeric=False),
            ),
            rows=tuple(self._finding_row(one) for one in shown),
            note=" ".join(notes),
        )
        return Section(anchor="findings", number="", title=title, lead="", blocks=(table,))

    def _finding_row(self, one: Finding) -> Row:
        rows = ", ".join(map(str, one.rows[:_ROWS]))
        return Row(
            cells=(
                Cell(text=f"{self.say(_SEVERITIES[one.severity])}: {one.code}", mark=_MARKS[one.severity]),
                Cell(text=clean(one.column, 60) if one.column else "–"),
                Cell(text=clean(one.market, 60) if one.market else "–"),
                Cell(text=self.f.integer(one.count), sort=one.count),
                Cell(text=rows or "–"),
                Cell(text=clean(one.message, 1200)),
            )
        )

    # --- what was read ------------------------------------------------------------------------

    def _read(self) -> Section:
        items = how_it_was_read(self.facts, self.kit)
        made = tuple(Definition(term=term, text=text) for term, text in items)
        return Section(
            anchor="read", number="", title=self.say("How the table was read"), lead="",
            blocks=(Definitions(items=made, style="facts"),),
        )  # fmt: skip

    def _columns(self) -> Section:
        blocks = (column_table(self.facts, self.kit),) if self.facts.columns else ()
        return Section(anchor="columns", number="", title=self.say("Columns"), lead="", blocks=blocks)

    # --- pictures -----------------------------------------------------------------------------

    def _calendars(self) -> Section:
        title = self.say("Which rows there are")
        placed = [one for one in self.facts.markets if one.calendar is not None]
        blocks: list[Block] = []
        if len(placed) > 1:
            blocks += _there(chart_coverage(_emptiest(placed, len(placed)), self._periods(placed), self.kit))
        drawn = _emptiest(placed, MOST_CALENDARS)
        for k, one in enumerate(drawn):
            blocks += _there(chart_calendar(one, self.kit, f"calendar-{k}"))
        left = len(placed) - len(drawn)
        lead = ""
        if left:
            lead = self.say(
                "Drawn pharmacy by pharmacy are the {shown} markets with the most gaps; {left} others are in the "
                "table above.",
                shown=self.f.integer(len(drawn)), left=self.f.integer(left),
            )  # fmt: skip
        return Section(anchor="calendar", number="", title=title, lead=lead, blocks=tuple(blocks))

    def _periods(self, placed: Sequence[MarketFacts]) -> tuple[str, ...]:
        """Labels of every period that a calendar has, in order."""
        return tuple(sorted({label for one in placed if one.calendar is not None for label in one.calendar.periods}))

    def _distributions(self) -> Section:
        known = [one for one in self.facts.distributions if one.rows > one.empty]
        charts = [
            # One that has nothing beside it is as wide as a pair.
            chart_distribution(one, self.kit, f"values-{k}", WIDE if k == len(known) - 1 and k % 2 == 0 else HALF)
            for k, one in enumerate(known)
        ]
        blocks = tuple(chart for chart in charts if chart is not None)
        return Section(anchor="values", number="", title=self.say("Sales and promotion"), lead="", blocks=blocks)


def _emptiest(markets: Sequence[MarketFacts], count: int) -> list[MarketFacts]:
    """The ``count`` markets with the most gaps, those first."""
    return sorted(markets, key=lambda one: (1.0 if one.filled is None else one.filled, one.market))[:count]


def _there(chart: Chart | None) -> tuple[Chart, ...]:
    return () if chart is None else (chart,)
