"""statsmodels' MixedLM, the only place that touches it: its likelihood as a second opinion, its results as a gift.

The optimiser of statsmodels is never run. Rejected: pickling or caching its results objects
(unpickling re-runs formula text).
"""

from __future__ import annotations

import warnings

import numpy as np
from statsmodels.regression.mixed_linear_model import (
    MixedLM,
    MixedLMParams,
    MixedLMResults,
    MixedLMResultsWrapper,
)

from reportgen.model.lmm.fit import LmmFit

AGREEMENT = 1e-6


def _cov_is_regular(cov: np.ndarray) -> bool:
    """Whether statsmodels can evaluate this relative covariance (it inverts it)."""
    values = np.linalg.eigvalsh(cov)
    return bool(values[0] > 1e-9 * max(values[-1], 1.0) and values[0] > 1e-9)


def loglik_gap(fit: LmmFit) -> float | None:
    """|statsmodels' log-likelihood - ours| at our answer; ``None`` where Psi is singular.

    The model is handed over in units of each column's root mean square: statsmodels treats a
    direction of Psi/sigma^2 with an eigenvalue under 1e-10 as infinite variance, and promotion
    in large units would meet that rule. The likelihood is carried back exactly.
    """
    design = fit.design
    x_unit = np.sqrt(np.mean(design.x**2, axis=0))
    z_unit = np.sqrt(np.mean(design.z**2, axis=0))
    y_unit = fit.scaling.y_scale
    relative = (fit.lower @ fit.lower.T) * np.outer(z_unit, z_unit)
    if not _cov_is_regular(relative):
        return None
    model = MixedLM(design.y / y_unit, design.x / x_unit, groups=design.group, exog_re=design.z / z_unit)
    model.reml = fit.method == "REML"
    model.cov_pen = model.fe_pen = None
    # profile_fe=False below: with it statsmodels would put its own beta in the place of ours before it compares.
    params = MixedLMParams.from_components(fe_params=fit.beta * x_unit / y_unit, cov_re=relative)
    try:
        value = float(model.loglike(params, profile_fe=False))
    except np.linalg.LinAlgError:  # it inverts what we only solve with; no second opinion then
        return None
    # Density of y from that of y / unit; under REML the columns' units enter by log|X'X| / 2 as well.
    value -= fit.degrees * np.log(y_unit)
    if model.reml:
        value -= float(np.sum(np.log(x_unit)))
    return abs(float(value) - fit.loglik)


def results_at(fit: LmmFit) -> MixedLMResultsWrapper:
    """A genuine ``MixedLMResults`` at the certified optimum.

    Follows the last part of ``MixedLM.fit`` in statsmodels 0.15 (parameters to results), without
    the part that searches. ``summary()``, ``random_effects``, ``bse_fe`` are statsmodels' own.

    Raises
    ------
    numpy.linalg.LinAlgError
        Where Psi is singular, statsmodels cannot represent the optimum.
    """
    import pandas as pd

    design = fit.design
    relative = fit.psi / fit.sigma2
    z_unit = np.sqrt(np.mean(design.z**2, axis=0))
    if not _cov_is_regular(relative * np.outer(z_unit, z_unit)):
        raise np.linalg.LinAlgError("The covariance of the random effects is singular; statsmodels inverts it.")
    model = MixedLM(
        pd.Series(design.y, name=design.y_name),
        pd.DataFrame(design.x, columns=list(design.names)),
        groups=design.group,
        exog_re=pd.DataFrame(design.z, columns=list(design.z_names)),
    )
    model.reml = fit.method == "REML"
    model.cov_pen = model.fe_pen = None
    params = MixedLMParams.from_components(fe_params=fit.beta.copy(), cov_re=relative)
    free = (
        None
        if fit.correlated
        else MixedLMParams.from_components(fe_params=np.ones(model.k_fe), cov_re=np.eye(model.k_re))
    )
    model._freepat = free
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        hessian, _ = model.hessian(params)
        covariance = _inverse_of_free(-hessian, free)
        raw = MixedLMResults(model, params.get_packed(use_sqrt=False, has_fe=True), covariance / fit.sigma2)
    raw.params_object = params
    raw.fe_params = fit.beta.copy()
    raw.cov_re = fit.psi.copy()
    raw.cov_re_unscaled = relative
    raw.vcomp = np.zeros(0)
    raw.scale = fit.sigma2
    raw.method = fit.method
    raw.reml = model.reml
    raw.converged = fit.certified
    raw.hist = None
    raw.cov_pen = None
    raw.k_fe, raw.k_re, raw.k_re2, raw.k_vc = model.k_fe, model.k_re, model.k_re2, model.k_vc
    raw.use_sqrt = model.use_sqrt
    raw.freepat = free
    return MixedLMResultsWrapper(raw)


def _inverse_of_free(information: np.ndarray, free: MixedLMParams | None) -> np.ndarray:
    """Inverse over the estimated parameters, zero for the covariances that independent random effects hold at zero."""
    if free is None:
        return np.asarray(np.linalg.inv(information))
    estimated = np.flatnonzero(free.get_packed(use_sqrt=False, has_fe=True))
    covariance = np.zeros_like(information)
    covariance[np.ix_(estimated, estimated)] = np.linalg.inv(information[np.ix_(estimated, estimated)])
    return covariance
