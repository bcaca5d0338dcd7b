"""The size of the effect beside the sizes that collections of studies found."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reportgen.report.narrative.verdict import shown_code
from reportgen.report.words.phrases import mark
from reportgen.results.verdict import OPEN_VERDICTS

if TYPE_CHECKING:
    from reportgen.report.words.writer import Writer

_SOURCES = {
    "albers-2010": mark("Albers, Mantrala, Sridhar (2010)"),
    "kremer-2008": mark("Kremer, Bijmolt, Leeflang, Wieringa (2008)"),
}


def elasticity_words(w: Writer) -> str:
    """Percent of sales per percent of promotion, and the published means with their sources."""
    found = w.results.elasticity
    if found is None or shown_code(w.results) in OPEN_VERDICTS:
        return ""
    estimate = w.number(found.estimate, "elasticity.estimate", digits=2)
    own = (
        w.say("One percent more promotion, kept up, goes with {estimate} percent more sales.", estimate=estimate)
        if found.lower is None or found.upper is None
        else w.say(
            "One percent more promotion, kept up, goes with {estimate} percent more sales ({lower} to {upper}).",
            estimate=estimate,
            lower=w.number(found.lower, "elasticity.lower", digits=2),
            upper=w.number(found.upper, "elasticity.upper", digits=2),
        )
    )
    others = (
        w.say(
            "{value} in {source}",
            source=w.say(_SOURCES[one.source]),
            value=w.number(one.value, f"elasticity.published.{k}.value"),
        )
        for k, one in enumerate(found.published)
    )
    return w.sentences(own, w.say("Published means for visits to physicians: {others}.", others=", ".join(others)))
