"""What promotion brought: long run, impulse response, incremental sales, what-if, return, per pharmacy."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace

import numpy as np

from reportgen.model.effects.draws import Drawn, ModelDraws, draw_fits, estimates, only_channel
from reportgen.model.effects.incremental import (
    RecursionTotals,
    joined,
    recursion_totals,
    return_on_promotion,
    summarise_incremental,
    tabulate_what_if,
)
from reportgen.model.effects.recent import summarise_recent
from reportgen.model.effects.responses import (
    impulse_horizon,
    impulse_points,
    impulse_response,
    impulse_spread,
    impulse_weights,
    is_stationary,
    long_run,
    long_run_gradient,
)
from reportgen.model.lmm.columns import Array
from reportgen.model.lmm.inference import degrees_of_freedom
from reportgen.model.market.decay_mixture import Mixture, carried_long_run
from reportgen.model.market.fit import MarketFit
from reportgen.panel.periods import PER_YEAR
from reportgen.results import (
    ChannelEffect,
    EffectSize,
    ImpulsePoint,
    Incremental,
    LongRun,
    PromotionEffects,
    Roi,
    WhatIf,
)
from reportgen.settings.sections import Settings

DRAWS = 400


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Impact:
    """Effects people act on. ``by_pharmacy`` incremental money per used pharmacy, (G,)."""

    long_run: LongRun
    effects: tuple[PromotionEffects, ...] = ()
    impulse: tuple[ImpulsePoint, ...] = ()
    incremental: Incremental | None = None
    channels: tuple[ChannelEffect, ...] = ()
    what_if: tuple[WhatIf, ...] = ()
    roi: Roi | None = None
    by_pharmacy: Array | None = None
    point: RecursionTotals | None = None
    spread: RecursionTotals | None = None
    """Sums of all channels by the estimates and by the draws."""


def market_generator(settings: Settings, market: str, purpose: str) -> np.random.Generator:
    """Random numbers of one market and purpose: the same whatever else runs, and in whatever order."""
    digest = hashlib.sha256(f"{purpose}\0{market}".encode("utf-8", "surrogatepass")).digest()
    # A seed sequence of its own per market and purpose (numpy's SeedSequence mixes the two words), so that neither the
    # number of workers nor another market's draws change a digit.
    return np.random.default_rng([settings.run.seed & 0xFFFFFFFF, int.from_bytes(digest[:8], "big")])


def measure_impact(market: MarketFit, settings: Settings) -> Impact:
    """Long-run effect and impulse response of every channel; incremental sales of all channels together and of each.

    Draws come from the market's fit and from its rivals with other curves, so that sums are as uncertain as the curve.
    """
    confidence = settings.report.confidence
    responses = [_response(market, channel, confidence) for channel in range(len(market.terms.promotion))]
    final, impulse = responses[0]
    effects = _effects(market, responses)
    if not final.stationary:
        return Impact(long_run=final, effects=effects, channels=_without_sums(market, responses))
    draws = draw_fits(market, DRAWS, market_generator(settings, market.frame.panel.market, "impact"))
    point, spread = _totals(market, estimates(market)), joined([_totals(fit, part) for fit, part in draws])
    return Impact(
        long_run=final,
        effects=effects,
        impulse=impulse,
        incremental=_incremental(market, point, spread, settings),
        channels=_channels(market, responses, draws, confidence) if len(responses) > 1 else (),
        what_if=_what_if(market, point, spread, settings),
        roi=_roi(market, point, spread, settings),
        by_pharmacy=point.pharmacy[0],
        point=point,
        spread=spread,
    )


def _response(market: MarketFit, channel: int, confidence: float) -> tuple[LongRun, tuple[ImpulsePoint, ...]]:
    """Long-run effect and impulse response of one channel."""
    beta, lags = market.index(market.terms.promotion[channel]), [market.index(term) for term in market.terms.lags]
    periods = market.terms.lag_periods
    order = [beta, *lags]
    phi = market.fit.beta[lags]
    # Degrees of freedom are those of the quantity told: beta over D to first order, the coefficient alone where sales
    # do not settle.
    contrast = np.zeros((1, len(market.fit.beta)))
    if is_stationary(phi, periods):
        contrast[0, order] = long_run_gradient(float(market.fit.beta[beta]), phi)
    else:
        contrast[0, beta] = 1.0
    # Clustered least squares has as many independent pieces as clusters (Cameron and Miller 2015, J. Hum. Resour. 50).
    pooled = market.rung == "pooled"
    df = market.design.independent - 1.0 if pooled else float(degrees_of_freedom(market.fit, contrast)[0])
    effect, covariance = _kept_up(market, channel, order)
    final = long_run(effect, phi, covariance, lags=periods, decay=market.decays[channel], confidence=confidence, df=df)
    if market.mixture is not None:
        weight = 1.0 if market.frame.normalize else 1.0 / (1.0 - market.mixture.decays)
        final = carried_long_run(final, market.mixture, order, weight=weight, confidence=confidence, df=df)
    return final, _impulse(market, channel, order, confidence, df)


def _kept_up(market: MarketFit, channel: int, order: list[int]) -> tuple[float, Array]:
    """Effect of one promotion unit kept up, before persistence, and its covariance with the lag coefficients.

    With weights that sum to one it is the coefficient; else the coefficient times their sum, 1 / (1 - decay).
    """
    beta = float(market.fit.beta[order[0]])
    if market.frame.normalize:
        return beta, market.covariance.values[np.ix_(order, order)]
    rest = 1.0 - market.decays[channel]
    moved = np.eye(len(order), len(order) + 1)
    # d/d(beta, decay) of beta / (1 - decay).
    moved[0, 0], moved[0, -1] = 1.0 / rest, beta / rest**2
    return beta / rest, moved @ _with_decay(market, channel, order) @ moved.T


def _effects(
    market: MarketFit, responses: list[tuple[LongRun, tuple[ImpulsePoint, ...]]]
) -> tuple[PromotionEffects, ...]:
    """First period, in all and kept up of every channel; what one unit brings in all is what it brings kept up."""
    rows = []
    for channel, (final, impulse) in enumerate(responses):
        first = impulse[0]
        settled = EffectSize(
            estimate=final.estimate, lower=final.lower, upper=final.upper,
            withheld=None if final.stationary else "stationarity",
        )  # fmt: skip
        rows.append(
            PromotionEffects(
                channel=market.frame.panel.channels[channel],
                term=market.terms.promotion[channel],
                first_period=EffectSize(estimate=first.effect, lower=first.lower, upper=first.upper),
                in_all=settled,
                kept_up=settled,
            )
        )
    return tuple(rows)


def _channels(
    market: MarketFit, responses: list[tuple[LongRun, tuple[ImpulsePoint, ...]]], draws: Drawn, confidence: float
) -> tuple[ChannelEffect, ...]:
    """Effects of each of several channels, its incremental sales with the other channels as they were."""
    total = float(market.frame.sales.sum())
    rows = []
    for channel, (final, impulse) in enumerate(responses):
        # The others stay as they were; on a log response the parts need not add up to the whole.
        brought = _totals(market, only_channel(estimates(market), channel)).total
        spread = np.concatenate([_totals(fit, only_channel(part, channel)).total for fit, part in draws])
        lower, upper = np.quantile(spread, [0.5 - confidence / 2.0, 0.5 + confidence / 2.0])
        rows.append(
            ChannelEffect(
                channel=market.frame.panel.channels[channel],
                term=market.terms.promotion[channel],
                long_run=final,
                impulse=impulse if final.stationary else (),
                incremental=float(brought[0]),
                lower=float(lower),
                upper=float(upper),
                share=float(brought[0]) / total if total > 0.0 else None,
            )
        )
    return tuple(rows)


def _without_sums(
    market: MarketFit, responses: list[tuple[LongRun, tuple[ImpulsePoint, ...]]]
) -> tuple[ChannelEffect, ...]:
    """The channels of a market whose sales do not settle."""
    if len(responses) < 2:
        return ()
    return tuple(
        ChannelEffect(
            channel=market.frame.panel.channels[k], term=market.terms.promotion[k], long_run=final, impulse=impulse,
            incremental=None, lower=None, upper=None, share=None,
        )
        for k, (final, impulse) in enumerate(responses)
    )  # fmt: skip


def _impulse(
    market: MarketFit, channel: int, order: list[int], confidence: float, df: float
) -> tuple[ImpulsePoint, ...]:
    """Impulse response of one channel: along the decay's profile where there is one, else delta method."""
    beta, phi, lags = float(market.fit.beta[order[0]]), market.fit.beta[order[1:]], market.terms.lag_periods
    decay, normalize = market.decays[channel], market.frame.normalize
    # 24 periods at most: what comes later is drawn as a flat end and counted in the long-run effect all the same.
    horizon = impulse_horizon(phi, decay, lags=lags, most=24)
    if market.mixture is None:
        return impulse_response(
            beta, phi, _with_decay(market, channel, order), lags=lags, decay=decay, horizon=horizon,
            normalize=normalize, confidence=confidence, df=df,
        )  # fmt: skip
    nodes = [
        impulse_spread(
            float(at[order[0]]), at[order[1:]], spread[np.ix_(order, order)],
            lags=lags, decay=float(node), horizon=horizon, normalize=normalize,
        )
        for at, spread, node in zip(
            market.mixture.beta, market.mixture.covariance, market.mixture.decays, strict=True
        )
    ]  # fmt: skip
    effect, se, total, total_se = (np.array(part) for part in zip(*nodes, strict=True))
    weights, common = market.mixture.weights, np.full((1, 1), df)
    single = Mixture(weights=weights, centre=effect, se=se, df=common).interval(confidence)
    running = Mixture(weights=weights, centre=total, se=total_se, df=common).interval(confidence)
    point = beta * impulse_weights(phi, decay, lags=lags, horizon=horizon, normalize=normalize)
    return impulse_points(point, *single, np.cumsum(point), *running)


