"""The deviance is the textbook formula, and its derivatives are those of the deviance."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from model_problems import dense_v, random_design, stack
from reportgen.model.lmm.crossproducts import cross_products, scaled_columns
from reportgen.model.lmm.deviance import beta_response, evaluate, factor, pattern
from reportgen.model.lmm.reml import minimise

CASES = [(1, True), (2, True), (2, False), (3, True), (3, False)]
every_case = pytest.mark.parametrize(("q", "correlated"), CASES)
both_methods = pytest.mark.parametrize("reml", [True, False])


def some_theta(q: int, correlated: bool, seed: int = 3) -> np.ndarray:
    """A point away from any optimum, with elements of both signs."""
    return np.random.default_rng(seed).normal(size=(1, len(pattern(q, correlated)[0])))


def differences(function, point: np.ndarray, step: float = 1e-4) -> np.ndarray:
    """Central differences with one Richardson step, error of order step^4; last axis runs over the coordinates."""
    columns = []
    for k in range(len(point)):
        unit = np.zeros_like(point)
        unit[k] = 1.0
        coarse, fine = (
            (function(point + h * unit) - function(point - h * unit)) / (2.0 * h) for h in (step, step / 2.0)
        )
        columns.append((4.0 * fine - coarse) / 3.0)
    return np.stack(columns, axis=-1)


@every_case
@both_methods
def test_deviance_is_the_textbook_formula(q, correlated, reml):
    design = random_design(q=q)
    products, _ = cross_products(design, correlated=correlated)
    w, z, _ = scaled_columns(design, correlated=correlated)
    free = pattern(q, correlated)
    theta = some_theta(q, correlated)
    at = evaluate(products, theta, free, reml=reml)
    lower = factor(theta, q, free)[0]
    same = design.group[:, None] == design.group[None, :]
    v = np.eye(len(w)) + np.where(same, z @ lower @ lower.T @ z.T, 0.0)
    solved = np.linalg.solve(v, w)
    a = w.T @ solved
    beta = np.linalg.solve(a[:4, :4], a[:4, 4])
    r2 = a[4, 4] - a[:4, 4] @ beta
    n = len(w)
    expected = np.linalg.slogdet(v)[1] + (n - 4 if reml else n) * np.log(r2)
    expected += np.linalg.slogdet(a[:4, :4])[1] if reml else 0.0
    assert at.deviance[0] == pytest.approx(expected, rel=1e-12)
    assert_allclose(at.beta[0], beta, rtol=1e-9, atol=1e-12)
    assert at.r2[0] == pytest.approx(r2, rel=1e-11)
    weighted = np.linalg.solve(v, w[:, 4] - w[:, :4] @ beta)
    for i in range(design.groups):
        rows = design.group == i
        assert_allclose(at.u_i[0, i], z[rows].T @ weighted[rows], atol=1e-9)
        assert_allclose(at.q_i[0, i], z[rows].T @ solved[rows], atol=1e-9)


@every_case
@both_methods
def test_gradient_and_hessian_equal_differences_of_the_deviance(q, correlated, reml):
    products, _ = cross_products(random_design(q=q), correlated=correlated)
    free = pattern(q, correlated)
    theta = some_theta(q, correlated)
    at = evaluate(products, theta, free, reml=reml)

    def deviance(point):
        return evaluate(products, point[None], free, reml=reml).deviance[0]

    def gradient(point):
        return evaluate(products, point[None], free, reml=reml).gradient[0]

    size = np.max(np.abs(at.gradient))
    assert_allclose(at.gradient[0], differences(deviance, theta[0]), atol=1e-7 * size)
    assert_allclose(at.hessian[0], differences(gradient, theta[0]), atol=1e-7 * np.max(np.abs(at.hessian)))


@every_case
@both_methods
def test_score_and_curvature_equal_differences_along_changes_of_the_covariance(q, correlated, reml):
    """Off the Cholesky surface: along S + t v v', where the escape from a face looks."""
    products, _ = cross_products(random_design(q=q), correlated=True)
    free = pattern(q, True)
    lower = factor(some_theta(q, True), q, free)[0]
    vector = np.random.default_rng(8).normal(size=q)
    outer = np.outer(vector, vector)

    def deviance(t):
        moved = np.linalg.cholesky(lower @ lower.T + 0.3 * np.eye(q) + t[0] * outer)
        return evaluate(products, moved[free][None], free, reml=reml).deviance[0]

    def along(t):
        moved = np.linalg.cholesky(lower @ lower.T + 0.3 * np.eye(q) + t[0] * outer)
        here = evaluate(products, moved[free][None], free, reml=reml)
        return np.sum(here.score[0] * outer), here

    slope, at = along(np.zeros(1))
    assert slope == pytest.approx(differences(deviance, np.zeros(1))[0], rel=1e-7)
    bend = outer.ravel() @ at.curvature[0] @ outer.ravel()
    assert bend == pytest.approx(differences(lambda t: along(t)[0], np.zeros(1))[0], rel=1e-7)


