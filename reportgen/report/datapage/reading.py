"""How a table was read, and what is in its columns, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reportgen.report.blocks import Cell, Column, Row, Table
from reportgen.report.words.names import clean
from reportgen.report.words.phrases import mark

if TYPE_CHECKING:
    from reportgen.report.figures.kit import Kit
    from reportgen.results import ColumnFacts, ColumnRole, TableFacts

_FACTS = {
    "encoding": mark("Encoding"),
    "assumed-encoding": mark("Encoding, assumed"),
    "delimiter": mark("Columns are parted by"),
    "header": mark("Row of the headings"),
    "sheets": mark("Sheets read"),
    "layout": mark("Layout"),
    "sums": mark("Left out as sums of others"),
    "above": mark("Above the headings"),
    "footnotes": mark("Left out as footnotes"),
    "decimal": mark("Decimal sign"),
    "dates": mark("Dates begin with"),
    "period": mark("Period"),
    "currency": mark("Currency found"),
    "from-1904": mark("Day numbers count from"),
}
"""What is told of the file, by code of :class:`~reportgen.results.TableFacts`."""
_TEXTS = {
    ("delimiter", ","): mark("comma"), ("delimiter", ";"): mark("semicolon"), ("delimiter", "\t"): mark("tab"),
    ("delimiter", "|"): mark("vertical bar"), ("decimal", "."): mark("point"), ("decimal", ","): mark("comma"),
    ("dates", "day"): mark("the day"), ("dates", "month"): mark("the month"), ("dates", "year"): mark("the year"),
    ("period", "month"): mark("month"), ("period", "week"): mark("week"), ("period", "quarter"): mark("quarter"),
    ("layout", "months in columns"): mark("months in columns"),
    ("layout", "measures in rows"): mark("measures one below the other"),
}  # fmt: skip
_ROLES: dict[ColumnRole, str] = {
    "market": mark("market code"), "pharmacy": mark("pharmacy code"), "month": mark("period"), "sales": mark("sales"),
    "promotion": mark("promotion"), "control": mark("control"), "cost": mark("cost"), "territory": mark("territory"),
    "moderator": mark("class"), "": mark("no role"),
}  # fmt: skip


def how_it_was_read(facts: TableFacts, kit: Kit) -> list[tuple[str, str]]:
    """Label and text of everything that is known of the file."""
    made = [(kit.say("Table"), clean(facts.source)), (kit.say("Rows"), kit.formats.integer(facts.rows))]
    for code, text in facts.read:
        if code == "encoding" and ("assumed-encoding", text) in facts.read:
            continue
        known = _TEXTS.get((code, text))
        made.append((kit.say(_FACTS[code]), kit.say(known) if known else clean(text, 300)))
    return made


def column_table(facts: TableFacts, kit: Kit) -> Table:
    """One line a column: its role and what is in it."""
    note = ""
    if facts.columns_left_out:
        note = kit.plural(
            "{count} column more is not listed.", "{count} more columns are not listed.", facts.columns_left_out
        )
    return Table(
        name="columns",
        caption=kit.say("Columns of the table, in its order"),
        columns=(
            Column(label=kit.say("Column"), numeric=False),
            Column(label=kit.say("Taken for"), numeric=False),
            Column(label=kit.say("Filled")),
            Column(label=kit.say("Empty or unreadable")),
            Column(label=kit.say("Different values")),
            Column(label=kit.say("Zero")),
            Column(label=kit.say("Below zero")),
            Column(label=kit.say("From")),
            Column(label=kit.say("To")),
            Column(label=kit.say("Mean")),
        ),
        rows=tuple(_row(one, kit) for one in facts.columns),
        note=note,
    )


def _row(one: ColumnFacts, kit: Kit) -> Row:
    f = kit.formats

    def number(value: float | None) -> Cell:
        if value is None:
            return Cell(text="–")
        text = f.money(value, abs(value) / 20) if one.role == "sales" else kit.shortest(value)
        return Cell(text=text, sort=value)

    counts = one.least is not None
    ends = (
        (Cell(text=f.period(one.first)), Cell(text=f.period(one.last)))
        if one.first
        else (number(one.least), number(one.most))
    )
    return Row(
        cells=(
            Cell(text=clean(one.name)),
            Cell(text=kit.say(_ROLES[one.role])),
            Cell(text=f.integer(one.filled), sort=one.filled),
            Cell(text=f.integer(one.empty), sort=one.empty),
            Cell(text="–" if one.distinct is None else f.integer(one.distinct), sort=one.distinct),
            Cell(text=f.integer(one.zero) if counts else "–", sort=one.zero if counts else None),
            Cell(text=f.integer(one.negative) if counts else "–", sort=one.negative if counts else None),
            *ends,
            number(one.mean),
        )
    )
