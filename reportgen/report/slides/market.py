"""Five slides of a market: the decision, its pharmacies, what promotion brings, whether to trust it, what to do next.

A market without an estimate has three: why, what the data show, and what would give one. Sentences are those of the
report; nothing is said here that it does not say.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from reportgen.report import brand as brands
from reportgen.report.narrative import foundation, method, reasons, sections, summary, trust
from reportgen.report.narrative.ahead.key_figures import key_figures, roi_line
from reportgen.report.narrative.ahead.plan import decision, rests
from reportgen.report.narrative.beyond.forecast import forecast_words
from reportgen.report.narrative.deciding import withheld_lines
from reportgen.report.narrative.verdict import effect_sentence, shown_code, verdict_line
from reportgen.report.slides import charts
from reportgen.report.slides.deck import Card, Deck, NativeChart, Series, Slide, SlideTable, TextList
from reportgen.report.slides.plan import plan_table
from reportgen.report.words.checks import check_name
from reportgen.report.words.names import clean
from reportgen.report.words.writer import Writer, make_writer
from reportgen.results.verdict import OPEN_VERDICTS

if TYPE_CHECKING:
    from reportgen.results import MarketResults
    from reportgen.settings.sections import Settings

MOST_CHECKS = 8
_LIMITS = 3
_TOLD = 2
"""Reasons that the sentence of a market without an estimate tells."""


def build_deck(results: MarketResults, settings: Settings) -> Deck:
    """Finished slides of one market, in the language and formats that ``settings.report`` gives it.

    Raises
    ------
    ConfigError
        The brand's logo or accent cannot be used.
    """
    settings = settings.for_market(results.market)
    w = make_writer(results, settings)
    teller = _Teller(w)
    made = (
        (teller.decision, teller.pharmacies, teller.months, teller.trust, teller.closing)
        if results.fixed
        else (teller.decision, teller.months, teller.closing)
    )
    brand = brands.load_brand(settings.brand)
    return Deck(
        lang=w.language.code,
        title=f"{clean(results.market)} · {w.say(clean(settings.report.title))}",
        date_iso=results.provenance.as_of,
        brand=brand,
        symbol=w.formats.symbol if w.formats.currency else "",
        indian_grouping=settings.report.locale.endswith("_IN"),
        foot=" · ".join(part for part in (brand.name, brand.footer, w.formats.date(results.provenance.as_of)) if part),
        slides=tuple(one() for one in made),
    )


@dataclass(frozen=True, slots=True)
class _Teller:
    """Makes the slides of one market; each takes the numbers it printed from the writer's record."""

    w: Writer

    def _slide(
        self,
        name: str,
        about: str,
        title: str,
        *,
        cards: tuple[Card, ...] = (),
        chart: NativeChart | None = None,
        table: SlideTable | None = None,
        lists: tuple[TextList, ...] = (),
        since: int,
    ) -> Slide:
        w = self.w
        facts = tuple(dict.fromkeys(w.facts[since:]))
        notes = [
            w.say("Sources: results.json of {market}, {program}, {date}.",
                  market=clean(w.results.market), program=clean(w.results.provenance.package),
                  date=w.formats.date(w.results.provenance.as_of)),
            *(f"{fact.text} — {fact.source}" for fact in facts if not fact.source.startswith(("count:", "text:"))),
        ]  # fmt: skip
        if chart is not None:
            notes += [f"{one.name} — {_span(one)}" for one in chart.series]
        return Slide(
            name=name,
            kicker=f"{clean(w.results.market, 40)} · {about}",
            title=title,
            cards=cards,
            chart=chart,
            table=table,
            lists=tuple(one for one in lists if one.items),
            notes=tuple(notes),
            facts=facts,
        )

    def decision(self) -> Slide:
        """What to do and what it is worth, three figures, the plan."""
        w, since = self.w, len(self.w.facts)
        verdict, told, table = verdict_line(w), decision(w), plan_table(w)
        figures = key_figures(w, {})
        lists: tuple[TextList, ...]
        if not w.results.fixed:
            found = tuple(reasons.found(w, reason, i) for i, reason in enumerate(w.results.reasons))
            title = verdict.sentence
            lists = (
                TextList(heading=w.say("What would make it work"), items=summary.actions(w)),
                TextList(heading=w.say("What was found"), items=found[_TOLD:]),
            )
        elif table is not None:
            title = told
            effect = effect_sentence(w, shown_code(w.results))
            lists = (TextList(heading=w.say("What it rests on"), items=tuple(filter(None, (effect, rests(w))))),)
        else:
            title = verdict.sentence
            lists = (
                TextList(heading=w.say("What to do"), items=summary.actions(w)),
                TextList(heading=w.say("How sure are we"), items=(withheld_lines(w) or summary.confidence(w))[:2]),
            )
        return self._slide(
            "decision",
            verdict.word,
            title,
            cards=tuple(
                Card(label=one.label, value=one.value, unit=one.unit, interval=one.interval) for one in figures
            ),
            table=table,
            lists=lists,
            since=since,
        )

    def pharmacies(self) -> Slide:
        """Every pharmacy's effect with its interval, or both ends."""
        w, since = self.w, len(self.w.facts)
        hollow = shown_code(w.results) in OPEN_VERDICTS
        title = sections.pharmacies_lead(w)
        chart = charts.effects_of_pharmacies(w, hollow=hollow)
        reading = [
            w.say("Lines are {level} intervals.", level=w.level)
            if hollow
            else w.say("Bars are estimates, lines their {level} intervals.", level=w.level)
        ]
        if chart is not None and not hollow and any(chart.series[0].tones):
            reading.append(w.say("Coloured: reliably above or below the market. Grey: not to be told apart from it."))
        if chart is not None and len(chart.categories) < len(w.results.pharmacies):
            reading.append(
                w.say(
                    "Shown are {shown} of {all} pharmacies, the highest and the lowest.",
                    shown=w.count(len(chart.categories), "count:shown"),
                    all=w.count(len(w.results.pharmacies), "count:pharmacies"),
                )
            )
        lists = (
            TextList(heading=w.say("How to read it"), items=tuple(reading)),
            TextList(heading=w.say("Keep in mind"), items=sections.reading_pharmacies(w)[:1]),
        )
        return self._slide("pharmacies", w.say("Pharmacies"), title, chart=chart, lists=lists, since=since)

    def months(self) -> Slide:
        """Sales with and without promotion; as read where that is not known."""
        w, since = self.w, len(self.w.facts)
        brought = w.results.incremental
        known = brought is not None and brought.total is not None
        title = self._brought() if w.results.fixed else foundation.levels(w) or foundation.data_lead(w)
        items = [roi_line(w), *sections.impact_words(w)] if known else list(withheld_lines(w))
        if not w.results.fixed:
            items = [foundation.data_lead(w)]
        heading = w.say("How the number was made") if known else w.say("What is known")
        chart = charts.months(w) if known else charts.sales(w)
        coming = TextList(
            heading=w.by_period("The next months", "The next weeks"), items=tuple(filter(None, forecast_words(w)[:1]))
        )
        lists = (coming, TextList(heading=heading, items=tuple(filter(None, items))[:2]))
        about = w.say("What promotion brought") if w.results.fixed else w.say("What the data do show")
        return self._slide("months", about, title, chart=chart, lists=lists, since=since)

    def _brought(self) -> str:
        """What promotion brought; where the answer is open its interval alone."""
        figure = next((one for one in key_figures(self.w, {}) if one.name in ("brought", "incremental")), None)
        if figure is None or shown_code(self.w.results) not in OPEN_VERDICTS:
            return sections.impact_lead(self.w)
        return f"{figure.label}: {figure.value} {figure.unit} ({figure.interval})"

    def trust(self) -> Slide:
        """The checks that matter most, in words."""
        w, since = self.w, len(self.w.facts)
        chosen = trust.most_important(w.results)[:MOST_CHECKS]
        rows = tuple(
            (
                check_name(w, w.results, check),
                w.start(trust.status_word(w, check.status, near_limit=check.near_limit)),
                trust.advice(w, check),
            )
            for check in chosen
        )
        table = SlideTable(
            columns=(w.say("Check"), w.say("Status"), w.say("What it means")),
            rows=rows,
            widths=(0.24, 0.18, 0.58),
            alt=w.say("Table: checks with their status and what it means, the gravest first."),
        )
        title = w.sentences(summary.checks_line(w), summary.sensitivity_line(w))
        return self._slide("trust", w.say("Can we trust it?"), title, table=table if rows else None, since=since)

    def closing(self) -> Slide:
        """What was read, what it cannot tell, and the next step."""
        w, since = self.w, len(self.w.facts)
        lost = sorted(w.results.data.rows_lost, key=lambda one: -one.rows)[:2]
        indices = {id(one): k for k, one in enumerate(w.results.data.rows_lost)}
        read = [
            summary.scope(w),
            foundation.levels(w) if w.results.fixed else "",
            *(
                w.say(
                    "{reason}: {rows} rows.",
                    reason=foundation.lost_label(w, one.reason),
                    rows=w.count(one.rows, f"data.rows_lost.{indices[id(one)]}.rows"),
                )
                for one in lost
            ),
        ]
        flagged = [one for one in trust.most_important(w.results) if one.status in ("review", "fail")]
        steps = [trust.advice(w, one) for one in flagged[:2]] if w.results.fixed else list(summary.actions(w))
        steps.append(w.say("Build again when the next period is in: the report then says what moved."))
        lists = (
            TextList(heading=w.say("What was read"), items=tuple(item for item in read if item)),
            TextList(heading=w.say("What this report cannot tell"), items=method.limits(w)[:_LIMITS]),
            TextList(heading=w.say("Next step"), items=tuple(dict.fromkeys(steps))),
        )
        title = foundation.data_lead(w)
        return self._slide("closing", w.say("Data, limits and next step"), title, lists=lists, since=since)


def _span(one: Series) -> str:
    """``pharmacies.0 … pharmacies.35: total_slope, lower, upper``."""
    known = [place for place in one.places if place]
    places = f"{known[0]} … {known[-1]}"
    return ": ".join(filter(None, (places, ", ".join(one.fields))))