@every_case
def test_response_of_beta_to_theta_equals_differences(q, correlated):
    products, _ = cross_products(random_design(q=q), correlated=correlated)
    free = pattern(q, correlated)
    theta = some_theta(q, correlated)
    at = evaluate(products, theta, free, reml=True)
    expected = differences(lambda point: evaluate(products, point[None], free, reml=True).beta[0], theta[0])
    assert_allclose(beta_response(at, free)[0], expected, atol=1e-8)


@every_case
@both_methods
def test_batch_and_padding_change_nothing(q, correlated, reml):
    """Problems of different size in one batch, the smaller one padded with empty pharmacies."""
    small, _ = cross_products(random_design(1, q=q, groups=9), correlated=correlated)
    large, _ = cross_products(random_design(2, q=q, groups=21), correlated=correlated)
    free = pattern(q, correlated)
    theta = np.concatenate([some_theta(q, correlated, 4), some_theta(q, correlated, 5)])
    both = evaluate(stack([small, large]), theta, free, reml=reml)
    for k, one in enumerate((small, large)):
        alone = evaluate(one, theta[k : k + 1], free, reml=reml)
        for name in ("deviance", "gradient", "hessian", "score", "curvature", "beta", "r2", "a"):
            assert_allclose(getattr(both, name)[k], getattr(alone, name)[0], rtol=1e-10, atol=1e-10, err_msg=name)


def test_point_where_the_deviance_overflows_is_infinite_not_an_error():
    products, _ = cross_products(random_design())
    with np.errstate(all="ignore"):
        at = evaluate(products, np.array([[1e200, 0.0, 1e200]]), pattern(2, True), reml=True)
    assert at.deviance[0] == np.inf or np.isfinite(at.deviance[0])
    with np.errstate(all="ignore"):
        found = minimise(products, np.array([[np.nan, 0.0, 1.0]]), reml=True)
    assert not found.converged[0]


@settings(max_examples=15)
@given(signs=st.tuples(st.sampled_from([1.0, -1.0]), st.sampled_from([1.0, -1.0])), seed=st.integers(1, 50))
def test_deviance_is_even_in_each_column_of_the_factor(signs, seed):
    products, _ = cross_products(random_design())
    theta = some_theta(2, True, seed)
    free = pattern(2, True)
    flipped = theta * np.array(signs)[free[1]]
    here, there = (evaluate(products, point, free, reml=True).deviance[0] for point in (theta, flipped))
    assert here == pytest.approx(there, rel=1e-13)


def test_likelihood_in_data_units_is_the_normal_density():
    """The whole chain back to data units: log N(y; X beta, sigma^2 V) at the ML answer."""
    from reportgen.model.lmm.fit import fit_lmm

    design = random_design()
    fit = fit_lmm(design, method="ML")
    v = fit.sigma2 * dense_v(design, fit.psi / fit.sigma2)
    residual = design.y - design.x @ fit.beta
    expected = -0.5 * (len(v) * np.log(2 * np.pi) + np.linalg.slogdet(v)[1] + residual @ np.linalg.solve(v, residual))
    assert fit.loglik == pytest.approx(expected, rel=1e-12)


def test_columns_that_are_not_definite_after_all_give_an_infinite_deviance():
    """Cross-products of another origin may be inconsistent: NaN inside, infinity outside, no exception."""
    good, _ = cross_products(random_design())
    within = good.within.copy()
    within[0, 0, 0] = -1e6
    bad = type(good)(rc=good.rc, within=within, n=good.n)
    with np.errstate(invalid="ignore"):
        at = evaluate(stack([bad, good]), np.ones((2, 3)), pattern(2, True), reml=True)
    assert at.deviance[0] == np.inf
    assert at.deviance[1] == evaluate(good, np.ones((1, 3)), pattern(2, True), reml=True).deviance[0]
