"""What earlier runs said of periods that have come since."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoredPeriod:
    """One period that a run promised and a later one knows: sales of the promised pharmacies, money.

    Attributes
    ----------
    made, last_period
        Date of the run, and the last period that it knew.
    ahead
        Periods between that and ``period``.
    said, lower, upper
        With promotion as usual, for the pharmacies that are on record in the period.
    planned, planned_held
        Under the plan of that run, where it recommended one, and whether its interval held what came.
    came, held
        What came, and whether the interval held it.
    share
        Share of the promised sales whose pharmacies are on record; below 80 % a period is not scored.
    """

    made: str
    last_period: str
    ahead: int
    period: str
    said: float
    lower: float
    upper: float
    planned: float | None
    planned_held: bool | None
    came: float
    held: bool
    share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackRecord:
    """All promises of a market's runs that could be scored.

    ``expected`` is the number of intervals that should hold at their level, ``error`` mean |said - came| over mean
    sales that came, ``bias`` the same with its sign.
    """

    periods: tuple[ScoredPeriod, ...]
    count: int
    held: int
    expected: float
    error: float
    bias: float
