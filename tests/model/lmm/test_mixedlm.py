"""statsmodels at our optimum: its own numbers there are ours, and its optimiser never runs."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from model_problems import random_design, statsmodels_own
from reportgen.model.lmm.fit import fit_lmm
from reportgen.model.lmm.inference import fixed_covariance
from reportgen.model.lmm.mixedlm import AGREEMENT, loglik_gap
from reportgen.model.lmm.modes import conditional_covariance, conditional_modes

CASES = [(q, "correlated" if q > 1 else "intercept", method) for q in (1, 2, 3) for method in ("REML", "ML")]
CASES += [(2, "uncorrelated", "REML"), (2, "uncorrelated", "ML"), (3, "uncorrelated", "REML")]
every_case = pytest.mark.parametrize(("q", "rung", "method"), CASES)


def in_order(mapping):
    return np.array([np.asarray(mapping[key]) for key in sorted(mapping)])


@every_case
def test_statsmodels_results_equal_our_own_numbers(monkeypatch, q, rung, method):
    fit = fit_lmm(random_design(q=q, groups=25), method=method, rung=rung)
    theirs = statsmodels_own(monkeypatch, fit)
    ours = fixed_covariance(fit)
    assert ours.kind == "full-information"
    assert theirs.llf == pytest.approx(fit.loglik, rel=1e-12)
    assert_allclose(np.sqrt(np.diag(ours.values)), theirs.bse_fe, rtol=1e-9)
    assert_allclose(in_order(theirs.random_effects), conditional_modes(fit), rtol=1e-9, atol=1e-11)
    assert_allclose(in_order(theirs.random_effects_cov), conditional_covariance(fit), rtol=1e-9, atol=1e-11)
    assert loglik_gap(fit) < AGREEMENT


def test_singular_covariance_has_no_gap():
    fit = fit_lmm(random_design(3, sd=(2.0, 0.0), groups=12))
    assert fit.singular
    assert loglik_gap(fit) is None


def test_gap_sees_a_wrong_likelihood():
    from dataclasses import replace

    fit = fit_lmm(random_design())
    assert loglik_gap(replace(fit, loglik=fit.loglik + 1e-3)) == pytest.approx(1e-3, rel=1e-6)
    assert loglik_gap(replace(fit, beta=fit.beta + 0.1)) > 1e-3


@pytest.mark.parametrize("scale", [1e-4, 1e4, 1e7])
def test_gap_does_not_depend_on_units(scale):
    from dataclasses import replace

    design = random_design()
    columns = np.array([1.0, scale, 1.0, 1.0])
    moved = replace(design, x=design.x * columns, z=design.z * columns[:2], y=design.y * 1000.0)
    for method in ("REML", "ML"):
        assert loglik_gap(fit_lmm(moved, method=method)) < 1e-8
