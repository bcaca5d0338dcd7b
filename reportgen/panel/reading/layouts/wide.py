"""Tables with the months in columns: one block per measure, a measure per row or sheet, or two rows of names.

A table is wide if at least three column names are periods, alone or with the name of a measure before or after them.
It becomes one row per period; cells that are blank in every measure are no rows.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from reportgen.panel.reading.columns import fold_name
from reportgen.panel.reading.raw import RawTable, is_number
from reportgen.panel.reading.values.date_forms import Written, read_form
from reportgen.panel.reading.values.numbers import is_text, texts

if TYPE_CHECKING:
    import pandas as pd

LEAST_PERIODS = 3
PERIOD = "month"
MEASURE = "sales"
"""Name of a measure that none of the names says."""
_NO_PERIOD = frozenset({"missing", "bad", "no-year", "timestamp", "day number", "serial"})
_YEAR, _SECOND, _DAY = r"(19|20)\d{2}", r"(0[1-9]|1[0-2])", r"(0[1-9]|[12]\d|3[01])"
_COMPACT = re.compile(rf"{_YEAR}{_SECOND}({_DAY})?|{_DAY}?{_SECOND}{_YEAR}")
_EDGES = " \t_-|/:()[]"
_MOST_MEASURES = 12


def split_name(name: str, is_period: Callable[[str], bool]) -> tuple[str, str] | None:
    """Measure and period of a name, ``Sales Jan-21`` → (``Sales``, ``Jan-21``); None where there is no period."""
    name = " ".join(name.split())
    if is_period(name):
        return "", name
    # A period may have blanks of its own (Sales Jan 21). The earliest cut leaves all of it on the right, the latest all
    # of it on the left.
    for cut in re.finditer(r"[\s_|/:(-]+", name):
        left, right = name[: cut.start()].strip(_EDGES), name[cut.end() :].strip(_EDGES)
        if left and right and not left[-1:].isdigit() and is_period(right):
            return left, right
    for cut in reversed(list(re.finditer(r"[\s_|/:(-]+", name))):
        left, right = name[: cut.start()].strip(_EDGES), name[cut.end() :].strip(_EDGES)
        if left and right and not right[:1].isdigit() and is_period(left):
            return right, left
    return None


def is_period(text: str) -> bool:
    """Whether a name is a month, quarter, week or day, and not a number."""
    form: Written = read_form(text)
    return (form.style not in _NO_PERIOD and any(c.isdigit() for c in text) and not text.isdigit()) or _is_compact(text)


def is_month(text: str) -> bool:
    """Whether a name is a month without a year, which may stand in a column of its own."""
    return read_form(text).style == "no-year"


def _is_compact(text: str) -> bool:
    return bool(_COMPACT.fullmatch(text))


def find_periods(names: Sequence[str]) -> dict[str, tuple[str, str]]:
    """Columns that are periods, with measure and period; empty where the table is not wide."""
    for kind in (is_period, is_month):
        found = {name: parts for name in names if (parts := split_name(name, kind)) is not None}
        distinct = {period for _, period in found.values()}
        if len(distinct) >= LEAST_PERIODS and len(found) >= 0.3 * len(names):
            return found
    return {}


def make_long(raw: RawTable, sheets: str = "") -> RawTable:
    """Table with one row per period; as it is where its columns are no periods.

    Parameters
    ----------
    sheets
        Column that holds the names of sheets, which may be measures.
    """
    found = find_periods([str(name) for name in raw.frame.columns])
    if not found:
        return raw
    frame, lines = raw.frame, raw.file_rows()
    ids = [name for name in frame.columns if name not in found]
    measures = list(dict.fromkeys(measure for measure, _ in found.values()))
    periods = list(dict.fromkeys(period for _, period in found.values()))
    columns = {parts: name for name, parts in found.items()}
    count = len(frame)
    long = {name: _repeat(frame[name], len(periods)) for name in ids}
    long[_free(PERIOD, ids)] = np.tile(np.array(periods, dtype=object), count)
    for measure in measures:
        cells = [
            frame[columns[measure, period]].astype(object).to_numpy() if (measure, period) in columns
            else np.full(count, None, dtype=object)
            for period in periods
        ]  # fmt: skip
        long[_free(measure or MEASURE, list(long))] = np.column_stack(cells).ravel()
    values = [name for name in long if name not in ids and name != _free(PERIOD, ids)]
    table = _frame(long)
    # Each row of the file becomes as many rows as there are periods, and messages still name its line.
    rows = np.repeat(lines, len(periods))
    if len(values) == 1 and (column := _measure_column(table, ids, _free(PERIOD, ids), sheets)):
        table, rows = _spread(table, column, values[0], rows)
        values = [name for name in table.columns if name not in ids and name != _free(PERIOD, ids)]
    # A blank in every measure is how such tables write that there was no pharmacy yet, or none any more.
    kept = ~np.logical_and.reduce([_blank(table[name]) for name in values])
    return replace(
        raw, frame=table[kept].reset_index(drop=True), lines=rows[kept], ragged=(), layout="months in columns"
    )


def _free(name: str, taken: Sequence[str]) -> str:
    return name if name not in taken else f"{name} (value)"


def _repeat(column: pd.Series, times: int) -> np.ndarray:
    return np.repeat(column.astype(object).to_numpy(), times)


def _frame(columns: dict[str, np.ndarray]) -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame({name: _typed(values) for name, values in columns.items()})


def _typed(values: np.ndarray) -> pd.Series:
    import pandas as pd

    known = [value for value in values.tolist() if value is not None and value is not pd.NA and value != ""]
    if known and all(map(is_number, known)):
        return pd.Series([np.nan if value in (None, "") else value for value in values.tolist()], dtype="float64")
    if all(isinstance(value, str) for value in known):
        return pd.Series([value if isinstance(value, str) else None for value in values.tolist()], dtype="str")
    return pd.Series(values, dtype=object)


def _blank(column: pd.Series) -> np.ndarray:
    import pyarrow.compute as pc

    if not is_text(column):
        return np.asarray(column.isna().to_numpy(dtype=bool))
    empty = pc.fill_null(pc.equal(pc.utf8_trim_whitespace(texts(column)), ""), fill_value=True)
    return np.array(empty.to_numpy(zero_copy_only=False), dtype=bool)


def _measure_column(table: pd.DataFrame, ids: Sequence[str], period: str, sheets: str) -> str:
    """Column whose values name the measures: the other keys occur once with each of them."""
    for column in sorted(ids, key=lambda name: (name != sheets, fold_name(name) not in _MEASURE_NAMES)):
        values = table[column].dropna().unique()
        if not 2 <= len(values) <= _MOST_MEASURES or any(str(value).replace(".", "").isdigit() for value in values):
            continue
        others = [name for name in ids if name != column and is_text(table[name])]
        if not others:
            continue
        keys = [*others, period]
        sizes = table.groupby(keys, dropna=False)[column].nunique()
        if (sizes == len(values)).all() and len(table) == len(sizes) * len(values):
            return column
    return ""


_MEASURE_NAMES = frozenset(
    {"measure", "kpi", "metric", "variable", "indicator", "kennzahl", "type", "mesure", "medida"}
)


def _spread(table: pd.DataFrame, column: str, value: str, rows: np.ndarray) -> tuple[pd.DataFrame, np.ndarray]:
    """Measures of ``column`` side by side, in the order of their first rows; and the first file row of each."""
    others = [name for name in table.columns if name not in {column, value}]
    made = None
    first = None
    for measure in table[column].unique():
        chosen = table[column] == measure
        part = table[chosen].set_index(others)[value].rename(str(measure))
        if made is None:
            made, first = part.to_frame(), rows[chosen.to_numpy()]
        else:
            made[str(measure)] = part.reindex(made.index)
    assert made is not None  # noqa: S101 - there are at least two measures
    assert first is not None  # noqa: S101
    return made.reset_index(), first
