"""Adstock decay: maximum-likelihood profile, its interval and support, and how beta moves with it.

Decays are compared by ML on identical rows (REML criteria of different columns are not
comparable), given everything known before a pharmacy's first row (``terms.decay_terms``). A
batch of decays is one call of the core. The profile runs over a grid, is refined where it is
highest, and its interval is {d : 2 (l_max - l(d)) <= chi2_1 quantile}.

What one decay's uncertainty adds to beta is carried along the profile by ``decay_mixture.py``, at the nodes of
``DecayFit.support``. Several channels are searched by coordinate ascent. Since beta(d) is itself the profiled
estimate, the joint-Hessian covariance of beta with d estimated is exactly C + v v' Var(d) with v = d beta / d d
and Var(d) = -1 / l''(d); that is what several channels get. Their intervals are Wald intervals from the
joint Hessian over all decays, because a profile per channel would need a search per point.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import chi2, norm

from reportgen.model.lmm.columns import Array, Scaling
from reportgen.model.lmm.crossproducts import CrossProducts, stacked_products
from reportgen.model.lmm.fit import Method, Rung, fit_lmm, full_loglik
from reportgen.model.lmm.search import minimise_from, seeds
from reportgen.model.market.terms import Terms, decay_terms, market_design, market_designs, with_slopes_by_level
from reportgen.panel.features import ModelFrame
from reportgen.results import DecayPoint

HIGHEST = 0.95
FINE = 1e-3
"""Width of three points whose parabola has its vertex at the maximum: narrower ones drown in rounding."""
GRID = tuple(np.round(np.linspace(0.0, HIGHEST, 20), 4))
CHANNEL_SWEEPS = 20
NARROWEST, WIDEST = 5e-4, 0.04
"""Steps between the decays that a sweep over several channels compares."""
NODES = 15
SUPPORT_FALL = 5.5
CROSSING_STEPS, CROSSING_TOLERANCE = 12, 1e-3
"""Nodes that represent a decay's profile, and how far it falls between its top and the outermost ones.
A crossing of the profile is found when its signed root is within the tolerance (in standard errors of the decay)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DecayFit:
    """Estimated decays of one market; tuples have one entry per channel.

    ``profiles`` are of one channel each, the other decays at their estimates; ``se`` is ``None`` where the
    profile has no interior maximum. ``support`` (one channel only, else empty) holds equally spaced decays as
    far as the profile matters, for :mod:`reportgen.model.market.decay_mixture`.
    """

    estimates: tuple[float, ...]
    lower: tuple[float | None, ...]
    upper: tuple[float | None, ...]
    at_edge: tuple[bool, ...]
    se: tuple[float | None, ...]
    profiles: tuple[tuple[DecayPoint, ...], ...]
    covariance: tuple[tuple[float, ...], ...] | None
    support: tuple[DecayPoint, ...] = ()


