"""Standard errors and degrees of freedom against differences of the likelihood, and the table they make."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.stats import t as student

from model_problems import dense_v, random_design
from reportgen.model.lmm import inference
from reportgen.model.lmm.columns import Design
from reportgen.model.lmm.fit import fit_lmm
from reportgen.model.lmm.inference import (
    FixedCovariance,
    by_cluster,
    coefficient_rows,
    degrees_of_freedom,
    fixed_covariance,
    model_covariance,
    satterthwaite,
    theta_covariance,
    theta_gradient,
)


def with_lagged_response(seed: int = 3, groups: int = 30, periods: int = 8) -> Design:
    """A dynamic panel: the response's own past among the columns, so that beta moves with theta."""
    rng = np.random.default_rng([9, seed])
    level, slope = rng.normal(size=groups), 1.0 + 0.7 * rng.normal(size=groups)
    x = rng.normal(size=(groups, periods + 1)) + level[:, None] * 0.5
    y = np.zeros((groups, periods + 1))
    y[:, 0] = 2.0 * level + rng.normal(size=groups)
    for t in range(1, periods + 1):
        y[:, t] = level + x[:, t] * slope + 0.4 * y[:, t - 1] + rng.normal(size=groups)
    n = groups * periods
    columns = np.column_stack([np.ones(n), x[:, 1:].ravel(), y[:, :-1].ravel()])
    return Design(
        y=y[:, 1:].ravel(),
        x=columns,
        z=columns[:, :2],
        group=np.repeat(np.arange(groups), periods).astype(np.intp),
        groups=groups,
        names=("Intercept", "x", "lag"),
        z_names=("Intercept", "x"),
    )


def joint_hessian(fit):
    """Hessian over (beta, theta) of the log-likelihood with sigma^2 profiled out, by differences, dense matrices."""
    design = fit.design
    p, rows = len(fit.beta), np.tril_indices(len(fit.psi))
    unit = np.concatenate([np.sqrt(np.diag(fit.cov_gls)), np.full(len(rows[0]), 0.1)])

    def loglik(point):
        lower = np.zeros_like(fit.psi)
        lower[rows] = (fit.lower[rows]) + point[p:] * unit[p:]
        v = dense_v(design, lower @ lower.T)
        residual = design.y - design.x @ (fit.beta + point[:p] * unit[:p])
        value = -0.5 * np.linalg.slogdet(v)[1]
        value -= 0.5 * fit.degrees * np.log(residual @ np.linalg.solve(v, residual))
        if fit.method == "REML":
            value -= 0.5 * np.linalg.slogdet(design.x.T @ np.linalg.solve(v, design.x))[1]
        return value

    m, step = len(unit), 2e-3
    hessian = np.empty((m, m))
    eye = np.eye(m) * step
    for i in range(m):
        for j in range(i, m):
            hessian[i, j] = hessian[j, i] = (
                loglik(eye[i] + eye[j]) - loglik(eye[i] - eye[j]) - loglik(eye[j] - eye[i]) + loglik(-eye[i] - eye[j])
            ) / (4.0 * step**2)
    return hessian / np.outer(unit, unit)


@pytest.mark.parametrize("method", ["REML", "ML"])
def test_full_information_covariance_is_the_inverse_joint_hessian(method):
    fit = fit_lmm(with_lagged_response(2, groups=30, periods=6), method=method)
    assert fit.certified
    assert not fit.singular
    covariance = fixed_covariance(fit)
    assert covariance.kind == "full-information"
    expected = np.linalg.inv(-joint_hessian(fit))[:3, :3]
    assert_allclose(covariance.values, expected, rtol=2e-4, atol=1e-6 * np.max(np.abs(expected)))


def test_lagged_response_makes_the_gls_standard_error_too_small():
    fit = fit_lmm(with_lagged_response())
    ratio = np.sqrt(np.diag(fixed_covariance(fit).values) / np.diag(fit.cov_gls))
    assert ratio[2] > 1.01
    assert (ratio > 1.0 - 1e-12).all()


