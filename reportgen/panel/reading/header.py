"""Where the table begins and ends among other lines: titles above its header, footnotes below its rows.

The same rules hold for delimited text and for workbooks, on rows of cells as text.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Sequence

SEARCHED = 40
"""Rows at the top among which the header is looked for."""
_LONGEST_FOOT = 40
_GROUPS_WITHIN = 12
_VALUE = re.compile(r"[-+]?\d[\d.,]*")
_DATE = re.compile(
    r"(19|20)\d{2}(0[1-9]|1[0-2])(\d\d)?|(\d\d)?(0[1-9]|1[0-2])(19|20)\d{2}|\d\d?\.\d\d?\.(\d{4}|\d\d)"
    r"|(19|20)\d{2}\.\d\d?(\.\d\d?)?|\d\d?\.(19|20)\d{2}"
)
Row = Sequence[str]


def find_header(rows: Sequence[Row], wanted: Collection[str] = ()) -> int | None:
    """Row of the column names: the first that names two wanted columns, else the first as wide as the table.

    A row above the names that groups columns (``Sales`` over twelve months) is not the header. None where all rows
    are empty.
    """
    top = rows[:SEARCHED]
    filled = [sum(bool(cell.strip()) for cell in row) for row in top]
    used = [i for i, count in enumerate(filled) if count]
    if not used:
        return None
    if (grouped := _group_header(top)) is not None:
        return grouped
    names = {name.casefold() for name in wanted}
    for i in used:
        if sum(cell.strip().casefold() in names for cell in top[i]) >= 2:
            return i
    # The commonest width, not the largest: one row with a stray note must not make the table wider than it is.
    width = Counter(count for count in filled if count).most_common(1)[0][0] if len(used) > 2 else max(filled)
    width = max(width, 2)
    return next((i for i in used if filled[i] >= max(2, 0.6 * width)), used[0])


def _group_header(rows: Sequence[Row]) -> int | None:
    """The row of names below a row of groups: names that repeat, under fewer cells that stand over several of them."""
    for i in range(1, min(len(rows), _GROUPS_WITHIN)):
        cells = [cell.strip() for cell in rows[i] if cell.strip()]
        groups = {cell.strip() for cell in rows[i - 1] if cell.strip()}
        # Numbers are rows of the table and no names; only dates may be either.
        if any(_VALUE.fullmatch(cell) and not _is_date(cell) for cell in (*cells, *groups)):
            continue
        if len(cells) >= 4 and len(set(cells)) < len(cells) and 2 <= len(groups) < len(cells):
            return i
    return None


def _is_date(text: str) -> bool:
    """Whether a cell of digits and dots is written as a date: ``202011``, ``01.11.2020``."""
    return bool(_DATE.fullmatch(text))


def name_groups(header: Sequence[str], above: Sequence[str]) -> list[str] | None:
    """Names that repeat, told apart by the groups above them; None where these do not tell them apart."""
    groups: list[str] = []
    for i in range(len(header)):
        cell = above[i].strip() if i < len(above) else ""
        # A merged cell is written once, at its left end, and empty under the rest.
        groups.append(cell or (groups[-1] if groups else ""))
    made = [f"{group} {name}".strip() if name else name for group, name in zip(groups, header, strict=True)]
    known = [name for name in made if name]
    return made if len(set(known)) == len(known) and any(groups) else None


def count_footnotes(rows: Sequence[Row], width: int) -> int:
    """How many rows at the end are footnotes: one cell of text, or little text after a blank row.

    Parameters
    ----------
    rows
        The last rows of the file.
    width
        Columns of the table.
    """
    if width < 3:
        return 0
    last = 0
    blank_above = False
    for i, row in enumerate(reversed(rows[-_LONGEST_FOOT:]), start=1):
        filled = [cell.strip() for cell in row if cell.strip()]
        if not filled:
            blank_above = True
            if last == i - 1 or last:
                last = i
            continue
        # One cell of words at the left end; a number there is a row whose other cells are empty.
        if len(filled) == 1 and row[0].strip() and not _is_number(filled[0]):
            last = i
            continue
        break
    if last:
        return last
    return _after_blank(rows[-_LONGEST_FOOT:], width) if blank_above else 0


def _after_blank(rows: Sequence[Row], width: int) -> int:
    """Rows from the last blank one on, if all after it are much narrower than the table."""
    below = 0
    for i, row in enumerate(reversed(rows), start=1):
        filled = sum(bool(cell.strip()) for cell in row)
        if not filled:
            return i if below else 0
        if filled > width / 2:
            return 0
        below = i
    return 0


def _is_number(text: str) -> bool:
    return text.replace(",", "").replace(".", "").replace("-", "").isdigit()
