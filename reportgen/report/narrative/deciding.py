"""What is not given and why, in words: one sentence a reason, for the first page and wherever a number is missing.

The codes are those of the table in ``model/deciding.py``; a code that has no words here is told under its check's name,
so that nothing is taken away in silence.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reportgen.report.narrative import reasons
from reportgen.report.words.checks import check_name
from reportgen.report.words.names import clean
from reportgen.report.words.phrases import mark

if TYPE_CHECKING:
    from reportgen.report.words.writer import Writer
    from reportgen.results import Check, Quantity, Withheld

SENTENCES: dict[str, tuple[str, str]] = {
    "best-fit-not-proven": (
        mark("The best fit is not proven."),
        mark("The best fit is not proven."),
    ),
    "two-answers": (
        mark(
            "Two explanations fit nearly as well, with different effects: much persistence of sales and pharmacies "
            "alike, or the reverse."
        ),
        mark(
            "Two explanations fit nearly as well, with different effects: much persistence of sales and pharmacies "
            "alike, or the reverse."
        ),
    ),
    "sales-do-not-settle": (
        mark("Sales do not settle after a change, so what promotion brings kept up has no value."),
        mark("Sales do not settle after a change, so what promotion brings kept up has no value."),
    ),
    "promotion-follows-sales": (
        mark(
            "Next month’s promotion goes with this month’s sales: promotion seems to follow sales or to be recorded "
            "late, and what it brings cannot be told from that."
        ),
        mark(
            "Next week’s promotion goes with this week’s sales: promotion seems to follow sales or to be recorded "
            "late, and what it brings cannot be told from that."
        ),
    ),
    "visits-foresee-sales": (
        mark(
            "The month of the promotion itself stands apart from the months after it, as where visits go to months "
            "expected to be good or bad, or work later; what promotion brings cannot be told from that."
        ),
        mark(
            "The week of the promotion itself stands apart from the weeks after it, as where visits go to weeks "
            "expected to be good or bad, or work later; what promotion brings cannot be told from that."
        ),
    ),
    "estimators-disagree": (
        mark("Comparing pharmacies with themselves and with each other gives opposite signs."),
        mark("Comparing pharmacies with themselves and with each other gives opposite signs."),
    ),
    "season-not-separated": (
        mark("The effect changes when every calendar month gets its own level: it cannot be told from the season."),
        mark("The effect changes when every calendar month gets its own level: it cannot be told from the season."),
    ),
    "campaigns-common": (
        mark("Campaigns ran everywhere in common months, so their effect cannot be told from what else happened then."),
        mark("Campaigns ran everywhere in common weeks, so their effect cannot be told from what else happened then."),
    ),
    "time-left-out": (
        mark("The effect changes when every month gets a level of its own: it cannot be told from growth and season."),
        mark("The effect changes when every week gets a level of its own: it cannot be told from growth and season."),
    ),
    "few-territories": (
        mark("Promotion moves with so few territories that chance cannot be told from an effect."),
        mark("Promotion moves with so few territories that chance cannot be told from an effect."),
    ),
    "territories-left-out": (
        mark("Sales move together by {detail}, which the model does not know: name it in panel.territory."),
        mark("Sales move together by {detail}, which the model does not know: name it in panel.territory."),
    ),
    "growth-differs": (
        mark("Pharmacies grow at rates of their own, which the model does not have: promotion may stand for growth."),
        mark("Pharmacies grow at rates of their own, which the model does not have: promotion may stand for growth."),
    ),
    "one-pharmacy-decides": (
        mark("The answer hangs on one pharmacy: {detail}."),
        mark("The answer hangs on one pharmacy: {detail}."),
    ),
    "carry-over-at-edge": (
        mark("The best carry-over is the longest that was tried, so the record does not show where an effect ends."),
        mark("The best carry-over is the longest that was tried, so the record does not show where an effect ends."),
    ),
    "memory-too-long": (
        mark("An effect lasts so long that a third of the record does not show the half of it."),
        mark("An effect lasts so long that a third of the record does not show the half of it."),
    ),
    "totals-beyond-sales": (
        mark("What promotion is computed to have brought cannot be told from all sales there were."),
        mark("What promotion is computed to have brought cannot be told from all sales there were."),
    ),
    "values-out-of-line": (
        mark("Some values are ten or a hundred times what their pharmacy usually has (the first: {detail})."),
        mark("Some values are ten or a hundred times what their pharmacy usually has (the first: {detail})."),
    ),
    "zeros-for-missing": (
        mark("Missing months seem to be written as zeros (the first: {detail}); they decide the result."),
        mark("Missing months seem to be written as zeros (the first: {detail}); they decide the result."),
    ),
    "arms-differed": (
        mark("Pharmacies that were assigned more sold otherwise than the others before: that is no lot."),
        mark("Pharmacies that were assigned more sold otherwise than the others before: that is no lot."),
    ),
    "treated-too-short": (
        mark("Too few months passed since promotion was assigned to show what remains of an effect."),
        mark("Too few weeks passed since promotion was assigned to show what remains of an effect."),
    ),
    "experiment-disagrees": (
        mark("An experiment in this market found something else than the estimate from the record says."),
        mark("An experiment in this market found something else than the estimate from the record says."),
    ),
    "mostly-zero": (
        mark("Most sales are zero: a straight line through them is an average over a few orders, not what to expect."),
        mark("Most sales are zero: a straight line through them is an average over a few orders, not what to expect."),
    ),
    "other-scale": (
        mark("Another scale of sales explains the same rows better: set model.response to “{detail}”."),
        mark("Another scale of sales explains the same rows better: set model.response to “{detail}”."),
    ),
    "effect-not-in-proportion": (
        mark(
            "Large pharmacies do not respond in proportion to their size, as the relative scale has it; large and "
            "small ones as markets of their own would tell."
        ),
        mark(
            "Large pharmacies do not respond in proportion to their size, as the relative scale has it; large and "
            "small ones as markets of their own would tell."
        ),
    ),
    "longer-memory": (
        mark("Sales remember longer than the model does; these lags explain the rows better: model.lags = [{detail}]."),
        mark("Sales remember longer than the model does; these lags explain the rows better: model.lags = [{detail}]."),
    ),
    "implausibly-large": (
        mark(
            "The effect is larger than sales allow: something that grew along with promotion is taken for its effect."
        ),
        mark(
            "The effect is larger than sales allow: something that grew along with promotion is taken for its effect."
        ),
    ),
    "levels-shift": (
        mark("Sales of single pharmacies move to another level for good (the clearest: {detail}), visits along."),
        mark("Sales of single pharmacies move to another level for good (the clearest: {detail}), visits along."),
    ),
    "levels-move": (
        mark(
            "Levels of sales move from year to year in single pharmacies, which passes for persistence: what promotion "
            "that is kept up brings is not known."
        ),
        mark(
            "Levels of sales move from year to year in single pharmacies, which passes for persistence: what promotion "
            "that is kept up brings is not known."
        ),
    ),
    "visits-follow-levels": (
        mark(
            "Where sales of single pharmacies move to another level, promotion moves along, more than it can have "
            "brought: what it brings cannot be told from that."
        ),
        mark(
            "Where sales of single pharmacies move to another level, promotion moves along, more than it can have "
            "brought: what it brings cannot be told from that."
        ),
    ),
    "effect-drifts": (
        mark("The effect changes along the record, so one number for all of it is not what promotion brings today."),
        mark("The effect changes along the record, so one number for all of it is not what promotion brings today."),
    ),
    "effect-flattens": (
        mark(
            "The response to promotion bends otherwise than the model has it (model.shape): what the first units bring "
            "and the total are not known."
        ),
        mark(
            "The response to promotion bends otherwise than the model has it (model.shape): what the first units bring "
            "and the total are not known."
        ),
    ),
    "memory-left": (
        mark(
            "What the model leaves over is still correlated from month to month, so how an effect spreads over months "
            "is not known."
        ),
        mark(
            "What the model leaves over is still correlated from week to week, so how an effect spreads over weeks is "
            "not known."
        ),
    ),
}
"""Why something is not given, by code: for months and for weeks."""

QUANTITIES: dict[Quantity, tuple[str, str]] = {
    "works": (mark("whether promotion works"), mark("whether promotion works")),
    "kept-up": (mark("the effect kept up"), mark("the effect kept up")),
    "first-month": (mark("the effect of the first month"), mark("the effect of the first week")),
    "in-all": (mark("the effect in all"), mark("the effect in all")),
    "totals": (mark("the sales that promotion brought"), mark("the sales that promotion brought")),
    "decay": (mark("the carry-over"), mark("the carry-over")),
}
"""What is not given, the most wanted first."""


def withheld_lines(w: Writer) -> tuple[str, ...]:
    """One line a reason: why, and what is not given for it; the gravest first, each quantity once."""
    groups: dict[tuple[str, str | None], list[Withheld]] = {}
    for one in w.results.withheld:
        groups.setdefault((one.sentence, one.channel), []).append(one)
    told: set[tuple[Quantity, str | None]] = set()
    lines = []
    for group in groups.values():
        gone = {one.quantity for one in group if not {(one.quantity, None), (one.quantity, one.channel)} & told}
        told |= {(one.quantity, one.channel) for one in group}
        lines.append(_line(w, group[0], gone))
    return tuple(lines)


def left_out_lines(w: Writer) -> tuple[str, ...]:
    """One line a promotion column that is no part of the model, with its reason."""
    return tuple(
        w.say("{column} is left out: {reason}", column=clean(one.column or "–", 40), reason=reasons.left_out(w, one))
        for one in w.results.data.channels_left_out
    )


def season_line(w: Writer) -> str:
    """That the season could not be looked at, where it could matter: the model has no effects of time of its own."""
    time = w.results.time
    timed = time is not None and time.kind not in ("trend", "none")
    check = next((one for one in w.results.checks if one.id == "seasonality"), None)
    if timed or check is None or check.status != "not-run":
        return ""
    return w.say("Whether the season carries part of the effect could not be checked: the record is too short.")


def deciding_sentence(w: Writer, check: str) -> str:
    """Why, in one sentence, if this check withholds the verdict; else empty."""
    return next((why(w, one) for one in w.results.withheld if one.check == check and one.quantity == "works"), "")


def _line(w: Writer, first: Withheld, gone: set[Quantity]) -> str:
    names = w.listed([w.say(words[w.weekly]) for quantity, words in QUANTITIES.items() if quantity in gone], limit=6)
    text = w.sentences(why(w, first), w.say("Not known for that reason: {names}.", names=names) if gone else "")
    if first.channel is None or len(w.results.model.channels if w.results.model is not None else ()) < 2:
        return text
    return w.say("{channel}: {sentence}", channel=clean(first.channel, 40), sentence=text)


def why(w: Writer, one: Withheld) -> str:
    """The sentence of one reason."""
    check = _check(w, one)
    found = SENTENCES.get(one.sentence)
    if found is None:
        name = clean(one.check, 40) if check is None else check_name(w, w.results, check)
        return w.say("The check “{name}” is not met.", name=name)
    return w.say(found[w.weekly], detail=clean((check.detail if check is not None else None) or "–", 40))


def _check(w: Writer, one: Withheld) -> Check | None:
    return next((check for check in w.results.checks if (check.id, check.channel) == (one.check, one.channel)), None)
