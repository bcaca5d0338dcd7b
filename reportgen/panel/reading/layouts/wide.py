"""Tables with the months in columns: one block per measure, a measure per row or sheet, or two rows of names.

A table is wide if at least three column names are periods, alone or with the name of a measure before or after them.
It becomes one row per period; cells that are blank in every measure are no rows.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from reportgen.errors import ReadError
from reportgen.panel.reading.layouts.roles import are_measures
from reportgen.panel.reading.layouts.sums import sum_columns
from reportgen.panel.reading.raw import RawTable, is_number
from reportgen.panel.reading.values.date_forms import Written, read_form
from reportgen.panel.reading.values.numbers import blank_cells, is_text
from reportgen.settings.coerce import fold_name

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


def make_long(raw: RawTable, sheets: str = "", keep: Collection[str] = ()) -> RawTable:
    """Table with one row per period; as it is where its columns are no periods.

    Parameters
    ----------
    sheets
        Column that holds the names of sheets, which may be measures.
    keep
        Columns that the settings name, which are never taken for sums of the periods.

    Raises
    ------
    ReadError
        ``ragged-row``, ``duplicate-rows``.
    """
    found = find_periods([str(name) for name in raw.frame.columns])
    if not found:
        return raw
    frame, lines = raw.frame, raw.file_rows()
    if raw.ragged:
        row = raw.ragged[0]
        raise ReadError(
            f"{raw.source}: line {lines[row.position]} has {row.found} fields, not {row.expected}, so its values may "
            "stand under other months. Quote fields that hold the delimiter, or export the table again.",
            code="ragged-row",
        )
    sums = sum_columns(frame, found, keep, raw.delimiter)
    frame = frame.drop(columns=sums)
    found = {name: parts for name, parts in found.items() if name not in sums}
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
        bound = bound_columns(frame, ids, column)
        refuse_repeats(table.drop(columns=[values[0], *bound]), rows, column, raw.source)
        table, rows = spread_measures(table.drop(columns=bound), column, values[0], rows)
        ids = [name for name in ids if name not in bound]
        values = [name for name in table.columns if name not in ids and name != _free(PERIOD, ids)]
    # A blank in every measure is how such tables write that there was no pharmacy yet, or none any more.
    kept = ~np.logical_and.reduce([blank_cells(table[name]) for name in values])
    return replace(
        raw, frame=table[kept].reset_index(drop=True), lines=rows[kept], layout="months in columns", sums=tuple(sums)
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


def _measure_column(table: pd.DataFrame, ids: Sequence[str], period: str, sheets: str) -> str:
    """Column whose values name the measures: the other keys occur once with each of them, or they speak of both."""
    candidates = []
    for column in sorted(ids, key=lambda name: (name != sheets, fold_name(name) not in _MEASURE_NAMES)):
        values = table[column].dropna().unique()
        if 2 <= len(values) <= _MOST_MEASURES and not any(str(v).replace(".", "").isdigit() for v in values):
            candidates.append(column)
    for column in candidates:
        values = table[column].dropna().unique()
        bound = bound_columns(table, ids, column)
        others = [name for name in ids if name != column and name not in bound and is_text(table[name])]
        if not others:
            continue
        sizes = table.groupby([*others, period], dropna=False)[column].nunique()
        if (sizes == len(values)).all() and len(table) == len(sizes) * len(values):
            return column
    # A pharmacy without the rows of one measure leaves only the words to tell.
    for column in candidates:
        if are_measures([str(value) for value in table[column].dropna().unique()]):
            return column
    return ""


def bound_columns(table: pd.DataFrame, ids: Sequence[str], column: str) -> list[str]:
    """Columns that only say more of the measure, such as its unit: several values, one with each measure."""
    others = [name for name in ids if name != column and table[name].nunique(dropna=False) > 1]
    return [name for name in others if (table.groupby(column, dropna=False)[name].nunique(dropna=False) == 1).all()]


def refuse_repeats(keys: pd.DataFrame, rows: np.ndarray, column: str, source: str) -> None:
    """Raise where the same keys have a measure twice.

    Raises
    ------
    ReadError
        ``duplicate-rows``.
    """
    again = np.flatnonzero(keys.duplicated(keep=False).to_numpy())
    if again.size:
        first = keys.iloc[again[0]]
        lines = sorted({int(rows[i]) for i in again if (keys.iloc[i] == first).all()})
        raise ReadError(
            f'{source}: {column} "{first[column]}" occurs more than once for the same keys '
            f"(first: rows {lines[0]} and {lines[-1]}). Keep one row each.",
            code="duplicate-rows",
        )


_MEASURE_NAMES = frozenset(
    {"measure", "measures", "kpi", "metric", "metrics", "variable", "indicator", "kennzahl", "kennzahlen", "type"}
    | {"mesure", "medida", "fact", "item", "series", "attribute", "parameter", "values", "merkmal"}
)


def spread_measures(table: pd.DataFrame, column: str, value: str, rows: np.ndarray) -> tuple[pd.DataFrame, np.ndarray]:
    """Measures of ``column`` side by side, in the order of their first rows; and the first file row of each."""
    import pandas as pd

    others = [name for name in table.columns if name not in {column, value}]
    parts = []
    for measure in table[column].unique():
        chosen = table[table[column] == measure]
        parts.append(chosen.set_index(others)[value].rename(str(measure)))
    made = pd.concat(parts, axis=1, sort=False)
    first = pd.Series(rows, index=pd.MultiIndex.from_frame(table[others]))
    first = first[~first.index.duplicated()]
    return made.reset_index(), first.loc[made.index].to_numpy()
