"""Arms are compared as least squares compares them, and the standard error is HC3."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm

from reportgen.model.experiment.readout import contrast, own_scale


def problem(seed=0, pharmacies=40, draws=3):
    rng = np.random.default_rng(seed)
    before = np.column_stack([rng.gamma(4.0, 100.0, pharmacies), rng.normal(0, 0.1, pharmacies)])
    dose = 3.0 * (rng.random((draws, pharmacies)) < 0.5)
    noise = rng.standard_normal((draws, pharmacies)) * before[:, 0] / 10.0
    return before[:, 0] + 5.0 * dose + noise, dose, before


def test_it_is_least_squares_with_hc2():
    outcome, dose, before = problem()
    found = contrast(outcome, dose, before, np.ones(len(before)))
    for k in range(len(outcome)):
        fit = sm.OLS(outcome[k], sm.add_constant(np.column_stack([dose[k], before]))).fit(cov_type="HC3")
        assert found.value[k] == pytest.approx(fit.params[1])
        assert found.se[k] == pytest.approx(fit.bse[1])
    assert found.df == len(before) - 4


def test_one_dose_for_all_draws_and_columns_that_do_not_vary():
    outcome, dose, before = problem()
    still = np.column_stack([before, np.full(len(before), 7.0)])
    same = np.ones(len(before))
    one = contrast(outcome[:1], dose[0], still, same)
    assert one.value[0] == pytest.approx(contrast(outcome, dose, before, same).value[0])
    assert one.df == len(before) - 4


def test_weights_are_those_of_weighted_least_squares():
    outcome, dose, before = problem()
    scale = before[:, 0] / before[:, 0].mean()
    found = contrast(outcome, dose, before, scale)
    x = sm.add_constant(np.column_stack([dose[0], before])) / scale[:, None]
    fit = sm.OLS(outcome[0] / scale, x).fit(cov_type="HC3")
    assert found.value[0] == pytest.approx(fit.params[1])
    assert found.se[0] == pytest.approx(fit.bse[1])


@pytest.mark.parametrize("power", [0.0, 1.0])
def test_the_scale_is_read_off_the_periods_before(power):
    rng = np.random.default_rng(2)
    size = 100.0 * np.exp(rng.standard_normal(200))
    common = 1.0 + 0.2 * np.sin(np.arange(24))
    sales = size[:, None] * common + 3.0 * (size / 100.0)[:, None] ** power * rng.standard_normal((200, 24))
    found = own_scale(sales, size)
    assert np.polyfit(np.log(size), np.log(found), 1)[0] == pytest.approx(power, abs=0.05)
    assert found.mean() == pytest.approx(1.0)
    assert (own_scale(sales, np.where(size > 90.0, size, 0.0)) == 1.0).all()


@pytest.mark.slow
def test_intervals_hold_what_was_given():
    outcome, dose, before = problem(1, 24, 4000)
    found = contrast(outcome, dose, before, before[:, 0] / before[:, 0].mean())
    assert 0.94 < np.mean(np.abs(found.value - 5.0) <= found.reach(0.95)) < 0.98
