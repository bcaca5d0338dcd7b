"""Why answers changed since the run before: a row per market and part, for the page of the site."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reportgen.report.blocks import Cell, Column, Row, Section, Table
from reportgen.report.narrative.beyond.change import named_causes
from reportgen.report.narrative.verdict import WORDS
from reportgen.report.site.market_table import address, table_writer
from reportgen.report.tables.cells import NONE
from reportgen.report.words import quantities
from reportgen.report.words.names import clean

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reportgen.report.site.market_line import MarketSummary
    from reportgen.report.site.market_table import TableWriter
    from reportgen.results import Change
    from reportgen.settings.sections import Settings


def why_section(lines: Sequence[MarketSummary], settings: Settings) -> Section | None:
    """All markets whose report tells of a change; ``None`` where none does."""
    changed = [(one, one.change) for one in lines if one.change is not None]
    if not changed:
        return None
    tables = table_writer(settings, lines)
    rows = [row for one, change in changed for row in _rows(tables, one, change)]
    table = Table(
        name="why",
        caption=tables.say("What each cause did to the effect kept up and to incremental sales"),
        columns=(
            Column(label=tables.say("Market"), numeric=False),
            Column(label=tables.say("Verdict"), numeric=False),
            Column(label=tables.say("Because of"), numeric=False),
            Column(label=tables.say(quantities.KEPT_UP), unit=tables.per_unit),
            Column(label=tables.say("Incremental sales")),
            Column(label=tables.say("Noise"), numeric=False),
        ),
        rows=tuple(rows),
    )
    lead = tables.say("Each market against its own run before. The parts of a market add up to its change.")
    return Section(anchor="why", number="", title=tables.say("Why answers changed"), lead=lead, blocks=(table,))


def _rows(tables: TableWriter, one: MarketSummary, change: Change) -> list[Row]:
    made = [
        _row(tables, one, change, named_causes(tables, part.causes), part.effect, part.incremental)
        for part in change.parts
    ]
    if len(made) > 1:
        together = tables.say("together")
        made.append(_row(tables, one, change, together, change.effect.change, change.incremental.change))
    return made


def _row(
    tables: TableWriter, one: MarketSummary, change: Change, cause: str, effect: float | None, brought: float | None
) -> Row:
    formats = tables.log_formats if one.response == "log" else tables.formats
    verdict = tables.say(WORDS[change.verdict][0])
    if change.verdict != change.verdict_before:
        verdict = f"{tables.say(WORDS[change.verdict_before][0])} → {verdict}"
    noise = {True: tables.say("within"), False: tables.say("beyond"), None: NONE}[change.effect.within]
    return Row(
        cells=(
            Cell(text=clean(one.market), link=address(one)),
            Cell(text=verdict, mark=change.verdict),
            Cell(text=cause),
            Cell(text=NONE if effect is None else formats.effect(effect, plus=True), sort=formats.effect_value(effect)),
            Cell(text=NONE if brought is None else formats.money_short(brought, plus=True), sort=brought),
            Cell(text=noise),
        )
    )
