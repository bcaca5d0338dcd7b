"""From a fitted market to the rows of results.json: pharmacies, comparisons, decay, fit, model."""

from __future__ import annotations

import numpy as np
from scipy.stats import norm
from scipy.stats import t as student

from reportgen.model.checks.estimates import differs
from reportgen.model.effects.impact import Impact
from reportgen.model.effects.responses import is_stationary, long_run, spectral_radius
from reportgen.model.lmm.columns import Array
from reportgen.model.lmm.inference import FixedCovariance, coefficient_rows
from reportgen.model.lmm.least_squares import within_estimate
from reportgen.model.lmm.leave_one_out import Influence
from reportgen.model.lmm.modes import (
    TotalSlope,
    conditional_covariance,
    conditional_modes,
    expected_rank,
    own_coefficients,
    reliability,
    total_slope,
)
from reportgen.model.market.calendar import TREND, calendar_columns, period_codes
from reportgen.model.market.decay_mixture import Mixture, carried_rows
from reportgen.model.market.fit import MarketFit
from reportgen.model.market.quality import information_criteria
from reportgen.model.market.territories import LEAST_WITHIN, shares_of_rows, territory_codes
from reportgen.panel.reading.columns import column_of
from reportgen.results import (
    Comparison,
    CovRe,
    DecaySummary,
    FitSummary,
    FixedEffect,
    LikelihoodOptimum,
    ModelSummary,
    ModelTerm,
    PharmacyRow,
    TerritorySummary,
    TimeEffect,
    TimeSummary,
)
from reportgen.settings.sections import Settings


def fixed_rows(market: MarketFit, confidence: float) -> tuple[FixedEffect, ...]:
    """The coefficient table of the reported model; an estimated decay is carried along its profile.

    Without the effects of periods, waves of the season and the like: they stand after all others.
    """
    shown = len(market.terms.read)
    rows = coefficient_rows(
        market.design.names[:shown],
        market.fit.beta[:shown],
        market.covariance.first(shown),
        None if market.rung == "pooled" else market.fit.cov_gls[:shown, :shown],
        np.std(market.design.x[:, :shown], axis=0),
        confidence,
    )
    return rows if market.mixture is None else carried_rows(rows, market.mixture, confidence)


def compare_fit(market: MarketFit, chosen: FixedEffect, long_run_chosen: float | None, confidence: float) -> Comparison:
    """Another mixed model on the same rows (plain, or corrected), as comparison rows."""
    return _comparison(
        fixed_rows(market, confidence), market.fit.beta, market.covariance, market.design.names,
        market, chosen, long_run_chosen, confidence,
    )  # fmt: skip


def compare_within(
    market: MarketFit, chosen: FixedEffect, long_run_chosen: float | None, confidence: float
) -> Comparison | None:
    """Within-pharmacy estimate on the same rows; ``None`` where it cannot be made."""
    found = within_estimate(market.design)
    if found is None or not set(market.terms.promotion) <= set(found.names):
        return None
    read = {column.term for column in market.terms.read}
    shown = sum(name in read for name in found.names)
    sd = np.array([float(np.std(market.design.column(name))) for name in found.names[:shown]])
    rows = coefficient_rows(
        found.names[:shown], found.beta[:shown], found.covariance.first(shown), None, sd, confidence
    )
    return _comparison(rows, found.beta, found.covariance, found.names, market, chosen, long_run_chosen, confidence)


