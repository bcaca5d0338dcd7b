"""The answer of a market: one word, one sentence, read from the verdict code and never from a p-value.

A market without a proven or possible estimate never gets a sentence that says promotion works: the word is
``Cannot tell``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reportgen.report.blocks import Tone, VerdictLine
from reportgen.report.narrative import reasons
from reportgen.report.words.phrases import mark

if TYPE_CHECKING:
    from reportgen.report.words.writer import Writer
    from reportgen.results import FixedEffect, LongRun, MarketResults, Status, VerdictCode

WORDS: dict[VerdictCode, tuple[str, Tone]] = {
    "works": (mark("Works"), "good"),
    "works-unevenly": (mark("Works unevenly"), "mixed"),
    "unclear": (mark("Unclear"), "unsure"),
    "no-effect": (mark("No effect seen"), "none"),
    "negative": (mark("Works against"), "bad"),
    "cannot-tell": (mark("Cannot tell"), "unknown"),
}

_OBSERVED = {
    "more-long": mark(
        "{amount} is associated with {effect} more sales {per_pharmacy} in the long run ({level} interval {interval})."
    ),
    "less-long": mark(
        "{amount} is associated with {effect} less sales {per_pharmacy} in the long run ({level} interval of the "
        "change "
        "{interval})."
    ),
    "more-now": mark(
        "{amount} is associated with {effect} more sales {per_pharmacy} at once ({level} interval {interval})."
    ),
    "less-now": mark(
        "{amount} is associated with {effect} less sales {per_pharmacy} at once ({level} interval of the change "
        "{interval})."
    ),
}
_CAUSED = {
    "more-long": mark(
        "{amount} brings {effect} more sales {per_pharmacy} in the long run ({level} interval {interval})."
    ),
    "less-long": mark(
        "{amount} costs {effect} of sales {per_pharmacy} in the long run ({level} interval of the change {interval})."
    ),
    "more-now": mark("{amount} brings {effect} more sales {per_pharmacy} at once ({level} interval {interval})."),
    "less-now": mark(
        "{amount} costs {effect} of sales {per_pharmacy} at once ({level} interval of the change {interval})."
    ),
}


def shown_code(results: MarketResults) -> VerdictCode:
    """Verdict as it may be shown: only a certified estimate may be called working."""
    return shown(results.status, results.verdict.code)


def shown(status: Status, code: VerdictCode) -> VerdictCode:
    """The same from status and code alone."""
    if status in ("not-estimated", "not-estimable"):
        return "cannot-tell"
    return code


_STATUS = {
    "ok": mark("estimated"),
    "singular": mark("estimated; how pharmacies differ is at the limit of what the data show"),
    "not-estimated": mark("no estimate passed the proof that it is the best one"),
    "not-estimable": mark("the data do not allow an estimate"),
}


def status_label(w: Writer) -> str:
    """What became of the market's estimate, in words."""
    return w.say(_STATUS[w.results.status])


def verdict_line(w: Writer) -> VerdictLine:
    """Word, tone and sentence of the market."""
    code = shown_code(w.results)
    word, tone = WORDS[code]
    return VerdictLine(word=w.say(word), tone=tone, sentence=_sentence(w, code))


def effect_sentence(w: Writer) -> str:
    """Estimate, unit and interval of the long-run effect (of the immediate one where there is no long run)."""
    row, source, horizon = _shown_effect(w)
    if row is None or row.estimate is None or row.lower is None or row.upper is None:
        return ""
    words = _CAUSED if _experiment(w) else _OBSERVED
    message = words[("less-" if row.estimate < 0 else "more-") + horizon]
    return w.say(
        message,
        amount=w.start(w.one_more),
        effect=w.effect(row.estimate, f"{source}.estimate", row.se, size=True),
        per_pharmacy=w.per_pharmacy,
        level=w.level,
        interval=w.effect_interval(row.lower, row.upper, source, row.se),
    )


def _experiment(w: Writer) -> bool:
    return w.results.model is not None and w.results.model.design == "experiment"


def _shown_effect(w: Writer) -> tuple[LongRun | FixedEffect | None, str, str]:
    long_run = w.results.long_run
    if long_run is not None and long_run.stationary and long_run.estimate is not None and long_run.lower is not None:
        return long_run, "long_run", "long"
    found = w.promotion()
    return (None, "", "now") if found is None else (found[1], f"fixed.{found[0]}", "now")


def _sentence(w: Writer, code: VerdictCode) -> str:
    if code == "cannot-tell":
        lines = [reasons.found(w, reason, i) for i, reason in enumerate(w.results.reasons[:2])]
        return w.sentences(*lines) or w.say("The data of this market do not allow an estimate.")
    estimate = effect_sentence(w)
    return w.sentences(estimate, _addition(w, code))


def _addition(w: Writer, code: VerdictCode) -> str:
    if code == "works" and "no-differences-found" in w.results.verdict.reasons:
        return w.say("No differences between pharmacies were found.")
    if code == "works-unevenly":
        rows = w.results.pharmacies
        reliable = sum(row.lower is not None and row.lower > 0 for row in rows)
        return w.say(
            "Pharmacies differ: the effect is reliably above zero in {count} of {all}.",
            count=w.count(reliable, "count:pharmacies-above-zero"),
            all=w.count(len(rows), "count:pharmacies"),
        )
    if code == "unclear":
        return w.say("The interval is too wide to say whether promotion works.")
    if code == "no-effect":
        return w.say("An effect of useful size is not visible in these data.")
    return ""
