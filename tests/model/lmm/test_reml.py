"""The core finds the optimum: saddles and faces are left, first-order conditions hold, batches change nothing."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from model_problems import random_design, stack
from reportgen.model.lmm.crossproducts import cross_products
from reportgen.model.lmm.deviance import evaluate, factor, pattern
from reportgen.model.lmm.reml import KKT_TOLERANCE, minimise, newton_step, starts
from reportgen.model.lmm.search import search

both_methods = pytest.mark.parametrize("reml", [True, False])


def test_batch_of_searches_equals_single_searches():
    problems = [cross_products(random_design(seed, groups=8 + 3 * seed))[0] for seed in range(1, 6)]
    batch = stack(problems)
    found = search(batch, reml=True).best()
    assert found.converged.all()
    for k, one in enumerate(problems):
        alone = minimise(one, starts(one), reml=True)
        assert found.deviance[k] == pytest.approx(alone.deviance[0], abs=1e-8)
        assert_allclose(found.theta[k], alone.theta[0], atol=1e-5)


@both_methods
@pytest.mark.parametrize("column", [0, 1])
def test_zero_column_of_the_factor_is_a_saddle_that_is_left(column, reml):
    """There the gradient in theta vanishes although variance would help: only the covariance cone sees it."""
    products, _ = cross_products(random_design(sd=(2.0, 1.5, 1.0)))
    free = pattern(2, True)
    theta = np.zeros((1, 3))
    theta[0, 2 if column == 0 else 0] = 0.5
    at = evaluate(products, theta, free, reml=reml)
    zero = free[1] == column
    assert_allclose(at.gradient[0, zero], 0.0, atol=1e-9)
    assert np.linalg.eigvalsh(at.score[0])[0] < -1.0
    found = minimise(products, theta, reml=reml)
    best = minimise(products, starts(products), reml=reml)
    assert found.converged[0]
    assert found.deviance[0] == pytest.approx(best.deviance[0], abs=1e-8)


@pytest.mark.parametrize("correlated", [True, False])
@pytest.mark.parametrize("q", [1, 2, 3])
def test_origin_is_left(q, correlated):
    products, _ = cross_products(random_design(q=q), correlated=correlated)
    zero = np.zeros((1, len(pattern(q, correlated)[0])))
    found = minimise(products, zero, reml=True, correlated=correlated)
    best = minimise(products, starts(products, correlated=correlated), reml=True, correlated=correlated)
    assert found.converged[0]
    assert found.deviance[0] == pytest.approx(best.deviance[0], abs=1e-8)
    assert found.deviance[0] < evaluate(products, zero, pattern(q, correlated), reml=True).deviance[0] - 1.0


@both_methods
@pytest.mark.parametrize("correlated", [True, False])
def test_no_variance_is_the_optimum_where_the_data_have_none(correlated, reml):
    """Errors with the pharmacies' means taken out: the certificate is a positive semi-definite G at S = 0."""
    design = random_design(sd=(0.0, 0.0, 0.0))
    rng = np.random.default_rng(2)
    noise = rng.normal(size=len(design.y))
    for i in range(design.groups):
        rows = design.group == i
        basis = np.linalg.qr(design.z[rows])[0]
        noise[rows] -= basis @ (basis.T @ noise[rows])
    from dataclasses import replace

    products, _ = cross_products(replace(design, y=design.x @ np.ones(4) + noise), correlated=correlated)
    found = minimise(products, starts(products, correlated=correlated), reml=reml, correlated=correlated)
    assert found.converged[0]
    assert_allclose(found.theta, 0.0)
    at = evaluate(products, found.theta, pattern(2, correlated), reml=reml)
    assert np.linalg.eigvalsh(at.score[0])[0] > 0.0


def test_first_order_conditions_hold_at_the_optimum():
    products, _ = cross_products(random_design(q=3))
    found = minimise(products, starts(products), reml=True)
    free = pattern(3, True)
    at = evaluate(products, found.theta, free, reml=True)
    lower = factor(found.theta, 3, free)[0]
    assert found.kkt[0] < KKT_TOLERANCE
    assert_allclose(at.score[0] @ lower, 0.0, atol=1e-4)
    assert np.linalg.eigvalsh(at.score[0])[0] > -1e-4
    assert (np.diag(lower) >= 0.0).all()


def test_one_problem_that_cannot_be_computed_does_not_spoil_its_batch():
    good, _ = cross_products(random_design())
    bad = good.take(slice(0, 1))
    bad = type(bad)(rc=bad.rc * np.nan, within=bad.within * np.nan, n=bad.n)
    with np.errstate(all="ignore"):
        found = minimise(stack([good, bad]), np.ones((2, 3)), reml=True)
    assert found.converged.tolist() == [True, False]
    assert found.kkt[1] == np.inf


def test_newton_step_descends_where_the_hessian_is_indefinite():
    gradient, hessian = np.array([[1.0, 1.0]]), np.array([[[2.0, 0.0], [0.0, -3.0]]])
    step, predicted, definite = newton_step(gradient, hessian)
    assert_allclose(step, [[-0.5, -1.0 / 3.0]])
    assert predicted[0] == pytest.approx(0.5 * (0.5 + 1.0 / 3.0))
    assert not definite[0]
