"""What a build will do with a market, in words, before there is a build: for the terminal and the data page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reportgen.report.narrative import reasons
from reportgen.report.narrative.deciding import left_out_lines, withheld_lines
from reportgen.report.words.phrases import mark
from reportgen.report.words.writer import make_writer

if TYPE_CHECKING:
    from reportgen.results import MarketProspect, Outcome
    from reportgen.settings.sections import Settings

OUTCOMES: dict[Outcome, str] = {
    "refused": mark("refused"),
    "no-estimate": mark("report without an estimate"),
    "withheld": mark("estimate, some of it withheld"),
    "estimate": mark("estimate"),
}
"""What a market gets, the gravest first."""


def prospect_lines(one: MarketProspect, settings: Settings) -> tuple[str, ...]:
    """Why a market gets less than an estimate, a sentence each with what would help; empty where it gets one."""
    if one.known is None:
        return ()
    w = make_writer(one.known, settings)
    found = [
        f"{reasons.found(w, reason, i)} {reasons.cure(w, reason, i)}" for i, reason in enumerate(one.known.reasons)
    ]
    return (*found, *left_out_lines(w), *withheld_lines(w))
