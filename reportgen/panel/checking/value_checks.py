"""Sales, promotion, controls and cost: are they numbers, finite, and of a plausible sign and scale."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from reportgen.panel.checking.findings import NO_ROWS, Problem, Severity
from reportgen.panel.reading.columns import Columns
from reportgen.panel.reading.numbers import Convention, ParsedNumbers, find_convention, parse_numbers

if TYPE_CHECKING:
    import pandas as pd

ABSURD = 1e15
Rows = NDArray[np.bool_]


class _Column:
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


def read_values(
    frame: pd.DataFrame, columns: Columns, delimiter: str, response: str, market: NDArray[np.intp], whole: Rows
) -> tuple[Mapping[str, NDArray[np.float64]], list[Problem]]:
    """Number columns as float64 (NaN: missing or unusable), and what is wrong with them."""
    convention = find_convention([frame[name] for name in columns.numbers], delimiter)
    values: dict[str, NDArray[np.float64]] = {}
    problems: list[Problem] = _check_convention(convention, delimiter)
    for name in columns.numbers:
        parsed = parse_numbers(frame[name], convention)
        found = _Column(frame[name], name, whole)
        _check_numbers(found, parsed, convention)
        if name == columns.sales:
            _check_sales(found, parsed.values, response)
        elif name in columns.promotion:
            _check_promotion(found, parsed, market)
        elif name == columns.cost:
            found.add(
                "negative-cost", "error", parsed.values < 0, "is negative in {rows}", "A cost cannot be negative."
            )
        problems += found.problems
        values[name] = np.where(np.isfinite(parsed.values), parsed.values, np.nan)
    return values, problems


def _check_convention(convention: Convention, delimiter: str) -> list[Problem]:
    if not convention.undecided or delimiter != ";":
        return []
    return [
        Problem(
            code="ambiguous-numbers",
            severity="warning",
            column=None,
            text='numbers such as "1,200" could be whole or decimal; a decimal comma is assumed',
            advice="Write numbers without thousands separators.",
            rows=NO_ROWS,
            count=1,
        )
    ]


def _check_numbers(found: _Column, parsed: ParsedNumbers, convention: Convention) -> None:
    values = parsed.values
    advice = "Correct the values, or leave them empty if they are unknown."
    if convention.mixed:
        way = "a decimal comma" if convention.decimal_comma else "a decimal point"
        advice = f"Most numbers of the table are written with {way}: write all of them alike."
    known = ~np.isnan(values)
    bad = parsed.bad.copy()
    if parsed.truth.any() and not parsed.truth[known].all():
        bad |= parsed.truth
    found.add("bad-number", "error", bad, "is not a number in {rows}", advice)
    found.add("infinite", "error", np.isinf(values), "is infinite in {rows}", "Correct the values or leave them empty.")
    found.add(
        "absurd-number",
        "error",
        np.isfinite(values) & (np.abs(np.where(known, values, 0.0)) > ABSURD),
        f"is beyond ±{ABSURD:.0e} in {{rows}}",
        "Correct the values, or choose a larger unit.",
    )
    if parsed.percent.any():
        if parsed.percent[known & (values != 0)].all():
            found.add("percent", "note", parsed.percent, 'has percentages in {rows}; "45%" is read as 45')
        else:
            found.add(
                "mixed-percent",
                "error",
                parsed.percent,
                "has a percent sign only in {rows}",
                "Write all values with it, or none.",
            )
    if not bad.any():
        found.add("truth-values", "note", parsed.truth, "has TRUE and FALSE, read as 1 and 0, in {rows}")
    if known[found.whole].any() or bad.any():
        found.add("missing-values", "note", ~known & ~bad, "is empty in {rows}, which are not used")
    else:
        found.add("no-values", "warning", ~known, "is empty in all {rows}", "Nothing can be estimated without it.")


def _check_sales(found: _Column, values: NDArray[np.float64], response: str) -> None:
    advice = "Sales must be 0 or more; book returns in the month they belong to, or leave the value empty."
    found.add("negative-sales", "error", np.isfinite(values) & (values < 0), "is negative in {rows}", advice)
    if response == "log":
        found.add("zero-sales", "warning", values == 0, "is zero in {rows}, which a log response cannot use")


def _check_promotion(found: _Column, parsed: ParsedNumbers, market: NDArray[np.intp]) -> None:
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
