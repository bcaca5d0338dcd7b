"""Checks of finished numbers: whether the record is long enough for them, and whether they hold together.

With an experiment, too: its gap to the market's estimate. And those that other packages add.
"""

from __future__ import annotations

from collections.abc import Sequence

from reportgen.errors import MarketError
from reportgen.model.checks.estimates import check_long_memory, check_totals
from reportgen.model.checks.rules import RULES, grade
from reportgen.model.effects.impact import Impact
from reportgen.model.market.fit import MarketFit
from reportgen.plugins import of_group
from reportgen.results import Calibration, Check
from reportgen.settings.sections import Settings


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


def added_checks(market: MarketFit, settings: Settings) -> tuple[Check, ...]:
    """Checks of installed packages (entry points ``reportgen.checks``); they withhold nothing.

    Raises
    ------
    MarketError
        If one gives something else than checks, or takes the name of one of ours.
    """
    found: list[Check] = []
    for plugin in of_group("reportgen.checks"):
        made = plugin.call(market, settings)
        for one in (made,) if isinstance(made, Check) else tuple(made or ()):
            if not isinstance(one, Check) or one.id in RULES:
                raise MarketError(
                    f"{plugin.group} {plugin.name} of {plugin.package}: give a reportgen.results.Check under a name "
                    "that is not one of reportgen's own.",
                    code="bad-plugin",
                )
            found.append(one)
    return tuple(found)
