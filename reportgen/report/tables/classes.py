"""The promotion effect by the classes of a column."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reportgen.report.blocks import Cell, Column, Heading, Row, Table
from reportgen.report.narrative.beyond.classes import class_words
from reportgen.report.tables.cells import effect, effect_span, interval_label, text
from reportgen.report.words import quantities
from reportgen.report.words.names import clean

if TYPE_CHECKING:
    from reportgen.report.words.writer import Writer
    from reportgen.results import ClassEffect, ModeratorEffects


def by_class(w: Writer) -> tuple[Heading | str | Table | None, ...]:
    """Heading, words and table of every column; nothing where the settings name none."""
    if not w.results.moderators:
        return ()
    told = [(class_words(w, k, one), _table(w, k, one)) for k, one in enumerate(w.results.moderators)]
    return (Heading(text=w.say("Effect by class"), anchor="classes"), *(part for both in told for part in both))


def _table(w: Writer, k: int, one: ModeratorEffects) -> Table | None:
    """First period and kept up of every class; ``None`` where nothing is told."""
    told = [row for row in one.classes if row.first_period.estimate is not None or row.kept_up.estimate is not None]
    if not told:
        return None
    several = len({row.channel for row in told}) > 1
    return Table(
        name=f"classes-{k + 1}",
        caption=w.say("Effect by {column} ({unit})", column=clean(one.column, 40), unit=w.per_unit),
        columns=(
            *((Column(label=w.say("Channel"), numeric=False),) if several else ()),
            Column(label=w.say("Class"), numeric=False),
            Column(label=w.say("Pharmacies")),
            Column(label=quantities.first_period(w)),
            Column(label=interval_label(w)),
            Column(label=w.say(quantities.KEPT_UP)),
            Column(label=interval_label(w)),
        ),
        rows=tuple(_row(w, row, several=several) for row in told),
        width="auto",
    )


def _row(w: Writer, row: ClassEffect, *, several: bool) -> Row:
    first, kept = row.first_period, row.kept_up
    cells = (
        *((text(clean(row.channel)),) if several else ()),
        text(clean(row.name) if row.name else w.say("Small classes together")),
        Cell(text=w.formats.integer(row.pharmacies), sort=row.pharmacies),
        effect(w, first.estimate, quantities.spread(first)),
        effect_span(w, first.lower, first.upper, quantities.spread(first)),
        effect(w, kept.estimate, quantities.spread(kept)),
        effect_span(w, kept.lower, kept.upper, quantities.spread(kept)),
    )
    return Row(cells=cells)
