"""One linear mixed model, fitted and certified: from a design to estimates in data units.

The search is global (:mod:`reportgen.model.lmm.search`); the best optimum is kept with its first-order conditions
(:mod:`reportgen.model.lmm.reml`), and other optima beside it. Tests, intervals and degrees of freedom are
``inference.py``, conditional modes and fitted values ``modes.py``, the comparison with statsmodels ``mixedlm.py``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from reportgen.model.lmm.columns import Array, Design, Scaling
from reportgen.model.lmm.crossproducts import CrossProducts, cross_products
from reportgen.model.lmm.deviance import Evaluation, evaluate, factor, pattern
from reportgen.model.lmm.reml import Optimum, minimise
from reportgen.model.lmm.search import Searches, distinct, minimise_from, search
from reportgen.results import Attempt

Method = Literal["REML", "ML"]
Rung = Literal["correlated", "uncorrelated", "intercept"]

SINGULAR_DIAGONAL = 1e-4
SINGULAR_CORRELATION = 0.9999
LARGE_RELATIVE_SD = 1e3
LARGE_CENTRE_GAP = 1e5
"""Relative SD, and squares explained beyond least squares, past which the cross-products are made again at beta."""
LOG_2PI = float(np.log(2.0 * np.pi))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LocalOptimum:
    """One of the optima of a likelihood, in the units of the data: ``beta`` (p,), ``psi`` (q, q), scaled ``theta``."""

    loglik: float
    beta: Array
    psi: Array
    sigma2: float
    theta: Array


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
    kkt
        Certificate: gain in deviance the first-order conditions still allow.
    optima
        All distinct optima that the search found, the best (this fit) first.
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
    optima: tuple[LocalOptimum, ...]
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
        """First-order conditions hold at the best optimum of a global search, and there is something to estimate.

        One group alone has no variance between groups, and with no more rows than random effects that variance and
        the residual's cannot be told apart, whatever the likelihood says.
        """
        return self.converged and self.design.groups > 1 and len(self.design.y) > self.products.q * self.design.groups


def full_loglik(deviance: Array, n: Array, p: int, scaling: Scaling, *, reml: bool) -> Array:
    """Log-likelihood with all constants, from the deviance in scaled columns, (B,)."""
    degrees = n - p if reml else n
    constant = degrees * (1.0 + LOG_2PI - np.log(degrees) + 2.0 * np.log(scaling.y_scale))
    # log|X'V^-1 X| of the data's own columns is that of the orthonormal ones and 2 log|R|; without it REML fits of two
    # designs would not even be comparable with another program's.
    volume = 2.0 * scaling.x_logdet if reml else 0.0
    return np.asarray(-0.5 * (deviance + constant + volume))


def fit_lmm(
    design: Design, *, method: Method = "REML", rung: Rung = "correlated", near: LmmFit | None = None
) -> LmmFit:
    """Fit one design: the best optimum of a global search.

    Parameters
    ----------
    near
        A fit of nearly the same rows and columns, found by a global search, with the same random effects: all its
        optima are followed to those of ``design`` instead of a search anew. For comparisons, whose estimates are
        not printed as a market's own.

    Raises
    ------
    RankDeficient, NoResidualVariation
        The fixed columns cannot be fitted.
    """
    correlated = rung != "uncorrelated"
    products, scaling = cross_products(design, correlated=correlated)
    reml = method == "REML"
    searched = None if near is None else _followed(products, near, reml=reml, correlated=correlated)
    searched = searched or search(products, reml=reml, correlated=correlated)
    fit = assemble(design, products, scaling, searched.found, method=method, rung=rung, names=searched.names)
    # There r2 is a small difference of large squares. Taken around beta, in a second pass over the rows, the squares
    # are small from the start; all optima are finished there.
    if not (np.isfinite(fit.loglik) and fit.digits_lost):
        return fit
    products, scaling = cross_products(design, correlated=correlated, centre=fit.beta)
    seeds = np.stack([other.theta for other in fit.optima] or [fit.at.theta[0]])
    many = products.take(np.zeros(len(seeds), dtype=np.intp))
    again = minimise(many, seeds, reml=reml, correlated=correlated)
    return assemble(design, products, scaling, again, method=method, rung=rung, names=("again",) * len(seeds))


def _followed(products: CrossProducts, near: LmmFit, *, reml: bool, correlated: bool) -> Searches | None:
    """Searches from the optima of another fit; None where one of them leads nowhere."""
    thetas = np.array([other.theta for other in near.optima])
    if not thetas.size or thetas.shape[1] != len(pattern(products.q, correlated)[0]):
        return None
    searches = minimise_from(products, thetas, reml=reml, correlated=correlated)
    return searches if searches.found.converged.all() else None


def assemble(
    design: Design,
    products: CrossProducts,
    scaling: Scaling,
    searches: Optimum,
    *,
    method: Method,
    rung: Rung,
    names: tuple[str, ...] = (),
) -> LmmFit:
    """Build the fit in data units from the searches of one problem; ``names`` are their starts."""
    reml = method == "REML"
    best = searches.take([int(np.nanargmin(np.where(np.isnan(searches.deviance), np.inf, searches.deviance)))])
    q = products.q
    free = pattern(q, rung != "uncorrelated")
    at = evaluate(products, best.theta, free, reml=reml)
    n, p = design.x.shape
    degrees = n - p if reml else n
    relative = float(at.r2[0]) / degrees
    sigma2 = relative * scaling.y_scale**2
    inverse = np.linalg.inv(at.a[0, :p, :p])
    scaled_lower = factor(best.theta, q, free)[0]
    # Zs = Z T^-1, so b = T^-1 bs: T^-1 L is a root of Psi / sigma² in data units, though no triangular one.
    root = scaling.z_inverse @ scaled_lower
    psi = sigma2 * (root @ root.T)
    logliks = full_loglik(searches.deviance, products.n, p, scaling, reml=reml)
    attempts = tuple(
        Attempt(
            rung=rung,
            start=name,
            loglik=float(value) if np.isfinite(value) else None,
            iterations=int(count),
            converged=bool(done),
        )
        for name, value, count, done in zip(
            names or ("seed",) * len(logliks), logliks, searches.iterations, searches.converged, strict=True
        )
    )
    return LmmFit(
        design=design,
        method=method,
        rung=rung,
        products=products,
        scaling=scaling,
        at=at,
        # y = X offset + y_scale ys, and ys is fitted in Xs = X R^-1.
        beta=scaling.offset + scaling.y_scale * (scaling.x_inverse @ at.beta[0]),
        cov_gls=sigma2 * (scaling.x_inverse @ inverse @ scaling.x_inverse.T),
        sigma2=sigma2,
        psi=0.5 * (psi + psi.T),
        lower=_lower_triangular(root),
        loglik=float(full_loglik(at.deviance, products.n, p, scaling, reml=reml)[0]),
        kkt=float(best.kkt[0]),
        optima=_optima(products, scaling, at, searches.take(distinct(searches)), method=method, rung=rung),
        iterations=int(np.sum(searches.iterations)),
        converged=bool(best.converged[0]),
        attempts=attempts,
    )


def _optima(
    products: CrossProducts, scaling: Scaling, best: Evaluation, found: Optimum, *, method: Method, rung: Rung
) -> tuple[LocalOptimum, ...]:
    """Every optimum of ``found`` in data units; ``best`` is the evaluation at the first of them."""
    count, q, p = len(found.theta), products.q, products.p
    reml = method == "REML"
    many = products.take(np.zeros(count, dtype=np.intp))
    free = pattern(q, rung != "uncorrelated")
    at = best if np.array_equal(best.theta, found.theta) else evaluate(many, found.theta, free, reml=reml)
    degrees = many.n - p if reml else many.n
    sigma2 = at.r2 / degrees * scaling.y_scale**2
    root = scaling.z_inverse @ factor(found.theta, q, free)
    psi = sigma2[:, None, None] * (root @ root.transpose(0, 2, 1))
    beta = scaling.offset + scaling.y_scale * at.beta @ scaling.x_inverse.T
    loglik = full_loglik(at.deviance, many.n, p, scaling, reml=reml)
    return tuple(
        LocalOptimum(loglik=float(loglik[k]), beta=beta[k], psi=psi[k], sigma2=float(sigma2[k]), theta=found.theta[k])
        for k in range(count)
    )


def _lower_triangular(root: Array) -> Array:
    """Lower-triangular L with L L' = root root', non-negative diagonal."""
    lower = np.asarray(np.linalg.qr(root.T, mode="r"), dtype=np.float64).T
    return lower * np.where(np.diag(lower) < 0.0, -1.0, 1.0)
