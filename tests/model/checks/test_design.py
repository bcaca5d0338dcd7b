"""Collinearity, adstock against lag, and targeting."""

from __future__ import annotations

import numpy as np
import pytest
from statsmodels.stats.outliers_influence import variance_inflation_factor

from reportgen.model.checks import design as dc

GROUP = np.repeat(np.arange(60), 20)


@pytest.fixture
def rng():
    return np.random.default_rng(3)


def test_variance_inflation_matches_statsmodels(rng):
    x = rng.normal(size=(300, 4)) * [1.0, 1e4, 1e-3, 5.0] + [0, 1e6, 1, 0]
    x[:, 3] += 3 * x[:, 0]
    expected = [variance_inflation_factor(np.column_stack([x, np.ones(300)]), i) for i in range(4)]
    assert dc.variance_inflation(x) == pytest.approx(expected, rel=1e-6)


def test_constant_and_exactly_collinear_columns_have_finite_factors(rng):
    x = rng.normal(size=(100, 2))
    factors = dc.variance_inflation(np.column_stack([np.ones(100), x, x.sum(axis=1)]))
    assert factors[0] == 1.0
    assert all(1e6 < v <= dc.LARGEST_VIF for v in factors[1:])


def test_collinearity_names_the_worst_column_of_those_asked_for(rng):
    x = rng.normal(size=(500, 3))
    x[:, 2] = x[:, 1] + 0.2 * x[:, 2]
    names = ("Adstock_Promotion", "Lag1_Sales", "Lag2_Sales")
    every = dc.check_collinearity(x, names)
    assert (every.status, every.detail in names[1:]) == ("fail", True)
    only = dc.check_collinearity(x, names, of=("Adstock_Promotion",))
    assert (only.status, only.detail) == ("pass", "Adstock_Promotion")
    assert dc.check_collinearity(x, names, of=("Price",)).status == "not-run"
    assert dc.check_collinearity(x[:, :1], names[:1]).status == "not-run"


def test_adstock_lag_correlation_is_within_pharmacies(rng):
    level = 100 * rng.normal(size=60)[GROUP]
    x, lag = rng.normal(size=1200), rng.normal(size=1200)
    apart = dc.check_adstock_lag_correlation((x + level)[:, None], lag + level, GROUP, ("Adstock_Promotion",))
    assert (apart.status, apart.value < 0.1) == ("pass", True)
    both = np.column_stack([x, lag + 0.5 * x])
    close = dc.check_adstock_lag_correlation(both, lag + level, GROUP, ("Adstock_Calls", "Adstock_Samples"))
    inside = dc.centre_within(np.column_stack([both[:, 1], lag]), GROUP)
    assert (close.status, close.detail) == ("review", "Adstock_Samples")
    assert close.value == pytest.approx(np.corrcoef(inside.T)[0, 1])
    assert dc.check_adstock_lag_correlation(np.ones((1200, 1)), lag, GROUP, ("a",)).status == "not-run"


def test_targeting_contrast_is_the_between_slope_minus_the_within_slope(rng):
    mean = rng.gamma(4.0, size=60)
    promotion = mean[GROUP] + rng.normal(size=1200)
    sales = 50 + 2.0 * promotion + 5.0 * mean[GROUP] + rng.normal(size=1200)
    found = dc.targeting_contrast(sales, promotion, GROUP)
    assert found.within == pytest.approx(2.0, abs=0.1)
    assert found.between == pytest.approx(7.0, abs=0.3)
    assert found.correlation > 0.95
    assert found.pharmacies == 60


@pytest.mark.parametrize(
    ("pull", "corrected", "status"),
    [(0.0, False, "pass"), (0.45, False, "review"), (3.0, False, "fail"), (0.45, True, "pass"), (3.0, True, "review")],
)
def test_targeting_is_graded_by_strength_and_by_the_correction(pull, corrected, status):
    rng = np.random.default_rng(8)
    mean = rng.normal(size=60)
    promotion = mean[GROUP] + rng.normal(size=1200)
    sales = promotion + pull * mean[GROUP] + rng.normal(size=60)[GROUP]
    check = dc.check_targeting(sales, promotion[:, None], GROUP, ("promotion",), corrected=corrected)
    assert (check.status, check.detail) == (status, "promotion")


def test_few_pharmacies_need_more_than_chance_to_be_called_targeted():
    rng, flags = np.random.default_rng(9), []
    group = np.repeat(np.arange(10), 15)
    for _ in range(200):
        promotion = rng.normal(size=10)[group] + rng.normal(size=150)
        sales = rng.normal(size=10)[group] + rng.normal(size=150)
        flags.append(dc.check_targeting(sales, promotion[:, None], group, ("p",), corrected=False).status != "pass")
    assert np.mean(flags) < 0.1


def test_targeting_is_not_run_where_promotion_does_not_vary_in_both_ways(rng):
    sales = rng.normal(size=1200)
    for promotion in (np.ones(1200), rng.normal(size=60)[GROUP], np.tile(rng.normal(size=20), 60) * 0):
        assert dc.check_targeting(sales, promotion[:, None], GROUP, ("p",), corrected=True).status == "not-run"


def test_pharmacies_without_rows_do_not_count(rng):
    gap = np.where(GROUP >= 30, GROUP + 5, GROUP)
    promotion, sales = rng.normal(size=1200), rng.normal(size=1200)
    assert dc.targeting_contrast(sales, promotion, gap) == dc.targeting_contrast(sales, promotion, GROUP)
