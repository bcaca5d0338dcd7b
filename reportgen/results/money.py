"""What promotion brought in money: by period, of late, over the record, and with more or less of it."""

from __future__ import annotations

from dataclasses import dataclass

from reportgen.results.effects import EffectSize


@dataclass(frozen=True, slots=True, kw_only=True)
class IncrementalMonth:
    """Sales of the market in one period with and without promotion, money."""

    period: str
    sales: float
    without: float
    without_lower: float | None
    without_upper: float | None
    incremental: float
    pharmacies: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RecentSales:
    """What promotion brought a period, money, on average over the last year of the record.

    Periods before ``Incremental.settled`` are left out, unless fewer than a quarter of a year would be left.
    """

    period: tuple[str, str]
    """First and last period."""
    periods: int
    sales: float
    estimate: float
    lower: float
    upper: float
    share: float | None
    """Of ``sales``, which are all sales a period."""
    year: float
    """``estimate`` over a year of such periods."""
    profit: EffectSize | None = None
    """Margin times the estimate less what promotion cost a period; only where cost and margin are given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Incremental:
    """Sales that promotion brought over the used rows, through the recursion, money."""

    total: float | None
    share: float | None
    lower: float | None
    upper: float | None
    share_lower: float | None
    share_upper: float | None
    draws: int
    months: tuple[IncrementalMonth, ...]
    settled: str | None = None
    """First period in which nine tenths of an effect have come through: what promotion from before the record brought
    is in sales without promotion until then."""
    recent: RecentSales | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WhatIf:
    """Change of total sales over the used period had promotion been scaled by 1 + change."""

    change: float
    sales: float
    lower: float | None
    upper: float | None
    share: float | None
    profit: float | None
    profit_lower: float | None
    profit_upper: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Roi:
    """Return on promotion: (incremental * margin - cost) / cost, and the break-even cost per unit."""

    cost: float
    margin: float
    roi: float | None
    lower: float | None
    upper: float | None
    break_even_cost: float | None
    break_even_lower: float | None
    break_even_upper: float | None
