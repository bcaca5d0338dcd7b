"""Draws of every pharmacy's effect that carry how uncertain the differences between pharmacies are.

Given their standard deviation the pharmacies' effects are normal around their posterior means. That SD is estimated
itself, often from little: with the estimate in its place intervals of a plan's gain held 53 % of the truth (60
pharmacies, 36 months, true SD a fifth of the mean effect), with draws of it 90 %. Its posterior is a grid over the SD
of the slopes, everything else of the random effects held, weights proportional to the restricted likelihood (flat prior
on the SD: Gelman 2006, Bayesian Analysis 1(3), 515-534); :mod:`reportgen.model.market.decay_mixture` has the same for
the decay.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from reportgen.model.effects.draws import ModelDraws, draw_model
from reportgen.model.lmm.columns import Array
from reportgen.model.lmm.deviance import evaluate, pattern
from reportgen.model.lmm.fit import LmmFit
from reportgen.model.lmm.modes import conditional_modes
from reportgen.model.market.fit import MarketFit

NODES = 11
REACH = (-3.0, 4.5)
"""Ends of the grid, in standard deviations of the SD's posterior: it leans to the right."""


def draw_slopes(market: MarketFit, channel: int, draws: int, rng: np.random.Generator) -> tuple[Array, ModelDraws]:
    """Total effect of each pharmacy on the response, (D, G), and the draws of all else that go with it."""
    random = market.random_index(market.terms.promotion[channel])
    base = draw_model(market, draws, rng, scatter=random is None)
    slopes = base.slopes[:, channel]
    if random is None:
        return slopes, base
    term = market.index(market.terms.promotion[channel])
    spread = _posterior(market.fit, random, term)
    ends = np.cumsum(spread.weight)
    # One random start and equal steps, in random order: each node gets its share (as the decay's nodes do).
    positions = rng.permutation((rng.random() + np.arange(draws)) / draws) * ends[-1]
    node = np.searchsorted(ends, positions, side="right")
    moved = spread.mode - conditional_modes(market.fit)[:, random] + (spread.beta - market.fit.beta[term])[:, None]
    return np.asarray(slopes + moved[node] + spread.sd[node] * rng.standard_normal(slopes.shape)), base


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Spread:
    """K nodes: ``weight``, the market's effect ``beta`` (K,), a pharmacy's deviation ``mode`` and its ``sd`` (K, G)."""

    weight: Array
    beta: Array
    mode: Array
    sd: Array


def _posterior(fit: LmmFit, random: int, term: int) -> _Spread:
    lower = fit.scaled_lower
    size = float(np.linalg.norm(lower[random]))
    direction = lower[random] / size if size > 1e-8 else np.eye(len(lower))[random]
    grid = _grid(fit, random, direction, size)
    factors = np.repeat(lower[None], len(grid), axis=0)
    factors[:, random] = direction * grid[:, None]
    free = pattern(len(lower), fit.correlated)
    many = fit.products.take(np.zeros(len(grid), dtype=np.intp))
    at = evaluate(many, factors[:, free[0], free[1]], free, reml=fit.method == "REML")
    log_weight = -0.5 * (at.deviance - np.nanmin(at.deviance))
    weight = np.where(np.isfinite(log_weight), np.exp(np.maximum(log_weight, -700.0)), 0.0) * np.gradient(grid)
    scaling = fit.scaling
    inverse = scaling.z_inverse[random]
    covariance = factors @ factors.transpose(0, 2, 1)
    own = np.einsum("q,kqr->kr", inverse, covariance)
    relative = at.r2 / fit.degrees * scaling.y_scale**2
    inner = np.eye(len(lower)) + np.einsum("kab,gac,kcd->kgbd", factors, fit.products.zz[0], factors)
    root = np.einsum("q,kqr->kr", inverse, factors)
    variance = relative[:, None] * np.einsum("kr,kgrs,ks->kg", root, np.linalg.inv(inner), root)
    return _Spread(
        weight=weight,
        beta=scaling.offset[term] + scaling.y_scale * at.beta @ scaling.x_inverse[term],
        mode=scaling.y_scale * np.einsum("kr,kgr->kg", own, at.u_i),
        sd=np.sqrt(np.maximum(variance, 0.0)),
    )


def _grid(fit: LmmFit, random: int, direction: Array, size: float) -> Array:
    """SDs of the slopes, in scaled columns over sigma, that their posterior lies on."""
    free = pattern(len(direction), fit.correlated)
    along = np.where(free[0] == random, direction[free[1]], 0.0)
    curvature = float(along @ fit.at.hessian[0] @ along)
    # SD of an F ratio of variances, and the SD at which a pharmacy's own data and the others' weigh the same.
    noise = np.sqrt(2.0 / fit.design.groups)
    even = 1.0 / np.sqrt(float(fit.products.zz[0][:, random, random].mean()))
    most = even * np.sqrt(noise) + size * noise
    sd = min(np.sqrt(2.0 / curvature), most) if curvature > 0.0 else most
    return np.linspace(max(size + REACH[0] * sd, 0.0), size + REACH[1] * sd, NODES)
