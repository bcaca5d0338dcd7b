"""Drift, curvature and size of the effect: seen where they are, silent where they are not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from factories import market_results
from model_problems import changed_panel, settings, small_panel
from reportgen.model.checks.response import check_drift, check_elasticity, check_saturation, elasticity, response_checks
from reportgen.model.market.fit import fit_market
from reportgen.panel.features import build_frame
from reportgen.results import Elasticity

TERM = "Adstock_Promotion"


def fitted(panel):
    chosen = settings(adstock={"decay": 0.5})
    return fit_market(build_frame(panel, chosen.model, chosen.adstock), chosen)


@pytest.fixture(scope="module")
def usual():
    return fitted(small_panel(2, pharmacies=40, periods=36))


def with_response(market, values):
    """The same design with another response: what promotion brings, and noise."""
    noise = 0.3 * np.random.default_rng(3).standard_normal(len(market.design.y))
    return replace(market.design, y=values + noise)


def time_of(market):
    column = market.frame.column
    return 2.0 * (column - column.min()) / np.ptp(column) - 1.0


def test_an_effect_that_grows_or_fades_is_drift(usual):
    stock = usual.design.column(TERM)
    for sign in (1.0, -1.0):
        moved = with_response(usual, (1.0 + 0.8 * sign * time_of(usual)) * stock)
        assert check_drift(moved, TERM, 1.0, usual.frame.column).status == "fail"
    steady = with_response(usual, stock)
    assert check_drift(steady, TERM, 1.0, usual.frame.column).status == "pass"


def test_a_trend_of_a_pharmacys_own_is_no_drift(usual):
    """Where promotion differs between pharmacies, trends that follow it look like an effect that grows."""
    stock, group = usual.design.column(TERM), usual.design.group
    level = (np.bincount(group, stock) / np.bincount(group))[group]
    growing = with_response(usual, stock + 0.8 * level * time_of(usual))
    assert check_drift(growing, TERM, 1.0, usual.frame.column).status == "pass"


def test_small_drift_in_a_large_market_is_no_finding(usual):
    slight = with_response(usual, (1.0 + 0.1 * time_of(usual)) * usual.design.column(TERM))
    check = check_drift(slight, TERM, 1.0, usual.frame.column)
    assert check.status == "pass"
    assert check.threshold > 2.1


def test_a_response_that_flattens_is_seen_and_a_straight_one_is_not(usual):
    stock = np.maximum(usual.design.column(TERM), 0.0)
    flat = with_response(usual, 8.0 * stock / (2.0 + stock))
    assert check_saturation(flat, TERM).status == "fail"
    assert check_saturation(with_response(usual, stock), TERM).status == "pass"
    assert check_saturation(with_response(usual, stock**2), TERM).status == "pass", "steeper is not flatter"
    assert check_saturation(with_response(usual, stock**2), TERM, bent=True).status == "fail", "beside a curve it is"
    assert check_saturation(flat, TERM, bent=True).value == abs(check_saturation(flat, TERM).value)


def test_size_is_graded_by_the_elasticity():
    assert [check_elasticity(brought, 100.0, log=False).status for brought in (25.0, 80.0, 120.0)] == [
        "pass",
        "review",
        "fail",
    ]
    assert check_elasticity(0.25, 100.0, log=True).value == 0.25
    assert check_elasticity(None, 100.0, log=False).status == "not-run"


def test_elasticity_is_kept_up_times_promotion_over_sales(usual):
    phi = usual.fit.beta[[usual.index(name) for name in usual.terms.lags]].sum()
    kept_up = usual.fit.beta[usual.index(TERM)] / (1.0 - phi)
    found = {check.id: check for check in response_checks(usual, 0.95)}
    expected = kept_up * usual.frame.promotion.mean() / usual.frame.sales.mean()
    assert found["elasticity"].value == pytest.approx(expected)


def test_elasticity_has_the_interval_of_what_is_kept_up():
    results = market_results()
    graded = (check_elasticity(24.0, 100.0, log=False),)
    found = elasticity(graded, results.effects)
    kept = results.effects[0].kept_up
    assert found.estimate == 0.24
    assert found.lower / found.estimate == pytest.approx(kept.lower / kept.estimate)
    assert [one.value for one in found.published] == [0.245, 0.326]
    assert elasticity(graded, results.effects * 2) == Elasticity(estimate=0.24, lower=None, upper=None)
    assert elasticity((), results.effects) is None


def test_promotion_that_stands_still_within_pharmacies_has_no_curve():
    panel = small_panel(2, pharmacies=24, periods=24)
    market = fitted(changed_panel(panel, promotion=panel.promotion[0]))
    still = replace(market.design, x=np.where(np.array(market.design.names) == TERM, 1.0, market.design.x))
    assert check_saturation(still, TERM).status == "not-run"