def _comparison(
    rows: tuple[FixedEffect, ...],
    beta: Array,
    covariance: FixedCovariance,
    names: tuple[str, ...],
    market: MarketFit,
    chosen: FixedEffect,
    long_run_chosen: float | None,
    confidence: float,
) -> Comparison:
    order = [names.index(term) for term in (chosen.term, *market.terms.lags)]
    phi, lags = beta[order[1:]], market.terms.lag_periods
    final = None
    if is_stationary(phi, lags):
        kept_up = 1.0 if market.frame.normalize else 1.0 / (1.0 - market.decays[0])
        scaled = np.diag([kept_up, *np.ones(len(lags))])
        spread = scaled @ covariance.values[np.ix_(order, order)] @ scaled
        final = long_run(kept_up * float(beta[order[0]]), phi, spread, lags=lags, confidence=confidence)
    apart = differs(chosen.estimate, chosen.se, float(beta[order[0]]))
    if final is not None and final.estimate is not None and long_run_chosen is not None:
        least = max(0.1 * abs(long_run_chosen), 0.5 * (final.se or 0.0))
        apart = bool(apart or abs(final.estimate - long_run_chosen) > least)
    return Comparison(
        fixed=rows,
        long_run=None if final is None else final.estimate,
        long_run_se=None if final is None else final.se,
        differs=apart,
    )


def pharmacy_rows(
    market: MarketFit, impact: Impact, influence: Influence, confidence: float
) -> tuple[PharmacyRow, ...]:
    """One row per used pharmacy, in the order of the frame."""
    frame, fit = market.frame, market.fit
    term = market.terms.promotion[0]
    fixed, random = market.index(term), market.random_index(term)
    modes, covariance, own = conditional_modes(fit), conditional_covariance(fit), own_coefficients(fit)
    slope, (lower, upper) = _total_slopes(market, fixed, random, confidence)
    phi = fit.beta[[market.index(name) for name in market.terms.lags]]
    # Long run of one unit: the total slope over 1 - sum phi, and over 1 - decay where adstock weights do not sum to
    # one.
    remainder = (
        (1.0 - float(phi.sum())) * (1.0 if frame.normalize else 1.0 - market.decays[0])
        if is_stationary(phi, market.terms.lag_periods)
        else np.nan
    )
    sizes = np.bincount(frame.group)
    sales = np.bincount(frame.group, weights=frame.sales)
    promotion = np.bincount(frame.group, weights=frame.promotion[:, 0]) / sizes
    brought = impact.by_pharmacy if impact.by_pharmacy is not None else np.full(len(sizes), np.nan)
    nothing = np.full(len(sizes), np.nan)
    trust, rank, deviation, deviation_se, own_slope = (nothing,) * 5
    if random is not None:
        deviation, deviation_se = modes[:, random], np.sqrt(np.maximum(covariance[:, random, random], 0.0))
        # At the limit of the parameters a mode follows from others, not from the pharmacy's own response.
        trust = nothing if fit.singular else reliability(covariance[:, random, random], float(fit.psi[random, random]))
        rank = expected_rank(deviation, covariance[:, random, random])
        own_slope = fit.beta[fixed] + own[:, random]
    columns = {
        "sales_mean": sales / sizes,
        "promotion_mean": promotion,
        "intercept": modes[:, 0],
        "intercept_se": np.sqrt(np.maximum(covariance[:, 0, 0], 0.0)),
        "slope": deviation,
        "slope_se": deviation_se,
        "total_slope": frame.sizes * slope.value,
        "lower": frame.sizes * lower,
        "upper": frame.sizes * upper,
        "reliability": trust,
        "expected_rank": rank,
        "long_run": frame.sizes * slope.value / remainder,
        "own_intercept": own[:, 0],
        "own_slope": frame.sizes * own_slope,
        "incremental": brought,
        "incremental_share": brought / np.where(sales > 0.0, sales, np.nan),
        "cooks_d": influence.cooks_d,
        "effect_without": influence.beta[:, fixed],
    }
    table = {name: [float(v) if np.isfinite(v) else None for v in values] for name, values in columns.items()}
    return tuple(
        PharmacyRow(pharmacy=name, rows=int(sizes[g]), **{key: values[g] for key, values in table.items()})
        for g, name in enumerate(frame.pharmacies)
    )


