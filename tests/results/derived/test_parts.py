"""Sums and counts that pages print."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from factories import market_results
from reportgen.results import Contribution
from reportgen.results.derived.parts import part_totals
from reportgen.results.derived.standing import above_zero, below_zero, pharmacies_for_half

RESULTS = market_results()


def test_parts_of_fitted_sales_stand_on_each_other() -> None:
    split = Contribution(
        periods=("2021-01", "2021-02"), baseline=(10.0, 20.0), persistence=(5.0, 5.0), promotion=(-1.0, 1.0)
    )
    totals = part_totals(split)
    assert split.fitted == (14.0, 26.0)
    assert totals.steps == (0.0, 30.0, 40.0, 40.0)
    assert totals.shares == (0.75, 0.25, 0.0)
    nothing = part_totals(replace(split, baseline=(0.0, 0.0), persistence=(0.0, 0.0), promotion=(1.0, -1.0)))
    assert nothing.shares == (None, None, None)


def test_half_of_the_total_is_brought_by_the_fewest_that_can() -> None:
    amounts = np.sort([row.incremental or 0.0 for row in RESULTS.pharmacies])[::-1]
    few = pharmacies_for_half(RESULTS)
    assert RESULTS.incremental is not None
    assert RESULTS.incremental.total is not None
    assert few is not None
    assert amounts[:few].sum() >= RESULTS.incremental.total / 2 > amounts[: few - 1].sum()
    lost = replace(RESULTS, incremental=replace(RESULTS.incremental, total=-1.0))
    assert pharmacies_for_half(lost) is None


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
