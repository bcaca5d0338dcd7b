"""Months, weeks and quarters of a column to period indices.

A column has few distinct dates, so each distinct text is read once, in Python (``date_forms.py``), under a convention
that looks at the whole source (``date_order.py``). Rejected: a general date parser, which guesses per value and
silently swaps day and month.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from reportgen.panel.periods import PeriodType, period_of
from reportgen.panel.reading.values.date_forms import Written, read_form
from reportgen.panel.reading.values.date_order import DateConvention, order_dates, resolve_three
from reportgen.panel.reading.values.numbers import texts

if TYPE_CHECKING:
    import pandas as pd

ASSUMED_YEAR = 2024
EARLIEST, LATEST = 1900, 2100
_MISSING, _BAD, _IMPOSSIBLE, _AMBIGUOUS, _SHORTER = -1, -2, -3, -4, -5
# Days between the beginnings of Excel's two calendars.
_DAYS_1904 = 1462
_LATE, _EARLY = 10 * 60, 14 * 60
"""Minutes of the day in UTC at which midnight strikes elsewhere: from UTC+14 back to UTC-14."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ParsedPeriods:
    """A column as periods. Arrays ``(n,)``.

    ``index`` is -1 where there is none: ``missing`` (empty), ``bad`` (not a date), ``impossible`` (month 13,
    30 February, or a year outside 1900-2100), ``ambiguous`` (day, month and year cannot be told apart), ``other``
    (a period of another length: a quarter where months are expected). ``styles`` are the ways of writing found;
    ``no_year`` and ``serial`` mark months without a year and Excel day numbers; ``zone`` times with a time zone;
    ``edge`` times whose period differs elsewhere on earth; ``lost_zero`` the ambiguous ones such as ``2021.1``.
    """

    index: NDArray[np.int64]
    missing: NDArray[np.bool_]
    bad: NDArray[np.bool_]
    impossible: NDArray[np.bool_]
    ambiguous: NDArray[np.bool_]
    other: NDArray[np.bool_]
    no_year: NDArray[np.bool_]
    serial: NDArray[np.bool_]
    zone: NDArray[np.bool_]
    edge: NDArray[np.bool_]
    lost_zero: NDArray[np.bool_]
    styles: tuple[str, ...]


def is_typed(column: pd.Series) -> bool:
    """Whether the column holds dates of a type of its own."""
    import pandas as pd

    return isinstance(column.dtype, pd.PeriodDtype) or column.dtype.kind == "M"


def survey_dates(column: pd.Series) -> frozenset[Written]:
    """Distinct forms of a column of text or numbers; typed dates say nothing."""
    import pyarrow.compute as pc

    if is_typed(column):
        return frozenset()
    return frozenset(read_form(value) for value in pc.unique(texts(column)).to_pylist() if value is not None)


def parse_periods(
    column: pd.Series,
    period_type: PeriodType,
    assumed_year: int = ASSUMED_YEAR,
    convention: DateConvention | None = None,
    *,
    timezone: str = "",
    from_1904: bool = False,
) -> ParsedPeriods:
    """Column as period indices; never raises.

    Parameters
    ----------
    convention
        Of the whole source; by default found from this column.
    timezone
        Name of the zone whose calendar counts, for times; empty: as written.
    from_1904
        Whether day numbers count from 1904, as in workbooks of older Macs.
    """
    import pandas as pd
    import pyarrow.compute as pc

    if isinstance(column.dtype, pd.PeriodDtype):
        column = column.dt.to_timestamp()
    if column.dtype.kind == "M":
        return _from_timestamps(column, period_type, timezone)
    encoded = texts(column).dictionary_encode()
    forms = [read_form(value) for value in encoded.dictionary.to_pylist()]
    forms.append(Written("missing"))
    # Missing cells get the last form, which says so.
    codes = pc.fill_null(encoded.indices, len(forms) - 1).to_numpy(zero_copy_only=False)
    how = convention or order_dates(forms, period_type)
    shift = timedelta(days=_DAYS_1904 if from_1904 else 0)
    moved = [_in_zone(form, timezone) for form in forms]
    table = np.array([_resolve(form, how, period_type, assumed_year, shift) for form in moved], dtype=np.int64)
    seen = np.bincount(codes, minlength=len(forms)) > 0
    styles = {f.style for f, present in zip(forms, seen, strict=True) if present and f.style not in {"missing", "bad"}}
    outcome = table[codes]

    def where(flags: list[bool]) -> NDArray[np.bool_]:
        return np.asarray(np.array(flags, dtype=bool)[codes])

    return ParsedPeriods(
        index=np.where(outcome >= 0, outcome, -1),
        missing=outcome == _MISSING,
        bad=outcome == _BAD,
        impossible=outcome == _IMPOSSIBLE,
        ambiguous=outcome == _AMBIGUOUS,
        other=outcome == _SHORTER,
        no_year=where([form.style == "no-year" for form in forms]),
        serial=where([form.style == "serial" for form in forms]) & (not from_1904),
        zone=where([form.zone for form in forms]) & (not timezone),
        edge=where([not timezone and _at_edge(form, period_type) for form in forms]),
        lost_zero=(outcome == _AMBIGUOUS) & where([form.style == "dotted" for form in forms]),
        styles=tuple(sorted(styles)),
    )


