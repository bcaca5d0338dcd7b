"""From checked rows to one grid per market."""

from __future__ import annotations

from collections.abc import Collection
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from reportgen.panel.checking.checks import Checked, split_markets
from reportgen.panel.grid import Floats, MarketPanel
from reportgen.panel.reading.raw import RawTable
from reportgen.panel.slips import set_aside
from reportgen.settings.coerce import fold_name
from reportgen.settings.sections import Settings


def assemble_markets(
    raw: RawTable, checked: Checked, settings: Settings, refused: Collection[str]
) -> MappingProxyType[str, MarketPanel]:
    """Markets by code in code order, without the refused ones and without rows that have no market."""
    order = np.lexsort((checked.period, checked.pharmacy))
    grids = {
        code: _assemble(raw, checked, settings, code, rows)
        for code, rows in split_markets(checked, order)
        if code not in refused
    }
    return MappingProxyType({code: grids[code] for code in sorted(grids)})


def _assemble(raw: RawTable, checked: Checked, settings: Settings, code: str, rows: np.ndarray) -> MarketPanel:
    """One market from its row positions, which are sorted by pharmacy and period."""
    # Only the pharmacies of this market, in the order of their codes, which is that of the names.
    pharmacy_codes, row = np.unique(checked.pharmacy[rows], return_inverse=True)
    period = checked.period[rows]
    first, last = int(period.min()), int(period.max())
    shape = (pharmacy_codes.size, last - first + 1)
    place = (row, period - first)

    folded = {fold_name(name): rule for name, rule in settings.panel.aggregate}
    rules = {name: folded[fold_name(name)] for name in checked.values if fold_name(name) in folded}

    def grid(names: tuple[str, ...]) -> Floats:
        out = np.full((len(names), *shape), np.nan)
        for layer, name in zip(out, names, strict=True):
            if name in rules:
                layer[:] = _by_rule(rules[name], checked.values[name][rows], place, shape)
            else:
                # The contract has refused two rows for one cell; with panel.aggregate they are put together above.
                layer[place] = checked.values[name][rows]
        return out

    recorded = np.zeros(shape, dtype=bool)
    recorded[place] = True
    columns = checked.columns
    cost: float | Floats | None = grid((columns.cost,))[0] if columns.cost else None
    if isinstance(settings.panel.cost, (int, float)):
        cost = float(settings.panel.cost)
    panel = MarketPanel(
        market=code,
        pharmacies=tuple(checked.pharmacy_codes[int(i)] for i in pharmacy_codes),
        period_type=settings.panel.period,
        first_period=first,
        n_periods=shape[1],
        sales=grid((columns.sales,))[0],
        promotion=grid(columns.promotion),
        channels=columns.promotion,
        controls=grid(columns.controls),
        control_names=columns.controls,
        recorded=recorded,
        cost=cost,
        rows_read=int(recorded.sum()),
        source=raw.source,
        currency=checked.currency,
        territories=_level(checked, columns.territory, rows, row),
        unnamed_territories=(columns.candidate, _level(checked, columns.candidate, rows, row)),
        moderators=tuple((name, _level(checked, name, rows, row)) for name in columns.moderators),
    )
    return set_aside(panel) if settings.panel.outliers == "set-aside" else panel


def _level(checked: Checked, name: str, rows: np.ndarray, row: NDArray[np.intp]) -> tuple[str, ...]:
    """The value of a level that each pharmacy of a market has in all its rows; empty without the column."""
    if name not in checked.levels:
        return ()
    level = checked.levels[name]
    codes = np.empty(int(row.max()) + 1, dtype=np.intp)
    codes[row] = level.codes[rows]
    return tuple(level.names[int(code)] for code in codes)


def _by_rule(
    rule: str, values: Floats, place: tuple[NDArray[np.intp], NDArray[np.int64]], shape: tuple[int, int]
) -> Floats:
    """Grid ``shape`` of values that fall into one cell, by ``panel.aggregate``; empty values are left out."""
    cell = place[0] * shape[1] + place[1]
    known = np.flatnonzero(np.isfinite(values))
    if rule == "last":
        # The sort below is stable: turned round, the last value of a cell comes first.
        known = known[::-1]
    ordered = known[np.argsort(cell[known], kind="stable")]
    out = np.full(shape[0] * shape[1], np.nan)
    cells, starts = np.unique(cell[ordered], return_index=True)
    if cells.size:
        taken = values[ordered]
        counts = np.diff(np.append(starts, taken.size))
        if rule in {"sum", "mean"}:
            out[cells] = np.add.reduceat(taken, starts) / (counts if rule == "mean" else 1)
        elif rule in {"max", "min"}:
            out[cells] = (np.maximum if rule == "max" else np.minimum).reduceat(taken, starts)
        else:
            out[cells] = taken[starts]
    return out.reshape(shape)
