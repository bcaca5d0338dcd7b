"""What the data show before any model: counts, periods, monthly series, a chosen few pharmacies."""

from __future__ import annotations

import hashlib
import warnings
from typing import Any, Literal

import numpy as np

from reportgen.model.lmm.columns import Array
from reportgen.panel.features import ModelFrame
from reportgen.panel.grid import MarketPanel, known_mean
from reportgen.panel.periods import PER_YEAR
from reportgen.panel.slips import find_slips
from reportgen.results import DataSummary, GroupSize, MonthlySeries, PharmacySeries

Role = Literal["largest", "smallest", "typical", "odd"]
EACH_ROLE = 3
LISTED_SLIPS = 200


def summarise_data(frame: ModelFrame) -> DataSummary:
    """Rows, pharmacies, periods and levels; over all records where no row is usable."""
    panel = frame.panel
    n = len(frame.response)
    sizes = np.bincount(frame.group, minlength=1) if n else np.zeros(1, dtype=int)
    known = panel.sales[np.isfinite(panel.sales)]
    promotion = frame.promotion if n else panel.promotion.reshape(len(panel.channels), panel.sales.size).T
    slips = panel.slips or find_slips(panel)
    columns = np.flatnonzero(panel.recorded.any(axis=0))
    first, last = (int(columns[0]), int(columns[-1])) if columns.size else (0, 0)
    with warnings.catch_warnings():
        # numpy warns of a channel without any known value; NaN, told as 0 below, is what is wanted there.
        warnings.simplefilter("ignore", RuntimeWarning)
        known_promotion = np.where(np.isfinite(promotion), promotion, np.nan)
        mean, spread = np.nanmean(known_promotion, axis=0), np.nanstd(known_promotion, axis=0)
    return DataSummary(
        rows_read=panel.rows_read,
        rows_used=n,
        rows_lost=frame.rows_lost,
        pharmacies=len(frame.pharmacies) or len(panel.pharmacies),
        months=last - first + 1,
        period=(panel.period_label(first), panel.period_label(last)),
        period_type=panel.period_type,
        group_size=GroupSize(min=int(sizes.min()), mean=float(sizes.mean()), max=int(sizes.max())),
        sales_total=float(known.sum()) if known.size else None,
        sales_mean=known_mean(frame.sales) if n else known_mean(known),
        promotion_mean=tuple(float(value) for value in np.nan_to_num(mean)),
        promotion_sd=tuple(float(value) for value in np.nan_to_num(spread)),
        **_promoted(frame),
        slips=slips[:LISTED_SLIPS],
        slips_found=len(slips),
        slips_set_aside=panel.set_aside is not None,
        currency=panel.currency,
        fingerprints=_fingerprints(panel),
    )


def _fingerprints(panel: MarketPanel) -> tuple[str, ...]:
    """Of every period what its recorded rows hold: pharmacies, sales, promotion, controls."""
    values = np.concatenate([panel.sales[None], panel.promotion, panel.controls])
    # One NaN and one zero, little-endian, as for the panel's own hash.
    plain = (np.where(np.isnan(values), np.nan, values) + 0.0).astype("<f8")
    made = []
    for column in range(panel.n_periods):
        rows = np.flatnonzero(panel.recorded[:, column])
        digest = hashlib.sha256("\0".join(panel.pharmacies[row] for row in rows).encode("utf-8", "surrogatepass"))
        digest.update(np.ascontiguousarray(plain[:, rows, column]).tobytes())
        made.append(digest.hexdigest()[:16])
    return tuple(made)


def _promoted(frame: ModelFrame) -> dict[str, tuple[Any, ...]]:
    """Rows with promotion, their usual promotion and mean sales, per channel."""
    rows = [frame.promotion[:, k] > 0.0 for k in range(len(frame.panel.channels))]
    return {
        "promoted_rows": tuple(int(row.sum()) for row in rows),
        "promotion_usual": tuple(known_mean(frame.promotion[row, k]) for k, row in enumerate(rows)),
        "sales_promoted": tuple(known_mean(frame.sales[row]) for row in rows),
    }


