"""The model of one market, fitted: decay, certified optimum, covariance, statsmodels' second opinion.

This is what the Python API hands to a user who wants the statistics without the report. The
ladder (correlated slopes, independent slopes, intercept only, pooled least squares with
pharmacy-clustered SE) is climbed down when a rung is not certified; on request (``model.ladder``)
also when it is singular, and down to pooled least squares. Every attempt is recorded and all rungs
use the same rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from reportgen.model.lmm.columns import Array, Design
from reportgen.model.lmm.crossproducts import cross_products
from reportgen.model.lmm.deviance import evaluate, pattern
from reportgen.model.lmm.fit import LmmFit, Rung, assemble, fit_lmm
from reportgen.model.lmm.inference import FixedCovariance, fixed_covariance, model_covariance
from reportgen.model.lmm.least_squares import pooled_estimate
from reportgen.model.lmm.mixedlm import AGREEMENT, loglik_gap
from reportgen.model.lmm.reml import Optimum
from reportgen.model.market.bend import Shapes
from reportgen.model.market.calendar import PROBE_DECAY, TREND, TimeChoice, choose_time
from reportgen.model.market.clustered_decay import tempered_decay
from reportgen.model.market.decay import DecayFit, beta_gradient, estimate_decay
from reportgen.model.market.decay_mixture import DecayMixture, decay_mixture
from reportgen.model.market.own_trend import LEVEL, TrendChoice, long_enough, trend_p
from reportgen.model.market.terms import (
    DROPPED_ROLES,
    Terms,
    dependent_columns,
    market_design,
    model_terms,
    without_dependent,
)
from reportgen.panel.features import ModelFrame
from reportgen.results import Attempt, TimeKind
from reportgen.settings.sections import Settings

DecaySource = Literal["estimated", "fixed", "shared"]
ReportedRung = Literal["correlated", "uncorrelated", "intercept", "pooled"]


class DependentTerm(ValueError):
    """A fixed effect (``term``) is a combination of others, most of all of ``like``."""

    def __init__(self, term: str, like: str) -> None:
        super().__init__(f"{term} is a linear combination of the columns before it")
        self.term, self.like = term, like


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MarketFit:
    """A market's fitted model.

    Attributes
    ----------
    frame, terms, decays
        Rows, columns, one decay per channel.
    fit, ml
        Fit by the reported method, and by ML on the same rows and decays.
    covariance
        Covariance of the fixed effects (p, p) with the uncertainty of estimated decays, and df.
    conditional
        The same with the decays held, (p, p).
    decay_gradient, decay_covariance
        d beta / d decay (p, c), and Var(decay) (c, c); zero where not estimated. With ``mixture``, the regression
        of beta on the decay over its nodes, and the nodes' variance.
    mixture
        Fits along the decay's profile (one estimated channel), which intervals and draws use; else ``None``.
    time, trend
        How time entered, and whether pharmacies have trends of their own.
    statsmodels_gap
        |statsmodels' log-likelihood - ours|, ``None`` where Psi is singular.
    shapes, rivals
        How the response flattens (channels with a curve), and fits with a little more and a little less of it, each
        with its weight; the rest of one is this fit's.
    """

    frame: ModelFrame
    terms: Terms
    decays: tuple[float, ...]
    decay_fit: DecayFit | None
    decay_source: DecaySource
    rung: ReportedRung
    fit: LmmFit
    ml: LmmFit
    covariance: FixedCovariance
    conditional: Array
    decay_gradient: Array
    decay_covariance: Array
    time: TimeChoice
    trend: TrendChoice
    statsmodels_gap: float | None
    attempts: tuple[Attempt, ...]
    mixture: DecayMixture | None = None
    shapes: Shapes = ()
    rivals: tuple[tuple[MarketFit, float], ...] = ()

    @property
    def certified(self) -> bool:
        """First-order conditions at the best of all optima, and statsmodels agrees (least squares needs no search)."""
        agrees = self.statsmodels_gap is None or self.statsmodels_gap < _tolerance(self.fit)
        return self.rung == "pooled" or (self.fit.certified and agrees)

    @property
    def design(self) -> Design:
        """The design of the fit."""
        return self.fit.design

    @property
    def named_channels(self) -> tuple[str | None, ...]:
        """Channel of each promotion term as a check names it: None where there is only one."""
        names = self.frame.panel.channels
        return names if len(names) > 1 else (None,)

    @property
    def full_rank_covariance(self) -> Array:
        """Covariance of the fixed effects as a measure of distance: a sandwich has no more rank than clusters."""
        return self.covariance.values if self.design.cluster is None else model_covariance(self.fit).values

    def index(self, term: str) -> int:
        """Position of a fixed effect."""
        return self.terms.fixed.index(term)

    def random_index(self, term: str) -> int | None:
        """Position of a random effect; ``None`` if the term has none on this rung."""
        names = self.design.z_names
        return names.index(term) if term in names and self.rung != "pooled" else None


def _tolerance(fit: LmmFit) -> float:
    return AGREEMENT + 1e-11 * abs(fit.loglik)


def fit_market(
    frame: ModelFrame,
    settings: Settings,
    *,
    plain: bool = False,
    decays: Sequence[float] | None = None,
    source: DecaySource = "fixed",
    decay_fit: DecayFit | None = None,
) -> MarketFit:
    """Fit the model of the settings.

    Parameters
    ----------
    plain
        The seed model: nothing of time and no initial conditions among the columns, whatever the settings say.
    decays
        Decays to use, one per channel; default: as ``adstock.decay`` says.
    decay_fit
        Decays that were estimated elsewhere (over all markets), with what is uncertain about them.

    Raises
    ------
    RankDeficient, NoResidualVariation
        The columns cannot be fitted.
    """
    if plain:
        model = settings.model.model_copy(update={"correction": "none", "time": "none", "pharmacy_trend": False})
        settings, frame = settings.model_copy(update={"model": model}), frame.straight()
    time = choose_time(frame, settings)
    terms = estimable_terms(frame, settings, time.kind)
    if decay_fit is not None:
        decays = decay_fit.estimates
    elif decays is None and settings.adstock.decay == "estimate":
        decay_fit = _estimated_decay(frame, terms, settings)
        decays, source = decay_fit.estimates, "estimated"
    elif decays is None:
        decays, source = (float(settings.adstock.decay),) * len(terms.promotion), "fixed"
    chosen = tuple(float(value) for value in decays)
    trend, moved = _own_trend(frame, terms, settings, time.kind, chosen)
    if moved is not terms:
        terms = moved
        if source == "estimated":
            decay_fit = _estimated_decay(frame, terms, settings)
            chosen = decay_fit.estimates
    reported, fit, terms, gap, attempts = _climb(frame, terms, chosen, settings)
    # Information criteria and the decay's profile compare models with other fixed columns: REML cannot (it integrates
    # over a basis of those columns).
    ml = fit if settings.model.method == "ML" else fit_lmm(fit.design, method="ML", rung=fit.rung)
    if reported == "pooled":
        ml = _pooled_fit(fit.design, "ML")
    covariance = _covariance(fit, reported)
    carried = _carry_decay(frame, terms, fit, covariance.values, decay_fit if reported != "pooled" else None)
    return MarketFit(
        frame=frame,
        terms=terms,
        decays=chosen,
        decay_fit=decay_fit,
        decay_source=source,
        rung=reported,
        fit=fit,
        ml=ml,
        covariance=replace(covariance, values=carried.total),
        conditional=covariance.values,
        decay_gradient=carried.gradient,
        decay_covariance=carried.spread,
        mixture=carried.mixture,
        time=time,
        trend=trend,
        statsmodels_gap=gap,
        attempts=attempts,
    )


def _estimated_decay(frame: ModelFrame, terms: Terms, settings: Settings) -> DecayFit:
    confidence, rung = settings.report.confidence, first_rung(terms)
    found = estimate_decay(frame, terms, confidence=confidence, rung=rung)
    return tempered_decay(frame, terms, found, confidence=confidence, rung=rung) if terms.clustered else found


def first_rung(terms: Terms) -> Rung:
    """The fullest model: correlated slopes where there are any."""
    return "correlated" if len(terms.random) > 1 else "intercept"


def _own_trend(
    frame: ModelFrame, terms: Terms, settings: Settings, kind: TimeKind, decays: tuple[float, ...]
) -> tuple[TrendChoice, Terms]:
    """Whether pharmacies have trends of their own, and the terms with or without them.

    Where they are wanted ``terms`` has them already.
    """
    wanted = settings.model.pharmacy_trend
    if wanted is True or kind == "none":
        return TrendChoice(taken=TREND in terms.random, reason="set"), terms
    fuller = estimable_terms(frame, settings, kind, pharmacy_trend=True)
    p = trend_p(frame, fuller, decays, first_rung(terms)) if TREND in fuller.random else None
    if wanted is False:
        return TrendChoice(taken=False, reason="set", p=p), terms
    if not long_enough(frame) or p is None:
        return TrendChoice(taken=False, reason="too-few-periods", p=p), terms
    if p < LEVEL:
        return TrendChoice(taken=True, reason="likelihood-asks", p=p), fuller
    return TrendChoice(taken=False, reason="likelihood-does-not-ask", p=p), terms


def estimable_terms(
    frame: ModelFrame, settings: Settings, kind: TimeKind, *, pharmacy_trend: bool | None = None
) -> Terms:
    """Terms of the settings without columns of correction and time that this market's rows cannot carry.

    ``pharmacy_trend`` overrides the setting, of which ``auto`` counts as none here.

    Raises
    ------
    DependentTerm
        If another column is a combination of the ones before it.
    """
    own = settings.model.pharmacy_trend is True if pharmacy_trend is None else pharmacy_trend
    terms = model_terms(
        frame,
        correction=settings.model.correction == "initial-conditions",
        random_slope=settings.model.random_slope,
        time=kind,
        pharmacy_trend=own and len(frame.response) > 3 * len(frame.pharmacies),
    )
    decay = PROBE_DECAY if settings.adstock.decay == "estimate" else float(settings.adstock.decay)
    # Rank is examined once, at a decay inside the range: at 0 some columns of the correction would vanish.
    design = market_design(frame, terms, (decay,) * len(terms.promotion))
    for name, like in dependent_columns(design).items():
        if next(column.role for column in terms.columns if column.term == name) not in DROPPED_ROLES:
            raise DependentTerm(name, like)
    return without_dependent(design, terms)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Carried:
    """Covariance of beta with the decays' uncertainty (p, p), its regression on them (p, c), Var(decays) (c, c)."""

    total: Array
    gradient: Array
    spread: Array
    mixture: DecayMixture | None = None


