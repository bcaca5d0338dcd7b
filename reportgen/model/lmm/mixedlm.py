"""statsmodels' MixedLM, the only place that touches it: its likelihood as a second opinion on ours.

The optimiser of statsmodels is never run.
"""

from __future__ import annotations

import numpy as np
from statsmodels.regression.mixed_linear_model import MixedLM, MixedLMParams

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
