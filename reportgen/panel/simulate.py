"""Simulated markets with known truth: for the demo, for tests, and for coverage studies.

The process is the model of METHODS.md with everything that makes it hard: pharmacies differ in
size and response, promotion goes to the larger ones, sales depend on their own past.

    y_it = c + a_i + s_t + (beta + b_i) A_it + sum_k phi_k y_i,t-k + e_it,    A_it = w (x_it + d x_i,t-1 + ...)

The recursion starts ``burn_in`` periods before the first recorded one, so the first sales are a draw
from the process and not from an arbitrary start. Fitting is left to ``model/``. Rejected: starting
every pharmacy at its mean, which hides the initial-conditions problem the model has to solve.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from reportgen.panel.grid import Booleans, Floats, MarketPanel, make_panel
from reportgen.panel.periods import PeriodType, period_label
from reportgen.panel.transforms import adstock

if TYPE_CHECKING:
    import pandas as pd

DEMO_SEED = 20240101
DEMO_DRAWS = (0, 4, 0, 0, 0, 6, 1, 0, 0, 0)
"""Which draw of each demo market is kept: the second one's slope variance is estimated as zero, as it should be."""


@dataclass(frozen=True, kw_only=True)
class MarketSpec:
    """A market to draw. Sales in money, promotion in units (visits).

    Attributes
    ----------
    baseline
        Mean sales of a pharmacy without promotion, in the long run.
    beta, sd_slope
        Mean and SD over pharmacies of the immediate effect of one unit of adstock.
    phi
        Coefficients of sales 1, 2 ... periods earlier; the process must be stationary.
    decay, normalize
        Adstock.
    sd_intercept, corr
        SD of the random intercept a_i, and its correlation with b_i.
    sigma
        SD of the error.
    promotion_mean, promotion_spread, promotion_sd
        Mean promotion, SD of its level between pharmacies, SD over time within one.
    targeting
        Correlation of a pharmacy's promotion level with its random intercept.
    counts
        Draw promotion as Poisson counts around the level (``promotion_sd`` is then unused).
    constant_promotion
        The same promotion everywhere and always: the effect is not identified.
    seasonality
        Amplitude of a yearly wave, as a share of ``baseline``.
    growth
        Growth of the market's baseline a year from the first recorded period on, the same money in every pharmacy.
    promotion_growth, promotion_seasonality
        Growth of promotion a year, and amplitude of its yearly wave, as shares of its level.
    price_mean, price_sd, price_effect
        Price of a pharmacy in a period, and what one unit of it adds to sales at once.
    gap_share, late_share
        Share of later records removed at random; share of pharmacies that start later.
    burn_in
        Periods of the process before the first recorded one.
    adstock_history
        True: the first recorded adstock still carries promotion of the burn-in, which no analysis of the record can
        know. False: adstock starts with the first recorded period, as METHODS.md section 7 defines it.
    """

    market: str = "SIM"
    pharmacies: int = 100
    periods: int = 36
    baseline: float = 40_000.0
    beta: float = 900.0
    phi: tuple[float, ...] = (0.35, 0.15)
    decay: float = 0.5
    normalize: bool = True
    sd_intercept: float = 4_000.0
    sd_slope: float = 300.0
    corr: float = 0.2
    sigma: float = 2_500.0
    promotion_mean: float = 6.0
    promotion_spread: float = 1.5
    promotion_sd: float = 2.0
    targeting: float = 0.5
    counts: bool = False
    constant_promotion: bool = False
    seasonality: float = 0.0
    growth: float = 0.0
    promotion_growth: float = 0.0
    promotion_seasonality: float = 0.0
    price_mean: float = 100.0
    price_sd: float = 0.0
    price_effect: float = 0.0
    gap_share: float = 0.0
    late_share: float = 0.0
    burn_in: int = 60
    adstock_history: bool = False
    period_type: PeriodType = "month"
    first_period: int = 2021 * 12

    @property
    def long_run(self) -> float:
        """True long-run effect of one unit of (normalised) adstock, ``beta / (1 - sum phi)``."""
        return self.beta / (1.0 - sum(self.phi))


@dataclass(frozen=True, kw_only=True, eq=False)
class SimulatedMarket:
    """A draw and its truth.

    ``sales``, ``promotion``, ``price``, ``recorded`` are (G, T), also where not recorded; ``intercepts`` and
    ``slopes`` are the deviations a_i and b_i, (G,).
    """

    spec: MarketSpec
    sales: Floats
    promotion: Floats
    price: Floats
    recorded: Booleans
    intercepts: Floats
    slopes: Floats

    def to_panel(self) -> MarketPanel:
        """The draw as the analysis sees it: NaN where not recorded."""
        hidden = ~self.recorded
        return make_panel(
            self.spec.market,
            np.where(hidden, np.nan, self.sales),
            np.where(hidden, np.nan, self.promotion),
            recorded=self.recorded,
            period_type=self.spec.period_type,
            first_period=self.spec.first_period,
            source="simulation",
        )


