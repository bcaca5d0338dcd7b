"""What earlier reports promised, period by period."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reportgen.report.blocks import Cell, Column, Row, Table
from reportgen.report.tables.cells import interval_label, money_span

if TYPE_CHECKING:
    from reportgen.report.words.writer import Writer
    from reportgen.results import ScoredPeriod


def track(w: Writer) -> Table | None:
    """A row per promise that was scored, the latest period first; for screens."""
    found = w.results.track
    if found is None:
        return None
    return Table(
        name="track",
        caption=w.say("What was said, and what came"),
        columns=(
            Column(label=w.by_period("Month", "Week"), numeric=False),
            Column(label=w.by_period("Months ahead", "Weeks ahead")),
            Column(label=w.say("Said")),
            Column(label=interval_label(w)),
            Column(label=w.say("Came")),
            Column(label=w.say("Held"), numeric=False),
        ),
        rows=tuple(_row(w, one) for one in reversed(found.periods)),
        only="screen",
    )


def _row(w: Writer, one: ScoredPeriod) -> Row:
    f = w.formats
    return Row(
        cells=(
            Cell(text=f.period(one.period), raw=(one.period,)),
            Cell(text=f.integer(one.ahead), sort=one.ahead),
            Cell(text=f.money_short(one.said), sort=one.said),
            money_span(f, one.lower, one.upper),
            Cell(text=f.money_short(one.came), sort=one.came),
            Cell(text=w.say("yes") if one.held else w.say("no")),
        )
    )
