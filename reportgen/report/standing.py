"""Which pharmacies stand out from their market: one rule for advice, sentences, colours and counts."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reportgen.results import MarketResults


def market_effect(results: MarketResults) -> float | None:
    """Promotion effect of the whole market in the model's units; None where there is none."""
    terms = results.model.promotion_terms if results.model else ()
    return next((row.estimate for row in results.fixed if row.term in terms), None)


def standings(results: MarketResults) -> tuple[int, ...]:
    """Per pharmacy 1 or -1 where the interval of its effect lies wholly above or below the market's effect, else 0.

    A singular fit sets no pharmacy apart: its responses are all the same, or follow from the levels alone.
    """
    effect = market_effect(results)
    if effect is None or results.status == "singular":
        return (0,) * len(results.pharmacies)
    return tuple(
        0 if row.lower is None or row.upper is None else (row.lower > effect) - (row.upper < effect)
        for row in results.pharmacies
    )
