"""What an experiment shows: sales while it ran, arm against arm, given what each pharmacy sold before.

One number a pharmacy (its mean over the periods), so that errors with memory do no harm (Bertrand, Duflo and
Mullainathan 2004, Q. J. Econ. 119); least squares on the dose and on sales and growth before, which the lot makes
unnecessary and precision wants (Lin 2013, Ann. Appl. Stat. 7), each pharmacy weighted by how much it varied before.
Standard errors are HC3 with t on the pharmacies left: where doses or weights give a few pharmacies much leverage HC2 is
too small (Long and Ervin 2000, Am. Stat. 54; here 92 to 96 % of intervals held the truth by HC2, 95 to 96 % by HC3).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

import numpy as np

from reportgen.model.effects.responses import critical_value
from reportgen.model.lmm.columns import Array

CLEAR = 3.0
"""Standard errors from which on a pharmacy's spread goes with its size."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Contrast:
    """Sales that one more unit in every period goes with, a pharmacy and period, (R,), with SE and df."""

    value: Array
    se: Array
    df: float

    def reach(self, confidence: float) -> Array:
        """Half the width of the interval, (R,)."""
        return np.asarray(critical_value(confidence, self.df) * self.se)


def contrast(outcome: Array, dose: Array, before: Array, scale: Array) -> Contrast:
    """Arms compared in R outcomes (R, K) of K pharmacies with ``dose`` (R, K) or (K,).

    ``before`` (K, c) is known of them, ``scale`` (K,) is how much each varies beside the others.
    """
    spread = before.std(axis=0)
    moving = spread > 1e-12 * np.maximum(np.abs(before).max(axis=0), 1e-300)
    columns = (before - before.mean(axis=0))[:, moving] / spread[moving]
    basis = np.linalg.qr(np.column_stack([np.ones(len(before)), columns]) / scale[:, None])[0]

    def left_of(values: Array) -> Array:
        return np.asarray(values - (values @ basis) @ basis.T)

    # What the columns leave of dose and outcome (Frisch and Waugh 1933): the rest is a line through the origin.
    given, sales = left_of(np.broadcast_to(dose, outcome.shape) / scale), left_of(outcome / scale)
    squares = np.sum(given**2, axis=1)
    value = np.sum(given * sales, axis=1) / squares
    errors = sales - value[:, None] * given
    leverage = np.sum(basis**2, axis=1) + given**2 / squares[:, None]
    meat = np.sum(given**2 * errors**2 / np.maximum(1.0 - leverage, 1e-9) ** 2, axis=1)
    return Contrast(value=value, se=np.sqrt(meat) / squares, df=float(len(before) - basis.shape[1] - 1))


def known_before(sales: Array, promotion: Array) -> tuple[Array, Array, Array, Array]:
    """What K pharmacies did in the periods before, (K, T): what arms are drawn by, and compared given it.

    Returns
    -------
        Mean sales a period, by which share their second half lies above the first, mean promotion, and how much each
        pharmacy varies beside the others: (K,) each.
    """
    half = sales.shape[1] // 2
    size, early, late = (np.nanmean(part, axis=1) for part in (sales, sales[:, :half], sales[:, half:]))
    growth = np.divide(late - early, early, out=np.zeros(len(sales)), where=early > 0.0)
    return size, growth, np.nan_to_num(promotion).mean(axis=1), own_scale(sales, size)


def own_scale(sales: Array, size: Array) -> Array:
    """How much pharmacies vary beside each other, (K,), mean one: their size to a power from 0 to 1.

    The power, where it is clear, is read off the periods before, ``sales`` (K, T): the spread of each pharmacy around
    what all do together, against its ``size`` (K,). Regions whose sales vary in proportion count in proportion; where
    spread has nothing to do with size all count the same.
    """
    if not np.all(size > 0.0):
        return np.ones(len(size))
    # What all do together, by size: the mean of shares would be that of the smallest, which vary most.
    known = np.isfinite(sales)
    common = np.nansum(sales, axis=0) / np.maximum((size[:, None] * known).sum(axis=0), 1e-300)
    relative = sales / size[:, None] - common
    spread = size * np.nanstd(relative, axis=1)
    x = np.log(size) - np.log(size).mean()
    if not np.all(spread > 0.0) or not float(x @ x) > 0.0:
        return np.ones(len(size))
    y = np.log(spread) - np.log(spread).mean()
    power = float(x @ y / (x @ x))
    error = sqrt(float(np.sum((y - power * x) ** 2)) / (len(x) - 2) / float(x @ x))
    # A power that is not clear is none: weights from noise cost more than they save.
    power = min(power, 1.0) if power > CLEAR * error else 0.0
    return np.asarray(size**power / np.mean(size**power))
