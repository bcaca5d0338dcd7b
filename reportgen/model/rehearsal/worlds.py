"""Sales of a market as they would have been in worlds that differ from its model in one known way each.

Every panel keeps the market's promotion as recorded, its pharmacies, gaps and first sales; sales are drawn from its fit
(:class:`reportgen.model.bootstrap.replicates.Simulator`), with the world's own cause among what drives them. What is
true in a panel follows from the same draw: the slopes of its pharmacies, and sales with and without promotion.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reportgen.model.bootstrap.replicates import Simulator
from reportgen.model.bootstrap.run import process_of
from reportgen.model.lmm.columns import Array
from reportgen.model.market.fit import MarketFit
from reportgen.panel import transforms
from reportgen.panel.curves import ResponseCurve
from reportgen.panel.periods import PER_YEAR
from reportgen.results import RehearsalKind

Mask = NDArray[np.bool_]
GROWTH, SEASON = 0.10, 0.15
"""Of a pharmacy's mean sales: growth a year, and half the distance of the yearly wave."""
DRIFT = (0.4, 1.6)
"""Factor of the effect at the beginning and at the end of the record."""
SLIPS = 0.003
"""Share of sales written ten times too large."""
LATE = 0.3
"""Share of promotion that is recorded a period late."""
KINDS: tuple[RehearsalKind, ...] = ("as-fitted", "growth", "season", "saturation", "drift", "slips", "late-booking")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Panels:
    """B panels of one world: ``responses`` (B, G, T), and what is true in them: ``kept`` (B,), ``total`` (B,).

    ``kept``: one unit more in every period, mean over pharmacies (at usual promotion where it matters); ``total``: what
    promotion brought over the used cells.
    """

    responses: Array
    kept: Array
    total: Array


def possible(market: MarketFit) -> tuple[RehearsalKind, ...]:
    """Worlds that say something of this market: one that its model already has (a curve) is none."""
    bent = market.frame.curve(0) is not None
    return tuple(kind for kind in KINDS if not (bent and kind == "saturation"))


def draw_panels(market: MarketFit, kind: RehearsalKind, size: int, rng: np.random.Generator) -> Panels:
    """Draw ``size`` panels of one world."""
    frame, fit, terms = market.frame, market.fit, market.terms
    simulator = Simulator(frame, process_of(market, fit))
    promotion = market.index(terms.promotion[0])
    modelled = frame.adstock_grid(market.decays[0], 0)
    unit, marginal = _unit(market, kind, modelled)
    simulator.drive = simulator.drive + fit.beta[promotion] * (unit - modelled) + _common(market, kind)
    random = market.random_index(terms.promotion[0])
    if random is not None:
        simulator.random = simulator.random.copy()
        simulator.random[random] = unit
    noise = rng.standard_normal((size, *simulator.noise_shape))
    responses = simulator.draw(noise)
    slopes = np.full((size, len(frame.pharmacies)), fit.beta[promotion])
    if random is not None:
        slopes = slopes + (noise[:, :, frame.used.shape[1] :] @ simulator.root.T)[:, :, random]
    phi = fit.beta[[market.index(name) for name in terms.lags]]
    brought = carried(unit[None], phi[None], terms.lag_periods, simulator.used)[0]
    kept = marginal * slopes.mean(axis=1) / (1.0 - float(phi.sum()))
    if not frame.normalize:
        kept = kept / (1.0 - market.decays[0])
    if kind == "slips":
        wrong = (rng.random(responses.shape) < SLIPS) & simulator.used
        responses = np.where(wrong, responses + np.log(10.0) if frame.scale == "log" else 10.0 * responses, responses)
    return Panels(responses=responses, kept=kept, total=slopes @ brought)


def carried(unit: Array, phi: Array, lags: tuple[int, ...], used: Mask) -> Array:
    """What a slope of one brings each pharmacy over its used cells, (B, G), through the recursion.

    ``unit`` (B or 1, G, T), ``phi`` (B, L), ``used`` (G, T). Before a pharmacy's first used cell nothing is brought.
    """
    alive = np.maximum.accumulate(used, axis=1)
    batch = max(len(unit), len(phi))
    steps = np.array(np.broadcast_to((unit * alive).transpose(2, 0, 1), (unit.shape[2], batch, unit.shape[1])))
    for t in range(len(steps)):
        for j, lag in enumerate(lags):
            if lag <= t:
                steps[t] += phi[:, j, None] * steps[t - lag]
        steps[t] *= alive[:, t]
    return np.asarray(np.einsum("tbg,gt->bg", steps, used.astype(np.float64)))


def _unit(market: MarketFit, kind: RehearsalKind, modelled: Array) -> tuple[Array, float]:
    """What one unit of slope adds before persistence, (G, T), and what one more unit of adstock adds to it."""
    frame, decay = market.frame, market.decays[0]
    used = frame.used[frame.grid_rows]
    if kind == "saturation":
        # Half of all there is to have is had at usual promotion, and that is what the line has there.
        usual = max(float(modelled[used].mean()), 1e-12)
        curve = ResponseCurve(kind="hill", scale=usual, usual=usual)
        whole = usual / float(curve.bend(np.array([usual]))[0])
        return whole * curve.bend(modelled), whole
    if kind == "drift":
        factor = np.interp(np.arange(used.shape[1]), [frame.column.min(), frame.column.max()], DRIFT)
        return modelled * factor, float(factor[frame.column].mean())
    if kind == "late-booking":
        recorded = np.nan_to_num(frame.panel.promotion[0][frame.grid_rows])
        # Of what stands in the next period a share was given in this one.
        later = np.concatenate([recorded[:, 1:], recorded[:, -1:]], axis=1)
        made = (1.0 - LATE) * recorded + LATE * later
        return np.asarray(transforms.adstock(made, decay, frame.normalize)), 1.0
    return modelled, 1.0


def _common(market: MarketFit, kind: RehearsalKind) -> Array | float:
    """What the world adds to every pharmacy's drive, (T,), response units."""
    frame = market.frame
    if kind not in ("growth", "season"):
        return 0.0
    level = 1.0 if frame.scale == "log" else float(frame.sales.mean())
    phi = float(market.fit.beta[[market.index(name) for name in market.terms.lags]].sum())
    years = np.arange(frame.panel.n_periods) / PER_YEAR[frame.panel.period_type]
    if kind == "growth":
        return level * (1.0 - phi) * GROWTH * years
    return level * (1.0 - phi) * SEASON * np.sin(2.0 * np.pi * years)
