"""Fitted sales of every pharmacy over the usual range of promotion: the model's straight lines, put into numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from reportgen.results.derived.standing import standings

if TYPE_CHECKING:
    from reportgen.results.market import MarketResults


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FittedLines:
    """Sales (money) of P levels of promotion, of the market and of G pharmacies."""

    promotion: NDArray[np.float64]
    """(P,) with carry-over."""
    market: NDArray[np.float64]
    """(P,) average pharmacy."""
    pharmacies: NDArray[np.float64]
    """(G, P)"""
    names: tuple[str, ...]
    slope: NDArray[np.float64]
    """(G,) market effect plus deviation, response units per unit of promotion."""
    distinct: NDArray[np.bool_]
    """(G,) whether a pharmacy's response differs clearly from the market's."""

    @property
    def rising(self) -> int:
        """Pharmacies that sell more at the highest promotion than at the lowest."""
        return int(np.count_nonzero(self.pharmacies[:, -1] > self.pharmacies[:, 0]))

    @property
    def falling(self) -> int:
        """Pharmacies that sell less at the highest promotion than at the lowest."""
        return int(np.count_nonzero(self.pharmacies[:, -1] < self.pharmacies[:, 0]))


def fitted_lines(results: MarketResults, most: int) -> FittedLines | None:
    """Lines of at most ``most`` pharmacies, evenly chosen; ``None`` where the model gives none, or a curve.

    A log response is a straight line of the logarithm: nine points draw its curve, two a line.
    """
    charts, model, market = results.charts, results.model, results.promotion_effect
    span, center, level = charts.promotion_range, charts.promotion_center, charts.market_level
    if results.shape_of(None) is not None:
        return None
    if model is None or market is None or span is None or center is None or level is None:
        return None
    rows = [
        (p, side) for p, side in zip(results.pharmacies, standings(results), strict=True) if p.intercept is not None
    ]
    if not rows or span[1] <= span[0]:
        return None
    if len(rows) > most:
        rows = [rows[i] for i in np.linspace(0, len(rows) - 1, most).round().astype(int)]
    x = np.linspace(*span, 9 if model.response == "log" else 2)
    # The market's line passes through its level at mean promotion: all other columns at their means.
    line = level + market.estimate * (x - center)
    intercept = np.array([p.intercept or 0.0 for p, _ in rows])
    slope = np.array([p.slope or 0.0 for p, _ in rows])
    # Deviations of level and slope are of a pharmacy's own line, which is counted from a promotion of zero.
    lines = line + intercept[:, None] + slope[:, None] * x
    if model.response == "log":
        line, lines = np.exp(line), np.exp(lines)
    return FittedLines(
        promotion=x,
        market=line,
        pharmacies=lines,
        names=tuple(p.pharmacy for p, _ in rows),
        slope=slope + market.estimate,
        distinct=np.array([side != 0 for _, side in rows]),
    )
