"""Runs every check of the data contract over a table and keeps what they parsed on the way.

The order is: columns, keys, periods, numbers, then what needs several of them (duplicates, span, gaps). All of it is
vectorised; only distinct texts are looked at one by one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from reportgen.panel.checking.findings import NO_ROWS, Problem, of_table, plural, quote
from reportgen.panel.checking.key_checks import Keys, check_keys, read_keys, read_levels, split_rows
from reportgen.panel.checking.period_checks import check_calendar, explain_repeats, place_years, read_periods
from reportgen.panel.checking.spellings import check_spellings, join_spellings
from reportgen.panel.checking.total_checks import check_sums_of_periods, check_totals
from reportgen.panel.checking.value_checks import read_values
from reportgen.panel.reading.columns import ONE_MARKET, Columns, MissingColumn, find_columns
from reportgen.panel.reading.raw import RaggedRow, RawTable
from reportgen.panel.reading.values.numbers import blank_cells, texts
from reportgen.panel.reading.values.source_conventions import Conventions, find_conventions
from reportgen.settings.formula import NAMES
from reportgen.settings.messages import did_you_mean
from reportgen.settings.sections import Settings

if TYPE_CHECKING:
    import pandas as pd

ACCEPTABLE = frozenset({"sum-of-others", "same-series", "same-rows", "time-at-edge", "left-out-sheets", "placeholder"})
"""Errors that a user may say are meant (``panel.accept``)."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Checked:
    """A table after the checks; n rows that are not blank.

    ``market`` and ``pharmacy`` are positions in ``market_codes`` and ``pharmacy_codes`` (sorted), -1 where empty;
    ``period`` is the period index, -1 where there is none; ``values`` holds the number columns; all ``(n,)``.
    ``levels`` are the columns of which a pharmacy has one value (territory, moderators), by name: that of its first row
    that has one, in every row.
    ``file_rows`` are their row numbers in the file, ``currency`` is that of sales
    ("": not known), ``how`` says how numbers and dates were read. Without the needed columns every array is empty.
    """

    problems: tuple[Problem, ...]
    columns: Columns
    file_rows: NDArray[np.intp]
    market: NDArray[np.intp]
    market_codes: tuple[str, ...]
    pharmacy: NDArray[np.intp]
    pharmacy_codes: tuple[str, ...]
    period: NDArray[np.int64]
    values: Mapping[str, NDArray[np.float64]]
    levels: Mapping[str, Keys] = field(default_factory=dict)
    currency: str = ""
    how: Conventions | None = None


def run_checks(raw: RawTable, settings: Settings, conventions: Conventions | None = None) -> Checked:
    """All problems of a table; never raises on any table a reader returns.

    ``conventions`` are those of the source, where the table is only a part of it.
    """
    if not settings.panel.market and ONE_MARKET not in raw.frame.columns:
        raw = replace(raw, frame=raw.frame.assign(**{ONE_MARKET: settings.report.title}))
    columns = find_columns([str(name) for name in raw.frame.columns], settings.panel, settings.model.moderators)
    problems = _check_columns(raw, columns, settings)
    if any(problem.severity == "error" for problem in problems):
        # Without the needed columns there is nothing to look at: the other checks would only repeat that.
        nothing = NO_ROWS.astype(np.int64)
        return Checked(
            problems=tuple(problems),
            columns=columns,
            file_rows=NO_ROWS,
            market=NO_ROWS,
            market_codes=(),
            pharmacy=NO_ROWS,
            pharmacy_codes=(),
            period=nothing,
            values={},
        )
    frame, file_rows, whole = _drop_blank_rows(raw, columns, problems)
    market, pharmacy = read_keys(frame[columns.market]), read_keys(frame[columns.pharmacy])
    if settings.panel.leave_out:
        kept = ~_left_out(market, pharmacy, settings.panel.leave_out, columns, problems)
        frame, file_rows, whole = frame[kept], file_rows[kept], whole[kept]
        # Read again: codes that only the rows left out had are no markets and no pharmacies.
        market, pharmacy = read_keys(frame[columns.market]), read_keys(frame[columns.pharmacy])
    if settings.panel.spellings == "join":
        market, pharmacy, found = join_spellings(market, pharmacy, columns)
        problems += found
    problems += check_keys(market, pharmacy, columns, whole)
    levels, found = read_levels(frame, columns, market, pharmacy, whole)
    problems += found
    as_of = _as_of(settings)
    how = conventions or find_conventions(raw.frame, columns, settings, raw.delimiter)
    months, found = place_years(frame, columns, settings.panel, raw)
    problems += found
    period, found = read_periods(
        months, columns.month, settings.panel, how.dates, as_of, whole, from_1904=raw.from_1904
    )
    problems += found
    values, found = read_values(frame, columns, how, settings, market.codes, whole)
    problems += found
    problems += check_calendar(market, pharmacy, period, columns, settings.panel, whole)
    sales, ask = values[columns.sales], settings.panel.spellings == "ask"
    if summed := check_sums_of_periods(market, pharmacy, period, sales, columns):
        problems = [summed, *_without(problems, summed.rows)]
    # Sums are looked for among the rows that will be used; where rows are yet to be added up, these are not there.
    if not settings.panel.aggregate:
        problems += check_totals(market, pharmacy, period, sales, columns)
    problems += check_spellings(market, pharmacy, period, sales, columns, ask=ask)
    problems = explain_repeats(problems, months, columns.month)
    problems = [_accepted(problem, settings.panel.accept) for problem in problems]
    return Checked(
        problems=tuple(problems),
        columns=columns,
        file_rows=file_rows,
        market=market.codes,
        market_codes=market.names,
        pharmacy=pharmacy.codes,
        pharmacy_codes=pharmacy.names,
        period=period,
        values=values,
        levels=levels,
        currency=how.said,
        how=how,
    )


