"""The rows and columns of one market's model, and its columns made orthonormal: what cross-products are made of.

The columns are made orthonormal first (``X = Q R``, the response replaced by its residual on ``X``, ``Z``
likewise), so badly scaled or nearly collinear columns cost no digits in the products; the
``Scaling`` takes estimates back to the units of the data. Rejected: dividing every column by
its root mean square only, which leaves the condition number of lagged sales (1e3 to 1e4)
squared in the normal equations. Period effects are made orthonormal in closed form: their indicators
are orthogonal already, the other columns lose their period means (Frisch and Waugh 1933).

The functions below work on a batch of B designs with the same rows, groups and periods.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Index = NDArray[np.intp]

BLOCK_ROWS = 2_048
"""Rows whose products are held at once."""
RANK_TOLERANCE = 1e-9
"""A column whose residual on the columns before it is smaller than this share of its norm is redundant."""


class RankDeficient(ValueError):
    """A column is a combination of the ones before it. ``column`` is its position."""

    def __init__(self, column: int) -> None:
        super().__init__(f"column {column} is a linear combination of the columns before it")
        self.column = column


class NoResidualVariation(ValueError):
    """The fixed columns reproduce the response exactly."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Design:
    """Rows of one market, ready to fit; sorted by group.

    Attributes
    ----------
    y
        Response, shape (n,).
    x
        Fixed-effect columns, shape (n, p), with their ``names``.
    z
        Random-effect columns, shape (n, q), with their ``z_names``.
    group
        Pharmacy index 0..groups-1 of each row, non-decreasing, shape (n,).
    period, period_at
        Where every period has an effect of its own (:func:`with_periods`): the code 0..T-1 of each row, shape (n,),
        and the position in ``x`` of the first of the T-1 indicator columns of the codes 1..T-1. They are columns of
        ``x`` like any other; the cross-products know them by their codes, so that they cost next to nothing.
    cluster
        Cluster 0..H-1 of each pharmacy, where errors of the pharmacies of one cluster may be correlated, (groups,);
        ``None`` where pharmacies are independent. The estimates do not depend on it, their covariance does.
    """

    y: Array
    x: Array
    z: Array
    group: Index
    groups: int
    names: tuple[str, ...]
    z_names: tuple[str, ...]
    y_name: str = "Sales"
    period: Index | None = None
    period_at: int = 0
    cluster: Index | None = None

    @property
    def independent(self) -> int:
        """Number of independent units: clusters where there are any, else groups."""
        return self.groups if self.cluster is None else int(self.cluster.max()) + 1

    def starts(self) -> Index:
        """First row of each group that has rows, shape (groups,)."""
        return np.searchsorted(self.group, np.arange(self.groups)).astype(np.intp)

    def column(self, name: str) -> Array:
        """The fixed-effect column ``name``, shape (n,)."""
        return self.x[:, self.names.index(name)]

    def rows(self, kept: NDArray[np.bool_]) -> Design:
        """The rows ``kept`` (n,), pharmacies numbered anew.

        Periods without rows lose their columns; the first one left takes the place of the first of all.
        """
        groups, group = np.unique(self.group[kept], return_inverse=True)
        x, names, period = self.x[kept], self.names, None
        if self.period is not None:
            present, period = np.unique(self.period[kept], return_inverse=True)
            # Code t has its column at period_at - 1 + t, code 0 none. Of the codes that are present the lowest becomes
            # the one without: its column goes with those of the absent.
            lost = self.period_at - 1 + np.setdiff1d(np.arange(1, int(self.period.max()) + 1), present[1:])
            x = np.delete(x, lost, axis=1)
            names = tuple(name for k, name in enumerate(names) if k not in set(lost.tolist()))
        return replace(
            self, y=self.y[kept], x=x, z=self.z[kept], names=names, period=period,
            group=group.astype(np.intp), groups=int(group.max()) + 1 if group.size else 0,
            cluster=None if self.cluster is None else np.unique(self.cluster[groups], return_inverse=True)[1],
        )  # fmt: skip


