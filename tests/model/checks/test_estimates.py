"""Checks made from finished estimates, as tables of cases."""

from __future__ import annotations

import numpy as np
import pytest

from reportgen.model.checks import estimates as ec
from reportgen.model.market.variants import Estimate
from reportgen.results import Incremental


def estimate(value, se, df=10_000):
    return Estimate(value=value, se=se, df=df, lower=value - 2.0 * se, upper=value + 2.0 * se)


@pytest.mark.parametrize(
    ("lead", "se", "effect", "status"),
    [
        (0.5, 0.5, 10.0, "pass"),
        (1.2, 0.5, 4.0, "review"),
        (0.3, 0.1, 10.0, "pass"),  # clear, but 3 % of the effect
        (1.5, 0.5, 10.0, "review"),  # clear, 15 % of the effect
        (1.5, 0.1, 10.0, "fail"),  # very clear, 15 % of the effect
        (6.0, 0.1, 10.0, "fail"),
        (-6.0, 0.1, 10.0, "fail"),
        (None, None, 10.0, "not-run"),
        (1.0, 0.0, 10.0, "not-run"),
    ],
)
def test_lead_placebo(lead, se, effect, status):
    check = ec.check_lead_placebo(None if lead is None else estimate(lead, se), effect)
    assert check.status == status
    if lead is not None and se:
        assert check.value == pytest.approx(abs(lead) / se)


def test_lead_placebo_uses_t_where_df_are_few():
    assert ec.check_lead_placebo(estimate(2.1, 1.0, df=10), 0.0).status == "pass"
    assert ec.check_lead_placebo(estimate(2.1, 1.0, df=1000), 0.0).status == "review"


@pytest.mark.parametrize(
    ("plain", "within", "status", "value", "detail"),
    [
        (10.4, 9.8, "pass", 0.4, "plain"),
        (11.2, 9.9, "review", 1.2, "plain"),
        (10.0, 8.0, "review", 2.0, "within"),
        (10.0, -0.5, "fail", 10.5, "within"),
        (None, 9.0, "pass", 1.0, "within"),
        (None, None, "not-run", None, None),
    ],
)
def test_correction_gap(plain, within, status, value, detail):
    check = ec.check_correction_gap(10.0, 2.0, plain, within)
    assert (check.status, check.detail) == (status, detail)
    assert check.value == (None if value is None else pytest.approx(value))


def test_correction_gap_prefers_the_reversed_estimate():
    check = ec.check_correction_gap(1.0, 0.5, 6.0, -0.5)
    assert (check.status, check.detail) == ("fail", "within")


@pytest.mark.parametrize(("other", "expected"), [(10.9, False), (11.1, True), (8.9, True), (None, None), (10.0, False)])
def test_differs_by_over_one_se_or_ten_percent_and_half_an_se(other, expected):
    assert ec.differs(10.0, 1.0, other) is expected
    assert ec.differs(10.0, 4.0, other) is (None if other is None else False)
    assert ec.differs(10.0, None, other) is None


@pytest.mark.parametrize(
    ("with_months", "status"),
    [(10.5, "pass"), (11.9, "pass"), (14.0, "review"), (30.0, "fail"), (-1.0, "fail"), (None, "not-run")],
)
def test_seasonality(with_months, status):
    assert ec.check_seasonality(10.0, 2.0, with_months).status == status


def test_influence_names_the_pharmacy_whose_absence_moves_the_effect_most():
    check = ec.check_influence(10.0, 2.0, [10.1, np.nan, 8.6, 10.9], ("P1", "P2", "P3", "P4"))
    assert (check.status, check.value, check.detail) == ("review", pytest.approx(0.7), "P3")
    assert ec.check_influence(10.0, 2.0, [10.1], ("P1",)).status == "pass"
    assert ec.check_influence(10.0, 2.0, [5.0], ("P1",)).status == "fail"
    assert ec.check_influence(10.0, 2.0, [np.nan], ("P1",)).status == "not-run"
    assert ec.check_influence(10.0, None, [5.0], ("P1",)).status == "not-run"


