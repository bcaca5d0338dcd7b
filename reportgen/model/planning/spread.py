"""Draws of every pharmacy's effect that carry how uncertain the differences between pharmacies are.

Each pharmacy's own estimate (:mod:`reportgen.model.planning.own`) is drawn towards what pharmacies are like. What they
are like is estimated, too, and often from little: with the SD of effects known, intervals of a plan's gain held 53 % of
the truth (60 pharmacies, 36 months, true SD a fifth of the mean effect). And it need not be normal: where pharmacies
are of two kinds, a normal distribution pulls each kind to the middle, and gains were told a fifth too low. So effects
are a mixture of two normals, and its mean, SD and shape have a posterior on a grid (flat in mean and SD: Gelman 2006,
Bayesian Analysis 1(3), 515-534; half the weight on one normal). First sales and usual promotion tell of effects, too,
as poor measures of them: as well as they go with the own estimates, less what chance alone would give (empirical Bayes:
Morris 1983, JASA 78(381), 47-55).

Rejected: the mixed model's own conditional modes with draws of its SD (two kinds: intervals of gains held 38 %), and
first sales as a regressor of the mean of a mixture (they blur the kinds: 63 %).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np

from reportgen.model.effects.draws import ModelDraws, draw_model
from reportgen.model.lmm.columns import Array, Index
from reportgen.model.market.fit import MarketFit
from reportgen.model.planning.own import OwnSlopes, own_slopes

BLOCK = 1 << 20
"""Effects that are drawn at once: 10,000 pharmacies take their draws in parts."""
LEAST_KNOWN = 3
"""Pharmacies with an own estimate, at least."""
SPREADS, REACH = 17, 4.0
"""Nodes of the SD, and how many standard errors of its square they reach to either side."""
LEAST = 1e-4
"""Variance of effects at the lowest node at least, over that of an own estimate."""
PLACES = np.linspace(-2.4, 2.4, 7)
"""Nodes of the mean, in its standard errors."""
BETWEEN, PART = (0.8, 0.95, 0.99), (0.2, 0.35, 0.5, 0.65, 0.8)
"""Shapes with two kinds: share of the variance that lies between them, and part of pharmacies in the upper one."""
SHAPES = np.array([(0.0, 0.5), *product(BETWEEN, PART)])
MOST_TOLD = 0.95
"""Share of the variance of effects that first sales and usual promotion can tell, at most."""
PRIOR = np.array([0.5] + [0.5 / (len(SHAPES) - 1)] * (len(SHAPES) - 1))


def draw_slopes(market: MarketFit, channel: int, draws: int, rng: np.random.Generator) -> tuple[Array, ModelDraws]:
    """Total effect of each pharmacy on the response, (D, G), and the draws of all else that go with it."""
    term = market.terms.promotion[channel]
    random = market.random_index(term)
    base = draw_model(market, draws, rng, scatter=random is None)
    if random is None:
        return base.slopes[:, channel], base
    own = own_slopes(market, base, channel, random)
    slopes = draw_effects(own, _goes_with(market, channel), rng)
    if market.design.cluster is not None:
        # Own estimates that share errors say less of the mean than as many independent ones.
        slopes += (base.beta[:, market.index(term)] - slopes.mean(axis=1))[:, None]
    return slopes, base


def _goes_with(market: MarketFit, channel: int) -> Array:
    """What may go with effects: first sales and mean promotion of each pharmacy, (G, k)."""
    frame = market.frame
    mean = np.bincount(frame.group, weights=frame.promotion[:, channel]) / np.bincount(frame.group)
    return np.column_stack([frame.correction[market.design.starts()], mean])


def draw_effects(own: OwnSlopes, goes_with: Array, rng: np.random.Generator) -> Array:
    """Effects (D, G) from pharmacies' own estimates and what may go with them, ``goes_with`` (G, k).

    Fewer than three pharmacies with an estimate say nothing of what pharmacies are like: theirs are as they are.
    """
    value, precision = own.usual()
    if np.count_nonzero(precision) < LEAST_KNOWN:
        return own.value
    told, told_draws = _told(own, goes_with, rng)
    size = float(np.mean(told**2))
    nodes = _posterior(value, precision, told, size)
    ends = np.cumsum(nodes.weight)
    # One random start and equal steps, in random order: each node gets its share (as the decay's nodes do).
    draws, groups = own.value.shape
    node = np.searchsorted(ends, rng.permutation((rng.random() + np.arange(draws)) / draws) * ends[-1])
    out = np.empty(own.value.shape)
    rows = max(BLOCK // groups, 1)
    for at in (slice(start, start + rows) for start in range(0, draws, rows)):
        spread, precise = nodes.spread[node[at]], own.precision[at]
        kinds = _kinds(spread, nodes.shape[node[at]], told_draws[at], size)
        # The mean moves with what all own estimates have in common in a draw.
        pull = precise / (1.0 + spread[:, None] ** 2 * precise)
        moved = np.sum(pull * (own.value[at] - value - (told_draws[at] - told)), axis=1) / np.sum(pull, axis=1)
        mean = (nodes.place[node[at]] + moved)[:, None]
        out[at] = mean + _drawn(kinds, own.value[at] - mean, precise, rng)
    return out


def _drawn(kinds: _Kinds, left: Array, precision: Array, rng: np.random.Generator) -> Array:
    """Deviations from the mean, (K, G), of pharmacies whose own estimates are ``left`` from it."""
    shrunk, each = _seen(kinds, left, precision)
    upper = rng.random(left.shape) < 1.0 / (1.0 + np.exp(np.clip(each[1] - each[0], -700.0, 700.0)))
    centre = np.where(upper, kinds.centre[0], kinds.centre[1])
    centre += kinds.variance * precision / shrunk * (left - centre)
    return np.asarray(centre + np.sqrt(kinds.variance / shrunk) * rng.standard_normal(left.shape))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Nodes:
    """Posterior of what pharmacies are like: SD of effects, number of the shape, mean, weight; (K,) each."""

    spread: Array
    shape: Index
    place: Array
    weight: Array


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Kinds:
    """What pharmacies are like before their own estimates: upper and lower kind, deviations from the mean.

    ``centre`` and ``log_share`` (2, K, G), ``variance`` (K, 1) within a kind.
    """

    centre: Array
    log_share: Array
    variance: Array


def _kinds(spread: Array, shape: Array, told: Array, size: float) -> _Kinds:
    """At K nodes; ``told`` (K, G) or (G,) is the expected deviation by what goes with effects, ``size`` its variance.

    That such a thing goes with effects x makes it a second, poor measure of x, told / r2 with r2 the share of the
    variance that it tells: with one normal kind that is a regression, with two it is a better guess of the kind.
    """
    between, part = SHAPES[shape].T
    odds = np.sqrt((1.0 - part) / part)
    places = (spread * np.sqrt(between) * np.stack([odds, -1.0 / odds]))[:, :, None]
    within = (spread**2 * (1.0 - between))[:, None]
    total = (spread**2)[:, None]
    r2 = np.minimum(size / total, MOST_TOLD)
    measure = told / np.where(r2 > 0.0, r2, 1.0)
    precision = r2 / (1.0 - r2) / total
    shrunk = 1.0 + within * precision
    return _Kinds(
        centre=(places + within * precision * measure) / shrunk,
        log_share=np.log(np.stack([part, 1.0 - part]))[:, :, None]
        - 0.5 * (measure - places) ** 2 * (precision / shrunk),
        variance=within / shrunk,
    )


def _seen(kinds: _Kinds, left: Array, precision: Array) -> tuple[Array, Array]:
    """1 + variance times ``precision``, (K, G), and log likelihood of each kind, (2, K, G), up to a constant."""
    shrunk = 1.0 + kinds.variance * precision
    return shrunk, kinds.log_share - 0.5 * (left - kinds.centre) ** 2 * (precision / shrunk)


def _moments(value: Array, precision: Array) -> tuple[float, float]:
    """Variance of effects by moments (DerSimonian and Laird 1986), and the error variance of a typical estimate."""
    total = precision.sum()
    excess = np.sum(precision * (value - precision @ value / total) ** 2) - (np.count_nonzero(precision) - 1)
    scale = total - np.sum(precision**2) / total
    return float(max(excess / scale, 0.0)), float((np.count_nonzero(precision) - 1) / scale)


def _told(own: OwnSlopes, goes_with: Array, rng: np.random.Generator) -> tuple[Array, Array]:
    """Deviations that ``goes_with`` tells: as expected (G,) and by draw (D, G), zero on average."""
    value, precision = own.usual()
    weight = np.sqrt(precision / (1.0 + _moments(value, precision)[0] * precision))[:, None]
    columns = np.column_stack([np.ones(len(value)), goes_with])
    # Orthonormal in the weights' metric, one after the other, where a coefficient has standard error one: each has its
    # own chance.
    basis, root = np.linalg.qr(weight * columns)
    kept = np.abs(np.diag(root)) > 1e-8 * np.linalg.norm(root, axis=0)
    kept[0] = False
    basis = basis[:, kept]
    found, expected = (own.value * weight[:, 0]) @ basis, (value * weight[:, 0]) @ basis
    certain = np.maximum(1.0 - 1.0 / np.maximum(expected**2, 1e-300), 0.0)
    spanned = columns @ np.linalg.pinv(weight * columns) @ basis
    drawn = certain * found + np.sqrt(certain) * rng.standard_normal(found.shape)
    return spanned @ (certain * expected), drawn @ spanned.T


def _posterior(value: Array, precision: Array, told: Array, size: float) -> _Nodes:
    tau2, error = _moments(value, precision)
    reach = REACH * np.sqrt(2.0 / np.count_nonzero(precision)) * (tau2 + error)
    spread = np.linspace(np.sqrt(max(tau2 - reach, LEAST * error)), np.sqrt(tau2 + reach), SPREADS)
    pull = precision / (1.0 + spread[:, None] ** 2 * precision)
    width = 1.0 / np.sqrt(pull.sum(axis=1))
    centre = np.sum(pull * (value - told), axis=1) * width**2
    place = centre[:, None] + width[:, None] * PLACES
    loglik = np.empty((len(SHAPES), *place.shape))
    for k in range(len(SHAPES)):
        kinds = _kinds(spread, np.full(SPREADS, k), told, size)
        base = np.logaddexp(*kinds.log_share)
        for j in range(len(PLACES)):
            shrunk, each = _seen(kinds, value - place[:, j, None], precision)
            loglik[k, :, j] = np.sum(np.logaddexp(*each) - base - 0.5 * np.log(shrunk), axis=1)
        loglik[k] += np.log(PRIOR[k]) + np.log(width)[:, None]
    weight = np.exp(loglik - loglik.max()).ravel()
    shape, row, _ = (axis.ravel().astype(np.intp) for axis in np.indices(loglik.shape))
    mean = np.broadcast_to(place, loglik.shape).ravel()
    return _Nodes(spread=spread[row], shape=shape, place=mean, weight=weight)
