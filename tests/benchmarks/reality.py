"""Is the report right in markets as they are? Worlds that depart from the model, with known truth.

``python tests/benchmarks/reality.py [--markets 200] [--worlds PATTERN ...] [-j 2]`` writes results/reality.md. Every
market goes through the whole analysis with default settings. Its row (estimates, intervals, truth, verdict, checks)
is kept as Parquet under build/reality, one file a world; markets that have a row there are not analysed again, and
``--table`` makes the table from the rows alone. Delete the folder after a change of the statistics.
"""

from __future__ import annotations

import argparse
import os
import sys
import warnings
from concurrent.futures import ProcessPoolExecutor, as_completed
from fnmatch import fnmatch
from pathlib import Path

for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
    os.environ.setdefault(name, "1")

import pandas as pd

from worlds.study import Row, study
from worlds.table import table
from worlds.world import WORLDS, World

HERE = Path(__file__).resolve().parent
ROWS = HERE.parents[1] / "build" / "reality"
BATCH = 10


def main(arguments: list[str] | None = None) -> int:
    """Analyse what has no row yet, then write the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--markets", type=int, default=200, help="markets a world")
    parser.add_argument("--worlds", nargs="*", default=["*"], help="names or patterns, such as 'growth*'")
    parser.add_argument("-j", "--jobs", type=int, default=2)
    parser.add_argument("--rows", type=Path, default=ROWS, help="folder of the rows")
    parser.add_argument("--table", action="store_true", help="only make the table from the rows that are there")
    parser.add_argument("--out", type=Path, default=HERE / "results" / "reality.md")
    chosen = parser.parse_args(arguments)
    chosen.rows.mkdir(parents=True, exist_ok=True)
    wanted = [world for world in WORLDS if any(fnmatch(world.name, pattern) for pattern in chosen.worlds)]
    if not chosen.table:
        analyse(wanted, chosen.markets, chosen.jobs, chosen.rows)
    found = [(world, rows) for world in wanted if (rows := _kept(chosen.rows, world)) is not None]
    text = table(found)
    chosen.out.write_text(text)
    print(text)
    return 0


def analyse(worlds: list[World], markets: int, jobs: int, folder: Path) -> None:
    """Analyse the markets without a row, world by world, in worker processes."""
    with ProcessPoolExecutor(jobs) as pool:
        waiting = {}
        for world in worlds:
            kept = _kept(folder, world)
            done = set() if kept is None else set(kept["seed"])
            seeds = [seed for seed in range(markets) if seed not in done]
            for start in range(0, len(seeds), BATCH):
                waiting[pool.submit(_studies, world, seeds[start : start + BATCH])] = world
        for number, job in enumerate(as_completed(waiting), start=1):
            _keep(folder, waiting[job], job.result())
            print(f"{number}/{len(waiting)} {waiting[job].name}", file=sys.stderr, flush=True)


def _studies(world: World, seeds: list[int]) -> list[Row]:
    warnings.simplefilter("ignore")
    return [study(world, seed) for seed in seeds]


def _file(folder: Path, world: World) -> Path:
    return folder / ("".join(char if char.isalnum() else "-" for char in world.name) + ".parquet")


def _kept(folder: Path, world: World) -> pd.DataFrame | None:
    path = _file(folder, world)
    return pd.read_parquet(path) if path.exists() else None


def _keep(folder: Path, world: World, rows: list[Row]) -> None:
    before, new = _kept(folder, world), pd.DataFrame(rows)
    both = new if before is None else pd.concat([before, new]).sort_values("seed", ignore_index=True)
    both.to_parquet(_file(folder, world))


if __name__ == "__main__":
    sys.exit(main())
