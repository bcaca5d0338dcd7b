"""How much promotion a report speaks of at a time, the same in sentences, tables and charts."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reportgen.results import DataSummary, DecaySummary


def promotion_step(data: DataSummary) -> float:
    """Promotion units that effects are told for: 1, or a power of ten where 1 is far from what happens.

    A display share between 0 and 1 never rises by 1; spending in rupees never by a single rupee.
    """
    mean, sd = data.promotion_mean, data.promotion_sd
    if not mean or not sd or sd[0] <= 0:
        return 1.0
    if mean[0] + 2 * sd[0] <= 1.5:
        return 10.0 ** math.floor(math.log10(sd[0] * 1.0000001))
    return 10.0 ** math.floor(math.log10(sd[0])) if sd[0] > 50 else 1.0


def no_carry_over(decay: DecaySummary | None) -> bool:
    """Whether the data say that promotion works in its own period only: best at zero, and surely small."""
    return decay is not None and decay.estimate < 0.005 and decay.upper is not None and decay.upper <= 0.1
