"""The shape of the response: a straight line, or a concave curve that all markets of a run share.

One market alone hardly tells a curve from a line, so the curve is sought in the sum of all markets' likelihoods, in
units of each market's usual promotion. First a score test of curvature in every market (cheap, at one decay); where
the markets together show none, nothing more is asked. Else the ML profile over the members of the family and their
scale, each market's decay estimated anew at every candidate (REML cannot compare columns). The curve is taken where it
gains more than chance allows.

How markets are reached (in worker processes, by the batch layer) is the caller's: the search only asks for values.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import exp, log, sqrt

import numpy as np
from scipy.interpolate import CubicSpline
from scipy.optimize import brentq
from scipy.stats import chi2, norm
from scipy.stats import t as student

from reportgen.model.lmm.columns import Array
from reportgen.model.market.bend import Bend, ChannelShape, Shapes, can_bend, curved
from reportgen.model.market.calendar import PROBE_DECAY, choose_time
from reportgen.model.market.decay import DecayLikelihood, vertex
from reportgen.model.market.fit import estimable_terms, first_rung
from reportgen.model.market.refusals import refusals, usable_frame
from reportgen.model.market.terms import Terms, market_design
from reportgen.model.market.variants import curvature
from reportgen.model.prospects import BREAKDOWNS
from reportgen.panel.features import ModelFrame
from reportgen.panel.grid import MarketPanel
from reportgen.results import CurveKind
from reportgen.settings.sections import Settings
from reportgen.settings.statistics import CURVE_SHARED_FROM

KINDS: tuple[CurveKind, ...] = ("log", "hill", "exponential")
SCALES = (0.12, 0.3, 0.75, 1.9, 4.7)
"""Scales of the first look, in usual promotion: equal steps of the logarithm; wider ones are nearly a line."""
DECAYS = tuple(np.linspace(0.0, 0.9, 10).round(4).tolist())
ALPHA, ALPHA_ALONE = 0.05, 0.01
"""Levels at which a curve is taken instead of the line: of many markets, and of fewer than share one. There a line that
should be a curve is still seen by the check of saturation, a curve that should be a line by none."""
SUSPICION = 0.5
"""Pooled one-sided z of curvature below which no curve is looked for: hardly one could win by ``ALPHA``."""
FINE = 400
LINE = Bend(kind="hill", relative=1e4)
NARROWEST, WIDEST = log(0.02), log(1e4)
"""Logarithms of the relative scales between which a curve of a given reach is sought."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShapeQuestion:
    """What a market is asked: its log-likelihood as a line and with each of ``bends`` in ``channel``.

    ``settled`` are the curves of channels that were looked at before. Without ``bends`` the score test is asked.
    """

    channel: str
    bends: tuple[Bend, ...] = ()
    settled: tuple[tuple[str, Bend], ...] = ()


Answers = Mapping[str, tuple[float, ...] | None]
"""Market code -> its values, None where it cannot be estimated or has no such channel."""
Evaluate = Callable[[ShapeQuestion], Answers]


def answer_shape(frame: ModelFrame, settings: Settings, question: ShapeQuestion) -> tuple[float, ...] | None:
    """One market's answer; ``None`` where it cannot be estimated."""
    if question.channel not in frame.panel.channels or refusals(frame):
        return None
    frame = curved(frame, dict(question.settled))
    channel = frame.panel.channels.index(question.channel)
    if not can_bend(frame, channel):
        return None
    try:
        terms = estimable_terms(frame, settings, choose_time(frame, settings).kind)
        if not question.bends:
            return _score(frame, terms, channel)
        settled = dict(question.settled)
        # The line is the curve that hardly bends, not the model without one: a pharmacy's adstock then begins alike.
        bends = (LINE, *question.bends)
        frames = [curved(frame, settled | {question.channel: bend}) for bend in bends]
        values = [_highest(one, terms, channel, settings) for one in frames]
    except BREAKDOWNS:
        return None
    return tuple(values) if np.isfinite(values).all() else None


def market_shape(panel: MarketPanel, settings: Settings, question: ShapeQuestion) -> tuple[float, ...] | None:
    """:func:`answer_shape` from the panel."""
    return answer_shape(usable_frame(panel, settings)[0], settings, question)


def _score(frame: ModelFrame, terms: Terms, channel: int) -> tuple[float, ...] | None:
    design = market_design(frame, terms, (PROBE_DECAY,) * len(terms.promotion))
    one = curvature(design, terms.promotion[channel])
    # As a normal score: markets with few pharmacies have heavy tails of their own.
    return None if one is None else (float(norm.isf(student.sf(one.value / one.se, one.df))),)


def _highest(frame: ModelFrame, terms: Terms, channel: int, settings: Settings) -> float:
    """ML log-likelihood at this channel's best decay: a grid, and the parabola through its top three points."""
    likelihood = DecayLikelihood(frame, terms, rung=first_rung(terms), slopes_by_level=True)
    base = (PROBE_DECAY,) * len(terms.promotion)
    if settings.adstock.decay != "estimate":
        return float(likelihood([(float(settings.adstock.decay),) * len(base)])[0])
    points = np.array(DECAYS)
    values = likelihood.along(base, channel, points)
    top = int(np.clip(np.argmax(values), 1, len(points) - 2))
    near, heights = points[top - 1 : top + 2], values[top - 1 : top + 2]
    parabola = np.polyfit(near - near[1], heights, 2)
    return float(max(values.max(), np.polyval(parabola, vertex(near, heights) - near[1])))


