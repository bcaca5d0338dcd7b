"""Per-pharmacy cross-products: all that the likelihood needs to know about the rows.

After this module the cost of a fit no longer depends on the number of months. The columns are
made orthonormal first (``X = Q R``, the response replaced by its residual on ``X``, ``Z``
likewise), so badly scaled or nearly collinear columns cost no digits in the products; the
``Scaling`` takes estimates back to the units of the data. Rejected: dividing every column by
its root mean square only, which leaves the condition number of lagged sales (1e3 to 1e4)
squared in the normal equations. Period effects are made orthonormal in closed form: their indicators
are orthogonal already, the other columns lose their period means (Frisch and Waugh 1933).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_triangular

from reportgen.model.lmm.blocks import Periods, group_products, projections, refined

Array = NDArray[np.float64]
Index = NDArray[np.intp]

RANK_TOLERANCE = 1e-9
"""A column whose residual on the columns before it is smaller than this share of its norm is redundant."""

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
    period, period_at
        Where every period has an effect of its own (:func:`with_periods`): the code 0..T-1 of each row, shape (n,),
        and the position in ``x`` of the first of the T-1 indicator columns of the codes 1..T-1. They are columns of
        ``x`` like any other; the cross-products know them by their codes, so that they cost next to nothing.
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
        _, group = np.unique(self.group[kept], return_inverse=True)
        x, names, period = self.x[kept], self.names, None
        if self.period is not None:
            present, period = np.unique(self.period[kept], return_inverse=True)
            lost = self.period_at - 1 + np.setdiff1d(np.arange(1, int(self.period.max()) + 1), present[1:])
            x = np.delete(x, lost, axis=1)
            names = tuple(name for k, name in enumerate(names) if k not in set(lost.tolist()))
        return replace(
            self, y=self.y[kept], x=x, z=self.z[kept], names=names, period=period,
            group=group.astype(np.intp), groups=int(group.max()) + 1 if group.size else 0,
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


def _orthonormal(columns: Array, before: Array | None = None) -> tuple[Array, Array]:
    """Return (Xs, R^-1) with Xs = X R^-1, Xs'Xs = n I.

    ``before`` are the columns as they were before something was taken out of them: a column is redundant if what is
    left of it is nothing beside what it was.

    Raises
    ------
    RankDeficient
        If a column adds nothing to the ones before it.
    """
    n, p = columns.shape
    if not p:
        return columns, np.zeros((0, 0))
    whole = columns if before is None else before
    norms = np.sqrt(np.einsum("ij,ij->j", whole, whole))
    if not np.all(norms > 0.0):
        raise RankDeficient(int(np.argmin(norms > 0.0)))
    r = np.linalg.qr(columns / norms, mode="r") if p > 1 else np.linalg.norm(columns / norms, axis=0)[:, None]
    weak = np.abs(np.diag(r)) < RANK_TOLERANCE
    if len(r) < p or weak.any():
        raise RankDeficient(int(np.argmax(weak)) if weak.any() else len(r))
    inverse = solve_triangular(r, np.eye(p), check_finite=False) * np.sqrt(n)
    inverse = inverse / norms[:, None]
    inverse = inverse * np.sign(np.diag(inverse))
    return columns @ inverse, inverse


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Columns:
    """Orthonormal columns: ``w`` (n, s+1) those of [X y] that are no period effects, ``at`` (s+1,) their positions."""

    w: Array
    at: Index
    z: Array
    periods: Periods | None
    scaling: Scaling


def _periods(design: Design) -> Periods | None:
    if design.period is None:
        return None
    counts = np.bincount(design.period)
    if not counts.all():
        raise RankDeficient(design.period_at + max(int(np.argmin(counts)) - 1, 0))
    at = np.append(0, design.period_at + np.arange(len(counts) - 1)).astype(np.intp)
    return Periods(code=design.period, root=np.sqrt(len(design.y) / counts), at=at)


def _fixed(design: Design, periods: Periods | None) -> tuple[Array, Index, Array, float]:
    """Orthonormal fixed columns that are no period effects (n, s), their positions, X^-1 (p, p) and log |R|."""
    p = design.x.shape[1]
    if periods is None:
        x, inverse = _orthonormal(design.x)
        return x, np.arange(p), inverse, -float(np.sum(np.log(np.diag(inverse))))
    at = np.setdiff1d(np.arange(p), periods.at)
    plain = design.x[:, at]
    means = periods.means(plain)
    try:
        x, part = _orthonormal(plain - means[periods.code], plain)
    except RankDeficient as error:
        raise RankDeficient(int(at[error.column])) from None
    inverse = np.zeros((p, p))
    inverse[periods.at, periods.at] = periods.root
    inverse[periods.at[1:], 0] = -periods.root[0]
    inverse[np.ix_(at, at)] = part
    inverse[0, at] = -means[0] @ part
    inverse[np.ix_(periods.at[1:], at)] = -(means[1:] - means[0]) @ part
    volume = np.sum(np.log(periods.root)) + np.sum(np.log(np.diag(part)))
    return x, at, inverse, -float(volume)


def _columns(design: Design, *, correlated: bool, centre: Array | None) -> _Columns:
    """The columns of :func:`scaled_columns`, period effects kept as codes.

    Raises
    ------
    RankDeficient, NoResidualVariation
    """
    n, p = design.x.shape
    periods = _periods(design)
    x, at, x_inverse, x_logdet = _fixed(design, periods)
    if centre is None:
        residual, centre = design.y, np.zeros(p)
        for _ in range(2):
            if periods is not None:
                level = periods.means(residual[:, None])[:, 0]
                residual = residual - level[periods.code]
                centre[periods.at] += level / periods.root
            coefficients = x.T @ residual / n
            residual = residual - x @ coefficients
            centre[at] += coefficients
        centre = x_inverse @ centre
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
    w = np.empty((n, len(at) + 1))
    w[:, :-1] = x
    w[:, -1] = residual / spread
    scaling = Scaling(x_inverse=x_inverse, x_logdet=x_logdet, offset=centre, y_scale=spread, z_inverse=z_inverse)
    return _Columns(w=w, at=np.append(at, p).astype(np.intp), z=z, periods=periods, scaling=scaling)


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
    columns = _columns(design, correlated=correlated, centre=centre)
    return _dense(columns), columns.z, columns.scaling


def _dense(columns: _Columns) -> Array:
    """[X y] (n, p+1) with the period effects written out."""
    periods = columns.periods
    if periods is None:
        return columns.w
    n = len(columns.w)
    w = np.zeros((n, len(columns.at) + len(periods.at)))
    w[:, columns.at] = columns.w
    w[np.arange(n), periods.at[periods.code]] = periods.root[periods.code]
    return w


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
    columns = _columns(design, correlated=correlated, centre=centre)
    n, q = columns.z.shape
    starts = design.starts()
    rc = projections(_sums(columns, starts))
    c = rc[:, :, q:].reshape(len(starts) * q, -1)
    within = n * np.eye(c.shape[1])
    within[np.ix_(columns.at, columns.at)] = columns.w.T @ columns.w
    within -= c.T @ c
    if centre is not None or within[-1, -1] < CANCELLED * n:
        rc, within = refined(rc, _dense(columns), columns.z, design.group, starts)
    return CrossProducts(rc=rc[None], within=within[None], n=np.array([float(n)])), columns.scaling


def _sums(columns: _Columns, starts: Index) -> Array:
    """Z_i'[Z_i X y] of every group, (G, q, q+p+1); those with a period effect are the rows of Z themselves."""
    sums = group_products(columns.z, columns.w, starts)
    periods = columns.periods
    if periods is None:
        return sums
    q = columns.z.shape[1]
    out = np.empty((len(starts), q, q + len(columns.at) + len(periods.at)))
    out[:, :, :q] = sums[:, :, :q]
    out[:, :, q + columns.at] = sums[:, :, q:]
    out[:, :, q + periods.at] = periods.group_products(columns.z, starts)
    return out
