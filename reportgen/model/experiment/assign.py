"""Which pharmacies get more promotion: half of each stratum of size and past growth, by lot.

Strata make the arms alike in what moves sales most, and the lot alone decides within them; whoever knows the seed
gets the same draw. Rejected: the most alike pairs by all columns (nobody can check them by eye), and re-drawing until
the arms look balanced (what is then random is no longer known).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from reportgen.model.experiment.readout import known_before
from reportgen.model.lmm.columns import Array, Index
from reportgen.panel.grid import MarketPanel
from reportgen.panel.periods import PER_YEAR

LEAST_PHARMACIES = 8
A_STRATUM = 8
"""Pharmacies a stratum of size has at least; it is then halved by growth."""
MOST_SIZES = 5


class TooFewPharmacies(ValueError):
    """Fewer pharmacies (``found``) sell until the end of the record than an experiment needs."""

    def __init__(self, found: int) -> None:
        super().__init__(f"{found} pharmacies sell until the end of the record; an experiment needs {LEAST_PHARMACIES}")
        self.found = found


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Baseline:
    """The pharmacies that can take part, by ``rows`` of the panel (K,), with what they did in the last periods.

    ``size``: mean sales a period; ``growth``: by which share its second half lies above the first; ``usual``: mean
    promotion of the channel; ``scale``: how much each varies beside the others.
    """

    rows: Index
    size: Array
    growth: Array
    usual: Array
    scale: Array


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Assignment:
    """Who takes part, in which stratum, and who gets more: all (K,)."""

    baseline: Baseline
    stratum: Index
    more: Array


def baseline(panel: MarketPanel, usable: Index, channel: int = 0) -> Baseline:
    """Pharmacies that sell in most of the last year (of the whole record, where it is shorter) and in its last quarter.

    ``usable`` are the rows of the panel that the market's fit has.

    Raises
    ------
    TooFewPharmacies
        If they are not enough for two arms.
    """
    window = min(panel.n_periods, PER_YEAR[panel.period_type])
    sales = panel.sales[:, -window:]
    known = np.isfinite(sales)
    half, quarter = window // 2, max(window // 4, 1)
    there = (known.mean(axis=1) > 0.5) & known[:, -quarter:].any(axis=1) & known[:, :half].any(axis=1)
    rows = np.intersect1d(np.flatnonzero(there), usable)
    if len(rows) < LEAST_PHARMACIES:
        raise TooFewPharmacies(len(rows))
    size, growth, usual, scale = known_before(sales[rows], panel.promotion[channel][rows, -window:])
    return Baseline(rows=rows, size=size, growth=growth, usual=usual, scale=scale)


def assign(found: Baseline, rng: np.random.Generator, *, number: int | None = None) -> Assignment:
    """Half of every stratum gets more; of ``number`` pharmacies, where not all are to take part."""
    strata = _strata(found)
    kept = _sample(strata, number, rng)
    chosen = Baseline(**{name: getattr(found, name)[kept] for name in ("rows", "size", "growth", "usual", "scale")})
    stratum = strata[kept]
    return Assignment(baseline=chosen, stratum=stratum, more=draw_lots(stratum, 1, rng)[0])


def draw_lots(stratum: Index, draws: int, rng: np.random.Generator) -> Array:
    """1 for who gets more, 0 for who goes on as before, (R, K): half of every stratum.

    Where a stratum is odd its last one goes to the arms in turn, so that they stay as large as each other.
    """
    more = np.zeros((draws, len(stratum)))
    extra = rng.integers(2, size=draws)
    for code in np.unique(stratum):
        inside = np.flatnonzero(stratum == code)
        place = rng.random((draws, len(inside))).argsort(axis=1).argsort(axis=1)
        odd = len(inside) % 2
        more[:, inside] = place < (len(inside) // 2 + extra * odd)[:, None]
        extra = extra ^ odd
    return more


def _strata(found: Baseline) -> Index:
    """Groups of size, each halved by growth, (K,)."""
    count = len(found.rows)
    sizes = max(1, min(MOST_SIZES, count // A_STRATUM))
    place = np.empty(count, dtype=np.intp)
    place[np.argsort(found.size, kind="stable")] = np.arange(count)
    group = place * sizes // count
    fast = np.zeros(count, dtype=np.intp)
    for code in range(sizes):
        inside = np.flatnonzero(group == code)
        order = inside[np.argsort(found.growth[inside], kind="stable")]
        fast[order[len(order) // 2 :]] = 1
    return np.asarray(2 * group + fast, dtype=np.intp)


def _sample(strata: Index, number: int | None, rng: np.random.Generator) -> Index:
    """Places of ``number`` pharmacies, of every stratum its share (systematic sampling; Cochran 1977, chapter 8)."""
    count = len(strata)
    if number is None or number >= count:
        return np.arange(count)
    order = rng.permutation(count)
    order = order[np.argsort(strata[order], kind="stable")]
    taken = np.floor((np.arange(number) + rng.random()) * count / number).astype(np.intp)
    return np.sort(order[taken])
