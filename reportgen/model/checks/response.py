"""Is the effect what the model says: after its cause, fading evenly, the same all the time, a line, of plausible size?

Drift and curvature are tested by one more column within pharmacies (least squares on deviations from pharmacy means,
the model's own time effects among the columns, SE clustered by pharmacy): that needs nothing of how pharmacies differ,
which a curve or a trend between pharmacies could be mistaken for. Rules and sources are in ``rules.py``.

Rejected: the square of fitted values (RESET), which is persistence and sees no curve of promotion (0 of 20 markets
whose response saturates); drift of the whole adstock, which a pharmacy's own trend imitates where promotion differs
between pharmacies.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from reportgen.model.checks.design import centre_within
from reportgen.model.checks.estimates import check_lead_placebo
from reportgen.model.checks.rules import grade
from reportgen.model.effects.responses import critical_value, is_stationary
from reportgen.model.lmm.columns import Array, Design, Index
from reportgen.model.lmm.least_squares import within_estimate
from reportgen.model.market.fit import MarketFit
from reportgen.model.market.variants import Estimate, add_columns, added_column, curvature, with_current, with_leads
from reportgen.results import Check, Elasticity, PromotionEffects

TREND = "Added_Trend"
SMALL_DRIFT, LARGE_DRIFT = 0.25, 0.5
"""Changes of the effect between the middle and either end of the record, as shares of it, below which "review" and
"fail" are not given."""
LARGE_EXCESS = 0.5
"""What a period's own promotion adds to the first period's effect, as a share of it, without which nothing fails."""
ALPHA_CURVE, ALPHA_STRONG_CURVE = 0.05, 0.01
"""Levels at which a response that bends otherwise than the model has it is "review" and "fail"."""


def check_drift(design: Design, term: str, effect: float, column: Index, *, channel: str | None = None) -> Check:
    """|t| of a change of one channel's effect along the record.

    The column is the adstock's deviation from its pharmacy's mean times time, which runs from -1 to 1 over the periods
    ``column`` (n,). Against the 95 % point of t (fail: 99.9 %), each raised to the |t| of an effect that changes by a
    quarter (half) from the middle of the record to its ends.
    """
    # Time from -1 to 1 along the record: the coefficient is the change from the middle to either end.
    middle, half = (column.max() + column.min()) / 2.0, max(float(np.ptp(column)) / 2.0, 1.0)
    time = (column - middle) / half
    one = added_column(_with_trend(design, time), centre_within(design.column(term), design.group) * time)
    if one is None:
        return grade("drift", None, channel=channel)
    small, large = (share * abs(effect) / one.se for share in (SMALL_DRIFT, LARGE_DRIFT))
    review = max(critical_value(0.95, one.df), small)
    fail = max(critical_value(0.999, one.df), large)
    return grade("drift", abs(one.value) / one.se, review=review, fail=fail, channel=channel)


def _with_trend(design: Design, time: Array) -> Design:
    """The design with a common trend, where it has none of its own: else growth of sales counts as drift."""
    tried = add_columns(design, time[:, None], (TREND,))
    return design if within_estimate(tried) is None else tried


def check_saturation(
    design: Design, term: str, *, bent: bool = False, looks: int = 1, channel: str | None = None
) -> Check:
    """T of a response of one channel that flattens with more promotion; |t| where the model has a curve (``bent``).

    The column is log(1 + A / mean A): with the line beside it, a positive coefficient is a concave response. Against
    the one-sided 95 % (fail: 99 %) point of t, shared among ``looks`` channels (Bonferroni). Beside a curve either sign
    is one that does not fit, so both tails count: one market of a run may flatten more than the others, or not at all.
    """
    one = curvature(design, term)
    if one is None:
        return grade("saturation", None, channel=channel)
    t, tails = one.value / one.se, 1.0 if bent else 2.0
    # critical_value is two-sided: twice the level leaves the one-sided share in one tail.
    review, fail = (critical_value(1.0 - tails * level / looks, one.df) for level in (ALPHA_CURVE, ALPHA_STRONG_CURVE))
    return grade("saturation", abs(t) if bent else t, review=review, fail=fail, channel=channel)


def check_carry_over_shape(current: Estimate | None, first: float, *, channel: str | None = None) -> Check:
    """|t| of what a channel's promotion of the period itself brings beyond geometric carry-over.

    Promotion placed where a good (bad) period is foreseen adds to (takes from) the period of the visit alone, which no
    decay can follow; so do effects that peak later (found in all of 100 simulated markets, one or two months after the
    visit) and errors with memory. Against the 95 % point of t; fail: the 98 % point, raised to the |t| of
    half of ``first``, the effect of the first period.
    """
    if current is None or not current.se > 0:
        return grade("carry-over-shape", None, channel=channel)
    review, strong = (critical_value(level, current.df) for level in (0.95, 0.98))
    fail = max(strong, LARGE_EXCESS * abs(first) / current.se)
    return grade("carry-over-shape", abs(current.value) / current.se, review=review, fail=fail, channel=channel)


def check_elasticity(brought: float | None, sales: float, *, log: bool) -> Check:
    """Percent by which sales change when promotion changes by one percent and stays there, at the averages.

    ``brought``: what all channels at their average promotion add to a pharmacy's sales a period in the long run, in
    money (in logarithms where ``log``); ``sales`` is the mean over the rows.
    """
    if brought is None or not sales > 0.0:
        return grade("elasticity", None)
    return grade("elasticity", brought / (1.0 if log else sales))


def response_checks(market: MarketFit, confidence: float) -> tuple[Check, ...]:
    """Timing, drift and curvature of each channel, and the size of what all of them bring."""
    terms, frame = market.terms, market.frame
    effects = [float(market.fit.beta[market.index(term)]) for term in terms.promotion]
    leads = with_leads(market, confidence) or (None,) * len(effects)
    currents = with_current(market, confidence) or (None,) * len(effects)
    made = []
    for k, (term, effect, name) in enumerate(zip(terms.promotion, effects, market.named_channels, strict=True)):
        first = effect * (1.0 - market.decays[k] if frame.normalize else 1.0)
        made.append(check_lead_placebo(leads[k], effect, channel=name))
        made.append(check_carry_over_shape(currents[k], first, channel=name))
        made.append(check_drift(market.design, term, effect, frame.column, channel=name))
        bent = frame.curve(k) is not None
        made.append(check_saturation(market.design, term, bent=bent, looks=len(effects), channel=name))
    phi = market.fit.beta[[market.index(term) for term in terms.lags]]
    brought = None
    if frame.normalize and is_stationary(phi, terms.lag_periods):
        brought = float(np.dot(effects, frame.promotion.mean(axis=0))) / (1.0 - float(phi.sum()))
    return (*made, check_elasticity(brought, float(frame.sales.mean()), log=frame.scale == "log"))


def elasticity(checks: Sequence[Check], effects: Sequence[PromotionEffects]) -> Elasticity | None:
    """The graded elasticity with its interval, which is that of what is kept up on another scale (one channel)."""
    found = next((check.value for check in checks if check.id == "elasticity"), None)
    if found is None:
        return None
    one = effects[0].kept_up if len(effects) == 1 else None
    if one is None or not one.estimate or one.lower is None or one.upper is None:
        return Elasticity(estimate=found, lower=None, upper=None)
    # One number times another: the elasticity is what is kept up at average promotion over mean sales, so its limits
    # are those of the effect on its scale.
    scale = found / one.estimate
    return Elasticity(estimate=found, lower=scale * one.lower, upper=scale * one.upper)
