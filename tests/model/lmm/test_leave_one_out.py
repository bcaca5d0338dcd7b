"""Leaving a pharmacy out from the cross-products equals fitting the rows without it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose

from model_problems import random_design
from reportgen.model.lmm import leave_one_out as module
from reportgen.model.lmm.columns import Design
from reportgen.model.lmm.fit import fit_lmm
from reportgen.model.lmm.inference import fixed_covariance
from reportgen.model.lmm.leave_one_out import Influence, leave_one_out
from reportgen.model.lmm.modes import beta_contributions, score_contributions


def refit_without(fit, position: int):
    return fit_lmm(fit.design.rows(fit.design.group != position), method=fit.method, rung=fit.rung)


def with_outlier(design: Design) -> Design:
    """One pharmacy carries most of the slope variance."""
    y = design.y + 25.0 * (design.group == 3) * design.x[:, 1]
    return replace(design, y=y)


CASES = {
    "reml": (random_design(1, groups=40), "REML", "correlated"),
    "ml": (random_design(1, groups=40), "ML", "correlated"),
    "uncorrelated": (random_design(1, groups=40), "REML", "uncorrelated"),
    "intercept": (random_design(1, groups=40, q=1), "REML", "intercept"),
    "three slopes": (random_design(1, groups=40, q=3), "REML", "correlated"),
    "outlier": (with_outlier(random_design(1, groups=20)), "REML", "correlated"),
    "few": (random_design(5, groups=9), "REML", "correlated"),
    "singular": (random_design(3, sd=(2.0, 0.0), groups=12), "REML", "correlated"),
}


@pytest.mark.parametrize("case", CASES)
def test_each_left_out_pharmacy_equals_a_refit(case):
    design, method, rung = CASES[case]
    fit = fit_lmm(design, method=method, rung=rung)
    assert fit.certified
    covariance = fixed_covariance(fit).values
    found = leave_one_out(fit, covariance)
    se = np.sqrt(np.diag(covariance))
    for position in range(design.groups):
        expected = refit_without(fit, position)
        assert expected.converged
        assert_allclose((found.beta[position] - expected.beta) / se, 0.0, atol=1e-8 if case != "singular" else 1e-7)


@pytest.mark.parametrize("case", ["reml", "ml", "uncorrelated", "intercept"])
def test_one_of_many_pharmacies_is_left_out_without_a_search(case, monkeypatch):
    design, method, rung = CASES[case]
    fit = fit_lmm(design, method=method, rung=rung)
    covariance = fixed_covariance(fit).values
    exact = leave_one_out(fit, covariance)
    searched = []
    whole = module._searched
    monkeypatch.setattr(module, "MANY", 2)
    monkeypatch.setattr(
        module, "_searched", lambda fit, left, *rest: (searched.extend(left), whole(fit, left, *rest))[1]
    )
    found = leave_one_out(fit, covariance)
    assert_allclose((found.beta - exact.beta) / np.sqrt(np.diag(covariance)), 0.0, atol=3e-6)
    assert len(set(searched)) == len(searched) < design.groups


def test_cooks_distance_is_the_distance_of_the_refit():
    fit = fit_lmm(random_design())
    covariance = fixed_covariance(fit).values
    found = leave_one_out(fit, covariance)
    change = found.beta - fit.beta
    expected = [row @ np.linalg.solve(covariance, row) / 4 for row in change]
    assert_allclose(found.cooks_d, expected, rtol=1e-9)


def test_pharmacy_that_carries_the_variance_is_the_most_influential():
    fit = fit_lmm(with_outlier(random_design(1, groups=20)))
    found = leave_one_out(fit, fixed_covariance(fit).values)
    assert found.most_influential(1, fit.beta[1]) == 3
    assert int(np.argmax(found.cooks_d)) == 3


def test_no_pharmacy_is_most_influential_where_nothing_was_refitted():
    nothing = Influence(beta=np.full((3, 2), np.nan), cooks_d=np.full(3, np.nan))
    assert nothing.most_influential(0, 1.0) is None


def test_batches_of_any_size_give_the_same(monkeypatch):
    fit = fit_lmm(random_design())
    covariance = fixed_covariance(fit).values
    whole = leave_one_out(fit, covariance)
    monkeypatch.setattr(module, "BATCH_GROUPS", 60)
    assert_allclose(leave_one_out(fit, covariance).beta, whole.beta, rtol=1e-12)


def test_many_pharmacies_are_screened_and_the_largest_refitted(monkeypatch):
    fit = fit_lmm(with_outlier(random_design(1, groups=30)))
    covariance = fixed_covariance(fit).values
    whole = leave_one_out(fit, covariance)
    monkeypatch.setattr(module, "MOST_EXACT", 10)
    screened = leave_one_out(fit, covariance)
    done = np.isfinite(screened.cooks_d)
    assert done.sum() == 10
    assert_allclose(screened.beta[done], whole.beta[done], rtol=1e-12)
    assert screened.most_influential(1, fit.beta[1]) == whole.most_influential(1, fit.beta[1])


@pytest.mark.parametrize("q", [1, 2])
def test_scores_sum_to_zero_and_equal_their_definition(q):
    fit = fit_lmm(random_design(q=q), rung="correlated")
    score = score_contributions(fit)
    assert_allclose(score.sum(axis=0), 0.0, atol=1e-8)
    design = fit.design
    ours = beta_contributions(fit)
    for i in range(design.groups):
        rows = design.group == i
        v = fit.sigma2 * np.eye(rows.sum()) + design.z[rows] @ fit.psi @ design.z[rows].T
        residual = design.y[rows] - design.x[rows] @ fit.beta
        assert_allclose(ours[i], fit.cov_gls @ design.x[rows].T @ np.linalg.solve(v, residual), rtol=1e-7, atol=1e-10)
