"""What promotion brought: long run, impulse response, incremental sales, what-if, return, per pharmacy."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np

from reportgen.config import Settings
from reportgen.model.crossproducts import Array
from reportgen.model.draws import ModelDraws, draw_model, estimates
from reportgen.model.effects import (
    impulse_horizon,
    impulse_points,
    impulse_response,
    impulse_spread,
    impulse_weights,
    is_stationary,
    long_run,
    long_run_gradient,
)
from reportgen.model.incremental import (
    RecursionTotals,
    recursion_totals,
    return_on_promotion,
    summarise_incremental,
    tabulate_what_if,
)
from reportgen.model.inference import satterthwaite
from reportgen.model.market_fit import MarketFit
from reportgen.model.mixture import Mixture, carried_long_run
from reportgen.model.ordinary import lag_periods
from reportgen.results import ImpulsePoint, Incremental, LongRun, Roi, WhatIf

DRAWS = 400


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Impact:
    """Effects people act on. ``by_pharmacy`` incremental money per used pharmacy, (G,)."""

    long_run: LongRun
    impulse: tuple[ImpulsePoint, ...]
    incremental: Incremental | None
    what_if: tuple[WhatIf, ...]
    roi: Roi | None
    by_pharmacy: Array | None


def market_generator(settings: Settings, market: str, purpose: str) -> np.random.Generator:
    """Random numbers of one market and purpose: the same whatever else runs, and in whatever order."""
    digest = hashlib.sha256(f"{purpose}\0{market}".encode("utf-8", "surrogatepass")).digest()
    return np.random.default_rng([settings.run.seed & 0xFFFFFFFF, int.from_bytes(digest[:8], "big")])


def measure_impact(market: MarketFit, settings: Settings) -> Impact:
    """Long-run effect and impulse response of the first channel; incremental sales of all channels."""
    confidence = settings.report.confidence
    beta, lags = market.index(market.terms.promotion[0]), [market.index(term) for term in market.terms.lags]
    periods = lag_periods(market.terms.lags)
    order = [beta, *lags]
    phi = market.fit.beta[lags]
    covariance = market.covariance.values[np.ix_(order, order)]
    contrast = np.zeros((1, len(market.fit.beta)))
    if is_stationary(phi, periods):
        contrast[0, order] = long_run_gradient(float(market.fit.beta[beta]), phi)
    else:
        contrast[0, beta] = 1.0
    df = float(satterthwaite(market.fit, contrast)[0]) if market.rung != "pooled" else float(market.design.groups - 1)
    final = long_run(
        float(market.fit.beta[beta]), phi, covariance,
        lags=periods, decay=market.decays[0], normalize=market.frame.normalize, confidence=confidence, df=df,
    )  # fmt: skip
    if market.mixture is not None:
        final = carried_long_run(final, market.mixture, order, confidence=confidence, df=df)
    if not final.stationary:
        return Impact(long_run=final, impulse=(), incremental=None, what_if=(), roi=None, by_pharmacy=None)
    impulse = _impulse(market, order, covariance, confidence, df)
    point, spread = (
        _totals(market, estimates(market)),
        _totals(market, draw_model(market, DRAWS, market_generator(settings, market.frame.panel.market, "impact"))),
    )
    return Impact(
        long_run=final,
        impulse=impulse,
        incremental=_incremental(market, point, spread, confidence),
        what_if=_what_if(market, point, spread, settings),
        roi=_roi(market, point, spread, settings),
        by_pharmacy=point.pharmacy[0],
    )


def _impulse(
    market: MarketFit, order: list[int], covariance: Array, confidence: float, df: float
) -> tuple[ImpulsePoint, ...]:
    """Impulse response of the first channel: along the decay's profile where there is one, else delta method."""
    beta, phi, lags = float(market.fit.beta[order[0]]), market.fit.beta[order[1:]], lag_periods(market.terms.lags)
    horizon = impulse_horizon(phi, market.decays[0], lags=lags, most=24)
    normalize = market.frame.normalize
    if market.mixture is None:
        return impulse_response(
            beta, phi, _with_decay(market, order, covariance), lags=lags, decay=market.decays[0], horizon=horizon,
            normalize=normalize, confidence=confidence, df=df,
        )  # fmt: skip
    nodes = [
        impulse_spread(
            float(at[order[0]]), at[order[1:]], spread[np.ix_(order, order)],
            lags=lags, decay=float(decay), horizon=horizon, normalize=normalize,
        )
        for at, spread, decay in zip(
            market.mixture.beta, market.mixture.covariance, market.mixture.decays, strict=True
        )
    ]  # fmt: skip
    effect, se, total, total_se = (np.array(part) for part in zip(*nodes, strict=True))
    weights, common = market.mixture.weights, np.full((1, 1), df)
    single = Mixture(weights=weights, centre=effect, se=se, df=common).interval(confidence)
    running = Mixture(weights=weights, centre=total, se=total_se, df=common).interval(confidence)
    point = beta * impulse_weights(phi, market.decays[0], lags=lags, horizon=horizon, normalize=normalize)
    return impulse_points(point, *single, np.cumsum(point), *running)


