"""The criterion of a fit with one variance parameter held, and its minimum over all others.

With omega = log sigma and theta the relative Cholesky factor, the criterion is
D(theta, omega) = h(theta) + 2 N omega + r2(theta) exp(-2 omega), and all its derivatives are closed forms in
what ``reml.evaluate`` returns. Holding t is linear in (exponentials of) the other parameters:

- SD of effect k: rotate the random columns so that the effect is their first: L_00 = t exp(-omega);
- correlation of effects i and j: rotate so that they are the first two, then effect j is
  b (sin t, cos t) in the first two columns of L, with correlation sin t;
- residual SD: omega = t.

Where the level is crossed is searched in ``variance_intervals.py``.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from reportgen.model.lmm.columns import Array, Index
from reportgen.model.lmm.crossproducts import CrossProducts
from reportgen.model.lmm.deviance import Evaluation, directions, evaluate, factor, pattern
from reportgen.model.lmm.fit import LmmFit
from reportgen.model.lmm.reml import newton_step

Mask = NDArray[np.bool_]

SETTLED = 1e-8
"""Predicted decrease of the criterion at which the other parameters count as estimated."""
MOST_STEPS = 40
DOUBT = 1e-6
"""Deviance by which a minimum may lie outside what its neighbours say."""
NUDGE = 0.02
"""A zero diagonal of L is a stationary point whatever the profile does: searches start this far off it."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Held:
    """One quantity t to hold, in scaled columns.

    The criterion's arguments are x = (theta, omega) = (maps[0] + f1 maps[1] + f2 maps[2]) u, with u = (eta, 1,
    exp(-eta[-1]), exp(eta[0]), exp(eta[1])) and (f1, f2) = (sin t, cos t) for a correlation, (t, 0) otherwise.

    Attributes
    ----------
    rc
        Rotated blocks, (G, q, q+p+1).
    eta
        The other parameters at the optimum, (m,).
    maps
        (3, m+1, m+4).
    start, floor, ceiling
        t at the optimum and its range.
    unit
        Data units per unit of t (of exp(t) for the residual SD).
    """

    name: str
    kind: str
    rc: Array
    eta: Array
    maps: Array
    start: float
    floor: float
    ceiling: float
    unit: float = 1.0

    def unscaled(self, t: float) -> float:
        """The bound in data units."""
        if self.kind == "correlation":
            return float(np.sin(t))
        return self.unit * (float(np.exp(t)) if self.kind == "sigma" else t)


def _log_sigma(fit: LmmFit) -> float:
    return 0.5 * float(np.log(fit.at.r2[0] / fit.degrees))


def _rotated(fit: LmmFit, order: list[int]) -> tuple[Array, Array, Array]:
    """Blocks and theta with the random columns rotated so that effects ``order`` are lower triangular in them."""
    q = fit.products.q
    # Rows of T^-1 are the effects in data units: QR of them, transposed, gives a rotation after which the first named
    # effect is a multiple of the first random column alone, the second one of the first two.
    turn, r = np.linalg.qr(fit.scaling.z_inverse[order].T)
    sign = np.where(np.diag(r) < 0.0, -1.0, 1.0)
    turn, lower = turn * sign, (r * sign[:, None]).T
    rc = fit.products.rc[0].copy()
    rc[:, :, :q] = rc[:, :, :q] @ turn
    # L is fixed by L L' up to a rotation from the right: QR picks the lower triangular one.
    root = np.asarray(np.linalg.qr((turn.T @ fit.scaled_lower).T, mode="r"), dtype=np.float64).T
    root = root * np.where(np.diag(root) < 0.0, -1.0, 1.0)
    rows, columns = pattern(q, True)
    return rc, root[rows, columns], lower


def _nudged(theta: Array, free: tuple[Index, Index]) -> Array:
    """Theta with zero diagonal elements moved off zero."""
    return np.where((free[0] == free[1]) & (np.abs(theta) < 1e-3), NUDGE, theta)


