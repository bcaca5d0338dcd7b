"""The table as it was found: columns in file order, nothing judged yet."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeGuard

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pandas as pd


KeyFinder = Callable[[Sequence[str]], Sequence[str]]
"""Given the column names of a table, those that hold keys and must stay text."""


def is_number(value: object) -> TypeGuard[float]:
    """Whether a typed cell is a number; truth values are none, though Python counts them among the whole numbers."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def cell_text(value: object) -> str:
    """A typed value as the text of a key: 17.0 is 17."""
    # Whole numbers often come as floats, of columns that had an empty cell. Beyond 1e15 a double soon has no room for
    # every one of them, and digits that nobody wrote would be shown.
    return str(int(value)) if isinstance(value, float) and value.is_integer() and abs(value) < 1e15 else str(value)


@dataclass(frozen=True, slots=True, kw_only=True)
class RaggedRow:
    """A line with more or fewer fields than the header; ``position`` is its row of the frame (0-based)."""

    position: int
    expected: int
    found: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RawTable:
    """A table before the contract.

    Attributes
    ----------
    frame
        Columns of text (``str``) or of the type the source has; market and pharmacy are always text.
    source
        Base name of the file or folder, or the table's name: what messages call it.
    first_row
        Row number in the file of the first data row (2 where row 1 is the header).
    sha256
        Of the bytes of the file; of names and bytes for a folder; of the values for a database.
    delimiter
        Of a delimited text, else "".
    encoding
        Of a delimited text, else "".
    assumed_encoding
        True where the bytes do not say which encoding they are and UTF-8 does not fit.
    from_1904
        Whether day numbers count from 1904, as in workbooks of older Macs.
    ragged
        Lines that do not fit the header; in ``frame`` they are cut off, or filled with empty text.
    lines
        ``(n,)`` row number in the file of each row, where they do not simply follow one another.
    above
        Cells of the rows above the header that are not blank: titles, or names of groups of columns.
    left_out
        Texts of footnotes that do not belong to the table.
    sheets
        Names of the sheets read, of a workbook.
    sums
        Columns left out because they sum up those of the periods.
    layout
        How the table lay in the file, where that is not one row per market, pharmacy and period.
    """

    frame: pd.DataFrame
    source: str
    first_row: int
    sha256: str
    delimiter: str = ""
    encoding: str = ""
    assumed_encoding: bool = False
    ragged: tuple[RaggedRow, ...] = ()
    from_1904: bool = False
    lines: NDArray[np.intp] | None = None
    above: tuple[tuple[str, ...], ...] = ()
    left_out: tuple[str, ...] = ()
    sheets: tuple[str, ...] = ()
    sums: tuple[str, ...] = ()
    layout: str = ""

    def file_rows(self) -> NDArray[np.intp]:
        """Row number in the file of each row of ``frame``, ``(n,)``: its line, where it has lines."""
        if self.lines is not None:
            return self.lines
        return np.arange(self.first_row, self.first_row + len(self.frame), dtype=np.intp)
