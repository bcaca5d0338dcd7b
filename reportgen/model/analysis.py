"""One market from panel to results: refuse or fit, infer, measure, check, judge.

A straight line; every step is a module of its own. Nothing here raises for a market that cannot
be estimated: that is a result, with the reason.
"""

from __future__ import annotations

import logging
from dataclasses import replace

import numpy as np

from reportgen.model.agreed.choices import choose_alone, chosen
from reportgen.model.bootstrap.run import FEW_PHARMACIES, bootstrap_market, bootstrap_slope_test, summarise_bootstrap
from reportgen.model.checks.foresight import foresight
from reportgen.model.checks.residuals import Residuals, conditional_residuals
from reportgen.model.checks.response import elasticity
from reportgen.model.checks.run import Diagnostics, diagnose
from reportgen.model.checks.settled import added_checks, calibration_checks, settled_checks
from reportgen.model.data_summary import chosen_pharmacies, monthly_series, summarise_data
from reportgen.model.deciding import decisions, withhold
from reportgen.model.effects.calibration import calibrate
from reportgen.model.effects.curve import response_shapes
from reportgen.model.effects.forecast import forecast
from reportgen.model.effects.impact import Impact, market_generator, measure_impact
from reportgen.model.effects.moderators import moderator_effects
from reportgen.model.experiment.record import as_recorded, by_lot, experiment_checks, read_experiment
from reportgen.model.fitted import AgreedDecay, fitted_market
from reportgen.model.lmm.leave_one_out import Influence, leave_one_out
from reportgen.model.lmm.variance_intervals import variance_intervals
from reportgen.model.market.bend import Shapes
from reportgen.model.market.fit import MarketFit, fit_market
from reportgen.model.market.quality import correlation_rows, icc, r_squared, slope_test, variance_rows
from reportgen.model.market.refusals import refusals, usable_frame
from reportgen.model.market.variants import HoldOut, hold_out
from reportgen.model.ordinary import ordinary_regression
from reportgen.model.planning.plan import make_plan, plan_without_estimate
from reportgen.model.prospects import BREAKDOWNS, UNFITTABLE, unfittable
from reportgen.model.rehearsal.run import rehearse
from reportgen.model.rows import (
    compare_fit,
    compare_within,
    decay_summaries,
    fit_summary,
    fixed_rows,
    model_summary,
    optima_rows,
    pharmacy_rows,
    territory_summary,
    time_summary,
)
from reportgen.model.verdict import Evidence, judge
from reportgen.panel.features import ModelFrame
from reportgen.panel.grid import MarketPanel
from reportgen.results import (
    BootstrapSummary,
    ChannelEffect,
    Charts,
    Comparison,
    Experiment,
    FitQuality,
    FixedEffect,
    Foresight,
    MarketResults,
    Provenance,
    Reason,
    SettingChoice,
    SlopeTest,
    Status,
    Verdict,
    Withheld,
)
from reportgen.results.soundness import faults, mend, sound
from reportgen.settings.sections import Settings

LOG = logging.getLogger(__name__)


def analyse_market(
    panel: MarketPanel,
    settings: Settings,
    provenance: Provenance,
    *,
    shared_decay: AgreedDecay = None,
    shapes: Shapes | None = None,
    choices: tuple[SettingChoice, ...] | None = None,
) -> MarketResults:
    """Everything the report of one market may say.

    Parameters
    ----------
    shared_decay
        One decay for all channels, from the profiles of all markets (``adstock.scope = "all"``); a number counts as
        known.
    shapes
        The response to each channel that all markets agreed on; None: this market decides for itself.
    choices
        What all markets chose for settings that are ``auto``; None: this market chooses for itself.
    """
    if choices is None:
        choices = choose_alone(panel, settings)
    settings = chosen(settings, choices)
    frame, left_out = usable_frame(panel, settings)
    reasons = refusals(frame)
    if reasons:
        return _without_estimates(frame, settings, provenance, "not-estimable", reasons)
    try:
        made = _analysed(frame, settings, provenance, shared_decay, shapes)
    except BREAKDOWNS:
        LOG.info("%s: the computation broke down", panel.market, exc_info=True)
        return _without_estimates(frame, settings, provenance, "not-estimated", (Reason(code="breaks-down"),))
    # A number that is not finite, or an interval beside its own estimate, is a breakdown, too.
    if not sound(made):
        LOG.info("%s: %s is not sound", panel.market, next(faults(made)))
        return _without_estimates(frame, settings, provenance, "not-estimated", (Reason(code="breaks-down"),))
    if made.model is not None:
        made = replace(made, model=replace(made.model, choices=choices))
    return replace(made, data=replace(made.data, channels_left_out=left_out))


