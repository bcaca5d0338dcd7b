"""Arms are compared as least squares compares them, and the standard error is HC2."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm

from reportgen.model.experiment.readout import contrast


def problem(seed=0, pharmacies=40, draws=3):
    rng = np.random.default_rng(seed)
    before = np.column_stack([rng.gamma(4.0, 100.0, pharmacies), rng.normal(0, 0.1, pharmacies)])
    dose = 3.0 * (rng.random((draws, pharmacies)) < 0.5)
    noise = rng.standard_normal((draws, pharmacies)) * before[:, 0] / 10.0
    return before[:, 0] + 5.0 * dose + noise, dose, before


def test_it_is_least_squares_with_hc2():
    outcome, dose, before = problem()
    found = contrast(outcome, dose, before)
    for k in range(len(outcome)):
        fit = sm.OLS(outcome[k], sm.add_constant(np.column_stack([dose[k], before]))).fit(cov_type="HC2")
        assert found.value[k] == pytest.approx(fit.params[1])
        assert found.se[k] == pytest.approx(fit.bse[1])
    assert found.df == len(before) - 4


def test_one_dose_for_all_draws_and_columns_that_do_not_vary():
    outcome, dose, before = problem()
    still = np.column_stack([before, np.full(len(before), 7.0)])
    one = contrast(outcome[:1], dose[0], still)
    assert one.value[0] == pytest.approx(contrast(outcome, dose, before).value[0])
    assert one.df == len(before) - 4


@pytest.mark.slow
def test_intervals_hold_what_was_given():
    outcome, dose, before = problem(1, 24, 4000)
    found = contrast(outcome, dose, before)
    assert np.mean(np.abs(found.value - 5.0) <= found.reach(0.95)) == pytest.approx(0.95, abs=0.015)
