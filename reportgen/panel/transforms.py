"""Lag and adstock on (pharmacy, period) grids.

Each transform is one pure function along the last axis, so a value can never move from one
pharmacy to the next and a calendar gap stays a gap. Which cells exist and which rows are used
is decided in ``features.py``. Rejected: shifting rows of a long table (leaks the last value of
a pharmacy into the first row of the next, and skips gaps).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


def lag(values: Floats, k: int) -> Floats:
    """Value ``k`` calendar periods earlier.

    Parameters
    ----------
    values
        ``(..., T)``, NaN where unknown.
    k
        Periods back, at least 0.

    Returns
    -------
    ``(..., T)``; the first ``k`` periods are NaN.

    Raises
    ------
    ValueError
        If ``k`` is negative: a lead would leak the future.
    """
    if k < 0:
        raise ValueError(f"lag must not be negative, got {k}")
    out = np.full(values.shape, np.nan)
    periods = values.shape[-1]
    if k < periods:
        out[..., k:] = values[..., : periods - k]
    return out


def adstock(values: Floats, decay: ArrayLike, normalize: bool = True) -> Floats:
    """Geometric carry-over ``A_t = x_t + d A_(t-1)``, starting from zero.

    A missing value counts as no promotion, which is ``A_t = x_t + d^k A_(t-k)`` over a gap of k periods.

    Parameters
    ----------
    values
        ``(..., T)`` promotion, NaN where unknown.
    decay
        Scalar, or an array of any shape ``S``: every decay is applied to the whole grid. In [0, 1).
    normalize
        Multiply by ``1 - d`` so that a constant promotion x tends to x.

    Returns
    -------
    ``(*S, ..., T)``, never NaN. Linear in ``values``; decay 0 is the identity on known values.

    Raises
    ------
    ValueError
        If a decay is outside [0, 1).
    """
    rates = np.asarray(decay, dtype=np.float64)
    if not np.all((rates >= 0.0) & (rates < 1.0)):
        raise ValueError(f"decay must be in [0, 1), got {decay!r}")
    known = np.where(np.isnan(values), 0.0, values)
    # Period first: each step of the recursion is then one contiguous sheet, whatever the shape.
    steps = np.ascontiguousarray(np.moveaxis(known, -1, 0))
    rate = rates.reshape(rates.shape + (1,) * (values.ndim - 1))
    weight = 1.0 - rate if normalize else np.ones_like(rate)
    out = np.empty((steps.shape[0], *rates.shape, *steps.shape[1:]))
    # From zero: what was promoted before the record is not known. The correction has a column for what of it fades out.
    carried = np.zeros(out.shape[1:])
    for step, row in zip(steps, out, strict=True):
        carried = rate * carried + weight * step
        row[...] = carried
    return np.moveaxis(out, 0, -1)