def with_periods(design: Design, period: Index, names: tuple[str, ...]) -> Design:
    """The design with an effect of every period: T-1 indicator columns at the end of ``x``.

    Parameters
    ----------
    period
        Code 0..T-1 of each row, each code present; the first is part of the intercept, shape (n,).
    names
        Of the columns of codes 1..T-1, (T-1).

    Raises
    ------
    ValueError
        If the first fixed column is not the intercept, or a code has no rows.
    """
    if not np.all(design.x[:, 0] == 1.0):
        raise ValueError("period effects need an intercept as the first fixed column")
    if not np.bincount(period, minlength=len(names) + 1).all() or int(period.max()) != len(names):
        raise ValueError(f"expected periods 0..{len(names)}, each with rows")
    n, p = design.x.shape
    x = np.zeros((n, p + len(names)))
    x[:, :p] = design.x
    later = np.flatnonzero(period)
    # Rows of code 0 stay zero in all of them: their level is the intercept.
    x[later, p - 1 + period[later]] = 1.0
    return replace(design, x=x, names=(*design.names, *names), period=period, period_at=p)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Scaling:
    """How the orthonormal columns relate to the data: X = Xs R, Z = Zs T, y = s ys + X offset."""

    x_inverse: Array
    """R^-1, upper triangular, (p, p)."""
    x_logdet: float
    """log |R|."""
    offset: Array
    """Ordinary least-squares coefficients, (p,), units of the coefficients."""
    y_scale: float
    z_inverse: Array
    """T^-1, upper triangular or diagonal, (q, q)."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Periods:
    """Period effects of a design by the ``code`` 0..T-1 of each row, (n,).

    Indicators times ``root`` (T,) are orthonormal columns; ``at`` (T,) are their positions among the fixed columns.
    """

    code: Index
    root: Array
    at: Index

    def means(self, columns: Array) -> Array:
        """Mean of each column in each period, (T, k)."""
        sums = [np.bincount(self.code, weights=column, minlength=len(self.root)) for column in columns.T]
        # root² / n is one over the rows of the period.
        share = self.root**2 / len(self.code)
        return np.stack(sums, axis=1) * share[:, None] if sums else np.zeros((len(self.root), 0))

    def group_products(self, z: Array, starts: Index) -> Array:
        """Z_i' times the orthonormal indicators, (G, q, T): the rows of Z_i, each in the place of its period."""
        groups, count = len(starts), len(self.root)
        # Summed by (pharmacy, period) code: a product with the indicators would be n by T numbers, nearly all zero.
        cell = np.repeat(np.arange(groups), np.diff(np.append(starts, len(z)))) * count + self.code
        sums = [np.bincount(cell, weights=column, minlength=groups * count) for column in z.T]
        return np.stack(sums).reshape(-1, groups, count).transpose(1, 0, 2) * self.root


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class OrthonormalColumns:
    """Orthonormal columns of B designs.

    ``w`` (B, n, s+1) are those of [X y] that are no period effects, ``at`` (s+1,) their positions; ``z`` (B, n, q).
    """

    w: Array
    at: Index
    z: Array
    periods: Periods | None
    scalings: list[Scaling]

    def dense(self, k: int) -> Array:
        """[X y] of design ``k`` (n, p+1) with the period effects written out."""
        if self.periods is None:
            return np.asarray(self.w[k])
        n = self.w.shape[1]
        w = np.zeros((n, len(self.at) + len(self.periods.at)))
        w[:, self.at] = self.w[k]
        w[np.arange(n), self.periods.at[self.periods.code]] = self.periods.root[self.periods.code]
        return w

    def sums(self, k: int, starts: Index) -> Array:
        """Z_i'[Z_i X y] of every group of design ``k``, (G, q, q+p+1).

        Those with a period effect are the rows of Z themselves.
        """
        z, periods = self.z[k], self.periods
        sums = group_products(z, self.w[k], starts)
        if periods is None:
            return sums
        q = z.shape[1]
        out = np.empty((len(starts), q, q + len(self.at) + len(periods.at)))
        out[:, :, :q] = sums[:, :, :q]
        out[:, :, q + self.at] = sums[:, :, q:]
        out[:, :, q + periods.at] = periods.group_products(z, starts)
        return out


