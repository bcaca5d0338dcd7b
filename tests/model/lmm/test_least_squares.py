"""Within-pharmacy and pooled least squares against statsmodels, which has both under other names."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import statsmodels.api as sm
from numpy.testing import assert_allclose

from model_problems import random_design
from reportgen.model.lmm.least_squares import pooled_estimate, within_estimate


def test_within_estimate_equals_regression_with_a_dummy_per_pharmacy():
    design = random_design(p=4)
    ours = within_estimate(design)
    dummies = (design.group[:, None] == np.arange(design.groups)).astype(float)
    theirs = sm.OLS(design.y, np.hstack([design.x[:, 1:], dummies])).fit()
    assert ours.names == ("x1", "x2", "x3")
    assert_allclose(ours.beta, theirs.params[:3], rtol=1e-9)
    assert_allclose(ours.residuals, theirs.resid, atol=1e-9)
    assert ours.sigma2 == pytest.approx(theirs.mse_resid, rel=1e-9)


def test_within_errors_are_arellanos_with_the_documented_factor():
    """G/(G-1) (n-1)/(n-k), k the within columns: statsmodels' cluster covariance of the demeaned regression."""
    design = random_design()
    ours = within_estimate(design)
    sizes = np.bincount(design.group)
    both = np.column_stack([design.x[:, 1:], design.y])
    means = np.array([both[design.group == i].mean(axis=0) for i in range(design.groups)])
    centred = both - means[design.group]
    theirs = sm.OLS(centred[:, -1], centred[:, :-1]).fit()
    robust = theirs.get_robustcov_results("cluster", groups=design.group, use_correction=True, df_correction=True)
    assert_allclose(ours.covariance.values, robust.cov_params(), rtol=1e-9, atol=1e-14)
    assert ours.covariance.kind == "cluster"
    assert_allclose(ours.covariance.df, design.groups - 1)
    assert sizes.sum() == len(design.y)


def test_pooled_estimate_equals_ordinary_regression():
    design = random_design()
    ours, theirs = pooled_estimate(design), sm.OLS(design.y, design.x).fit()
    assert_allclose(ours.beta, theirs.params, rtol=1e-9)
    assert_allclose(ours.covariance.values, theirs.cov_params(), rtol=1e-9, atol=1e-14)
    assert_allclose(ours.covariance.df, theirs.df_resid)
    assert ours.sigma2 == pytest.approx(theirs.scale)


def test_pooled_clustered_errors_equal_statsmodels():
    design = random_design()
    ours = pooled_estimate(design, clustered=True)
    theirs = sm.OLS(design.y, design.x).fit(cov_type="cluster", cov_kwds={"groups": design.group})
    assert_allclose(np.sqrt(np.diag(ours.covariance.values)), theirs.bse, rtol=1e-9)
    assert_allclose(ours.covariance.df, design.groups - 1)
    assert ours.covariance.kind == "cluster"


def test_columns_constant_within_pharmacies_are_left_out():
    design = random_design()
    level = np.random.default_rng(1).normal(size=design.groups)[design.group]
    ours = within_estimate(replace(design, x=np.column_stack([design.x, level]), names=(*design.names, "level")))
    assert ours.names == ("x1", "x2", "x3")


def test_nothing_varies_within_pharmacies():
    design = random_design()
    level = np.random.default_rng(1).normal(size=design.groups)[design.group]
    assert (
        within_estimate(replace(design, x=np.column_stack([design.x[:, 0], level]), names=("Intercept", "a"))) is None
    )


def test_columns_that_are_copies_within_pharmacies_have_no_within_estimate():
    design = random_design()
    level = np.random.default_rng(1).normal(size=design.groups)[design.group]
    x = np.column_stack([design.x, design.x[:, 1] + level])
    assert within_estimate(replace(design, x=x, names=(*design.names, "shifted"))) is None


def test_as_many_coefficients_as_rows_have_no_within_estimate():
    assert within_estimate(random_design(groups=3, least=2, most=2, p=4, q=1)) is None


def test_scale_of_a_column_moves_its_estimate_only():
    design = random_design()
    units = np.array([1.0, 1e8, 1e-8, 1.0])
    plain, moved = within_estimate(design), within_estimate(replace(design, x=design.x * units))
    assert_allclose(moved.beta * units[1:], plain.beta, rtol=1e-9)
    assert_allclose(
        moved.covariance.values * np.outer(units[1:], units[1:]), plain.covariance.values, rtol=1e-8, atol=1e-14
    )
