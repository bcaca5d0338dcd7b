"""The search for the optimum over all covariance matrices, not from one start.

With lagged sales the likelihood often has several optima: much persistence and no variance between pharmacies, or the
reverse. Starts that agree prove nothing, since all may fall to the same one. So the deviance alone, which costs a
fraction of its derivatives, is laid out on a coarse grid of relative standard deviations (and the correlation), and
Newton's method (:mod:`reportgen.model.lmm.reml`) starts from every local minimum of the grid and from the moment
estimate. All distinct optima are kept, the best first.

More than three random effects make a full grid too large: there the grid is a fixed space-filling design (a Latin
hypercube), and the best points of it are starts.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from reportgen.model.lmm.columns import Array, Index
from reportgen.model.lmm.crossproducts import CrossProducts
from reportgen.model.lmm.deviance import deviances, pattern
from reportgen.model.lmm.reml import Optimum, minimise, starts

SAME = 2e-6
"""Deviances (twice a log-likelihood) that close belong to one optimum."""
LEVELS = {
    1: ((0.0, 0.05, 0.15, 0.3, 0.5, 0.75, 1.1, 2.0),),
    2: ((0.02, 0.12, 0.35, 0.8, 1.6), (0.03, 0.4, 1.3)),
    3: ((0.02, 0.15, 0.45, 1.1), (0.03, 0.3, 1.1), (0.03, 0.3, 1.1)),
}
"""Standard deviations of the grid by the number of random effects, in units of their moment estimates."""
CORRELATIONS = (-0.6, 0.0, 0.6)
"""Correlations of the grid with two random effects; with three they are zero."""
SCATTERED = 48
"""Points of the design that replaces the grid beyond three random effects."""
BEST_SCATTERED = 4
REACH, APART = 40.0, 0.3
"""Deviance within which an optimum may become the best at a neighbouring decay, and how far apart (relative) two thetas
lie that are searched from both."""
CHUNK = 4_000_000
"""Numbers that are held at once while the grid is evaluated."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Searches:
    """All Newton searches of B problems, flat: ``problem`` (S,) says whose each is; ``grid`` points were tried.

    ``names`` (S,) are the starts: moment or grid.
    """

    found: Optimum
    problem: Index
    names: tuple[str, ...]
    grid: int

    def of(self, problem: int) -> Optimum:
        """The searches of one problem, the best first."""
        index = np.flatnonzero(self.problem == problem)
        return self.found.take(index[np.argsort(_ranked(self.found)[index], kind="stable")].tolist())

    def best(self) -> Optimum:
        """The best search of every problem."""
        # lexsort sorts by its last key first: by problem, and within a problem by deviance.
        order = np.lexsort((_ranked(self.found), self.problem))
        first = np.searchsorted(self.problem[order], np.arange(int(self.problem.max()) + 1))
        return self.found.take(order[first].tolist())


def _ranked(found: Optimum) -> Array:
    """Deviance by which searches are compared; where none can be computed, behind all others."""
    return np.where(np.isfinite(found.deviance), found.deviance, np.inf)


def distinct(found: Optimum) -> list[int]:
    """Positions of searches that ended in optima of their own, the best first; saddles and failures left out."""
    kept: list[int] = []
    for index in np.argsort(_ranked(found), kind="stable"):
        if not found.converged[index]:
            continue
        apart = all(
            found.deviance[index] - found.deviance[k] > SAME
            or np.max(np.abs(found.theta[index] - found.theta[k])) > 1e-3 * (1.0 + np.max(np.abs(found.theta[k])))
            for k in kept
        )
        if apart:
            # Equal deviance at another theta is an optimum of its own: two stories that the data tell equally well.
            kept.append(int(index))
    return kept


def search(cp: CrossProducts, *, reml: bool, correlated: bool = True) -> Searches:
    """Search B problems globally.

    Parameters
    ----------
    cp
        Cross-products of B problems with the same numbers of columns and groups.
    """
    q = cp.q
    moment = starts(cp, correlated=correlated)
    scale = _standard_deviations(moment, q, correlated)
    # Moment estimates set the measure, so that one coarse grid suits promotion in any unit and pharmacies that differ
    # much or little.
    points, low = _grid(q, correlated)
    theta = _placed(points, scale, q, correlated)
    values = deviances(cp, theta, pattern(q, correlated), reml=reml, chunk=CHUNK)
    chosen = _local_minima(values, low)
    # A Boolean index walks in the order of nonzero, so problem, start and name stay side by side.
    problem = np.concatenate([np.arange(len(moment)), np.nonzero(chosen)[0]]).astype(np.intp)
    start = np.concatenate([moment, theta[chosen]])
    found = minimise(cp.take(problem), start, reml=reml, correlated=correlated)
    names = ("moment",) * len(moment) + ("grid",) * int(chosen.sum())
    return Searches(found=found, problem=problem, names=names, grid=len(points))


