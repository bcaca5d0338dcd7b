"""Stress: random problems (q <= 3, p <= 10, wild scales); each must be certified right, or flagged, or refused.

``python tests/benchmarks/stress.py [problems] [first seed]`` writes results/stress.md. Every answer is
compared with the best of mixedlm-rs and of scipy from 12 random starts on mixedlm-rs' kernel, all measured
by an independent likelihood in long double (50 digits where it and ours differ). A certified fit more than
1e-6 + 1e-10 relative below the best, or whose own value is off by as much, is *silently wrong*.
"""

from __future__ import annotations

import os
import sys
import time
from collections import Counter
from contextlib import suppress

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np

from problems import random_problem, written
from reportgen.model.lmm.columns import NoResidualVariation, RankDeficient
from reportgen.model.lmm.fit import fit_lmm
from witnesses import FAILURES, exact_loglik, mixedlm_rs_fit, multi_start_fit, yardstick

STARTS = 12


def best_of_others(design, seed: int, *, correlated: bool) -> float:
    """Highest log-likelihood any other search reached; -inf where all failed."""
    searches = [lambda: multi_start_fit(design, STARTS, seed, correlated=correlated)]
    if correlated:
        searches.append(lambda: mixedlm_rs_fit(design))
    values = []
    for search in searches:
        with suppress(*FAILURES):
            values.append(yardstick(design, search().root))
    return max(values, default=-np.inf)


def judge(seed: int) -> tuple[str, float, float, float]:
    """Outcome, our shortfall against the best, disagreement with the yardstick, CPU seconds."""
    design, correlated = random_problem(seed)
    before = time.process_time()
    try:
        fit = fit_lmm(design, rung="correlated" if correlated else "uncorrelated")
    except (RankDeficient, NoResidualVariation) as error:
        return f"refused: {type(error).__name__}", 0.0, 0.0, time.process_time() - before
    seconds = time.process_time() - before
    own = yardstick(design, fit.lower)
    tolerance = 1e-6 + 1e-10 * abs(own)
    if abs(own - fit.loglik) > tolerance:
        own = exact_loglik(design, fit.lower)
    shortfall = best_of_others(design, seed, correlated=correlated) - own
    disagreement = abs(own - fit.loglik)
    if not fit.certified:
        outcome = "flagged, below the best" if shortfall > tolerance else "flagged, at the best"
    elif shortfall > tolerance or disagreement > tolerance:
        outcome = "SILENTLY WRONG"
    else:
        outcome = "certified, singular" if fit.singular else "certified"
    return outcome, shortfall, disagreement, seconds


def main(problems: int = 600, first: int = 0) -> int:
    """Run, write the table; exit code 1 if anything was silently wrong."""
    outcomes: Counter[str] = Counter()
    rows, notes = [], []
    for seed in range(first, first + problems):
        outcome, shortfall, disagreement, seconds = judge(seed)
        outcomes[outcome] += 1
        rows.append((shortfall, disagreement, seconds))
        if outcome.startswith(("SILENTLY", "flagged")):
            notes.append(
                f"- seed {seed}: {outcome}; others minus ours {shortfall:.2e}, own value off by {disagreement:.2e}"
            )
    shortfall, disagreement, seconds = np.array(rows).T
    finite = np.isfinite(shortfall)
    summary = (
        f"Largest shortfall against the best of the others: {np.max(shortfall[finite]):.1e} log-likelihood. "
        f"The others fell short of ours by more than 1e-6 on {int(np.sum(shortfall < -1e-6))} problems "
        f"(largest {-np.min(shortfall[finite]):.3g}; failed entirely on {int(np.sum(~finite))}). "
        f"Largest error of our own value: {np.max(disagreement):.1e}. "
        f"CPU per fit: median {1e3 * np.median(seconds):.1f} ms, largest {1e3 * np.max(seconds):.0f} ms."
    )
    lines = [
        "# Stress: random problems with wild scales",
        "",
        f"Seeds {first} to {first + problems - 1}: `python tests/benchmarks/stress.py {problems} {first}`.",
        "",
        "| Outcome | Problems |",
        "|---|---:|",
        *(f"| {name} | {count} |" for name, count in sorted(outcomes.items())),
        "",
        summary,
        "",
        *notes,
    ]
    written("stress", "\n".join(lines).rstrip() + "\n")
    return int(outcomes["SILENTLY WRONG"] > 0)


if __name__ == "__main__":
    sys.exit(main(*(int(value) for value in sys.argv[1:])))
