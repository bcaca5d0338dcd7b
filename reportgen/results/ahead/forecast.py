"""The next periods: what to expect as usual and under the plan, and what was expected before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

UsualPromotion = Literal["last-year", "same-season", "last-periods"]
"""What promotion as usual is read from: each pharmacy's last year, the same season a year before, the last periods."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ForecastPeriod:
    """One period to come: sales of the pharmacies that go on, money; promotion in units per pharmacy (first channel).

    ``estimate`` is with promotion as usual, ``planned`` under the plan (``None`` without one), ``year_before`` the same
    pharmacies' sales a year earlier (where there is no year, in their last period).
    """

    period: str
    estimate: float
    lower: float | None
    upper: float | None
    planned: float | None
    planned_lower: float | None
    planned_upper: float | None
    year_before: float | None
    promotion: float
    planned_promotion: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ForecastSum:
    """All periods of a forecast together, money; ``gain`` is planned less as usual, ``loss`` the chance that it is
    below zero; ``year_before`` as in the periods.
    """

    estimate: float
    lower: float | None
    upper: float | None
    year_before: float | None = None
    planned: float | None = None
    planned_lower: float | None = None
    planned_upper: float | None = None
    gain: float | None = None
    gain_lower: float | None = None
    gain_upper: float | None = None
    loss: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Movement:
    """What all pharmacies have in common from period to period, standard deviations in response units per pharmacy.

    ``noise`` of single periods, ``wander`` of the level from one period to the next, ``season`` over a year (``None``
    where the model has a season of its own).
    """

    noise: float
    wander: float
    season: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PharmacyAhead:
    """One pharmacy that goes on: expected sales of the coming periods as usual, and those of the last ones, money."""

    pharmacy: str
    expected: tuple[float, ...]
    recent: tuple[float | None, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """Sales of the next periods; limits are those of a new observation, at level ``model.confidence``.

    ``pharmacies`` hold what comes next and, for ``recent_periods``, what came: from these alone a later run scores an
    earlier one. ``ended`` counts pharmacies of the model without sales in the record's last periods; they are left out.
    """

    periods: tuple[ForecastPeriod, ...]
    total: ForecastSum
    usual: UsualPromotion
    movement: Movement
    draws: int
    ended: int
    recent_periods: tuple[str, ...]
    pharmacies: tuple[PharmacyAhead, ...]
