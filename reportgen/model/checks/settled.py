"""Checks of finished numbers: whether the record is long enough for them, and whether they hold together.

With an experiment, too: its gap to the market's estimate.
"""

from __future__ import annotations

from collections.abc import Sequence

from reportgen.model.checks.estimates import check_long_memory, check_totals
from reportgen.model.checks.rules import grade
from reportgen.model.effects.impact import Impact
from reportgen.results import Calibration, Check


def settled_checks(periods: int, impact: Impact) -> tuple[Check, ...]:
    """Long memory, one a channel (named only where there are several), and the totals; ``periods`` of the record."""
    memory = [
        check_long_memory(one.long_run.half_life, periods, stationary=one.long_run.stationary, channel=one.channel)
        for one in impact.channels
    ] or [check_long_memory(impact.long_run.half_life, periods, stationary=impact.long_run.stationary)]
    return (*memory, check_totals(impact.incremental))


def calibration_checks(found: Sequence[Calibration]) -> tuple[Check, ...]:
    """The largest gap in standard errors, where there is an experiment to compare with."""
    gaps = [abs(one.gap) for one in found if one.gap is not None]
    return (grade("calibration-gap", max(gaps)),) if gaps else ()
