"""What follows from an estimate, its standard error and its limits alone: one rule for every page that shows them."""

from __future__ import annotations

from statistics import NormalDist


def normal_quantile(confidence: float) -> float:
    """Standard normal quantile of a two-sided interval at ``confidence``: 1.96 at 95 %."""
    return NormalDist().inv_cdf(0.5 + confidence / 2)


def normal_interval(estimate: float, se: float, confidence: float) -> tuple[float, float]:
    """Limits of an estimate whose error is normal."""
    half = normal_quantile(confidence) * se
    return estimate - half, estimate + half


def half_interval(estimate: float, lower: float, upper: float, confidence: float) -> tuple[float, float]:
    """The 50 % interval inside one at ``confidence``, each side scaled by normal quantiles."""
    share = normal_quantile(0.5) / normal_quantile(confidence)
    return estimate - (estimate - lower) * share, estimate + (upper - estimate) * share


def likelihood_limit(confidence: float) -> float:
    """Log-likelihood below its maximum at the ends of a profile interval: half the chi-squared quantile (1 df)."""
    # A chi-squared of one degree of freedom is a squared normal: its quantile is z².
    return -0.5 * normal_quantile(confidence) ** 2


def interval_se(lower: float | None, upper: float | None, confidence: float) -> float | None:
    """Standard error of a normal interval of this width at ``confidence``; ``None`` without a width."""
    if lower is None or upper is None or not upper > lower:
        return None
    return (upper - lower) / (2.0 * normal_quantile(confidence))


def about_se(lower: float | None, upper: float | None) -> float | None:
    """About a standard error, for the digits that are printed: a quarter of the width; ``None`` without a width."""
    if lower is None or upper is None or not upper > lower:
        return None
    return (upper - lower) / 4.0


def change(value: float, of: float) -> float:
    """By how much an estimate lies above the one that it is compared with."""
    return value - of


def which_side(lower: float | None, upper: float | None, of: float = 0.0) -> int:
    """1 where an interval lies wholly above ``of``, -1 wholly below, 0 where it holds it or is unknown."""
    if lower is None or upper is None:
        return 0
    return (lower > of) - (upper < of)
