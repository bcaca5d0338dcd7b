"""The certified core: the optimum of the profiled ML or REML deviance (:mod:`reportgen.model.lmm.deviance`).

The search is a damped Newton method in theta, the free elements of the Cholesky factor L of
S = Psi / sigma^2, without bounds (the deviance is even in each column of L), over a batch of
problems at once. It is accepted only by first-order conditions over the cone of covariance
matrices: with G = dd/dS, G L = 0 and G positive semi-definite. A zero column of L makes the theta
gradient vanish, so a gradient in theta alone certifies nothing; where G has a negative direction
the search leaves the face along it.

Rejected: bounded quasi-Newton on theta (lme4's way; slower, and blind at a zero column),
derivatives by differences, and the optimiser of statsmodels (its gradient has the wrong sign
for columns whose factor has a negative diagonal).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reportgen.model.lmm.columns import Array, Index
from reportgen.model.lmm.crossproducts import CrossProducts
from reportgen.model.lmm.deviance import Evaluation, covariance_root, evaluate, factor, pattern

STOP = 1e-9
"""Predicted further decrease in deviance at which the last, undamped Newton step is taken."""
KKT_TOLERANCE = 1e-7
"""Largest remaining gain in deviance that a certified optimum may leave."""
MOST_ITERATIONS = 100


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Optimum:
    """Best point found for B problems, with its certificate.

    ``theta`` (B, m) has non-negative diagonal elements. ``kkt`` (B,) is the gain in deviance the
    first-order conditions still allow; ``converged`` (B,) says it is below ``KKT_TOLERANCE``.
    """

    theta: Array
    deviance: Array
    kkt: Array
    iterations: Index
    converged: NDArray[np.bool_]

    def take(self, which: list[int]) -> Optimum:
        """The problems ``which``."""
        return Optimum(
            theta=self.theta[which],
            deviance=self.deviance[which],
            kkt=self.kkt[which],
            iterations=self.iterations[which],
            converged=self.converged[which],
        )


def newton_step(gradient: Array, hessian: Array) -> tuple[Array, Array, NDArray[np.bool_]]:
    """Step -|H|^-1 g (B, m), the decrease it predicts (B,), and whether H is positive definite (B,)."""
    finite = np.asarray(np.isfinite(hessian).all(axis=(1, 2)) & np.isfinite(gradient).all(axis=1))
    hessian = np.where(finite[:, None, None], hessian, np.eye(hessian.shape[-1]))
    gradient = np.where(finite[:, None], gradient, 0.0)
    values, vectors = np.linalg.eigh(hessian)
    # The absolute eigenvalue in the place of a negative one: the step then leads downhill along negative curvature
    # too (Gill, Murray and Wright 1981, Practical Optimization, 4.4).
    size = np.abs(values)
    # An eigenvalue below the floor is rounding; divided by, it would throw the step anywhere.
    floor = np.maximum(1e-10 * size[:, -1:], 1e-10)
    along = (vectors.transpose(0, 2, 1) @ gradient[:, :, None])[:, :, 0]
    scaled = along / np.maximum(size, np.maximum(floor, np.max(size, axis=1, keepdims=True) * 1e-12))
    step = -(vectors @ scaled[:, :, None])[:, :, 0]
    return step, 0.5 * np.sum(along * scaled, axis=1), values[:, 0] > floor[:, 0]


@dataclass(frozen=True, slots=True, eq=False)
class _Slopes:
    """What the first-order conditions need of B evaluations; as in :class:`Evaluation`."""

    gradient: Array
    hessian: Array
    score: Array
    curvature: Array

    @classmethod
    def of(cls, at: Evaluation) -> _Slopes:
        return cls(at.gradient.copy(), at.hessian.copy(), at.score.copy(), at.curvature.copy())

    def put(self, where: Index, at: Evaluation, which: NDArray[np.bool_] | slice) -> None:
        """Take those of ``at`` that are ``which``."""
        self.gradient[where], self.hessian[where] = at.gradient[which], at.hessian[which]
        self.score[where], self.curvature[where] = at.score[which], at.curvature[which]


def _descend(
    cp: CrossProducts, theta: Array, free: tuple[Index, Index], reml: bool
) -> tuple[Array, Array, Index, _Slopes]:
    """Damped Newton from theta; returns theta, deviance, evaluations used and the slopes there, per problem."""
    now = evaluate(cp, theta, free, reml=reml)
    theta = theta.copy()
    deviance = now.deviance.copy()
    slopes = _Slopes.of(now)
    gradient, hessian = slopes.gradient, slopes.hessian
    count = np.ones(len(theta), dtype=np.intp)
    # A start that cannot be evaluated is left where it is, and comes back as not converged.
    active = np.isfinite(deviance)
    damping = np.ones(len(theta))
    whole = cp
    held = np.arange(len(theta))
    while active.any() and count.max() < MOST_ITERATIONS:
        index = np.flatnonzero(active)
        # A part of the cross-products is a copy, so it is taken only when a problem has finished.
        if len(index) != len(held) or not np.array_equal(index, held):
            held, whole = index, cp.take(index)
        step, predicted, definite = newton_step(gradient[index], hessian[index])
        # Newton's error is squared by every step: after a predicted gain of STOP one whole step leaves nothing to
        # see.
        last = definite & (predicted < STOP)
        # No step is longer than twice the distance from zero: far out the deviance is nearly flat, and its Hessian
        # knows no measure.
        longest = np.maximum(1.0, np.linalg.norm(theta[index], axis=1)) * 2.0
        length = np.linalg.norm(step, axis=1)
        cap = np.minimum(1.0, longest / np.maximum(length, 1e-300))
        scale = np.where(last, 1.0, np.minimum(cap, 1.0) * damping[index])
        trial = theta[index] + scale[:, None] * step
        there = evaluate(whole, trial, free, reml=reml)
        count[index] += 1
        # Two evaluations agree to about this much; the last step may lose more of it, since it is taken for theta.
        noise = 1e-13 * np.maximum(1.0, np.abs(deviance[index]))
        # Armijo's rule (Nocedal and Wright 2006, 3.1).
        better = there.deviance <= deviance[index] - 1e-4 * scale * predicted + np.where(last, 1e3 * noise, noise)
        moved = index[better]
        theta[moved] = trial[better]
        deviance[moved] = there.deviance[better]
        slopes.put(moved, there, better)
        damping[index] = np.where(better, np.minimum(1.0, damping[index] * 4.0), damping[index] * 0.25)
        # Nothing is left that would show. Whether this is an optimum is for the first-order conditions to say, not
        # for a search that came to rest.
        stuck = ~better & ((predicted * damping[index] < noise) | (damping[index] < 1e-12))
        stuck |= ~definite & (predicted < noise)
        active[index[last | stuck]] = False
    return theta, deviance, count, slopes


def _remaining(now: _Slopes) -> tuple[Array, Array, Array]:
    """Gain that first-order conditions still allow: in theta, and along the most negative direction of G.

    Returns the two gains (B,), and the escape step t v v' (B, q, q).
    """
    _, inside, _ = newton_step(now.gradient, now.hessian)
    finite = np.asarray(np.isfinite(now.score).all(axis=(1, 2)))
    values, vectors = np.linalg.eigh(np.where(finite[:, None, None], now.score, 0.0))
    direction = vectors[:, :, 0]
    outer = direction[:, :, None] * direction[:, None, :]
    # The slope of the deviance along v v' is v'G v, its lowest eigenvalue; the second derivative is vec(v v')' C vec(v
    # v').
    flat = outer.reshape(len(outer), 1, -1)
    bend = np.maximum((flat @ now.curvature @ flat.transpose(0, 2, 1))[:, 0, 0], 1e-8)
    slope = np.minimum(values[:, 0], 0.0)
    # Along S + t v v' the deviance is d + t v'G v + t^2 bend / 2: lowest at t = -slope / bend, by slope^2 / (2 bend).
    return np.where(finite, inside, np.inf), slope**2 / (2.0 * bend), outer * (-slope / bend)[:, None, None]


def _remaining_diagonal(now: _Slopes) -> tuple[Array, Array, Array]:
    """As :func:`_remaining` for independent random effects: the cone is the orthant of variances."""
    _, inside, _ = newton_step(now.gradient, now.hessian)
    q = now.score.shape[-1]
    slope = np.minimum(np.einsum("bii->bi", now.score), 0.0)
    # Variances stand at every (q + 1)-th place of row-major vec(S). One of them at a time: a mixed step would need the
    # curvature between them, and the best single one already shows whether anything is left.
    bend = np.maximum(np.einsum("bii->bi", now.curvature[:, :: q + 1, :: q + 1]), 1e-8)
    gain = slope**2 / (2.0 * bend)
    best = np.argmax(gain, axis=1)
    outer = np.zeros_like(now.score)
    rows = np.arange(len(best))
    outer[rows, best, best] = -slope[rows, best] / bend[rows, best]
    return np.where(np.isfinite(inside), inside, np.inf), gain[rows, best], outer


def _lower_root(s: Array) -> Array:
    """A lower-triangular L with L L' = S for positive semi-definite S (B, q, q), diagonal >= 0."""
    # With root' = Q R, S = root root' = R'R, and R' is lower triangular.
    r = np.asarray(np.linalg.qr(covariance_root(s).transpose(0, 2, 1), mode="r"), dtype=np.float64)
    lower: Array = r.transpose(0, 2, 1)
    sign = np.where(np.einsum("bii->bi", lower) < 0.0, -1.0, 1.0)
    return lower * sign[:, None, :]


