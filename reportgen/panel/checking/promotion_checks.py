"""Promotion: what an empty one means, and is it of a plausible sign and scale."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from reportgen.panel.checking.column_problems import ColumnProblems
from reportgen.panel.reading.values.numbers import ParsedNumbers, is_text, matches, texts

MANY = 0.05
"""Share of a market's rows whose promotion may be empty without a question."""


def check_empty_promotion(
    found: ColumnProblems, parsed: ParsedNumbers, empty: Literal["ask", "zero", "missing"], market: NDArray[np.intp]
) -> ParsedNumbers:
    """Read empty promotion as the setting says; without one many of them are a question.

    ``-``, ``nil``, blanks and a lone ``x`` are empty.
    """
    values = parsed.values
    crosses = _crosses(found) if parsed.bad.any() else np.zeros(values.size, dtype=bool)
    bad = parsed.bad & ~crosses
    blank = (np.isnan(values) & ~bad & ~parsed.ambiguous) | crosses
    if not blank.any():
        return parsed
    if crosses.any() and not np.isfinite(values[found.whole]).any():
        found.add("tick-marks", "error", crosses, "has only marks in {rows}", "Write 1 for promoted and 0 for not.")
        return replace(parsed, bad=bad)
    if empty == "zero":
        found.add("empty-promotion", "note", blank, "is empty in {rows} and read as 0, as panel.empty_promotion says")
        return replace(parsed, values=np.where(blank, 0.0, values), bad=bad)
    if empty == "ask" and np.isfinite(values[found.whole]).any():
        asked = blank & found.whole & (market >= 0)
        counts = np.bincount(market[asked], minlength=int(market.max(initial=-1)) + 1)
        rows = np.bincount(market[market >= 0], minlength=counts.size)
        # Judged market by market: one that leaves all blank is not hidden by a thousand that do not.
        many = counts > MANY * np.maximum(rows, 1)
        found.add(
            "empty-promotion",
            "error",
            asked & (many[market] | crosses),
            "is empty in {rows}: this may mean no promotion, or not known",
            'Set panel.empty_promotion = "zero" for none, or "missing" to leave these rows out.',
        )
    return replace(parsed, values=np.where(crosses, np.nan, values), bad=bad)


def _crosses(found: ColumnProblems) -> NDArray[np.bool_]:
    if not is_text(found.column):
        return np.zeros(len(found.column), dtype=bool)
    return matches(texts(found.column), r"^\s*[xX✓✔×]\s*$")


def check_promotion(found: ColumnProblems, parsed: ParsedNumbers, market: NDArray[np.intp]) -> None:
    """Warn of negative promotion, and of shares in some markets beside percentages in others."""
    values = parsed.values
    found.add(
        "negative-promotion",
        "warning",
        values < 0,
        "is negative in {rows} and used as it is",
        "Check that a negative promotion is meant.",
    )
    usable = found.whole & np.isfinite(values) & (market >= 0)
    if not usable.any() or values[usable].min() < 0:
        return
    largest = np.zeros(int(market.max()) + 1)
    np.maximum.at(largest, market[usable], values[usable])
    # Only fractions speak of shares: a market of zeros and ones may count visits.
    fraction = np.zeros(largest.size, dtype=bool)
    whole_numbers = np.rint(values) == values
    fraction[market[usable & ~whole_numbers]] = True
    shares, others = (largest > 0) & (largest <= 1) & fraction, (largest > 1.5) & (largest <= 100)
    if shares.any() and others.any():
        found.add(
            "mixed-scale",
            "warning",
            usable & shares[market],
            "lies between 0 and 1 in some markets and goes beyond in others: {rows}",
            "Check that all markets use the same unit (share or percent).",
        )