def _with_decay(market: MarketFit, channel: int, order: list[int]) -> Array:
    """Covariance of (beta, phi, decay) of one channel."""
    size = len(order)
    joint = np.zeros((size + 1, size + 1))
    joint[:size, :size] = market.covariance.values[np.ix_(order, order)]
    # Cov(beta, d) = (d beta / d d) Var(d): beta is the profiled estimate, so it follows the decay exactly to first
    # order.
    cross = (market.decay_gradient @ market.decay_covariance)[order, channel]
    joint[:size, size] = joint[size, :size] = cross
    joint[size, size] = market.decay_covariance[channel, channel]
    return joint


def _totals(market: MarketFit, draws: ModelDraws) -> RecursionTotals:
    frame = market.frame
    return recursion_totals(
        used=frame.used[frame.grid_rows],
        sales=frame.panel.sales[frame.grid_rows],
        promotion=frame.panel.promotion[:, frame.grid_rows],
        slopes=draws.slopes,
        phi=draws.phi,
        lags=market.terms.lag_periods,
        response=frame.scale,
        sizes=frame.sizes,
        decay=draws.decays,
        normalize=frame.normalize,
        curves=frame.curves,
        before=frame.before() if frame.curves else None,
    )


def _incremental(market: MarketFit, point: RecursionTotals, spread: RecursionTotals, settings: Settings) -> Incremental:
    frame, confidence = market.frame, settings.report.confidence
    used, sales = frame.used[frame.grid_rows], frame.panel.sales[frame.grid_rows]
    periods = tuple(frame.panel.period_label(column) for column in range(frame.panel.n_periods))
    brought = summarise_incremental(point, spread, used=used, sales=sales, periods=periods, confidence=confidence)
    settled = int(np.argmax(used.any(axis=0))) + _run_in(market)
    recent = summarise_recent(
        point, spread, used=used, sales=sales, periods=periods, settled=settled,
        year=PER_YEAR[frame.panel.period_type], margin=settings.panel.margin, spend=_spent(market),
        confidence=confidence,
    )  # fmt: skip
    return replace(brought, settled=periods[settled] if settled < len(periods) else None, recent=recent)


