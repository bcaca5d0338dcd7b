"""The promotion effect class by class, in words: whether classes differ, and what is told of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reportgen.report.words.names import clean
from reportgen.report.words.phrases import mark

if TYPE_CHECKING:
    from reportgen.report.words.writer import Writer
    from reportgen.results import ModeratorEffects

LEVEL = 0.05
_REASONS = {
    "one-class": mark("By {column} nothing is told: fewer than two classes have three pharmacies or more."),
    "many-classes": mark("By {column} nothing is told: there are too many classes."),
    "not-told-apart": mark("By {column} nothing is told: promotion does not vary enough within every class."),
    "not-certified": mark("By {column} nothing is told: the best fit of that model is not proven."),
    "pooled": mark("By {column} nothing is told: the model has no level for pharmacies."),
}


def class_words(w: Writer, k: int, one: ModeratorEffects) -> str:
    """One or two sentences on the classes of one column."""
    column = clean(one.column, 40)
    if one.reason:
        return w.say(_REASONS[one.reason], column=column)
    if not any(size.estimate is not None for row in one.classes for size in (row.first_period, row.kept_up)):
        return w.say("By {column} nothing is told, because the effect of the market is not given.", column=column)
    lead = w.say(
        "The effect by {column}, from a model with a promotion effect for every class and the carry-over of the "
        "market.",
        column=column,
    )
    if one.p is None:
        return w.sentences(lead, w.say("Too few territories carry these classes to test whether they differ."))
    p = w.p(one.p, f"moderators.{k}.p")
    if len({row.channel for row in one.classes}) > 1:
        lead = w.sentences(lead, w.say("The test is of {channel}.", channel=clean(one.classes[0].channel, 40)))
    if one.p < LEVEL:
        chance = w.say(
            "Classes that were made from the sales of this record (by size or growth) differ by chance as well, which "
            "that number does not count: make them from earlier sales."
        )
        return w.sentences(lead, w.say("The classes differ in their effect ({p}).", p=p), chance)
    return w.sentences(
        lead, w.say("That the classes differ in their effect cannot be said ({p}); overlapping is not equal.", p=p)
    )