def _from_timestamps(column: pd.Series, period_type: PeriodType, timezone: str) -> ParsedPeriods:
    """Typed dates, vectorised; without a setting a time zone is dropped and the wall-clock date kept."""
    zoned = getattr(column.dtype, "tz", None) is not None
    if timezone:
        # Times without a zone are taken for UTC, as databases keep them.
        column = (column if zoned else column.dt.tz_localize("UTC")).dt.tz_convert(timezone)
    stamps = column.dt.tz_localize(None).to_numpy()
    days = stamps.astype("datetime64[D]")
    missing = np.isnat(days)
    years = days.astype("datetime64[Y]").astype(np.int64) + 1970
    impossible = ~missing & ((years < EARLIEST) | (years > LATEST))
    index = _index_of(days, period_type)
    minutes = (stamps - days).astype("timedelta64[m]").astype(np.int64)
    # Midnight and 23:59 are how exports write a whole day; they are no times that another zone would move.
    late = (minutes >= _LATE) & (minutes < 23 * 60 + 59) & (_index_of(days + 1, period_type) != index)
    early = (minutes > 0) & (minutes <= _EARLY) & (_index_of(days - 1, period_type) != index)
    no = np.zeros(missing.size, dtype=bool)
    return ParsedPeriods(
        index=np.where(missing | impossible, -1, index),
        missing=missing,
        bad=no,
        impossible=impossible,
        ambiguous=no,
        other=no,
        no_year=no,
        serial=no,
        zone=~missing & zoned & (not timezone),
        edge=~missing & (late | early) & (not timezone),
        lost_zero=no,
        styles=("date",),
    )


def _index_of(days: NDArray[np.datetime64], period_type: PeriodType) -> NDArray[np.int64]:
    months = days.astype("datetime64[M]").astype(np.int64) + 1970 * 12
    if period_type == "month":
        return months
    if period_type == "quarter":
        return np.asarray(months // 3, dtype=np.int64)
    # Weeks begin on Mondays, and day 1 of this count of days (1 January of the year 1) is one.
    return np.asarray((days.astype(np.int64) + date(1970, 1, 1).toordinal() - 1) // 7, dtype=np.int64)


def _in_zone(form: Written, timezone: str) -> Written:
    """Form moved to the calendar of a zone; only times are moved, those without a zone of their own from UTC."""
    if not timezone or form.minute < 0 or form.style not in {"iso", "timestamp", "named"} or not form.parts[2]:
        return form
    from datetime import UTC, datetime
    from zoneinfo import ZoneInfo

    try:
        start = datetime(*form.parts, tzinfo=UTC)
    except ValueError:
        return form
    moved = (start + timedelta(minutes=form.minute - form.offset)).astimezone(ZoneInfo(timezone))
    return replace(form, parts=(moved.year, moved.month, moved.day))


def _at_edge(form: Written, period_type: PeriodType) -> bool:
    """Whether a time lies so near the edge of its period that another zone's calendar puts it into the next one."""
    if form.minute <= 0 or form.style not in {"iso", "timestamp", "named"} or not form.parts[2]:
        return False
    try:
        day = date(*form.parts)
        here = period_of(day, period_type)
        late = _LATE <= form.minute < 23 * 60 + 59 and period_of(day + timedelta(days=1), period_type) != here
        return late or (form.minute <= _EARLY and period_of(day - timedelta(days=1), period_type) != here)
    except (ValueError, OverflowError):
        return False


def _resolve(form: Written, how: DateConvention, period_type: PeriodType, assumed_year: int, shift: timedelta) -> int:
    """Period index, or one of the negative outcomes."""
    if form.style in {"missing", "bad"}:
        return _MISSING if form.style == "missing" else _BAD
    if form.style == "dotted":
        if how.lost_zero and form.parts[1:] == (1, 1):
            return _AMBIGUOUS
        form = replace(form, style="iso", parts=(*form.parts[:2], 0))
    try:
        day = _day(form, how, period_type, assumed_year)
        if isinstance(day, int):
            return day
        if form.style in {"serial", "day number"}:
            day += shift
    except (ValueError, OverflowError):
        return _IMPOSSIBLE
    if not EARLIEST <= day.year <= LATEST:
        return _IMPOSSIBLE
    # A month is no week: where weeks are expected the day has to be there.
    if period_type == "week" and (form.parts[2] == 0 or form.style == "no-year") and form.style != "compact":
        return _BAD
    return period_of(day, period_type)


def _day(  # noqa: PLR0911 - one form, one line
    form: Written, how: DateConvention, period_type: PeriodType, assumed_year: int
) -> date | int:
    """First day of what a form says, or a negative outcome."""
    year, second, third = form.parts
    match form.style:
        case "week":
            return date.fromisocalendar(year, second, third) if period_type == "week" else _SHORTER
        case "quarter":
            return date(year, second * 3 - 2, 1) if period_type == "quarter" else _SHORTER
        case "compact" if third == 0 and period_type == "week":
            return date.fromisocalendar(year, second, 1) if how.weeks else _BAD
        case "compact" if third == 0 and 12 < second <= 53:
            return _SHORTER
        case "three numbers":
            return _three(form, how)
        case "two numbers":
            if how.two == "unknown":
                return _AMBIGUOUS
            return date(2000 + second, year, 1) if how.two == "month" else date(2000 + year, second, 1)
        case "number and name":
            return date(2000 + year, second, 1) if how.number_before_is_year else _AMBIGUOUS
        case "name and number":
            return date(2000 + year, second, 1) if how.number_after_is_year else _AMBIGUOUS
        case "no-year":
            return date(assumed_year, second, 1)
        case "day number":
            return _AMBIGUOUS
    return date(year, second, third or 1)


def _three(form: Written, how: DateConvention) -> date | int:
    first, second, _ = form.parts
    if how.three in {"day", "month", "year"}:
        return resolve_three(form.parts, how.three)
    # Whatever order holds elsewhere, 25/03 has one reading only, and so has 05/05.
    if how.three == "both" and (first == second or max(first, second) > 12):
        return resolve_three(form.parts, "day" if first == second or first > 12 else "month")
    return _AMBIGUOUS
