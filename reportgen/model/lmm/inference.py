"""Standard errors, degrees of freedom and intervals of the fixed effects.

Full-information covariance: the inverse of the negative Hessian of the log-likelihood over
(beta, theta) with sigma^2 profiled, which is

    C = C_GLS + J Var(theta) J',   J = d beta_hat / d theta = -A_xx^-1 sum Q_xi' (dS/dtheta) u_i

With lagged sales among the columns J does not vanish in expectation, so the GLS covariance
(what lme4 prints) is too small. It equals statsmodels' ``bse_fe`` at the optimum.

Degrees of freedom: Satterthwaite, 2 f^2 / (g'W g), f = c'C c, W = 2 H^-1 with H the Hessian of
the REML deviance in (theta, log sigma); invariant to that choice of coordinates (Kuznetsova,
Brockhoff and Christensen 2017, J. Stat. Softw. 82(13)).

Where groups are clustered (``Design.cluster``) the covariance is a sandwich over clusters, CR2: the bias-reduced
linearization of Bell and McCaffrey (2002, Surv. Methodol. 28(2)) with the model's V as working covariance, and df by
Satterthwaite's approximation to its spread (Pustejovsky and Tipton 2018, J. Bus. Econ. Stat. 36(4)).
All of it needs no more of a cluster than its share C_h of X'V^-1X and r_h of X'V^-1 (y - X beta): with
X'V^-1X = L L' and K_h = L^-1 C_h L^-T,

    beta_hat - beta = sum_h L^-T (I - K_h)^-1/2 L^-1 r_h,
    Q_hk = [h = k] c~' K_h (I - K_h)^-1 c~ - b_h' b_k,  b_h = K_h (I - K_h)^-1/2 c~,  c~ = L^-1 c,
    df = (sum_h Q_hh)^2 / sum_hk Q_hk^2 .

As for independent groups, beta also follows theta: each cluster's share in theta_hat goes along d beta / d theta.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from scipy.stats import t as student

from reportgen.model.lmm.columns import Array, Index
from reportgen.model.lmm.crossproducts import scaled_columns
from reportgen.model.lmm.deviance import beta_response, directions, factor, pattern
from reportgen.model.lmm.fit import LmmFit
from reportgen.model.lmm.modes import own_blocks
from reportgen.results import FixedEffect

StandardError = Literal["full-information", "gls", "cluster", "territory"]
MANY = 256
"""Fixed columns from which those of periods are spared."""
LEVERAGE = 1e-8
"""A direction of which one cluster alone tells (1 - leverage below this) has no residual to judge it by."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FixedCovariance:
    """Covariance of the fixed effects, (p, p), which kind it is, and Satterthwaite df, (p,)."""

    values: Array
    kind: StandardError
    df: Array

    def first(self, count: int) -> FixedCovariance:
        """That of the first ``count`` fixed effects."""
        return replace(self, values=self.values[:count, :count], df=self.df[:count])


def _theta_directions(fit: LmmFit) -> Array:
    """dS/dtheta_k at the optimum, (m, q, q), scaled columns."""
    q = fit.products.q
    free = pattern(q, fit.correlated)
    return np.asarray(directions(factor(fit.at.theta, q, free), free)[0])


def theta_gradient(fit: LmmFit) -> Array:
    """J = d beta_hat / d theta in data units for beta and scaled units for theta, (p, m)."""
    free = pattern(fit.products.q, fit.correlated)
    return np.asarray(fit.scaling.y_scale * (fit.scaling.x_inverse @ beta_response(fit.at, free)[0]))


def theta_covariance(fit: LmmFit) -> Array | None:
    """Var(theta) = 2 H^-1 (m, m) of the profiled deviance; ``None`` where H is not positive definite."""
    hessian = fit.at.hessian[0]
    values = np.linalg.eigvalsh(hessian)
    if not values[0] > 1e-9 * max(values[-1], 1e-300):
        return None
    # The deviance is minus twice the log-likelihood: its curvature is twice the information.
    return 2.0 * np.linalg.inv(hessian)


def fixed_covariance(fit: LmmFit) -> FixedCovariance:
    """Full-information covariance where it exists, GLS otherwise, with Satterthwaite df; CR2 over clusters."""
    if fit.design.cluster is not None:
        return _cluster_covariance(fit, fit.design.cluster)
    return model_covariance(fit)


def degrees_of_freedom(fit: LmmFit, contrasts: Array) -> Array:
    """Df of each contrast c'beta, contrasts (k, p), (k,): Satterthwaite's, over clusters where there are any."""
    if fit.design.cluster is None:
        return satterthwaite(fit, contrasts)
    return _cluster_df(fit, by_cluster(fit, fit.design.cluster), contrasts)


