"""The next periods: what is drawn adds up, follows its last sales, and no plan is no change."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from reportgen.model.effects.forecast import forecast
from reportgen.model.effects.sales_ahead import draw_ahead, going_on, usual_promotion
from reportgen.model.market.fit import MarketFit, fit_market
from reportgen.panel.features import build_frame
from reportgen.panel.grid import MarketPanel, make_panel
from reportgen.panel.simulate import MarketSpec, simulate_market
from reportgen.results import Plan, PlanRow
from reportgen.settings.sections import Settings


def panel_of(periods: int = 24, **changes: object) -> MarketPanel:
    spec = MarketSpec(pharmacies=20, periods=periods, **changes)  # type: ignore[arg-type]
    return simulate_market(spec, np.random.default_rng(3)).to_panel()


def fitted(panel: MarketPanel, settings: Settings) -> MarketFit:
    return fit_market(build_frame(panel, settings.model, settings.adstock), settings)


def plan_of(market: MarketFit, change: float) -> Plan:
    rows = tuple(
        PlanRow(pharmacy=name, now=4.0, next=4.0 + change, action="give", reason="", effect=None, gain=None)
        for name in market.frame.pharmacies
    )
    return Plan(outcome="recommended", reason="", channel=market.frame.panel.channels[0], rows=rows)


def cut(panel: MarketPanel, periods: int) -> MarketPanel:
    return make_panel(
        panel.market, panel.sales[:, :periods], panel.promotion[:, :, :periods],
        pharmacies=panel.pharmacies, first_period=panel.first_period,
    )  # fmt: skip


@pytest.mark.parametrize("model", [{}, {"response": "log"}, {"time": "season+trend"}, {"time": "none"}])
def test_limits_hold_the_estimate_and_pharmacies_add_up(model: dict[str, object]):
    settings = Settings.model_validate({"model": model})
    found = forecast(fitted(panel_of(), settings), settings)
    assert found is not None
    assert [row.period for row in found.periods] == ["2023-01", "2023-02", "2023-03"]
    for k, row in enumerate(found.periods):
        assert row.lower < row.estimate < row.upper
        assert row.planned is None
        assert sum(one.expected[k] for one in found.pharmacies) == pytest.approx(row.estimate, rel=1e-12)
    assert found.total.estimate == pytest.approx(sum(row.estimate for row in found.periods), rel=1e-12)
    assert found.total.year_before == pytest.approx(sum(row.year_before for row in found.periods))
    assert (found.movement.season is None) == ("time" in model)


def test_what_came_lies_in_the_interval_of_a_longer_record():
    panel, settings = panel_of(30), Settings()
    found = forecast(fitted(cut(panel, 27), settings), settings)
    assert found is not None
    came = panel.sales[:, 27:].sum(axis=0)
    assert all(row.lower <= value <= row.upper for row, value in zip(found.periods, came, strict=True))


def test_a_plan_takes_as_much_as_it_gives_where_promotion_comes_in_campaigns():
    panel, settings = panel_of(), Settings()
    campaigns = (np.arange(24) + np.arange(20)[:, None]) % 4 == 0
    market = fitted(replace(panel, promotion=panel.promotion * campaigns), settings)
    more, less = (forecast(market, settings, plan_of(market, change)) for change in (1.0, -1.0))
    assert more is not None
    assert less is not None
    assert less.total.gain == pytest.approx(-more.total.gain)
    for up, down in zip(more.periods, less.periods, strict=True):
        assert up.planned_promotion + down.planned_promotion == pytest.approx(2.0 * up.promotion)


def test_a_plan_without_a_change_changes_nothing_and_more_promotion_brings_more():
    settings = Settings()
    market = fitted(panel_of(), settings)
    same, more = (forecast(market, settings, plan_of(market, change)) for change in (0.0, 2.0))
    assert same is not None
    assert more is not None
    unsure = replace(plan_of(market, 2.0), outcome="keep")
    assert forecast(market, settings, unsure).total.planned is None
    assert same.total.gain == 0.0
    assert same.total.planned == same.total.estimate
    assert more.total.estimate == same.total.estimate
    assert more.total.gain > 0.0
    assert more.total.gain_lower < more.total.gain < more.total.gain_upper
    assert more.periods[0].planned_promotion == pytest.approx(1.5 * more.periods[0].promotion)


def test_pharmacies_that_ended_are_left_out():
    panel, settings = panel_of(), Settings()
    sales, recorded = panel.sales.copy(), panel.recorded.copy()
    sales[4, -3:], recorded[4, -3:] = np.nan, False
    found = forecast(fitted(replace(panel, sales=sales, recorded=recorded), settings), settings)
    assert found is not None
    assert found.ended == 1
    assert panel.pharmacies[4] not in [one.pharmacy for one in found.pharmacies]


def test_none_are_asked_for():
    settings = Settings.model_validate({"model": {"forecast": 0}})
    assert forecast(fitted(panel_of(), settings), settings) is None


def test_every_channel_goes_on_by_its_own_growth():
    one, settings = panel_of(36), Settings()
    months = np.arange(36)
    doses = np.stack([np.broadcast_to(4.0 * rate**months, one.sales.shape) for rate in (1.02, 0.98)])
    panel = make_panel(one.market, one.sales, doses, pharmacies=one.pharmacies, channels=("visits", "samples"))
    usual = usual_promotion(build_frame(panel, settings.model, settings.adstock), 3)
    foreseen = usual.growth * doses[:, 0, usual.columns[0]].mean(axis=1)
    assert foreseen == pytest.approx([4.0 * 1.02**36, 4.0 * 0.98**36], rel=0.1)
    assert usual.growth[0] > 1.0 > usual.growth[1]


def test_promotion_goes_on_growing_and_follows_its_season():
    panel = panel_of(36)
    months = np.arange(36)
    grown = np.broadcast_to(4.0 * 1.02**months, panel.promotion.shape).copy()
    settings = Settings()
    frame = build_frame(replace(panel, promotion=grown), settings.model, settings.adstock)
    usual = usual_promotion(frame, 3)
    foreseen = usual.growth[0] * grown[0, 0][usual.columns[0]].mean()
    assert foreseen == pytest.approx(4.0 * 1.02**36, rel=0.02)
    season = 5.0 + 3.0 * np.sin(2.0 * np.pi * months / 12.0)
    moved = np.broadcast_to(season, panel.promotion.shape).copy()
    frame = build_frame(replace(panel, promotion=moved), settings.model, settings.adstock)
    assert usual_promotion(frame, 3).rule == "same-season"


def test_many_periods_and_the_same_draws_again():
    settings = Settings.model_validate({"model": {"forecast": 12}})
    market = fitted(panel_of(), settings)
    first, again = (forecast(market, settings) for _ in range(2))
    assert first == again
    assert len(first.periods) == 12
    widths = [row.upper - row.lower for row in first.periods]
    assert widths[-1] > widths[0]
    ahead = draw_ahead(market, 2, 40, np.random.default_rng(1))
    assert ahead.usual.shape == (40, len(going_on(market.frame)), 2)
