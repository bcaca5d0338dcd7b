"""Another scale or longer lags win where they are true, and lose where the model is."""

from __future__ import annotations

import numpy as np
import pytest

from model_problems import changed_panel, settings, small_panel
from reportgen.model.checks.rivals import check_lags, check_scale, scale_gains
from reportgen.model.market.fit import fit_market
from reportgen.panel.features import build_frame


def fitted(panel, **sections):
    chosen = settings(**{"adstock": {"decay": 0.0}, **sections})
    return fit_market(build_frame(panel, chosen.model, chosen.adstock), chosen)


def with_lags(seed: int, phi: dict[int, float], periods: int = 36):
    """Forty pharmacies whose sales remember at these lags."""
    rng = np.random.default_rng(seed)
    dose = rng.poisson(5.0, (40, 60 + periods)).astype(float)
    sales = np.full((40, 60 + periods), 100.0)
    level = 100.0 * (1.0 - sum(phi.values())) + 5.0 * rng.standard_normal(40)
    for t in range(12, 60 + periods):
        past = sum(weight * sales[:, t - lag] for lag, weight in phi.items())
        sales[:, t] = level + past + 2.0 * dose[:, t] + 3.0 * rng.standard_normal(40)
    panel = small_panel(seed, pharmacies=40, periods=periods)
    return changed_panel(panel, sales=sales[:, 60:], promotion=dose[:, 60:])


@pytest.fixture(scope="module")
def usual():
    return fitted(with_lags(1, {1: 0.35, 2: 0.15}))


def test_the_models_own_lags_win_where_they_are_true(usual):
    lags, memory = check_lags(usual)
    assert (lags.status, memory.status) == ("pass", "pass")
    assert lags.value < 0.0


@pytest.mark.parametrize(
    ("phi", "named"), [({1: 0.3, 3: 0.25, 4: 0.15}, "1, 2, 3, 4"), ({1: 0.3, 12: 0.35}, "1, 2, 12")]
)
def test_longer_memory_is_found_and_named(phi, named):
    lags, _ = check_lags(fitted(with_lags(2, phi)))
    assert (lags.status, lags.detail) == ("fail", named)


def test_one_more_lag_is_a_memory_of_errors():
    _, memory = check_lags(fitted(with_lags(2, {1: 0.3, 3: 0.25})))
    assert memory.status == "fail"
    assert memory.detail == "3"


def test_without_lags_or_rows_to_spare_nothing_is_compared(usual):
    panel = usual.frame.panel
    assert {check.status for check in check_lags(fitted(panel, model={"lags": ()}))} == {"not-run"}
    short = small_panel(1, pharmacies=24, periods=6)
    assert {check.status for check in check_lags(fitted(short))} == {"not-run"}


def test_the_scale_of_money_wins_where_effects_are_money(usual):
    check = check_scale(usual)
    assert check.status == "pass"
    assert all(gain < 0.0 for gain in scale_gains(usual).values())


def test_scales_are_compared_the_same_from_either_side():
    """What the logarithm gains over money is what money loses against the logarithm."""
    panel = with_lags(3, {1: 0.35, 2: 0.15})
    proportional = changed_panel(panel, sales=100.0 * np.exp((panel.sales - 100.0) / 100.0))
    money, logs = fitted(proportional), fitted(proportional, model={"response": "log"})
    level = check_scale(money)
    assert (level.status, level.detail) == ("fail", "log")
    assert check_scale(logs).status == "pass"
    assert scale_gains(logs)["level"] == pytest.approx(-level.value, abs=1e-4)
