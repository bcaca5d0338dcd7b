"""Every check of one fitted market, with the chart data behind it.

The rules and thresholds are ``checks.py``; each statistic is a function of plain arrays in
``residual_checks.py``, ``serial_checks.py``, ``design_checks.py`` and ``estimate_checks.py``; refits
are ``variants.py`` and ``influence.py``. This module only brings them together.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from reportgen.model.checks import design as design_checks
from reportgen.model.checks import estimates as estimate_checks
from reportgen.model.checks import residuals as residual_checks
from reportgen.model.checks import serial as serial_checks
from reportgen.model.lmm.crossproducts import Array
from reportgen.model.lmm.leave_one_out import Influence, beta_contributions
from reportgen.model.lmm.modes import conditional_modes, fitted_values
from reportgen.model.lmm.reml import KKT_TOLERANCE
from reportgen.model.market.decay import HIGHEST
from reportgen.model.market.fit import MarketFit
from reportgen.model.market.variants import (
    Estimate,
    HoldOut,
    with_lead,
    with_month_dummies,
    with_one_effect,
    without_pharmacy,
)
from reportgen.results import (
    QQ,
    Autocorrelation,
    Check,
    Comparison,
    Curve,
    Density,
    FixedEffect,
    PredictiveCheck,
    Sensitivity,
)

PREDICTIVE_DRAWS = 40


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Diagnostics:
    """Checks, sensitivities, and chart data of the residual plots."""

    checks: tuple[Check, ...]
    sensitivity: tuple[Sensitivity, ...]
    residuals: Density
    qq: tuple[QQ, ...]
    autocorrelation: Autocorrelation
    scale_location: Curve
    predictive: PredictiveCheck | None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Residuals:
    """Conditional fitted values and residuals, response units, (n,) each, and modes (G, q)."""

    fitted: Array
    values: Array
    modes: Array


def conditional_residuals(market: MarketFit) -> Residuals:
    """Fitted values with the pharmacies' own effects, and what is left."""
    modes = conditional_modes(market.fit)
    fitted = fitted_values(market.fit, modes)
    return Residuals(fitted=fitted, values=market.design.y - fitted, modes=modes)


def diagnose(
    market: MarketFit,
    residuals: Residuals,
    promotion: FixedEffect,
    *,
    plain: Comparison | None,
    within: Comparison | None,
    influence: Influence,
    holdout: HoldOut,
    confidence: float,
    rng: np.random.Generator,
) -> Diagnostics:
    """Run every check. ``promotion`` is the coefficient row of the first channel."""
    term = promotion.term
    position = market.index(term)
    most = influence.most_influential(position, promotion.estimate)
    left_out = None if most is None else without_pharmacy(market, most, term, confidence)
    months = with_month_dummies(market, term, confidence)
    predictive, predictive_check = residual_checks.predictive_check(
        market.design.y, _simulated(market, rng), confidence=confidence
    )
    autocorrelation = serial_checks.within_autocorrelation(
        residuals.values, market.frame.group, market.frame.column, confidence=confidence
    )
    name = "" if most is None else market.frame.pharmacies[most]
    checks = (
        estimate_checks.check_convergence(
            market.fit.kkt, certified=market.certified, singular=market.fit.singular, tolerance=KKT_TOLERANCE
        ),
        *_residual_checks(market, residuals, autocorrelation, confidence),
        predictive_check,
        *_design_checks(market),
        *_estimate_checks(market, promotion, plain, within, months, confidence),
        estimate_checks.check_influence(
            promotion.estimate, promotion.se, influence.beta[:, position], market.frame.pharmacies
        ),
        estimate_checks.check_verdict_without(
            (promotion.lower, promotion.upper), None if left_out is None else (left_out.lower, left_out.upper), name
        ),
        estimate_checks.check_holdout(holdout.model, holdout.naive),
    )
    return Diagnostics(
        checks=checks,
        sensitivity=(
            _sensitivity("without-most-influential", left_out, name or None),
            _sensitivity("month-dummies", months, None),
            *_one_effect(market, term, confidence),
        ),
        residuals=residual_checks.residual_density(residuals.fitted, residuals.values),
        qq=_quantile_plots(market, residuals, confidence),
        autocorrelation=autocorrelation,
        scale_location=residual_checks.scale_location(residuals.fitted, residuals.values),
        predictive=predictive,
    )


