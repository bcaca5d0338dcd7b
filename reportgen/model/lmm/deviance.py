"""Profiled ML and REML deviance of a linear mixed model, with its gradient and Hessian.

With S = Psi / sigma^2, V_i = I + Z_i S Z_i', Z_i = O_i R_i (O_i orthonormal), C_i = O_i'[X y] and
B_i = I + R_i S R_i' = L_i L_i', everything the deviance needs is

    P_i = Z_i'V_i^-1 Z_i = R_i'B_i^-1 R_i,   Q_i = Z_i'V_i^-1 [X y] = R_i'B_i^-1 C_i
    A = [X y]'V^-1 [X y] = sum_i ([X y]'[X y] - C_i'C_i) + C_i'B_i^-1 C_i
    d_ML = sum log|B_i| + n log r2,   d_REML = sum log|B_i| + log|A_xx| + (n - p) log r2

(Bates, Maechler, Bolker and Walker 2015, J. Stat. Softw. 67(1), eq. 34-41, constants left out).
Gradient and Hessian in S are closed forms in P_i, Q_i; the chain rule through the Cholesky
factor S = L L' gives them in theta. All functions work on a batch of problems at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy.linalg.blas import dtrsm

from reportgen.model.lmm.columns import Array, Index
from reportgen.model.lmm.crossproducts import CrossProducts

SMALL = 24
"""Fixed columns up to which triangular systems are solved by the inverse of the factor."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Evaluation:
    """Deviance and derivatives of B problems at theta. m = number of free elements of L.

    ``deviance`` (B,) leaves out constants; ``gradient`` (B, m); ``hessian`` (B, m, m);
    ``score`` G = dd/dS (B, q, q); ``curvature`` d2d/dS2 (B, q*q, q*q) in row-major vec(S);
    ``half`` L_i^-1 [R_i C_i] (B, G, q, q+p+1); ``u_i`` Z_i'V_i^-1 (y - X beta) (B, G, q); ``a`` (B, p+1, p+1);
    ``beta`` (B, p) in scaled columns; ``r2`` (B,); ``coupling`` sum_i Q_xi' (x) u_i (B, q, q, p), index
    [a, b] = Q_xi[a] u_i[b].
    """

    theta: Array
    deviance: Array
    gradient: Array
    hessian: Array
    score: Array
    curvature: Array
    half: Array
    u_i: Array
    a: Array
    beta: Array
    r2: Array
    coupling: Array

    @property
    def q_i(self) -> Array:
        """Z_i'V_i^-1 [X y], (B, G, q, p+1)."""
        q = self.half.shape[2]
        return self.half[..., :q].transpose(0, 1, 3, 2) @ self.half[..., q:]


@lru_cache(maxsize=16)
def pattern(q: int, correlated: bool) -> tuple[Index, Index]:
    """Rows and columns of the free elements of L, column by column (lme4's order)."""
    pairs = [(i, j) for j in range(q) for i in range(j, q) if correlated or i == j]
    rows, columns = zip(*pairs, strict=True) if pairs else ((), ())
    return np.array(rows, dtype=np.intp), np.array(columns, dtype=np.intp)


def factor(theta: Array, q: int, free: tuple[Index, Index]) -> Array:
    """Lower-triangular L (B, q, q) from its free elements theta (B, m)."""
    lower = np.zeros((len(theta), q, q))
    lower[:, free[0], free[1]] = theta
    return lower


def covariance_root(s: Array) -> Array:
    """R with R R' = S for positive semi-definite S (..., q, q): not Cholesky's, which a variance of zero has not."""
    values, vectors = np.linalg.eigh(s)
    return np.asarray(vectors * np.sqrt(np.maximum(values, 0.0))[..., None, :])


