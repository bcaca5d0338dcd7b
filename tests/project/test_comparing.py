"""Two runs compared from their folders: parts by cause, files for machines, markets that only one of them has."""

from __future__ import annotations

import csv
import io
import json
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from factories import market_results
from reportgen import api
from reportgen.cli import main
from reportgen.errors import InputError
from reportgen.results import MarketResults, to_json


def folder(out: Path, *markets: MarketResults) -> Path:
    for one in markets:
        place = out / "markets" / one.market.lower()
        place.mkdir(parents=True)
        (place / "results.json").write_bytes(to_json(one))
    return out


def as_of(one: MarketResults, settings: str, date: str = "2024-01-31") -> MarketResults:
    made = replace(one.provenance, settings_hash=settings, as_of=date, settings=(("model.lags", settings),))
    return replace(one, provenance=made)


def two_runs(tmp_path: Path) -> tuple[Path, Path]:
    before = [as_of(market_results(market="PL-01"), "1"), as_of(market_results(market="PL-02"), "1")]
    now = [as_of(market_results(market="PL-01", effect=1.2), "1, 2", "2024-02-29")]
    return folder(tmp_path / "a", *before), folder(tmp_path / "b", *now)


def test_folders_are_compared_market_by_market(tmp_path: Path) -> None:
    found = api.compare(*two_runs(tmp_path))
    one, gone = found.markets
    assert one.change.main == ("settings",)
    assert one.change.parts[0].effect == pytest.approx(one.change.effect.change, abs=1e-9)
    assert one.change.settings == (("model.lags", "1", "1, 2"),)
    assert (gone.market, gone.change, gone.only) == ("PL-02", None, "first")


def test_files_for_machines_say_the_same(tmp_path: Path) -> None:
    first, second = two_runs(tmp_path)
    found = api.compare(first, second / "markets" / "pl-01" / "results.json")
    told = json.loads(found.json())["markets"][0]["change"]
    (row,) = csv.DictReader(io.StringIO(found.csv()))
    assert row["market"] == "PL-01"
    assert row["causes"] == row["main"] == "settings"
    assert float(row["effect"]) == told["parts"][0]["effect"]


def test_what_the_later_run_knows_of_the_earlier_one_is_taken(tmp_path: Path) -> None:
    before, now = as_of(market_results(), "1"), as_of(market_results(effect=1.2), "1, 2", "2024-02-29")
    from reportgen.model.change import compare

    known = compare(before, now)
    split = replace(known, parts=(*known.parts, replace(known.parts[0], effect=0.0, incremental=0.0)))
    found = api.compare(folder(tmp_path / "a", before), folder(tmp_path / "b", replace(now, change=split)))
    assert found.markets[0].change == split


def test_two_markets_and_empty_folders_are_refused(tmp_path: Path) -> None:
    first = folder(tmp_path / "a", market_results(market="PL-01"))
    second = folder(tmp_path / "b", market_results(market="PL-02"))
    with pytest.raises(InputError, match="two markets: PL-01 and PL-02"):
        api.compare(first, second)
    with pytest.raises(InputError, match="no results"):
        api.compare(first, tmp_path)


def test_the_command_prints_and_writes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = two_runs(tmp_path)

    def call(*arguments: str) -> str:
        monkeypatch.setattr(sys, "argv", ["reportgen", "compare", str(first), str(second), *arguments])
        with pytest.raises(SystemExit) as caught:
            main()
        assert not caught.value.code
        return capsys.readouterr().out

    said = call("--out", str(tmp_path / "compare.csv"))
    assert "settings" in said
    assert "only in the first run" in said
    assert (tmp_path / "compare.csv").read_text().startswith('"market"')
    assert json.loads(call("--json"))["schema_version"] == 1
