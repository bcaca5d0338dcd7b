"""Per-pharmacy cross-products: all that the likelihood needs to know about the rows.

After this module the cost of a fit no longer depends on the number of months. They are made of orthonormal columns
(:mod:`reportgen.model.lmm.columns`), many designs at once where those differ in values only (decays).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reportgen.model.lmm.columns import (
    Array,
    Design,
    Index,
    OrthonormalColumns,
    Scaling,
    group_products,
    orthonormal_columns,
)

CANCELLED = 1e-5
"""Share of the response's squares within pharmacies below which differences of sums lose too many digits."""
KNOWN = 1e-13
"""Share of the largest eigenvalue of Z_i'Z_i under which a direction counts as absent from a pharmacy."""


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
    columns = orthonormal_columns([design], correlated=correlated, centre=centre)
    return columns.dense(0), columns.z[0], columns.scalings[0]


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
    columns = orthonormal_columns([design], correlated=correlated, centre=centre)
    return _products(design, columns, twice=centre is not None), columns.scalings[0]


def stacked_products(designs: Sequence[Design], *, correlated: bool = True) -> tuple[CrossProducts, list[Scaling]]:
    """Scaled cross-products of B designs that differ in values only: same rows, groups, periods, names and response.

    Raises
    ------
    RankDeficient, NoResidualVariation
        Of the first design that has no products.
    """
    columns = orthonormal_columns(designs, correlated=correlated)
    return _products(designs[0], columns), columns.scalings


def _products(design: Design, columns: OrthonormalColumns, *, twice: bool = False) -> CrossProducts:
    batch, n, q = columns.z.shape
    starts = design.starts()
    sums = np.stack([columns.sums(k, starts) for k in range(batch)])
    rc = projections(sums.reshape(-1, *sums.shape[2:])).reshape(sums.shape)
    c = rc[..., q:].reshape(batch, len(starts) * q, -1)
    # The period effects' columns are never written out: their squares are n, and their products with the plain columns
    # and the response zero, since those have lost their period means. (Around another centre the response has not:
    # refined below.)
    within = n * np.tile(np.eye(c.shape[2]), (batch, 1, 1))
    within[np.ix_(np.arange(batch), columns.at, columns.at)] = columns.w.transpose(0, 2, 1) @ columns.w
    within -= c.transpose(0, 2, 1) @ c
    for k in range(batch):
        # Where Z explains nearly all of the response, what is left is a difference of nearly equal sums: residuals row
        # by row keep its digits.
        if twice or within[k, -1, -1] < CANCELLED * n:
            rc[k], within[k] = refined(rc[k], columns.dense(k), columns.z[k], design.group, starts)
    return CrossProducts(rc=rc, within=within, n=np.full(batch, float(n)))


def refined(rc: Array, w: Array, z: Array, group: Index, starts: Index) -> tuple[Array, Array]:
    """Blocks and within-products from residual rows, one refinement; costs a second pass over the rows."""
    q = z.shape[1]
    r, c = rc[:, :, :q], rc[:, :, q:]
    # The rows of R_i are orthogonal (root times eigenvectors), so R_i R_i' is diagonal with these squares and R_i' over
    # them is the pseudo-inverse.
    square = np.sum(r**2, axis=2, keepdims=True)
    weight = np.where(square > 0.0, 1.0 / np.where(square > 0.0, square, 1.0), 0.0)

    def residuals(blocks: Array) -> Array:
        coefficients = r.transpose(0, 2, 1) @ (weight * blocks)
        return np.asarray(w - np.einsum("nq,nqk->nk", z, coefficients[group]))

    left = residuals(c)
    # One step of iterative refinement: what Z still finds in the residuals belongs to the coordinates.
    sums = group_products(z, left, starts)[:, :, q:]
    better = c + weight * (r @ sums)
    left = residuals(better)
    return np.concatenate([r, better], axis=2), left.T @ left


def projections(sums: Array) -> Array:
    """[R_i C_i] of every group from Z_i'[Z_i X y], both (G, q, q+p+1), by the eigenvectors of Z_i'Z_i.

    Directions that a pharmacy does not have are zero.
    """
    q = sums.shape[1]
    values, vectors = np.linalg.eigh(sums[:, :, :q])
    # Z_i'Z_i = V D V' gives R_i = D^1/2 V' and C_i = R_i^-T Z_i'[X y] = D^-1/2 V' Z_i'[X y]. Any R with R'R = Z_i'Z_i
    # does; a Cholesky factor would fail where a pharmacy lacks a direction.
    known = values > KNOWN * np.maximum(values[:, -1:], 1e-300)
    root = np.sqrt(np.where(known, values, 0.0))
    turned = vectors.transpose(0, 2, 1)
    out = np.empty_like(sums)
    out[:, :, :q] = root[:, :, None] * turned
    out[:, :, q:] = np.where(known, 1.0 / np.where(known, root, 1.0), 0.0)[:, :, None] * (turned @ sums[:, :, q:])
    return out
