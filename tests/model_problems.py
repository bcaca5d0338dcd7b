"""Small designs, panels and settings that the tests of reportgen/model share. Everything is seeded."""

from __future__ import annotations

from functools import lru_cache
from types import SimpleNamespace
from typing import Any

import numpy as np
from statsmodels.base.model import LikelihoodModel
from statsmodels.regression.mixed_linear_model import MixedLM, MixedLMParams

from reportgen.model.lmm.columns import Array, Design
from reportgen.model.lmm.crossproducts import CrossProducts
from reportgen.panel.grid import MarketPanel, make_panel
from reportgen.panel.simulate import MarketSpec, simulate_market, simulate_panel
from reportgen.results import Provenance
from reportgen.settings.sections import Settings

PROVENANCE = Provenance(
    package="0.0.0",
    versions=(("python", "3"),),
    source="panel.csv",
    data_hash="a" * 64,
    settings_hash="b" * 64,
    settings=(),
    seed=1,
    as_of="2024-01-31",
)


def settings(**sections: dict[str, Any]) -> Settings:
    """Settings with some keys changed: ``settings(model={"lags": ()})``."""
    return Settings.model_validate(sections)


def random_design(
    seed: int = 1,
    *,
    groups: int = 20,
    q: int = 2,
    p: int = 4,
    sd: tuple[float, ...] = (2.0, 1.0, 0.7),
    sigma: float = 1.0,
    correlation: float = 0.3,
    least: int = 4,
    most: int = 9,
) -> Design:
    """Rows of a mixed model with known variances; the first q fixed columns are the random ones, sizes differ."""
    rng = np.random.default_rng([77, seed])
    sizes = rng.integers(least, most + 1, groups)
    group = np.repeat(np.arange(groups), sizes)
    n = len(group)
    x = np.column_stack([np.ones(n), rng.normal(size=(n, p - 1)) + 0.5 * rng.normal(size=(groups, p - 1))[group]])
    z = x[:, :q].copy()
    spread = np.array(sd[:q])
    psi = np.outer(spread, spread) * (correlation + (1.0 - correlation) * np.eye(q))
    effects = rng.multivariate_normal(np.zeros(q), psi, size=groups)
    y = x @ np.arange(1.0, p + 1.0) + np.einsum("nq,nq->n", z, effects[group]) + sigma * rng.normal(size=n)
    return Design(
        y=y,
        x=x,
        z=z,
        group=group.astype(np.intp),
        groups=groups,
        names=("Intercept", *(f"x{k}" for k in range(1, p))),
        z_names=("Intercept", *(f"x{k}" for k in range(1, q))),
        y_name="y",
    )


def dense_v(design: Design, relative: np.ndarray) -> np.ndarray:
    """I + Z S Z' over all rows (n, n), block diagonal by group; ``relative`` is S = Psi / sigma^2."""
    same = design.group[:, None] == design.group[None, :]
    return np.eye(len(design.y)) + np.where(same, design.z @ relative @ design.z.T, 0.0)


@lru_cache(maxsize=32)
def small_panel(seed: int = 1, **changes: Any) -> MarketPanel:
    """A simulated market of 16 pharmacies and 16 months unless told otherwise."""
    spec = MarketSpec(**{"pharmacies": 16, "periods": 16, **changes})
    return simulate_panel(spec, np.random.default_rng([5, seed]))


@lru_cache(maxsize=8)
def two_channel_panel(seed: int = 1, pharmacies: int = 30, periods: int = 24) -> MarketPanel:
    """Two channels with carry-over .6 and .2 and effects 900 and 500."""
    first = simulate_market(
        MarketSpec(pharmacies=pharmacies, periods=periods, decay=0.6, sd_slope=0.0), np.random.default_rng([6, seed])
    )
    rng = np.random.default_rng([7, seed])
    second = 4.0 + rng.normal(size=(pharmacies, periods)) * 2.0
    carried = np.zeros_like(second)
    sales = first.sales.copy()
    effect = np.zeros_like(second)
    for t in range(periods):
        carried[:, t] = 0.8 * second[:, t] + (0.2 * carried[:, t - 1] if t else 0.0)
        effect[:, t] = 500.0 * carried[:, t]
        for k, weight in enumerate((0.35, 0.15), start=1):
            if t >= k:
                effect[:, t] += weight * effect[:, t - k]
    return make_panel("TWO", sales + effect, np.stack([first.promotion, second]), channels=("calls", "samples"))


def changed_panel(panel: MarketPanel, **changes: Any) -> MarketPanel:
    """The panel with some of its parts replaced (``recorded`` is derived again unless given)."""
    parts: dict[str, Any] = {
        "sales": panel.sales,
        "promotion": panel.promotion,
        "pharmacies": panel.pharmacies,
        "period_type": panel.period_type,
        "first_period": panel.first_period,
        "channels": panel.channels,
        "controls": panel.controls,
        "control_names": panel.control_names,
        "recorded": panel.recorded,
        "cost": panel.cost,
        "source": panel.source,
        "market": panel.market,
        **changes,
    }
    if parts["controls"] is not None and len(parts["control_names"]) == 0:
        parts["controls"] = None
    market, sales, promotion = parts.pop("market"), parts.pop("sales"), parts.pop("promotion")
    return make_panel(market, sales, promotion, **parts)


def statsmodels_own(monkeypatch, fit):
    """``MixedLM.fit`` itself, its search replaced by "stay where you start" (its ``do_cg=False`` is broken in 0.15)."""

    def stay(self, start_params=None, **_):
        return SimpleNamespace(params=start_params, mle_retvals={"converged": True})

    monkeypatch.setattr(LikelihoodModel, "fit", stay)
    design = fit.design
    model = MixedLM(design.y, design.x, groups=design.group, exog_re=design.z)
    start = MixedLMParams.from_components(fe_params=fit.beta, cov_re=fit.psi / fit.sigma2)
    free = None
    if fit.rung == "uncorrelated":
        free = MixedLMParams.from_components(fe_params=np.ones(len(fit.beta)), cov_re=np.eye(len(fit.psi)))
    return model.fit(start_params=start, reml=fit.method == "REML", free=free)


def stack(products: list[CrossProducts]) -> CrossProducts:
    """Stack problems with equal p and q along the batch axis, padding groups with zeros."""
    most = max(item.groups for item in products)

    def padded(values: Array) -> Array:
        missing = most - values.shape[1]
        return np.pad(values, ((0, 0), (0, missing), (0, 0), (0, 0))) if missing else values

    return CrossProducts(
        rc=np.concatenate([padded(item.rc) for item in products]),
        within=np.concatenate([item.within for item in products]),
        n=np.concatenate([item.n for item in products]),
    )