def hold_sd(fit: LmmFit, k: int) -> Held:
    """Hold the SD of effect k."""
    q, omega = fit.products.q, _log_sigma(fit)
    if fit.correlated:
        rc, theta, lower = _rotated(fit, [k, *(j for j in range(q) if j != k)])
        position, unit = 0, float(lower[0, 0])
    else:
        rc, theta = fit.products.rc[0], np.abs(fit.at.theta[0])
        position, unit = k, float(fit.scaling.z_inverse[k, k])
    m = len(theta)
    others = np.delete(np.arange(m + 1), position)
    maps = np.zeros((3, m + 1, m + 4))
    maps[0, others, np.arange(m)] = 1.0
    # The held element of L is t / sigma = t exp(-omega), and omega is the last of eta.
    maps[1, position, m + 1] = 1.0
    eta = np.append(_nudged(theta, pattern(q, fit.correlated)), omega)[others]
    return Held(
        name=f"sd {k}", kind="sd", rc=rc, eta=eta, maps=maps, start=float(theta[position] * np.exp(omega)),
        floor=0.0, ceiling=np.inf, unit=unit * fit.scaling.y_scale,
    )  # fmt: skip


def hold_sigma(fit: LmmFit) -> Held:
    """Hold the residual SD (its logarithm)."""
    theta = fit.at.theta[0]
    m = len(theta)
    maps = np.zeros((3, m + 1, m + 4))
    maps[0, np.arange(m), np.arange(m)] = 1.0
    # Only the constant 1 of u is used: eta is theta alone, and omega = t.
    maps[1, m, m] = 1.0
    return Held(
        name="sigma", kind="sigma", rc=fit.products.rc[0], eta=_nudged(theta, pattern(fit.products.q, fit.correlated)),
        maps=maps, start=_log_sigma(fit), floor=-np.inf, ceiling=np.inf, unit=fit.scaling.y_scale,
    )  # fmt: skip


def hold_correlation(fit: LmmFit, j: int, i: int) -> Held | None:
    """Hold the correlation of effects j and i; ``None`` where one of them has no variance."""
    q = fit.products.q
    rc, theta, lower = _rotated(fit, [j, i, *(k for k in range(q) if k not in (j, i))])
    skew, scale = lower[1, 0], lower[1, 1]
    first, along, across = theta[0], skew * theta[0] + scale * theta[1], scale * theta[q]
    size = float(np.hypot(along, across))
    if not (first > 1e-6 and size > 1e-6 * float(np.hypot(skew, scale))):
        return None
    m = len(theta)
    others = np.delete(np.arange(m + 1), [0, 1, q])
    maps = np.zeros((3, m + 1, m + 4))
    maps[0, others, np.arange(2, m)] = 1.0
    # In logarithms of the two sizes (u's last two entries are their exponentials) the correlation is free of them: both
    # may go to zero without taking it along.
    maps[0, [0, 1], m + 2] = 1.0, -skew / scale
    maps[1, 1, m + 3] = maps[2, q, m + 3] = 1.0 / scale
    rest = np.append(_nudged(theta, pattern(q, True)), _log_sigma(fit))[others]
    return Held(
        name=f"correlation {j} {i}", kind="correlation", rc=rc, maps=maps,
        eta=np.concatenate([[np.log(first), np.log(size)], rest]),
        start=float(np.arctan2(along, across)), floor=-np.pi / 2, ceiling=np.pi / 2,
    )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ProfilePoint:
    """The criterion at (t, eta): ``value`` (B,); in eta ``gradient`` (B, m) and ``hessian`` (B, m, m).

    In t ``slope`` (B,) and, at the optimum only, curvature ``bend`` (B,); in both ``cross`` (B, m).
    """

    value: Array
    gradient: Array
    hessian: Array
    slope: Array
    cross: Array
    bend: Array

    def spread(self, which: Index, size: int) -> ProfilePoint:
        """These points as the problems ``which`` of ``size``; zeros elsewhere."""
        out = {}
        for item in fields(self):
            values = getattr(self, item.name)
            out[item.name] = np.zeros((size, *values.shape[1:]))
            out[item.name][which] = values
        return ProfilePoint(**out)


