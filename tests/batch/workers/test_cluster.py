"""Two real Dask workers on this machine; the tasks are those of the engine's own tests."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

import reportgen
from misbehaviour import work
from projects import Project
from real_runs import PARTITIONED, tree, write_partitioned
from reportgen.batch.market import MarketJob
from reportgen.batch.site import refresh
from reportgen.batch.site.refresh import SiteState
from reportgen.batch.state import files
from reportgen.batch.state.fingerprint import Fingerprint
from reportgen.batch.workers import cluster
from reportgen.batch.workers.cluster import run_on_cluster
from reportgen.batch.workers.pool import Done, Limits, Task, run_tasks
from reportgen.errors import UsageError
from reportgen.settings.sections import Settings
from stub_market import work as build

TESTS = Path(__file__).resolve().parents[2]

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("dask")]


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a scheduler with two workers, started as anyone would start them."""
    import subprocess
    import sys
    import time

    folder = tmp_path_factory.mktemp("dask")
    environment = os.environ | {"PYTHONPATH": str(TESTS), "DASK_DISTRIBUTED__WORKER__DAEMON": "True"}
    started = []

    def start(*command: str) -> None:
        with (folder / "log").open("ab") as log:
            started.append(
                subprocess.Popen([sys.executable, "-m", *command], stdout=log, stderr=log, env=environment, cwd=folder)
            )

    start(
        "distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard",
        "--scheduler-file", "scheduler.json",
    )  # fmt: skip
    for _ in range(300):
        if (folder / "scheduler.json").exists():
            break
        time.sleep(0.1)
    import json

    found = json.loads((folder / "scheduler.json").read_text())["address"]
    for _ in range(2):
        start("distributed.cli.dask_worker", found, "--nthreads", "1", "--no-dashboard", "--host", "127.0.0.1")
    yield found
    for process in reversed(started):
        process.terminate()
    for process in started:
        process.wait(30)


def run(address: str, *arguments: object, timeout: float = 0.0) -> dict[str, Done]:
    tasks = [Task(key=str(index), argument=argument) for index, argument in enumerate(arguments)]
    return {done.key: done for done in run_on_cluster(work, tasks, address=address, limits=Limits(timeout=timeout))}


def test_tasks_are_done_on_the_cluster(address: str) -> None:
    done = run(address, *[("double", n) for n in range(6)])
    assert {key: entry.answer.value for key, entry in done.items()} == {str(n): 2 * n for n in range(6)}


@pytest.mark.parametrize(
    ("fault", "code"), [("exit_zero", "worker-crash"), ("hang", "timeout"), ("raise", "unexpected")]
)
def test_a_bad_task_costs_only_itself_there_too(address: str, fault: str, code: str) -> None:
    done = run(address, ("double", 1), (fault, None), ("double", 2), timeout=3.0)
    failure = done["1"].answer.failure
    assert failure is not None
    assert failure.code == code
    assert (done["0"].answer.value, done["2"].answer.value) == (2, 4)


def test_the_cluster_writes_the_same_tree(address: str, tmp_path: Path) -> None:
    def jobs(root: Path) -> list[Task]:
        return [
            Task(
                key=market,
                argument=MarketJob(
                    market=market,
                    folder=root / "markets" / files.slug(market),
                    root=root,
                    settings=Settings(),
                    as_of="2024-01-15",
                    stamp=Fingerprint(data=market, numbers="n", documents="o", templates="t", code="c"),
                    formats=("html",),
                ),
            )
            for market in ("A", "B", "C", "D")
        ]

    here = {done.key: done.answer.value for done in run_tasks(build, jobs(tmp_path / "a"), jobs=2)}
    there = {
        done.key: done.answer.value
        for done in run_on_cluster(build, jobs(tmp_path / "b"), address=address, limits=Limits())
    }
    assert here == there
    assert tree(tmp_path / "a") == tree(tmp_path / "b")


def test_stopping_starts_no_more_tasks(address: str) -> None:
    seen: list[Done] = []
    tasks = [Task(key=str(n), argument=("sleep", 0.3)) for n in range(40)]
    seen.extend(run_on_cluster(work, tasks, address=address, limits=Limits(), stopping=lambda: True))
    assert seen == []


def test_an_address_where_nobody_answers_is_a_usage_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "_CONNECT", 1)
    with pytest.raises(UsageError, match="no scheduler answers there"):
        next(run_on_cluster(work, [], address="tcp://127.0.0.1:9", limits=Limits()))


def test_a_whole_run_on_the_cluster_is_the_run_on_this_machine(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refresh, "refresh_site", lambda *args, **kwargs: SiteState(changed=False))
    here, there = Project(tmp_path / "here", monkeypatch), Project(tmp_path / "there", monkeypatch)
    here.build()
    result = there.build(scheduler=address)
    assert (result.exit_code, result.count("built")) == (0, 3)
    assert there.tree() == here.tree()
    assert there.build().count("up-to-date") == 3


def test_a_partitioned_table_is_read_by_the_workers_there(address: str, tmp_path: Path) -> None:
    trees = []
    for name, options in (("here", {}), ("there", {"scheduler": address})):
        root = tmp_path / name
        write_partitioned(root)
        overrides = {"panel.source": "hive", "run.as_of": "2024-01-15", "adstock.decay": 0.5}
        done = reportgen.build(root, formats=["results"], overrides=overrides, **options)  # type: ignore[arg-type]
        assert (done.exit_code, done.count("built")) == (0, len(PARTITIONED))
        trees.append(tree(root / "out" / "markets"))
    assert trees[0] == trees[1]
