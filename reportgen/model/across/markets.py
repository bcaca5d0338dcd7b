"""All markets of a run: one pre-declared estimand, pooled; each market's place; who is left out and why.

Reads finished ``MarketResults`` (the waist), so the overview can be made again without fitting. The statistics are
``meta.py``; here a market's numbers become the estimand, or a reason why they cannot.

A market is left out of the pooled effect for the reasons it was not estimated, or with one of these codes:
``failed`` codes given by the caller, ``no-effect-estimate`` (no estimate or no SE), ``not-stationary`` and
``long-run-unbounded`` (kept-up estimands only: there is no long run, or the data do not bound it, and a normal
approximation would be wrong), ``no-scale`` (mean sales are not positive, or mean promotion is unknown). Singular fits
take part: their promotion effect is estimated, only its differences between pharmacies are not.

Left to others: words. Out of scope: market covariates. Rejected: choosing the estimand after seeing the results,
counting significant markets (Benjamini-Hochberg instead), and ranking by raw estimates (the smallest markets win).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import fsum, isfinite, nan, sqrt
from typing import get_args

from reportgen.model.across.meta import RandomEffects, adjust_benjamini_hochberg, pool_effects
from reportgen.model.across.plan import plan_markets
from reportgen.model.lmm.modes import expected_rank
from reportgen.results import (
    Estimand,
    ExcludedMarket,
    MarketEstimate,
    MarketResults,
    OverviewResults,
    PooledEffect,
    Reason,
    RunTotals,
    VerdictCode,
)
from reportgen.results.derived.intervals import interval_se
from reportgen.results.derived.rehearsal import together

DEFAULT_ESTIMAND: Estimand = "kept-up-percent"
FALSE_DISCOVERY_RATE = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketEffect:
    """The estimand in one market, its units; ``lower``/``upper`` as in the market's own report."""

    estimate: float
    se: float
    lower: float
    upper: float
    p: float | None


def market_effect(results: MarketResults, estimand: Estimand) -> MarketEffect | Reason:
    """The estimand of one market, or why it has none.

    Level response: effect divided by mean sales, times 100 (percent) or mean promotion (elasticity). Log response:
    the effect is already relative; percent is 100 times log points. Scales count as known. The long run of one
    *promotion* unit kept up is used also where adstock weights are not normalised. First channel only.
    """
    row = results.promotion_effect
    scale = _scale(results, estimand)
    if row is None or results.model is None or not results.effects:
        return Reason(code="no-effect-estimate")
    if scale is None:
        return Reason(code="no-scale")
    parts: tuple[float | None, ...]
    if estimand.startswith("first-period"):
        first = results.effects[0].first_period
        se = interval_se(first.lower, first.upper, results.model.confidence)
        parts = (first.estimate, se, first.lower, first.upper)
    else:
        long_run = results.long_run
        if long_run is None or long_run.estimate is None:
            code = "not-stationary" if long_run is not None and not long_run.stationary else "no-effect-estimate"
            return Reason(code=code)
        if long_run.se is not None and (long_run.lower is None or long_run.upper is None):
            return Reason(code="long-run-unbounded")
        parts = (long_run.estimate, long_run.se, long_run.lower, long_run.upper)
    values = [scale * part for part in parts if part is not None and isfinite(part)]
    if len(values) < 4 or not values[1] > 0:
        return Reason(code="no-effect-estimate")
    return MarketEffect(estimate=values[0], se=values[1], lower=values[2], upper=values[3], p=row.p)


def _scale(results: MarketResults, estimand: Estimand) -> float | None:
    """Factor from the market's units to the estimand; positive, or None."""
    log = results.model is not None and results.model.response == "log"
    sales = 1.0 if log else results.data.sales_mean
    if sales is None or not sales > 0:
        return None
    if estimand.endswith("percent"):
        return 100.0 / sales
    promotion = results.data.promotion_mean[0] if results.data.promotion_mean else nan
    return promotion / sales if promotion > 0 else None


def summarise_markets(
    results: Sequence[MarketResults],
    *,
    failed: Sequence[tuple[str, str]] = (),
    estimand: Estimand = DEFAULT_ESTIMAND,
    confidence: float = 0.95,
    false_discovery_rate: float = FALSE_DISCOVERY_RATE,
) -> OverviewResults:
    """Everything the overview of a run prints.

    Parameters
    ----------
    results
        Finished markets in any order, each market once.
    failed
        (market, reason code) of markets that produced no results.
    estimand
        Declared before the run.
    confidence
        Level of the pooled and shrunken intervals (the markets' own intervals keep their level).
    """
    ordered = sorted(results, key=lambda one: one.market)
    effects: list[tuple[MarketResults, MarketEffect]] = []
    excluded: list[ExcludedMarket] = []
    for one in ordered:
        found = market_effect(one, estimand) if one.status in {"ok", "singular"} else None
        if isinstance(found, MarketEffect):
            effects.append((one, found))
        else:
            excluded.append(_exclude(one, found))
    excluded += [_failed(market, code) for market, code in failed]
    pool = None
    if len(effects) >= 2:
        pool = pool_effects(
            [effect.estimate for _, effect in effects], [effect.se**2 for _, effect in effects], confidence=confidence
        )
    rehearsals = [one.rehearsal for one in ordered if one.rehearsal is not None and one.rehearsal.rows]
    return OverviewResults(
        estimand=estimand,
        confidence=confidence,
        false_discovery_rate=false_discovery_rate,
        totals=_totals(ordered, len(failed)),
        pooled=None if pool is None else _pooled(pool, len(effects)),
        markets=_estimates(effects, pool, false_discovery_rate),
        excluded=tuple(sorted(excluded, key=lambda one: one.market)),
        plan=plan_markets(ordered, confidence),
        rehearsal=together(rehearsals),
        rehearsed=len(rehearsals),
    )


