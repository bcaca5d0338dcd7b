"""How strong foresight would have to be to explain the whole effect: what no check can see, as one number.

Visits that go where a good period is expected look like visits that work. Let rho be the correlation, within
pharmacies, between a period's promotion x and what the model cannot foresee of its sales, e (SD sigma). The stock
A = (1 - d) x + ... then goes with e too, and least squares is off by

    Cov(A, e) / Var(A) = (1 - d) rho sd(x) sigma / Var(A),

all after the other columns of the model are taken out (the formula of an omitted variable; as a bound in words it is
the E-value of VanderWeele and Ding 2017, Ann. Intern. Med. 167, for regression: Cinelli and Hazlett 2020, JRSS B 82).
Solved for rho at the estimate, and at the end of its interval nearest zero. The decay counts as known: where foresight
is strong the estimated carry-over is too short, and less would do.

Beside it stands the one correlation of this kind that a record shows: of a period's unexplained sales with the next
period's promotion (Cinelli and Hazlett's benchmark by an observed variable).
"""

from __future__ import annotations

from math import sqrt

import numpy as np

from reportgen.model.checks.design import centre_within
from reportgen.model.market.fit import MarketFit
from reportgen.model.market.variants import next_promotion
from reportgen.results import FixedEffect, Foresight

LEAST_KNOWN = 0.5
"""Share of the rows whose next period must be known."""


def foresight(market: MarketFit, promotion: FixedEffect) -> Foresight | None:
    """Correlations that would explain the first channel's effect; None where its interval reaches zero anyway."""
    lower, upper = promotion.lower, promotion.upper
    if lower is None or upper is None or lower <= 0.0 <= upper:
        return None
    design, frame = market.design, market.frame
    at = market.index(promotion.term)
    both = np.column_stack([design.x[:, at], frame.promotion[:, 0]])
    others = centre_within(np.delete(design.x, at, axis=1), design.group)
    left = centre_within(both, design.group)
    # Frisch and Waugh 1933: what is left of stock and dose once all other columns are out, within pharmacies.
    left = left - others @ np.linalg.lstsq(others, left, rcond=None)[0]
    stock, dose = (float(np.mean(left[:, k] ** 2)) for k in range(2))
    weight = 1.0 - market.decays[0] if frame.normalize else 1.0
    if not (stock > 0.0 and dose > 0.0 and weight > 0.0 and market.fit.sigma2 > 0.0):
        return None
    per_correlation = weight * sqrt(dose * market.fit.sigma2) / stock
    # The end of the interval nearest zero: at it, nothing that can be told from zero is left.
    nearest = lower if lower > 0.0 else upper
    return Foresight(
        correlation=promotion.estimate / per_correlation,
        correlation_at_limit=nearest / per_correlation,
        observed=_reaction(market),
    )


def _reaction(market: MarketFit) -> float | None:
    """Correlation of sales with the next period's promotion, all columns of the model taken out within pharmacies."""
    design, following = market.design, next_promotion(market.frame)[:, 0]
    known = np.isfinite(following)
    if known.sum() < LEAST_KNOWN * len(known):
        return None
    left = centre_within(np.column_stack([following, design.y])[known], design.group[known])
    columns = centre_within(design.x[known], design.group[known])
    left = left - columns @ np.linalg.lstsq(columns, left, rcond=None)[0]
    size = sqrt(float(np.sum(left[:, 0] ** 2) * np.sum(left[:, 1] ** 2)))
    return float(left[:, 0] @ left[:, 1]) / size if size > 0.0 else None
