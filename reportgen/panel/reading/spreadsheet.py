"""Excel workbooks (.xlsx, .xlsm, .xls, .xlsb, .ods) by calamine: cached values only, macros are never run.

Merged cells hold their value in every cell they cover. The header is the first row that names the wanted columns, so
a title above the table does no harm. Rejected: pandas' Excel reader, which turns ``NA`` into a missing value.
"""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from reportgen.errors import ReadError
from reportgen.panel.reading.raw import KeyFinder, RawTable

if TYPE_CHECKING:
    import pandas as pd
    from python_calamine import CalamineSheet, CalamineWorkbook

MAX_BYTES = 1024**3
_HEADER_SEARCH = 20

Cell = str | float | int | bool | date | time | timedelta | None


def read_spreadsheet(path: Path, sheet: str, keys: KeyFinder, wanted: Sequence[str]) -> RawTable:
    """One sheet as a table; the columns that ``keys`` finds become text, 123.0 as ``123``.

    Parameters
    ----------
    sheet
        Its name; empty for the first visible one.
    wanted
        Column names that show which row is the header.

    Raises
    ------
    ReadError
        ``damaged-file``, ``too-large``, ``protected``, ``missing-sheet``, ``empty-file``, ``duplicate-column``.
    """
    import pandas as pd

    _check_size(path)
    rows = _load(path, sheet)
    start = _find_header(rows, {name.casefold() for name in wanted})
    if start is None:
        raise ReadError(f"{path.name}: the sheet is empty. Name the right sheet in panel.table.", code="empty-file")
    header = _header(rows[start], path.name)
    width = len(header)
    body = [row[:width] for row in rows[start + 1 :]]
    while body and all(cell == "" for cell in body[-1]):
        body.pop()
    text = keys(header)
    columns = {name: _column([row[i] for row in body], text=name in text) for i, name in enumerate(header)}
    return RawTable(
        frame=pd.DataFrame({name: column for name, column in columns.items() if name}),
        source=path.name,
        first_row=start + 2,
        sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
    )


def _check_size(path: Path) -> None:
    if not zipfile.is_zipfile(path):
        return
    with zipfile.ZipFile(path) as archive:
        size = sum(item.file_size for item in archive.infolist())
    if size > MAX_BYTES:
        raise ReadError(
            f"{path.name}: the workbook unpacks to {size / 1024**2:,.0f} MiB, more than {MAX_BYTES / 1024**2:,.0f}. "
            "Export the table as CSV or Parquet.",
            code="too-large",
        )


def _load(path: Path, name: str) -> list[list[Cell]]:
    """Rows of the sheet from its first row, merged cells filled."""
    import python_calamine as calamine

    try:
        book = calamine.CalamineWorkbook.from_path(str(path))
        sheet = _choose(book, name, path.name)
        rows: list[list[Cell]] = [list(row) for row in sheet.to_python(skip_empty_area=False)]
        for (top, left), (bottom, right) in sheet.merged_cell_ranges or []:
            for i in range(top, min(bottom + 1, len(rows))):
                rows[i][left : right + 1] = [rows[top][left]] * len(rows[i][left : right + 1])
    except calamine.PasswordError as error:
        raise ReadError(
            f"{path.name}: the workbook is protected by a password. Save a copy without one.", code="protected"
        ) from error
    except (calamine.CalamineError, OSError, ValueError, OverflowError) as error:
        raise ReadError(
            f"{path.name}: the workbook cannot be read ({str(error).splitlines()[0][:160]}). Save it again as .xlsx.",
            code="damaged-file",
        ) from error
    return rows


def _choose(book: CalamineWorkbook, name: str, source: str) -> CalamineSheet:
    from python_calamine import SheetTypeEnum, SheetVisibleEnum

    sheets = [s for s in book.sheets_metadata if s.typ == SheetTypeEnum.WorkSheet]
    if name:
        if name not in {s.name for s in sheets}:
            raise ReadError(
                f'{source}: there is no sheet "{name}" (there are: {", ".join(s.name for s in sheets)}). '
                "Correct panel.table.",
                code="missing-sheet",
            )
        return book.get_sheet_by_name(name)
    visible = [s for s in sheets if s.visible == SheetVisibleEnum.Visible] or sheets
    if not visible:
        raise ReadError(f"{source}: the workbook has no sheet with cells. Export the table again.", code="empty-file")
    return book.get_sheet_by_name(visible[0].name)


def _find_header(rows: list[list[Cell]], wanted: set[str]) -> int | None:
    """First row that names a wanted column, else the first row that is not empty."""
    filled = [i for i, row in enumerate(rows) if any(cell != "" for cell in row)]
    for i in filled[:_HEADER_SEARCH]:
        if sum(str(cell).strip().casefold() in wanted for cell in rows[i]) >= 2:
            return i
    return filled[0] if filled else None


def _header(row: list[Cell], source: str) -> list[str]:
    header = [_text(cell) or "" for cell in row]
    header = [name.strip() for name in header]
    while header and not header[-1]:
        header.pop()
    repeated = sorted({name for name in header if name and header.count(name) > 1})
    if repeated:
        raise ReadError(
            f"{source}: a column name occurs more than once ({', '.join(repeated)}). Rename or remove one.",
            code="duplicate-column",
        )
    return header


def _column(cells: list[Cell], *, text: bool) -> pd.Series:
    import pandas as pd

    known = [cell for cell in cells if cell != "" and cell is not None]
    if not text and known and all(isinstance(cell, (int, float)) and not isinstance(cell, bool) for cell in known):
        return pd.Series([None if cell == "" else cell for cell in cells], dtype="float64")
    if not text and known and all(isinstance(cell, bool) for cell in known):
        return pd.Series([None if cell == "" else cell for cell in cells], dtype="boolean")
    return pd.Series([_text(cell) for cell in cells], dtype="str")


def _text(cell: Cell) -> str | None:
    """Cell as text, as a reader of the sheet would type it."""
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15:
        return str(int(cell))
    if isinstance(cell, datetime):
        return cell.isoformat(sep=" ")
    return None if cell is None else str(cell)
