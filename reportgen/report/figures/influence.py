"""How the promotion effect moves when one pharmacy is left out (exact refits)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from reportgen.report.blocks import Chart, ChartTable
from reportgen.report.figures.drawing import marks
from reportgen.report.figures.drawing.plane import Box, sheet
from reportgen.report.figures.drawing.theme import SMALL, THIRD
from reportgen.report.figures.intervals import Reference, draw_references, fit_ticks
from reportgen.report.figures.kit import Kit, Tip
from reportgen.report.typefaces.widths import fit_texts, text_width
from reportgen.report.words.names import clean
from reportgen.results.derived.intervals import change

if TYPE_CHECKING:
    from reportgen.report.figures.drawing.plane import Plane
    from reportgen.results import MarketResults

_ROW = 13.0
SHOWN = 7


@dataclass(frozen=True, slots=True, eq=False)
class Influence:
    """Effect without each pharmacy, drawn values, (G,), largest change first."""

    names: tuple[str, ...]
    without: marks.Numbers
    effect: float
    lower: float
    """Effect minus one SE."""
    upper: float
    se: float | None


def compute_influence(results: MarketResults, kit: Kit) -> Influence | None:
    """Leave-one-out effects; ``None`` where no refits were made."""
    row = results.promotion_effect
    left = [(clean(p.pharmacy), p.effect_without) for p in results.pharmacies if p.effect_without is not None]
    if row is None or not left:
        return None
    # Equal changes by name: same results, same picture.
    left.sort(key=lambda pair: (-abs(pair[1] - row.estimate), pair[0]))
    se = row.se or 0.0
    return Influence(
        tuple(name for name, _ in left),
        np.array([kit.effect(v) for _, v in left]),
        kit.effect(row.estimate),
        kit.effect(row.estimate - se),
        kit.effect(row.estimate + se),
        None if row.se is None else row.se * kit.step,
    )


def table_influence(data: Influence) -> ChartTable:
    """Return one row per pharmacy."""
    rows = tuple((n, float(v), change(float(v), data.effect)) for n, v in zip(data.names, data.without, strict=True))
    return ChartTable(columns=("pharmacy", "effect_without", "change"), rows=rows)


def draw_influence(axes: Plane, data: Influence, kit: Kit, names: float, values: list[str]) -> None:
    """Sticks from the effect of all to the effect without; dots beyond one SE are in the second colour."""
    theme = kit.theme
    count = len(values)
    low, high = axes.y
    x0, x1 = axes.x
    marks.rectangles(axes, [(max(data.lower, x0), low, min(data.upper, x1), high)], theme.faint, alpha=0.18)
    fit_ticks(axes, kit, kit.effect_ticks)
    references = [Reference(value=data.effect, label=kit.say("all pharmacies"), color="ink")]
    # Zero is named only where it is in sight: the scale is that of the changes.
    if x0 < 0 < x1:
        references.append(Reference(value=0.0, label=kit.say("no effect")))
    draw_references(axes, references, kit)
    y = np.arange(count - 1, -1, -1, dtype=float)
    without = data.without[:count]
    far = (without < data.lower) | (without > data.upper)
    marks.segments(axes, np.full(count, data.effect), y, without, y, theme.accent, width=1.6)
    marks.dots(axes, without[~far], y[~far], theme.accent, size=6)
    marks.dots(axes, without[far], y[far], theme.second, size=7, shape="diamond")
    shown = fit_texts(data.names[:count], names - 8, SMALL)
    for k, text in enumerate(values):
        marks.label(axes, x0, y[k], shown[k], theme.ink, dx=-names)
        marks.label(axes, x1, y[k], text, theme.muted, dx=10)


def chart_influence(results: MarketResults, kit: Kit, name: str = "influence") -> Chart | None:
    """Change of the effect without each of the most influential pharmacies."""
    data = compute_influence(results, kit)
    if data is None:
        return None
    count = min(SHOWN, len(data.names))
    f = kit.formats

    def write(value: float) -> str:
        if kit.log:
            return f.percent(value, (data.upper - data.lower) / 2 or None)
        return f.money(value, data.se)

    values = [write(float(v)) for v in data.without[:count]]
    names = min(max(text_width(n, SMALL) for n in data.names[:count]) + 14, THIRD * 0.3)
    room = max(text_width(text, SMALL) for text in values) + 14
    ends = np.append(data.without[:count], [data.effect, data.lower, data.upper])
    drawn, (axes,) = sheet(
        THIRD,
        _ROW * count + 58,
        [Box(names, 32, THIRD - names - room, _ROW * count, marks.limits(ends), (-0.5, count - 0.5))],
    )
    draw_influence(axes, data, kit, names, values)
    tips: list[Tip] = [
        (*axes.pixel(float(data.without[k]), count - 1 - k), f"{data.names[k]}: {values[k]}") for k in range(count)
    ]
    title = kit.say(
        "Without {pharmacy} the effect is {without}, not {effect}; no other moves it more.",
        pharmacy=clean(data.names[0], 40),
        without=values[0],
        effect=write(data.effect),
    )
    return kit.chart(
        name,
        drawn,
        title=title,
        table=table_influence(data),
        tips=tips,
        subtitle=kit.say(
            "{what}, for {dose} more, when a pharmacy is left out: the {count} largest changes",
            what=kit.coefficient,
            dose=kit.dose,
            count=f.integer(count),
        ),
        foot=kit.say("Should stay in the grey, one standard error."),
    )
