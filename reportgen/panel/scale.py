"""The scale on which sales are modelled: money, money of a pharmacy of average size, or logarithms.

Where pharmacies of unequal size scatter, grow and respond in proportion to it, money has no common effect, period or
error for all of them, and logarithms bend a response that adds. ``relative`` divides each pharmacy's sales by its size,
its sales in the periods that the lags lose, over the mean of all: effects add, and are money at a pharmacy of average
size. Given the initial sales the likelihood stays exact (Wooldridge 2005, J. Appl. Econometrics 20, section 2).
Rejected: the mean over the whole record, or over its first year. It holds the errors of the rows themselves, and
persistence comes out at .45 for a true .50 (60 pharmacies, 36 months).
"""

from __future__ import annotations

import numpy as np

from reportgen.panel.grid import Floats, MarketPanel
from reportgen.settings.statistics import Response

LEAST_INITIAL = 2
"""Periods at the beginning of a record whose mean is a pharmacy's size, at least; as many as the lags reach back."""
FAR = 3.0
"""Times the median of a pharmacy's sales that its beginning may be off, both ways; else the median is its size, as of a
pharmacy that opened within its first month."""


def pharmacy_sizes(panel: MarketPanel, scale: Response, lags: tuple[int, ...]) -> Floats:
    """Sales of each pharmacy over those of an average one, (G,); ones on every scale but ``relative``."""
    sizes = np.ones(len(panel.pharmacies))
    if scale != "relative":
        return sizes
    sales = np.where(panel.kept & np.isfinite(panel.sales), panel.sales, np.nan)
    known = np.isfinite(sales)
    first = known & (np.cumsum(known, axis=1) <= max((LEAST_INITIAL, *lags)))
    counts = first.sum(axis=1)
    beginning = np.where(first, sales, 0.0).sum(axis=1) / np.maximum(counts, 1)
    usual = np.array(
        [np.median(row[there]) if there.any() else np.nan for row, there in zip(sales, known, strict=True)]
    )
    inside = (beginning > usual / FAR) & (beginning < usual * FAR)
    found = np.where(inside, beginning, usual)
    # A pharmacy without sales has no size; on its own it would be a division by nothing.
    sized = np.isfinite(found) & (found > 0.0)
    if sized.any():
        sizes[sized] = found[sized] / found[sized].mean()
    return sizes


def on_scale(sales: Floats, scale: Response, sizes: Floats) -> Floats:
    """Responses of sales in money (G, T); NaN where there is no logarithm. ``sizes`` (G,)."""
    if scale == "level":
        return sales
    if scale == "relative":
        return np.asarray(sales / sizes[:, None])
    out = np.full(sales.shape, np.nan)
    np.log(sales, out=out, where=sales > 0)
    return out


def in_money(response: Floats, scale: Response, sizes: Floats | float) -> Floats:
    """Responses as money, any shape that ``sizes`` broadcasts to; of a mean logarithm that is the median of sales."""
    if scale == "log":
        # exp() overflows a double at 709.8.
        return np.asarray(np.exp(np.minimum(response, 700.0)))
    return response if scale == "level" else np.asarray(response * sizes)
