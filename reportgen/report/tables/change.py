"""The parts of a change against the run before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reportgen.report.blocks import Bullets, Cell, Column, Heading, Prose, Row, Table
from reportgen.report.narrative.beyond.change import change_line, change_words, named_causes, rule_words
from reportgen.report.tables.cells import NONE
from reportgen.report.words import quantities

if TYPE_CHECKING:
    from reportgen.report.blocks import Block
    from reportgen.report.words.writer import Writer


def change_blocks(w: Writer) -> tuple[Block | str | None, ...]:
    """Against the run before: what moved, in which parts, what differs, and the rule."""
    if w.results.change is None:
        return ()
    return (
        Heading(text=w.say("Against the run before"), anchor="change"),
        change_line(w),
        change(w),
        Bullets(items=change_words(w), only="screen"),
        Prose(text=rule_words(w), only="screen"),
    )


def change(w: Writer) -> Table | None:
    """Parts of the change of the effect kept up and of incremental sales, and their sums; nothing where none moved."""
    found = w.results.change
    if found is None or not any(part.effect or part.incremental for part in found.parts):
        return None
    rows = [
        Row(cells=(Cell(text=w.start(named_causes(w, part.causes))), *_sizes(w, part.effect, part.incremental)))
        for part in found.parts
    ]
    rows.append(Row(cells=(Cell(text=w.say("Together")), *_sizes(w, found.effect.change, found.incremental.change))))
    return Table(
        name="change",
        caption=w.say("Why the answer changed"),
        columns=(
            Column(label=w.say("Because of"), numeric=False),
            Column(label=w.say(quantities.KEPT_UP), unit=w.per_unit),
            Column(label=w.say("Incremental sales")),
        ),
        rows=tuple(rows),
    )


def _sizes(w: Writer, effect: float | None, incremental: float | None) -> tuple[Cell, Cell]:
    moved, brought = Cell(text=NONE), Cell(text=NONE)
    if effect is not None:
        scaled = effect * w.step
        moved = Cell(text=w.formats.effect(scaled, plus=True), sort=w.formats.effect_value(scaled))
    if incremental is not None:
        brought = Cell(text=w.formats.money_short(incremental, plus=True), sort=incremental)
    return moved, brought