def test_exogenous_columns_leave_little_between_the_two_standard_errors():
    fit = fit_lmm(random_design(groups=60))
    ratio = np.sqrt(np.diag(fixed_covariance(fit).values) / np.diag(fit.cov_gls))
    assert_allclose(ratio, 1.0, atol=0.02)


def test_gradient_in_theta_equals_refits_at_moved_theta():
    from reportgen.model.lmm.deviance import evaluate, pattern

    fit = fit_lmm(with_lagged_response())
    free = pattern(2, True)
    for k, column in enumerate(theta_gradient(fit).T):
        ends = []
        for sign in (1.0, -1.0):
            theta = fit.at.theta.copy()
            theta[0, k] += sign * 1e-5
            at = evaluate(fit.products, theta, free, reml=True)
            ends.append(fit.scaling.y_scale * (fit.scaling.x_inverse @ at.beta[0]))
        assert_allclose(column, (ends[0] - ends[1]) / 2e-5, rtol=1e-5, atol=1e-8)


def test_singular_fit_keeps_finite_full_information_errors_along_its_face():
    fit = fit_lmm(random_design(3, sd=(2.0, 0.0), groups=12))
    assert fit.singular
    covariance = fixed_covariance(fit)
    assert covariance.kind == "full-information"
    assert np.isfinite(covariance.values).all()
    assert np.isfinite(covariance.df).all()
    assert (np.diag(covariance.values) >= np.diag(fit.cov_gls)).all()


def test_hessian_that_is_not_definite_falls_back_to_gls_and_says_so():
    fit = fit_lmm(random_design())
    flat = replace(fit, at=replace(fit.at, hessian=fit.at.hessian * np.array([1.0, 0.0, 0.0])))
    assert theta_covariance(flat) is None
    covariance = fixed_covariance(flat)
    assert covariance.kind == "gls"
    assert_allclose(covariance.values, fit.cov_gls)
    assert np.isfinite(covariance.df).all()


def test_satterthwaite_of_one_way_means_is_exact():
    """Balanced one-way layout: the mean has G - 1 degrees of freedom, whatever the variances."""
    rng = np.random.default_rng(1)
    groups, size = 10, 6
    group = np.repeat(np.arange(groups), size)
    y = 3.0 * rng.normal(size=groups)[group] + rng.normal(size=groups * size)
    ones = np.ones((groups * size, 1))
    design = Design(
        y=y, x=ones, z=ones, group=group.astype(np.intp), groups=groups, names=("Intercept",), z_names=("Intercept",)
    )
    assert satterthwaite(fit_lmm(design, rung="intercept"), np.eye(1))[0] == pytest.approx(groups - 1, rel=1e-6)


def test_satterthwaite_does_not_depend_on_the_length_of_a_contrast_or_on_units():
    design = random_design()
    fit = fit_lmm(design)
    contrast = np.array([[0.0, 1.0, -1.0, 0.5]])
    df = satterthwaite(fit, contrast)
    assert satterthwaite(fit, 1e4 * contrast) == pytest.approx(df)
    units = np.array([1.0, 1e3, 1.0, 1.0])
    moved = fit_lmm(replace(design, x=design.x * units, z=design.z * units[:2], y=design.y * 10.0))
    assert satterthwaite(moved, contrast * units) == pytest.approx(df, rel=1e-6)
    assert_allclose(fixed_covariance(fit).df, satterthwaite(fit, np.eye(4)))


