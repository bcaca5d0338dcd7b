"""What one unit of promotion does over time: long run, impulse response, half-life.

With adstock A_t = w x_t + d A_{t-1} (w = 1 - d where weights are normalised, else 1) and

    y_t = beta A_t + sum_l phi_l y_{t-l} + ...

one unit given in period 0 changes sales h periods later by beta psi_h, where psi is the expansion
of w / ((1 - d L)(1 - sum_l phi_l L^l)). With D = 1 - sum phi its total is beta/D (normalised) or
beta/((1 - d) D). Everything here is a pure function of the estimates and their joint covariance,
whose rows are (beta, phi_1 .. phi_L) or (beta, phi_1 .. phi_L, decay); without the last row the
decay counts as known. One channel a call. Intervals use t where ``df`` is given, else the normal.

Left to others: the estimates, and sales with and without promotion (``incremental.py``).
Rejected: a long-run number outside the stationary region (it has no meaning there), and the delta
interval where D is poorly known (Fieller's set is exact there, and may be unbounded: then no limits).
"""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtri, stdtrit

from reportgen.results import ImpulsePoint, LongRun

Array = NDArray[np.float64]

FIELLER_BELOW = 5.0
"""D / SE(D) under which the interval of beta/D is Fieller's (METHODS 5; the delta method needs the
denominator's coefficient of variation under about 0.2: Herson 1975, Hirschberg and Lye 2010)."""
LONGEST = 1 << 16
"""Periods after which a half-life that was not reached is reported as missing."""


def critical_value(confidence: float, df: float | None = None) -> float:
    """Two-sided quantile of t with ``df`` degrees of freedom, of the normal where ``df`` is None or infinite."""
    upper = 0.5 + confidence / 2
    if df is None or not np.isfinite(df):
        return float(ndtri(upper))
    return float(stdtrit(df, upper))


def spectral_radius(phi: ArrayLike, lags: Sequence[int]) -> Array:
    """Largest modulus among the roots of the recursion y_t = sum_l phi_l y_{t-l}.

    Parameters
    ----------
    phi
        (..., L) coefficients.
    lags
        L distinct positive lags, any order, e.g. ``(1, 2)`` or ``(1, 12)``.

    Returns
    -------
    Array
        (...) moduli; the process is stationary where they are below 1 (for lags 1, 2 this is
        phi1 + phi2 < 1, phi2 - phi1 < 1, |phi2| < 1). 0 without lags.
    """
    values = np.asarray(phi, dtype=np.float64)
    shape, order = values.shape[:-1], max(lags, default=0)
    if order == 0:
        return np.zeros(shape)
    companion = np.zeros((*shape, order, order))
    for j, lag in enumerate(lags):
        companion[..., 0, lag - 1] += values[..., j]
    # Companion matrix of y_t = sum phi_l y_(t-l): its eigenvalues are the roots (Hamilton 1994, 1.2).
    companion[..., np.arange(1, order), np.arange(order - 1)] = 1.0
    return np.asarray(np.abs(np.linalg.eigvals(companion)).max(axis=-1), dtype=np.float64)


def is_stationary(phi: ArrayLike, lags: Sequence[int]) -> bool:
    """Return whether sales return to their level after a shock (spectral radius below 1)."""
    return bool(spectral_radius(phi, lags) < 1.0)


def long_run_gradient(beta: float, phi: ArrayLike) -> Array:
    """Gradient (1 + L,) of beta/(1 - sum phi) in (beta, phi): 1/D, then beta/D² for each lag (METHODS 5)."""
    values = np.asarray(phi, dtype=np.float64)
    remainder = 1.0 - float(values.sum())
    return np.concatenate([[1.0 / remainder], np.full(values.size, beta / remainder**2)])