def seeds(cp: CrossProducts, *, reml: bool, correlated: bool = True, most: int = 3) -> Array:
    """Theta (S, m) of the distinct optima of a few neighbouring problems, at most ``most``: starts for all near them.

    The lowest of every problem, and what else lies within reach (some log-likelihood units) of it.
    """
    searched = search(cp, reml=reml, correlated=correlated)
    kept: list[Array] = []
    for problem in range(len(cp.n)):
        own = searched.of(problem)
        for index in distinct(own):
            theta = own.theta[index]
            # One optimum may pass the other as decay moves on; one that lies far above will not.
            near = own.deviance[index] - own.deviance[0] < REACH
            apart = all(np.max(np.abs(theta - other)) > APART * (1.0 + np.max(np.abs(other))) for other in kept)
            if near and apart:
                kept.append(theta)
    return np.array(kept[:most]).reshape(-1, searched.found.theta.shape[1])


def minimise_from(cp: CrossProducts, seeds: Array, *, reml: bool, correlated: bool = True) -> Searches:
    """Searches of B problems from the same seeds (S, m), or each from its own (B, S, m); from moments without seeds."""
    batch = len(cp.n)
    start = (
        np.broadcast_to(seeds, (batch, *seeds.shape[-2:])) if seeds.size else starts(cp, correlated=correlated)[:, None]
    )
    count = start.shape[1]
    problem = np.repeat(np.arange(batch), count).astype(np.intp)
    many = cp if count == 1 else cp.take(problem)
    found = minimise(many, start.reshape(batch * count, -1), reml=reml, correlated=correlated)
    return Searches(found=found, problem=problem, names=("seed",) * len(problem), grid=0)


@lru_cache(maxsize=32)
def _grid(q: int, correlated: bool) -> tuple[Array, tuple[int, ...]]:
    """Points of the grid (K, q + 1): relative SDs and one correlation; the grid's shape, empty for scattered points."""
    if q > max(LEVELS):
        from scipy.stats import qmc

        # Seeded by its own size: the same points for every market, so that a result depends on the data alone.
        unit = qmc.LatinHypercube(q, rng=np.random.default_rng(q)).random(SCATTERED)
        # Equally dense in the logarithm, from .02 to 1.8 moment estimates.
        sd = 10.0 ** (np.log10(0.02) + unit * (np.log10(1.8) - np.log10(0.02)))
        return np.column_stack([sd, np.zeros(SCATTERED)]), ()
    axes = [*LEVELS[q], CORRELATIONS if q == 2 and correlated else (0.0,)]
    points = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1)
    return points.reshape(-1, q + 1), points.shape[:-1]


def _standard_deviations(theta: Array, q: int, correlated: bool) -> Array:
    rows, columns = pattern(q, correlated)
    lower = np.zeros((len(theta), q, q))
    lower[:, rows, columns] = theta
    return np.asarray(np.sqrt(np.einsum("bij,bij->bi", lower, lower)))


def _placed(points: Array, scale: Array, q: int, correlated: bool) -> Array:
    """Theta (B, K, m) of the grid's points in units of ``scale`` (B, q)."""
    rows, columns = pattern(q, correlated)
    sd = points[None, :, :q] * scale[:, None, :]
    lower = np.zeros((*sd.shape, q))
    place = np.arange(q)
    lower[..., place, place] = sd
    if q == 2 and correlated:  # S = [[s1^2, r s1 s2], [r s1 s2, s2^2]] = L L'
        rho = points[None, :, 2]
        lower[..., 1, 0] = rho * sd[..., 1]
        lower[..., 1, 1] = np.sqrt(1.0 - rho**2) * sd[..., 1]
    return np.asarray(lower[..., rows, columns])


def _local_minima(values: Array, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """Points (B, K) that no neighbour along an axis of the grid undercuts; the best few of scattered points."""
    batch, count = values.shape
    # A point that cannot be evaluated is a high one, and no minimum.
    values = np.where(np.isfinite(values), values, np.inf)
    if not shape:
        chosen = np.zeros(values.shape, dtype=bool)
        np.put_along_axis(chosen, np.argsort(values, axis=1)[:, :BEST_SCATTERED], True, axis=1)
        return chosen & np.isfinite(values)
    grid = values.reshape(batch, *shape)
    lowest = np.isfinite(grid)
    for axis in range(1, grid.ndim):
        wall = np.full_like(np.take(grid, [0], axis=axis), np.inf)
        padded = np.concatenate([wall, grid, wall], axis=axis)
        size = grid.shape[axis]
        before, after = (np.take(padded, np.arange(size) + shift, axis=axis) for shift in (0, 2))
        # Ties count: of a level stretch every point is a start rather than none. Beyond the grid is a wall.
        lowest &= (grid <= before) & (grid <= after)
    return np.asarray(lowest.reshape(batch, count))
