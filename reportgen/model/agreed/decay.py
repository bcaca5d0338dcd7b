"""One decay for all markets: the maximum of the summed ML profiles, its interval and its support.

Each market's profile is a likelihood on rows of its own, so the profiles add up. The sum over many
markets is much narrower than the grid of one market; the search therefore goes back to the markets
for decays around the maximum until maximum and interval stand still. How markets are reached (in
worker processes, by the batch layer) is the caller's: the search only asks for values.

All promotion channels have the same decay here; a decay per channel and market is ``decay.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from scipy.interpolate import CubicSpline
from scipy.stats import chi2, norm

from reportgen.model.lmm.columns import Array, NoResidualVariation, RankDeficient
from reportgen.model.lmm.fit import Rung
from reportgen.model.market.bend import Shapes, bends_of, curved
from reportgen.model.market.calendar import PROBE_DECAY, choose_time
from reportgen.model.market.clustered_decay import tempering
from reportgen.model.market.decay import GRID, HIGHEST, NODES, SUPPORT_FALL, DecayFit, DecayLikelihood
from reportgen.model.market.fit import DependentTerm, estimable_terms
from reportgen.model.market.refusals import refusals, usable_frame
from reportgen.panel.grid import MarketPanel
from reportgen.results import DecayPoint
from reportgen.settings.sections import Settings

Profiles = Mapping[str, tuple[float, ...] | None]
"""Market code → log-likelihood at every decay asked for, ``None`` where it cannot be estimated."""

MOST_ROUNDS = 4
CLOSE = 1e-6
"""Decays nearer to a known one than this are not asked for."""
SETTLED = 0.01
"""Share of the interval's width by which its ends and the maximum may still move."""
FINE = 4_001


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedDecay:
    """The decay that all markets share.

    ``profile`` is the summed log-likelihood relative to its maximum; ``support`` equally spaced decays as far as
    the profile matters; ``se`` is ``None`` where an end of the interval is an end of the range.
    """

    estimate: float
    lower: float
    upper: float
    se: float | None
    at_edge: bool
    markets: int
    profile: tuple[DecayPoint, ...]
    support: tuple[DecayPoint, ...]

    def as_fit(self, channels: int) -> DecayFit:
        """The same as the decay of one market with ``channels`` channels, which move together."""
        spread = None if self.se is None or channels == 1 else self.se**2
        return DecayFit(
            estimates=(self.estimate,) * channels,
            lower=(self.lower,) * channels,
            upper=(self.upper,) * channels,
            at_edge=(self.at_edge,) * channels,
            se=(self.se,) * channels,
            profiles=(self.profile,) * channels,
            covariance=None if spread is None else ((spread,) * channels,) * channels,
            support=self.support if channels == 1 else (),
        )


def market_profile(
    panel: MarketPanel, settings: Settings, decays: tuple[float, ...], shapes: Shapes = ()
) -> tuple[float, ...] | None:
    """ML log-likelihood of one market at each decay (all channels alike), ``None`` where it cannot be estimated.

    ``shapes`` are the curves the markets agreed on before.
    """
    frame, _ = usable_frame(panel, settings)
    if refusals(frame):
        return None
    frame = curved(frame, bends_of(shapes))
    try:
        terms = estimable_terms(frame, settings, choose_time(frame, settings).kind)
        rung: Rung = "correlated" if len(terms.random) > 1 else "intercept"
        channels = len(terms.promotion)
        values = DecayLikelihood(frame, terms, rung=rung)([(decay,) * channels for decay in decays])
        if terms.clustered:
            # What territories share counts once: a market's part of the sum is as flat as its own profile would be. At
            # a fixed decay, so that all rounds of the search see the same function.
            probe, level = (PROBE_DECAY,) * channels, settings.report.confidence
            values = values * float(tempering(frame, terms, probe, confidence=level, rung=rung).min())
    except (DependentTerm, RankDeficient, NoResidualVariation):
        return None
    return tuple(values.tolist()) if np.isfinite(values).all() else None


