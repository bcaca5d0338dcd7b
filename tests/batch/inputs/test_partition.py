"""A folder partitioned by market: workers read their own market, and nothing else differs from one table."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest

import reportgen
from real_runs import PARTITIONED, tree, write_partitioned
from reportgen.batch.inputs import partition
from reportgen.batch.inputs.partition import PartitionedSource, open_source
from reportgen.batch.inputs.source import Source
from reportgen.batch.inputs.stored_panel import StoredPanel, open_panel
from reportgen.errors import ContractError, MarketError, ReadError
from reportgen.panel.reading import read as reading
from reportgen.resources import data_dir
from reportgen.settings.sections import Settings


def change(folder: Path, market: str, column: str, value: object, row: int = 3) -> None:
    (file,) = (folder / f"market={market}").glob("*.parquet")
    frame = pd.read_parquet(file)
    if isinstance(value, str):
        frame[column] = frame[column].astype(str)
    frame.loc[frame.index[row], column] = value
    frame.to_parquet(file, index=False)


def build(root: Path, **options: object) -> reportgen.RunResult:
    overrides = {
        "panel.source": "hive",
        "run.as_of": "2024-01-15",
        "adstock.decay": 0.5,
        **options.pop("overrides", {}),
    }  # type: ignore[dict-item]
    return reportgen.build(root, formats=["results"], jobs=2, overrides=overrides, **options)  # type: ignore[arg-type]


def source(root: Path, **panel: object) -> PartitionedSource:
    settings = Settings.model_validate({"panel": {"source": "hive", **panel}})
    found = open_source(settings, root, None, jobs=1)
    assert isinstance(found, PartitionedSource)
    return found


def test_same_bytes_as_reading_all_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_partitioned(tmp_path / "one")
    shutil.copytree(tmp_path / "one", tmp_path / "all")
    assert build(tmp_path / "one").count("built") == 3
    monkeypatch.setattr(reading, "list_markets", lambda *_: None)
    assert build(tmp_path / "all").count("built") == 3
    assert tree(tmp_path / "one" / "out" / "markets") == tree(tmp_path / "all" / "out" / "markets")
    assert build(tmp_path / "one").count("up-to-date") == 3  # as one table now, over what was built market by market


def test_the_run_holds_references_and_the_worker_reads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_partitioned(tmp_path)
    monkeypatch.setattr(Source, "_read", lambda *_: pytest.fail("the whole table was read"))
    found = source(tmp_path)
    whole = found.index
    assert list(whole.markets) == sorted(PARTITIONED)
    panel = found.panel("00123")
    assert isinstance(panel, StoredPanel)
    assert (open_panel(panel).market, open_panel(panel).data_hash) == ("00123", whole.markets["00123"][0])


def test_only_changed_markets_are_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = write_partitioned(tmp_path)
    build(tmp_path)
    asked: list[str] = []
    real = partition.pool.run_tasks

    def spy(function: object, tasks: object, **options: object) -> object:
        listed = list(tasks)  # type: ignore[call-overload]
        if function is partition.inspect:
            asked.extend(task.key for task in listed)
        return real(function, listed, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(partition.pool, "run_tasks", spy)
    assert build(tmp_path).count("up-to-date") == 3
    assert asked == []
    change(folder, "NA", "sales", 123_456.0)
    again = build(tmp_path)
    assert asked == ["NA"]
    assert {one.market: one.reason for one in again.markets if one.action == "built"} == {"NA": "data-changed"}


def test_a_new_and_a_removed_market(tmp_path: Path) -> None:
    folder = write_partitioned(tmp_path)
    build(tmp_path)
    shutil.rmtree(folder / "market=NA")
    shutil.copytree(folder / "market=00123", folder / "market=NEW")
    result = build(tmp_path)
    assert {one.market: one.action for one in result.markets} == {
        "00123": "up-to-date",
        "Ünï/1": "up-to-date",
        "NEW": "built",
    }


def test_one_bad_market_stops_the_run_before_anything_is_built(tmp_path: Path) -> None:
    folder = write_partitioned(tmp_path)
    change(folder, "NA", "sales", -5.0)
    with pytest.raises(ContractError) as caught:
        build(tmp_path)
    assert "hive, market NA: sales is negative in 1 row (row 4" in caught.value.message
    assert '2 of 3 markets are not affected: panel.bad_markets = "contain"' in caught.value.message
    assert not (tmp_path / "out").exists()


def test_bad_markets_are_contained_and_come_back_when_mended(tmp_path: Path) -> None:
    folder = write_partitioned(tmp_path)
    good = next((folder / "market=NA").glob("*.parquet")).read_bytes()
    change(folder, "NA", "sales", -5.0)
    (damaged,) = (folder / "market=00123").glob("*.parquet")
    intact = damaged.read_bytes()
    damaged.write_bytes(intact[:-200])
    contain = {"panel.bad_markets": "contain"}
    result = build(tmp_path, overrides=contain)
    assert {one.market: one.code for one in result.markets if one.action == "failed"} == {
        "NA": "negative-sales",
        "00123": "damaged-file",
    }
    assert result.count("built") == 1
    (folder / "market=NA" / damaged.name).unlink(missing_ok=True)
    for file in (folder / "market=NA").glob("*.parquet"):
        file.unlink()
    (folder / "market=NA" / "mended.parquet").write_bytes(good)
    damaged.write_bytes(intact)
    mended = build(tmp_path, overrides=contain)
    assert (mended.count("failed"), mended.count("built"), mended.count("up-to-date")) == (0, 2, 1)


def test_data_that_change_between_check_and_fit_fail_their_market_only(tmp_path: Path) -> None:
    folder = write_partitioned(tmp_path)
    panel = source(tmp_path).panel("NA")
    change(folder, "NA", "sales", 99.0)
    with pytest.raises(MarketError, match="market NA: the data changed while the run was going on"):
        open_panel(panel)
    assert source(tmp_path).index.markets["NA"][0] != panel.data_hash


def test_a_source_that_changed_says_so(tmp_path: Path) -> None:
    folder = write_partitioned(tmp_path)
    found = source(tmp_path)
    assert not found.changed_meanwhile()
    change(folder, "NA", "sales", 99.0)
    assert found.changed_meanwhile()
    shutil.rmtree(folder)
    assert found.changed_meanwhile()


def test_markets_that_look_alike_are_asked_about_unless_they_are_meant(tmp_path: Path) -> None:
    write_partitioned(tmp_path, ("DE", "de"))
    for setting in ("ask", "join"):
        with pytest.raises(ContractError, match=r'"DE" and "de".*one name, or set panel\.spellings = "apart"'):
            _ = source(tmp_path, spellings=setting).index
    found = source(tmp_path, spellings="apart")
    assert list(found.index.markets) == ["DE", "de"]
    assert any("2 market codes differ only by case" in said for said in found.warnings())


def test_warnings_are_told_once_with_the_number_of_markets(tmp_path: Path) -> None:
    write_partitioned(tmp_path)
    for market in ("NA", "00123"):
        change(tmp_path / "hive", market, "promotion", None)
    settings = Settings.model_validate({"panel": {"source": "hive"}, "run": {"as_of": "2021-01-05"}})
    found = open_source(settings, tmp_path, None, jobs=1)
    assert len(found.index.markets) == 3
    future = [said for said in found.warnings() if "lies after 2021-01-05" in said]
    assert len(future) == 1
    assert future[0].endswith("(and 2 more markets)")


def test_check_goes_market_by_market(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = write_partitioned(tmp_path)
    given = {"panel.source": "hive", "run.as_of": "2021-01-05"}
    report = reportgen.check(tmp_path, overrides=given)
    (future,) = (finding for finding in report.findings if finding.code == "future-period")
    assert (report.exit_code, future.market) == (0, None)
    assert future.message.endswith("(and 2 more markets)")
    change(folder, "NA", "sales", -5.0)
    (damaged,) = (folder / "market=00123").glob("*.parquet")
    damaged.write_bytes(damaged.read_bytes()[:-200])
    report = reportgen.check(tmp_path, overrides=given)
    errors = [(finding.market, finding.code) for finding in report.findings if finding.severity == "error"]
    assert (report.exit_code, errors) == (4, [("00123", "damaged-file"), ("NA", "negative-sales")])
    assert [finding.severity for finding in report.findings][:2] == ["error", "error"]


def test_a_crash_while_checking_is_not_remembered(tmp_path: Path) -> None:
    write_partitioned(tmp_path)
    settings = Settings.model_validate(
        {"panel": {"source": "hive", "bad_markets": "contain"}, "run": {"timeout": 0.001}}
    )
    found = open_source(settings, tmp_path, None, jobs=1)
    with pytest.raises(ContractError, match=r"run\.timeout"):
        _ = found.index


def test_folders_that_are_not_partitioned_by_market_are_one_table(tmp_path: Path) -> None:
    (tmp_path / "hive").mkdir()
    pd.read_csv(data_dir() / "demo_panel.csv").to_parquet(tmp_path / "hive" / "all.parquet")
    settings = Settings.model_validate({"panel": {"source": "hive"}})
    assert isinstance(open_source(settings, tmp_path, None, jobs=1), Source)
    (tmp_path / "hive" / "all.parquet").unlink()
    with pytest.raises(ReadError, match=r"no \.parquet files"):
        open_source(settings, tmp_path, None, jobs=1)


def test_one_decay_for_all_markets(tmp_path: Path) -> None:
    write_partitioned(tmp_path)
    build(tmp_path, overrides={"adstock.scope": "all", "adstock.decay": "estimate"})
    kept = json.loads((tmp_path / "out" / "run.json").read_text())["agreed"]
    assert kept["decay"]["markets"] >= 1
