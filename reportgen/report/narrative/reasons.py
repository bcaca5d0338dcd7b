"""Why a market has no estimate: the rule that refused it in plain words, and what would make it work.

Every reason code of the statistics has a pair of sentences; an unknown code gets a general one, so a new
code can never leave a report without an explanation.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reportgen.report.words.names import clean
from reportgen.report.words.phrases import mark

if TYPE_CHECKING:
    from reportgen.report.words.writer import Writer
    from reportgen.results import Reason

_FOUND = {
    "too-few-pharmacies": mark(
        "Only {value} pharmacies have usable rows; differences between pharmacies need at least {limit}."
    ),
    "too-few-months": mark(
        "A typical pharmacy has {value} usable {periods}; carry-over and lagged sales need at least {limit}."
    ),
    "promotion-constant": mark(
        "Promotion (column {column}, unit: {unit}) was {value} in every row that can be used, so its effect cannot be "
        "separated from the average level of sales."
    ),
    "promotion-not-within": mark(
        "Promotion (column {column}) never changes within a pharmacy, so its effect cannot be told apart from other "
        "differences between pharmacies."
    ),
    "no-promotion": mark(
        "The column {column} holds no promotion in any usable row, so there is no effect to estimate."
    ),
    "rank-deficient": mark(
        "The column {column} repeats what other columns already say, so their effects cannot be separated."
    ),
    "no-usable-rows": mark(
        "No row is left once the rows with missing values and the first {periods} of each pharmacy are set aside."
    ),
    "one-row-per-pharmacy": mark(
        "Every pharmacy has a single usable row, so nothing can be learnt about change within a pharmacy."
    ),
    "too-few-rows": mark("Only {value} rows can be used; this model needs at least {limit}."),
    "infinite-values": mark("The column {column} holds infinite values."),
    "constant-response": mark("Sales are the same in every usable row, so there is nothing to explain."),
    "not-certified": mark(
        "The model was fitted, but the result did not pass the proof that it is the best fit. Numbers that may be "
        "wrong "
        "are not printed."
    ),
    "singular": mark(
        "The data cannot separate all differences between pharmacies: at least one of them is estimated as zero."
    ),
    "breaks-down": mark(
        "The computation breaks down on these data: some columns hardly vary, nearly repeat each other or explain "
        "sales completely."
    ),
    "contract": mark("The table breaks a rule of the data contract: {detail}"),
}

_CURE = {
    "too-few-pharmacies": mark("Report at least {limit} pharmacies together, for example by joining similar markets."),
    "too-few-months": mark(
        "Collect more {periods}: {limit} usable ones per pharmacy at least, 24 or more to be precise."
    ),
    "promotion-constant": mark(
        "Vary promotion: give some pharmacies more and some less for a few {periods}, best by lot."
    ),
    "promotion-not-within": mark("Change promotion over time within pharmacies, best by lot."),
    "no-promotion": mark("Check that promotion is recorded in {column}, and that it is recorded for this market."),
    "rank-deficient": mark("Leave out {column}, or record it so that it moves on its own."),
    "no-usable-rows": mark("Fill the gaps in sales and promotion, or report a longer period."),
    "one-row-per-pharmacy": mark("Report several {periods} in a row for each pharmacy."),
    "too-few-rows": mark("Report more {periods} or more pharmacies."),
    "infinite-values": mark("Correct the infinite values in {column}."),
    "constant-response": mark("Check how sales are recorded: real sales vary."),
    "not-certified": mark(
        "Look for extreme values, or try a simpler model: random_slope = false, or ladder = true, in the settings."
    ),
    "breaks-down": mark(
        "Look for columns that hardly vary or nearly repeat each other, or try a simpler model: random_slope = false, "
        "in the settings."
    ),
    "contract": mark("Correct the table where the data check names it, and build again."),
}

_GENERAL_FOUND = mark("The data of this market do not allow an estimate (rule: {code}).")
_GENERAL_CURE = mark("Run the data check; it names the file, the column and the first rows.")


def found(w: Writer, reason: Reason, index: int = 0) -> str:
    """What was found and which rule refused it, in one or two sentences."""
    message = _FOUND.get(reason.code, _GENERAL_FOUND)
    return w.say(message, **_values(w, reason, index, message))


def cure(w: Writer, reason: Reason, index: int = 0) -> str:
    """What would make it work."""
    message = _CURE.get(reason.code, _GENERAL_CURE)
    return w.say(message, **_values(w, reason, index, message))


_LEFT_OUT = {
    "promotion-constant": mark("it is the same in every row."),
    "promotion-not-within": mark("it never changes within a pharmacy."),
}


def left_out(w: Writer, reason: Reason) -> str:
    """Why one promotion column of several is no part of the model."""
    return w.say(_LEFT_OUT.get(reason.code, mark("it cannot be told apart from the rest.")))


def _values(w: Writer, reason: Reason, index: int, message: str) -> dict[str, str]:
    """Only what ``message`` prints, so that the record of facts holds no number that is not there."""
    made = {
        "code": clean(reason.code, 40),
        "column": clean(reason.column or w.say("promotion")),
        "detail": clean(reason.detail or "", 200),
        "periods": w.periods,
        "unit": w.unit,
    }
    for name, value in (("value", reason.value), ("limit", reason.limit)):
        if "{" + name + "}" in message:
            source = f"reasons.{index}.{name}"
            made[name] = w.say("too few") if value is None else w.fact(w.shortest(value), value, source)
    return made