def evaluate(cp: CrossProducts, theta: Array, free: tuple[Index, Index], *, reml: bool) -> Evaluation:
    """Deviance, gradient and Hessian of B problems at theta (B, m).

    A problem whose deviance cannot be computed (overflow) gets ``inf`` and NaN derivatives.
    """
    p, q = cp.p, cp.q
    lower = factor(theta, q, free)
    half, log_b = whitened(cp, lower)
    batch, groups = half.shape[:2]
    root, f = half[..., :q], half[..., q:].reshape(batch, groups * q, p + 1)
    a = cp.within + f.transpose(0, 2, 1) @ f
    chol = cholesky(a[:, :p, :p])
    forward = Forward(chol)
    solved = forward(a[:, :p, p:])
    r2 = a[:, p, p] - np.einsum("bij,bij->b", solved, solved)
    beta = forward.back(solved)[:, :, 0]
    degrees = cp.n - p if reml else cp.n
    good = (r2 > 0.0) & np.isfinite(log_b)
    # Not a number from here on, so that nothing below mistakes a broken problem for a good one; the deviance says
    # inf.
    r2 = np.where(good, r2, np.nan)
    deviance = log_b + degrees * np.log(r2)
    turned = root.transpose(0, 1, 3, 2)
    e_i = f[:, :, p] - (f[:, :, :p] @ beta[:, :, None])[:, :, 0]
    # f holds L_i^-1 C_i, so e_i is the whitened residual y - X beta in the space of Z_i, and u_i = R_i' L_i^-T e_i.
    u_i = (turned @ e_i.reshape(batch, groups, q, 1))[..., 0]
    p_i = turned @ root
    weight = degrees / r2
    uu_i = weight[:, None, None, None] * (u_i[..., :, None] * u_i[..., None, :])
    # d log|B_i| = P_i, d r2 = -u_i u_i' and d P_i = -P_i dS P_i, d u_i = -P_i dS u_i at fixed beta.
    inner, gradient_i = 2.0 * uu_i - p_i, p_i - uu_i
    shared: Array | float = 0.0
    if reml:
        deviance = deviance + 2.0 * np.sum(np.log(np.einsum("bii->bi", chol)), axis=1)
        k_i, shared = _fixed_traces(forward(f[:, :, :p].transpose(0, 2, 1)), turned)
        inner += 2.0 * k_i
        gradient_i = gradient_i - k_i
    flat = (batch, groups, q * q)
    coupling = _coupling(half, u_i)
    summed = Summed(
        score=np.sum(gradient_i, axis=1),
        crossed=inner.reshape(flat).transpose(0, 2, 1) @ p_i.reshape(flat),
        pull=np.sum(uu_i, axis=1),
        coupling=coupling,
        shared=shared,
    )
    score, curvature = summed.derivatives(forward, weight, degrees)
    gradient, hessian = chained(score, curvature, lower, free)
    return Evaluation(
        theta=theta,
        deviance=np.where(good & np.isfinite(deviance), deviance, np.inf),
        gradient=gradient,
        hessian=hessian,
        score=score,
        curvature=curvature,
        half=half,
        u_i=u_i,
        a=a,
        beta=beta,
        r2=r2,
        coupling=coupling,
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Summed:
    """Sums over pharmacies from which the derivatives of B deviances follow.

    ``score`` (B, q, q) of P_i - uu_i - K_i; ``crossed`` (B, q*q, q*q) of (2 uu_i - P_i + 2 K_i) (x) P_i; ``pull``
    (B, q, q) of uu_i = u_i u_i' degrees / r2; ``coupling`` as in :class:`Evaluation`; ``shared`` over pairs, see
    :func:`_fixed_traces`.
    """

    score: Array
    crossed: Array
    pull: Array
    coupling: Array
    shared: Array | float

    def derivatives(self, forward: Forward, weight: Array, degrees: Array) -> tuple[Array, Array]:
        """First (B, q, q) and second (B, q*q, q*q) derivatives in S; ``weight`` is degrees / r2 (B,)."""
        batch, q, _, p = self.coupling.shape
        # Symmetric but for rounding; eigh reads one triangle and would take that rounding for a direction.
        score = 0.5 * (self.score + self.score.transpose(0, 2, 1))
        curvature = self.crossed.reshape(batch, q, q, q, q).transpose(0, 2, 3, 4, 1)  # [(d,a),(b,c)] -> [a,b,c,d]
        curvature = curvature.reshape(batch, q * q, q * q)
        # Beta follows S by -A_xx^-1 sum_i Q_xi' dS u_i (see beta_response), which takes this much from the curvature of
        # r2.
        joint = (0.5 * (self.coupling + self.coupling.transpose(0, 2, 1, 3))).reshape(batch, q * q, p)
        joint = forward(joint.transpose(0, 2, 1))
        slope = -self.pull.reshape(batch, q * q)  # degrees * d log r2 / dS
        curvature = curvature - (2.0 * weight)[:, None, None] * (joint.transpose(0, 2, 1) @ joint)
        curvature = curvature - slope[:, :, None] * slope[:, None, :] / degrees[:, None, None] - self.shared
        return score, 0.5 * (curvature + curvature.transpose(0, 2, 1))


class Forward:
    """Solves L x = b for the Cholesky factors L (B, p, p) of many matrices.

    By the inverse where p is small, since batched products cost less than a call of LAPACK for each; by
    substitution where it is large (an effect of every period).
    """

    def __init__(self, chol: Array) -> None:
        self.chol = chol
        self.inverse = np.linalg.inv(chol) if chol.shape[1] <= SMALL else None

    def __call__(self, right: Array) -> Array:
        """L^-1 b of b (B, p, k)."""
        if self.inverse is not None:
            return np.asarray(self.inverse @ right)
        return self._substituted(right, 0)

    def back(self, right: Array) -> Array:
        """L^-T b of b (B, p, k)."""
        if self.inverse is not None:
            return np.asarray(self.inverse.transpose(0, 2, 1) @ right)
        return self._substituted(right, 1)

    def _substituted(self, right: Array, transposed: int) -> Array:
        out = np.empty(right.shape)
        for place, lower, one in zip(out, self.chol, right, strict=True):
            # dtrsm reads columns first: C-ordered L is handed over as L', an upper triangle, hence the turned flags.
            place[:] = dtrsm(1.0, lower.T, one, lower=0, trans_a=1 - transposed)
        return out


def _fixed_traces(y: Array, turned: Array) -> tuple[Array, Array]:
    """What log|A_xx| adds to the derivatives in S, from ``y`` = A_xx^-1/2 F' (B, p, G q).

    K_i = Q_xi A_xx^-1 Q_xi' (B, G, q, q), and sum_ij vec(Q_xi A_xx^-1 Q_xj') vec(...)' (B, q*q, q*q), over pairs of
    pharmacies or over pairs of fixed columns, whichever are fewer.
    """
    batch, groups, q = turned.shape[:3]
    p = y.shape[1]
    y_i = turned @ y.transpose(0, 2, 1).reshape(batch, groups, q, p)
    k_i = y_i @ y_i.transpose(0, 1, 3, 2)
    # Both ways give the same sums. Few pharmacies with an effect of every period make the second way's (q p)² array the
    # larger.
    if 2 * groups < 3 * p:
        flat = y_i.reshape(batch, groups * q, p)
        gram = (flat @ flat.transpose(0, 2, 1)).reshape(batch, groups, q, groups, q)
        gram = gram.transpose(0, 2, 4, 1, 3).reshape(batch, q * q, groups * groups)
        shared = gram @ gram.transpose(0, 2, 1)  # [(a,b),(c,d)] = sum_ij g_ab g_cd
        shared = shared.reshape(batch, q, q, q, q).transpose(0, 1, 3, 2, 4).reshape(batch, q * q, q * q)
        return k_i, shared
    flat = y_i.reshape(batch, groups, q * p)
    pairs = (flat.transpose(0, 2, 1) @ flat).reshape(batch, q, p, q, p)
    pairs = pairs.transpose(0, 1, 3, 2, 4).reshape(batch, q * q, p * p)
    return k_i, pairs @ pairs.transpose(0, 2, 1)


def _coupling(half: Array, u_i: Array) -> Array:
    """sum_i Q_xi' (x) u_i, (B, q, q, p)."""
    batch, groups, q = u_i.shape
    root, f, p = half[..., :q], half[..., q:-1], half.shape[3] - q - 1
    moved = root[..., :, :, None] * u_i[..., None, None, :]  # (B, G, row, a, b)
    moved = moved.transpose(0, 3, 4, 1, 2).reshape(batch, q * q, groups * q)
    return np.asarray(moved @ f.reshape(batch, groups * q, p)).reshape(batch, q, q, p)


def deviances(
    cp: CrossProducts, theta: Array, free: tuple[Index, Index], *, reml: bool, chunk: int = 4_000_000
) -> Array:
    """Deviance alone (B, K) of B problems at K points each, theta (B, K, m); ``inf`` where it cannot be computed.

    What :func:`evaluate` computes first, without derivatives: a third of its cost. ``chunk`` numbers are held at once.
    """
    batch, points = theta.shape[:2]
    p = cp.p
    out = np.full((batch, points), np.inf)
    step = max(1, chunk // max(1, cp.rc[0].size))
    # Flat, so that a chunk may hold points of several problems: what bounds the memory is numbers held, not the size of
    # a grid.
    pairs = np.stack(np.meshgrid(np.arange(batch), np.arange(points), indexing="ij"), axis=-1).reshape(-1, 2)
    for start in range(0, len(pairs), step):
        problem, point = pairs[start : start + step].T
        part = cp.take(problem)
        half, log_b = whitened(part, factor(theta[problem, point], cp.q, free))
        f = half[..., cp.q :].reshape(len(problem), -1, p + 1)
        chol = cholesky(part.within + f.transpose(0, 2, 1) @ f)  # of [X y]: its last pivot squared is r2
        diagonal = np.einsum("bii->bi", chol)
        with np.errstate(divide="ignore", invalid="ignore"):
            degrees = part.n - p if reml else part.n
            value = log_b + 2.0 * degrees * np.log(diagonal[:, p])
            if reml:
                value = value + 2.0 * np.sum(np.log(diagonal[:, :p]), axis=1)
        out[problem, point] = np.where(np.isfinite(value), value, np.inf)
    return out


def whitened(cp: CrossProducts, lower: Array) -> tuple[Array, Array]:
    """L_i^-1 [R_i C_i] (B, G, q, q+p+1) and sum_i log|B_i| (B,), B_i = I + R_i S R_i' = L_i L_i'.

    Gram-Schmidt on the rows of [I, R_i L] instead of a Cholesky factor of B_i, whose pivots lose all
    digits once a relative SD passes 1e4 and S is nearly of rank one. Written out for q <= 3:
    LAPACK's overhead on tiny matrices costs five times the arithmetic. Each squared norm is at least 1.
    """
    q = cp.q
    # Row j of [I, R_i L] has the unit vector e_j as its first part. Only its first j + 1 entries can become other than
    # zero: each is an array (B, G) of its own, and the zeros are never multiplied.
    moved = cp.r @ lower[:, None]
    half = np.empty_like(cp.rc)
    log_b: Array = np.zeros(len(cp.n))
    one, none = np.ones((1, 1)), np.zeros((1, 1))
    rows: list[Array] = []
    units: list[list[Array]] = []
    squares: list[Array] = []
    for j in range(q):
        row, rest = moved[:, :, j], cp.rc[:, :, j]
        unit = [none] * j + [one]
        for k in range(j):
            share = _inner(unit, units[k], row, rows[k]) / squares[k]
            unit = [unit[i] - share * units[k][i] if i <= k else unit[i] for i in range(j + 1)]
            row = row - share[..., None] * rows[k]
            rest = rest - (share * np.sqrt(squares[k]))[..., None] * half[:, :, k]
        # Without the rows before: the product of these squares is the Gram determinant |B_i|.
        square = _inner(unit, unit, row, row)
        log_b += np.sum(np.log(square), axis=1)
        np.divide(rest, np.sqrt(square)[..., None], out=half[:, :, j])
        rows.append(row)
        units.append(unit)
        squares.append(square)
    return half, log_b


def _inner(left_unit: list[Array], right_unit: list[Array], left: Array, right: Array) -> Array:
    """Inner products (B, G) of rows kept in two parts, the shorter unit part counting as zero beyond its end."""
    total = np.asarray(np.einsum("bgi,bgi->bg", left, right), dtype=np.float64)
    for one, other in zip(left_unit, right_unit, strict=False):
        total += one * other
    return total


def cholesky(a: Array) -> Array:
    """Cholesky factors; a matrix that is not positive definite gives NaN instead of an error."""
    try:
        return np.asarray(np.linalg.cholesky(a), dtype=np.float64)
    except np.linalg.LinAlgError:
        out = np.full_like(a, np.nan)
        # One bad matrix fails the whole batch: then one by one, and only the bad ones are lost.
        for index, item in enumerate(a):
            try:
                out[index] = np.linalg.cholesky(item)
            except np.linalg.LinAlgError:
                continue
        return out


def directions(lower: Array, free: tuple[Index, Index]) -> Array:
    """dS/dtheta_k = E_k L' + L E_k', shape (B, m, q, q)."""
    batch, q = lower.shape[:2]
    moved = np.zeros((batch, len(free[0]), q, q))
    moved[:, np.arange(len(free[0])), free[0], :] = lower.transpose(0, 2, 1)[:, free[1], :]
    return moved + moved.transpose(0, 1, 3, 2)


def beta_response(at: Evaluation, free: tuple[Index, Index]) -> Array:
    """Slope d beta_hat / d theta in scaled columns, (B, p, m): -A_xx^-1 sum_i Q_xi' (dS/dtheta_k) u_i."""
    p = at.beta.shape[1]
    return response_of(at.a[:, :p, :p], at.coupling, at.theta, free)


def response_of(a_xx: Array, coupling: Array, theta: Array, free: tuple[Index, Index]) -> Array:
    """:func:`beta_response` from its parts."""
    moved = np.einsum("bkac,bacp->bpk", directions(factor(theta, coupling.shape[1], free), free), coupling)
    return -np.linalg.solve(a_xx, moved)


def chained(score: Array, curvature: Array, lower: Array, free: tuple[Index, Index]) -> tuple[Array, Array]:
    """Gradient and Hessian in theta from those in S."""
    batch, q = lower.shape[:2]
    rows, columns = free
    flat = directions(lower, free).reshape(batch, len(rows), q * q)
    gradient = (flat @ score.reshape(batch, q * q, 1))[:, :, 0]
    # S is quadratic in theta: d2S / dtheta_k dtheta_l = E_k E_l' + E_l E_k', which is zero unless both stand in one
    # column of L.
    second = 2.0 * score[:, rows[:, None], rows[None, :]] * (columns[:, None] == columns[None, :])
    return gradient, flat @ curvature @ flat.transpose(0, 2, 1) + second
