"""``kill -9`` of a real build at 10, 30, 50, 70 and 95 % of its markets, then the same command again.

Nothing that was complete is built twice, and markets and overview are byte by byte those of a run that nobody killed.
The same with a stand-in for the work, quicker and with every other signal, is ``test_processes.py``'s.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from real_runs import CHECKOUT, RealProject, small_table, tree
from reportgen.batch.state import record

MARKETS = tuple(f"K{i:02d}" for i in range(10))

pytestmark = [pytest.mark.faults, pytest.mark.slow]


def project(root: Path) -> RealProject:
    made = RealProject(root)
    made.write(small_table(*MARKETS), report={"formats": ["html", "brief"]})
    return made


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    made = project(tmp_path_factory.mktemp("undisturbed"))
    assert made.run("build", "--quiet").code == 0
    return tree(made.out)


def records(made: RealProject) -> dict[str, int]:
    return {path.parent.name: path.stat().st_mtime_ns for path in made.out.glob("markets/[a-z]*/_OK.json")}


@pytest.mark.parametrize("share", [10, 30, 50, 70, 95])
def test_a_killed_build_is_resumed_to_the_identical_tree(
    tmp_path: Path, undisturbed: dict[str, str], share: int
) -> None:
    made = project(tmp_path)
    running = subprocess.Popen(
        [sys.executable, "-m", "reportgen", "build", "--quiet"],
        cwd=made.root,
        env=os.environ | {"PYTHONPATH": str(CHECKOUT)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    for _ in range(6000):
        if len(records(made)) >= max(1, len(MARKETS) * share // 100):
            break
        time.sleep(0.01)
    family = psutil.Process(running.pid).children(recursive=True)
    running.send_signal(signal.SIGKILL)
    running.wait(30)
    _, alive = psutil.wait_procs(family, timeout=10)
    assert alive == [], "a killed run left a worker behind"
    before = records(made)
    for folder in made.out.glob("markets/[a-z]*"):  # before anything is repaired
        found = record.read_record(folder)
        assert found is not None
        assert record.damaged_files(folder, found) == ()
    ended = made.run("build", "--quiet")
    assert ended.code == 0, ended.said
    assert {name: when for name, when in records(made).items() if name in before} == before
    made.assert_sound()
    assert tree(made.out) == undisturbed
