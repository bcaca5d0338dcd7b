"""The numbered sections of a report, in the order of the storyboard: on paper a page each.

This module only arranges. Sentences come from ``narrative``, rows from ``tables``, charts from ``figures``. What is
for those who look things up (every row, every term in words) is on screens only. Where nothing was estimated, a
section of what the data do show stands for all others.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from reportgen.report import tables
from reportgen.report.blocks import (
    Block,
    Bullets,
    Callout,
    Code,
    Definition,
    Definitions,
    Heading,
    Only,
    Prose,
    Section,
)
from reportgen.report.figures import kind_of
from reportgen.report.narrative import carry_over, foundation, method, ordinary, sections
from reportgen.report.narrative.beyond.assigned import experiment_arms
from reportgen.report.narrative.beyond.curve import curve_words
from reportgen.report.narrative.beyond.experiment import experiment_words
from reportgen.report.narrative.beyond.foresight import foresight_words
from reportgen.report.narrative.beyond.published import elasticity_words
from reportgen.report.narrative.equation import equation, where
from reportgen.report.narrative.verdict import shown_code
from reportgen.report.tables.change import change_blocks
from reportgen.report.tables.classes import by_class
from reportgen.report.tables.forecast import forecast_blocks
from reportgen.report.tables.pharmacies import recommended
from reportgen.report.tables.rehearsal import rehearsed
from reportgen.report.words.names import clean

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from reportgen.report.blocks import Chart, Table
    from reportgen.report.words.writer import Writer

Part = Block | str | None
FEW = 20
"""Pharmacies that leave room on their page."""


def build_sections(w: Writer, charts: Mapping[str, Chart]) -> tuple[Section, ...]:
    """Every section that has something to say, numbered from 2 on: the first page is number 1."""
    made = _Sections(w, charts)
    if w.results.fixed:
        all_of_them = [
            made.pharmacies(), made.impact(), made.carry_over(), made.trust(), made.model(), made.ordinary(),
            made.method(),
        ]  # fmt: skip
    else:
        all_of_them = [made.found(), made.method()]
    kept = [section for section in all_of_them if section.blocks]
    return tuple(replace(section, number=str(i)) for i, section in enumerate(kept, start=2))


@dataclass(frozen=True, slots=True)
class _Sections:
    """Arranges the blocks of each section."""

    w: Writer
    charts: Mapping[str, Chart]

    def figure(self, name: str) -> Chart | None:
        """Chart ``name``, if it could be drawn."""
        return self.charts.get(name)

    def _months_of_few(self) -> Chart | None:
        """Months of single pharmacies below a table that leaves a page empty; else they stand with the data."""
        few = len(self.w.results.pharmacies) <= FEW and bool(self.figures("impulse"))
        return self.figure("multiples") if few else None

    def _beside(self, first: str, name: str) -> Chart | None:
        """Chart ``name`` where page 1 shows ``first``, and not ``name`` in its place."""
        return self.figure(name) if first in self.charts else None

    def figures(self, kind: str) -> tuple[Chart, ...]:
        """Every chart of a kind that has several."""
        return tuple(chart for name, chart in self.charts.items() if kind_of(name) == kind)

    def pharmacies(self) -> Section:
        """Who responds how: page 2."""
        w = self.w
        return _section(
            "pharmacies",
            w.say("Pharmacies"),
            sections.pharmacies_lead(w),
            (
                tables.pharmacies(w),
                *sections.reading_pharmacies(w),
                self._months_of_few(),
                _screen(self.figure("caterpillar")),
                *by_class(w),
            ),
        )

    def impact(self) -> Section:
        """What promotion brings: page 3."""
        w = self.w
        return _section(
            "impact",
            w.say("What promotion brings"),
            sections.impact_lead(w),
            (
                *curve_words(w, shown_code(w.results)),
                *self.figures("response"),
                self.figure("without_promotion") if recommended(w) else self._beside("without_promotion", "timeline"),
                *(Prose(text=line, only="screen") for line in sections.impact_words(w)),
                elasticity_words(w),
                experiment_arms(w),
                tables.balance(w),
                tables.calibration(w),
                experiment_words(w),
                sections.roi_words(w),
                *forecast_blocks(w, self.figure("forecast")),
                tables.months(w),
            ),
        )

    def carry_over(self) -> Section:
        """How long an effect lasts, and what was read: page 4."""
        w, response, common = self.w, self.figures("impulse"), self.figure("common")
        timeline, multiples = self.figure("timeline"), self.figure("multiples")
        return _section(
            "carry-over",
            w.say("Carry-over and the data"),
            carry_over.lead(w),
            (
                *response,
                *carry_over.decay_words(w),
                *self.figures("decay"),
                common,
                tables.impulse(w),
                Heading(text=w.say("The data"), anchor="data"),
                w.sentences(foundation.data_lead(w), foundation.levels(w)),
                None if not recommended(w) else timeline if common is None else _screen(timeline),
                None if self._months_of_few() else multiples if not response else _screen(multiples),
                tables.rows_lost(w),
                _screen(self.figure("hierarchy")),
                Prose(text=foundation.hierarchy(w), only="screen"),
            ),
        )

    def trust(self) -> Section:
        """Every check and what it looked at: page 5."""
        w = self.w
        return _section(
            "trust",
            w.say("Can we trust it?"),
            "",
            (
                self.figure("checks"),
                self.figure("residuals"),
                _screen(self.figure("scale_location")),
                self.figure("autocorrelation"),
                self.figure("influence"),
                *(_screen(chart) if chart.name.startswith("qq_intercept") else chart for chart in self.figures("qq")),
                self.figure("predictive"),
                tables.comparison(w),
                Prose(text=foresight, only="screen") if (foresight := foresight_words(w)) else None,
                _screen(tables.checks(w)),
                *rehearsed(w),
            ),
        )

    def model(self) -> Section:
        """What was estimated, in words, in symbols, as typed: page 6."""
        w, model = self.w, self.w.results.model
        formula = None
        if model is not None:
            typed = (
                f'import statsmodels.formula.api as smf\nsmf.mixedlm(\n    "{model.formula}",\n'
                f'    data, groups="{model.groups}", re_formula="{model.random_formula}",\n)'
                f".fit(reml={model.method == 'REML'})"
            )
            formula = Code(text=typed, caption=w.say("As one would type it in statsmodels:"))
        words = foundation.model_words(w)
        sentences = sections.coefficient_sentences(w)
        return _section(
            "model",
            w.say("The model"),
            words[0] if words else "",
            (
                w.sentences(*words[1:]),
                equation(w),
                where(w),
                formula,
                tables.coefficients(w),
                Bullets(items=sentences, only="screen") if sentences else None,
                tables.variances(w),
                tables.bootstrap(w),
                Heading(text=w.say("Summary of the fit"), anchor="fit"),
                foundation.fit_summary(w),
                Prose(text=w.sentences(foundation.certificate(w), foundation.standard_error_words(w)), style="note"),
                _screen(self.figure("forest")),
            ),
        )

    def ordinary(self) -> Section:
        """What the usual tool would have said: page 7."""
        w = self.w
        return _section(
            "ordinary",
            w.say("Against ordinary regression"),
            ordinary.lead(w),
            (
                *ordinary.words(w), self.figure("ordinary"), tables.ordinary(w), tables.assumptions(w),
                self.figure("estimators"), _screen(tables.sensitivity(w)), *change_blocks(w),
            ),
        )  # fmt: skip

    def found(self) -> Section:
        """What the data do show where nothing was estimated: page 2."""
        w = self.w
        return _section(
            "data",
            w.say("What the data do show"),
            w.say("A number that the data cannot carry would mislead; this report says what is missing instead."),
            (
                foundation.data_lead(w),
                foundation.hierarchy(w),
                foundation.levels(w),
                self.figure("hierarchy"),
                self.figure("multiples"),
                tables.rows_lost(w),
                tables.attempts(w) if w.results.fit is not None else None,
                *self._provenance("print"),
            ),
        )

    def method(self) -> Section:
        """What it cannot tell, how it was made, what words mean: page 8; for screens alone without an estimate."""
        w, territories = self.w, self.w.results.territories
        clustered = territories is not None and territories.errors == "clustered"
        made = _section(
            "method",
            w.say("Limits, method, glossary, provenance"),
            "",
            (
                Callout(tone="limit", title=w.say("What this report cannot tell"), items=method.limits(w)),
                Heading(text=w.say("How the numbers were made"), anchor="how"),
                *method.method(w),
                Heading(text=w.say("Glossary"), anchor="glossary"),
                Definitions(items=method.glossary(w)),
                *self._provenance(),
                Heading(text=w.say("Further reading"), anchor="reading", only="screen"),
                Definitions(
                    items=method.reading(clustered=clustered, curves=bool(w.results.shapes)),
                    style="references",
                    only="screen",
                ),
            ),
        )
        return made if w.results.fixed else replace(made, only="screen")

    def _provenance(self, only: Only = "") -> tuple[Block, ...]:
        w, made = self.w, self.w.results.provenance
        items = (
            Definition(term=w.say("Program"), text=clean(made.package)),
            Definition(term=w.say("Date"), text=w.formats.date(made.as_of)),
            Definition(term=w.say("Source"), text=clean(made.source)),
            Definition(term=w.say("Data, SHA-256"), text=made.data_hash[:16]),
            Definition(term=w.say("Settings, SHA-256"), text=made.settings_hash[:16]),
            Definition(term=w.say("Random seed"), text=str(made.seed)),
            Definition(term=w.say("Versions"), text=", ".join(f"{clean(k)} {clean(v)}" for k, v in made.versions)),
        )
        return (
            Heading(text=w.say("Provenance"), anchor="made-from" if only else "provenance", only=only),
            Definitions(items=items, style="facts", only=only),
        )


def _section(anchor: str, title: str, lead: str, parts: Iterable[Part]) -> Section:
    blocks: list[Block] = []
    for part in parts:
        if isinstance(part, str):
            if part:
                blocks.append(Prose(text=part))
        elif part is not None:
            blocks.append(part)
    return Section(anchor=anchor, number="", title=title, lead=lead, blocks=tuple(blocks))


def _screen(block: Chart | Table | None) -> Block | None:
    """The same for screens only: paper has no room to look things up."""
    return None if block is None else replace(block, only="screen")
