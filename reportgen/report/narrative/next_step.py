"""What is done next in a market, in the fewest words: give, take, keep, find out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reportgen.report.narrative import reasons
from reportgen.report.narrative.summary import above_average, not_responding
from reportgen.report.narrative.verdict import shown_code

if TYPE_CHECKING:
    from reportgen.report.words.writer import Writer


def next_step(w: Writer) -> str:
    """Give and take by the plan; without one where pharmacies stand out. Keep, or find out where the answer is open.

    A market without an estimate: what would give one.
    """
    code, plan = shown_code(w.results), w.results.plan
    if code == "cannot-tell":
        return next((reasons.cure(w, one, i) for i, one in enumerate(w.results.reasons) if one.code != "singular"), "")
    if plan is not None:
        if plan.outcome == "recommended":
            return _moves(w, (plan.gives, "plan.gives"), (plan.takes, "plan.takes"))
        return w.say("Keep") if plan.outcome == "keep" else w.say("Find out by an experiment")
    if code not in ("works", "works-unevenly"):
        return w.say("Find out by an experiment")
    more, less = len(above_average(w)), len(not_responding(w))
    return _moves(w, (more, "count:pharmacies-above-market"), (less, "count:pharmacies-not-responding"))


def _moves(w: Writer, more: tuple[int, str], less: tuple[int, str]) -> str:
    """How many pharmacies get more promotion and how many less."""
    if more[0] and less[0]:
        return w.say("Give to {more}, take from {less}", more=w.count(*more), less=w.count(*less))
    if more[0]:
        return w.say("Give to {more}", more=w.count(*more))
    return w.say("Take from {less}", less=w.count(*less)) if less[0] else w.say("Keep")
