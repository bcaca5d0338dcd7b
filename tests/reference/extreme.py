"""Write an extreme problem and its exact likelihood: ``python tests/reference/extreme.py`` (needs mpmath).

Random effects 5,700 times the residual, nearly of rank one, columns on scales from 1e-6 to 1e6: the
likelihood of ``data/extreme.csv`` at the covariance root in ``extreme.json`` is computed with 50 digits.
The root is an optimum found in double precision; that it is one is checked by moving it in 50 digits.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd

FOLDER = Path(__file__).resolve().parent
sys.path.insert(0, str(FOLDER.parent / "benchmarks"))

SEED = 579


def main() -> None:
    """Write data/extreme.csv and extreme.json."""
    from problems import random_problem
    from reportgen.model.lmm.fit import fit_lmm
    from witnesses import exact_loglik

    design, correlated = random_problem(SEED)
    rung = "correlated" if correlated else "uncorrelated"
    root = fit_lmm(design, rung=rung).lower
    best = exact_loglik(design, root)
    rng = np.random.default_rng(1)
    moved = [exact_loglik(design, root * (1.0 + 1e-3 * rng.normal(size=root.shape))) for _ in range(12)]
    if not max(moved) < best:
        raise SystemExit("the root is not an optimum")
    columns = {"group": design.group, "y": design.y}
    columns |= {f"x{k}": design.x[:, k] for k in range(1, design.x.shape[1])}
    columns |= {f"z{k}": design.z[:, k] for k in range(1, design.z.shape[1])}
    pd.DataFrame(columns).to_csv(FOLDER / "data" / "extreme.csv", index=False, float_format="%.17g")
    values = {"rung": rung, "root": root.tolist(), "loglik": best}
    (FOLDER / "extreme.json").write_text(json.dumps(values, indent=1) + "\n")


if __name__ == "__main__":
    main()