def fieller_interval(
    numerator: float, denominator: float, covariance: ArrayLike, critical: float
) -> tuple[float, float] | None:
    """Fieller (1954) set {r : (n - r d)² <= c² Var(n - r d)} where it is an interval, else None.

    ``covariance`` is (2, 2), of (numerator, denominator). None where the set is unbounded, that is
    where the denominator does not differ from zero at this level.
    """
    v = np.asarray(covariance, dtype=np.float64)
    c2 = critical**2
    # The set is {r : a r² - 2 b r + ... <= 0}: an interval only where a > 0, that is where d is clear of zero.
    a = denominator**2 - c2 * v[1, 1]
    # The quadratic a r² - 2 b r + (n² - c² v_nn) of the set, solved by its roots.
    b = numerator * denominator - c2 * v[0, 1]
    root = b**2 - a * (numerator**2 - c2 * v[0, 0])
    if a <= 0 or root < 0:
        return None
    return float((b - sqrt(root)) / a), float((b + sqrt(root)) / a)


def long_run(
    beta: float,
    phi: ArrayLike,
    covariance: ArrayLike,
    *,
    lags: Sequence[int],
    decay: float = 0.0,
    normalize: bool = True,
    confidence: float = 0.95,
    df: float | None = None,
) -> LongRun:
    """Long-run effect beta/D of one channel, its interval, half-life and the total of one pulse.

    Parameters
    ----------
    beta, phi
        Promotion coefficient (sales units per adstock unit) and (L,) lag coefficients.
    covariance
        At least (1 + L, 1 + L), of (beta, phi); further rows (the decay) do not matter for beta/D.
    lags
        The L lags.
    decay, normalize
        Carry-over, for half-life and total.
    df
        Satterthwaite degrees of freedom of the contrast :func:`long_run_gradient`; None: normal.

    Returns
    -------
    LongRun
        ``estimate`` is beta/D. It is the effect of one more promotion unit a period kept up for
        ever where adstock is normalised; where it is not, that effect is ``total_pulse`` =
        beta/((1 - d) D). ``se`` is the delta method's; limits are Fieller's where D/SE(D) < 5, None
        where that set is unbounded. Not stationary: no numbers, ``method`` "none".
    """
    values = np.asarray(phi, dtype=np.float64)
    if not is_stationary(values, lags):
        return LongRun(
            estimate=None, se=None, lower=None, upper=None, stationary=False, method="none",
            multiplier=None, half_life=None, total_pulse=None,
        )  # fmt: skip
    size = 1 + values.size
    cov = np.asarray(covariance, dtype=np.float64)[:size, :size]
    remainder = 1.0 - float(values.sum())
    estimate = beta / remainder
    gradient = long_run_gradient(beta, values)
    variance = float(gradient @ cov @ gradient)
    se = sqrt(variance) if np.isfinite(variance) and variance >= 0 else None
    lower, upper, method = _long_run_interval(beta, remainder, cov, estimate, se, critical_value(confidence, df))
    return LongRun(
        estimate=estimate,
        se=se,
        lower=lower,
        upper=upper,
        stationary=True,
        method=method,
        multiplier=1.0 / remainder,
        half_life=half_life(values, decay, lags=lags),
        total_pulse=estimate if normalize else estimate / (1.0 - decay),
    )


def _long_run_interval(
    beta: float, remainder: float, cov: Array, estimate: float, se: float | None, critical: float
) -> tuple[float | None, float | None, Literal["delta", "fieller"]]:
    if se is None:
        return None, None, "delta"
    # Of (beta, D) with D = 1 - sum phi: the sign of every covariance with a lag turns.
    spread = np.array([[cov[0, 0], -cov[0, 1:].sum()], [-cov[0, 1:].sum(), cov[1:, 1:].sum()]])
    if remainder >= FIELLER_BELOW * sqrt(max(float(spread[1, 1]), 0.0)):
        return estimate - critical * se, estimate + critical * se, "delta"
    limits = fieller_interval(beta, remainder, spread, critical)
    return (None, None, "fieller") if limits is None else (*limits, "fieller")


