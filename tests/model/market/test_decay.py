"""Decay: the profile's maximum, its interval, the edges, and what its uncertainty adds to beta."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.stats import chi2, norm

from model_problems import settings, small_panel, two_channel_panel
from reportgen.model.lmm.columns import NoResidualVariation
from reportgen.model.lmm.fit import fit_lmm
from reportgen.model.market import decay as module
from reportgen.model.market.decay import (
    GRID,
    HIGHEST,
    DecayLikelihood,
    beta_gradient,
    estimate_decay,
)
from reportgen.model.market.terms import decay_terms, market_design, model_terms
from reportgen.panel.features import build_frame


@lru_cache(maxsize=16)
def frame_and_terms(kind: str = "usual", correction: bool = True):
    chosen = settings()
    panels = {
        "usual": lambda: small_panel(2, pharmacies=30, periods=24),
        "long": lambda: small_panel(3, pharmacies=40, periods=36, decay=0.7),
        "no carry-over": lambda: small_panel(3, pharmacies=40, periods=24, decay=0.0, sd_slope=0.0),
        "no effect": lambda: small_panel(5, pharmacies=12, periods=12, beta=0.0),
        "two": two_channel_panel,
    }
    frame = build_frame(panels[kind](), chosen.model, chosen.adstock)
    return frame, model_terms(frame, correction=correction, random_slope=True)


@lru_cache(maxsize=16)
def estimated(kind: str = "usual", confidence: float = 0.95, correction: bool = True):
    frame, terms = frame_and_terms(kind, correction)
    return estimate_decay(frame, terms, confidence=confidence)


def loglik(kind: str, *decays: float, correction: bool = True) -> float:
    """Two-start ML fit at one decay: independent of the profile's own batches and starts."""
    frame, terms = frame_and_terms(kind, correction)
    return fit_lmm(market_design(frame, decay_terms(frame, terms), decays), method="ML").loglik


@pytest.mark.parametrize(("kind", "correction"), [("usual", True), ("long", True), ("usual", False)])
def test_estimate_is_the_maximum_of_a_fine_grid(kind, correction):
    found = estimated(kind, correction=correction)
    best = found.estimates[0]
    frame, terms = frame_and_terms(kind, correction)
    grid = np.arange(0.0, 0.951, 0.01)
    curve = DecayLikelihood(frame, terms)([(float(d),) for d in grid])
    top = float(DecayLikelihood(frame, terms)([(best,)])[0])
    assert top >= curve.max() - 1e-9
    assert abs(best - grid[np.argmax(curve)]) < 0.01
    for step in (1e-3, -1e-3):
        assert loglik(kind, best + step, correction=correction) < top
    assert top == pytest.approx(loglik(kind, best, correction=correction), abs=1e-7)


def test_slope_of_the_profile_vanishes_at_the_estimate():
    best, se = estimated().estimates[0], estimated().se[0]
    slope = (loglik("usual", best + 1e-3) - loglik("usual", best - 1e-3)) / 2e-3
    assert abs(slope * se) < 1e-2


def test_profile_holds_the_grid_and_the_estimate():
    found = estimated()
    profile = found.profiles[0]
    assert [point.decay for point in profile] == sorted([*GRID, found.estimates[0]])
    best = max(profile, key=lambda point: point.loglik_ml)
    assert best.decay == found.estimates[0]
    for point in profile[::6]:
        assert point.loglik_ml == pytest.approx(loglik("usual", point.decay), abs=1e-6)


@pytest.mark.parametrize("confidence", [0.8, 0.95])
def test_interval_ends_where_the_profile_has_fallen_by_half_a_chi_square(confidence):
    found = estimated("long", confidence)
    top = loglik("long", found.estimates[0])
    fall = 0.5 * chi2.ppf(confidence, 1)
    for end in (found.lower[0], found.upper[0]):
        assert 0.0 < end < HIGHEST
        assert top - loglik("long", end) == pytest.approx(fall, abs=2e-3)
    assert found.lower[0] < found.estimates[0] < found.upper[0]


def test_wider_confidence_gives_a_wider_interval():
    narrow, wide = estimated("long", 0.8), estimated("long", 0.95)
    assert wide.lower[0] < narrow.lower[0] < narrow.upper[0] < wide.upper[0]
    assert wide.estimates == narrow.estimates


def test_standard_error_is_the_curvature_or_the_half_width_whichever_is_larger():
    found = estimated("long")
    best, step = found.estimates[0], 0.01
    top, up, down = (loglik("long", best + k * step) for k in (0, 1, -1))
    curvature = np.sqrt(-(step**2) / (up - 2.0 * top + down))
    half_width = (found.upper[0] - found.lower[0]) / (2.0 * norm.ppf(0.975))
    assert found.se[0] == pytest.approx(max(curvature, half_width), rel=2e-2)
    assert found.covariance[0][0] == pytest.approx(found.se[0] ** 2)