class DecayLikelihood:
    """ML log-likelihood of one market as a function of the decays; each decay is evaluated once.

    ``slopes_by_level`` lets pharmacies with more promotion respond more, or less: see :func:`with_slopes_by_level`.
    """

    def __init__(
        self, frame: ModelFrame, terms: Terms, *, rung: Rung = "correlated", slopes_by_level: bool = False
    ) -> None:
        self._frame, self._terms, self._rung = frame, decay_terms(frame, terms), rung
        self._by_level = slopes_by_level
        self._known: dict[tuple[float, ...], float] = {}
        self._seeds: Array | None = None
        self._optima: dict[tuple[float, ...], Array] = {}

    def __call__(self, decays: Sequence[tuple[float, ...]]) -> Array:
        """Log-likelihood at each tuple of decays (one decay per channel), (K,)."""
        # Rounded, so that a decay that is reached by another sum of floats is found again.
        keys = [tuple(round(float(value), 10) for value in item) for item in decays]
        missing = sorted(set(keys) - set(self._known))
        if missing and self._seeds is None:
            # Which optima there are is found out at a few decays; along the profile each is followed, since the better
            # one may change on the way.
            few = [missing[k] for k in sorted({0, len(missing) // 2, len(missing) - 1})]
            batch, _ = self._products(few)
            self._seeds = seeds(batch, reml=False, correlated=self._correlated)
        for start in range(0, len(missing), 10):
            part = missing[start : start + 10]
            self._known.update(zip(part, self._evaluate(part), strict=True))
        return np.array([self._known[key] for key in keys])

    def _evaluate(self, decays: list[tuple[float, ...]]) -> list[float]:
        # Ten decays are one batch of the core: the columns differ, the search is the same number of matrix products.
        batch, scalings = self._products(decays)
        searches = minimise_from(batch, self._starts(decays), reml=False, correlated=self._correlated)
        theta = searches.found.theta.reshape(len(decays), -1, searches.found.theta.shape[1])
        followed = np.asarray(searches.found.converged.reshape(len(decays), -1).all(axis=1))
        self._optima.update((decay, theta[k]) for k, decay in enumerate(decays) if followed[k])
        found = searches.best()
        return [
            float(full_loglik(found.deviance[k], batch.n[k], batch.p, scaling, reml=False))
            for k, scaling in enumerate(scalings)
        ]

    def _starts(self, decays: list[tuple[float, ...]]) -> Array:
        """The optima at the nearest decay that is known, (K, S, m); the seeds (S, m) where none is."""
        if not self._optima:
            return np.zeros((0, 0)) if self._seeds is None else self._seeds
        known, optima = np.array(list(self._optima)), list(self._optima.values())
        away = np.sum(np.abs(np.array(decays)[:, None] - known), axis=2)
        return np.stack([optima[k] for k in np.argmin(away, axis=1)])

    def _products(self, decays: list[tuple[float, ...]]) -> tuple[CrossProducts, list[Scaling]]:
        designs = market_designs(self._frame, self._terms, decays)
        if self._by_level:
            designs = [with_slopes_by_level(design, self._frame, self._terms) for design in designs]
        return stacked_products(designs, correlated=self._correlated)

    @property
    def _correlated(self) -> bool:
        return self._rung != "uncorrelated"

    def along(self, base: tuple[float, ...], channel: int, values: Array) -> Array:
        """Log-likelihood with one channel's decay moved over ``values``."""
        return self([(*base[:channel], float(value), *base[channel + 1 :]) for value in values])


def estimate_decay(frame: ModelFrame, terms: Terms, *, confidence: float = 0.95, rung: Rung = "correlated") -> DecayFit:
    """Maximum-likelihood decays of a market with their intervals.

    Raises
    ------
    RankDeficient, NoResidualVariation
        The model cannot be fitted at some decay.
    """
    likelihood = DecayLikelihood(frame, terms, rung=rung)
    channels = len(terms.promotion)
    best = _ascend(likelihood, channels)
    grid = np.array(GRID)
    profiles = tuple(
        tuple(
            DecayPoint(decay=float(d), loglik_ml=float(value))
            for d, value in _with_best(grid, likelihood.along(best, k, grid), best[k], float(likelihood([best])[0]))
        )
        for k in range(channels)
    )
    covariance = _covariance(likelihood, best)
    edge = tuple(not 1e-4 < value < HIGHEST - 1e-4 for value in best)
    se: tuple[float | None, ...] = tuple(
        float(np.sqrt(covariance[k, k])) if covariance is not None and not edge[k] else None for k in range(channels)
    )
    support: tuple[DecayPoint, ...] = ()
    if channels == 1:
        lower, upper = profile_interval(likelihood, best[0], profiles[0], confidence)
        bounds: list[tuple[float | None, float | None]] = [(lower, upper)]
        support = support_of(likelihood, best[0], lower, upper, confidence)
        if se[0] is not None and covariance is not None:
            se = (_wider(se[0], lower, upper, confidence),)
            covariance = np.array([[se[0] ** 2]])
    else:
        bounds = [_wald(value, spread, confidence) for value, spread in zip(best, se, strict=True)]
    return DecayFit(
        estimates=best,
        lower=tuple(low for low, _ in bounds),
        upper=tuple(high for _, high in bounds),
        at_edge=edge,
        se=se,
        profiles=profiles,
        covariance=tuple(map(tuple, covariance.tolist())) if covariance is not None and not any(edge) else None,
        support=support,
    )


def _with_best(grid: Array, values: Array, best: float, top: float) -> list[tuple[float, float]]:
    points = dict(zip(grid.tolist(), values.tolist(), strict=True))
    points[best] = top
    return sorted(points.items())


def _ascend(likelihood: DecayLikelihood, channels: int) -> tuple[float, ...]:
    """Coordinate ascent from half-way: the whole range once, then steps near the best so far, ever narrower."""
    if channels == 1:
        return (_maximise(likelihood, (0.5,), 0),)
    best = (0.5,) * channels
    for channel in range(channels):
        # Once over the whole range: a profile may have two peaks, and the narrow steps below would stay at the lower.
        best = (*best[:channel], _roughly(likelihood, best, channel), *best[channel + 1 :])
    widths = [WIDEST] * channels
    top = -np.inf
    for _ in range(CHANNEL_SWEEPS):
        for channel in range(channels):
            found = _nearby(likelihood, best, channel, widths[channel])
            # Twice the last move: channels that still shift each other keep looking far enough ahead.
            widths[channel] = float(np.clip(2.0 * abs(found - best[channel]), NARROWEST, WIDEST))
            best = (*best[:channel], found, *best[channel + 1 :])
        reached = float(likelihood([best])[0])
        if reached - top < 1e-7:
            break
        top = reached
    return best


def _roughly(likelihood: DecayLikelihood, base: tuple[float, ...], channel: int) -> float:
    """Maximum over one decay from the grid and a parabola through its top three points."""
    points = np.array(GRID)
    values = likelihood.along(base, channel, points)
    top = int(np.clip(np.argmax(values), 1, len(points) - 2))
    return round(vertex(points[top - 1 : top + 2], values[top - 1 : top + 2]), 8)


def _nearby(likelihood: DecayLikelihood, base: tuple[float, ...], channel: int, width: float) -> float:
    """Maximum over one decay near its present value: steps uphill until a point is higher than both its neighbours."""
    centre = base[channel]
    while True:
        points = np.unique(np.clip([centre - width, centre, centre + width], 0.0, HIGHEST))
        values = likelihood.along(base, channel, points)
        if values.max() > values[points == centre][0]:
            centre = float(points[int(np.argmax(values))])
            continue
        if len(points) == 3:
            centre = vertex(points, values)
        if width <= NARROWEST:
            return round(centre, 8)
        width = max(0.1 * width, NARROWEST)


def _maximise(likelihood: DecayLikelihood, base: tuple[float, ...], channel: int) -> float:
    """Maximum over one decay: a grid, halved steps around its top, then parabolas through the top three points."""
    points = np.array(GRID)
    top = int(np.argmax(likelihood.along(base, channel, points)))
    points = np.linspace(points[max(top - 1, 0)], points[min(top + 1, len(points) - 1)], 5)
    values = likelihood.along(base, channel, points)
    for _ in range(8):
        top = int(np.argmax(values))
        if not 0 < top < len(points) - 1:
            break
        x, y = points[top - 1 : top + 2], values[top - 1 : top + 2]
        summit = vertex(x, y)
        if x[2] - x[0] <= FINE:
            return round(summit, 8)
        # Three points about the vertex; those around them stay, so a maximum beyond the three is not lost.
        reach = max(0.1 * (x[2] - x[0]), 0.4 * FINE)
        nearer = np.clip([summit - reach, summit, summit + reach], x[0], x[2])
        merged = np.append(points, nearer)
        points, first = np.unique(merged, return_index=True)
        values = np.append(values, likelihood.along(base, channel, nearer))[first]
    return round(float(points[int(np.argmax(values))]), 10)


def vertex(x: Array, y: Array) -> float:
    """Abscissa of the parabola's maximum through three points, kept between the outer two."""
    # About the middle point: at decays near .9 the plain powers would cancel the digits that matter.
    a, b, c = np.polyfit(x - x[1], y, 2)
    del c
    if not a < 0.0:
        return float(x[1])
    return float(np.clip(x[1] - b / (2.0 * a), x[0], x[2]))


def profile_interval(
    likelihood: DecayLikelihood, best: float, profile: tuple[DecayPoint, ...], confidence: float
) -> tuple[float, float]:
    """Where the profile falls by half a chi-square quantile on both sides; the range's end where it does not."""
    highest = float(likelihood([(best,)])[0])
    level = highest - 0.5 * float(chi2.ppf(confidence, 1))
    d = np.array([point.decay for point in profile])
    above = np.array([point.loglik_ml for point in profile]) >= level
    centre = int(np.argmin(np.abs(d - best)))
    # The stretch around the top only: a second peak further off may be above the level, too, and is no part of it.
    low = centre
    while low > 0 and above[low - 1]:
        low -= 1
    high = centre
    while high < len(d) - 1 and above[high + 1]:
        high += 1
    ends = [
        d[0] if low == 0 else _crossing(likelihood, d[low - 1], d[low], level, highest),
        d[-1] if high == len(d) - 1 else _crossing(likelihood, d[high + 1], d[high], level, highest),
    ]
    return float(ends[0]), float(ends[1])


def support_of(
    likelihood: DecayLikelihood, best: float, lower: float, upper: float, confidence: float
) -> tuple[DecayPoint, ...]:
    """Equally spaced decays from where the profile has fallen by ``SUPPORT_FALL`` to where it has again.

    The ends are extrapolated from the interval's as if each side were a parabola: they need not be exact.
    """
    stretch = float(np.sqrt(2.0 * SUPPORT_FALL / chi2.ppf(confidence, 1)))
    low, high = max(0.0, best - stretch * (best - lower)), min(HIGHEST, best + stretch * (upper - best))
    nodes = np.linspace(low, high, NODES)
    values = likelihood([(float(d),) for d in nodes])
    return tuple(DecayPoint(decay=float(d), loglik_ml=float(v)) for d, v in zip(nodes, values, strict=True))


def _wider(se: float, lower: float, upper: float, confidence: float) -> float:
    """The larger of the curvature's SE and the interval's half-width over its normal quantile.

    The profile of a short panel falls more slowly than its curvature at the top says.
    """
    if not 0.0 < lower < upper < HIGHEST:
        return se
    return max(se, (upper - lower) / (2.0 * float(norm.ppf(0.5 + confidence / 2.0))))


def _crossing(likelihood: DecayLikelihood, outside: float, inside: float, level: float, top: float) -> float:
    """The decay between two where the log-likelihood passes ``level``; ``top`` is its maximum.

    Regula falsi on the signed root sqrt(2 (top - l)), which is nearly a straight line in the decay.
    """
    ends = np.array([outside, inside])
    # Likelihood-ratio interval (Cox and Hinkley 1974, 7.2): where 2 (l_max - l) meets the chi-square quantile.
    target = float(np.sqrt(2.0 * (top - level)))
    root = np.sqrt(2.0 * np.maximum(top - likelihood([(float(end),) for end in ends]), 0.0)) - target
    found = outside
    for _ in range(CROSSING_STEPS):
        # The outer end is not beyond the level (a plateau, or rounding): then it is the limit itself.
        if not root[0] > 0.0:
            return float(ends[0])
        found = float(ends[0] + root[0] / (root[0] - root[1]) * (ends[1] - ends[0]))
        here = float(np.sqrt(2.0 * max(top - float(likelihood([(found,)])[0]), 0.0))) - target
        if abs(here) < CROSSING_TOLERANCE:
            break
        # Plain regula falsi: the root is nearly straight, so the end that stays does not cost what it can cost
        # elsewhere.
        side = 0 if here > 0.0 else 1
        ends[side], root[side] = found, here
    return found


def _covariance(likelihood: DecayLikelihood, best: tuple[float, ...]) -> Array | None:
    """Inverse negative Hessian of the profile over all decays, by central differences; ``None`` if not definite."""
    c = len(best)
    room = [min(value, HIGHEST - value) for value in best]
    # Half the room to the nearer end at most: both points of a central difference stay decays.
    steps = np.array([min(0.02, 0.5 * gap) for gap in room])
    if np.any(steps < 5e-5):
        return None
    unit = np.diag(steps)
    centre = np.array(best)
    points = [centre]
    for i in range(c):
        for j in range(i, c):
            for a, b in ((1, 1), (1, -1), (-1, 1), (-1, -1)) if i != j else ((1, 0), (-1, 0)):
                points.append(centre + a * unit[i] + b * unit[j] * (i != j))
    values = list(likelihood([tuple(point) for point in points]))
    top = values.pop(0)
    hessian = np.empty((c, c))
    for i in range(c):
        for j in range(i, c):
            if i == j:
                up, down = values.pop(0), values.pop(0)
                hessian[i, i] = (up - 2.0 * top + down) / steps[i] ** 2
            else:
                pp, pm, mp, mm = (values.pop(0) for _ in range(4))
                hessian[i, j] = hessian[j, i] = (pp - pm - mp + mm) / (4.0 * steps[i] * steps[j])
    if not np.linalg.eigvalsh(-hessian)[0] > 0.0:
        return None
    return np.asarray(np.linalg.inv(-hessian))


def _wald(value: float, se: float | None, confidence: float) -> tuple[float | None, float | None]:
    if se is None:
        return None, None
    reach = float(norm.ppf(0.5 + confidence / 2.0)) * se
    return max(0.0, value - reach), min(HIGHEST, value + reach)


def beta_gradient(
    frame: ModelFrame,
    terms: Terms,
    decays: tuple[float, ...],
    *,
    method: Method,
    rung: Rung,
    se: tuple[float | None, ...],
) -> Array:
    """V = d beta / d decay by central differences of refits, (p, c), at the reported method."""
    columns = []
    for channel, (value, spread) in enumerate(zip(decays, se, strict=True)):
        room = min(value, HIGHEST - value)
        if spread is None or room < 1e-4:
            columns.append(np.zeros(len(terms.fixed)))
            continue
        # A quarter of a standard error: the slope is wanted over the range in which the decay is uncertain, and a
        # refit's own tolerance would drown a much smaller step.
        step = min(0.25 * spread, 0.5 * room, 0.02)
        betas = []
        for sign in (1.0, -1.0):
            moved = tuple(d + sign * step * (k == channel) for k, d in enumerate(decays))
            design = market_design(frame, terms, moved)
            betas.append(fit_lmm(design, method=method, rung=rung).beta)
        columns.append((betas[0] - betas[1]) / (2.0 * step))
    return np.column_stack(columns)
