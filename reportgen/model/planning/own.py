"""What a pharmacy's own record says of its effect, whatever the other pharmacies do.

The mixed model's posterior means of slopes have the intercepts' distribution in them: it is given the first sales,
which are high where the effect of promotion before the record was, and the slopes are taken as independent of them.
With promotion before the record the means come out too close together (60 pharmacies, 36 months, effect SD 100 % of its
mean: true differences are 1.08 of theirs; without promotion before the record 0.99). Within a pharmacy there is no such
prior: given persistence, carry-over and all that is common its slope is least squares on its own rows.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from reportgen.model.effects.draws import ModelDraws
from reportgen.model.lmm.columns import Array, Index, group_products
from reportgen.model.lmm.fit import LmmFit
from reportgen.model.market.fit import MarketFit

ABSENT = 1e-8
"""Share of a pharmacy's squares of promotion left beside its own level under which it says nothing of its effect."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class OwnSlopes:
    """Least squares of each pharmacy's rows under D draws of all that is common: ``value`` and ``precision``, (D, G).

    Precision is one over the squared standard error, zero where the pharmacy's rows say nothing.
    """

    value: Array
    precision: Array

    def usual(self) -> tuple[Array, Array]:
        """Mean of the draws by precision, and its own, (G,): draws are of the same rows and err together."""
        total, roots = self.precision.sum(axis=0), np.sqrt(self.precision).sum(axis=0)
        known = total > 0.0
        value = np.sum(self.precision * self.value, axis=0) / np.where(known, total, 1.0)
        return value, np.where(known, total / np.where(known, roots, 1.0), 0.0) ** 2


def own_slopes(market: MarketFit, base: ModelDraws, channel: int, random: int) -> OwnSlopes:
    """Slopes of one channel's term, the ``random`` column; other random effects are the pharmacy's own, too."""
    shape = (len(base.beta), market.design.groups)
    value, precision = np.zeros(shape), np.zeros(shape)
    for fit, decay, draws in _nodes(market, base, channel):
        value[draws], precision[draws] = _at(market, fit, decay, base.beta[draws], channel, random)
    return OwnSlopes(value=value, precision=precision)


def _nodes(market: MarketFit, base: ModelDraws, channel: int) -> Iterator[tuple[LmmFit, float, Index]]:
    """Every fit that draws were made of, its decay and its draws."""
    if market.mixture is None:
        yield market.fit, market.decays[channel], np.arange(len(base.beta))
        return
    for fit, decay in zip(market.mixture.fits, market.mixture.decays.tolist(), strict=True):
        draws = np.flatnonzero(base.decays[:, channel] == decay)
        if len(draws):
            yield fit, decay, draws


def _at(market: MarketFit, fit: LmmFit, decay: float, beta: Array, channel: int, random: int) -> tuple[Array, Array]:
    """Value and precision (d, G) at coefficients ``beta`` (d, p)."""
    design, term = fit.design, market.index(market.terms.promotion[channel])
    fading = _fading(market, decay, channel)
    others = [k for k in range(design.z.shape[1]) if k != random]
    beta, share = _before(market, design.x, beta, fading, channel)
    x = design.x.copy()
    x[:, term] = 0.0
    z = np.column_stack([design.z[:, others], design.z[:, random], fading])
    sums = group_products(z, np.column_stack([x, design.y]), design.starts())
    q, o = z.shape[1], len(others)
    zz, zx, zy = sums[:, :, :q], sums[:, :, q:-1], sums[:, :, -1]
    left = zy - np.einsum("gqp,dp->dgq", zx, beta)
    # What the pharmacy's own level (and trend, and other channels) leave of promotion and of the response.
    taken = zz[:, o:, :o] @ np.linalg.pinv(zz[:, :o, :o], hermitian=True)
    products = zz[:, o:, o:] - taken @ zz[:, :o, o:]
    moment = left[:, :, o:] - np.einsum("gao,dgo->dga", taken, left[:, :, :o])
    # Promotion with what is left of it from before the record, as much as all pharmacies had.
    mix = np.stack([np.ones(len(beta)), share], axis=1)
    squares = np.einsum("da,gab,db->dg", mix, products, mix)
    whole = np.einsum("da,gab,db->dg", mix, zz[:, o:, o:], mix)
    known = squares > ABSENT * whole
    value = np.einsum("da,dga->dg", mix, moment) / np.where(known, squares, 1.0)
    return np.where(known, value, 0.0), np.where(known, squares, 0.0) / fit.sigma2


def _fading(market: MarketFit, decay: float, channel: int) -> Array:
    """What would be left of a pharmacy's usual promotion from before the record, (n,); a curve has it in its column."""
    frame = market.frame
    if frame.curve(channel) is not None:
        return np.zeros(len(frame.response))
    rest = 1.0 if frame.normalize else 1.0 - decay
    return np.asarray(frame.leftover(decay, channel)[frame.group, frame.column] / rest)


def _before(market: MarketFit, x: Array, beta: Array, fading: Array, channel: int) -> tuple[Array, Array]:
    """The coefficients without promotion before the record, and how much of the usual there was, both by draw.

    The model's common coefficient of what fades, over promotion's, is that share; in it each pharmacy's own effect
    works.
    """
    names = [c.term for c in market.terms.columns if c.role == "presample-promotion" and (c.channel or 0) == channel]
    if not names or not fading.any():
        return beta, np.zeros(len(beta))
    column, term = market.index(names[0]), market.index(market.terms.promotion[channel])
    unit = float(fading @ x[:, column] / (x[:, column] @ x[:, column]))
    effect = beta[:, term] * unit
    share = np.clip(np.divide(beta[:, column], effect, out=np.ones(len(beta)), where=effect != 0.0), 0.0, 1.0)
    rest = beta.copy()
    rest[:, column] -= effect * share
    return rest, share
