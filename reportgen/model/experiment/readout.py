"""What an experiment shows: sales while it ran, arm against arm, given what each pharmacy sold before.

One number a pharmacy (its mean over the periods), so that errors with memory do no harm (Bertrand, Duflo and
Mullainathan 2004, Q. J. Econ. 119); least squares on the dose and on sales and growth before, which the lot makes
unnecessary and precision wants (Lin 2013, Ann. Appl. Stat. 7). Standard errors are HC2 with t on the pharmacies left
(Imbens and Kolesar 2016, Rev. Econ. Stat. 98): large pharmacies vary more.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from reportgen.model.effects.responses import critical_value
from reportgen.model.lmm.columns import Array


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Contrast:
    """Sales that one more unit in every period goes with, a pharmacy and period, (R,), with SE and df."""

    value: Array
    se: Array
    df: float

    def reach(self, confidence: float) -> Array:
        """Half the width of the interval, (R,)."""
        return np.asarray(critical_value(confidence, self.df) * self.se)


def contrast(outcome: Array, dose: Array, before: Array) -> Contrast:
    """Arms compared in R outcomes (R, K) of K pharmacies with ``dose`` (R, K) or (K,); ``before`` (K, c) is known."""
    spread = before.std(axis=0)
    moving = spread > 1e-12 * np.maximum(np.abs(before).max(axis=0), 1e-300)
    columns = (before - before.mean(axis=0))[:, moving] / spread[moving]
    basis = np.linalg.qr(np.column_stack([np.ones(len(before)), columns]))[0]

    def left_of(values: Array) -> Array:
        return np.asarray(values - (values @ basis) @ basis.T)

    # What the columns leave of dose and outcome (Frisch and Waugh 1933): the rest is a line through the origin.
    given, sales = left_of(np.broadcast_to(dose, outcome.shape)), left_of(outcome)
    squares = np.sum(given**2, axis=1)
    value = np.sum(given * sales, axis=1) / squares
    errors = sales - value[:, None] * given
    leverage = np.sum(basis**2, axis=1) + given**2 / squares[:, None]
    meat = np.sum(given**2 * errors**2 / np.maximum(1.0 - leverage, 1e-9), axis=1)
    return Contrast(value=value, se=np.sqrt(meat) / squares, df=float(len(before) - basis.shape[1] - 1))
