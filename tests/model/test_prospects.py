"""What `check` foresees is what a build does, over many small and odd markets."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pytest

from model_problems import PROVENANCE
from reportgen.model.analysis import analyse_market
from reportgen.model.prospects import foresee_market
from reportgen.panel.grid import MarketPanel, make_panel
from reportgen.results import MarketProspect, MarketResults
from reportgen.settings.sections import Settings

OF_DATA = {"common-campaigns", "entry-slips", "zero-months", "many-zeros"}
"""Checks that look at data alone."""
PROMOTION = ("varies", "varies", "varies", "zero", "constant", "national", "between", "one-pharmacy", "rare", "copy")
SALES = ("responds", "responds", "responds", "responds", "flat", "zero", "exact", "slips", "zero-months")
SETTINGS: tuple[dict[str, Any], ...] = (
    {},
    {},
    {"model": {"time": "none"}},
    {"model": {"time": "periods"}},
    {"model": {"correction": "none", "time": "season+trend"}},
    {"model": {"response": "log"}},
    {"adstock": {"decay": 0.4}},
    {"model": {"lags": [1, 2]}},
)


def promotion(rng: np.random.Generator, kind: str, shape: tuple[int, int]) -> np.ndarray:
    g, _ = shape
    made = rng.poisson(3.0, shape).astype(float)
    if kind == "zero":
        return np.zeros(shape)
    if kind == "constant":
        return np.full(shape, 4.0)
    if kind == "national":
        return np.broadcast_to(made[:1], shape).copy()
    if kind == "between":
        return np.broadcast_to(made[:, :1], shape).copy()
    if kind == "one-pharmacy":
        return np.where(np.arange(g)[:, None] == 0, made, 0.0)
    if kind == "rare":
        return np.where(rng.random(shape) < 0.05, made, 0.0)
    return made


def market(seed: int) -> tuple[MarketPanel, Settings]:
    rng = np.random.default_rng(seed)
    shape = (int(rng.integers(6, 16)), int(rng.integers(7, 22)))  # on both sides of what is too small
    kinds = [str(rng.choice(PROMOTION)) for _ in range(int(rng.integers(1, 4)))]
    doses = [promotion(rng, kind, shape) for kind in kinds]
    doses = [doses[0] if kind == "copy" else dose for kind, dose in zip(kinds, doses, strict=True)]
    level = rng.uniform(500, 2000, (shape[0], 1))
    sales = level + 40.0 * doses[0] + rng.normal(0.0, 60.0, shape)
    kind = str(rng.choice(SALES))
    if kind in ("flat", "zero"):
        sales = np.full(shape, 700.0 if kind == "flat" else 0.0)
    elif kind == "exact":
        sales = np.full(shape, 500.0) + 40.0 * doses[0]
    elif kind == "slips":
        sales = np.where(rng.random(shape) < 0.04, sales * 100.0, sales)
    elif kind == "zero-months":
        sales = np.where(rng.random(shape) < 0.08, 0.0, sales)
    lost = rng.random(shape) < rng.choice([0.0, 0.0, 0.1, 0.4])
    sales[lost] = np.nan
    controls = [rng.normal(size=shape), np.full(shape, 2.0), doses[0]][int(rng.integers(0, 8)) :][:1]
    panel = make_panel(
        "M",
        sales,
        np.stack(doses),
        channels=tuple(f"c{k}" for k in range(len(doses))),
        controls=np.stack(controls) if controls else None,
        control_names=("price",) if controls else (),
    )
    names = {"promotion": list(panel.channels), "controls": list(panel.control_names)}
    return panel, Settings.model_validate({**SETTINGS[int(rng.integers(0, len(SETTINGS)))], "panel": names})


def differences(seen: MarketProspect, built: MarketResults) -> list[str]:
    """Where the forecast and the build contradict each other."""
    assert seen.known is not None
    if seen.outcome == "no-estimate":
        same = (built.status, built.reasons) == ("not-estimable", seen.known.reasons)
        return [] if same else [f"foreseen {seen.codes}, built {built.status} {[r.code for r in built.reasons]}"]
    if [one.detail for one in built.reasons] == ["at some decays"]:
        return []  # at decays that only the search comes to
    if built.status == "not-estimable":
        return [f"not foreseen: {built.reasons}"]
    if built.status == "not-estimated":  # only the search itself can tell that
        return []
    wrong = []
    if tuple(one for one in built.withheld if one.check in OF_DATA) != seen.known.withheld:
        wrong.append(f"withheld {seen.codes}, built {sorted({one.check for one in built.withheld})}")
    if built.data.channels_left_out != seen.known.data.channels_left_out:
        wrong.append(f"left out {seen.known.data.channels_left_out}, built {built.data.channels_left_out}")
    if (seen.outcome == "withheld") != bool(seen.known.withheld):
        wrong.append(f"{seen.outcome} with {seen.known.withheld}")
    return wrong


def compare(seeds: range) -> Counter[str]:
    outcomes: Counter[str] = Counter()
    wrong = {}
    for seed in seeds:
        panel, settings = market(seed)
        seen = foresee_market(panel, settings)
        outcomes[seen.outcome] += 1
        if found := differences(seen, analyse_market(panel, settings, PROVENANCE)):
            wrong[seed] = found
    assert wrong == {}
    return outcomes


def test_what_is_foreseen_is_what_a_build_does() -> None:
    outcomes = compare(range(40))
    assert all(outcomes[name] for name in ("no-estimate", "withheld", "estimate"))


@pytest.mark.slow
def test_what_is_foreseen_is_what_a_build_does_in_many_markets() -> None:
    compare(range(40, 1040))
