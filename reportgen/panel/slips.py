"""Data-entry slips: values ten or a hundred times a pharmacy's own level, and months without sales written as zero.

A slip is judged against the other values of its own pharmacy, so that large pharmacies, seasons and growth are none;
where many pharmacies are out of line in the same period something happened there, and nothing is a slip. One mistyped
value in three hundred moves the effect by a quarter, so a report must find them; what it does with them is the user's
choice (``panel.outliers``). Left to others: values that are impossible in themselves (``checking/``), and rows that a
model finds unusual.

Rejected: distance from the mean in standard deviations (the slips make the deviation), and limits over all pharmacies
together (a chain's month is ten times a village's).
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from reportgen.panel.grid import Booleans, Floats, MarketPanel
from reportgen.results import EntrySlip, SlipKind

KINDS: tuple[SlipKind, SlipKind] = ("too-large", "too-small")
LEAST_VALUES = 6
"""Values a pharmacy must have before one of them can be called out of line."""
TIMES = 5.0
"""Times the pharmacy's median from which a value can be a slip: halfway to ten on the scale of sizes that occur."""
TIMES_HIGH = 2.5
"""Times the pharmacy's ninetieth percentile as well, so that occasional large orders are none."""
ROBUST_DISTANCE = 4.0
"""Robust standard deviations of the logarithm as well: a pharmacy that always varies by tenfold has no slips."""
COUNT_DISTANCE = 6.0
"""Square roots of the median as well, which counts of a few visits reach by chance."""
SHARED = 0.2
"""Share of a period's pharmacies from which values out of line are an event."""
SMALLEST_SALE, FAR_FROM_ZERO = 0.2, 3.5
"""For a zero to be a month not recorded, its pharmacy must always sell this share of its median where it sells at all,
and its median must be so many robust standard deviations above zero, as above any value that is called too small."""


def find_slips(panel: MarketPanel) -> tuple[EntrySlip, ...]:
    """Every slip of a market, in the order of pharmacies and periods, sales before promotion."""
    found = [*_listed(panel, "", panel.sales, "zero", _zero_months(panel.sales))]
    for kind, mask in zip(KINDS, out_of_line(panel.sales), strict=True):
        found += _listed(panel, "", panel.sales, kind, mask)
    for channel, dose in zip(panel.channels, panel.promotion, strict=True):
        found += _listed(panel, channel, dose, "too-large", out_of_line(dose)[0])
    return tuple(slip for _, slip in sorted(found, key=lambda one: one[0]))


def _listed(
    panel: MarketPanel, column: str, values: Floats, kind: SlipKind, mask: Booleans
) -> list[tuple[tuple[int, int], EntrySlip]]:
    """The cells of a mask as slips, with their places."""
    if not mask.any():
        return []
    (usual,) = _quantiles(_positive(values), 0.5)
    return [
        (
            (g, t),
            EntrySlip(
                pharmacy=panel.pharmacies[g],
                period=panel.period_label(t),
                column=column,
                kind=kind,
                value=float(values[g, t]),
                usual=float(usual[g]),
            ),
        )
        for g, t in np.argwhere(mask).tolist()
    ]


def set_aside(panel: MarketPanel) -> MarketPanel:
    """The market without its slips, which it lists: their rows are lost for the reason ``set-aside``.

    Sales count as unknown, and in a month without sales written as zero promotion of zero, too. A promotion slip
    leaves the pharmacy's usual promotion behind for the carry-over into later periods, because something was given;
    its own row is lost.
    """
    slips = find_slips(panel)
    if not slips:
        return panel
    rows = {code: row for row, code in enumerate(panel.pharmacies)}
    columns = {panel.period_label(t): t for t in range(panel.n_periods)}
    sales, promotion = panel.sales.copy(), panel.promotion.copy()
    mask = np.zeros(sales.shape, dtype=bool)
    for slip in slips:
        cell = rows[slip.pharmacy], columns[slip.period]
        mask[cell] = True
        if slip.column:
            promotion[(panel.channels.index(slip.column), *cell)] = slip.usual
        else:
            sales[cell] = np.nan
            if slip.kind == "zero":
                # Nothing was recorded: a zero of promotion there is as little known as that of sales.
                given = promotion[(slice(None), *cell)]
                promotion[(slice(None), *cell)] = np.where(given == 0.0, np.nan, given)
    return replace(panel, sales=sales, promotion=promotion, set_aside=mask, slips=slips)


