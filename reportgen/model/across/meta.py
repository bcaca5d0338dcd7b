"""Random-effects meta-analysis of k estimates: tau² by REML and Paule-Mandel, Hartung-Knapp, prediction.

Model: y_i ~ N(theta_i, v_i), theta_i ~ N(mu, tau²), v_i known. With weights w_i = 1/(v_i + tau²),
S_r = sum w_i^r, mu = sum w y / S_1, r_i = y_i - mu and P = W - w w'/S_1:

    REML log-likelihood   -(sum log(v + tau²) + log S_1 + sum w r²)/2  (constants left out)
    score                 -tr P/2 + y'PPy/2,  tr P = S_1 - S_2/S_1,  y'PPy = sum w² r²
    Fisher information    tr PP/2,            tr PP = S_2 - 2 S_3/S_1 + (S_2/S_1)²
    observed information  y'PPPy - tr PP/2,   y'PPPy = sum w³ r² - (sum w² r)²/S_1

(Viechtbauer 2005, J. Educ. Behav. Stat. 30). The restricted likelihood of tau² can have two maxima, so the
answer is the best of a search of the whole profile, polished by Newton steps; the certificate is that search.
The SE of the mean is Hartung and Knapp's (2001), with t and k - 1 df; the prediction interval is that of Higgins,
Thompson and Spiegelhalter (2009) with this SE, t and k - 2 df; I² and H² are Higgins and Thompson's (2002) at the
REML tau²; the interval of tau² inverts Q (Viechtbauer 2007). Shrunken effects are (1 - b_i) y_i + b_i mu with
b_i = v_i/(v_i + tau²) and variance (1 - b_i) v_i + b_i² SE(mu)², which counts the uncertainty of mu.

Rejected: DerSimonian-Laird tau² (biased low), z intervals for the mean (too short for few markets), and the
truncated Hartung-Knapp factor (two definitions of one number; ``se_classical`` is there to compare).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import chdtrc, chdtri, stdtr, stdtrit

Array = NDArray[np.float64]

GRID = np.concatenate([[0.0], np.logspace(-10, 6, 321)])
"""tau² of the profile search, in units of the larger of the median v and the variance of y."""
STEPS = 60


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RandomEffects:
    """The pooled mean and the spread around it; arrays are (k,). Units of y, tau² in its square."""

    estimate: float
    se: float
    se_classical: float
    df: int
    statistic: float
    p: float
    lower: float
    upper: float
    prediction_lower: float | None
    prediction_upper: float | None
    tau2: float
    tau2_lower: float
    tau2_upper: float
    tau2_paule_mandel: float
    estimate_paule_mandel: float
    certified: bool
    q: float
    q_p: float
    i2: float
    h2: float
    weights: Array
    """Percent."""
    shrunken: Array
    shrunken_se: Array
    shrunken_lower: Array
    shrunken_upper: Array


def pool_effects(effects: ArrayLike, variances: ArrayLike, *, confidence: float = 0.95) -> RandomEffects:
    """Pool k >= 2 independent estimates.

    Parameters
    ----------
    effects, variances
        (k,) estimates and their sampling variances, finite, variances positive.

    Raises
    ------
    ValueError
        If k < 2, or a variance is not positive, or a value is not finite.
    """
    y, v = np.asarray(effects, dtype=np.float64), np.asarray(variances, dtype=np.float64)
    if y.ndim != 1 or y.shape != v.shape or y.size < 2:
        raise ValueError(f"two or more effects with one variance each are needed, got shapes {y.shape} and {v.shape}")
    if not (np.isfinite(y).all() and np.isfinite(v).all() and (v > 0).all()):
        raise ValueError("effects must be finite and variances positive")
    k = y.size
    tau2, certified = reml_heterogeneity(y, v)
    paule_mandel = paule_mandel_heterogeneity(y, v)
    mean, weights = _mean(y, v, tau2)
    se_classical = 1.0 / sqrt(float(weights.sum()))
    # Knapp and Hartung (2003), Statist. Med. 22: with few markets tau² is uncertain, and the classical SE ignores it.
    se = sqrt(float(np.sum(weights * (y - mean) ** 2)) / (k - 1)) * se_classical
    t = float(stdtrit(k - 1, 0.5 + confidence / 2))
    # Higgins, Thompson and Spiegelhalter (2009), J. R. Stat. Soc. A 172: one more degree of freedom goes to tau².
    reach = float(stdtrit(k - 2, 0.5 + confidence / 2)) * sqrt(tau2 + se**2) if k > 2 else None
    q = _q(y, v, 0.0)
    typical = typical_variance(v)
    low, high = heterogeneity_interval(y, v, confidence=confidence)
    shrunken, shrunken_se = shrink(y, v, mean, se, tau2)
    statistic = mean / se if se > 0 else float(np.copysign(np.inf, mean)) if mean else 0.0
    return RandomEffects(
        estimate=mean,
        se=se,
        se_classical=se_classical,
        df=k - 1,
        statistic=statistic,
        p=float(2 * stdtr(k - 1, -abs(statistic))),
        lower=mean - t * se,
        upper=mean + t * se,
        prediction_lower=None if reach is None else mean - reach,
        prediction_upper=None if reach is None else mean + reach,
        tau2=tau2,
        tau2_lower=low,
        tau2_upper=high,
        tau2_paule_mandel=paule_mandel,
        estimate_paule_mandel=_mean(y, v, paule_mandel)[0],
        certified=certified,
        q=q,
        q_p=float(chdtrc(k - 1, q)),
        i2=100.0 * tau2 / (tau2 + typical),
        h2=tau2 / typical + 1.0,
        weights=100.0 * weights / weights.sum(),
        shrunken=shrunken,
        shrunken_se=shrunken_se,
        shrunken_lower=shrunken - t * shrunken_se,
        shrunken_upper=shrunken + t * shrunken_se,
    )


def _mean(y: Array, v: Array, tau2: float) -> tuple[float, Array]:
    weights = 1.0 / (v + tau2)
    return float(weights @ y / weights.sum()), weights


def _q(y: Array, v: Array, tau2: float) -> float:
    """Generalised Q: sum w r² at the weights of tau²."""
    mean, weights = _mean(y, v, tau2)
    return float(np.sum(weights * (y - mean) ** 2))


def typical_variance(v: Array) -> float:
    """Higgins and Thompson's (2002) typical sampling variance, (k - 1) S_1 / (S_1² - S_2) at tau² = 0."""
    # Weights at tau² = 0: I² says how much of the spread is not noise, against the noise of a typical market.
    w = 1.0 / v
    return float((v.size - 1) * w.sum() / (w.sum() ** 2 - np.sum(w**2)))


