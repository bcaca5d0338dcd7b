"""Sums over the rows of each pharmacy or period, and the pharmacies' blocks [R_i C_i] made from them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Index = NDArray[np.intp]

BLOCK_ROWS = 2_048
"""Rows whose products are held at once."""
KNOWN = 1e-13
"""Share of the largest eigenvalue of Z_i'Z_i under which a direction counts as absent from a pharmacy."""


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
        share = self.root**2 / len(self.code)
        return np.stack(sums, axis=1) * share[:, None] if sums else np.zeros((len(self.root), 0))

    def group_products(self, z: Array, starts: Index) -> Array:
        """Z_i' times the orthonormal indicators, (G, q, T): the rows of Z_i, each in the place of its period."""
        groups, count = len(starts), len(self.root)
        cell = np.repeat(np.arange(groups), np.diff(np.append(starts, len(z)))) * count + self.code
        sums = [np.bincount(cell, weights=column, minlength=groups * count) for column in z.T]
        return np.stack(sums).reshape(-1, groups, count).transpose(1, 0, 2) * self.root


def group_products(z: Array, w: Array, starts: Index) -> Array:
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


def refined(rc: Array, w: Array, z: Array, group: Index, starts: Index) -> tuple[Array, Array]:
    """Blocks and within-products from residual rows, one refinement; costs a second pass over the rows."""
    q = z.shape[1]
    r, c = rc[:, :, :q], rc[:, :, q:]
    square = np.sum(r**2, axis=2, keepdims=True)
    weight = np.where(square > 0.0, 1.0 / np.where(square > 0.0, square, 1.0), 0.0)

    def residuals(blocks: Array) -> Array:
        coefficients = r.transpose(0, 2, 1) @ (weight * blocks)
        return np.asarray(w - np.einsum("nq,nqk->nk", z, coefficients[group]))

    left = residuals(c)
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
    known = values > KNOWN * np.maximum(values[:, -1:], 1e-300)
    root = np.sqrt(np.where(known, values, 0.0))
    turned = vectors.transpose(0, 2, 1)
    out = np.empty_like(sums)
    out[:, :, :q] = root[:, :, None] * turned
    out[:, :, q:] = np.where(known, 1.0 / np.where(known, root, 1.0), 0.0)[:, :, None] * (turned @ sums[:, :, q:])
    return out
