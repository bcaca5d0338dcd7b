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
    apart, years = times[:, None] - times[None], (times - columns.mean()) / year
    straight = np.stack([np.ones(count), years[:count]], axis=1)
    slope = np.linalg.lstsq(straight, common.seen, rcond=None)[0]
    size = float(np.sqrt(np.mean((common.seen - straight @ slope) ** 2))) or 1.0
    wave = np.exp(-2.0 * np.sin(np.pi * apart / year) ** 2)
    if panel.period_type != "week":
        wave = (1.0 - MONTHLY) * wave + MONTHLY * (np.mod(apart, year) == 0.0)
    parts = np.stack([
        np.eye(len(times)), np.minimum(times[:, None], times[None]) - times[0], wave, np.ones_like(apart),
    ])  # fmt: skip
    # A model with a season and a trend leaves none to what its residuals have in common.
    squares = np.array(list(product(NOISE, WANDER, SEASON if whole else (0.0,)))) ** 2
    steep = np.array([0.0, max(abs(float(slope[1])), LEAST_STEEP * size)] if whole else [0.0])
    shares = size**2 * np.column_stack([squares, np.full(len(squares), FLAT**2)])
    made = (shares @ parts[:, :count, :count].reshape(len(parts), -1)).reshape(-1, count, count)
    made += reading(common, covariance)
    weights = _weights(made, years[:count], steep**2, common.seen - common.seen.mean())
    noise, wander, season = size * np.sqrt(weights.sum(axis=1) @ squares)
    point, line = np.nonzero(weights >= LEAST_WEIGHT)
    kept = (shares[point] @ parts.reshape(len(parts), -1)).reshape(-1, *apart.shape)
    kept += (steep[line] ** 2)[:, None, None] * (years[:, None] * years[None])
    weight = weights[point, line]
    return Process(
        common=common,
        covariance=kept,
        weights=weight / weight.sum(),
        movement=Movement(noise=float(noise), wander=float(wander), season=float(season) if whole else None),
    )


def reading(common: Common, covariance: Array) -> Array:
    """Covariance of the errors of ``common.seen``, (T, T)."""
    own = np.diag(common.noise)
    return own if common.rows is None else common.rows @ covariance @ common.rows.T + own


def _weights(covariance: Array, line: Array, squares: Array, values: Array) -> Array:
    """Marginal likelihoods of covariances (M, T, T) with each of ``squares`` (K,) times ``line line'`` added, (M, K).

    They sum to one. A line more is a change of rank one, so one Cholesky factor serves all of its squares.
    """
    scale = float(np.mean(np.einsum("mii->mi", covariance)))
    root = np.linalg.cholesky(covariance + 1e-12 * scale * np.eye(len(values)))
    # Forward substitution for all at once: a call of LAPACK for each takes nine times as long.
    both = np.stack([values, line], axis=1)
    white = np.empty((len(root), *both.shape))
    for k, value in enumerate(both):
        white[:, k] = (value - (root[:, k, None, :k] @ white[:, :k])[:, 0]) / root[:, k, k, None]
    (seen, crossed), (_, lined) = np.moveaxis(white.transpose(0, 2, 1) @ white, 0, 2)
    # |K + s l l'| = |K| (1 + s l'K^-1 l), and by Sherman and Morrison y'K^-1 y loses s (l'K^-1 y)^2 / (1 + s l'K^-1 l).
    grown = 1.0 + lined[:, None] * squares
    alone = -np.log(np.einsum("mii->mi", root)).sum(axis=1) - 0.5 * seen
    log = alone[:, None] - 0.5 * np.log(grown) + 0.5 * crossed[:, None] ** 2 * squares / grown
    made = np.exp(log - log.max())
    return np.asarray(made / made.sum())


def draw_common(
    process: Process, fit: LmmFit, covariance: Array, beta: Array, rng: np.random.Generator
) -> tuple[Array, Array]:
    """What comes in the N periods to come, (D, N), and the coefficients corrected by it, (D, p).

    ``beta`` (D, p) are draws around the estimate.
    """
    common, count = process.common, len(process.common.columns)
    whole, centre = process.covariance.shape[1], common.seen.mean()
    points, point = np.unique(rng.choice(len(process.weights), len(beta), p=process.weights), return_inverse=True)
    made = process.covariance[points]
    jitter = 1e-12 * np.einsum("mii->m", made)[:, None, None] / whole
    # Draws of one point of the grid side by side, (point, place): a factor each, for as many draws as there are.
    place, drawn, wrong = _normals(point, whole, count, rng)
    drawn = drawn @ np.linalg.cholesky(made + jitter * np.eye(whole)).transpose(0, 2, 1)
    miss = common.seen - centre - drawn[:, :, :count] - np.sqrt(common.noise) * wrong
    if common.rows is not None:
        miss[point, place] -= (fit.beta - beta) @ common.rows.T
    known = made[:, :count, :count] + reading(common, covariance) + jitter * np.eye(count)
    pull = np.linalg.solve(known, miss.transpose(0, 2, 1))
    out = centre + drawn[:, :, count:] + (made[:, count:, :count] @ pull).transpose(0, 2, 1)
    if common.rows is not None:
        beta = beta - pull[point, :, place] @ (common.rows @ covariance)
    return out[point, place], beta


def _normals(point: Index, first: int, second: int, rng: np.random.Generator) -> tuple[Index, Array, Array]:
    """Standard normals by point of the grid, (M, most, first) and (M, most, second), zero where a point has fewer.

    ``point`` (D,) of each draw; returned with the place (D,) of each among those of its point.
    """
    sizes = np.bincount(point)
    before = np.cumsum(sizes) - sizes
    place = np.empty(len(point), dtype=np.intp)
    place[np.argsort(point, kind="stable")] = np.arange(len(point)) - np.repeat(before, sizes)
    ones = np.zeros((len(sizes), sizes.max(), first))
    others = np.zeros((len(sizes), sizes.max(), second))
    for k, size in enumerate(sizes.tolist()):
        ones[k, :size] = rng.standard_normal((size, first))
        others[k, :size] = rng.standard_normal((size, second))
    return place, ones, others
