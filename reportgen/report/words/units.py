"""How much promotion a report speaks of at a time, the same in sentences, tables and charts."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from reportgen.report.words.names import clean

if TYPE_CHECKING:
    from reportgen.report.words.language import Language
    from reportgen.results import DataSummary, DecaySummary
    from reportgen.settings.sections import ReportSettings


def promotion_step(data: DataSummary, channel: int = 0) -> float:
    """Promotion units that effects are told for: 1, or a power of ten where 1 is far from what happens.

    A display share between 0 and 1 never rises by 1; spending in rupees never by a single rupee.
    """
    mean, sd = data.promotion_mean, data.promotion_sd
    if channel >= min(len(mean), len(sd)) or sd[channel] <= 0:
        return 1.0
    # Where next to no period reaches 1.5 units, one unit more is nothing that anybody could do.
    if mean[channel] + 2 * sd[channel] <= 1.5:
        # An SD of 0.1 but for rounding is 0.1.
        return 10.0 ** math.floor(math.log10(sd[channel] * 1.0000001))
    return 10.0 ** math.floor(math.log10(sd[channel])) if sd[channel] > 50 else 1.0


def no_carry_over(decay: DecaySummary | None) -> bool:
    """Whether the data say that promotion works in its own period only: best at zero, and surely small."""
    return decay is not None and decay.estimate < 0.005 and decay.upper is not None and decay.upper <= 0.1


def units_of(report: ReportSettings) -> str:
    """What several units are called: as the settings say, else by the English rule, else nothing."""
    unit = report.promotion_unit
    if report.promotion_units or unit == "unit" or not report.locale.startswith("en"):
        return report.promotion_units
    if not (unit.isascii() and unit.isalpha() and unit.islower()) or unit.endswith("s"):
        return ""
    if unit.endswith("y") and unit[-2:-1] not in "aeiou":
        return f"{unit[:-1]}ies"
    return f"{unit}es" if unit.endswith(("x", "z", "ch", "sh")) else f"{unit}s"


def channel_units(language: Language, channel: str) -> str:
    """What several units of one of several channels are called."""
    return language.gettext("units of {channel}").format(channel=clean(channel, 22))


def channel_unit(language: Language, channel: str) -> str:
    """What one unit of one of several channels is called."""
    return language.gettext("unit of {channel}").format(channel=clean(channel, 22))
