"""Exact leave-one-pharmacy-out refits from the cross-products.

At the full fit's theta everything the deviance and its derivatives need is a sum over pharmacies, so what it is without
one of them is the sum less that one's share: the first Newton step of every refit costs nothing in the number of
pharmacies. Third derivatives of the full deviance are added to it (Chebyshev's method). Where a pharmacy is one of many
that step is short, and the sums at its end are read from a polynomial; it is the last where the gradient there says so.
The others go on by Newton steps of their own, in batches. Rejected: Cook's distance at fixed
theta, which does not order pharmacies right when one of them carries the variance.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np

from reportgen.model.lmm.columns import Array, Index
from reportgen.model.lmm.crossproducts import CrossProducts, scaled_columns
from reportgen.model.lmm.deviance import (
    Forward,
    Summed,
    beta_response,
    chained,
    cholesky,
    directions,
    evaluate,
    factor,
    pattern,
    response_of,
    whitened,
)
from reportgen.model.lmm.fit import LmmFit
from reportgen.model.lmm.modes import own_blocks, score_contributions
from reportgen.model.lmm.reml import minimise, newton_step
from reportgen.model.lmm.search import minimise_from

BATCH_GROUPS = 60_000
"""Pharmacy blocks held in memory at once (about 25 MB)."""
BATCH = 256
"""Pharmacies whose first steps are made together."""
NEWTON_STEPS = 5
MANY, REACH = 200, 3.0
NODES = (0.0, 1.0, -1.0, 0.5, -0.5)
"""Pharmacies from which sums at other thetas are read from a polynomial, and how far its nodes reach each way, in
standard errors of theta over the root of their number. Nodes of one dimension; in several all combinations of them
whose places add up to the polynomial's degree at most (a principal lattice)."""
DIFFERENCE = 1e-3
"""Step of theta over which third derivatives are differences of second ones."""
PLAIN_REMAINDER, FIRST_REMAINDER = 1e-7, 1e-9
"""Deviance still to gain under which one more Newton step is exact to 1e-8 standard errors, and one from the sums of
all to 1e-6."""
RIVAL = 5.0
"""Log-likelihood within which another optimum of the full fit may be the best one without a pharmacy."""
MOST_EXACT = 1_500
"""Beyond this many pharmacies only the ones with the largest fixed-theta change are refitted."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Influence:
    """Effect of leaving each pharmacy out.

    Attributes
    ----------
    beta
        Fixed effects without pharmacy i, (G, p); NaN where it was not refitted.
    cooks_d
        (beta - beta_(-i))' C^-1 (beta - beta_(-i)) / p, (G,).
    """

    beta: Array
    cooks_d: Array

    def most_influential(self, term: int, full: float) -> int | None:
        """Position of the pharmacy whose absence moves coefficient ``term`` most."""
        change = np.abs(self.beta[:, term] - full)
        return int(np.nanargmax(change)) if np.isfinite(change).any() else None


def leave_one_out(fit: LmmFit, cov_beta: Array) -> Influence:
    """Refit without each pharmacy in turn (same columns, same decay), ML or REML as the fit.

    Parameters
    ----------
    cov_beta
        Covariance of the fixed effects that scales Cook's distance, (p, p).
    """
    groups, p = fit.design.groups, fit.products.p
    rows, _, _ = scaled_columns(fit.design, correlated=fit.correlated, centre=fit.scaling.offset)
    sizes = np.bincount(fit.design.group, minlength=groups).astype(float)
    order = np.arange(groups)
    if groups > MOST_EXACT:
        # Sorted again by position: batches then read the blocks in memory order.
        order = np.sort(np.argsort(-_fixed_theta_change(fit))[:MOST_EXACT])
    scaled, first = np.full((groups, p), np.nan), _First.of(fit)
    for start in range(0, len(order), BATCH):
        left_out = order[start : start + BATCH]
        scaled[left_out] = _refit(fit, left_out, own_blocks(fit, rows, left_out), sizes[left_out], first)
    beta = fit.scaling.offset + fit.scaling.y_scale * scaled @ fit.scaling.x_inverse.T
    change = beta - fit.beta
    distance = np.einsum("gi,ij,gj->g", change, np.linalg.inv(cov_beta), change) / p
    return Influence(beta=beta, cooks_d=distance)


def _refit(fit: LmmFit, left_out: Index, own: Array, sizes: Array, first: _First) -> Array:
    """Fixed effects in scaled columns without each of the pharmacies ``left_out``, (B, p).

    ``own`` are their blocks and ``sizes`` their rows, (B,).
    """
    beta, theta = first.step(left_out, own, sizes)
    rest = np.flatnonzero(np.isnan(beta[:, 0]))
    if rest.size or _rivals(fit):
        # A refit without one pharmacy holds the blocks of all others, so the batch is counted in blocks.
        step = max(1, BATCH_GROUPS // fit.design.groups)
        todo = np.arange(len(left_out)) if _rivals(fit) else rest
        for start in range(0, len(todo), step):
            part = todo[start : start + step]
            beta[part] = _searched(fit, left_out[part], own[part], sizes[part], beta[part], theta[part])
    return beta


def _searched(fit: LmmFit, left_out: Index, own: Array, sizes: Array, beta: Array, theta: Array) -> Array:
    """``beta`` (B, p) with what is not known yet, by Newton steps from ``theta`` (B, m) or a search."""
    batch = len(left_out)
    rc = np.repeat(fit.products.rc, batch, axis=0)
    # A block of zeros is a pharmacy without rows: it adds log|I| = 0 and no squares.
    rc[np.arange(batch), left_out] = 0.0
    products = CrossProducts(rc=rc, within=fit.products.within - own, n=fit.products.n - sizes)
    reml = fit.method == "REML"
    free = pattern(fit.products.q, fit.correlated)
    rest = np.flatnonzero(np.isnan(beta[:, 0]))
    if rest.size:
        beta[rest] = _newton(products if rest.size == batch else products.take(rest), theta[rest], free, reml)
    beta = _from_every_optimum(fit, products, beta, free)
    rest = np.flatnonzero(np.isnan(beta[:, 0]))
    if rest.size:
        part = products.take(rest)
        start = np.repeat(fit.at.theta, len(rest), axis=0)
        found = minimise(part, start, reml=reml, correlated=fit.correlated)
        there = evaluate(part, found.theta, free, reml=reml).beta
        beta[rest] = np.where(np.isfinite(found.deviance)[:, None], there, np.nan)
    return beta


def _rivals(fit: LmmFit) -> list[Array]:
    """Theta of other optima of the full fit, one of which may be the best without some pharmacy."""
    return [other.theta for other in fit.optima[1:] if fit.optima[0].loglik - other.loglik < RIVAL]


def _from_every_optimum(fit: LmmFit, products: CrossProducts, beta: Array, free: tuple[Index, Index]) -> Array:
    """``beta`` (B, p) where no other optimum of the full fit is the better one without that pharmacy."""
    # Without one pharmacy another optimum may be the best: a jump of the estimate that Newton from this one would
    # hide.
    rivals = _rivals(fit)
    if not rivals:
        return beta
    reml, correlated = fit.method == "REML", fit.correlated
    found = minimise_from(products, np.array([fit.at.theta[0], *rivals]), reml=reml, correlated=correlated).best()
    there = evaluate(products, found.theta, free, reml=reml).beta
    return np.asarray(np.where(np.isfinite(found.deviance)[:, None], there, beta))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _First:
    """The full fit at its theta as sums over pharmacies, from which the share of one is taken out.

    With P_i and Q_i as in :mod:`reportgen.model.lmm.deviance`: ``p_i`` (G, q, q), ``q_i`` (G, q, p+1), ``qq``
    (q*q, (p+1)²) sum_i Q_i (x) Q_i, ``pqq`` (q*q, q*q, (p+1)²) sum_i P_i (x) Q_i (x) Q_i, index [Q_i Q_i, P_i,
    columns]; ``third`` (m, m, m) derivatives of the deviance; ``around`` sums at other thetas, of many pharmacies.
    """

    fit: LmmFit
    p_i: Array
    q_i: Array
    qq: Array
    pqq: Array
    third: Array
    around: _Around | None

    @classmethod
    def of(cls, fit: LmmFit) -> _First:
        q, width = fit.products.q, fit.products.p + 1
        p_i, q_i = _shares(fit.at.half[0], q)
        flat = q_i.reshape(len(q_i), -1)
        pqq = np.stack(
            [_by_columns((flat * weight[:, None]).T @ flat, q, width) for weight in p_i.reshape(-1, q * q).T]
        )
        # Of few pharmacies each moves theta far, and a batch of all of them is small.
        many = len(p_i) >= MANY and fit.at.theta.shape[1] <= 3 and np.isfinite(fit.at.hessian).all()
        return cls(
            fit=fit, p_i=p_i, q_i=q_i, qq=_by_columns(flat.T @ flat, q, width), pqq=pqq.transpose(1, 0, 2),
            third=_third(fit), around=_Around.of(fit) if many else None,
        )  # fmt: skip

    def step(self, left_out: Index, own: Array, sizes: Array) -> tuple[Array, Array]:
        """Beta (B, p) without each pharmacy, NaN where that is not exact enough, and theta (B, m) so far."""
        fit, reml = self.fit, self.fit.method == "REML"
        p, q, at = fit.products.p, fit.products.q, self.fit.at
        free = pattern(q, fit.correlated)
        f, p_j, q_j = at.half[0, left_out, :, q:], self.p_i[left_out], self.q_i[left_out]
        a = at.a - own - f.transpose(0, 2, 1) @ f
        forward = Forward(cholesky(a[:, :p, :p]))
        solved = forward(a[:, :p, p:])
        r2 = a[:, p, p] - np.einsum("bij,bij->b", solved, solved)
        beta = forward.back(solved)[:, :, 0]
        degrees = fit.products.n - sizes - (p if reml else 0)
        weight = degrees / r2
        contrast = np.concatenate([-beta, np.ones((len(beta), 1))], axis=1)
        # Sums of the full fit less the share of the one that is left out.
        u_j = (q_j @ contrast[:, :, None])[:, :, 0]
        pulled = (self.qq.reshape(-1, p + 1) @ contrast.T).reshape(q, q, p + 1, -1).transpose(3, 0, 1, 2)
        coupling = pulled[..., :p] - q_j[:, :, None, :p] * u_j[:, None, :, None]
        pull = weight[:, None, None] * (
            (pulled @ contrast[:, None, :, None])[..., 0] - u_j[:, :, None] * u_j[:, None, :]
        )
        square = weight[:, None, None] * contrast[:, :, None] * contrast[:, None, :]
        shared: Array | float = 0.0
        if reml:
            inverse = np.asarray(np.linalg.inv(a[:, :p, :p]), dtype=np.float64)
            square[:, :p, :p] += inverse
            shared = self._shared(inverse, q_j[..., :p])
        # Q_i square Q_i' is uu_i, and K_i with it under REML.
        own_square = (q_j @ square @ q_j.transpose(0, 2, 1)).reshape(-1, q * q)
        flat, own_p = square.reshape(len(square), -1), p_j.reshape(-1, q * q)
        crossed = 2.0 * (flat @ self.pqq.reshape(-1, flat.shape[1]).T).reshape(-1, q * q, q * q)
        crossed -= 2.0 * own_square[:, :, None] * own_p[:, None, :]
        p_all = self.p_i.reshape(-1, q * q)
        crossed -= p_all.T @ p_all - own_p[:, :, None] * own_p[:, None, :]
        summed = Summed(
            score=(p_all.sum(axis=0) - own_p - flat @ self.qq.T + own_square).reshape(-1, q, q),
            crossed=crossed, pull=pull, coupling=coupling, shared=shared,
        )  # fmt: skip
        score, curvature = summed.derivatives(forward, weight, degrees)
        theta = np.repeat(at.theta, len(beta), axis=0)
        gradient, hessian = chained(score, curvature, factor(theta, q, free), free)
        step, gain, definite = newton_step(gradient, hessian)
        # Chebyshev's correction of Newton's step, -H^-1 T[s, s] / 2.
        step = step + newton_step(0.5 * np.einsum("klm,bl,bm->bk", self.third, step, step), hessian)[0]
        step[~definite] = 0.0
        if self.around is None:
            return np.full_like(beta, np.nan), theta + step
        beta, gradient = self._moved(self.around, left_out, own, degrees, theta + step)
        last, gain, _ = newton_step(gradient, hessian + np.einsum("klm,bm->bkl", self.third, step))
        beta = beta + np.einsum("bpk,bk->bp", response_of(a[:, :p, :p], coupling, theta, free), last)
        settled = definite & (gain < FIRST_REMAINDER)
        return np.where(settled[:, None], beta, np.nan), theta + step

    def _moved(self, around: _Around, left_out: Index, own: Array, degrees: Array, theta: Array) -> tuple[Array, Array]:
        """Beta (B, p) and gradient (B, m) without each pharmacy at a theta of its own (B, m)."""
        fit, reml = self.fit, self.fit.method == "REML"
        p, q = fit.products.p, fit.products.q
        free = pattern(q, fit.correlated)
        lower = factor(theta, q, free)
        one = CrossProducts(rc=fit.products.rc[0, left_out, None], within=own, n=degrees)
        half = whitened(one, lower)[0][:, 0]
        p_j, q_j = _shares(half, q)
        a, qq, p_all = np.split(around.at(theta - fit.at.theta), around.ends, axis=1)
        f = half[..., q:]
        a = a.reshape(-1, p + 1, p + 1) - own - f.transpose(0, 2, 1) @ f
        inverse = np.linalg.inv(cholesky(a[:, :p, :p]))
        solved = inverse @ a[:, :p, p:]
        beta = (inverse.transpose(0, 2, 1) @ solved)[:, :, 0]
        weight = degrees / (a[:, p, p] - np.einsum("bij,bij->b", solved, solved))
        contrast = np.concatenate([-beta, np.ones((len(beta), 1))], axis=1)
        square = weight[:, None, None] * contrast[:, :, None] * contrast[:, None, :]
        if reml:
            square[:, :p, :p] += inverse.transpose(0, 2, 1) @ inverse
        score = (qq.reshape(len(beta), q * q, -1) @ square.reshape(len(beta), -1, 1)).reshape(-1, q, q)
        score = p_all.reshape(-1, q, q) - p_j - score + q_j @ square @ q_j.transpose(0, 2, 1)
        flat = directions(lower, free).reshape(len(beta), -1, q * q)
        return beta, (flat @ score.reshape(len(beta), -1, 1))[:, :, 0]

    def _shared(self, inverse: Array, q_j: Array) -> Array:
        """What :func:`~reportgen.model.lmm.deviance.evaluate` sums over pairs of pharmacies, (B, q*q, q*q)."""
        batch, q, p = q_j.shape
        whole = self.qq.reshape(q, q, p + 1, p + 1)[:, :, :p, :p]
        turned = inverse[:, None, None] @ (whole - q_j[:, :, None, :, None] * q_j[:, None, :, None, :])
        flat = turned.reshape(batch, q * q, p * p)
        # tr(A^-1 N_ab A^-1 N_cd') with N_cd' = N_dc.
        other = turned.transpose(0, 2, 1, 4, 3).reshape(batch, q * q, p * p)
        return np.asarray(flat @ other.transpose(0, 2, 1))


def _by_columns(products: Array, q: int, width: int) -> Array:
    """Index [(a, b), (s, t)] from [(a, s), (b, t)]."""
    return products.reshape(q, width, q, width).transpose(0, 2, 1, 3).reshape(q * q, width * width)


def _shares(half: Array, q: int) -> tuple[Array, Array]:
    """P_i (G, q, q) and Q_i (G, q, p+1) from L_i^-1 [R_i C_i]."""
    turned = half[..., :q].transpose(0, 2, 1)
    return turned @ half[..., :q], turned @ half[..., q:]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Around:
    """A, sum_i Q_i (x) Q_i and sum_i P_i near the full fit's theta: the polynomial through them at nodes around it.

    ``powers`` (K, m) of each term in units of ``reach`` (m,), ``terms`` (K, L); ``ends`` where A and the products end.
    """

    reach: Array
    powers: Index
    terms: Array
    ends: tuple[int, int]

    @classmethod
    def of(cls, fit: LmmFit) -> _Around:
        q, width, m = fit.products.q, fit.products.p + 1, fit.at.theta.shape[1]
        free = pattern(q, fit.correlated)
        powers = np.array([one for one in product(range(len(NODES)), repeat=m) if sum(one) < len(NODES)], dtype=np.intp)
        # A pharmacy moves theta by about its standard error over the root of their number.
        spread = np.diag(np.linalg.pinv(fit.at.hessian[0], hermitian=True))
        reach = REACH * np.sqrt(2.0 * np.maximum(spread, 1e-12) / fit.design.groups)
        nodes = np.array(NODES)[powers]
        made = []
        for node in nodes:
            half, _ = whitened(fit.products, factor(fit.at.theta + reach * node, q, free))
            f = half[0, :, :, q:].reshape(-1, width)
            p_i, q_i = _shares(half[0], q)
            flat = q_i.reshape(len(q_i), -1)
            qq = _by_columns(flat.T @ flat, q, width)
            made.append(
                np.concatenate([(fit.products.within[0] + f.T @ f).ravel(), qq.ravel(), p_i.sum(axis=0).ravel()])
            )
        terms = np.linalg.solve(_monomials(nodes, powers), np.stack(made))
        return cls(reach=reach, powers=powers, terms=terms, ends=(width**2, width**2 * (1 + q * q)))

    def at(self, moved: Array) -> Array:
        """All of the sums, (B, L), at theta moved by (B, m)."""
        return np.asarray(_monomials(moved / self.reach, self.powers) @ self.terms)


def _monomials(at: Array, powers: Index) -> Array:
    return np.asarray(np.prod(at[:, None, :] ** powers, axis=2))


def _third(fit: LmmFit) -> Array:
    """Third derivatives of the deviance in theta, (m, m, m), by central differences of the second ones."""
    free, reml = pattern(fit.products.q, fit.correlated), fit.method == "REML"
    # One by one: the blocks of a large market are held once.
    made = [
        [evaluate(fit.products, fit.at.theta + sign * move, free, reml=reml).hessian[0] for sign in (1.0, -1.0)]
        for move in DIFFERENCE * np.eye(fit.at.theta.shape[1])
    ]
    return np.stack([(up - down) / (2.0 * DIFFERENCE) for up, down in made], axis=-1)


def _newton(products: CrossProducts, theta: Array, free: tuple[Index, Index], reml: bool) -> Array:
    """Undamped Newton steps from theta; beta (B, p) at the optimum, NaN where a full search has to find it.

    The last step also moves beta along d beta / d theta, which leaves an error of third order in the step. A
    problem leaves the batch as soon as its quadratic model is exact, and is given up where it does not descend.
    """
    beta = np.full((len(theta), products.p), np.nan)
    left, before = np.arange(len(theta)), np.full(len(theta), np.inf)
    for _ in range(NEWTON_STEPS):
        at = evaluate(products, theta, free, reml=reml)
        step, remaining, definite = newton_step(at.gradient, at.hessian)
        # Undamped steps are only trusted while the deviance falls; the rest goes to the full search, which is damped.
        plain = definite & (at.deviance <= before + 1e-9)
        exact = plain & (remaining < PLAIN_REMAINDER)
        beta[left[exact]] = (at.beta + np.einsum("bpk,bk->bp", beta_response(at, free), step))[exact]
        going = plain & ~exact
        if not going.any():
            break
        # Where all go on the blocks need not be copied.
        products = products if going.all() else products.take(going)
        left, before, theta = left[going], at.deviance[going], (theta + step)[going]
    return beta


def _fixed_theta_change(fit: LmmFit) -> Array:
    """First-order screen: size of the score a pharmacy contributes, in units of A_xx, (G,)."""
    p = fit.products.p
    score = score_contributions(fit)
    return np.asarray(np.einsum("gi,ij,gj->g", score, np.linalg.inv(fit.at.a[0, :p, :p]), score))
