"""All checks as one strip: how much of its limit each has used, grouped by the question it answers.

One axis for all: 0 is nothing, 1 the limit. The group with the check nearest to its limit comes first, and in each
group that check.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from reportgen.report.blocks import Chart, ChartTable
from reportgen.report.figures.drawing import marks
from reportgen.report.figures.drawing.plane import Box, sheet
from reportgen.report.figures.drawing.theme import WIDE
from reportgen.report.typefaces.widths import fit_text
from reportgen.report.words.checks import check_name, limit_text, question, value_text
from reportgen.results.derived.closeness import beyond, closeness

if TYPE_CHECKING:
    from reportgen.report.figures.drawing.plane import Plane
    from reportgen.report.figures.kit import Kit, Tip
    from reportgen.results import Check, MarketResults

_ROW, _END, _SIZE = 11.6, 1.5, 9.6
"""Pixels of a row; where the axis ends (what lies beyond is drawn there); size of the type."""


@dataclass(frozen=True, slots=True)
class Line:
    """A row of the strip: a check with its share of the limit, or the question above a group (no check)."""

    text: str
    check: Check | None = None
    used: float | None = None


def compute_strip(results: MarketResults, kit: Kit) -> tuple[tuple[Line, ...], ...]:
    """Groups of rows, the most telling first; checks that were not run come last in theirs."""
    groups: dict[str, list[Line]] = {}
    for check in results.checks:
        made = Line(check_name(kit, results, check), check, closeness(check))
        groups.setdefault(question(check.id), []).append(made)
    ordered = [(head, sorted(rows, key=_rank)) for head, rows in groups.items()]
    return tuple((Line(kit.say(head)), *rows) for head, rows in sorted(ordered, key=lambda group: _rank(group[1][0])))


def _rank(line: Line) -> float:
    return math.inf if line.used is None else -line.used


def table_strip(groups: tuple[tuple[Line, ...], ...]) -> ChartTable:
    """Return one row per check."""
    rows = tuple(
        (
            line.check.id, group[0].text, line.check.value, line.check.threshold,
            None if line.used is None or math.isinf(line.used) else line.used, line.check.status,
        )
        for group in groups
        for line in group
        if line.check is not None
    )  # fmt: skip
    return ChartTable(columns=("check", "question", "value", "limit", "of_limit", "status"), rows=rows)


def draw_strip(axes: Plane, rows: list[Line], kit: Kit, names: float, values: float) -> list[Tip]:
    """One column of rows: name, axis, value with its limit."""
    theme, tips = kit.theme, []
    top = axes.y[1]
    marks.rectangles(axes, [(1.0, axes.y[0], _END, top)], theme.second, alpha=0.1)
    marks.line(axes, [0.0, 0.0], list(axes.y), theme.line)
    marks.line(axes, [1.0, 1.0], list(axes.y), theme.second, width=1.1, dash=(4, 3), clip=False)
    marks.label(axes, 1.0, top, kit.say("limit"), theme.second, anchor="middle", valign="base", dy=4, size=_SIZE)
    marks.label(axes, 0.0, top, "0", theme.muted, anchor="middle", valign="base", dy=4, size=_SIZE)
    for k, line in enumerate(rows):
        y = axes.y[1] - 0.5 - k
        if line.check is None:
            text = fit_text(line.text, names + (axes.right - axes.left), _SIZE, 600)
            marks.label(axes, 0.0, y, text, theme.ink, dx=-names, size=_SIZE, weight=600, halo=theme.paper)
            continue
        passed = line.check.status == "pass"
        shade = theme.muted if line.used is None else theme.ink if passed else theme.second
        marks.label(axes, 0.0, y, fit_text(line.text, names - 10, _SIZE), shade, dx=-names, size=_SIZE)
        said = kit.say("not run")
        if line.used is not None:
            x = min(line.used, _END)
            said = f"{value_text(kit, line.check)} ({limit_text(kit, line.check)})"
            marks.segments(axes, np.array([0.0]), np.array([y]), np.array([x]), np.array([y]), shade, width=1.2)
            color = theme.accent if passed else theme.second
            marks.dots(axes, [x], [y], color, size=6.5, shape="round" if passed else "diamond",
                       hollow=theme.paper if line.check.status == "review" else "")  # fmt: skip
            tips.append((*axes.pixel(x, y), f"{line.text}: {said}"))
        marks.label(axes, _END, y, fit_text(said, values - 8, _SIZE), theme.muted, dx=8, size=_SIZE)
    return tips


def _split(groups: tuple[tuple[Line, ...], ...]) -> list[list[Line]]:
    """Two columns of about one length; no group is broken."""
    half = len([line for group in groups for line in group]) / 2
    columns: tuple[list[Line], list[Line]] = ([], [])
    for group in groups:
        columns[0 if len(columns[0]) + len(group) / 2 <= half and not columns[1] else 1].extend(group)
    return [column for column in columns if column]


def chart_strip(results: MarketResults, kit: Kit, name: str = "checks") -> Chart | None:
    """Every check, value over limit."""
    if not results.checks:
        return None
    groups = compute_strip(results, kit)
    columns = _split(groups)
    rows, gap, values = max(map(len, columns)), 14.0, 88.0
    wide = (WIDE - gap * (len(columns) - 1)) / len(columns)
    names = wide * 0.48
    boxes = [
        Box(k * (wide + gap) + names, 16, wide - names - values, _ROW * rows, (0.0, _END), (0.0, float(rows)))
        for k in range(len(columns))
    ]
    drawn, planes = sheet(WIDE, _ROW * rows + 20, boxes)
    tips = [
        tip
        for plane, lines in zip(planes, columns, strict=True)
        for tip in draw_strip(plane, lines, kit, names, values)
    ]
    over = beyond(results.checks)
    run = results.checks_run
    title = kit.say("All {count} checks that were run are within their limits.", count=kit.formats.integer(run))
    if over:
        title = kit.plural(
            "{count} of {run} checks lies beyond its limit.", "{count} of {run} checks lie beyond their limits.",
            over, run=kit.formats.integer(run),
        )  # fmt: skip
    return kit.chart(
        name,
        drawn,
        title=title,
        tips=tips,
        table=table_strip(groups),
        subtitle=kit.say("How much of its limit each check has used, by the question it answers; the nearest first"),
        foot=kit.say(
            "Behind each its value and, in brackets, its limit. Hollow diamonds: worth a look; filled: failed."
        ),
    )