def _total_slopes(
    market: MarketFit, fixed: int, random: int | None, confidence: float
) -> tuple[TotalSlope, tuple[Array, Array]]:
    """Total slope of each pharmacy and its limits, along the decay's profile where it was estimated."""
    slope = total_slope(market.fit, market.covariance.values, fixed, random)
    if market.mixture is None:
        reach = float(student.ppf(0.5 + confidence / 2.0, market.covariance.df[fixed])) * slope.se
        return slope, (slope.value - reach, slope.value + reach)
    nodes = [
        total_slope(fit, covariance, fixed, random)
        for fit, covariance in zip(market.mixture.fits, market.mixture.covariance, strict=True)
    ]
    spread = Mixture(
        weights=market.mixture.weights,
        centre=np.array([node.value for node in nodes]),
        se=np.array([node.se for node in nodes]),
        df=market.mixture.df[:, fixed, None],
    )
    return slope, spread.interval(confidence)


def decay_summaries(market: MarketFit) -> tuple[DecaySummary, ...]:
    """One per channel; a fixed decay has no profile and no interval, a shared one those of all markets together."""
    found = market.decay_fit
    correlation = _lag_correlation(market)
    return tuple(
        DecaySummary(
            channel=channel,
            estimate=market.decays[k],
            lower=None if found is None else found.lower[k],
            upper=None if found is None else found.upper[k],
            at_edge=found is not None and found.at_edge[k],
            estimated=market.decay_source != "fixed",
            profile=() if found is None else found.profiles[k],
            lag_correlation=correlation[k],
            se=None if found is None else found.se[k],
        )
        for k, channel in enumerate(market.frame.panel.channels)
    )


def _lag_correlation(market: MarketFit) -> tuple[float | None, ...]:
    """Correlation of each decay's estimate with that of the lag-1 coefficient."""
    spread = np.diag(market.decay_covariance)
    if not market.terms.lags:
        return (None,) * len(spread)
    lag = market.index(market.terms.lags[0])
    cross = (market.decay_gradient @ market.decay_covariance)[lag]
    variance = market.covariance.values[lag, lag]
    return tuple(
        float(cross[k] / np.sqrt(spread[k] * variance)) if spread[k] > 0.0 and variance > 0.0 else None
        for k in range(len(spread))
    )


def fit_summary(market: MarketFit) -> FitSummary:
    """The optimum and its certificate."""
    fit = market.fit
    aic, bic = information_criteria(market)
    return FitSummary(
        loglik=fit.loglik,
        loglik_ml=market.ml.loglik,
        aic=aic,
        bic=bic,
        scale=fit.sigma2,
        converged=fit.converged,
        certified=market.certified,
        singular=fit.singular and market.rung != "pooled",
        iterations=fit.iterations,
        kkt=fit.kkt,
        statsmodels_gap=market.statsmodels_gap,
        attempts=market.attempts,
        theta=tuple(float(value) for value in fit.theta),
        cov_re=CovRe(terms=fit.design.z_names, values=tuple(tuple(map(float, row)) for row in fit.psi)),
        sigma=float(np.sqrt(fit.sigma2)),
    )


def optima_rows(market: MarketFit) -> tuple[LikelihoodOptimum, ...]:
    """Every optimum of the reported likelihood; none where it has only one."""
    optima, terms = market.fit.optima, market.terms
    if market.rung == "pooled" or len(optima) < 2:
        return ()
    channels = [market.index(term) for term in terms.promotion]
    lags = [market.index(term) for term in terms.lags]
    rows = []
    for one in optima:
        phi = one.beta[lags]
        settles = not lags or bool(spectral_radius(phi, terms.lag_periods) < 1.0)
        kept_up = one.beta[channels] / (1.0 - phi.sum()) if settles else [None] * len(channels)
        rows.append(
            LikelihoodOptimum(
                loglik=one.loglik,
                gap=optima[0].loglik - one.loglik,
                promotion=tuple(map(float, one.beta[channels])),
                kept_up=tuple(None if value is None else float(value) for value in kept_up),
                persistence=float(phi.sum()),
                sd=tuple(map(float, np.sqrt(np.maximum(np.diag(one.psi), 0.0)))),
            )
        )
    return tuple(rows)


