"""Checks in a few words: name, value and limit, and the question that each answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reportgen.report.words.check_words import CHECKS, CURVED, CheckWords
from reportgen.report.words.names import clean
from reportgen.report.words.phrases import mark
from reportgen.results.derived.closeness import AT_LEAST

if TYPE_CHECKING:
    from reportgen.report.words.phrases import Phrases
    from reportgen.results import Check, MarketResults

QUESTIONS: tuple[tuple[str, frozenset[str]], ...] = (
    (mark("Is it the best fit?"), frozenset({"convergence", "second-optimum"})),
    (
        mark("Is it promotion, or something that goes with it?"),
        frozenset({
            "targeting", "lead-placebo", "seasonality", "correction-gap", "common-campaigns", "time-effects",
            "pharmacy-trend", "promotion-follows-levels", "balance", "calibration-gap", "elasticity",
        }),
    ),
    (
        mark("Is the time it takes described well?"),
        frozenset({
            "decay-edge", "carry-over-shape", "adstock-lag-correlation", "stationarity", "long-memory", "memory",
            "lags", "arellano-bond-m2", "autocorrelation", "treated-time",
        }),
    ),
    (
        mark("Is the form right?"),
        frozenset({
            "linearity", "saturation", "scale", "effect-by-size", "scale-location", "drift", "collinearity",
            "predictive",
            "residual-normality", "random-effect-normality",
        }),
    ),
    (
        mark("Does it hold without a part of the data?"),
        frozenset({
            "influence", "verdict-without-most-influential", "holdout", "totals-in-range", "few-territories",
            "unnamed-territories",
        }),
    ),
    (
        mark("Are the records sound?"),
        frozenset({"outliers", "entry-slips", "zero-months", "many-zeros", "level-shifts", "yearly-levels"}),
    ),
)  # fmt: skip
OTHER = mark("Further checks")


def question(check: str) -> str:
    """What a check of this id asks; a new check asks something further."""
    return next((text for text, ids in QUESTIONS if check in ids), OTHER)


def words_of(results: MarketResults, check: Check) -> CheckWords | None:
    """The words of a check, others where the response of its channel is a curve; ``None`` where its id is new."""
    curved = check.id in CURVED and results.shape_of(check.channel) is not None
    return CURVED[check.id] if curved else CHECKS.get(check.id)


def check_name(phrases: Phrases, results: MarketResults, check: Check) -> str:
    """Short name of a check."""
    found = words_of(results, check)
    text = clean(check.id.replace("-", " ").capitalize(), 40) if found is None else phrases.say(found.name)
    return text if check.channel is None else f"{text}: {clean(check.channel, 30)}"


def value_text(phrases: Phrases, check: Check) -> str:
    """Value as tables print it."""
    return _written(phrases, check, check.value)


def limit_text(phrases: Phrases, check: Check) -> str:
    """Limit with its direction: ``≤ 0.1``."""
    found = CHECKS.get(check.id)
    plain = found is None or found.value == "number"
    text = phrases.shortest(check.threshold) if plain else _written(phrases, check, check.threshold)
    if text == "–":
        return text
    return f"≥ {text}" if check.id in AT_LEAST else f"≤ {text}"


def _written(phrases: Phrases, check: Check, value: float | None) -> str:
    found = CHECKS.get(check.id)
    if value is None or (found is not None and found.value == "none"):
        return "–"
    if found is not None and found.value == "percent":
        return phrases.formats.percent(value)
    return phrases.formats.number(value)
