"""The overview of a run: estimands, exclusions with reasons, totals, and a JSON file that comes back unchanged."""

from __future__ import annotations

import json
from dataclasses import replace

import jsonschema
import pytest

from factories import market_results
from reportgen import results as rm
from reportgen.errors import InputError
from reportgen.model.across import markets as mk
from reportgen.model.across import meta
from reportgen.results import Reason


@pytest.fixture(scope="module")
def run():
    codes = ("DE", "AT", "PL", "CZ", "HU")
    return [
        market_results(seed=i, pharmacies=12, periods=18, market=code, effect=0.5 + 0.3 * i)
        for i, code in enumerate(codes)
    ]


@pytest.fixture(scope="module")
def refused():
    return [
        market_results(seed=8, pharmacies=9, periods=12, market="SK", status="not-estimable"),
        market_results(seed=9, pharmacies=9, periods=12, market="BG", status="not-estimated"),
    ]


def test_percent_and_elasticity_are_the_effect_on_a_unit_free_scale(run):
    one = run[0]
    row, first = one.promotion_effect, one.effects[0].first_period
    now = mk.market_effect(one, "first-period-percent")
    assert now.estimate == pytest.approx(100 * first.estimate / one.data.sales_mean)
    assert now.se == pytest.approx(100 * (first.upper - first.lower) / 3.919928 / one.data.sales_mean, rel=1e-6)
    assert now.p == row.p
    long_run = mk.market_effect(one, "kept-up-percent")
    assert long_run.estimate == pytest.approx(100 * one.long_run.estimate / one.data.sales_mean)
    assert long_run.upper == pytest.approx(100 * one.long_run.upper / one.data.sales_mean)
    elastic = mk.market_effect(one, "kept-up-elasticity")
    assert elastic.estimate == pytest.approx(long_run.estimate / 100 * one.data.promotion_mean[0])
    assert mk.market_effect(one, "first-period-elasticity").se == pytest.approx(
        now.se / 100 * one.data.promotion_mean[0]
    )


def test_unit_free_means_that_currency_does_not_matter(run):
    one = run[0]
    (effects,) = one.effects
    first = effects.first_period
    larger = replace(first, estimate=1000 * first.estimate, lower=1000 * first.lower, upper=1000 * first.upper)
    scaled = replace(
        one,
        data=replace(one.data, sales_mean=1000 * one.data.sales_mean),
        effects=(replace(effects, first_period=larger),),
    )
    assert mk.market_effect(scaled, "first-period-percent").estimate == pytest.approx(
        mk.market_effect(one, "first-period-percent").estimate
    )


def test_log_response_is_already_relative():
    one = market_results(seed=3, pharmacies=12, periods=18, response="log")
    assert mk.market_effect(one, "kept-up-percent").estimate == pytest.approx(100 * one.long_run.estimate)
    assert mk.market_effect(one, "first-period-elasticity").estimate == pytest.approx(
        one.effects[0].first_period.estimate * one.data.promotion_mean[0]
    )


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"long_run": None}, "no-effect-estimate"),
        ({"estimate": None, "stationary": False, "lower": None, "upper": None, "se": None}, "not-stationary"),
        ({"lower": None, "upper": None, "method": "fieller"}, "long-run-unbounded"),
        ({"se": None, "lower": None, "upper": None}, "no-effect-estimate"),
        ({"sales_mean": 0.0}, "no-scale"),
        ({"sales_mean": None}, "no-scale"),
        ({"fixed": ()}, "no-effect-estimate"),
        ({"model": None}, "no-effect-estimate"),
    ],
)
def test_market_without_the_estimand_says_why(run, change, code):
    one = run[1]
    if "sales_mean" in change:
        one = replace(one, data=replace(one.data, **change))
    elif set(change) <= {"long_run", "fixed", "model"}:
        one = replace(one, **change)
    else:
        one = replace(one, long_run=replace(one.long_run, **change))
    found = mk.market_effect(one, "kept-up-percent")
    assert isinstance(found, Reason)
    assert found.code == code
    overview = mk.summarise_markets([run[0], one])
    assert [(e.market, e.reasons[0].code) for e in overview.excluded] == [(one.market, code)]


def test_elasticity_needs_mean_promotion(run):
    one = replace(run[0], data=replace(run[0].data, promotion_mean=()))
    assert mk.market_effect(one, "first-period-elasticity") == Reason(code="no-scale")
    assert mk.market_effect(replace(one, long_run=None), "first-period-percent").estimate > 0


def test_every_market_is_estimated_or_excluded_with_a_reason(run, refused):
    overview = mk.summarise_markets([*run, *refused], failed=[("AA", "timeout")])
    assert [m.market for m in overview.markets] == ["AT", "CZ", "DE", "HU", "PL"]
    assert [e.market for e in overview.excluded] == ["AA", "BG", "SK"]
    assert overview.excluded[0].status == "failed"
    assert overview.excluded[0].reasons == (Reason(code="timeout"),)
    assert overview.excluded[2].reasons == refused[0].reasons
    assert all(e.reasons for e in overview.excluded)
    totals = overview.totals
    assert (totals.markets, totals.estimated, totals.not_estimable, totals.not_estimated, totals.failed) == (
        8,
        5,
        1,
        1,
        1,
    )
    assert sum(n for _, n in totals.verdicts) == 8
    assert dict(totals.verdicts)["cannot-tell"] == 3


