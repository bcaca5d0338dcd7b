"""What is wrong with one column, collected while its checks run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from reportgen.panel.checking.findings import Problem, Severity

if TYPE_CHECKING:
    import pandas as pd

Rows = NDArray[np.bool_]


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
