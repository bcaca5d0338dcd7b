"""What follows from a fit, against the R packages that define it (lmerTest, performance, merTools, sandwich, plm)."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.stats import t as student

from model_problems import statsmodels_own
from reference_values import CASES, design, fit_at, fitted, reference, rung
from reportgen.model.lmm.inference import fixed_covariance, satterthwaite
from reportgen.model.lmm.least_squares import pooled_estimate, within_estimate
from reportgen.model.lmm.modes import conditional_covariance, conditional_modes, expected_rank
from reportgen.model.market.quality import fixed_variance, icc, random_variance, slope_test

pytestmark = pytest.mark.reference
INFERENCE = reference("inference")["cases"]
REGRESSION = reference("regression")["cases"]


def having(field):
    return pytest.mark.parametrize("name", [name for name in CASES if INFERENCE[name].get(field)])


@having("satterthwaite")
def test_satterthwaite_df_equal_lmertest(name):
    theirs = INFERENCE[name]["satterthwaite"]
    fit = fitted(name)
    assert_allclose(satterthwaite(fit, np.eye(len(fit.beta))), theirs["df"], rtol=1e-3)


@having("satterthwaite")
def test_t_and_p_with_gls_standard_errors_equal_lmertest(name):
    theirs = INFERENCE[name]["satterthwaite"]
    fit = fitted(name)
    statistic = fit.beta / np.sqrt(np.diag(fit.cov_gls))
    assert_allclose(statistic, theirs["t"], rtol=1e-3, atol=1e-4)
    p = 2.0 * student.sf(np.abs(statistic), satterthwaite(fit, np.eye(len(fit.beta))))
    assert_allclose(np.log(np.maximum(p, 1e-300)), np.log(np.maximum(theirs["p"], 1e-300)), rtol=2e-3, atol=1e-3)


@pytest.mark.parametrize("name", list(CASES))
def test_variance_shares_equal_the_formula_at_the_same_theta(name):
    theirs = INFERENCE[name]["r2"]
    fit = fit_at(name, INFERENCE[name]["theta"])
    fixed, random = fixed_variance(fit.design, fit.beta), random_variance(fit.design, fit.psi)
    total = fixed + random + fit.sigma2
    ours = (fixed / total, (fixed + random) / total, icc(fit))
    assert_allclose(ours, (theirs["marginal"], theirs["conditional"], theirs["icc"]), rtol=1e-6, atol=1e-15)


@having("performance_icc")
def test_variance_shares_at_our_optimum_equal_performance(name):
    if name == "sim_promotion_x1000":
        return  # lme4 is not at the optimum there, see test_reference_lme4
    theirs = INFERENCE[name]["performance"]
    fit = fitted(name)
    fixed, random = fixed_variance(fit.design, fit.beta), random_variance(fit.design, fit.psi)
    total = fixed + random + fit.sigma2
    ours = (fixed / total, (fixed + random) / total, icc(fit))
    assert_allclose(ours, (theirs["marginal"], theirs["conditional"], INFERENCE[name]["performance_icc"]), atol=1e-4)


@having("slope_test")
def test_slope_likelihood_ratio_and_mixture_equal_lme4(name):
    theirs = INFERENCE[name]["slope_test"]
    if len(CASES[name]["random"]) > 1 or name == "sim_promotion_x1000":
        return  # ours removes all slopes at once; lme4 is not at the optimum
    ours = slope_test(SimpleNamespace(fit=fitted(name)))
    assert ours.statistic == pytest.approx(theirs["statistic"], abs=1e-5, rel=1e-6)
    assert ours.p == pytest.approx(theirs["p"], rel=1e-3, abs=1e-12) or theirs["statistic"] < 1e-6
    assert ours.reference == ("mixture-0-1" if rung(name) == "uncorrelated" else "mixture-1-2")


@having("expected_rank")
def test_expected_rank_equals_mertools(name):
    fit = fit_at(name, INFERENCE[name]["theta"])
    modes, variance = conditional_modes(fit)[:, -1], conditional_covariance(fit)[:, -1, -1]
    rank = expected_rank(modes, variance) / 100.0 * len(modes) + 0.5
    assert_allclose(rank, INFERENCE[name]["expected_rank"]["rank"], rtol=1e-8)


@pytest.mark.parametrize("name", list(REGRESSION))
def test_pooled_regression_equals_lm_and_sandwich(name):
    theirs = REGRESSION[name]["pooled"]
    classical, clustered = pooled_estimate(design(name)), pooled_estimate(design(name), clustered=True)
    assert_allclose(classical.beta, theirs["beta"], rtol=1e-8)
    assert_allclose(np.sqrt(np.diag(classical.covariance.values)), theirs["se_classical"], rtol=1e-8)
    assert_allclose(np.sqrt(np.diag(clustered.covariance.values)), theirs["se_cluster_hc1"], rtol=1e-8)


@pytest.mark.parametrize("name", list(REGRESSION))
def test_within_regression_equals_plm_with_the_small_sample_factor(name):
    theirs = REGRESSION[name]["within"]
    ours = within_estimate(design(name))
    terms = REGRESSION[name]["within_terms"]
    n, k, groups = len(design(name).y), len(terms), design(name).groups
    factor = groups / (groups - 1) * (n - 1) / (n - k)
    assert ours.names == tuple(terms)
    assert_allclose(ours.beta, theirs["beta"], rtol=1e-8)
    se = np.sqrt(np.diag(ours.covariance.values) / factor)
    assert_allclose(se, theirs["se_cluster_hc0"], rtol=1e-8)
    assert ours.sigma2 == pytest.approx(theirs["rss"] / theirs["df"], rel=1e-9)


@pytest.mark.parametrize(
    "name", ["sleepstudy", "chickweight", "cheese", "sim_corrected", "sim_slope_large", "sim_wide"]
)
def test_full_information_standard_errors_equal_statsmodels(monkeypatch, name):
    fit = fitted(name)
    ours = fixed_covariance(fit)
    assert ours.kind == "full-information"
    assert_allclose(np.sqrt(np.diag(ours.values)), statsmodels_own(monkeypatch, fit).bse_fe, rtol=1e-6)
