"""The parts of fitted sales over all periods."""

from __future__ import annotations

from dataclasses import dataclass
from math import fsum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reportgen.results.charts import Contribution


@dataclass(frozen=True, slots=True, kw_only=True)
class PartTotals:
    """Parts of the market's fitted sales over all periods, money, and what follows from them."""

    baseline: float
    persistence: float
    promotion: float

    @property
    def fitted(self) -> float:
        """All parts together."""
        return self.baseline + self.persistence + self.promotion

    @property
    def steps(self) -> tuple[float, float, float, float]:
        """Where the parts begin and end when each is put on the one before: 0 to ``fitted``."""
        return 0.0, self.baseline, self.baseline + self.persistence, self.fitted

    @property
    def shares(self) -> tuple[float | None, float | None, float | None]:
        """Baseline, persistence and promotion as parts of ``fitted``; ``None`` where that is zero."""
        whole = self.fitted
        if not whole:
            return None, None, None
        return self.baseline / whole, self.persistence / whole, self.promotion / whole


def part_totals(split: Contribution) -> PartTotals:
    """Sums over the periods."""
    return PartTotals(
        baseline=fsum(split.baseline), persistence=fsum(split.persistence), promotion=fsum(split.promotion)
    )
