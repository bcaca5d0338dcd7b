"""The same coefficients by other estimators on the same rows: within-pharmacy, pooled OLS.

Within-pharmacy (fixed effects): columns demeaned by pharmacy, least squares, SE clustered by
pharmacy with the small-sample factor G/(G-1) (n-1)/(n-k) and t on G-1 df (Arellano 1987). With
lagged sales it is biased of order 1/T (Nickell 1981), downwards where the plain model is
biased upwards, so the two bracket the corrected estimate. Pooled OLS carries classical SE:
what ignoring the pharmacies would have printed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from reportgen.model.lmm.columns import RANK_TOLERANCE, Array, Design, RankDeficient
from reportgen.model.lmm.inference import FixedCovariance, StandardError


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LeastSquares:
    """Least-squares fit: names (k), beta (k,), covariance (k, k) with its kind and df, residuals (n,)."""

    names: tuple[str, ...]
    beta: Array
    covariance: FixedCovariance
    residuals: Array
    sigma2: float


def _solve(x: Array, y: Array) -> tuple[Array, Array, Array] | None:
    """Least squares by QR on unit-norm columns: beta (k,), (X'X)^-1 (k, k), residuals (n,); None if rank is lacking."""
    norms = np.sqrt(np.sum(x**2, axis=0))
    q, r = np.linalg.qr(x / norms)
    if len(r) < x.shape[1] or np.min(np.abs(np.diag(r))) < RANK_TOLERANCE:
        return None
    # X = Q R N with the norms on N's diagonal: beta = N^-1 R^-1 Q'y and (X'X)^-1 = N^-1 R^-1 R^-T N^-1.
    inverse = np.linalg.inv(r)
    beta = inverse @ (q.T @ y) / norms
    return beta, (inverse @ inverse.T) / np.outer(norms, norms), y - x @ beta


def _cluster_covariance(x: Array, bread: Array, residuals: Array, design: Design) -> Array:
    """Sandwich clustered by pharmacy, or by the clusters of pharmacies."""
    n, k = x.shape
    scores = np.add.reduceat(x * residuals[:, None], design.starts(), axis=0)
    if design.cluster is not None:
        together = np.zeros((design.independent, k))
        np.add.at(together, design.cluster, scores)
        scores = together
    groups = len(scores)
    # Means of the pharmacies that were taken out cost no degrees of freedom here: they are nested in the clusters
    # (Cameron and Miller 2015, J. Hum. Resour. 50).
    factor = groups / (groups - 1) * (n - 1) / (n - k)
    return np.asarray(factor * bread @ (scores.T @ scores) @ bread)


def within_estimate(design: Design) -> LeastSquares | None:
    """Fixed-effect (within-pharmacy) estimate of the columns that vary within pharmacies; ``None`` if impossible."""
    starts = design.starts()
    sizes = np.bincount(design.group, minlength=design.groups)
    both = np.column_stack([design.x, design.y])
    centred = both - (np.add.reduceat(both, starts, axis=0) / sizes[:, None])[design.group]
    spread = np.sqrt(np.mean(centred**2, axis=0))
    scale = np.sqrt(np.mean(both**2, axis=0))
    # What is constant within pharmacies (the intercept, first sales, mean promotion) went with their means. It is left
    # out, not refused: the other coefficients are what the within estimate is for.
    kept = [k for k in range(design.x.shape[1]) if spread[k] > 1e-9 * max(scale[k], 1e-300)]
    n, x = len(design.y), centred[:, kept]
    solved = _solve(x, centred[:, -1]) if kept and n - design.groups - len(kept) >= 1 else None
    if solved is None:
        return None
    beta, bread, residuals = solved
    values = _cluster_covariance(x, bread, residuals, design)
    df = np.full(len(kept), design.independent - 1.0)
    return LeastSquares(
        names=tuple(design.names[k] for k in kept),
        beta=beta,
        covariance=FixedCovariance(values=values, kind="cluster", df=df),
        residuals=residuals,
        sigma2=float(residuals @ residuals) / (n - design.groups - len(kept)),
    )


def pooled_estimate(design: Design, *, clustered: bool = False) -> LeastSquares:
    """Ordinary least squares ignoring the pharmacies, with classical or pharmacy-clustered covariance."""
    n, p = design.x.shape
    solved = _solve(design.x, design.y)
    if solved is None:
        raise RankDeficient(p - 1)
    beta, bread, residuals = solved
    sigma2 = float(residuals @ residuals) / (n - p)
    if clustered:
        values = _cluster_covariance(design.x, bread, residuals, design)
        kind: StandardError = "cluster" if design.cluster is None else "territory"
        covariance = FixedCovariance(values=values, kind=kind, df=np.full(p, design.independent - 1.0))
    else:
        covariance = FixedCovariance(values=sigma2 * bread, kind="gls", df=np.full(p, float(n - p)))
    return LeastSquares(names=design.names, beta=beta, covariance=covariance, residuals=residuals, sigma2=sigma2)
