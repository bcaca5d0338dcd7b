"""Months and weeks of a table: can they be read, are they plausible, is each pharmacy's calendar in order."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from reportgen.panel.checking.column_problems import are, no_result
from reportgen.panel.checking.findings import Problem, Severity, of_table, plural, quote
from reportgen.panel.checking.key_checks import Keys
from reportgen.panel.periods import PeriodType, period_label, period_of
from reportgen.panel.reading.columns import Columns
from reportgen.panel.reading.layouts.arrange import join_years
from reportgen.panel.reading.layouts.years import are_parts, find_years
from reportgen.panel.reading.raw import RawTable
from reportgen.panel.reading.values.date_order import DateConvention
from reportgen.panel.reading.values.dates import ASSUMED_YEAR, EARLIEST, LATEST, ParsedPeriods, is_typed, parse_periods
from reportgen.panel.reading.workbook import NO_RESULT
from reportgen.settings.sections import PanelSettings

if TYPE_CHECKING:
    import pandas as pd

SPAN_LIMIT = {"month": 40 * 12, "week": 40 * 52, "quarter": 40 * 4}
EXAMPLE = {"month": "2021-01", "week": "2021-01-04, the Monday, or 2021-W01", "quarter": "2021-Q1"}
_YEAR = re.compile(r"(?<!\d)(?:19|20)\d{2}(?!\d)")
Periods = NDArray[np.int64]
Rows = NDArray[np.bool_]
ProblemOf = Callable[..., list[Problem]]


def place_years(
    frame: pd.DataFrame, columns: Columns, panel: PanelSettings, raw: RawTable
) -> tuple[pd.Series, list[Problem]]:
    """The column of months, with the year of a column beside it where the months have none; and what is to be said."""
    column = frame[columns.month]
    if panel.year or is_typed(column) or not are_parts(column):
        return column, []
    found = find_years(frame, columns.spare)
    # A year that each pharmacy has one of says when it opened, and not when it sold.
    of_pharmacy = frame[[one.name for one in found]].groupby([frame[columns.market], frame[columns.pharmacy]]).nunique()
    certain = [
        one for one in found if one.certain and (of_pharmacy[one.name].max() > 1 or frame[one.name].nunique() < 2)
    ]
    chosen = [one for one in certain if one.kind == "calendar"] or certain
    month = columns.month
    if len(chosen) == 1:
        (year,) = chosen
        if year.kind == "financial" and not panel.year_begins:
            text = f'{month} has no year, and {year.name} holds financial years ("{year.example}")'
            advice = "Set panel.year_begins to the month (1 to 12) in which they begin."
            return column, [of_table("financial-year", "error", text, advice, column=month, count=1)]
        joined = join_years(frame[year.name], column, panel, financial=year.kind == "financial")
        joined.index = column.index
        text = f"{month} has no year; the years of {year.name} are taken"
        return joined, [of_table("year-beside", "note", text, column=month, count=len(frame))]
    if found:
        names = ", ".join(quote(one.name) for one in found)
        text = f"{month} has no year, which may stand in {names}"
        advice = f'Set panel.month = ["{found[0].name}", "{month}"], or panel.year if all rows are of one year.'
        return column, [of_table("assumed-year", "error", text, advice, column=month, count=1)]
    spoken = _YEAR.search(" ".join([raw.source, *(cell for row in raw.above for cell in row)]))
    if spoken:
        text = f"{month} has no year, but the name of the file or a line above the table speaks of {spoken[0]}"
        advice = f"Set panel.year = {spoken[0]} if all rows are of that year."
        return column, [of_table("assumed-year", "error", text, advice, column=month, count=1)]
    return column, []


def explain_repeats(problems: list[Problem], column: pd.Series, month: str) -> list[Problem]:
    """Problems with the cause where months without a year repeat or are no dates."""
    wanted = {"duplicate-rows", "bad-month"}
    if not any(problem.code in wanted for problem in problems) or is_typed(column) or not are_parts(column):
        return problems
    advice = f'{month} has no year: add a column of years and set panel.month = ["year", "{month}"].'
    return [replace(problem, advice=advice) if problem.code in wanted else problem for problem in problems]


def read_periods(
    column: pd.Series,
    name: str,
    panel: PanelSettings,
    convention: DateConvention,
    as_of: date,
    whole: Rows,
    *,
    from_1904: bool = False,
) -> tuple[Periods, list[Problem]]:
    """Period index of each row (-1: none), and what is wrong with the column.

    Parameters
    ----------
    as_of
        The day after which a period lies in the future; its year is not used for months without one.
    whole
        ``(n,)`` rows to judge; the others are reported elsewhere.
    """
    period_type = panel.period
    parsed = parse_periods(
        column,
        period_type,
        panel.year or ASSUMED_YEAR,
        convention,
        timezone=panel.timezone,
        from_1904=from_1904,
    )

    def show(i: int) -> str:
        return str(column.iloc[i])

    def problem(code: str, severity: Severity, rows: Rows, text: str, advice: str) -> list[Problem]:
        found = np.flatnonzero(rows & whole)
        if not found.size:
            return []
        return [Problem(code=code, severity=severity, column=name, text=text, advice=advice, rows=found, show=show)]

    if parsed.bad.any():
        unknown = parsed.bad & are(column, NO_RESULT)
        parsed = replace(parsed, bad=parsed.bad & ~unknown)
    else:
        unknown = parsed.bad
    problems = [
        *no_result(name, unknown, whole),
        *_cell_problems(parsed, problem, name, period_type, _day_numbers(column, parsed)),
        *_check_edge(parsed, problem, name, whole),
        *problem(
            "assumed-year",
            "note" if panel.year else "warning",
            parsed.no_year,
            f"{name} has no year in {{rows}}; "
            + (f"panel.year says {panel.year}" if panel.year else f"{ASSUMED_YEAR} is assumed"),
            "" if panel.year else f"Set panel.year, or write it as {EXAMPLE[period_type]}.",
        ),
        *problem("excel-date", "warning", parsed.serial, f"{name} is read as an Excel day number in {{rows}}", ""),
        *problem("time-zone", "warning", parsed.zone, f"{name} has a time zone, which is ignored, in {{rows}}", ""),
        *problem(
            "future-period",
            "warning",
            parsed.index > period_of(as_of, period_type),
            f"{name} lies after {as_of.isoformat()} in {{rows}}",
            "Leave out forecasts, or correct the date.",
        ),
    ]
    return parsed.index, [*problems, *_check_styles(parsed, name, whole)]


def _cell_problems(
    parsed: ParsedPeriods, problem: ProblemOf, name: str, period_type: PeriodType, numbers: Rows
) -> list[Problem]:
    """What is wrong with single cells; ``numbers`` are those that hold the number of a day."""
    kind = f"a {period_type}"
    example = EXAMPLE[period_type]
    length = "quarter" if "quarter" in parsed.styles else "week"
    other = f'Set panel.period = "{length}".' if length != period_type else f"Write it as {example}."
    return [
        *problem(f"missing-{period_type}", "error", parsed.missing, f"{name} is empty in {{rows}}", "Fill it."),
        *problem(
            f"bad-{period_type}", "error", parsed.bad, f"{name} is not {kind} in {{rows}}", f"Write it as {example}."
        ),
        *problem(
            "impossible-date",
            "error",
            parsed.impossible,
            f"{name} is no possible date between {EARLIEST} and {LATEST} in {{rows}}",
            f"Correct it; write it as {example}.",
        ),
        *problem(
            "ambiguous-date",
            "error",
            parsed.ambiguous & ~numbers & ~parsed.lost_zero,
            f"{name} does not say which number is the day, the month or the year in {{rows}}",
            f"Set panel.dates, or write it as {example}.",
        ),
        *problem(
            "lost-zero",
            "error",
            parsed.lost_zero,
            f"{name} may be January, or October whose zero was lost when dates became numbers, in {{rows}}",
            f"Format the column as text where it comes from, or write {example}.",
        ),
        *problem(
            "day-number",
            "error",
            numbers,
            f"{name} holds day numbers that count from 1970, 1960 or 1900 in {{rows}}",
            f"Write dates, such as {example}.",
        ),
        *problem("other-period", "error", parsed.other, f"{name} is not {kind} but a {length} in {{rows}}", other),
    ]


def _day_numbers(column: pd.Series, parsed: ParsedPeriods) -> Rows:
    return parsed.ambiguous if parsed.styles == ("day number",) else np.zeros(len(column), dtype=bool)


def _check_edge(parsed: ParsedPeriods, problem: ProblemOf, name: str, whole: Rows) -> list[Problem]:
    """Times that are midnight of the next period in another zone, where most of the column looks like that."""
    # A time near midnight is a time; a whole column of them is midnight, written by a clock elsewhere.
    if parsed.edge[whole].sum() <= 0.5 * max(int((parsed.index[whole] >= 0).sum()), 1):
        return []
    found: list[Problem] = problem(
        "time-at-edge",
        "error",
        parsed.edge,
        f"{name} has times that belong to another period where local midnight is meant, in {{rows}}",
        'Set panel.timezone to the zone of the table, e.g. "Asia/Kolkata", or to "UTC" to read them as written.',
    )
    return found


def _check_styles(parsed: ParsedPeriods, name: str, whole: Rows) -> list[Problem]:
    if len(parsed.styles) < 2:
        return []
    return [
        Problem(
            code="mixed-dates",
            severity="warning",
            column=name,
            text=f"{name} is written in {len(parsed.styles)} different ways ({', '.join(parsed.styles)})",
            advice="Check that each is read as meant.",
            rows=np.flatnonzero(whole)[:0],
            count=len(parsed.styles),
        )
    ]


def check_calendar(
    market: Keys, pharmacy: Keys, period: Periods, columns: Columns, panel: PanelSettings, whole: Rows
) -> list[Problem]:
    """Duplicates and an absurd span (errors), gaps (a note), over rows that have all three keys."""
    rows = np.flatnonzero((market.codes >= 0) & (pharmacy.codes >= 0) & (period >= 0) & whole)
    if not rows.size:
        return []
    # By market, pharmacy, period, and in a period as in the file (lexsort takes its last key first): whatever repeats
    # or is missing then shows between neighbours.
    order = rows[np.lexsort((rows, period[rows], pharmacy.codes[rows], market.codes[rows]))]
    same_pharmacy = (np.diff(market.codes[order]) == 0) & (np.diff(pharmacy.codes[order]) == 0)
    step = np.diff(period[order])
    period_type = panel.period
    problems = []
    if not panel.aggregate:
        problems = _check_duplicates(order, same_pharmacy & (step == 0), pharmacy, period, columns, period_type)
    problems += _check_span(order, market, period, columns, period_type)
    gap = same_pharmacy & (step > 1)
    if gap.any():
        problems.append(
            Problem(
                code="gaps",
                severity="note",
                column=columns.month,
                text=f"{plural(int(gap.sum()), 'gap')}, {plural(int((step[gap] - 1).sum()), period_type)} in all, "
                "between the records of pharmacies; rows whose lags they hold are not used",
                advice="",
                rows=np.sort(order[1:][gap]),
                count=int(gap.sum()),
            )
        )
    return problems


def _check_duplicates(
    order: NDArray[np.intp],
    repeats: Rows,
    pharmacy: Keys,
    period: Periods,
    columns: Columns,
    period_type: PeriodType,
) -> list[Problem]:
    if not repeats.any():
        return []
    again = np.zeros(order.size, dtype=bool)
    # Both rows of a pair are named, not only the later one.
    again[1:] |= repeats
    again[:-1] |= repeats
    rows = np.sort(order[again])
    advice = "Keep one row each."
    if repeats.sum() > 0.2 * order.size:
        sales, doses = columns.sales, "".join(f', {name} = "sum"' for name in columns.promotion)
        advice = (
            f'Many rows repeat a {period_type}: set panel.aggregate = {{{sales} = "sum"{doses}}} to add them up, '
            "name a column that tells them apart in panel.market or panel.pharmacy, or "
            'set panel.period = "week" for weeks.'
        )

    def show(i: int) -> str:
        return f"{pharmacy.names[int(pharmacy.codes[i])]} {period_label(int(period[i]), period_type)}"

    return [
        Problem(
            code="duplicate-rows",
            severity="error",
            column=columns.month,
            text=f"the same {columns.market}, {columns.pharmacy} and {columns.month} occur more than once in {{rows}}",
            advice=advice,
            rows=rows,
            show=show,
        )
    ]


def _check_span(
    order: NDArray[np.intp], market: Keys, period: Periods, columns: Columns, period_type: PeriodType
) -> list[Problem]:
    """Rows far from their market's median period, in markets whose calendar is absurdly long."""
    limit = SPAN_LIMIT[period_type]
    codes, dates = market.codes[order], period[order]
    first = np.full(len(market.names), np.iinfo(np.int64).max)
    last = np.full(len(market.names), -1, dtype=np.int64)
    np.minimum.at(first, codes, dates)
    np.maximum.at(last, codes, dates)
    far: list[int] = []
    for code in np.flatnonzero(last - first >= limit):
        own = order[codes == code]
        # From the median: one mistyped year moves a mean, and is itself an end of the range.
        away = np.abs(period[own] - np.median(period[own])) >= limit / 2
        far += own[away].tolist()
    if not far:
        return []

    def show(i: int) -> str:
        return period_label(int(period[i]), period_type)

    return [
        Problem(
            code="absurd-span",
            severity="error",
            column=columns.month,
            text=f"{columns.month} stretches a market over more than {limit:,} {period_type}s; far from the others: "
            "{rows}",
            advice="Correct the year.",
            rows=np.sort(np.array(far, dtype=np.intp)),
            show=show,
        )
    ]
