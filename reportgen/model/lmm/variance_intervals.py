"""Profile-likelihood intervals of standard deviations, correlations and the residual SD.

The criterion of the given fit is profiled: twice the log-likelihood that is lost when one quantity
t is held and everything else is estimated again, against the chi-square quantile with one degree
of freedom. lme4's ``confint(method = "profile")`` refits by ML first, so hand over the ML fit to
have its numbers; that is also what the report prints.

The bounds of all SDs are searched at once, as one batch, then those of the correlations: Newton over
the other parameters (``variance_profile.py``), with a tangent to start from, inside Newton on the
signed root of the criterion's loss, which is nearly linear in t. A bound that is not reached is the end of the range
(0 for an SD, -1 or 1 for a correlation). Where an SD may be zero at the level of the interval, its
correlations may be anything, so they are [-1, 1].

Rejected: Wald intervals (an SD near zero has no symmetric interval), the covariance that
statsmodels prints for these rows (it is of ratios), splines through a grid of profile points (twenty
refits a parameter; the crossings are all that is needed).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import chi2

from reportgen.model.lmm.columns import Array, Index
from reportgen.model.lmm.fit import LmmFit
from reportgen.model.lmm.variance_profile import (
    MOST_STEPS,
    Held,
    HeldProblems,
    hold_correlation,
    hold_sd,
    hold_sigma,
    solve_definite,
)

Bounds = tuple[float | None, float | None]

ROOT_TOLERANCE = 1e-6
"""Error of the signed root at which a bound counts as found (a millionth of a standard error)."""
NEAR_LEVEL = 1e-3
"""Error of the signed root that a bound may have where its bracket has closed."""
LONGEST_TANGENT = 5.0
"""A predicted move of the other parameters longer than this comes from a flat direction and is not made."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VarianceIntervals:
    """Bounds in data units: ``sd`` per random effect, ``sigma``, ``correlation`` per pair (j, i), j < i.

    Pairs are in the order (0, 1), (0, 2), ..., (1, 2); empty where the effects are independent. ``None``: no bound
    could be computed, or a correlation that does not exist because an SD is zero.
    """

    sd: tuple[Bounds, ...]
    sigma: Bounds
    correlation: tuple[Bounds, ...]


def variance_intervals(fit: LmmFit, confidence: float = 0.95) -> VarianceIntervals:
    """Profile-likelihood intervals of every variance parameter of a fit (its own criterion, REML or ML).

    Raises
    ------
    ValueError
        If ``confidence`` is not in (0, 1).
    """
    if not 0.0 < confidence < 1.0:
        raise ValueError(f"confidence must be in (0, 1), got {confidence!r}")
    q = fit.products.q
    z = float(np.sqrt(chi2.ppf(confidence, 1)))
    *sd, sigma = _bounds(fit, [*(hold_sd(fit, k) for k in range(q)), hold_sigma(fit)], z)
    pairs = [(j, i) for j in range(q) for i in range(j + 1, q)] if fit.correlated else []
    held = {pair: hold_correlation(fit, *pair) for pair in pairs}
    firm = {(j, i): item for (j, i), item in held.items() if item is not None and 0.0 not in (sd[j][0], sd[i][0])}
    found = dict(zip(firm, _bounds(fit, list(firm.values()), z), strict=True))
    nothing: Bounds = (None, None)
    anything: Bounds = (-1.0, 1.0)
    correlation = [found.get(pair, nothing if held[pair] is None else anything) for pair in pairs]
    return VarianceIntervals(sd=tuple(sd), sigma=sigma, correlation=tuple(correlation))


def _bounds(fit: LmmFit, held: list[Held], z: float) -> list[Bounds]:
    """Bounds of the held quantities in data units."""
    if not held:
        return []
    return [
        _checked((item.unscaled(lower), item.unscaled(upper)))
        for item, (lower, upper) in zip(held, _search(fit, held, z), strict=True)
    ]


def _checked(found: tuple[float, float]) -> Bounds:
    lower, upper = (float(value) if np.isfinite(value) else None for value in found)
    return lower, upper


