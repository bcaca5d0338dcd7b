"""Do forecast intervals of the next three periods hold what comes, and are they better than the year before?

``python tests/benchmarks/forecasts.py [--markets 40] [--worlds PATTERN ...] [--table]`` writes results/forecasts.md.
Markets of the worlds of ``reality.py`` are drawn three periods longer than they are shown; the fit and the forecast are
the product's, with default settings. Rows are kept under build/forecasts, one JSON line a market; ``--table`` makes the
table from them alone. Beside them the demo's markets, cut off before their last three months and six and nine months
earlier.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import warnings
from collections.abc import Iterator
from dataclasses import replace
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
    os.environ.setdefault(name, "1")

import numpy as np

from reportgen.model.effects.forecast import forecast
from reportgen.model.market.fit import fit_market
from reportgen.panel.checking.contract import validate_panel
from reportgen.panel.features import build_frame
from reportgen.panel.grid import MarketPanel, make_panel
from reportgen.panel.periods import PER_YEAR
from reportgen.panel.reading.read import read_table
from reportgen.settings.sections import Settings
from worlds.draw import draw
from worlds.study import settings_of
from worlds.world import WORLDS, World

HERE = Path(__file__).resolve().parent
ROWS = HERE.parents[1] / "build" / "forecasts"
AHEAD = 3
DEMO = "the demo's markets, four cuts"
_PLAIN = World(name="", group="plain")
_OWN = (
    replace(_PLAIN, name="effects differ by 20 %", sd_slope=180.0),
    replace(_PLAIN, name="effects differ by 50 %", sd_slope=450.0),
    replace(_PLAIN, name="effects differ by 100 %", sd_slope=900.0),
)
_NAMED = (
    "pharmacies do not differ in effect", "no effect: plain, 36 months", "saturating response, log", "plain, 12 months",
    "plain, 24 months", "plain, 12 pharmacies", "season 15%, promotion follows, 36 months",
    "common shocks 3%, campaigns common", "growth 10% a year, promotion follows", "growth differs, SD 10% a year",
    "errors with memory 0.4", "effect in proportion to sales", "months missing", "plain, 104 weeks",
    "6 territories with their own shocks and campaigns, named",
)  # fmt: skip
STUDIED: tuple[World, ...] = (*_OWN, *(next(one for one in WORLDS if one.name == name) for name in _NAMED))


def shown(panel: MarketPanel, periods: int) -> MarketPanel:
    """The first periods of a panel."""
    return make_panel(
        panel.market, panel.sales[:, :periods], panel.promotion[:, :, :periods], pharmacies=panel.pharmacies,
        period_type=panel.period_type, first_period=panel.first_period, channels=panel.channels,
        recorded=panel.recorded[:, :periods], territories=panel.territories,
    )  # fmt: skip


def scored(panel: MarketPanel, periods: int, settings: Settings, truth: np.ndarray | None = None) -> dict[str, Any]:
    """What is said of the periods after the first ones, and what came (``truth`` (G, T) where the record has gaps)."""
    seen = shown(panel, periods)
    found = forecast(fit_market(build_frame(seen, settings.model, settings.adstock), settings), settings)
    if found is None:
        return {}
    rows = [panel.pharmacies.index(one.pharmacy) for one in found.pharmacies]
    came = (panel.sales if truth is None else truth)[rows][:, periods : periods + AHEAD]
    expected = np.array([one.expected for one in found.pharmacies])
    known = np.isfinite(came)
    year = PER_YEAR[panel.period_type]
    sales = panel.sales[rows]
    before = sales[:, periods - year : periods - year + AHEAD] if periods >= year else sales[:, periods - 1, None]
    mean = np.nanmean(sales[:, :periods], axis=1)[:, None]
    before = np.where(np.isfinite(before), before, mean) * np.ones_like(came)
    # Where a cell did not come its forecast stands for it in the sums.
    totals = np.where(known, came, expected).sum(axis=0)
    total = found.total
    return {
        "periods": [bool(row.lower <= value <= row.upper) for row, value in zip(found.periods, totals, strict=True)],
        "total": bool(total.lower <= totals.sum() <= total.upper),
        "half": float((total.upper - total.lower) / 2.0 / total.estimate),
        "off": float(total.estimate / totals.sum() - 1.0),
        "error": float(np.abs(came - expected)[known].sum() / came[known].sum()),
        "naive": float(np.abs(came - before)[known].sum() / came[known].sum()),
    }


def world_rows(world: World, seeds: range) -> Iterator[dict[str, Any]]:
    """A row per market of a world."""
    for seed in seeds:
        drawn = draw(replace(world, periods=world.periods + AHEAD), seed)
        yield {"seed": seed, **scored(drawn.to_panel(world.name), world.periods, settings_of(world), drawn.sales)}


def demo_rows() -> Iterator[dict[str, Any]]:
    """Rows of the demo's markets at four cuts."""
    settings = Settings.model_validate({"panel": {"source": "demo_panel.csv"}})
    root = HERE.parents[1] / "data"
    checked = validate_panel(read_table(settings.panel, root), settings)
    for panel in checked.markets.values():
        for cut in (3, 6, 9, 12):
            try:
                yield {"seed": f"{panel.market} {cut}", **scored(panel, panel.n_periods - cut, settings)}
            except ValueError:  # a market that cannot be fitted
                continue


