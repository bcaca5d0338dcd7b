"""Experiments in worlds of known truth: stated power, readout, and calibration.

``python tests/benchmarks/experiments.py [--markets 500] [-j 2] [--parts power readout calibration]`` writes
results/experiments-PART.md. Power: every market is fitted on 36 periods, an experiment is drawn and its smallest effect
told; then the world goes on with exactly that effect in the arm that gets more, and the arms are compared. Readout:
regions by week, half of them with spend for some weeks, common growth, errors with memory, no carry-over. Calibration:
an experiment whose error is known beside the market's own estimate.
"""

from __future__ import annotations

import argparse
import os
import sys
import warnings
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
    os.environ.setdefault(name, "1")

import numpy as np

from reportgen.model.effects.calibration import calibrate
from reportgen.model.effects.impact import measure_impact
from reportgen.model.experiment.assign import assign, baseline, draw_lots
from reportgen.model.experiment.power import showings
from reportgen.model.experiment.readout import contrast
from reportgen.model.experiment.record import experiment_checks, read_experiment
from reportgen.model.market.fit import fit_market
from reportgen.panel.features import build_frame
from reportgen.panel.grid import MarketPanel, make_panel
from reportgen.settings.sections import Settings
from worlds.draw import BURN_IN, draw, respond, solve
from worlds.study import settings_of
from worlds.world import World

HERE = Path(__file__).resolve().parent
RECORD = 36
DOSE = 3.0
POWER = 0.8
LOTS = 200
"""Draws of who gets more in each market."""
WORLDS: tuple[World, ...] = (
    World(name="plain", periods=RECORD + 6),
    World(name="plain, 3 periods", periods=RECORD + 3),
    World(name="24 pharmacies", periods=RECORD + 6, pharmacies=24),
    World(name="growth differs, SD 10% a year", periods=RECORD + 6, growth_sd=0.10),
    World(name="common shocks and growth", periods=RECORD + 6, shock=0.03, growth=0.1),
)


def experiment(world: World, seed: int) -> tuple[float, float, float]:
    """Smallest effect, share of ``LOTS`` draws that saw it, share whose interval held what was really given."""
    warnings.simplefilter("ignore")
    length = world.periods - RECORD
    drawn, settings = draw(world, seed), settings_of(world)
    seen = slice(0, RECORD)
    panel = make_panel(world.name, drawn.recorded_sales[:, seen], drawn.recorded_promotion[:, seen])
    market = fit_market(build_frame(panel, settings.model, settings.adstock), settings)
    rng = np.random.default_rng([5, seed])
    chosen = assign(baseline(panel, market.frame.grid_rows), rng)
    (told,) = showings(market, chosen, DOSE, (length,), rng, power=POWER)
    assert told.smallest is not None
    known = chosen.baseline
    before, after = (
        _sales(drawn, world, np.full(world.pharmacies, more), told.smallest)[known.rows].mean(axis=1)
        for more in (0.0, DOSE)
    )
    lots = draw_lots(chosen.stratum, LOTS, rng)
    sales = before + lots * (after - before)
    found = contrast(sales, DOSE * lots, np.column_stack([known.size, known.growth]), known.scale)
    truth = float((after - before).mean()) / DOSE
    reach = found.reach(0.95)
    return (
        told.smallest,
        float(np.mean(np.abs(found.value) > reach)),
        float(np.mean(np.abs(found.value - truth) <= reach)),
    )


def _sales(drawn, world: World, given: np.ndarray, kept_up: float) -> np.ndarray:
    """True sales of the experiment's periods where the arm's units bring ``kept_up`` on average."""
    rest = 1.0 - sum(weight for _, weight in world.phi)
    stock = np.zeros_like(drawn.stock)
    for t in range(BURN_IN + RECORD, stock.shape[1]):
        stock[:, t] = (1.0 - world.decay) * given + world.decay * stock[:, t - 1]
    slope = drawn.slope + (kept_up * rest - world.beta)
    drive = drawn.drive + drawn.slope * respond(world, drawn.stock) + slope * stock
    return solve(world, drive)[:, BURN_IN + RECORD :]


def regions(seed: int, *, weeks: int, after: int, effect: float, in_proportion: bool) -> tuple[MarketPanel, Settings]:
    """A hundred regions of very different size over 90 weeks."""
    rng = np.random.default_rng([3, seed])
    size, steps = np.exp(0.8 * rng.standard_normal(100)) * 10_000.0, np.arange(90)
    common = 1.1 ** (steps / 52.0) * (1.0 + 0.1 * np.sin(2 * np.pi * steps / 52.0))
    common = common * np.exp(0.02 * rng.standard_normal(90))
    errors = rng.standard_normal((100, 90))
    for t in range(1, 90):
        errors[:, t] = 0.5 * errors[:, t - 1] + np.sqrt(0.75) * errors[:, t]
    own = (1.0 + 0.05 * rng.standard_normal((100, 1))) ** (steps / 52.0)
    sales = size[:, None] * common * own * np.exp(0.05 * errors)
    spend, start = np.zeros((100, 90)), 90 - after - weeks
    dose = 100.0 * size / size.mean() if in_proportion else np.full(100, 100.0)
    more = rng.permutation(100)[:50]
    spend[more, start : start + weeks] = dose[more, None]
    panel = make_panel("G", sales + effect * spend, spend, period_type="week", first_period=2660)
    assigned = [panel.period_label(start), panel.period_label(start + weeks - 1)]
    model = {"design": "experiment", "assigned": assigned}
    return panel, Settings.model_validate({"panel": {"period": "week"}, "model": model})


