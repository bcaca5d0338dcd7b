"""The three effects of promotion and their only names, the same in every output (REPORT, Rules of speech).

**First month** is what one more unit brings in the month in which it is given, **in all** what it brings over all
months, **kept up** what one unit more in every month brings a month once sales have settled. The coefficient of
promotion is none of them where carry-over weights sum to one: it is one unit kept up, before persistence adds to it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reportgen.report.words.phrases import mark
from reportgen.results.derived.intervals import about_se

if TYPE_CHECKING:
    from reportgen.report.words.phrases import Phrases
    from reportgen.results import EffectSize, MarketResults, ModelSummary


KEPT_UP = mark("Kept up")
IN_ALL = mark("In all")


def first_period(phrases: Phrases) -> str:
    """``First month`` or ``First week``."""
    return phrases.by_period("First month", "First week")


def coefficient(phrases: Phrases, model: ModelSummary | None) -> str:
    """What the coefficient of promotion is called."""
    if model is not None and not model.normalize:
        return first_period(phrases)
    return phrases.say("Kept up, before persistence")


def at_usual(phrases: Phrases, usual: str) -> str:
    """Where effects of one unit are told on a curve: below every table and chart of them."""
    return phrases.by_period(
        "The response flattens: effects are those of one more than the usual {usual} a month.",
        "The response flattens: effects are those of one more than the usual {usual} a week.",
        usual=usual,
    )


def kept_up(results: MarketResults, channel: int = 0) -> EffectSize | None:
    """One unit more in every period, ``None`` where it is not known."""
    return _known(results.effects[channel].kept_up) if channel < len(results.effects) else None


def first(results: MarketResults, channel: int = 0) -> EffectSize | None:
    """One unit in its own period, ``None`` where it is not known."""
    return _known(results.effects[channel].first_period) if channel < len(results.effects) else None


def in_all(results: MarketResults, channel: int = 0) -> EffectSize | None:
    """One unit over all periods, ``None`` where it is not known."""
    return _known(results.effects[channel].in_all) if channel < len(results.effects) else None


def spread(effect: EffectSize) -> float | None:
    """About a standard error, for the digits that are printed."""
    return about_se(effect.lower, effect.upper)


def _known(effect: EffectSize) -> EffectSize | None:
    return effect if effect.estimate is not None else None