def _with_decay(market: MarketFit, order: list[int], covariance: Array) -> Array:
    """Covariance of (beta, phi, decay) of the first channel."""
    size = len(order)
    joint = np.zeros((size + 1, size + 1))
    joint[:size, :size] = covariance
    cross = (market.decay_gradient @ market.decay_covariance)[order, 0]
    joint[:size, size] = joint[size, :size] = cross
    joint[size, size] = market.decay_covariance[0, 0]
    return joint


def _totals(market: MarketFit, draws: ModelDraws) -> RecursionTotals:
    frame = market.frame
    return recursion_totals(
        used=frame.used[frame.grid_rows],
        sales=frame.panel.sales[frame.grid_rows],
        promotion=frame.panel.promotion[:, frame.grid_rows],
        slopes=draws.slopes,
        phi=draws.phi,
        lags=lag_periods(market.terms.lags),
        response="log" if frame.response_name.startswith("Log") else "level",
        decay=draws.decays,
        normalize=frame.normalize,
    )


def _incremental(market: MarketFit, point: RecursionTotals, spread: RecursionTotals, confidence: float) -> Incremental:
    frame = market.frame
    return summarise_incremental(
        point,
        spread,
        used=frame.used[frame.grid_rows],
        sales=frame.panel.sales[frame.grid_rows],
        periods=tuple(frame.panel.period_label(column) for column in range(frame.panel.n_periods)),
        confidence=confidence,
    )


def _spend(market: MarketFit) -> float | None:
    """Money spent on promotion over the used cells; ``None`` without a cost."""
    cost = market.frame.panel.cost
    if cost is None:
        return None
    units = market.frame.promotion.sum(axis=1)
    if isinstance(cost, float):
        return cost * float(units.sum())
    per_unit = np.asarray(cost)[market.frame.grid_rows][market.frame.group, market.frame.column]
    return float(np.nansum(per_unit * units))


def _what_if(
    market: MarketFit, point: RecursionTotals, spread: RecursionTotals, settings: Settings
) -> tuple[WhatIf, ...]:
    return tabulate_what_if(
        point,
        spread,
        sales_total=float(market.frame.sales.sum()),
        margin=settings.panel.margin,
        cost=_spend(market),
        confidence=settings.report.confidence,
    )


def _roi(market: MarketFit, point: RecursionTotals, spread: RecursionTotals, settings: Settings) -> Roi | None:
    spend = _spend(market)
    if spend is None or settings.panel.margin is None:
        return None
    return return_on_promotion(
        point,
        spread,
        cost=spend,
        units=float(market.frame.promotion.sum()),
        margin=settings.panel.margin,
        confidence=settings.report.confidence,
    )