def readout(case: dict[str, Any], seed: int) -> tuple[float, float, bool, bool, bool]:
    """Estimate, SE, whether the interval held the truth, whether carry-over is claimed, whether balance fails."""
    panel, settings = regions(seed, **case)
    found = read_experiment(panel, settings)
    assert found is not None
    failed = any(check.id == "balance" and check.status == "fail" for check in experiment_checks(found))
    held = found.effect.lower <= case["effect"] <= found.effect.upper
    return found.effect.estimate, found.effect.se, held, found.carry_over, failed


CASES: dict[str, dict[str, Any]] = {
    f"{weeks} weeks, {after} after, spend {word}, return {effect:g}": {
        "weeks": weeks, "after": after, "effect": effect, "in_proportion": word == "by size",
    }
    for word in ("the same", "by size")
    for weeks, after in ((4, 0), (4, 8), (12, 0))
    for effect in (3.0, 0.0)
}  # fmt: skip
MEASURES = {"kept-up": "kept", "first-month": "first", "incremental": "incremental"}


def calibration(world: World, seed: int) -> dict[str, tuple[bool, bool, bool, bool]]:
    """By measure: whether market, experiment and both together held the truth, whether the last is narrower."""
    warnings.simplefilter("ignore")
    drawn, settings = draw(world, 1000 + seed), settings_of(world)
    frame = build_frame(drawn.to_panel("M"), settings.model, settings.adstock)
    market = fit_market(frame, settings)
    impact, truth = measure_impact(market, settings), drawn.truth(frame.used)
    assert impact.incremental is not None
    rng = np.random.default_rng([9, seed])
    period = [frame.panel.period_label(0), frame.panel.period_label(frame.panel.n_periods - 1)]
    sizes = {
        "kept-up": impact.effects[0].kept_up, "first-month": impact.effects[0].first_period,
        "incremental": impact.incremental,
    }  # fmt: skip
    made = []
    for name, size in sizes.items():
        se = (size.upper - size.lower) / 3.92 * np.exp(rng.uniform(-0.7, 0.7))
        effect = truth[MEASURES[name]] + se * rng.standard_normal()
        made.append({"market": "M", "effect": effect, "se": se, "period": period, "measures": name})
    out = {}
    for one in calibrate(market, impact, Settings.model_validate({"calibration": made})):
        true = truth[MEASURES[one.measures]]
        parts = (one.market, one.experiment, one.combined)
        held = [part.lower <= true <= part.upper for part in parts]
        widths = [part.upper - part.lower for part in parts]
        out[one.measures] = (*held, widths[2] < min(widths[:2]))
    return out


def _tables(part: str, markets: int, pool: ProcessPoolExecutor) -> list[str]:
    """Lines of one part's table."""
    if part == "power":
        lines = [
            "| World | Smallest effect | Stated power | Realised | Held the truth |",
            "|---|---|---|---|---|",
        ]
        for world in WORLDS:
            effect, seen, held = np.mean(_each(pool, experiment, world, markets), axis=0)
            lines.append(f"| {world.name} | {effect:,.0f} | {POWER:.1%} | {seen:.1%} | {held:.1%} |")
            print(lines[-1], file=sys.stderr, flush=True)
        return lines
    if part == "readout":
        lines = [
            "| Experiment | Estimate | Its SD | SE | Held the truth | Carry-over claimed | Balance fails |",
            "|---|---|---|---|---|---|---|",
        ]
        for name, case in CASES.items():
            rows = np.array(_each(pool, readout, case, markets), dtype=float)
            mean, sd = rows.mean(axis=0), rows[:, 0].std()
            lines.append(
                f"| {name} | {mean[0]:.2f} | {sd:.2f} | {mean[1]:.2f} | {mean[2]:.1%} | {mean[3]:.0%} | {mean[4]:.1%} |"
            )
        return lines
    rows = _each(pool, calibration, World(name="plain, 36 months", group="plain"), markets)
    lines = ["| Measure | Market | Experiment | Together | Narrower than both |", "|---|---|---|---|---|"]
    for name in MEASURES:
        shares = np.mean([row[name] for row in rows], axis=0)
        lines.append(f"| {name} | " + " | ".join(f"{share:.1%}" for share in shares) + " |")
    return lines


def _each(pool: ProcessPoolExecutor, study: Callable[[Any, int], Any], case: Any, markets: int) -> list[Any]:
    return list(pool.map(partial(study, case), range(markets), chunksize=25))


def main(arguments: list[str] | None = None) -> int:
    """Run the parts and write a table each."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--markets", type=int, default=500)
    parser.add_argument("-j", "--jobs", type=int, default=2)
    parser.add_argument("--parts", nargs="*", default=list(TITLES), choices=list(TITLES))
    parser.add_argument("--out", type=Path, default=HERE / "results")
    chosen = parser.parse_args(arguments)
    with ProcessPoolExecutor(chosen.jobs) as pool:
        for part in chosen.parts:
            made = f"{chosen.markets} draws a row. Made by `python tests/benchmarks/experiments.py`."
            lines = [f"# {TITLES[part]}", "", made, ""]
            lines += _tables(part, chosen.markets, pool)
            (chosen.out / f"experiments-{part}.md").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return 0


TITLES = {
    "power": f"Experiments that `reportgen design` drew, {DOSE:g} visits more, at the smallest effect it told",
    "readout": "Spend that was assigned at random to half of a hundred regions",
    "calibration": "An experiment and the market's estimate, together",
}


if __name__ == "__main__":
    sys.exit(main())
