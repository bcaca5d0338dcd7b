"""Every check of one market is there, comes from the right numbers, and survives a market without variance."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pytest
from numpy.testing import assert_allclose

from model_problems import changed_panel, settings, small_panel
from reportgen.model.checks.residuals import conditional_residuals
from reportgen.model.checks.rules import RULES
from reportgen.model.checks.run import PREDICTIVE_DRAWS, _simulated, diagnose
from reportgen.model.lmm.leave_one_out import leave_one_out
from reportgen.model.lmm.modes import conditional_modes, fitted_values
from reportgen.model.market.fit import fit_market
from reportgen.model.market.variants import hold_out, with_month_dummies, without_pharmacy
from reportgen.model.rows import compare_fit, compare_within, fixed_rows
from reportgen.panel.features import build_frame


def fitted(panel, /, **sections):
    chosen = settings(**{"adstock": {"decay": 0.5}, **sections})
    return fit_market(build_frame(panel, chosen.model, chosen.adstock), chosen)


def diagnosed(market, seed: int = 1):
    promotion = fixed_rows(market, 0.95)[1]
    return diagnose(
        market,
        conditional_residuals(market),
        [promotion],
        plain=compare_fit(market, promotion, None, 0.95),
        within=compare_within(market, promotion, None, 0.95),
        influence=leave_one_out(market.fit, market.covariance.values),
        holdout=hold_out(market),
        confidence=0.95,
        rng=np.random.default_rng(seed),
    )


@lru_cache(maxsize=1)
def usual():
    market = fitted(small_panel(2, pharmacies=24, periods=24))
    return market, diagnosed(market)


def check(found, check_id: str):
    return next(item for item in found.checks if item.id == check_id)


RELATIVE = {"effect-by-size"}  # on that scale of sales only
SETTLED = {
    "long-memory", "totals-in-range", "calibration-gap", "few-territories", "unnamed-territories", "balance",
    "treated-time",
}  # fmt: skip
"""Checks of finished results, and of what the settings add to them."""


def test_every_rule_is_checked_once():
    assert sorted(item.id for item in usual()[1].checks) == sorted(set(RULES) - SETTLED - RELATIVE)


def test_every_rule_is_checked_once_on_the_relative_scale():
    found = diagnosed(fitted(small_panel(2, pharmacies=24, periods=24), model={"response": "relative"}))
    assert sorted(item.id for item in found.checks) == sorted(set(RULES) - SETTLED)


def test_residuals_are_what_the_pharmacies_own_lines_leave():
    market, _ = usual()
    found = conditional_residuals(market)
    assert_allclose(found.fitted + found.values, market.design.y)
    assert_allclose(found.values, market.design.y - fitted_values(market.fit, conditional_modes(market.fit)), atol=1e-9)
    assert_allclose(found.modes, conditional_modes(market.fit))


def test_without_lags_there_is_nothing_to_be_stationary():
    found = diagnosed(fitted(small_panel(2, pharmacies=24, periods=24), model={"lags": ()}))
    assert {item.id for item in found.checks} == set(RULES) - SETTLED - RELATIVE - {
        "stationarity",
        "adstock-lag-correlation",
    }


def test_sensitivities_are_the_refits():
    market = fitted(small_panel(2, pharmacies=24, periods=24), model={"time": "none"})
    found = diagnosed(market)
    influential, months = found.sensitivity[:2]
    assert (influential.id, months.id) == ("without-most-influential", "month-dummies")
    position = market.frame.pharmacies.index(influential.detail)
    refit = without_pharmacy(market, position, "Adstock_Promotion", 0.95)
    assert (influential.estimate, influential.lower, influential.upper) == (refit.value, refit.lower, refit.upper)
    assert months.estimate == with_month_dummies(market, "Adstock_Promotion", 0.95).value


def test_sensitivity_that_cannot_be_made_is_empty():
    found = diagnosed(fitted(small_panel(2, pharmacies=24, periods=14)))
    assert (found.sensitivity[1].id, found.sensitivity[1].estimate) == ("month-dummies", None)
    assert check(found, "seasonality").status == "not-run"


def test_influence_names_the_pharmacy_that_moves_the_effect_most():
    panel = small_panel(2, pharmacies=24, periods=24)
    sales = panel.sales.copy()
    sales[5] += 9000.0 * panel.promotion[0][5]
    found = diagnosed(fitted(changed_panel(panel, sales=sales)))
    assert check(found, "influence").detail == panel.pharmacies[5]
    assert check(found, "influence").status in {"review", "fail"}
    assert found.sensitivity[0].detail == panel.pharmacies[5]


def test_market_without_differences_has_flat_modes_and_every_check():
    panel = small_panel(3, pharmacies=24, periods=24, sd_slope=0.0, sd_intercept=0.0, targeting=0.0)
    market = fitted(panel, model={"random_slope": False})
    found = diagnosed(market)
    assert sorted(item.id for item in found.checks) == sorted(set(RULES) - SETTLED - RELATIVE)
    if market.fit.singular:
        assert check(found, "convergence").status == "review"


def test_simulated_responses_have_the_models_mean_and_variance():
    market, _ = usual()
    draws = np.array(_simulated(market, np.random.default_rng(1)))
    assert draws.shape == (PREDICTIVE_DRAWS, len(market.design.y))
    design, fit = market.design, market.fit
    variance = np.einsum("ni,ij,nj->n", design.z, fit.psi, design.z) + fit.sigma2
    scaled = (draws - design.x @ fit.beta) / np.sqrt(variance)
    assert abs(scaled.mean()) < 0.1
    assert scaled.std() == pytest.approx(1.0, abs=0.1)


def test_charts_are_there_for_every_random_effect():
    _, found = usual()
    assert [plot.name for plot in found.qq] == ["residuals", "Intercept", "Adstock_Promotion"]
    assert sum(map(sum, found.residuals.counts)) == len(usual()[0].design.y)
    assert found.autocorrelation.lags == tuple(range(1, 13))


def test_predictive_check_depends_on_its_generator_only():
    market, first = usual()
    assert diagnosed(market, 1).predictive == first.predictive
    assert diagnosed(market, 2).predictive != first.predictive
    assert diagnosed(market, 2).checks[0] == first.checks[0]
