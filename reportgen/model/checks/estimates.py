"""Checks whose value is already estimated elsewhere: each turns finished numbers into a ``Check``.

Rules and sources are in ``rules.py``; the docstring of each function says how its value is made. No
function here estimates anything. Which are made of a market say :func:`fit_checks` and :func:`comparison_checks`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from reportgen.model.checks.rules import RULES, grade
from reportgen.model.effects.responses import critical_value, is_stationary, long_run_gradient, spectral_radius
from reportgen.model.lmm.reml import KKT_TOLERANCE
from reportgen.model.market.decay import HIGHEST
from reportgen.model.market.fit import MarketFit
from reportgen.model.market.variants import Estimate
from reportgen.results import Check, CheckStatus, Comparison, FixedEffect, Incremental
from reportgen.results.derived.intervals import which_side

Array = NDArray[np.float64]

SMALL_LEAD = 0.10
"""Lead effect, as a share of the promotion effect, below which neither "review" nor "fail" is given."""
EDGE_WIDTH = 1e-4
"""Distance from the end of the decay's range at which a value counts as its end."""


def check_lead_placebo(lead: Estimate | None, effect: float, *, channel: str | None = None) -> Check:
    """|t| of a channel's promotion of the next period, which cannot have an effect yet.

    Against the 95 % point of t (fail: 99.9 %), each raised to the |t| of a lead of 10 % of ``effect``: what it brings
    is wrong by about as much (simulation: late booking of 30 % gives leads of 17 % and effects 18 % too low).
    """
    if lead is None or not lead.se > 0:
        return grade("lead-placebo", None, channel=channel)
    least = SMALL_LEAD * abs(effect) / lead.se
    review, fail = (max(critical_value(level, lead.df), least) for level in (0.95, 0.999))
    return grade("lead-placebo", abs(lead.value) / lead.se, review=review, fail=fail, channel=channel)


def _distances(effect: float, se: float | None, other: float | None) -> tuple[float, float] | None:
    """Gap of another estimate in SEs and in tenths of the effect; None where either is unknown."""
    if other is None or se is None or not se > 0 or effect == 0:
        return None
    gap = abs(other - effect)
    return gap / se, gap / (0.10 * abs(effect))


def differs(effect: float, se: float | None, other: float | None) -> bool | None:
    """Whether another estimate is over 1 SE, or over 10 % and half an SE, away; None where that is unknown.

    METHODS 4 asks for 1 SE or 10 %; less than half an SE apart, estimates agree however small the effect is.
    """
    gap = _gap(effect, se, other)
    return None if gap is None else gap > 1.0


def _gap(effect: float, se: float | None, other: float | None) -> float | None:
    """How far apart, above 1 where they differ."""
    gaps = _distances(effect, se, other)
    return None if gaps is None else max(gaps[0], min(gaps[1], 2.0 * gaps[0]))


def check_correction_gap(effect: float, se: float | None, plain: float | None, within: float | None) -> Check:
    """Largest gap of the plain and the within-pharmacy estimate of the coefficient from the chosen one.

    The value is the larger of gap/SE and gap/(10 % of the effect), the latter at most twice gap/SE: above 1 is where
    :func:`differs`.
    "fail" only where the other estimate has the opposite sign and is over 2 SE away. ``detail`` names it.
    """
    found = [
        (max(gaps[0], min(gaps[1], 2.0 * gaps[0])), name, other * effect < 0 and gaps[0] > 2.0)
        for name, other in (("plain", plain), ("within", within))
        if other is not None and (gaps := _distances(effect, se, other)) is not None
    ]
    if not found:
        return grade("correction-gap", None)
    # An estimate of the other sign is told before a larger gap of the same sign.
    reversed_ones = [one for one in found if one[2]]
    value, name, opposite = max(reversed_ones or found)
    return grade("correction-gap", value, fail=1.0 if opposite else None, detail=name)


def check_seasonality(effect: float, se: float | None, with_months: float | None) -> Check:
    """Change of the effect in SE when month dummies are added; above 1 with the opposite sign it fails."""
    gaps = _distances(effect, se, with_months)
    if gaps is None or with_months is None:
        return grade("seasonality", None)
    return grade("seasonality", gaps[0], fail=1.0 if with_months * effect < 0 else None)


