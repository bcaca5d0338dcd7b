"""Markets never mix: no market's names or numbers in another's files, and the same bytes however they were built.

Every market has fingerprints of its own: its name, codes of its pharmacies, a price level that no other market has.
``ROUNDS`` in the environment asks for another number of rounds than 20 (the quick suite makes one, with fewer markets).
There is no colour to mix up: the accent is one for all markets; the locale is the setting that differs by market.
"""

from __future__ import annotations

import contextlib
import decimal
import json
import locale
import os
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path

import pandas as pd
import pypdf
import pytest

from real_runs import CHECKOUT, RealProject, small_table, tree

ROUNDS = int(os.environ.get("ROUNDS", "20"))
LOCALES = {"ZM1*": "de_DE", "ZM2*": "en_US"}


def marked_table(count: int) -> tuple[pd.DataFrame, dict[str, tuple[str, ...]]]:
    """Markets ``ZM<number>`` with pharmacies ``Q<number>x<row>``, and the fingerprints of each."""
    names = [f"ZM{(i * 7919) % 9000 + 1000}" for i in range(count)]
    table = small_table(*names)
    number = {name: name[2:] for name in names}
    table["pharmacy"] = [f"Q{number[m]}x{p[-2:]}" for m, p in zip(table["market"], table["pharmacy"], strict=True)]
    table["sales"] = [str(int(s) * 10 + int(number[m])) for m, s in zip(table["market"], table["sales"], strict=True)]
    return table, {name: (name, f"Q{number[name]}x") for name in names}


def text_of(path: Path) -> str:
    if path.suffix == ".pdf":
        return " ".join(page.extract_text() for page in pypdf.PdfReader(BytesIO(path.read_bytes())).pages)
    return path.read_bytes().decode("utf-8", "replace")


def foreign(made: RealProject, marks: dict[str, tuple[str, ...]]) -> list[tuple[str, str]]:
    """Files of a market that hold a fingerprint of another; each must hold its own."""
    found = []
    for market, own in marks.items():
        others = [mark for name, all_of in marks.items() if name != market for mark in all_of]
        for path in made.folder(market).rglob("*"):
            if path.suffix in {".html", ".pdf", ".svg", ".json", ".parquet"} and path.is_file():
                text = text_of(path)
                found += [(f"{market}/{path.name}", mark) for mark in others if mark in text or mark in path.name]
        report = text_of(made.folder(market) / "report.html")
        assert all(mark in report for mark in own)
    return found


def rounds(root: Path, count: int, repeats: int, formats: list[str]) -> None:
    table, marks = marked_table(count)
    made = RealProject(root)
    made.write(table, report={"formats": formats}, run={"jobs": 4})
    first: dict[str, str] = {}
    for turn in range(repeats):
        ended = made.run("build", "--force", "--quiet")
        assert ended.code == 0, ended.said
        made.assert_sound()
        now = tree(made.out / "markets")
        if not first:  # the same bytes need not be searched again
            assert foreign(made, marks) == []
            first = now
        assert now == first, f"round {turn + 1}"


def test_no_market_shows_in_another(tmp_path: Path) -> None:
    rounds(tmp_path, 6, 1, ["html"])


@pytest.mark.slow
def test_no_market_shows_in_another_in_many_rounds(tmp_path: Path, tried: Callable[..., None]) -> None:
    tried(*(f"cross-talk, round {turn + 1}" for turn in range(ROUNDS)))
    rounds(tmp_path, 50, ROUNDS, ["html", "brief"])


@contextlib.contextmanager
def dask_cluster(folder: Path) -> Iterator[str]:
    """Address of a scheduler with two workers, started as anyone would start them."""
    environment = os.environ | {"PYTHONPATH": str(CHECKOUT), "DASK_DISTRIBUTED__WORKER__DAEMON": "True"}
    started = []

    def start(*command: str) -> None:
        with (folder / "log").open("ab") as log:
            full = [sys.executable, "-m", *command]
            started.append(subprocess.Popen(full, stdout=log, stderr=log, env=environment, cwd=folder))

    place = folder / "scheduler.json"
    start("distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard",
          "--scheduler-file", str(place))  # fmt: skip
    try:
        for _ in range(600):
            if place.exists():
                break
            time.sleep(0.1)
        address = json.loads(place.read_text())["address"]
        for _ in range(2):
            start("distributed.cli.dask_worker", address, "--nthreads", "1", "--no-dashboard", "--host", "127.0.0.1")
        yield address
    finally:
        for process in reversed(started):
            process.terminate()
        for process in started:
            process.wait(30)


