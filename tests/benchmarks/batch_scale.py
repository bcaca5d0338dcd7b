"""Whole batches from the command line: reports a minute, memory, resuming; writes results/batch_scale.md.

``python tests/benchmarks/batch_scale.py [markets ...]`` (default 100 300 1000), markets of 40 pharmacies × 36 months,
HTML, PDF and brief on all cores. *Parent* and *worker* are the largest proportional memory (PSS) of the run's own
process and of any process below it, sampled twice a second; a worker shares most of its pages with the fork server.
The largest batch is then built again with nothing changed and with one market changed; the one before it is killed at
half time and resumed. Instead of all this ``--overhead N`` compares one worker with a plain loop in one process, and
``--results N ...`` measures numbers only; both add their lines to the file.
"""

from __future__ import annotations

import contextlib
import math
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

import numpy as np
import pandas as pd
import psutil

from problems import RESULTS, written
from reportgen.panel.simulate import MarketSpec, simulate_market

PHARMACIES, MONTHS = 40, 36
HEADER = "market,pharmacy,month,sales,promotion\n"
SAMPLE = 0.5


@dataclass(frozen=True, slots=True)
class Measured:
    """One run of the command: wall seconds, MiB of the parent and of its largest descendant, exit code."""

    seconds: float
    parent: float
    worker: float
    code: int
    output: str


def market_lines(k: int) -> list[str]:
    """Rows of one market, a draw of its own: market, pharmacy, month, sales, promotion."""
    months = [f"{2021 + m // 12}-{m % 12 + 1:02d}" for m in range(MONTHS)]
    spec = MarketSpec(pharmacies=PHARMACIES, periods=MONTHS, counts=True)
    drawn = simulate_market(spec, np.random.default_rng([5, k]))
    dose = np.asarray(drawn.promotion).reshape(-1, PHARMACIES, MONTHS)[0]
    return [
        f"M{k:05d},P{p:03d},{months[m]},{max(drawn.sales[p, m], 0):.0f},{dose[p, m]:g}\n"
        for p in range(PHARMACIES)
        for m in range(MONTHS)
    ]


def write_panel(path: Path, markets: int) -> None:
    """One CSV table."""
    with path.open("w") as file:
        file.write(HEADER)
        for k in range(markets):
            file.writelines(market_lines(k))


def write_folder(path: Path, markets: int) -> None:
    """A folder of Parquet with a folder per market."""
    for k in range(markets):
        frame = pd.read_csv(StringIO(HEADER + "".join(market_lines(k)))).drop(columns="market")
        folder = path / f"market=M{k:05d}"
        folder.mkdir(parents=True)
        frame.to_parquet(folder / "part.parquet", index=False)


def run(
    folder: Path,
    *arguments: str,
    kill_after: float = math.inf,
    program: Sequence[str] = ("-m", "reportgen"),
    source: str = "panel.csv",
) -> Measured:
    """``reportgen build`` in ``folder``, watched."""
    start = time.perf_counter()
    command = [sys.executable, *program, "build", source, "-q", *arguments]
    said = (folder / "said.txt").open("w+")  # a pipe that nobody reads would stop a run that prints a long table
    process = psutil.Popen(command, cwd=folder, stdout=said, stderr=subprocess.STDOUT, text=True)
    parent = worker = 0.0
    while process.poll() is None:
        if time.perf_counter() - start > kill_after:
            process.send_signal(signal.SIGKILL)
            break
        parent = max(parent, memory(process))
        with contextlib.suppress(psutil.Error):
            worker = max([worker, *(memory(child) for child in process.children(recursive=True))])
        time.sleep(SAMPLE)
    code = process.wait()
    seconds = time.perf_counter() - start
    with said:
        said.seek(0)
        return Measured(seconds, parent, worker, code, said.read())


def memory(process: psutil.Process) -> float:
    """Proportional set size in MiB, 0 for a process that is gone."""
    try:
        return float(process.memory_full_info().pss) / 2**20
    except psutil.Error:
        return 0.0


