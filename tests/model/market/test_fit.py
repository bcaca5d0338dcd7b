"""The model of a market: which decay, which rung, which covariance, and the record of every attempt."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pytest
import statsmodels.api as sm
from numpy.testing import assert_allclose

from model_problems import changed_panel, settings, small_panel
from reportgen.model.lmm import reml
from reportgen.model.lmm.columns import RankDeficient
from reportgen.model.lmm.mixedlm import results_at
from reportgen.model.market import fit as module
from reportgen.model.market.fit import DependentTerm, estimable_terms, fit_market
from reportgen.panel.features import build_frame


def frame_of(panel, chosen):
    return build_frame(panel, chosen.model, chosen.adstock)


def fitted(market=None, /, **sections):
    chosen = settings(**sections)
    return fit_market(frame_of(small_panel() if market is None else market, chosen), chosen)


@lru_cache(maxsize=1)
def default():
    return fitted(small_panel(2, pharmacies=30, periods=24))


FIXED = {"decay": 0.5}


def test_default_estimates_the_decay_and_carries_its_uncertainty():
    market = default()
    assert (market.decay_source, market.rung) == ("estimated", "correlated")
    assert market.certified
    assert market.statsmodels_gap < 1e-6
    assert market.decays == market.decay_fit.estimates
    assert_allclose(market.covariance.values, market.mixture.total_covariance(), rtol=1e-12)
    assert market.covariance.values[1, 1] > market.conditional[1, 1]


def test_fixed_decay_adds_nothing():
    market = fitted(adstock=FIXED)
    assert (market.decay_source, market.decays, market.decay_fit) == ("fixed", (0.5,), None)
    assert_allclose(market.covariance.values, market.conditional)
    assert not market.decay_gradient.any()


def test_decays_given_by_the_caller_are_used_and_their_source_is_told():
    chosen = settings()
    market = fit_market(frame_of(small_panel(), chosen), chosen, decays=[0.3], source="shared")
    assert (market.decays, market.decay_source) == ((0.3,), "shared")


def test_plain_is_the_seed_model_whatever_the_settings_say():
    chosen = settings(adstock=FIXED, model={"pharmacy_trend": True})
    market = fit_market(frame_of(small_panel(), chosen), chosen, plain=True)
    assert market.terms.fixed == ("Intercept", "Adstock_Promotion", "Lag1_Sales", "Lag2_Sales")
    assert market.terms.random == ("Intercept", "Adstock_Promotion")
    plain = fitted(adstock=FIXED, model={"correction": "none", "time": "none"})
    assert market.fit.loglik == plain.fit.loglik


def test_random_slope_can_be_left_out():
    market = fitted(adstock=FIXED, model={"random_slope": False})
    assert market.rung == "intercept"
    assert market.random_index("Adstock_Promotion") is None
    assert {attempt.rung for attempt in market.attempts} == {"intercept"}


def test_positions_of_terms():
    market = default()
    assert market.index("Lag1_Sales") == 2
    assert market.random_index("Adstock_Promotion") == 1
    assert market.random_index("Lag1_Sales") is None
    assert market.design is market.fit.design


def test_statsmodels_results_of_a_market():
    market = fitted(small_panel(2, pharmacies=30, periods=24), adstock=FIXED)
    results = results_at(market.fit)
    assert results.llf == pytest.approx(market.fit.loglik, rel=1e-12)
    assert_allclose(results.bse_fe, np.sqrt(np.diag(market.covariance.values)), rtol=1e-9)
    assert "Lag1_Sales" in str(results.summary())


def test_method_ml_is_one_fit():
    market = fitted(adstock=FIXED, model={"method": "ML"})
    assert market.ml is market.fit
    assert market.fit.method == "ML"


def test_uncertified_rungs_are_climbed_down_to_pooled_and_every_attempt_is_recorded(monkeypatch):
    monkeypatch.setattr(reml, "KKT_TOLERANCE", -1.0)  # no optimum is as good as that
    chosen = settings(adstock=FIXED, model={"ladder": True})
    frame = frame_of(small_panel(2), chosen)
    market = fit_market(frame, chosen)
    assert market.rung == "pooled"
    tried = [attempt.rung for attempt in market.attempts]
    assert list(dict.fromkeys(tried)) == ["correlated", "uncorrelated", "intercept", "pooled"]
    assert tried.count("pooled") == 1
    assert len(market.design.y) == len(frame.response)


def test_without_a_certificate_the_first_rung_is_left_uncertified_unless_the_ladder_is_asked_for(monkeypatch):
    monkeypatch.setattr(reml, "KKT_TOLERANCE", -1.0)
    market = fitted(small_panel(2), adstock=FIXED)
    assert market.rung == "correlated"
    assert not market.certified
    assert {attempt.rung for attempt in market.attempts} == {"correlated", "uncorrelated", "intercept"}


def test_pooled_rung_is_ordinary_regression_with_clustered_errors(monkeypatch):
    monkeypatch.setattr(reml, "KKT_TOLERANCE", -1.0)
    market = fitted(small_panel(2), adstock=FIXED, model={"ladder": True})
    design = market.design
    theirs = sm.OLS(design.y, design.x).fit(cov_type="cluster", cov_kwds={"groups": design.group})
    assert_allclose(market.fit.beta, theirs.params, rtol=1e-8)
    assert market.covariance.kind == "cluster"
    assert_allclose(np.sqrt(np.diag(market.covariance.values)), theirs.bse, rtol=1e-8)
    assert_allclose(market.covariance.df, design.groups - 1)
    assert market.ml.loglik == pytest.approx(theirs.llf, rel=1e-10)
    assert market.fit.sigma2 == pytest.approx(sm.OLS(design.y, design.x).fit().mse_resid, rel=1e-10)
    assert market.certified
    assert market.statsmodels_gap is None
    assert market.random_index("Adstock_Promotion") is None


def test_pooled_rung_with_an_estimated_decay_keeps_the_decay(monkeypatch):
    monkeypatch.setattr(reml, "KKT_TOLERANCE", -1.0)
    market = fitted(small_panel(2), model={"ladder": True})
    assert market.rung == "pooled"
    assert market.decay_source == "estimated"
    assert not market.decay_gradient.any()


def test_only_the_rung_that_statsmodels_contradicts_is_left(monkeypatch):
    real = module.loglik_gap
    monkeypatch.setattr(module, "loglik_gap", lambda fit: 1.0 if fit.rung == "correlated" else real(fit))
    market = fitted(small_panel(2), adstock=FIXED)
    assert market.rung == "uncorrelated"
    assert market.certified
    assert market.fit.psi[0, 1] == 0.0
    assert [attempt.rung for attempt in market.attempts][:2] == ["correlated", "correlated"]


SINGULAR = {"sd_slope": 0.0, "sd_intercept": 0.0}


def test_singular_fit_stays_on_its_rung_unless_the_ladder_is_asked_for():
    panel = small_panel(2, **SINGULAR)
    plain = fitted(panel, adstock=FIXED)
    assert plain.fit.singular
    assert plain.rung == "correlated"
    assert plain.certified
    asked = fitted(panel, adstock=FIXED, model={"ladder": True})
    assert asked.rung in {"uncorrelated", "intercept"}
    assert {attempt.rung for attempt in asked.attempts} > {"correlated"}
    assert asked.certified


def test_ladder_leaves_a_regular_fit_alone():
    asked = fitted(small_panel(2, pharmacies=30, periods=24), adstock=FIXED, model={"ladder": True})
    assert not asked.fit.singular
    assert asked.rung == "correlated"


def test_copy_of_promotion_among_the_controls_is_named():
    panel = small_panel()
    copied = changed_panel(panel, controls=2.0 * panel.promotion[0], control_names=("visits",))
    with pytest.raises(DependentTerm) as caught:
        fitted(copied, adstock={"decay": 0.0}, panel={"controls": ("visits",)})
    assert (caught.value.term, caught.value.like) == ("Visits", "Adstock_Promotion")


def test_copy_of_promotion_is_found_at_the_grid_when_the_decay_is_estimated():
    panel = small_panel()
    copied = changed_panel(panel, controls=2.0 * panel.promotion[0], control_names=("visits",))
    with pytest.raises(RankDeficient):
        fitted(copied)


def test_dependent_correction_columns_are_dropped_not_refused():
    panel = small_panel()
    promotion = panel.promotion[0].copy()
    promotion[:, :3] = 2.0
    chosen = settings()
    frame = frame_of(changed_panel(panel, promotion=promotion), chosen)
    kept = estimable_terms(frame, chosen, "periods").correction
    assert "Initial_Promotion" not in kept
    assert {"Initial_Sales", "Mean_Promotion"} <= set(kept)
    assert fit_market(frame, chosen).certified
