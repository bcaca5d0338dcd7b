"""A market's plan: totals kept, bounds held, joint intervals, gates, money; and nothing where nothing is known."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose

from model_problems import PROVENANCE, settings, small_panel
from reportgen.model.analysis import analyse_market
from reportgen.model.market.fit import fit_market
from reportgen.model.planning.plan import PAGE_DRAWS, make_plan
from reportgen.model.planning.spread import draw_slopes
from reportgen.panel.features import build_frame
from reportgen.results import Plan, SlopeTest, Verdict, Withheld

WORKS = Verdict(code="works-unevenly", reasons=())
DIFFER = SlopeTest(statistic=30.0, p=1e-6, reference="mixture-1-2")


@lru_cache(maxsize=4)
def market(response: str = "level", sd_slope: float = 900.0):
    panel = small_panel(3, pharmacies=40, periods=30, sd_slope=sd_slope, counts=True)
    chosen = settings(model={"response": response, "time": "none"}, adstock={"decay": 0.5})
    return fit_market(build_frame(panel, chosen.model, chosen.adstock), chosen)


def plan(
    response: str = "level",
    *,
    verdict: Verdict = WORKS,
    test: SlopeTest | None = DIFFER,
    withheld: tuple[Withheld, ...] = (),
    cost: float | None = None,
    **sections: dict[str, Any],
) -> Plan:
    found = market(response)
    if cost is not None:
        found = replace(found, frame=replace(found.frame, panel=replace(found.frame.panel, cost=cost)))
    return make_plan(found, settings(**sections), verdict=verdict, withheld=withheld, test=test)


def test_the_total_is_kept_and_no_pharmacy_leaves_its_bound():
    found = plan()
    assert found.outcome == "recommended"
    assert found.total_next == pytest.approx(found.total_now)
    assert found.given == pytest.approx(found.taken)
    assert found.gives + found.takes == sum(row.action != "keep" for row in found.rows)
    for row in found.rows:
        assert abs(row.next - row.now) <= 0.25 * row.now + 1e-9
        moved = 12.0 * (row.next - row.now)
        assert moved == pytest.approx(round(moved), abs=1e-6)
        assert row.action == ("give" if row.next > row.now else "take" if row.next < row.now else "keep")


@pytest.mark.parametrize("response", ["level", "log"])
def test_the_whole_is_the_sum_of_the_pharmacies_and_its_interval_is_joint(response):
    found = plan(response)
    gains = [row.gain for row in found.rows if row.gain is not None]
    assert found.gain.estimate == pytest.approx(sum(gain.estimate for gain in gains))
    # Errors of forty pharmacies cancel in part: the joint interval is narrower than the sum of theirs.
    assert found.gain.upper - found.gain.lower < 0.5 * sum(gain.upper - gain.lower for gain in gains)
    assert found.gain.lower <= found.gain.estimate <= found.gain.upper
    assert found.loss == 0.0
    assert found.share == pytest.approx(
        found.gain.estimate / np.nanmean(market().frame.panel.sales[:, -12:], axis=1).sum()
    )


def test_a_pharmacy_gets_what_the_others_make_less_of():
    found = plan()
    given = [row.effect.estimate for row in found.rows if row.action == "give"]
    taken = [row.effect.estimate for row in found.rows if row.action == "take"]
    assert min(given) >= max(taken)


def test_fixed_pharmacies_stay():
    name = plan().rows[0].pharmacy
    row = plan(plan={"fixed": [name]}).rows[0]
    assert (row.action, row.reason, row.next) == ("keep", "fixed", row.now)


def test_a_budget_is_judged_against_the_same_change_everywhere():
    found = plan(plan={"budget": -10})
    assert found.total_next == pytest.approx(0.9 * found.total_now, abs=0.05)
    assert found.against_even.lower > 0.0
    assert found.against_even.estimate > found.gain.estimate


def test_differences_need_not_be_beyond_doubt_where_the_gain_is():
    assert plan(test=replace(DIFFER, p=0.07)).outcome == "recommended"


def test_without_differences_nothing_moves_and_no_gain_is_told():
    found = plan(test=replace(DIFFER, p=0.4))
    assert (found.outcome, found.reason, found.gain, found.gives) == ("keep", "effects-hardly-differ", None, 0)
    assert all(row.next == row.now and row.action == "keep" for row in found.rows)
    assert {row.reason for row in found.rows} <= {"as-good-as-others", "too-little-to-move", "not-recommended"}


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"verdict": Verdict(code="negative", reasons=())}, "effect-negative"),
        ({"verdict": Verdict(code="unclear", reasons=()), "test": None}, "effect-unknown"),
        ({"withheld": (Withheld(quantity="kept-up", check="drift", sentence="effect-drifts"),)}, "withheld"),
    ],
)
def test_where_nothing_is_known_it_says_find_out_and_how(changes, reason):
    found = plan(**changes)
    assert (found.outcome, found.reason) == ("find-out", reason)
    assert found.check == ("drift" if reason == "withheld" else None)
    assert found.experiment.dose > 0
    assert found.gain is None
    assert all(row.next == row.now for row in found.rows)


def test_profit_counts_what_promotion_costs():
    found = plan(cost=200.0, panel={"margin": 0.3})
    money = found.profit
    assert money.break_even == pytest.approx(200.0 / 0.3)
    # The total is kept and every unit costs the same: profit is margin times sales.
    assert money.profit.estimate == pytest.approx(0.3 * found.gain.estimate)
    assert money.best_profit.estimate >= money.profit.estimate - 1e-6
    assert plan(cost=1e9, panel={"margin": 0.3}).profit.best_change == pytest.approx(-0.25, abs=0.02)
    assert plan().profit is None


def test_the_same_settings_give_the_same_plan():
    assert plan() == plan()


def test_draws_of_effects_are_wider_for_what_is_unknown_of_their_spread_and_centred_on_the_modes():
    found = market()
    drawn, base = draw_slopes(found, 0, 4000, np.random.default_rng(1))
    assert drawn.shape == (4000, 40)
    assert base.phi.shape == (4000, 2)
    known = np.std(draw_slopes(found, 0, 4000, np.random.default_rng(2))[0], axis=0)
    assert_allclose(drawn.std(axis=0), known, rtol=0.1)


def test_a_market_without_estimate_says_what_is_and_what_would_tell():
    made = analyse_market(small_panel(1, pharmacies=6, periods=4), settings(), PROVENANCE)
    assert made.status == "not-estimable"
    assert (made.plan.outcome, made.plan.reason) == ("find-out", "no-estimate")
    assert [row.next for row in made.plan.rows] == [row.now for row in made.plan.rows]


def test_groups_of_the_planner_add_up_to_the_same_change_everywhere():
    made = plan()
    assert sum(group.pharmacies for group in made.groups) == sum(row.effect is not None for row in made.rows)
    more = np.sum([group.more for group in made.groups], axis=0)
    assert {len(group.less) for group in made.groups} == {len(more)} == {PAGE_DRAWS}
    assert more.mean() == pytest.approx(made.more.estimate, rel=0.05)
    assert np.quantile(more, 0.025) == pytest.approx(made.more.lower, rel=0.2)
