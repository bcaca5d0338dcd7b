"""Joint draws of everything the recursion needs: decay, coefficients, pharmacies' slopes.

The decay is drawn first, the coefficients given it (their estimate moves along d beta / d decay),
and the pharmacies' deviations given both: the mode shifts with the coefficients and scatters with
its conditional covariance. Rejected: drawing coefficients and deviations independently, which
counts the uncertainty that they share twice.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from reportgen.model.crossproducts import Array
from reportgen.model.decay import HIGHEST
from reportgen.model.effects import draw_parameters
from reportgen.model.market_fit import MarketFit
from reportgen.model.pharmacies import conditional_covariance, conditional_modes, mode_response


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


def draw_model(market: MarketFit, draws: int, rng: np.random.Generator) -> ModelDraws:
    """Draws from the joint distribution of the estimates."""
    fit = market.fit
    centre = np.array(market.decays)
    decays = np.clip(draw_parameters(centre, market.decay_covariance, draws, rng), 0.0, HIGHEST)
    beta = draw_parameters(fit.beta, market.conditional, draws, rng) + (decays - centre) @ market.decay_gradient.T
    modes = conditional_modes(fit) - np.einsum("gqp,dp->dgq", mode_response(fit), beta - fit.beta)
    covariance = conditional_covariance(fit)
    values, vectors = np.linalg.eigh(covariance)
    root = vectors * np.sqrt(np.maximum(values, 0.0))[:, None, :]
    modes += np.einsum("gij,dgj->dgi", root, rng.standard_normal(modes.shape))
    return _assemble(market, decays, beta, modes)


def _assemble(market: MarketFit, decays: Array, beta: Array, modes: Array) -> ModelDraws:
    slopes = np.empty((len(beta), len(market.terms.promotion), market.design.groups))
    for c, term in enumerate(market.terms.promotion):
        slopes[:, c] = beta[:, market.index(term), None]
        random = market.random_index(term)
        if random is not None:
            slopes[:, c] += modes[:, :, random]
    lags = [market.index(term) for term in market.terms.lags]
    return ModelDraws(decays=decays, slopes=slopes, phi=beta[:, lags], beta=beta)
