"""The market fitted another way: one thing changed, the rest held."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.stats import t as student

from model_problems import changed_panel, random_design, settings, small_panel
from reportgen.model.lmm.fit import fit_lmm
from reportgen.model.lmm.inference import fixed_covariance
from reportgen.model.lmm.modes import conditional_modes
from reportgen.model.market.fit import fit_market
from reportgen.model.market.variants import (
    add_columns,
    coefficient,
    hold_out,
    with_current,
    with_leads,
    with_month_dummies,
    without_pharmacy,
)
from reportgen.panel.features import build_frame

TERM = "Adstock_Promotion"
SEED = {"time": "none"}


def market(panel=None, /, **sections):
    chosen = settings(**{"adstock": {"decay": 0.5}, **sections})
    panel = small_panel(2, pharmacies=20, periods=30) if panel is None else panel
    return fit_market(build_frame(panel, chosen.model, chosen.adstock), chosen)


@lru_cache(maxsize=1)
def usual():
    return market()


@lru_cache(maxsize=1)
def seed():
    return market(model=SEED)


def test_coefficient_has_the_interval_of_the_table():
    fit = usual().fit
    found = coefficient(fit, 1, 0.9)
    covariance = fixed_covariance(fit)
    se = np.sqrt(covariance.values[1, 1])
    reach = student.ppf(0.95, covariance.df[1]) * se
    assert (found.value, found.se, found.df) == (fit.beta[1], se, covariance.df[1])
    assert (found.lower, found.upper) == pytest.approx((fit.beta[1] - reach, fit.beta[1] + reach))


def test_kept_rows_renumber_their_pharmacies():
    design = random_design(groups=5)
    kept = design.rows((design.group == 1) | (design.group == 4))
    assert kept.groups == 2
    assert set(kept.group.tolist()) == {0, 1}
    assert_allclose(kept.y, np.concatenate([design.y[design.group == 1], design.y[design.group == 4]]))
    assert design.rows(np.zeros(len(design.y), dtype=bool)).groups == 0


def test_added_columns_come_last():
    design = random_design()
    wider = add_columns(design, np.ones((len(design.y), 2)), ("a", "b"))
    assert wider.names[-2:] == ("a", "b")
    assert wider.x.shape[1] == 6


def test_without_one_pharmacy_equals_the_market_without_it():
    found = without_pharmacy(usual(), 3, TERM, 0.95)
    panel = small_panel(2, pharmacies=20, periods=30)
    rest = [g for g in range(20) if g != 3]
    smaller = changed_panel(
        panel,
        sales=panel.sales[rest],
        promotion=panel.promotion[0][rest],
        recorded=panel.recorded[rest],
        pharmacies=tuple(panel.pharmacies[g] for g in rest),
        controls=None,
    )
    expected = market(smaller)
    assert found.value == pytest.approx(expected.fit.beta[1], rel=1e-7)
    assert found.se == pytest.approx(np.sqrt(expected.covariance.values[1, 1]), rel=1e-6)


def test_month_dummies_take_out_a_season_that_promotion_follows():
    """Promotion peaks with a yearly wave of sales: dummies bring the effect back."""
    panel = small_panel(4, pharmacies=30, periods=36, sd_slope=0.0)
    season = np.sin(2.0 * np.pi * np.arange(36) / 12.0)
    promotion = panel.promotion[0] + 2.0 * season
    carried = np.zeros_like(promotion)
    base = np.zeros_like(promotion)
    for t in range(36):
        base[:, t] = 0.5 * panel.promotion[0][:, t] + (0.5 * base[:, t - 1] if t else 0.0)
        carried[:, t] = 0.5 * promotion[:, t] + (0.5 * carried[:, t - 1] if t else 0.0)
    moved = np.zeros_like(promotion)
    for t in range(36):
        moved[:, t] = 900.0 * (carried - base)[:, t] + 4000.0 * season[t]
        moved[:, t] += 0.35 * (moved[:, t - 1] if t else 0.0) + 0.15 * (moved[:, t - 2] if t > 1 else 0.0)
    seasonal = market(changed_panel(panel, sales=panel.sales + moved, promotion=promotion), model=SEED)
    dummies = with_month_dummies(seasonal, TERM, 0.95)
    assert abs(dummies.value - 900.0) < 3.0 * dummies.se
    assert seasonal.fit.beta[1] - 900.0 > 3.0 * dummies.se


def test_month_dummies_need_more_periods_than_months():
    assert with_month_dummies(market(small_panel(2, periods=14), model=SEED), TERM, 0.95) is None
    assert with_month_dummies(seed(), TERM, 0.95) is not None
    assert with_month_dummies(usual(), TERM, 0.95) is None  # the effects of periods contain them


def test_month_dummies_of_weeks_use_the_month_of_the_monday():
    panel = small_panel(2, pharmacies=12, periods=30, period_type="week", first_period=105_000)
    assert with_month_dummies(market(panel, model=SEED), TERM, 0.95) is not None


def test_lead_of_promotion_is_null_where_sales_do_not_know_the_future():
    found = with_leads(usual(), 0.95)[0]
    assert abs(found.value / found.se) < 3.5
    assert found.lower < found.value < found.upper


def test_lead_sees_promotion_that_follows_sales():
    """The next visit is planned from this month's sales."""
    panel = small_panel(2, pharmacies=20, periods=30)
    promotion = panel.promotion[0].copy()
    shock = panel.sales - panel.sales.mean(axis=1, keepdims=True)
    promotion[:, 1:] += shock[:, :-1] / shock.std() * 2.0
    (found,) = with_leads(market(changed_panel(panel, promotion=promotion)), 0.95)
    assert found.value / found.se > 5.0


