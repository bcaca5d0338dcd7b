"""Exact leave-one-pharmacy-out refits from the cross-products.

Leaving a pharmacy out subtracts its block from the sums; the refit starts at the full fit's
theta and needs a few Newton steps, all pharmacies in batches. Rejected: Cook's distance at
fixed theta, which does not order pharmacies right when one of them carries the variance.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from reportgen.model.lmm.columns import Array, Index
from reportgen.model.lmm.crossproducts import CrossProducts, scaled_columns
from reportgen.model.lmm.deviance import beta_response, evaluate, pattern
from reportgen.model.lmm.fit import LmmFit
from reportgen.model.lmm.reml import minimise, newton_step
from reportgen.model.lmm.search import minimise_from

BATCH_GROUPS = 60_000
"""Pharmacy blocks held in memory at once (about 25 MB)."""
NEWTON_STEPS = 5
PLAIN_REMAINDER = 1e-7
"""Deviance still to gain under which one more Newton step is exact to 1e-8 standard errors."""
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
    scaled = np.full((groups, p), np.nan)
    # A refit without one pharmacy holds the blocks of all others, so the batch is counted in blocks.
    step = max(1, BATCH_GROUPS // groups)
    for start in range(0, len(order), step):
        left_out = order[start : start + step]
        scaled[left_out] = _refit(fit, left_out, own_blocks(fit, rows, left_out), sizes[left_out])
    beta = fit.scaling.offset + fit.scaling.y_scale * scaled @ fit.scaling.x_inverse.T
    change = beta - fit.beta
    distance = np.einsum("gi,ij,gj->g", change, np.linalg.inv(cov_beta), change) / p
    return Influence(beta=beta, cooks_d=distance)


def own_blocks(fit: LmmFit, rows: Array, which: Index) -> Array:
    """What Z_i cannot explain of the pharmacies ``which``, [X y]'[X y] - C_i'C_i in scaled columns, (B, p+1, p+1).

    ``rows`` are the scaled columns [X y], (n, p+1). Made for few pharmacies at a time: with an effect of every period
    all blocks together may not fit in memory.
    """
    starts = np.append(fit.design.starts(), len(rows))
    # C_i'C_i are the squares in the space of Z_i; they went into the blocks [R_i C_i] and not into ``within``.
    c = fit.products.c[0]
    return np.stack(
        [rows[starts[i] : starts[i + 1]].T @ rows[starts[i] : starts[i + 1]] - c[i].T @ c[i] for i in which]
    )


def _refit(fit: LmmFit, left_out: Index, own: Array, sizes: Array) -> Array:
    """Fixed effects in scaled columns without each of the pharmacies ``left_out``, (B, p).

    ``own`` are their blocks and ``sizes`` their rows, (B,).
    """
    batch = len(left_out)
    rc = np.repeat(fit.products.rc, batch, axis=0)
    # A block of zeros is a pharmacy without rows: it adds log|I| = 0 and no squares.
    rc[np.arange(batch), left_out] = 0.0
    products = CrossProducts(rc=rc, within=fit.products.within - own, n=fit.products.n - sizes)
    reml = fit.method == "REML"
    free = pattern(fit.products.q, fit.correlated)
    start = np.repeat(fit.at.theta, batch, axis=0)
    beta = _from_every_optimum(fit, products, _newton(products, start, free, reml), free)
    rest = np.flatnonzero(np.isnan(beta[:, 0]))
    if rest.size:
        part = products.take(rest)
        found = minimise(part, start[rest], reml=reml, correlated=fit.correlated)
        there = evaluate(part, found.theta, free, reml=reml).beta
        beta[rest] = np.where(np.isfinite(found.deviance)[:, None], there, np.nan)
    return beta


def _from_every_optimum(fit: LmmFit, products: CrossProducts, beta: Array, free: tuple[Index, Index]) -> Array:
    """``beta`` (B, p) where no other optimum of the full fit is the better one without that pharmacy."""
    # Without one pharmacy another optimum may be the best: a jump of the estimate that Newton from this one would
    # hide.
    rivals = [other.theta for other in fit.optima[1:] if fit.optima[0].loglik - other.loglik < RIVAL]
    if not rivals:
        return beta
    reml, correlated = fit.method == "REML", fit.correlated
    found = minimise_from(products, np.array([fit.at.theta[0], *rivals]), reml=reml, correlated=correlated).best()
    there = evaluate(products, found.theta, free, reml=reml).beta
    return np.asarray(np.where(np.isfinite(found.deviance)[:, None], there, beta))


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


def score_contributions(fit: LmmFit) -> Array:
    """X_i' V_i^-1 (y_i - X_i beta) of each pharmacy in scaled columns, relative to sigma^2, (G, p); sums to zero."""
    p, q = fit.products.p, fit.products.q
    rows, _, _ = scaled_columns(fit.design, correlated=fit.correlated, centre=fit.scaling.offset)
    contrast = np.append(-fit.at.beta[0], 1.0)
    plain = np.add.reduceat(rows[:, :p] * (rows @ contrast)[:, None], fit.design.starts(), axis=0)
    c, f = fit.products.c[0], fit.at.half[0, :, :, q:]
    # Woodbury: V_i^-1 = I - Z_i (...) Z_i', in the coordinates C_i of the columns in the space of Z_i.
    absorbed = np.einsum("gqp,gq->gp", c[..., :p], c @ contrast) - np.einsum("gqp,gq->gp", f[..., :p], f @ contrast)
    return np.asarray(plain - absorbed)


def beta_contributions(fit: LmmFit) -> Array:
    """First-order share of each pharmacy in beta_hat - beta, (X'V^-1X)^-1 X_i'V_i^-1 (y_i - X_i beta), (G, p)."""
    p = fit.products.p
    solved = np.linalg.solve(fit.at.a[0, :p, :p], score_contributions(fit).T)
    return np.asarray(fit.scaling.y_scale * (fit.scaling.x_inverse @ solved).T)


def _fixed_theta_change(fit: LmmFit) -> Array:
    """First-order screen: size of the score a pharmacy contributes, in units of A_xx, (G,)."""
    p = fit.products.p
    score = score_contributions(fit)
    return np.asarray(np.einsum("gi,ij,gj->g", score, np.linalg.inv(fit.at.a[0, :p, :p]), score))
