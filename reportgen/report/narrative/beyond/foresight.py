"""What no check can see, bounded: promotion that goes where a good period is foreseen."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reportgen.report.words.writer import Writer


def foresight_line(w: Writer) -> str:
    """From which correlation on nothing would be left for certain, and what the record shows of the kind."""
    found = w.results.foresight
    if found is None:
        return ""
    if found.correlation_at_limit >= 1.0:
        return w.say(
            "No check can rule out promotion that goes where good sales are foreseen; the effect is too large for that."
        )
    bound = w.by_period(
        "No check can see whether promotion went to months foreseen to be good: were it so strongly that promotion and "
        "unexplained sales correlate by {limit} within pharmacies, the effect could be nothing.",
        "No check can see whether promotion went to weeks foreseen to be good: were it so strongly that promotion and "
        "unexplained sales correlate by {limit} within pharmacies, the effect could be nothing.",
        limit=w.number(found.correlation_at_limit, "foresight.correlation_at_limit", digits=2),
    )
    if found.observed is None:
        return bound
    seen = w.by_period(
        "What can be seen of that kind, with promotion of the month after, is {observed}.",
        "What can be seen of that kind, with promotion of the week after, is {observed}.",
        observed=w.number(found.observed, "foresight.observed", digits=2),
    )
    return w.sentences(bound, seen)


def foresight_words(w: Writer) -> str:
    """For the statistician: both numbers, and how they were found."""
    found = w.results.foresight
    if found is None:
        return ""
    return w.say(
        "Foresight: a correlation of {whole} between promotion and what the model leaves unexplained, within "
        "pharmacies and beside all other columns, would make the whole estimate; {limit} would make as much of it as "
        "lies below its interval. Both solve the bias of an omitted variable (Cinelli and Hazlett), carry-over held; "
        "the comparison is what Cinelli and Hazlett call a benchmark.",
        whole=w.number(found.correlation, "foresight.correlation", digits=2),
        limit=w.number(found.correlation_at_limit, "foresight.correlation_at_limit", digits=2),
    )
