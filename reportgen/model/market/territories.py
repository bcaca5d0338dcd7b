"""Territories: the level above the pharmacy at which promotion is planned, and what happens to all of one territory.

Where enough of promotion's movement is left within territories, every period of every territory has an effect of its
own (``territory-periods``): who was visited more than others of the same territory in the same period is what is left
to learn from, and whatever happened to a territory cannot pass for an effect of its visits. Where promotion is
decided for territories as a whole these effects would leave nothing; then they stay out, what happens to a territory
is part of the error, and the errors are clustered (CR2, :mod:`reportgen.model.lmm.inference`).

Territories of one pharmacy share their effects: one row would be fitted exactly and tell nothing, and what happens to
one pharmacy alone is its own error. Periods in which a territory has one row share that of their neighbour.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from reportgen.model.lmm.columns import Array, Index
from reportgen.panel.features import ModelFrame

LEAST_TOGETHER = 2
"""Pharmacies of a territory, and rows of one of its periods, that have an effect of their own."""
LEAST_TERRITORIES = 2
"""One territory is the market."""
LEAST_WITHIN = 0.1
"""Share of adstock's variance within pharmacies that must be left after effects of a territory's periods.

Half of what period effects of the market need: the alternative there is a season and a trend, which take up most of
what happens; here it is to take up nothing of what happens to a territory."""
MOST_EFFECTS = 600
"""Effects at most: their columns are dense, and the cost of a fit grows with their square (600: some ten seconds)."""


def territory_codes(frame: ModelFrame) -> Index | None:
    """Territory 0..H-1 of each pharmacy with rows, (G,), in the order of codes; ``None`` where they are no level."""
    return _codes(frame, frame.panel.territories)


def unnamed_codes(frame: ModelFrame) -> Index | None:
    """The same of a column that may hold territories although the settings name none."""
    return None if frame.panel.territories else _codes(frame, frame.panel.unnamed_territories[1])


def _codes(frame: ModelFrame, values: tuple[str, ...]) -> Index | None:
    if not values:
        return None
    names = [values[row] for row in frame.grid_rows]
    found, codes = np.unique(np.array(names, dtype=object).astype(str), return_inverse=True)
    # A territory for every pharmacy is no level above it.
    apart = LEAST_TERRITORIES <= len(found) < len(names)
    return codes.astype(np.intp) if apart else None


def sharing(frame: ModelFrame) -> Index:
    """Number 0..K-1 of the effects that each pharmacy shares, (G,): its territory's, or those of all small ones."""
    codes = territory_codes(frame)
    if codes is None:
        return np.zeros(len(frame.pharmacies), dtype=np.intp)
    sizes = np.bincount(codes)
    small = sizes < LEAST_TOGETHER
    if not small.any():
        return codes
    if sizes[small].sum() < LEAST_TOGETHER:
        # Too few together as well: the smallest of the others takes them in.
        small[np.flatnonzero(~small)[np.argmin(sizes[~small])]] = True
    joined = np.where(small[codes], len(sizes), codes)
    return np.unique(joined, return_inverse=True)[1].astype(np.intp)


def effect_codes(counts: Index, least: int) -> Index:
    """Code of the effect of every period of K rows of rows' ``counts`` (K, T): numbered by period, then by row, (K, T).

    A thin period counts with the one before it in its row; those before the first open one count with that.
    """
    # Where no period has ``least``, the fullest ones open effects.
    most = counts.max(axis=1, initial=0)[:, None]
    opens = (counts >= np.minimum(least, most)) & (counts > 0)
    number = np.cumsum(opens.T.reshape(-1)).reshape(opens.T.shape).T - 1
    columns = np.arange(counts.shape[1])
    place = np.maximum.accumulate(np.where(opens, columns, -1), axis=1)
    place = np.where(place < 0, opens.argmax(axis=1)[:, None], place)
    return np.take_along_axis(number, place, axis=1).astype(np.intp)


def cell_codes(frame: ModelFrame) -> Index:
    """Code of the effect of every period for each group of :func:`sharing`, (K, T)."""
    return effect_codes(_rows_of_cells(frame), LEAST_TOGETHER)


def _rows_of_cells(frame: ModelFrame) -> Index:
    """Rows of every group of :func:`sharing` in every period, (K, T)."""
    shared = sharing(frame)
    counts = np.zeros((int(shared.max(initial=0)) + 1, frame.panel.n_periods), dtype=np.intp)
    np.add.at(counts, (shared[frame.group], frame.column), 1)
    return counts


def cell_labels(frame: ModelFrame) -> tuple[tuple[str, str], ...]:
    """First period with rows and territory of each code ("" for the small territories together), in order."""
    counts, shared = _rows_of_cells(frame), sharing(frame)
    codes = effect_codes(counts, LEAST_TOGETHER)
    territory = territory_codes(frame)
    names: dict[int, str] = {}
    for row, group in zip(frame.grid_rows.tolist(), shared.tolist(), strict=True):
        alone = territory is not None and len(np.unique(territory[shared == group])) == 1
        names.setdefault(group, frame.panel.territories[row] if alone else "")
    labels: dict[int, tuple[str, str]] = {}
    for group, row in enumerate(codes):
        for column in np.flatnonzero(counts[group]).tolist():
            labels.setdefault(int(row[column]), (frame.panel.period_label(column), names[group]))
    return tuple(labels[code] for code in range(len(labels)))


def shares_of_rows(frame: ModelFrame, code: Index) -> Array:
    """Share of each code among the rows of every period with rows, (T', K): what the mean over territories weighs."""
    periods, place = np.unique(frame.column, return_inverse=True)
    counts = np.zeros((len(periods), int(code.max()) + 1))
    np.add.at(counts, (place, code), 1.0)
    return np.asarray(counts / counts.sum(axis=1, keepdims=True))


@dataclass(frozen=True, slots=True, kw_only=True)
class Together:
    """Analysis of variance of (territory, period) cells within periods: ``ratio`` F on ``df``, ``size`` of a cell."""

    ratio: float
    df: tuple[float, float]
    size: float

    def at(self, ratio: float) -> float:
        """Intraclass correlation that a ratio stands for (Snedecor and Cochran 1989, section 13.3)."""
        return (ratio - 1.0) / (ratio - 1.0 + self.size)


def moving_together(frame: ModelFrame, codes: Index, residuals: Array) -> Together | None:
    """How far ``residuals`` (n,) of the pharmacies of one territory, ``codes`` (G,), go together in a period."""
    counts = np.zeros((int(codes.max()) + 1, frame.panel.n_periods))
    sums, place = counts.copy(), (codes[frame.group], frame.column)
    np.add.at(counts, place, 1.0)
    np.add.at(sums, place, residuals)
    filled = counts.any(axis=0)
    rows, total = counts.sum(axis=0)[filled], sums.sum(axis=0)[filled]
    explained = float(np.sum(sums**2 / np.maximum(counts, 1.0)))
    within, between = float(residuals @ residuals) - explained, explained - float(np.sum(total**2 / rows))
    cells = np.sum(counts > 0.0, axis=0)[filled]
    df = float(np.sum(cells - 1)), float(len(residuals) - cells.sum())
    if min(df) <= 0.0 or not within > 0.0:
        return None
    size = float(np.sum(rows - np.sum(counts**2, axis=0)[filled] / rows)) / df[0]
    return Together(ratio=between / df[0] / (within / df[1]), df=df, size=size)
