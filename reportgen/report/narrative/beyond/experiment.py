"""An experiment beside the market's estimate: both, what they say together, and whether they agree."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reportgen.report.words import quantities
from reportgen.report.words.names import clean

if TYPE_CHECKING:
    from reportgen.report.words.writer import Writer
    from reportgen.results import Calibration


def measured(w: Writer, one: Calibration) -> str:
    """What an experiment measures, by the name that the quantity has everywhere."""
    if one.measures == "incremental":
        return w.say("Sales that go with promotion")
    named = w.say(quantities.KEPT_UP) if one.measures == "kept-up" else quantities.first_period(w)
    return named if one.channel is None else f"{named}: {clean(one.channel, 40)}"


def experiment_lines(w: Writer) -> tuple[str, ...]:
    """One line an experiment, for the first page."""
    return tuple(_line(w, one, f"calibration.{k}") for k, one in enumerate(w.results.calibration))


def _line(w: Writer, one: Calibration, source: str) -> str:
    period = w.formats.period_range(*one.period)
    found = w.say(
        "{what}: an experiment ({period}) found {effect}.",
        what=measured(w, one),
        period=w.fact(period, 0, "text:period"),
        effect=_size(w, one, "experiment", source),
    )
    if one.combined is None:
        return w.sentences(found, w.say("It stands alone: this market’s own estimate is not given."))
    both = w.say("Together with this market’s estimate it is {effect}.", effect=_size(w, one, "combined", source))
    return w.sentences(found, both)


def _size(w: Writer, one: Calibration, part: str, source: str) -> str:
    """``₹ 402 (₹ 330 to ₹ 474)``."""
    size = getattr(one, part)
    path = f"{source}.{part}"
    if one.measures == "incremental":
        shown = w.money(size.estimate, f"{path}.estimate", se=size.se)
        bounds = w.interval((size.lower, size.upper), (f"{path}.lower", f"{path}.upper"), "money-short")
    else:
        shown = w.effect(size.estimate, f"{path}.estimate", size.se)
        bounds = w.effect_interval(size.lower, size.upper, path, size.se)
    return w.say("{value} ({interval})", value=shown, interval=bounds)


def experiment_words(w: Writer) -> str:
    """What the combined numbers take for granted."""
    if not any(one.combined for one in w.results.calibration):
        return ""
    return w.say(
        "Experiment and estimate are combined by precision, each with the weight of one over its squared standard "
        "error. That holds if they measure the same and share no rows: an experiment that was made in these rows is "
        "counted twice."
    )
