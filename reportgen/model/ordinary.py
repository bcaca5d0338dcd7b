"""Ordinary regression on the same rows: what ignoring the pharmacies would have said."""

from __future__ import annotations

import numpy as np

from reportgen.model.checks.residuals import check_normality, check_scale_location
from reportgen.model.effects.incremental import recursion_totals
from reportgen.model.lmm.least_squares import LeastSquares, pooled_estimate
from reportgen.model.market.fit import MarketFit
from reportgen.model.market.terms import CORRECTION_ROLES, market_design
from reportgen.results import CheckStatus, OlsAssumption, OlsTerm, OrdinaryRegression, SlopeTest

DEPENDENCE_LIMIT = 0.05
"""Share of residual variance between pharmacies from which classical SE mislead (design effect, Kish 1965)."""


def ordinary_regression(market: MarketFit, test: SlopeTest | None, incremental: float | None) -> OrdinaryRegression:
    """Pooled least squares of the mixed model's terms without the correction against the mixed model.

    Parameters
    ----------
    incremental
        Incremental sales of the mixed model, money, for the gap.
    """
    terms = market.terms.keep(lambda column: column.role not in (*CORRECTION_ROLES, "initial-trend"))
    design = market_design(market.frame, terms, market.decays)
    ols = pooled_estimate(design)
    se = np.sqrt(np.diag(ols.covariance.values))
    mixed_se = np.sqrt(np.diag(market.covariance.values))
    rows = tuple(
        OlsTerm(
            term=name,
            ols=float(ols.beta[k]),
            ols_se=float(se[k]),
            mixed=float(market.fit.beta[market.index(name)]),
            mixed_se=float(mixed_se[market.index(name)]),
        )
        for k, name in enumerate(ols.names[: len(terms.read)])
    )
    n = len(design.y)
    # Of least squares at its own ML variance, residual squares over n: comparable with the mixed model's ML likelihood.
    loglik = -0.5 * n * (1.0 + np.log(2.0 * np.pi) + np.log(ols.sigma2 * (n - len(ols.beta)) / n))
    first = rows[1]
    return OrdinaryRegression(
        terms=rows,
        assumptions=_assumptions(ols, design.x @ ols.beta, design.group, test),
        loglik_ml=float(loglik),
        se_ratio=first.mixed_se / first.ols_se if first.mixed_se is not None and first.ols_se > 0.0 else None,
        incremental_gap=None if incremental is None else _incremental(market, ols) - incremental,
    )


def _assumptions(
    ols: LeastSquares, fitted: np.ndarray, group: np.ndarray, test: SlopeTest | None
) -> tuple[OlsAssumption, ...]:
    share = between_share(ols.residuals, group)
    dependence: CheckStatus = (
        "fail" if share > 2 * DEPENDENCE_LIMIT else "review" if share > DEPENDENCE_LIMIT else "pass"
    )
    p = test.p if test is not None else None
    equal: CheckStatus = "not-run" if p is None else "fail" if p < 0.01 else "review" if p < 0.05 else "pass"
    spread = check_scale_location(fitted, ols.residuals)
    normal = check_normality(ols.residuals)
    return (
        OlsAssumption(id="independence", status=dependence, value=share, threshold=DEPENDENCE_LIMIT),
        OlsAssumption(id="equal-effects", status=equal, value=p, threshold=0.05),
        OlsAssumption(id="constant-variance", status=spread.status, value=spread.value, threshold=spread.threshold),
        OlsAssumption(id="normality", status=normal.status, value=normal.value, threshold=normal.threshold),
    )


def between_share(residuals: np.ndarray, group: np.ndarray) -> float:
    """Intraclass correlation of residuals by one-way analysis of variance, 0 where negative."""
    sizes = np.bincount(group)
    sizes = sizes[sizes > 0]
    groups, n = len(sizes), len(residuals)
    if groups < 2 or n <= groups:
        return 0.0
    means = np.bincount(group, weights=residuals)[np.bincount(group) > 0] / sizes
    total = float(np.sum((residuals - residuals.mean()) ** 2))
    between = float(np.sum(sizes * (means - residuals.mean()) ** 2))
    within_ms, between_ms = (total - between) / (n - groups), between / (groups - 1)
    # The group size n0 of unequal groups (Snedecor and Cochran 1989).
    typical = (n - float(np.sum(sizes.astype(float) ** 2)) / n) / (groups - 1)
    component = max(0.0, (between_ms - within_ms) / typical)
    return min(1.0, component / (component + within_ms)) if component + within_ms > 0.0 else 0.0


def _incremental(market: MarketFit, ols: LeastSquares) -> float:
    frame = market.frame
    slopes = np.array([ols.beta[ols.names.index(term)] for term in market.terms.promotion])
    totals = recursion_totals(
        used=frame.used[frame.grid_rows],
        sales=frame.panel.sales[frame.grid_rows],
        promotion=frame.panel.promotion[:, frame.grid_rows],
        # Every pharmacy has the same slope: that is what least squares assumes.
        slopes=np.repeat(slopes[:, None], len(frame.pharmacies), axis=1),
        phi=np.array([ols.beta[ols.names.index(term)] for term in market.terms.lags]),
        lags=market.terms.lag_periods,
        response=frame.scale,
        sizes=frame.sizes,
        decay=np.array(market.decays),
        normalize=frame.normalize,
        curves=frame.curves,
        before=frame.before() if frame.curves else None,
    )
    return float(totals.total[0])
