"""How one run's answer differs from an earlier one's, and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from reportgen.results.verdict import VerdictCode

Cause = Literal["version", "revised", "periods", "settings", "remaining"]
"""Of the program or its libraries; of months that both runs have; months that joined or left; settings that numbers
depend on; none of these (what other markets agreed on).
"""

ListName = Literal["above", "below", "give", "take"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangePart:
    """What one cause did to the effect kept up (response units) and to incremental sales (money).

    Several causes in one part could not be told apart without the earlier table. Parts add up to the change.
    """

    causes: tuple[Cause, ...]
    effect: float | None
    incremental: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """A number in both runs; ``limit`` is what ``within`` (noise) compares the size of ``change`` with."""

    before: float | None
    now: float | None
    change: float | None
    limit: float | None = None
    within: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListChange:
    """Pharmacies that joined or left a list: above or below the market's effect, or given and taken by the plan."""

    name: ListName
    joined: tuple[str, ...]
    left: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """An earlier run of the same market against this one.

    Attributes
    ----------
    since, last_period
        Date of the earlier run, and the last period it knew.
    rule
        Of ``effect.limit``: ``new-data``, what new months of the same kind do to an estimate in ``model.confidence`` of
        all cases; ``one-se``, the standard error, where both runs have the same months.
    main
        The causes of the largest part.
    new_periods, dropped_periods, revised_periods
        Periods that only the present run has, that only the earlier one had, and that differ between them.
    settings
        Key, value before and value now.
    versions
        Package, version before and version now.
    """

    since: str
    last_period: str
    effect: Moved
    incremental: Moved
    verdict_before: VerdictCode
    verdict: VerdictCode
    rule: Literal["new-data", "one-se"]
    parts: tuple[ChangePart, ...]
    main: tuple[Cause, ...]
    new_periods: int
    dropped_periods: int
    revised_periods: int
    settings: tuple[tuple[str, str, str], ...] = ()
    versions: tuple[tuple[str, str, str], ...] = ()
    lists: tuple[ListChange, ...] = ()