def orthonormal_columns(
    designs: Sequence[Design], *, correlated: bool, centre: Array | None = None
) -> OrthonormalColumns:
    """Orthonormal columns of designs that differ in the values of ``x`` and ``z`` only.

    Raises
    ------
    RankDeficient, NoResidualVariation
    """
    first, batch = designs[0], len(designs)
    p = first.x.shape[1]
    periods = _periods(first)
    # The intercept is none of the plain columns either: it and the T-1 indicators span the T orthogonal ones.
    plain = np.arange(p) if periods is None else np.setdiff1d(np.arange(p), periods.at)
    x, x_inverse, x_logdet = _fixed(np.stack([design.x[:, plain] for design in designs]), plain, periods)
    if centre is None:
        residual, offsets = _least_squares(first.y, x, plain, periods)
        # Coordinates R b of the orthonormal columns; the data's own coefficients are b = R^-1 (R b).
        offsets = (x_inverse @ offsets[:, :, None])[:, :, 0]
    else:
        residual, offsets = (first.y - first.x @ centre)[None], centre[None]
    # Of a response that the columns reproduce rounding leaves some 1e-16; what is under 1e-12 of it is no variation to
    # estimate a variance from.
    spread = np.sqrt(np.mean(residual**2, axis=1))
    if not np.all(spread > 1e-12 * float(np.max(np.abs(first.y), initial=0.0))):
        raise NoResidualVariation
    z = np.stack([design.z for design in designs])
    if correlated:
        z, z_inverse = _orthonormal(z)
    else:
        rms = np.sqrt(np.mean(z**2, axis=1))
        z, z_inverse = z / rms[:, None, :], np.eye(z.shape[2]) / rms[:, None, :]
    return OrthonormalColumns(
        w=np.concatenate([x, (residual / spread[:, None])[:, :, None]], axis=2),
        at=np.append(plain, p).astype(np.intp),
        z=z,
        periods=periods,
        scalings=[
            Scaling(
                x_inverse=x_inverse[k], x_logdet=float(x_logdet[k]), offset=offsets[k], y_scale=float(spread[k]),
                z_inverse=z_inverse[k],
            )
            for k in range(batch)
        ],
    )  # fmt: skip


def _periods(design: Design) -> Periods | None:
    if design.period is None:
        return None
    counts = np.bincount(design.period)
    if not counts.all():
        # A period without rows is a column of zeros.
        raise RankDeficient(design.period_at + max(int(np.argmin(counts)) - 1, 0))
    # An indicator's squares sum to its rows: times root they sum to n, as those of every column here.
    at = np.append(0, design.period_at + np.arange(len(counts) - 1)).astype(np.intp)
    return Periods(code=design.period, root=np.sqrt(len(design.y) / counts), at=at)


def _fixed(plain: Array, at: Index, periods: Periods | None) -> tuple[Array, Array, Array]:
    """Orthonormal columns of those that are no period effects (B, n, s), X^-1 (B, p, p) and log |R| (B,)."""
    if periods is None:
        x, inverse = _orthonormal(plain)
        return x, inverse, -_log_diagonal(inverse)
    batch, p = len(plain), len(at) + len(periods.at)
    means = np.stack([periods.means(columns) for columns in plain])
    try:
        x, part = _orthonormal(plain - means[:, periods.code], plain)
    except RankDeficient as error:
        raise RankDeficient(int(at[error.column])) from None
    # The first period's indicator is the intercept less all the others, and a column without its period means has lost
    # the first mean of the intercept and the differences to it of the others: X^-1 is written down, not solved for.
    # X^-1 is block triangular, with root and the diagonal of part on its diagonal, so their logarithms give log |R|.
    inverse = np.zeros((batch, p, p))
    inverse[:, periods.at, periods.at] = periods.root
    inverse[:, periods.at[1:], 0] = -periods.root[0]
    every = np.arange(batch)
    inverse[np.ix_(every, at, at)] = part
    inverse[:, 0, at] = -(means[:, :1] @ part)[:, 0]
    inverse[np.ix_(every, periods.at[1:], at)] = -(means[:, 1:] - means[:, :1]) @ part
    return x, inverse, -(np.sum(np.log(periods.root)) + _log_diagonal(part))


