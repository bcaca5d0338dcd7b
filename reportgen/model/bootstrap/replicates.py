"""Simulated copies of a market, and their cross-products at any decays, many at a time.

A copy keeps everything that was given (promotion, controls, which cells are used, the sales
before each pharmacy's first row) and draws the rest from the fitted model: new deviations b_i and
errors, sales rebuilt period by period through the recursion, over gaps too. Copies differ only in
the response and its lags, so their cross-products need products of those few columns with the given
ones, which ``terms.market_design`` makes once a decay. Columns are centred and brought to the
coordinates of the fit (``Scaling``), so theta and deviances of all copies and decays are comparable
and searches can start at the fit's optimum.

Rejected: a design matrix and a pass over its rows for every copy (ten times the time), drawing
around fitted values row by row (leaves the lags of the data in place: no draw from the model).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from reportgen.model.lmm.columns import Array
from reportgen.model.lmm.crossproducts import CrossProducts
from reportgen.model.lmm.deviance import covariance_root
from reportgen.model.lmm.fit import LmmFit
from reportgen.model.market.calendar import calendar_columns
from reportgen.model.market.terms import TIME_ROLES, Terms, market_design
from reportgen.panel import transforms
from reportgen.panel.features import ModelFrame

NO_PIVOT = 1e-11
"""Share of a random column's squares, net of the columns before it, under which a pharmacy does not have it."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Process:
    """What sales are drawn from: ``beta`` (p,) by ``terms.fixed``, ``psi`` (q, q) by ``terms.random``, ``sigma``.

    ``together`` is the correlation of the errors of two pharmacies of one territory in a period.
    """

    terms: Terms
    decays: tuple[float, ...]
    beta: Array
    psi: Array
    sigma: float
    together: float = 0.0


class Simulator:
    """Draws copies of one market from a process; everything that does not differ between copies is made once."""

    def __init__(self, frame: ModelFrame, process: Process) -> None:
        terms = process.terms
        self.used = frame.used[frame.grid_rows]
        # From the first used row on; gaps behind it are drawn as well, since later rows lag into them.
        self.alive = np.maximum.accumulate(self.used, axis=1)
        self.lags = terms.lag_periods
        weight = dict(zip(terms.fixed, process.beta.tolist(), strict=True))
        self.phi = [weight[name] for name in terms.lags]
        self.sigma = process.sigma
        self.root = covariance_root(process.psi)
        design = market_design(frame, terms, process.decays)
        columns = {name: self._onward(design.x[:, k]) for k, name in enumerate(design.names) if name not in terms.lags}
        for channel, name in enumerate(terms.promotion):  # exact in gaps too
            columns[name] = frame.adstock_grid(process.decays[channel], channel)
        for name, values in calendar_columns(frame, terms.time, by_territory=terms.by_territory).items():
            columns[name] = np.broadcast_to(values, self.used.shape)
        # All that moves sales but persistence, deviations and noise; lags are not in it, since each copy makes its own.
        self.drive = sum(
            (weight[name] * column for name, column in columns.items() if name in weight), np.zeros(self.used.shape)
        )
        self.random = np.stack([columns[name] for name in terms.random])
        self.before = _response_grid(frame)
        self.cluster, self.together = design.cluster, process.together

    @property
    def noise_shape(self) -> tuple[int, int]:
        """Standard normal numbers a copy needs: pharmacies by periods and random effects."""
        return self.used.shape[0], self.used.shape[1] + len(self.random)

    def _onward(self, rows: Array) -> Array:
        """A column on the grid (G, T); where there is no row, the value of the row before (or of the first row)."""
        grid: Array = np.zeros(self.used.shape)
        grid[self.used] = rows
        place = np.maximum.accumulate(np.where(self.used, np.arange(self.used.shape[1]), 0), axis=1)
        # Before the first row argmax gives that row's place.
        place = np.maximum(place, self.used.argmax(axis=1)[:, None])
        return np.take_along_axis(grid, place, axis=1)

    def draw(self, noise: Array) -> Array:
        """Responses of B copies, (B, G, T), from standard normal ``noise`` (B, *noise_shape).

        Before a pharmacy's first row the response is the observed one.
        """
        periods = self.used.shape[1]
        out = self.sigma * self._errors(noise[:, :, :periods])
        out += self.drive
        deviations = noise[:, :, periods:] @ self.root.T
        for k, column in enumerate(self.random):
            out += deviations[:, :, k, None] * column
        # Period first: the recursion below then adds whole contiguous (B, G) sheets.
        steps = np.ascontiguousarray(out.transpose(2, 0, 1))
        for t in range(periods):
            for lag, weight in zip(self.lags, self.phi, strict=True):
                if lag <= t:
                    steps[t] += weight * steps[t - lag]
            # Before its first row a pharmacy has the sales it had: the model is conditional on them, as the lags are.
            steps[t] = np.where(self.alive[:, t], steps[t], self.before[:, t])
        return np.ascontiguousarray(steps.transpose(1, 2, 0))

    def _errors(self, noise: Array) -> Array:
        """Errors of unit variance, (B, G, T), correlated within territories and periods where the process says so.

        Each is a e_i + c u with u the scaled sum of its territory's own noise: a and c give variance 1 and the wanted
        correlation, and no further random numbers are drawn.
        """
        if self.cluster is None or not self.together > 0.0:
            return noise
        sizes = np.bincount(self.cluster)[self.cluster].astype(np.float64)[:, None]
        member = np.arange(int(self.cluster.max()) + 1)[:, None] == self.cluster
        sums = member.astype(np.float64) @ noise
        own = np.sqrt(1.0 - self.together)
        common = np.sqrt((1.0 - self.together) / sizes + self.together) - own / np.sqrt(sizes)
        return np.asarray(own * noise + common * sums[:, self.cluster] / np.sqrt(sizes))


