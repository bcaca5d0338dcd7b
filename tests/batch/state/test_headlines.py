"""Two runs compared: one entry per market that differs, remembered until there is a new one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from projects import Project
from reportgen.batch.state.fingerprint import Fingerprint
from reportgen.batch.state.headlines import Headlines, from_plain, headlines, to_plain
from reportgen.batch.state.record import Headline, MarketRecord

STAMP = Fingerprint(data="d", numbers="n", documents="o", templates="t", code="c")


def record_of(market: str, verdict: str = "works", effect: float | None = 100.0, **more: Any) -> MarketRecord:
    told = {"status": "ok", "lower": 80.0, "upper": 120.0, "pharmacies": 9, "rows_used": 99, "se": 10.0, **more}
    return MarketRecord(
        market=market, slug=market, as_of="2024-01-15", stamp=STAMP, formats=("html",), files=(),
        headline=Headline(verdict=verdict, effect=effect, **told),
    )  # fmt: skip


def run(
    *records: MarketRecord, failed: tuple[str, ...] = (), before: Headlines | None = None, numbers: str = "n",
    as_of: str = "2024-02-15",
) -> Headlines:  # fmt: skip
    return headlines({one.market: one for one in records}, failed, as_of=as_of, numbers=numbers, before=before)


def kinds(found: Headlines) -> dict[str, str]:
    return {entry.market: entry.kind for entry in found.changes.entries} if found.changes else {}


FIRST = run(record_of("A"), record_of("B"), as_of="2024-01-15")


def test_the_first_run_changes_nothing() -> None:
    assert FIRST.changes is None


@pytest.mark.parametrize(
    ("now", "kind"),
    [
        (record_of("A", effect=110.0), None),
        (record_of("A", effect=110.1), "up"),
        (record_of("A", effect=89.0), "down"),
        (record_of("A", verdict="unclear", effect=200.0), "verdict"),
        (record_of("A", status="singular"), None),
        (record_of("A", status="not-estimated"), "verdict"),
        (record_of("A", effect=None, se=None), None),
    ],
)
def test_an_effect_has_moved_beyond_its_standard_error(now: MarketRecord, kind: str | None) -> None:
    assert kinds(run(now, record_of("B"), before=FIRST)) == ({"A": kind} if kind else {})


def test_new_gone_failed_stale_and_recovered_markets_are_told_once() -> None:
    second = run(record_of("A"), record_of("C"), failed=("A", "D"), before=FIRST)
    assert kinds(second) == {"A": "stale", "B": "gone", "C": "new", "D": "failed"}
    assert second.changes is not None
    assert second.changes.since == "2024-01-15"
    assert {entry.market: entry.date for entry in second.changes.entries if entry.date} == {"A": "2024-01-15"}
    third = run(record_of("A"), record_of("C"), failed=("A", "D"), before=second)
    assert third.changes == second.changes
    fourth = run(record_of("A"), record_of("C"), record_of("D"), before=third)
    assert kinds(fourth) == {"A": "recovered", "D": "recovered"}


def test_other_settings_of_the_model_compare_verdicts_only() -> None:
    found = run(record_of("A", effect=0.3), record_of("B", verdict="unclear", effect=0.2), before=FIRST, numbers="m")
    assert kinds(found) == {"B": "verdict"}
    assert found.changes is not None
    assert not found.changes.comparable
    assert found.changes.entries[0].before is None


def test_what_is_remembered_survives_run_json() -> None:
    second = run(record_of("A", effect=150.0), failed=("D",), before=FIRST)
    assert from_plain(json.loads(json.dumps(to_plain(second)))) == second
    assert from_plain(None) is None
    assert to_plain(None) is None


def test_a_build_compares_itself_with_the_one_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = Project(tmp_path, monkeypatch)
    project.build()
    assert project.run_json()["headlines"]["changes"] is None
    assert set(project.run_json()["headlines"]["markets"]) == {"A", "B", "C"}
    project.data = {"A": 1.0, "B": 2.0, "D": 4.0}
    project.build(drop_gone=True)
    told = project.run_json()["headlines"]["changes"]
    assert [(entry["market"], entry["kind"]) for entry in told["entries"]] == [("C", "gone"), ("D", "new")]
    assert told["since"] == "2024-01-15"
    assert "No longer in the data" in (tmp_path / "out" / "site" / "index.html").read_text("utf-8")
    project.data["A"] = 5.0
    project.build()
    assert project.run_json()["headlines"]["changes"] == told
    project.data["raise-E"] = 1.0
    project.build()
    assert [entry["kind"] for entry in project.run_json()["headlines"]["changes"]["entries"]] == ["failed"]


def test_a_build_of_some_markets_remembers_the_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = Project(tmp_path, monkeypatch)
    project.build()
    project.data["A"] = 9.0
    project.build(select=("A",))
    assert set(project.run_json()["headlines"]["markets"]) == {"A", "B", "C"}
    assert project.run_json()["headlines"]["changes"] is None
