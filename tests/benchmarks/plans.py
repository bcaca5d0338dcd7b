"""What is a plan worth, how often does it lose, and does its interval hold? Writes results/plans.md.

``python tests/benchmarks/plans.py [--markets 200] [-j 1] [--worlds NAME ...]``: markets of worlds with known effects go
through the whole analysis at default settings; the plan that the report recommends is then judged by the true effects.
An oracle that knows every pharmacy's effect plans within the same bounds, in small steps. Markets of the saturating
world agree on a curve in pools, as those of one run do.
"""

from __future__ import annotations

import argparse
import os
import sys
import warnings
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path

for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
    os.environ.setdefault(name, "1")

import numpy as np
import pandas as pd

from reportgen.model.agreed.shape import market_shape, search_shapes
from reportgen.model.analysis import analyse_market
from reportgen.model.market.bend import Shapes
from reportgen.model.planning.allocate import Ladder
from reportgen.results import MarketResults, Plan
from worlds.draw import BURN_IN, Draw, draw, respond
from worlds.study import PROVENANCE, Row, seen_panel, settings_of
from worlds.world import World

OUT = Path(__file__).resolve().parent / "results" / "plans.md"
YEAR, BOUND, FINE, POOL = 12, 0.25, 100, 20
CLUSTERS = "two clusters"
WORLDS: tuple[World, ...] = (
    World(name="effect SD 20 % of its mean", sd_slope=180.0),
    World(name="effect SD 50 %", sd_slope=450.0),
    World(name="effect SD 100 %", sd_slope=900.0),
    World(name=CLUSTERS, sd_slope=540.0),
    World(name="saturating, A/(A+c), SD 50 %", sd_slope=450.0, curve="hill", promotion_spread=2.5),
    World(name="no differences", sd_slope=0.0),
    World(name="no effect", beta=0.0, sd_slope=0.0),
)
COLUMNS = (
    "World", "Markets", "Oracle gains", "Plan gains", "Recommended", "Gain where recommended", "told", "Loses",
    "Interval held", "Pharmacies' held, kept up", "in the table",
)  # fmt: skip
HEAD = """\
# Plans of worlds with known effects

`python tests/benchmarks/plans.py --markets {markets}`. 60 pharmacies, 36 months, default settings: bound ±25 %, the
same total, whole units over a year. Gains are of sales a month, kept up, in percent of what promotion brings a month;
*Plan gains* is the mean over all markets, those without a recommendation count as none. The oracle knows every
pharmacy's effect. *Told*: mean expected gain of the recommended plans, by the report. *Loses*: percent of all markets
with a recommended plan that loses. *Interval held*: percent of the printed gain intervals (95 %) that hold the true
gain. *Pharmacies' held*: percent of the intervals of pharmacies' effects that hold the truth, of the plan (kept up) and
of the table of pharmacies. Two clusters: half of the pharmacies at 0.4, half at 1.6 of the mean effect."""


