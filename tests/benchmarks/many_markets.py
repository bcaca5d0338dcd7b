"""A thousand small markets on one core: time and memory; writes results/many_markets.md.

``python tests/benchmarks/many_markets.py [markets]``

*Core fits*: from design matrices to optima, two starts each. *Certified fits*: that,
statsmodels' likelihood at every answer, full-information SE with Satterthwaite df, conditional modes and their
variances. CPU seconds of one thread, once. *Memory*: the most that Python and numpy hold while the designs are
fitted, beyond the designs, and what the fits keep.
"""

from __future__ import annotations

import os
import sys
import time
import tracemalloc
from collections.abc import Callable

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from problems import market_problem, written
from reportgen.model.lmm.columns import Design
from reportgen.model.lmm.fit import LmmFit, fit_lmm
from reportgen.model.lmm.inference import fixed_covariance
from reportgen.model.lmm.mixedlm import loglik_gap
from reportgen.model.lmm.modes import conditional_covariance, conditional_modes
from reportgen.panel.simulate import MarketSpec

TITLE = """# Many markets on one core

`python tests/benchmarks/many_markets.py`, CPU time of one thread on a busy machine, one market after another.
"""


def seconds(action: Callable[[], object]) -> tuple[float, object]:
    """CPU seconds of one call, and its value."""
    start = time.process_time()
    value = action()
    return time.process_time() - start, value


def certify(fits: list[LmmFit]) -> int:
    """What a certified fit needs beyond the optimum; returns how many are certified."""
    certified = 0
    for fit in fits:
        gap = loglik_gap(fit)
        fixed_covariance(fit)
        conditional_modes(fit)
        conditional_covariance(fit)
        certified += fit.certified and (gap is None or gap < 1e-6)
    return certified


def memory(designs: list[Design]) -> tuple[float, float]:
    """Bytes a row held at most, and kept, by the fits of all designs beyond the designs."""
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    fits = [fit_lmm(design) for design in designs]
    kept, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    rows = sum(len(fit.design.y) for fit in fits)
    return (most - before) / rows, (kept - before) / rows


def main(markets: int) -> None:
    spec = MarketSpec(pharmacies=100, periods=12)
    designs = [market_problem(spec, seed, correction=True) for seed in range(markets)]
    core, fits = seconds(lambda: [fit_lmm(design) for design in designs])
    assert isinstance(fits, list)
    rest, certified = seconds(lambda: certify(fits))
    singular = sum(fit.singular for fit in fits)
    lines = [
        "| Quantity | Value |",
        "|---|---|",
        f"| Markets of 100×12, corrected model | {markets} |",
        f"| Core fits, s | {core:.2f} |",
        f"| Whole certified fits, s | {core + rest:.2f} |",
        f"| Certified, of which singular | {certified}, {singular} |",
    ]
    most, kept = memory(designs)
    lines.append(f"| Memory of all fits, bytes a row: at most, kept in the fits | {most:.0f}, {kept:.0f} |")
    for groups, periods in ((200, 36), (1000, 60)):
        most, kept = memory([market_problem(MarketSpec(pharmacies=groups, periods=periods), 1, correction=True)])
        lines.append(f"| Memory of one market of {groups}×{periods}, bytes a row | {most:.0f}, {kept:.0f} |")
    written("many_markets", "\n".join([TITLE, *lines]) + "\n")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000)