@pytest.mark.slow
@pytest.mark.xdist_group("dask")
def test_every_engine_makes_the_same_tree(tmp_path: Path, tried: Callable[..., None]) -> None:
    """1, 2 and 4 workers, three shards and a merge, two Dask workers: site and markets byte by byte."""
    tried("one worker", "two workers", "four workers", "three shards merged", "Dask cluster")
    table, marks = marked_table(6)

    def project(name: str) -> RealProject:
        made = RealProject(tmp_path / name)
        made.write(table, report={"formats": ["html", "brief"], "locales": LOCALES})
        return made

    made = {name: project(name) for name in ("j1", "j2", "j4", "shards", "dask")}
    for jobs in (1, 2, 4):
        assert made[f"j{jobs}"].run("build", "--quiet", "--jobs", str(jobs)).code == 0
    for index in (1, 2, 3):
        assert made["shards"].run("build", "--quiet", "--shard", f"{index}/3").code in {0, 5}
    merged = made["shards"].run("merge")
    assert merged.code == 0, merged.said
    with dask_cluster(tmp_path) as address:
        ended = made["dask"].run("build", "--quiet", "--scheduler", address)
        assert ended.code == 0, ended.said
    trees = {name: tree(one.out) for name, one in made.items()}
    for name, found in trees.items():
        assert {k: v for k, v in found.items() if trees["j1"].get(k) != v} == {}, name
        assert set(found) == set(trees["j1"]), name
    assert foreign(made["dask"], marks) == []


ALONE = """
import sys
from pathlib import Path
from reportgen.batch.workers import pool
from reportgen.batch.market import build_market
from reportgen.cli import main
import reportgen.batch.run as run
pool.run_tasks = lambda function, tasks, **rest: here(function, tasks)
def here(function, tasks):
    for task in tasks:
        yield pool.Done(key=task.key, answer=pool.Answer(value=function(task.argument)), attempts=1)
sys.argv = ["reportgen", "build", "--quiet", *sys.argv[1:]]
main()
"""


@pytest.mark.slow
def test_one_after_another_in_one_process_is_each_alone(tmp_path: Path) -> None:
    """Five markets in three languages through one process, against each in a process of its own."""
    table, marks = marked_table(5)

    def project(name: str) -> RealProject:
        made = RealProject(tmp_path / name)
        made.write(
            table, report={"formats": ["html", "brief"], "locales": {list(marks)[1]: "de_DE", list(marks)[3]: "en_US"}}
        )
        return made

    def run(made: RealProject, *arguments: str) -> None:
        done = subprocess.run(
            [sys.executable, "-c", ALONE, *arguments], cwd=made.root, env=os.environ | {"PYTHONPATH": str(CHECKOUT)},
            capture_output=True, text=True, check=False, timeout=240,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr

    together, apart = project("together"), project("apart")
    run(together)
    for market in marks:
        run(apart, "--select", market)
    assert tree(together.out / "markets") == tree(apart.out / "markets")


@pytest.mark.slow
def test_a_report_leaves_no_trace_in_its_process(tmp_path: Path) -> None:
    """Drawing settings, locale, decimal context and warning filters are after a market what they were before."""
    import matplotlib as mpl

    from factories import market_results
    from reportgen.render.html import render_report
    from reportgen.render.pdf import brief_pdf
    from reportgen.report.document import build_report
    from reportgen.settings.sections import ReportSettings, Settings

    def state() -> tuple[object, ...]:
        return (
            dict(mpl.rcParams), locale.setlocale(locale.LC_ALL), repr(decimal.getcontext()), list(warnings.filters),
            os.environ.get("TZ"), Path.cwd(), os.umask(os.umask(0o022)),
        )  # fmt: skip

    def make(language: str) -> tuple[str, bytes]:
        report = build_report(market_results(pharmacies=9), Settings(report=ReportSettings(locale=language)))
        return render_report(report), brief_pdf(report)

    first = make("en_IN")
    before = state()
    make("de_DE")
    assert state() == before
    assert make("en_IN") == first
