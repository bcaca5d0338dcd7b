"""Whether pharmacies have trends of their own: a likelihood ratio, and the rule of ``pharmacy_trend = "auto"``.

The model with a random slope on time, its covariances with the other random effects and the columns that its
dependence on size needs is compared by ML with the model without, on the same rows at the same decays. Under the
null its statistic is a mixture of chi-squares, half with the variance at its boundary (Self and Liang 1987; Stram and
Lee 1994). ``auto`` takes the trend where p is below ``LEVEL``, from ``LEAST_PERIODS`` periods on: in shorter records a
trend and persistence are near substitutes, and a trend that is not there costs coverage (tried: .83 at 24 months where
it was always in the model).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from scipy.stats import chi2

from reportgen.model.lmm.columns import NoResidualVariation, RankDeficient
from reportgen.model.lmm.fit import Rung, fit_lmm
from reportgen.model.market.calendar import TREND
from reportgen.model.market.terms import Terms, market_design
from reportgen.panel.features import ModelFrame
from reportgen.panel.periods import PER_YEAR

LEVEL = 1e-3
LEAST_YEARS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class TrendChoice:
    """Whether pharmacies have trends of their own in the model, why, and p of the test (None: not tested)."""

    taken: bool
    reason: Literal["set", "likelihood-asks", "likelihood-does-not-ask", "too-few-periods"]
    p: float | None = None


def long_enough(frame: ModelFrame) -> bool:
    """Whether the record has the periods that ``auto`` asks for."""
    return frame.panel.n_periods >= LEAST_YEARS * PER_YEAR[frame.panel.period_type]


def without_own_trend(terms: Terms) -> Terms:
    """The terms without the pharmacies' own trends."""
    kept = terms.keep(lambda column: column.role != "initial-trend")
    return replace(kept, random=tuple(name for name in kept.random if name != TREND))


def trend_p(frame: ModelFrame, terms: Terms, decays: tuple[float, ...], rung: Rung) -> float | None:
    """p-value of the pharmacies' own trends in ``terms`` (which has them); None where a fit fails."""
    smaller = without_own_trend(terms)
    try:
        logliks = [
            fit_lmm(market_design(frame, one, decays), method="ML", rung="correlated" if len(one.random) > 1 else rung)
            for one in (terms, smaller)
        ]
    except (RankDeficient, NoResidualVariation):
        return None
    statistic = max(0.0, 2.0 * (logliks[0].loglik - logliks[1].loglik))
    # A covariance with each other random effect, and the columns of size times time; the variance itself is the degree
    # of freedom in which the two parts of the mixture differ.
    freed = len(smaller.random) + len(terms.fixed) - len(smaller.fixed)
    # A variance at zero lies on the edge of its range: half the weight goes to one degree of freedom less (Stram and
    # Lee 1994, Biometrics 50(4)).
    return float(0.5 * (chi2.sf(statistic, freed) + chi2.sf(statistic, freed + 1))) if np.isfinite(statistic) else None