class HeldProblems:
    """The bounds to find: two per held quantity, all lower ones first; B of them."""

    def __init__(self, fit: LmmFit, held: list[Held]) -> None:
        both = held * 2
        self.free = pattern(fit.products.q, fit.correlated)
        self.reml = fit.method == "REML"
        self.cp = CrossProducts(
            rc=np.stack([item.rc for item in both]),
            within=np.repeat(fit.products.within, len(both), axis=0),
            n=np.repeat(fit.products.n, len(both)),
        )
        self.maps = np.stack([item.maps for item in both])
        self.eta = np.stack([item.eta for item in both])
        self.turns = np.array([item.kind == "correlation" for item in both])
        self.side = np.repeat([-1.0, 1.0], len(held))
        self.start = np.array([item.start for item in both])
        self.limit = np.where(self.side < 0, [item.floor for item in both], [item.ceiling for item in both])

    def at(self, which: Index, t: Array, eta: Array) -> ProfilePoint:
        """The criterion of the problems ``which`` at held values t (B',) and other parameters eta (B', m)."""
        m = eta.shape[1]
        first = [0, min(1, m - 1)]
        # A wild trial step may not overflow: it is refused by its value, which has to be a number for that.
        powers = np.exp(np.minimum(np.column_stack([-eta[:, m - 1], eta[:, first]]), 50.0))
        u = np.concatenate([eta, np.ones((len(t), 1)), powers], axis=1)
        du = np.zeros((len(t), m + 4, m))
        du[:, np.arange(m), np.arange(m)] = 1.0
        # Derivatives of the three exponentials, each in its own argument.
        du[:, m + 1, m - 1] = -powers[:, 0]
        du[:, [m + 2, m + 3], first] = powers[:, 1:]
        maps, turns = self.maps[which], self.turns[which]
        f1, f2 = np.where(turns, np.sin(t), t), np.where(turns, np.cos(t), 0.0)
        whole = maps[:, 0] + f1[:, None, None] * maps[:, 1] + f2[:, None, None] * maps[:, 2]
        moved = np.where(turns, f2, 1.0)[:, None, None] * maps[:, 1] - f1[:, None, None] * maps[:, 2]
        value, gradient, hessian = self._criterion(which, (whole @ u[:, :, None])[:, :, 0])
        inner, outer = whole @ du, moved @ u[:, :, None]
        pull, pull_t = gradient[:, None] @ whole, gradient[:, None] @ moved
        second = inner.transpose(0, 2, 1) @ hessian @ inner
        # The chain rule's other half: gradient times second derivative of u, which is diagonal (exponentials).
        second[:, m - 1, m - 1] += pull[:, 0, m + 1] * powers[:, 0]
        second[:, first, first] += pull[:, 0, m + 2 :] * powers[:, 1:]
        return ProfilePoint(
            value=value,
            gradient=(gradient[:, None] @ inner)[:, 0],
            hessian=second,
            slope=(gradient[:, None] @ outer)[:, 0, 0],
            cross=(outer.transpose(0, 2, 1) @ hessian @ inner + pull_t @ du)[:, 0],
            bend=(outer.transpose(0, 2, 1) @ hessian @ outer)[:, 0, 0],
        )

    def _criterion(self, which: Index, x: Array) -> tuple[Array, Array, Array]:
        """D (B',), gradient (B', m+1) and Hessian at x = (theta, omega)."""
        cp, q, p = self.cp.take(which), self.cp.q, self.cp.p
        theta, omega = x[:, :-1], x[:, -1]
        degrees = cp.n - (p if self.reml else 0)
        at = evaluate(cp, theta, self.free, reml=self.reml)
        slope, bend = _residual_derivatives(at, q, self.free)
        shrink = np.exp(-2.0 * omega)
        weight = degrees / at.r2
        gradient, hessian = np.empty(x.shape), np.empty((*x.shape, x.shape[1]))
        # The profiled deviance has N log r2 where D has r2 exp(-2 omega): weight and shrink are their derivatives in
        # r2.
        gradient[:, :-1] = at.gradient + (shrink - weight)[:, None] * slope
        gradient[:, -1] = 2.0 * (degrees - at.r2 * shrink)
        hessian[:, :-1, :-1] = at.hessian + (shrink - weight)[:, None, None] * bend
        # The profiled deviance holds N log r2; taking it out again leaves h(theta), whose Hessian has this much more.
        hessian[:, :-1, :-1] += (weight**2 / degrees)[:, None, None] * slope[:, :, None] * slope[:, None, :]
        hessian[:, :-1, -1] = hessian[:, -1, :-1] = -2.0 * shrink[:, None] * slope
        hessian[:, -1, -1] = 4.0 * at.r2 * shrink
        value = at.deviance - degrees * np.log(at.r2) + 2.0 * degrees * omega + at.r2 * shrink
        return np.where(np.isfinite(value), value, np.inf), gradient, hessian

    def reach(self, which: Index, t: Array, near: Array, within: tuple[Array, Array]) -> tuple[Array, ProfilePoint]:
        """The minimum over eta at t, searched from ``near``; from the optimum too where that is in doubt.

        It is where t is the end of its range, and where the minimum is not ``within`` what it is known to be between.
        """
        eta, now = self.settle(which, t, near)
        doubtful = (t == self.limit[which]) | (now.value > within[1] + DOUBT) | (now.value < within[0] - DOUBT)
        again = np.flatnonzero(doubtful)
        if not again.size:
            return eta, now
        other, there = self.settle(which[again], t[again], self.eta[which[again]])
        lower = np.zeros(len(which), dtype=bool)
        lower[again] = there.value < now.value[again]
        eta[again] = np.where(lower[again, None], other, eta[again])
        return eta, _either(lower, there.spread(again, len(which)), now)

    def settle(self, which: Index, t: Array, eta: Array) -> tuple[Array, ProfilePoint]:
        """Minimise over eta at fixed t by damped Newton; returns eta and the point there."""
        now = self.at(which, t, eta)
        damping = np.ones(len(t))
        for _ in range(MOST_STEPS):
            step, gain, _ = newton_step(now.gradient, now.hessian)
            active = np.isfinite(now.value) & (gain > SETTLED) & (damping > 1e-6)
            if not active.any():
                break
            length = np.linalg.norm(step, axis=1)
            # Trust region by length: no step is longer than twice the point's own distance from zero.
            scale = damping * np.minimum(1.0, 2.0 * np.maximum(1.0, np.linalg.norm(eta, axis=1)) / length.clip(1e-300))
            trial = np.where(active[:, None], eta + scale[:, None] * step, eta)
            there = self.at(which, t, trial)
            # Armijo's rule (Nocedal and Wright 2006, 3.4); a problem that fails keeps its place while the others move
            # on.
            better = active & (there.value <= now.value - 1e-4 * scale * gain)
            eta = np.where(better[:, None], trial, eta)
            now = _either(better, there, now)
            damping = np.where(better, np.minimum(1.0, 4.0 * damping), np.where(active, 0.25 * damping, damping))
        return eta, now


