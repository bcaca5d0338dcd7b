"""Is the power that ``reportgen design`` states the power there is? Experiments run to the end in known worlds.

``python tests/benchmarks/experiments.py [--markets 500] [-j 2]`` writes results/experiments.md. Every market is fitted
on 36 periods, an experiment is drawn and its smallest effect told; then the world goes on with exactly that effect in
the arm that gets more, and the arms are compared. Four in five experiments should see it.
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

from reportgen.model.experiment.assign import assign, baseline
from reportgen.model.experiment.power import showings
from reportgen.model.experiment.readout import contrast
from reportgen.model.market.fit import fit_market
from reportgen.panel.features import build_frame
from reportgen.panel.grid import make_panel
from worlds.draw import BURN_IN, draw, respond, solve
from worlds.study import settings_of
from worlds.world import World

HERE = Path(__file__).resolve().parent
RECORD = 36
DOSE = 3.0
POWER = 0.8
WORLDS = (
    World(name="plain", periods=RECORD + 6),
    World(name="plain, 3 periods", periods=RECORD + 3),
    World(name="24 pharmacies", periods=RECORD + 6, pharmacies=24),
    World(name="growth differs, SD 10% a year", periods=RECORD + 6, growth_sd=0.10),
    World(name="common shocks and growth", periods=RECORD + 6, shock=0.03, growth=0.1),
)


def experiment(world: World, seed: int) -> tuple[float, bool, bool]:
    """Smallest effect, whether it was seen, and whether its interval held what the arm was really given."""
    warnings.simplefilter("ignore")
    length = world.periods - RECORD
    drawn = draw(world, seed)
    settings = settings_of(world)
    seen = slice(0, RECORD)
    panel = make_panel(world.name, drawn.recorded_sales[:, seen], drawn.recorded_promotion[:, seen])
    frame = build_frame(panel, settings.model, settings.adstock)
    market = fit_market(frame, settings)
    rng = np.random.default_rng([5, seed])
    chosen = assign(baseline(frame.panel, frame.grid_rows), rng)
    (told,) = showings(market, chosen, DOSE, (length,), rng, power=POWER)
    assert told.smallest is not None
    given = np.zeros(world.pharmacies)
    given[chosen.baseline.rows] = DOSE * chosen.more
    before, after = (_sales(drawn, world, more, told.smallest) for more in (0.0 * given, given))
    known = chosen.baseline
    found = contrast(after.mean(axis=1)[None], given, np.column_stack([known.size, known.growth]), known.scale)
    truth = float((after - before).mean(axis=1)[given > 0.0].mean()) / DOSE
    reach = float(found.reach(0.95)[0])
    return told.smallest, abs(float(found.value[0])) > reach, abs(float(found.value[0]) - truth) <= reach


def _sales(drawn, world: World, given: np.ndarray, kept_up: float) -> np.ndarray:
    """True sales of the experiment's periods where the arm's units bring ``kept_up`` on average."""
    rest = 1.0 - sum(weight for _, weight in world.phi)
    stock = np.zeros_like(drawn.stock)
    for t in range(BURN_IN + RECORD, stock.shape[1]):
        stock[:, t] = (1.0 - world.decay) * given + world.decay * stock[:, t - 1]
    slope = drawn.slope + (kept_up * rest - world.beta)
    drive = drawn.drive + drawn.slope * respond(world, drawn.stock) + slope * stock
    return solve(world, drive)[:, BURN_IN + RECORD :]


def _studies(job: tuple[World, list[int]]) -> list[tuple[float, bool, bool]]:
    return [experiment(job[0], seed) for seed in job[1]]


def main(arguments: list[str] | None = None) -> int:
    """Run all worlds and write the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--markets", type=int, default=500)
    parser.add_argument("-j", "--jobs", type=int, default=2)
    parser.add_argument("--out", type=Path, default=HERE / "results" / "experiments.md")
    chosen = parser.parse_args(arguments)
    lines = [
        f"# Experiments that `reportgen design` drew, {chosen.markets} markets a world",
        "",
        f"{RECORD} periods fitted, then {DOSE:g} visits more in half of the pharmacies at the smallest effect told.",
        "Made by `python tests/benchmarks/experiments.py`.",
        "",
        "| World | Smallest effect, kept up | Stated power | Realised | Intervals that held the truth |",
        "|---|---|---|---|---|",
    ]
    with ProcessPoolExecutor(chosen.jobs) as pool:
        for world in WORLDS:
            seeds = list(range(chosen.markets))
            jobs = [(world, seeds[start : start + 25]) for start in range(0, len(seeds), 25)]
            rows = [row for part in pool.map(_studies, jobs) for row in part]
            effect, seen, held = (np.mean([row[k] for row in rows]) for k in range(3))
            lines.append(f"| {world.name} | {effect:,.0f} | {POWER:.1%} | {seen:.1%} | {held:.1%} |")
            print(lines[-1], file=sys.stderr, flush=True)
    chosen.out.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
