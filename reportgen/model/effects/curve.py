"""The curve of a response that flattens, as a reader sees it: what each level of promotion brings when kept up."""

from __future__ import annotations

from math import exp, log, sqrt

import numpy as np
from scipy.stats import norm

from reportgen.model.effects.draws import ModelDraws, draw_fits, estimates
from reportgen.model.effects.impact import DRAWS, market_generator
from reportgen.model.effects.responses import is_stationary
from reportgen.model.lmm.columns import Array
from reportgen.model.market.bend import ChannelShape
from reportgen.model.market.fit import MarketFit
from reportgen.results import CurvePoint, ResponseShape
from reportgen.settings.sections import Settings

POINTS = 41
BEYOND = 1.1
"""How far the curve is drawn, over the most promotion seen: a reader sees where the data end."""
TOLD = (0.5, 1.0, 2.0)
"""Times usual promotion: levels that are spoken of."""


def response_shapes(market: MarketFit, settings: Settings) -> tuple[ResponseShape, ...]:
    """Each channel with a curve, in the market's units."""
    return tuple(_shape(market, settings, one) for one in market.shapes if one.bend is not None)


def _shape(market: MarketFit, settings: Settings, found: ChannelShape) -> ResponseShape:
    channel = market.frame.panel.channels.index(found.channel)
    curve = market.frame.curves[channel]
    if curve is None or found.bend is None:
        raise ValueError(f"{found.channel} has no curve")
    stock = market.frame.level(market.decays[channel], channel)
    reach = log(found.bend.reach)
    # The outer nodes lie sqrt(3) standard deviations away.
    spread = (log(found.others[-1][0].reach) - reach) / sqrt(3.0) if found.others else 0.0
    wide = float(norm.ppf(0.5 + settings.report.confidence / 2.0)) * spread
    return ResponseShape(
        channel=found.channel,
        kind=curve.kind,
        scale=curve.scale,
        usual=curve.usual,
        lowest=float(stock.min()),
        highest=float(stock.max()),
        reach=exp(reach),
        reach_lower=exp(max(reach - wide, 0.0)),
        reach_upper=exp(reach + wide),
        gain=found.gain or 0.0,
        markets=found.markets,
        points=_points(market, settings, channel, stock),
    )


def _points(market: MarketFit, settings: Settings, channel: int, stock: Array) -> tuple[CurvePoint, ...]:
    """From none to a little more than the most seen, usual promotion among them; empty where sales do not settle."""
    curve, point = market.frame.curves[channel], estimates(market)
    if curve is None or not is_stationary(point.phi[0], market.terms.lag_periods):
        return ()
    most = BEYOND * float(stock.max())
    told = [times * curve.usual for times in TOLD if times * curve.usual <= most]
    levels = np.unique(np.append(np.linspace(0.0, most, POINTS), told))
    rng = market_generator(settings, market.frame.panel.market, "curve")
    drawn = [_brought(fit, part, channel, levels) for fit, part in draw_fits(market, DRAWS, rng)]
    tails = [0.5 - settings.report.confidence / 2.0, 0.5 + settings.report.confidence / 2.0]
    lower, upper = np.quantile(np.concatenate(drawn), tails, axis=0)
    best, unit = _brought(market, point, channel, levels)[0], float(_unit(market, point, channel)[0])
    return tuple(
        CurvePoint(
            promotion=float(level),
            estimate=float(best[k]),
            lower=float(min(lower[k], best[k])),
            upper=float(max(upper[k], best[k])),
            marginal=unit * float(curve.slope(np.array([level]))[0]),
            seen=bool(stock.min() <= level <= stock.max()),
        )
        for k, level in enumerate(levels.tolist())
    )


def _unit(market: MarketFit, given: ModelDraws, channel: int) -> Array:
    """Effect of one unit kept up at usual promotion, of the average pharmacy, (D,)."""
    rest = 1.0 if market.frame.normalize else 1.0 - given.decays[:, channel]
    return np.asarray(given.slopes[:, channel].mean(axis=1) / ((1.0 - given.phi.sum(axis=1)) * rest))


def _brought(market: MarketFit, given: ModelDraws, channel: int, levels: Array) -> Array:
    """What each level kept up brings over none, (D, K)."""
    curve = market.frame.curve(channel)
    bent = levels if curve is None else curve.bend(levels)
    return np.asarray(_unit(market, given, channel)[:, None] * bent)