def split_markets(checked: Checked, order: NDArray[np.intp]) -> Iterator[tuple[str, NDArray[np.intp]]]:
    """Code and rows of each market, the rows in their order; those without a market are left out."""
    for rows in split_rows(checked.market, order[checked.market[order] >= 0]):
        yield checked.market_codes[int(checked.market[rows[0]])], rows


def _without(problems: list[Problem], rows: NDArray[np.intp]) -> list[Problem]:
    """Problems of other rows than these, which are wrong as a whole."""
    made = []
    for problem in problems:
        left = problem.rows[~np.isin(problem.rows, rows)]
        if left.size == problem.rows.size or problem.severity != "error":
            made.append(problem)
        elif left.size:
            made.append(replace(problem, rows=left, count=None))
    return made


def _accepted(problem: Problem, codes: tuple[str, ...]) -> Problem:
    """Problem as a note where the settings say that it is meant; errors of values that cannot be used stay errors."""
    if problem.code not in codes or problem.code not in ACCEPTABLE:
        return problem
    return replace(problem, severity="note", advice="Accepted by panel.accept.")


def _left_out(
    market: Keys, pharmacy: Keys, codes: tuple[str, ...], columns: Columns, problems: list[Problem]
) -> NDArray[np.bool_]:
    """Which rows have a market or pharmacy that is to be left out, ``(n,)``."""
    out = np.zeros(market.codes.size, dtype=bool)
    for keys in (market, pharmacy):
        chosen = [i for i, name in enumerate(keys.names) if name in codes]
        out |= np.isin(keys.codes, chosen)
    if out.any():
        problems.append(
            of_table(
                "left-out",
                "note",
                f"{plural(int(out.sum()), 'row')} left out, as panel.leave_out says",
                column=columns.pharmacy,
                count=int(out.sum()),
            )
        )
    return out


def _as_of(settings: Settings) -> date:
    try:
        return date.fromisoformat(settings.run.as_of)
    except ValueError:
        return date.today()  # noqa: DTZ011 - the reader's own calendar is meant


def _check_columns(raw: RawTable, columns: Columns, settings: Settings) -> list[Problem]:
    problems = [_missing_column(raw, columns, missing, settings) for missing in columns.missing]
    if len(raw.frame) == 0 and not any(problem.severity == "error" for problem in problems):
        problems.append(
            of_table("no-rows", "error", "the table has column names but no rows", "Export the table again.")
        )
    for wanted, found in columns.renamed:
        problems.append(
            of_table("column-renamed", "note", f"column {quote(found)} is read as {wanted}", column=found, count=1)
        )
    if raw.sums:
        names = ", ".join(quote(name) for name in raw.sums[:6]) + (", …" if len(raw.sums) > 6 else "")
        text = f"{plural(len(raw.sums), 'column')} that only sum up the periods left out ({names})"
        problems.append(of_table("sum-columns", "note", text, count=len(raw.sums)))
    if raw.left_out:
        lines = "1 line" if len(raw.left_out) == 1 else f"{len(raw.left_out)} lines"
        problems.append(
            of_table(
                "footnotes",
                "note",
                f"{lines} below the table left out (first: {quote(raw.left_out[0])})",
                count=len(raw.left_out),
            )
        )
    if raw.assumed_encoding:
        problems.append(
            of_table(
                "assumed-encoding",
                "warning",
                f"the text is not UTF-8 and is read as {raw.encoding}",
                "Check the names in the report, or save the file as UTF-8.",
                count=1,
            )
        )
    return problems


