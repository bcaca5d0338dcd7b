"""How much promotion carries over: the likelihood profile of the decay, with its interval."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from reportgen.report.blocks import Chart, ChartTable
from reportgen.report.figures.drawing import marks
from reportgen.report.figures.drawing.plane import Box, sheet
from reportgen.report.figures.drawing.theme import HALF
from reportgen.report.figures.kit import Kit
from reportgen.report.words.names import clean
from reportgen.report.words.units import no_carry_over
from reportgen.results.derived.intervals import likelihood_limit

if TYPE_CHECKING:
    from reportgen.report.figures.drawing.plane import Plane
    from reportgen.results import DecaySummary, MarketResults

DEEPEST = -12.0


@dataclass(frozen=True, slots=True, eq=False)
class Profile:
    """Log-likelihood below its maximum by decay, (P,), with estimate and interval."""

    channel: str
    decay: marks.Numbers
    drop: marks.Numbers
    estimate: float
    lower: float | None
    upper: float | None
    at_edge: bool
    none: bool
    """Whether promotion works in its own period only."""
    limit: float
    """Drop at the ends of the interval: half the chi-squared quantile, negative."""


def compute_profile(summary: DecaySummary | None, confidence: float) -> Profile | None:
    """Profile of one channel; ``None`` where the decay was fixed."""
    if summary is None or len(summary.profile) < 3:
        return None
    points = sorted(summary.profile, key=lambda p: p.decay)
    decay = np.array([p.decay for p in points])
    loglik = np.array([p.loglik_ml for p in points])
    return Profile(
        clean(summary.channel, 40),
        decay,
        loglik - loglik.max(),
        summary.estimate,
        summary.lower,
        summary.upper,
        summary.at_edge,
        no_carry_over(summary),
        likelihood_limit(confidence),
    )


def table_profile(data: Profile) -> ChartTable:
    """Return one row per decay tried."""
    rows = tuple((float(d), float(v)) for d, v in zip(data.decay, data.drop, strict=True))
    return ChartTable(columns=("decay", "loglik_below_maximum"), rows=rows)


def draw_profile(axes: Plane, data: Profile, kit: Kit) -> None:
    """Profile line, the interval as a band where the line is above the limit, the estimate as a dot."""
    theme, f = kit.theme, kit.formats
    low, high = axes.y
    x0, x1 = axes.x
    if data.lower is not None and data.upper is not None:
        marks.rectangles(axes, [(data.lower, low, data.upper, high)], theme.accent, alpha=0.12)
    ticks = marks.nice_ticks(low, 0.0, 4)
    marks.grid_y(axes, ticks, f.ticks(ticks), theme)
    marks.line(axes, [x0, x1], [data.limit] * 2, theme.faint, dash=(4, 3), clip=False)
    marks.label(
        axes, x1, data.limit, kit.say("{level} limit", level=kit.level), theme.muted, anchor="end", valign="base", dy=3
    )
    marks.line(axes, data.decay, data.drop, theme.accent, width=2)
    marks.line(axes, [data.estimate] * 2, [low, 0.0], theme.accent, width=1)
    marks.dots(axes, [data.estimate], [0.0], theme.accent, size=8, hollow=theme.paper if data.at_edge else "")
    # The words stand on the side with more room.
    side: marks.Anchor = "end" if data.estimate > (x0 + x1) / 2 else "start"
    marks.label(
        axes,
        data.estimate,
        0.0,
        f.percent(data.estimate, digits=0),
        theme.accent,
        anchor=side,
        valign="base",
        dx=-7 if side == "end" else 7,
        dy=6,
        weight=600,
        size=12,
    )
    at = marks.nice_ticks(x0, x1, 4)
    marks.grid_x(axes, at, f.ticks(at, "percent"), theme, lines=False, base=True)


def charts_decay(results: MarketResults, kit: Kit, kind: str = "decay") -> tuple[Chart, ...]:
    """A profile for each channel: ``decay``, ``decay_2``, …"""
    profiles = enumerate((results.decay, *results.more_decays), start=1)
    made = (_chart(summary, kit, kind if k == 1 else f"{kind}_{k}") for k, summary in profiles)
    return tuple(chart for chart in made if chart is not None)


def _chart(summary: DecaySummary | None, kit: Kit, name: str) -> Chart | None:
    """Decay profile with its interval."""
    data = compute_profile(summary, kit.confidence)
    if data is None:
        return None
    # Three times the drop at the interval's ends, where the profile falls so far: what the data rule out for good needs
    # no room.
    low = max(DEEPEST, min(float(data.drop.min()), 3 * data.limit))
    x = (min(0.0, float(data.decay[0])), max(float(data.decay[-1]), data.estimate) + 0.01)
    drawn, (axes,) = sheet(HALF, 186, [Box(46, 40, HALF - 46 - 12, 104, x, (low, -low * 0.06))])
    draw_profile(axes, data, kit)
    marks.heading(axes, kit.say("Log-likelihood below the best"), kit.theme, dx=-40, dy=20)
    below = kit.by_period(
        "Share of promotion that is carried to the next month", "Share of promotion that is carried to the next week"
    )
    marks.below(axes, below, kit.theme, dy=-26)
    f = kit.formats
    share = f.percent(data.estimate, digits=0)
    if data.none:
        most = f.percent(data.upper, digits=0)
        title = kit.by_period(
            "Promotion hardly carries over to the next month: {share} at most.",
            "Promotion hardly carries over to the next week: {share} at most.",
            share=most,
        )
    elif data.at_edge:
        title = kit.say(
            "The data do not settle the carry-over: {share} fits best, at the edge of what was tried.", share=share
        )
    elif data.lower is None or data.upper is None:
        title = kit.say("{share} of promotion carries over at best; the data do not bound it.", share=share)
    else:
        interval = f"{f.percent(data.lower, digits=0)} – {f.percent(data.upper, digits=0)}"
        title = kit.by_period(
            "{share} of promotion carries over to the next month ({interval}).",
            "{share} of promotion carries over to the next week ({interval}).",
            share=share,
            interval=interval,
        )
    return kit.chart(
        name,
        drawn,
        title=title,
        table=table_profile(data),
        subtitle=kit.say(
            "How well each decay of “{channel}” fits; the band holds the decays that the data do not rule out",
            channel=data.channel,
        ),
        foot=kit.say("Profile of the maximum likelihood, the same rows at every decay."),
    )
