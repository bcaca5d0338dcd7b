"""What promotion brought: totals by hand through the recursion, intervals that cover, money that adds up."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pytest
from numpy.testing import assert_allclose

from model_problems import changed_panel, settings, small_panel, two_channel_panel
from reportgen.model.effects.impact import DRAWS, market_generator, measure_impact
from reportgen.model.lmm import reml
from reportgen.model.lmm.modes import conditional_modes
from reportgen.model.market.fit import fit_market
from reportgen.panel.features import build_frame


def fitted(panel, /, **sections):
    chosen = settings(**{"adstock": {"decay": 0.5}, **sections})
    return fit_market(build_frame(panel, chosen.model, chosen.adstock), chosen), chosen


@lru_cache(maxsize=1)
def usual():
    return fitted(small_panel(2, pharmacies=20, periods=24))


def impact_of(panel, /, **sections):
    return measure_impact(*fitted(panel, **sections))


def by_hand(market) -> np.ndarray:
    """Incremental money (G, T) at the point estimate, one cell at a time."""
    panel, frame = market.frame.panel, market.frame
    slope = market.fit.beta[1] + conditional_modes(market.fit)[:, 1]
    phi = market.fit.beta[2:4]
    effect = np.zeros_like(panel.sales)
    for g in range(len(panel.pharmacies)):
        carried, started = 0.0, False
        for t in range(panel.n_periods):
            carried = 0.5 * panel.promotion[0, g, t] + 0.5 * carried
            started = started or frame.used[g, t]
            if started:
                effect[g, t] = slope[g] * carried
                effect[g, t] += sum(phi[k - 1] * effect[g, t - k] for k in (1, 2) if t >= k)
    return np.where(frame.used, effect, 0.0)


def test_incremental_sales_follow_the_recursion():
    market, chosen = usual()
    found = measure_impact(market, chosen)
    effect = by_hand(market)
    assert found.incremental.total == pytest.approx(effect.sum(), rel=1e-10)
    assert_allclose(found.by_pharmacy, effect.sum(axis=1), rtol=1e-9)
    assert_allclose([month.incremental for month in found.incremental.months], effect[:, 2:].sum(axis=0), rtol=1e-9)
    assert found.incremental.share == pytest.approx(effect.sum() / market.frame.sales.sum())
    assert found.incremental.draws == DRAWS


def test_parts_of_the_incremental_sales_add_up():
    found = measure_impact(*usual())
    months = found.incremental.months
    assert sum(month.incremental for month in months) == pytest.approx(found.incremental.total)
    assert found.by_pharmacy.sum() == pytest.approx(found.incremental.total)
    for month in months:
        assert month.sales - month.without == pytest.approx(month.incremental)
        assert month.without_lower <= month.without <= month.without_upper
    assert found.incremental.lower < found.incremental.total < found.incremental.upper


def test_what_if_scales_the_same_effect():
    found = measure_impact(*usual())
    by_change = {row.change: row for row in found.what_if}
    assert by_change[-1.0].sales == pytest.approx(-found.incremental.total)
    for change in (-0.25, -0.1, 0.1, 0.25):
        assert by_change[change].sales == pytest.approx(change * found.incremental.total)
        assert by_change[change].profit is None
    assert found.roi is None


def test_long_run_and_impulse_agree():
    market, chosen = usual()
    found = measure_impact(market, chosen)
    beta, phi = market.fit.beta[1], market.fit.beta[2:4]
    assert found.long_run.estimate == pytest.approx(beta / (1.0 - phi.sum()))
    assert found.impulse[0].effect == pytest.approx(0.5 * beta)
    assert found.impulse[-1].cumulative < found.long_run.total_pulse
    assert found.impulse[-1].cumulative == pytest.approx(found.long_run.total_pulse, rel=0.05)
    assert all(point.lower <= point.effect <= point.upper for point in found.impulse)


@pytest.mark.parametrize("normalize", [True, False])
@pytest.mark.parametrize("decay", [0.0, 0.6, "estimate"])
@pytest.mark.parametrize("make", [small_panel, two_channel_panel])
def test_first_period_is_the_impulse_and_the_change_of_fitted_sales_for_one_more_unit(make, decay, normalize):
    market, chosen = fitted(make(), adstock={"decay": decay, "normalize": normalize})
    found = measure_impact(market, chosen)
    panel, frame = market.frame.panel, market.frame
    row = len(frame.response) // 2
    for channel, effects in enumerate(found.effects):
        more = panel.promotion.copy()
        more[channel, frame.grid_rows[frame.group[row]], frame.column[row]] += 1.0
        changed = build_frame(changed_panel(panel, promotion=more), chosen.model, chosen.adstock)
        adstock = changed.adstock(market.decays)[row] - frame.adstock(market.decays)[row]
        change = float(adstock @ market.fit.beta[[market.index(term) for term in market.terms.promotion]])
        assert effects.first_period.estimate == pytest.approx(change, rel=1e-9)
        impulse = found.channels[channel].impulse if found.channels else found.impulse
        assert effects.first_period.estimate == impulse[0].effect
        assert effects.first_period.lower <= effects.first_period.estimate <= effects.first_period.upper


@pytest.mark.parametrize("normalize", [True, False])
@pytest.mark.parametrize("make", [small_panel, two_channel_panel])
def test_in_all_is_the_sum_of_the_impulse_and_what_a_unit_brings_a_period_when_kept_up(make, normalize):
    market, chosen = fitted(make(), adstock={"decay": "estimate", "normalize": normalize})
    found = measure_impact(market, chosen)
    phi = market.fit.beta[[market.index(term) for term in market.terms.lags]]
    for channel, effects in enumerate(found.effects):
        slope = market.fit.beta[market.index(market.terms.promotion[channel])]
        sales, stock = [0.0, 0.0], 0.0
        for _ in range(2_000):
            stock = market.decays[channel] * stock + (1.0 - market.decays[channel] if normalize else 1.0)
            sales.append(slope * stock + phi[0] * sales[-1] + phi[1] * sales[-2])
        assert effects.kept_up.estimate == pytest.approx(sales[-1], rel=1e-9)
        assert effects.in_all == effects.kept_up
        assert effects.kept_up.lower < effects.kept_up.estimate < effects.kept_up.upper


def test_kept_up_does_not_depend_on_how_adstock_is_weighted():
    panel = small_panel(2, pharmacies=20, periods=24)
    ways = [impact_of(panel, adstock={"decay": "estimate", "normalize": way}).effects[0] for way in (True, False)]
    assert ways[0].first_period.estimate == pytest.approx(ways[1].first_period.estimate, rel=1e-5)
    assert ways[0].kept_up.estimate == pytest.approx(ways[1].kept_up.estimate, rel=1e-5)
    assert ways[0].kept_up.upper == pytest.approx(ways[1].kept_up.upper, rel=1e-2)


@pytest.mark.parametrize("grid", [False, True])
def test_return_on_promotion_from_a_number_or_a_column(grid):
    panel = small_panel(2, pharmacies=20, periods=24)
    cost = np.full((20, 24), 60.0) if grid else 60.0
    found = impact_of(changed_panel(panel, cost=cost), panel={"cost": 60.0, "margin": 0.4})
    units = panel.promotion[0][:, 2:].sum()
    assert found.roi.cost == pytest.approx(60.0 * units)
    assert found.roi.roi == pytest.approx((0.4 * found.incremental.total - 60.0 * units) / (60.0 * units))
    assert found.roi.break_even_cost == pytest.approx(0.4 * found.incremental.total / units)
    assert found.roi.lower < found.roi.roi < found.roi.upper
    stop = next(row for row in found.what_if if row.change == -1.0)
    assert stop.profit == pytest.approx(-0.4 * found.incremental.total + 60.0 * units)


def test_cost_without_a_margin_has_no_return():
    panel = changed_panel(small_panel(2), cost=60.0)
    found = impact_of(panel, panel={"cost": 60.0})
    assert found.roi is None
    assert all(row.profit is None for row in found.what_if)


def test_unknown_costs_count_as_nothing_spent():
    panel = small_panel(2)
    cost = np.full((16, 16), 60.0)
    cost[3, 5] = np.nan
    found = impact_of(changed_panel(panel, cost=cost), panel={"margin": 0.4})
    assert found.roi.cost == pytest.approx(60.0 * (panel.promotion[0][:, 2:].sum() - panel.promotion[0][3, 5]))


def test_channels_add_up():
    market, chosen = fitted(two_channel_panel(), adstock={"decay": 0.4})
    found = measure_impact(market, chosen)
    assert found.long_run.estimate == pytest.approx(market.fit.beta[1] / (1.0 - market.fit.beta[3:5].sum()))
    assert found.by_pharmacy.sum() == pytest.approx(found.incremental.total)


def test_log_response_is_measured_in_money():
    found = impact_of(small_panel(2, pharmacies=20, periods=24), model={"response": "log"})
    level = measure_impact(*usual())
    assert found.incremental.total == pytest.approx(level.incremental.total, rel=0.25)
    assert found.long_run.estimate < 1.0


def test_without_lags_the_long_run_is_the_effect():
    market, chosen = fitted(small_panel(2), model={"lags": ()})
    found = measure_impact(market, chosen)
    assert found.long_run.estimate == pytest.approx(market.fit.beta[1])
    assert found.long_run.multiplier == pytest.approx(1.0)


def test_explosive_sales_have_no_long_run_and_nothing_built_on_it():
    panel = small_panel(2, pharmacies=20, periods=16)
    growth = 1000.0 * 1.35 ** np.arange(16)
    found = impact_of(changed_panel(panel, sales=panel.sales * 0.05 + growth * panel.sales[:, :1] / 40_000.0))
    assert not found.long_run.stationary
    assert found.long_run.estimate is None
    assert (found.impulse, found.incremental, found.what_if, found.roi, found.by_pharmacy) == ((), None, (), None, None)


def test_pooled_rung_has_an_impact_with_cluster_degrees_of_freedom(monkeypatch):
    monkeypatch.setattr(reml, "KKT_TOLERANCE", -1.0)
    found = impact_of(small_panel(2))
    assert found.incremental is None or found.incremental.lower < found.incremental.upper


def test_estimated_decay_widens_the_interval():
    panel = small_panel(2, pharmacies=20, periods=24)
    market, chosen = fitted(panel, adstock={"decay": "estimate"})
    held, _ = fitted(panel, adstock={"decay": market.decays[0]})
    wide, narrow = measure_impact(market, chosen), measure_impact(held, chosen)
    assert wide.incremental.total == pytest.approx(narrow.incremental.total, rel=1e-9)
    assert wide.impulse[1].upper - wide.impulse[1].lower > narrow.impulse[1].upper - narrow.impulse[1].lower


def test_draws_depend_on_seed_market_and_purpose_only():
    first = settings(run={"seed": 1})
    state = lambda chosen, market, purpose: market_generator(chosen, market, purpose).random()  # noqa: E731
    assert state(first, "PL", "impact") == state(first, "PL", "impact")
    others = {
        state(first, "PL", "impact"),
        state(first, "PT", "impact"),
        state(first, "PL", "predictive"),
        state(settings(run={"seed": 2}), "PL", "impact"),
        state(settings(run={"seed": -1}), "PL", "impact"),
        state(first, "\ud800", "impact"),
    }
    assert len(others) == 6
