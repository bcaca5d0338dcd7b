"""What is wrong with one column, collected while its checks run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from reportgen.panel.checking.findings import Problem, Severity

if TYPE_CHECKING:
    import pandas as pd

Rows = NDArray[np.bool_]
ABSURD = 1e15
"""Beyond it no value is usable, whatever it stands for."""
_FAILED = r"#(n/a|nv|ref!|bezug!|value!|wert!|name\?|div/0!|num!|zahl!|null!|spill!|calc!|uncalculated!)"
ERROR_TEXT = rf"(?i)^\s*({_FAILED}|err:\d+)\s*$"
"""Text of a cell whose formula failed, in English and German, or has no result."""


def no_result(name: str, rows: Rows, whole: Rows) -> list[Problem]:
    """The error about formulas that nobody calculated, if there are any."""
    found = np.flatnonzero(rows & whole)
    if not found.size:
        return []
    text = f"{name} holds formulas without a result, or with a 0 in all of them, in {{rows}}"
    advice = (
        "The program that wrote the workbook does not calculate: open it in Excel or LibreOffice and save it, or save "
        "the table as CSV."
    )
    return [Problem(code="no-result", severity="error", column=name, text=text, advice=advice, rows=found)]


def are(column: pd.Series, text: str) -> Rows:
    """Which cells hold exactly a text, ``(n,)``."""
    return np.array([cell == text for cell in column.tolist()], dtype=bool)


class ColumnProblems:
    """Collects the problems of one column."""

    def __init__(self, column: pd.Series, name: str, whole: Rows) -> None:
        self.column, self.name, self.whole = column, name, whole
        self.problems: list[Problem] = []

    def add(self, code: str, severity: Severity, rows: Rows, text: str, advice: str = "") -> None:
        """Note a problem if any whole row has it; ``text`` follows the column's name."""
        found = np.flatnonzero(rows & self.whole)
        if found.size:
            self.problems.append(
                Problem(
                    code=code,
                    severity=severity,
                    column=self.name,
                    text=f"{self.name} {text}",
                    advice=advice,
                    rows=found,
                    show=lambda i: str(self.column.iloc[i]),
                )
            )
