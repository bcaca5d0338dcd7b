"""Conditional modes and what is built on them, against dense matrices, loops and per-pharmacy regressions."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.stats import norm

from model_problems import dense_v, random_design
from reportgen.model.lmm.fit import fit_lmm
from reportgen.model.lmm.modes import (
    conditional_covariance,
    conditional_modes,
    expected_rank,
    mode_response,
    own_coefficients,
    reliability,
    total_slope,
)

FITS = {
    "correlated": fit_lmm(random_design(q=2)),
    "uncorrelated": fit_lmm(random_design(q=2), rung="uncorrelated"),
    "three": fit_lmm(random_design(q=3, groups=40)),
    "ml": fit_lmm(random_design(q=2), method="ML"),
}
each_fit = pytest.mark.parametrize("fit", FITS.values(), ids=FITS.keys())


def modes_by_definition(fit, beta):
    """Psi Z_i' V_i^-1 (y_i - X_i beta), one pharmacy at a time."""
    design = fit.design
    out = []
    for i in range(design.groups):
        rows = design.group == i
        v = fit.sigma2 * np.eye(rows.sum()) + design.z[rows] @ fit.psi @ design.z[rows].T
        residual = design.y[rows] - design.x[rows] @ beta
        out.append(fit.psi @ design.z[rows].T @ np.linalg.solve(v, residual))
    return np.array(out)


def henderson(fit):
    """Joint covariance of (beta_hat - beta, b_hat - b): inverse of Henderson's mixed-model equations."""
    design, q = fit.design, fit.design.z.shape[1]
    z = np.zeros((len(design.y), design.groups * q))
    for i in range(design.groups):
        rows = np.flatnonzero(design.group == i)
        z[np.ix_(rows, np.arange(i * q, (i + 1) * q))] = design.z[rows]
    prior = np.kron(np.eye(design.groups), np.linalg.inv(fit.psi / fit.sigma2))
    x = design.x
    return fit.sigma2 * np.linalg.inv(np.block([[x.T @ x, x.T @ z], [z.T @ x, z.T @ z + prior]]))


@each_fit
def test_modes_are_the_conditional_expectation(fit):
    assert_allclose(conditional_modes(fit), modes_by_definition(fit, fit.beta), rtol=1e-8, atol=1e-10)


@each_fit
def test_conditional_covariance_is_that_of_the_normal_given_the_data(fit):
    design = fit.design
    for i, ours in enumerate(conditional_covariance(fit)):
        rows = design.group == i
        v = fit.sigma2 * np.eye(rows.sum()) + design.z[rows] @ fit.psi @ design.z[rows].T
        carried = design.z[rows] @ fit.psi
        assert_allclose(ours, fit.psi - carried.T @ np.linalg.solve(v, carried), rtol=1e-8, atol=1e-10)


@each_fit
def test_modes_move_with_beta_as_their_response_says(fit):
    change = np.array([0.5, -1.0, 2.0, 0.1])
    moved = modes_by_definition(fit, fit.beta + change)
    assert_allclose(moved, conditional_modes(fit) - mode_response(fit) @ change, rtol=1e-8, atol=1e-9)


@each_fit
def test_total_slope_and_its_error_equal_hendersons_equations(fit):
    p, q = len(fit.beta), len(fit.psi)
    joint = henderson(fit)
    assert_allclose(joint[:p, :p], fit.cov_gls, rtol=1e-7, atol=1e-10)
    for fixed, random in ((0, 0), (1, 1)):
        slope = total_slope(fit, fit.cov_gls, fixed, random)
        assert_allclose(slope.value, fit.beta[fixed] + conditional_modes(fit)[:, random])
        for i in range(fit.design.groups):
            contrast = np.zeros(len(joint))
            contrast[[fixed, p + i * q + random]] = 1.0
            assert slope.se[i] == pytest.approx(np.sqrt(contrast @ joint @ contrast), rel=1e-8)


def test_total_slope_without_a_random_slope_is_the_market_effect():
    fit = fit_lmm(random_design(q=1), rung="intercept")
    slope = total_slope(fit, fit.cov_gls, 2, None)
    assert_allclose(slope.value, fit.beta[2])
    assert_allclose(slope.se, np.sqrt(fit.cov_gls[2, 2]))


def test_modes_of_a_singular_fit_are_finite_and_flat():
    fit = fit_lmm(random_design(3, sd=(2.0, 0.0), groups=12))
    assert fit.singular
    modes = conditional_modes(fit)
    assert np.isfinite(modes).all()
    assert np.isfinite(conditional_covariance(fit)).all()
    direction = np.linalg.eigh(fit.psi)[1][:, 0]
    assert_allclose(modes @ direction, 0.0, atol=1e-6)


