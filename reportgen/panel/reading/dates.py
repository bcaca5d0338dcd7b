"""Months and weeks as people write them, to period indices.

A column has few distinct dates, so each distinct text is read once, in Python, under rules that look at the whole
column: ``01/02/2026`` is a date only if the other dates decide between day first and month first. Rejected: a general
date parser, which guesses per value and silently swaps day and month.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from reportgen.panel.periods import PeriodType, period_of
from reportgen.panel.reading.numbers import texts

if TYPE_CHECKING:
    import pandas as pd

ASSUMED_YEAR = 2024
EARLIEST, LATEST = 1900, 2100
_MISSING, _BAD, _IMPOSSIBLE, _AMBIGUOUS = -1, -2, -3, -4
_EMPTY = frozenset({"", "na", "n/a", "nan", "nat", "null", "none", "<na>", "-"})
_EXCEL_EPOCH = date(1899, 12, 30)
_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "jan january januar janvier enero styczeń",
            "feb february februar février febrero luty",
            "mar march märz mrz mars marzo marzec",
            "apr april avril abril kwiecień",
            "may mai mayo maj",
            "jun june juni juin junio czerwiec",
            "jul july juli juillet julio lipiec",
            "aug august août agosto sierpień",
            "sep sept september septembre septiembre wrzesień",
            "oct october okt oktober octobre octubre październik",
            "nov november novembre noviembre listopad",
            "dec december dez dezember décembre diciembre grudzień",
        ),
        start=1,
    )
    for name in names.split()
}
_TIME = r"(?:[T ]\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?)?\s*(?P<zone>Z|UTC|[+-]\d{2}:?\d{2})?"
_ISO = re.compile(rf"(\d{{4}})[-/.](\d{{1,2}})(?:[-/.](\d{{1,2}}))?{_TIME}", re.IGNORECASE)
_ISO_WEEK = re.compile(r"(\d{4})-?W(\d{1,2})(?:-?([1-7]))?", re.IGNORECASE)
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})?")
_NUMERIC = re.compile(rf"(\d{{1,2}})([-/.])(\d{{1,2}})\2(\d{{4}}|\d{{2}}){_TIME}", re.IGNORECASE)
_MONTH_YEAR = re.compile(r"(\d{1,2})[-/.](\d{4})")
_NAMED = re.compile(r"(?:(\d{1,2})[\s./-]+)?([^\W\d_]{3,10})\.?(?:[\s,./'’-]*(\d{4}|\d{2}))?")
_NAMED_LAST = re.compile(r"(\d{4})[\s./-]*([^\W\d_]{3,10})\.?")
_SERIAL = re.compile(r"(\d{5})(?:\.\d+)?")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ParsedPeriods:
    """A column as periods. Arrays ``(n,)``.

    ``index`` is -1 where there is none: ``missing`` (empty), ``bad`` (not a date), ``impossible`` (month 13,
    30 February, or a year outside 1900-2100), ``ambiguous`` (day and month cannot be told apart). ``styles`` are the
    ways of writing found; ``no_year`` and ``serial`` mark months without a year and Excel day numbers; ``zone`` times
    with a time zone.
    """

    index: NDArray[np.int64]
    missing: NDArray[np.bool_]
    bad: NDArray[np.bool_]
    impossible: NDArray[np.bool_]
    ambiguous: NDArray[np.bool_]
    no_year: NDArray[np.bool_]
    serial: NDArray[np.bool_]
    zone: NDArray[np.bool_]
    styles: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Reading:
    """One distinct text: its style and its parts.

    Parts are year, month, day (0 where only the month is given); year, first, second number for ``day-month-year``;
    year, week, weekday for ``week``.
    """

    style: Literal[
        "iso", "week", "compact", "day-month-year", "month-year", "named", "no-year", "serial", "missing", "bad"
    ]
    parts: tuple[int, int, int] = (0, 0, 0)
    zone: bool = False


def parse_periods(column: pd.Series, period_type: PeriodType, assumed_year: int = ASSUMED_YEAR) -> ParsedPeriods:
    """Column as period indices; never raises."""
    import pandas as pd
    import pyarrow.compute as pc

    if isinstance(column.dtype, pd.PeriodDtype):
        column = column.dt.to_timestamp()
    if column.dtype.kind == "M":
        return _from_timestamps(column, period_type)
    encoded = texts(column).dictionary_encode()
    readings = [_read(value) for value in encoded.dictionary.to_pylist()]
    readings.append(_Reading("missing"))
    codes = pc.fill_null(encoded.indices, len(readings) - 1).to_numpy(zero_copy_only=False)
    order = _day_month_order(readings, period_type)
    table = np.array([_resolve(reading, order, period_type, assumed_year) for reading in readings], dtype=np.int64)
    seen = np.bincount(codes, minlength=len(readings)) > 0
    styles = {
        r.style for r, present in zip(readings, seen, strict=True) if present and r.style not in {"missing", "bad"}
    }
    outcome = table[codes]
    return ParsedPeriods(
        index=np.where(outcome >= 0, outcome, -1),
        missing=outcome == _MISSING,
        bad=outcome == _BAD,
        impossible=outcome == _IMPOSSIBLE,
        ambiguous=outcome == _AMBIGUOUS,
        no_year=np.array([r.style == "no-year" for r in readings])[codes],
        serial=np.array([r.style == "serial" for r in readings])[codes],
        zone=np.array([r.zone for r in readings])[codes],
        styles=tuple(sorted(styles)),
    )


def _from_timestamps(column: pd.Series, period_type: PeriodType) -> ParsedPeriods:
    """Typed dates, vectorised; a time zone is dropped and the wall-clock date kept."""
    zoned = getattr(column.dtype, "tz", None) is not None
    days = column.dt.tz_localize(None).to_numpy().astype("datetime64[D]")
    missing = np.isnat(days)
    years = days.astype("datetime64[Y]").astype(np.int64) + 1970
    impossible = ~missing & ((years < EARLIEST) | (years > LATEST))
    if period_type == "month":
        index = days.astype("datetime64[M]").astype(np.int64) + 1970 * 12
    else:
        index = (days.astype(np.int64) + date(1970, 1, 1).toordinal() - 1) // 7
    no = np.zeros(missing.size, dtype=bool)
    return ParsedPeriods(
        index=np.where(missing | impossible, -1, index),
        missing=missing,
        bad=no,
        impossible=impossible,
        ambiguous=no,
        no_year=no,
        serial=no,
        zone=~missing & zoned,
        styles=("date",),
    )


def _read(value: str) -> _Reading:
    text = unicodedata.normalize("NFC", value).strip().lstrip("'")
    if text.casefold() in _EMPTY:
        return _Reading("missing")
    for pattern, build in _FORMS:
        if match := pattern.fullmatch(text):
            return build(match)
    return _Reading("bad")


def _iso(match: re.Match[str]) -> _Reading:
    return _Reading("iso", (int(match[1]), int(match[2]), int(match[3] or 0)), match["zone"] is not None)


def _iso_week(match: re.Match[str]) -> _Reading:
    return _Reading("week", (int(match[1]), int(match[2]), int(match[3] or 1)))


def _compact(match: re.Match[str]) -> _Reading:
    return _Reading("compact", (int(match[1]), int(match[2]), int(match[3] or 0)))


def _numeric(match: re.Match[str]) -> _Reading:
    first, separator, second, year, zone = match[1], match[2], match[3], match[4], match["zone"] is not None
    if separator == "." and len(year) == 4:
        return _Reading("iso", (int(year), int(second), int(first)), zone)
    return _Reading("day-month-year", (_full_year(year), int(first), int(second)), zone)


def _month_year(match: re.Match[str]) -> _Reading:
    return _Reading("month-year", (int(match[2]), int(match[1]), 0))


def _named_last(match: re.Match[str]) -> _Reading:
    month = _MONTHS.get(match[2].casefold())
    return _Reading("named", (int(match[1]), month, 0)) if month else _Reading("bad")


def _named(match: re.Match[str]) -> _Reading:
    month = _MONTHS.get(match[2].casefold())
    if month is None:
        return _Reading("bad")
    day = int(match[1] or 0)
    return _Reading("named", (_full_year(match[3]), month, day)) if match[3] else _Reading("no-year", (0, month, day))


def _serial(match: re.Match[str]) -> _Reading:
    day = _EXCEL_EPOCH + timedelta(days=int(match[1]))
    return _Reading("serial", (day.year, day.month, day.day))


_FORMS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], _Reading]], ...] = (
    (_ISO, _iso),
    (_ISO_WEEK, _iso_week),
    (_COMPACT, _compact),
    (_NUMERIC, _numeric),
    (_MONTH_YEAR, _month_year),
    (_NAMED_LAST, _named_last),
    (_NAMED, _named),
    (_SERIAL, _serial),
)


def _full_year(text: str) -> int:
    return int(text) if len(text) == 4 else 2000 + int(text)


def _day_month_order(readings: list[_Reading], period_type: PeriodType) -> str:
    """``day``, ``month`` (what comes first), ``both`` (contradiction), ``same`` or ``unknown``, from all numeric dates.

    Where nothing exceeds 12, monthly dates that are all the first of a month decide too.
    """
    pairs = {r.parts for r in readings if r.style == "day-month-year"}
    first, second = {p[1] for p in pairs}, {p[2] for p in pairs}
    day, month = any(p > 12 for p in first), any(p > 12 for p in second)
    if day or month:
        return "both" if day and month else "day" if day else "month"
    if period_type == "month" and (first == {1}) != (second == {1}) and len(first) != len(second):
        return "day" if first == {1} else "month"
    return "same" if all(p[1] == p[2] for p in pairs) else "unknown"


def _resolve(reading: _Reading, order: str, period_type: PeriodType, assumed_year: int) -> int:
    """Period index, or one of the negative outcomes."""
    if reading.style in {"missing", "bad"}:
        return _MISSING if reading.style == "missing" else _BAD
    year, second, third = reading.parts
    try:
        if reading.style == "week":
            return period_of(date.fromisocalendar(year, second, third), "week") if period_type == "week" else _BAD
        if reading.style == "day-month-year":
            if order == "unknown" or (order == "both" and second <= 12 and third <= 12 and second != third):
                return _AMBIGUOUS
            day_first = order in {"day", "same"} or second > 12
            day = date(year, third, second) if day_first else date(year, second, third)
        else:
            day = date(assumed_year if reading.style == "no-year" else year, second, third or 1)
    except ValueError:
        return _IMPOSSIBLE
    if not EARLIEST <= day.year <= LATEST:
        return _IMPOSSIBLE
    if period_type == "week" and (third == 0 or reading.style == "no-year"):
        return _BAD
    return period_of(day, period_type)
