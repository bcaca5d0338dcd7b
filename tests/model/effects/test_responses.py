"""Long run, impulse response and half-life against brute-force runs of the recursion."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reportgen.model.effects import responses as effects

COV = np.array(
    [
        [0.04, -0.003, -0.002, 0.004],
        [-0.003, 0.002, -0.001, 0.0005],
        [-0.002, -0.001, 0.002, 0.0],
        [0.004, 0.0005, 0.0, 0.01],
    ]
)


def brute_force(beta, phi, lags, decay, promotion, normalize):
    """Sales of one pharmacy by stepping through the months, nothing else in the model."""
    sales, stock = np.zeros(len(promotion)), 0.0
    for t, dose in enumerate(promotion):
        stock = (1 - decay if normalize else 1.0) * dose + decay * stock
        sales[t] = beta * stock + sum(p * sales[t - lag] for p, lag in zip(phi, lags, strict=True) if t >= lag)
    return sales


CASES = [
    ((0.3, 0.2), (1, 2), 0.5, True),
    ((0.3, 0.2), (1, 2), 0.5, False),
    ((0.6,), (1,), 0.0, True),
    ((), (), 0.7, True),
    ((0.4, -0.3, 0.1, 0.2), (1, 2, 3, 4), 0.3, False),
    ((0.2, 0.5), (1, 12), 0.2, True),
    ((1.2, -0.5), (1, 2), 0.4, True),
]


@pytest.mark.parametrize(("phi", "lags", "decay", "normalize"), CASES)
def test_impulse_response_is_what_one_unit_does_in_the_recursion(phi, lags, decay, normalize):
    pulse = np.zeros(41)
    pulse[0] = 1.0
    expected = brute_force(2.5, phi, lags, decay, pulse, normalize)
    cov = np.eye(2 + len(phi)) * 1e-4
    points = effects.impulse_response(2.5, phi, cov, lags=lags, decay=decay, horizon=40, normalize=normalize)
    assert [p.effect for p in points] == pytest.approx(list(expected), abs=1e-12)
    assert [p.cumulative for p in points] == pytest.approx(list(np.cumsum(expected)), abs=1e-12)
    assert [p.horizon for p in points] == list(range(41))


@pytest.mark.parametrize(("phi", "lags", "decay", "normalize"), CASES)
def test_long_run_is_the_limit_of_promotion_kept_up(phi, lags, decay, normalize):
    sales = brute_force(2.5, phi, lags, decay, np.ones(3000), normalize)
    size = 1 + len(phi)
    found = effects.long_run(
        2.5, phi, COV[:1, :1] if size == 1 else np.eye(size) * 1e-5, lags=lags, decay=decay, normalize=normalize
    )
    assert found.total_pulse == pytest.approx(sales[-1], rel=1e-9)
    pulse = np.zeros(3000)
    pulse[0] = 1.0
    assert found.total_pulse == pytest.approx(brute_force(2.5, phi, lags, decay, pulse, normalize).sum(), rel=1e-9)
    assert found.estimate == pytest.approx(2.5 / (1 - sum(phi)))
    assert found.multiplier == pytest.approx(1 / (1 - sum(phi)))


@given(st.floats(-2.5, 2.5), st.floats(-1.5, 1.5))
@settings(max_examples=200)
def test_stationary_region_of_two_lags_is_the_triangle(first, second):
    margins = (1 - first - second, 1 + first - second, 1 - abs(second))
    if min(abs(m) for m in margins) > 1e-6:
        assert effects.is_stationary((first, second), (1, 2)) == (min(margins) > 0)


def test_stationary_region_handles_gaps_between_lags_and_batches():
    radius = effects.spectral_radius(np.array([[0.5], [1.1], [-0.9]]), (12,))
    assert radius == pytest.approx(np.array([0.5, 1.1, 0.9]) ** (1 / 12))
    assert effects.spectral_radius(np.zeros((3, 0)), ()).tolist() == [0.0, 0.0, 0.0]


@pytest.mark.parametrize("phi", [(0.6, 0.4), (0.7, 0.5), (0.2, -1.1), (-0.8, 0.3)])
def test_no_long_run_number_outside_the_stationary_region(phi):
    found = effects.long_run(2.0, phi, COV[:3, :3], lags=(1, 2), decay=0.3)
    assert (found.stationary, found.method) == (False, "none")
    assert [
        found.estimate,
        found.se,
        found.lower,
        found.upper,
        found.multiplier,
        found.half_life,
        found.total_pulse,
    ] == [None] * 7


def test_delta_method_has_the_gradient_of_the_specification():
    phi, beta, remainder = np.array([0.3, 0.1]), 2.0, 0.6
    gradient = np.array([1 / remainder, beta / remainder**2, beta / remainder**2])
    assert effects.long_run_gradient(beta, phi) == pytest.approx(gradient)
    found = effects.long_run(beta, phi, COV, lags=(1, 2), decay=0.3, df=30.0)
    se = np.sqrt(gradient @ COV[:3, :3] @ gradient)
    assert found.se == pytest.approx(se)
    assert found.method == "delta"
    t = effects.critical_value(0.95, 30.0)
    assert t == pytest.approx(2.0422724563)
    assert (found.lower, found.upper) == pytest.approx((beta / remainder - t * se, beta / remainder + t * se))


def test_fieller_interval_is_the_set_of_ratios_not_rejected():
    cov = np.array([[0.09, 0.004, -0.002], [0.004, 0.008, 0.001], [-0.002, 0.001, 0.006]])
    beta, phi = 2.0, np.array([0.5, 0.05])
    found = effects.long_run(beta, phi, cov, lags=(1, 2), decay=0.3)
    assert found.method == "fieller"
    ratios = np.linspace(0, 40, 400_001)
    contrast = np.stack([np.ones_like(ratios), ratios, ratios])  # beta - r D = beta - r + r phi1 + r phi2
    z2 = (beta - ratios * (1 - phi.sum())) ** 2 / np.einsum("ir,ij,jr->r", contrast, cov, contrast)
    kept = ratios[z2 <= effects.critical_value(0.95) ** 2]
    assert (found.lower, found.upper) == pytest.approx((kept[0], kept[-1]), abs=2e-4)


def test_fieller_gives_no_limits_where_the_denominator_may_be_zero():
    found = effects.long_run(2.0, (0.6, 0.3), np.diag([0.04, 0.01, 0.01]), lags=(1, 2), decay=0.0)
    assert (found.method, found.lower, found.upper) == ("fieller", None, None)
    assert found.estimate == pytest.approx(20.0)
    assert found.se is not None


def test_negative_or_missing_variance_gives_no_interval():
    found = effects.long_run(2.0, (0.3,), np.full((2, 2), np.nan), lags=(1,))
    assert (found.se, found.lower, found.upper) == (None, None, None)
    assert found.estimate == pytest.approx(2.0 / 0.7)


@pytest.mark.parametrize("normalize", [True, False])
def test_delta_intervals_use_the_exact_derivatives(normalize):
    beta, phi, decay = 1.7, np.array([0.35, 0.15]), 0.4

    def path(p):
        return p[0] * effects.impulse_weights(p[1:3], p[3], lags=(1, 2), horizon=12, normalize=normalize)

    at, step = np.array([beta, *phi, decay]), 1e-6
    gradient = np.stack([(path(at + step * e) - path(at - step * e)) / (2 * step) for e in np.eye(4)], axis=1)
    points = effects.impulse_response(beta, phi, COV, lags=(1, 2), decay=decay, horizon=12, normalize=normalize)
    for jac, kind in ((gradient, "effect"), (np.cumsum(gradient, axis=0), "cumulative")):
        se = np.sqrt(np.einsum("hp,pq,hq->h", jac, COV, jac))
        upper = [p.upper if kind == "effect" else p.cumulative_upper for p in points]
        half = np.array(upper) - [getattr(p, kind) for p in points]
        assert half == pytest.approx(1.959963984540054 * se, rel=1e-6)


def test_decay_counts_as_known_without_its_row_of_the_covariance():
    wide = effects.impulse_response(1.0, (0.3, 0.1), COV, lags=(1, 2), decay=0.5, horizon=4)
    narrow = effects.impulse_response(1.0, (0.3, 0.1), COV[:3, :3], lags=(1, 2), decay=0.5, horizon=4)
    zeroed = COV.copy()
    zeroed[3] = zeroed[:, 3] = 0
    same = effects.impulse_response(1.0, (0.3, 0.1), zeroed, lags=(1, 2), decay=0.5, horizon=4)
    assert narrow == same
    assert wide != narrow


def test_simulated_intervals_agree_with_delta_where_estimates_are_precise():
    rng = np.random.default_rng(1)
    arguments = {"lags": (1, 2), "decay": 0.4, "horizon": 8}
    drawn = rng.multivariate_normal((1.7, 0.35, 0.15, 0.4), COV / 100, 40_000)
    paths = drawn[:, :1] * effects.impulse_weights(drawn[:, 1:3], drawn[:, 3], lags=(1, 2), horizon=8)
    lower, total = np.quantile(paths, 0.025, axis=0), np.quantile(np.cumsum(paths, axis=1), 0.975, axis=0)
    for h, point in enumerate(effects.impulse_response(1.7, (0.35, 0.15), COV / 100, **arguments)):
        assert lower[h] == pytest.approx(point.lower, abs=0.05 * (point.upper - point.lower))
        assert total[h] == pytest.approx(point.cumulative_upper, abs=0.05 * (point.cumulative_upper - point.cumulative))


@pytest.mark.parametrize(
    ("phi", "lags", "decay", "expected"),
    [
        ((), (), 0.0, 0.0),
        ((0.5,), (1,), 0.0, 0.0),  # half of the total at once
        ((0.75,), (1,), 0.0, 1 + (0.5 - 0.4375) / 0.140625),  # cumulative 0.25, 0.4375, 0.578125
        ((), (), 0.75, 1 + (0.5 - 0.4375) / 0.140625),
        ((1.1,), (1,), 0.0, None),
        ((0.0, 0.6), (1, 12), 0.0, 11.0 + (0.5 - 0.4) / 0.24),
    ],
)
def test_half_life(phi, lags, decay, expected):
    found = effects.half_life(phi, decay, lags=lags)
    assert found == (None if expected is None else pytest.approx(expected))


def test_half_life_of_a_nearly_infinite_memory_is_found_or_missing():
    assert effects.half_life((0.999,), 0.0, lags=(1,)) == pytest.approx(691.8, abs=0.5)
    assert effects.half_life((1 - 1e-7,), 0.0, lags=(1,)) is None


def test_horizon_shows_nearly_the_whole_effect():
    assert effects.impulse_horizon((0.1,), 0.0, lags=(1,)) == 6
    assert effects.impulse_horizon((0.99,), 0.5, lags=(1,)) == 36
    assert effects.impulse_horizon((1.2,), 0.5, lags=(1,)) == 36
    horizon = effects.impulse_horizon((0.5,), 0.6, lags=(1,))
    done = np.cumsum(effects.impulse_weights((0.5,), 0.6, lags=(1,), horizon=horizon)) * 0.5
    assert done[-1] >= 0.99 > done[-2]


def test_draws_have_the_given_mean_and_covariance():
    rng = np.random.default_rng(7)
    drawn = effects.draw_parameters([1.0, 2.0, 3.0, 4.0], COV, 40_000, rng)
    assert drawn.mean(axis=0) == pytest.approx([1, 2, 3, 4], abs=1e-12)
    assert np.cov(drawn.T) == pytest.approx(COV, abs=0.001)
    assert effects.draw_parameters([0.0], [[1.0]], 5, rng).shape == (5, 1)


def test_draws_of_a_boundary_covariance_stay_on_it():
    flat = np.outer([1.0, 2.0], [1.0, 2.0])
    drawn = effects.draw_parameters([0.0, 0.0], flat - 1e-18 * np.eye(2), 200, np.random.default_rng(3))
    assert drawn[:, 1] == pytest.approx(2 * drawn[:, 0], abs=1e-7)
    assert drawn[:, 0].std() == pytest.approx(1.0, abs=0.2)