def clustered(drawn: Draw) -> Draw:
    """The same draw with two kinds of pharmacies, at 0.4 and 1.6 of the mean effect."""
    from worlds.draw import solve

    world = drawn.world
    rng = np.random.default_rng([31, drawn.sales.size])
    size = len(drawn.slope)
    kind = rng.permutation(np.where(np.arange(size) < size // 2, 0.4, 1.6))
    slope = np.broadcast_to((world.beta * kind)[:, None], drawn.slope.shape).copy()
    sales = solve(world, drawn.drive + slope * respond(world, drawn.stock))[:, BURN_IN:]
    return replace(drawn, slope=slope, sales=sales, recorded_sales=sales)


def drawn_of(world: World, seed: int) -> Draw:
    """Market number ``seed``."""
    found = draw(world, seed)
    return clustered(found) if world.name == CLUSTERS else found


class Truth:
    """What promotion brings a month, kept up, at other shares of the promotion of the last year."""

    def __init__(self, drawn: Draw) -> None:
        self.world = drawn.world
        self.now = drawn.recorded_promotion[:, -YEAR:].mean(axis=1)
        stock = drawn.stock[:, -YEAR:]
        # As it moved in the last year, around what is kept up.
        self.stock = stock * (self.now / stock.mean(axis=1))[:, None]
        self.kept_up = drawn.slope[:, -1] / (1.0 - sum(weight for _, weight in drawn.world.phi))

    def brings(self, level: np.ndarray) -> np.ndarray:
        """Money a month of each pharmacy, (G,), at ``level`` (G,) units a month."""
        share = level / np.maximum(self.now, 1e-9)
        return self.kept_up * respond(self.world, self.stock * share[:, None]).mean(axis=1)

    def gain(self, level: np.ndarray) -> float:
        return float((self.brings(level) - self.brings(self.now)).sum())

    def oracle(self) -> float:
        """Gain of the best plan within the bounds, in hundredths of them."""
        step = BOUND * float(self.now.mean()) / FINE
        room = np.floor(BOUND * self.now / step).astype(np.intp)
        at = np.linspace(-1.0, 1.0, 41)[:, None] * BOUND
        table = np.array([self.brings(self.now * (1.0 + share)) for share in at])

        def returns(whose: np.ndarray, place: np.ndarray) -> np.ndarray:
            share = place * step / self.now[whose]
            spot = np.clip((share + BOUND) / (2.0 * BOUND) * 40.0, 0.0, 40.0)
            low = np.minimum(spot.astype(np.intp), 39)
            return table[low, whose] + (spot - low) * (table[low + 1, whose] - table[low, whose])

        steps = Ladder.of(room, returns).allocate(0)
        return self.gain(self.now + steps * step)


def studied(name: str, start: int, size: int) -> list[Row]:
    """Plans of the markets ``start`` to ``start + size`` of a world, and what they are truly worth."""
    warnings.simplefilter("ignore")
    world = next(world for world in WORLDS if world.name == name)
    settings, draws = settings_of(world), {seed: drawn_of(world, seed) for seed in range(start, start + size)}
    panels = {seed: seen_panel(world, found, seed) for seed, found in draws.items()}
    shapes: Shapes = ()
    if world.curve != "linear":
        shapes = search_shapes(
            lambda question: {str(seed): market_shape(panel, settings, question) for seed, panel in panels.items()},
            settings.panel.promotion,
            settings,
        )
    rows = []
    for seed, panel in panels.items():
        results = analyse_market(panel, settings, PROVENANCE, shapes=shapes)
        assert results.plan is not None
        rows.append({"world": name, "seed": seed, **judged(results.plan, draws[seed]), **held(results, draws[seed])})
    return rows


def judged(plan: Plan, drawn: Draw) -> Row:
    """A plan by the truth."""
    truth = Truth(drawn)
    whole = float(truth.brings(truth.now).sum())
    unit = whole if drawn.world.has_effect else 1.0
    moves = plan.outcome == "recommended" and plan.gain is not None
    row: Row = {
        "oracle": truth.oracle() / unit if drawn.world.has_effect else 0.0,
        "recommended": moves, "outcome": plan.outcome, "reason": plan.reason, "check": plan.check,
        "gain": 0.0, "told": np.nan, "held": np.nan,
    }  # fmt: skip
    if moves and plan.gain is not None:
        moved = np.array([(line.next or 0.0) - (line.now or 0.0) for line in plan.rows])
        gain = truth.gain(truth.now + moved)
        low, high = plan.gain.lower or 0.0, plan.gain.upper or 0.0
        row |= {"gain": gain / unit, "told": (plan.gain.estimate or 0.0) / unit, "held": low <= gain <= high}
    return row


def held(results: MarketResults, drawn: Draw) -> Row:
    """Share of the intervals of pharmacies' effects that hold the truth; none where the response bends."""
    if drawn.world.curve != "linear" or results.plan is None or not results.pharmacies:
        return {"held:plan": np.nan, "held:table": np.nan}
    truth = {
        name: (slope, kept)
        for name, slope, kept in zip(
            [row.pharmacy for row in results.plan.rows], drawn.slope[:, -1], Truth(drawn).kept_up, strict=True
        )
    }
    plan = [row.effect.lower <= truth[row.pharmacy][1] <= row.effect.upper for row in results.plan.rows if row.effect]
    table = [
        row.lower <= truth[row.pharmacy][0] <= row.upper
        for row in results.pharmacies
        if row.lower is not None and row.upper is not None
    ]
    return {name: np.mean(part) if part else np.nan for name, part in (("held:plan", plan), ("held:table", table))}


def cells(name: str, rows: pd.DataFrame) -> list[str]:
    """One line of the table."""
    made, count = rows[rows["recommended"]], len(rows)
    held = f"{100 * made['held'].astype(float).mean():.0f} %" if len(made) else "–"
    some = f"{100 * made['gain'].mean():.1f} %" if len(made) else "–"
    told = f"{100 * made['told'].mean():.1f} %" if len(made) else "–"
    if rows["oracle"].max() == 0.0 and "effect" in name and len(made):
        some = told = "–"
    loses = 100 * (rows["recommended"] & (rows["gain"] < -1e-9)).mean()
    return [
        name, str(count), f"{100 * rows['oracle'].mean():.1f} %", f"{100 * rows['gain'].mean():.1f} %",
        f"{100 * rows['recommended'].mean():.0f} %", some, told, f"{loses:.1f} %", held,
        *(f"{100 * share:.0f} %" if share == share else "–" for share in rows[["held:plan", "held:table"]].mean()),
    ]  # fmt: skip


def chunks(markets: int) -> Iterator[tuple[int, int]]:
    """Pools of markets: start and size."""
    for start in range(0, markets, POOL):
        yield start, min(POOL, markets - start)


def main(arguments: list[str] | None = None) -> int:
    """Run the worlds and write the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--markets", type=int, default=200, help="markets a world")
    parser.add_argument("--worlds", nargs="*", default=[world.name for world in WORLDS])
    parser.add_argument("-j", "--jobs", type=int, default=1)
    parser.add_argument("--out", type=Path, default=OUT)
    chosen = parser.parse_args(arguments)
    lines = []
    with ProcessPoolExecutor(chosen.jobs) as pool:
        waiting = {
            name: [pool.submit(studied, name, start, size) for start, size in chunks(chosen.markets)]
            for name in chosen.worlds
        }
        for name, jobs in waiting.items():
            rows = pd.DataFrame([row for job in jobs for row in job.result()])
            lines.append(cells(name, rows))
            reasons = rows.loc[~rows["recommended"]].groupby(["outcome", "reason", "check"], dropna=False).size()
            print(lines[-1], reasons.to_dict(), file=sys.stderr, flush=True)
    table = [f"| {' | '.join(COLUMNS)} |", "|" + "---|" * len(COLUMNS), *(f"| {' | '.join(line)} |" for line in lines)]
    chosen.out.write_text("\n".join([HEAD.format(markets=chosen.markets), "", *table]) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