def _either(first: Mask, one: ProfilePoint, other: ProfilePoint) -> ProfilePoint:
    """Per problem the point ``one`` where ``first``, else ``other``."""

    def chosen(name: str) -> Array:
        left = getattr(one, name)
        return np.asarray(np.where(first.reshape(-1, *[1] * (left.ndim - 1)), left, getattr(other, name)))

    return ProfilePoint(**{item.name: chosen(item.name) for item in fields(one)})


def _residual_derivatives(at: Evaluation, q: int, free: tuple[Index, Index]) -> tuple[Array, Array]:
    """dr2/dtheta (B, m) and d2r2/dtheta2 (B, m, m), from dr2/dS = -sum u_i u_i'."""
    uu = at.u_i[..., :, None] * at.u_i[..., None, :]
    batch, groups = uu.shape[:2]
    p, m = at.beta.shape[1], at.theta.shape[1]
    root = at.half[..., :q]
    p_i = (root.transpose(0, 1, 3, 2) @ root).reshape(batch, groups, q * q)
    bend = 2.0 * uu.reshape(batch, groups, q * q).transpose(0, 2, 1) @ p_i
    bend = bend.reshape(batch, q, q, q, q).transpose(0, 2, 3, 4, 1).reshape(batch, q * q, q * q)
    joint = 0.5 * (at.coupling + at.coupling.transpose(0, 2, 1, 3)).reshape(batch, q * q, p)
    bend = bend - 2.0 * joint @ np.linalg.solve(at.a[:, :p, :p], joint.transpose(0, 2, 1))
    flat = directions(factor(at.theta, q, free), free).reshape(batch, m, q * q)
    score = -np.sum(uu, axis=1)
    rows, columns = free
    second = 2.0 * score[:, rows[:, None], rows[None, :]] * (columns[:, None] == columns[None, :])
    slope = (flat @ score.reshape(batch, q * q, 1))[:, :, 0]
    return slope, flat @ (0.5 * (bend + bend.transpose(0, 2, 1))) @ flat.transpose(0, 2, 1) + second


def solve_definite(hessian: Array, right: Array) -> Array:
    """|H|^-1 right (B, m) as in a Newton step, so that flat directions stay where they are."""
    step, _, _ = newton_step(right, hessian)
    return -step
