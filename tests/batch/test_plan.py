"""One test per reason to build a market, and what happens to records that cannot be trusted."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from factories import market_results
from reportgen.batch.formats import Formats
from reportgen.batch.market import MarketJob, publish
from reportgen.batch.plan import PlannedMarket, plan_market
from reportgen.batch.state import files, record, run_json
from reportgen.batch.state.fingerprint import Fingerprint
from reportgen.batch.state.outcome import MarketOutcome, RunResult
from reportgen.results import to_json
from reportgen.settings.sections import Settings

STAMP = Fingerprint(data="d", numbers="n", documents="o", templates="t", code="c")
NOTHING = run_json.LastRun()


def built(out: Path, formats: tuple[str, ...] = ("html",), stamp: Fingerprint = STAMP) -> record.MarketRecord:
    results = market_results()
    job = MarketJob(
        market="A/b",
        folder=out / "markets" / files.slug("A/b"),
        root=out,
        settings=Settings(),
        as_of="2024-01-15",
        stamp=stamp,
        formats=formats,
    )
    return publish(job, results, {"results.json": to_json(results), "figures/x.svg": b"<svg/>"})


def plan(
    out: Path,
    stamp: Fingerprint = STAMP,
    formats: tuple[str, ...] = ("html",),
    last: run_json.LastRun = NOTHING,
    *,
    force: bool = False,
    only: bool = False,
    lacking: tuple[str, ...] = (),
) -> PlannedMarket:
    wanted = Formats(asked=frozenset(formats), only=only, lacking=frozenset(lacking))
    return plan_market(out, "A/b", stamp, rows=7, formats=wanted, last=last, force=force)


def failed() -> run_json.LastRun:
    return run_json.LastRun(statuses={"A/b": "failed"}, failures={"A/b": {"code": "timeout", "message": "slow"}})


def test_a_market_without_a_folder_is_new(tmp_path: Path) -> None:
    assert plan(tmp_path).reason == "new"


def test_an_unchanged_market_is_up_to_date(tmp_path: Path) -> None:
    built(tmp_path)
    assert plan(tmp_path).reason == "up-to-date"


@pytest.mark.parametrize(
    ("part", "reason", "reuse"),
    [
        ("data", "data-changed", False),
        ("numbers", "settings-changed", False),
        ("documents", "settings-changed", True),
        ("templates", "templates-changed", True),
        ("code", "code-changed", False),
        ("rendered_by", "code-changed", True),
    ],
)
def test_each_part_of_the_fingerprint_is_a_reason(tmp_path: Path, part: str, reason: str, *, reuse: bool) -> None:
    built(tmp_path)
    planned = plan(tmp_path, replace(STAMP, **{part: "other"}))
    assert (planned.reason, planned.reuse) == (reason, reuse)


def test_a_further_format_is_added_to_those_there_are(tmp_path: Path) -> None:
    built(tmp_path)
    planned = plan(tmp_path, formats=("pdf",))
    assert (planned.reason, planned.formats, planned.reuse) == ("formats-added", ("html", "pdf"), True)


def test_fewer_formats_are_up_to_date_and_what_is_there_stays_whatever_changes(tmp_path: Path) -> None:
    built(tmp_path, ("html", "pdf"))
    assert plan(tmp_path, formats=("html",)).reason == "up-to-date"
    assert plan(tmp_path, formats=("results",)).reason == "up-to-date"
    for stamp in (replace(STAMP, data="other"), replace(STAMP, documents="other")):
        assert plan(tmp_path, stamp, formats=("xlsx",)).formats == ("html", "pdf", "xlsx")
        assert plan(tmp_path, stamp, formats=("results",)).formats == ("html", "pdf")


def test_only_takes_formats_away(tmp_path: Path) -> None:
    built(tmp_path, ("html", "pdf"))
    planned = plan(tmp_path, formats=("html",), only=True)
    assert (planned.reason, planned.formats, planned.reuse) == ("formats-removed", ("html",), True)
    assert plan(tmp_path, formats=("results",), only=True).formats == ("results",)
    assert plan(tmp_path, formats=("html", "pdf"), only=True).reason == "up-to-date"


def test_what_this_machine_cannot_make_is_no_reason_to_build_and_is_left_out_of_what_is_built(tmp_path: Path) -> None:
    built(tmp_path, ("html", "pdf"))
    printed = ("pdf", "brief")
    assert plan(tmp_path, formats=("html", "pdf", "brief"), lacking=printed).reason == "up-to-date"
    planned = plan(tmp_path, replace(STAMP, data="other"), formats=("html", "pdf", "brief"), lacking=printed)
    assert planned.formats == ("html",)


def test_force_builds_and_fits_again(tmp_path: Path) -> None:
    built(tmp_path)
    planned = plan(tmp_path, force=True)
    assert (planned.reason, planned.reuse) == ("forced", False)


def test_a_market_that_failed_is_tried_again(tmp_path: Path) -> None:
    assert plan(tmp_path, last=failed()).reason == "failed-before"


def test_a_failed_market_whose_good_report_fits_again_is_up_to_date(tmp_path: Path) -> None:
    built(tmp_path)
    assert plan(tmp_path, last=failed()).reason == "up-to-date"
    assert plan(tmp_path, replace(STAMP, data="other"), last=failed()).reason == "failed-before"


def flip_bit(path: Path) -> None:
    body = bytearray(path.read_bytes())
    body[len(body) // 2] ^= 1
    path.write_bytes(body)


@pytest.mark.parametrize("name", ["results.json", "figures/x.svg", "_OK.json"])
@pytest.mark.parametrize("damage", [flip_bit, Path.unlink, lambda path: path.write_bytes(path.read_bytes()[:-9])])
def test_any_damaged_file_is_noticed(tmp_path: Path, name: str, damage: object) -> None:
    made = built(tmp_path)
    damage(tmp_path / "markets" / made.slug / name)  # type: ignore[operator]
    planned = plan(tmp_path)
    assert planned.reason == "damaged"
    assert planned.record is None
    assert planned.reuse is (name == "figures/x.svg")


def test_a_link_in_place_of_a_file_is_damage(tmp_path: Path) -> None:
    made = built(tmp_path)
    path = tmp_path / "markets" / made.slug / "results.json"
    copy = tmp_path / "copy.json"
    path.rename(copy)
    path.symlink_to(copy)
    assert plan(tmp_path).reason == "damaged"


def test_a_record_of_another_market_is_not_used(tmp_path: Path) -> None:
    made = built(tmp_path)
    folder = tmp_path / "markets" / made.slug
    (folder / record.NAME).write_bytes(record.to_json(replace(made, market="other")))
    assert plan(tmp_path).reason == "damaged"


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"null", b"{}", b'{"sha256": 1}', b"\xff\xfe", b"[" * 100_000])
def test_a_record_or_manifest_that_is_no_record_is_ignored(tmp_path: Path, content: bytes) -> None:
    made = built(tmp_path)
    folder = tmp_path / "markets" / made.slug
    (folder / record.NAME).write_bytes(content)
    (tmp_path / run_json.NAME).write_bytes(content)
    assert record.read_record(folder) is None
    assert run_json.read_last_run(tmp_path) == NOTHING


@pytest.mark.parametrize(
    "change", [{"schema_version": 99}, {"stamp": {}}, {"files": []}, {"markets": 3}, {"input": None}]
)
def test_a_sealed_file_of_another_shape_is_ignored(tmp_path: Path, change: dict[str, object]) -> None:
    made = built(tmp_path)
    folder = tmp_path / "markets" / made.slug
    content = json.loads(record.to_json(made))
    del content["sha256"]
    (folder / record.NAME).write_bytes(record.seal(content | change | {"market": None, "slug": 3}))
    found = record.read_record(folder)
    assert found is None or found.market != "A/b"
    (tmp_path / run_json.NAME).write_bytes(record.seal({"schema_version": 1, "markets": {}} | change))
    assert run_json.read_last_run(tmp_path) == NOTHING


def test_run_json_remembers_statuses_failures_and_the_input(tmp_path: Path) -> None:
    made = built(tmp_path)
    good = MarketOutcome(market="A/b", slug=made.slug, action="built", reason="new", headline=made.headline)
    bad = MarketOutcome(
        market="C", slug="c", action="failed", reason="new", code="timeout", message="slow", stale_since=""
    )
    result = RunResult(out=tmp_path, index=None, markets=(good, bad), seconds=1.0)
    index = run_json.InputIndex(key="k", markets={"A/b": ("d", 7), "C": ("e", 8)}, refused={"X": ("bad-number", "why")})
    run_json.write_run(tmp_path, result, last=NOTHING, run_stamp=STAMP, source="panel.csv", index=index)
    last = run_json.read_last_run(tmp_path)
    assert last.statuses == {"A/b": made.headline.status, "C": "failed"}
    assert last.failures == {"C": {"code": "timeout", "message": "slow"}}
    assert last.index == index
    written = json.loads((tmp_path / run_json.NAME).read_text())
    assert written["markets"]["A/b"]["files"] == ["figures/x.svg", "results.json"]
    assert written["exit_code"] == 1


def test_failures_of_markets_outside_this_run_are_remembered(tmp_path: Path) -> None:
    index = run_json.InputIndex(key="k", markets={"A/b": ("d", 7)})
    result = RunResult(out=tmp_path, index=None, markets=(), seconds=1.0)
    run_json.write_run(tmp_path, result, last=failed(), run_stamp=STAMP, source="p", index=index)
    assert run_json.read_last_run(tmp_path).failures == failed().failures


def test_records_are_the_same_bytes_each_time(tmp_path: Path) -> None:
    first, second = built(tmp_path / "a"), built(tmp_path / "b")
    assert record.to_json(first) == record.to_json(second)
