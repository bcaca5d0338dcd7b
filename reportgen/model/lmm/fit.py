"""One linear mixed model, fitted and certified: from a design to estimates in data units.

Two starts are searched, five where they disagree; the best is kept and its first-order conditions are checked
(:mod:`reportgen.model.lmm.reml`). Tests, intervals and degrees of freedom are ``inference.py``,
conditional modes and fitted values ``modes.py``, the comparison with statsmodels ``mixedlm.py``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from reportgen.model.lmm.crossproducts import Array, CrossProducts, Design, Scaling, cross_products
from reportgen.model.lmm.deviance import Evaluation, evaluate, factor, pattern
from reportgen.model.lmm.reml import Optimum, joined, minimise, starts
from reportgen.results import Attempt

Method = Literal["REML", "ML"]
Rung = Literal["correlated", "uncorrelated", "intercept"]

SINGULAR_DIAGONAL = 1e-4
SINGULAR_CORRELATION = 0.9999
START_TOLERANCE = 1e-6
START_NAMES = ("moment", "narrow", "between", "near-zero", "wide")
LARGE_RELATIVE_SD = 1e3
LARGE_CENTRE_GAP = 1e5
"""Relative SD, and squares explained beyond least squares, past which the cross-products are made again at beta."""
LOG_2PI = float(np.log(2.0 * np.pi))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LmmFit:
    """A fitted model in the units of the data.

    Attributes
    ----------
    beta
        Fixed effects, (p,).
    cov_gls
        (X'V^-1X)^-1, (p, p): the covariance lme4 prints.
    sigma2
        Residual variance.
    psi
        Covariance of the random effects, (q, q).
    lower
        Cholesky factor of psi / sigma2 in data units, (q, q), lower triangular.
    loglik
        Log-likelihood (ML) or restricted log-likelihood (REML), with statsmodels' constants.
    kkt, start_gap
        Certificate: gain in deviance the first-order conditions still allow; difference in
        log-likelihood between the best search and the next best, from another start.
    at
        The evaluation at the optimum, in scaled columns.
    """

    design: Design
    method: Method
    rung: Rung
    products: CrossProducts
    scaling: Scaling
    at: Evaluation
    beta: Array
    cov_gls: Array
    sigma2: float
    psi: Array
    lower: Array
    loglik: float
    kkt: float
    start_gap: float
    iterations: int
    converged: bool
    attempts: tuple[Attempt, ...] = field(default=())

    @property
    def correlated(self) -> bool:
        """Whether the random effects may be correlated."""
        return self.rung != "uncorrelated"

    @property
    def degrees(self) -> int:
        """Divisor of the residual variance: n - p under REML, n under ML."""
        n, p = self.design.x.shape
        return int(n - p if self.method == "REML" else n)

    @property
    def relative_s(self) -> Array:
        """Psi / sigma^2 in scaled random-effect columns, (q, q)."""
        scaled = self.scaled_lower
        return np.asarray(scaled @ scaled.T)

    @property
    def scaled_lower(self) -> Array:
        """Cholesky factor of :attr:`relative_s`."""
        q = self.products.q
        return np.asarray(factor(self.at.theta, q, pattern(q, self.correlated))[0])

    @property
    def theta(self) -> Array:
        """Lower triangle of ``lower`` column by column: lme4's theta."""
        rows, columns = pattern(len(self.lower), self.correlated)
        return self.lower[rows, columns]

    @property
    def singular(self) -> bool:
        """Whether a random-effect direction has no variance, or two effects are perfectly correlated."""
        diagonal = np.abs(np.diag(self.scaled_lower))
        if diagonal.min() < SINGULAR_DIAGONAL:
            return True
        sd = np.sqrt(np.diag(self.psi))
        correlation = self.psi / np.outer(sd, sd)
        off = correlation[~np.eye(len(sd), dtype=bool)]
        return bool(np.any(np.abs(off) > SINGULAR_CORRELATION)) if off.size else False

    @property
    def digits_lost(self) -> bool:
        """Whether the cross-products around least squares are too coarse for this optimum."""
        p = self.products.p
        return bool(
            np.max(np.abs(self.at.theta)) > LARGE_RELATIVE_SD or self.at.a[0, p, p] > LARGE_CENTRE_GAP * self.at.r2[0]
        )

    @property
    def certified(self) -> bool:
        """Optimality conditions hold and the two starts agree."""
        return self.converged and self.start_gap < START_TOLERANCE


def full_loglik(deviance: Array, n: Array, p: int, scaling: Scaling, *, reml: bool) -> Array:
    """Log-likelihood with all constants, from the deviance in scaled columns, (B,)."""
    degrees = n - p if reml else n
    constant = degrees * (1.0 + LOG_2PI - np.log(degrees) + 2.0 * np.log(scaling.y_scale))
    volume = 2.0 * scaling.x_logdet if reml else 0.0
    return np.asarray(-0.5 * (deviance + constant + volume))


def fit_lmm(design: Design, *, method: Method = "REML", rung: Rung = "correlated") -> LmmFit:
    """Fit one design from two starts; from three more where they find different optima.

    With lagged sales the likelihood often has two: little variance between pharmacies and much
    persistence, or the reverse. The further starts lie between and outside the first two, so the
    better optimum is confirmed by another search or the fit is not certified.

    Raises
    ------
    RankDeficient, NoResidualVariation
        The fixed columns cannot be fitted.
    """
    correlated = rung != "uncorrelated"
    products, scaling = cross_products(design, correlated=correlated)
    reml = method == "REML"
    wide, narrow = starts(products, correlated=correlated)
    twice = products.take(np.zeros(2, dtype=np.intp))
    found = minimise(twice, np.concatenate([wide, narrow]), reml=reml, correlated=correlated)
    if not abs(found.deviance[0] - found.deviance[1]) < 2.0 * START_TOLERANCE:
        more = np.concatenate([10.0 * narrow, 0.3 * narrow, 1.5 * wide])
        thrice = products.take(np.zeros(3, dtype=np.intp))
        found = joined(found, minimise(thrice, more, reml=reml, correlated=correlated))
    fit = assemble(design, products, scaling, found, method=method, rung=rung)
    if not (np.isfinite(fit.loglik) and fit.digits_lost):
        return fit
    products, scaling = cross_products(design, correlated=correlated, centre=fit.beta)
    order = np.argsort(found.deviance)[:2]
    twice = products.take(np.zeros(2, dtype=np.intp))
    again = minimise(twice, found.theta[order], reml=reml, correlated=correlated)
    return assemble(design, products, scaling, again, method=method, rung=rung)


def assemble(
    design: Design,
    products: CrossProducts,
    scaling: Scaling,
    searches: Optimum,
    *,
    method: Method,
    rung: Rung,
) -> LmmFit:
    """Build the fit in data units from the searches of one problem, one per start in ``START_NAMES``."""
    reml = method == "REML"
    best = searches.take([int(np.argmin(searches.deviance))])
    q = products.q
    free = pattern(q, rung != "uncorrelated")
    at = evaluate(products, best.theta, free, reml=reml)
    n, p = design.x.shape
    degrees = n - p if reml else n
    relative = float(at.r2[0]) / degrees
    sigma2 = relative * scaling.y_scale**2
    inverse = np.linalg.inv(at.a[0, :p, :p])
    scaled_lower = factor(best.theta, q, free)[0]
    root = scaling.z_inverse @ scaled_lower
    psi = sigma2 * (root @ root.T)
    logliks = full_loglik(searches.deviance, products.n, p, scaling, reml=reml)
    ranked = np.sort(logliks)[::-1]
    attempts = tuple(
        Attempt(
            rung=rung,
            start=name,
            loglik=float(value) if np.isfinite(value) else None,
            iterations=int(count),
            converged=bool(done),
        )
        for name, value, count, done in zip(START_NAMES, logliks, searches.iterations, searches.converged, strict=False)
    )
    return LmmFit(
        design=design,
        method=method,
        rung=rung,
        products=products,
        scaling=scaling,
        at=at,
        beta=scaling.offset + scaling.y_scale * (scaling.x_inverse @ at.beta[0]),
        cov_gls=sigma2 * (scaling.x_inverse @ inverse @ scaling.x_inverse.T),
        sigma2=sigma2,
        psi=0.5 * (psi + psi.T),
        lower=_lower_triangular(root),
        loglik=float(ranked[0]),
        kkt=float(best.kkt[0]),
        start_gap=float(ranked[0] - ranked[1]) if len(ranked) > 1 else 0.0,
        iterations=int(np.sum(searches.iterations)),
        converged=bool(best.converged[0]),
        attempts=attempts,
    )


def _lower_triangular(root: Array) -> Array:
    """Lower-triangular L with L L' = root root', non-negative diagonal."""
    lower = np.asarray(np.linalg.qr(root.T, mode="r"), dtype=np.float64).T
    return lower * np.where(np.diag(lower) < 0.0, -1.0, 1.0)
