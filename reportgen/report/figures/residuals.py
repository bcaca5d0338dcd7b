"""Residuals against fitted values as a density, their spread, and their autocorrelation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from reportgen.report.blocks import Chart, ChartTable
from reportgen.report.figures.drawing import marks
from reportgen.report.figures.drawing.plane import Box, sheet, spans
from reportgen.report.figures.drawing.theme import THIRD
from reportgen.report.figures.intervals import fit_ticks
from reportgen.report.figures.kit import Kit

if TYPE_CHECKING:
    from collections.abc import Callable

    from reportgen.report.figures.drawing.plane import Plane
    from reportgen.results import Curve, Density, MarketResults

_SHADES = (0.1, 0.2, 0.34, 0.5, 0.68, 0.88)


@dataclass(frozen=True, slots=True, eq=False)
class Cloud:
    """Two-dimensional histogram: counts (R, C), edges, and the running mean of residuals."""

    x_edges: marks.Numbers
    y_edges: marks.Numbers
    counts: marks.Numbers
    smooth_x: marks.Numbers
    smooth_y: marks.Numbers
    largest_drift: float
    """Distance of the running mean from zero."""


def compute_cloud(density: Density | None) -> Cloud | None:
    """Arrays of a density; ``None`` where it is missing or empty."""
    if density is None or not any(map(any, density.counts)):
        return None
    return Cloud(
        np.array(density.x_edges),
        np.array(density.y_edges),
        np.array(density.counts, dtype=float),
        np.array(density.smooth_x),
        np.array(density.smooth_y),
        density.largest_drift,
    )


def table_cloud(data: Cloud) -> ChartTable:
    """Return one row per cell that holds anything."""
    at = np.argwhere(data.counts > 0)
    rows = tuple(
        (
            float(data.x_edges[c]),
            float(data.x_edges[c + 1]),
            float(data.y_edges[r]),
            float(data.y_edges[r + 1]),
            int(data.counts[r, c]),
        )
        for r, c in at.tolist()
    )
    return ChartTable(columns=("fitted_from", "fitted_to", "residual_from", "residual_to", "rows"), rows=rows)


def draw_cloud(axes: Plane, data: Cloud, kit: Kit) -> None:
    """Cells shaded by count in six steps (one path per step), the zero line, the running mean."""
    theme = kit.theme
    # By the root of the count, or a dense middle would leave the rest too pale to be seen.
    shade = np.ceil(np.sqrt(data.counts / data.counts.max()) * len(_SHADES)).astype(int)
    for step, alpha in enumerate(_SHADES, start=1):
        boxes = []
        for r, row in enumerate(shade):
            # Neighbouring cells of one shade are one box.
            boxes += [
                (float(data.x_edges[a]), float(data.y_edges[r]), float(data.x_edges[b]), float(data.y_edges[r + 1]))
                for a, b in spans(row == step)
            ]
        marks.rectangles(axes, boxes, theme.accent, alpha=alpha)
    marks.line(axes, list(axes.x), [0.0, 0.0], theme.ink, width=1, clip=False)
    if data.smooth_x.size:
        marks.line(axes, data.smooth_x, data.smooth_y, theme.ink, width=2)
        place = (float(data.smooth_x[-1]), float(data.smooth_y[-1]))
        marks.label(axes, *place, kit.say("running mean"), theme.ink, anchor="end", dy=11, halo=theme.paper)


def _response_ticks(kit: Kit) -> Callable[[tuple[float, ...]], tuple[str, ...]]:
    """Labels of response values: money, or plain logarithms."""
    return lambda ticks: kit.formats.ticks(ticks, "number" if kit.log else "money")


def _amount(kit: Kit, value: float) -> str:
    return kit.formats.decimal(value, 3) if kit.log else kit.formats.money(value)


def _axis_unit(kit: Kit) -> str:
    return kit.say("natural log of sales") if kit.log else kit.formats.symbol


def chart_residuals(results: MarketResults, kit: Kit, name: str = "residuals") -> Chart | None:
    """Residuals against fitted values."""
    data = compute_cloud(results.charts.residuals)
    if data is None:
        return None
    ends = (float(data.x_edges[0]), float(data.x_edges[-1])), (float(data.y_edges[0]), float(data.y_edges[-1]))
    drawn, (axes,) = sheet(THIRD, 152, [Box(64, 26, THIRD - 64 - 12, 86, *ends)])
    ticks = marks.nice_ticks(*ends[1], 5)
    marks.grid_y(axes, ticks, _response_ticks(kit)(ticks), kit.theme)
    draw_cloud(axes, data, kit)
    fit_ticks(axes, kit, _response_ticks(kit), base=True)
    marks.heading(axes, kit.say("Residual, {unit}", unit=_axis_unit(kit)), kit.theme, dx=-58)
    marks.below(axes, kit.say("Fitted sales per pharmacy, {unit}", unit=_axis_unit(kit)), kit.theme)
    sigma = results.fit.sigma if results.fit else float("nan")
    drift = data.largest_drift
    title = kit.say(
        "The mean residual stays within {drift} of zero; a typical one is {sigma}.",
        drift=_amount(kit, drift),
        sigma=_amount(kit, sigma),
    )
    return kit.chart(
        name,
        drawn,
        title=title,
        table=table_cloud(data),
        subtitle=kit.say("Residuals against fitted values; the stronger the colour, the more rows"),
        foot=kit.say("Should be a cloud without shape around zero."),
    )


# --- spread -----------------------------------------------------------------------------------


def compute_spread(results: MarketResults) -> Curve | None:
    """Root of the absolute standardised residual along fitted values; ``None`` where missing."""
    curve = results.charts.scale_location
    return curve if curve is not None and len(curve.x) >= 2 else None


def table_spread(data: Curve) -> ChartTable:
    """Return one row per point of the curve."""
    return ChartTable(
        columns=("fitted", "root_abs_standardised_residual"), rows=tuple(zip(data.x, data.y, strict=True))
    )


def draw_spread(axes: Plane, data: Curve, kit: Kit) -> None:
    """Draw the curve, and the constant that equal spread would give (0.82 for normal residuals)."""
    ticks = marks.nice_ticks(*axes.y, 4)
    marks.grid_y(axes, ticks, kit.formats.ticks(ticks), kit.theme)
    # E √|Z| of a standard normal Z, 2^¼ Γ(¾) / √π.
    marks.line(axes, list(axes.x), [0.822, 0.822], kit.theme.faint, dash=(4, 3), clip=False)
    marks.line(axes, data.x, data.y, kit.theme.accent, width=2)
    fit_ticks(axes, kit, _response_ticks(kit), base=True)


def chart_spread(results: MarketResults, kit: Kit, name: str = "scale_location") -> Chart | None:
    """Is the spread of residuals the same everywhere?"""
    data = compute_spread(results)
    if data is None:
        return None
    x = (data.x[0], data.x[-1])
    drawn, (axes,) = sheet(
        THIRD, 152, [Box(46, 26, THIRD - 46 - 12, 86, x, marks.limits(np.append(data.y, [0.5, 1.1])))]
    )
    draw_spread(axes, data, kit)
    marks.heading(axes, kit.say("√|standardised residual|"), kit.theme, dx=-40)
    marks.below(axes, kit.say("Fitted sales per pharmacy, {unit}", unit=_axis_unit(kit)), kit.theme)
    ratio = kit.formats.decimal(data.widening, 2)
    title = kit.say("At the highest fitted sales residuals spread {ratio} times as wide as at the lowest.", ratio=ratio)
    return kit.chart(
        name,
        drawn,
        title=title,
        table=table_spread(data),
        foot=kit.say("Should stay near the dashed line."),
        subtitle=kit.say("Running mean of the root of absolute standardised residuals"),
    )


# --- autocorrelation --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, eq=False)
class Memory:
    """Autocorrelation by calendar lag with its pointwise bound, (L,) each, NaN where unknown."""

    lags: tuple[int, ...]
    values: marks.Numbers
    bounds: marks.Numbers
    known: int
    outside: int
    """Lags with a value, and those of them outside the band."""


def compute_memory(results: MarketResults) -> Memory | None:
    """Autocorrelation; ``None`` where missing."""
    found = results.charts.autocorrelation
    if found is None or not any(v is not None for v in found.values):
        return None
    arrays = [np.array([np.nan if v is None else v for v in s], dtype=float) for s in (found.values, found.bounds)]
    return Memory(found.lags, arrays[0], arrays[1], found.known, found.outside)


def table_memory(data: Memory) -> ChartTable:
    """Return one row per lag."""
    rows = tuple(
        (lag, *(float(v) if np.isfinite(v) else None for v in pair))
        for lag, *pair in zip(data.lags, data.values, data.bounds, strict=True)
    )
    return ChartTable(columns=("lag", "autocorrelation", "bound"), rows=rows)


def draw_memory(axes: Plane, data: Memory, kit: Kit) -> None:
    """Sticks with dots over a band; dots outside the band are in the second colour and larger."""
    theme, lags = kit.theme, np.array(data.lags, dtype=float)
    marks.band(axes, lags, -data.bounds, data.bounds, theme.faint, alpha=0.25)
    ticks = marks.nice_ticks(*axes.y, 4)
    marks.grid_y(axes, ticks, kit.formats.ticks(ticks), theme, base=0.0)
    marks.segments(axes, lags, np.zeros_like(lags), lags, data.values, theme.accent, width=2)
    outside = np.abs(data.values) > data.bounds
    marks.dots(axes, lags[~outside], data.values[~outside], theme.accent, size=6)
    marks.dots(axes, lags[outside], data.values[outside], theme.second, size=7.5, shape="diamond")
    at = tuple(float(v) for v in data.lags)
    marks.grid_x(axes, at, kit.formats.ticks(at), theme, lines=False)


def chart_autocorrelation(results: MarketResults, kit: Kit, name: str = "autocorrelation") -> Chart | None:
    """Do residuals of a pharmacy remember?"""
    data = compute_memory(results)
    if data is None:
        return None
    top = (
        max(
            float(np.nanmax(np.abs(data.values))),
            float(np.nanmax(data.bounds)) if np.isfinite(data.bounds).any() else 0.0,
            0.05,
        )
        * 1.25
    )
    x = (float(data.lags[0]) - 0.6, float(data.lags[-1]) + 0.6)
    drawn, (axes,) = sheet(THIRD, 152, [Box(46, 26, THIRD - 46 - 12, 86, x, (-top, top))])
    draw_memory(axes, data, kit)
    marks.heading(axes, kit.say("Correlation of residuals"), kit.theme, dx=-40)
    marks.below(axes, kit.by_period("months apart", "weeks apart"), kit.theme)
    largest = int(np.nanargmax(np.abs(data.values)))
    f = kit.formats
    title = kit.say(
        "{outside} of {count} autocorrelations outside the band; largest {value} at lag {lag}.",
        outside=f.integer(data.outside),
        count=f.integer(data.known),
        value=f.decimal(float(data.values[largest]), 2),
        lag=f.integer(data.lags[largest]),
    )
    return kit.chart(
        name,
        drawn,
        title=title,
        table=table_memory(data),
        foot=kit.say("Should be short, within the band."),
        subtitle=kit.say(
            "Correlation of a pharmacy’s residuals over time, with a pointwise {level} band", level=kit.pointwise
        ),
    )