def _analysed(
    frame: ModelFrame, settings: Settings, provenance: Provenance, shared_decay: AgreedDecay, shapes: Shapes | None
) -> MarketResults:
    try:
        market = fitted_market(frame, settings, shared_decay, shapes)
    except UNFITTABLE as error:
        return _without_estimates(frame, settings, provenance, "not-estimable", (unfittable(error, settings),))
    settings = as_recorded(frame.panel, settings)
    if not market.certified:
        reason = Reason(code="not-certified", value=market.fit.kkt, detail=market.rung)
        bare = _without_estimates(frame, settings, provenance, "not-estimated", (reason,))
        return replace(bare, model=model_summary(market, settings), fit=fit_summary(market))
    return _with_estimates(market, settings, provenance)


def _without_estimates(
    frame: ModelFrame, settings: Settings, provenance: Provenance, status: Status, reasons: tuple[Reason, ...]
) -> MarketResults:
    """What the data show of a market that was not estimated."""
    return MarketResults(
        market=frame.panel.market,
        status=status,
        reasons=reasons,
        data=summarise_data(frame),
        verdict=Verdict(code="cannot-tell", reasons=tuple(reason.code for reason in reasons)),
        plan=plan_without_estimate(frame.panel, settings),
        charts=Charts(monthly=monthly_series(frame.panel), multiples=chosen_pharmacies(frame.panel)),
        provenance=provenance,
    )


def _with_estimates(market: MarketFit, settings: Settings, provenance: Provenance) -> MarketResults:
    frame, confidence, seed = market.frame, settings.report.confidence, _seed_model(market, settings)
    fixed, impact = fixed_rows(market, confidence), measure_impact(market, settings)
    promotion, settled = fixed[market.index(market.terms.promotion[0])], impact.long_run.estimate
    plain = None if seed is None else compare_fit(seed, promotion, settled, confidence)
    within = compare_within(market, promotion, settled, confidence)
    influence = leave_one_out(market.fit, market.full_rank_covariance)
    residuals, holdout = conditional_residuals(market), hold_out(market)
    diagnostics = diagnose(
        market, residuals, [fixed[market.index(term)] for term in market.terms.promotion],
        plain=plain, within=within, influence=influence, holdout=holdout, confidence=confidence,
        rng=market_generator(settings, frame.panel.market, "predictive"),
    )  # fmt: skip
    test, decays = _slope_test(market, settings), decay_summaries(market)
    intervals = variance_intervals(market.ml, confidence) if market.rung != "pooled" else None
    found = _evidence(
        market, settings, impact, diagnostics, influence, fixed=fixed, test=test, plain=plain, within=within
    )
    calibration, experiment = calibrate(market, impact, settings), read_experiment(frame.panel, settings)
    found = replace(found, checks=(*found.checks, *calibration_checks(calibration), *experiment_checks(experiment)))
    verdict, channels, decided = _judged(found, experiment)
    plan = make_plan(market, settings, verdict=verdict, withheld=decided, test=test)
    return _sound(MarketResults(
        market=frame.panel.market,
        status=found.status,
        reasons=found.reasons,
        data=found.data,
        model=found.model,
        fit=fit_summary(market),
        fixed=fixed,
        optima=optima_rows(market),
        variances=variance_rows(market.fit, intervals),
        correlations=correlation_rows(market.fit, intervals),
        icc=icc(market.fit),
        r2=r_squared(market),
        quality=_quality(frame, residuals, holdout),
        plain=plain,
        within=within,
        slope_test=test,
        bootstrap=_bootstrap(market, settings),
        decay=decays[0],
        more_decays=decays[1:],
        time=time_summary(market, confidence),
        territories=territory_summary(market, promotion.df),
        effects=impact.effects,
        shapes=response_shapes(market, settings),
        long_run=impact.long_run,
        impulse=impact.impulse,
        moderators=moderator_effects(market, confidence),
        incremental=impact.incremental,
        channels=channels,
        foresight=_foresight(market, promotion, verdict, settings),
        elasticity=elasticity(found.checks, impact.effects),
        experiment=experiment,
        rehearsal=rehearse(market, impact, settings),
        calibration=calibration,
        what_if=impact.what_if,
        roi=impact.roi,
        forecast=forecast(market, settings, plan),
        plan=plan,
        pharmacies=found.pharmacies,
        sizes=tuple(map(float, frame.sizes)) if frame.scale == "relative" else (),
        checks=found.checks,
        sensitivity=found.sensitivity,
        withheld=decided,
        ordinary=ordinary_regression(market, test, None if impact.incremental is None else impact.incremental.total),
        verdict=verdict,
        charts=_charts(market, diagnostics, influence),
        provenance=provenance,
    ))  # fmt: skip


def _sound(results: MarketResults) -> MarketResults:
    """Without what a check takes away, and without numbers that cannot be."""
    mended: MarketResults = mend(withhold(results))
    return mended


def _judged(
    found: Evidence, experiment: Experiment | None
) -> tuple[Verdict, tuple[ChannelEffect, ...], tuple[Withheld, ...]]:
    """The verdict of the model, or of the lot where there was one; each channel's; and what is withheld."""
    verdict, channels = judge(found, decisions(found.checks))
    verdict, decided = by_lot(experiment, verdict, decisions(found.checks))
    return verdict, channels, decided


