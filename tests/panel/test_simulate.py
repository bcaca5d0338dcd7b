"""Simulated markets: the truth can be found again, and what makes them hard is there."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from reportgen.panel.simulate import MarketSpec, simulate_market, simulate_panel
from reportgen.panel.transforms import adstock


def rng(seed: int = 1) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_sales_follow_the_stated_recursion_exactly_without_error() -> None:
    spec = MarketSpec(pharmacies=20, periods=30, sigma=0.0, seasonality=0.0, burn_in=40)
    draw = simulate_market(spec, rng())
    carried = adstock(draw.promotion, spec.decay)
    t = np.arange(2, 30)
    drive = spec.baseline * 0.5 + draw.intercepts[:, None] + (spec.beta + draw.slopes)[:, None] * carried[:, t]
    expected = drive + spec.phi[0] * draw.sales[:, t - 1] + spec.phi[1] * draw.sales[:, t - 2]
    np.testing.assert_allclose(draw.sales[:, t], expected, rtol=1e-9)


def test_adstock_history_reaches_into_the_record_only_on_request() -> None:
    spec = MarketSpec(pharmacies=20, periods=30, decay=0.8)
    fresh = simulate_market(spec, rng()).sales
    carried = simulate_market(dataclasses.replace(spec, adstock_history=True), rng()).sales
    assert (carried[:, 0] > fresh[:, 0]).all()
    np.testing.assert_allclose(carried[:, -1], fresh[:, -1], rtol=0.01)


def test_first_sales_are_from_the_process() -> None:
    draw = simulate_market(MarketSpec(pharmacies=4000, periods=30, adstock_history=True), rng())
    spread = draw.sales.std(axis=0)
    assert spread[0] == pytest.approx(spread[-1], rel=0.05)
    assert draw.sales[:, 0].mean() == pytest.approx(draw.sales[:, -1].mean(), rel=0.02)


def test_promotion_goes_to_the_larger_pharmacies() -> None:
    draw = simulate_market(MarketSpec(pharmacies=2000, periods=36, targeting=0.6), rng())
    level = draw.promotion.mean(axis=1)
    assert np.corrcoef(level, draw.intercepts)[0, 1] == pytest.approx(0.6, abs=0.08)


def test_pharmacies_differ_as_stated() -> None:
    spec = MarketSpec(pharmacies=5000, corr=0.4)
    draw = simulate_market(spec, rng())
    assert draw.intercepts.std() == pytest.approx(spec.sd_intercept, rel=0.04)
    assert draw.slopes.std() == pytest.approx(spec.sd_slope, rel=0.04)
    assert np.corrcoef(draw.intercepts, draw.slopes)[0, 1] == pytest.approx(0.4, abs=0.05)


def test_zero_slope_variance_gives_equal_responses() -> None:
    assert not simulate_market(MarketSpec(sd_slope=0.0), rng()).slopes.any()


def test_constant_promotion_is_constant() -> None:
    draw = simulate_market(MarketSpec(constant_promotion=True, promotion_mean=4.0), rng())
    assert np.unique(draw.promotion).tolist() == [4.0]


def test_counts_are_whole_visits() -> None:
    promotion = simulate_market(MarketSpec(counts=True), rng()).promotion
    assert (promotion == promotion.round()).all()
    assert promotion.min() >= 0


def test_gaps_and_late_starters_keep_the_first_record() -> None:
    spec = MarketSpec(pharmacies=300, gap_share=0.2, late_share=0.5)
    recorded = simulate_market(spec, rng()).recorded
    assert recorded.any(axis=1).all()
    late = (~recorded[:, 0]).mean()
    assert late == pytest.approx(0.5, abs=0.1)
    panel = simulate_panel(spec, rng())
    assert panel.rows_read == recorded.sum()
    assert np.isnan(panel.sales[~panel.recorded]).all()


def test_seasonality_repeats_every_year() -> None:
    quiet = MarketSpec(pharmacies=1, periods=24, sigma=0.0, sd_intercept=0.0, sd_slope=0.0, beta=0.0, burn_in=120)
    sales = simulate_market(dataclasses.replace(quiet, seasonality=0.2), rng()).sales
    np.testing.assert_allclose(sales[:, :12], sales[:, 12:], rtol=1e-9)
    assert np.ptp(sales) > 0.1 * 40_000


def test_same_seed_same_market() -> None:
    spec = MarketSpec(gap_share=0.1, late_share=0.2, counts=True)
    first, second = simulate_panel(spec, rng(7)), simulate_panel(spec, rng(7))
    assert first.data_hash == second.data_hash
    assert first.data_hash != simulate_panel(spec, rng(8)).data_hash


@pytest.mark.parametrize("phi", [(0.7, 0.3), (1.0,), (-0.5, 0.6)])
def test_an_explosive_process_is_refused(phi: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="not stationary"):
        simulate_market(MarketSpec(phi=phi), rng())


def test_the_process_needs_no_lags() -> None:
    spec = MarketSpec(phi=())
    assert spec.long_run == spec.beta
    assert np.isfinite(simulate_market(spec, rng()).sales).all()


def test_long_run_is_what_a_lasting_unit_of_promotion_adds() -> None:
    spec = MarketSpec(pharmacies=3, periods=200, sigma=0.0, sd_slope=0.0, constant_promotion=True)
    more = dataclasses.replace(spec, promotion_mean=spec.promotion_mean + 1)
    gain = simulate_market(more, rng()).sales[:, -1] - simulate_market(spec, rng()).sales[:, -1]
    np.testing.assert_allclose(gain, spec.long_run, rtol=1e-6)