def _carry_decay(frame: ModelFrame, terms: Terms, fit: LmmFit, conditional: Array, found: DecayFit | None) -> _Carried:
    """Along the profile for one channel, by the joint Hessian for several; nothing where no decay was estimated."""
    mixture = decay_mixture(frame, terms, found, fit) if found is not None else None
    if mixture is not None:
        return _Carried(
            total=mixture.total_covariance(),
            gradient=mixture.decay_slope()[:, None],
            spread=np.array([[mixture.decay_variance]]),
            mixture=mixture,
        )
    channels = len(terms.promotion)
    if found is None or all(value is None for value in found.se):
        return _Carried(
            total=conditional, gradient=np.zeros((len(fit.beta), channels)), spread=np.zeros((channels, channels))
        )
    gradient = beta_gradient(frame, terms, found.estimates, method=fit.method, rung=fit.rung, se=found.se)
    spread = _decay_covariance(found)
    return _Carried(total=conditional + gradient @ spread @ gradient.T, gradient=gradient, spread=spread)


def _decay_covariance(found: DecayFit) -> Array:
    if found.covariance is not None:
        return np.array(found.covariance)
    return np.diag([value**2 if value is not None else 0.0 for value in found.se])


def _climb(
    frame: ModelFrame, terms: Terms, decays: tuple[float, ...], settings: Settings
) -> tuple[ReportedRung, LmmFit, Terms, float | None, tuple[Attempt, ...]]:
    """The first certified rung, with every attempt on the way; without one the first rung, uncertified.

    Least squares is certified by its closed form and would end every search, so it is a rung on request only.
    """
    # From the fullest model down: a simpler one is only asked where the fuller has no certified optimum.
    rungs: tuple[Rung, ...] = ("correlated", "uncorrelated", "intercept") if len(terms.random) > 1 else ("intercept",)
    attempts: list[Attempt] = []
    first: tuple[Rung, LmmFit, Terms, float | None] | None = None
    for rung in rungs:
        # The intercept stands first among the random terms.
        tried = terms if rung != "intercept" else replace(terms, random=terms.random[:1])
        design = market_design(frame, tried, decays)
        fit = fit_lmm(design, method=settings.model.method, rung=rung)
        gap = loglik_gap(fit)
        attempts.extend(fit.attempts)
        first = first or (rung, fit, tried, gap)
        certified = fit.certified and (gap is None or gap < _tolerance(fit))
        if certified and not (settings.model.ladder and fit.singular and rung != rungs[-1]):
            return rung, fit, tried, gap, tuple(attempts)
    if first is not None and not settings.model.ladder:
        return (*first, tuple(attempts))
    tried = replace(terms, random=terms.random[:1])
    fit = _pooled_fit(market_design(frame, tried, decays), settings.model.method)
    attempts.extend(fit.attempts)
    return "pooled", fit, tried, None, tuple(attempts)


def _pooled_fit(design: Design, method: Literal["REML", "ML"]) -> LmmFit:
    """Least squares as the mixed model without random variance."""
    products, scaling = cross_products(design)
    reml = method == "REML"
    # No random variance: V is the identity, and the core gives least squares with all the fields a fit has.
    theta = np.zeros((1, 1))
    at = evaluate(products, theta, pattern(1, True), reml=reml)
    point = Optimum(
        theta=theta,
        deviance=at.deviance,
        kkt=np.zeros(1),
        iterations=np.ones(1, dtype=np.intp),
        converged=np.ones(1, dtype=bool),
    )
    fit = assemble(design, products, scaling, point, method=method, rung="intercept")
    only = replace(fit.attempts[0], rung="pooled", start="closed form")
    return replace(fit, attempts=(only,))


def _covariance(fit: LmmFit, rung: ReportedRung) -> FixedCovariance:
    if rung == "pooled":
        return pooled_estimate(fit.design, clustered=True).covariance
    return fixed_covariance(fit)
