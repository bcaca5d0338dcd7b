"""Columns made of other columns: keys of several columns, year and month apart, codes written once for many rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from reportgen.errors import ReadError
from reportgen.panel.reading.columns import column_of, find_columns
from reportgen.panel.reading.layouts.tidy import spread_tidy
from reportgen.panel.reading.layouts.wide import make_long
from reportgen.panel.reading.layouts.years import find_years, join_year
from reportgen.panel.reading.raw import RawTable
from reportgen.panel.reading.values.numbers import is_text, texts
from reportgen.settings.coerce import fold_name
from reportgen.settings.sections import PanelSettings

if TYPE_CHECKING:
    import pandas as pd

JOINED = " · "
"""Between the parts of a key."""


def arrange(raw: RawTable, panel: PanelSettings, sheets: str = "") -> RawTable:
    """Table with the columns that the settings speak of.

    Raises
    ------
    ReadError
        ``missing-column`` if a part of a key is not in the table.
    """
    if panel.fill_down:
        # Before months in columns become rows: a code may hold for the rows of several measures.
        raw = replace(raw, frame=_fill_down(raw.frame, (panel.market, panel.pharmacy, panel.territory)))
    raw = make_long(raw, sheets, keep=(*panel.controls, *([panel.cost] if isinstance(panel.cost, str) else [])))
    names = [str(name) for name in raw.frame.columns]
    if not find_columns(names, panel).sales and raw.layout == "":
        raw = spread_tidy(raw, (panel.sales, *panel.promotion))
    frame = raw.frame
    for key in (panel.market, panel.pharmacy, panel.territory):
        if isinstance(key, tuple):
            parts = [texts(frame[name]).to_pylist() for name in _named(frame, key, raw.source)]
            joined = [
                # A key with an empty part is empty, and the contract says where.
                JOINED.join(p.strip() for p in row if p) if all(p and p.strip() for p in row) else ""
                for row in zip(*parts, strict=True)
            ]
            frame = frame.assign(**{column_of(key): _text(joined)})
    if isinstance(panel.month, tuple):
        frame = _join_months(frame, _named(frame, panel.month, raw.source), panel, raw.source)
    return raw if frame is raw.frame else replace(raw, frame=frame)


def _text(values: Sequence[str | None]) -> pd.Series:
    import pandas as pd

    return pd.Series(list(values), dtype="str")


def _named(frame: pd.DataFrame, names: Sequence[str], source: str) -> list[str]:
    """Columns of the table under the names of the settings, case and blanks apart.

    Raises
    ------
    ReadError
        ``missing-column``.
    """
    known = {fold_name(str(name)): str(name) for name in frame.columns}
    missing = [name for name in names if name not in frame.columns and fold_name(name) not in known]
    if missing:
        listed = ", ".join(f'"{name}"' for name in list(frame.columns)[:12])
        raise ReadError(
            f'{source}: there is no column "{missing[0]}"; the columns are {listed}. Correct the settings of [panel].',
            code="missing-column",
        )
    return [name if name in frame.columns else known[fold_name(name)] for name in names]


def _join_months(frame: pd.DataFrame, names: Sequence[str], panel: PanelSettings, source: str) -> pd.DataFrame:
    """Table with year and month as one column; the year stands first, or in the column that holds nothing but years.

    Raises
    ------
    ReadError
        ``financial-year`` where the years are financial and nothing says in which month they begin.
    """
    if len(names) != 2:
        return frame
    found = {one.name: one for one in find_years(frame, names)}
    year, part = names if names[0] in found or names[1] not in found else names[::-1]
    financial = year in found and found[year].kind == "financial"
    if financial and panel.period == "month" and not panel.year_begins:
        raise ReadError(
            f'{source}: {year} holds financial years ("{found[year].example}"), which do not say in which calendar '
            "year a month lies. Set panel.year_begins to the month (1 to 12) in which they begin.",
            code="financial-year",
        )
    joined = join_years(frame[year], frame[part], panel, financial=financial)
    return frame.assign(**{column_of(panel.month): joined})


def join_years(years: pd.Series, parts: pd.Series, panel: PanelSettings, *, financial: bool) -> pd.Series:
    """Years and months of two columns as one column of text."""
    made: dict[tuple[str | None, str | None], str | None] = {}
    pairs = list(zip(texts(years).to_pylist(), texts(parts).to_pylist(), strict=True))
    for pair in set(pairs):
        made[pair] = join_year(*pair, panel.period, panel.year_begins, financial=financial)
    return _text([made[pair] for pair in pairs])


def _fill_down(frame: pd.DataFrame, keys: Sequence[str | tuple[str, ...]]) -> pd.DataFrame:
    """Codes written once for many rows, written in each; a new code in a column starts those right of it anew."""
    wanted = {fold_name(name) for key in keys for name in (key if isinstance(key, tuple) else (key,))}
    names = [name for name in frame.columns if fold_name(str(name)) in wanted]
    made = {}
    above = np.zeros(len(frame), dtype=np.intp)
    for name in names:
        column = texts(frame[name]) if is_text(frame[name]) else None
        if column is None:
            continue
        cells = [cell if cell and cell.strip() else None for cell in column.to_pylist()]
        filled = np.array([i if cell is not None else -1 for i, cell in enumerate(cells)])
        # ``last`` is the row of the code that holds in each row. One from above the latest code of a column further
        # left (a new market) holds no longer.
        last = np.maximum.accumulate(filled)
        made[name] = _text([cells[i] if i >= a else None for i, a in zip(last.tolist(), above.tolist(), strict=True)])
        above = np.maximum(above, np.maximum(last, 0))
    return frame.assign(**made)