def main(arguments: list[str] | None = None) -> int:
    """Forecast what has no row yet, then write the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--markets", type=int, default=40)
    parser.add_argument("--worlds", nargs="*", default=["*"])
    parser.add_argument("--table", action="store_true")
    chosen = parser.parse_args(arguments)
    warnings.simplefilter("ignore")
    ROWS.mkdir(parents=True, exist_ok=True)
    names = [world.name for world in STUDIED] + [DEMO]
    for world in () if chosen.table else STUDIED:
        if any(fnmatch(world.name, pattern) for pattern in chosen.worlds):
            done = len(_kept(world.name))
            _keep(world.name, world_rows(world, range(done, chosen.markets)))
    if not chosen.table and any(fnmatch(DEMO, pattern) for pattern in chosen.worlds) and not _kept(DEMO):
        _keep(DEMO, demo_rows())
    lines = [_line(name, rows) for name in names if (rows := _kept(name))]
    every = [row for name in names for row in _kept(name) if row.get("periods")]
    text = "\n".join([*_HEAD, *lines, "", _sum(every)]) + "\n"
    (HERE / "results" / "forecasts.md").write_text(text)
    print(text)
    return 0


_HEAD = [
    "# Forecasts of the next three periods",
    "",
    "`python tests/benchmarks/forecasts.py`. 95 % intervals of the market's sales in each of the three periods, and of",
    "their sum, that hold what came; half width and bias of the sum; absolute error of pharmacies and periods as a",
    "share of sales, beside that of the same periods a year before; markets in which the forecast errs less.",
    "",
    "| World | Markets | Periods held | Sums held | Half width | Bias | Error | A year before | Better |",
    "|---|---:|---:|---:|---:|---:|---:|---:|---:|",
]


def _line(name: str, rows: list[dict[str, Any]]) -> str:
    known = [row for row in rows if row.get("periods")]
    held = np.mean([hit for row in known for hit in row["periods"]])
    half, off, error, naive = (np.mean([row[key] for row in known]) for key in ("half", "off", "error", "naive"))
    better = np.mean([row["error"] < row["naive"] for row in known])
    sums = np.mean([row["total"] for row in known])
    return (
        f"| {name} | {len(known)} | {100 * held:.1f} % | {100 * sums:.1f} % | {100 * half:.1f} % | {100 * off:+.1f} % "
        f"| {100 * error:.1f} % | {100 * naive:.1f} % | {100 * better:.0f} % |"
    )


def _sum(rows: list[dict[str, Any]]) -> str:
    held = np.mean([hit for row in rows for hit in row["periods"]])
    sums, better = np.mean([row["total"] for row in rows]), np.mean([row["error"] < row["naive"] for row in rows])
    return (
        f"All {len(rows)} markets together: {100 * held:.1f} % of periods and {100 * sums:.1f} % of sums are held; the "
        f"forecast errs less than the year before in {100 * better:.1f} %."
    )


def _file(name: str) -> Path:
    return ROWS / ("".join(char if char.isalnum() else "-" for char in name) + ".jsonl")


def _kept(name: str) -> list[dict[str, Any]]:
    path = _file(name)
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def _keep(name: str, rows: Iterator[dict[str, Any]]) -> None:
    with _file(name).open("a") as file:
        for row in rows:
            file.write(json.dumps(row) + "\n")
            file.flush()


if __name__ == "__main__":
    sys.exit(main())
