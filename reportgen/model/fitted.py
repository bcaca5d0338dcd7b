"""A market's fit as its report has it: with the decay and the curves that were agreed on, and rivals with other curves.

Left to others: what is made of a fit (``analysis.py``), one fit with given columns (``market/fit.py``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from reportgen.model.agreed.decay import SharedDecay
from reportgen.model.agreed.shape import own_shapes
from reportgen.model.market.bend import Bend, Shapes, bends_of, can_bend, curved
from reportgen.model.market.fit import MarketFit, fit_market
from reportgen.model.prospects import UNFITTABLE
from reportgen.panel.features import ModelFrame
from reportgen.settings.sections import Settings

AgreedDecay = SharedDecay | float | None


def fitted_market(frame: ModelFrame, settings: Settings, shared_decay: AgreedDecay, shapes: Shapes | None) -> MarketFit:
    """The market's fit with the curves of its channels, and its rivals with other curves.

    ``shapes``: None: the market decides for itself.

    Raises
    ------
    RankDeficient, NoResidualVariation, DependentTerm
        The columns cannot be fitted.
    """
    shapes = own_shapes(frame, settings) if shapes is None else shapes
    names = frame.panel.channels
    asked = (one for one in shapes if one.bend is not None and one.channel in names)
    curves = tuple(one for one in asked if can_bend(frame, names.index(one.channel)))
    market = _with_curves(frame, settings, shared_decay, bends_of(curves))
    if not curves:
        return market
    rivals = []
    # Every channel's curve moves the same way: that overstates what several curves leave uncertain, never understates.
    for node in range(1, len(curves[0].others)):
        try:
            rival = _with_curves(frame, settings, shared_decay, bends_of(curves, node))
        except UNFITTABLE:
            continue
        if rival.certified:
            rivals.append((rival, curves[0].others[node][1]))
    return replace(market, shapes=curves, rivals=tuple(rivals))


def _with_curves(
    frame: ModelFrame, settings: Settings, shared_decay: AgreedDecay, bends: Mapping[str, Bend]
) -> MarketFit:
    bent, channels = curved(frame, bends), len(frame.channel_terms)
    if isinstance(shared_decay, SharedDecay):
        return fit_market(bent, settings, decay_fit=shared_decay.as_fit(channels), source="shared")
    if shared_decay is not None:
        return fit_market(bent, settings, decays=(shared_decay,) * channels, source="shared")
    return fit_market(bent, settings)
