"""Meta-analysis against metafor 3.8, a dense search of the profile, and its own symmetries."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reportgen.model.across import meta

REFERENCE = Path(__file__).parents[2] / "reference"
OLDER = json.loads((REFERENCE / "metafor.json").read_text())
SETS = json.loads((REFERENCE / "metafor_markets.json").read_text())["sets"]
ALL = {**OLDER["sets"], **SETS}


def pooled(name):
    return meta.pool_effects(ALL[name]["effect"], np.square(ALL[name]["se"]))


def close(value, relative=1e-7):
    """Compare with a value of metafor, which was run to a threshold of 1e-14."""
    return None if value is None else pytest.approx(value, rel=relative, abs=1e-12)


@pytest.mark.parametrize("name", ALL)
@pytest.mark.reference
def test_pooled_effect_matches_metafor(name):
    found, expected = pooled(name), ALL[name]["reml"]
    assert found.certified
    assert found.tau2 == close(expected["tau2"], 1e-9)
    assert found.q == close(expected["q"])
    assert found.q_p == close(expected["q_p"])
    for field in ("estimate", "se", "lower", "upper", "statistic", "p", "prediction_lower", "prediction_upper"):
        assert getattr(found, field) == close(expected[field], 1e-8), field
    percent = np.array(expected["weights"]) * (1 if name in SETS else 100)
    assert found.weights == close(percent, 1e-8)
    assert found.i2 == close(expected["i2"] * (1 if name in SETS else 100), 1e-8)
    assert found.shrunken == close(expected["blup"], 1e-8)
    assert found.shrunken_se == close(expected["blup_se"], 1e-8)


@pytest.mark.parametrize("name", SETS)
@pytest.mark.reference
def test_spread_between_markets_matches_metafor(name):
    found, expected = pooled(name), SETS[name]["reml"]
    assert found.h2 == close(expected["h2"], 1e-8)
    assert found.se_classical == close(expected["se_classical"], 1e-8)
    scale = max(SETS[name]["se"]) ** 2
    assert found.tau2_lower == pytest.approx(expected["tau2_lower"], rel=1e-8, abs=1e-9 * scale)
    assert found.tau2_upper == pytest.approx(expected["tau2_upper"], rel=1e-8)
    assert found.shrunken_lower == close(expected["blup_lower"], 1e-8)
    assert found.shrunken_upper == close(expected["blup_upper"], 1e-8)


@pytest.mark.parametrize("name", ALL)
@pytest.mark.reference
def test_paule_mandel_matches_metafor(name):
    found, expected = pooled(name), ALL[name]["pm"]
    assert found.tau2_paule_mandel == close(expected["tau2"], 1e-9)
    assert found.estimate_paule_mandel == close(expected["estimate"], 1e-8)


@pytest.mark.reference
def test_false_discovery_adjustment_matches_r():
    case = OLDER["benjamini_hochberg"]
    assert meta.adjust_benjamini_hochberg(case["p"]) == pytest.approx(case["adjusted"])


@given(st.integers(0, 2**32 - 1), st.integers(2, 12), st.floats(0.0, 3.0), st.floats(-6, 6))
@settings(max_examples=150)
def test_heterogeneity_is_the_highest_point_of_the_profile(seed, k, tau, log_scale):
    rng, scale = np.random.default_rng(seed), 10.0**log_scale
    v = rng.gamma(0.7, 1.0, k) + 1e-3
    y = rng.normal(0, np.sqrt(v + tau**2))
    found, certified = meta.reml_heterogeneity(scale * y, scale**2 * v)
    grid = np.concatenate([[0.0], np.geomspace(1e-8, 1e4, 4000)])
    best = meta.restricted_loglik(y, v, grid).max()
    assert certified
    assert meta.restricted_loglik(y, v, found / scale**2) >= best - 1e-9


def test_higher_of_two_maxima_is_found():
    """Two sharp estimates apart and many vague ones together: the profile peaks at 0 and far from 0."""
    rng, seen = np.random.default_rng(0), 0
    grid = np.concatenate([[0.0], np.geomspace(1e-8, 1e4, 4000)])
    for _ in range(1500):
        v = 10 ** rng.uniform(-3, 2, 4)
        y = rng.normal(0, 1, 4) * rng.choice([0.1, 1, 5])
        profile = meta.restricted_loglik(y, v, grid)
        padded = np.concatenate([[-np.inf], profile, [-np.inf]])
        peaks = np.sum((padded[1:-1] > padded[:-2]) & (padded[1:-1] > padded[2:]))
        if peaks > 1:
            seen += 1
            found, certified = meta.reml_heterogeneity(y, v)
            assert certified
            assert meta.restricted_loglik(y, v, found) >= profile.max() - 1e-9
    assert seen > 3


@pytest.mark.parametrize("tau2", [0.0, 0.3, 2.0])
def test_derivatives_are_exact(tau2):
    y, v, h = np.array([0.1, 2.0, -1.0, 0.7]), np.array([0.2, 0.5, 0.9, 0.1]), 1e-4
    score, observed, fisher = meta.restricted_derivatives(y, v, tau2 + h)
    low, mid, high = (float(meta.restricted_loglik(y, v, tau2 + step)) for step in (0, h, 2 * h))
    assert score == pytest.approx((high - low) / (2 * h), rel=1e-5, abs=1e-6)
    assert observed == pytest.approx(-(high - 2 * mid + low) / h**2, rel=1e-3, abs=1e-3)
    rng = np.random.default_rng(4)
    draws = rng.normal(0, np.sqrt(v + tau2 + h), (20_000, 4))
    assert np.mean([meta.restricted_derivatives(d, v, tau2 + h)[1] for d in draws[:4000]]) == pytest.approx(
        fisher, rel=0.1
    )


def test_paule_mandel_and_the_interval_solve_their_equations():
    y, v = np.array(ALL["eight"]["effect"]), np.square(ALL["eight"]["se"])
    tau2 = meta.paule_mandel_heterogeneity(y, v)
    w = 1 / (v + tau2)
    assert np.sum(w * (y - w @ y / w.sum()) ** 2) == pytest.approx(7.0, abs=1e-9)
    low, high = meta.heterogeneity_interval(y, v)
    assert low < tau2 < high


def test_units_of_the_estimand_do_not_matter():
    y, v = np.array(ALL["eight"]["effect"]), np.square(ALL["eight"]["se"])
    one, many = meta.pool_effects(y, v), meta.pool_effects(-1000 * y, 1e6 * v)
    assert many.estimate == pytest.approx(-1000 * one.estimate)
    assert many.tau2 == pytest.approx(1e6 * one.tau2)
    assert (many.i2, many.p, many.q) == pytest.approx((one.i2, one.p, one.q))
    order = np.array([3, 1, 0, 7, 5, 2, 6, 4])
    assert meta.pool_effects(y[order], v[order]).shrunken == pytest.approx(one.shrunken[order])


def test_two_markets_have_one_degree_of_freedom_and_no_prediction():
    found = pooled("two")
    assert found.df == 1
    assert (found.prediction_lower, found.prediction_upper) == (None, None)
    assert found.upper - found.lower > 6 * found.se_classical


def test_equal_effects_are_pooled_without_spread():
    found = meta.pool_effects([1.0, 1.0, 1.0], [0.1, 0.2, 0.3])
    assert (found.tau2, found.se, found.p, found.certified) == (0.0, 0.0, 0.0, True)
    assert found.estimate == pytest.approx(1.0)
    assert meta.pool_effects([0.0, 0.0], [1.0, 1.0]).p == 1.0


@pytest.mark.parametrize(
    ("y", "v"), [([1.0], [1.0]), ([1.0, 2.0], [1.0]), ([1.0, 2.0], [1.0, 0.0]), ([1.0, np.nan], [1.0, 1.0])]
)
def test_what_cannot_be_pooled_is_refused(y, v):
    with pytest.raises(ValueError, match="effects"):
        meta.pool_effects(y, v)


def test_hartung_knapp_interval_covers():
    rng, inside = np.random.default_rng(12), []
    for _ in range(600):
        v = rng.gamma(2, 0.2, 6) + 0.02
        found = meta.pool_effects(rng.normal(1.0, np.sqrt(v + 0.2)), v)
        inside.append(found.lower <= 1.0 <= found.upper)
    assert 0.92 < np.mean(inside) < 0.98


def test_missing_p_values_do_not_count_as_tests():
    found = meta.adjust_benjamini_hochberg([0.01, np.nan, 0.04])
    assert found[[0, 2]] == pytest.approx([0.02, 0.04])
    assert np.isnan(found[1])
    assert meta.adjust_benjamini_hochberg([]).size == 0
    assert meta.adjust_benjamini_hochberg([1.0, 0.9]).tolist() == [1.0, 1.0]