def _search(fit: LmmFit, held: list[Held], z: float) -> list[tuple[float, float]]:
    """(lower, upper) of every held quantity in units of t; NaN where a search failed.

    Newton on the signed root zeta(t) = z inside a bracket: ``inside`` has zeta < z, ``outside`` zeta >= z.
    """
    problems = HeldProblems(fit, held)
    everything = np.arange(len(problems.side))
    best = _optimum(fit)
    t, side, limit = problems.start.copy(), problems.side, problems.limit
    eta, tangent, spread = problems.eta, *_directions(problems, everything)
    # An estimate on the edge of its range is its own bound on that side; there is nothing to search.
    answer = np.where(np.abs(limit - t) < 1e-9, limit, np.nan)
    inside, outside = t.copy(), np.full(len(t), np.nan)
    wish = t + side * z * spread
    lowest, highest = np.full(len(t), best), np.full(len(t), np.inf)
    which = np.flatnonzero(np.isnan(answer))
    for _ in range(MOST_STEPS):
        if not which.size:
            break
        aim = _bounded(wish[which], inside[which], outside[which], side[which], limit[which], spread[which])
        # The other parameters are moved along the profile's tangent first: one or two Newton steps then settle them.
        ahead = (aim - t[which])[:, None] * tangent[which]
        ahead[np.linalg.norm(ahead, axis=1) > LONGEST_TANGENT] = 0.0
        found, now = problems.reach(which, aim, eta[which] + ahead, (lowest[which], highest[which]))
        zeta = np.sqrt(np.maximum(now.value - best, 0.0))
        beyond = zeta >= z
        # Warm starts come from inside only: a long jump may land where an SD has collapsed and the criterion no longer
        # depends on a correlation, and a search that starts there stays there.
        warm = which[~beyond]
        t[warm], eta[warm] = aim[~beyond], found[~beyond]
        tangent[warm] = -solve_definite(now.hessian[~beyond], now.cross[~beyond])
        inside[which] = np.where(beyond, inside[which], aim)
        outside[which] = np.where(beyond, aim, outside[which])
        # A profile rises away from its optimum: a value outside these two betrays a search that ended in another
        # valley.
        lowest[which] = np.where(beyond, lowest[which], now.value)
        highest[which] = np.where(beyond, now.value, highest[which])
        with np.errstate(divide="ignore", invalid="ignore"):
            # d zeta / dt = slope / (2 zeta); the signed root is nearly straight where the deviance is a parabola (Bates
            # 2010, lme4: Mixed-effects modeling with R, 1.5).
            wish[which] = aim - (zeta - z) * 2.0 * zeta / now.slope
        closed = np.abs(outside - inside)[which] <= 1e-9 * np.abs(outside[which])
        found_it = (np.abs(zeta - z) < ROOT_TOLERANCE) | (~beyond & (aim == limit[which]))
        # A bracket that closes far from the level encloses a jump between two valleys, no bound.
        found_it |= closed & (np.abs(zeta - z) < NEAR_LEVEL)
        answer[which[found_it]] = aim[found_it]
        which = which[~(found_it | closed) & np.isfinite(now.value)]
    half = len(held)
    return [(float(answer[k]), float(answer[half + k])) for k in range(half)]


def _optimum(fit: LmmFit) -> float:
    """The criterion at the fit's optimum."""
    # At its lowest omega, sigma² = r2 / N: D = h + N log(r2 / N) + N, and the profiled deviance is h + N log r2.
    return float(fit.at.deviance[0]) - fit.degrees * (float(np.log(fit.degrees)) - 1.0)


def _directions(problems: HeldProblems, which: Index) -> tuple[Array, Array]:
    """Tangent d eta / dt (B, m) and standard error of t (B,) at the optimum."""
    at = problems.at(which, problems.start, problems.eta)
    tangent = -solve_definite(at.hessian, at.cross)
    # Second derivative of the profile, not of the criterion: the other parameters follow (Schur complement).
    curvature = at.bend + np.sum(at.cross * tangent, axis=1)
    # A stride for where the curvature gives none: a fifth of a radian for a correlation, of the estimate (at least .1)
    # for an SD.
    usual = 0.2 * np.where(problems.turns, 1.0, np.maximum(np.abs(problems.start), 0.5))
    with np.errstate(divide="ignore", invalid="ignore"):
        spread = np.sqrt(2.0 / curvature)
    return tangent, np.where(np.isfinite(spread) & (spread < 10.0 * usual), spread, usual)


def _bounded(wish: Array, inside: Array, outside: Array, side: Array, limit: Array, spread: Array) -> Array:
    """The next t: the wish if it lies within the bracket, its middle if not, or a stride while there is no outside."""
    known = np.isfinite(outside)
    ahead = np.where(known, outside, limit)
    farthest = inside + side * 4.0 * spread
    wish = np.where(np.isfinite(wish) & ((wish - inside) * side > 0.0), wish, inside + side * 2.0 * spread)
    wish = np.where(known, wish, side * np.minimum(side * wish, np.minimum(side * farthest, side * limit)))
    middle = 0.5 * (inside + outside)
    return np.where(known & ((wish - ahead) * side >= 0.0), middle, wish)