def restricted_loglik(y: Array, v: Array, tau2: ArrayLike) -> Array:
    """Restricted log-likelihood without constants at tau² of any shape."""
    grid = np.asarray(tau2, dtype=np.float64)
    w = 1.0 / (v + grid[..., None])
    total = w.sum(axis=-1)
    mean = (w @ y) / total
    rest = np.sum(w * (y - mean[..., None]) ** 2, axis=-1)
    return np.asarray(-0.5 * (-np.log(w).sum(axis=-1) + np.log(total) + rest), dtype=np.float64)


def restricted_derivatives(y: Array, v: Array, tau2: float) -> tuple[float, float, float]:
    """Score, observed and Fisher information of tau²."""
    mean, w = _mean(y, v, tau2)
    r = y - mean
    s1, s2, s3 = (float(np.sum(w**power)) for power in (1, 2, 3))
    trace2 = s2 - 2.0 * s3 / s1 + (s2 / s1) ** 2
    cubic = float(np.sum(w**3 * r**2)) - float(np.sum(w**2 * r)) ** 2 / s1
    score = 0.5 * (float(np.sum(w**2 * r**2)) - (s1 - s2 / s1))
    return score, cubic - 0.5 * trace2, 0.5 * trace2


def reml_heterogeneity(y: Array, v: Array) -> tuple[float, bool]:
    """REML tau² >= 0, and whether the search of the whole profile certifies it.

    A grid over sixteen decades (and 0) gives the start; Newton steps on the exact derivatives (Fisher scoring where
    the profile is not concave, halved until the likelihood does not fall) give the answer. Certified: no grid
    point is higher, and the score is zero, or negative at the boundary.
    """
    unit = max(float(np.median(v)), float(np.var(y)))
    y, v = y / sqrt(unit), v / unit
    # In units of the estimates themselves, so that one grid of tau² suits effects of any size.
    profile = restricted_loglik(y, v, GRID)
    tau2 = float(GRID[int(np.argmax(profile))])
    for _ in range(STEPS):
        score, observed, fisher = restricted_derivatives(y, v, tau2)
        # Far from the top the profile is convex and Newton would walk away from it; Fisher's information never is
        # negative.
        step = score / (observed if observed > 0 else fisher)
        here = restricted_loglik(y, v, tau2)
        while restricted_loglik(y, v, max(tau2 + step, 0.0)) < here - 1e-13 * (1.0 + abs(here)) and abs(step) > 1e-18:
            step /= 2.0
        moved = max(tau2 + step, 0.0) - tau2
        tau2 += moved
        if abs(moved) <= 1e-15 * (1.0 + tau2):
            break
    score, observed, fisher = restricted_derivatives(y, v, tau2)
    # At the boundary a falling likelihood is an optimum; inside, the score has to vanish in units of its information.
    flat = score <= 0.0 if tau2 == 0.0 else abs(score) <= 1e-7 * max(fisher, observed) * (tau2 + float(v.min()))
    highest = float(restricted_loglik(y, v, tau2)) >= float(profile.max()) - 1e-10
    return tau2 * unit, bool((flat or abs(score) < 1e-9) and highest)


