"""Steps of single pharmacies are found; levels that move pass for persistence; both decide where the effect follows."""

from __future__ import annotations

import numpy as np

from model_problems import changed_panel, settings, small_panel
from reportgen.model.checks.residuals import conditional_residuals
from reportgen.model.checks.shifts import (
    STEP,
    around,
    check_following_levels,
    check_shifts,
    check_yearly_levels,
    find_shifts,
)
from reportgen.model.market.fit import fit_market
from reportgen.model.rows import fixed_rows
from reportgen.panel.features import build_frame

SHIFTED = range(0, 40, 5)


def shifted(rise: float, visits: float):
    """Forty pharmacies; every fifth moves up after month twenty, with more visits."""
    panel = small_panel(4, pharmacies=40, periods=36)
    sales, promotion = panel.sales.copy(), panel.promotion[0].copy()
    for row in SHIFTED:
        sales[row, 20:] += rise
        promotion[row, 20:] += visits
    chosen = settings(adstock={"decay": 0.5}, model={"pharmacy_trend": False})  # trends would take up part of the steps
    frame = build_frame(changed_panel(panel, sales=sales, promotion=promotion), chosen.model, chosen.adstock)
    return fit_market(frame, chosen)


def checked(rise: float, visits: float):
    market = shifted(rise, visits)
    return check_shifts(market, fixed_rows(market, 0.95)[1], conditional_residuals(market).values)


def following(rise: float, visits: float):
    market = shifted(rise, visits)
    (check,) = check_following_levels(market, [fixed_rows(market, 0.95)[1]])
    return check


def test_a_steady_market_has_no_steps():
    check = checked(0.0, 0.0)
    assert check.status == "pass"


def test_steps_that_visits_follow_decide():
    check = checked(20_000.0, 1.0)
    assert check.status == "fail"
    assert check.detail.split(", ")[0] in {f"P{row + 1:04d}" for row in SHIFTED}


def test_visits_that_move_with_levels_are_told_from_levels_that_move_alone():
    assert following(0.0, 0.0).value == 0.0
    assert following(10_000.0, 0.0).value == 0.0
    assert following(10_000.0, 3.0).status == "fail"


def test_promotion_around_is_the_mean_of_a_window_of_a_year():
    market = shifted(0.0, 0.0)
    found, frame = around(market)[:, 0], market.frame
    grid = frame.panel.promotion[0][frame.grid_rows]
    expected = [
        grid[g, max(t - 6, 0) : t + 7].mean() for g, t in zip(frame.group.tolist(), frame.column.tolist(), strict=True)
    ]
    np.testing.assert_allclose(found, expected)


def test_the_date_of_a_step_is_found_and_noise_is_none():
    rng = np.random.default_rng(8)
    group, column = np.repeat(np.arange(300), 30), np.tile(np.arange(30), 300)
    noise = rng.standard_normal(len(group))
    assert np.mean(find_shifts(noise, group, column)[0] > STEP) < 0.05
    size, start = find_shifts(noise + 3.0 * ((group == 7) & (column >= 12)), group, column)
    assert size.argmax() == 7
    assert abs(start[7] - 12) <= 1


def by_year(spread: float, *, periods: int = 36, seed: int = 4):
    """Forty pharmacies whose sales move by ``spread`` (SD) for good, some month each, and go on from there."""
    panel = small_panel(seed, pharmacies=40, periods=periods)
    rng = np.random.default_rng(seed)
    after = np.arange(periods) >= rng.integers(6, max(periods - 6, 7), 40)[:, None]
    sales = panel.sales + spread * rng.standard_normal(40)[:, None] * after
    chosen = settings(adstock={"decay": 0.5}, model={"pharmacy_trend": False})
    frame = build_frame(changed_panel(panel, sales=sales), chosen.model, chosen.adstock)
    market = fit_market(frame, chosen)
    return check_yearly_levels(market, fixed_rows(market, 0.95)[1])


def test_levels_that_stay_pass():
    assert [by_year(0.0, seed=seed).status for seed in (4, 5, 6)] == ["pass"] * 3


def test_levels_that_move_fail():
    check = by_year(12_000.0)
    assert check.status == "fail"
    assert check.value > 1.0


def test_a_record_under_two_years_cannot_tell():
    assert by_year(0.0, periods=20).status == "not-run"
