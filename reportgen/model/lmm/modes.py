"""What the model says of each pharmacy: conditional modes, their uncertainty, reliability, rank, its share in beta.

Conditional modes (BLUPs) are b_i = Psi Z_i' V_i^-1 (y_i - X_i beta), their conditional variance
sigma^2 L (I + L'Z_i'Z_i L)^-1 L' (Bates et al. 2015, section 2.2). The interval of a pharmacy's total slope also
carries the uncertainty of beta, and the fact that the mode moves with it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr

from reportgen.model.lmm.columns import Array, Index
from reportgen.model.lmm.crossproducts import scaled_columns
from reportgen.model.lmm.fit import LmmFit


def conditional_modes(fit: LmmFit) -> Array:
    """Conditional modes of the random effects in data units, (G, q)."""
    # b_i = S u_i in scaled columns, since u_i = Z_i'V_i^-1 (y_i - X_i beta) with V_i relative to sigma²; y = y_scale ys
    # and Z = Zs T make it y_scale T^-1 S u_i in the data's.
    s = fit.relative_s
    return np.asarray(fit.scaling.y_scale * (fit.at.u_i[0] @ s @ fit.scaling.z_inverse.T))


def fitted_values(fit: LmmFit, modes: Array) -> Array:
    """Conditional fitted values X beta + Z b in data units, (n,), at the ``modes``, (G, q)."""
    design = fit.design
    return np.asarray(design.x @ fit.beta + np.einsum("ij,ij->i", design.z, modes[design.group]))


def conditional_covariance(fit: LmmFit) -> Array:
    """Conditional covariance of the random effects given the data and beta, (G, q, q)."""
    lower = fit.scaled_lower
    # By I + L'Z'ZL, which can always be inverted, Psi singular or not; (Psi^-1 + Z'Z)^-1 could not.
    w = np.eye(len(lower)) + lower.T @ fit.products.zz[0] @ lower
    root = fit.scaling.z_inverse @ lower
    return fit.sigma2 * (root @ np.linalg.inv(w) @ root.T)


def mode_response(fit: LmmFit) -> Array:
    """How each mode moves with beta: db_i = -R_i (beta_hat - beta), R_i = Psi Z_i'V_i^-1 X_i, (G, q, p)."""
    p = fit.products.p
    q_x = fit.at.q_i[0, :, :, :p]
    # The response's scale is in beta and in the modes alike, and cancels.
    unscale_x = np.linalg.inv(fit.scaling.x_inverse)
    return (fit.scaling.z_inverse @ fit.relative_s) @ q_x @ unscale_x


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TotalSlope:
    """Market effect plus deviation of each pharmacy, one random term: value and SE, (G,) each."""

    value: Array
    se: Array


def total_slope(fit: LmmFit, cov_beta: Array, fixed: int, random: int | None) -> TotalSlope:
    """Total coefficient beta[fixed] + b_i[random] and its prediction SE.

    Parameters
    ----------
    cov_beta
        Covariance of the fixed effects to carry, (p, p).
    fixed, random
        Positions of the term among fixed and random columns; ``random=None``: no random slope.
    """
    groups, p = fit.design.groups, len(fit.beta)
    contrast = np.zeros((groups, p))
    contrast[:, fixed] = 1.0
    value = np.full(groups, fit.beta[fixed])
    variance = np.zeros(groups)
    if random is not None:
        value = value + conditional_modes(fit)[:, random]
        # b_i = Psi Z_i'V_i^-1 (y_i - X_i beta): what beta takes, the mode gives back in part, so that their errors do
        # not simply add.
        contrast = contrast - mode_response(fit)[:, random, :]
        variance = conditional_covariance(fit)[:, random, random]
    variance = variance + np.einsum("gi,ij,gj->g", contrast, cov_beta, contrast)
    return TotalSlope(value=value, se=np.sqrt(np.maximum(variance, 0.0)))


def reliability(conditional_variance: Array, prior_variance: float) -> Array:
    """Share of the spread between pharmacies that the mode captures, 1 - cVar/Psi, (G,)."""
    if not prior_variance > 0.0:
        return np.zeros_like(conditional_variance)
    return np.clip(1.0 - conditional_variance / prior_variance, 0.0, 1.0)


def expected_rank(modes: Array, conditional_variance: Array) -> Array:
    """Expected rank in percent: 100 (ER_i - 0.5) / G with ER_i = 1 + sum_{j != i} Phi((b_i - b_j)/sqrt(v_i + v_j)).

    As ``merTools::expectedRank`` defines it (Lingsma et al. 2010). Shape (G,). Pharmacies (or markets) with
    equal modes and no variance share the middle rank. In blocks: all pairs of 10,000 markets would be 3 GB.
    """
    total = np.empty(len(modes))
    for start in range(0, len(modes), 512):
        part = slice(start, start + 512)
        spread = np.sqrt(conditional_variance[part, None] + conditional_variance[None, :])
        difference = modes[part, None] - modes[None, :]
        with np.errstate(divide="ignore", invalid="ignore"):
            z = np.where(difference == 0.0, 0.0, difference / spread)
        total[part] = np.sum(ndtr(z), axis=1)
    return 100.0 * total / len(modes)  # each with itself counts one half, as it should


def own_coefficients(fit: LmmFit) -> Array:
    """Each pharmacy's own least-squares random coefficients, other effects held at beta, (G, q).

    NaN where the pharmacy's own columns do not identify them. Deviations from the market.
    """
    p = fit.products.p
    # Least squares of y - X beta on Z_i alone, from the cross-products: no row is read again.
    zz, zw = fit.products.zz[0], fit.products.zw[0]
    moment = zw[:, :, p] - zw[:, :, :p] @ fit.at.beta[0]
    values = np.linalg.eigvalsh(zz)
    known = values[:, 0] > 1e-8 * np.maximum(values[:, -1], 1e-300)
    safe = np.where(known[:, None, None], zz, np.eye(zz.shape[-1]))
    own = np.linalg.solve(safe, moment[:, :, None])[:, :, 0]
    own = fit.scaling.y_scale * own @ fit.scaling.z_inverse.T
    return np.where(known[:, None], own, np.nan)


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
