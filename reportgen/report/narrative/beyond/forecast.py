"""The next periods in words: what to expect, what it rests on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reportgen.report.narrative.ahead.plan import LEAST_CHANCE
from reportgen.report.words.phrases import mark
from reportgen.results.derived.intervals import about_se

if TYPE_CHECKING:
    from reportgen.report.words.writer import Writer
    from reportgen.results import Forecast

_USUAL = {
    "last-year": (mark("as in the last twelve months"), mark("as in the last 52 weeks")),
    "same-season": (mark("as in the same months of the year before"), mark("as in the same weeks of the year before")),
    "last-periods": (mark("as in the last three months"), mark("as in the last quarter of a year")),
}


def forecast_line(w: Writer) -> str:
    """Sales expected in the next periods with their interval, and what they were a year before."""
    found = w.results.forecast
    if found is None or found.total.lower is None or found.total.upper is None:
        return ""
    total, source = found.total, "forecast.total"
    limits = (total.lower or 0.0, total.upper or 0.0)
    se = about_se(total.lower, total.upper)
    text = w.say(
        "Sales of {sales} are to be expected for {period} with promotion as usual ({level} interval {interval}).",
        sales=w.money(total.estimate, f"{source}.estimate", se=se),
        period=w.fact(w.formats.period_range(found.periods[0].period, found.periods[-1].period), 0, "text:period"),
        level=w.level,
        interval=w.interval(limits, (f"{source}.lower", f"{source}.upper"), "money-short"),
    )
    if total.year_before is None:
        return text
    before = w.say(
        "A year before, the same pharmacies sold {sales}.",
        sales=w.money(total.year_before, f"{source}.year_before", se=se),
    )
    return w.sentences(text, before)


def planned_line(w: Writer) -> str:
    """What the plan adds to that, with the chance of a loss."""
    found = w.results.forecast
    if found is None or found.total.planned is None or found.total.gain is None:
        return ""
    total, source = found.total, "forecast.total"
    limits = (total.gain_lower or 0.0, total.gain_upper or 0.0)
    loss = total.loss or 0.0
    if (total.gain or 0.0) < 0.0:
        message = mark("Under the plan it is {gain} less ({level} interval {interval}); the chance of that is {loss}.")
    elif loss < LEAST_CHANCE:
        message = mark(
            "Under the plan it is {gain} more ({level} interval {interval}); the chance that it is less is below "
            "{loss}."
        )
    else:
        message = mark(
            "Under the plan it is {gain} more ({level} interval {interval}); the chance that it is less is {loss}."
        )
    return w.say(
        message,
        gain=w.money(total.gain or 0.0, f"{source}.gain", size=True, se=about_se(total.gain_lower, total.gain_upper)),
        level=w.level,
        interval=w.interval(limits, (f"{source}.gain_lower", f"{source}.gain_upper"), "money-short"),
        loss=w.fact(w.formats.percent(LEAST_CHANCE, digits=0), LEAST_CHANCE, "count:least-chance")
        if loss < LEAST_CHANCE
        else w.percent(loss, f"{source}.loss", digits=0),
    )


def forecast_words(w: Writer) -> tuple[str, ...]:
    """The finding, then what it rests on."""
    found = w.results.forecast
    if found is None:
        return ("",)
    return (w.sentences(forecast_line(w), planned_line(w)), _usual(w, found), _process(w, found))


def _usual(w: Writer, found: Forecast) -> str:
    months, weeks = _USUAL[found.usual]
    text = w.say(
        "As usual means promotion {rule}, in {period} {promotion} {per_pharmacy} ({unit}).",
        rule=w.by_period(months, weeks),
        promotion=w.number(found.periods[0].promotion, "forecast.periods.0.promotion", digits=1),
        unit=w.unit,
        per_pharmacy=w.per_pharmacy,
        period=w.fact(w.formats.period(found.periods[0].period), 0, "text:period"),
    )
    if not found.ended:
        return text
    ended = w.plural(
        "{count} pharmacy without sales at the end of the record is left out.",
        "{count} pharmacies without sales at the end of the record are left out.",
        found.ended,
        "forecast.ended",
    )
    return w.sentences(text, ended)


def _process(w: Writer, found: Forecast) -> str:
    moved, source = found.movement, "forecast.movement"

    def size(value: float, name: str) -> str:
        if w.log:
            return w.percent(value, f"{source}.{name}")
        return w.money(value, f"{source}.{name}", short=False)

    parts = {"wander": size(moved.wander, "wander"), "noise": size(moved.noise, "noise")}
    if moved.season is None:
        text = w.by_period(
            "What all pharmacies have in common goes on with the model’s season and trend; beside them the level "
            "wanders by about {wander} from one month to the next, and a single month is off by about {noise}.",
            "What all pharmacies have in common goes on with the model’s season and trend; beside them the level "
            "wanders by about {wander} from one week to the next, and a single week is off by about {noise}.",
            **parts,
        )
    else:
        text = w.by_period(
            "What all pharmacies have in common goes on as a season of about {season}, a straight line, a level "
            "that wanders by about {wander} from one month to the next, and chance of a single month of about {noise}, "
            "each per pharmacy and as large as the record makes likely.",
            "What all pharmacies have in common goes on as a season of about {season}, a straight line, a level "
            "that wanders by about {wander} from one week to the next, and chance of a single week of about {noise}, "
            "each per pharmacy and as large as the record makes likely.",
            season=size(moved.season, "season"),
            **parts,
        )
    carried = w.say(
        "The interval also carries what is uncertain about the coefficients, the pharmacies’ own levels and effects, "
        "their single sales, and how much promotion there will be."
    )
    return w.sentences(text, carried)
