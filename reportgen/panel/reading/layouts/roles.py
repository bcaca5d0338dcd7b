"""Which column may play which role, by its values first and its name second: proposals for ``init --data``.

Dates look like dates, keys repeat once per period, measures are numbers. A name decides only between columns whose
values fit. Rejected: likeness of names, which took "population" for promotion.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from reportgen.panel.reading.layouts.role_words import BRAND_WORDS, OTHER_WORDS, WORDS
from reportgen.panel.reading.layouts.years import find_years
from reportgen.panel.reading.values.conventions import decide, survey_numbers
from reportgen.panel.reading.values.date_forms import read_form
from reportgen.panel.reading.values.date_order import order_dates
from reportgen.panel.reading.values.dates import is_typed, parse_periods
from reportgen.panel.reading.values.numbers import distinct_texts, is_text, parse_numbers, texts

if TYPE_CHECKING:
    import pandas as pd

SAMPLE = 50_000
_DATE_STYLES = frozenset(
    {"iso", "dotted", "week", "compact", "quarter", "three numbers", "two numbers", "month-year", "named",
     "number and name", "name and number"}
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Guess:
    """Settings proposed, ``panel.<key>`` → value, and which of them are only guesses."""

    values: Mapping[str, Any]
    guessed: frozenset[str]


def words_of(name: str) -> list[str]:
    """Words of a name: ``net_sales``, ``repVisits`` and ``Sales (₹)`` in small letters."""
    parted = re.sub(r"(?<=[a-zà-ÿ])(?=[A-Z])", " ", unicodedata.normalize("NFC", name))
    return [word.casefold() for word in re.split(r"[\s_\-./()\[\]:|,₹€$£&]+", parted) if word]


def speaks_of(name: str, role: str) -> bool:
    """Whether a name has a word of a role, and none that makes it something else."""
    words = words_of(name)
    known = {unicodedata.normalize("NFC", word) for word in WORDS[role].split()}
    return any(word in known for word in words) and not any(word in OTHER_WORDS for word in words)


def are_measures(names: Sequence[str]) -> bool:
    """Whether names are of measures: one speaks of sales, another one of promotion, and neither of both."""
    spoken = [(speaks_of(name, "sales"), speaks_of(name, "promotion")) for name in names]
    return (True, False) in spoken and (False, True) in spoken


def guess_roles(frame: pd.DataFrame, delimiter: str = "") -> Guess:
    """Roles of the columns of a table.

    Returns only what values and names support; what is left out has no fitting column.
    """
    table = frame.head(SAMPLE)
    names = [str(name) for name in table.columns]
    values: dict[str, Any] = {}
    guessed: set[str] = set()
    month = _month(table, names)
    if month:
        values["panel.month"] = month
    taken = set(month if isinstance(month, tuple) else (month,))
    numbers = _numbers(table, [name for name in names if name not in taken], delimiter)
    period = _period(table, month)
    if period != "month":
        values["panel.period"] = period
    sales = [name for name in numbers if speaks_of(name, "sales")]
    doses = [name for name in numbers if speaks_of(name, "promotion") and name not in sales[:1]]
    if not sales and len(numbers) == 2 and len(doses) == 1:
        sales = [name for name in numbers if name not in doses]
    if sales:
        values["panel.sales"] = sales[0]
    if doses:
        values["panel.promotion"] = tuple(doses[:8])
    guessed |= {"panel.sales", "panel.promotion"}
    texts_left = [name for name in names if name not in taken and name not in numbers]
    codes = [name for name in numbers if speaks_of(name, "pharmacy") or speaks_of(name, "market")]
    if filled := _fill_down(table, texts_left):
        values["panel.fill_down"] = True
        guessed.add("panel.fill_down")
        table = table.assign(**filled)
    values |= _keys(table, [*texts_left, *codes], month, values)
    guessed |= {"panel.market", "panel.pharmacy"}
    return Guess(values=values, guessed=frozenset(guessed))


def _month(table: pd.DataFrame, names: Sequence[str]) -> str | tuple[str, ...]:
    dates = [name for name in names if _looks_like_dates(table[name], name)]
    if dates:
        return next((name for name in dates if speaks_of(name, "month")), dates[0])
    found = sorted(find_years(table, names), key=lambda one: (not one.certain, one.kind != "calendar"))
    for year in [one.name for one in found][:1]:
        for name in names:
            if name == year:
                continue
            if _within(table[name], 1, 53) and any(
                word in words_of(name) for word in ("month", "monat", "mes", "mois", "mês", "week", "woche", "quarter")
            ):
                return (year, name)
            if _are_month_names(table[name]):
                return (year, name)
    return ""


def _looks_like_dates(column: pd.Series, name: str) -> bool:
    if is_typed(column):
        return True
    found = distinct_texts(column)[:400]
    if not found:
        return False
    forms = [read_form(value) for value in found]
    dates = [form for form in forms if form.style in _DATE_STYLES or (form.style == "serial" and _dated(name))]
    # A few cells that are no dates, such as the label of a sum, do not take a column of dates its role.
    if len(dates) < 0.9 * len(forms):
        return False
    plain = all(value.strip().isdigit() for value in found)
    if plain:  # 202105 is a month or week, 20,210 is not
        return all(form.style != "compact" or 1990 <= form.parts[0] <= 2100 for form in forms) and (
            _dated(name) or all(1 <= form.parts[1] <= 53 for form in forms)
        )
    return not any(form.style == "two numbers" for form in forms) or order_dates(forms, "month").two != "unknown"


def _dated(name: str) -> bool:
    return speaks_of(name, "month")


def _are_month_names(column: pd.Series) -> bool:
    import pyarrow.compute as pc

    found = [value for value in pc.unique(texts(column)).to_pylist() if value]
    return 2 <= len(found) <= 12 and all(read_form(value).style == "no-year" for value in found)


def _within(column: pd.Series, low: int, high: int) -> bool:
    """Whether all values are whole numbers of a range."""
    parsed = parse_numbers(column, decide(survey_numbers([column]), "", ""))
    known = parsed.values[np.isfinite(parsed.values)]
    return bool(
        known.size > 0 and not parsed.bad.any() and (known % 1 == 0).all() and ((known >= low) & (known <= high)).all()
    )


def _numbers(table: pd.DataFrame, names: Sequence[str], delimiter: str) -> list[str]:
    """Columns of numbers."""
    found = []
    for name in names:
        parsed = parse_numbers(table[name], decide(survey_numbers([table[name]]), "", delimiter))
        known = np.isfinite(parsed.values) | parsed.ambiguous
        # A few cells with words in them (n/a, closed) do not take a column of numbers its role.
        if known.any() and parsed.bad.sum() <= 0.1 * known.sum():
            found.append(name)
    return found


def measure_columns(table: pd.DataFrame, names: Sequence[str], delimiter: str) -> list[str]:
    """Columns of numbers that are no dates, years or codes."""
    sample = table.head(SAMPLE)
    month = _month(sample, names)
    taken = {*(month if isinstance(month, tuple) else (month,)), *(one.name for one in find_years(sample, names))}
    found = _numbers(sample, [name for name in names if name not in taken], delimiter)
    return [name for name in found if not (speaks_of(name, "pharmacy") or speaks_of(name, "market"))]


def _period(table: pd.DataFrame, month: str | tuple[str, ...]) -> str:
    """Length of a period: weeks only where the dates are weeks."""
    if isinstance(month, tuple):
        words = words_of(month[1])
        return "quarter" if "quarter" in words else "week" if {"week", "woche"} & set(words) else "month"
    if not month:
        return "month"
    column = table[month]
    weekly = parse_periods(column, "week")
    forms = set(weekly.styles)
    if "quarter" in forms:
        return "quarter"
    if "week" in forms:
        return "week"
    import pyarrow.compute as pc

    if forms == {"compact"}:
        shown = [read_form(value) for value in pc.unique(texts(column)).to_pylist() if value]
        if all(form.parts[2] == 0 for form in shown):
            return "week" if any(form.parts[1] > 12 for form in shown) else "month"
    days = _days(column)
    months = np.unique(days.astype("datetime64[M]"))
    # Fewer than two different days a month: months, however they are written.
    if days.size < 3 or days.size < 2 * months.size:
        return "month"
    # Weeks are whole weeks apart, gaps included; daily rows are not.
    return "week" if (np.diff(days).astype(np.int64) % 7 == 0).all() else "month"


def _days(column: pd.Series) -> NDArray[np.datetime64]:
    """Distinct days of a column, sorted; empty where only months are written."""
    import pyarrow.compute as pc

    if is_typed(column):
        return np.unique(column.dropna().dt.tz_localize(None).to_numpy().astype("datetime64[D]"))
    forms = {read_form(value) for value in pc.unique(texts(column)).to_pylist() if value}
    order = order_dates(forms, "month").three
    found = set()
    from reportgen.panel.reading.values.date_order import resolve_three

    for form in forms:
        try:
            if form.style in {"iso", "named", "compact"} and form.parts[2]:
                found.add(np.datetime64("{:04d}-{:02d}-{:02d}".format(*form.parts), "D"))
            elif form.style == "three numbers" and order in {"day", "month", "year"}:
                found.add(np.datetime64(resolve_three(form.parts, order), "D"))
        except ValueError:
            continue
    return np.array(sorted(found), dtype="datetime64[D]")


def _fill_down(table: pd.DataFrame, names: Sequence[str]) -> dict[str, pd.Series]:
    """Key columns written once for many rows, filled."""
    import pandas as pd

    made: dict[str, pd.Series] = {}
    for name in names:
        if not (speaks_of(name, "market") or speaks_of(name, "pharmacy")):
            continue
        cells = [cell if cell and cell.strip() else None for cell in texts(table[name]).to_pylist()]
        if cells and cells[0] is not None and cells.count(None) > 0.3 * len(cells):
            made[name] = pd.Series(cells, dtype="str", index=table.index).ffill()
    return made


def _keys(
    table: pd.DataFrame, names: Sequence[str], month: str | tuple[str, ...], values: Mapping[str, Any]
) -> dict[str, Any]:
    """Market and pharmacy, alone or of several columns; and how to add up rows that remain several per period."""
    usable = [name for name in names if is_text(table[name]) or table[name].notna().all()]
    market = next((name for name in usable if speaks_of(name, "market")), "")
    pharmacy = next((name for name in usable if speaks_of(name, "pharmacy") and name != market), "")
    others = [name for name in usable if name not in {market, pharmacy}]
    if not month:
        return {f"panel.{role}": name for role, name in (("market", market), ("pharmacy", pharmacy)) if name}
    if not pharmacy and len(others) == 1 and len(usable) <= 2:
        pharmacy = others.pop()
    # The only key names pharmacies, whatever it is called, if it occurs once a period.
    if not pharmacy and market and not others and _unique(table, [market], month, values):
        market, pharmacy = "", market
    found: dict[str, Any] = {}
    if pharmacy:
        found["panel.pharmacy"] = pharmacy
    if market:
        found["panel.market"] = market
    elif pharmacy and _unique(table, [pharmacy], month, values):
        found["panel.market"] = ""
    if not pharmacy or _unique(table, [k for k in (market, pharmacy) if k], month, values):
        return found
    return found | (_finer(table, market, pharmacy, others, month, values) or _added_up(table, month, values))


def _finer(
    table: pd.DataFrame,
    market: str,
    pharmacy: str,
    others: Sequence[str],
    month: str | tuple[str, ...],
    values: Mapping[str, Any],
) -> dict[str, Any]:
    """The column that makes the keys unique, joined to the market (brands) or to the pharmacy."""
    keys = [key for key in (market, pharmacy) if key]
    for extra in others:
        if _unique(table, [*keys, extra], month, values):
            # Brands are markets of their own; anything else makes the pharmacy's code unique.
            if set(words_of(extra)) & BRAND_WORDS or not market:
                return {"panel.market": (market, extra) if market else extra}
            return {"panel.pharmacy": (extra, pharmacy)}
    return {}


def _added_up(table: pd.DataFrame, month: str | tuple[str, ...], values: Mapping[str, Any]) -> dict[str, Any]:
    """Sums of daily rows, where the dates are days."""
    if isinstance(month, tuple) or values.get("panel.period", "month") != "month" or _days(table[month]).size < 3:
        return {}
    measures = [values["panel.sales"]] if "panel.sales" in values else []
    measures += values.get("panel.promotion", ())
    return {"panel.aggregate": dict.fromkeys(measures, "sum")} if measures else {}


def _unique(table: pd.DataFrame, keys: Sequence[str], month: str | tuple[str, ...], values: Mapping[str, Any]) -> bool:
    """Whether the keys occur once per period, but for a few rows."""
    if isinstance(month, tuple):
        parts = [*keys, *month]
        return bool(table.duplicated(parts).mean() < 0.01)
    period = parse_periods(table[month], values.get("panel.period", "month")).index
    return bool(table[list(keys)].assign(**{"\x00period": period}).duplicated().mean() < 0.01)