def _run_in(market: MarketFit) -> int:
    """Periods until nine tenths of an effect have come through, of the slowest channel."""
    phi = market.fit.beta[[market.index(term) for term in market.terms.lags]]
    return max(
        impulse_horizon(phi, float(decay), lags=market.terms.lag_periods, share=0.9, least=0) for decay in market.decays
    )


def _spent(market: MarketFit) -> Array | None:
    """Money spent on promotion over the used cells of each period, (T,); ``None`` without a cost."""
    cost = market.frame.panel.cost
    if cost is None:
        return None
    units = market.frame.promotion.sum(axis=1)
    # A cost by pharmacy and period, at the rows of the model.
    per_unit = (
        cost
        if isinstance(cost, float)
        else np.asarray(cost)[market.frame.grid_rows][market.frame.group, market.frame.column]
    )
    paid = np.zeros(market.frame.panel.n_periods)
    np.add.at(paid, market.frame.column, np.nan_to_num(per_unit * units))
    return paid


def _what_if(
    market: MarketFit, point: RecursionTotals, spread: RecursionTotals, settings: Settings
) -> tuple[WhatIf, ...]:
    return tabulate_what_if(
        point,
        spread,
        sales_total=float(market.frame.sales.sum()),
        margin=settings.panel.margin,
        cost=None if (spent := _spent(market)) is None else float(spent.sum()),
        confidence=settings.report.confidence,
    )


def _roi(market: MarketFit, point: RecursionTotals, spread: RecursionTotals, settings: Settings) -> Roi | None:
    spent = _spent(market)
    if spent is None or settings.panel.margin is None:
        return None
    return return_on_promotion(
        point,
        spread,
        cost=float(spent.sum()),
        units=float(market.frame.promotion.sum()),
        margin=settings.panel.margin,
        confidence=settings.report.confidence,
    )
