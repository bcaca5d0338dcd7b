"""What promotion that was assigned at random brought, and whether the pharmacies were alike before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reportgen.report.words.phrases import mark

if TYPE_CHECKING:
    from reportgen.report.words.writer import Writer

_MONTH = {
    "more": mark(
        "By lot, {amount} in every month of the experiment ({period}) brought {effect} more sales {per_pharmacy} while "
        "it ran ({level} interval {interval})."
    ),
    "less": mark(
        "By lot, {amount} in every month of the experiment ({period}) cost {effect} of sales {per_pharmacy} while it "
        "ran ({level} interval {interval})."
    ),
    "open": mark(
        "By lot, what {amount} in every month of the experiment ({period}) brought {per_pharmacy} lies between "
        "{interval} ({level} interval): more or nothing cannot be told."
    ),
}
_WEEK = {
    "more": mark(
        "By lot, {amount} in every week of the experiment ({period}) brought {effect} more sales {per_pharmacy} while "
        "it ran ({level} interval {interval})."
    ),
    "less": mark(
        "By lot, {amount} in every week of the experiment ({period}) cost {effect} of sales {per_pharmacy} while it "
        "ran ({level} interval {interval})."
    ),
    "open": mark(
        "By lot, what {amount} in every week of the experiment ({period}) brought {per_pharmacy} lies between "
        "{interval} ({level} interval): more or nothing cannot be told."
    ),
}


def experiment_sentence(w: Writer) -> str:
    """What one more unit in every period brought while it was assigned; empty without an experiment."""
    found = w.results.experiment
    if found is None:
        return ""
    size = found.effect
    side = "more" if size.lower > 0.0 else "less" if size.upper < 0.0 else "open"
    period = w.formats.period_range(*found.period)
    scaled = (size.lower * w.step, size.upper * w.step)
    interval = w.formats.interval(*scaled, "money", size.se * w.step)
    for value, name in ((size.lower, "lower"), (size.upper, "upper")):
        w.fact(interval, value, f"experiment.effect.{name}")
    effect = ""
    if side != "open":
        effect = w.fact(
            w.formats.money(abs(size.estimate) * w.step, size.se * w.step), size.estimate, "experiment.effect.estimate"
        )
    return w.say(
        (_WEEK if w.weekly else _MONTH)[side],
        amount=w.more,
        period=w.fact(period, 0, "text:period"),
        effect=effect,
        per_pharmacy=w.per_pharmacy,
        level=w.level,
        interval=interval,
    )


def experiment_arms(w: Writer) -> str:
    """What all of it brought, who was compared with whom, and what that takes for granted."""
    found = w.results.experiment
    if found is None:
        return _unread(w)
    bounds = (found.brought.lower, found.brought.upper)
    brought = w.say(
        "All that was assigned beyond the usual brought {total} while it ran ({interval}).",
        total=w.money(found.brought.estimate, "experiment.brought.estimate", se=found.brought.se),
        interval=w.interval(bounds, ("experiment.brought.lower", "experiment.brought.upper"), "money-short"),
    )
    arms = w.say(
        "{more} of {all} pharmacies got more than before; their sales in these periods are compared with those of the "
        "others, given sales, growth and promotion before. That needs neither lags nor carry-over of the model.",
        more=w.count(found.more, "experiment.more"),
        all=w.count(found.pharmacies, "experiment.pharmacies"),
    )
    granted = w.say(
        "Who got more is read off the table and not off a plan, and every pharmacy counts by itself: without a lot in "
        "this market, or where visits left the plan as sales went, this is no effect of a lot; where the lot fell on "
        "whole territories, the interval is too narrow."
    )
    return w.sentences(brought, arms, granted)


def _unread(w: Writer) -> str:
    """Why nothing is told by lot although the settings name periods of an experiment."""
    model = w.settings.model
    if w.results.model is None or model.design != "experiment" or not model.assigned:
        return ""
    return w.say(
        "In the periods of model.assigned no experiment can be read in this market: that takes four periods before, "
        "eight pharmacies that sell before and meanwhile, and some that got more. What is said here is from the whole "
        "record and no effect of a lot."
    )
