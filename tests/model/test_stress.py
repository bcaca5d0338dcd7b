"""Problems meant to break the search: each is certified at the optimum, or flagged (1,000 of them in benchmarks)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.problems import random_problem
from reportgen.model.lmm.crossproducts import cross_products
from reportgen.model.lmm.deviance import pattern
from reportgen.model.lmm.fit import fit_lmm, full_loglik
from reportgen.model.lmm.inference import fixed_covariance
from reportgen.model.lmm.mixedlm import AGREEMENT, loglik_gap
from reportgen.model.lmm.modes import conditional_covariance, conditional_modes
from reportgen.model.lmm.reml import minimise


def best_of_scattered_starts(design, *, correlated: bool, method: str) -> float:
    """Highest log-likelihood over twelve random starts from 1e-3 to 1e2, none of them the fit's own."""
    products, scaling = cross_products(design, correlated=correlated)
    m = len(pattern(products.q, correlated)[0])
    rng = np.random.default_rng(3)
    scattered = rng.normal(size=(12, m)) * 10.0 ** rng.uniform(-3.0, 2.0, size=(12, 1))
    batch = products.take(np.zeros(12, dtype=np.intp))
    found = minimise(batch, scattered, reml=method == "REML", correlated=correlated)
    best = np.min(found.deviance[found.converged], initial=np.inf)
    return float(full_loglik(best, products.n[0], products.p, scaling, reml=method == "REML"))


@pytest.mark.parametrize("seed", range(60))
def test_random_problem_is_certified_at_the_optimum_or_flagged(seed):
    design, correlated = random_problem(seed)
    method = "ML" if seed % 3 == 0 else "REML"
    rung = "uncorrelated" if not correlated else "correlated" if design.z.shape[1] > 1 else "intercept"
    fit = fit_lmm(design, method=method, rung=rung)
    numbers = [fit.loglik, fit.sigma2, *fit.beta, *fit.psi.ravel(), *fit.cov_gls.ravel()]
    assert np.isfinite(numbers).all()
    assert np.isfinite(conditional_modes(fit)).all()
    assert np.isfinite(conditional_covariance(fit)).all()
    covariance = fixed_covariance(fit)
    assert np.isfinite(covariance.values).all()
    assert (covariance.df > 0.0).all()
    assert np.linalg.eigvalsh(fit.psi)[0] > -1e-9 * max(np.linalg.eigvalsh(fit.psi)[-1], 1e-300)
    if not fit.certified:
        return
    assert fit.loglik >= best_of_scattered_starts(design, correlated=correlated, method=method) - 1e-6
    gap = loglik_gap(fit)
    assert gap is None or gap < AGREEMENT + 1e-9 * abs(fit.loglik)


def test_nearly_all_of_them_are_certified():
    certified = []
    for seed in range(60, 120):
        design, correlated = random_problem(seed)
        rung = "uncorrelated" if not correlated else "correlated" if design.z.shape[1] > 1 else "intercept"
        certified.append(fit_lmm(design, rung=rung).certified)
    assert np.mean(certified) > 0.95


@settings(max_examples=15)
@given(
    seed=st.integers(200, 10_000),
    sales=st.floats(-8.0, 8.0),
    fixed=st.floats(-8.0, 8.0),
)
def test_units_do_not_decide_whether_a_fit_is_found(seed, sales, fixed):
    design, correlated = random_problem(seed)
    rung = "uncorrelated" if not correlated else "correlated" if design.z.shape[1] > 1 else "intercept"
    plain = fit_lmm(design, rung=rung)
    n, p = design.x.shape
    columns = np.ones(p)
    columns[1:] = 10.0**fixed
    moved = fit_lmm(replace(design, x=design.x * columns, y=design.y * 10.0**sales), rung=rung)
    assert moved.certified == plain.certified
    if plain.certified:
        shift = -(n - p) * sales * np.log(10.0) - (p - 1) * fixed * np.log(10.0)
        assert moved.loglik == pytest.approx(plain.loglik + shift, abs=1e-5, rel=1e-9)
