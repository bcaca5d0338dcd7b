"""Panels nobody would draw by hand: a report or a refusal for each, never an exception, never a number that is none.

700 of them (with estimated decays too) were run while this was written; here is a quick subset.
"""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import numpy as np
import pytest

from model_problems import PROVENANCE, changed_panel, settings
from reportgen import schema
from reportgen.model.analysis import analyse_market
from reportgen.panel.grid import MarketPanel
from reportgen.panel.simulate import MarketSpec, simulate_panel
from reportgen.results import from_json, to_json

VALIDATOR = jsonschema.Draft202012Validator(schema.published_schema("results.schema.json"))
DAMAGE = (
    "none", "zeros", "rare promotion", "one giant", "missing sales", "missing promotion",
    "steady promotion", "rounded", "tiny money", "explosive",
)  # fmt: skip


def odd_panel(seed: int) -> tuple[MarketPanel, dict[str, dict[str, Any]]]:
    rng = np.random.default_rng([4242, seed])
    pick = lambda *values: values[int(rng.integers(len(values)))]  # noqa: E731
    week = rng.random() < 0.2
    spec = MarketSpec(
        pharmacies=pick(5, 8, 20, 30, 40),
        periods=int(rng.integers(2, 40)),
        beta=pick(0.0, 900.0, -900.0, 9000.0),
        sd_slope=pick(0.0, 300.0, 3000.0),
        sd_intercept=pick(0.0, 4000.0, 1e5),
        sigma=pick(1.0, 2500.0, 30000.0),
        decay=pick(0.0, 0.5, 0.9),
        phi=pick((0.35, 0.15), (0.9, 0.05), (0.0, 0.0), (-0.5, 0.2)),
        gap_share=pick(0.0, 0.2),
        late_share=pick(0.0, 0.5),
        targeting=pick(0.0, 0.5, 0.99),
        seasonality=pick(0.0, 0.3),
        counts=rng.random() < 0.3,
        period_type="week" if week else "month",
        first_period=105_000 if week else 24_252,
    )
    panel = simulate_panel(spec, rng)
    sales, promotion = panel.sales.copy(), panel.promotion.copy()
    damage = DAMAGE[seed % len(DAMAGE)]
    if damage == "zeros":
        sales[rng.random(sales.shape) < 0.5] = 0.0
    elif damage == "rare promotion":
        promotion = np.where(rng.random(promotion.shape) < 0.03, 1.0, 0.0)
    elif damage == "one giant":
        sales[0] *= 1e6
    elif damage == "missing sales":
        sales[rng.random(sales.shape) < 0.4] = np.nan
    elif damage == "missing promotion":
        promotion[rng.random(promotion.shape) < 0.4] = np.nan
    elif damage == "steady promotion":
        half = spec.pharmacies // 2
        promotion[:, :half] = promotion[:, :half, :1]
    elif damage == "rounded":
        sales = np.round(sales, -4)
    elif damage == "tiny money":
        sales, promotion = sales * 1e-9, promotion * 1e9
    elif damage == "explosive":
        sales = sales + np.cumsum(np.cumsum(np.abs(sales), axis=1), axis=1)
    model = {
        "lags": pick((1, 2), (1,), (), (1, 2, 3), (12,)),
        "response": pick("level", "level", "log"),
        "random_slope": pick(True, True, False) if spec.pharmacies >= 20 else False,
        "method": pick("REML", "REML", "ML"),
        "correction": pick("initial-conditions", "initial-conditions", "none"),
        "ladder": pick(False, True),
    }
    changed = changed_panel(panel, sales=sales, promotion=promotion, cost=pick(None, 50.0))
    return changed, {"model": model, "adstock": {"decay": pick(0.0, 0.3, 0.95)}, "panel": {"margin": pick(None, 0.3)}}


@pytest.mark.parametrize("seed", range(30))
def test_odd_panel_has_a_report_or_a_reason(seed):
    panel, sections = odd_panel(seed)
    results = analyse_market(panel, settings(**sections), PROVENANCE)
    text = to_json(results)
    assert from_json(text) == results
    VALIDATOR.validate(json.loads(text))
    assert results.data.rows_read == results.data.rows_used + sum(lost.rows for lost in results.data.rows_lost)
    if results.status == "not-estimable":
        assert results.reasons
        assert results.verdict.code == "cannot-tell"
    else:
        assert results.fit.certified
        assert len(results.pharmacies) == results.data.pharmacies
        assert results.status == "ok" or results.verdict.code not in {"works", "works-unevenly", "negative"}