def test_market_without_any_reason_is_excluded_by_its_status(refused):
    overview = mk.summarise_markets([replace(refused[0], reasons=())])
    assert overview.excluded[0].reasons == (Reason(code="not-estimable"),)
    assert (overview.pooled, overview.markets) == (None, ())
    assert (overview.totals.incremental, overview.totals.share) == (None, None)


def test_pooled_effect_is_the_meta_analysis_of_the_estimands(run):
    overview = mk.summarise_markets(run)
    ordered = sorted(run, key=lambda one: one.market)
    effects = [mk.market_effect(one, "kept-up-percent") for one in ordered]
    expected = meta.pool_effects([e.estimate for e in effects], [e.se**2 for e in effects])
    pooled = overview.pooled
    assert (pooled.k, pooled.df, pooled.q_df) == (5, 4, 4)
    assert (pooled.estimate, pooled.tau2, pooled.prediction_lower) == (
        expected.estimate, expected.tau2, expected.prediction_lower)  # fmt: skip
    assert [m.shrunken for m in overview.markets] == expected.shrunken.tolist()
    assert sum(m.weight for m in overview.markets) == pytest.approx(100.0)
    assert sum(m.expected_rank for m in overview.markets) == pytest.approx(5 * 50.0)
    assert all(m.p_adjusted >= m.p for m in overview.markets)
    assert [m.discovery for m in overview.markets] == [m.p_adjusted <= 0.05 for m in overview.markets]


def test_one_market_is_not_pooled(run):
    overview = mk.summarise_markets(run[:1])
    (only,) = overview.markets
    assert overview.pooled is None
    assert (only.weight, only.shrunken, only.shrunken_se, only.expected_rank) == (None, None, None, None)
    assert only.p_adjusted == only.p


def test_two_markets_have_no_prediction_interval(run):
    pooled = mk.summarise_markets(run[:2]).pooled
    assert (pooled.k, pooled.df, pooled.prediction_lower, pooled.prediction_upper) == (2, 1, None, None)


def test_singular_markets_take_part(run):
    singular = market_results(seed=20, pharmacies=12, periods=18, market="XX", status="singular")
    overview = mk.summarise_markets([*run, singular])
    assert overview.markets[-1].status == "singular"
    assert overview.totals.singular == 1


def test_missing_p_value_is_no_discovery(run):
    row = run[0].promotion_effect
    fixed = tuple(replace(r, p=None) if r == row else r for r in run[0].fixed)
    overview = mk.summarise_markets([replace(run[0], fixed=fixed), run[1]])
    entry = next(m for m in overview.markets if m.market == "DE")
    assert (entry.p, entry.p_adjusted, entry.discovery) == (None, None, False)


def test_incremental_sales_of_the_run_add_up_with_half_widths_in_squares(run, refused):
    totals = mk.summarise_markets([*run, *refused]).totals
    parts = [one.incremental for one in run]
    total = sum(p.total for p in parts)
    assert totals.incremental == pytest.approx(total)
    assert totals.incremental_markets == 5
    assert totals.incremental_lower == pytest.approx(total - sum((p.total - p.lower) ** 2 for p in parts) ** 0.5)
    assert totals.incremental_upper == pytest.approx(total + sum((p.upper - p.total) ** 2 for p in parts) ** 0.5)
    assert totals.share == pytest.approx(total / sum(m.sales for p in parts for m in p.months))


def test_equal_markets_have_no_statistic(run):
    twin = replace(run[0], market="ZZ")
    pooled = mk.summarise_markets([run[0], twin]).pooled
    assert (pooled.statistic, pooled.se) == (None, 0.0)
    assert rm.overview_from_json(rm.to_json(mk.summarise_markets([run[0], twin]))).pooled == pooled


def test_order_of_markets_changes_nothing(run, refused):
    both = [*run, *refused]
    assert mk.summarise_markets(both) == mk.summarise_markets(both[::-1])


def test_overview_comes_back_from_json_unchanged_and_fits_its_schema(run, refused):
    overview = mk.summarise_markets([*run, *refused], failed=[("AA", "timeout")], estimand="first-period-elasticity")
    text = rm.to_json(overview)
    assert rm.overview_from_json(text) == overview
    jsonschema.validate(json.loads(text), rm.json_schema(rm.OverviewResults))


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("{", "results-unreadable"),
        ("[]", "results-unreadable"),
        ('{"schema_version": 99}', "results-version"),
        ('{"schema_version": 1}', "results-version"),
        ('{"schema_version": 2}', "results-invalid"),
    ],
)
def test_unreadable_overview_is_an_input_error(text, code):
    with pytest.raises(InputError) as caught:
        rm.overview_from_json(text)
    assert caught.value.code == code
