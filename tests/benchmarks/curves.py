"""How right is a response that flattens, its curve pooled over markets? Writes results/curves.md.

``python tests/benchmarks/curves.py [--markets 200] [--pool 20] [-j 2]``: in each world the markets agree on the shape
in pools, as those of one run do, then each goes through the whole analysis. Straight worlds are analysed with
``shape = "linear"``, too: how many pools take a curve, and how much wider intervals are for it.
"""

from __future__ import annotations

import argparse
import os
import sys
import warnings
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
    os.environ.setdefault(name, "1")

import numpy as np
import pandas as pd

from reportgen.model.agreed.shape import market_shape, search_shapes
from worlds.draw import draw
from worlds.study import Row, seen_panel, settings_of, study
from worlds.world import WORLDS

BENT = ("saturating response, A/(A+c)", "saturating response, log", "saturating response, 1-exp(-A/c)")
STRAIGHT = (
    "plain, 36 months", "plain, 24 months", "pharmacies do not differ in effect", "growth 10% a year, promotion flat",
    "season 15%, promotion follows, 36 months",
)  # fmt: skip
OUT = Path(__file__).resolve().parent / "results" / "curves.md"
HEAD = """\
# A response that flattens, its curve shared by the markets of a run

`python tests/benchmarks/curves.py --markets {markets} --pool {pool}`. Worlds of `reality.py` (60 pharmacies, 36
months); {pool} markets agree on the shape (`shape = "auto"`), each is then analysed with it. *Curved*: percent of pools
that take a curve. *Bias*: median error in percent of the truth. *Held*: percent of 95 % intervals that hold the truth
(in brackets the percent of markets that print one). *Missed under "Works"*: as in `reality.md`. *Width*: median width
of the incremental interval over that with `shape = "linear"`. Markets a row: {markets}; simulation error (95 %) of 95
held: ±{error:.1f} points."""
COLUMNS = (
    "World", "Pools", "Curved", "Kept up: bias", "held", "Incremental: bias", "held", '"Works"', 'Missed under "Works"',
    "Width",
)  # fmt: skip


def main(arguments: list[str] | None = None) -> int:
    """Run the pools and write the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--markets", type=int, default=200, help="markets a world")
    parser.add_argument("--pool", type=int, default=20, help="markets that agree on a curve")
    parser.add_argument("--worlds", nargs="*", default=[*BENT, *STRAIGHT])
    parser.add_argument("-j", "--jobs", type=int, default=2)
    parser.add_argument("--out", type=Path, default=OUT)
    chosen = parser.parse_args(arguments)
    starts = range(0, chosen.markets, chosen.pool)
    lines = []
    with ProcessPoolExecutor(chosen.jobs) as pool:
        waiting = {name: [pool.submit(pooled, name, start, chosen.pool) for start in starts] for name in chosen.worlds}
        for name, jobs in waiting.items():
            rows = pd.DataFrame([row for job in jobs for row in job.result()])
            lines.append(cells(name, rows, chosen.pool))
            print(lines[-1], file=sys.stderr, flush=True)
    error = 196.0 * (0.95 * 0.05 / chosen.markets) ** 0.5
    table = [f"| {' | '.join(COLUMNS)} |", "|" + "---|" * len(COLUMNS), *(f"| {' | '.join(line)} |" for line in lines)]
    head = HEAD.format(markets=chosen.markets, pool=chosen.pool, error=error)
    chosen.out.write_text("\n".join([head, "", *table]) + "\n")
    return 0


def pooled(name: str, start: int, size: int) -> list[Row]:
    """Markets ``start`` to ``start + size`` of a world, which agree on a shape."""
    warnings.simplefilter("ignore")
    world = next(world for world in WORLDS if world.name == name)
    settings, seeds = settings_of(world), range(start, start + size)
    panels = {str(seed): seen_panel(world, draw(world, seed), seed) for seed in seeds}
    shapes = search_shapes(
        lambda question: {key: market_shape(panel, settings, question) for key, panel in panels.items()},
        settings.panel.promotion,
        settings,
    )
    bent = any(one.bend is not None for one in shapes)
    rows = [study(world, seed, settings, shapes) for seed in seeds]
    if bent and name in STRAIGHT:
        plain = [study(world, seed, settings, ()) for seed in seeds]
        rows = [row | {"linear": _width(other)} for row, other in zip(rows, plain, strict=True)]
    return [row | {"curved": bent} for row in rows]


def _width(row: Row) -> float:
    return float(row["incremental:upper"] - row["incremental:lower"])


def cells(name: str, rows: pd.DataFrame, pool: int) -> list[str]:
    """One line of the table."""
    works = rows["verdict"].isin(["works", "works-unevenly"])
    missed = np.zeros(len(rows), dtype=bool)
    shown = []
    for part in ("kept", "incremental"):
        printed = rows[f"{part}:lower"].notna()
        truth, low, high = (rows[f"{part}:{end}"] for end in ("truth", "lower", "upper"))
        held = (low <= truth) & (truth <= high)
        missed |= (printed & ~held & works).to_numpy()
        bias = np.nanmedian(rows[f"{part}:estimate"] / truth - 1.0)
        some = f" ({printed.mean():.0%})" if not printed.all() else ""
        shown += [f"{100 * bias:+.0f} %", f"{100 * held[printed].mean():.0f} %{some}"]
    ratio = np.ones(len(rows))
    if "linear" in rows:
        both = rows["linear"].notna()
        ratio = np.where(both, (rows["incremental:upper"] - rows["incremental:lower"]) / rows["linear"], 1.0)
    width = f"{np.nanmedian(ratio):.2f}, most {np.nanquantile(ratio, 0.95):.2f}" if name in STRAIGHT else ""
    return [
        name, str(len(rows) // pool), f"{100 * rows['curved'].mean():.0f} %", *shown, f"{100 * works.mean():.0f} %",
        f"{100 * missed.mean():.1f} %", width,
    ]  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