def time_summary(market: MarketFit, confidence: float) -> TimeSummary:
    """How time entered the model and why, with what each calendar period added to the response."""
    terms, frame = market.terms, market.frame
    absorbed = set(frame.control_names) - set(terms.controls)
    return TimeSummary(
        kind=market.time.kind,
        reason=market.time.reason,
        share_left=market.time.least,
        least_share=market.time.asked,
        shares=market.time.shares,
        count=len(terms.named("period")),
        harmonics=max((column.lag or 0 for column in terms.time if column.role == "season"), default=0),
        absorbed=tuple(name for name in frame.control_names if name in absorbed),
        pharmacy_trend=market.trend.taken,
        pharmacy_trend_reason=market.trend.reason,
        pharmacy_trend_p=market.trend.p,
        effects=_time_effects(market, confidence),
    )


def territory_summary(market: MarketFit, df: float | None) -> TerritorySummary | None:
    """The level above the pharmacy; ``df`` of the promotion coefficient. None where there is none."""
    codes = territory_codes(market.frame)
    if codes is None or market.time.territories is None:
        return None
    sizes = np.bincount(codes)
    return TerritorySummary(
        count=len(sizes),
        smallest=int(sizes.min()),
        largest=int(sizes.max()),
        errors="clustered" if market.terms.clustered else "periods",
        reason=market.time.territories,
        share_within=market.time.within,
        least_share=LEAST_WITHIN,
        independent=market.design.independent,
        df=df,
    )


def _time_effects(market: MarketFit, confidence: float) -> tuple[TimeEffect, ...]:
    """What is common to all pharmacies in each period with rows, beside its mean over these periods."""
    frame = market.frame
    columns = tuple(column for column in market.terms.time if column.role != "initial-trend")
    if not columns:
        return ()
    periods = np.unique(frame.column)
    if market.terms.by_territory:
        # The chart shows the mean over territories, weighted by their rows.
        values = shares_of_rows(frame, period_codes(frame, by_territory=True))[:, 1:]
    else:
        grids = calendar_columns(frame, columns)
        values = np.stack([grids[column.term][periods] for column in columns], axis=1)
    # Around their own mean: the level of time effects is the intercept's.
    values -= values.mean(axis=0)
    at = [market.index(column.term) for column in columns]
    effect = values @ market.fit.beta[at]
    se = np.sqrt(np.maximum(np.einsum("ti,ij,tj->t", values, market.covariance.values[np.ix_(at, at)], values), 0.0))
    reach = float(norm.ppf(0.5 + confidence / 2.0)) * se
    return tuple(
        TimeEffect(
            period=frame.panel.period_label(int(column)),
            estimate=float(effect[k]),
            lower=float(effect[k] - reach[k]) if np.isfinite(reach[k]) else None,
            upper=float(effect[k] + reach[k]) if np.isfinite(reach[k]) else None,
        )
        for k, column in enumerate(periods)
    )


def model_summary(market: MarketFit, settings: Settings) -> ModelSummary:
    """What was fitted, in words of the settings and terms of the design."""
    terms = market.terms
    own, roles = TREND in market.terms.random, [column.role for column in terms.read]
    return ModelSummary(
        formula=terms.formula,
        random_formula=terms.random_formula,
        groups=column_of(settings.panel.pharmacy),
        method=market.fit.method,
        response=market.frame.scale,
        correction=settings.model.correction,
        design=settings.model.design,
        confidence=settings.report.confidence,
        decay=market.decays[0],
        decay_source=market.decay_source,
        normalize=market.frame.normalize,
        channels=market.frame.panel.channels,
        decays=market.decays,
        lags=terms.lag_periods,
        promotion_terms=terms.promotion,
        lag_terms=terms.lags,
        control_terms=terms.controls,
        correction_terms=terms.correction,
        random_terms=terms.random,
        terms=terms.read if not own or "trend" in roles else (*terms.read, ModelTerm(term=TREND, role="trend")),
        rung=market.rung,
        typed=(settings.model.formula, settings.model.re_formula)
        if settings.model.formula or settings.model.re_formula
        else None,
        standard_error=market.covariance.kind,
    )
