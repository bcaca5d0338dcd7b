"""What will happen to all pharmacies at once in the periods to come, as a stated process.

Let g_t be what the fitted model has in common for all pharmacies in period t. It is taken for

    g_t = mean + straight line + season + level that wanders (random walk) + noise of the period,

a Gaussian process whose variances are not known: each point of a grid of them has the weight of its marginal
likelihood, the mean being integrated out (Rasmussen and Williams 2006, Gaussian Processes for Machine Learning,
section 5.4; the components are those of Harvey 1989, Forecasting, Structural Time Series Models and the Kalman Filter).
The estimates of g_t err together with all other coefficients: what the process says of the past corrects them as well,
by Matheron's rule (Chiles and Delfiner 2012, Geostatistics, section 7.3.1): a draw of process and errors is moved by
the regression of both on what was seen.

Where the model has a season and a trend of its own, g_t is what the residuals of a period have in common.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np

from reportgen.model.lmm.columns import Array, Index
from reportgen.model.lmm.fit import LmmFit
from reportgen.model.lmm.modes import conditional_modes, fitted_values
from reportgen.model.market.calendar import PERIOD_KINDS, code_of_columns
from reportgen.model.market.fit import MarketFit
from reportgen.model.market.territories import cell_codes, sharing
from reportgen.panel.periods import PER_YEAR
from reportgen.results import Movement

NOISE = (0.01, 0.1, 0.2, 0.4, 0.7, 1.0)
WANDER = (0.0, 0.02, 0.05, 0.1, 0.2, 0.4, 0.8)
SEASON = (0.0, 0.5, 1.0, 1.5)
"""Standard deviations of the components, in those of what is left of g_t beside a straight line."""
LEAST_STEEP = 0.2
"""SD of the straight line's slope a year, at least, in the same units."""
LEAST_WEIGHT = 1e-3
MONTHLY = 0.3
"""Share of the season's variance that belongs to single months and not to a smooth wave."""
FLAT = 100.0
"""SD of the mean, in the same units: as good as unknown."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Common:
    """What pharmacies have in common, seen in T periods.

    ``columns`` (T,) of the grid, ``seen`` (T,) in response units, ``rows`` (T, p) of it from the coefficients or
    ``None`` where it is read from residuals, ``noise`` (T,) variance of the reading beside that of the coefficients.
    """

    columns: Index
    seen: Array
    rows: Array | None
    noise: Array


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Process:
    """The process at every point of the grid that counts.

    ``common`` is what was seen; ``covariance`` (M, T + N, T + N) of the seen and the coming periods, ``weights`` (M,);
    ``movement`` its standard deviations, roots of mean variances.
    """

    common: Common
    covariance: Array
    weights: Array
    movement: Movement


def in_common(market: MarketFit, fit: LmmFit, groups: Index) -> Common:
    """What the pharmacies ``groups`` have in common in each period with rows, at one fit."""
    frame, design = market.frame, fit.design
    columns = np.unique(frame.column)
    if market.time.kind in PERIOD_KINDS and design.period is not None:
        rows = _rows_of_codes(market, fit, groups)[columns]
        return Common(columns=columns, seen=rows @ fit.beta, rows=rows, noise=np.zeros(len(columns)))
    modes = conditional_modes(fit) if market.rung != "pooled" else np.zeros((design.groups, design.z.shape[1]))
    left = design.y - fitted_values(fit, modes)
    place = np.searchsorted(columns, frame.column)
    count = np.bincount(place)
    return Common(columns=columns, seen=np.bincount(place, weights=left) / count, rows=None, noise=fit.sigma2 / count)


def _rows_of_codes(market: MarketFit, fit: LmmFit, groups: Index) -> Array:
    """Intercept and effect of every period of the grid, (T, p): the mean over the pharmacies' territories."""
    frame, design = market.frame, fit.design
    by_territory = market.terms.by_territory
    codes = cell_codes(frame) if by_territory else code_of_columns(frame)[None]
    owner = sharing(frame)[groups] if by_territory else np.zeros(len(groups), dtype=np.intp)
    weight = np.bincount(owner, minlength=len(codes)) / len(groups)
    rows = np.zeros((frame.panel.n_periods, len(fit.beta)))
    rows[:, design.names.index("Intercept")] = 1.0
    for share, code in zip(weight, codes, strict=True):
        later = np.flatnonzero(code > 0)
        np.add.at(rows, (later, design.period_at + code[later] - 1), share)
    return rows


