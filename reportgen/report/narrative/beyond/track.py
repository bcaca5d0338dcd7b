"""What earlier reports promised, and what came."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reportgen.report.words.phrases import mark

if TYPE_CHECKING:
    from reportgen.report.words.writer import Writer


def track_line(w: Writer) -> str:
    """How many intervals of earlier reports held what came, how many should, and by how much forecasts were off."""
    found = w.results.track
    if found is None:
        return ""
    count = w.count(found.count, "track.count")
    held = w.say(
        mark("Of {count} interval that earlier reports promised for a period, {held} held what came")
        if found.count == 1
        else mark("Of {count} intervals that earlier reports promised for a period, {held} held what came"),
        count=count,
        held=w.count(found.held, "track.held"),
    )
    rest = w.say(
        "{expected} should; forecasts were off by {error} of sales on average.",
        expected=w.number(found.expected, "track.expected", digits=1),
        error=w.percent(found.error, "track.error"),
    )
    return f"{held}; {rest}"
