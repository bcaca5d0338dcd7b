"""What earlier reports promised, and what came."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reportgen.report.words.writer import Writer


def track_line(w: Writer) -> str:
    """How many intervals of earlier reports held what came, how many should, and by how much forecasts were off."""
    found = w.results.track
    if found is None:
        return ""
    return w.say(
        "Promised intervals that came due: {count}; held: {held} ({expected} should); off by {error} of sales.",
        count=w.count(found.count, "track.count"),
        held=w.count(found.held, "track.held"),
        expected=w.number(found.expected, "track.expected", digits=1),
        error=w.percent(found.error, "track.error"),
    )
