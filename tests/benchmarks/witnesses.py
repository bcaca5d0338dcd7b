"""Other programs' fits of a ``Design``, and an independent yardstick of the likelihood.

``yardstick`` shares no code or algebra with ``reportgen.model.lmm.reml`` and works in long double (64 bits of
mantissa), so every candidate covariance from every program is measured alike.
"""

from __future__ import annotations

import time
import warnings
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize

from reportgen.model.lmm.columns import Design

WIDE = np.longdouble
TIGHT = {"maxiter": 500, "gtol": 1e-9, "ftol": 1e-15}
FAILURES = (ValueError, RuntimeError, np.linalg.LinAlgError)
"""What other programs raise where they cannot fit."""


@dataclass(frozen=True)
class WitnessFit:
    """What another program found. ``loglik`` is its own claim; ``root`` is a root of Psi / sigma^2 in data units."""

    loglik: float
    root: np.ndarray
    seconds: float
    converged: bool


def root_of(relative: np.ndarray) -> np.ndarray:
    """A root of a covariance, by eigenvectors in units of its diagonal."""
    unit = np.sqrt(np.maximum(np.diag(relative), 1e-300))
    values, vectors = np.linalg.eigh(relative / np.outer(unit, unit))
    return unit[:, None] * vectors * np.sqrt(np.maximum(values, 0.0))


def yardstick(design: Design, root: np.ndarray, *, reml: bool = True) -> float:
    """Log-likelihood at Psi / sigma^2 = root root' (data units), beta and sigma^2 profiled out, in long double.

    lme4's algebra (I + L'Z'ZL and differences of sums), with a second pass around the first pass' beta.
    """
    n, p = design.x.shape
    _, r = np.linalg.qr(design.x / np.sqrt(np.mean(design.x**2, axis=0)))
    turn = np.linalg.inv(r) / np.sqrt(np.mean(design.x**2, axis=0))[:, None] * np.sqrt(n)
    x = design.x.astype(WIDE) @ turn.astype(WIDE)
    y = design.y.astype(WIDE)
    moved = design.z.astype(WIDE) @ root.astype(WIDE)
    starts = design.starts()
    for _ in range(2):
        rows = np.column_stack([x, y])
        both = np.column_stack([moved, rows])
        sums = np.add.reduceat(moved[:, :, None] * both[:, None, :], starts, axis=0)
        q = moved.shape[1]
        factor = _cholesky(sums[:, :, :q] + np.eye(q, dtype=WIDE))
        half = _forward(factor, sums[:, :, q:])
        a = rows.T @ rows - np.einsum("gqi,gqj->ij", half, half)
        chol = _cholesky(a[None])[0]
        beta = np.linalg.solve(chol[:p, :p].T.astype(float), chol[p, :p].astype(float)).astype(WIDE)
        y = y - x @ beta
    degrees = n - p if reml else n
    logdet = 2 * sum(np.sum(np.log(factor[:, k, k])) for k in range(q))
    deviance = logdet + degrees * (1 + np.log(2 * np.pi * chol[p, p] ** 2 / degrees))
    if reml:
        deviance += 2 * np.sum(np.log(np.diag(chol)[:p])) - 2 * np.linalg.slogdet(turn)[1]
    return float(-0.5 * deviance)


def exact_loglik(design: Design, root: np.ndarray, *, reml: bool = True) -> float:
    """The yardstick with 50 digits (seconds a problem): settles the few cases long double cannot."""
    import mpmath as mp

    with mp.workdps(50):
        n, p = design.x.shape
        rows = mp.matrix(np.column_stack([design.x, design.y]).tolist())
        moved = mp.matrix(design.z.tolist()) * mp.matrix(root.tolist())
        a, logdet = rows.T * rows, mp.mpf(0)
        ends = np.append(design.starts(), n)
        for start, end in zip(ends[:-1].tolist(), ends[1:].tolist(), strict=True):
            z, w = moved[start:end, :], rows[start:end, :]
            m, b = mp.eye(moved.cols) + z.T * z, z.T * w
            logdet += mp.log(mp.det(m))
            a -= b.T * (m**-1) * b
        inner, cross = a[:p, :p], a[:p, p]
        r2 = a[p, p] - (cross.T * (inner**-1) * cross)[0]
        degrees = n - p if reml else n
        deviance = logdet + degrees * (1 + mp.log(2 * mp.pi * r2 / degrees))
        return float(-(deviance + (mp.log(mp.det(inner)) if reml else 0)) / 2)