def _response_grid(frame: ModelFrame) -> Array:
    """Observed response on the grid (G, T), the pharmacy's mean where unknown."""
    response = frame.response_grid()
    known = np.isfinite(response)
    mean = np.where(known, response, 0.0).sum(axis=1) / np.maximum(known.sum(axis=1), 1)
    return np.asarray(np.where(known, response, mean[:, None]))


class Copies:
    """Cross-products of B copies at any decays, in the coordinates of a fit with the same columns."""

    def __init__(self, frame: ModelFrame, terms: Terms, fit: LmmFit, responses: Array) -> None:
        self.frame, self.terms, self.fit, self.responses = frame, terms, fit, responses
        self.batch = len(responses)
        self._used = frame.used[frame.grid_rows]
        p = fit.products.p
        centre = np.append(fit.design.x.mean(axis=0), fit.design.y.mean())
        # Centred sums: sales are large and vary little, and squares of the plain values would keep half the digits.
        centre[0] = 0.0  # the intercept
        self._centre = centre
        self._moving = [*(terms.fixed.index(name) for name in terms.lags), p]
        self._given = [k for k in range(p) if k not in self._moving]
        self._shifting = terms.keep(lambda column: column.role not in ("lag", "control", *TIME_ROLES))
        self._cells = np.flatnonzero(self._used)
        self._template = np.zeros((p - len(terms.lags), self._used.size))
        self._template[:, self._cells] = fit.design.x[:, self._given].T - centre[self._given, None]
        scaling = fit.scaling
        # In the fit's coordinates X is X R^-1 and y is (y - X offset) / y_scale, one product with these weights.
        weights = np.zeros((p + 1, p + 1))
        weights[:p, :p] = scaling.x_inverse
        weights[:p, p], weights[p, p] = -scaling.offset / scaling.y_scale, 1.0 / scaling.y_scale
        # [X y] of the fit's coordinates = [X y] centred times these weights, the means going through the intercept.
        weights[0] += centre @ weights
        self._weights = weights
        block = np.empty((self.batch, len(self._moving), *self._used.shape))
        columns = [*(transforms.lag(responses, lag) for lag in terms.lag_periods), responses]
        for k, column in enumerate(columns):
            block[:, k] = np.where(self._used, column - centre[self._moving[k]], 0.0)
        self._block = block
        self._flat = block.reshape(self.batch, len(columns), -1)
        self._squares = self._flat @ self._flat.transpose(0, 2, 1)

    def at(self, decays: Array) -> CrossProducts:
        """Cross-products at decays (B, c)."""
        # Copies at one decay share the given columns: made once, and broadcast over the batch.
        common = bool(np.all(decays == decays[0]))
        given, z = self._columns(decays[:1] if common else decays)
        batch, p = self.batch, self.fit.products.p
        flat = given.reshape(*given.shape[:2], -1)
        total = np.empty((batch, p + 1, p + 1))
        kept, moving = np.array(self._given, dtype=np.intp), np.array(self._moving, dtype=np.intp)
        cross = flat @ self._flat.transpose(0, 2, 1)
        total[:, kept[:, None], kept] = flat @ flat.transpose(0, 2, 1)
        total[:, kept[:, None], moving] = cross
        total[:, moving[:, None], kept] = cross.transpose(0, 2, 1)
        total[:, moving[:, None], moving] = self._squares
        rows = z.transpose(0, 2, 1, 3)  # (B or 1, G, q, T)
        zw = np.empty((batch, rows.shape[1], rows.shape[2], p + 1))
        zw[..., kept] = rows @ given.transpose(0, 2, 3, 1)
        zw[..., moving] = rows @ self._block.transpose(0, 2, 3, 1)
        rc = projections(rows @ z.transpose(0, 2, 3, 1), zw @ self._weights)
        c = rc[..., rows.shape[2] :].reshape(batch, -1, p + 1)
        # What is left of the squares once the pharmacies' own directions are out (C_i of the deviance).
        within = self._weights.T @ total @ self._weights - c.transpose(0, 2, 1) @ c
        return CrossProducts(rc=rc, within=within, n=np.full(batch, float(self._used.sum())))

    def _columns(self, decays: Array) -> tuple[Array, Array]:
        """Given columns, centred (B, f, G, T), and random columns, as the fit has them (B, q, G, T); 0 where unused."""
        given = np.repeat(self._template[None], len(decays), axis=0)
        z = np.zeros((len(decays), len(self.terms.random), self._used.size))
        names = [self.terms.fixed[k] for k in self._given]
        places = [names.index(name) for name in self._shifting.fixed]
        centre = self._centre[self._given][places, None]
        for k, values in enumerate(decays):
            design = market_design(self.frame, self._shifting, tuple(values.tolist()))
            for place, column in zip(places, design.x.T - centre, strict=True):
                given[k, place, self._cells] = column
            z[k][:, self._cells] = (design.z @ self.fit.scaling.z_inverse).T
        shape = self._used.shape
        return given.reshape(*given.shape[:2], *shape), z.reshape(*z.shape[:2], *shape)


def projections(zz: Array, zw: Array) -> Array:
    """[R_i C_i] (B, G, q, q+p+1) from Z_i'Z_i and Z_i'[X y], by a Cholesky factor written out."""
    batch, groups, q = zw.shape[:3]
    zz = np.broadcast_to(zz, (batch, groups, q, q))
    out = np.concatenate([zz, zw], axis=3)
    for j in range(q):
        row = out[:, :, j]
        for k in range(j):
            # Gaussian elimination over all blocks at once: numpy's batched Cholesky costs more in calls than these q²
            # lines.
            row -= out[:, :, k, j, None] * out[:, :, k]
        pivot = row[:, :, j]
        # A pharmacy whose column adds nothing to the ones before (constant promotion) gets a zero row, as QR gives it.
        known = pivot > NO_PIVOT * np.maximum(zz[:, :, j, j], 1e-300)
        row *= np.where(known, 1.0 / np.sqrt(np.where(known, pivot, 1.0)), 0.0)[:, :, None]
        row[:, :, :j] = 0.0
    return out
