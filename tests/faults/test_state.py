"""What an earlier run left is damaged, forged, newer, or from another time: it is noticed and never used.

Whole builds by the command line. Pass rule: exit code 0, the tree of an undisturbed run, every record whole.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from real_runs import CHECKOUT, RealProject, small_table, tree
from reportgen.batch.state import record
from reportgen.batch.state.swap import WORK


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> RealProject:
    made = RealProject(tmp_path_factory.mktemp("clean"))
    made.write(small_table("A", "B"), report={"formats": ["html"]})
    assert made.run("build", "--quiet").code == 0
    return made


@pytest.fixture
def made(clean: RealProject, tmp_path: Path) -> RealProject:
    """A copy of the built project, to be damaged."""
    shutil.copytree(clean.root, tmp_path / "p")
    return RealProject(tmp_path / "p", clean.settings)


def assert_recovers(made: RealProject, clean: RealProject) -> None:
    ended = made.run("build", "--quiet")
    assert ended.code == 0, ended.said
    assert tree(made.out) == tree(clean.out)
    made.assert_sound()
    assert made.run("build", "--quiet").code == 0


def a_file(made: RealProject, pattern: str) -> Path:
    return min(made.out.glob(pattern))


def flip(path: Path, at: float = 0.5) -> None:
    content = bytearray(path.read_bytes())
    content[int(len(content) * at)] ^= 0x04
    path.write_bytes(bytes(content))


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-20])


def half_a_swap(made: RealProject) -> None:
    one = a_file(made, "markets/*")
    aside = made.out / WORK / "old" / "markets" / one.name
    aside.parent.mkdir(parents=True, exist_ok=True)
    one.rename(aside)


DAMAGE: dict[str, Callable[[RealProject], object]] = {
    "truncated run.json": lambda m: cut(m.out / "run.json"),
    "empty run.json": lambda m: (m.out / "run.json").write_bytes(b""),
    "flipped bit in run.json": lambda m: flip(m.out / "run.json"),
    "no run.json": lambda m: (m.out / "run.json").unlink(),
    "wrong hash in a record": lambda m: reseal(a_file(m, "markets/*/_OK.json"), files="0" * 64),
    "truncated record": lambda m: cut(a_file(m, "markets/*/_OK.json")),
    "no record": lambda m: a_file(m, "markets/*/_OK.json").unlink(),
    "newer schema in a record": lambda m: reseal(a_file(m, "markets/*/_OK.json"), schema_version=99),
    "newer schema in run.json": lambda m: reseal(m.out / "run.json", schema_version=99),
    "newer schema in results.json": lambda m: newer(a_file(m, "markets/*/results.json")),
    "flipped bit in a figure": lambda m: flip(a_file(m, "markets/*/figures/*.svg")),
    "flipped bit in a report": lambda m: flip(a_file(m, "markets/*/report.html")),
    "flipped bit in results.json": lambda m: flip(a_file(m, "markets/*/results.json")),
    "flipped bit in a table": lambda m: flip(a_file(m, "markets/*/data/*.parquet")),
    "flipped bit in the overview": lambda m: flip(m.out / "site" / "index.html"),
    "no overview": lambda m: shutil.rmtree(m.out / "site"),
    "a missing figure": lambda m: a_file(m, "markets/*/figures/*.svg").unlink(),
    "an empty market folder": lambda m: (
        shutil.rmtree(a_file(m, "markets/*")),
        a_file(m, "markets").joinpath("x-0").mkdir(),
    ),
    "a file in place of a market": lambda m: swap_for_file(a_file(m, "markets/*")),
    "records of two markets swapped": lambda m: swap(*sorted(m.out.glob("markets/*"))),
    "half a swap": half_a_swap,
    "left temporary folders": lambda m: (m.out / WORK / "new" / "markets--a-1" / "deep").mkdir(parents=True),
    "lock file with text": lambda m: (m.out / ".lock").write_text("pid 1\n"),
}


def reseal(path: Path, **changes: object) -> None:
    """Change a sealed file and seal it again: only its meaning is wrong."""
    content = record.unseal(path)
    assert content is not None
    if "files" in changes:
        name = next(iter(content["files"]))
        changes["files"] = {**content["files"], name: changes["files"]}
    path.write_bytes(record.seal({**{k: v for k, v in content.items() if k != "sha256"}, **changes}))


def newer(path: Path) -> None:
    content = json.loads(path.read_bytes())
    path.write_text(json.dumps({**content, "schema_version": 99}))


def swap(first: Path, second: Path) -> None:
    first.rename(first.with_name("t"))
    second.rename(first)
    first.with_name("t").rename(second)


def swap_for_file(folder: Path) -> None:
    shutil.rmtree(folder)
    folder.write_text("in the way")


QUICK = {"truncated run.json", "flipped bit in a figure"}


@pytest.mark.parametrize("name", [pytest.param(n, marks=() if n in QUICK else pytest.mark.slow) for n in DAMAGE])
def test_damage_is_noticed_and_made_good(made: RealProject, clean: RealProject, name: str) -> None:
    DAMAGE[name](made)
    if name == "an empty market folder":
        assert made.run("build", "--quiet").code == 0
        shutil.rmtree(made.out / "markets" / "x-0", ignore_errors=True)
    assert_recovers(made, clean)


@pytest.mark.slow
@pytest.mark.parametrize("years", [-1, 1])
def test_a_clock_that_jumps_changes_nothing(made: RealProject, clean: RealProject, years: int) -> None:
    """Every file seems to be written a year from now, or a year ago; then one market's data change."""
    when = time.time() - years * 365 * 86400
    for path in made.root.rglob("*"):
        os.utime(path, (when, when), follow_symlinks=False)
    ended = made.run("build")
    assert "Nothing to do" in ended.said
    table = small_table("A", "B")
    table.loc[0, "sales"] = "12345"
    made.write(table)
    os.utime(made.root / "data" / "panel.csv", (when - 1e6, when - 1e6))
    ended = made.run("build")
    assert "1 built, 1 up to date" in ended.said, ended.said
    made.write(small_table("A", "B"))
    assert made.run("build", "--quiet").code == 0
    assert tree(made.out / "markets") == tree(clean.out / "markets")


