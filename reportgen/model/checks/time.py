"""Is promotion told apart from what happens to all pharmacies at once, and from growth of their own?"""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt

import numpy as np
from scipy.stats import f as fisher

from reportgen.model.checks.rules import RULES, grade
from reportgen.model.effects.responses import is_stationary, long_run_gradient
from reportgen.model.lmm.columns import Array, NoResidualVariation, RankDeficient
from reportgen.model.lmm.fit import fit_lmm
from reportgen.model.market.calendar import LEAST_SHARE, PERIOD_KINDS, TIME_COLUMNS, TimeChoice, time_terms
from reportgen.model.market.fit import MarketFit
from reportgen.model.market.terms import market_design
from reportgen.model.market.territories import moving_together, unnamed_codes
from reportgen.results import Check


def time_checks(market: MarketFit, residuals: Array) -> tuple[Check, ...]:
    """Common campaigns, territories few or not named, time effects left out, pharmacies' own trends."""
    unnamed = check_unnamed_territories(market, residuals)
    return (
        check_campaigns(market.time, market.frame.panel.channels),
        *((check_territories(market),) if market.terms.clustered else ()),
        check_time_effects(market),
        check_own_trend(market),
        *(() if unnamed is None else (unnamed,)),
    )


def check_territories(market: MarketFit) -> Check:
    """Degrees of freedom that the territories leave for promotion, where errors are clustered by them."""
    return grade("few-territories", float(market.covariance.df[market.index(market.terms.promotion[0])]))


def check_campaigns(time: TimeChoice, channels: Sequence[str]) -> Check:
    """Share of adstock's variance within pharmacies that period effects leave, against a fifth.

    Below it "fail" without period effects in the model: campaigns that ran everywhere at once cannot be told from
    what else happened in those periods. With them "review": what is left to learn from is little.
    """
    least = time.least
    detail = None if least is None or len(channels) < 2 else channels[time.shares.index(least)]
    fail = None if time.kind in PERIOD_KINDS else LEAST_SHARE
    return grade("common-campaigns", least, fail=fail, detail=detail)


def check_unnamed_territories(market: MarketFit, residuals: Array) -> Check | None:
    """Do residuals move together in the values of a column that may hold territories? None without such a column."""
    codes = unnamed_codes(market.frame)
    if codes is None:
        return None
    frame = market.frame
    column, found = frame.panel.unnamed_territories[0], moving_together(frame, codes, residuals)
    if found is None:
        return grade("unnamed-territories", None, detail=column)
    chance = [found.at(float(fisher.ppf(level, *found.df))) for level in (0.95, 0.999)]
    rule = RULES["unnamed-territories"]
    return grade(
        "unnamed-territories",
        max(found.at(found.ratio), 0.0),
        review=max(rule.review, chance[0]),
        fail=max(rule.fail or 0.0, chance[1]),
        detail=column,
    )


def check_time_effects(market: MarketFit) -> Check:
    """How far effects of periods would move the effect kept up, in its standard errors.

    None where they are in the model; not run where promotion hardly differs within periods. The same decays; the
    change of the coefficient where sales do not settle.
    """
    if market.time.kind in PERIOD_KINDS:
        return grade("time-effects", 0.0)
    if market.time.least is None or market.time.least < LEAST_SHARE:
        return grade("time-effects", None)
    terms = market.terms.keep(lambda column: column.role not in TIME_COLUMNS)
    # Effects of periods contain every trend and season that all pharmacies share, so these columns leave.
    periods = time_terms(market.frame, "periods", pharmacy_trend=False, corrected=False)
    fuller = terms.adding(periods)
    try:
        fit = fit_lmm(market_design(market.frame, fuller, market.decays), method=market.fit.method, rung="correlated"
                      if len(fuller.random) > 1 else "intercept")  # fmt: skip
    except (RankDeficient, NoResidualVariation):
        return grade("time-effects", None)
    order = [market.index(name) for name in (terms.promotion[0], *terms.lags)]
    ours, theirs = market.fit.beta[order], fit.beta[[fuller.fixed.index(market.terms.fixed[k]) for k in order]]
    gradient = np.zeros(len(order))
    gradient[0] = 1.0
    settled = all(is_stationary(beta[1:], terms.lag_periods) for beta in (ours, theirs))
    change = theirs[0] - ours[0]
    if settled:
        gradient = long_run_gradient(float(ours[0]), ours[1:])
        change = theirs[0] / (1.0 - theirs[1:].sum()) - ours[0] / (1.0 - ours[1:].sum())
    variance = float(gradient @ market.covariance.values[np.ix_(order, order)] @ gradient)
    return grade("time-effects", abs(float(change)) / sqrt(variance) if variance > 0.0 else None)


def check_own_trend(market: MarketFit) -> Check:
    """P of the pharmacies' own trends by likelihood ratio, where the model has none; with them it is met."""
    if market.trend.taken:
        return Check(id="pharmacy-trend", status="pass", value=None, threshold=None)
    return grade("pharmacy-trend", market.trend.p)
