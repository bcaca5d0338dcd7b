"""A curve without units, as markets share it, and the rows of a market with their adstock bent by it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reportgen.panel.curves import ResponseCurve
from reportgen.panel.features import ModelFrame
from reportgen.results import CurveKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Bend:
    """A curve in units of a market's usual promotion: ``relative`` is its scale over mean promotion."""

    kind: CurveKind
    relative: float

    def at(self, usual: float) -> ResponseCurve:
        """The curve of a market whose promotion averages ``usual``."""
        return ResponseCurve(kind=self.kind, scale=self.relative * usual, usual=usual)

    @property
    def reach(self) -> float:
        """What usual promotion brings, over what a line with the slope it has there would: above one."""
        return float(self.at(1.0).bend(np.ones(1))[0])


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelShape:
    """What the markets say of one channel's response.

    Attributes
    ----------
    bend
        The curve; None: a straight line.
    others
        Curves a little less and a little more bent, with ``bend`` first, each with its weight: how uncertain it is
        (Gauss-Hermite nodes of the logarithm of ``Bend.reach``).
    z
        Pooled one-sided z of the score test of curvature; None where no market could be asked.
    gain
        2 (l_curve - l_line) of the best curve, summed over markets; None where none was looked for.
    markets
        How many markets were asked.
    """

    channel: str
    bend: Bend | None
    others: tuple[tuple[Bend, float], ...] = ()
    z: float | None = None
    gain: float | None = None
    markets: int = 0


Shapes = tuple[ChannelShape, ...]


def curved(frame: ModelFrame, bends: Mapping[str, Bend]) -> ModelFrame:
    """The frame with the adstock of some channels bent; one that :func:`can_bend` says no to stays straight."""
    names = frame.panel.channels
    found = [bends.get(name) if can_bend(frame, k) else None for k, name in enumerate(names)]
    if not any(found):
        return frame
    usual = frame.promotion.mean(axis=0)
    curves = tuple(None if bend is None else bend.at(float(usual[k])) for k, bend in enumerate(found))
    return replace(frame, curves=curves, initial=_initial(frame, curves))


def _initial(frame: ModelFrame, curves: tuple[ResponseCurve | None, ...]) -> NDArray[np.float64]:
    """What is known of a pharmacy before its first row, its promotion bent like the column it corrects.

    Sales it begins with go with bent promotion; beside straight columns the rest would be taken for more curvature.
    """
    made = frame.initial.copy()
    for place, term in enumerate(frame.initial_terms):
        curve = curves[term.channel] if term.channel is not None else None
        if curve is not None:
            made[:, place] = curve.bend(frame.initial[:, place])
    return made


def can_bend(frame: ModelFrame, channel: int) -> bool:
    """Whether a curve from zero means anything: promotion is nowhere negative (a booking taken back), and some is."""
    return bool(frame.promotion[:, channel].min() >= 0.0 and frame.promotion[:, channel].max() > 0.0)


def bends_of(shapes: Shapes, node: int = 0) -> dict[str, Bend]:
    """The curve of each channel that has one, or another node of each."""
    return {one.channel: one.others[node][0] for one in shapes if one.bend is not None}


def shapes_from_plain(content: Sequence[Mapping[str, Any]]) -> Shapes:
    """Shapes from JSON data, as ``dataclasses.asdict`` makes them."""
    return tuple(
        ChannelShape(
            **{
                **one,
                "bend": None if one["bend"] is None else Bend(**one["bend"]),
                "others": tuple((Bend(**bend), weight) for bend, weight in one["others"]),
            }
        )
        for one in content
    )
