"""What a failed check takes away: the table, and the results without the numbers it names."""

from __future__ import annotations

from dataclasses import fields, replace

import pytest

from reportgen.model import deciding
from reportgen.model.checks.rules import RULES
from reportgen.report.narrative.deciding import SENTENCES
from reportgen.report.words.check_words import CHECKS
from reportgen.results import Check, from_json, to_json
from tests.factories import market_results, planned_forecast


def check(name, status, channel=None):
    return Check(id=name, status=status, value=1.0, threshold=0.5, channel=channel)


def taken(results, *checks):
    return deciding.withhold(replace(results, withheld=deciding.decisions(checks)))


def test_every_deciding_check_exists_and_is_listed_once():
    names = [row.check for row in deciding.TABLE]
    assert set(names) <= set(RULES)
    assert len(names) == len(set(names))


@pytest.mark.parametrize("row", deciding.TABLE, ids=lambda row: row.check)
def test_a_check_decides_from_its_status_on(row):
    found = deciding.decisions([check(row.check, "fail")])
    assert {one.quantity for one in found} == set(row.withholds)
    assert {(one.check, one.sentence) for one in found} == {(row.check, row.sentence)}
    assert bool(deciding.decisions([check(row.check, "review")])) == (row.at == "review")
    assert not deciding.decisions([check(row.check, "pass"), check(row.check, "not-run")])


def test_what_is_withheld_is_gone_everywhere():
    results = market_results()
    left = taken(results, check("stationarity", "fail"))
    assert (
        left.long_run.estimate is left.long_run.upper is left.long_run.multiplier is left.long_run.total_pulse is None
    )
    assert left.plain.long_run is left.within.long_run is None
    assert all(row.long_run is row.incremental is row.incremental_share is None for row in left.pharmacies)
    assert left.incremental is left.roi is left.ordinary.incremental_gap is None
    assert left.what_if == ()
    assert left.impulse == results.impulse
    assert left.decay == results.decay


def test_correlated_residuals_take_the_first_month_and_the_carry_over_only():
    results = market_results()
    left = taken(results, check("arellano-bond-m2", "fail"))
    assert left.impulse == ()
    assert left.effects[0].first_period.withheld == "arellano-bond-m2"
    assert left.effects[0].first_period.estimate is None
    assert left.effects[0].kept_up == results.effects[0].kept_up
    assert left.decay is left.long_run.half_life is None
    assert left.long_run.estimate == results.long_run.estimate
    assert left.incremental == results.incremental


def test_taking_twice_is_taking_once_and_survives_the_file():
    left = taken(market_results(), *(check(row.check, "fail") for row in deciding.TABLE))
    assert deciding.withhold(left) == left
    assert from_json(to_json(left)) == left


def test_nothing_else_changes():
    results = market_results()
    left = taken(results, *(check(row.check, "fail") for row in deciding.TABLE))
    changed = {one.name for one in fields(results) if getattr(results, one.name) != getattr(left, one.name)}
    may = {"withheld", "decay", "more_decays", "long_run", "impulse", "channels", "pharmacies", "plain", "within"}
    may |= {"elasticity", "forecast"}
    assert changed <= may | {"bootstrap", "effects", "incremental", "what_if", "roi", "ordinary", "charts"}


def test_sums_take_what_the_plan_would_add_and_leave_what_is_to_be_expected():
    results = planned_forecast(market_results())
    left = taken(results, check("totals-in-range", "fail"))
    assert left.forecast.total.planned is left.forecast.total.gain is left.forecast.periods[0].planned is None
    assert left.forecast.total.estimate == results.forecast.total.estimate
    assert taken(results, check("convergence", "fail")).forecast is None


def test_every_reason_and_every_check_has_its_words():
    assert {row.sentence for row in deciding.TABLE} <= set(SENTENCES)
    assert set(RULES) <= set(CHECKS)