def impulse_weights(
    phi: ArrayLike, decay: ArrayLike, *, lags: Sequence[int], horizon: int, normalize: bool = True
) -> Array:
    """Response psi (..., horizon + 1) to one promotion unit in period 0, for beta = 1.

    ``phi`` is (..., L), ``decay`` (...); leading axes are draws. Exact where not stationary too.
    """
    return _recurse(_dose(np.asarray(decay, dtype=np.float64), horizon, normalize), phi, lags)


def _dose(decay: Array, horizon: int, normalize: bool) -> Array:
    weights = decay[..., None] ** np.arange(horizon + 1)
    return np.asarray(weights * (1.0 - decay[..., None]) if normalize else weights, dtype=np.float64)


def _recurse(drive: Array, phi: ArrayLike, lags: Sequence[int]) -> Array:
    """Solve out_h = drive_h + sum_l phi_l out_{h-l} from out = 0 before period 0; drive is (..., horizon + 1)."""
    values = np.asarray(phi, dtype=np.float64)
    lead = np.broadcast_shapes(drive.shape[:-1], values.shape[:-1])
    out = np.broadcast_to(drive, (*lead, drive.shape[-1])).copy()
    for h in range(1, out.shape[-1]):
        for j, lag in enumerate(lags):
            if lag <= h:
                out[..., h] += values[..., j] * out[..., h - lag]
    return out


def half_life(phi: ArrayLike, decay: float, *, lags: Sequence[int]) -> float | None:
    """Periods after the pulse until half of its total effect has happened, linear between periods.

    0 where half is there in the period of the pulse itself; None where the response is not
    stationary, or half is not reached in ``LONGEST`` periods. First crossing where the response oscillates.
    """
    values = np.asarray(phi, dtype=np.float64)
    if not is_stationary(values, lags):
        return None
    # The sum of all psi, 1 / D; normalised weights of adstock sum to one.
    total = 1.0 / (1.0 - float(values.sum()))
    horizon = 64
    while horizon <= LONGEST:
        share = np.cumsum(impulse_weights(values, decay, lags=lags, horizon=horizon)) / total
        reached = np.flatnonzero(share >= 0.5)
        if reached.size:
            h = int(reached[0])
            return 0.0 if h == 0 else float(h - 1 + (0.5 - share[h - 1]) / (share[h] - share[h - 1]))
        # Longer and from the start again: rarely more than once, since most effects are over in 64 periods.
        horizon *= 4
    return None


def impulse_horizon(
    phi: ArrayLike, decay: float, *, lags: Sequence[int], share: float = 0.99, least: int = 6, most: int = 36
) -> int:
    """Periods to draw: until ``share`` of the total effect has happened, between ``least`` and ``most``."""
    values = np.asarray(phi, dtype=np.float64)
    if not is_stationary(values, lags):
        return most
    done = np.cumsum(impulse_weights(values, decay, lags=lags, horizon=most)) * (1.0 - float(values.sum()))
    # The last period outside, not the first inside: a response that oscillates comes back.
    late = np.flatnonzero(np.abs(done - 1.0) > 1.0 - share)
    return int(np.clip(late[-1] + 1 if late.size else 0, least, most))


def impulse_response(
    beta: float,
    phi: ArrayLike,
    covariance: ArrayLike,
    *,
    lags: Sequence[int],
    decay: float,
    horizon: int,
    normalize: bool = True,
    confidence: float = 0.95,
    df: float | None = None,
) -> tuple[ImpulsePoint, ...]:
    """Impulse response of one channel with delta-method intervals from exact derivatives.

    Parameters
    ----------
    covariance
        (1 + L, 1 + L) of (beta, phi), or (2 + L, 2 + L) of (beta, phi, decay).

    Returns
    -------
    tuple of ImpulsePoint
        ``horizon + 1`` points, sales units per promotion unit.
    """
    effect, half, total, wide = impulse_spread(
        beta, phi, covariance, lags=lags, decay=decay, horizon=horizon, normalize=normalize
    )
    critical = critical_value(confidence, df)
    half, wide = critical * half, critical * wide
    return impulse_points(effect, effect - half, effect + half, total, total - wide, total + wide)


