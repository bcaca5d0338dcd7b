"""From the results of one market to a finished report: sections in the order of the storyboard.

This module only arranges. Sentences come from ``narrative``, rows from ``tables``, charts from ``figures``; the
renderers take what it returns and decide nothing. One frame serves every status: where nothing was estimated, the
sections that need an estimate are left out, and the rest says why and what the data do show.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from reportgen.report import brand as brands
from reportgen.report import tables
from reportgen.report.added import with_added_sections
from reportgen.report.blocks import (
    Block,
    Brand,
    Brief,
    Bullets,
    Callout,
    Chart,
    Code,
    Definition,
    Definitions,
    Heading,
    MarketReport,
    Prose,
    Section,
    Summary,
    Table,
)
from reportgen.report.figures import draw_charts, kind_of
from reportgen.report.narrative import carry_over, foundation, method, ordinary, reasons, sections, summary
from reportgen.report.narrative.beyond.assigned import experiment_arms
from reportgen.report.narrative.beyond.curve import curve_words
from reportgen.report.narrative.beyond.experiment import experiment_words
from reportgen.report.narrative.beyond.foresight import foresight_words
from reportgen.report.narrative.beyond.published import elasticity_words
from reportgen.report.narrative.equation import equation, where
from reportgen.report.narrative.verdict import shown_code, verdict_line
from reportgen.report.tables.classes import by_class
from reportgen.report.tables.forecast import forecast_blocks
from reportgen.report.words.labels import page_labels
from reportgen.report.words.names import clean
from reportgen.report.words.writer import Writer, make_writer

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from reportgen.results import MarketResults
    from reportgen.settings.sections import Settings

Part = Block | str | None


def build_report(results: MarketResults, settings: Settings) -> MarketReport:
    """Finished report of one market, in the language and formats that ``settings.report`` gives it.

    Raises
    ------
    ConfigError
        The brand's logo or accent cannot be used.
    EnvironmentMissing
        The font packages are not installed.
    """
    settings = settings.for_market(results.market)
    writer = make_writer(results, settings)
    brand = brands.load_brand(settings.brand)
    drawn = draw_charts(results, writer.formats, writer.language, brands.theme(brand))
    return with_added_sections(_Builder(writer, drawn).report(brand), results, settings)


@dataclass(frozen=True, slots=True)
class _Builder:
    """Arranges the blocks of one report."""

    w: Writer
    charts: Mapping[str, Chart]

    def report(self, brand: Brand) -> MarketReport:
        """Put the whole report together."""
        w, results, report = self.w, self.w.results, self.w.settings.report
        title, market = w.say(clean(report.title)), clean(results.market)
        period = w.formats.period_range(*results.data.period)
        first = self._summary()
        return MarketReport(
            lang=w.language.code,
            direction="rtl" if w.language.direction == "rtl" else "ltr",
            paper=report.paper,
            market=market,
            title=title,
            document_title=f"{market} · {title}",
            period=period,
            date=w.formats.date(results.provenance.as_of),
            date_iso=results.provenance.as_of,
            status=shown_code(results),
            description=f"{first.verdict.word}. {first.verdict.sentence}",
            brand=brand,
            labels=page_labels(w.language),
            summary=first,
            sections=self._sections(),
            brief=self._brief(),
            facts=tuple(w.facts),
        )

    # --- pieces -----------------------------------------------------------------------------

    def figure(self, name: str) -> Chart | None:
        """Chart ``name``, if it could be drawn."""
        return self.charts.get(name)

    def figures(self, kind: str) -> tuple[Chart, ...]:
        """Every chart of a kind that has several."""
        return tuple(chart for name, chart in self.charts.items() if kind_of(name) == kind)

    def _section(self, anchor: str, title: str, lead: str, parts: Iterable[Part]) -> Section:
        blocks: list[Block] = []
        for part in parts:
            if isinstance(part, str):
                if part:
                    blocks.append(Prose(text=part))
            elif part is not None:
                blocks.append(part)
        return Section(anchor=anchor, number="", title=title, lead=lead, blocks=tuple(blocks))

    def _sections(self) -> tuple[Section, ...]:
        if self.w.results.fixed:
            made = [
                self._data(), self._model(), self._coefficients(), self._carry_over(), self._pharmacies(),
                self._impact(), self._trust(), self._ordinary(), self._method(),
            ]  # fmt: skip
        else:
            made = [self._refusal(), self._data(), self._method()]
        kept = [section for section in made if section.blocks]
        # From 2 on: the summary is the first section. Sections without a block are not counted.
        return tuple(replace(section, number=str(i)) for i, section in enumerate(kept, start=2))

    # --- first page -------------------------------------------------------------------------

    def _summary(self) -> Summary:
        w = self.w
        estimated = bool(w.results.fixed)
        return Summary(
            title=w.say("Summary"),
            scope=summary.scope(w),
            verdict=verdict_line(w),
            key_figures=summary.key_figures(w, self.charts),
            chart=self.figure("without_promotion") or self.figure("timeline"),
            actions_title=w.say("What to do") if estimated else w.say("What would make it work"),
            actions=summary.actions(w),
            confidence_title=w.say("How sure are we") if estimated else w.say("What the data do show"),
            confidence=summary.confidence(w) if estimated else tuple(filter(None, (foundation.levels(w),))),
            strip=summary.strip(w),
            channels=tables.channels(w),
        )

    # --- sections ---------------------------------------------------------------------------

    def _refusal(self) -> Section:
        w = self.w
        found = tuple(reasons.found(w, reason, i) for i, reason in enumerate(w.results.reasons))
        cures = tuple(dict.fromkeys(reasons.cure(w, reason, i) for i, reason in enumerate(w.results.reasons)))
        fit = w.results.fit
        attempts = tables.attempts(w) if fit is not None else None
        return self._section(
            "why",
            w.say("Why there is no estimate"),
            w.say("A number that the data cannot carry would mislead; this report says what is missing instead."),
            (
                Callout(tone="warning", title=w.say("What was found"), items=found),
                Callout(tone="note", title=w.say("What would make it work"), items=cures),
                attempts,
            ),
        )

    def _data(self) -> Section:
        w = self.w
        estimated = bool(w.results.fixed)
        return self._section(
            "data",
            w.say("The data"),
            foundation.data_lead(w),
            (
                foundation.hierarchy(w),
                self.figure("hierarchy"),
                foundation.levels(w),
                self.figure("timeline") if estimated and self.charts.get("without_promotion") else None,
                self.figure("multiples"),
                tables.rows_lost(w),
            ),
        )

    def _model(self) -> Section:
        w, model = self.w, self.w.results.model
        formula = None
        if model is not None:
            typed = (
                f'import statsmodels.formula.api as smf\n\nsmf.mixedlm(\n    "{model.formula}",\n'
                f'    data, groups="{model.groups}", re_formula="{model.random_formula}",\n)'
                f".fit(reml={model.method == 'REML'})"
            )
            formula = Code(text=typed, caption=w.say("As one would type it in statsmodels:"))
        words = foundation.model_words(w)
        return self._section(
            "model",
            w.say("The model"),
            words[0] if words else "",
            (
                *words[1:],
                equation(w),
                where(w),
                formula,
                tables.fit_block(w),
                foundation.certificate(w),
                foundation.standard_error_words(w),
            ),
        )

    def _coefficients(self) -> Section:
        w = self.w
        sentences = sections.coefficient_sentences(w)
        return self._section(
            "coefficients",
            w.say("Coefficients"),
            "",
            (
                self.figure("forest"),
                tables.coefficients(w),
                Bullets(items=sentences) if sentences else None,
                tables.variances(w),
                tables.bootstrap(w),
                Heading(text=w.say("Plain, corrected, within pharmacies"), anchor="three-ways"),
                sections.comparison_words(w),
                self.figure("estimators"),
                tables.comparison(w),
            ),
        )

    def _carry_over(self) -> Section:
        w = self.w
        return self._section(
            "carry-over",
            w.say("Carry-over"),
            carry_over.lead(w),
            (
                *carry_over.decay_words(w),
                self.figure("common"),
                *self.figures("decay"),
                *self.figures("impulse"),
                tables.impulse(w),
            ),
        )

    def _pharmacies(self) -> Section:
        w = self.w
        return self._section(
            "pharmacies",
            w.say("Pharmacies"),
            sections.pharmacies_lead(w),
            (
                self.figure("lines"),
                self.figure("caterpillar"),
                self.figure("shrinkage"),
                self.figure("caterpillar_intercept"),
                *sections.reading_pharmacies(w),
                tables.pharmacies(w),
                *by_class(w),
            ),
        )

    def _impact(self) -> Section:
        w = self.w
        return self._section(
            "impact",
            w.say("What promotion brought"),
            sections.impact_lead(w),
            (
                *curve_words(w, shown_code(w.results)),
                *self.figures("response"),
                *sections.impact_words(w),
                elasticity_words(w),
                experiment_arms(w),
                tables.balance(w),
                tables.calibration(w),
                experiment_words(w),
                self.figure("waterfall"),
                self.figure("contribution"),
                self.figure("incremental_pharmacies"),
                self.figure("what_if"),
                tables.what_if(w),
                sections.roi_words(w),
                tables.months(w),
                *forecast_blocks(w, self.figure("forecast")),
            ),
        )

    def _trust(self) -> Section:
        w = self.w
        return self._section(
            "trust",
            w.say("Can we trust it?"),
            summary.checks_line(w),
            (
                tables.checks(w),
                self.figure("residuals"),
                self.figure("scale_location"),
                self.figure("autocorrelation"),
                self.figure("influence"),
                *self.figures("qq"),
                self.figure("predictive"),
                tables.sensitivity(w),
                foresight_words(w),
            ),
        )

    def _ordinary(self) -> Section:
        w = self.w
        return self._section(
            "ordinary",
            w.say("Against ordinary regression"),
            ordinary.lead(w),
            (*ordinary.words(w), self.figure("ordinary"), tables.ordinary(w), tables.assumptions(w)),
        )

    def _method(self) -> Section:
        w, territories = self.w, self.w.results.territories
        clustered = territories is not None and territories.errors == "clustered"
        return self._section(
            "method",
            w.say("Method, limits and sources"),
            "",
            (
                Callout(tone="limit", title=w.say("What this report cannot tell"), items=method.limits(w)),
                Heading(text=w.say("How the numbers were made"), anchor="how"),
                *method.method(w),
                Heading(text=w.say("Glossary"), anchor="glossary"),
                Definitions(items=method.glossary(w)),
                Heading(text=w.say("Provenance"), anchor="provenance"),
                Definitions(items=self._provenance(), style="facts"),
                Heading(text=w.say("Further reading"), anchor="reading"),
                Definitions(
                    items=method.reading(clustered=clustered, curves=bool(w.results.shapes)), style="references"
                ),
            ),
        )

    def _provenance(self) -> tuple[Definition, ...]:
        w, made = self.w, self.w.results.provenance
        items = [
            Definition(term=w.say("Program"), text=clean(made.package)),
            Definition(term=w.say("Date"), text=w.formats.date(made.as_of)),
            Definition(term=w.say("Source"), text=clean(made.source)),
            Definition(term=w.say("Data, SHA-256"), text=made.data_hash[:16]),
            Definition(term=w.say("Settings, SHA-256"), text=made.settings_hash[:16]),
            Definition(term=w.say("Random seed"), text=str(made.seed)),
            Definition(term=w.say("Versions"), text=", ".join(f"{clean(k)} {clean(v)}" for k, v in made.versions)),
        ]
        items += [Definition(term=clean(key), text=clean(value)) for key, value in made.settings if value]
        return tuple(items)

    # --- the brief ----------------------------------------------------------------------------

    def _brief(self) -> Brief:
        w = self.w
        blocks: list[Block | None]
        lead = ""
        if w.results.fixed:
            lead = carry_over.lead(w)
            blocks = [
                self.figure("caterpillar_brief") or self.figure("caterpillar"),
                _plain(tables.what_if(w)),
            ]
        else:
            found = tuple(reasons.found(w, reason, i) for i, reason in enumerate(w.results.reasons))
            blocks = [
                Callout(tone="warning", title=w.say("What was found"), items=found),
                self.figure("multiples"),
                _plain(tables.rows_lost(w)),
            ]
        return Brief(
            title=w.say("Behind the answer") if w.results.fixed else w.say("What the data do show"),
            blocks=tuple(block for block in blocks if block is not None),
            chart=self.figure("impulse_brief"),
            lead=lead,
            checks=summary.strip(w),
            checks_title=summary.checks_line(w),
            contact_title=w.say("Where to read on"),
            contact=(
                w.say("The full report is report.pdf, and report.html with every pharmacy; both lie beside this file."),
                w.say("Questions: whoever sent you this brief can name the team that keeps the data."),
            ),
        )


def _plain(table: Table | None) -> Table | None:
    return None if table is None else replace(table, note="")


__all__ = ["build_report"]
