"""Known truth comes back: means over simulated markets within three Monte Carlo standard errors (the large studies are
in tests/benchmarks)."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pytest

from model_problems import settings
from reportgen.model.effects.responses import long_run_gradient
from reportgen.model.market.fit import fit_market
from reportgen.panel.features import build_frame
from reportgen.panel.simulate import MarketSpec, simulate_panel

MARKETS = 40
SPEC = MarketSpec(pharmacies=100, periods=14)
TRUTH = {"Adstock_Promotion": 900.0, "Lag1_Sales": 0.35, "Lag2_Sales": 0.15, "long run": 1800.0, "decay": 0.5}


@lru_cache(maxsize=4)
def replicates(decay: str | float, correction: str) -> dict[str, np.ndarray]:
    """Estimate and SE of each quantity in each market, (markets, 2)."""
    chosen = settings(adstock={"decay": decay}, model={"correction": correction})
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in TRUTH}
    for seed in range(MARKETS):
        panel = simulate_panel(SPEC, np.random.default_rng([31, seed]))
        market = fit_market(build_frame(panel, chosen.model, chosen.adstock), chosen)
        assert market.certified
        se = np.sqrt(np.diag(market.covariance.values))
        for name in ("Adstock_Promotion", "Lag1_Sales", "Lag2_Sales"):
            k = market.index(name)
            found[name].append((market.fit.beta[k], se[k]))
        gradient = long_run_gradient(market.fit.beta[1], market.fit.beta[2:4])
        spread = np.sqrt(gradient @ market.covariance.values[1:4, 1:4] @ gradient)
        found["long run"].append((market.fit.beta[1] / (1.0 - market.fit.beta[2:4].sum()), spread))
        if market.decay_fit is not None:
            found["decay"].append((market.decays[0], market.decay_fit.se[0] or np.nan))
    return {name: np.array(values) for name, values in found.items() if values}


@pytest.mark.parametrize("name", TRUTH)
def test_means_of_the_default_model_are_the_truth(name):
    values = replicates("estimate", "initial-conditions")[name][:, 0]
    assert abs(values.mean() - TRUTH[name]) < 3.0 * values.std(ddof=1) / np.sqrt(MARKETS)


@pytest.mark.parametrize("name", ["Adstock_Promotion", "Lag1_Sales", "Lag2_Sales", "long run"])
def test_means_at_the_true_decay_are_the_truth(name):
    values = replicates(0.5, "initial-conditions")[name][:, 0]
    assert abs(values.mean() - TRUTH[name]) < 3.0 * values.std(ddof=1) / np.sqrt(MARKETS)


@pytest.mark.parametrize("decay", ["estimate", 0.5])
@pytest.mark.parametrize("name", ["Adstock_Promotion", "Lag1_Sales", "Lag2_Sales"])
def test_standard_errors_are_the_spread_over_markets(name, decay):
    """Median SE over the spread (from the middle half: an estimated decay has outliers), +- 17 % by chance."""
    values = replicates(decay, "initial-conditions")[name]
    low, high = np.quantile(values[:, 0], [0.25, 0.75])
    assert 0.6 < np.median(values[:, 1]) / ((high - low) / 1.349) < 1.6


@pytest.mark.parametrize("name", ["Lag1_Sales", "long run"])
def test_plain_model_overstates_persistence_and_the_long_run(name):
    """The dynamic-panel trap (METHODS 4): the reason for the correction, not a defect of the fit."""
    above = replicates(0.5, "none")[name][:, 0] > TRUTH[name]
    assert above.mean() > 0.75  # 50 % without the trap, standard error 8 %
