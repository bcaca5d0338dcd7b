"""Years that stand in a column of their own beside months: 2021, FY21, 2020-21.

A column called year that holds nothing but years is certain, and months without a year take theirs from it. What a
financial year means depends on the month it begins in, which a table does not say (``panel.year_begins``); a column of
years under another name may be anything. Both are asked about.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from reportgen.panel.reading.values.date_forms import read_form
from reportgen.panel.reading.values.numbers import distinct_texts, texts

if TYPE_CHECKING:
    import pandas as pd

_CENTURY = r"(?:19|20)\d{2}"
_FINANCIAL = (
    r"(?:f\.?\s?y\.?|g\.?j\.?|w\.?j\.?|financial year|fiscal year|fiscal|exercice|ejercicio|gesch[äa]e?ftsjahr)"
)
_PLAIN = re.compile(rf"(?:cy|c\.y\.|year|jahr)?\s*({_CENTURY})(?:\.0)?", re.IGNORECASE)
_LABEL = re.compile(rf"{_FINANCIAL}[\s'’_-]*({_CENTURY}|\d{{2}})", re.IGNORECASE)
_SPAN = re.compile(rf"(?:{_FINANCIAL}[\s'’_-]*)?({_CENTURY}|\d{{2}})\s*[-–/]\s*({_CENTURY}|\d{{2}})", re.IGNORECASE)
_SHORT = re.compile(r"['’]?\d{2}")
_NAMES = frozenset(
    {"year", "years", "yr", "yyyy", "cy", "jahr", "kalenderjahr", "année", "annee", "an", "ano", "año", "anno", "rok"}
    | {"वर्ष", "साल", "sheet"}
)
_FINANCIAL_NAMES = frozenset(
    {"fy", "fiscal", "financial", "gj", "wj", "geschäftsjahr", "geschaeftsjahr", "wirtschaftsjahr", "exercice"}
)
_MOST_YEARS = 60
_FEW, _MOST_PARTS = 20, 60
Kind = Literal["calendar", "financial"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Year:
    """What a text says of a year; ``last`` is the one a financial year ends in, of a calendar year itself."""

    kind: Kind
    last: int


@dataclass(frozen=True, slots=True, kw_only=True)
class YearColumn:
    """A column that holds years; ``certain`` where its name says so."""

    name: str
    kind: Kind
    certain: bool
    example: str


def read_year(text: str, *, financial: bool = False, short: bool = False) -> Year | None:
    """The year of a text; None where it is none.

    Parameters
    ----------
    financial
        Whether a plain year is the last of a financial one, because the column's name says so.
    short
        Whether two digits are a year.
    """
    text = " ".join(text.split())
    kind: Kind = "financial" if financial else "calendar"
    if found := _PLAIN.fullmatch(text):
        return Year(kind=kind, last=int(found[1]))
    if short and _SHORT.fullmatch(text):
        return Year(kind=kind, last=2000 + int(text[-2:]))
    if found := _LABEL.fullmatch(text):
        return Year(kind="financial", last=_full(found[1]))
    if found := _SPAN.fullmatch(text):
        first, last = _full(found[1]), _full(found[2])
        return Year(kind="financial", last=last) if last == first + 1 else None
    return None


def _full(text: str) -> int:
    return int(text) if len(text) == 4 else 2000 + int(text)


def find_years(frame: pd.DataFrame, names: Sequence[str]) -> list[YearColumn]:
    """Columns of ``names`` that hold nothing but years."""
    found = []
    for name in names:
        known = distinct_texts(frame[name])
        if not known or len(known) > _MOST_YEARS:
            continue
        words = set(re.findall(r"[^\W\d_]+", name.casefold()))
        financial, certain = bool(words & _FINANCIAL_NAMES), bool(words & (_NAMES | _FINANCIAL_NAMES))
        years = [read_year(value, financial=financial, short=certain) for value in known]
        if any(year is None for year in years):
            continue
        kinds = {year.kind for year in years if year}
        found.append(
            YearColumn(
                name=name,
                kind="financial" if "financial" in kinds else "calendar",
                certain=certain,
                example=known[0],
            )
        )
    return found


def are_parts(column: pd.Series) -> bool:
    """Whether a column holds months, quarters or weeks without their year: ``Jan``, ``3``, ``Q2``."""
    # The first cells tell a column of dates, which most are, without looking at the others.
    if not all(_part(value) for value in texts(column.head(_FEW)).to_pylist() if value and value.strip()):
        return False
    known = distinct_texts(column)
    return bool(known) and len(known) <= _MOST_PARTS and all(_part(value) for value in known)


def _part(value: str) -> bool:
    text = value.strip().removesuffix(".0")
    return read_form(text).style == "no-year" or bool(re.fullmatch(r"(?i)(m|q|w|kw|wk)?\s*0?\d{1,2}", text))


def join_year(
    year: str | None, part: str | None, period: str, begins: int = 0, *, financial: bool = False
) -> str | None:
    """Year and month (or quarter, or week) of two cells as one text; as they stand where they are not understood.

    Parameters
    ----------
    begins
        Month in which financial years begin; 0: not known.
    financial
        As of :func:`read_year`.
    """
    if not (year or "").strip() or not (part or "").strip():
        return None
    year, part = (year or "").strip().removesuffix(".0"), (part or "").strip().removesuffix(".0")
    known = read_year(year, financial=financial, short=True)
    digits = part.upper().lstrip("QMWK ").strip()
    month = int(digits) if digits.isdigit() else read_form(part).parts[1] if read_form(part).style == "no-year" else 0
    if known is None or not month:
        return f"{part} {year}"
    calendar = known.last
    if known.kind == "financial":
        if not begins or period != "month":
            return f"{part} {year}"
        calendar -= 1 < begins <= month
    mark = {"quarter": f"{calendar}-Q{month}", "week": f"{calendar}-W{month:02d}"}
    return mark.get(period, f"{calendar}-{month:02d}")
