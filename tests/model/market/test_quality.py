"""Variances, R², ICC, information criteria and the slope test, against their formulas and statsmodels."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.stats import chi2

from model_problems import random_design, settings, small_panel
from reportgen.model.lmm.fit import fit_lmm
from reportgen.model.lmm.mixedlm import results_at
from reportgen.model.market.fit import fit_market
from reportgen.model.market.quality import (
    correlation_rows,
    fixed_variance,
    icc,
    information_criteria,
    mixture_p,
    r_squared,
    random_variance,
    slope_test,
    variance_rows,
)
from reportgen.panel.features import build_frame


def market(seed=1, *, spec=(), **sections):
    chosen = settings(**{"adstock": {"decay": 0.5}, **sections})
    panel = small_panel(seed, **dict(spec))
    return fit_market(build_frame(panel, chosen.model, chosen.adstock), chosen)


def test_r_squared_is_johnsons_formula():
    fitted = market()
    fit = fitted.fit
    explained = np.var(fit.design.x @ fit.beta, ddof=1)
    between = np.mean([row @ fit.psi @ row for row in fit.design.z])
    total = explained + between + fit.sigma2
    found = r_squared(fitted)
    assert found.marginal == pytest.approx(explained / total, rel=1e-12)
    assert found.conditional == pytest.approx((explained + between) / total, rel=1e-12)
    assert icc(fit) == pytest.approx(between / (between + fit.sigma2), rel=1e-12)
    assert fixed_variance(fit.design, fit.beta) == pytest.approx(explained)
    assert random_variance(fit.design, fit.psi) == pytest.approx(between)


def test_promotions_part_is_what_its_absence_costs():
    fitted = market()
    design = fitted.design
    keep = [k for k, name in enumerate(design.names) if name != "Adstock_Promotion"]
    names = tuple(design.names[k] for k in keep)
    reduced = fit_lmm(replace(design, x=design.x[:, keep], names=names, period=None))
    explained, less = fixed_variance(design, fitted.fit.beta), fixed_variance(reduced.design, reduced.beta)
    total = explained + random_variance(design, fitted.fit.psi) + fitted.fit.sigma2
    assert r_squared(fitted).promotion == pytest.approx(max(0.0, (explained - less) / total), abs=1e-9)


def test_part_of_promotion_is_never_negative():
    parts = [r_squared(market(seed, spec=(("beta", 0.0),))).promotion for seed in range(1, 6)]
    assert min(parts) >= 0.0


def test_singular_fit_has_finite_shares():
    fitted = market(2, spec=(("sd_slope", 0.0), ("sd_intercept", 0.0)))
    assert fitted.fit.singular
    found = r_squared(fitted)
    assert 0.0 <= found.marginal <= found.conditional <= 1.0
    assert 0.0 <= icc(fitted.fit) <= 1.0


def test_variance_rows_end_with_the_residual():
    fit = fit_lmm(random_design())
    rows = variance_rows(fit)
    assert [row.term for row in rows] == ["Intercept", "x1", "Residual"]
    assert_allclose([row.variance for row in rows], [*np.diag(fit.psi), fit.sigma2])
    assert_allclose([row.sd**2 for row in rows], [row.variance for row in rows])


def test_correlations_of_every_pair():
    fit = fit_lmm(random_design(q=3, groups=40))
    rows = correlation_rows(fit)
    assert [row.terms for row in rows] == [("Intercept", "x1"), ("Intercept", "x2"), ("x1", "x2")]
    sd = np.sqrt(np.diag(fit.psi))
    assert rows[2].value == pytest.approx(fit.psi[1, 2] / (sd[1] * sd[2]))


def test_correlation_with_a_variance_of_zero_does_not_exist():
    fit = SimpleNamespace(design=SimpleNamespace(z_names=("a", "b")), psi=np.diag([1.0, 0.0]))
    assert correlation_rows(fit)[0].value is None
    assert correlation_rows(SimpleNamespace(design=SimpleNamespace(z_names=("a",)), psi=np.eye(1))) == ()


def test_information_criteria_are_those_of_the_ml_fit():
    fitted = market(5)
    results = results_at(fitted.ml)
    aic, bic = information_criteria(fitted)
    assert fitted.ml.method == "ML"
    assert aic == pytest.approx(results.aic, rel=1e-10)
    count = len(fitted.design.names) + 3 + 1
    assert bic == pytest.approx(-2.0 * fitted.ml.loglik + np.log(len(fitted.design.y)) * count, rel=1e-12)


def test_estimated_decay_counts_as_a_parameter():
    estimated = market(adstock={"decay": "estimate"})
    aic, _ = information_criteria(estimated)
    assert aic == pytest.approx(-2.0 * estimated.ml.loglik + 2.0 * (len(estimated.design.names) + 3 + 1 + 1))


def test_ml_model_uses_its_own_fit():
    fitted = market(model={"method": "ML"})
    assert fitted.ml is fitted.fit


@pytest.mark.parametrize("rung", ["correlated", "uncorrelated"])
def test_slope_test_is_twice_the_difference_against_the_boundary_mixture(rung):
    fit = fit_lmm(random_design(sd=(2.0, 0.4)), rung=rung)
    found = slope_test(SimpleNamespace(fit=fit))
    intercept = fit_lmm(replace(fit.design, z=fit.design.z[:, :1], z_names=("Intercept",)), rung="intercept")
    statistic = 2.0 * (fit.loglik - intercept.loglik)
    assert found.statistic == pytest.approx(statistic, abs=1e-8)
    if rung == "correlated":
        assert found.reference == "mixture-1-2"
        assert found.p == pytest.approx(0.5 * chi2.sf(statistic, 1) + 0.5 * chi2.sf(statistic, 2))
    else:
        assert found.reference == "mixture-0-1"
        assert found.p == pytest.approx(0.5 * chi2.sf(statistic, 1))


def test_no_slope_no_test():
    assert slope_test(SimpleNamespace(fit=fit_lmm(random_design(q=1)))) is None


def test_mixture_puts_half_its_mass_on_the_smaller_distribution():
    assert mixture_p(0.0, 1) == 1.0
    assert mixture_p(0.0, 2) == 1.0
    assert mixture_p(3.84, 1) == pytest.approx(0.025, abs=1e-4)
    assert mixture_p(5.0, 5) == pytest.approx(0.5 * chi2.sf(5.0, 4) + 0.5 * chi2.sf(5.0, 5))
    assert mixture_p(50.0, 2) < mixture_p(5.0, 2) < mixture_p(0.5, 2)