def _positive(values: Floats) -> Floats:
    """Values above zero, NaN elsewhere."""
    return np.where((values > 0.0) & np.isfinite(values), values, np.nan)


def _quantiles(values: Floats, *shares: float) -> tuple[Floats, ...]:
    """Quantiles of each row's known values, (G,) each; NaN where there are none.

    As ``numpy.nanquantile``, which loops over rows: by one sort, unknown values last.
    """
    # NaN sort last, so the known values of a row are its first ones.
    ordered = np.sort(values, axis=1)
    count = np.isfinite(values).sum(axis=1)
    rows = np.arange(len(values))
    found = []
    for share in shares:
        # Linear between the order statistics around (n - 1) q: Hyndman and Fan's type 7, numpy's default.
        place = share * np.maximum(count - 1, 0)
        below = np.floor(place).astype(np.intp)
        above = np.minimum(below + 1, np.maximum(count - 1, 0))
        low, high = ordered[rows, below], ordered[rows, above]
        found.append(np.where(count > 0, low + (place - below) * (high - low), np.nan))
    return tuple(found)


def _spread(values: Floats) -> Floats:
    """Robust SD of each pharmacy's values, (G, 1): the larger of median distance and middle 68 %, which counts need."""
    low, middle, high = _quantiles(values, 0.16, 0.5, 0.84)
    (distance,) = _quantiles(np.abs(values - middle[:, None]), 0.5)
    return np.asarray(np.maximum(1.4826 * distance, (high - low) / 2.0)[:, None])


def out_of_line(values: Floats) -> tuple[Booleans, Booleans]:
    """Cells far above and far below the other values of their pharmacy, (G, T) each."""
    positive = _positive(values)
    enough = np.isfinite(positive).sum(axis=1) >= LEAST_VALUES
    low, usual, high = (one[:, None] for one in _quantiles(positive, 0.1, 0.5, 0.9))
    # In logarithms a slip of a factor is equally far above and below.
    size = np.log(positive / usual)
    # Small counts jump by themselves: a Poisson count of mean m has the SD √m.
    chance = usual + COUNT_DISTANCE * np.sqrt(usual)
    unusual = np.abs(size) > np.maximum(ROBUST_DISTANCE * _spread(size), np.log(TIMES))
    above = unusual & (positive > usual) & (positive > TIMES_HIGH * high) & (positive > chance)
    reach = FAR_FROM_ZERO * _spread(positive)
    below = unusual & (positive < usual - reach) & (positive < low / TIMES_HIGH)
    return _alone(above & enough[:, None], positive), _alone(below & enough[:, None], positive)


def _alone(mask: Booleans, known: Floats) -> Booleans:
    """The cells that are not part of an event: in few of the pharmacies of their period."""
    counts, present = mask.sum(axis=0), np.isfinite(known).sum(axis=0)
    return np.asarray(mask & ((counts <= 2) | (counts < SHARED * present)))


def _zero_months(sales: Floats) -> Booleans:
    """Zeros of pharmacies that otherwise always sell a good part of their usual amount, (G, T).

    Zeros before a pharmacy's first sale and after its last are of months in which it was not there, however many; those
    between must be fewer than its sales.
    """
    positive, zero = _positive(sales), sales == 0.0
    sold = np.isfinite(positive)
    open_ = np.maximum.accumulate(sold, axis=1) & np.maximum.accumulate(sold[:, ::-1], axis=1)[:, ::-1]
    count = sold.sum(axis=1)
    least, usual = _quantiles(positive, 0.0, 0.5)
    steady = (least >= SMALLEST_SALE * usual) & (usual >= FAR_FROM_ZERO * _spread(positive)[:, 0])
    return np.asarray(zero & (steady & (count >= LEAST_VALUES) & ((zero & open_).sum(axis=1) < count))[:, None])