def find_process(market: MarketFit, fit: LmmFit, covariance: Array, groups: Index, coming: int) -> Process:
    """Variances of the components by their marginal likelihood; ``covariance`` (p, p) of the coefficients of ``fit``.

    ``coming`` is the number N of periods after the record.
    """
    panel, common = market.frame.panel, in_common(market, fit, groups)
    columns, year = common.columns, float(PER_YEAR[panel.period_type])
    count, whole = len(columns), common.rows is not None
    times = np.concatenate([columns, panel.n_periods + np.arange(coming)]).astype(np.float64)
    line = np.stack([np.ones(count), (columns - columns.mean()) / year], axis=1)
    slope = np.linalg.lstsq(line, common.seen, rcond=None)[0]
    size = float(np.sqrt(np.mean((common.seen - line @ slope) ** 2))) or 1.0
    apart, years = times[:, None] - times[None], (times - columns.mean()) / year
    wave = np.exp(-2.0 * np.sin(np.pi * apart / year) ** 2)
    if panel.period_type != "week":
        wave = (1.0 - MONTHLY) * wave + MONTHLY * (np.mod(apart, year) == 0.0)
    steep = max(abs(float(slope[1])) / size, LEAST_STEEP)
    parts = np.stack([
        np.eye(len(times)), np.minimum(times[:, None], times[None]) - times[0], wave,
        steep**2 * years[:, None] * years[None], np.ones_like(apart),
    ])  # fmt: skip
    # A model with a season and a trend leaves none to what its residuals have in common.
    squares = np.array(list(product(NOISE, WANDER, SEASON if whole else (0.0,), (0.0, 1.0) if whole else (0.0,)))) ** 2
    shares = size**2 * np.column_stack([squares, np.full(len(squares), FLAT**2)])
    made = (shares @ parts.reshape(len(parts), -1)).reshape(-1, *apart.shape)
    weights = _weights(made[:, :count, :count] + reading(common, covariance), common.seen - common.seen.mean())
    noise, wander, season, _ = size * np.sqrt(weights @ squares)
    kept = weights >= LEAST_WEIGHT
    return Process(
        common=common,
        covariance=made[kept],
        weights=weights[kept] / weights[kept].sum(),
        movement=Movement(noise=float(noise), wander=float(wander), season=float(season) if whole else None),
    )


def reading(common: Common, covariance: Array) -> Array:
    """Covariance of the errors of ``common.seen``, (T, T)."""
    own = np.diag(common.noise)
    return own if common.rows is None else common.rows @ covariance @ common.rows.T + own


def _weights(covariance: Array, values: Array) -> Array:
    """Marginal likelihoods of M covariances (M, T, T), summing to one."""
    scale = float(np.mean(np.einsum("mii->mi", covariance)))
    root = np.linalg.cholesky(covariance + 1e-12 * scale * np.eye(len(values)))
    # Forward substitution for all at once: a call of LAPACK for each takes nine times as long.
    white = np.empty((len(root), len(values)))
    for k, value in enumerate(values):
        white[:, k] = (value - np.einsum("mi,mi->m", root[:, k, :k], white[:, :k])) / root[:, k, k]
    log = -np.log(np.einsum("mii->mi", root)).sum(axis=1) - 0.5 * np.sum(white**2, axis=1)
    made = np.exp(log - log.max())
    return np.asarray(made / made.sum())


def draw_common(
    process: Process, fit: LmmFit, covariance: Array, beta: Array, rng: np.random.Generator
) -> tuple[Array, Array]:
    """What comes in the N periods to come, (D, N), and the coefficients corrected by it, (D, p).

    ``beta`` (D, p) are draws around the estimate.
    """
    common, count = process.common, len(process.common.columns)
    coming = process.covariance.shape[1] - count
    out, corrected = np.empty((len(beta), coming)), beta.copy()
    chosen = rng.choice(len(process.weights), len(beta), p=process.weights)
    centre = common.seen.mean()
    errors = reading(common, covariance)
    for k in np.unique(chosen).tolist():
        at = np.flatnonzero(chosen == k)
        made = process.covariance[k]
        jitter = 1e-12 * float(np.trace(made)) / len(made)
        root = np.linalg.cholesky(made + jitter * np.eye(len(made)))
        drawn = rng.standard_normal((len(at), len(made))) @ root.T
        wrong = np.sqrt(common.noise) * rng.standard_normal((len(at), count))
        if common.rows is not None:
            wrong = wrong + (fit.beta - beta[at]) @ common.rows.T
        miss = common.seen - centre - drawn[:, :count] - wrong
        pull = np.linalg.solve(made[:count, :count] + errors + jitter * np.eye(count), miss.T)
        out[at] = centre + drawn[:, count:] + (made[count:, :count] @ pull).T
        if common.rows is not None:
            corrected[at] -= (covariance @ common.rows.T @ pull).T
    return out, corrected