def minimise(cp: CrossProducts, start: Array, *, reml: bool, correlated: bool = True) -> Optimum:
    """Minimise the deviance of B problems from ``start`` (B, m).

    Escapes from faces of the cone (a zero column of L) are tried until the first-order
    conditions hold or six rounds have passed; what then remains is reported in ``kkt``.
    """
    q = cp.q
    free = pattern(q, correlated)
    remaining = _remaining if correlated or q == 1 else _remaining_diagonal
    theta, deviance, count, slopes = _descend(cp, start, free, reml)
    ended, theta = theta, _canonical(theta, q, free)
    # Flipped columns leave the conditions as they are; elements that became zero do not.
    zeroed = np.any(np.abs(ended) != np.abs(theta), axis=1)
    if zeroed.any():
        slopes.put(np.flatnonzero(zeroed), evaluate(cp.take(zeroed), theta[zeroed], free, reml=reml), slice(None))
    inside = np.full(len(theta), np.inf)
    outside = np.full(len(theta), np.inf)
    open_ = np.arange(len(theta))
    part = cp
    for _ in range(6):
        inside[open_], outside[open_], escape = remaining(slopes)
        # From a tenth of the tolerance on, so that no certificate is refused for a gain that was there to be had.
        again = (outside[open_] > 0.1 * KKT_TOLERANCE) & np.isfinite(deviance[open_])
        if not again.any():
            break
        open_, escape, part = open_[again], escape[again], part.take(again)
        theta[open_], deviance[open_], more = _leave_face(part, theta[open_], deviance[open_], escape, free, reml)
        count[open_] += more
        # From here on the slopes are those of the open problems only, in their order.
        slopes = _Slopes.of(evaluate(part, theta[open_], free, reml=reml))
    kkt = np.nan_to_num(np.maximum(inside, outside), nan=np.inf, posinf=np.inf)
    converged = np.isfinite(deviance) & (kkt < KKT_TOLERANCE)
    return Optimum(theta=theta, deviance=deviance, kkt=kkt, iterations=count, converged=converged)