@pytest.mark.parametrize(
    ("interval", "without", "status", "value"),
    [
        ((1.0, 2.0), (0.5, 2.0), "pass", 0.0),
        ((1.0, 2.0), (-0.5, 2.0), "review", 1.0),
        ((-1.0, 2.0), (0.1, 2.0), "review", 1.0),
        ((1.0, 2.0), (-2.0, -0.5), "fail", 2.0),
        ((-2.0, -1.0), (-2.0, -0.5), "pass", 0.0),
        ((None, None), (-2.0, 0.5), "pass", 0.0),
        ((1.0, 2.0), None, "not-run", None),
    ],
)
def test_verdict_without_the_most_influential(interval, without, status, value):
    check = ec.check_verdict_without(interval, without, "P7")
    assert (check.status, check.value, check.detail) == (status, value, "P7")


@pytest.mark.parametrize(
    ("model", "naive", "status"),
    [(0.1, 0.2, "pass"), (0.22, 0.2, "review"), (0.3, 0.2, "fail"), (0.1, None, "not-run"), (0.1, 0.0, "not-run")],
)
def test_holdout(model, naive, status):
    assert ec.check_holdout(model, naive).status == status


@pytest.mark.parametrize(
    ("phi", "status"), [((0.3, 0.2), "pass"), ((0.9, 0.08), "review"), ((0.6, 0.4), "fail"), ((0.7, 0.5), "fail")]
)
def test_stationarity(phi, status):
    assert ec.check_stationarity(phi, (1, 2)).status == status


@pytest.mark.parametrize(
    ("estimate", "upper", "status"),
    [
        (0.4, 0.7, "pass"),
        (0.0, 0.3, "pass"),
        (0.0, 0.95, "review"),
        (0.6, 0.95, "review"),
        (0.6, None, "review"),
        (0.95, 0.95, "fail"),
        (None, None, "not-run"),
    ],
)
def test_decay_edge(estimate, upper, status):
    check = ec.check_decay_edge(estimate, upper=upper, edges=(0.0, 0.95), channel="calls")
    assert (check.status, check.value, check.threshold, check.channel) == (status, estimate, 0.95, "calls")


@pytest.mark.parametrize(
    ("half_life", "stationary", "status"),
    [
        (2.0, True, "pass"),
        (8.5, True, "pass"),
        (9.5, True, "review"),
        (12.5, True, "fail"),
        (None, True, "fail"),
        (None, False, "not-run"),
    ],
)
def test_a_half_life_beyond_a_third_of_the_record_fails(half_life, stationary, status):
    check = ec.check_long_memory(half_life, 36, stationary=stationary)
    assert check.status == status
    assert check.near_limit == (half_life == 8.5)


@pytest.mark.parametrize(
    ("share", "status"),
    [
        ((0.2, 0.1, 0.3), "pass"),
        ((0.2, -0.9, 1.2), "fail"),
        ((-1.2, -1.5, -0.8), "fail"),
        ((0.2, 0.3, 0.4), "fail"),
        ((0.2, None, None), "pass"),
    ],
)
def test_totals_stay_within_sales_and_within_their_interval(share, status):
    total, low, high = (None if one is None else 1000.0 * one for one in share)
    found = Incremental(
        total=total, share=share[0], lower=low, upper=high, share_lower=share[1], share_upper=share[2], draws=1,
        months=(),
    )  # fmt: skip
    assert ec.check_totals(found).status == status


@pytest.mark.parametrize(
    ("certified", "singular", "status"), [(True, False, "pass"), (True, True, "review"), (False, True, "fail")]
)
def test_convergence(certified, singular, status):
    check = ec.check_convergence(1e-10, certified=certified, singular=singular, tolerance=1e-7)
    assert (check.status, check.value, check.threshold) == (status, 1e-10, 1e-7)
    assert ec.check_convergence(None, certified=certified, singular=singular).value is None
