"""From the results of one market to a finished report: the first page, its sections, the brief.

This module only arranges. Sentences come from ``narrative``, rows from ``tables``, charts from ``figures``; the
renderers take what it returns and decide nothing. One frame serves every status: where nothing was estimated, the
sections that need an estimate are left out, and the rest says why and what the data do show.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from reportgen.report import brand as brands
from reportgen.report import tables
from reportgen.report.added import with_added_sections
from reportgen.report.blocks import Brief, MarketReport, Prose, Section, Summary
from reportgen.report.figures import draw_charts
from reportgen.report.narrative import foundation, reasons, summary
from reportgen.report.narrative.ahead.key_figures import key_figures
from reportgen.report.narrative.ahead.planner import planner
from reportgen.report.narrative.beyond.forecast import forecast_words
from reportgen.report.narrative.verdict import shown_code, verdict_line
from reportgen.report.sections import build_sections
from reportgen.report.words.labels import page_labels
from reportgen.report.words.names import clean
from reportgen.report.words.writer import make_writer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reportgen.report.blocks import Chart
    from reportgen.report.words.writer import Writer
    from reportgen.results import MarketResults
    from reportgen.settings.sections import Settings


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
    w = make_writer(results, settings)
    brand = brands.load_brand(settings.brand)
    charts = draw_charts(results, w.formats, w.language, brands.theme(brand))
    title, market = w.say(clean(settings.report.title)), clean(results.market)
    first, sections = _first_page(w, charts), build_sections(w, charts)
    made = MarketReport(
        lang=w.language.code,
        direction="rtl" if w.language.direction == "rtl" else "ltr",
        paper=settings.report.paper,
        market=market,
        title=title,
        document_title=f"{market} · {title}",
        period=w.formats.period_range(*results.data.period),
        date=w.formats.date(results.provenance.as_of),
        date_iso=results.provenance.as_of,
        status=shown_code(results),
        description=f"{first.verdict.word}. {first.verdict.sentence}",
        brand=brand,
        labels=page_labels(w.language),
        summary=first,
        sections=sections,
        brief=_brief(w, sections),
        planner=planner(w),
        facts=tuple(w.facts),
    )
    return with_added_sections(made, results, settings)


def _first_page(w: Writer, charts: Mapping[str, Chart]) -> Summary:
    estimated, lists = bool(w.results.fixed), tables.plan_lists(w)
    found = tuple(reasons.found(w, reason, i) for i, reason in enumerate(w.results.reasons))
    return Summary(
        title=w.say("The plan") if estimated else w.say("Why there is no estimate"),
        scope=summary.scope(w),
        verdict=verdict_line(w),
        key_figures=key_figures(w, charts),
        chart=None if lists is not None else charts.get("without_promotion") or charts.get("timeline"),
        lists=lists,
        actions_title=w.say("What to do") if estimated else w.say("What would make it work"),
        actions=summary.actions(w),
        confidence_title=w.say("How sure are we") if estimated else w.say("What was found"),
        confidence=summary.confidence(w) if estimated else found or (foundation.levels(w),),
        strip=summary.strip(w),
        channels=tables.channels(w),
    )


def _brief(w: Writer, sections: tuple[Section, ...]) -> Brief:
    """The second page, with what the next periods are to bring below it."""
    ahead = tuple(Prose(text=line) for line in forecast_words(w)[:1] if line)
    return Brief(
        section=replace(sections[0], blocks=(*sections[0].blocks, *ahead)),
        contact_title=w.say("Where to read on"),
        contact=(
            w.say("The full report is report.pdf, and report.html with every pharmacy; both lie beside this file."),
        ),
    )


__all__ = ["build_report"]
