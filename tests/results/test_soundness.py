"""No number that is not one, and no interval without its estimate, in any part of the results."""

from __future__ import annotations

from dataclasses import replace

import pytest

from factories import market_results
from reportgen.results import from_json, to_json
from reportgen.results.soundness import faults, mend, sound


def test_usual_results_are_sound_and_left_alone():
    results = market_results()
    assert not [*faults(results)]
    assert sound(results)
    assert mend(results) is results


@pytest.mark.parametrize(
    ("part", "changes", "gone"),
    [
        ("long_run", {"lower": 1e9}, ("lower", "upper")),
        ("long_run", {"upper": -1e9}, ("lower", "upper")),
        ("long_run", {"multiplier": float("inf")}, ("multiplier",)),
        ("incremental", {"share_lower": 0.9}, ("share_lower", "share_upper")),
        ("incremental", {"lower": 1e12}, ("lower", "upper")),
        ("decay", {"se": float("nan")}, ("se",)),
    ],
)
def test_what_does_not_hold_is_taken_away(part, changes, gone):
    results = market_results()
    wrong = replace(results, **{part: replace(getattr(results, part), **changes)})
    assert [*faults(wrong)]
    assert not sound(wrong)
    right = mend(wrong)
    assert not [*faults(right)]
    assert sound(right)
    assert all(getattr(getattr(right, part), name) is None for name in gone)
    assert from_json(to_json(right)) == right


def test_rows_are_mended_one_by_one():
    results = market_results()
    rows = list(results.pharmacies)
    rows[3] = replace(rows[3], lower=rows[3].total_slope + 5.0, upper=rows[3].total_slope + 9.0)
    right = mend(replace(results, pharmacies=tuple(rows)))
    assert right.pharmacies[3].lower is right.pharmacies[3].upper is None
    assert right.pharmacies[:3] == results.pharmacies[:3]


def test_a_number_that_must_be_there_and_is_none_is_a_fault_that_stays():
    results = market_results()
    wrong = replace(results, fixed=(replace(results.fixed[0], estimate=float("nan")), *results.fixed[1:]))
    assert [*faults(mend(wrong))] == [".fixed.0.estimate"]
