"""Checks of finished numbers: whether the record is long enough for them, and whether they hold together."""

from __future__ import annotations

from reportgen.model.checks.estimates import check_long_memory, check_totals
from reportgen.model.effects.impact import Impact
from reportgen.results import Check


def settled_checks(periods: int, impact: Impact) -> tuple[Check, ...]:
    """Long memory, one a channel (named only where there are several), and the totals; ``periods`` of the record."""
    memory = [
        check_long_memory(one.long_run.half_life, periods, stationary=one.long_run.stationary, channel=one.channel)
        for one in impact.channels
    ] or [check_long_memory(impact.long_run.half_life, periods, stationary=impact.long_run.stationary)]
    return (*memory, check_totals(impact.incremental))
