"""Joint draws have the joint distribution of the estimates: means, covariances, and the pharmacies' totals."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.testing import assert_allclose

from model_problems import settings, small_panel, two_channel_panel
from reportgen.model.effects.draws import draw_model, estimates
from reportgen.model.lmm import reml
from reportgen.model.lmm.modes import conditional_modes, total_slope
from reportgen.model.market.fit import fit_market
from reportgen.panel.features import build_frame

DRAWS = 4000


@lru_cache(maxsize=4)
def market(kind: str = "estimated"):
    chosen = settings(adstock={"decay": "estimate" if kind == "estimated" else 0.5})
    panel = two_channel_panel() if kind == "two" else small_panel(2, pharmacies=30, periods=24)
    return fit_market(build_frame(panel, chosen.model, chosen.adstock), chosen)


def test_estimates_have_the_shape_of_one_draw():
    found = market()
    point = estimates(found)
    assert (point.decays.shape, point.slopes.shape, point.phi.shape) == ((1, 1), (1, 1, 30), (1, 2))
    assert_allclose(point.slopes[0, 0], found.fit.beta[1] + conditional_modes(found.fit)[:, 1])
    assert_allclose(point.phi[0], found.fit.beta[2:4])


def test_draws_scatter_with_the_covariance_of_the_table():
    found = market()
    drawn = draw_model(found, DRAWS, np.random.default_rng(1))
    se = np.sqrt(np.diag(found.covariance.values))
    centre = found.mixture.weights @ found.mixture.beta
    assert_allclose((drawn.beta.mean(axis=0) - centre) / se, 0.0, atol=5.0 / np.sqrt(DRAWS))
    expected = found.covariance.values / np.outer(se, se)
    assert_allclose(np.cov(drawn.beta.T) / np.outer(se, se), expected, atol=6.0 / np.sqrt(DRAWS))
    assert_allclose(drawn.decays.std(), np.sqrt(found.decay_covariance[0, 0]), rtol=0.02)


def test_two_channels_scatter_around_the_estimates():
    found = market("two")
    drawn = draw_model(found, DRAWS, np.random.default_rng(1))
    se = np.sqrt(np.diag(found.covariance.values))
    assert_allclose((drawn.beta.mean(axis=0) - found.fit.beta) / se, 0.0, atol=5.0 / np.sqrt(DRAWS))
    assert_allclose(drawn.beta.std(axis=0) / se, 1.0, atol=0.06)


def test_pharmacies_totals_scatter_as_their_prediction_error_says():
    """Modes move against beta: drawing both independently would count the shared uncertainty twice."""
    found = market("fixed")
    drawn = draw_model(found, DRAWS, np.random.default_rng(2)).slopes[:, 0]
    expected = total_slope(found.fit, found.covariance.values, 1, 1)
    assert_allclose((drawn.mean(axis=0) - expected.value) / expected.se, 0.0, atol=5.0 / np.sqrt(DRAWS))
    assert_allclose(drawn.std(axis=0) / expected.se, 1.0, atol=0.06)


def test_decay_and_effect_are_drawn_together():
    found = market()
    drawn = draw_model(found, DRAWS, np.random.default_rng(3))
    implied = found.decay_gradient[1, 0] * np.sqrt(found.decay_covariance[0, 0] / found.covariance.values[1, 1])
    assert_allclose(np.corrcoef(drawn.decays[:, 0], drawn.beta[:, 1])[0, 1], implied, atol=0.06)


def test_fixed_decay_never_moves():
    assert_allclose(draw_model(market("fixed"), 20, np.random.default_rng(1)).decays, 0.5)


def test_two_channels_have_a_slope_each():
    drawn = draw_model(market("two"), 10, np.random.default_rng(1))
    assert drawn.slopes.shape == (10, 2, 30)
    assert not np.allclose(drawn.slopes[:, 0], drawn.slopes[:, 1])


def test_pooled_rung_gives_every_pharmacy_the_market_effect(monkeypatch):
    monkeypatch.setattr(reml, "KKT_TOLERANCE", -1.0)
    chosen = settings(adstock={"decay": 0.5}, model={"ladder": True})
    panel = small_panel(2)
    pooled = fit_market(build_frame(panel, chosen.model, chosen.adstock), chosen)
    drawn = draw_model(pooled, 5, np.random.default_rng(1))
    assert_allclose(drawn.slopes[:, 0], np.repeat(drawn.beta[:, 1:2], 16, axis=1))


def test_same_generator_same_draws():
    first, second = (draw_model(market(), 5, np.random.default_rng(9)) for _ in range(2))
    assert_allclose(first.slopes, second.slopes, rtol=0.0)
