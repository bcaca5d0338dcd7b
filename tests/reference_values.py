"""Reads the cases and values of tests/reference and turns a case into a design (see its README)."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from reportgen.model.lmm.columns import Design, with_periods
from reportgen.model.lmm.deviance import evaluate, pattern
from reportgen.model.lmm.fit import LmmFit, Method, Rung, assemble, fit_lmm
from reportgen.model.lmm.reml import Optimum

FOLDER = Path(__file__).parent / "reference"


@lru_cache(maxsize=8)
def reference(name: str) -> dict[str, Any]:
    """The content of tests/reference/<name>.json."""
    return json.loads((FOLDER / f"{name}.json").read_text())  # type: ignore[no-any-return]


CASES: dict[str, dict[str, Any]] = reference("cases")
METHODS: tuple[Method, ...] = ("REML", "ML")


@lru_cache(maxsize=64)
def design(name: str) -> Design:
    """The case's columns, rows sorted by group (stable), groups in byte order as in R's radix sort."""
    case = CASES[name]
    frame = pd.read_csv(FOLDER / "data" / f"{case['data']}.csv", dtype={case["group"]: str}, keep_default_na=False)
    for column, factor in case.get("scale", {}).items():
        frame[column] *= factor
    frame = frame.sort_values(case["group"], kind="stable")
    codes, _ = pd.factorize(frame[case["group"]])
    ones = np.ones((len(frame), 1))
    rows = Design(
        y=frame[case["response"]].to_numpy(float),
        x=np.hstack([ones, frame[case["fixed"]].to_numpy(float)]),
        z=np.hstack([ones, frame[case["random"]].to_numpy(float)]),
        group=codes.astype(np.intp),
        groups=int(codes.max()) + 1,
        names=("Intercept", *case["fixed"]),
        z_names=("Intercept", *case["random"]),
    )
    if "period" not in case:
        return rows
    period, names = pd.factorize(frame[case["period"]], sort=True)
    return with_periods(rows, period.astype(np.intp), tuple(map(str, names[1:])))


def rung(name: str) -> Rung:
    """The rung of the ladder that the case's random part corresponds to."""
    case = CASES[name]
    if not case["random"]:
        return "intercept"
    return "correlated" if case.get("correlated", True) else "uncorrelated"


@lru_cache(maxsize=128)
def fitted(name: str, method: Method = "REML") -> LmmFit:
    """Our own optimum of the case."""
    return fit_lmm(design(name), method=method, rung=rung(name))


def fit_at(name: str, theta: list[float] | np.ndarray, method: Method = "REML") -> LmmFit:
    """Our numbers of the case at a given theta (lme4's parameterisation, data units), nothing optimised."""
    from reportgen.model.lmm.crossproducts import cross_products

    rows = design(name)
    kind = rung(name)
    correlated = kind != "uncorrelated"
    products, scaling = cross_products(rows, correlated=correlated)
    q = products.q
    free = pattern(q, correlated)
    lower = np.zeros((q, q))
    lower[free] = theta
    root = np.linalg.solve(scaling.z_inverse, lower)
    scaled = np.linalg.qr(root.T, mode="r").T
    scaled *= np.where(np.diag(scaled) < 0, -1.0, 1.0)
    at = evaluate(products, scaled[free][None], free, reml=method == "REML")
    point = Optimum(
        theta=np.repeat(at.theta, 2, axis=0),
        deviance=np.repeat(at.deviance, 2),
        kkt=np.zeros(2),
        iterations=np.zeros(2, dtype=np.intp),
        converged=np.ones(2, dtype=bool),
    )
    return assemble(rows, products, scaling, point, method=method, rung=kind)
