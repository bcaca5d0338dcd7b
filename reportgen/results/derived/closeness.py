"""How close a check is to its limit, on one scale for all checks."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reportgen.results.checks import Check

AT_LEAST = frozenset({
    "residual-normality", "random-effect-normality", "second-optimum", "common-campaigns", "pharmacy-trend",
    "few-territories", "treated-time",
})  # fmt: skip
"""Checks whose value must be large; that of all others must be small."""
_OF_ONE = frozenset({"residual-normality", "random-effect-normality"})
"""Correlations that are one at best: what counts is how much is missing."""


def closeness(check: Check) -> float | None:
    """Share of its limit that a check has used: 0 nothing, 1 at the limit, above 1 beyond it; ``None`` if not run."""
    value, limit = check.value, check.threshold
    if check.status == "not-run" or limit is None:
        return None
    if value is None:  # nothing was found that could be measured
        return 0.0 if check.status == "pass" else inf
    if check.id in _OF_ONE:
        value, limit = 1.0 - value, 1.0 - limit
    elif check.id in AT_LEAST:
        value, limit = limit, value
    if value <= 0.0:
        return 0.0
    return value / limit if limit > 0.0 else inf


def beyond(checks: Iterable[Check]) -> int:
    """Checks whose value lies beyond its limit."""
    return sum((closeness(check) or 0.0) > 1.0 for check in checks)
