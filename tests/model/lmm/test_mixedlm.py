"""statsmodels at our optimum: its own numbers there are ours, and its optimiser never runs."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from numpy.testing import assert_allclose
from statsmodels.base.model import LikelihoodModel
from statsmodels.regression.mixed_linear_model import MixedLM, MixedLMParams

from model_problems import random_design
from reportgen.model.lmm.fit import fit_lmm
from reportgen.model.lmm.inference import fixed_covariance
from reportgen.model.lmm.mixedlm import AGREEMENT, loglik_gap, results_at
from reportgen.model.lmm.modes import conditional_covariance, conditional_modes

CASES = [(q, "correlated" if q > 1 else "intercept", method) for q in (1, 2, 3) for method in ("REML", "ML")]
CASES += [(2, "uncorrelated", "REML"), (2, "uncorrelated", "ML"), (3, "uncorrelated", "REML")]
every_case = pytest.mark.parametrize(("q", "rung", "method"), CASES)


def statsmodels_own(monkeypatch, fit):
    """``MixedLM.fit`` itself, its search replaced by "stay where you start" (its ``do_cg=False`` is broken in 0.15)."""

    def stay(self, start_params=None, **_):
        return SimpleNamespace(params=start_params, mle_retvals={"converged": True})

    monkeypatch.setattr(LikelihoodModel, "fit", stay)
    design = fit.design
    model = MixedLM(design.y, design.x, groups=design.group, exog_re=design.z)
    start = MixedLMParams.from_components(fe_params=fit.beta, cov_re=fit.psi / fit.sigma2)
    free = None
    if fit.rung == "uncorrelated":
        free = MixedLMParams.from_components(fe_params=np.ones(len(fit.beta)), cov_re=np.eye(len(fit.psi)))
    return model.fit(start_params=start, reml=fit.method == "REML", free=free)


def in_order(mapping):
    return np.array([np.asarray(mapping[key]) for key in sorted(mapping)])


@every_case
def test_results_equal_statsmodels_own_at_the_same_point(monkeypatch, q, rung, method):
    fit = fit_lmm(random_design(q=q, groups=25), method=method, rung=rung)
    ours, theirs = results_at(fit), statsmodels_own(monkeypatch, fit)
    for name in ("llf", "scale", "bse_fe", "fe_params", "cov_re", "fittedvalues", "resid"):
        assert_allclose(getattr(ours, name), getattr(theirs, name), rtol=1e-9, atol=1e-10, err_msg=name)
    assert_allclose(ours.bse, theirs.bse, rtol=1e-9)
    assert_allclose(ours.cov_params(), theirs.cov_params(), rtol=1e-8, atol=1e-12)
    assert_allclose(in_order(ours.random_effects), in_order(theirs.random_effects), rtol=1e-9, atol=1e-12)
    assert_allclose(in_order(ours.random_effects_cov), in_order(theirs.random_effects_cov), rtol=1e-9, atol=1e-12)
    if method == "ML":
        assert (ours.aic, ours.bic) == (pytest.approx(theirs.aic), pytest.approx(theirs.bic))
    else:
        assert np.isnan(ours.aic)


@every_case
def test_statsmodels_results_equal_our_own_numbers(q, rung, method):
    fit = fit_lmm(random_design(q=q, groups=25), method=method, rung=rung)
    theirs = results_at(fit)
    ours = fixed_covariance(fit)
    assert ours.kind == "full-information"
    assert theirs.llf == pytest.approx(fit.loglik, rel=1e-12)
    assert_allclose(np.sqrt(np.diag(ours.values)), theirs.bse_fe, rtol=1e-9)
    assert_allclose(in_order(theirs.random_effects), conditional_modes(fit), rtol=1e-9, atol=1e-11)
    assert_allclose(in_order(theirs.random_effects_cov), conditional_covariance(fit), rtol=1e-9, atol=1e-11)
    assert loglik_gap(fit) < AGREEMENT


def test_summary_and_predictions_work():
    fit = fit_lmm(random_design())
    results = results_at(fit)
    text = str(results.summary())
    assert "Dependent Variable:  y" in text
    assert "x1" in text
    assert "Converged:           Yes" in text
    assert results.predict(fit.design.x[:3]).shape == (3,)
    assert np.isfinite(results.conf_int().to_numpy()).all()


def test_singular_covariance_has_no_statsmodels_results_and_no_gap():
    fit = fit_lmm(random_design(3, sd=(2.0, 0.0), groups=12))
    assert fit.singular
    assert loglik_gap(fit) is None
    with pytest.raises(np.linalg.LinAlgError, match="singular"):
        results_at(fit)


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
