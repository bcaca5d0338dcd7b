"""An experiment and the market's own estimate of the same thing, combined by precision.

With an experiment e (SE s) and an estimate m (SE v) that share no error, (e/s² + m/v²) / (1/s² + 1/v²) has the smallest
variance of all weighted means (the fixed-effect estimate of two studies; Cochran 1954, Biometrics 10), and
(e - m) / sqrt(s² + v²) is standard normal where both measure the same. v is half the width of the printed interval
over the normal quantile, so that what the interval adds for few pharmacies and an estimated decay counts too.

Rejected: taking the experiment into the likelihood as a prior (its measure is seldom a coefficient, and what the data
alone say would no longer stand beside it).
"""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt

import numpy as np

from reportgen.model.effects.impact import Impact
from reportgen.model.effects.incremental import QUANTILE
from reportgen.model.market.fit import MarketFit
from reportgen.results import Calibration, SizeWithError
from reportgen.results.derived.intervals import interval_se, normal_interval
from reportgen.settings.sections import CalibrationSettings, Settings


def calibrate(market: MarketFit, impact: Impact, settings: Settings) -> tuple[Calibration, ...]:
    """Every experiment in this market beside the estimate; the checks have not withheld anything yet."""
    confidence = settings.report.confidence
    return tuple(
        _beside(one, _measured(one, market, impact, confidence), market.frame.panel.channels, confidence)
        for one in settings.calibration
        if one.market == market.frame.panel.market
    )


def combine(experiment: SizeWithError, market: SizeWithError, confidence: float) -> tuple[SizeWithError, float]:
    """Both by precision, and the weight of the experiment."""
    weight = market.se**2 / (experiment.se**2 + market.se**2)
    estimate = weight * experiment.estimate + (1.0 - weight) * market.estimate
    return _sized(estimate, sqrt(weight) * experiment.se, confidence), weight


def _beside(
    one: CalibrationSettings, market: SizeWithError | None, channels: Sequence[str], confidence: float
) -> Calibration:
    experiment = _sized(one.effect, one.se, confidence)
    combined, weight = (None, None) if market is None else combine(experiment, market, confidence)
    return Calibration(
        measures=one.measures,
        channel=one.channel if len(channels) > 1 and one.channel else None,
        period=(one.period[0], one.period[-1]),
        experiment=experiment,
        market=market,
        combined=combined,
        weight=weight,
        gap=None if market is None else (one.effect - market.estimate) / sqrt(one.se**2 + market.se**2),
    )


def _sized(estimate: float, se: float, confidence: float) -> SizeWithError:
    lower, upper = normal_interval(estimate, se, confidence)
    return SizeWithError(estimate=estimate, se=se, lower=lower, upper=upper)


def _measured(one: CalibrationSettings, market: MarketFit, impact: Impact, confidence: float) -> SizeWithError | None:
    """What the market's own fit says of the same quantity; None where it cannot."""
    if one.measures == "incremental":
        estimate, lower, upper = _brought(one, market, impact, confidence)
    else:
        channel = one.channel or impact.effects[0].channel
        found = next((row for row in impact.effects if row.channel == channel), None)
        if found is None:
            return None
        size = found.kept_up if one.measures == "kept-up" else found.first_period
        estimate, lower, upper = size.estimate, size.lower, size.upper
    se = interval_se(lower, upper, confidence)
    if estimate is None or lower is None or upper is None or se is None or not lower <= estimate <= upper:
        return None
    return SizeWithError(estimate=estimate, se=se, lower=lower, upper=upper)


def _brought(
    one: CalibrationSettings, market: MarketFit, impact: Impact, confidence: float
) -> tuple[float | None, float | None, float | None]:
    """Money that promotion brought over the periods of the experiment; None where the record does not hold them."""
    panel = market.frame.panel
    labels = [panel.period_label(column) for column in range(panel.n_periods)]
    if impact.point is None or impact.spread is None or not {one.period[0], one.period[-1]} <= set(labels):
        return None, None, None
    inside = slice(labels.index(one.period[0]), labels.index(one.period[-1]) + 1)
    ends = [0.5 - confidence / 2.0, 0.5 + confidence / 2.0]
    lower, upper = np.quantile(impact.spread.period[:, inside].sum(axis=1), ends, method=QUANTILE)
    return float(impact.point.period[0, inside].sum()), float(lower), float(upper)
