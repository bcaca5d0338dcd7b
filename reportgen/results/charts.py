"""Summarised data of the charts that are not already a table of the results."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import fsum, nan
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthlySeries:
    """Market by calendar period, read rows: one entry per period from first to last."""

    periods: tuple[str, ...]
    sales_total: tuple[float | None, ...]
    sales_median: tuple[float | None, ...]
    sales_q25: tuple[float | None, ...]
    sales_q75: tuple[float | None, ...]
    promotion_mean: tuple[float | None, ...]
    pharmacies: tuple[int, ...]
    typical: float | None = None
    """Median over the periods of ``sales_median``."""
    change: float | None = None
    """Relative, of the mean of ``sales_median`` from the first to the last ``compared`` periods; no base: ``None``."""
    compared: int = 0
    """A year, or half of a record that has less than two."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PharmacySeries:
    """One pharmacy for the small multiples, aligned with ``MonthlySeries.periods``."""

    pharmacy: str
    role: Literal["largest", "smallest", "typical", "odd"]
    sales: tuple[float | None, ...]
    promotion: tuple[float | None, ...]

    @property
    def sales_mean(self) -> float:
        """Mean of the periods on record; NaN without any."""
        known = [value for value in self.sales if value is not None]
        return fsum(known) / len(known) if known else nan

    def times(self, other: PharmacySeries) -> float:
        """How many times as much this pharmacy sells."""
        return self.sales_mean / other.sales_mean


@dataclass(frozen=True, slots=True, kw_only=True)
class Density:
    """Two-dimensional histogram: counts[row][column], rows by y, with a running mean."""

    x_edges: tuple[float, ...]
    y_edges: tuple[float, ...]
    counts: tuple[tuple[int, ...], ...]
    smooth_x: tuple[float, ...]
    smooth_y: tuple[float, ...]

    @property
    def largest_drift(self) -> float:
        """Largest distance of the running mean from zero; NaN without one."""
        return max(map(abs, self.smooth_y), default=nan)


@dataclass(frozen=True, slots=True, kw_only=True)
class QQ:
    """Normal quantile plot with a pointwise 95 % band."""

    name: str
    """``residuals`` or the random term."""
    theoretical: tuple[float, ...]
    sample: tuple[float, ...]
    lower: tuple[float, ...]
    upper: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Autocorrelation:
    """Within-pharmacy residual autocorrelation pooled over pharmacies, by calendar lag."""

    lags: tuple[int, ...]
    values: tuple[float | None, ...]
    bounds: tuple[float | None, ...]

    @property
    def known(self) -> int:
        """Lags with a value."""
        return sum(value is not None for value in self.values)

    @property
    def outside(self) -> int:
        """Lags whose value lies outside its bound."""
        pairs = zip(self.values, self.bounds, strict=True)
        return sum(value is not None and bound is not None and abs(value) > bound for value, bound in pairs)


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """Plain x-y line."""

    x: tuple[float, ...]
    y: tuple[float, ...]

    @property
    def widening(self) -> float | None:
        """Spread at the last point over that at the first, where ``y`` is a root of spread."""
        return (self.y[-1] / self.y[0]) ** 2 if self.y[0] else None


@dataclass(frozen=True, slots=True, kw_only=True)
class PredictiveCheck:
    """Observed histogram of the response against data simulated from the fitted model."""

    edges: tuple[float, ...]
    observed: tuple[float, ...]
    simulated: tuple[float, ...]
    lower: tuple[float, ...]
    upper: tuple[float, ...]

    @property
    def outside(self) -> int:
        """Bins whose observed value lies outside the simulated band."""
        rows = zip(self.lower, self.observed, self.upper, strict=True)
        return sum(not lower <= observed <= upper for lower, observed, upper in rows)

    def shares(self) -> PredictiveCheck:
        """The same with observed values that sum to one."""
        total = fsum(self.observed) or 1.0
        series = (tuple(v / total for v in s) for s in (self.observed, self.simulated, self.lower, self.upper))
        observed, simulated, lower, upper = series
        return replace(self, observed=observed, simulated=simulated, lower=lower, upper=upper)


@dataclass(frozen=True, slots=True, kw_only=True)
class Charts:
    """Summarised data of every chart that is not already a table above."""

    monthly: MonthlySeries | None = None
    multiples: tuple[PharmacySeries, ...] = ()
    residuals: Density | None = None
    qq: tuple[QQ, ...] = ()
    autocorrelation: Autocorrelation | None = None
    scale_location: Curve | None = None
    promotion_range: tuple[float, float] | None = None
    """5 % and 95 % quantile of adstocked promotion, for the pharmacy lines."""
    promotion_center: float | None = None
    market_level: float | None = None
    """Fitted response at ``promotion_center`` for the average pharmacy, response units."""
    predictive: PredictiveCheck | None = None
