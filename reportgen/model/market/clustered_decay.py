"""The likelihood of a decay where errors are clustered: as flat as the clusters, not the rows, make it.

Errors that pharmacies of one territory share count once a pharmacy in the likelihood, so its profile over the decay
is too steep. It is tempered, as a likelihood of wrongly independent parts is: log-likelihoods are multiplied by the
naive information on the decay over what the clusters' scores say of it, lambda = I / J, so that its curvature is the
sandwich's (the magnitude adjustment of composite likelihoods: Pauli, Racugno and Ventura 2011, Stat. Sin. 21;
Ribatet, Cooley and Davison 2012, Stat. Sin. 22). J = H/(H-1) sum_h s_h^2 with s_h the slope of a cluster's part of
the profile; never more than the likelihood itself says (lambda <= 1), since few clusters know J badly. For the same
reason quantiles are those of t on H - 1 df: lambda is divided by how much larger their squares are.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.stats import chi2
from scipy.stats import t as student

from reportgen.model.lmm.columns import Array
from reportgen.model.lmm.fit import LmmFit, Rung, fit_lmm
from reportgen.model.lmm.inference import by_cluster
from reportgen.model.market.decay import HIGHEST, DecayFit, DecayLikelihood, profile_interval, support_of
from reportgen.model.market.terms import Terms, decay_terms, market_design
from reportgen.panel.features import ModelFrame

STEP = 0.02
LEAST = 0.01
"""Smallest tempering: a hundred rows that count as one."""


def tempered_decay(frame: ModelFrame, terms: Terms, found: DecayFit, *, confidence: float, rung: Rung) -> DecayFit:
    """The estimated decays with what clusters leave uncertain about them: interval, SE and support.

    Raises
    ------
    RankDeficient, NoResidualVariation
        The model cannot be fitted at some decay.
    """
    ratio = tempering(frame, terms, found.estimates, confidence=confidence, rung=rung)
    wider = 1.0 / np.sqrt(ratio)
    se = tuple(None if one is None else one * w for one, w in zip(found.se, wider.tolist(), strict=True))
    covariance = None
    if found.covariance is not None:
        covariance = tuple(map(tuple, (np.array(found.covariance) * np.outer(wider, wider)).tolist()))
    if len(ratio) > 1:
        return replace(found, se=se, covariance=covariance)
    return _one_channel(replace(found, se=se, covariance=covariance), frame, terms, float(ratio[0]), confidence, rung)


def tempering(frame: ModelFrame, terms: Terms, decays: tuple[float, ...], *, confidence: float, rung: Rung) -> Array:
    """What log-likelihoods of each channel's decay are multiplied by, lambda at these decays, (c,)."""
    full = decay_terms(frame, terms)
    ratio = np.array([_ratio(frame, full, decays, k, rung) for k in range(len(decays))])
    clusters = market_design(frame, full, decays).independent
    return np.asarray(ratio * chi2.ppf(confidence, 1) / student.ppf(0.5 + confidence / 2.0, clusters - 1) ** 2)


def _one_channel(
    found: DecayFit, frame: ModelFrame, terms: Terms, ratio: float, confidence: float, rung: Rung
) -> DecayFit:
    likelihood, best = DecayLikelihood(frame, terms, rung=rung), found.estimates[0]
    # The tempered profile falls by half a quantile where the profile falls by that over lambda.
    level = float(min(chi2.cdf(chi2.ppf(confidence, 1) / ratio, 1), 1.0 - 1e-15))
    lower, upper = profile_interval(likelihood, best, found.profiles[0], level)
    points = support_of(likelihood, best, lower, upper, confidence)
    top = max(point.loglik_ml for point in points)
    support = tuple(replace(point, loglik_ml=top + ratio * (point.loglik_ml - top)) for point in points)
    return replace(found, lower=(lower,), upper=(upper,), support=support)


def _ratio(frame: ModelFrame, terms: Terms, decays: tuple[float, ...], channel: int, rung: Rung) -> float:
    """Naive information on one channel's decay over that of the clusters, in [LEAST, 1]."""
    centre = float(np.clip(decays[channel], STEP, HIGHEST - STEP))
    parts = []
    for value in (centre - STEP, centre, centre + STEP):
        at = (*decays[:channel], value, *decays[channel + 1 :])
        parts.append(_loglik_parts(fit_lmm(market_design(frame, terms, at), method="ML", rung=rung)))
    low, middle, high = parts
    slope = (high - low) / (2.0 * STEP)
    slope = slope - slope.mean()
    information = -float(np.sum(high - 2.0 * middle + low)) / STEP**2
    count = len(slope)
    spread = count / (count - 1) * float(slope @ slope)
    if not information > 0.0 or not spread > 0.0:
        return 1.0
    return float(np.clip(information / spread, LEAST, 1.0))


def _loglik_parts(fit: LmmFit) -> Array:
    """Each cluster's part of the ML log-likelihood, constants left out, (H,)."""
    cluster = fit.design.cluster
    if cluster is None:
        raise ValueError("the design has no clusters")
    blocks = by_cluster(fit, cluster)
    residual = np.append(-fit.at.beta[0], 1.0)
    squares = np.einsum("i,hij,j->h", residual, blocks, residual) / (fit.at.r2[0] / len(fit.design.y))
    rows = np.bincount(cluster[fit.design.group], minlength=len(blocks))
    q = fit.products.q
    moved = fit.products.r[0] @ fit.scaled_lower
    log_b = np.linalg.slogdet(np.eye(q) + moved @ moved.transpose(0, 2, 1))[1]
    log_v = np.bincount(cluster, weights=log_b, minlength=len(blocks)) + rows * np.log(fit.sigma2)
    return np.asarray(-0.5 * (log_v + squares))