def own_shapes(frame: ModelFrame, settings: Settings) -> Shapes:
    """What one market says by itself."""
    if settings.model.shape == "linear":
        return ()
    return search_shapes(lambda question: {"": answer_shape(frame, settings, question)}, frame.panel.channels, settings)


def search_shapes(evaluate: Evaluate, channels: Sequence[str], settings: Settings) -> Shapes:
    """The response of each channel that the markets together ask for; channel after channel."""
    found: list[ChannelShape] = []
    for channel in channels:
        settled = tuple((one.channel, one.bend) for one in found if one.bend is not None)
        found.append(_search(evaluate, ShapeQuestion(channel=channel, settled=settled), settings.model.shape))
    return tuple(found)


def _search(evaluate: Evaluate, question: ShapeQuestion, wanted: str) -> ChannelShape:
    scores = [row[0] for row in evaluate(question).values() if row is not None]
    line = ChannelShape(channel=question.channel, bend=None, markets=len(scores))
    if not scores:
        return line
    # Stouffer's sum of independent z.
    z = float(np.sum(scores) / sqrt(len(scores)))
    if wanted == "auto" and z < SUSPICION:
        return replace(line, z=z)
    known = _Known(evaluate, question)
    known.ask([Bend(kind=kind, relative=scale) for kind in KINDS for scale in SCALES])
    step = log(SCALES[1] / SCALES[0])
    best = known.best()
    known.ask([Bend(kind=best.kind, relative=best.relative * exp(share * step)) for share in (-0.4, 0.0, 0.4)])
    best = known.best()
    gain = 2.0 * known.height(best)
    line = replace(line, z=z, gain=gain, markets=known.markets)
    alpha = ALPHA if known.markets >= CURVE_SHARED_FROM else ALPHA_ALONE
    # One-sided: only a concave response can win.
    if not known.markets or (wanted == "auto" and gain < float(chi2.isf(2.0 * alpha, 1))):
        return line
    centre, spread = known.average()
    # Gauss-Hermite with three points: 1/6, 2/3, 1/6 at -sqrt(3), 0 and sqrt(3) standard deviations.
    reaches = (centre, max(centre - sqrt(3.0) * spread, 0.1 * centre), centre + sqrt(3.0) * spread)
    nodes = tuple(_with_reach(best.kind, reach) for reach in reaches)
    return replace(line, bend=nodes[0], others=tuple(zip(nodes, (2.0 / 3.0, 1.0 / 6.0, 1.0 / 6.0), strict=True)))


class _Known:
    """Summed gains over the line at the bends asked for so far."""

    def __init__(self, evaluate: Evaluate, question: ShapeQuestion) -> None:
        self._evaluate, self._question = evaluate, question
        self._gains: dict[str, dict[Bend, float]] | None = None

    @property
    def markets(self) -> int:
        return len(self._gains or ())

    def ask(self, bends: Sequence[Bend]) -> None:
        """Ask the markets about further bends, those that answered every time before."""
        answers = self._evaluate(replace(self._question, bends=tuple(bends)))
        # A market that is lost on the way leaves all rounds: its likelihood would shift the sum.
        before = {market: {} for market in answers} if self._gains is None else self._gains
        rows = {market: row for market in before if (row := answers.get(market)) is not None}
        self._gains = {
            market: before[market] | {bend: value - row[0] for bend, value in zip(bends, row[1:], strict=True)}
            for market, row in rows.items()
        }

    def _curve(self, kind: CurveKind) -> tuple[Array, Array]:
        """Logarithm of the scale and summed gain of one kind on a fine grid, by a spline through what is known."""
        total: dict[float, float] = {}
        for gains in (self._gains or {}).values():
            for bend, gain in gains.items():
                if bend.kind == kind:
                    total[log(bend.relative)] = total.get(log(bend.relative), 0.0) + gain
        at = np.array(sorted(total))
        fine = np.linspace(at[0], at[-1], FINE)
        return fine, CubicSpline(at, [total[x] for x in at.tolist()])(fine)

    def best(self) -> Bend:
        """The bend of highest gain."""
        tops = []
        for kind in KINDS if self._gains else ():
            at, values = self._curve(kind)
            top = int(np.argmax(values))
            tops.append((float(values[top]), Bend(kind=kind, relative=exp(float(at[top])))))
        return max(tops, key=lambda top: top[0])[1] if tops else Bend(kind="hill", relative=1.0)

    def height(self, bend: Bend) -> float:
        """Summed gain of a bend."""
        if not self._gains:
            return 0.0
        at, values = self._curve(bend.kind)
        return float(np.interp(log(bend.relative), at, values))

    def average(self) -> tuple[float, float]:
        """Mean and SD of the logarithm of reach over all candidates, weighted by likelihood (flat in log scale)."""
        places, gains = [], []
        for kind in KINDS:
            at, values = self._curve(kind)
            places += [log(Bend(kind=kind, relative=exp(float(x))).reach) for x in at]
            gains += values.tolist()
        weights = np.exp(np.array(gains) - max(gains))
        centre = float(np.average(places, weights=weights))
        return centre, float(np.sqrt(np.average((np.array(places) - centre) ** 2, weights=weights)))


def _with_reach(kind: CurveKind, reach: float) -> Bend:
    """The member of a kind with this logarithm of its reach; the most bent one where none reaches so far."""

    def short(scale: float) -> float:
        return log(Bend(kind=kind, relative=exp(scale)).reach) - reach

    found = NARROWEST if short(NARROWEST) < 0.0 else brentq(short, NARROWEST, WIDEST)
    return Bend(kind=kind, relative=exp(float(found)))
