"""The shape of residuals: normal quantiles, linearity, spread, outliers, predictive check.

Functions on arrays: ``residuals`` and ``fitted`` are (n,), response units, one entry per used row. Each check returns
a ``results.Check`` by its rule in ``rules.py``; each chart its type in ``results``. Which are made of a market says
:func:`residual_checks`. Serial correlation is in ``serial.py``, checks of the design and of finished estimates in
``design.py`` and ``estimates.py``.

Rejected: Shapiro-Wilk, Kolmogorov-Smirnov and Jarque-Bera p values (they measure the number of rows).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import betaincinv, ndtr, ndtri

from reportgen.model.checks.rules import RULES, grade
from reportgen.model.lmm.modes import conditional_modes, fitted_values
from reportgen.model.market.fit import MarketFit
from reportgen.results import QQ, Check, Curve, Density, PredictiveCheck

Array = NDArray[np.float64]

ROBUST_OUTLIER = 3.5
"""Robust SDs beyond which a row counts as an outlier (Iglewicz and Hoaglin 1993)."""
RANGE_OF_FIVE = 4.60
"""99 % quantile of the studentised range of five values."""


def _standardise(values: ArrayLike) -> Array | None:
    x = np.asarray(values, dtype=np.float64)
    spread = x.std(ddof=1) if x.size > 1 else 0.0
    return None if not spread > 1e-12 * max(1e-300, float(np.abs(x).max(initial=0.0))) else (x - x.mean()) / spread


def normal_quantiles(values: ArrayLike, name: str, *, confidence: float = 0.95, points: int = 200) -> QQ | None:
    """Quantile plot of standardised values with a pointwise band.

    The i-th of n ordered uniforms is Beta(i, n + 1 - i); positions are its medians, the band its quantiles on the
    normal scale, drawn in by what the estimated mean and SD take away: with density f at quantile q, the variance
    p(1 - p)/f² becomes p(1 - p)/f² - 1 - q²/2 (Durbin 1973, Ann. Stat. 1). Without that factor the band would hold
    99.7 % of healthy points. Above ``points`` values, order statistics evenly spaced on the normal scale are kept,
    both extremes among them. None where values do not vary.

    Parameters
    ----------
    values
        (n,) residuals or conditional modes, any unit.
    name
        ``residuals`` or the random term.
    """
    z = _standardise(values)
    if z is None:
        return None
    z.sort()
    n = z.size
    rank = np.arange(1, n + 1)
    if n > points:
        edge = float(ndtri(1.0 / (n + 1)))
        # Evenly spaced on the normal scale, so that the tails keep their points and the crowded middle loses some.
        rank = np.unique(np.rint(ndtr(np.linspace(edge, -edge, points)) * (n + 1)).astype(np.intp))
    tails = (0.5, 0.5 - confidence / 2, 0.5 + confidence / 2)
    theoretical, lower, upper = (ndtri(betaincinv(rank, n + 1 - rank, q)) for q in tails)
    p = ndtr(theoretical)
    # p (1 - p) / f², f the normal density at the quantile.
    free = p * (1.0 - p) * 2.0 * np.pi * np.exp(theoretical**2)
    narrow = np.sqrt(np.maximum(1.0 - (1.0 + theoretical**2 / 2.0) / free, 0.0))
    lower, upper = (theoretical + narrow * (limit - theoretical) for limit in (lower, upper))
    theoretical, lower, upper, sample = (np.round(a, 5) for a in (theoretical, lower, upper, z[rank - 1]))
    return QQ(
        name=name,
        theoretical=tuple(theoretical.tolist()),
        sample=tuple(sample.tolist()),
        lower=tuple(lower.tolist()),
        upper=tuple(upper.tolist()),
    )


def quantile_correlation(values: ArrayLike) -> float | None:
    """Correlation of ordered values with normal quantiles at (i - 3/8)/(n + 1/4); None where values do not vary."""
    z = _standardise(values)
    if z is None:
        return None
    z.sort()
    # Blom's plotting positions (1958), (i - 3/8) / (n + 1/4).
    expected = ndtri((np.arange(1, z.size + 1) - 0.375) / (z.size + 0.25))
    return float(np.corrcoef(z, expected)[0, 1])


def check_normality(values: ArrayLike, check_id: str = "residual-normality", *, detail: str | None = None) -> Check:
    """QQ correlation against .98 and .95, or the 5 % and 1 % points of normal samples where those are lower.

    The points for small n are Minitab's approximations of Ryan and Joiner (1976); they matter below
    about 60 values, as for the random effects of a small market. Under 5 values: not run.
    """
    x = np.asarray(values, dtype=np.float64)
    n = x.size
    if n < 5:
        return grade(check_id, None, detail=detail)
    five = 1.0063 - 0.1288 / n**0.5 - 0.6118 / n + 1.3505 / n**2
    one = 0.9963 - 0.0211 / n**0.5 - 1.4106 / n + 3.1791 / n**2
    rule = RULES[check_id]
    fail = min(rule.fail if rule.fail is not None else one, one)
    return grade(check_id, quantile_correlation(x), review=min(rule.review, five), fail=fail, detail=detail)


def check_random_effect_normality(effects: Array, terms: tuple[str, ...]) -> Check:
    """Worst term of :func:`check_normality` over the columns of conditional modes (G, q); names the term."""
    found = [check_normality(effects[:, j], "random-effect-normality", detail=term) for j, term in enumerate(terms)]
    run = [check for check in found if check.value is not None]
    return min(run, key=lambda check: check.value or 0.0) if run else grade("random-effect-normality", None)


def residual_density(fitted: Array, residuals: Array, *, bins: tuple[int, int] = (40, 30), means: int = 20) -> Density:
    """Two-dimensional histogram of residuals over fitted values, with a running mean.

    Edges span the 0.1 % to 99.9 % quantiles; rows outside are counted in the outermost bins, so counts
    sum to n. The running mean has ``means`` groups of equal size in order of fitted value.
    """
    x_edges, y_edges = _edges(fitted, bins[0]), _edges(residuals, bins[1])
    cell = _bin(residuals, y_edges) * bins[0] + _bin(fitted, x_edges)
    counts = np.bincount(cell, minlength=bins[0] * bins[1]).reshape(bins[1], bins[0])
    curve = running_mean(fitted, residuals, groups=means)
    return Density(
        x_edges=tuple(x_edges.tolist()),
        y_edges=tuple(y_edges.tolist()),
        counts=tuple(tuple(row) for row in counts.tolist()),
        smooth_x=curve.x,
        smooth_y=curve.y,
    )


def _edges(values: Array, bins: int, tail: float = 0.001) -> Array:
    low, high = (float(v) for v in np.quantile(values, [tail, 1.0 - tail]))
    if not high > low:
        room = max(abs(low), 1.0) * 0.5
        low, high = low - room, high + room
    return np.linspace(low, high, bins + 1)


def _bin(values: Array, edges: Array) -> NDArray[np.intp]:
    return np.clip(np.searchsorted(edges, values, side="right") - 1, 0, edges.size - 2)


def running_mean(x: Array, y: Array, *, groups: int = 20) -> Curve:
    """Mean of y over mean of x in up to ``groups`` groups of equal size in order of x."""
    order = np.argsort(x, kind="stable")
    parts = [part for part in np.array_split(order, groups) if part.size]
    return Curve(x=tuple(float(x[p].mean()) for p in parts), y=tuple(float(y[p].mean()) for p in parts))


def _share_explained(target: Array, columns: list[Array]) -> float:
    """R² of a regression with intercept; columns are standardised first."""
    design = np.column_stack(
        [np.ones_like(target), *(c if (c := _standardise(v)) is not None else 0 * v for v in columns)]
    )
    coefficients = np.linalg.lstsq(design, target, rcond=None)[0]
    total = float(np.sum((target - target.mean()) ** 2))
    return 1.0 - float(np.sum((target - design @ coefficients) ** 2)) / total if total > 0 else 0.0


def check_linearity(fitted: Array, residuals: Array) -> Check:
    """Share of residual variance that a square of the fitted value explains beyond a line.

    Threshold .02 (fail .13), or what chance explains: the 99 % point of chi²(1) over n.
    """
    z = _standardise(fitted)
    if z is None or _standardise(residuals) is None or z.size < 8:
        return grade("linearity", None)
    line = _share_explained(residuals, [z])
    square = _share_explained(residuals, [z, z**2])
    # n times the share is about chi²(1) where the square explains nothing; 6.635 is its 99 % point.
    chance = 6.635 / z.size
    return grade(
        "linearity", max((square - line) / max(1.0 - line, 1e-12), 0.0), review=max(RULES["linearity"].review, chance)
    )


def scale_location(fitted: Array, residuals: Array, *, groups: int = 20) -> Curve:
    """Running mean of sqrt|residual / SD| over fitted values (0.82 where errors are normal with constant SD)."""
    spread = float(residuals.std())
    scaled = np.sqrt(np.abs(residuals) / spread) if spread > 0 else np.zeros_like(residuals)
    return running_mean(fitted, scaled, groups=groups)


def check_scale_location(fitted: Array, residuals: Array) -> Check:
    """Largest over smallest residual SD among fifths of the rows by fitted value, against 2 (fail 4).

    The threshold is raised to the 99 % point under constant variance, exp(4.60 / sqrt(2 n / 5)), which
    matters below about 110 rows. Not run under 25 rows.
    """
    n = residuals.size
    if n < 25 or _standardise(fitted) is None:
        return grade("scale-location", None)
    order = np.argsort(fitted, kind="stable")
    spread = [float(np.sqrt(np.mean((residuals[p] - residuals[p].mean()) ** 2))) for p in np.array_split(order, 5)]
    chance = float(np.exp(RANGE_OF_FIVE / np.sqrt(2 * n / 5)))
    ratio = max(spread) / min(spread) if min(spread) > 0 else None
    return grade("scale-location", ratio, review=max(RULES["scale-location"].review, chance))


def robust_scores(values: ArrayLike) -> Array:
    """Distance from the median in robust SDs, (x - median) / (1.4826 MAD); zeros where the MAD is 0."""
    x = np.asarray(values, dtype=np.float64)
    centred = x - np.median(x)
    # 1 / Phi^-1(3/4): of normal values the MAD is 0.6745 SD.
    spread = 1.4826 * float(np.median(np.abs(centred)))
    return np.asarray(centred / spread if spread > 0 else np.zeros_like(centred), dtype=np.float64)


def check_outliers(residuals: Array) -> Check:
    """Share of rows beyond 3.5 robust SD, against .5 % (fail 2 %); a single row never leaves "pass"."""
    if residuals.size < 10:
        return grade("outliers", None)
    share = float(np.mean(np.abs(robust_scores(residuals)) > ROBUST_OUTLIER))
    return grade("outliers", share, review=max(RULES["outliers"].review, 1.5 / residuals.size))


def predictive_check(
    observed: Array, simulated: Iterable[Array], *, bins: int = 30, confidence: float = 0.95
) -> tuple[PredictiveCheck | None, Check]:
    """Histogram of observed responses against data simulated from the fitted model.

    Parameters
    ----------
    observed
        (n,) responses.
    simulated
        S arrays of responses (each any length), or an (S, n) array; read once, one at a time.

    Returns
    -------
    tuple
        Shares of rows by bin (observed; mean, lower and upper of the simulations; end bins take what
        lies outside), and the check: total variation distance between the observed and the mean simulated
        histogram, that is the share of rows in the wrong bin, against .05 (fail .15) or the 95 % (99 %)
        point of the same distance for simulated data. Not run under 20 simulations.
    """
    edges = _edges(observed, bins, tail=0.005)
    shares = np.array([np.bincount(_bin(draw, edges), minlength=bins) / max(draw.size, 1) for draw in simulated])
    if len(shares) < 20:
        return None, grade("predictive", None)
    seen = np.bincount(_bin(observed, edges), minlength=bins) / observed.size
    mean = shares.mean(axis=0)
    lower, upper = np.quantile(shares, [0.5 - confidence / 2, 0.5 + confidence / 2], axis=0)
    # What the distance would be if the model were right: of each simulation from the mean of all.
    chance = np.quantile(0.5 * np.abs(shares - mean).sum(axis=1), [0.95, 0.99])
    rule = RULES["predictive"]
    check = grade(
        "predictive",
        0.5 * float(np.abs(seen - mean).sum()),
        review=max(rule.review, float(chance[0])),
        fail=max(rule.fail or 0.0, float(chance[1])),
    )
    chart = PredictiveCheck(
        edges=tuple(edges.tolist()),
        observed=tuple(seen.tolist()),
        simulated=tuple(mean.tolist()),
        lower=tuple(lower.tolist()),
        upper=tuple(upper.tolist()),
    )
    return chart, check


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Residuals:
    """Conditional fitted values and residuals, response units, (n,) each, and modes (G, q)."""

    fitted: Array
    values: Array
    modes: Array


def conditional_residuals(market: MarketFit) -> Residuals:
    """Fitted values with the pharmacies' own effects, and what is left."""
    modes = conditional_modes(market.fit)
    fitted = fitted_values(market.fit, modes)
    return Residuals(fitted=fitted, values=market.design.y - fitted, modes=modes)


def residual_checks(market: MarketFit, residuals: Residuals) -> tuple[Check, ...]:
    """Every check of the shape of a market's residuals, but for the predictive one, which comes with its chart."""
    # A random effect without variance has modes of zero, which have no shape to examine.
    alive = [k for k in range(residuals.modes.shape[1]) if np.ptp(residuals.modes[:, k]) > 0.0]
    names = tuple(market.design.z_names[k] for k in alive)
    return (
        check_normality(residuals.values),
        check_random_effect_normality(residuals.modes[:, alive], names),
        check_linearity(residuals.fitted, residuals.values),
        check_scale_location(residuals.fitted, residuals.values),
        check_outliers(residuals.values),
    )