def search_shared_decay(evaluate: Callable[[tuple[float, ...]], Profiles], confidence: float) -> SharedDecay | None:
    """Maximise the summed profile; ``None`` if no market can be estimated.

    Parameters
    ----------
    evaluate
        Called with decays; returns every market's profile there. A market without values in one round counts in none.
    """
    asked = tuple(float(decay) for decay in GRID)
    known = {market: dict(zip(asked, row, strict=True)) for market, row in evaluate(asked).items() if row is not None}
    if not known:
        return None
    found = _Summed.of(list(known.values()), confidence)
    for _ in range(MOST_ROUNDS):
        asked = tuple(float(decay) for decay in found.nodes(confidence) if np.abs(found.decays - decay).min() > CLOSE)
        if not asked:
            break
        answer = evaluate(asked)
        for market in list(known):
            # A market that lost its worker in this round would shift the sum by its whole likelihood: it leaves all
            # rounds.
            row = answer.get(market)
            if row is None:
                del known[market]
            else:
                known[market].update(zip(asked, row, strict=True))
        if not known:
            return None
        previous, found = found, _Summed.of(list(known.values()), confidence)
        if found.still(previous):
            break
    return found.shared(len(known), confidence)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Summed:
    """The summed profile at the decays known so far, (K,), and what a spline through it says."""

    decays: Array
    values: Array
    best: float
    lower: float
    upper: float

    @classmethod
    def of(cls, profiles: list[dict[float, float]], confidence: float) -> _Summed:
        decays = np.array(sorted(profiles[0]))
        table = np.array([[profile[decay] for decay in decays.tolist()] for profile in profiles])
        # Each market's own level out first: the sum of a thousand of them would lose the digits of the differences.
        values = (table - table.max(axis=1, keepdims=True)).sum(axis=0)
        fine = np.linspace(0.0, HIGHEST, FINE)
        highest = int(np.argmax(values))
        near = np.linspace(decays[max(highest - 1, 0)], decays[min(highest + 1, len(decays) - 1)], FINE)
        fine = np.unique(np.concatenate([fine, near]))
        # Every round costs a fit of every market at every node; a spline through those known is read off between them.
        curve = CubicSpline(decays, values)(fine)
        top = int(np.argmax(curve))
        # Likelihood-ratio interval, as of one market: the summed log-likelihood is one on the rows of all of them.
        level = curve[top] - 0.5 * float(chi2.ppf(confidence, 1))
        return cls(
            decays=decays,
            values=values - curve[top],
            best=float(fine[top]),
            lower=_end(fine[top::-1], curve[top::-1], level),
            upper=_end(fine[top:], curve[top:], level),
        )

    def still(self, previous: _Summed) -> bool:
        """Whether maximum and interval are where they were."""
        width = self.upper - self.lower
        moved = (self.best - previous.best, self.lower - previous.lower, self.upper - previous.upper)
        return max(map(abs, moved)) <= SETTLED * width

    def nodes(self, confidence: float) -> Array:
        """Equally spaced decays (NODES,) between the points where the profile has fallen by ``SUPPORT_FALL``."""
        # A parabola falls with the square of the distance: by chi²/2 at the interval's end, by SUPPORT_FALL this many
        # times as far from the top.
        stretch = float(np.sqrt(2.0 * SUPPORT_FALL / chi2.ppf(confidence, 1)))
        low = max(0.0, self.best - stretch * (self.best - self.lower))
        return np.linspace(low, min(HIGHEST, self.best + stretch * (self.upper - self.best)), NODES)

    def shared(self, markets: int, confidence: float) -> SharedDecay:
        inside = 0.0 < self.lower < self.upper < HIGHEST
        reach = 2.0 * float(norm.ppf(0.5 + confidence / 2.0))
        nodes = self.nodes(confidence)
        heights = CubicSpline(self.decays, self.values)(nodes)
        return SharedDecay(
            estimate=round(self.best, 8),
            lower=self.lower,
            upper=self.upper,
            se=(self.upper - self.lower) / reach if inside else None,
            at_edge=not 1e-4 < self.best < HIGHEST - 1e-4,
            markets=markets,
            profile=_points(self.decays, self.values),
            support=_points(nodes, heights),
        )


def _points(decays: Array, values: Array) -> tuple[DecayPoint, ...]:
    return tuple(DecayPoint(decay=float(d), loglik_ml=float(v)) for d, v in zip(decays, values, strict=True))


def _end(decays: Array, curve: Array, level: float) -> float:
    """Where the curve, from its maximum outwards, first falls below the level; the last decay if it does not."""
    below = np.flatnonzero(curve < level)
    if not below.size:
        return float(decays[-1])
    k = int(below[0])
    share = (curve[k - 1] - level) / (curve[k - 1] - curve[k])
    return float(decays[k - 1] + share * (decays[k] - decays[k - 1]))