def _evidence(
    market: MarketFit,
    settings: Settings,
    impact: Impact,
    diagnostics: Diagnostics,
    influence: Influence,
    *,
    fixed: tuple[FixedEffect, ...],
    test: SlopeTest | None,
    plain: Comparison | None,
    within: Comparison | None,
) -> Evidence:
    """What the verdict is read from, and nothing else."""
    singular = market.rung != "pooled" and market.fit.singular
    return Evidence(
        status="singular" if singular else "ok",
        reasons=(Reason(code="singular", detail=_flat_direction(market)),) if singular else (),
        data=summarise_data(market.frame),
        model=model_summary(market, settings),
        fixed=fixed,
        long_run=impact.long_run,
        incremental=impact.incremental,
        channels=impact.channels,
        slope_test=test,
        pharmacies=pharmacy_rows(market, impact, influence, settings.report.confidence),
        checks=(
            *diagnostics.checks,
            *settled_checks(market.frame.panel.n_periods, impact),
            *added_checks(market, settings),
        ),
        sensitivity=diagnostics.sensitivity,
        plain=plain,
        within=within,
    )


def _foresight(market: MarketFit, promotion: FixedEffect, verdict: Verdict, settings: Settings) -> Foresight | None:
    """Only of an effect that is told, and not where the lot decided who gets promotion."""
    told = verdict.code in {"works", "works-unevenly"} and settings.model.design != "experiment"
    return foresight(market, promotion) if told else None


def _charts(market: MarketFit, diagnostics: Diagnostics, influence: Influence) -> Charts:
    """What the charts need beside the tables of the results."""
    panel, design = market.frame.panel, market.design
    return Charts(
        monthly=monthly_series(panel),
        multiples=chosen_pharmacies(panel, _oddness(market.frame, influence.cooks_d)),
        residuals=diagnostics.residuals,
        qq=diagnostics.qq,
        autocorrelation=diagnostics.autocorrelation,
        scale_location=diagnostics.scale_location,
        predictive=diagnostics.predictive,
        promotion_range=_promotion_range(market),
        promotion_center=float(design.column(market.terms.promotion[0]).mean()),
        market_level=float(design.x.mean(axis=0) @ market.fit.beta),
    )


def _seed_model(market: MarketFit, settings: Settings) -> MarketFit | None:
    """The plain seed model beside the chosen one; None where its columns cannot be fitted (common controls)."""
    try:
        return fit_market(market.frame, settings, plain=True, decays=market.decays)
    except UNFITTABLE:
        return None


def _slope_test(market: MarketFit, settings: Settings) -> SlopeTest | None:
    """The likelihood-ratio test; against bootstrap copies where pharmacies are few."""
    test = slope_test(market)
    if test is None or market.rung == "pooled" or market.design.groups >= FEW_PHARMACIES:
        return test
    return bootstrap_slope_test(market, test, market_generator(settings, market.frame.panel.market, "slope-test"))


def _bootstrap(market: MarketFit, settings: Settings) -> BootstrapSummary | None:
    """Spread over bootstrap copies, on request."""
    if settings.model.bootstrap == 0 or market.rung == "pooled":
        return None
    rng = market_generator(settings, market.frame.panel.market, "bootstrap")
    draws = bootstrap_market(market, settings.model.bootstrap, rng)
    return summarise_bootstrap(market, draws, settings.report.confidence)


def _flat_direction(market: MarketFit) -> str | None:
    """The random effect without variance, or None where two are perfectly correlated."""
    diagonal = np.sqrt(np.maximum(np.diag(market.fit.psi), 0.0))
    # In units of the residual SD at the column's usual size: a slope per crore and one per visit are judged alike.
    scale = np.sqrt(np.mean(market.design.z**2, axis=0) / market.fit.sigma2)
    flat = np.flatnonzero(diagonal * scale < 1e-4)
    return market.design.z_names[int(flat[0])] if flat.size else None


def _quality(frame: ModelFrame, residuals: Residuals, holdout: HoldOut) -> FitQuality:
    # Error in money is what is compared with a forecast.
    error = frame.sales - frame.money(residuals.fitted, frame.group)
    total = float(np.sum(np.abs(frame.sales)))
    return FitQuality(
        rmse=float(np.sqrt(np.mean(error**2))),
        wmape=float(np.sum(np.abs(error))) / total if total > 0.0 else None,
        holdout_wmape=holdout.model,
        naive_wmape=holdout.naive,
        holdout_periods=holdout.periods or None,
    )


def _oddness(frame: ModelFrame, cooks_d: np.ndarray) -> np.ndarray:
    # Pharmacies without a row in the model have no distance, and are no odd ones.
    odd = np.full(len(frame.panel.pharmacies), np.nan)
    odd[frame.grid_rows] = cooks_d
    return odd


def _promotion_range(market: MarketFit) -> tuple[float, float]:
    low, high = np.quantile(market.design.column(market.terms.promotion[0]), [0.05, 0.95])
    return float(low), float(high)