def check_influence(effect: float, se: float | None, without: ArrayLike, names: Sequence[str]) -> Check:
    """Largest |effect without a pharmacy - effect| / SE over exact refits ``without`` (G,), NaN where failed."""
    refits = np.asarray(without, dtype=np.float64)
    if se is None or not se > 0 or not np.any(np.isfinite(refits)):
        return grade("influence", None)
    change = np.where(np.isfinite(refits), np.abs(refits - effect) / se, -1.0)
    worst = int(np.argmax(change))
    return grade("influence", float(change[worst]), detail=names[worst])


def influence_on(market: MarketFit, promotion: FixedEffect, refits: Array, names: Sequence[str]) -> Check:
    """Influence of what each of the ``refits`` (K, p) changed, on the coefficient or on what is kept up.

    The larger of both counts, with what is kept up beta / (1 - sum phi).
    Trends and levels of a single pharmacy act through persistence: they move what is kept up more than the coefficient.
    """
    at = market.index(promotion.term)
    lags = [market.index(term) for term in market.terms.lags]
    found = [check_influence(promotion.estimate, promotion.se, refits[:, at], names)]
    if lags and is_stationary(market.fit.beta[lags], market.terms.lag_periods):
        order, phi = [at, *lags], market.fit.beta[lags]
        # Delta method for the SE of what is kept up (METHODS 5).
        gradient = long_run_gradient(promotion.estimate, phi)
        variance = float(gradient @ market.covariance.values[np.ix_(order, order)] @ gradient)
        # Without some pharmacy sales may not settle at all: such a refit has no long run, and as NaN it counts as none.
        remainder = 1.0 - refits[:, lags].sum(axis=1)
        settled = refits[:, at] / np.where(remainder > 0.0, remainder, np.nan)
        kept_up = promotion.estimate / (1.0 - float(phi.sum()))
        found.append(check_influence(kept_up, float(np.sqrt(max(variance, 0.0))), settled, names))
    return max(found, key=lambda check: check.value or 0.0)


def check_verdict_without(
    interval: tuple[float | None, float | None], without: tuple[float | None, float | None] | None, pharmacy: str
) -> Check:
    """Does the side of zero change when the most influential pharmacy is left out?

    Value 0: the interval of the promotion effect says the same (above, below or across zero); 1: it says
    something clear with the pharmacy and not without it, or the other way round; 2: it is reversed.
    """
    if without is None or without[0] is None:
        return grade("verdict-without-most-influential", None, detail=pharmacy)
    return grade(
        "verdict-without-most-influential", float(abs(which_side(*interval) - which_side(*without))), detail=pharmacy
    )


def check_holdout(model: float | None, naive: float | None) -> Check:
    """Hold-out error (wMAPE) over that of the seasonal-naive forecast of the same cells."""
    ratio = model / naive if model is not None and naive is not None and naive > 0 else None
    return grade("holdout", ratio)


def check_stationarity(phi: ArrayLike, lags: Sequence[int]) -> Check:
    """Largest root of the lag recursion, against .95; at 1 or above there is no long run, so it fails."""
    # A limit is passed where it is exceeded, but a root of exactly one has no long run either: hence the number before
    # it.
    radius = float(spectral_radius(phi, lags))
    return grade("stationarity", radius, fail=float(np.nextafter(1.0, 0.0)))


def check_decay_edge(
    estimate: float | None,
    *,
    upper: float | None,
    edges: tuple[float, float],
    channel: str | None = None,
) -> Check:
    """Is the decay found inside the grid (``edges``), and does its interval end inside?

    Value: the estimate. "fail" where the optimum is at the upper edge; "review" where the interval reaches it
    (``detail`` "interval"). At the lower edge there is no carry-over, which is an answer. Not run for a fixed decay.
    """
    if estimate is None:
        return grade("decay-edge", None, review=edges[1], channel=channel)
    status: CheckStatus = "pass"
    detail = None
    if estimate >= edges[1] - EDGE_WIDTH:
        status = "fail"
    elif upper is None or upper >= edges[1] - EDGE_WIDTH:
        status, detail = "review", "interval"
    return Check(id="decay-edge", status=status, value=estimate, threshold=edges[1], detail=detail, channel=channel)


