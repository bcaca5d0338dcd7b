"""Against the run before, in words: what moved, whether more than noise, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reportgen.report.narrative.verdict import WORDS
from reportgen.report.words import quantities
from reportgen.report.words.names import clean
from reportgen.report.words.phrases import mark

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reportgen.report.words.phrases import Phrases
    from reportgen.report.words.writer import Writer
    from reportgen.results import Change, ListChange

CAUSES: dict[str, tuple[str, str]] = {
    "version": (mark("another version of the program"), mark("another version of the program")),
    "revised": (mark("revised months"), mark("revised weeks")),
    "periods": (mark("months that joined or left"), mark("weeks that joined or left")),
    "settings": (mark("other settings"), mark("other settings")),
    "remaining": (mark("what other markets agreed on"), mark("what other markets agreed on")),
}
_LISTS = {
    "above": (mark("Respond above the market now: {names}."), mark("No longer above the market: {names}.")),
    "below": (mark("Respond below the market now: {names}."), mark("No longer below the market: {names}.")),
    "give": (mark("To be given more now: {names}."), mark("No longer to be given more: {names}.")),
    "take": (mark("To be given less now: {names}."), mark("No longer to be given less: {names}.")),
}
LISTED = 6
"""Names of a list at most."""


def named_causes(phrases: Phrases, causes: Sequence[str]) -> str:
    """``revised months`` or, where they could not be told apart, ``revised months and other settings``."""
    words = [phrases.by_period(*CAUSES[cause]) for cause in causes]
    if len(words) == 1:
        return words[0]
    return phrases.say("{first} and {last}", first=", ".join(words[:-1]), last=words[-1])


def short_change(w: Writer) -> str:
    """The same in a line, for the first page."""
    found = w.results.change
    if found is None:
        return ""
    causes, moved, verdict = named_causes(w, found.main), found.effect, _verdict(w, found)
    known = moved.before is not None and moved.now is not None and moved.within is not None
    if not known and not verdict:
        return ""
    date = w.fact(w.formats.date(found.since), 0, "text:period")
    if not verdict and moved.change == 0.0:
        return w.say("Since the report of {date} nothing moved.", date=date)
    if verdict or moved.before is None or moved.now is None or moved.within is None:
        return w.say("Since {date}: {verdict} Mostly by {causes}.", date=date, verdict=verdict, causes=causes)
    size = quantities.kept_up(w.results)
    se = None if size is None else quantities.spread(size)
    message = (
        mark("Since {date} the effect kept up went from {before} to {now}: within noise. Mostly by {causes}.")
        if moved.within
        else mark("Since {date} the effect kept up went from {before} to {now}: more than noise. Mostly by {causes}.")
    )
    return w.say(
        message, date=date, before=w.effect(moved.before, "change.effect.before", se),
        now=w.effect(moved.now, "change.effect.now", se), causes=causes,
    )  # fmt: skip


def change_line(w: Writer) -> str:
    """Verdict and effect kept up before and now, noise or not, the main cause."""
    found = w.results.change
    if found is None:
        return ""
    date = w.fact(w.formats.date(found.since), 0, "text:period")
    if found.verdict == found.verdict_before and found.effect.change == 0.0:
        return w.say("Since the report of {date} nothing moved.", date=date)
    told = [_verdict(w, found), _effect(w, found)]
    if not any(told):
        return ""
    since = w.say("Since the report of {date}:", date=date)
    cause = w.say("Mostly by {causes}.", causes=named_causes(w, found.main))
    return w.sentences(since, *told, cause)


def _verdict(w: Writer, found: Change) -> str:
    if found.verdict == found.verdict_before:
        return ""
    before, now = (w.say(WORDS[code][0]) for code in (found.verdict_before, found.verdict))
    return w.say("“{before}” became “{now}”.", before=before, now=now)


def _effect(w: Writer, found: Change) -> str:
    moved = found.effect
    if moved.before is None or moved.now is None or moved.change is None:
        return ""
    size = quantities.kept_up(w.results)
    se = None if size is None else quantities.spread(size)
    before = w.effect(moved.before, "change.effect.before", se)
    now = w.effect(moved.now, "change.effect.now", se)
    values = {"before": before, "now": now, "unit": w.per_unit}
    if moved.within is None:
        return w.say("Kept up, the effect went from {before} to {now} {unit}.", **values)
    if found.rule == "new-data":
        message = (
            mark("Kept up, the effect went from {before} to {now} {unit}, no more than new data alone can do.")
            if moved.within
            else mark("Kept up, the effect went from {before} to {now} {unit}, more than new data alone would do.")
        )
    else:
        message = (
            mark("Kept up, the effect went from {before} to {now} {unit}, by no more than its standard error.")
            if moved.within
            else mark("Kept up, the effect went from {before} to {now} {unit}, by more than its standard error.")
        )
    return w.say(message, **values)


def change_words(w: Writer) -> tuple[str, ...]:
    """What differs between the runs, and the lists that changed."""
    found = w.results.change
    if found is None:
        return ()
    facts = w.say(
        "Periods that joined: {joined}; that left: {left}; that were revised: {revised}. Settings that differ: "
        "{settings}.",
        joined=w.count(found.new_periods, "change.new_periods"),
        left=w.count(found.dropped_periods, "change.dropped_periods"),
        revised=w.count(found.revised_periods, "change.revised_periods"),
        settings=w.count(len(found.settings), "count:settings"),
    )
    settings = [
        w.say("{key}: {before} → {now}", key=clean(key), before=_value(w, before), now=_value(w, now))
        for key, before, now in found.settings
    ]
    lists = [text for one in found.lists for text in _list(w, one)]
    return (facts, *settings, *lists)


def _value(w: Writer, text: str) -> str:
    return w.fact(clean(text) or "–", 0, "text:setting")


def _list(w: Writer, one: ListChange) -> list[str]:
    joined, left = _LISTS[one.name]
    made = []
    for message, names in ((joined, one.joined), (left, one.left)):
        if names:
            made.append(w.say(message, names=w.listed([clean(name, 40) for name in names], LISTED)))
    return made


def rule_words(w: Writer) -> str:
    """How noise was told from change, and how the change was split."""
    found = w.results.change
    if found is None:
        return ""
    split = w.say(
        "The parts add up to the change. Where several things differed the market was fitted again in between, with "
        "one more of them as it is now each time; what could not be told apart without the earlier table is one part."
    )
    if found.rule == "one-se":
        return w.sentences(
            w.by_period(
                "Both runs have the same months, so chance has no part in the change; it is called small within one "
                "standard error.",
                "Both runs have the same weeks, so chance has no part in the change; it is called small within one "
                "standard error.",
            ),
            split,
        )
    rule = w.say(
        "Noise is what new data of the same kind do to an estimate in {level} of all cases: the standard errors of "
        "both runs, less what they share.",
        level=w.level,
    )
    return w.sentences(rule, split)