@pytest.mark.faults
def test_two_runs_at_once_second_refused(made: RealProject, clean: RealProject) -> None:
    """Two real commands on one output folder: one works, the other ends with 6 and touches nothing."""
    command = [sys.executable, "-m", "reportgen", "build", "--force", "--quiet"]
    environment = os.environ | {"PYTHONPATH": str(CHECKOUT)}
    running = [
        subprocess.Popen(
            command, cwd=made.root, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        for _ in range(2)
    ]
    ends = [process.communicate(timeout=120) for process in running]
    assert sorted(process.returncode for process in running) == [0, 6], ends
    assert any("another run is writing" in errors for _, errors in ends)
    assert tree(made.out / "markets") == tree(clean.out / "markets")
    made.assert_sound()


@pytest.mark.slow
def test_input_that_changes_during_a_run_is_said_and_built_again(
    made: RealProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The table is replaced while markets are being built: the run says so, the next one brings it up to date."""
    from reportgen.batch import run as runs

    real = runs._tasks

    def changing(*arguments: object) -> object:
        for task in real(*arguments):  # type: ignore[arg-type]
            table = small_table("A", "B")
            table.loc[0, "sales"] = "54321"
            table.to_csv(made.root / "data" / "panel.csv", index=False)
            yield task

    monkeypatch.setattr(runs, "_tasks", changing)
    ended = made.run("build", "--force")
    assert ended.code == 0
    assert "changed while it was being used" in ended.said
    monkeypatch.setattr(runs, "_tasks", real)
    ended = made.run("build")
    assert "1 built, 1 up to date" in ended.said, ended.said
