"""How the rows hang together: market, pharmacies, months, as a small tree with counts.

A few pharmacies stand for all: those with the most rows, a line for the rest, the one with the fewest. Squares are a
tally of periods, not a calendar: the results hold how many rows of a pharmacy are used, not which.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from reportgen.report.blocks import Chart, ChartTable
from reportgen.report.figures.drawing import marks
from reportgen.report.figures.drawing.plane import Box, sheet
from reportgen.report.figures.drawing.theme import SMALL, WIDE
from reportgen.report.figures.kit import Kit, Tip
from reportgen.report.typefaces.widths import fit_text, fit_texts, text_width
from reportgen.report.words.names import clean

if TYPE_CHECKING:
    from reportgen.report.figures.drawing.plane import Plane
    from reportgen.results import MarketResults

_ROW, _HEAD = 18.0, 28.0
_PHARMACY, _STRIP, _COUNT = 178.0, 330.0, 62.0
_MOST = 5
_NARROW = 4.5
"""Pixels below which a square is no longer seen as one: the tally becomes a bar."""


@dataclass(frozen=True, slots=True, eq=False)
class Hierarchy:
    """Pharmacies by number of used rows, most first, (G,) each, and the periods on record."""

    market: str
    names: tuple[str, ...]
    rows: tuple[int, ...]
    periods: int
    total: int
    mean: float
    """Rows used, in all and per pharmacy."""

    @property
    def shown(self) -> tuple[int | None, ...]:
        """Indices of the pharmacies drawn; ``None`` stands for the rest."""
        count = len(self.names)
        if count <= _MOST:
            return tuple(range(count))
        # Three with the most rows, a line for the rest, the one with the fewest.
        return (0, 1, 2, None, count - 1)


def compute_hierarchy(results: MarketResults) -> Hierarchy | None:
    """Tree of one market; ``None`` where no rows are used or pharmacies are not listed."""
    rows = sorted(((clean(p.pharmacy), p.rows) for p in results.pharmacies), key=lambda row: (-row[1], row[0]))
    if not rows or not results.data.rows_used:
        return None
    # No pharmacy may use more periods than the strip has.
    periods = max(results.data.months, rows[0][1])
    data = results.data
    names, counts = zip(*rows, strict=True)
    return Hierarchy(clean(results.market), names, counts, periods, data.rows_used, data.group_size.mean)


def table_hierarchy(data: Hierarchy) -> ChartTable:
    """Return one row per pharmacy: used rows and periods on record."""
    rows = tuple((name, count, data.periods) for name, count in zip(data.names, data.rows, strict=True))
    return ChartTable(columns=("pharmacy", "rows_used", "periods"), rows=rows)


def draw_hierarchy(axes: Plane, data: Hierarchy, kit: Kit, height: float) -> list[Tip]:
    """Market, branches, pharmacies and their tallies, in pixel coordinates; return the tooltips."""
    theme, shown = kit.theme, data.shown
    places = [height - _HEAD - (k + 0.5) * _ROW for k in range(len(shown))]
    shops = kit.plural("{count} pharmacy", "{count} pharmacies", len(data.names))
    heads = ((0.0, kit.say("1 market")), (_PHARMACY, shops), (_STRIP, kit.periods(data.periods)))
    for x, text in heads:
        marks.label(axes, x, height - 12, text, theme.muted)
    middle = (places[0] + places[-1]) / 2
    market = fit_text(data.market, _PHARMACY - 44, 12, 600)
    marks.label(axes, 0, middle, market, theme.ink, size=12, weight=600)
    trunk = _PHARMACY - 20
    marks.line(axes, [text_width(market, 12, 600) + 8, trunk], [middle, middle], theme.faint)
    marks.line(axes, [trunk, trunk], [places[0], places[-1]], theme.faint)
    tips: list[Tip] = []
    kept = [data.names[i] for i in shown if i is not None]
    names = iter(fit_texts(kept, _STRIP - _PHARMACY - 24, SMALL, 600))
    for place, index in zip(places, shown, strict=True):
        if index is None:
            # One of those shown is the line for the rest itself.
            rest = len(data.names) - len(shown) + 1
            text = kit.plural("{count} more pharmacy", "{count} more pharmacies", rest)
            marks.line(axes, [trunk, _PHARMACY - 6], [place, place], theme.faint, dash=(2, 3))
            marks.label(axes, _PHARMACY, place, text, theme.muted)
            continue
        marks.line(axes, [trunk, _PHARMACY - 6], [place, place], theme.faint)
        name = next(names)
        marks.label(axes, _PHARMACY, place, name, theme.ink, weight=600)
        marks.line(axes, [_PHARMACY + text_width(name, SMALL, 600) + 6, _STRIP - 8], [place, place], theme.faint)
        count = _draw_tally(axes, data, kit, place, data.rows[index])
        tips.append((*axes.pixel(_STRIP + 8, place), f"{data.names[index]}: {count}"))
    return tips


def _draw_tally(axes: Plane, data: Hierarchy, kit: Kit, place: float, used: int) -> str:
    """A filled square per used period and a ring for each other one, then the count; return it."""
    theme, f = kit.theme, kit.formats
    # Room for the longest count there may be, of every period.
    full = kit.say("{used} of {all}", used=f.integer(data.periods), all=f.integer(data.periods))
    width = WIDE - _STRIP - max(_COUNT, text_width(full, SMALL) + 12)
    step = min(width / data.periods, 12.0)
    if step < _NARROW:
        boxes = [(_STRIP, place - 4, _STRIP + step * used, place + 4)]
        marks.line(axes, [_STRIP, _STRIP + step * data.periods], [place, place], theme.faint)
    else:
        side = min(step - 1.5, 8.0)
        boxes = [(_STRIP + k * step, place - side / 2, _STRIP + k * step + side, place + side / 2) for k in range(used)]
        empty = [_STRIP + step * k + side / 2 for k in range(used, data.periods)]
        if empty:
            size = max(side * 0.6, 2.4)
            marks.dots(axes, empty, [place] * len(empty), theme.muted, size=size, hollow=theme.paper)
    marks.rectangles(axes, boxes, theme.muted)
    text = kit.say("{used} of {all}", used=f.integer(used), all=f.integer(data.periods))
    marks.label(axes, _STRIP + step * data.periods + 8, place, text, theme.ink)
    return text


def chart_hierarchy(results: MarketResults, kit: Kit, name: str = "hierarchy") -> Chart | None:
    """Tree of the data of one market."""
    data = compute_hierarchy(results)
    if data is None:
        return None
    height = _HEAD + _ROW * len(data.shown) + 4
    drawn, (axes,) = sheet(WIDE, height, [Box(0, 0, WIDE, height, (0.0, WIDE), (0.0, height))])
    tips = draw_hierarchy(axes, data, kit, height)
    subtitle = kit.by_period(
        "A filled square is a month used, a ring one that is missing or set aside",
        "A filled square is a week used, a ring one that is missing or set aside",
    )
    return kit.chart(
        name,
        drawn,
        title=_title(data, kit),
        subtitle=subtitle,
        alt=_spoken(data, kit),
        table=table_hierarchy(data),
        tips=tips,
    )


def _title(data: Hierarchy, kit: Kit) -> str:
    f, most, least = kit.formats, data.rows[0], data.rows[-1]
    every = kit.periods(data.periods)
    if most == least:
        return kit.say("Of {periods}, {used} are used in every pharmacy.", periods=every, used=f.integer(most))
    return kit.say(
        "Of {periods}, {least} to {most} are used in a pharmacy, {mean} on average.",
        periods=every,
        least=f.integer(least),
        most=f.integer(most),
        mean=f.decimal(data.mean, 1),
    )


def _spoken(data: Hierarchy, kit: Kit) -> str:
    shops = kit.plural("{count} pharmacy", "{count} pharmacies", len(data.names))
    total = kit.plural("{count} row used", "{count} rows used", data.total)
    return kit.say("Market {market}: {pharmacies}, {rows}.", market=data.market, pharmacies=shops, rows=total)
