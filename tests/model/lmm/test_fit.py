"""One fitted model: estimates in data units, certificate, singular fits, large units."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose

from model_problems import dense_v, random_design
from reportgen.model.lmm import fit as module
from reportgen.model.lmm.crossproducts import cross_products
from reportgen.model.lmm.fit import assemble, fit_lmm
from reportgen.model.lmm.modes import conditional_modes, fitted_values
from reportgen.model.lmm.reml import Optimum

RUNGS = ("correlated", "uncorrelated", "intercept")


def rows_for(rung: str):
    return random_design(q=1 if rung == "intercept" else 2)


@pytest.mark.parametrize("rung", RUNGS)
@pytest.mark.parametrize("method", ["REML", "ML"])
def test_estimates_are_generalised_least_squares_at_the_fitted_covariance(rung, method):
    design = rows_for(rung)
    fit = fit_lmm(design, method=method, rung=rung)
    assert fit.certified
    assert fit.kkt < 1e-7
    n, p = design.x.shape
    solved = np.linalg.solve(dense_v(design, fit.psi / fit.sigma2), np.column_stack([design.x, design.y]))
    a = design.x.T @ solved[:, :p]
    assert_allclose(fit.beta, np.linalg.solve(a, design.x.T @ solved[:, p]), rtol=1e-9)
    assert_allclose(fit.cov_gls, fit.sigma2 * np.linalg.inv(a), rtol=1e-8, atol=1e-12)
    residual = design.y - design.x @ fit.beta
    r2 = residual @ np.linalg.solve(dense_v(design, fit.psi / fit.sigma2), residual)
    assert fit.degrees == (n - p if method == "REML" else n)
    assert fit.sigma2 == pytest.approx(r2 / fit.degrees, rel=1e-10)


@pytest.mark.parametrize("rung", RUNGS)
def test_theta_is_the_factor_of_the_relative_covariance(rung):
    fit = fit_lmm(rows_for(rung), rung=rung)
    assert_allclose(fit.lower @ fit.lower.T * fit.sigma2, fit.psi, rtol=1e-10, atol=1e-14)
    assert (np.diag(fit.lower) >= 0.0).all()
    assert len(fit.theta) == {"correlated": 3, "uncorrelated": 2, "intercept": 1}[rung]
    if rung == "uncorrelated":
        assert fit.psi[0, 1] == 0.0


def test_residuals_leave_out_fixed_effects_and_conditional_modes():
    design = random_design()
    fit = fit_lmm(design)
    v = dense_v(design, fit.psi / fit.sigma2)
    expected = np.linalg.solve(v, design.y - design.x @ fit.beta)  # e = V^-1 r where V is relative to sigma^2
    assert_allclose(design.y - fitted_values(fit, conditional_modes(fit)), expected, atol=1e-9)


def test_every_search_is_recorded():
    fit = fit_lmm(random_design())
    assert [attempt.rung for attempt in fit.attempts] == ["correlated"] * len(fit.attempts)
    assert [attempt.start for attempt in fit.attempts][:2] == ["moment", "grid"]
    assert fit.iterations == sum(attempt.iterations for attempt in fit.attempts)
    assert max(attempt.loglik for attempt in fit.attempts if attempt.converged) == pytest.approx(fit.loglik, abs=1e-9)


def test_a_point_that_is_no_optimum_is_not_certified():
    design = random_design()
    products, scaling = cross_products(design)
    good = fit_lmm(design)
    searches = Optimum(
        theta=good.at.theta * 1.01,
        deviance=good.at.deviance,
        kkt=np.array([1e-3]),
        iterations=np.array([3], dtype=np.intp),
        converged=np.array([False]),
    )
    fit = assemble(design, products, scaling, searches, method="REML", rung="correlated")
    assert not fit.certified
    assert fit.optima == ()


def test_one_group_or_one_row_a_group_is_never_certified():
    rng = np.random.default_rng(3)
    x = np.column_stack([np.ones(40), rng.normal(size=40)])
    y = x.sum(axis=1) + rng.normal(size=40)
    for group in (np.zeros(40, dtype=np.intp), np.arange(40, dtype=np.intp)):
        design = replace(
            random_design(), y=y, x=x, z=x[:, :1], group=group, groups=int(group.max()) + 1,
            names=("Intercept", "x"), z_names=("Intercept",),
        )  # fmt: skip
        assert not fit_lmm(design).certified


def test_no_slope_variance_is_singular_and_still_certified():
    design = random_design(3, sd=(2.0, 0.0), groups=12)
    fit = fit_lmm(design)
    if not fit.singular:  # this draw must sit on the boundary, or the test shows nothing
        pytest.fail("the draw has a positive slope variance")
    assert fit.certified
    assert np.isfinite([fit.loglik, *fit.beta, *fit.psi.ravel(), *fit.cov_gls.ravel()]).all()
    assert np.isfinite(fitted_values(fit, conditional_modes(fit))).all()


def test_no_variance_at_all_is_singular_without_a_warning():
    design = random_design(sd=(0.0, 0.0))
    rng = np.random.default_rng(2)
    noise = rng.normal(size=len(design.y))
    for i in range(design.groups):
        basis = np.linalg.qr(design.z[design.group == i])[0]
        noise[design.group == i] -= basis @ (basis.T @ noise[design.group == i])
    fit = fit_lmm(replace(design, y=design.x @ np.ones(4) + noise))
    assert fit.singular
    assert_allclose(fit.psi, 0.0)


def test_perfect_correlation_is_singular():
    rng = np.random.default_rng(4)
    design = random_design(sd=(0.0, 0.0), groups=30)
    effect = rng.normal(size=30)[design.group]
    y = design.x @ np.ones(4) + 3.0 * effect * (design.z[:, 0] + design.z[:, 1]) + 0.3 * rng.normal(size=len(design.y))
    fit = fit_lmm(replace(design, y=y))
    correlation = fit.psi[0, 1] / np.sqrt(fit.psi[0, 0] * fit.psi[1, 1])
    assert correlation > 0.99
    assert fit.singular == (abs(correlation) > module.SINGULAR_CORRELATION or np.diag(fit.scaled_lower).min() < 1e-4)


def test_one_random_effect_has_no_correlation_to_be_singular():
    assert not fit_lmm(random_design(q=1)).singular


@pytest.mark.parametrize("scale", [1e-6, 1e6])
def test_units_move_the_optimum_exactly(scale):
    design = random_design()
    plain = fit_lmm(design)
    columns = np.array([1.0, scale, 1.0, 1.0])
    moved = fit_lmm(replace(design, x=design.x * columns, z=design.z * columns[:2], y=design.y * 1000.0))
    assert_allclose(moved.beta, 1000.0 * plain.beta / columns, rtol=1e-9)
    assert_allclose(moved.psi, 1e6 * plain.psi / np.outer(columns[:2], columns[:2]), rtol=1e-8)
    shift = -(len(design.y) - 4) * np.log(1000.0) - np.log(scale)
    assert moved.loglik == pytest.approx(plain.loglik + shift, abs=1e-7)


def test_huge_variance_between_pharmacies_is_fitted_again_around_beta():
    """Relative SD of 1e5: the second pass keeps the digits that the first one lost."""
    design = random_design(sd=(1e5, 1e5), groups=30)
    fit = fit_lmm(design)
    assert fit.certified
    assert fit.digits_lost, "the case no longer needs the second pass"
    shifted = fit_lmm(replace(design, y=design.y - design.x @ fit.beta))
    assert shifted.loglik == pytest.approx(fit.loglik, abs=1e-6)
    assert_allclose(shifted.psi, fit.psi, rtol=1e-6)


def test_three_random_effects():
    fit = fit_lmm(random_design(q=3, groups=40))
    assert fit.certified
    assert fit.psi.shape == (3, 3)
    assert len(fit.theta) == 6
