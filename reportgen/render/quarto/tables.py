"""Plain tables as Markdown pipe tables with caption, identifier and column widths.

Pipe tables were chosen over grid tables: one row is one line, so a changed number is a changed line, and width needs no
counting of wide letters. Drawn intervals are left out (they repeat numbers of the same row); the shape of a status is a
class on an empty span, its word is the text.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from markupsafe import Markup

from reportgen.render.quarto.escape import address, markdown

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reportgen.report.blocks import Cell, Column, Row, Table

_NARROW, _WIDE = 9, 44
_MANY, _LESS_WIDE = 6, 22
"""From so many columns on none is wider than this, or the others have no room on paper."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A table as it stands in a page."""

    identifier: str
    """``tbl-…``, unique in its page."""
    text: Markup
    """Lines of the pipe table."""
    caption: str
    note: str
    rows: int


def listed(table: Table, identifier: str, *, short: bool = False) -> Listed:
    """Pipe table of all rows, or of those that fit on paper.

    Parameters
    ----------
    short
        Leave out the rows that do not fit, with a line of ``…`` in their place.
    """
    if short and table.print_rows is not None:
        gap = ["[…]{.gap}"] + [""] * (len(table.columns) - 1)
        rows = [_line(table.rows[i]) if i >= 0 else gap for i in table.print_rows]
    else:
        rows = [_line(row) for row in table.rows]
    heads = [_head(column) for column in table.columns]
    most = _LESS_WIDE if len(table.columns) >= _MANY else _WIDE
    rules = [_rule(column, place, table.rows, most) for place, column in enumerate(table.columns)]
    lines = [_joined(heads), "|" + "|".join(rules) + "|", *map(_joined, rows)]
    return Listed(
        identifier=identifier,
        text=Markup("\n".join(lines)),  # noqa: S704 - every cell was escaped
        caption=table.caption,
        note=table.note,
        rows=len(table.rows),
    )


def _joined(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _head(column: Column) -> str:
    unit = f" [{markdown(column.unit)}]{{.unit}}" if column.unit else ""
    return f"{markdown(column.label)}{unit}"


def _line(row: Row) -> list[str]:
    cells = [_cell(cell) for cell in row.cells]
    if row.tone == "strong":
        return [f"**{cell}**" for cell in cells]
    return cells


def _cell(cell: Cell) -> str:
    text = str(markdown(cell.text))
    if cell.link:
        text = f"[{text}]({address(cell.link)})"
    return f"[]{{.shape .{cell.mark}}} {text}" if cell.mark else text


def _rule(column: Column, place: int, rows: tuple[Row, ...], most: int) -> str:
    """Dashes in proportion to the longest text: pandoc divides the width of wide tables by them."""
    longest = max((len(row.cells[place].text) for row in rows), default=0)
    width = min(max(longest, len(column.label), len(column.unit), _NARROW), most)
    return "-" * (width - 1) + ":" if column.numeric else ":" + "-" * (width - 1)