def _leave_face(
    cp: CrossProducts, theta: Array, deviance: Array, escape: Array, free: tuple[Index, Index], reml: bool
) -> tuple[Array, Array, Index]:
    """Step off the face along ``escape`` (a positive semi-definite change of S), then descend again."""
    lower = factor(theta, cp.q, free)
    base = lower @ lower.transpose(0, 2, 1)
    # Where the deviance bends downwards along the escape nothing says how far it leads: a search from millions of times
    # the covariance would come back by a hundred steps.
    whole = 1.0 + np.einsum("bii->b", base)
    escape = escape * np.minimum(1.0, whole / np.maximum(np.einsum("bii->b", escape), 1e-300))[:, None, None]
    theta, deviance = theta.copy(), deviance.copy()
    count = np.zeros(len(theta), dtype=np.intp)
    left, part = np.arange(len(theta)), cp
    # The curvature at the face may not hold beyond it: where a whole escape leads to no lower point, shorter ones do.
    for length in (1.0, 0.25, 0.05, 0.01):
        moved = _lower_root(base[left] + length * escape[left])[:, free[0], free[1]]
        there, reached, count[left], _ = _descend(part, moved, free, reml)
        better = reached < deviance[left]
        theta[left[better]] = _canonical(there[better], cp.q, free)
        deviance[left[better]] = reached[better]
        if better.all():
            break
        left, part = left[~better], part.take(~better)
    return theta, deviance, count