def simulate_market(spec: MarketSpec, rng: np.random.Generator) -> SimulatedMarket:
    """Draw one market; loops over periods only, every operation is over all pharmacies.

    Raises
    ------
    ValueError
        If ``phi`` is not stationary.
    """
    _check_stationary(spec.phi)
    size, steps = spec.pharmacies, spec.burn_in + spec.periods
    z = rng.standard_normal((3, size))
    intercepts = spec.sd_intercept * z[0]
    # Correlated normals by the Cholesky factor of their correlation matrix; z[0] is a pharmacy's size, which promotion
    # follows.
    slopes = spec.sd_slope * (spec.corr * z[0] + np.sqrt(1.0 - spec.corr**2) * z[1])
    promotion = _draw_promotion(spec, z[0], z[2], rng, steps)
    carried = adstock(promotion, spec.decay, spec.normalize)
    if not spec.adstock_history:
        carried[:, spec.burn_in :] = adstock(promotion[:, spec.burn_in :], spec.decay, spec.normalize)
    wave, years = _calendar(spec, steps)
    # In the long run sales are drive / (1 - sum phi): so ``baseline`` is what a pharmacy settles at.
    constant = spec.baseline * (1.0 - sum(spec.phi))
    common = constant * ((1.0 + spec.growth) ** years + spec.seasonality * wave)
    drive = common + intercepts[:, None] + (spec.beta + slopes)[:, None] * carried
    price = np.full((size, steps), spec.price_mean)
    if spec.price_sd > 0.0:
        price += spec.price_sd * rng.standard_normal((size, steps))
        drive += spec.price_effect * (price - spec.price_mean)
    drive += spec.sigma * rng.standard_normal((size, steps))
    sales = _recursion(drive, spec.phi)[:, spec.burn_in :]
    return SimulatedMarket(
        spec=spec,
        sales=sales,
        promotion=promotion[:, spec.burn_in :],
        price=price[:, spec.burn_in :],
        recorded=_draw_recorded(spec, rng),
        intercepts=intercepts,
        slopes=slopes,
    )


def simulate_panel(spec: MarketSpec, rng: np.random.Generator) -> MarketPanel:
    """Draw one market and forget the truth."""
    return simulate_market(spec, rng).to_panel()


def _check_stationary(phi: tuple[float, ...]) -> None:
    companion = np.zeros((len(phi), len(phi)))
    if phi:
        # Stationary if every eigenvalue of the companion matrix lies inside the unit circle (Hamilton 1994, 1.2).
        companion[0] = phi
        companion[np.arange(1, len(phi)), np.arange(len(phi) - 1)] = 1.0
        if np.abs(np.linalg.eigvals(companion)).max() >= 1.0:
            raise ValueError(f"phi = {phi} is not stationary")


def _calendar(spec: MarketSpec, steps: int) -> tuple[Floats, Floats]:
    """The yearly wave, and years since the first recorded period (0 before it), (steps,) each."""
    per_year = 12.0 if spec.period_type == "month" else 365.25 / 7.0
    since = np.arange(steps) - spec.burn_in
    return np.sin(2.0 * np.pi * (since + spec.first_period) / per_year), np.maximum(since, 0) / per_year


def _draw_promotion(
    spec: MarketSpec, size_score: Floats, own_score: Floats, rng: np.random.Generator, steps: int
) -> Floats:
    """Promotion ``(G, steps)``: a level per pharmacy that follows its size, and variation over time."""
    if spec.constant_promotion:
        return np.full((spec.pharmacies, steps), spec.promotion_mean)
    # Correlation ``targeting`` with the pharmacy's size, and an SD of one.
    score = spec.targeting * size_score + np.sqrt(1.0 - spec.targeting**2) * own_score
    level = spec.promotion_mean + spec.promotion_spread * score
    wave, years = _calendar(spec, steps)
    follows = (1.0 + spec.promotion_growth) ** years * (1.0 + spec.promotion_seasonality * wave)
    if spec.counts:
        counts: Floats = rng.poisson(np.maximum(level, 0.3)[:, None] * follows).astype(np.float64)
        return counts
    promotion: Floats = level[:, None] * follows + spec.promotion_sd * rng.standard_normal((spec.pharmacies, steps))
    return promotion


