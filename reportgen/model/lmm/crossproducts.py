"""Per-pharmacy cross-products: all that the likelihood needs to know about the rows.

After this module the cost of a fit no longer depends on the number of months. The columns are
made orthonormal first (``X = Q R``, the response replaced by its residual on ``X``, ``Z``
likewise), so badly scaled or nearly collinear columns cost no digits in the products; the
``Scaling`` takes estimates back to the units of the data. Rejected: dividing every column by
its root mean square only, which leaves the condition number of lagged sales (1e3 to 1e4)
squared in the normal equations.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_triangular

Array = NDArray[np.float64]
Index = NDArray[np.intp]

RANK_TOLERANCE = 1e-9
"""A column whose residual on the columns before it is smaller than this share of its norm is redundant."""

BLOCK_ROWS = 2_048
"""Rows whose products are held at once."""

CANCELLED = 1e-5
"""Share of the response's squares within pharmacies below which differences of sums lose too many digits."""


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
    """

    y: Array
    x: Array
    z: Array
    group: Index
    groups: int
    names: tuple[str, ...]
    z_names: tuple[str, ...]
    y_name: str = "Sales"

    def starts(self) -> Index:
        """First row of each group that has rows, shape (groups,)."""
        return np.searchsorted(self.group, np.arange(self.groups)).astype(np.intp)

    def column(self, name: str) -> Array:
        """The fixed-effect column ``name``, shape (n,)."""
        return self.x[:, self.names.index(name)]


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
class CrossProducts:
    """Scaled cross-products of B problems (fits, decays, replicates, left-out pharmacies).

    Attributes
    ----------
    rc
        [R_i C_i], shape (B, G, q, q+p+1): R_i'R_i = Z_i'Z_i and C_i = R_i^-T Z_i'[X y], the coordinates of
        [X y] in the space of Z_i. A padding group is all zeros and changes nothing.
    within
        sum_i [X y]'[X y] - C_i'C_i: what Z_i cannot explain, shape (B, p+1, p+1).
    n
        Rows, shape (B,).
    """

    rc: Array
    within: Array
    n: Array

    @property
    def p(self) -> int:
        """Number of fixed-effect columns."""
        return int(self.within.shape[-1]) - 1

    @property
    def q(self) -> int:
        """Number of random-effect columns."""
        return int(self.rc.shape[-2])

    @property
    def groups(self) -> int:
        """Number of pharmacy blocks, padding included."""
        return int(self.rc.shape[1])

    @property
    def r(self) -> Array:
        """R_i, (B, G, q, q)."""
        return self.rc[..., : self.q]

    @property
    def c(self) -> Array:
        """C_i, (B, G, q, p+1)."""
        return self.rc[..., self.q :]

    @property
    def zz(self) -> Array:
        """Z_i'Z_i, (B, G, q, q)."""
        return self.r.transpose(0, 1, 3, 2) @ self.r

    @property
    def zw(self) -> Array:
        """Z_i'[X y], (B, G, q, p+1)."""
        return self.r.transpose(0, 1, 3, 2) @ self.c

    def take(self, which: NDArray[np.bool_] | Index | slice) -> CrossProducts:
        """The problems ``which``, same arrays."""
        return CrossProducts(rc=self.rc[which], within=self.within[which], n=self.n[which])


def stack(products: list[CrossProducts]) -> CrossProducts:
    """Stack problems with equal p and q along the batch axis, padding groups with zeros."""
    most = max(item.groups for item in products)

    def padded(values: Array) -> Array:
        missing = most - values.shape[1]
        return np.pad(values, ((0, 0), (0, missing), (0, 0), (0, 0))) if missing else values

    return CrossProducts(
        rc=np.concatenate([padded(item.rc) for item in products]),
        within=np.concatenate([item.within for item in products]),
        n=np.concatenate([item.n for item in products]),
    )


def _orthonormal(columns: Array) -> tuple[Array, Array]:
    """Return (Xs, R^-1) with Xs = X R^-1, Xs'Xs = n I.

    Raises
    ------
    RankDeficient
        If a column adds nothing to the ones before it.
    """
    n = len(columns)
    norms = np.sqrt(np.einsum("ij,ij->j", columns, columns))
    if not np.all(norms > 0.0):
        raise RankDeficient(int(np.argmin(norms > 0.0)))
    r = np.linalg.qr(columns / norms, mode="r") if len(norms) > 1 else np.ones((1, 1))
    weak = np.abs(np.diag(r)) < RANK_TOLERANCE
    if len(r) < len(norms) or weak.any():
        raise RankDeficient(int(np.argmax(weak)) if weak.any() else len(r))
    inverse = solve_triangular(r, np.eye(len(norms)), check_finite=False) * np.sqrt(n)
    inverse = inverse / norms[:, None]
    inverse = inverse * np.sign(np.diag(inverse))
    return columns @ inverse, inverse


