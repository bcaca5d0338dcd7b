"""Problems that the benchmarks fit: simulated markets of the default and the plain model, real data, random stress.

A problem is a ``Design``; every generator is a pure function of its seed.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from reportgen.model.lmm.columns import Design
from reportgen.model.market.terms import market_design, model_terms
from reportgen.panel.features import build_frame
from reportgen.panel.simulate import MarketSpec, simulate_market
from reportgen.settings.sections import AdstockSettings, ModelSettings

TESTS = Path(__file__).resolve().parent.parent
RESULTS = Path(__file__).resolve().parent / "results"
if str(TESTS) not in sys.path:
    sys.path.insert(0, str(TESTS))


def market_problem(spec: MarketSpec, seed: int, *, correction: bool, decay: float | None = None) -> Design:
    """One simulated market as the product would hand it to the core, at the true decay by default."""
    panel = simulate_market(spec, np.random.default_rng(seed)).to_panel()
    model = ModelSettings()
    frame = build_frame(panel, model, AdstockSettings())
    terms = model_terms(frame, correction=correction, random_slope=True)
    return market_design(frame, terms, (spec.decay if decay is None else decay,))


def rescaled(design: Design, *, sales: float = 1.0, promotion: float = 1.0) -> Design:
    """The same problem with sales (response, lags, initial sales) or promotion columns in other units."""
    factors = np.ones(len(design.names))
    for k, name in enumerate(design.names):
        if name.endswith("Sales"):
            factors[k] = sales
        elif "Promotion" in name:
            factors[k] = promotion
    z = design.z * np.where([name == "Intercept" for name in design.z_names], 1.0, promotion)
    return replace_columns(design, design.y * sales, design.x * factors, z)


def replace_columns(design: Design, y: np.ndarray, x: np.ndarray, z: np.ndarray) -> Design:
    """The design with other columns, same rows and names."""
    return Design(y=y, x=x, z=z, group=design.group, groups=design.groups, names=design.names, z_names=design.z_names)


def random_problem(seed: int) -> tuple[Design, bool]:
    """A random mixed model meant to break optimisers, and whether its random effects are correlated.

    Up to 10 fixed and 3 random columns on scales from 1e-6 to 1e6, some far from zero, some nearly collinear;
    2 to 40 rows a group; relative SDs from 0 to 1000; sometimes lagged responses; heavy tails in one in four.
    """
    rng = np.random.default_rng([20240229, seed])
    groups = int(rng.integers(8, 121))
    sizes = rng.integers(2, 41, groups) if rng.random() < 0.5 else np.full(groups, int(rng.integers(4, 31)))
    n = int(sizes.sum())
    group = np.repeat(np.arange(groups), sizes)
    p, q = int(rng.integers(1, 11)), int(rng.integers(1, 4))
    x = _columns(rng, group, groups, p)
    z = np.ones((n, q))
    for k in range(1, q):
        z[:, k] = x[:, k] if k < p and rng.random() < 0.7 else _column(rng, group, groups)
    correlated = bool(rng.random() < 0.85) or q == 1
    lower = np.tril(rng.normal(size=(q, q))) if correlated else np.diag(rng.normal(size=q))
    lower *= 10.0 ** rng.uniform(-2.0, 1.5 if rng.random() < 0.9 else 3.0)
    lower[:, rng.random(q) < 0.2] = 0.0
    effects = rng.normal(size=(groups, q)) @ lower.T
    noise = rng.standard_t(3, n) if rng.random() < 0.25 else rng.normal(size=n)
    y = x @ rng.normal(size=p) + np.einsum("nq,nq->n", z, effects[group]) + noise
    if rng.random() < 0.3:
        y, x = _with_lag(rng, y, x, group, p)
    x = np.where(np.arange(p) == 0, 1.0, x * 10.0 ** rng.uniform(-6.0, 6.0, p))
    z = np.where(np.arange(q) == 0, 1.0, z * 10.0 ** rng.uniform(-6.0, 6.0, q))
    names = ("Intercept", *(f"x{k}" for k in range(1, p)))
    design = Design(
        y=y * 10.0 ** rng.uniform(-6.0, 6.0),
        x=x,
        z=z,
        group=group.astype(np.intp),
        groups=groups,
        names=names,
        z_names=("Intercept", *(f"z{k}" for k in range(1, q))),
    )
    return design, correlated


def _column(rng: np.random.Generator, group: np.ndarray, groups: int) -> np.ndarray:
    share = rng.random()
    between = rng.normal(size=groups)[group]
    within = rng.normal(size=len(group))
    offset = 10.0 ** rng.uniform(-1.0, 2.5) if rng.random() < 0.5 else 0.0
    return offset + np.sqrt(share) * between + np.sqrt(1.0 - share) * within


def _columns(rng: np.random.Generator, group: np.ndarray, groups: int, p: int) -> np.ndarray:
    columns = [np.ones(len(group))]
    for k in range(1, p):
        column = _column(rng, group, groups)
        if k > 1 and rng.random() < 0.15:
            column = columns[-1] + 1e-3 * column
        columns.append(column)
    return np.column_stack(columns)


def _with_lag(
    rng: np.random.Generator, y: np.ndarray, x: np.ndarray, group: np.ndarray, p: int
) -> tuple[np.ndarray, np.ndarray]:
    """Make the response autoregressive and the last fixed column its lag (zero before a group's first row)."""
    if p < 2:
        return y, x
    phi = rng.uniform(0.1, 0.9)
    out, lag = y.copy(), np.zeros_like(y)
    for row in range(1, len(y)):
        if group[row] == group[row - 1]:
            lag[row] = out[row - 1]
            out[row] += phi * lag[row]
    x = x.copy()
    x[:, -1] = lag
    return out, x


def written(name: str, text: str) -> None:
    """Print a result table and keep it under ``tests/benchmarks/results``."""
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{name}.md").write_text(text)
    print(text)