def _recursion(drive: Floats, phi: tuple[float, ...]) -> Floats:
    """``y_t = drive_t + sum_k phi_k y_(t-k)`` along the last axis, started at the mean the first drive implies."""
    start = drive.mean(axis=-1) / (1.0 - sum(phi))
    steps = np.ascontiguousarray(drive.T)
    out = np.empty((steps.shape[0] + len(phi), steps.shape[1]))
    out[: len(phi)] = start
    for t, step in enumerate(steps, start=len(phi)):
        out[t] = step
        for k, weight in enumerate(phi, start=1):
            out[t] += weight * out[t - k]
    return np.ascontiguousarray(out[len(phi) :].T)


def _draw_recorded(spec: MarketSpec, rng: np.random.Generator) -> NDArray[np.bool_]:
    shape = (spec.pharmacies, spec.periods)
    recorded = np.ones(shape, dtype=bool)
    if spec.late_share > 0.0:
        late = rng.random(spec.pharmacies) < spec.late_share
        start = rng.integers(1, max(spec.periods // 2, 2), size=spec.pharmacies)
        recorded &= ~late[:, None] | (np.arange(spec.periods) >= start[:, None])
    if spec.gap_share > 0.0:
        # A pharmacy's first record stays: gaps lie inside a record.
        first = recorded & (np.cumsum(recorded, axis=1) == 1)
        recorded &= (rng.random(shape) >= spec.gap_share) | first
    return recorded


def demo_specs() -> tuple[MarketSpec, ...]:
    """The ten markets of ``data/demo_panel.csv`` and their truth (see data/README.md)."""
    base = MarketSpec(counts=True, seasonality=0.008, price_sd=4.0, price_effect=-120.0)

    def market(code: str, pharmacies: int, **changes: object) -> MarketSpec:
        return replace(base, market=code, pharmacies=pharmacies, **changes)  # type: ignore[arg-type]

    return (
        market("IN-DL", 120, baseline=62_000.0, beta=1_150.0, decay=0.55, phi=(0.38, 0.16)),
        market("IN-GJ", 60, baseline=38_000.0, beta=700.0, decay=0.4, sd_slope=0.0),
        market("IN-KA", 80, baseline=54_000.0, beta=800.0, sd_slope=650.0, corr=-0.3, decay=0.6),
        market("IN-KL", 45, constant_promotion=True, promotion_mean=4.0),
        market("IN-RJ", 70, baseline=33_000.0, gap_share=0.06, late_share=0.3, decay=0.3, phi=(0.3, 0.1)),
        market("IN-TN", 40, baseline=47_000.0, beta=0.0, sd_slope=150.0, sigma=3_500.0),
        market("NA", 25, baseline=42_000.0, beta=260.0, sd_slope=350.0, sigma=4_000.0, promotion_mean=3.0),
        market("महाराष्ट्र", 100, baseline=71_000.0, beta=1_400.0, sd_slope=450.0, decay=0.7, phi=(0.42, 0.12)),
        market("IN-MP", 40, baseline=45_000.0, beta=850.0, growth=0.10, promotion_growth=0.10),
        market("IN-WB", 40, baseline=50_000.0, beta=750.0, decay=0.4, seasonality=0.12, promotion_seasonality=0.35),
    )


def demo_panel() -> pd.DataFrame:
    """The demo table: market, pharmacy, month (``2021-01``), sales (whole rupees), promotion (visits), price.

    Each market has its own random stream from the seed and its position, so changing one leaves the others alone.
    """
    import pandas as pd

    streams = [np.random.default_rng((DEMO_SEED, i, draw)) for i, draw in enumerate(DEMO_DRAWS)]
    draws = [simulate_market(spec, rng) for spec, rng in zip(demo_specs(), streams, strict=True)]
    return pd.concat([_demo_rows(draw) for draw in draws], ignore_index=True)


def write_demo(path: Path) -> None:
    """Write the demo table as CSV, byte for byte the same each time."""
    demo_panel().to_csv(path, index=False, lineterminator="\n", encoding="utf-8")


def _demo_rows(draw: SimulatedMarket) -> pd.DataFrame:
    import pandas as pd

    row, column = np.nonzero(draw.recorded)
    prefix = draw.spec.market.rpartition("-")[2]
    labels = [period_label(draw.spec.first_period + t, "month") for t in range(draw.spec.periods)]
    return pd.DataFrame(
        {
            "market": draw.spec.market,
            "pharmacy": [f"{prefix}-{i + 1:03d}" for i in row],
            "month": [labels[t] for t in column],
            "sales": np.rint(draw.sales[row, column]).astype(np.int64),
            "promotion": np.rint(draw.promotion[row, column]).astype(np.int64),
            "price": np.round(draw.price[row, column], 1),
        }
    )