def test_rows_carry_t_statistics_and_intervals_on_their_own_df():
    covariance = FixedCovariance(values=np.diag([4.0, 9.0]), kind="full-information", df=np.array([10.0, 30.0]))
    rows = coefficient_rows(
        ("a", "b"), np.array([4.0, -3.0]), covariance, np.diag([1.0, 4.0]), np.array([0.0, 2.5]), 0.9
    )
    first, second = rows
    assert (first.term, first.estimate, first.se, first.se_gls, first.df) == ("a", 4.0, 2.0, 1.0, 10.0)
    assert first.statistic == pytest.approx(2.0)
    assert first.p == pytest.approx(2.0 * student.sf(2.0, 10.0))
    assert (first.lower, first.upper) == pytest.approx(
        (4.0 - student.ppf(0.95, 10) * 2.0, 4.0 + student.ppf(0.95, 10) * 2.0)
    )
    assert second.p == pytest.approx(2.0 * student.sf(1.0, 30.0))
    assert second.column_sd == 2.5


def test_rows_say_none_where_there_is_no_number():
    covariance = FixedCovariance(values=np.diag([0.0, np.nan]), kind="cluster", df=np.array([5.0, np.nan]))
    flat, unknown = coefficient_rows(("a", "b"), np.array([1.0, 2.0]), covariance, None, np.array([1.0, np.nan]), 0.95)
    assert flat.statistic is None
    assert flat.se_gls is None
    assert (unknown.se, unknown.df, unknown.p, unknown.lower, unknown.column_sd) == (None,) * 5


def clustered_design() -> Design:
    design = with_lagged_response()
    return replace(design, cluster=(np.arange(design.groups) % 6).astype(np.intp))


def test_clustered_covariance_and_df_are_those_of_the_definition() -> None:
    """CR2 by the matrices of Pustejovsky and Tipton (2018): A_h = D_h' B_h^-1/2 D_h in whitened rows."""
    fit = fit_lmm(clustered_design(), method="REML")
    design = fit.design
    whitening = np.linalg.inv(np.linalg.cholesky(fit.sigma2 * dense_v(design, fit.psi / fit.sigma2)))
    x, e = whitening @ design.x, whitening @ (design.y - design.x @ fit.beta)
    bread = np.linalg.inv(x.T @ x)
    hat, cluster = x @ bread @ x.T, design.cluster[design.group]
    shares, paths = [], []
    for h in range(6):
        own = cluster == h
        values, vectors = np.linalg.eigh(np.eye(own.sum()) - hat[np.ix_(own, own)])
        adjusted = (vectors / np.sqrt(values)) @ vectors.T
        shares.append(bread @ x[own].T @ adjusted @ e[own])
        paths.append((np.eye(len(e)) - hat)[:, own] @ adjusted @ x[own] @ bread)
    blocks = by_cluster(fit, design.cluster)
    through_theta = inference._through_theta(fit, design.cluster, blocks)
    covariance = fixed_covariance(fit)
    whole = np.array(shares) + through_theta
    assert covariance.kind == "territory"
    assert_allclose(covariance.values, whole.T @ whole, rtol=1e-8)
    for k in range(3):
        path = np.array([one[:, k] for one in paths])
        gram = path @ path.T
        assert covariance.df[k] == pytest.approx(np.trace(gram) ** 2 / np.sum(gram**2), rel=1e-8)
    assert_allclose(degrees_of_freedom(fit, np.eye(3)), covariance.df)


def test_what_clusters_say_of_theta_adds_up_to_nothing_at_the_optimum() -> None:
    fit = fit_lmm(clustered_design(), method="REML")
    found = inference._through_theta(fit, fit.design.cluster, by_cluster(fit, fit.design.cluster))
    assert_allclose(found.sum(axis=0), 0.0, atol=1e-6 * np.abs(found).max())
    assert np.abs(found).max() > 0.0


def test_clusters_of_one_pharmacy_each_come_near_the_models_own_covariance() -> None:
    design = random_design(groups=400)
    fit = fit_lmm(replace(design, cluster=np.arange(design.groups)), method="REML")
    robust, model = fixed_covariance(fit), model_covariance(fit)
    assert_allclose(np.sqrt(np.diag(robust.values)), np.sqrt(np.diag(model.values)), rtol=0.15)
