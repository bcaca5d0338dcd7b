"""Calendar periods as integers, so that lags and gaps are plain arithmetic.

A month is ``year * 12 + month - 1``, a quarter ``year * 4 + quarter - 1``; a week is the proleptic ordinal of its ISO
Monday divided by 7. Turning text into periods is the job of ``reading/values/dates.py``.
"""

from __future__ import annotations

import re
from datetime import date
from typing import Literal

PeriodType = Literal["month", "week", "quarter"]
PER_YEAR = {"month": 12, "week": 52, "quarter": 4}


def period_of(day: date, period_type: PeriodType) -> int:
    """Index of the period that contains ``day``."""
    if period_type == "month":
        return day.year * 12 + day.month - 1
    if period_type == "quarter":
        return day.year * 4 + (day.month - 1) // 3
    return (day.toordinal() - 1) // 7


def period_start(index: int, period_type: PeriodType) -> date:
    """First day of a period: of the month, the quarter, or the Monday."""
    if period_type == "month":
        return date(index // 12, index % 12 + 1, 1)
    if period_type == "quarter":
        return date(index // 4, index % 4 * 3 + 1, 1)
    return date.fromordinal(index * 7 + 1)


def period_index(text: str, period_type: PeriodType) -> int | None:
    """Index of a period from its label, for a week from any of its days; None where it is none of this kind."""
    written = re.fullmatch(r"(\d{4})-(?:Q([1-4])|(\d{2}))(?:-(\d{2}))?", text)
    if written is None or (written[2] is not None) != (period_type == "quarter"):
        return None
    month = 3 * int(written[2]) - 2 if written[2] else int(written[3])
    if (written[4] is not None) != (period_type == "week"):
        return None
    try:
        return period_of(date(int(written[1]), month, int(written[4] or 1)), period_type)
    except ValueError:
        return None


def period_label(index: int, period_type: PeriodType) -> str:
    """ISO text of a period: ``2021-01`` (month), ``2021-Q1`` (quarter), the Monday ``2021-01-04`` (week)."""
    start = period_start(index, period_type)
    if period_type == "quarter":
        return f"{start.year:04d}-Q{index % 4 + 1}"
    return f"{start.year:04d}-{start.month:02d}" if period_type == "month" else start.isoformat()
