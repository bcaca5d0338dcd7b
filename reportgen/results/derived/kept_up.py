"""What one more unit, kept up, brings in each pharmacy: what a plan gives and takes by, on every page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reportgen.results.effects import PharmacyRow
    from reportgen.results.market import MarketResults


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownEffect:
    """One pharmacy's effect of the first channel, response units, as it is shown."""

    estimate: float | None
    lower: float | None
    upper: float | None
    own: float | None
    """From its own data alone, on the same scale; ``None`` on a curve, where a scale is each pharmacy's own."""
    place: str
    """Where the results hold it."""


def shows_kept_up(results: MarketResults) -> bool:
    """Whether effects of pharmacies are told kept up; else (older results, nothing known of it) by coefficient."""
    plan = results.plan
    known = bool(results.effects) and results.effects[0].kept_up.estimate is not None
    return known and plan is not None and any(row.effect is not None for row in plan.rows)


def shown_effects(results: MarketResults) -> tuple[ShownEffect, ...]:
    """One a pharmacy, in their order: kept up, from today's promotion on, as in the plan; else the coefficient."""
    if results.plan is None or not shows_kept_up(results):
        return coefficients(results)
    places = {row.pharmacy: (k, row) for k, row in enumerate(results.plan.rows)}
    made = []
    for k, row in enumerate(results.pharmacies):
        at, planned = places.get(row.pharmacy, (0, None))
        found = None if planned is None else planned.effect
        straight = not results.shapes
        if found is None:
            # Without a recent record there is nothing to plan, but what it brought is known.
            made.append(
                ShownEffect(
                    estimate=row.long_run if straight else None, lower=None, upper=None, own=None,
                    place=f"pharmacies.{k}",
                )
            )  # fmt: skip
            continue
        made.append(
            ShownEffect(
                estimate=found.estimate, lower=found.lower, upper=found.upper,
                own=_own(results, row) if straight else None, place=f"plan.rows.{at}.effect",
            )
        )  # fmt: skip
    return tuple(made)


def coefficients(results: MarketResults) -> tuple[ShownEffect, ...]:
    """Coefficients of promotion, one a pharmacy."""
    return tuple(
        ShownEffect(
            estimate=row.total_slope, lower=row.lower, upper=row.upper, own=row.own_slope, place=f"pharmacies.{k}"
        )
        for k, row in enumerate(results.pharmacies)
    )


def _own(results: MarketResults, row: PharmacyRow) -> float | None:
    """A pharmacy's own coefficient with the market's persistence, which all share."""
    market = results.promotion_effect
    if row.own_slope is None or market is None or not market.estimate:
        return None
    return row.own_slope * (results.effects[0].kept_up.estimate or 0.0) / market.estimate
