"""Promotion moved between markets: the total kept, shrunk effects, gates."""

from __future__ import annotations

from dataclasses import replace

import pytest

from factories import market_results
from reportgen.model.across.plan import plan_markets
from reportgen.results import EffectSize, Plan
from reportgen.results.soundness import faults


def market(name: str, unit: float, *, se: float = 40.0, now: float = 200.0, curve: float = 1.0, **changes):
    moved = 0.25 * now
    up, down, half = unit * moved * curve, unit * moved / curve, 1.96 * se * moved
    plan = Plan(
        outcome="keep", reason="effects-hardly-differ", channel="promotion", bound=0.25, step=1.0, periods=12,
        total_now=now, total_next=now, more=EffectSize(estimate=up, lower=up - half, upper=up + half),
        less=EffectSize(estimate=-down, lower=-down - half, upper=-down + half),
    )  # fmt: skip
    return replace(market_results(), market=name, plan=replace(plan, **changes))


def test_the_strong_markets_get_what_the_weak_give_and_the_total_is_kept():
    found = plan_markets([market("A", 300.0), market("B", 900.0), market("C", 1500.0), market("D", 600.0)], 0.95)
    assert (found.outcome, found.reason) == ("recommended", "")
    actions = {row.market: row.action for row in found.rows}
    assert actions == {"A": "take", "B": "give", "C": "give", "D": "take"}
    assert sum(row.next for row in found.rows) == pytest.approx(found.total)
    assert found.gain.estimate == pytest.approx(sum(row.gain.estimate for row in found.rows))
    assert found.gain.lower > 0.0
    assert 0.0 <= found.loss < 0.025
    assert all(abs(row.next - row.now) <= 50.0 + 1e-9 for row in found.rows)
    # Shrunk towards all markets.
    assert 300.0 < found.rows[0].effect.estimate < 900.0
    assert not list(faults(found))


def test_markets_that_are_alike_keep_what_they_have():
    found = plan_markets([market(name, 600.0 + 10.0 * k, se=100.0) for k, name in enumerate("ABCD")], 0.95)
    assert (found.outcome, found.reason, found.gain) == ("keep", "effects-hardly-differ", None)
    assert all(row.next == row.now for row in found.rows)


def test_markets_of_which_nothing_is_known_take_no_part():
    known = [market("A", 300.0), market("B", 1500.0)]
    unknown = market("C", 900.0, outcome="find-out", reason="effect-unknown")
    assert plan_markets([*known, unknown], 0.95).reason == "few-markets"
    assert plan_markets([replace(one, plan=None) for one in known], 0.95) is None


def test_a_response_that_flattens_gains_less_from_more_than_it_loses_from_less():
    straight = plan_markets([market(n, u) for n, u in (("A", 300.0), ("B", 900.0), ("C", 1500.0))], 0.95)
    bent = plan_markets([market(n, u, curve=0.9) for n, u in (("A", 300.0), ("B", 900.0), ("C", 1500.0))], 0.95)
    assert bent.gain.estimate < straight.gain.estimate


def test_money_of_several_currencies_is_not_compared():
    found = [market("A", 300.0), market("B", 1500.0), market("C", 900.0)]
    found[0] = replace(found[0], data=replace(found[0].data, currency="PLN"))
    assert plan_markets(found, 0.95).reason == "several-currencies"