def model_covariance(fit: LmmFit) -> FixedCovariance:
    """The covariance that the model implies, groups independent."""
    spread = theta_covariance(fit)
    df = _satterthwaite_of_columns(fit)
    if spread is None:
        return FixedCovariance(values=fit.cov_gls, kind="gls", df=df)
    # The block of beta in the inverse of the joint Hessian: what theta leaves open comes in along d beta / d theta.
    jacobian = theta_gradient(fit)
    values = fit.cov_gls + jacobian @ spread @ jacobian.T
    return FixedCovariance(values=0.5 * (values + values.T), kind="full-information", df=df)


def _satterthwaite_of_columns(fit: LmmFit) -> Array:
    """Df of every fixed effect, (p,); of hundreds of period effects, which nobody reads, only that they are many."""
    design, every = fit.design, np.eye(len(fit.beta))
    if design.period is None or len(every) <= MANY:
        return satterthwaite(fit, every)
    df = np.full(len(every), np.inf)
    read = np.setdiff1d(np.arange(len(every)), design.period_at + np.arange(int(design.period.max())))
    df[read] = satterthwaite(fit, every[read])
    return df


def satterthwaite(fit: LmmFit, contrasts: Array) -> Array:
    """Satterthwaite degrees of freedom of each contrast c'beta; contrasts (k, p), returns (k,).

    The Hessian in (theta, log sigma) of D = h(theta) + N 2 log sigma + r2(theta)/sigma^2 follows from the
    profiled one: D_tt = H_profiled + g_r g_r'/N, D_t,ls = -2 g_r, D_ls,ls = 4 N, with g_r = N d log r2/d theta.
    Directions without positive curvature (a boundary) are left out, as lmerTest does.
    """
    p = fit.products.p
    at = fit.at
    moved = _theta_directions(fit)
    weight = fit.degrees / at.r2[0]
    # N d log r2 / d theta_k, with d r2 / dS = -sum u_i u_i'.
    pull = -weight * np.einsum("kab,ga,gb->k", moved, at.u_i[0], at.u_i[0])
    m = len(pull)
    hessian = np.empty((m + 1, m + 1))
    # Profiling sigma out took g_r g_r'/N away from the curvature in theta; here sigma is a parameter again.
    hessian[:m, :m] = at.hessian[0] + np.outer(pull, pull) / fit.degrees
    hessian[:m, m] = hessian[m, :m] = -2.0 * pull
    hessian[m, m] = 4.0 * fit.degrees
    values, vectors = np.linalg.eigh(hessian)
    # A direction without curvature has no variance to give: an eigenvalue of noise would give an infinite one.
    kept = values > 1e-8 * values[-1]
    w = 2.0 * (vectors[:, kept] / values[kept]) @ vectors[:, kept].T
    inverse = np.linalg.inv(at.a[0, :p, :p])
    back = (contrasts @ fit.scaling.x_inverse) @ inverse
    # d Var(c'beta)/d theta_k = sum_i (Z_i'V^-1X b)' dS_k (Z_i'V^-1X b), b = (X'V^-1X)^-1 c: no (p, p, m) array is made.
    q_x = at.q_i[0, :, :, :p] @ back.T
    f = fit.sigma2 * np.einsum("kp,pr,kr->k", back, at.a[0, :p, :p], back)
    slope = np.empty((len(contrasts), m + 1))
    slope[:, :m] = fit.sigma2 * np.einsum("gak,mab,gbk->km", q_x, moved, q_x)
    # The variance of a contrast is sigma² times what theta makes of it: in log sigma its slope is twice itself.
    slope[:, m] = 2.0 * f
    denominator = np.einsum("ki,ij,kj->k", slope, w, slope)
    # Satterthwaite (1946): df = 2 f² / Var(f), with f the contrast's variance and Var(f) = g'Wg by the delta method
    # (Kuznetsova, Brockhoff and Christensen 2017, J. Stat. Softw. 82(13)).
    return np.asarray(2.0 * f**2 / denominator)


def by_cluster(fit: LmmFit, cluster: Index) -> Array:
    """Each cluster's share of [X y]'V^-1[X y] in scaled columns, (H, p+1, p+1)."""
    rows, _, _ = scaled_columns(fit.design, correlated=fit.correlated, centre=fit.scaling.offset)
    blocks = own_blocks(fit, rows, np.arange(fit.design.groups))
    f = fit.at.half[0, :, :, fit.products.q :]
    blocks += f.transpose(0, 2, 1) @ f
    out = np.zeros((fit.design.independent, *blocks.shape[1:]))
    np.add.at(out, cluster, blocks)
    return out


def _spectra(fit: LmmFit, blocks: Array) -> tuple[Array, Array, Array]:
    """L (p, p) of X'V^-1X = L L', and eigenvalues (H, p) and vectors (H, p, p) of L^-1 C_h L^-T."""
    p = fit.products.p
    lower = np.linalg.cholesky(fit.at.a[0, :p, :p])
    inverse = np.linalg.inv(lower)
    values, vectors = np.linalg.eigh(inverse @ blocks[:, :p, :p] @ inverse.T)
    return np.asarray(lower), np.asarray(np.clip(values, 0.0, 1.0)), np.asarray(vectors)