def test_own_coefficients_are_each_pharmacys_own_regression():
    fit = FITS["correlated"]
    design = fit.design
    residual = design.y - design.x @ fit.beta
    for i, ours in enumerate(own_coefficients(fit)):
        rows = design.group == i
        expected = np.linalg.lstsq(design.z[rows], residual[rows], rcond=None)[0]
        assert_allclose(ours, expected, rtol=1e-8, atol=1e-9)


def test_own_coefficients_do_not_exist_where_promotion_stands_still():
    design = random_design()
    x, z = design.x.copy(), design.z.copy()
    rows = design.group == 4
    x[rows, 1] = z[rows, 1] = 0.7
    own = own_coefficients(fit_lmm(replace(design, x=x, z=z)))
    assert np.isnan(own[4]).all()
    assert np.isfinite(np.delete(own, 4, axis=0)).all()


def test_modes_shrink_own_coefficients_towards_the_market():
    fit = FITS["correlated"]
    assert np.linalg.norm(conditional_modes(fit)) < np.linalg.norm(own_coefficients(fit))


def test_reliability_is_the_share_of_the_prior_variance_removed():
    assert_allclose(reliability(np.array([0.0, 1.0, 4.0, 5.0]), 4.0), [1.0, 0.75, 0.0, 0.0])
    assert_allclose(reliability(np.array([0.0, 0.0]), 0.0), [0.0, 0.0])


def test_expected_rank_equals_its_sum_of_probabilities():
    rng = np.random.default_rng(1)
    modes, variance = rng.normal(size=7), rng.uniform(0.1, 1.0, 7)
    for i, ours in enumerate(expected_rank(modes, variance)):
        others = [j for j in range(7) if j != i]
        rank = 1.0 + sum(norm.cdf((modes[i] - modes[j]) / np.sqrt(variance[i] + variance[j])) for j in others)
        assert ours == pytest.approx(100.0 * (rank - 0.5) / 7)


def test_expected_rank_without_uncertainty_is_the_rank_and_ties_share_the_middle():
    assert_allclose(expected_rank(np.array([3.0, 1.0, 2.0]), np.zeros(3)), 100.0 * np.array([2.5, 0.5, 1.5]) / 3)
    assert_allclose(expected_rank(np.zeros(4), np.zeros(4)), 50.0)


@settings(max_examples=25)
@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=40), st.randoms(use_true_random=False))
def test_expected_ranks_average_one_half_and_follow_permutations(values, random):
    modes = np.array(values)
    variance = np.linspace(0.1, 2.0, len(modes))
    rank = expected_rank(modes, variance)
    assert rank.mean() == pytest.approx(50.0)
    order = list(range(len(modes)))
    random.shuffle(order)
    assert_allclose(expected_rank(modes[order], variance[order]), rank[order])


def test_ranks_of_more_pharmacies_than_one_block_agree():
    rng = np.random.default_rng(2)
    modes, variance = rng.normal(size=1100), rng.uniform(0.1, 1.0, 1100)
    rank = expected_rank(modes, variance)
    spread = np.sqrt(variance[600] + variance)
    expected = 0.5 + sum(norm.cdf((modes[600] - modes) / spread)) - 0.5
    assert rank[600] == pytest.approx(100.0 * expected / 1100)
    assert_allclose(dense_v(random_design(groups=2), np.zeros((2, 2))), np.eye(len(random_design(groups=2).y)))


def test_expected_rank_matches_simulation_and_sums_up():
    effects, se = np.array([0.1, 0.5, 0.4, -0.2]), np.array([0.2, 0.1, 0.6, 0.3])
    found = expected_rank(effects, se**2)
    draws = np.random.default_rng(3).normal(effects, se, (200_000, 4))
    simulated = (draws.argsort(axis=1).argsort(axis=1) + 0.5).mean(axis=0) * 25
    assert found == pytest.approx(simulated, abs=0.3)
    assert found.mean() == pytest.approx(50.0)
    nothing = np.zeros(2)
    assert expected_rank(np.array([1.0, 1.0]), nothing).tolist() == [50.0, 50.0]
    assert expected_rank(np.array([1.0, 2.0]), nothing).tolist() == [25.0, 75.0]


def test_expected_ranks_of_many_need_little_memory():
    tracemalloc.start()
    many = np.random.default_rng(4).standard_normal(4000)
    found = expected_rank(many, np.full(4000, 0.01))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 100e6  # all pairs at once: 128 MB each of four arrays
    assert found[many.argmax()] > 99.9