def monthly_series(panel: MarketPanel) -> MonthlySeries:
    """Total, median and middle half of sales and mean promotion (first channel) by period, recorded cells."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        quartiles = np.nanquantile(panel.sales, [0.25, 0.5, 0.75], axis=0)
        total = np.nansum(panel.sales, axis=0)
        promotion = np.nanmean(panel.promotion[0], axis=0) if len(panel.channels) else np.full(panel.n_periods, np.nan)
    known = np.isfinite(panel.sales).sum(axis=0)
    typical, change, compared = _change(quartiles[1], PER_YEAR[panel.period_type])
    return MonthlySeries(
        periods=tuple(panel.period_label(column) for column in range(panel.n_periods)),
        sales_total=_numbers(np.where(known > 0, total, np.nan)),
        sales_median=_numbers(quartiles[1]),
        sales_q25=_numbers(quartiles[0]),
        sales_q75=_numbers(quartiles[2]),
        promotion_mean=_numbers(promotion),
        pharmacies=tuple(int(value) for value in known),
        typical=typical,
        change=change,
        compared=compared,
    )


def _change(sales: Array, year: int) -> tuple[float | None, float | None, int]:
    """Median of a series, and how its mean changed between two spans: years, or halves below two years."""
    known = np.isfinite(sales)
    span = year if len(sales) >= 2 * year else len(sales) // 2
    change = None
    if span and known[:span].any() and known[-span:].any():
        first, last = float(np.nanmean(sales[:span])), float(np.nanmean(sales[-span:]))
        change = last / first - 1 if first > 0 else None
    return float(np.nanmedian(sales)) if known.any() else None, change, span


def chosen_pharmacies(panel: MarketPanel, oddness: Array | None = None) -> tuple[PharmacySeries, ...]:
    """Up to 12 pharmacies: largest, smallest, closest to the median, and oddest, three each.

    Parameters
    ----------
    oddness
        (G,) over the panel's pharmacies, larger is odder (Cook's distance where there is a fit); default:
        the coefficient of variation of sales.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        mean = np.nanmean(panel.sales, axis=1)
        variation = np.nanstd(panel.sales, axis=1) / np.maximum(np.abs(mean), 1e-300)
    odd = variation if oddness is None else np.where(np.isfinite(oddness), oddness, -np.inf)
    full = np.isfinite(panel.sales).sum(axis=1)
    # At least half as long as the longest record: a picture of three months shows nothing of a pharmacy.
    eligible = np.flatnonzero(full >= min(max(3, full.max() // 2), full.max())) if full.size else np.zeros(0, dtype=int)
    eligible = eligible[np.isfinite(mean[eligible])]
    if not eligible.size:
        return ()
    middle = np.abs(mean - np.median(mean[eligible]))
    orders: tuple[tuple[Role, Array], ...] = (
        ("largest", -mean),
        ("smallest", mean),
        ("typical", middle),
        ("odd", -odd),
    )
    taken: dict[int, Role] = {}
    for role, key in orders:
        free = [int(g) for g in eligible[np.argsort(key[eligible], kind="stable")] if int(g) not in taken]
        taken.update(dict.fromkeys(free[:EACH_ROLE], role))
    return tuple(
        PharmacySeries(
            pharmacy=panel.pharmacies[g],
            role=role,
            sales=_numbers(panel.sales[g]),
            promotion=_numbers(panel.promotion[0, g]) if len(panel.channels) else (None,) * panel.n_periods,
        )
        for g, role in taken.items()
    )


def _numbers(values: Array) -> tuple[float | None, ...]:
    """Chart data: seven significant digits, None where unknown."""
    return tuple(float(f"{value:.7g}") if np.isfinite(value) else None for value in values)
