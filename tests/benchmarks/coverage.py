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
from dataclasses import replace

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
from problems import written

from reportgen.config import Settings
from reportgen.model.draws import ModelDraws
from reportgen.model.impact import _totals, measure_impact
from reportgen.model.market_fit import MarketFit, fit_market
from reportgen.model.quality import slope_test
from reportgen.model.tables import decay_summaries, fixed_rows
from reportgen.panel.features import build_frame
from reportgen.panel.simulate import MarketSpec, SimulatedMarket, simulate_market

PERIODS = (12, 24, 36)
QUANTITIES = ("β", "φ1", "φ2", "long run", "incremental", "decay")
MODELS = {
    "corrected, decay estimated (default)": {"correction": True, "decay": "estimate"},
    "corrected, decay known": {"correction": True, "decay": 0.5},
    "plain, decay known": {"correction": False, "decay": 0.5},
}


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


def coverage_rows(markets: int, pharmacies: int) -> list[str]:
    """One row per model, length and quantity."""
    rows = []
    for label, options in MODELS.items():
        for periods in PERIODS:
            spec = MarketSpec(pharmacies=pharmacies, periods=periods)
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
            rows.append(f"| {label} | {periods} | " + " | ".join(cells) + f" | {uncertified} | {seconds:.2f} |")
            print(rows[-1], flush=True)
    return rows


def _cell(values: np.ndarray) -> str:
    """Coverage in percent, and the bias in standard deviations of the estimate."""
    estimate, lower, upper, truth = values.T
    known = np.isfinite(lower) & np.isfinite(upper)
    covered = np.mean((lower <= truth)[known] & (truth <= upper)[known])
    error = (estimate - truth)[np.isfinite(estimate)]
    bias = np.mean(error) / np.std(error)
    missing = f", {np.sum(~known)} without" if np.any(~known) else ""
    return f"{100 * covered:.1f} ({bias:+.2f}{missing})"


def slope_test_rows(markets: int, pharmacies: int) -> list[str]:
    """Share of markets without slope variance in which the test says p < 0.05."""
    rows = []
    for periods in PERIODS:
        spec = MarketSpec(pharmacies=pharmacies, periods=periods, sd_slope=0.0)
        counts = []
        for options in (MODELS["corrected, decay known"], MODELS["corrected, decay estimated (default)"]):
            rejected = 0
            for seed in range(markets):
                draw = simulate_market(replace(spec), np.random.default_rng([8, periods, seed]))
                test = slope_test(fitted(draw, **options)[0])
                rejected += test is not None and test.p is not None and test.p < 0.05
            counts.append(f"{100 * rejected / markets:.1f}")
        rows.append(f"| {periods} | " + " | ".join(counts) + " |")
        print(rows[-1], flush=True)
    return rows


def main(markets: int = 500, pharmacies: int = 100) -> int:
    """Run both studies and write the table."""
    lines = [
        "# Coverage of 95 % intervals, and the level of the slope test",
        "",
        f"{markets} simulated markets of {pharmacies} pharmacies per row, promotion targeted at large pharmacies:",
        f"`python tests/benchmarks/coverage.py {markets} {pharmacies}`. Percent of intervals that hold the truth; in",
        f"brackets the bias in SDs of the estimate. Simulation error: ±{196 * (0.0475 / markets) ** 0.5:.1f} points.",
        "",
        "| Model | Months | " + " | ".join(QUANTITIES) + " | Not certified | CPU s a market |",
        "|---|---:|" + "---:|" * (len(QUANTITIES) + 2),
        *coverage_rows(markets, pharmacies),
        "",
        "Type-I error of the random-slope test at 5 %, in percent (no slope variance in truth):",
        "",
        "| Months | Decay known | Decay estimated |",
        "|---:|---:|---:|",
        *slope_test_rows(markets, pharmacies),
    ]
    written("coverage", "\n".join(lines) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(*(int(value) for value in sys.argv[1:])))
