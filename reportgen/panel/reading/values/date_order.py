"""Which number of a date is the day, the month or the year: decided once, from all dates of a source.

``03/04/21`` is a date only if the others leave one reading; ``21-Jan`` is January 2021 only where the numbers are
years. Evidence of several files adds up: the distinct texts of all of them are looked at together.
"""

from __future__ import annotations

import calendar
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Literal

from reportgen.panel.periods import PeriodType
from reportgen.panel.reading.values.date_forms import Written

Order = Literal["day", "month", "year", "both", "unknown"]
First = Literal["", "day", "month", "year"]
_ENOUGH_FOR_WEEKDAYS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class DateConvention:
    """How the dates of a source are read.

    Attributes
    ----------
    three
        What stands first in ``03/04/21``; ``both``: the dates contradict each other; ``unknown``: nothing decides.
    two
        ``month`` where ``01/21`` is month and year, ``year`` where it is year and month, else ``unknown``.
    number_is_year
        Whether the number of ``21-Jan`` (``before``) and ``Jan-21`` (``after``) is a year.
    weeks
        Whether ``202105`` is the fifth week.
    lost_zero
        Whether ``2021.1`` may be the October of a column that was numbers once.
    """

    three: Order = "unknown"
    two: Literal["month", "year", "unknown"] = "unknown"
    number_before_is_year: bool = False
    number_after_is_year: bool = True
    weeks: bool = False
    lost_zero: bool = False


def order_dates(written: Collection[Written], period_type: PeriodType, first: First = "") -> DateConvention:
    """Convention of a source from its distinct texts; ``first`` is the setting ``panel.dates`` and decides."""
    by_style: dict[str, set[tuple[int, int, int]]] = {}
    for item in written:
        by_style.setdefault(item.style, set()).add(item.parts)
    short = any(item.short_year for item in written)
    before = {parts[0] for parts in by_style.get("number and name", ())}
    after = {parts[0] for parts in by_style.get("name and number", ())}
    compact = {parts for parts in by_style.get("compact", ()) if not parts[2]}
    return DateConvention(
        three=first or _order_three(by_style.get("three numbers", set()), period_type, short=short),
        two=_order_two(by_style.get("two numbers", set())),
        number_before_is_year=first == "year" or (not first and len(before | after) > 1 and _are_years(before)),
        number_after_is_year=not _are_days(after),
        # 202105 may be May or the fifth week; 202113 is no month, and one such text decides for all.
        lost_zero=_lost_zero(by_style.get("dotted", set())),
        weeks=period_type == "week" and any(parts[1] > 12 for parts in compact),
    )


def _lost_zero(dotted: set[tuple[int, int, int]]) -> bool:
    """Whether ``2021.1`` may be October: January has two digits in this table, or October is nowhere else."""
    short, long = ({month for _, month, digits in dotted if digits == count} for count in (1, 2))
    return 1 in short and (any(month < 10 for month in long) or (bool(long) and 10 not in long))


def resolve_three(parts: tuple[int, int, int], order: str) -> date:
    """Day of three numbers under an order.

    Raises
    ------
    ValueError
        If there is no such day.
    """
    a, b, c = parts
    if order == "year":
        return date(_year(a), b, c)
    return date(_year(c), b, a) if order == "day" else date(_year(c), a, b)


def _year(number: int) -> int:
    return number if number > 99 else 2000 + number


def _order_three(triples: set[tuple[int, int, int]], period_type: PeriodType, *, short: bool) -> Order:
    if not triples:
        return "unknown"
    orders: tuple[Order, ...] = ("day", "month", "year") if short else ("day", "month")
    # An order under which some triple is no day (month 13) is out.
    days = {order: found for order in orders if (found := _all_days(triples, order)) is not None}
    if not days:
        return "both"
    # Several orders are possible days; the one under which the days fall into a calendar of periods is meant.
    if len(set(days.values())) > 1:
        regular = {order: found for order, found in days.items() if _regular(set(found), period_type)}
        # Year first is rare with two digits: without a calendar that speaks for one order it is not guessed.
        if "year" in days and len(days) > 1 and not regular:
            return "unknown"
        days = regular or days
    return next(iter(days)) if len(set(days.values())) == 1 else "unknown"


def _all_days(triples: set[tuple[int, int, int]], order: str) -> tuple[date, ...] | None:
    """Day of each triple, in one order of the triples: the same days for other texts are another reading."""
    try:
        return tuple(resolve_three(parts, order) for parts in sorted(triples))
    except ValueError:
        return None


def _regular(days: set[date], period_type: PeriodType) -> bool:
    """Whether several days are what a period of this length leads to: month starts or ends, one weekday."""
    if len(days) < 2:
        return False
    if period_type == "week":
        return len(days) >= _ENOUGH_FOR_WEEKDAYS and len({day.weekday() for day in days}) == 1
    # Two dates in one month: this order makes days of what are months.
    months = {(day.year, day.month) for day in days}
    if len(months) < len(days):
        return False
    same = len({day.day for day in days}) == 1
    return same or all(day.day == calendar.monthrange(day.year, day.month)[1] for day in days)


def _order_two(pairs: set[tuple[int, int, int]]) -> Literal["month", "year", "unknown"]:
    """``month`` if the first numbers are months and the second years beyond doubt, ``year`` the other way round."""
    if not pairs:
        return "unknown"
    first, second = {p[0] for p in pairs}, {p[1] for p in pairs}
    if max(first) <= 12 and max(second) > 12 and _are_years(second):
        return "month"
    if max(second) <= 12 and max(first) > 12 and _are_years(first):
        return "year"
    return "unknown"


def _are_years(numbers: set[int]) -> bool:
    """Whether numbers of two digits are years: beyond any day, or a few in a row that no calendar of days has."""
    if not numbers:
        return False
    if max(numbers) > 31:
        return True
    return min(numbers) > 12 and len(numbers) <= 10 and max(numbers) - min(numbers) == len(numbers) - 1


def _are_days(numbers: set[int]) -> bool:
    return len(numbers) > 15 and max(numbers) <= 31 and min(numbers) <= 3
