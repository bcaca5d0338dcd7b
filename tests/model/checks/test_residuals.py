"""Checks of the shape of residuals: silent on healthy data, loud on ill data, and equal to textbook formulas."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from reportgen.model.checks import residuals as rc
from reportgen.model.checks.rules import RULES, grade


@pytest.fixture
def rng():
    return np.random.default_rng(42)


@pytest.mark.parametrize(
    ("check_id", "value", "status"),
    [
        ("residual-normality", 0.981, "pass"),
        ("residual-normality", 0.98, "pass"),
        ("residual-normality", 0.97, "review"),
        ("residual-normality", 0.90, "fail"),
        ("linearity", 0.02, "pass"),
        ("linearity", 0.03, "review"),
        ("linearity", 0.2, "fail"),
        ("correction-gap", 100.0, "review"),
        ("holdout", None, "not-run"),
        ("holdout", float("nan"), "not-run"),
    ],
)
def test_a_rule_grades_a_value(check_id, value, status):
    check = grade(check_id, value)
    assert (check.id, check.status, check.threshold) == (check_id, status, RULES[check_id].review)
    assert (check.value is None) == (status == "not-run")


def test_milder_thresholds_replace_the_rule():
    assert grade("linearity", 0.2, review=0.3).status == "pass"
    assert grade("linearity", 0.4, review=0.3).status == "fail"
    assert grade("holdout", None, detail="x").detail == "x"
    with pytest.raises(KeyError):
        grade("unknown", 1.0)


def test_no_rule_gets_better_from_review_to_fail():
    for rule in RULES.values():
        assert rule.fail is None or rule.worse * (rule.fail - rule.review) >= 0


def test_quantile_plot_of_few_values_shows_each(rng):
    values = rng.normal(50.0, 7.0, 60)
    qq = rc.normal_quantiles(values, "Intercept")
    assert qq.name == "Intercept"
    assert qq.sample == pytest.approx(np.sort((values - values.mean()) / values.std(ddof=1)), abs=1e-5)
    assert qq.theoretical == pytest.approx(
        stats.norm.ppf(stats.beta.median(np.arange(1, 61), 60 - np.arange(60))), abs=1e-5
    )
    assert qq.lower[0] == pytest.approx(stats.norm.ppf(stats.beta.ppf(0.025, 1, 60)), abs=0.2)
    assert qq.upper[59] == pytest.approx(stats.norm.ppf(stats.beta.ppf(0.975, 60, 1)), abs=0.2)
    assert all(a < b < c for a, b, c in zip(qq.lower, qq.theoretical, qq.upper, strict=True))


def test_quantile_plot_of_many_values_keeps_the_extremes_in_at_most_200_points(rng):
    values = rng.normal(size=20_000)
    qq = rc.normal_quantiles(values, "residuals")
    z = (values - values.mean()) / values.std(ddof=1)
    assert 150 < len(qq.sample) <= 200
    assert (qq.sample[0], qq.sample[-1]) == pytest.approx((z.min(), z.max()), abs=1e-5)
    assert all(np.diff(qq.theoretical) > 0)


def test_pointwise_band_covers_95_percent_of_known_normals(rng):
    inside = []
    for _ in range(200):
        qq = rc.normal_quantiles(rng.normal(size=100), "residuals")
        inside.append(np.mean((np.array(qq.sample) >= qq.lower) & (np.array(qq.sample) <= qq.upper)))
    assert 0.935 < np.mean(inside) < 0.965


def test_constant_values_have_no_quantile_plot():
    assert rc.normal_quantiles(np.full(10, 3.0), "residuals") is None
    assert rc.quantile_correlation(np.full(10, 3.0)) is None
    assert rc.check_normality(np.zeros(10)).status == "not-run"


@pytest.mark.parametrize(
    ("shape", "status"),
    [
        (stats.norm(), "pass"),
        (stats.t(8), "pass"),
        (stats.gamma(3), "review"),
        (stats.expon(), "fail"),
        (stats.t(2), "fail"),
    ],
)
def test_normality_is_graded_by_size_of_departure_not_by_rows(rng, shape, status):
    assert rc.check_normality(shape.rvs(20_000, random_state=rng)).status == status


@pytest.mark.parametrize("n", [8, 12, 20, 40, 60, 100])
def test_small_normal_samples_are_rarely_flagged(rng, n):
    flags = [rc.check_normality(rng.normal(size=n)).status != "pass" for _ in range(1000)]
    assert np.mean(flags) < 0.075


def test_random_effects_are_judged_by_their_worst_term(rng):
    effects = np.column_stack([rng.normal(size=300), rng.exponential(size=300)])
    check = rc.check_random_effect_normality(effects, ("Intercept", "Adstock_Promotion"))
    assert (check.status, check.detail, check.id) == ("fail", "Adstock_Promotion", "random-effect-normality")
    assert rc.check_random_effect_normality(np.zeros((30, 1)), ("Intercept",)).status == "not-run"
    assert rc.check_random_effect_normality(effects[:4], ("a", "b")).status == "not-run"


def test_density_counts_every_row_once(rng):
    fitted, residuals = rng.normal(100, 20, 5000), rng.standard_cauchy(5000)
    density = rc.residual_density(fitted, residuals)
    counts = np.array(density.counts)
    assert counts.shape == (30, 40)
    assert counts.sum() == 5000
    assert (len(density.x_edges), len(density.y_edges), len(density.smooth_x)) == (41, 31, 20)
    inside = (residuals >= density.y_edges[10]) & (residuals < density.y_edges[11])
    assert counts[10].sum() == inside.sum()


def test_density_of_constant_fitted_values_is_finite():
    density = rc.residual_density(np.full(30, 5.0), np.zeros(30))
    assert np.array(density.counts).sum() == 30


def test_running_mean_has_groups_of_equal_size():
    curve = rc.running_mean(np.arange(12.0)[::-1], np.arange(12.0)[::-1] ** 2, groups=4)
    assert curve.x == pytest.approx((1, 4, 7, 10))
    assert curve.y[0] == pytest.approx((0 + 1 + 4) / 3)


def test_linearity_sees_a_bend_and_ignores_a_line(rng):
    fitted = rng.normal(100, 20, 4000)
    errors = rng.normal(0, 10, 4000)
    assert rc.check_linearity(fitted, errors).status == "pass"
    assert rc.check_linearity(fitted, errors - 0.3 * fitted).status == "pass"
    mild, strong = (errors + a * (fitted - 100) ** 2 for a in (0.005, 0.02))
    assert rc.check_linearity(fitted, mild).status == "review"
    assert rc.check_linearity(fitted, strong).status == "fail"


def test_linearity_value_is_the_partial_r_squared(rng):
    x = rng.normal(size=300)
    y = 0.3 * x + 0.2 * x**2 + rng.normal(size=300)
    first = np.column_stack([np.ones(300), x])
    rss = [np.linalg.lstsq(d, y, rcond=None)[1][0] for d in (first, np.column_stack([first, x**2]))]
    assert rc.check_linearity(x, y).value == pytest.approx(1 - rss[1] / rss[0])


def test_linearity_of_few_rows_needs_more_than_chance(rng):
    flags = [rc.check_linearity(rng.normal(size=60), rng.normal(size=60)).status != "pass" for _ in range(500)]
    assert np.mean(flags) < 0.03
    assert rc.check_linearity(np.ones(50), rng.normal(size=50)).status == "not-run"


def test_scale_location_sees_spread_that_grows(rng):
    fitted = rng.uniform(10, 100, 5000)
    errors = rng.normal(size=5000)
    assert rc.check_scale_location(fitted, errors).status == "pass"
    growing = rc.check_scale_location(fitted, errors * fitted**0.6)
    assert growing.status == "review"
    assert growing.value == pytest.approx((91 / 19) ** 0.6, rel=0.15)
    assert rc.check_scale_location(fitted, errors * fitted).status == "fail"
    curve = rc.scale_location(fitted, errors)
    assert np.mean(curve.y) == pytest.approx(0.822, abs=0.02)
    assert len(curve.x) == 20


def test_scale_location_is_quiet_under_constant_variance(rng):
    flags = [rc.check_scale_location(rng.normal(size=40), rng.normal(size=40)).status != "pass" for _ in range(500)]
    assert np.mean(flags) < 0.04
    assert rc.check_scale_location(np.ones(100), rng.normal(size=100)).status == "not-run"
    assert rc.check_scale_location(rng.normal(size=20), rng.normal(size=20)).status == "not-run"


def test_exact_fit_in_one_fifth_is_not_graded():
    assert rc.check_scale_location(np.arange(50.0), np.zeros(50)).status == "not-run"
    assert rc.scale_location(np.arange(50.0), np.zeros(50)).y == (0.0,) * 20


def test_outliers_are_counted_in_robust_units(rng):
    errors = rng.normal(size=10_000)
    assert rc.check_outliers(errors).status == "pass"
    errors[:100] = 50.0
    check = rc.check_outliers(errors)
    assert (check.status, check.value) == ("review", pytest.approx(0.0105, abs=0.001))
    errors[:400] = 50.0
    assert rc.check_outliers(errors).status == "fail"
    assert rc.robust_scores([1.0, 1.0, 1.0, 9.0]).tolist() == [0, 0, 0, 0]
    assert rc.robust_scores([-1.0, 0.0, 1.0, 2.0, 3.0])[4] == pytest.approx(2 / 1.4826)
    assert rc.check_outliers(errors[:5]).status == "not-run"


def test_predictive_check_passes_on_its_own_simulations(rng):
    def draws():
        return (rng.normal(size=400) for _ in range(100))

    flags = [rc.predictive_check(rng.normal(size=400), draws())[1].status != "pass" for _ in range(60)]
    assert np.mean(flags) < 0.15
    chart, check = rc.predictive_check(rng.gamma(2.0, size=4000), rng.normal(2, 2**0.5, size=(100, 4000)))
    assert check.status == "fail" or check.value > 0.1
    assert sum(chart.observed) == pytest.approx(1.0)
    assert sum(chart.simulated) == pytest.approx(1.0)
    assert all(a <= b <= c for a, b, c in zip(chart.lower, chart.simulated, chart.upper, strict=True))


def test_predictive_check_needs_simulations(rng):
    chart, check = rc.predictive_check(rng.normal(size=50), rng.normal(size=(5, 50)))
    assert (chart, check.status) == (None, "not-run")
