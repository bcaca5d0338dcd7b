"""An estimated decay carried along its profile: quantiles, weights, limits where linearising is right and wrong."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import t as student

from model_problems import settings, small_panel, two_channel_panel
from reportgen.model.effects.draws import draw_model
from reportgen.model.effects.impact import measure_impact
from reportgen.model.effects.responses import fieller_interval
from reportgen.model.lmm import reml
from reportgen.model.lmm.fit import fit_lmm
from reportgen.model.lmm.inference import fixed_covariance
from reportgen.model.market import decay as decay_module
from reportgen.model.market.decay import HIGHEST, NODES, DecayFit, beta_gradient
from reportgen.model.market.decay_mixture import DecayMixture, Mixture, carried_long_run, decay_mixture
from reportgen.model.market.fit import fit_market
from reportgen.model.market.terms import market_design
from reportgen.model.rows import fixed_rows, pharmacy_rows
from reportgen.panel.features import build_frame
from reportgen.results import LongRun


def fitted(panel, /, **sections):
    chosen = settings(**sections)
    return fit_market(build_frame(panel, chosen.model, chosen.adstock), chosen)


@lru_cache(maxsize=4)
def market(kind: str = "usual"):
    panels = {
        "usual": lambda: small_panel(2, pharmacies=30, periods=24),
        "short": lambda: small_panel(4, pharmacies=60, periods=12),
        "sharp": lambda: small_panel(3, pharmacies=60, periods=60, sigma=300.0),
        "edge": lambda: small_panel(3, pharmacies=40, periods=24, decay=0.0, sd_slope=0.0),
    }
    return fitted(panels[kind]())


def random_mixture(seed: int = 1, nodes: int = 5, m: int = 3) -> Mixture:
    rng = np.random.default_rng(seed)
    return Mixture(
        weights=rng.dirichlet(np.ones(nodes)),
        centre=rng.normal(size=(nodes, m)),
        se=rng.uniform(0.3, 2.0, (nodes, m)),
        df=rng.uniform(4.0, 50.0, (nodes, m)),
    )


def test_one_node_is_the_ordinary_t_interval_and_p_value():
    one = Mixture(weights=np.ones(1), centre=np.array([[2.0]]), se=np.array([[0.9]]), df=np.array([[7.0]]))
    reach = 0.9 * student.ppf(0.975, 7.0)
    assert_allclose(np.concatenate(one.interval(0.95)), [2.0 - reach, 2.0 + reach], rtol=1e-12)
    assert_allclose(one.p_values(), 2.0 * student.sf(2.0 / 0.9, 7.0), rtol=1e-12)


def distribution(mixture, value):
    """Distribution function of each quantity at its own value, (m,)."""
    return mixture.weights @ student.cdf(value, mixture.df, mixture.centre, mixture.se)


@pytest.mark.parametrize("probability", [0.005, 0.025, 0.5, 0.975])
def test_quantile_inverts_the_distribution_function(probability):
    mixture = random_mixture()
    assert_allclose(distribution(mixture, mixture.quantile(probability)), probability, rtol=1e-10)


@pytest.mark.parametrize("seed", range(5))
def test_interval_leaves_zero_out_exactly_where_p_is_small(seed):
    mixture = random_mixture(seed, m=8)
    for k, p in enumerate(mixture.p_values()):
        for level in (p * 0.98, min(p * 1.02, 0.999)):
            low, high = (side[k] for side in mixture.interval(1.0 - level))
            assert (low <= 0.0 <= high) == (level < p)


def test_interval_follows_the_units():
    mixture = random_mixture()
    moved = replace(mixture, centre=7.0 + 1e6 * mixture.centre, se=1e6 * mixture.se)
    assert_allclose(moved.interval(0.9), 7.0 + 1e6 * np.array(mixture.interval(0.9)), rtol=1e-9)


def test_node_without_spread_is_a_point_mass():
    certain = Mixture(weights=np.full(2, 0.5), centre=np.array([[0.0], [1.0]]), se=np.zeros((2, 1)), df=np.ones((1, 1)))
    assert_allclose(np.concatenate(certain.interval(0.95)), [0.0, 1.0], atol=1e-12)


def test_nodes_are_the_reported_model_at_their_decays():
    found = market()
    mixture = found.mixture
    assert len(mixture.decays) == len(mixture.fits) == NODES
    assert mixture.weights.sum() == pytest.approx(1.0)
    assert mixture.decays[0] <= found.decay_fit.lower[0] < found.decay_fit.upper[0] <= mixture.decays[-1]
    for k in (0, NODES // 2, NODES - 1):
        fit = fit_lmm(market_design(found.frame, found.terms, (float(mixture.decays[k]),)), method="REML")
        assert mixture.fits[k].loglik == pytest.approx(fit.loglik, abs=1e-7)
        se = np.sqrt(np.diag(fixed_covariance(fit).values))
        assert_allclose((mixture.beta[k] - fit.beta) / se, 0.0, atol=1e-4)


def test_weights_follow_the_profile_and_hardly_anything_lies_outside():
    mixture, support = market().mixture, market().decay_fit.support
    loglik = np.array([point.loglik_ml for point in support])
    relative = mixture.weights[1:-1] / mixture.weights[1:-1].max()
    assert_allclose(relative, np.exp(loglik[1:-1] - loglik.max()), rtol=1e-10)
    assert mixture.weights[[0, -1]].max() < 0.005


def test_covariance_is_within_nodes_plus_between_them():
    mixture = market().mixture
    mean = np.average(mixture.beta, axis=0, weights=mixture.weights)
    second = sum(
        w * (c + np.outer(b, b)) for w, c, b in zip(mixture.weights, mixture.covariance, mixture.beta, strict=True)
    )
    between = second - np.outer(mean, mean)
    assert_allclose(np.diag(mixture.total_covariance()), np.diag(between), rtol=1e-6)
    assert_allclose(market().covariance.values, mixture.total_covariance())


def test_more_nodes_change_nothing_that_one_would_print(monkeypatch):
    coarse = fixed_rows(market("short"), 0.95)
    monkeypatch.setattr(decay_module, "NODES", 61)
    fine = fixed_rows(fitted(small_panel(4, pharmacies=60, periods=12)), 0.95)
    for few, many in zip(coarse, fine, strict=True):
        assert_allclose([few.lower, few.upper], [many.lower, many.upper], atol=0.02 * many.se)
        assert few.se == pytest.approx(many.se, rel=0.01)


def test_sharp_profile_agrees_with_the_joint_hessian():
    found = market("sharp")
    gradient = beta_gradient(
        found.frame, found.terms, found.decays, method="REML", rung="correlated", se=found.decay_fit.se
    )
    joint = found.conditional + gradient @ gradient.T * found.decay_fit.se[0] ** 2
    assert_allclose(found.covariance.values[1, 1], joint[1, 1], rtol=0.05)
    assert_allclose(found.decay_covariance[0, 0], found.decay_fit.se[0] ** 2, rtol=0.1)
    assert_allclose(found.decay_gradient[1], gradient[1], rtol=0.1)
    row = fixed_rows(found, 0.95)[1]
    reach = student.ppf(0.975, row.df) * row.se
    assert_allclose([row.lower, row.upper], [row.estimate - reach, row.estimate + reach], atol=0.1 * row.se)


def test_short_panel_leaves_more_room_above_than_below():
    row = fixed_rows(market("short"), 0.95)[1]
    assert row.upper - row.estimate > 1.1 * (row.estimate - row.lower)


def test_decay_at_the_edge_still_widens_the_interval():
    found = market("edge")
    assert found.decay_fit.at_edge == (True,)
    assert found.mixture.decays[0] == 0.0
    assert found.covariance.values[1, 1] > 1.05 * found.conditional[1, 1]


def test_only_one_estimated_channel_has_a_mixture(monkeypatch):
    assert fitted(small_panel(2), adstock={"decay": 0.5}).mixture is None
    assert fitted(two_channel_panel()).mixture is None
    monkeypatch.setattr(reml, "KKT_TOLERANCE", -1.0)
    assert fitted(small_panel(2), model={"ladder": True}).mixture is None


def test_profile_without_support_has_no_mixture():
    found = market()
    bare = replace(found.decay_fit, support=())
    assert isinstance(bare, DecayFit)
    assert decay_mixture(found.frame, found.terms, bare, found.fit) is None


def test_plain_model_is_searched_from_both_starts():
    found = fitted(small_panel(2, pharmacies=30, periods=24), model={"correction": "none"})
    for fit in found.mixture.fits:
        assert fit.loglik >= fit_lmm(fit.design, method="REML").loglik - 1e-6


def one_node(beta: float, phi: tuple[float, float], covariance: np.ndarray) -> DecayMixture:
    return DecayMixture(
        decays=np.array([0.5]),
        weights=np.ones(1),
        fits=(),
        beta=np.array([[beta, *phi]]),
        covariance=covariance[None],
        df=np.full((1, 3), 30.0),
    )


def final(estimate: float | None, se: float | None) -> LongRun:
    return LongRun(
        estimate=estimate, se=se, lower=None, upper=None, stationary=estimate is not None, method="delta",
        multiplier=None, half_life=None, total_pulse=None,
    )  # fmt: skip


def test_long_run_of_one_node_is_fieller():
    covariance = np.array([[4.0, 0.02, -0.01], [0.02, 0.01, 0.002], [-0.01, 0.002, 0.01]])
    node = one_node(10.0, (0.3, 0.2), covariance)
    found = carried_long_run(final(20.0, 6.0), node, [0, 1, 2], confidence=0.95, df=30.0)
    spread = np.array([[4.0, -0.01], [-0.01, 0.024]])
    expected = fieller_interval(10.0, 0.5, spread, float(student.ppf(0.975, 30.0)))
    assert_allclose([found.lower, found.upper], expected, rtol=1e-8)
    assert found.method == "fieller"


@pytest.mark.parametrize("phi", [(0.8, 0.15), (0.8, 0.3)])
def test_long_run_without_a_bound_has_no_limits(phi):
    """D within two SEs of zero, or a node that is not stationary."""
    node = one_node(10.0, phi, np.diag([4.0, 0.01, 0.01]))
    found = carried_long_run(final(200.0, 500.0), node, [0, 1, 2], confidence=0.95, df=30.0)
    assert (found.lower, found.upper) == (None, None)


def test_no_long_run_stays_none():
    empty = final(None, None)
    assert carried_long_run(empty, market().mixture, [1, 2, 3], confidence=0.95, df=9.0) is empty


def test_draws_come_from_the_distributions_of_the_table():
    found = market("short")
    drawn = draw_model(found, 4000, np.random.default_rng(4))
    assert set(drawn.decays[:, 0]) <= set(found.mixture.decays)
    assert_allclose(drawn.decays.mean(), found.mixture.weights @ found.mixture.decays, rtol=1e-3)
    row = fixed_rows(found, 0.95)[1]
    assert_allclose(np.quantile(drawn.beta[:, 1], [0.025, 0.975]), [row.lower, row.upper], atol=0.12 * row.se)


def test_impulse_response_and_pharmacies_are_carried_along_the_profile():
    found, chosen = market("short"), settings()
    impact = measure_impact(found, chosen)
    drawn = draw_model(found, 4000, np.random.default_rng(5))
    now = drawn.beta[:, 1] * (1.0 - drawn.decays[:, 0])
    width = impact.impulse[0].upper - impact.impulse[0].lower
    assert_allclose([impact.impulse[0].lower, impact.impulse[0].upper], np.quantile(now, [0.025, 0.975]),
                    atol=0.05 * width)  # fmt: skip
    low, high = np.quantile(drawn.slopes[:, 0], [0.025, 0.975], axis=0)

    class Blank:
        cooks_d = np.zeros(60)
        beta = np.zeros((60, len(found.fit.beta)))

    rows = pharmacy_rows(found, impact, Blank(), 0.95)
    widths = np.array([row.upper - row.lower for row in rows])
    assert_allclose((np.array([row.lower for row in rows]) - low) / widths, 0.0, atol=0.06)
    assert_allclose((np.array([row.upper for row in rows]) - high) / widths, 0.0, atol=0.06)


def test_support_stays_in_the_range_of_decays():
    for kind in ("usual", "short", "edge"):
        nodes = market(kind).mixture.decays
        assert 0.0 <= nodes[0] < nodes[-1] <= HIGHEST
        assert_allclose(np.diff(nodes), nodes[1] - nodes[0], rtol=1e-6)
    assert_array_equal(market().mixture.decays, [point.decay for point in market().decay_fit.support])
