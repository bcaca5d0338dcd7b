"""The forms in which people write one month, week, quarter or day: a text to its parts, without deciding anything.

Which number of ``03/04/21`` or ``21-Jan`` is the day, the month or the year is ``date_order.py``'s to say, from all
texts of the source.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Literal

Style = Literal[
    "iso", "dotted", "week", "compact", "quarter", "three numbers", "two numbers", "month-year", "named",
    "number and name", "name and number", "no-year", "serial", "day number", "timestamp", "missing", "bad",
]  # fmt: skip
_EMPTY = frozenset({"", "na", "n/a", "nan", "nat", "null", "none", "<na>", "-"})
# Excel's day 1 is 1 January 1900, and it counts a 29 February 1900 that never was: from March 1900 on its days start
# here.
EXCEL_EPOCH = date(1899, 12, 30)
_EARLIEST_SERIAL = 30_000
"""Smaller numbers of five digits (before 1982) are as well days since 1960 or 1970."""
MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "jan january januar janvier janv enero ene janeiro gennaio gen januari styczeń जनवरी जन",
            "feb february februar février fevrier févr fév fevr febrero fevereiro fev febbraio luty फ़रवरी फरवरी",
            "mar march märz mrz maerz mars marzo março marco maart mrt marzec मार्च",
            "apr april avril avr abril abr aprile kwiecień अप्रैल",
            "may mai mayo maio maggio mag mei maj मई",
            "jun june juni juin junio junho giugno giu czerwiec जून",
            "jul july juli juillet juil julio julho luglio lug lipiec जुलाई",
            "aug august août aout agosto ago augustus sierpień अगस्त",
            "sep sept september septembre septiembre setembro set settembre wrzesień सितंबर सितम्बर",
            "oct october okt oktober octobre octubre outubro out ottobre ott październik अक्टूबर अक्तूबर",
            "nov november novembre noviembre novembro listopad नवंबर नवम्बर",
            "dec december dez dezember décembre decembre déc diciembre dic dezembro dicembre grudzień दिसंबर दिसम्बर",
        ),
        start=1,
    )
    for name in unicodedata.normalize("NFC", names).split()
}
_TIME = (
    r"(?P<time>[T ]\s*(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::\d{2}(?:[.,]\d+)?)?(?P<half>\s*[AaPp][Mm])?)?"
    r"\s*(?P<zone>Z|UTC|GMT|[+-]\d{2}(?::?\d{2})?)?"
)
_NAME = r"([^\d\s./,'’_-]{2,12})\.?"
_ISO = re.compile(rf"(\d{{4}})[-/.](\d{{1,2}})(?:[-/.](\d{{1,2}}))?{_TIME}", re.IGNORECASE)
_ISO_WEEK = re.compile(r"(\d{4})[\s/_-]*(?:W|KW|CW|week)[\s_-]*(\d{1,2})(?:-?([1-7]))?", re.IGNORECASE)
_WEEK_FIRST = re.compile(r"(?:W|KW|CW|week|wk)[\s._-]*(\d{1,2})[\s,/._-]+(\d{4}|\d{2})", re.IGNORECASE)
_MONTH_MARK = re.compile(r"(\d{4})[\s_-]*M(\d{1,2})|M(\d{1,2})[\s/_-]+(\d{4})", re.IGNORECASE)
_QUARTER = re.compile(
    r"(\d{4})[\s/_-]*(?:Q|quarter)\s*([1-4])|(?:Q|quarter)\s*([1-4])[\s/,._'’-]*(\d{4}|\d{2})"
    r"|([1-4])\s*Q[\s/._'’-]*(\d{4}|\d{2})",
    re.IGNORECASE,
)
_WHOLE = re.compile(r"\d{6,8}\.0+")
"""A compact date that was a number once."""
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})?")
_NUMERIC = re.compile(rf"(\d{{1,2}})([-/.])(\d{{1,2}})\2(\d{{4}}|\d{{2}}){_TIME}", re.IGNORECASE)
_MONTH_YEAR = re.compile(r"(\d{1,2})[-/._\s](\d{4})")
_TWO = re.compile(r"(\d{1,2})[-/.](\d{1,2})")
_NAMED = re.compile(
    rf"(?:(\d{{1,2}})(?:st|nd|rd|th)?[\s./_-]*)?{_NAME}(?:[\s,./'’_-]*(\d{{4}}|\d{{2}}))?{_TIME}", re.IGNORECASE
)
_NAMED_DAY = re.compile(rf"{_NAME}\s+(\d{{1,2}}),?\s+(\d{{4}})", re.IGNORECASE)
_NAMED_LAST = re.compile(rf"(\d{{4}})[\s./_-]*{_NAME}(?:[\s./_-]+(\d{{1,2}}))?", re.IGNORECASE)
_SERIAL = re.compile(r"(\d{5})(?:\.\d+)?")
_TIMESTAMP = re.compile(r"(\d{10})(?:\.\d+)?|(\d{13})")


@dataclass(frozen=True, slots=True)
class Written:
    """One text: its style and its parts, and whether it has a time of day and a zone.

    Parts are year, month, day (0 where only the month is given); year, week, weekday; year, quarter, 0; year, month and
    its number of digits (``2021.1``); or the numbers in the order in which they stand. ``minute`` of the day, -1
    without a time.
    """

    style: Style
    parts: tuple[int, int, int] = (0, 0, 0)
    zone: bool = False
    minute: int = -1
    short_year: bool = False
    offset: int = 0


def read_form(value: str) -> Written:
    """Recognise the form of one text; ``bad`` where there is none."""
    # A leading apostrophe is how spreadsheets keep a text from becoming a date.
    text = unicodedata.normalize("NFC", value[:60]).strip().lstrip("'")
    if _WHOLE.fullmatch(text):
        text = text.partition(".")[0]
    if text.casefold() in _EMPTY:
        return Written("missing")
    for pattern, build in _FORMS:
        if (match := pattern.fullmatch(text)) and (built := build(match)) is not None:
            return built
    return Written("bad")


def full_year(text: str) -> int:
    """Year of two or four digits."""
    return int(text) if len(text) == 4 else 2000 + int(text)


def _clock(match: re.Match[str]) -> tuple[int, int]:
    """Minute of the day (-1: none) and minutes east of UTC."""
    if match["time"] is None:
        return -1, 0
    hour = int(match["hour"])
    if match["half"]:
        # 12 AM is midnight and 12 PM noon.
        hour = hour % 12 + (12 if match["half"].strip().casefold() == "pm" else 0)
    zone = match["zone"] or ""
    offset = 0
    if zone[:1] in {"+", "-"}:
        digits = zone[1:].replace(":", "").ljust(4, "0")
        offset = (int(digits[:2]) * 60 + int(digits[2:])) * (-1 if zone[0] == "-" else 1)
    return hour * 60 + int(match["minute"]), offset


def _iso(match: re.Match[str]) -> Written | None:
    minute, offset = _clock(match)
    zone = match["zone"] is not None
    if match[0][4] == "." and match[3] is None:
        return Written("dotted", (int(match[1]), int(match[2]), len(match[2])))
    return Written("iso", (int(match[1]), int(match[2]), int(match[3] or 0)), zone, minute, offset=offset)


def _iso_week(match: re.Match[str]) -> Written:
    return Written("week", (int(match[1]), int(match[2]), int(match[3] or 1)))


def _week_first(match: re.Match[str]) -> Written:
    return Written("week", (full_year(match[2]), int(match[1]), 1))


def _month_mark(match: re.Match[str]) -> Written:
    year, month = (match[1], match[2]) if match[1] else (match[4], match[3])
    return Written("month-year", (int(year), int(month), 0))


def _quarter(match: re.Match[str]) -> Written:
    year, quarter = next((match[y], match[q]) for y, q in ((1, 2), (4, 3), (6, 5)) if match[y])
    return Written("quarter", (full_year(year), int(quarter), 0))


def _compact(match: re.Match[str]) -> Written:
    year, second, third = int(match[1]), int(match[2]), int(match[3] or 0)
    # Year first, as in 20210315. The other way round (15032021, 032021) is meant only where that would be no date.
    if match[3] and not (1900 <= year <= 2100 and 1 <= second <= 12):
        text = match[0]
        if 1900 <= int(text[4:]) <= 2100:
            return Written("three numbers", (int(text[:2]), int(text[2:4]), int(text[4:])))
    elif not match[3] and year < 1900 and 1900 <= int(match[0][2:]) <= 2100:
        return Written("month-year", (int(match[0][2:]), int(match[0][:2]), 0))
    return Written("compact", (year, second, third))


def _numeric(match: re.Match[str]) -> Written:
    first, separator, second, year = match[1], match[2], match[3], match[4]
    zone = match["zone"] is not None
    minute, offset = _clock(match)
    # With dots and four digits only one order is in use, day.month.year; with slashes or a short year others have to
    # tell.
    if separator == "." and len(year) == 4:
        return Written("iso", (int(year), int(second), int(first)), zone, minute, offset=offset)
    short = len(year) == 2
    return Written("three numbers", (int(first), int(second), int(year)), zone, minute, short, offset)


def _month_year(match: re.Match[str]) -> Written:
    return Written("month-year", (int(match[2]), int(match[1]), 0))


def _two(match: re.Match[str]) -> Written:
    return Written("two numbers", (int(match[1]), int(match[2]), 0))


def _month_of(name: str) -> int | None:
    return MONTHS.get(name.casefold())


def _named_last(match: re.Match[str]) -> Written | None:
    month = _month_of(match[2])
    return Written("named", (int(match[1]), month, int(match[3] or 0))) if month else None


def _named_day(match: re.Match[str]) -> Written | None:
    month = _month_of(match[1])
    return Written("named", (int(match[3]), month, int(match[2]))) if month else None


def _named(match: re.Match[str]) -> Written | None:
    month = _month_of(match[2])
    if month is None:
        return None
    number, year = match[1], match[3]
    zone = match["zone"] is not None
    minute, offset = _clock(match)
    if number and year:
        return Written("named", (full_year(year), month, int(number)), zone, minute, offset=offset)
    if number:
        return Written("number and name", (int(number), month, 0))
    if year and len(year) == 2:
        return Written("name and number", (int(year), month, 0))
    return Written("named", (int(year), month, 0)) if year else Written("no-year", (0, month, 0))


def _serial(match: re.Match[str]) -> Written:
    number = int(match[1])
    day = EXCEL_EPOCH + timedelta(days=number)
    return Written("serial" if number >= _EARLIEST_SERIAL else "day number", (day.year, day.month, day.day))


def _timestamp(match: re.Match[str]) -> Written:
    # Ten digits are seconds since 1970, thirteen milliseconds.
    seconds = int(match[1]) if match[1] else int(match[2]) / 1000
    moment = datetime.fromtimestamp(seconds, UTC)
    return Written(
        "timestamp", (moment.year, moment.month, moment.day), zone=True, minute=moment.hour * 60 + moment.minute
    )


# The first that fits decides: what can be only one thing comes before what could be several.
_FORMS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], Written | None]], ...] = (
    (_ISO, _iso),
    (_ISO_WEEK, _iso_week),
    (_WEEK_FIRST, _week_first),
    (_MONTH_MARK, _month_mark),
    (_QUARTER, _quarter),
    (_COMPACT, _compact),
    (_NUMERIC, _numeric),
    (_MONTH_YEAR, _month_year),
    (_TWO, _two),
    (_NAMED_LAST, _named_last),
    (_NAMED_DAY, _named_day),
    (_NAMED, _named),
    (_SERIAL, _serial),
    (_TIMESTAMP, _timestamp),
)
