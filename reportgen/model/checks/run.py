"""Every check of one fitted market, with the chart data behind it.

The rules and thresholds are ``rules.py``; each statistic is a function in ``residuals.py``, ``serial.py``,
``design.py`` or ``estimates.py``, which also say what is made of a market; refits are ``market/variants.py`` and
``lmm/leave_one_out.py``. This module only brings them together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from reportgen.model.checks import design, estimates, serial
from reportgen.model.checks import residuals as residual
from reportgen.model.checks.entries import check_entries
from reportgen.model.checks.residuals import Residuals
from reportgen.model.checks.response import response_checks
from reportgen.model.checks.rivals import rival_checks
from reportgen.model.checks.rules import in_order
from reportgen.model.checks.shifts import check_following_levels, check_shifts, check_yearly_levels
from reportgen.model.checks.time import time_checks
from reportgen.model.lmm.columns import Array
from reportgen.model.lmm.deviance import covariance_root
from reportgen.model.lmm.leave_one_out import Influence
from reportgen.model.market.fit import MarketFit
from reportgen.model.market.variants import (
    Estimate,
    HoldOut,
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


def diagnose(
    market: MarketFit,
    residuals: Residuals,
    effects: Sequence[FixedEffect],
    *,
    plain: Comparison | None,
    within: Comparison | None,
    influence: Influence,
    holdout: HoldOut,
    confidence: float,
    rng: np.random.Generator,
) -> Diagnostics:
    """Run every check. ``effects`` are the coefficient rows of the channels."""
    promotion = effects[0]
    term = promotion.term
    position = market.index(term)
    most = influence.most_influential(position, promotion.estimate)
    left_out = None if most is None else without_pharmacy(market, most, term, confidence)
    months = with_month_dummies(market, term, confidence)
    # New pharmacies, not these again: the check is of the model, its random effects included.
    predictive, predictive_check = residual.predictive_check(
        market.design.y, _simulated(market, rng), confidence=confidence
    )
    autocorrelation = serial.within_autocorrelation(
        residuals.values, market.frame.group, market.frame.column, confidence=confidence
    )
    name = "" if most is None else market.frame.pharmacies[most]
    made = (
        *estimates.fit_checks(market),
        *residual.residual_checks(market, residuals),
        *serial.serial_checks(market, residuals.values, autocorrelation, confidence),
        predictive_check,
        *design.design_checks(market),
        *estimates.comparison_checks(
            promotion,
            plain=plain if market.time.kind == "none" else None,  # else the seed model differs in time too
            within=within,
            months=months,
            without=left_out,
            most_influential=name,
        ),
        estimates.influence_on(market, promotion, influence.beta, market.frame.pharmacies),
        estimates.check_holdout(holdout.model, holdout.naive),
        *time_checks(market, residuals.values),
        check_shifts(market, promotion, residuals.values),
        check_yearly_levels(market, promotion),
        *check_following_levels(market, effects),
        *response_checks(market, confidence),
        *rival_checks(market),
        *check_entries(market.frame.panel),
    )
    return Diagnostics(
        checks=in_order(made),
        sensitivity=(
            _sensitivity("without-most-influential", left_out, name or None),
            _sensitivity("month-dummies", months, None),
            *_one_effect(market, term, confidence),
        ),
        residuals=residual.residual_density(residuals.fitted, residuals.values),
        qq=_quantile_plots(market, residuals, confidence),
        autocorrelation=autocorrelation,
        scale_location=residual.scale_location(residuals.fitted, residuals.values),
        predictive=predictive,
    )


def _simulated(market: MarketFit, rng: np.random.Generator) -> list[Array]:
    """Responses of new pharmacies from the fitted model, given the observed columns."""
    design, fit = market.design, market.fit
    mean, sigma = design.x @ fit.beta, np.sqrt(fit.sigma2)
    root = covariance_root(fit.psi)
    draws = []
    for _ in range(PREDICTIVE_DRAWS):
        effects = rng.standard_normal((design.groups, len(root))) @ root.T
        noise = sigma * rng.standard_normal(len(mean))
        draws.append(mean + np.einsum("ij,ij->i", design.z, effects[design.group]) + noise)
    return draws


def _quantile_plots(market: MarketFit, residuals: Residuals, confidence: float) -> tuple[QQ, ...]:
    plots = [residual.normal_quantiles(residuals.values, "residuals", confidence=confidence)]
    for k, name in enumerate(market.design.z_names):
        plots.append(residual.normal_quantiles(residuals.modes[:, k], name, confidence=confidence))
    return tuple(plot for plot in plots if plot is not None)


def _one_effect(market: MarketFit, term: str, confidence: float) -> tuple[Sensitivity, ...]:
    """The refit without random slopes of a singular fit, from which it is judged."""
    found = with_one_effect(market, term, confidence) if market.fit.singular else None
    return () if found is None else (_sensitivity("one-effect", found, None),)


def _sensitivity(name: str, found: Estimate | None, detail: str | None) -> Sensitivity:
    if found is None:
        return Sensitivity(id=name, estimate=None, lower=None, upper=None, detail=detail)
    return Sensitivity(id=name, estimate=found.value, lower=found.lower, upper=found.upper, detail=detail)