def impulse_spread(
    beta: float,
    phi: ArrayLike,
    covariance: ArrayLike,
    *,
    lags: Sequence[int],
    decay: float,
    horizon: int,
    normalize: bool = True,
) -> tuple[Array, Array, Array, Array]:
    """Impulse response, its delta-method SE, their running total and its SE, (horizon + 1,) each.

    ``covariance`` as in :func:`impulse_response`.
    """
    cov = np.asarray(covariance, dtype=np.float64)
    weights = impulse_weights(phi, decay, lags=lags, horizon=horizon, normalize=normalize)
    gradient = _impulse_gradient(beta, phi, decay, weights, lags, normalize)[:, : cov.shape[0]]
    running = np.cumsum(gradient, axis=0)
    se, total_se = (np.sqrt(np.maximum(np.einsum("hp,pq,hq->h", rows, cov, rows), 0.0)) for rows in (gradient, running))
    effect = beta * weights
    return effect, se, np.cumsum(effect), total_se


def _impulse_gradient(
    beta: float, phi: ArrayLike, decay: float, weights: Array, lags: Sequence[int], normalize: bool
) -> Array:
    """Derivative (horizon + 1, 2 + L) of beta psi in (beta, phi, decay)."""
    steps = np.arange(weights.size)
    columns = [weights]
    for lag in lags:
        drive = np.zeros_like(weights)
        # d psi / d phi_l obeys the recursion of psi itself, driven by psi lagged by l.
        drive[lag:] = weights[: max(weights.size - lag, 0)]
        columns.append(beta * _recurse(drive, phi, lags))
    # d/dd of d^h, and of (1 - d) d^h where weights sum to one; 0^0 is kept out of it.
    slope = np.where(steps > 0, steps * float(decay) ** np.maximum(steps - 1, 0), 0.0)
    if normalize:
        slope = (1.0 - decay) * slope - float(decay) ** steps
    columns.append(beta * _recurse(slope, phi, lags))
    return np.stack(columns, axis=1)


def draw_parameters(mean: ArrayLike, covariance: ArrayLike, draws: int, rng: np.random.Generator) -> Array:
    """Draws (draws, P) from N(mean, covariance), in antithetic pairs so that their mean is the estimate.

    A covariance that is only semi-definite (a variance at its boundary) is used through its
    eigenvectors; negative eigenvalues count as zero. With an odd count the last draw has no partner.
    """
    centre = np.asarray(mean, dtype=np.float64)
    cov = np.asarray(covariance, dtype=np.float64)
    try:
        # Cholesky first: it is the cheaper factor, and a regular covariance is the rule.
        factor = np.linalg.cholesky(cov)
    except np.linalg.LinAlgError:
        values, vectors = np.linalg.eigh((cov + cov.T) / 2)
        # Rounding leaves eigenvalues of -1e-18 in a singular covariance; they are zeros.
        factor = vectors * np.sqrt(np.maximum(values, 0.0))
    half = rng.standard_normal((-(-draws // 2), centre.size)) @ factor.T
    return np.asarray(centre + np.concatenate([half, -half])[:draws], dtype=np.float64)


def impulse_points(
    effect: Array, lower: Array, upper: Array, total: Array, low: Array, high: Array
) -> tuple[ImpulsePoint, ...]:
    """Rows from the effect and its limits, the running total and its limits, (horizon + 1,) each."""
    return tuple(
        ImpulsePoint(
            horizon=h,
            effect=float(effect[h]),
            lower=float(lower[h]),
            upper=float(upper[h]),
            cumulative=float(total[h]),
            cumulative_lower=float(low[h]),
            cumulative_upper=float(high[h]),
        )
        for h in range(effect.size)
    )
