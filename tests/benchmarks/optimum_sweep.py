"""Never below the best: our optimum against statsmodels, lme4 and mixedlm-rs on simulated and real data.

``python tests/benchmarks/optimum_sweep.py`` writes results/optimum_sweep.md. Needs Rscript with lme4 (left
out, and said so, where it is missing). Every program's covariance is measured by the same long-double likelihood.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np

from problems import TESTS, market_problem, rescaled, written
from reportgen.model.lmm.columns import Design
from reportgen.model.lmm.fit import Rung, fit_lmm
from reportgen.panel.simulate import MarketSpec
from witnesses import FAILURES, mixedlm_rs_fit, statsmodels_fit, yardstick

PROGRAMS = ("statsmodels", "lme4 default", "lme4 tight", "lme4 bobyqa", "mixedlm-rs")
TOLERANCE = 1e-6
SIGMA = 2500.0


@dataclass(frozen=True)
class Problem:
    """One data set of the sweep; ``kind`` is its row in the table."""

    name: str
    kind: str
    design: Design
    rung: Rung = "correlated"


def simulated() -> Iterator[Problem]:
    """Sizes x slope variance (over residual variance) x model, units and missing rows."""
    sizes = ((100, 12, 5), (200, 36, 2), (1000, 60, 1))
    for pharmacies, periods, repeats in sizes:
        for variance in (0.0, 0.05, 0.8):
            spec = MarketSpec(pharmacies=pharmacies, periods=periods, sd_slope=SIGMA * variance**0.5, sigma=SIGMA)
            for seed in range(repeats):
                label = f"{pharmacies}x{periods}-v{variance}-s{seed}"
                kind = f"simulated {pharmacies}×{periods}"
                plain = market_problem(spec, seed, correction=False)
                yield Problem(f"{label}-plain", f"{kind}, plain", plain)
                yield Problem(f"{label}-corrected", f"{kind}, corrected", market_problem(spec, seed, correction=True))
                if pharmacies == 1000:
                    continue
                yield Problem(f"{label}-sales", f"{kind}, sales ×1000", rescaled(plain, sales=1000.0))
                yield Problem(f"{label}-promotion", f"{kind}, promotion ×1000", rescaled(plain, promotion=1000.0))
                gaps = market_problem(replace(spec, gap_share=0.3), seed, correction=True)
                yield Problem(f"{label}-missing", f"{kind}, 30 % of rows missing", gaps)


def real() -> Iterator[Problem]:
    """The real data sets of tests/reference."""
    if str(TESTS) not in sys.path:
        sys.path.insert(0, str(TESTS))
    from reference_values import CASES, design, rung

    for name in CASES:
        if not name.startswith("sim"):
            yield Problem(f"real-{name}", f"real: {name}", design(name), rung(name))


def lme4_roots(problems: list[Problem]) -> dict[str, dict[str, np.ndarray]]:
    """Per problem and control, lme4's relative covariance factor; empty without R."""
    program = shutil.which("Rscript")
    if program is None:
        return {}
    out: dict[str, dict[str, np.ndarray]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for problem in problems:
            _write_csv(Path(folder) / f"{problem.name}.csv", problem.design)
        subprocess.run([program, str(Path(__file__).with_name("lme4_fits.R")), folder], check=True)
        for problem in problems:
            fits = json.loads((Path(folder) / f"{problem.name}.json").read_text())
            q = problem.design.z.shape[1]
            columns, rows = np.triu_indices(q)
            out[problem.name] = {}
            for control, fit in fits.items():
                if fit:
                    lower = np.zeros((q, q))
                    lower[rows, columns] = np.array(fit["theta"], dtype=float)
                    out[problem.name][f"lme4 {control}"] = lower
    return out


def _write_csv(path: Path, design: Design) -> None:
    columns = [design.group.astype(float), design.y, *design.x.T[1:], *design.z.T[1:]]
    names = [
        "group",
        "y",
        *(f"x{k}" for k in range(1, design.x.shape[1])),
        *(f"z{k}" for k in range(1, design.z.shape[1])),
    ]
    np.savetxt(path, np.column_stack(columns), delimiter=",", header=",".join(names), comments="", fmt="%.17g")


def main() -> int:
    """Run, write the table; exit code 1 if we are ever below another program or not certified."""
    problems = [*simulated(), *real()]
    roots = lme4_roots(problems)
    table: dict[str, list[dict[str, float]]] = {}
    bad = []
    for problem in problems:
        fit = fit_lmm(problem.design, rung=problem.rung)
        own = yardstick(problem.design, fit.lower)
        behind = {}
        found = dict(roots.get(problem.name, {}))
        for name, search in (("statsmodels", statsmodels_fit), ("mixedlm-rs", mixedlm_rs_fit)):
            with suppress(*FAILURES):
                found[name] = search(problem.design).root
        for name, root in found.items():
            behind[name] = np.inf
            with suppress(*FAILURES):
                behind[name] = own - yardstick(problem.design, root)
        behind["ours, value"] = abs(own - fit.loglik)
        table.setdefault(problem.kind, []).append(behind)
        if not fit.certified or min(behind[name] for name in found) < -TOLERANCE or behind["ours, value"] > TOLERANCE:
            bad.append(f"- {problem.name}: certified {fit.certified}, {behind}")
    written("optimum_sweep", _report(table, bad, len(problems)))
    return int(bool(bad))


def _report(table: dict[str, list[dict[str, float]]], bad: list[str], count: int) -> str:
    lines = [
        "# Never below the best",
        "",
        f"{count} data sets, REML: `python tests/benchmarks/optimum_sweep.py`. Each cell: on how many data sets the",
        "program ends more than 1e-6 (and, in brackets, more than 0.01) log-likelihood below our optimum, and the",
        "worst shortfall. The last column is the largest lead any program has over us (1e-9 counts as rounding).",
        "",
        "| Data | Sets | " + " | ".join(PROGRAMS) + " | Lead over us |",
        "|---|---:|" + "---:|" * (len(PROGRAMS) + 1),
    ]
    totals: list[dict[str, float]] = []
    for kind, rows in [*table.items(), ("**all**", totals)]:
        if rows is not totals:
            totals += rows
        cells = []
        for name in PROGRAMS:
            values = np.array([row[name] for row in rows if name in row])
            if not values.size:
                cells.append("not run")
                continue
            low, very = int(np.sum(values > TOLERANCE)), int(np.sum(values > 0.01))
            cells.append("0" if not low else f"{low} ({very}), {np.max(values):.2g}")
        lead = -min(row[name] for row in rows for name in PROGRAMS if name in row)
        lines.append(
            f"| {kind} | {len(rows)} | " + " | ".join(cells) + f" | {f'{lead:.0e}' if lead > 1e-9 else 'none'} |"
        )
    lines += ["", "Failures of ours: none." if not bad else "Failures of ours:", *bad]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