def scaled_columns(
    design: Design, *, correlated: bool = True, centre: Array | None = None
) -> tuple[Array, Array, Scaling]:
    """Orthonormal ``[X y]`` (n, p+1) and ``Z`` (n, q) of a design, and the way back.

    The response is taken as its residual at the coefficients ``centre``, at least squares by default. With
    ``correlated = False`` Z is only divided by its root mean square, because a rotation
    would mix random effects that are meant to stay independent.

    Raises
    ------
    RankDeficient, NoResidualVariation
    """
    n, p = design.x.shape
    x, x_inverse = _orthonormal(design.x)
    if centre is None:
        first = x.T @ design.y / n
        residual = design.y - x @ first
        again = x.T @ residual / n
        residual -= x @ again
        centre = x_inverse @ (first + again)
    else:
        residual = design.y - design.x @ centre
    spread = float(np.sqrt(np.mean(residual**2)))
    if not spread > 1e-12 * float(np.max(np.abs(design.y), initial=0.0)) or spread == 0.0:
        raise NoResidualVariation
    if correlated:
        z, z_inverse = _orthonormal(design.z)
    else:
        rms = np.sqrt(np.mean(design.z**2, axis=0))
        z, z_inverse = design.z / rms, np.diag(1.0 / rms)
    w = np.empty((n, p + 1))
    w[:, :p] = x
    w[:, p] = residual / spread
    scaling = Scaling(
        x_inverse=x_inverse,
        x_logdet=-float(np.sum(np.log(np.diag(x_inverse)))),
        offset=centre,
        y_scale=spread,
        z_inverse=z_inverse,
    )
    return w, z, scaling


def cross_products(
    design: Design, *, correlated: bool = True, centre: Array | None = None
) -> tuple[CrossProducts, Scaling]:
    """Scaled cross-products of one design (B = 1), one pass over the rows; two where ``centre`` is given.

    A ``centre`` near the final coefficients and the second pass keep all digits where the random
    effects are thousands of times the residual; nothing is gained elsewhere.

    Raises
    ------
    RankDeficient, NoResidualVariation
    """
    w, z, scaling = scaled_columns(design, correlated=correlated, centre=centre)
    rc = _projections(w, z, design.starts())
    c = rc[:, :, z.shape[1] :].reshape(-1, w.shape[1])
    within = w.T @ w - c.T @ c
    if centre is not None or within[-1, -1] < CANCELLED * len(w):
        rc, within = _refined(rc, w, z, design)
    return CrossProducts(rc=rc[None], within=within[None], n=np.array([float(len(w))])), scaling


def _group_products(z: Array, w: Array, starts: Index) -> Array:
    """Z_i'[Z w] of every group, (G, q, q+k); w (n, k). Blocks of rows keep the row products in cache."""
    n, q = z.shape
    width = q + w.shape[1]
    out = np.empty((len(starts), q, width))
    ends = np.append(starts[1:], n)
    first = 0
    while first < len(starts):
        last = max(first + 1, int(np.searchsorted(ends, starts[first] + BLOCK_ROWS, side="right")))
        rows = slice(int(starts[first]), int(ends[last - 1]))
        both = np.concatenate([z[rows], w[rows]], axis=1)
        products = (z[rows, :, None] * both[:, None, :]).reshape(len(both), -1)
        out[first:last] = np.add.reduceat(products, starts[first:last] - starts[first], axis=0).reshape(-1, q, width)
        first = last
    return out


def _refined(rc: Array, w: Array, z: Array, design: Design) -> tuple[Array, Array]:
    """Blocks and within-products from residual rows, one refinement; costs a second pass over the rows."""
    q = z.shape[1]
    r, c = rc[:, :, :q], rc[:, :, q:]
    square = np.sum(r**2, axis=2, keepdims=True)
    weight = np.where(square > 0.0, 1.0 / np.where(square > 0.0, square, 1.0), 0.0)

    def residuals(blocks: Array) -> Array:
        coefficients = r.transpose(0, 2, 1) @ (weight * blocks)
        return np.asarray(w - np.einsum("nq,nqk->nk", z, coefficients[design.group]))

    left = residuals(c)
    sums = _group_products(z, left, design.starts())[:, :, q:]
    better = c + weight * (r @ sums)
    left = residuals(better)
    return np.concatenate([r, better], axis=2), left.T @ left


def _projections(w: Array, z: Array, starts: Index) -> Array:
    """[R_i C_i] of every group, (G, q, q+p+1), from the eigenvectors of Z_i'Z_i (null directions are zero)."""
    q = z.shape[1]
    sums = _group_products(z, w, starts)
    values, vectors = np.linalg.eigh(sums[:, :, :q])
    known = values > 1e-13 * np.maximum(values[:, -1:], 1e-300)
    root = np.sqrt(np.where(known, values, 0.0))
    turned = vectors.transpose(0, 2, 1)
    out = np.empty_like(sums)
    out[:, :, :q] = root[:, :, None] * turned
    out[:, :, q:] = np.where(known, 1.0 / np.where(known, root, 1.0), 0.0)[:, :, None] * (turned @ sums[:, :, q:])
    return out
