"""Data-entry slips are found where they are, and nothing else is one."""

from __future__ import annotations

import numpy as np
import pytest

from reportgen.panel.features import build_frame
from reportgen.panel.grid import make_panel
from reportgen.panel.slips import find_slips, set_aside
from reportgen.settings.sections import Settings

SETTINGS = Settings()


def market(rng, *, pharmacies=30, periods=24, level=40_000.0, spread=0.1, visits=6.0):
    size = level * np.exp(0.5 * rng.standard_normal((pharmacies, 1)))
    sales = size * np.exp(spread * rng.standard_normal((pharmacies, periods)))
    return sales, rng.poisson(visits, (pharmacies, periods)).astype(float)


def found(sales, promotion):
    return {
        (slip.pharmacy, slip.period, slip.column, slip.kind) for slip in find_slips(make_panel("M", sales, promotion))
    }


@pytest.fixture
def rng():
    return np.random.default_rng(5)


@pytest.mark.parametrize("factor", [10.0, 100.0])
def test_values_ten_or_a_hundred_times_too_large_are_found(rng, factor):
    sales, promotion = market(rng)
    sales[3, 7] *= factor
    promotion[5, 2] = 6.0 * factor
    assert found(sales, promotion) == {
        ("P0004", "2021-08", "", "too-large"),
        ("P0006", "2021-03", "promotion", "too-large"),
    }


def test_values_a_tenth_too_small_are_found_in_sales(rng):
    sales, promotion = market(rng)
    sales[3, 7] /= 10.0
    assert found(sales, promotion) == {("P0004", "2021-08", "", "too-small")}


def test_zeros_of_a_pharmacy_that_always_sells_are_missing_months(rng):
    sales, promotion = market(rng)
    sales[3, 7] = 0.0
    assert found(sales, promotion) == {("P0004", "2021-08", "", "zero")}


def test_pharmacies_that_sell_little_may_sell_nothing(rng):
    sales, promotion = market(rng)
    sales = rng.poisson(1.5, sales.shape).astype(float)
    assert found(sales, promotion) == set()


def test_small_counts_large_orders_growth_and_events_are_no_slips(rng):
    sales, promotion = market(rng, spread=0.8, visits=0.5)
    assert found(sales, promotion) == set()
    growing, _ = market(rng, spread=0.05)
    growing = growing * 1.5 ** (np.arange(24) / 12.0)
    growing[:, 11] *= 8.0
    assert found(growing, promotion) == set()


def test_rows_set_aside_are_lost_for_that_reason_and_listed(rng):
    sales, promotion = market(rng)
    sales[3, 7] *= 10.0
    promotion[5, 9] = 70.0
    panel = set_aside(make_panel("M", sales, promotion))
    frame = build_frame(panel, SETTINGS.model, SETTINGS.adstock)
    lost = {one.reason: one.rows for one in frame.rows_lost}
    assert lost == {"set-aside": 2, "first-periods": 60, "gap": 2}
    assert panel.rows_read == len(frame.response) + sum(lost.values())
    assert panel.promotion[0, 5, 9] < 10.0
    assert [slip.value for slip in panel.slips] == [sales[3, 7], 70.0]
    assert find_slips(panel) == ()


def test_a_market_without_slips_is_left_as_it_is(rng):
    panel = make_panel("M", *market(rng))
    assert set_aside(panel) is panel


def test_months_written_as_zero_and_set_aside_are_as_if_they_were_missing(rng):
    sales, promotion = market(rng)
    absent = rng.random(sales.shape) < 0.05
    absent[4, :12] = absent[5, :13] = True  # opened late, one of them half-way through and one later
    absent[6, 20:] = True
    zeros = set_aside(make_panel("M", np.where(absent, 0.0, sales), np.where(absent, 0.0, promotion)))
    missing = make_panel("M", np.where(absent, np.nan, sales), np.where(absent, np.nan, promotion), recorded=~absent)
    one, other = (build_frame(panel, SETTINGS.model, SETTINGS.adstock) for panel in (zeros, missing))
    np.testing.assert_array_equal(one.used, other.used)
    np.testing.assert_array_equal(zeros.kept, missing.kept)
    for name in ("response", "lags", "initial", "promotion", "correction"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
    np.testing.assert_array_equal(one.adstock((0.5,)), other.adstock((0.5,)))
