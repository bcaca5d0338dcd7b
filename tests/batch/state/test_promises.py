"""What a run promises and a later one scores: once, for the pharmacies that are still there, from results alone."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from factories import market_results, period_labels
from reportgen.batch.state import promises
from reportgen.batch.state.promises import Track, advance, completed, track_record
from reportgen.results import MarketResults

MONTHS = period_labels(48)


def known_until(month: int, factor: float = 1.0, *, lost: int = 0) -> MarketResults:
    """A market whose record ends with month number ``month``, its recent sales ``factor`` of a promise of 100 each."""
    one = market_results(pharmacies=10)
    coming, recent = MONTHS[month : month + 3], MONTHS[month - 6 : month]
    periods = tuple(
        replace(row, period=label, estimate=1000.0, lower=900.0, upper=1100.0, planned=1050.0, planned_lower=960.0,
                planned_upper=1140.0)
        for row, label in zip(one.forecast.periods, coming, strict=True)
    )  # fmt: skip
    pharmacies = tuple(
        replace(row, expected=(100.0,) * 3, recent=(None if k < lost else 100.0 * factor,) * 6)
        for k, row in enumerate(one.forecast.pharmacies)
    )
    forecast = replace(one.forecast, periods=periods, pharmacies=pharmacies, recent_periods=recent)
    data = replace(one.data, period=(MONTHS[0], MONTHS[month - 1]))
    made = replace(one.provenance, as_of=f"{MONTHS[month - 1]}-28")
    return replace(one, forecast=forecast, data=data, provenance=made)


def after(*runs: MarketResults) -> Track:
    track = Track()
    for one in runs:
        track = advance(track, one)
    return track


def test_a_promise_is_scored_when_its_period_has_come():
    track = after(known_until(24), known_until(25, 1.05))
    (one,) = track.scored
    assert (one.period, one.ahead, one.said, one.came, one.held) == (MONTHS[24], 1, 1000.0, 1050.0, True)
    assert one.planned == 1050.0
    assert one.planned_held
    assert one.made == "2022-12-28"


def test_every_promise_of_a_period_counts_and_each_once():
    track = after(known_until(24), known_until(25), known_until(26, 1.2), known_until(27))
    assert [(one.last_period, one.period) for one in track.scored] == [
        (MONTHS[23], MONTHS[24]), (MONTHS[23], MONTHS[25]), (MONTHS[24], MONTHS[25]),
        (MONTHS[23], MONTHS[26]), (MONTHS[24], MONTHS[26]), (MONTHS[25], MONTHS[26]),
    ]  # fmt: skip
    assert [one.held for one in track.scored] == [True, False, False, True, True, True]
    found = track_record(track, 0.95)
    assert (found.count, found.held, found.expected) == (6, 4, pytest.approx(5.7))
    assert found.error == pytest.approx(400.0 / 6400.0)


def test_building_again_changes_nothing():
    runs = (known_until(24), known_until(25))
    assert after(*runs, runs[-1]) == after(*runs)


def test_pharmacies_that_left_are_no_error_and_too_few_are_no_score():
    one = after(known_until(24), known_until(25, lost=2)).scored[0]
    assert (one.share, one.said, one.came, one.held) == (0.8, 800.0, 800.0, True)
    assert after(known_until(24), known_until(25, lost=3)).scored == ()


def test_the_file_is_read_back_and_a_torn_one_begins_again(tmp_path: Path):
    track = after(known_until(24), known_until(25))
    (tmp_path / promises.NAME).write_bytes(promises.track_file(track))
    assert promises.read_track(tmp_path) == track
    (tmp_path / promises.NAME).write_bytes(promises.track_file(track)[:-40])
    assert promises.read_track(tmp_path) == Track()


def test_results_stand_for_a_file_that_is_missing():
    before = known_until(24)
    assert after(before).promises == completed(Track(), before).promises
    kept = replace(known_until(25), track=track_record(after(before, known_until(25)), 0.95))
    assert completed(Track(), kept).scored == kept.track.periods
