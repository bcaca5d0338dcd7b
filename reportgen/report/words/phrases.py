"""The phrases that every sentence is made of: translation, the length of a period, the unit of promotion.

Sentences of the narrative, notes of charts and tables of the site say them in one way. What else each of them needs is
in ``words/writer.py``, ``figures/kit.py`` and ``site/market_table.py``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from reportgen.report.words.formats import Formats
from reportgen.report.words.language import Language
from reportgen.report.words.names import clean, isolated

if TYPE_CHECKING:
    from reportgen.results import ModelTerm


def mark(message: str) -> str:
    """Name a message for the catalogue without translating it yet (``N_`` of gettext)."""
    return message


@dataclass(frozen=True, slots=True, kw_only=True)
class Phrases:
    """A language with its number formats, and the few facts of a market that most phrases repeat."""

    formats: Formats
    language: Language
    weekly: bool = False
    """Whether one period is a week."""
    step: float = 1.0
    """Promotion units that effects are told for: 1, or a power of ten where 1 never happens."""
    confidence: float = 0.95
    model_terms: tuple[ModelTerm, ...] = ()
    """What each column of the model is."""

    def say(self, message: str, **values: str) -> str:
        """Translate ``message`` and fill its placeholders."""
        text = self.language.gettext(message)
        return text.format(**{key: isolated(value) for key, value in values.items()}) if values else text

    def by_period(self, month: str, week: str, **values: str) -> str:
        """Choose a wording by the length of a period, translate it and fill its placeholders."""
        return self.say(week if self.weekly else month, **values)

    @property
    def per_period(self) -> str:
        """``a month`` or ``a week``, as in "one visit more a month"."""
        return self.by_period("a month", "a week")

    @property
    def log(self) -> bool:
        """Whether effects are natural-log points (written as percent)."""
        return self.formats.response == "log"

    @property
    def unit(self) -> str:
        """What one unit of promotion is called, e.g. ``visit``."""
        named = clean(self.formats.unit, 30)
        return self.say("unit of promotion") if named == "unit" else named

    @property
    def units(self) -> str:
        """Several of them: ``visits``; where only one has a name ``units (visit)``."""
        named = clean(self.formats.unit, 30)
        if named == "unit":
            return self.say("units of promotion")
        several = self.formats.units
        return clean(several, 30) if several else self.say("units ({unit})", unit=named)

    @property
    def per_unit(self) -> str:
        """``per visit``, or ``per 0.1 display share``: what tables count effects in."""
        if self.step == 1:
            return self.say("per {unit}", unit=self.unit)
        return self.say("per {amount} {unit}", amount=self.shortest(self.step), unit=self.unit)

    @property
    def level(self) -> str:
        """``95%``: the level of every interval."""
        return self.formats.level(self.confidence)

    def shortest(self, value: float | None) -> str:
        """Write a number with as many decimals as it has, three digits where it has more than three."""
        if value is None:
            return self.formats.decimal(None, 0)
        digits = next((d for d in range(4) if abs(round(value, d) - value) < 1e-9), None)
        return self.formats.number(value) if digits is None else self.formats.decimal(value, digits)
