"""Analysis of one warm market, numbers only, against another checkout; writes results/analysis_speed.md.

``python tests/benchmarks/analysis_speed.py --against PATH``, PATH a checkout of the commit to compare with;
``--called NAME`` says what it is.

Each checkout has a process of its own; they analyse the same market in turn, so that whatever else the machine does
slows both. CPU seconds of one thread, the least of several turns; medians over markets. *alone*: the market looks for
the shape of the response itself; *agreed*: the markets of a run have agreed on a line before.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np

MARKETS = ((40, 36), (300, 36), (12, 18))
SEEDS, TURNS = (1, 2, 3), 2
HERE = Path(__file__).resolve().parent.parent.parent
TITLE = """# Analysis of one market, numbers only

`python tests/benchmarks/analysis_speed.py --against PATH` ({before}), CPU seconds of one thread, warm, the two
checkouts in turn; medians over three simulated markets of the lesser of two turns. *alone*: the market looks
for the shape of the response itself; *agreed*: the markets of a run agreed on it before. The last column is the
largest relative difference between any two numbers of the two results; inf where something else than a number
differs, or a whole number does.

| Pharmacies × months | Shape | Before, s | Now, s | Ratio | Difference |
|---|---|---:|---:|---:|---:|
"""


def serve() -> None:
    """Analyse the markets named on standard input, one a line; seconds and results go to standard output."""
    from reportgen.model.analysis import analyse_market
    from reportgen.panel.simulate import MarketSpec, simulate_panel
    from reportgen.results import Provenance, to_json
    from reportgen.settings.sections import Settings

    provenance = Provenance(
        package="reportgen", versions=(), source="panel.csv", data_hash="", settings_hash="", settings=(), seed=1,
        as_of="2024-01-15",
    )  # fmt: skip
    for line in sys.stdin:
        pharmacies, periods, seed, agreed = json.loads(line)
        # Promotion in counts: where some is negative no curve is looked for.
        spec = MarketSpec(pharmacies=pharmacies, periods=periods, counts=True)
        panel = simulate_panel(spec, np.random.default_rng(seed))
        shapes: Any = () if agreed else None
        gc.collect()
        gc.disable()  # as workers do
        start = time.process_time()
        results = analyse_market(panel, Settings(), provenance, shapes=shapes)
        seconds = time.process_time() - start
        gc.enable()
        print(json.dumps([seconds, json.loads(to_json(results))]), flush=True)


def checkout(path: Path) -> subprocess.Popen[str]:
    """A process that analyses with the package of a checkout."""
    command = [sys.executable, str(Path(__file__).resolve()), "--serve"]
    environment = {**os.environ, "PYTHONPATH": str(path)}
    return subprocess.Popen(
        command, cwd=path, env=environment, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )


def ask(process: subprocess.Popen[str], market: tuple[int, int, int, bool]) -> tuple[float, Any]:
    """CPU seconds and results of one analysis."""
    assert process.stdin is not None
    assert process.stdout is not None
    print(json.dumps(market), file=process.stdin, flush=True)
    seconds, results = json.loads(process.stdout.readline())
    return seconds, results


def apart(one: Any, other: Any) -> float:
    """Largest relative difference between numbers at the same place of two results; infinite where the rest differs."""
    if isinstance(one, dict) and isinstance(other, dict):
        return max((apart(one.get(key), other.get(key)) for key in one.keys() | other.keys()), default=0.0)
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        return max((apart(left, right) for left, right in zip(one, other, strict=True)), default=0.0)
    if isinstance(one, float) and isinstance(other, float):
        return abs(one - other) / max(abs(one), abs(other), 1e-12)
    return 0.0 if one == other else float("inf")


def rows(before: subprocess.Popen[str], now: subprocess.Popen[str]) -> list[str]:
    """The table's rows."""
    made = []
    for pharmacies, periods in MARKETS:
        for agreed in (False, True):
            seconds, differences = [], []
            for seed in SEEDS:
                market = (pharmacies, periods, seed, agreed)
                turns = [(ask(before, market), ask(now, market)) for _ in range(TURNS)]
                seconds.append([min(turn[side][0] for turn in turns) for side in (0, 1)])
                differences.append(apart(turns[-1][0][1], turns[-1][1][1]))
            old, new = (statistics.median(pair[side] for pair in seconds) for side in (0, 1))
            ratio = statistics.median(pair[0] / pair[1] for pair in seconds)
            made.append(
                f"| {pharmacies}×{periods} | {'agreed' if agreed else 'alone'} | {old:.3f} | {new:.3f} | {ratio:.1f} | "
                f"{max(differences):.0e} |"
            )
    return made


def main() -> int:
    """Compare this checkout with another one."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--against", type=Path, help="checkout to compare with")
    parser.add_argument("--called", help="what that checkout is; default: its commit")
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        serve()
        return 0
    if options.against is None:
        parser.error("--against PATH is needed")
    from problems import written

    before = options.called
    if before is None:
        told = subprocess.run(
            ["git", "-C", str(options.against), "rev-parse", "--short", "HEAD"],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        before = f"PATH: commit {told.stdout.strip()}"
    processes = [checkout(options.against.resolve()), checkout(HERE)]
    for process in processes:  # warm
        ask(process, (*MARKETS[0], SEEDS[0], False))
    table = rows(*processes)
    for process in processes:
        process.communicate()
    written("analysis_speed", TITLE.format(before=before) + "\n".join(table) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
