"""Pharmacies against their market and against zero: one rule for advice, sentences, colours and counts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reportgen.results.derived.intervals import which_side

if TYPE_CHECKING:
    from reportgen.results.market import MarketResults


def standings(results: MarketResults) -> tuple[int, ...]:
    """Per pharmacy 1 or -1 where the interval of its effect lies wholly above or below the market's effect, else 0.

    Where effects are in proportion to size both are of a pharmacy of average size.

    A singular fit sets no pharmacy apart: its responses are all the same, or follow from the levels alone.
    """
    market = results.promotion_effect
    if market is None or results.status == "singular":
        return (0,) * len(results.pharmacies)
    sizes = results.sizes or (1.0,) * len(results.pharmacies)
    return tuple(
        which_side(row.lower, row.upper, market.estimate * size)
        for row, size in zip(results.pharmacies, sizes, strict=True)
    )


def above_zero(results: MarketResults) -> int:
    """Pharmacies whose interval of the effect lies above zero."""
    return sum(which_side(row.lower, row.upper) > 0 for row in results.pharmacies)


def below_zero(results: MarketResults) -> int:
    """Pharmacies whose interval of the effect lies below zero."""
    return sum(which_side(row.lower, row.upper) < 0 for row in results.pharmacies)