def _cluster_covariance(fit: LmmFit, cluster: Index) -> FixedCovariance:
    p = fit.products.p
    blocks = by_cluster(fit, cluster)
    lower, values, vectors = _spectra(fit, blocks)
    score = blocks[:, :p, p] - blocks[:, :p, :p] @ fit.at.beta[0]
    turned = np.einsum("hip,hi->hp", vectors, np.linalg.solve(lower, score.T).T)
    adjusted = np.einsum("hip,hp->hi", vectors, turned * _reduced(values, 0.5))
    share = fit.scaling.y_scale * np.linalg.solve(lower.T, adjusted.T).T @ fit.scaling.x_inverse.T
    share = share + _through_theta(fit, cluster, blocks)
    df = _cluster_df(fit, blocks, np.eye(p))
    return FixedCovariance(values=share.T @ share, kind="territory", df=df)


def _reduced(values: Array, power: float) -> Array:
    """(1 - K)^-power of eigenvalues of K; zero in directions of which one cluster alone tells."""
    left = 1.0 - values
    return np.where(left > LEVERAGE, np.maximum(left, LEVERAGE) ** -power, 0.0)


def _cluster_df(fit: LmmFit, blocks: Array, contrasts: Array) -> Array:
    lower, values, vectors = _spectra(fit, blocks)
    moved = np.linalg.solve(lower, fit.scaling.x_inverse.T @ contrasts.T)
    turned = np.einsum("hip,ik->hpk", vectors, moved)
    own = np.einsum("hp,hpk->kh", values * _reduced(values, 1.0), turned**2)
    b = np.einsum("hip,hpk->khi", vectors, (values * _reduced(values, 0.5))[:, :, None] * turned)
    gram = -(b @ b.transpose(0, 2, 1))
    every = np.arange(gram.shape[1])
    gram[:, every, every] += own
    whole, spread = np.einsum("khh->k", gram), np.sum(gram**2, axis=(1, 2))
    return np.asarray(np.maximum(whole**2 / np.maximum(spread, 1e-300), 1.0))


def _through_theta(fit: LmmFit, cluster: Index, blocks: Array) -> Array:
    """Each cluster's share in what theta_hat leaves open, carried to beta, (H, p); zero where theta is at a bound."""
    p, at = fit.products.p, fit.at
    count = len(blocks)
    if theta_covariance(fit) is None:
        return np.zeros((count, p))
    root = at.half[0, :, :, : fit.products.q]
    turned, weight = root.transpose(0, 2, 1), fit.degrees / at.r2[0]
    score = turned @ root - weight * at.u_i[0][:, :, None] * at.u_i[0][:, None, :]
    if fit.method == "REML":
        q_x = at.q_i[0, :, :, :p]
        score = score - q_x @ np.linalg.solve(at.a[0, :p, :p], q_x.transpose(0, 2, 1))
    moved = _theta_directions(fit)
    slope = np.zeros((count, len(moved)))
    np.add.at(slope, cluster, np.einsum("kab,gab->gk", moved, score))
    # Sigma is profiled out: what a cluster says of it moves theta as well (D_t,ls and D_ls,ls of `satterthwaite`).
    residual = np.append(-at.beta[0], 1.0)
    rows = np.bincount(cluster[fit.design.group], minlength=count) * fit.degrees / len(fit.design.y)
    pull = -weight * np.einsum("kab,ga,gb->k", moved, at.u_i[0], at.u_i[0])
    slope += np.outer(rows - weight * np.einsum("i,hij,j->h", residual, blocks, residual), pull) / fit.degrees
    share = -np.linalg.solve(at.hessian[0], slope.T).T
    return np.asarray(np.sqrt(count / (count - 1)) * share @ theta_gradient(fit).T)


def coefficient_rows(
    names: tuple[str, ...],
    beta: Array,
    covariance: FixedCovariance,
    cov_gls: Array | None,
    column_sd: Array,
    confidence: float,
) -> tuple[FixedEffect, ...]:
    """The coefficient table: t statistics, p-values and intervals on the given df."""
    se = np.sqrt(np.maximum(np.diag(covariance.values), 0.0))
    gls = np.sqrt(np.diag(cov_gls)) if cov_gls is not None else np.full(len(beta), np.nan)
    quantile = student.ppf(0.5 + confidence / 2.0, covariance.df)
    with np.errstate(divide="ignore", invalid="ignore"):
        statistic = beta / se
    p_value = 2.0 * student.sf(np.abs(statistic), covariance.df)
    return tuple(
        FixedEffect(
            term=name,
            estimate=float(beta[k]),
            se=_number(se[k]),
            se_gls=_number(gls[k]),
            df=_number(covariance.df[k]),
            statistic=_number(statistic[k]),
            p=_number(p_value[k]),
            lower=_number(beta[k] - quantile[k] * se[k]),
            upper=_number(beta[k] + quantile[k] * se[k]),
            column_sd=_number(column_sd[k]),
        )
        for k, name in enumerate(names)
    )


def _number(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
