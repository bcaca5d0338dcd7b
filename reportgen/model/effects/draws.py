"""Joint draws of everything the recursion needs: decay, coefficients, pharmacies' slopes.

The decay is drawn first, the coefficients given it, and the pharmacies' deviations given both: the
mode shifts with the coefficients and scatters with its conditional covariance. One estimated decay
is drawn from the nodes of its profile (:mod:`reportgen.model.market.decay_mixture`), coefficients and deviations
from the fit at that node; several are drawn from the normal of their joint Hessian, and the
coefficients move along d beta / d decay. Rejected: drawing coefficients and deviations independently, which
counts the uncertainty that they share twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from reportgen.model.effects.responses import draw_parameters
from reportgen.model.lmm.columns import Array
from reportgen.model.lmm.deviance import covariance_root
from reportgen.model.lmm.fit import LmmFit
from reportgen.model.lmm.inference import degrees_of_freedom
from reportgen.model.lmm.modes import conditional_covariance, conditional_modes, mode_response
from reportgen.model.market.decay import HIGHEST
from reportgen.model.market.decay_mixture import DecayMixture
from reportgen.model.market.fit import MarketFit


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ModelDraws:
    """D draws: ``decays`` (D, c), total ``slopes`` of pharmacies (D, c, G), ``phi`` (D, L), ``beta`` (D, p)."""

    decays: Array
    slopes: Array
    phi: Array
    beta: Array


def estimates(market: MarketFit) -> ModelDraws:
    """The point estimates in the same shape, D = 1."""
    return _assemble(market, np.array([market.decays]), market.fit.beta[None], conditional_modes(market.fit)[None])


def draw_model(market: MarketFit, draws: int, rng: np.random.Generator, *, scatter: bool = True) -> ModelDraws:
    """Draws from the joint distribution of the estimates; without ``scatter`` pharmacies' deviations are those that
    are expected at the drawn decay and coefficients.
    """
    if market.mixture is not None:
        return _draw_nodes(market, market.mixture, draws, rng, scatter=scatter)
    fit = market.fit
    centre = np.array(market.decays)
    # The normal of several decays knows no ends of their range.
    decays = np.clip(draw_parameters(centre, market.decay_covariance, draws, rng), 0.0, HIGHEST)
    # Coefficients given the decay, moved along with it: together they have the joint covariance.
    beta = draw_beta(market, fit, market.conditional, draws, rng) + (decays - centre) @ market.decay_gradient.T
    return _assemble(market, decays, beta, draw_modes(fit, beta, rng, scatter=scatter))


Drawn = Sequence[tuple[MarketFit, ModelDraws]]
"""Draws of each of several fits of a market."""


def draw_fits(market: MarketFit, draws: int, rng: np.random.Generator) -> Drawn:
    """Draws of the market's fit and of its rivals, each its share of them."""
    own = 1.0 - sum(weight for _, weight in market.rivals)
    return [(fit, draw_model(fit, round(draws * weight), rng)) for fit, weight in ((market, own), *market.rivals)]


def _draw_nodes(
    market: MarketFit, mixture: DecayMixture, draws: int, rng: np.random.Generator, *, scatter: bool
) -> ModelDraws:
    """Each node of the decay's profile gets its share of the draws (systematic sampling), made from its own fit.

    The order is random, so that any part of the draws is a sample too.
    """
    ends = np.cumsum(mixture.weights)
    # One random start and equal steps: every node gets its share to within one draw (Cochran 1977, chapter 8).
    positions = (rng.random() + np.arange(draws)) / draws * ends[-1]
    counts = np.bincount(np.searchsorted(ends, positions, side="right"), minlength=len(ends))
    beta, modes = [], []
    for fit, covariance, count in zip(mixture.fits, mixture.covariance, counts, strict=True):
        beta.append(draw_beta(market, fit, covariance, int(count), rng))
        modes.append(draw_modes(fit, beta[-1], rng, scatter=scatter))
    order = rng.permutation(draws)
    decays = np.repeat(mixture.decays, counts)[order, None]
    return _assemble(market, decays, np.concatenate(beta)[order], np.concatenate(modes)[order])


def draw_beta(market: MarketFit, fit: LmmFit, covariance: Array, draws: int, rng: np.random.Generator) -> Array:
    """Coefficients from the normal; from t with the df of promotion where few clusters tell their covariance."""
    beta = draw_parameters(fit.beta, covariance, draws, rng)
    if fit.design.cluster is None:
        return beta
    contrast = np.zeros((1, len(fit.beta)))
    contrast[0, market.index(market.terms.promotion[0])] = 1.0
    df = float(degrees_of_freedom(fit, contrast)[0])
    # One factor a draw: coefficients whose covariance is known no better than this are wrong together (multivariate t).
    return fit.beta + (beta - fit.beta) * np.sqrt(df / rng.chisquare(df, draws))[:, None]


def draw_modes(fit: LmmFit, beta: Array, rng: np.random.Generator, *, scatter: bool = True) -> Array:
    """Pharmacies' deviations given the coefficients, (D, G, q); without ``scatter`` what is expected of them."""
    modes = np.broadcast_to(conditional_modes(fit), (len(beta), *fit.at.u_i.shape[1:]))
    if fit.design.cluster is None:
        # A draw with a larger market effect leaves less to the pharmacies: without this the sum of both would be drawn
        # twice as uncertain as it is. Where errors are shared by pharmacies their own data err together with the
        # market's, and give nothing back.
        modes = modes - np.einsum("gqp,dp->dgq", mode_response(fit), beta - fit.beta)
    if not scatter:
        return np.array(np.broadcast_to(modes, (len(beta), *modes.shape[1:])))
    root = covariance_root(conditional_covariance(fit))
    return np.asarray(modes + np.einsum("gij,dgj->dgi", root, rng.standard_normal(modes.shape)))


def only_channel(draws: ModelDraws, channel: int) -> ModelDraws:
    """The draws with the slopes of all other channels zero: what comes out is what this channel alone brought."""
    kept = np.zeros_like(draws.slopes)
    kept[:, channel] = draws.slopes[:, channel]
    return replace(draws, slopes=kept)


def _assemble(market: MarketFit, decays: Array, beta: Array, modes: Array) -> ModelDraws:
    slopes = np.empty((len(beta), len(market.terms.promotion), market.design.groups))
    for c, term in enumerate(market.terms.promotion):
        # The market's effect, and each pharmacy's deviation where the term has a random slope.
        slopes[:, c] = beta[:, market.index(term), None]
        random = market.random_index(term)
        if random is not None:
            slopes[:, c] += modes[:, :, random]
    lags = [market.index(term) for term in market.terms.lags]
    return ModelDraws(decays=decays, slopes=slopes, phi=beta[:, lags], beta=beta)