def _missing_column(raw: RawTable, columns: Columns, missing: MissingColumn, settings: Settings) -> Problem:
    # A table without any spare column has no promotion at all: that is a report without effects, not a wrong name.
    default = missing.role == "promotion" and settings.panel.promotion == ("promotion",)
    if default and not missing.proposals and not columns.spare:
        return of_table(
            "no-promotion",
            "warning",
            "there is no promotion column, so no promotion effect can be estimated",
            "Add the column, or set panel.promotion to its name.",
            count=1,
        )
    names = ", ".join(quote(str(name)) for name in list(raw.frame.columns)[:12])
    more = ", …" if len(raw.frame.columns) > 12 else ""
    key = {"control": "panel.controls", "moderator": "model.moderators"}.get(missing.role, f"panel.{missing.role}")
    advice = f"Set {key} to the right name."
    if settings.model.formula and missing.role in ("control", "moderator"):
        advice = "Set it right in model.formula."
    if missing.proposals:
        advice = f"Did you mean {quote(missing.proposals[0])}? {advice}"
    elif settings.model.formula and (near := did_you_mean(missing.wanted, NAMES)):
        advice = f"{near.strip()} {advice}"
    return of_table(
        "missing-column",
        "error",
        f"there is no column {quote(missing.wanted)} ({missing.role}); the columns are {names}{more}",
        advice,
        column=missing.wanted,
        count=1,
    )


def _drop_blank_rows(
    raw: RawTable, columns: Columns, problems: list[Problem]
) -> tuple[pd.DataFrame, NDArray[np.intp], NDArray[np.bool_]]:
    """Rows with something in a used column, their file rows, and which of them are whole (not ragged)."""
    whole = np.ones(len(raw.frame), dtype=bool)
    whole[[row.position for row in raw.ragged]] = False
    again = _repeated_header(raw)
    if again.any():
        count = int(again.sum())
        text = f"{plural(count, 'row')} with the names of the columns again left out"
        problems.append(of_table("repeated-header", "note", text, count=count))
        raw = replace(raw, frame=raw.frame[~again], lines=raw.file_rows()[~again], ragged=_moved(raw, again))
        whole = whole[~again]
    blank = whole.copy()
    for name in (columns.market, columns.pharmacy, columns.month, *columns.numbers):
        if blank.any():
            blank &= blank_cells(raw.frame[name])
    frame, file_rows = raw.frame, raw.file_rows()
    if blank.any():
        problems.append(
            of_table("blank-rows", "note", f"{plural(int(blank.sum()), 'blank row')} left out", count=int(blank.sum()))
        )
        frame, file_rows, whole = frame[~blank], file_rows[~blank], whole[~blank]
        if blank.all():
            problems.append(of_table("no-rows", "error", "every row of the table is blank", "Export the table again."))
    if not whole.all():
        widths = dict(zip(raw.file_rows()[[row.position for row in raw.ragged]].tolist(), raw.ragged, strict=True))
        problems.append(
            Problem(
                code="ragged-row",
                severity="error",
                column=None,
                text="the number of fields differs from the header in {rows}",
                advice="Quote fields that hold the delimiter, or export the table again.",
                rows=np.flatnonzero(~whole),
                show=lambda i: _widths(widths[int(file_rows[i])].found, len(raw.frame.columns)),
            )
        )
    return frame, file_rows, whole


def _repeated_header(raw: RawTable) -> NDArray[np.bool_]:
    """Rows whose cells are the names of their columns, as where exports were put one below the other."""
    import pyarrow.compute as pc

    found = np.ones(len(raw.frame), dtype=bool)
    for name in raw.frame.columns:
        if name == ONE_MARKET:
            continue
        if not found.any() or raw.frame[name].dtype.kind in "biufcM":
            return np.zeros(len(raw.frame), dtype=bool)
        same = pc.fill_null(pc.equal(texts(raw.frame[name]), str(name)), fill_value=False)
        found &= np.array(same.to_numpy(zero_copy_only=False), dtype=bool)
    return found


def _moved(raw: RawTable, gone: NDArray[np.bool_]) -> tuple[RaggedRow, ...]:
    """The ragged rows at their places once others are gone."""
    place = np.cumsum(~gone) - 1
    return tuple(replace(row, position=int(place[row.position])) for row in raw.ragged if not gone[row.position])


def _widths(found: int, expected: int) -> str:
    return f"{found} fields, not {expected}"
