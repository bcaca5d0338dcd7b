"""All markets of a run on one page: small summaries in, a finished overview out.

``summarise`` takes from a market's results what a line of the overview prints, so that results can be let go one
by one. What is computed *across* markets (pooled effect, false discoveries) comes from ``results_markets`` and is
optional; here only money is added up, with markets taken as independent.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import sqrt
from typing import TYPE_CHECKING, Literal

from reportgen.report import brand as brands
from reportgen.report.blocks import (
    Block,
    Brand,
    Cell,
    Column,
    IntervalBar,
    Labels,
    Prose,
    Row,
    Section,
    Table,
    as_figure,
)
from reportgen.report.figures import draw_market_charts
from reportgen.report.formats import Formats
from reportgen.report.labels import page_labels
from reportgen.report.language import Language
from reportgen.report.names import clean
from reportgen.report.narrative import reasons
from reportgen.report.narrative.verdict import WORDS, shown_code
from reportgen.report.narrative.writer import make_writer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reportgen.config import Settings
    from reportgen.results import MarketResults, VerdictCode
    from reportgen.results_markets import OverviewResults

PAGE = 1000
"""Markets on one page of the overview: more take seconds to paint."""

_ORDER: tuple[VerdictCode, ...] = ("works", "works-unevenly", "unclear", "no-effect", "negative", "cannot-tell")


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketSummary:
    """One line of the overview. Numbers as in the results; ``reason`` is finished text; ``folder`` relative to out."""

    market: str
    status: str
    verdict: VerdictCode
    reason: str
    folder: str
    files: tuple[str, ...]
    pharmacies: int
    months: int
    response: Literal["level", "log"] = "level"
    sales_mean: float | None = None
    now: float | None = None
    now_lower: float | None = None
    now_upper: float | None = None
    now_se: float | None = None
    long_run: float | None = None
    long_run_lower: float | None = None
    long_run_upper: float | None = None
    long_run_se: float | None = None
    incremental: float | None = None
    incremental_lower: float | None = None
    incremental_upper: float | None = None
    share: float | None = None
    roi: float | None = None
    checks_passed: int = 0
    checks_run: int = 0

    @property
    def estimated(self) -> bool:
        """Whether the market has an effect to show."""
        return self.now is not None


def summarise(results: MarketResults, settings: Settings, *, folder: str, files: Sequence[str]) -> MarketSummary:
    """Line of one market.

    Parameters
    ----------
    folder
        Of the market's documents, relative to the output folder: ``markets/<slug>``.
    files
        Names of the documents that exist there, e.g. ``report.html``.
    """
    writer = make_writer(results, settings)
    found, long_run, inc = writer.promotion(), results.long_run, results.incremental
    run = [check for check in results.checks if check.status != "not-run"]
    effect = found[1] if found else None
    return MarketSummary(
        market=results.market,
        status=results.status,
        verdict=shown_code(results),
        reason=" ".join(reasons.found(writer, reason, i) for i, reason in enumerate(results.reasons)),
        folder=folder,
        files=tuple(files),
        pharmacies=results.data.pharmacies,
        months=results.data.months,
        response=results.model.response if results.model else "level",
        sales_mean=results.data.sales_mean,
        now=effect.estimate if effect else None,
        now_lower=effect.lower if effect else None,
        now_upper=effect.upper if effect else None,
        now_se=effect.se if effect else None,
        long_run=long_run.estimate if long_run else None,
        long_run_lower=long_run.lower if long_run else None,
        long_run_upper=long_run.upper if long_run else None,
        long_run_se=long_run.se if long_run else None,
        incremental=inc.total if inc else None,
        incremental_lower=inc.lower if inc else None,
        incremental_upper=inc.upper if inc else None,
        share=inc.share if inc else None,
        roi=results.roi.roi if results.roi else None,
        checks_passed=sum(check.status == "pass" for check in run),
        checks_run=len(run),
    )


def failed_market(market: str, reason: str) -> MarketSummary:
    """Line of a market that failed; it has no documents."""
    return MarketSummary(
        market=market, status="failed", verdict="cannot-tell", reason=clean(reason, 300), folder="", files=(),
        pharmacies=0, months=0,
    )  # fmt: skip


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


def build_overview(
    summaries: Sequence[MarketSummary], settings: Settings, *, as_of: str, across: OverviewResults | None = None
) -> tuple[Overview, ...]:
    """Pages of the overview, at most 1,000 markets each; the first is ``index.html``.

    Parameters
    ----------
    as_of
        Date printed, ISO.
    across
        What was estimated across markets: its charts stand above the table.
    """
    return _OverviewBuilder(tuple(sorted(summaries, key=lambda s: s.market)), settings).pages(as_of, across)


class _OverviewBuilder:
    """Arranges the blocks of the overview."""

    def __init__(self, summaries: tuple[MarketSummary, ...], settings: Settings) -> None:
        self.summaries, self.settings = summaries, settings
        self.language = Language(settings.report.locale)
        self.level_formats = Formats(locale=settings.report.locale, currency=settings.report.currency)
        self.log_formats = replace(self.level_formats, response="log")
        self.estimated = [s for s in summaries if s.estimated]
        self.excluded = [s for s in summaries if not s.estimated]

    def say(self, message: str, **values: str) -> str:
        """Translate and fill."""
        text = self.language.gettext(message)
        return text.format(**values) if values else text

    def pages(self, as_of: str, across: OverviewResults | None) -> tuple[Overview, ...]:
        """Build every page."""
        parts = [self.estimated[i : i + PAGE] for i in range(0, len(self.estimated), PAGE)] or [[]]
        first = self._first(as_of, across, parts[0])
        rest = [
            replace(first, totals=(), lead="", sections=self._numbered([self._markets(part)])) for part in parts[1:]
        ]
        if not rest:
            return (first,)
        made = []
        for i, page in enumerate((first, *rest)):
            links = tuple(
                PageLink(text=str(k + 1), address="index.html" if k == 0 else f"page-{k + 1}.html", current=k == i)
                for k in range(len(parts))
            )
            made.append(replace(page, pages=links))
        return tuple(made)

    def _first(self, as_of: str, across: OverviewResults | None, markets: list[MarketSummary]) -> Overview:
        settings = self.settings
        title = self.say(clean(settings.report.title))
        heading = self.say("All markets")
        brand = brands.load_brand(settings.brand)
        sections = [self._across(across, brand), self._markets(markets), self._excluded()]
        f = self.level_formats
        scope = self.language.ngettext("{count} market", "{count} markets", len(self.summaries))
        return Overview(
            lang=self.language.code,
            direction="rtl" if self.language.direction == "rtl" else "ltr",
            heading=heading,
            scope=scope.format(count=f.integer(len(self.summaries))),
            title=title,
            document_title=f"{title} · {heading}",
            description=self._lead(),
            date=f.date(as_of),
            date_iso=as_of,
            brand=brand,
            labels=page_labels(self.language),
            totals=self._totals(),
            lead=self._lead(),
            sections=self._numbered([section for section in sections if section.blocks]),
        )

    @staticmethod
    def _numbered(sections: list[Section]) -> tuple[Section, ...]:
        return tuple(replace(section, number=str(i)) for i, section in enumerate(sections, start=1))

    # --- totals -----------------------------------------------------------------------------

    def _totals(self) -> tuple[Total, ...]:
        f, count = self.level_formats, len
        made = [Total(value=f.integer(count(self.estimated)), label=self.say("markets with an estimate"))]
        by_status = {
            "singular": self.say("of them without a verdict, because pharmacies cannot be told apart"),
            "not-estimable": self.say("markets whose data allow no estimate"),
            "not-estimated": self.say("markets without a proven fit"),
            "failed": self.say("markets that failed"),
        }
        for status, label in by_status.items():
            number = sum(s.status == status for s in self.summaries)
            if number:
                made.append(Total(value=f.integer(number), label=label))
        money = [s for s in self.estimated if s.incremental is not None]
        if money:
            total = sum(s.incremental or 0.0 for s in money)
            half = sqrt(sum(_half(s) ** 2 for s in money))
            interval = f.interval(total - half, total + half, "money-short")
            label = self.say("of sales go with promotion ({interval}; markets taken as independent)", interval=interval)
            made.insert(0, Total(value=f.money_short(total), label=label))
        return tuple(made)

    def _lead(self) -> str:
        parts = []
        for code in _ORDER[:-1]:
            number = sum(s.verdict == code for s in self.estimated)
            if number:
                word = self.say(WORDS[code][0])
                parts.append(f"{word} {self.level_formats.integer(number)}")
        if not parts:
            return self.say("No market could be estimated; the list below says why.")
        return self.say("Verdicts: {list}.", list=" · ".join(parts))

    # --- sections ---------------------------------------------------------------------------

    def _across(self, across: OverviewResults | None, brand: Brand) -> Section:
        charts: tuple[Block, ...] = ()
        if across is not None:
            drawn = draw_market_charts(across, self.level_formats, self.language, brands.theme(brand))
            charts = tuple(as_figure(chart) for chart in drawn.values())
        return Section(anchor="across", number="", title=self.say("Markets side by side"), lead="", blocks=charts)

    # --- tables -----------------------------------------------------------------------------

    def _markets(self, markets: list[MarketSummary]) -> Section:
        blocks: tuple[Block, ...] = ()
        lead = ""
        if markets:
            lead = self.say("Sort by any column; open a market for its report.")
            blocks = (self._table(markets),)
        return Section(anchor="markets", number="", title=self.say("Markets"), lead=lead, blocks=blocks)

    def _table(self, markets: list[MarketSummary]) -> Table:
        unit = clean(self.settings.report.promotion_unit, 30)
        per = self.say("per {unit}", unit=self.say("unit of promotion") if unit == "unit" else unit)
        level = self.level_formats.percent(self.settings.report.confidence, digits=0)
        scale = _scale([s for s in markets if _relative(s) is not None])
        with_roi = any(s.roi is not None for s in markets)
        columns = [
            Column(label=self.say("Market"), numeric=False),
            Column(label=self.say("Verdict"), numeric=False),
            Column(label=self.say("Effect now"), unit=per),
            Column(label=self.say("Long run"), unit=per),
            Column(label=self.say("{level} interval", level=level)),
            Column(label=self.say("Long run, share of mean sales"), unit=self.say("line: interval; tick: zero")),
            Column(label=self.say("With promotion"), unit=self.say("whole period")),
            Column(label=self.say("Share of sales")),
        ]
        if with_roi:
            columns.append(Column(label=self.say("Return")))
        columns += [
            Column(label=self.say("Checks"), unit=self.say("passed of run")),
            Column(label=self.say("Pharmacies")),
            Column(label=self.say("Files"), numeric=False),
        ]
        return Table(
            name="markets",
            caption=self.say("Markets with an estimate"),
            columns=tuple(columns),
            rows=tuple(self._row(s, scale, with_roi=with_roi) for s in markets),
        )

    def _row(self, s: MarketSummary, scale: tuple[float, float], *, with_roi: bool) -> Row:
        f = self.log_formats if s.response == "log" else self.level_formats
        relative = _relative(s)
        word = self.say(WORDS[s.verdict][0])
        cells = [
            Cell(text=clean(s.market), link=_address(s, "report.html")),
            Cell(text=word, mark=s.verdict, sort=float(_ORDER.index(s.verdict))),
            Cell(text=f.effect(s.now, s.now_se), sort=f.effect_value(s.now)),
            Cell(text=f.effect(s.long_run, s.long_run_se), sort=f.effect_value(s.long_run)),
            Cell(
                text=f.effect_interval(s.long_run_lower, s.long_run_upper, s.long_run_se),
                sort=f.effect_value(s.long_run_lower),
            ),
            Cell(text=f.percent(relative[0]), sort=relative[0], bar=self._bar(relative, scale))
            if relative
            else Cell(text="–"),
            Cell(text=f.money_short(s.incremental), sort=s.incremental),
            Cell(text=f.percent(s.share), sort=s.share),
        ]
        if with_roi:
            cells.append(Cell(text=f.percent(s.roi, digits=0, plus=True), sort=s.roi))
        cells += [
            Cell(text=f"{s.checks_passed} / {s.checks_run}", sort=s.checks_passed / max(s.checks_run, 1)),
            Cell(text=f.integer(s.pharmacies), sort=s.pharmacies),
            self._files(s),
        ]
        return Row(cells=tuple(cells))

    def _files(self, s: MarketSummary) -> Cell:
        for name in ("brief.pdf", "report.pdf", "results.json"):
            if name in s.files:
                return Cell(text=name, link=_address(s, name))
        return Cell(text="–")

    def _bar(self, value: tuple[float, float, float], scale: tuple[float, float]) -> IntervalBar:
        start, stop = scale

        def place(number: float) -> float:
            return round(100 * min(max((number - start) / (stop - start), 0.0), 1.0), 1)

        estimate, low, high = value
        hollow = low <= 0 <= high
        return IntervalBar(
            point=place(estimate), low=place(low), high=place(high),
            low50=place(estimate - 0.344 * (estimate - low)), high50=place(estimate + 0.344 * (high - estimate)),
            zero=place(0.0), hollow=hollow,
            alt=self.say("The interval includes zero.") if hollow else self.say("The interval does not include zero."),
        )  # fmt: skip

    def _excluded(self) -> Section:
        blocks: tuple[Block, ...] = ()
        if self.excluded:
            rows = tuple(
                Row(
                    cells=(
                        Cell(text=clean(s.market), link=_address(s, "report.html")),
                        Cell(text=self._status_word(s.status), mark="fail" if s.status == "failed" else "cannot-tell"),
                        Cell(text=s.reason or "–"),
                        Cell(text=self.level_formats.integer(s.pharmacies) if s.pharmacies else "–", sort=s.pharmacies),
                    )
                )
                for s in self.excluded
            )
            table = Table(
                name="excluded",
                caption=self.say("Markets without an estimate"),
                columns=(
                    Column(label=self.say("Market"), numeric=False),
                    Column(label=self.say("Status"), numeric=False),
                    Column(label=self.say("Reason"), numeric=False),
                    Column(label=self.say("Pharmacies")),
                ),
                rows=rows,
            )
            blocks = (Prose(text=self.say("These markets are in no total above.")), table)
        return Section(
            anchor="excluded", number="", title=self.say("Markets without an estimate"), lead="", blocks=blocks
        )

    def _status_word(self, status: str) -> str:
        return {
            "not-estimable": self.say("no estimate possible"),
            "not-estimated": self.say("no proven fit"),
            "failed": self.say("failed"),
        }.get(status, clean(status))


def _address(s: MarketSummary, name: str) -> str:
    return f"../{s.folder}/{name}" if name in s.files else ""


def _half(s: MarketSummary) -> float:
    if s.incremental_lower is None or s.incremental_upper is None:
        return 0.0
    return (s.incremental_upper - s.incremental_lower) / 2


def _relative(s: MarketSummary) -> tuple[float, float, float] | None:
    """Long-run effect and its interval as a share of mean sales (at log response it is one already)."""
    if s.long_run is None or s.long_run_lower is None or s.long_run_upper is None:
        return None
    if s.response == "log":
        return s.long_run, s.long_run_lower, s.long_run_upper
    if not s.sales_mean:
        return None
    return s.long_run / s.sales_mean, s.long_run_lower / s.sales_mean, s.long_run_upper / s.sales_mean


def _scale(markets: list[MarketSummary]) -> tuple[float, float]:
    """Common scale of the drawn intervals; holds zero."""
    found = [value for s in markets if (value := _relative(s)) is not None]
    low = min((value[1] for value in found), default=0.0)
    high = max((value[2] for value in found), default=0.0)
    low, high = min(low, 0.0), max(high, 0.0)
    room = 0.04 * (high - low) or 1.0
    return low - room, high + room
