from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from misbehaviour import work
from reportgen.batch.workers import pool
from reportgen.batch.workers.pool import Done, Limits, Task, run_tasks
from reportgen.errors import EnvironmentMissing


def run(*arguments: object, jobs: int = 2, timeout: float = 0.0, memory: int = 0) -> dict[str, Done]:
    tasks = [Task(key=str(index), argument=argument) for index, argument in enumerate(arguments)]
    limits = Limits(timeout=timeout, memory=memory)
    return {done.key: done for done in run_tasks(work, tasks, jobs=jobs, limits=limits)}


def code(done: Done) -> str:
    assert done.answer.failure is not None
    return done.answer.failure.code


@pytest.mark.parametrize("jobs", [1, 2, 3])
def test_every_task_answers_whatever_the_number_of_workers(jobs: int) -> None:
    done = run(*[("double", n) for n in range(7)], jobs=jobs)
    assert {key: entry.answer.value for key, entry in done.items()} == {str(n): 2 * n for n in range(7)}


def test_workers_are_reused_and_are_not_this_process() -> None:
    done = run(*[("pid", None)] * 5, jobs=1)
    pids = {entry.answer.value for entry in done.values()}
    assert len(pids) == 1
    assert os.getpid() not in pids


def test_worker_is_replaced_after_its_share_of_tasks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "TASKS_PER_WORKER", 2)
    done = run(*[("pid", None)] * 4, jobs=1)
    assert len({entry.answer.value for entry in done.values()}) == 2


@pytest.mark.parametrize("crash", ["exit_zero", "kill", "segfault"])
def test_a_crash_costs_one_task_and_is_tried_twice(crash: str) -> None:
    done = run(("double", 1), (crash, None), ("double", 2), ("double", 3))
    assert code(done["1"]) == "worker-crash"
    assert done["1"].attempts == 2
    assert [done[key].answer.value for key in "023"] == [2, 4, 6]


def test_exit_status_zero_inside_a_task_is_not_success() -> None:
    failure = run(("exit_zero", None))["0"].answer.failure
    assert failure is not None
    assert "exit status 0" in failure.message


@pytest.mark.parametrize("hang", ["hang", "stop", "ignores_term"])
def test_a_hanging_task_ends_at_its_timeout(hang: str) -> None:
    start = time.monotonic()
    done = run((hang, None), ("double", 2), timeout=1.0)
    assert code(done["0"]) == "timeout"
    assert done["0"].answer.seconds == pytest.approx(1.0, abs=0.1)
    assert done["1"].answer.value == 4
    assert time.monotonic() - start < 10


def test_one_large_allocation_over_the_cap_is_refused() -> None:
    done = run(("allocate", 900), ("double", 2), memory=700)
    assert code(done["0"]) == "out-of-memory"
    assert done["1"].answer.value == 4


def test_memory_that_creeps_over_the_cap_is_stopped() -> None:
    assert code(run(("creep", 900), memory=700)["0"]) == "out-of-memory"


def test_an_exception_that_cannot_be_pickled_arrives_as_short_text() -> None:
    failure = run(("raise", None))["0"].answer.failure
    assert failure is not None
    assert failure.code == "unexpected"
    assert len(failure.message) <= 2000
    assert failure.message.startswith("UnpicklableError: \\udcff broken")


@pytest.mark.parametrize("kind", ["system_exit", "interrupt", "return_lock"])
def test_odd_endings_are_failures_of_that_task(kind: str) -> None:
    done = run((kind, None), ("double", 2), jobs=1)
    assert done["0"].answer.failure is not None
    assert done["1"].answer.value == 4


def test_output_of_a_task_goes_nowhere(capfd: pytest.CaptureFixture[str]) -> None:
    assert run(("shout", 64))["0"].answer.value == 64
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("kind", ["fail_once", "crash_once"])
def test_io_errors_and_crashes_are_tried_again(kind: str, tmp_path: Path) -> None:
    done = run((kind, str(tmp_path / "marker")))["0"]
    assert done.answer.value == "second"
    assert done.attempts == 2


def test_workers_have_one_blas_thread() -> None:
    assert run(("threads", None))["0"].answer.value == {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}


def test_stopping_finishes_running_tasks_and_starts_no_more() -> None:
    started = time.monotonic()
    tasks = [Task(key=str(n), argument=("sleep", 0.6)) for n in range(10)]
    seen = list(run_tasks(work, tasks, jobs=2, stopping=lambda: time.monotonic() - started > 0.5))
    assert 1 <= len(seen) <= 4


def test_tasks_are_pulled_only_as_workers_become_free() -> None:
    pulled: list[int] = []

    def tasks() -> object:
        for n in range(6):
            pulled.append(n)
            yield Task(key=str(n), argument=("double", n))

    iterator = run_tasks(work, tasks(), jobs=2)  # type: ignore[arg-type]
    next(iterator)
    assert len(pulled) <= 3
    iterator.close()


def test_closing_early_leaves_no_process_behind() -> None:
    import psutil

    iterator = run_tasks(work, [Task(key="a", argument=("pid", 0)), Task(key="b", argument=("sleep", 60))], jobs=2)
    first = next(iterator)
    iterator.close()
    assert not psutil.pid_exists(first.answer.value)


def test_works_at_the_top_level_of_a_script_without_a_main_guard(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    tests = Path(__file__).resolve().parents[2]
    script.write_text(
        f"import sys; sys.path.insert(0, {str(tests)!r})\n"
        "from misbehaviour import work\n"
        "from reportgen.batch.workers.pool import Task, run_tasks\n"
        "print([d.answer.value for d in run_tasks(work, [Task(key='a', argument=('double', 4))], jobs=1)])\n"
    )
    result = subprocess.run([sys.executable, script], capture_output=True, text=True, check=False, timeout=60)
    assert result.stdout == "[8]\n", result.stderr


def test_a_machine_that_starts_no_process_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(memory: int) -> None:
        raise BlockingIOError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(pool, "_fork", fail)
    with pytest.raises(EnvironmentMissing, match="starts no further process"):
        run(("double", 1))