def _solve_q(y: Array, v: Array, target: float) -> float:
    """tau² at which the generalised Q equals ``target``; 0 where it is already below at 0.

    Q falls in tau² and is convex, so Newton's steps from 0 climb to the root without passing it.
    """
    unit = max(float(np.median(v)), float(np.var(y)))
    y, v = y / sqrt(unit), v / unit
    tau2 = 0.0
    for _ in range(10_000):
        mean, w = _mean(y, v, tau2)
        squares = (y - mean) ** 2
        # dQ/dtau² = -sum w² r²: the mean moves too, but Q is lowest in it (envelope theorem).
        excess, slope = float(np.sum(w * squares)) - target, float(np.sum(w**2 * squares))
        if excess <= 0 or slope <= 0:
            break
        tau2 += excess / slope
        if excess / slope <= 1e-15 * tau2:
            break
    return tau2 * unit


def paule_mandel_heterogeneity(y: Array, v: Array) -> float:
    """Paule and Mandel's (1982) tau²: the generalised Q equals its expectation k - 1, or 0."""
    return _solve_q(y, v, y.size - 1.0)


def heterogeneity_interval(y: Array, v: Array, *, confidence: float = 0.95) -> tuple[float, float]:
    """Q-profile interval of tau²: where the generalised Q meets the chi²(k - 1) quantiles (0 where it cannot)."""
    tail = 0.5 - confidence / 2
    return _solve_q(y, v, float(chdtri(y.size - 1, tail))), _solve_q(y, v, float(chdtri(y.size - 1, 1.0 - tail)))


def shrink(y: Array, v: Array, mean: float, se: float, tau2: float) -> tuple[Array, Array]:
    """Shrunken effects and their SE, the uncertainty of the mean included."""
    # Empirical Bayes; the SE carries the part of the mean's own uncertainty that each market leans on.
    toward = v / (v + tau2)
    return (1.0 - toward) * y + toward * mean, np.sqrt((1.0 - toward) * v + (toward * se) ** 2)


def adjust_benjamini_hochberg(p: ArrayLike) -> Array:
    """Benjamini and Hochberg's (1995) adjusted p values, in the order given; NaN stays NaN and does not count."""
    values = np.asarray(p, dtype=np.float64)
    out = np.full(values.shape, np.nan)
    known = np.flatnonzero(np.isfinite(values))
    order = known[np.argsort(-values[known], kind="stable")]
    rank = np.arange(order.size, 0, -1)
    # From the largest p downwards, so that an adjusted p is never above that of a less certain market.
    out[order] = np.minimum(np.minimum.accumulate(values[order] * order.size / rank), 1.0)
    return out
