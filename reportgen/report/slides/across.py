"""One deck over all markets: the whole in figures, the effect of every market, a worklist, and who needs what.

Sentences, figures and their order are those of the page over all markets.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reportgen.report.blocks import Prose, Table
from reportgen.report.narrative.verdict import WORDS
from reportgen.report.site.market_table import ORDER, TableWriter, table_writer
from reportgen.report.site.worklist import by_gain, gain_text, kept_up_text
from reportgen.report.slides.charts import NAME, interval_bars
from reportgen.report.slides.deck import Card, Deck, Series, Slide, SlideTable, TextList
from reportgen.report.words import quantities
from reportgen.report.words.names import clean
from reportgen.report.words.phrases import mark

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from reportgen.report.site.market_line import MarketSummary
    from reportgen.report.site.overview import Overview
    from reportgen.results import OverviewResults
    from reportgen.settings.sections import Settings

BARS, ROWS, NAMES = 20, 12, 30
"""Markets on one slide: as bars, as rows of a table, and named under one verdict."""


def build_across(
    overview: Overview, summaries: Sequence[MarketSummary], across: OverviewResults, settings: Settings
) -> Deck:
    """Finished slides over all markets of a run."""
    w = table_writer(settings, summaries)
    known = [one for one in by_gain(summaries) if one.estimated]
    excluded = [one for one in summaries if not one.estimated]
    slides = [
        _whole(w, overview, summaries),
        *_between(w, overview),
        *(_effects(w, across, start) for start in range(0, len(across.markets), BARS)),
        *(_worklist(w, known[start : start + ROWS], start) for start in range(0, len(known), ROWS)),
        *(_needs(w, excluded[start : start + ROWS]) for start in range(0, len(excluded), ROWS)),
    ]
    foot = " · ".join(part for part in (overview.brand.name, overview.brand.footer, overview.date) if part)
    return Deck(
        lang=overview.lang,
        title=overview.document_title,
        date_iso=overview.date_iso,
        brand=overview.brand,
        symbol=w.formats.symbol if w.formats.currency else "",
        indian_grouping=settings.report.locale.endswith("_IN"),
        foot=foot,
        slides=tuple(slides),
    )


def _sources(w: TableWriter, name: str) -> str:
    return w.say("Sources: {file}.", file=name)


def _whole(w: TableWriter, overview: Overview, summaries: Sequence[MarketSummary]) -> Slide:
    """Totals, and which markets have which verdict."""
    cards = tuple(Card(label="", value=one.value, unit=one.label, interval="") for one in overview.totals[:3])
    return Slide(
        name="whole",
        kicker=f"{overview.heading} · {overview.scope}",
        title=overview.lead,
        cards=cards,
        lists=tuple(
            TextList(heading=w.say(WORDS[code][0]), items=(", ".join(_named(names)),))
            for code in ORDER
            if (names := [clean(one.market, NAME) for one in summaries if one.verdict == code])
        ),
        notes=(_sources(w, "data/overview.json (totals)"),),
    )


def _between(w: TableWriter, overview: Overview) -> Iterator[Slide]:
    """Promotion moved between markets, as the page has it: the decision and both ends of its table."""
    found = next((section for section in overview.sections if section.anchor == "between"), None)
    table = next((one for one in found.blocks if isinstance(one, Table)), None) if found is not None else None
    if found is None or table is None:
        return
    rows = table.rows if len(table.rows) <= ROWS else (*table.rows[: ROWS // 2], *table.rows[-ROWS // 2 :])
    yield Slide(
        name="between",
        kicker=found.title,
        title=" ".join(one.text for one in found.blocks if isinstance(one, Prose)),
        table=SlideTable(
            columns=tuple(f"{one.label} {one.unit}".strip() for one in table.columns),
            rows=tuple(tuple(cell.text for cell in row.cells) for row in rows),
            widths=(2.0, *(1.0 for _ in table.columns[1:])),
            alt=table.caption,
        ),
        notes=(_sources(w, "data/overview.json (plan)"),),
    )


def _named(names: list[str]) -> list[str]:
    """As many names as a slide has room for."""
    return names if len(names) <= NAMES else [*names[: NAMES - 1], "…"]


def _effects(w: TableWriter, across: OverviewResults, start: int) -> Slide:
    """Effects of markets on the scale that they share, strongest first."""
    ranked = sorted(enumerate(across.markets), key=lambda one: (-one[1].estimate, one[1].market))
    part = ranked[start : start + BARS]
    names = [clean(one.market) for _, one in part]
    what = w.say("Effect by market, % of sales")
    title = w.say(
        "{above} of {count} markets lie clearly above zero.",
        above=w.formats.integer(across.above_zero),
        count=w.formats.integer(len(across.markets)),
    )
    bars = Series(
        name=what,
        values=tuple(one.estimate for _, one in part),
        lower=tuple(one.lower for _, one in part),
        upper=tuple(one.upper for _, one in part),
        places=tuple(f"markets.{k}" for k, _ in part),
        fields=("estimate", "lower", "upper"),
        tones=tuple("above" if one.lower > 0 else "below" if one.upper < 0 else "" for _, one in part),
    )
    message = mark("Bars: {what} of {count} markets with {level} intervals, highest first: {names}.")
    level = w.formats.level(across.confidence)
    chart = interval_bars(w, bars, names, message, title=what, level=level, unit="points")
    reading = (
        w.say("Bars are estimates, lines their {level} intervals.", level=level),
        w.say("Coloured: clearly above or below zero. Grey: not to be told from nothing."),
    )
    lists = (TextList(heading=w.say("How to read it"), items=reading),)
    notes = (_sources(w, "data/overview.json (markets: estimate, lower, upper)"),)
    return Slide(
        name="effects", kicker=w.say("Markets side by side"), title=title, chart=chart, lists=lists, notes=notes
    )


def _worklist(w: TableWriter, part: Sequence[MarketSummary], start: int) -> Slide:
    """Markets by what is to gain, as on the page over all markets."""
    return Slide(
        name="worklist",
        kicker=w.say("What to do, market by market"),
        title=w.say("Those with most to gain first, {first} to {last}",
                    first=w.formats.integer(start + 1), last=w.formats.integer(start + len(part))),
        table=SlideTable(
            columns=(
                w.say("Market"), w.say("Verdict"), w.say("With promotion"), w.say(quantities.KEPT_UP),
                f"{w.say('To gain by the plan')} {w.per_period}", w.say("What to do next"),
            ),
            rows=tuple(_row(w, one) for one in part),
            widths=(0.16, 0.14, 0.1, 0.23, 0.2, 0.17),
            alt=w.say("Table: markets with verdict, effect, what is to gain, and what to do next."),
        ),
        notes=(_sources(w, "results.json (effects.0.kept_up, incremental.share, plan.gain)"),),
    )  # fmt: skip


def _row(w: TableWriter, one: MarketSummary) -> tuple[str, ...]:
    return (
        clean(one.market),
        w.say(WORDS[one.verdict][0]),
        w.formats.percent(one.share),
        kept_up_text(w, one),
        gain_text(w, one),
        one.action,
    )


def _needs(w: TableWriter, part: Sequence[MarketSummary]) -> Slide:
    """Markets without an estimate, and why."""
    return Slide(
        name="needs",
        kicker=w.say("Markets without an estimate"),
        title=w.say("These markets are in no total above."),
        table=SlideTable(
            columns=(w.say("Market"), w.say("Status"), w.say("Reason")),
            rows=tuple((clean(one.market), w.status_word(one.status), one.reason) for one in part),
            widths=(0.2, 0.2, 0.6),
            alt=w.say("Table: markets without an estimate, and why."),
        ),
        notes=(_sources(w, "results.json (reasons)"),),
    )
