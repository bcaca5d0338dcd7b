"""Processes that are killed, stopped or told to end, at any moment; and two runs at once."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from reportgen.batch.state import record

DRIVER = Path(__file__).resolve().parent.parent / "faults_driver.py"
MARKETS = {f"slow-{n}": n for n in range(10)}

pytestmark = [pytest.mark.faults]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "panel.csv").write_text(json.dumps([MARKETS, []]))
    (tmp_path / "no-site").touch()
    return tmp_path


def start(root: Path, jobs: int = 2) -> subprocess.Popen[str]:
    command = [sys.executable, str(DRIVER), str(root), str(jobs)]
    return subprocess.Popen(command, stderr=subprocess.PIPE, text=True, start_new_session=True)


def end(running: subprocess.Popen[str]) -> int:
    _, errors = running.communicate(timeout=60)
    assert "Traceback" not in errors, errors
    return running.returncode


def complete(root: Path) -> dict[str, bytes]:
    """Record of every complete market; nothing incomplete may be at a final path."""
    found = {}
    for folder in (root / "out" / "markets").glob("[a-z]*"):
        one = record.read_record(folder)
        assert one is not None
        assert record.damaged_files(folder, one) == ()
        found[folder.name] = (folder / record.NAME).read_bytes()
    return found


def wait_for(root: Path, markets: int) -> None:
    for _ in range(1200):
        if len(list((root / "out" / "markets").glob("[a-z]*/_OK.json"))) >= markets:
            return
        time.sleep(0.02)
    raise TimeoutError


def workers(running: subprocess.Popen[str]) -> list[psutil.Process]:
    """Forked workers: grandchildren of the run (its child is the fork server)."""
    family = psutil.Process(running.pid).children(recursive=True)
    return [process for process in family if process.ppid() != running.pid]


def resume(root: Path, already: int) -> None:
    """Build again: everything complete, nothing that was complete built twice."""
    before = {path: path.stat().st_mtime_ns for path in (root / "out" / "markets").glob("[a-z]*/_OK.json")}
    assert len(before) >= already
    (root / "calm").touch()
    assert end(start(root)) == 0
    assert len(complete(root)) == len(MARKETS)
    assert {path: path.stat().st_mtime_ns for path in before} == before
    names = [path.name for path in (root / "out" / "markets").iterdir()]
    assert not [name for name in names if name.startswith(".")]


@pytest.mark.parametrize("share", [10, 30, 50, 70, 95])
def test_kill_9_of_the_run_and_resume(root: Path, share: int) -> None:
    running = start(root)
    done = max(1, len(MARKETS) * share // 100)
    wait_for(root, done)
    family = workers(running)
    running.kill()
    end(running)
    complete(root)
    psutil.wait_procs(family, timeout=5)
    assert not [process for process in family if process.is_running()], "a killed run left a worker behind"
    resume(root, done)


def test_kill_9_of_one_worker_is_retried(root: Path) -> None:
    running = start(root)
    wait_for(root, 1)
    workers(running)[0].kill()
    assert end(running) == 0
    assert len(complete(root)) == len(MARKETS)


def test_kill_9_of_all_workers_and_the_fork_server_is_retried(root: Path) -> None:
    running = start(root)
    wait_for(root, 1)
    for process in psutil.Process(running.pid).children(recursive=True):
        process.kill()
    assert end(running) == 0
    assert len(complete(root)) == len(MARKETS)


def test_ctrl_c_once_finishes_what_runs(root: Path) -> None:
    running = start(root)
    wait_for(root, 2)
    os.killpg(running.pid, signal.SIGINT)
    assert end(running) == 130
    assert 2 <= len(complete(root)) < len(MARKETS)
    content = record.unseal(root / "out" / "run.json")
    assert content is not None
    assert (content["exit_code"], content["interrupted"]) == (130, True)
    resume(root, 2)


@pytest.mark.parametrize("numbers", [(signal.SIGINT, signal.SIGINT), (signal.SIGTERM,), (signal.SIGHUP,)])
def test_a_second_ctrl_c_or_a_termination_stops_at_once(root: Path, numbers: tuple[signal.Signals, ...]) -> None:
    running = start(root)
    wait_for(root, 2)
    for number in numbers:
        running.send_signal(number)
        time.sleep(0.05)
    began = time.monotonic()
    assert end(running) == 130
    assert time.monotonic() - began < 5
    resume(root, 2)


def test_a_stopped_and_continued_run_goes_on(root: Path) -> None:
    running = start(root)
    wait_for(root, 1)
    running.send_signal(signal.SIGSTOP)
    time.sleep(0.5)
    running.send_signal(signal.SIGCONT)
    assert end(running) == 0


def test_the_second_of_two_runs_is_refused_and_the_first_undisturbed(root: Path) -> None:
    first = start(root)
    wait_for(root, 1)
    assert end(start(root)) == 6
    assert end(first) == 0
    assert len(complete(root)) == len(MARKETS)


def test_after_kill_9_no_lock_is_left(root: Path) -> None:
    running = start(root)
    wait_for(root, 1)
    running.kill()
    end(running)
    resume(root, 1)
