"""The run itself, with a stand-in for the work of a market."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import stub_market
from projects import Project
from reportgen.batch import run
from reportgen.batch.request import Request
from reportgen.batch.site import refresh
from reportgen.batch.site.refresh import SiteState
from reportgen.batch.state import fingerprint as fingerprint_module
from reportgen.batch.state import swap
from reportgen.batch.state.lock import hold_lock
from reportgen.batch.state.outcome import MarketOutcome, RunResult, Silent
from reportgen.errors import ConfigError, LockedError, NothingSelectedError


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    monkeypatch.setattr(refresh, "refresh_site", lambda *args, **kwargs: SiteState(changed=False))
    return Project(tmp_path, monkeypatch)


def actions(result: RunResult) -> dict[str, str]:
    return {outcome.market: outcome.action for outcome in result.markets}


def reasons(result: RunResult) -> dict[str, str]:
    return {outcome.market: outcome.reason for outcome in result.markets}


def test_first_run_builds_everything_and_second_nothing(project: Project) -> None:
    first = project.build()
    assert (first.exit_code, actions(first)) == (0, dict.fromkeys("ABC", "built"))
    before = {path: path.stat().st_mtime_ns for path in (project.root / "out").rglob("*")}
    second = project.build()
    assert (second.exit_code, actions(second)) == (0, dict.fromkeys("ABC", "up-to-date"))
    assert {path: path.stat().st_mtime_ns for path in (project.root / "out").rglob("*")} == before


def test_second_run_does_not_even_read_the_table(project: Project) -> None:
    project.build()
    reads = project.reads
    project.build()
    assert project.reads == reads


def test_only_the_changed_market_is_built(project: Project) -> None:
    project.build()
    before = project.tree()
    project.data["B"] = 20.0
    result = project.build()
    assert reasons(result) == {"A": "up-to-date", "B": "data-changed", "C": "up-to-date"}
    changed = {name.split("/")[0] for name, digest in project.tree().items() if before[name] != digest}
    assert len(changed) == 1


def test_a_market_that_left_the_table_is_no_longer_reported(project: Project) -> None:
    project.build()
    del project.data["C"]
    assert actions(project.build()) == dict.fromkeys("AB", "up-to-date")


def test_changed_title_renders_again_without_fitting(project: Project) -> None:
    project.build()
    project.change(report={"title": "Other"})
    reads = project.reads
    result = project.build()
    assert set(reasons(result).values()) == {"settings-changed"}
    assert project.reads == reads
    pages = [path.read_text() for path in (project.root / "out" / "markets").glob("*/report.html")]
    assert pages == ["<title>Other</title>reused"] * 3


def test_a_new_version_renders_the_old_numbers_once_and_the_next_build_fits_them(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.build()
    monkeypatch.setattr(fingerprint_module, "code_hash", lambda: "newer")
    again = [run.render(project.settings, project.root, Request(), work=stub_market.work) for _ in range(2)]
    assert [set(reasons(result).values()) for result in again] == [{"code-changed"}, {"up-to-date"}]
    pages = [path.read_text() for path in (project.root / "out" / "markets").glob("*/report.html")]
    assert len(pages) == 3
    assert all("reused" in page for page in pages)
    assert set(reasons(project.build()).values()) == {"code-changed"}
    assert not any("reused" in path.read_text() for path in (project.root / "out" / "markets").glob("*/report.html"))
    assert set(reasons(project.build()).values()) == {"up-to-date"}


def test_changed_model_fits_again(project: Project) -> None:
    project.build()
    project.change(model={"lags": (1,)})
    assert set(reasons(project.build()).values()) == {"settings-changed"}
    assert not any("reused" in path.read_text() for path in (project.root / "out" / "markets").glob("*/report.html"))


def test_where_the_output_is_and_how_many_workers_is_no_change(project: Project) -> None:
    project.build()
    project.change(run={"jobs": 1, "timeout": 5.0, "memory": 2000})
    assert actions(project.build()) == dict.fromkeys("ABC", "up-to-date")


@pytest.mark.parametrize("jobs", [1, 3])
def test_the_number_of_workers_changes_no_byte(project: Project, jobs: int) -> None:
    project.build()
    before = project.tree()
    project.change(run={"jobs": jobs})
    project.build(force=True)
    assert project.tree() == before


@pytest.mark.parametrize(
    ("fault", "code"), [("raise", "does-not-work"), ("exit", "worker-crash"), ("kill", "worker-crash")]
)
def test_one_bad_market_costs_only_itself(project: Project, fault: str, code: str) -> None:
    project.build()
    clean = project.tree()
    project.data[f"{fault}-X"] = 1.0
    result = project.build(force=True)
    assert result.exit_code == 1
    bad = next(outcome for outcome in result.markets if outcome.action == "failed")
    assert (bad.market, bad.code) == (f"{fault}-X", code)
    assert project.tree() == clean
    entry = project.run_json()["markets"][bad.market]
    assert (entry["status"], entry["failure"]["code"]) == ("failed", code)
    (project.root / "calm").touch()
    again = project.build()
    assert reasons(again)[bad.market] == "failed-before"
    assert again.exit_code == 0


def test_a_hanging_market_ends_at_its_timeout(project: Project) -> None:
    project.data["hang-X"] = 1.0
    project.change(run={"timeout": 1.0})
    result = project.build()
    assert (result.exit_code, result.count("built")) == (1, 3)


def test_a_failing_market_keeps_its_last_good_report_marked_stale(project: Project) -> None:
    project.data = {"raise-X": 1.0, "A": 1.0}
    (project.root / "calm").touch()
    project.build()
    good = project.tree()
    (project.root / "calm").unlink()
    project.data["raise-X"] = 2.0
    result = project.build()
    bad = next(outcome for outcome in result.markets if outcome.action == "failed")
    assert bad.stale_since == "2024-01-15"
    assert bad.headline is not None
    assert project.tree() == good
    assert project.run_json()["markets"]["raise-X"]["stale_since"] == "2024-01-15"


def test_selecting_failed_markets_builds_only_those(project: Project) -> None:
    project.data["raise-X"] = 1.0
    project.build()
    (project.root / "calm").touch()
    assert actions(project.build(select=("status:failed",))) == {"raise-X": "built"}


def test_a_run_of_some_markets_keeps_the_failures_of_the_others(project: Project) -> None:
    project.data["raise-X"] = 1.0
    project.build()
    project.data["A"] = 10.0
    project.build(select=("A",))
    assert project.run_json()["markets"]["raise-X"]["status"] == "failed"


def test_excluded_markets_are_not_built(project: Project) -> None:
    assert actions(project.build(exclude=("B",))) == dict.fromkeys("AC", "built")


def test_nothing_selected_is_an_error_and_writes_nothing(project: Project) -> None:
    with pytest.raises(NothingSelectedError, match="no market matches Z"):
        project.build(select=("Z",))
    assert not (project.root / "out").exists()


def test_dry_run_gives_reasons_and_writes_nothing(project: Project) -> None:
    result = project.build(dry_run=True)
    assert (set(reasons(result).values()), result.exit_code, result.dry_run) == ({"new"}, 0, True)
    assert not (project.root / "out").exists()


def test_fail_fast_starts_no_more_markets(project: Project) -> None:
    project.change(run={"jobs": 1})
    project.data = {"raise-X": 1.0} | {f"slow-{n}": 1.0 for n in range(4)}
    result = project.build(fail_fast=True)
    assert result.exit_code == 1
    assert result.count("not-run") == 4


def test_max_failures_stops_after_that_many(project: Project) -> None:
    project.change(run={"jobs": 1})
    project.data = {f"raise-{n}": 1.0 for n in range(5)}
    result = project.build(max_failures=2)
    assert (result.count("failed"), result.count("not-run")) == (2, 3)


def test_refused_markets_are_failures_with_their_findings(project: Project) -> None:
    project.refused = {"X": (SimpleNamespace(code="bad-number", message="sales is not a number in row 3."),)}
    for _ in range(2):
        result = project.build()
        bad = next(outcome for outcome in result.markets if outcome.action == "failed")
        assert (result.exit_code, bad.market, bad.code) == (1, "X", "bad-number")
        assert "row 3" in bad.message


def test_a_second_run_at_the_same_time_is_refused(project: Project) -> None:
    with hold_lock(project.root / "out"), pytest.raises(LockedError, match="another run is writing"):
        project.build()
    assert project.build().exit_code == 0


def test_the_lock_of_a_killed_run_needs_no_unlocking(project: Project) -> None:
    out = project.root / "out"
    program = (
        "import signal\nfrom pathlib import Path\nfrom reportgen.batch.state.lock import hold_lock\n"
        f"with hold_lock(Path({str(out)!r})):\n    print('held', flush=True)\n    signal.pause()"
    )
    holder = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    with pytest.raises(LockedError):
        project.build()
    holder.kill()
    holder.wait()
    holder.stdout.close()
    assert project.build().exit_code == 0


def test_a_damaged_manifest_is_not_used(project: Project) -> None:
    project.build()
    path = project.root / "out" / "run.json"
    path.write_bytes(path.read_bytes()[:-20])
    reads = project.reads
    assert actions(project.build()) == dict.fromkeys("ABC", "up-to-date")
    assert project.reads == reads + 1
    assert project.run_json()["exit_code"] == 0


def test_a_damaged_file_is_rebuilt_to_the_same_bytes(project: Project) -> None:
    project.build()
    clean = project.tree()
    page = next((project.root / "out" / "markets").glob("a-*/report.html"))
    page.write_text("other")
    assert reasons(project.build())["A"] == "damaged"
    assert {name.split("/")[1] for name, digest in project.tree().items() if clean[name] != digest} <= {
        "report.html",
        "_OK.json",
    }


def test_leftovers_of_a_killed_run_are_cleared(project: Project) -> None:
    project.build()
    clean = project.tree()
    markets = project.root / "out" / "markets"
    one = next(markets.glob("a-*"))
    work = project.root / "out" / swap.WORK
    (work / "old" / "markets").mkdir(parents=True, exist_ok=True)
    one.rename(work / "old" / "markets" / one.name)
    (work / "new" / "markets--b-123").mkdir(parents=True)
    project.build()
    assert project.tree() == clean
    assert not list((work / "new").iterdir())


def test_input_that_changes_meanwhile_is_said_and_not_remembered(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Meddler(Silent):
        def started(self, total: int, up_to_date: int) -> None:
            (project.root / "data" / "panel.csv").write_text("other")

        def market_done(self, outcome: MarketOutcome) -> None: ...

        def stage(self, name: str) -> None: ...

    project.save()
    result = run.build(project.settings, project.root, Request(), work=stub_market.work, progress=Meddler())
    assert "changed while" in result.warnings[0]
    assert project.run_json()["input"]["index"] is None


def test_one_interrupt_finishes_what_runs_and_the_next_run_goes_on(project: Project) -> None:
    project.change(run={"jobs": 1})
    project.data = {f"slow-{n}": 1.0 for n in range(4)}

    class Interrupting(Silent):
        def started(self, total: int, up_to_date: int) -> None: ...

        def market_done(self, outcome: MarketOutcome) -> None:
            os.kill(os.getpid(), signal.SIGINT)

        def stage(self, name: str) -> None: ...

    project.save()
    first = run.build(project.settings, project.root, Request(), work=stub_market.work, progress=Interrupting())
    assert (first.exit_code, first.interrupted) == (130, True)
    assert first.count("built") == 1
    second = project.build()
    assert (second.exit_code, second.count("built"), second.count("up-to-date")) == (0, 3, 1)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_termination_signal_stops_at_once(project: Project, number: signal.Signals) -> None:
    project.data = {"hang-X": 1.0}
    timer = threading.Timer(1.5, os.kill, (os.getpid(), number))
    timer.start()
    start = time.monotonic()
    result = project.build()
    timer.cancel()
    assert result.exit_code == 130
    assert time.monotonic() - start < 5
    assert project.tree() == {}


def test_signal_handlers_are_put_back(project: Project) -> None:
    before = signal.getsignal(signal.SIGINT)
    project.build()
    assert signal.getsignal(signal.SIGINT) is before


def test_builds_outside_the_main_thread(project: Project) -> None:
    results: list[RunResult] = []
    thread = threading.Thread(target=lambda: results.append(project.build()))
    thread.start()
    thread.join(60)
    assert results[0].exit_code == 0


@pytest.mark.parametrize("section", [{"brand": {"logo": "none.svg"}}, {"report": {"templates": "none"}}])
def test_missing_logo_or_templates_is_a_settings_error(project: Project, section: dict[str, Any]) -> None:
    project.change(**section)
    with pytest.raises(ConfigError, match="there is no"):
        project.build()


def test_changed_template_override_is_a_reason(project: Project) -> None:
    folder = project.root / "templates"
    folder.mkdir()
    (folder / "report.html").write_text("one")
    project.change(report={"templates": "templates"})
    project.build()
    (folder / "report.html").write_text("two")
    assert set(reasons(project.build()).values()) == {"templates-changed"}


def test_date_of_today_does_not_make_reports_out_of_date(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    project.change(run={"as_of": ""})
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    project.build()
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1800000000")
    assert actions(project.build()) == dict.fromkeys("ABC", "up-to-date")


def test_progress_hears_of_every_market(project: Project) -> None:
    heard: list[str] = []

    class Listener(Silent):
        def started(self, total: int, up_to_date: int) -> None:
            heard.append(f"{total} {up_to_date}")

        def market_done(self, outcome: MarketOutcome) -> None:
            heard.append(outcome.market)

        def stage(self, name: str) -> None:
            heard.append(name)

    project.save()
    run.build(project.settings, project.root, Request(), work=stub_market.work, progress=Listener())
    assert heard[:2] == ["reading", "3 0"]
    assert sorted(heard[2:5]) == ["A", "B", "C"]
    assert heard[5:] == ["site"]
