"""Which rows a table has: pharmacies by period for one market, and how full each market is by period.

A row is a filled square; what is not quite a row has a shape of its own: a ring without sales, a lower half without
promotion, a dot for sales of zero, a square of the second colour where there are several. No row is an empty place.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, TypeVar

from reportgen.report.blocks import Chart, ChartTable
from reportgen.report.figures.drawing import marks
from reportgen.report.figures.drawing.plane import Box, sheet
from reportgen.report.figures.drawing.theme import SMALL, WIDE
from reportgen.report.figures.kit import Kit, Tip
from reportgen.report.typefaces.widths import fit_texts
from reportgen.report.words.names import clean

if TYPE_CHECKING:
    from reportgen.report.figures.drawing.plane import Plane, Sheet
    from reportgen.results import Calendar, MarketFacts

Value = TypeVar("Value", str, int)
_LEFT, _TOP, _BOTTOM, _RIGHT = 150.0, 6.0, 44.0, 12.0
_STEP, _LEAST = 14.0, 8.0
"""Height of a line in pixels: of few lines, and of many."""
MOST_MARKETS = 60
_STEPS = 5
"""Shades of how full a period is."""


def chart_calendar(market: MarketFacts, kit: Kit, name: str) -> Chart | None:
    """Rows of one market by pharmacy and period; ``None`` where no row has both."""
    found = market.calendar
    if found is None or not found.cells:
        return None
    drawn, axes = _plane(len(found.cells), len(found.periods))
    _frame(axes, found.pharmacies, found.periods, kit)
    tips = _draw_cells(axes, found, kit)
    missing = "".join(found.cells).count(".")
    return kit.chart(
        name,
        drawn,
        title=_title(market, kit),
        subtitle=kit.say(
            "A line is a pharmacy. Filled: a row; ring: without sales; half: without promotion; dot: sales of zero; "
            "second colour: several rows; empty: no row"
        ),
        foot=_left_out(found, kit),
        alt=kit.plural("{count} place without a row is drawn.", "{count} places without a row are drawn.", missing),
        table=ChartTable(
            columns=("pharmacy", *found.periods),
            rows=tuple((clean(pharmacy), *line) for pharmacy, line in zip(found.pharmacies, found.cells, strict=True)),
        ),
        tips=tips,
        zoom=len(found.cells) > 30,
    )


def _title(market: MarketFacts, kit: Kit) -> str:
    shops = kit.plural("{count} pharmacy", "{count} pharmacies", market.pharmacies)
    share = kit.formats.percent(market.filled or 0.0, digits=1)
    if market.filled == 1.0:
        return kit.say("{market}: every period has a row in all of {pharmacies}.", market=clean(market.market),
                       pharmacies=shops)  # fmt: skip
    return kit.say("{market}: {share} of the periods of {pharmacies} have a row.", market=clean(market.market),
                   share=share, pharmacies=shops)  # fmt: skip


def _left_out(found: Calendar, kit: Kit) -> str:
    """What is not drawn."""
    parts = []
    if found.pharmacies_left_out:
        parts.append(
            kit.plural(
                "{count} pharmacy with fewer gaps is not drawn.", "{count} pharmacies with fewer gaps are not drawn.",
                found.pharmacies_left_out,
            )
        )  # fmt: skip
    if found.periods_left_out:
        parts.append(
            kit.plural(
                "{count} earlier period is not drawn.", "{count} earlier periods are not drawn.", found.periods_left_out
            )
        )
    return " ".join(parts)


def _plane(lines: int, columns: int) -> tuple[Sheet, Plane]:
    step = _STEP if lines <= 30 else _LEAST
    height = lines * step
    drawn, (axes,) = sheet(
        WIDE, _TOP + height + _BOTTOM,
        [Box(_LEFT, _TOP, WIDE - _LEFT - _RIGHT, height, (-0.5, columns - 0.5), (lines - 0.5, -0.5))],
    )  # fmt: skip
    return drawn, axes


def _frame(axes: Plane, names: Sequence[str], periods: Sequence[str], kit: Kit) -> None:
    every = 1 if len(names) <= 30 else 2
    shown = [clean(name) for name in names[::every]]
    for k, text in enumerate(fit_texts(shown, _LEFT - 12, SMALL)):
        marks.label(axes, -0.5, k * every, text, kit.theme.muted, anchor="end", dx=-7)
    marks.time_axis(axes, kit.formats.axis_periods(tuple(periods)), kit.theme)


def _draw_cells(axes: Plane, found: Calendar, kit: Kit) -> list[Tip]:
    theme = kit.theme
    # In pixels, from 0.86 of a place in the narrower direction.
    size = min(0.86 / abs(axes.units[0]), 0.86 / abs(axes.units[1]))
    places: dict[str, list[tuple[int, int]]] = {}
    for y, line in enumerate(found.cells):
        for x, cell in enumerate(line):
            places.setdefault(cell, []).append((x, y))

    def boxes(cell: str, top: float = 0.43) -> list[tuple[float, float, float, float]]:
        return [
            (first - 0.43, y + 0.43, last + 0.43, y - top)
            for y, line in enumerate(found.cells)
            for first, last, value in _runs(line)
            if value == cell
        ]

    marks.rectangles(axes, boxes("r"), theme.accent, alpha=0.75)
    marks.rectangles(axes, boxes("p", top=-0.05), theme.accent)
    marks.rectangles(axes, boxes("2"), theme.second)
    for cell, hollow, wide in (("s", theme.paper, 0.7), ("0", "", 0.4)):
        spots = places.get(cell, ())
        marks.dots(
            axes, [x for x, _ in spots], [y for _, y in spots], theme.ink, size=max(size * wide, 2.4), hollow=hollow
        )
    words = {
        ".": kit.say("no row"), "0": kit.say("sales of zero"), "s": kit.say("without sales"),
        "p": kit.say("without promotion"), "2": kit.say("several rows"),
    }  # fmt: skip
    odd = [(x, y, words[cell]) for cell in words for x, y in places.get(cell, ())][:_MOST_TIPS]
    return [
        (*axes.pixel(x, y), f"{clean(found.pharmacies[y])}, {kit.formats.period(found.periods[x])}: {word}")
        for x, y, word in odd
    ]


def _runs(line: Sequence[Value]) -> Iterator[tuple[int, int, Value]]:
    """First and last place of neighbours that are the same: one bar, not a hundred squares."""
    start = 0
    for value, group in groupby(line):
        count = len(list(group))
        yield start, start + count - 1, value
        start += count


_MOST_TIPS = 300


def chart_coverage(markets: Sequence[MarketFacts], periods: Sequence[str], kit: Kit) -> Chart | None:
    """How full every market is by period: percent of its pharmacies with a row.

    Parameters
    ----------
    periods
        ISO labels of all periods drawn; a market's coverage begins at its own first one.
    """
    shown = [one for one in markets if one.period is not None and one.calendar is not None][:MOST_MARKETS]
    if not shown or not periods:
        return None
    at = {label: k for k, label in enumerate(periods)}
    drawn, axes = _plane(len(shown), len(periods))
    _frame(axes, [one.market for one in shown], periods, kit)
    shades: list[list[tuple[float, float, float, float]]] = [[] for _ in range(_STEPS)]
    tips: list[Tip] = []
    for y, one in enumerate(shown):
        labels = one.calendar.periods if one.calendar is not None else ()
        line = [0] * len(periods)
        for label, percent in zip(labels, one.coverage, strict=True):
            if label in at:
                line[at[label]] = percent
        for first, last, percent in _runs(line):
            half = 0.43 * max(percent / 100.0, 0.12)  # size says it too, not colour alone
            if percent:
                box = (first - 0.43, y + 0.43, last + 0.43, y + 0.43 - 2 * half)
                shades[min(_STEPS - 1, percent * _STEPS // 100)].append(box)
            if 0 < percent < 100 and len(tips) < _MOST_TIPS:
                text = f"{clean(one.market)}, {kit.formats.period(periods[first])}: {percent} %"
                tips.append((*axes.pixel(first, y), text))
    for k, boxes in enumerate(shades):
        marks.rectangles(axes, boxes, kit.theme.accent, alpha=0.35 + 0.65 * k / (_STEPS - 1))
    whole = len([one for one in shown if one.filled == 1.0])
    left = len(markets) - len(shown)
    return kit.chart(
        "coverage",
        drawn,
        title=kit.plural(
            "{count} of {all} markets has a row for every pharmacy and period.",
            "{count} of {all} markets have a row for every pharmacy and period.",
            whole,
            all=kit.formats.integer(len(shown)),
        ),
        subtitle=kit.say("A line is a market; the fuller and darker a square, the more of its pharmacies have a row"),
        foot=kit.plural("{count} more market is in the table.", "{count} more markets are in the table.", left)
        if left
        else "",
        table=ChartTable(
            columns=("market", "rows", "pharmacies", "filled"),
            rows=tuple((clean(one.market), one.rows, one.pharmacies, one.filled) for one in shown),
        ),
        tips=tips,
    )
