"""Excel workbooks (.xlsx, .xlsm, .xls, .xlsb, .ods) by calamine: cached values only, macros are never run.

Merged cells hold their value in every cell they cover. The header is the first row that names the wanted columns, so
a title above the table does no harm. Rejected: pandas' Excel reader, which turns ``NA`` into a missing value.
"""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from reportgen.errors import ReadError
from reportgen.panel.reading.header import SEARCHED, count_footnotes, find_header, name_groups
from reportgen.panel.reading.raw import KeyFinder, RawTable, cell_text, is_number
from reportgen.panel.reading.workbook import WorkbookFacts, look_into
from reportgen.settings.coerce import fold_name

if TYPE_CHECKING:
    import pandas as pd
    from python_calamine import CalamineWorkbook

MAX_BYTES = 1024**3
SHEET = "sheet"
"""Column of the sheet's name, where several are read."""

Cell = str | float | int | bool | date | time | timedelta | None


def read_spreadsheet(path: Path, sheet: str, keys: KeyFinder, wanted: Sequence[str]) -> RawTable:
    """One sheet, or all visible ones with the same header, as a table.

    The columns that ``keys`` finds become text, 123.0 as ``123``. Where several sheets are read, a column
    :data:`SHEET` holds their names.

    Parameters
    ----------
    sheet
        Its name; empty for the visible ones.
    wanted
        Column names that show which row is the header.

    Raises
    ------
    ReadError
        ``damaged-file``, ``too-large``, ``protected``, ``missing-sheet``, ``empty-file``, ``duplicate-column``,
        ``other-sheets``.
    """
    _check_size(path)
    facts = look_into(path)
    loaded = _load(path, facts, sheet)
    tables = [table for name, rows in loaded.items() if (table := _table(name, rows, path.name, wanted)) is not None]
    if not tables:
        raise ReadError(f"{path.name}: the sheet is empty. Name the right sheet in panel.table.", code="empty-file")
    chosen = _alike(tables, path.name)
    text = keys(chosen[0].header)
    frame = _frame(chosen, text)
    return RawTable(
        frame=frame,
        source=path.name,
        first_row=chosen[0].start + 2,
        sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
        from_1904=facts.from_1904,
        lines=np.concatenate([np.arange(len(t.body)) + t.start + 2 for t in chosen]).astype(np.intp),
        above=tuple(row for row in chosen[0].above if any(row)),
        left_out=tuple(text for table in chosen for text in table.feet),
        sheets=tuple(table.name for table in chosen),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sheet:
    """A table on a sheet: its header in row ``start`` (from 0), its rows, what stands above and below them."""

    name: str
    header: list[str]
    start: int
    body: list[list[Cell]]
    above: tuple[tuple[str, ...], ...]
    feet: tuple[str, ...]


def _table(name: str, rows: list[list[Cell]], source: str, wanted: Sequence[str]) -> _Sheet | None:
    """The table of a sheet; None where it is empty or holds a few words only, such as a cover."""
    shown = [[_text(cell) or "" for cell in row] for row in rows[: SEARCHED * 2]]
    start = find_header(shown, wanted)
    if start is None:
        return None
    header = _header(rows[start], source, shown[start - 1] if start else ())
    # What stands right of the header, such as a remark, belongs to no column.
    body = [row[: len(header)] for row in rows[start + 1 :]]
    while body and all(cell in {"", None} for cell in body[-1]):
        body.pop()
    tail = [[_text(cell) or "" for cell in row] for row in body[-40:]]
    count = count_footnotes(tail, len(header)) if len(body) > 1 else 0
    feet = tuple(" ".join(cell for cell in row if cell) for row in tail[len(tail) - count :]) if count else ()
    if feet and any(feet):
        body = body[: len(body) - count]
    above = tuple(tuple(row[: len(header)]) for row in shown[:start])
    return _Sheet(
        name=name, header=header, start=start, body=body, above=above, feet=tuple(text for text in feet if text)
    )


def _alike(tables: list[_Sheet], source: str) -> list[_Sheet]:
    """Sheets with the header of the widest table; other sheets with a table of their own stop the reading.

    Raises
    ------
    ReadError
        ``other-sheets``.
    """
    # The longest of the sheets that are tables (three columns or more); a cover or a legend is none.
    main = max(tables, key=lambda table: (len(table.header) >= 3, len(table.body) > 0, len(table.body)))
    names = {fold_name(name) for name in main.header}
    same = [table for table in tables if {fold_name(name) for name in table.header} == names]
    others = [t.name for t in tables if t not in same and len(t.header) >= 3 and len(t.body) >= 2]
    if others:
        listed = ", ".join(f'"{name}"' for name in others)
        raise ReadError(
            f'{source}: sheet "{main.name}" has other columns than {listed}, and all of them hold tables. '
            f'Name the sheet to read in panel.table, e.g. "{main.name}".',
            code="other-sheets",
        )
    return same


def _frame(tables: list[_Sheet], text: Sequence[str]) -> pd.DataFrame:
    import pandas as pd

    header = tables[0].header
    places = [{fold_name(name): i for i, name in enumerate(table.header)} for table in tables]
    columns: dict[str, pd.Series] = {}
    for name in header:
        if name:
            cells = [
                row[place[fold_name(name)]] if place[fold_name(name)] < len(row) else ""
                for table, place in zip(tables, places, strict=True)
                for row in table.body
            ]
            columns[name] = _column(cells, text=name in text)
    if len(tables) > 1:
        columns[SHEET] = pd.Series([t.name for t in tables for _ in t.body], dtype="str")
    return pd.DataFrame(columns)


def _check_size(path: Path) -> None:
    if not zipfile.is_zipfile(path):
        return
    with zipfile.ZipFile(path) as archive:
        # What the archive says before anything is unpacked: a few megabytes may hold a thousand times as much.
        size = sum(item.file_size for item in archive.infolist())
    if size > MAX_BYTES:
        raise ReadError(
            f"{path.name}: the workbook unpacks to {size / 1024**2:,.0f} MiB, more than {MAX_BYTES / 1024**2:,.0f}. "
            "Export the table as CSV or Parquet.",
            code="too-large",
        )


def _load(path: Path, facts: WorkbookFacts, name: str) -> dict[str, list[list[Cell]]]:
    """Rows of the sheets to look at, from their first row, merged cells filled and errors as their text."""
    import python_calamine as calamine

    found: dict[str, list[list[Cell]]] = {}
    try:
        source = str(path) if facts.data is None else None
        book = calamine.CalamineWorkbook.from_path(source) if source else _from_bytes(facts.data or b"")
        for chosen in _choose(book, name, path.name):
            sheet = book.get_sheet_by_name(chosen)
            # With the empty rows above the table, so that row numbers are those that a reader of the sheet sees.
            rows: list[list[Cell]] = [list(row) for row in sheet.to_python(skip_empty_area=False)]
            for (top, left), (bottom, right) in sheet.merged_cell_ranges or []:
                for i in range(top, min(bottom + 1, len(rows))):
                    rows[i][left : right + 1] = [rows[top][left]] * len(rows[i][left : right + 1])
            # After the merged cells, so that an error inside one is seen where it stands.
            for (row, column), text in facts.errors.get(chosen, {}).items():
                if row < len(rows) and column < len(rows[row]):
                    rows[row][column] = text
            found[chosen] = rows
    except calamine.PasswordError as error:
        raise ReadError(
            f"{path.name}: the workbook is protected by a password. Save a copy without one.", code="protected"
        ) from error
    except (calamine.CalamineError, OSError, ValueError, OverflowError) as error:
        raise ReadError(
            f"{path.name}: the workbook cannot be read ({str(error).splitlines()[0][:160]}). Save it again as .xlsx.",
            code="damaged-file",
        ) from error
    return found


def _from_bytes(data: bytes) -> CalamineWorkbook:
    import io

    from python_calamine import CalamineWorkbook

    return CalamineWorkbook.from_filelike(io.BytesIO(data))


def _choose(book: CalamineWorkbook, name: str, source: str) -> list[str]:
    from python_calamine import SheetTypeEnum, SheetVisibleEnum

    sheets = [s for s in book.sheets_metadata if s.typ == SheetTypeEnum.WorkSheet]
    if name:
        if name not in {s.name for s in sheets}:
            raise ReadError(
                f'{source}: there is no sheet "{name}" (there are: {", ".join(s.name for s in sheets)}). '
                "Correct panel.table.",
                code="missing-sheet",
            )
        return [name]
    visible = [s.name for s in sheets if s.visible == SheetVisibleEnum.Visible] or [s.name for s in sheets]
    if not visible:
        raise ReadError(f"{source}: the workbook has no sheet with cells. Export the table again.", code="empty-file")
    return visible


def _header(row: list[Cell], source: str, above: Sequence[str] = ()) -> list[str]:
    header = [_text(cell) or "" for cell in row]
    header = [name.strip() for name in header]
    while header and not header[-1]:
        header.pop()
    repeated = sorted({name for name in header if name and header.count(name) > 1})
    if repeated and (told_apart := name_groups(header, above)):
        header, repeated = told_apart, []
    if repeated:
        raise ReadError(
            f"{source}: a column name occurs more than once ({', '.join(repeated)}). Rename or remove one.",
            code="duplicate-column",
        )
    return header


def _column(cells: list[Cell], *, text: bool) -> pd.Series:
    import pandas as pd

    known = [cell for cell in cells if cell != "" and cell is not None]
    if not text and known and all(map(is_number, known)):
        return pd.Series([None if cell == "" else cell for cell in cells], dtype="float64")
    if not text and known and all(isinstance(cell, bool) for cell in known):
        return pd.Series([None if cell == "" else cell for cell in cells], dtype="boolean")
    if not text and any(map(is_number, known)):
        mixed: list[object] = [cell if isinstance(cell, (int, float)) else _text(cell) for cell in cells]
        return pd.Series(mixed, dtype=object)  # numbers stay numbers beside a few texts
    return pd.Series([_text(cell) for cell in cells], dtype="str")


def _text(cell: Cell) -> str | None:
    """Cell as text, as a reader of the sheet would type it."""
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, datetime):
        return cell.isoformat(sep=" ")
    return None if cell is None else cell_text(cell)
