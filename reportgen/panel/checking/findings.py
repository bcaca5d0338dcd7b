"""What is wrong with a table, as data: one finding per kind of problem and column.

A problem knows the rows it is about; a finding is what people read: what is wrong, where, what was
found (count and first rows) and what to do. Which problems exist is decided in ``contract.py``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reportgen.results import Finding, Severity

__all__ = ["NO_ROWS", "Finding", "Problem", "Severity", "not_affected", "of_table", "plural", "quote", "word"]

FIRST_ROWS = 3


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Problem:
    """A finding before it is worded. ``rows`` are 0-based positions in the table, ascending.

    ``text`` and ``advice`` may hold ``{rows}`` (``3 rows (row 7 "abc", ...)``). ``show`` gives the value to quote
    for a row position. An error without rows blocks the whole table.
    """

    code: str
    severity: Severity
    column: str | None
    text: str
    advice: str
    rows: NDArray[np.intp]
    show: Callable[[int], str] | None = None
    count: int | None = None


NO_ROWS: NDArray[np.intp] = np.empty(0, dtype=np.intp)


def of_table(
    code: str, severity: Severity, text: str, advice: str = "", *, column: str | None = None, count: int | None = None
) -> Problem:
    """What is to be said of the whole table or of a column, not of rows."""
    return Problem(code=code, severity=severity, column=column, text=text, advice=advice, rows=NO_ROWS, count=count)


def word(problem: Problem, source: str, file_rows: NDArray[np.intp], market: str | None) -> Finding:
    """Finding of a problem; ``file_rows[i]`` is the row number in the file of table row i."""
    first = problem.rows[:FIRST_ROWS]
    quoted = [_quote_row(int(file_rows[i]), problem.show(int(i)) if problem.show else None) for i in first]
    count = plural(problem.rows.size, "row")
    listed = f"first: {', '.join(quoted)}, …" if problem.rows.size > FIRST_ROWS else ", ".join(quoted)
    rows = f"{count} ({listed})" if quoted else ""
    text = problem.text.replace("{rows}", rows)
    where = f" in market {quote(market)}" if market is not None and problem.severity == "error" else ""
    return Finding(
        code=problem.code,
        severity=problem.severity,
        column=problem.column,
        market=market,
        count=problem.rows.size if problem.count is None else problem.count,
        rows=tuple(int(file_rows[i]) for i in first),
        message=f"{source}: {text}{where}. {problem.advice}".rstrip(),
    )


def plural(count: int, noun: str) -> str:
    """Count and noun: ``1 row``, ``1,200 rows``."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def not_affected(good: int, markets: int) -> str:
    """What to do where only some of the markets are bad."""
    verb = "is" if good == 1 else "are"
    return (
        f'{good:,} of {markets:,} markets {verb} not affected: panel.bad_markets = "contain" '
        f"builds {'it' if good == 1 else 'them'} and refuses the rest."
    )


def quote(value: str, limit: int = 40) -> str:
    """Value in double quotes, invisible characters escaped, shortened in the middle of a line."""
    # A code with an invisible character looks right in a message unless its number is shown.
    visible = "".join(c if c.isprintable() or c == "\u00a0" else f"\\u{ord(c):04x}" for c in value)
    return f'"{visible}"' if len(visible) <= limit else f'"{visible[: limit - 1]}…"'


def _quote_row(number: int, value: str | None) -> str:
    return f"row {number}" if value is None else f"row {number} {quote(value)}"
