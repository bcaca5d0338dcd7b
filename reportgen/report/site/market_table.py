"""Tables of the overview beside the list of markets: channels, markets with an older report, the plain list.

Every row links to files inside the site, ``markets/<slug>/...``, so the site's folder can be put anywhere as it is.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from reportgen.report.blocks import Cell, Column, IntervalBar, Row, Table
from reportgen.report.narrative.verdict import WORDS
from reportgen.report.tables.cells import interval_bar
from reportgen.report.words import quantities
from reportgen.report.words.formats import Formats
from reportgen.report.words.language import language_of
from reportgen.report.words.names import clean
from reportgen.report.words.phrases import Phrases
from reportgen.report.words.units import units_of
from reportgen.results import EffectSize
from reportgen.results.derived.intervals import about_se

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reportgen.report.site.market_line import ChannelLine, MarketSummary
    from reportgen.results import VerdictCode
    from reportgen.settings.sections import Settings

ORDER: tuple[VerdictCode, ...] = ("works", "works-unevenly", "unclear", "no-effect", "negative", "cannot-tell")
_PAGES = ("report.html", "report.pdf", "brief.pdf", "slides.pptx", "report.xlsx", "results.json")


@dataclass(frozen=True, slots=True, kw_only=True)
class TableWriter(Phrases):
    """Words and number formats of the overview; ``log_formats`` for markets whose response is a logarithm."""

    log_formats: Formats

    def verdict(self, s: MarketSummary) -> Cell:
        """The verdict in a word and a shape, with the date of an older report."""
        word = self.say(WORDS[s.verdict][0])
        if s.stale_since:
            word = self.say("{verdict}, report of {date}", verdict=word, date=self.formats.date(s.stale_since))
        return Cell(text=word, mark=s.verdict, sort=float(ORDER.index(s.verdict)))

    def bar(self, value: tuple[float, float, float], scale: tuple[float, float]) -> IntervalBar:
        """An interval drawn on the scale that all rows share."""
        hollow = value[1] <= 0 <= value[2]
        return interval_bar(value, scale, self.confidence, self.crossing(hollow=hollow))

    def channels(self, markets: Sequence[MarketSummary]) -> Table | None:
        """Every channel of the markets that have several, each on its own line."""
        rows = [(s, one) for s in markets for one in s.channels]
        if not rows:
            return None
        return Table(
            name="channels",
            caption=self.say("Channel by channel"),
            columns=(
                Column(label=self.say("Market"), numeric=False),
                Column(label=self.say("Channel"), numeric=False),
                Column(label=self.say("Verdict"), numeric=False),
                Column(label=quantities.first_period(self)),
                Column(label=self.say(quantities.KEPT_UP)),
                Column(label=self.say("{level} interval", level=self.level)),
                Column(label=self.say("Incremental sales")),
                Column(label=self.say("Share of sales")),
            ),
            rows=tuple(self._channel(s, one) for s, one in rows),
            note=self.say("Effects of one more unit of the channel, per pharmacy."),
        )

    def _channel(self, s: MarketSummary, one: ChannelLine) -> Row:
        f = self.log_formats if s.response == "log" else self.formats
        spread, low = about_se(one.kept_up_lower, one.kept_up_upper), f.effect_value(one.kept_up_lower)
        return Row(
            cells=(
                Cell(text=clean(s.market), link=address(s)),
                Cell(text=one.channel),
                Cell(text=self.say(WORDS[one.verdict][0]), mark=one.verdict, sort=float(ORDER.index(one.verdict))),
                Cell(text=f.effect(one.first, spread), sort=f.effect_value(one.first)),
                Cell(text=f.effect(one.kept_up, spread), sort=f.effect_value(one.kept_up)),
                Cell(
                    text=f.effect_interval(one.kept_up_lower, one.kept_up_upper, spread),
                    sort=low,
                    raw=(low, f.effect_value(one.kept_up_upper)),
                ),
                Cell(text=f.money_short(one.incremental), sort=one.incremental),
                Cell(text=f.percent(one.share), sort=one.share),
            )
        )

    def crossing(self, *, hollow: bool) -> str:
        """What a drawn interval says, in words."""
        if hollow:
            return self.say("The interval includes zero.")
        return self.say("The interval does not include zero.")

    # --- the others ---------------------------------------------------------------------------

    def stale(self, markets: Sequence[MarketSummary]) -> Table:
        """Markets that show an older report: their last build failed, or the data no longer have them."""
        rows = tuple(
            Row(
                cells=(
                    Cell(text=clean(s.market), link=address(s)),
                    Cell(text=self.formats.date(s.stale_since)),
                    Cell(text=clean(s.trouble, 300)),
                )
            )
            for s in markets
        )
        return Table(
            name="stale",
            caption=self.say("Markets with an older report"),
            columns=(
                Column(label=self.say("Market"), numeric=False),
                Column(label=self.say("Report of"), numeric=False),
                Column(label=self.say("Why there is no newer one"), numeric=False),
            ),
            rows=rows,
        )

    def plain(self, markets: Sequence[MarketSummary]) -> Table:
        """Every market with its verdict: a short row each, for the plain list."""
        return Table(
            name="list",
            caption=self.say("All markets"),
            columns=(
                Column(label=self.say("Market"), numeric=False),
                Column(label=self.say("Verdict"), numeric=False),
            ),
            rows=tuple(
                Row(
                    cells=(
                        Cell(text=clean(s.market), link=address(s)),
                        self.verdict(s) if s.estimated else Cell(text=self.status_word(s.status), mark="cannot-tell"),
                    )
                )
                for s in markets
            ),
            tools=False,
            width="auto",
        )

    def status_word(self, status: str) -> str:
        """Why a market has no estimate, in a word."""
        return {
            "not-estimable": self.say("no estimate possible"),
            "not-estimated": self.say("no proven fit"),
            "failed": self.say("failed"),
        }.get(status, clean(status))


def table_writer(settings: Settings, markets: Sequence[MarketSummary] = ()) -> TableWriter:
    """Writer in the language of the run; the currency is the setting's, or the one that all markets share."""
    report = settings.report
    found = {s.currency for s in markets if s.estimated}
    currency = report.currency or (found.pop() if len(found) == 1 else "")
    language = language_of(report)
    formats = Formats(
        locale=report.locale, currency=currency, unit=clean(report.promotion_unit, 30), units=units_of(report),
        own=language.own,
    )  # fmt: skip
    return TableWriter(
        formats=formats,
        log_formats=replace(formats, response="log"),
        language=language,
        confidence=report.confidence,
    )


def address(s: MarketSummary) -> str:
    """The market's report relative to the site's top; another of its documents where it has no page."""
    return next((f"{s.folder}/{name}" for name in _PAGES if name in s.files), "")


def relative(s: MarketSummary) -> tuple[float, float, float] | None:
    """One unit kept up and its interval as a share of mean sales (at log response it is one already)."""
    effect = EffectSize(estimate=s.kept_up, lower=s.kept_up_lower, upper=s.kept_up_upper)
    return effect.relative(1.0 if s.response == "log" else s.sales_mean)


def drawn_scale(markets: Sequence[MarketSummary]) -> tuple[float, float]:
    """Common scale of the drawn intervals; holds zero."""
    found = [value for s in markets if (value := relative(s)) is not None]
    low = min((value[1] for value in found), default=0.0)
    high = max((value[2] for value in found), default=0.0)
    low, high = min(low, 0.0), max(high, 0.0)
    room = 0.04 * (high - low) or 1.0
    return low - room, high + room
