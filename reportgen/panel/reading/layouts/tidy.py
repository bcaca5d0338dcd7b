"""Tables with one row per measure: a column that names the measure, and one that holds its value.

Looked at only where no column is sales. The values of the naming column must speak of sales and of promotion, and one
column of numbers must be left for the value; anything less certain stays as it is, for the contract to speak of.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from reportgen.panel.reading.layouts.roles import are_measures, measure_columns
from reportgen.panel.reading.layouts.wide import bound_columns, refuse_repeats, spread_measures
from reportgen.panel.reading.raw import RawTable
from reportgen.panel.reading.values.numbers import distinct_texts, is_text
from reportgen.settings.coerce import fold_name

if TYPE_CHECKING:
    import pandas as pd

_MOST_MEASURES = 12
_VALUES = frozenset(
    {"value", "values", "amount", "wert", "werte", "betrag", "valeur", "valor", "measurement", "figure"}
)


def spread_tidy(raw: RawTable, wanted: Sequence[str]) -> RawTable:
    """Table with its measures side by side; as it is where it is not certain that it has them one below the other.

    Parameters
    ----------
    wanted
        Names of sales and promotion in the settings.

    Raises
    ------
    ReadError
        ``duplicate-rows``.
    """
    frame = raw.frame
    names = [str(name) for name in frame.columns]
    known = {fold_name(name) for name in wanted}
    for column in names:
        measures = _measures(frame[column])
        named = {fold_name(measure) for measure in measures}
        if not are_measures(measures) and not (len(wanted) > 1 and known <= named):
            continue
        numbers = measure_columns(frame, [name for name in names if name != column], raw.delimiter)
        values = [name for name in numbers if fold_name(name) in _VALUES] or numbers
        if len(values) != 1:
            continue
        ids = [name for name in names if name not in {column, values[0]}]
        bound = bound_columns(frame, ids, column)
        table = frame.drop(columns=bound)
        lines = raw.file_rows()
        refuse_repeats(table.drop(columns=values), lines, column, raw.source)
        made, rows = spread_measures(table, column, values[0], lines)
        order = np.argsort(rows, kind="stable")
        made, rows = made.iloc[order].reset_index(drop=True), rows[order]
        return replace(raw, frame=made, lines=rows, ragged=(), layout="measures in rows")
    return raw


def _measures(column: pd.Series) -> list[str]:
    """The few texts of a column, if they are no numbers; else none."""
    if not is_text(column):
        return []
    found = distinct_texts(column)
    return found if 2 <= len(found) <= _MOST_MEASURES else []
