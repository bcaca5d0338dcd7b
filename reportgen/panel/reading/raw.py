"""The table as it was found: columns in file order, nothing judged yet."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pandas as pd


KeyFinder = Callable[[Sequence[str]], Sequence[str]]
"""Given the column names of a table, those that hold keys and must stay text."""


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
    ragged
        Lines that do not fit the header; in ``frame`` they are cut off, or filled with empty text.
    """

    frame: pd.DataFrame
    source: str
    first_row: int
    sha256: str
    delimiter: str = ""
    encoding: str = ""
    assumed_encoding: bool = False
    ragged: tuple[RaggedRow, ...] = ()

    def file_rows(self) -> NDArray[np.intp]:
        """Row number in the file of each row of ``frame``, ``(n,)``."""
        return np.arange(self.first_row, self.first_row + len(self.frame), dtype=np.intp)
