"""Columns beside months in columns that only sum them up: totals, averages, quarters and years among months.

A column is one by arithmetic (it is the sum or the mean of the months beside it in every row) or, where its rows are
numbers, by its name. It belongs to no period, so it is left out, and the contract says so.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from reportgen.panel.reading.layouts.years import read_year
from reportgen.panel.reading.values.conventions import decide, survey_numbers
from reportgen.panel.reading.values.date_forms import read_form
from reportgen.panel.reading.values.numbers import parse_numbers

if TYPE_CHECKING:
    import pandas as pd

_WORDS = frozenset(
    {"total", "totals", "grand", "sum", "sums", "summe", "gesamt", "gesamtsumme", "insgesamt", "ytd", "mtd", "qtd"}
    | {"avg", "average", "mean", "mittel", "mittelwert", "durchschnitt", "schnitt", "ø", "moyenne", "somme", "cumul"}
    | {"promedio", "media", "média", "suma", "soma", "cumulative", "kumuliert", "h1", "h2", "max", "min", "growth"}
    | {"change", "कुल", "योग", "औसत"}
)
_LONGEST_BLOCK = 24
_TOLERANCE = 2e-4
Floats = NDArray[np.float64]


def sum_columns(
    frame: pd.DataFrame, found: Mapping[str, tuple[str, str]], keep: Collection[str], delimiter: str
) -> list[str]:
    """Columns that sum up others, in the order of the table.

    Parameters
    ----------
    found
        Columns that are periods, with measure and period.
    keep
        Columns that the settings name.
    """
    quarters = _shorter(found)
    candidates = [name for name in frame.columns if name not in keep and (name not in found or name in quarters)]
    if not candidates:
        return []
    periods = [name for name in frame.columns if name in found and name not in quarters]
    how = decide(survey_numbers([frame[name] for name in [*periods, *candidates]]), "", delimiter)
    values = {name: _numbers(frame[name], how) for name in [*periods, *candidates]}
    order = list(frame.columns)
    chosen = []
    for name in candidates:
        own = values[name]
        if own is None or not np.isfinite(own).any():
            continue
        blocks = _blocks(order, name, {n: values[n] for n in periods}, [found[n][0] for n in periods], periods)
        named = name not in found and _speaks_of_sum(str(name))
        if named or any(_is_sum(own, block) for block in blocks):
            chosen.append(name)
    return chosen


def _shorter(found: Mapping[str, tuple[str, str]]) -> set[str]:
    """Quarters among columns that are mostly months."""
    quarters = {name for name, (_, period) in found.items() if read_form(period).style == "quarter"}
    return quarters if len(quarters) < len(found) / 2 else set()


def _numbers(column: pd.Series, how: object) -> Floats | None:
    """Column as numbers; None where it holds anything else."""
    parsed = parse_numbers(column, how)  # type: ignore[arg-type]
    return None if parsed.bad.any() else parsed.values


def _speaks_of_sum(name: str) -> bool:
    words = [word.casefold() for word in re.split(r"[\s_\-./()\[\]:|]+", name) if word]
    return any(word in _WORDS for word in words) or read_year(name) is not None


def _blocks(
    order: Sequence[str],
    name: str,
    values: Mapping[str, Floats | None],
    measures: Sequence[str],
    periods: Sequence[str],
) -> list[Floats]:
    """Periods that a column may sum up, ``(n, k)`` each: runs just before or after it, and all of each measure."""
    known = [n for n in periods if values[n] is not None]
    place = order.index(name)
    before = [n for n in known if order.index(n) < place]
    after = [n for n in known if order.index(n) > place]
    runs = [before[-k:] for k in range(2, min(len(before), _LONGEST_BLOCK) + 1)]
    runs += [after[:k] for k in range(2, min(len(after), _LONGEST_BLOCK) + 1)]
    runs += [[n for n, own in zip(periods, measures, strict=True) if own == m and n in known] for m in set(measures)]
    return [np.column_stack([values[n] for n in run]) for run in runs if len(run) > 1]  # type: ignore[misc]


def _is_sum(own: Floats, block: Floats) -> bool:
    """Whether a column is the sum or the mean of others in all of its rows; two rows are the least that say so."""
    rows = np.isfinite(own) & np.isfinite(block).any(axis=1)
    if rows.sum() < 2 or not (np.isfinite(own) <= rows).all():
        return False
    total, count = np.nansum(block[rows], axis=1), np.isfinite(block[rows]).sum(axis=1)
    # What is nothing but zeros is the sum of anything that is.
    if not total.any():
        return False
    return any(
        bool((np.abs(own[rows] - one) <= np.abs(one) * _TOLERANCE + 0.02).all()) for one in (total, total / count)
    )
