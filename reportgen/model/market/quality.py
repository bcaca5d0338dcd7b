"""How much the model explains: variances, correlations, ICC, R², information criteria, slope test."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.stats import chi2

from reportgen.model.lmm.columns import Array, Design
from reportgen.model.lmm.fit import LmmFit, Rung, fit_lmm
from reportgen.model.lmm.variance_intervals import Bounds, VarianceIntervals
from reportgen.model.market.calendar import TREND
from reportgen.model.market.fit import MarketFit
from reportgen.results import CorrelationRow, RSquared, SlopeTest, VarianceRow


def fixed_variance(design: Design, beta: Array) -> float:
    """Variance of X beta over rows (n - 1 divisor), response units squared."""
    return float(np.var(design.x @ beta, ddof=1))


def random_variance(design: Design, psi: Array) -> float:
    """Mean of z' Psi z over rows: the variance random effects add on average (Johnson 2014)."""
    return float(np.einsum("ni,ij,nj->", design.z, psi, design.z)) / len(design.z)


def r_squared(market: MarketFit) -> RSquared:
    """Marginal and conditional R² with random slopes (Johnson 2014, Methods Ecol. Evol. 5(9)), and promotion's part.

    Promotion's part is the loss of marginal R² when the promotion columns leave the fixed part and the random
    part stays (semi-partial R², Stoffel, Nakagawa and Schielzeth 2021).
    """
    fit = market.fit
    explained = fixed_variance(fit.design, fit.beta)
    between = random_variance(fit.design, fit.psi)
    total = explained + between + fit.sigma2
    return RSquared(
        marginal=explained / total,
        conditional=(explained + between) / total,
        promotion=_promotion_part(market, explained, total),
    )


def _promotion_part(market: MarketFit, explained: float, total: float) -> float:
    design = market.design
    kept = [k for k, name in enumerate(design.names) if name not in market.terms.promotion]
    reduced = replace(
        design,
        x=design.x[:, kept],
        names=tuple(design.names[k] for k in kept),
        # The position of the period effects moves up by the columns that leave before them.
        period_at=design.period_at - len(market.terms.promotion),
    )
    # Fitted again, not only cut: what the other columns say of sales changes when promotion leaves them.
    without = fit_lmm(reduced, method=market.fit.method, rung=market.fit.rung, near=market.fit)
    return max(0.0, (explained - fixed_variance(reduced, without.beta)) / total)


def icc(fit: LmmFit) -> float:
    """Share of the variance around the fixed part that lies between pharmacies (adjusted ICC)."""
    between = random_variance(fit.design, fit.psi)
    return between / (between + fit.sigma2)


def variance_rows(fit: LmmFit, intervals: VarianceIntervals | None = None) -> tuple[VarianceRow, ...]:
    """Variance and SD per random effect and of the residual, with the profile-likelihood interval of the SD.

    An interval that leaves the estimate out belongs to another optimum of the likelihood and is left out.
    """
    values = [*zip(fit.design.z_names, np.diag(fit.psi).tolist(), strict=True), ("Residual", fit.sigma2)]
    bounds = [(None, None)] * len(values) if intervals is None else [*intervals.sd, intervals.sigma]
    rows = []
    for (term, value), found in zip(values, bounds, strict=True):
        sd = float(np.sqrt(max(value, 0.0)))
        lower, upper = _around(sd, found)
        rows.append(VarianceRow(term=term, variance=value, sd=sd, lower=lower, upper=upper))
    return tuple(rows)


def correlation_rows(fit: LmmFit, intervals: VarianceIntervals | None = None) -> tuple[CorrelationRow, ...]:
    """Correlations of the random effects with profile-likelihood intervals; ``None`` where a variance is zero."""
    names = fit.design.z_names
    sd = np.sqrt(np.maximum(np.diag(fit.psi), 0.0))
    bounds = iter(intervals.correlation if intervals is not None else ())
    rows = []
    for j in range(len(names)):
        for i in range(j + 1, len(names)):
            scale, found = sd[i] * sd[j], next(bounds, (None, None))
            value = float(np.clip(fit.psi[i, j] / scale, -1.0, 1.0)) if scale > 0.0 else None
            lower, upper = (None, None) if value is None else _around(value, found)
            rows.append(CorrelationRow(terms=(names[j], names[i]), value=value, lower=lower, upper=upper))
    return tuple(rows)


def _around(value: float, bounds: Bounds) -> Bounds:
    lower, upper = bounds
    slack = 1e-9 * max(1.0, abs(value))
    outside = (lower is not None and value < lower - slack) or (upper is not None and value > upper + slack)
    return (None, None) if outside else bounds


def information_criteria(market: MarketFit) -> tuple[float, float]:
    """AIC and BIC from the ML fit; estimated decays count as parameters."""
    ml = market.ml
    decays = len(market.decays) if market.decay_source == "estimated" else 0
    random = 0 if market.rung == "pooled" else ml.at.theta.shape[1]
    # One more for the residual variance.
    count = len(ml.beta) + random + 1 + decays
    return -2.0 * ml.loglik + 2.0 * count, -2.0 * ml.loglik + float(np.log(len(ml.design.y))) * count


def without_slopes(design: Design) -> Design:
    """The design without random slopes of promotion: with the intercept, and the trend where it is random."""
    kept = 1 + (TREND in design.z_names)
    return replace(design, z=design.z[:, :kept], z_names=design.z_names[:kept])


def without_slopes_rung(design: Design) -> Rung:
    """Rung of :func:`without_slopes`."""
    return "correlated" if TREND in design.z_names else "intercept"


def slope_test(market: MarketFit) -> SlopeTest | None:
    """Likelihood ratio of the random slopes, same fixed part and method, against the boundary mixture.

    Removing one slope with its covariance leaves half chi2_1 + half chi2_2 (Self and Liang 1987; Stram and Lee
    1994). Several slopes at once have no simple mixture; the reference then is half chi2_{m-1} + half chi2_m
    with m the number of parameters removed, which is conservative. Independent slopes: half chi2_0 + half chi2_1.
    """
    fit = market.fit
    smaller = without_slopes(fit.design)
    if len(fit.design.z_names) == len(smaller.z_names):
        return None
    reduced = fit_lmm(smaller, method=fit.method, rung=without_slopes_rung(fit.design) if fit.correlated else fit.rung)
    statistic = max(0.0, 2.0 * (fit.loglik - reduced.loglik))
    # Parameters of the random part: theta has one per variance and covariance.
    removed = fit.at.theta.shape[1] - reduced.at.theta.shape[1]
    return SlopeTest(statistic=statistic, p=mixture_p(statistic, removed), reference=f"mixture-{removed - 1}-{removed}")


def mixture_p(statistic: float, removed: int) -> float:
    """p-value against half chi2_{removed-1} + half chi2_{removed}; chi2_0 is a point mass at zero."""
    lower = float(chi2.sf(statistic, removed - 1)) if removed > 1 else float(statistic <= 0.0)
    return 0.5 * lower + 0.5 * float(chi2.sf(statistic, removed))