def _canonical(theta: Array, q: int, free: tuple[Index, Index]) -> Array:
    """Flip columns of L so that its diagonal is non-negative, and set negligible elements to zero."""
    lower = factor(theta, q, free)
    sign = np.where(np.einsum("bii->bi", lower) < 0.0, -1.0, 1.0)
    out = (lower * sign[:, None, :])[:, free[0], free[1]]
    # S has their squares, 1e-14 of the residual variance: such elements are zeros that the search came near.
    return np.where(np.abs(out) < 1e-7, 0.0, out)


def starts(cp: CrossProducts, *, correlated: bool = True) -> Array:
    """Moment estimate of theta, (B, m): a starting point, and the scale of the grid of a global search.

    Every pharmacy's own least-squares coefficients, with the fixed effects from within pharmacies, have
    covariance S + mean (Z_i'Z_i)^-1 in units of the residual variance.
    """
    p, q = cp.p, cp.q
    zz = cp.zz
    present = np.einsum("bgii->bg", zz) > 0.0
    count = np.maximum(np.sum(present, axis=1), 1.0)
    share = (cp.n / count)[:, None, None, None] * np.eye(q)
    # A little ridge: a pharmacy may lack a direction, and a start needs no more than the order of magnitude.
    inverse = np.linalg.inv(zz + 1e-2 * share)
    # Each pharmacy's own coefficients on Z_i, of the response and of every fixed column.
    own = inverse @ cp.zw
    ridge = (1e-3 * cp.n)[:, None, None] * np.eye(p)
    # What Z_i leaves of X and y is variation within pharmacies.
    beta = np.linalg.solve(cp.within[:, :p, :p] + ridge, cp.within[:, :p, p:])
    residual = cp.within[:, p, p] - np.einsum("bi,bi->b", cp.within[:, :p, p], beta[:, :, 0])
    # Every pharmacy's own line takes q degrees of freedom; in short panels that would leave none.
    sigma2 = np.maximum(residual / np.maximum(cp.n - p - q * count, 0.25 * cp.n), 1e-10)
    effects = own[..., p] - (own[..., :p] @ beta[:, None])[..., 0]
    effects = np.where(present[:, :, None], effects, 0.0)
    spread = effects.transpose(0, 2, 1) @ effects / (count * sigma2)[:, None, None]
    noise = np.sum(np.where(present[:, :, None, None], inverse, 0.0), axis=1) / count[:, None, None]
    moment = spread - noise
    floor = np.maximum(0.1 * np.einsum("bii->bi", spread), 1e-3)
    if not correlated:
        return np.asarray(np.sqrt(np.maximum(np.einsum("bii->bi", moment), floor)))
    values, vectors = np.linalg.eigh(moment)
    # A difference of moments may be negative; a start at a zero variance would be a start on a face of the cone.
    values = np.maximum(values, np.max(floor, axis=1, keepdims=True) * 0.1)
    lower = _lower_root((vectors * values[:, None, :]) @ vectors.transpose(0, 2, 1))
    rows, columns = pattern(q, True)
    return np.asarray(lower[:, rows, columns])
