"""Pharmacies' effects from their own rows and what pharmacies are like: known truths come back, and intervals hold."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from model_problems import settings
from reportgen.model.effects.draws import draw_model
from reportgen.model.lmm.modes import conditional_modes
from reportgen.model.market.fit import fit_market
from reportgen.model.planning.own import OwnSlopes, own_slopes
from reportgen.model.planning.spread import draw_effects
from reportgen.panel.features import build_frame
from reportgen.panel.simulate import MarketSpec, simulate_market

SIZE, DRAWS, NOISE = 60, 400, 300.0
MEAN, SD = 900.0, 540.0


def kinds(rng: np.random.Generator, name: str) -> np.ndarray:
    """True effects of one mean and SD."""
    if name == "normal":
        return MEAN + SD * rng.standard_normal(SIZE)
    return MEAN + SD * rng.permutation(np.where(np.arange(SIZE) < SIZE // 2, -1.0, 1.0))


def drawn(truth: np.ndarray, rng: np.random.Generator, goes_with: np.ndarray | None = None) -> np.ndarray:
    """Draws of effects that were measured once each."""
    seen = truth + NOISE * rng.standard_normal(SIZE)
    own = OwnSlopes(value=np.tile(seen, (DRAWS, 1)), precision=np.full((DRAWS, SIZE), NOISE**-2.0))
    return draw_effects(own, np.zeros((SIZE, 0)) if goes_with is None else goes_with, rng)


@pytest.mark.parametrize("name", ["normal", "two kinds"])
def test_what_moving_to_the_better_half_brings_lies_in_its_interval(name):
    held, told, came = [], [], []
    for seed in range(40):
        rng = np.random.default_rng([7, seed])
        truth = kinds(rng, name)
        effects = drawn(truth, rng)
        moves = np.where(effects.mean(axis=0) > np.median(effects.mean(axis=0)), 1.0, -1.0)
        gain, (low, high) = moves @ truth, np.quantile(effects @ moves, [0.025, 0.975])
        held.append(low <= gain <= high)
        told.append(float((effects @ moves).mean()))
        came.append(gain)
    # Of 40 intervals of 95 %, fewer than 35 hold in 0.3 % of trials.
    assert sum(held) >= 35
    # A normal distribution tells 0.86 of what two kinds bring.
    assert np.mean(told) == pytest.approx(np.mean(came), rel=0.08)


def test_what_goes_with_effects_makes_them_better_known_and_what_does_not_is_left_aside():
    errors = []
    for seed in range(20):
        rng = np.random.default_rng([8, seed])
        truth = MEAN + 180.0 * rng.standard_normal(SIZE)
        seen = truth + NOISE * rng.standard_normal(SIZE)
        own = OwnSlopes(value=np.tile(seen, (DRAWS, 1)), precision=np.full((DRAWS, SIZE), NOISE**-2.0))
        size = truth + 150.0 * rng.standard_normal(SIZE)
        errors += [
            np.mean((draw_effects(own, column, rng).mean(axis=0) - truth) ** 2)
            for column in (np.zeros((SIZE, 0)), size[:, None], rng.standard_normal((SIZE, 1)))
        ]
    alone, measured, chance = np.mean(np.reshape(errors, (-1, 3)), axis=0)
    assert measured < 0.7 * alone
    assert chance < 1.1 * alone


def test_pharmacies_that_do_not_differ_are_drawn_together():
    rng = np.random.default_rng(3)
    effects = drawn(np.full(SIZE, MEAN), rng)
    assert effects.mean(axis=0).std() < 0.2 * NOISE


def test_a_pharmacy_without_an_own_estimate_is_one_of_the_others():
    rng = np.random.default_rng(4)
    truth = kinds(rng, "normal")
    precision = np.full((DRAWS, SIZE), NOISE**-2.0)
    precision[:, 0] = 0.0
    own = OwnSlopes(value=np.where(precision > 0.0, truth, 0.0), precision=precision)
    effects = draw_effects(own, np.zeros((SIZE, 0)), rng)
    assert effects[:, 0].mean() == pytest.approx(truth[1:].mean(), rel=0.15)
    assert effects[:, 0].std() > 1.5 * effects[:, 1].std()


def test_own_slopes_are_the_truth_where_promotion_before_the_record_still_works():
    spec = MarketSpec(pharmacies=30, periods=30, decay=0.5, sd_slope=600.0, sigma=25.0, adstock_history=True)
    made = simulate_market(spec, np.random.default_rng(5))
    chosen = settings(adstock={"decay": 0.5}, model={"time": "none"})
    market = fit_market(build_frame(made.to_panel(), chosen.model, chosen.adstock), chosen)
    random = market.random_index(market.terms.promotion[0])
    base = draw_model(market, 50, np.random.default_rng(6), scatter=False)
    own = own_slopes(market, base, 0, random)
    truth = spec.beta + made.slopes
    error = np.std(own.value.mean(axis=0) - truth)
    # The mean of the own promotion stands for what was before the record, so it is not exact.
    assert error < 0.5 * np.std(conditional_modes(market.fit)[:, random] - made.slopes)
    assert_allclose(np.polyfit(own.value.mean(axis=0), truth, 1)[0], 1.0, atol=0.03)


def test_draws_of_far_apart_decays_do_not_look_like_differences():
    rng = np.random.default_rng(12)
    noise = rng.standard_normal(SIZE)
    # Promotion that does nothing leaves the decay open: at high ones the same rows say much less.
    errors = np.repeat([NOISE, 10.0 * NOISE], DRAWS // 2)[:, None]
    own = OwnSlopes(value=errors * noise, precision=np.broadcast_to(errors**-2.0, (DRAWS, SIZE)).copy())
    effects = draw_effects(own, np.zeros((SIZE, 0)), rng)
    assert effects[: DRAWS // 2].mean(axis=0).std() < 0.3 * NOISE
