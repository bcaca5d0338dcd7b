"""Where a market stands today: recent promotion and sales of every pharmacy, and how far it may move."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from math import floor, log10

import numpy as np
from numpy.typing import NDArray

from reportgen.panel.grid import MarketPanel
from reportgen.panel.periods import PER_YEAR
from reportgen.settings.statistics import PlanSettings

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
Counts = NDArray[np.intp]
FINE = 50.0
"""Steps of promotion that comes in no whole units are the power of ten below this part of the usual promotion."""
COUNTED = 2500.0
"""Whole units up to which they are counted one by one; whole rupees are whole numbers, too."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Today:
    """G pharmacies: ``now`` and ``sales`` a period (NaN without any), ``cost`` of a unit, ``room`` in steps, masks;
    ``year`` are its periods.

    ``recent`` are the periods of the means: the last year of the record.
    """

    recent: tuple[str, str]
    now: Floats
    sales: Floats
    cost: Floats | None
    active: Mask
    fixed: Mask
    room: Counts
    step: float
    periods: int
    year: int

    @property
    def unit(self) -> float:
        """What one step is worth in units a period."""
        return self.step / self.periods


def today(panel: MarketPanel, settings: PlanSettings, channel: int) -> Today:
    """State of the pharmacies of a panel in the last year of its record.

    A pharmacy with neither a sale nor promotion on record in the last quarter of that year has left. A bound is a share
    of a pharmacy's own mean, which lies within the promotion it has seen: no one leaves that range by more.
    """
    year = PER_YEAR[panel.period_type]
    periods = settings.periods or year
    promotion, kept = panel.promotion[channel], panel.kept
    known = np.isfinite(promotion) & kept
    window = slice(max(panel.n_periods - year, 0), panel.n_periods)
    now = _mean(promotion[:, window], known[:, window])
    active = kept[:, max(panel.n_periods - max(year // 4, 1), 0) :].any(axis=1) & np.isfinite(now)
    fixed = np.array([any(fnmatchcase(name, glob) for glob in settings.fixed) for name in panel.pharmacies], dtype=bool)
    step = settings.step or _step(promotion[known], now[active], periods)
    free = np.where(active & ~fixed, np.nan_to_num(now), 0.0)
    # A hair more: a bound that is a whole number of steps is not lost to rounding.
    room = np.floor(np.maximum(free, 0.0) * periods * settings.bound / step + 1e-9).astype(np.intp)
    return Today(
        recent=(panel.period_label(window.start), panel.period_label(panel.n_periods - 1)),
        now=now,
        sales=_mean(panel.sales[:, window], np.isfinite(panel.sales[:, window]) & kept[:, window]),
        cost=_cost(panel, window),
        active=active,
        fixed=fixed,
        room=room,
        step=step,
        periods=periods,
        year=year,
    )


def _mean(values: Floats, known: Mask) -> Floats:
    count = known.sum(axis=1)
    total = np.where(known, values, 0.0).sum(axis=1)
    return np.asarray(np.where(count > 0, total / np.maximum(count, 1), np.nan))


def _step(promotion: Floats, now: Floats, periods: int) -> float:
    """One unit where promotion was whole; else a round small part of the usual."""
    usual = float(now.mean()) * periods if len(now) else 0.0
    if usual <= 0.0:
        return 1.0
    fine = 10.0 ** floor(log10(usual / FINE))
    whole = bool(np.all(promotion == np.round(promotion)))
    return 1.0 if whole and usual <= COUNTED else fine


def _cost(panel: MarketPanel, window: slice) -> Floats | None:
    if panel.cost is None:
        return None
    if isinstance(panel.cost, float):
        return np.full(len(panel.pharmacies), panel.cost)
    paid = np.asarray(panel.cost)[:, window]
    own = _mean(paid, np.isfinite(paid))
    return np.where(np.isfinite(own), own, _all(own))


def _all(values: Floats) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else float("nan")