def test_lead_that_this_periods_promotion_gives_away_cannot_be_fitted():
    """Promotion alternates around 5: the next period's is 10 minus this one's."""
    panel = small_panel(2, pharmacies=12, periods=16)
    first = panel.promotion[0][:, :1]
    promotion = np.where(np.arange(16) % 2 == 0, first, 10.0 - first)
    alternating = market(changed_panel(panel, promotion=promotion), adstock={"decay": 0.0})
    assert with_leads(alternating, 0.95) is None


def placed(by_sales, *, seed=2):
    """Promotion that carries over, placed by what a period's sales will be besides it."""
    panel = small_panel(seed, pharmacies=40, periods=30)
    rng = np.random.default_rng(seed)
    error = rng.standard_normal(panel.sales.shape)
    promotion = rng.poisson(6.0 * np.exp(by_sales * error - by_sales**2 / 2.0)).astype(float)
    carried, sales = promotion.copy(), np.zeros_like(panel.sales)
    level = 20_000.0 + 2_000.0 * rng.standard_normal(len(error))
    for t in range(30):
        carried[:, t] = 0.5 * promotion[:, t] + (0.5 * carried[:, t - 1] if t else 3.0)
        before = 0.4 * sales[:, t - 1] if t else 0.4 * (level + 5_400.0) / 0.6
        sales[:, t] = level + 900.0 * carried[:, t] + before + 2_500.0 * error[:, t]
    return market(changed_panel(panel, sales=sales, promotion=promotion), adstock={"decay": "estimate"})


def test_current_promotion_adds_nothing_to_its_carry_over():
    (found,) = with_current(placed(0.0), 0.95)
    assert abs(found.value / found.se) < 2.5


@pytest.mark.parametrize(("by_sales", "sign"), [(0.5, 1.0), (-0.25, -1.0)])
def test_current_promotion_sees_visits_placed_by_this_periods_sales(by_sales, sign):
    (found,) = with_current(placed(by_sales), 0.95)
    assert sign * found.value / found.se > 2.5


def test_current_promotion_is_the_adstock_itself_where_nothing_carries_over():
    assert with_current(market(small_panel(2), adstock={"decay": 0.0}), 0.95) is None


def test_holdout_forecasts_one_step_ahead_from_the_past_only():
    found = hold_out(seed())
    market_ = seed()
    frame, design = market_.frame, market_.design
    errors = naive = total = 0.0
    last = frame.column.max()
    for column in range(last - 5, last + 1):
        train, test = frame.column < column, frame.column == column
        fit = fit_lmm(design.rows(train))
        modes = conditional_modes(fit)
        forecast = design.x[test] @ fit.beta + np.einsum("ij,ij->i", design.z[test], modes[design.group[test]])
        errors += np.abs(frame.sales[test] - forecast).sum()
        naive += np.abs(frame.sales[test] - frame.panel.sales[design.group[test], column - 12]).sum()
        total += frame.sales[test].sum()
    assert found.periods == 6
    assert found.model == pytest.approx(errors / total, rel=1e-8)
    assert found.naive == pytest.approx(naive / total, rel=1e-12)
    assert found.model < found.naive


def test_holdout_foresees_effects_of_periods_from_the_past_ones():
    """Sales of all pharmacies grow and have a season: the effect of the month to come goes on with both."""
    panel = small_panel(4, pharmacies=30, periods=36)
    month = np.arange(36)
    common = 150.0 * month + 3000.0 * np.sin(2.0 * np.pi * month / 12.0)
    moved = changed_panel(panel, sales=panel.sales + common)
    with_time, without = hold_out(market(moved)), hold_out(market(moved, model={**SEED, "correction": "none"}))
    calm = hold_out(market(panel))
    assert with_time.periods == 6
    assert with_time.model < without.model
    assert with_time.model < 1.3 * calm.model * panel.sales.mean() / moved.sales.mean() + 0.01


def test_holdout_of_a_short_panel_compares_with_the_last_known_sale():
    panel = small_panel(2, pharmacies=20, periods=11)
    sales = panel.sales.copy()
    sales[0, 8:] = np.nan
    found = hold_out(market(changed_panel(panel, sales=sales)))
    assert found.periods >= 1
    assert found.naive > 0.0


def test_holdout_does_not_exist_where_training_would_be_too_short():
    found = hold_out(market(small_panel(2, pharmacies=40, periods=8)))
    assert (found.model, found.naive, found.periods) == (None, None, 0)


def test_holdout_of_log_sales_is_in_money():
    found = hold_out(market(model={"response": "log"}))
    assert 0.0 < found.model < 0.5


def test_holdout_of_weeks_looks_a_year_of_weeks_back():
    panel = small_panel(2, pharmacies=10, periods=60, period_type="week", first_period=105_000)
    found = hold_out(market(panel))
    assert found.periods == 6
    assert found.naive > 0.0


def test_pharmacies_that_join_late_are_forecast_without_a_mode():
    panel = small_panel(2, pharmacies=20, periods=30)
    sales, recorded = panel.sales.copy(), panel.recorded.copy()
    sales[0, :26] = np.nan
    recorded[0, :26] = False
    promotion = panel.promotion[0].copy()
    promotion[0, :26] = np.nan
    late = market(changed_panel(panel, sales=sales, promotion=promotion, recorded=recorded))
    assert hold_out(late).periods == 6