def _exclude(results: MarketResults, reason: Reason | None) -> ExcludedMarket:
    reasons = results.reasons if reason is None else (reason,)
    return ExcludedMarket(
        market=results.market,
        status=results.status,
        verdict=results.verdict.code,
        reasons=reasons or (Reason(code=results.status),),
        pharmacies=results.data.pharmacies,
        rows_used=results.data.rows_used,
        sales_mean=results.data.sales_mean,
    )


def _failed(market: str, code: str) -> ExcludedMarket:
    return ExcludedMarket(
        market=market,
        status="failed",
        verdict="cannot-tell",
        reasons=(Reason(code=code),),
        pharmacies=0,
        rows_used=0,
        sales_mean=None,
    )


def _estimates(
    effects: Sequence[tuple[MarketResults, MarketEffect]], pool: RandomEffects | None, rate: float
) -> tuple[MarketEstimate, ...]:
    adjusted = adjust_benjamini_hochberg([nan if effect.p is None else effect.p for _, effect in effects]).tolist()
    ranks = None if pool is None else expected_rank(pool.shrunken, pool.shrunken_se**2)
    rows = []
    for i, (one, effect) in enumerate(effects):
        p_adjusted = adjusted[i] if isfinite(adjusted[i]) else None
        given, brought = one.effects[0], one.incremental
        rows.append(
            MarketEstimate(
                market=one.market,
                status=one.status,
                verdict=one.verdict.code,
                estimate=effect.estimate,
                se=effect.se,
                lower=effect.lower,
                upper=effect.upper,
                p=effect.p,
                p_adjusted=p_adjusted,
                discovery=p_adjusted is not None and p_adjusted <= rate,
                weight=None if pool is None else float(pool.weights[i]),
                shrunken=None if pool is None else float(pool.shrunken[i]),
                shrunken_se=None if pool is None else float(pool.shrunken_se[i]),
                shrunken_lower=None if pool is None else float(pool.shrunken_lower[i]),
                shrunken_upper=None if pool is None else float(pool.shrunken_upper[i]),
                expected_rank=None if ranks is None else float(ranks[i]),
                pharmacies=one.data.pharmacies,
                rows_used=one.data.rows_used,
                sales_mean=one.data.sales_mean,
                channel=given.channel,
                first_period=given.first_period.estimate,
                in_all=given.in_all.estimate,
                kept_up=given.kept_up.estimate,
                kept_up_lower=given.kept_up.lower,
                kept_up_upper=given.kept_up.upper,
                incremental=None if brought is None else brought.total,
                incremental_share=None if brought is None else brought.share,
                roi=None if one.roi is None else one.roi.roi,
                checks_passed=one.checks_passed,
                checks_run=one.checks_run,
            )
        )
    return tuple(rows)


def _pooled(pool: RandomEffects, k: int) -> PooledEffect:
    return PooledEffect(
        k=k,
        estimate=pool.estimate,
        se=pool.se,
        se_classical=pool.se_classical,
        df=pool.df,
        statistic=pool.statistic if isfinite(pool.statistic) else None,
        p=pool.p,
        lower=pool.lower,
        upper=pool.upper,
        prediction_lower=pool.prediction_lower,
        prediction_upper=pool.prediction_upper,
        tau2=pool.tau2,
        tau=sqrt(pool.tau2),
        tau2_lower=pool.tau2_lower,
        tau2_upper=pool.tau2_upper,
        tau2_paule_mandel=pool.tau2_paule_mandel,
        estimate_paule_mandel=pool.estimate_paule_mandel,
        certified=pool.certified,
        q=pool.q,
        q_df=k - 1,
        q_p=pool.q_p,
        i2=pool.i2,
        h2=pool.h2,
    )


def _totals(results: Sequence[MarketResults], failed: int) -> RunTotals:
    """Counts and sums over the run; incremental sales with half widths added in squares (independent markets)."""
    status = Counter(one.status for one in results)
    verdicts = Counter(one.verdict.code for one in results)
    verdicts["cannot-tell"] += failed
    brought = [
        (item.total, item.total if item.lower is None else item.lower, item.total if item.upper is None else item.upper,
         sum(month.sales for month in item.months))
        for one in results
        if (item := one.incremental) is not None and item.total is not None
    ]  # fmt: skip
    total = sum(item[0] for item in brought)
    sales = sum(item[3] for item in brought)
    return RunTotals(
        markets=len(results) + failed,
        estimated=status["ok"] + status["singular"],
        singular=status["singular"],
        not_estimated=status["not-estimated"],
        not_estimable=status["not-estimable"],
        failed=failed,
        pharmacies=sum(one.data.pharmacies for one in results),
        rows_used=sum(one.data.rows_used for one in results),
        verdicts=tuple((code, verdicts[code]) for code in get_args(VerdictCode)),
        sales=sales if brought else None,
        incremental=total if brought else None,
        incremental_lower=total - sqrt(sum((item[0] - item[1]) ** 2 for item in brought)) if brought else None,
        incremental_upper=total + sqrt(sum((item[2] - item[0]) ** 2 for item in brought)) if brought else None,
        share=total / sales if brought and sales > 0 else None,
        incremental_markets=len(brought),
        promised=sum(one.track.count for one in results if one.track is not None),
        held=sum(one.track.held for one in results if one.track is not None),
        promised_expected=fsum(one.track.expected for one in results if one.track is not None),
    )
