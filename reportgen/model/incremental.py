"""Sales with and without promotion, through the recursion, for many draws of the parameters at once.

The difference between the sales that happened and the sales without promotion follows, on the
response scale, from each pharmacy's first used period on (before it the difference is 0: the
initial sales are given),

    delta_it = sum_c slope_ci A_cit + sum_l phi_l delta_i,t-l ,

on *every* calendar period: a period without a usable row passes the difference on but adds nothing
to the totals. Level response: sales without promotion are y - delta. Log response: y exp(-delta).
Scaling promotion by 1 + s gives y + s delta, or y exp(s delta); s = -1 is "without promotion".

Memory is O(block x pharmacies) for the recursion and O(draws x (pharmacies + periods)) for the
answer; no (draws, pharmacies, periods) array is ever made.

Left to others: estimates, draws (``effects.draw_parameters``), the conditional slopes of each
pharmacy. Rejected: beta times adstock alone (leaves out what came through lagged sales), and one
market-level series (pharmacies enter at different periods and respond differently).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from reportgen.results import Incremental, IncrementalMonth, Roi, WhatIf

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

SCENARIOS = (-1.0, -0.25, -0.10, 0.10, 0.25)
"""Relative changes of promotion in the what-if table."""
BLOCK = 64
"""Draws carried through the recursion together (64 x 200 pharmacies x 8 bytes stay in a core's cache)."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RecursionTotals:
    """Money over used cells, for D draws (one draw: the point estimate).

    ``period`` (D, T) and ``pharmacy`` (D, G): sales that happened minus sales without promotion.
    ``scenario`` (D, S): change of total sales with promotion scaled by 1 + ``changes[s]``.
    """

    period: Array
    pharmacy: Array
    scenario: Array
    changes: tuple[float, ...]

    @property
    def total(self) -> Array:
        """Incremental sales of the market, (D,)."""
        return np.asarray(self.period.sum(axis=1), dtype=np.float64)


def recursion_totals(
    *,
    used: Mask,
    sales: Array,
    promotion: Array,
    slopes: ArrayLike,
    phi: ArrayLike,
    lags: Sequence[int],
    response: Literal["level", "log"],
    decay: ArrayLike | None = None,
    normalize: bool = True,
    changes: Sequence[float] = SCENARIOS,
    block: int = BLOCK,
) -> RecursionTotals:
    """Incremental sales and scenarios for every draw.

    Parameters
    ----------
    used
        (G, T) cells whose sales count.
    sales
        (G, T) sales in money; may be NaN where not used.
    promotion
        (c, G, T): adstock where ``decay`` is None; else raw promotion (NaN counts as 0), from which
        each draw makes its own adstock from the first column on.
    slopes
        (c, G) or (D, c, G) total slope (market effect + deviation) of each pharmacy.
    phi
        (L,) or (D, L) lag coefficients for ``lags``.
    decay
        None, (c,) or (D, c).
    normalize
        Whether adstock weights are scaled to sum to one (with ``decay`` only).

    Returns
    -------
    RecursionTotals
        D is 1 where no argument has draws.
    """
    slope = np.atleast_3d(np.asarray(slopes, dtype=np.float64))
    slope = np.asarray(slopes, dtype=np.float64)
    slope = slope[None] if slope.ndim == 2 else slope
    lag_effect = np.atleast_2d(np.asarray(phi, dtype=np.float64))
    rate = None if decay is None else np.atleast_2d(np.asarray(decay, dtype=np.float64))
    draws = max(slope.shape[0], lag_effect.shape[0], 1 if rate is None else rate.shape[0])
    walk = _Walk(used=used, sales=sales, promotion=promotion, lags=tuple(lags), log=response == "log",
                 normalize=normalize, changes=tuple(changes))  # fmt: skip
    parts = [
        walk.run(*(None if a is None else _take(a, draws, start, block) for a in (slope, lag_effect, rate)))
        for start in range(0, draws, block)
    ]
    period, pharmacy, scenario = (np.concatenate(piece) for piece in zip(*parts, strict=True))
    return RecursionTotals(period=period, pharmacy=pharmacy, scenario=scenario, changes=tuple(changes))


def _take(values: Array, draws: int, start: int, block: int) -> Array:
    size = min(block, draws - start)
    return np.broadcast_to(values, (size, *values.shape[1:])) if len(values) == 1 else values[start : start + size]
