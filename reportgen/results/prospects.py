"""What a build will do with a market, as far as that can be told before anything is fitted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from reportgen.results.market import MarketResults

Outcome = Literal["refused", "no-estimate", "withheld", "estimate"]
"""``refused``: its rows break the contract. ``no-estimate``: a report of two pages with the reason. ``withheld``:
fitted, and some numbers are not given. ``estimate``: nothing stands against one before the fit, whose own checks may
still take numbers away.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketProspect:
    """One market before a build."""

    market: str
    outcome: Outcome
    codes: tuple[str, ...] = ()
    """Of the findings that refuse it, of the reasons against an estimate, or of the checks that withhold."""
    known: MarketResults | None = None
    """What its results will hold of that: status, reasons, channels left out, checks of the data, what is withheld.
    ``None`` where the market cannot be read.
    """