def _simulated(market: MarketFit, rng: np.random.Generator) -> list[Array]:
    """Responses of new pharmacies from the fitted model, given the observed columns."""
    design, fit = market.design, market.fit
    mean, sigma = design.x @ fit.beta, np.sqrt(fit.sigma2)
    values, vectors = np.linalg.eigh(fit.psi)
    root = vectors * np.sqrt(np.maximum(values, 0.0))
    draws = []
    for _ in range(PREDICTIVE_DRAWS):
        effects = rng.standard_normal((design.groups, len(root))) @ root.T
        noise = sigma * rng.standard_normal(len(mean))
        draws.append(mean + np.einsum("ij,ij->i", design.z, effects[design.group]) + noise)
    return draws


def _residual_checks(
    market: MarketFit, residuals: Residuals, autocorrelation: Autocorrelation, confidence: float
) -> tuple[Check, ...]:
    bond = serial_checks.arellano_bond(
        residuals.values,
        market.frame.group,
        market.frame.column,
        columns=market.design.x,
        influence=beta_contributions(market.fit),
    )
    alive = [k for k in range(residuals.modes.shape[1]) if np.ptp(residuals.modes[:, k]) > 0.0]
    names = tuple(market.design.z_names[k] for k in alive)
    return (
        residual_checks.check_normality(residuals.values),
        residual_checks.check_random_effect_normality(residuals.modes[:, alive], names),
        residual_checks.check_linearity(residuals.fitted, residuals.values),
        residual_checks.check_scale_location(residuals.fitted, residuals.values),
        serial_checks.check_autocorrelation(autocorrelation, confidence=confidence),
        serial_checks.check_arellano_bond(bond),
        residual_checks.check_outliers(residuals.values),
    )


def _design_checks(market: MarketFit) -> tuple[Check, ...]:
    frame, design, terms = market.frame, market.design, market.terms
    adstock = design.x[:, [market.index(term) for term in terms.promotion]]
    checks = [
        design_checks.check_collinearity(design.x[:, 1:], design.names[1:], of=(*terms.promotion, *terms.controls))
    ]
    if terms.lags:
        checks.append(
            design_checks.check_adstock_lag_correlation(
                adstock, design.column(terms.lags[0]), frame.group, terms.promotion
            )
        )
        phi = market.fit.beta[[market.index(term) for term in terms.lags]]
        checks.append(estimate_checks.check_stationarity(phi, terms.lag_periods))
    checks.append(
        design_checks.check_targeting(
            design.y, frame.promotion, frame.group, frame.panel.channels, corrected=bool(terms.correction)
        )
    )
    return (*checks, *_decay_edges(market))


def _decay_edges(market: MarketFit) -> list[Check]:
    """One a channel; named only where there are several."""
    found, names = market.decay_fit, market.frame.panel.channels
    return [
        estimate_checks.check_decay_edge(
            None if found is None else found.estimates[k],
            upper=None if found is None else found.upper[k],
            edges=(0.0, HIGHEST),
            channel=name if len(names) > 1 else None,
        )
        for k, name in enumerate(names)
    ]


def _estimate_checks(
    market: MarketFit,
    promotion: FixedEffect,
    plain: Comparison | None,
    within: Comparison | None,
    months: Estimate | None,
    confidence: float,
) -> tuple[Check, ...]:
    lead = with_lead(market, confidence)
    return (
        estimate_checks.check_lead_placebo(
            None if lead is None else lead.value,
            None if lead is None else lead.se,
            promotion.estimate,
            df=None if lead is None else lead.df,
        ),
        estimate_checks.check_seasonality(promotion.estimate, promotion.se, None if months is None else months.value),
        estimate_checks.check_correction_gap(
            promotion.estimate, promotion.se, _estimate(plain, promotion.term), _estimate(within, promotion.term)
        ),
    )


def _estimate(comparison: Comparison | None, term: str) -> float | None:
    rows = comparison.fixed if comparison is not None else ()
    return next((row.estimate for row in rows if row.term == term), None)


def _quantile_plots(market: MarketFit, residuals: Residuals, confidence: float) -> tuple[QQ, ...]:
    plots = [residual_checks.normal_quantiles(residuals.values, "residuals", confidence=confidence)]
    for k, name in enumerate(market.design.z_names):
        plots.append(residual_checks.normal_quantiles(residuals.modes[:, k], name, confidence=confidence))
    return tuple(plot for plot in plots if plot is not None)


def _one_effect(market: MarketFit, term: str, confidence: float) -> tuple[Sensitivity, ...]:
    """The refit without random slopes of a singular fit, from which it is judged."""
    found = with_one_effect(market, term, confidence) if market.fit.singular else None
    return () if found is None else (_sensitivity("one-effect", found, None),)


def _sensitivity(name: str, found: Estimate | None, detail: str | None) -> Sensitivity:
    if found is None:
        return Sensitivity(id=name, estimate=None, lower=None, upper=None, detail=detail)
    return Sensitivity(id=name, estimate=found.value, lower=found.lower, upper=found.upper, detail=detail)