def _cholesky(a: np.ndarray) -> np.ndarray:
    """Cholesky factors of (G, k, k) in the precision of ``a``."""
    out = np.zeros_like(a)
    for j in range(a.shape[1]):
        pivot = a[:, j, j] - np.sum(out[:, j, :j] ** 2, axis=1)
        if not np.all(pivot > 0):
            raise np.linalg.LinAlgError("not positive definite in long double")
        out[:, j, j] = np.sqrt(pivot)
        for i in range(j + 1, a.shape[1]):
            out[:, i, j] = (a[:, i, j] - np.sum(out[:, i, :j] * out[:, j, :j], axis=1)) / out[:, j, j]
    return out


def _forward(lower: np.ndarray, b: np.ndarray) -> np.ndarray:
    """lower^-1 b, (G, k, k) and (G, k, m)."""
    out = np.zeros_like(b)
    for j in range(lower.shape[1]):
        known = np.einsum("gk,gkm->gm", lower[:, j, :j], out[:, :j])
        out[:, j] = (b[:, j] - known) / lower[:, j, j][:, None]
    return out


def statsmodels_fit(design: Design, *, reml: bool = True) -> WitnessFit:
    """``MixedLM.fit`` with its defaults, on arrays; CPU seconds of the constructor and the fit."""
    from statsmodels.regression.mixed_linear_model import MixedLM

    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        before = time.process_time()
        result = MixedLM(design.y, design.x, groups=design.group, exog_re=design.z).fit(reml=reml)
        seconds = time.process_time() - before
    relative = np.asarray(result.cov_re) / float(result.scale)
    return WitnessFit(float(result.llf), root_of(relative), seconds, bool(result.converged))


def mixedlm_rs_fit(design: Design, *, reml: bool = True) -> WitnessFit:
    """``mixedlm_rs.MixedLM.fit`` with its defaults, on arrays."""
    from mixedlm_rs import MixedLM

    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        before = time.process_time()
        result = MixedLM(design.y, design.x, groups=design.group, exog_re=design.z).fit(reml=reml)
        seconds = time.process_time() - before
    relative = np.asarray(result.cov_re) / float(result.scale)
    return WitnessFit(float(result.llf), root_of(relative), seconds, bool(result.converged))


def multi_start_fit(
    design: Design, starts: int, seed: int, *, correlated: bool = True, reml: bool = True
) -> WitnessFit:
    """Best of L-BFGS-B from many random starts on the profiled deviance of mixedlm-rs' compiled kernel."""
    from mixedlm_rs._fit import PreparedDesign

    q = design.z.shape[1]
    before = time.process_time()
    prepared = PreparedDesign(design.x, design.z, design.group, design.groups)
    core, _ = prepared.core_for(design.y)
    rows, columns = np.array([(i, j) for j in range(q) for i in range(j, q)]).T
    free = np.flatnonzero(correlated | (rows == columns))
    rng = np.random.default_rng(seed)

    def criterion(theta: np.ndarray) -> tuple[float, np.ndarray]:
        full = np.zeros(len(rows))
        full[free] = theta
        value, slope = core.deviance_grad(full.tolist(), reml)
        slope = np.array(slope)[free]
        return (value, slope) if np.isfinite(value) and np.isfinite(slope).all() else (1e300, np.zeros(len(free)))

    best, point = np.inf, np.zeros(len(free))
    for _ in range(starts):
        start = rng.normal(size=len(free)) * 10.0 ** rng.uniform(-2.5, 2.0)
        found = minimize(criterion, start, jac=True, method="L-BFGS-B", options=TIGHT)
        if found.fun < best:
            best, point = float(found.fun), found.x
    lower = np.zeros((q, q))
    lower[rows[free], columns[free]] = point
    lower = lower / prepared.dscale[:, None]
    return WitnessFit(float("nan"), lower, time.process_time() - before, True)
