"""Do 95 % intervals cover, and does the slope test hold its level? Simulated markets with known truth.

``python tests/benchmarks/coverage.py [markets] [pharmacies]`` writes results/coverage.md. Markets of the default
generator (promotion targeted at large pharmacies, adstock 0.5, two lags, random slopes) go through the
product's own path: frame, decay, fit, impact. *Incremental* is the total over the used rows, its truth the
same recursion at the true parameters and true slopes of the pharmacies.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np

from problems import written
from reportgen.model.effects.draws import ModelDraws
from reportgen.model.effects.impact import _totals, measure_impact
from reportgen.model.market.fit import MarketFit, fit_market
from reportgen.model.market.quality import slope_test
from reportgen.model.rows import decay_summaries, fixed_rows
from reportgen.panel.features import build_frame
from reportgen.panel.simulate import MarketSpec, SimulatedMarket, simulate_market
from reportgen.settings.sections import Settings

PERIODS = (12, 24, 36)
QUANTITIES = ("β", "φ1", "φ2", "long run", "incremental", "decay")
DEFAULT, KNOWN = {"correction": True, "decay": "estimate"}, {"correction": True, "decay": 0.5}
PLAIN = {"correction": False, "decay": 0.5}
STUDIES: tuple[tuple[str, dict[str, Any], bool], ...] = (
    ("corrected, decay estimated (default)", DEFAULT, False),
    ("corrected, decay known", KNOWN, False),
    ("plain, decay known", PLAIN, False),
    ("default, carry-over from before the record", DEFAULT, True),
)
"""Label, options of the fit, and whether the first months carry promotion that the record does not show."""


def fitted(draw: SimulatedMarket, *, correction: bool, decay: str | float) -> tuple[MarketFit, Settings]:
    """The product's fit of one simulated market."""
    settings = Settings.model_validate(
        {"model": {"correction": "initial-conditions" if correction else "none"}, "adstock": {"decay": decay}}
    )
    frame = build_frame(draw.to_panel(), settings.model, settings.adstock)
    return fit_market(frame, settings), settings


def intervals(
    draw: SimulatedMarket, market: MarketFit, settings: Settings
) -> dict[str, tuple[float, float, float, float]]:
    """Per quantity: estimate, lower, upper, truth (NaN limits where the product gives none)."""
    spec = draw.spec
    rows = {row.term: row for row in fixed_rows(market, 0.95)}
    impact = measure_impact(market, settings)
    out = {}
    truths = (spec.beta, *spec.phi)
    for name, term, truth in zip(QUANTITIES[:3], (*market.terms.promotion, *market.terms.lags), truths, strict=True):
        row = rows[term]
        out[name] = (row.estimate, row.lower, row.upper, truth)
    final = impact.long_run
    out["long run"] = (final.estimate, final.lower, final.upper, spec.long_run)
    if impact.incremental is not None:
        total = impact.incremental
        out["incremental"] = (total.total, total.lower, total.upper, true_incremental(draw, market))
    decay = decay_summaries(market)[0]
    if decay.estimated:
        out["decay"] = (decay.estimate, decay.lower, decay.upper, spec.decay)
    return {key: tuple(np.nan if value is None else float(value) for value in values) for key, values in out.items()}


def true_incremental(draw: SimulatedMarket, market: MarketFit) -> float:
    """The recursion at the truth."""
    spec = draw.spec
    slopes = (spec.beta + draw.slopes)[market.frame.grid_rows]
    truth = ModelDraws(
        decays=np.array([[spec.decay]]),
        slopes=slopes[None, None],
        phi=np.array([spec.phi]),
        beta=np.zeros((1, len(market.fit.beta))),
    )
    return float(_totals(market, truth).total[0])


def coverage_rows(label: str, options: dict[str, Any], history: bool, markets: int, pharmacies: int) -> Iterator[str]:
    """One row per length."""
    for periods in PERIODS:
        spec = MarketSpec(pharmacies=pharmacies, periods=periods, adstock_history=history)
        found: dict[str, list[tuple[float, ...]]] = {}
        uncertified, before = 0, time.process_time()
        for seed in range(markets):
            draw = simulate_market(spec, np.random.default_rng([7, periods, seed]))
            market, settings = fitted(draw, **options)
            uncertified += not market.certified
            for name, values in intervals(draw, market, settings).items():
                found.setdefault(name, []).append(values)
        seconds = (time.process_time() - before) / markets
        cells = [_cell(np.array(found[name])) if name in found else "" for name in QUANTITIES]
        yield f"| {label} | {periods} | " + " | ".join(cells) + f" | {uncertified} | {seconds:.2f} |"


def _cell(values: np.ndarray) -> str:
    """Coverage in percent, and the bias in standard deviations of the estimate."""
    estimate, lower, upper, truth = values.T
    known = np.isfinite(lower) & np.isfinite(upper)
    covered = np.mean((lower <= truth)[known] & (truth <= upper)[known])
    error = (estimate - truth)[np.isfinite(estimate)]
    bias = np.mean(error) / np.std(error)
    missing = f", {np.sum(~known)} without" if np.any(~known) else ""
    return f"{100 * covered:.1f} ({bias:+.2f}{missing})"


def slope_test_rows(markets: int, pharmacies: int) -> Iterator[str]:
    """Share of markets without slope variance in which the test says p < 0.05."""
    for periods in PERIODS:
        spec = MarketSpec(pharmacies=pharmacies, periods=periods, sd_slope=0.0)
        counts = []
        for options in (KNOWN, DEFAULT):
            rejected = 0
            for seed in range(markets):
                draw = simulate_market(spec, np.random.default_rng([8, periods, seed]))
                test = slope_test(fitted(draw, **options)[0])
                rejected += test is not None and test.p is not None and test.p < 0.05
            counts.append(f"{100 * rejected / markets:.1f}")
        yield f"| {periods} | " + " | ".join(counts) + " |"


def main(markets: int = 500, pharmacies: int = 100) -> int:
    """Run both studies; the table is kept after every row, so an interrupted run is not lost."""
    head = [
        "# Coverage of 95 % intervals, and the level of the slope test",
        "",
        f"{markets} simulated markets of {pharmacies} pharmacies per row, promotion targeted at large pharmacies:",
        f"`python tests/benchmarks/coverage.py {markets} {pharmacies}`. Percent of intervals that hold the truth; in",
        f"brackets the bias in SDs of the estimate. Simulation error: ±{196 * (0.0475 / markets) ** 0.5:.1f} points.",
        "",
        "| Model | Months | " + " | ".join(QUANTITIES) + " | Not certified | CPU s a market |",
        "|---|---:|" + "---:|" * (len(QUANTITIES) + 2),
    ]
    level = [
        "",
        "Type-I error of the random-slope test at 5 %, in percent (no slope variance in truth; aim 3.5 to 6.5):",
        "",
        "| Months | Decay known | Decay estimated |",
        "|---:|---:|---:|",
    ]
    first, *others = STUDIES
    rows, tests = [], []
    for part, into in (
        (coverage_rows(*first, markets, pharmacies), rows),
        (slope_test_rows(markets, pharmacies), tests),
        *((coverage_rows(*study, markets, pharmacies), rows) for study in others),
    ):
        for row in part:
            into.append(row)
            written("coverage", "\n".join([*head, *rows, *level, *tests]) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(*(int(value) for value in sys.argv[1:])))
