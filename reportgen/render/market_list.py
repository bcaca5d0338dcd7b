"""The list of markets as compact JSON, which the overview's script turns into rows.

A row as HTML takes 1.2 KB, here 0.2 KB, so that a thousand markets fit into a page of 400 KB and ten thousand still
open at once. The first rows are on the page as HTML too, for readers without JavaScript. The form is private to the
page's script (``templates/js/overview.js``); programs read ``data/overview.csv``.

One array per row: classes, folder (the part after the name where the rest follows from it, else all of it after a
slash), then one item per column::

    text                                        a cell without a number
    number                                      a number that is its own text; in the second column the place of a
                                                verdict, in a column of ``links`` of a file, under their own names
    [text, number]                              a cell that sorts by number; a verdict: its place in ``verdicts``; a
                                                link: the place in ``files`` of a file of the row's folder
    [text, number, low, point, high, hollow]    a drawn interval, in thousandths of the bar
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from jinja2.utils import htmlsafe_json_dumps

from reportgen.report.blocks import Table

if TYPE_CHECKING:
    from markupsafe import Markup

    from reportgen.report.blocks import Cell, Section
    from reportgen.report.site.directory import Directory
    from reportgen.report.site.overview import Finder, Overview

NAME = "markets"
STATIC = 12
"""Rows of a longer list that are on the page as HTML."""
_WORDS = (
    "search", "verdict", "every", "which", "all_markets", "changed", "stale", "previous", "next", "shown", "nothing",
    "zero", "not_zero", "verdicts",
)  # fmt: skip


def shorten_list(overview: Overview) -> tuple[Overview, Table | None]:
    """Split the page into one whose list has its first rows only, and the whole list."""
    blocks = (block for section in overview.sections for block in section.blocks)
    found = next((block for block in blocks if isinstance(block, Table) and block.name == NAME), None)
    if found is None or overview.finder is None:
        return overview, None
    short = replace(found, rows=found.rows[:STATIC], tools=False)

    def shortened(section: Section) -> Section:
        return replace(section, blocks=tuple(short if block is found else block for block in section.blocks))

    return replace(overview, sections=tuple(shortened(section) for section in overview.sections)), found


def list_data(table: Table, finder: Finder) -> Markup:
    """JSON of the list, safe inside a script element."""
    names = list(dict.fromkeys(_name(cell) for row in table.rows for cell in row.cells if cell.link))
    labels = {_name(cell): cell.text for row in table.rows for cell in row.cells[1:] if cell.link}
    zero = next((cell.bar.zero for row in table.rows for cell in row.cells if cell.bar), None)
    content = {
        "words": {name: getattr(finder, name) for name in _WORDS},
        "numeric": [int(column.numeric) for column in table.columns],
        "files": names,
        "labels": [labels.get(name, name) for name in names],
        "links": sorted({place for row in table.rows for place, cell in enumerate(row.cells) if cell.link and place}),
        "zero": zero,
        "rows": [_row(row.tone, row.cells, names, labels, finder) for row in table.rows],
    }
    return htmlsafe_json_dumps(content, dumps=_dumps)


def directory_data(directory: Directory) -> Markup:
    """JSON of the pharmacies of all markets, safe inside a script element."""
    words = {name: getattr(directory, name) for name in ("search", "hint", "nothing", "shown")}
    rows = [[name, place, "\n".join(names)] for name, place, names in directory.markets]
    return htmlsafe_json_dumps({"words": words, "markets": rows}, dumps=_dumps)


def _dumps(value: Any, **_: Any) -> str:
    import json

    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _row(tone: str, cells: tuple[Cell, ...], names: list[str], labels: dict[str, str], finder: Finder) -> list[Any]:
    folder = next((cell.link.rsplit("/", 1)[0] for cell in cells if cell.link), "")
    place = _folder(folder.removeprefix("markets/"), cells[0].text)
    return [tone, place, *(_cell(cell, names, labels, finder) for cell in cells)]


def _folder(folder: str, name: str) -> str:
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode("ascii").lower()
    # As a slug begins (batch/state/files.py), which this room may not ask: where they differ the whole folder is
    # written.
    start = re.sub(r"[^a-z0-9]+", "-", plain) + "-"
    return folder.removeprefix(start) if folder.startswith(start) else f"/{folder}"


def _cell(cell: Cell, names: list[str], labels: dict[str, str], finder: Finder) -> Any:
    if cell.link:
        name = _name(cell)
        return names.index(name) if cell.text == labels.get(name) else [cell.text, names.index(name)]
    if cell.mark:
        place = [code for code, _ in finder.verdicts].index(cell.mark)
        return place if cell.text == finder.verdicts[place][1] else [cell.text, place]
    if cell.sort is None:
        return cell.text
    value = _short(cell.sort)
    if cell.bar is None:
        return value if str(value) == cell.text else [cell.text, value]
    bar = cell.bar
    return [cell.text, value, *(round(10 * place) for place in (bar.low, bar.point, bar.high)), int(bar.hollow)]


def _name(cell: Cell) -> str:
    return cell.link.rsplit("/", 1)[1]


def _short(value: float) -> float | int:
    """Four digits: more than the page prints, enough to sort by and for a CSV of what is on it."""
    short = float(f"{value:.4g}")
    return int(short) if short.is_integer() else short
