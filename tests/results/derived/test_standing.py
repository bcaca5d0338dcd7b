"""Counts that pages print, and how near checks are to their limits."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from factories import market_results
from reportgen.results import Check
from reportgen.results.derived.closeness import closeness
from reportgen.results.derived.standing import above_zero, below_zero

RESULTS = market_results()


def test_pharmacies_without_an_interval_lie_on_no_side_of_zero() -> None:
    first, *rest = RESULTS.pharmacies
    for lower, upper, counted in ((1.0, 2.0, (1, 0)), (-2.0, -1.0, (0, 1)), (-1.0, 1.0, (0, 0)), (None, None, (0, 0))):
        one = replace(RESULTS, pharmacies=(replace(first, lower=lower, upper=upper),))
        assert (above_zero(one), below_zero(one)) == counted
    assert rest


def test_a_coefficient_per_standard_deviation_keeps_its_test() -> None:
    row = next(row for row in RESULTS.fixed if row.column_sd)
    scaled = row.per_sd()
    assert scaled is not None
    assert row.column_sd is not None
    assert scaled.estimate == pytest.approx(row.estimate * row.column_sd)
    assert (scaled.statistic, scaled.p, scaled.df) == (row.statistic, row.p, row.df)
    assert replace(row, column_sd=0.0).per_sd() is None


def _check(name: str, value: float | None, limit: float | None, status: str = "pass") -> Check:
    return Check(id=name, status=status, value=value, threshold=limit)  # type: ignore[arg-type]


def test_closeness_is_one_at_the_limit_whichever_way_the_rule_runs() -> None:
    for check, used in (
        (_check("targeting", 0.25, 0.5), 0.5),
        (_check("targeting", 0.5, 0.5), 1.0),
        (_check("pharmacy-trend", 0.5, 0.05), 0.1),
        (_check("pharmacy-trend", 0.05, 0.05), 1.0),
        (_check("residual-normality", 0.99, 0.98), 0.5),
        (_check("scale", -40.0, 2.0), 0.0),
        (_check("entry-slips", 0.0, 0.0), 0.0),
        (_check("entry-slips", 0.01, 0.0, "review"), math.inf),
        (_check("second-optimum", None, 2.0), 0.0),
        (_check("decay-edge", None, 0.95, "fail"), math.inf),
    ):
        assert closeness(check) == pytest.approx(used), check
    assert closeness(_check("seasonality", None, 1.0, "not-run")) is None
