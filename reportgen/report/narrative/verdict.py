"""The answer of a market: one word, one sentence, read from the verdict code and never from a p-value.

A market without a proven or possible estimate never gets a sentence that says promotion works: the word is
``Cannot tell``. Where there is no clear effect the interval leads and no estimate stands alone. With several channels
every number is said with its channel's name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reportgen.report.blocks import Tone, VerdictLine
from reportgen.report.narrative import reasons
from reportgen.report.narrative.ahead.plan import decision
from reportgen.report.narrative.beyond.assigned import experiment_sentence
from reportgen.report.narrative.beyond.curve import flattening_line
from reportgen.report.narrative.deciding import deciding_sentence
from reportgen.report.words import quantities
from reportgen.report.words.names import clean
from reportgen.report.words.phrases import mark
from reportgen.results.derived.standing import above_zero
from reportgen.results.verdict import OPEN_VERDICTS

if TYPE_CHECKING:
    from reportgen.report.words.writer import Writer
    from reportgen.results import EffectSize, MarketResults, Status, Verdict, VerdictCode

WORDS: dict[VerdictCode, tuple[str, Tone]] = {
    "works": (mark("Works"), "good"),
    "works-unevenly": (mark("Works unevenly"), "mixed"),
    "unclear": (mark("Unclear"), "unsure"),
    "no-effect": (mark("No effect seen"), "none"),
    "negative": (mark("Works against"), "bad"),
    "cannot-tell": (mark("Cannot tell"), "unknown"),
}

_KEPT_UP = {
    ("associated", "more"): mark(
        "{one_more}, kept up, is associated with {effect} more sales {per_pharmacy} ({level} interval {interval})."
    ),
    ("associated", "less"): mark(
        "{one_more}, kept up, is associated with {effect} less sales {per_pharmacy} ({level} interval of the change "
        "{interval})."
    ),
    ("caused", "more"): mark(
        "{one_more}, kept up, brings {effect} more sales {per_pharmacy} ({level} interval {interval})."
    ),
    ("caused", "less"): mark(
        "{one_more}, kept up, costs {effect} of sales {per_pharmacy} ({level} interval of the change {interval})."
    ),
    ("associated", "open"): mark(
        "{one_more}, kept up, goes with a change of sales {per_pharmacy} of {interval} ({level} interval)."
    ),
    ("caused", "open"): mark("{one_more}, kept up, changes sales {per_pharmacy} by {interval} ({level} interval)."),
}
_FIRST_MONTH = {
    ("associated", "more"): mark(
        "{amount} is associated with {effect} more sales per pharmacy in the first month ({level} interval {interval})."
    ),
    ("associated", "less"): mark(
        "{amount} is associated with {effect} less sales per pharmacy in the first month ({level} interval of the "
        "change {interval})."
    ),
    ("caused", "more"): mark(
        "{amount} brings {effect} more sales per pharmacy in the first month ({level} interval {interval})."
    ),
    ("caused", "less"): mark(
        "{amount} costs {effect} of sales per pharmacy in the first month ({level} interval of the change {interval})."
    ),
    ("associated", "open"): mark(
        "{amount} goes with a change of sales per pharmacy of {interval} in the first month ({level} interval)."
    ),
    ("caused", "open"): mark(
        "{amount} changes sales per pharmacy by {interval} in the first month ({level} interval)."
    ),
}
_FIRST_WEEK = {
    ("associated", "more"): mark(
        "{amount} is associated with {effect} more sales per pharmacy in the first week ({level} interval {interval})."
    ),
    ("associated", "less"): mark(
        "{amount} is associated with {effect} less sales per pharmacy in the first week ({level} interval of the "
        "change {interval})."
    ),
    ("caused", "more"): mark(
        "{amount} brings {effect} more sales per pharmacy in the first week ({level} interval {interval})."
    ),
    ("caused", "less"): mark(
        "{amount} costs {effect} of sales per pharmacy in the first week ({level} interval of the change {interval})."
    ),
    ("associated", "open"): mark(
        "{amount} goes with a change of sales per pharmacy of {interval} in the first week ({level} interval)."
    ),
    ("caused", "open"): mark("{amount} changes sales per pharmacy by {interval} in the first week ({level} interval)."),
}

_UNCLEAR = {
    "interval-includes-zero": mark("The interval is too wide to say whether promotion works."),
    "share-includes-zero": mark("What it brought over the whole period cannot be told from nothing."),
    "refit-includes-zero": mark("With one effect for all pharmacies it cannot be told from nothing."),
    "within-disagrees": mark("Comparing pharmacies with themselves and with each other gives opposite signs."),
    "not-stationary": mark("Sales do not settle after a change, so what promotion brings kept up has no value."),
}
"""Why the answer is open, by the first reason of the verdict; ``failed-…`` has the sentence of its check."""


def shown_code(results: MarketResults) -> VerdictCode:
    """Verdict as it may be shown: only a certified estimate may be called working."""
    return shown(results.status, results.verdict.code)


def shown(status: Status, code: VerdictCode) -> VerdictCode:
    """The same from status and code alone."""
    return "cannot-tell" if status in ("not-estimated", "not-estimable") else code


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
    return VerdictLine(word=w.say(word), tone=tone, sentence=w.sentences(decision(w), _sentence(w, code)))


def effect_sentence(w: Writer, code: VerdictCode = "works") -> str:
    """Estimate, unit and interval of one unit kept up (of the first month where that is not known)."""
    kept_up, first = quantities.kept_up(w.results, w.channel), quantities.first(w.results, w.channel)
    # What is kept up is what people decide about; where it is withheld or unbounded the first period is told.
    if kept_up is not None and kept_up.lower is not None:
        return _effect(w, kept_up, "kept_up", _KEPT_UP, code)
    if first is not None and first.lower is not None:
        return _effect(w, first, "first_period", _FIRST_WEEK if w.weekly else _FIRST_MONTH, code)
    return ""


def _effect(w: Writer, found: EffectSize, name: str, words: dict[tuple[str, str], str], code: VerdictCode) -> str:
    estimate, lower, upper = found.estimate, found.lower, found.upper
    if estimate is None or lower is None or upper is None:
        return ""
    source, se = f"effects.{w.channel}.{name}", quantities.spread(found)
    # An open answer is its interval; an estimate beside it would be taken for the answer.
    side = "open" if code in OPEN_VERDICTS else "less" if estimate < 0 else "more"
    # Only an experiment may say that promotion brings something.
    message = words["caused" if _experiment(w) else "associated", side]
    shown_effect = "" if side == "open" else w.effect(estimate, f"{source}.estimate", se, size=True)
    return w.say(
        message,
        amount=w.start(w.amount),
        one_more=w.start(w.one_more),
        effect=shown_effect,
        per_pharmacy=w.per_average,
        level=w.level,
        interval=w.effect_interval(lower, upper, source, se),
    )


def _experiment(w: Writer) -> bool:
    return w.results.model is not None and w.results.model.design == "experiment"


def _sentence(w: Writer, code: VerdictCode) -> str:
    if code == "cannot-tell":
        lines = [reasons.found(w, reason, i) for i, reason in enumerate(w.results.reasons[:2])]
        return w.sentences(*lines) or w.say("The data of this market do not allow an estimate.")
    if w.results.experiment is not None and not deciding_sentence(w, "balance"):
        return experiment_sentence(w)
    if w.results.channels:
        return _of_channels(w)
    return w.sentences(effect_sentence(w, code), flattening_line(w, code), _addition(w, code, w.results.verdict))


MOST_CHANNELS = 2
"""Channels whose effect is told in the sentence; all are in the table below it."""


def _of_channels(w: Writer) -> str:
    """Which channels do what, and the effects of the strongest that work or work against."""
    groups: dict[VerdictCode, list[str]] = {}
    for one in w.results.channels:
        if one.verdict is not None:
            groups.setdefault(one.verdict.code, []).append(clean(one.channel, 40))
    listed = [
        w.say("{verdict}: {channels}.", verdict=w.say(WORDS[code][0]), channels=w.listed(groups[code], limit=8))
        # In the order of the words, not of the channels: what works first.
        for code in WORDS
        if code in groups
    ]
    clear = [
        (abs(one.incremental or 0.0), k, one.verdict.code)
        for k, one in enumerate(w.results.channels)
        if one.verdict is not None and one.verdict.code in ("works", "works-unevenly", "negative")
    ]
    told = [
        sentence(w.of_channel(k), code)
        for _, k, code in sorted(clear, reverse=True)[:MOST_CHANNELS]
        for sentence in (effect_sentence, flattening_line)
    ]
    why = "" if clear else _unclear(w, w.results.verdict)
    return w.sentences(*listed, *told, why)


def _addition(w: Writer, code: VerdictCode, verdict: Verdict) -> str:
    if code == "works" and "no-differences-found" in verdict.reasons:
        return w.say("No differences between pharmacies were found.")
    if code == "works-unevenly":
        return w.say(
            "Pharmacies differ: the effect is reliably above zero in {count} of {all}.",
            count=w.count(above_zero(w.results), "count:pharmacies-above-zero"),
            all=w.count(len(w.results.pharmacies), "count:pharmacies"),
        )
    if code == "unclear":
        return _unclear(w, verdict)
    if code == "no-effect":
        return w.say(
            "An effect that matters is ruled out: the usual promotion moves the sales of a promoted pharmacy by less "
            "than two percent either way."
        )
    return ""


def _unclear(w: Writer, verdict: Verdict) -> str:
    """Why the answer is open."""
    for reason in verdict.reasons:
        if reason.startswith("failed-"):
            found = deciding_sentence(w, reason.removeprefix("failed-"))
            if found:
                return found
        elif reason in _UNCLEAR:
            return w.say(_UNCLEAR[reason])
    return ""