def tree(folder: Path) -> dict[str, bytes]:
    """Content of every file of the markets and the site; run.json tells seconds and is left out."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for part in ("markets", "site")
        for path in sorted((folder / part).rglob("*"))
        if path.is_file()
    }


def scale(root: Path, sizes: Sequence[int]) -> list[str]:
    """A row per batch size, then the slope of log time on log size."""
    rows, times = [], []
    for count in sizes:
        folder = root / str(count)
        folder.mkdir()
        write_panel(folder / "panel.csv", count)
        found = run(folder)
        assert found.code == 0, found.output
        times.append(found.seconds)
        cells = (count, found.seconds, 60 * count / found.seconds, found.parent, found.worker)
        rows.append("| " + " | ".join(f"{value:.0f}" for value in cells) + " |")
        print(rows[-1], flush=True)
    if len(sizes) > 1:
        slope = np.polyfit(np.log(sizes), np.log(times), 1)[0]
        rows += ["", f"Log-log slope of time on markets: {slope:.3f}."]
    return rows


def repeats(folder: Path) -> list[str]:
    """The same command with nothing changed, then with one value of one market changed."""
    whole = tree(folder / "out")
    again = run(folder)
    assert again.code == 0, again.output
    assert tree(folder / "out") == whole
    lines = (folder / "panel.csv").read_text().splitlines(keepends=True)
    cells = lines[1].split(",")
    cells[3] = str(int(cells[3]) + 1)
    (folder / "panel.csv").write_text("".join([lines[0], ",".join(cells), *lines[2:]]))
    changed = run(folder)
    moved = [name for name, body in tree(folder / "out").items() if whole.get(name) != body]
    markets = {Path(name).parts[1] for name in moved if name.startswith("markets")}
    return [
        f"{folder.name} markets again with nothing changed: {again.seconds:.1f} s.",
        f"One value of one of them changed: {changed.seconds:.1f} s; market folders rebuilt: {len(markets)}.",
    ]


def interruption(folder: Path, seconds: float) -> list[str]:
    """Kill at half time and resume: nothing built twice, the same tree."""
    whole = tree(folder / "out")
    shutil.rmtree(folder / "out")
    run(folder, kill_after=seconds / 2)
    before = {path.parent: path.stat().st_mtime_ns for path in (folder / "out/markets").glob("*/_OK.json")}
    resumed = run(folder)
    assert resumed.code == 0, resumed.output
    twice = sum((name / "_OK.json").stat().st_mtime_ns != stamp for name, stamp in before.items())
    same = "identical" if tree(folder / "out") == whole else "DIFFERENT"
    killed = f"{folder.name} markets killed (SIGKILL) after {seconds / 2:.0f} s with {len(before)} complete"
    return [f"{killed}, resumed in {resumed.seconds:.0f} s: {twice} built twice, tree {same} to the uninterrupted one."]


LOOP = """
import gc, sys
from reportgen.batch.workers import pool as engine
from reportgen.batch.workers import worker
def loop(function, tasks, **options):
    worker.load_stack("weasyprint")
    for task in tasks:
        gc.disable()
        answer = worker.attempt(function, task.argument)
        gc.enable()
        gc.collect()
        yield engine.Done(key=task.key, answer=answer, attempts=1)
engine.run_tasks, engine.warm_up = loop, lambda **options: None
from reportgen.cli import main
main()
"""
"""The whole command with its engine taken out: every market in this process, one after another."""


def overhead(root: Path, counts: Sequence[int]) -> list[str]:
    """One worker of the engine against the plain loop, in turn, twice; the better of each."""
    (count,) = counts
    folder = root / "overhead"
    folder.mkdir()
    write_panel(folder / "panel.csv", count)
    engine = loop = math.inf
    for _ in range(2):
        engine = min(engine, fresh(folder, "-m", "reportgen"))
        loop = min(loop, fresh(folder, "-c", LOOP))
    times = f"{engine:.0f} s with one worker, {loop:.0f} s in a loop without an engine"
    return ["", f"{count} markets: {times} (ratio {engine / loop:.2f})."]


def fresh(folder: Path, *program: str) -> float:
    """Seconds of a whole build from nothing with one worker."""
    shutil.rmtree(folder / "out", ignore_errors=True)
    found = run(folder, "--jobs", "1", program=program)
    assert found.code == 0, found.output
    return found.seconds


def results_only(root: Path, counts: Sequence[int]) -> list[str]:
    """Numbers only, from a folder of Parquet partitioned by market."""
    lines = [
        "",
        "Numbers only (`--formats results`), from a folder of Parquet partitioned by market:",
        "",
        "| Markets | Seconds | Markets a minute | Parent, MiB | Largest worker, MiB |",
        "|---:|---:|---:|---:|---:|",
    ]
    for count in counts:
        folder = root / f"results-{count}"
        write_folder(folder / "hive", count)
        found = run(folder, "--formats", "results", source="hive")
        assert found.code == 0, found.output
        cells = (count, found.seconds, 60 * count / found.seconds, found.parent, found.worker)
        lines.append("| " + " | ".join(f"{value:.0f}" for value in cells) + " |")
        print(lines[-1], flush=True)
    return lines


def main(arguments: Sequence[str]) -> int:
    """Measure and write the table."""
    with tempfile.TemporaryDirectory(dir=os.environ.get("TMPDIR")) as name:
        root = Path(name)
        for option, measure in (("--results", results_only), ("--overhead", overhead)):
            if arguments[:1] == [option]:
                lines = measure(root, [int(value) for value in arguments[1:]])
                table = RESULTS / "batch_scale.md"
                kept = table.read_text().rstrip("\n") if table.is_file() else "# Whole batches"
                written("batch_scale", "\n".join([kept, *lines]) + "\n")
                return 0
        sizes = [int(value) for value in arguments] or [100, 300, 1000]
        head = [
            "# Whole batches",
            "",
            f"`python tests/benchmarks/batch_scale.py`: {PHARMACIES} pharmacies × {MONTHS} months a market, HTML, PDF",
            f"and brief, {os.cpu_count()} cores.",
            "",
            "| Markets | Seconds | Reports a minute | Parent, MiB | Largest worker, MiB |",
            "|---:|---:|---:|---:|---:|",
        ]
        rows = scale(root, sizes)
        written("batch_scale", "\n".join([*head, *rows]) + "\n")
        middle = max(0, len(sizes) - 2)
        rows += ["", *repeats(root / str(sizes[-1]))]
        rows += interruption(root / str(sizes[middle]), float(rows[middle].split("|")[2]))
        written("batch_scale", "\n".join([*head, *rows]) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