def check_long_memory(half_life: float | None, periods: int, *, stationary: bool, channel: str | None = None) -> Check:
    """Half-life of the effect of one pulse as a share of the record's ``periods``, against a quarter (fail: a third).

    A half-life that was not reached in any time that was looked at counts as the whole record.
    """
    if not stationary or periods <= 0:
        return grade("long-memory", None, channel=channel)
    share = 1.0 if half_life is None else half_life / periods
    return grade("long-memory", share, channel=channel)


def check_totals(incremental: Incremental | None) -> Check:
    """Largest share of sales in the interval of what promotion brought, either sign, against all sales (fail).

    "fail" too where the interval leaves the estimate out: the draws then come from another part of the likelihood.
    """
    if incremental is None or incremental.share is None:
        return grade("totals-in-range", None)
    shares = [incremental.share, incremental.share_lower, incremental.share_upper]
    found = grade("totals-in-range", max(abs(one) for one in shares if one is not None))
    low, total, high = incremental.lower, incremental.total, incremental.upper
    if low is None or high is None or total is None or low <= total <= high:
        return found
    return replace(found, status="fail", detail="interval", near_limit=False)


def check_convergence(kkt: float | None, *, certified: bool, singular: bool, tolerance: float | None = None) -> Check:
    """First-order gap of the optimum: "fail" without a certificate, "review" where the fit is singular."""
    threshold = RULES["convergence"].review if tolerance is None else tolerance
    value = kkt if kkt is not None and np.isfinite(kkt) else None
    status: CheckStatus = "fail" if not certified else "review" if singular else "pass"
    return Check(id="convergence", status=status, value=value, threshold=threshold)


def fit_checks(market: MarketFit) -> tuple[Check, ...]:
    """Every check of what the fit itself says: certificate, stationarity, decays."""
    terms = market.terms
    phi = market.fit.beta[[market.index(term) for term in terms.lags]]
    return (
        check_convergence(
            market.fit.kkt, certified=market.certified, singular=market.fit.singular, tolerance=KKT_TOLERANCE
        ),
        *_second_optimum(market),
        *([check_stationarity(phi, terms.lag_periods)] if terms.lags else []),
        *_decay_edges(market),
    )


def _second_optimum(market: MarketFit) -> list[Check]:
    """Gap to the next optimum of the likelihood, and whether the effect (of each channel) is another there.

    Within two log-likelihood units of the best the data do not choose between them. A likelihood with one optimum
    passes without a value.
    """
    optima, terms = market.fit.optima, market.terms
    if market.rung == "pooled" or len(optima) < 2:
        return [replace(grade("second-optimum", None), status="pass")]
    best, second = optima[:2]
    gap = best.loglik - second.loglik
    made = []
    for term, name in zip(terms.promotion, market.named_channels, strict=True):
        place = market.index(term)
        se = float(np.sqrt(market.covariance.values[place, place]))
        another = gap < RULES["second-optimum"].review and abs(second.beta[place] - best.beta[place]) > se
        made.append(
            grade(
                "second-optimum",
                gap,
                fail=RULES["second-optimum"].review if another else None,
                channel=name,
            )
        )
    return made


def _decay_edges(market: MarketFit) -> list[Check]:
    """One a channel; named only where there are several."""
    found = market.decay_fit
    return [
        check_decay_edge(
            None if found is None else found.estimates[k],
            upper=None if found is None else found.upper[k],
            edges=(0.0, HIGHEST),
            channel=name,
        )
        for k, name in enumerate(market.named_channels)
    ]


def comparison_checks(
    promotion: FixedEffect,
    *,
    plain: Comparison | None,
    within: Comparison | None,
    months: Estimate | None,
    without: Estimate | None,
    most_influential: str,
) -> tuple[Check, ...]:
    """Every check of the promotion effect against other estimates of it.

    The effect is estimated with ``months`` dummies and ``without`` the ``most_influential`` pharmacy.
    """
    effect, se = promotion.estimate, promotion.se
    return (
        check_seasonality(effect, se, None if months is None else months.value),
        check_correction_gap(effect, se, _estimate(plain, promotion.term), _estimate(within, promotion.term)),
        check_verdict_without(
            (promotion.lower, promotion.upper),
            None if without is None else (without.lower, without.upper),
            most_influential,
        ),
    )


def _estimate(comparison: Comparison | None, term: str) -> float | None:
    rows = comparison.fixed if comparison is not None else ()
    return next((row.estimate for row in rows if row.term == term), None)