def _log_diagonal(triangular: Array) -> Array:
    """Log |R^-1| of B triangular matrices with positive diagonals, (B,)."""
    return np.asarray(np.sum(np.log(np.einsum("bii->bi", triangular)), axis=1))


def _orthonormal(columns: Array, before: Array | None = None) -> tuple[Array, Array]:
    """Return (Xs, R^-1) with Xs = X R^-1, Xs'Xs = n I, of B matrices (B, n, p).

    ``before`` are the columns as they were before something was taken out of them: a column is redundant if what is
    left of it is nothing beside what it was.

    Raises
    ------
    RankDeficient
        If a column adds nothing to the ones before it.
    """
    _, n, p = columns.shape
    if not p:
        return columns, np.zeros((len(columns), 0, 0))
    whole = columns if before is None else before
    # Unit norms before QR: the diagonal of R is then the share of each column that the ones before it do not explain.
    norms = np.sqrt(np.einsum("bij,bij->bj", whole, whole))
    if not np.all(norms > 0.0):
        raise RankDeficient(int(np.argmin(np.all(norms > 0.0, axis=0))))
    scaled = columns / norms[:, None, :]
    r: Array = np.asarray(np.linalg.qr(scaled, mode="r") if p > 1 else np.linalg.norm(scaled, axis=1)[:, None])
    if r.shape[1] < p:
        raise RankDeficient(r.shape[1])
    # Of columns of unit norm: promotion in single visits and sales in crores are judged by the same measure.
    weak = np.any(np.abs(np.einsum("bii->bi", r)) < RANK_TOLERANCE, axis=0)
    if weak.any():
        raise RankDeficient(int(np.argmax(weak)))
    # The LU factors of a triangular matrix are itself and the identity: this is plain substitution.
    inverse = np.linalg.inv(r) * np.sqrt(n) / norms[:, :, None]
    # LAPACK's R may have negative diagonal elements; turned, every column keeps its direction and |R| is positive.
    inverse *= np.sign(np.einsum("bii->bi", inverse))[:, None, :]
    return columns @ inverse, inverse


def _least_squares(y: Array, x: Array, plain: Index, periods: Periods | None) -> tuple[Array, Array]:
    """Residual (B, n) of the response on orthonormal columns, and its coordinates (B, p).

    Twice: the second pass takes out what rounding left.
    """
    batch, n, s = x.shape
    residual = np.tile(y, (batch, 1))
    coordinates = np.zeros((batch, s if periods is None else s + len(periods.at)))
    for _ in range(2):
        if periods is not None:
            level = periods.means(residual.T).T
            residual = residual - level[:, periods.code]
            coordinates[:, periods.at] += level / periods.root
        found = (x.transpose(0, 2, 1) @ residual[:, :, None])[:, :, 0] / n
        residual = residual - (x @ found[:, :, None])[:, :, 0]
        coordinates[:, plain] += found
    return residual, coordinates


def group_products(z: Array, w: Array, starts: Index) -> Array:
    """Z_i'[Z w] of every group, (G, q, q+k); w (n, k). Blocks of rows keep the row products in cache."""
    n, q = z.shape
    width = q + w.shape[1]
    out = np.empty((len(starts), q, width))
    ends = np.append(starts[1:], n)
    first = 0
    while first < len(starts):
        # Whole groups only; one that is longer than a block is a block of its own.
        last = max(first + 1, int(np.searchsorted(ends, starts[first] + BLOCK_ROWS, side="right")))
        rows = slice(int(starts[first]), int(ends[last - 1]))
        both = np.concatenate([z[rows], w[rows]], axis=1)
        products = (z[rows, :, None] * both[:, None, :]).reshape(len(both), -1)
        # Every group has rows here: of an empty one reduceat would give the next group's first row, not zero.
        out[first:last] = np.add.reduceat(products, starts[first:last] - starts[first], axis=0).reshape(-1, q, width)
        first = last
    return out
