"""Speed of the core against statsmodels in one run; writes results/core_speed.md.

``python tests/benchmarks/core_speed.py``

*core fit*: from arrays to optimum, one start (cross-products, search, estimates in data units). *certified
fit*: what the product does for a market: two starts (five where they disagree), statsmodels' likelihood at
the answer, full-information SE, Satterthwaite df, conditional modes and variances. CPU seconds of one
thread, the least of several runs; for ``MixedLM.fit(reml=True)`` on arrays of two (one at 1000×60).
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np

from problems import market_problem, written
from reportgen.model.lmm.columns import Design
from reportgen.model.lmm.crossproducts import cross_products
from reportgen.model.lmm.fit import LmmFit, assemble, fit_lmm
from reportgen.model.lmm.inference import fixed_covariance
from reportgen.model.lmm.mixedlm import loglik_gap
from reportgen.model.lmm.modes import conditional_covariance, conditional_modes
from reportgen.model.lmm.reml import minimise, starts
from reportgen.panel.simulate import MarketSpec
from witnesses import statsmodels_fit

SIZES = ((100, 12), (200, 36), (1000, 60))
SEEDS = (1, 2, 3)
COLUMNS = (
    "Pharmacies × months", "Model", "Core fit, ms", "Certified fit, ms", "statsmodels, s",
    "Core, times faster", "Certified, times faster", "Our log-likelihood minus statsmodels'",
)  # fmt: skip


def core_fit(design: Design) -> LmmFit:
    """One start, estimates in data units."""
    products, scaling = cross_products(design)
    found = minimise(products, starts(products), reml=True)
    return assemble(design, products, scaling, found, method="REML", rung="correlated")


def certified_fit(design: Design) -> LmmFit:
    """Everything the report needs of the fit itself."""
    fit = fit_lmm(design)
    loglik_gap(fit)
    fixed_covariance(fit)
    conditional_modes(fit)
    conditional_covariance(fit)
    return fit


def cpu(work: Callable[[], object], repeats: int) -> float:
    """Least CPU seconds of one call, after one to warm up: other work on the machine only ever adds."""
    work()
    seconds = []
    for _ in range(repeats):
        before = time.process_time()
        work()
        seconds.append(time.process_time() - before)
    return min(seconds)


def against_statsmodels() -> list[str]:
    """Rows of the first table."""
    rows = []
    for pharmacies, periods in SIZES:
        for correction in (False, True):
            ratios, gaps = [], []
            for seed in SEEDS:
                design = market_problem(MarketSpec(pharmacies=pharmacies, periods=periods), seed, correction=correction)
                repeats = 5 if pharmacies == 1000 else 15
                core, whole = (
                    cpu(lambda d=design: core_fit(d), repeats),
                    cpu(lambda d=design: certified_fit(d), repeats),
                )
                theirs = [statsmodels_fit(design) for _ in range(1 if pharmacies == 1000 else 2)]
                seconds = min(item.seconds for item in theirs)
                gaps.append(fit_lmm(design).loglik - theirs[0].loglik)
                ratios.append((1e3 * core, 1e3 * whole, seconds, seconds / core, seconds / whole))
            low, mid, top = (np.array(ratios).min(axis=0), np.median(ratios, axis=0), np.array(ratios).max(axis=0))
            model = "corrected (default)" if correction else "plain (seed)"
            rows.append(
                f"| {pharmacies}×{periods} | {model} | {mid[0]:.1f} | {mid[1]:.1f} | {mid[2]:.2f} | "
                f"{low[3]:.0f}-{top[3]:.0f} | {low[4]:.0f}-{top[4]:.0f} | {min(gaps):+.1e} .. {max(gaps):+.1e} |"
            )
    return rows


def scaling_rows() -> list[str]:
    """Cost of the search alone: flat in months, linear in pharmacies."""
    rows = []
    for pharmacies, periods in ((200, 12), (200, 36), (200, 120), (1000, 36), (5000, 36)):
        design = market_problem(MarketSpec(pharmacies=pharmacies, periods=periods), 1, correction=True)
        products, _ = cross_products(design)
        start = starts(products)
        count = int(minimise(products, start, reml=True).iterations[0])
        search = cpu(lambda p=products, s=start: minimise(p, s, reml=True), 9)
        sums = cpu(lambda d=design: cross_products(d), 5)
        rows.append(
            f"| {pharmacies}×{periods} | {1e3 * sums:.1f} | {1e3 * search:.1f} | {count} | {1e3 * search / count:.2f} |"
        )
    return rows


def main() -> int:
    """Run both tables."""
    lines = [
        "# Speed of the core",
        "",
        "`python tests/benchmarks/core_speed.py`, CPU time of one thread, three simulated markets a size",
        "(medians over markets of the least of several runs; ratios and log-likelihood as ranges).",
        "",
        "| " + " | ".join(COLUMNS) + " |",
        "|---|---|---:|---:|---:|---:|---:|---:|",
        *against_statsmodels(),
        "",
        "After one pass over the rows the search costs the same whatever the number of months:",
        "",
        "| Pharmacies × months | Cross-products, ms | Search, ms | Evaluations | ms per evaluation |",
        "|---|---:|---:|---:|---:|",
        *scaling_rows(),
    ]
    written("core_speed", "\n".join(lines) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