def test_estimate_at_the_edge_is_flagged_and_has_no_standard_error():
    found = estimated("no carry-over")
    assert found.estimates == (0.0,)
    assert found.at_edge == (True,)
    assert found.se == (None,)
    assert found.covariance is None
    assert found.lower == (0.0,)
    assert found.upper[0] < 0.5


def test_without_an_effect_the_interval_holds_nearly_everything():
    found = estimated("no effect")
    assert found.upper[0] - found.lower[0] > 0.5


def test_two_channels_find_their_own_decays():
    found = estimated("two")
    assert abs(found.estimates[0] - 0.6) < 0.15
    assert abs(found.estimates[1] - 0.2) < 0.2
    top = loglik("two", *found.estimates)
    for shift in ((0.03, 0.0), (-0.03, 0.0), (0.0, 0.03), (0.0, -0.03), (0.02, 0.02), (0.02, -0.02)):
        moved = tuple(np.clip(np.add(found.estimates, shift), 0.0, HIGHEST))
        assert moved == found.estimates or loglik("two", *moved) < top + 1e-6
    assert len(found.profiles) == 2


def test_two_channels_have_wald_intervals_from_the_joint_curvature():
    found = estimated("two")
    frame, terms = frame_and_terms("two")
    likelihood = DecayLikelihood(frame, terms)
    step = 0.01
    centre = np.array(found.estimates)
    hessian = np.empty((2, 2))
    for i in range(2):
        for j in range(2):
            a, b = step * np.eye(2)[i], step * np.eye(2)[j]
            points = (centre + a + b, centre + a - b, centre - a + b, centre - a - b)
            pp, pm, mp, mm = likelihood([tuple(point) for point in points])
            hessian[i, j] = (pp - pm - mp + mm) / (4.0 * step**2)
    covariance = np.linalg.inv(-hessian)
    assert_allclose(found.covariance, covariance, rtol=0.05, atol=0.02 * np.max(covariance))
    for k in range(2):
        reach = norm.ppf(0.975) * found.se[k]
        assert found.lower[k] == pytest.approx(max(0.0, found.estimates[k] - reach))
        assert found.upper[k] == pytest.approx(min(HIGHEST, found.estimates[k] + reach))


def test_gradient_of_beta_equals_refits():
    frame, terms = frame_and_terms("long")
    found = estimated("long")
    ours = beta_gradient(frame, terms, found.estimates, method="REML", rung="correlated", se=found.se)
    ends = [fit_lmm(market_design(frame, terms, (found.estimates[0] + sign * 1e-3,))).beta for sign in (1, -1)]
    expected = (ends[0] - ends[1]) / 2e-3
    se = np.sqrt(np.diag(fit_lmm(market_design(frame, terms, found.estimates)).cov_gls))
    assert ours.shape == (len(terms.fixed), 1)
    assert_allclose((ours[:, 0] - expected) * found.se[0] / se, 0.0, atol=0.02)


def test_gradient_is_zero_where_the_decay_has_no_standard_error():
    frame, terms = frame_and_terms("long")
    for decays, se in (((0.5,), (None,)), ((0.0,), (0.1,))):
        assert not beta_gradient(frame, terms, decays, method="REML", rung="correlated", se=se).any()


def test_each_decay_is_evaluated_once(monkeypatch):
    frame, terms = frame_and_terms()
    likelihood = DecayLikelihood(frame, terms)
    first = likelihood([(0.3,), (0.5,), (0.3,)])
    monkeypatch.setattr(module, "stacked_products", None)
    assert_allclose(likelihood([(0.5,), (0.3,)]), first[[1, 0]])
    assert first[0] == first[2]


def test_batches_do_not_change_a_value():
    frame, terms = frame_and_terms()
    many = DecayLikelihood(frame, terms)([(float(d),) for d in np.linspace(0.0, 0.9, 13)])
    alone = [DecayLikelihood(frame, terms)([(float(d),)])[0] for d in np.linspace(0.0, 0.9, 13)]
    assert_allclose(many, alone, atol=1e-7)


@pytest.mark.parametrize("rung", ["uncorrelated", "intercept"])
def test_other_rungs_have_their_own_profile(rung):
    chosen = settings()
    frame = build_frame(small_panel(2, pharmacies=30, periods=24), chosen.model, chosen.adstock)
    terms = model_terms(frame, correction=True, random_slope=rung != "intercept")
    found = estimate_decay(frame, terms, rung=rung)
    expected = fit_lmm(market_design(frame, decay_terms(frame, terms), found.estimates), method="ML", rung=rung).loglik
    assert max(point.loglik_ml for point in found.profiles[0]) == pytest.approx(expected, abs=1e-7)


def test_response_without_noise_is_refused_not_fitted():
    chosen = settings(model={"lags": ()})
    panel = small_panel()
    from model_problems import changed_panel

    frame = build_frame(changed_panel(panel, sales=np.full((16, 16), 7.0)), chosen.model, chosen.adstock)
    with pytest.raises(NoResidualVariation):
        estimate_decay(frame, model_terms(frame, correction=True, random_slope=True))
