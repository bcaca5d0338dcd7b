"""Results of schema version 1, as the first release wrote them, are read as those of today."""

from __future__ import annotations

import json

import pytest

from factories import channel_results, market_results
from reportgen.results import MarketResults, from_json, to_json

NEW = ("effects", "withheld")
NEW_DATA = ("promotion_usual", "sales_promoted", "promoted_rows", "channels_left_out")


def as_version_one(results: MarketResults) -> bytes:
    raw = json.loads(to_json(results))
    raw["schema_version"] = 1
    for name in NEW:
        del raw[name]
    for name in NEW_DATA:
        del raw["data"][name]
    for check in raw["checks"]:
        del check["channel"], check["near_limit"]
    for channel in raw["channels"]:
        del channel["verdict"]
    if raw["model"]:
        del raw["model"]["terms"]
    return json.dumps(raw).encode()


@pytest.mark.parametrize("status", ["ok", "singular", "not-estimated", "not-estimable"])
def test_an_older_file_is_read_and_written_as_one_of_today(status):
    results = market_results(status=status)
    found = from_json(as_version_one(results))
    assert found.schema_version == results.schema_version
    assert (found.fixed, found.verdict, found.pharmacies) == (results.fixed, results.verdict, results.pharmacies)
    assert found.withheld == ()
    assert from_json(to_json(found)) == found


def test_the_effects_get_their_names():
    results = market_results()
    (effects,) = from_json(as_version_one(results)).effects
    assert effects.first_period.estimate == results.impulse[0].effect
    assert effects.kept_up.upper == results.long_run.upper
    assert effects.in_all == effects.kept_up
    assert [term.role for term in from_json(as_version_one(results)).model.terms] == [
        term.role for term in results.model.terms
    ]


def test_each_of_several_channels_gets_its_own():
    results = channel_results(("calls", "mail", "tv"))
    found = from_json(as_version_one(results))
    assert [one.channel for one in found.effects] == ["calls", "mail", "tv"]
    assert found.effects[1].kept_up.estimate == results.channels[1].long_run.estimate
    assert found.channels[0].verdict is None
