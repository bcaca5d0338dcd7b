"""Territories: the codes of their effects, the choice between these and clustered errors, and what a market says."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from model_problems import PROVENANCE, settings
from reportgen.model.agreed.decay import market_profile
from reportgen.model.analysis import analyse_market
from reportgen.model.market.calendar import LEAST_SHARE, choose_time, period_codes
from reportgen.model.market.fit import fit_market
from reportgen.model.market.territories import LEAST_WITHIN, cell_codes, cell_labels, effect_codes, sharing
from reportgen.panel.features import ModelFrame, build_frame
from reportgen.panel.grid import MarketPanel, make_panel
from reportgen.results import MarketResults, from_json, to_json

NAMED = settings(panel={"territory": "territory"})


def territory_panel(
    *,
    territories: int = 6,
    each: int = 5,
    periods: int = 24,
    common: float = 0.0,
    shock: float = 30.0,
    named: bool = True,
    column: bool = False,
) -> MarketPanel:
    """Effect 10 a unit; every territory has its own shocks, and ``common`` is the share of promotion it decides."""
    rng = np.random.default_rng([41, territories, each, periods, round(100 * common)])
    size = territories * each
    territory = np.repeat(np.arange(territories), each)
    decided = rng.poisson(6.0 * common, (territories, periods))[territory]
    own = rng.poisson(6.0 * (1.0 - common), (size, periods))
    promotion = (decided + own).astype(float)
    happened = shock * rng.standard_normal((territories, periods))[territory]
    sales = 1_000.0 + 50.0 * rng.standard_normal((size, 1)) + 10.0 * promotion + happened
    sales = sales + 20.0 * rng.standard_normal((size, periods))
    names = tuple(f"T{k}" for k in territory)
    if not named:
        return make_panel("M", sales, promotion, unnamed_territories=("rep", names) if column else ("", ()))
    return make_panel("M", sales, promotion, territories=names)


def frame_of(panel: MarketPanel) -> ModelFrame:
    made = settings()
    return build_frame(panel, made.model, made.adstock)


@lru_cache
def analysed(common: float, time: str = "auto") -> MarketResults:
    wanted = settings(panel={"territory": "territory"}, model={"time": time})
    return analyse_market(territory_panel(common=common), wanted, PROVENANCE)


def test_effects_are_numbered_by_period_and_then_by_territory() -> None:
    assert_array_equal(effect_codes(np.full((2, 3), 4), 3), [[0, 2, 4], [1, 3, 5]])


def test_a_thin_period_counts_with_the_one_before_it_in_its_own_territory() -> None:
    counts = np.array([[1, 4, 0, 4], [4, 4, 2, 4]])
    assert_array_equal(effect_codes(counts, 3), [[1, 1, 1, 3], [0, 2, 2, 4]])


def test_small_territories_share_their_effects() -> None:
    panel = territory_panel()
    names = ("A", "B", "C", "D", "E", *panel.territories[5:])
    frame = frame_of(make_panel("M", panel.sales, panel.promotion[0], territories=names))
    shared = sharing(frame)
    assert len({*shared[:5]}) == 1
    assert len({*shared}) == len({*names}) - 4
    assert ("2021-03", "") in cell_labels(frame)


def test_a_small_territory_alone_is_taken_in_by_the_smallest_other() -> None:
    panel = territory_panel()
    frame = frame_of(make_panel("M", panel.sales, panel.promotion[0], territories=("A", *panel.territories[1:])))
    assert len({*sharing(frame)}) == 6
    assert sharing(frame)[0] == sharing(frame)[1]


def test_every_code_has_rows() -> None:
    frame = frame_of(territory_panel())
    codes = period_codes(frame, by_territory=True)
    assert_array_equal(np.unique(codes), np.arange(int(cell_codes(frame).max()) + 1))


def test_periods_of_territories_where_promotion_differs_within_them() -> None:
    time = choose_time(frame_of(territory_panel(common=0.2)), NAMED)
    assert (time.kind, time.territories) == ("territory-periods", "varies-within-territories")
    assert time.within is not None
    assert time.within > LEAST_WITHIN


def test_periods_of_the_market_and_clusters_where_it_is_decided_for_territories() -> None:
    time = choose_time(frame_of(territory_panel(common=0.97)), NAMED)
    assert (time.kind, time.territories) == ("periods", "decided-for-territories")
    assert time.within is not None
    assert time.within < LEAST_WITHIN < LEAST_SHARE


@pytest.mark.parametrize("name", ["T", "T{}"])
def test_one_territory_is_the_market_and_one_for_each_is_the_pharmacies(name: str) -> None:
    panel = territory_panel()
    names = tuple(name.format(k) for k in range(len(panel.pharmacies)))
    one = make_panel("M", panel.sales, panel.promotion[0], territories=names)
    assert choose_time(frame_of(one), NAMED).territories is None
    assert fit_market(frame_of(one), NAMED).terms.clustered is False


def test_without_the_column_nothing_changes() -> None:
    panel = territory_panel(named=False)
    assert to_json(analyse_market(panel, settings(), PROVENANCE)) == to_json(
        analyse_market(panel, settings(panel={"controls": []}), PROVENANCE)
    )
    assert analyse_market(panel, settings(), PROVENANCE).territories is None


def test_shocks_of_territories_do_not_reach_the_effect() -> None:
    results = analysed(0.2)
    assert results.territories is not None
    assert results.time is not None
    assert (results.territories.errors, results.time.kind) == ("periods", "territory-periods")
    assert results.territories.independent == 30
    assert results.fixed[1].lower < 10.0 < results.fixed[1].upper
    # Without the shocks the residual is what the pharmacies' own errors are.
    assert results.fit is not None
    assert results.fit.sigma == pytest.approx(20.0, rel=0.1)


def test_few_territories_are_few_degrees_of_freedom() -> None:
    results = analysed(0.97)
    assert results.territories is not None
    assert results.model is not None
    assert (results.territories.errors, results.model.standard_error) == ("clustered", "territory")
    assert results.territories.independent == results.territories.count == 6
    assert results.territories.df is not None
    assert 1.0 <= results.territories.df < 6.0
    assert results.fixed[1].df == results.territories.df
    assert results.fixed[1].se > 1.3 * results.fixed[1].se_gls
    assert from_json(to_json(results)) == results


def test_the_decay_and_the_totals_are_less_certain_where_errors_are_clustered() -> None:
    panel = territory_panel(common=0.97)
    clustered = fit_market(frame_of(panel), NAMED)
    alone = fit_market(frame_of(make_panel("M", panel.sales, panel.promotion[0])), NAMED)
    assert clustered.decays == alone.decays
    wide, narrow = clustered.decay_fit, alone.decay_fit
    assert wide is not None
    assert narrow is not None
    assert wide.upper[0] - wide.lower[0] >= narrow.upper[0] - narrow.lower[0]
    k = clustered.index("Adstock_Promotion")
    assert clustered.covariance.values[k, k] > alone.covariance.values[k, k]


def test_the_setting_decides_where_it_is_set() -> None:
    assert analysed(0.97, "territory-periods").territories.errors == "periods"
    assert analysed(0.2, "periods").territories.errors == "clustered"
    assert analysed(0.2, "periods").territories.reason == "set"


def test_too_few_territories_withhold_the_effect() -> None:
    few = analyse_market(territory_panel(territories=3, each=8, common=0.97), NAMED, PROVENANCE)
    (check,) = [one for one in few.checks if one.id == "few-territories"]
    assert check.value is not None
    assert check.status == ("fail" if check.value < 2.0 else "review")
    assert [one.status for one in analysed(0.97).checks if one.id == "few-territories"] == ["pass"]
    assert not [one for one in analysed(0.2).checks if one.id == "few-territories"]
    two = analyse_market(territory_panel(territories=2, each=9, common=0.97), NAMED, PROVENANCE)
    assert "works" in {one.quantity for one in two.withheld if one.check == "few-territories"}
    assert two.verdict.code == "unclear"


def test_a_column_that_may_hold_territories_is_asked_about_where_residuals_move_by_it() -> None:
    def found(**wanted: float) -> list[tuple[str, str | None]]:
        results = analyse_market(
            territory_panel(named=False, column=True, common=0.5, **wanted), settings(), PROVENANCE
        )
        return [(one.status, one.detail) for one in results.checks if one.id == "unnamed-territories"]

    assert found() == [("fail", "rep")]
    assert found(shock=9.0) == [("review", "rep")]
    assert found(shock=0.0) == [("pass", "rep")]
    plain = analyse_market(territory_panel(named=False), settings(), PROVENANCE)
    assert not [one for one in plain.checks if one.id == "unnamed-territories"]


def test_a_market_of_few_territories_says_less_of_the_decay_that_markets_share() -> None:
    panel, decays = territory_panel(common=0.97), (0.1, 0.5, 0.9)
    alone = make_panel("M", panel.sales, panel.promotion[0])
    clustered, free = (market_profile(one, NAMED, decays) for one in (panel, alone))
    assert clustered is not None
    assert free is not None
    fall, whole = np.ptp(clustered), np.ptp(free)
    assert 0.0 < fall < 0.8 * whole
    assert int(np.argmax(clustered)) == int(np.argmax(free))
