"""The tools of a sentence: translation, number formats, and a record of every number printed.

A sentence is written with :meth:`Writer.say`, its numbers through the methods that take a ``source`` (the path
of the number in the results, or ``count:name`` for a count). The record ends up in ``MarketReport.facts``, where
a test looks every number up again.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from reportgen.report.blocks import Fact
from reportgen.report.words import quantities
from reportgen.report.words.formats import Formats, Kind
from reportgen.report.words.language import language_of
from reportgen.report.words.names import clean, isolated
from reportgen.report.words.phrases import Phrases
from reportgen.report.words.units import channel_unit, channel_units, promotion_step, units_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from reportgen.results import FixedEffect, MarketResults, ResponseShape
    from reportgen.settings.sections import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Writer(Phrases):
    """One market's results with its language and number formats."""

    results: MarketResults
    settings: Settings
    facts: list[Fact] = field(default_factory=list)
    channel: int = 0
    """The promotion channel that is spoken of."""

    # --- words ------------------------------------------------------------------------------

    def plural(self, singular: str, plural: str, count: int, source: str, **values: str) -> str:
        """Translate by number; ``{count}`` is printed as a fact from ``source``."""
        text = self.language.ngettext(singular, plural, count)
        return text.format(count=self.count(count, source), **values)

    def sentences(self, *parts: str) -> str:
        """Join sentences, leaving out the empty ones."""
        return " ".join(part for part in parts if part)

    def listed(self, items: Sequence[str], limit: int = 3) -> str:
        """``A, B, C and 4 more``."""
        items = [isolated(item) for item in items]
        if len(items) > limit:
            rest = self.language.ngettext("{names} and {count} more", "{names} and {count} more", len(items) - limit)
            shown, text = ", ".join(items[:limit]), str(len(items) - limit)
            self.fact(text, len(items) - limit, "count:rest")
            return rest.format(names=shown, count=text)
        return ", ".join(items)

    @property
    def periods(self) -> str:
        """``months`` or ``weeks``."""
        return self.by_period("months", "weeks")

    @property
    def channel_name(self) -> str:
        """Name of the channel that is spoken of; empty where there is only one."""
        names = self.results.model.channels if self.results.model is not None else ()
        return clean(names[self.channel], 40) if len(names) > 1 else ""

    def of_channel(self, channel: int) -> Writer:
        """The same writer, speaking of another channel; numbers go into the same record."""
        names = self.results.model.channels if self.results.model is not None else ()
        if channel == self.channel or len(names) < 2:
            return self
        unit, units = (one(self.language, names[channel]) for one in (channel_unit, channel_units))
        return replace(
            self,
            channel=channel,
            step=promotion_step(self.results.data, channel),
            formats=replace(self.formats, unit=unit, units=units),
        )

    @property
    def shape(self) -> tuple[int, ResponseShape] | None:
        """Place among the shapes and curve of the channel that is spoken of; ``None`` where it is a straight line."""
        names = self.results.model.channels if self.results.model is not None else ()
        found = enumerate(self.results.shapes)
        return next(((k, one) for k, one in found if one.channel == names[self.channel]), None) if names else None

    @property
    def amount(self) -> str:
        """``one more visit``; on a curve ``one more visit than the usual 5.94``, for there it is that much."""
        return self._beyond_usual(self.more)

    @property
    def one_more(self) -> str:
        """``one more visit a month``, on a curve with the level as in :attr:`amount`."""
        return self._beyond_usual(self.say("{amount} {per_period}", amount=self.more, per_period=self.per_period))

    def _beyond_usual(self, more: str) -> str:
        if self.shape is None:
            return more
        k, shape = self.shape
        return self.say("{more} than the usual {usual}", more=more, usual=self.number(shape.usual, f"shapes.{k}.usual"))

    @property
    def at_usual(self) -> str:
        """Note below a table of effects; empty where the response is a straight line."""
        if self.shape is None:
            return ""
        k, shape = self.shape
        return quantities.at_usual(self, self.number(shape.usual, f"shapes.{k}.usual"))

    @property
    def more(self) -> str:
        """``one more visit``, or ``0.1 more (display share)``, wherever it is."""
        if self.step == 1:
            return self.say("one more {unit}", unit=self.unit)
        shown = self.fact(self.shortest(self.step), self.step, "count:step")
        if self.step < 1:
            return self.say("{amount} more {unit}", amount=shown, unit=self.unit)
        return self.say("{amount} more ({unit})", amount=shown, unit=self.unit)

    @property
    def per_pharmacy(self) -> str:
        """``per pharmacy and month``: what a sales effect is counted in."""
        return self.by_period("per pharmacy and month", "per pharmacy and week")

    @property
    def per_average(self) -> str:
        """What an effect of promotion is counted in: of an average pharmacy where effects are in proportion to size."""
        if self.formats.response != "relative":
            return self.per_pharmacy
        return self.by_period("per pharmacy of average size and month", "per pharmacy of average size and week")

    @property
    def level(self) -> str:
        """``95%``: the level of every interval."""
        return self.fact(self.formats.level(self.confidence), self.confidence, "model.confidence")

    @staticmethod
    def start(text: str) -> str:
        """Capital first letter, for a phrase that starts a sentence."""
        return text[:1].upper() + text[1:]

    @staticmethod
    def lower_start(text: str) -> str:
        """Small first letter, for a name inside a sentence."""
        return text[:1].lower() + text[1:]

    # --- numbers ----------------------------------------------------------------------------

    def fact(self, text: str, value: float, source: str) -> str:
        """Record that ``text`` prints ``value``, which the results hold at ``source``."""
        self.facts.append(Fact(text=text, value=float(value), source=source))
        return text

    def count(self, value: float, source: str) -> str:
        """Write a whole number."""
        return self.fact(self.formats.integer(value), value, source)

    def number(self, value: float, source: str, se: float | None = None, digits: int | None = None) -> str:
        """Write a plain number."""
        text = self.formats.number(value, se) if digits is None else self.formats.decimal(value, digits)
        return self.fact(text, value, source)

    def percent(self, value: float, source: str, *, digits: int = 1, plus: bool = False) -> str:
        """Write a fraction as percent."""
        return self.fact(self.formats.percent(value, digits=digits, plus=plus), value, source)

    def money(
        self,
        value: float,
        source: str,
        *,
        short: bool = True,
        plus: bool = False,
        size: bool = False,
        se: float | None = None,
        beside: tuple[float | None, float | None] = (None, None),
    ) -> str:
        """Money, with the digits ``se`` supports; ``size`` leaves the sign to the words around it.

        ``beside`` are the limits told with it: what stands together is written in one unit.
        """
        shown, largest = abs(value) if size else value, max(abs(limit or 0.0) for limit in beside)
        text = (
            self.formats.money_short(shown, se, plus=plus, beside=largest)
            if short
            else self.formats.money(shown, se, plus=plus)
        )
        return self.fact(text, value, source)

    def effect(self, value: float, source: str, se: float | None = None, *, size: bool = False) -> str:
        """Effect of one unit: money, or percent where the response is a logarithm."""
        scaled = value * self.step
        text = self.formats.effect(scaled, None if se is None else se * self.step)
        return self.fact(text.removeprefix("\u2212") if size else text, value, source)

    def effect_interval(self, lower: float, upper: float, source: str, se: float | None = None) -> str:
        """Interval of an effect; ``source`` is the object that has ``lower`` and ``upper``."""
        spread = None if se is None else se * self.step
        text = self.formats.effect_interval(lower * self.step, upper * self.step, spread)
        self.fact(text, lower, f"{source}.lower")
        return self.fact(text, upper, f"{source}.upper")

    def interval(
        self, bounds: tuple[float, float], sources: tuple[str, str], kind: Kind, digits: int | None = None
    ) -> str:
        """Interval of any kind of number; ``digits`` fixes the decimals of percents."""
        if digits is None:
            text = self.formats.interval(bounds[0], bounds[1], kind)
        else:
            low, high = (self.formats.percent(value, digits=digits) for value in bounds)
            text = self.say("{lower} to {upper}", lower=low, upper=high)
        # One text for two numbers: both are recorded, the text is the same.
        self.fact(text, bounds[0], sources[0])
        return self.fact(text, bounds[1], sources[1])

    def p(self, value: float, source: str) -> str:
        """``p = 0.03`` or ``p < 0.001``."""
        text = self.formats.p_value(value)
        shown = f"p {text[0]} {text[1:]}" if text[:1] in "<>" else f"p = {text}"
        shown = shown.replace(" ", "\u00a0")
        return self.fact(shown, value, source)

    # --- finding things in the results ----------------------------------------------------------

    def promotion(self) -> tuple[int, FixedEffect] | None:
        """Index and row of the promotion coefficient, if it was estimated."""
        model = self.results.model
        if model is None or not model.promotion_terms:
            return None
        return self.find(lambda row: row.term == model.promotion_terms[self.channel])

    def find(self, wanted: Callable[[FixedEffect], bool]) -> tuple[int, FixedEffect] | None:
        """First row of the coefficient table that is ``wanted``."""
        return next(((i, row) for i, row in enumerate(self.results.fixed) if wanted(row)), None)


def make_writer(results: MarketResults, settings: Settings) -> Writer:
    """Writer of one market, in the language of ``settings.report``."""
    report, model = settings.report, results.model
    language = language_of(report)
    several = model is not None and len(model.channels) > 1
    unit, units = clean(report.promotion_unit, 30), units_of(report)
    if model and several:
        unit, units = (one(language, model.channels[0]) for one in (channel_unit, channel_units))
    return Writer(
        results=results,
        settings=settings,
        formats=Formats(
            locale=report.locale,
            currency=report.currency or results.data.currency,
            unit=unit,
            units=units,
            response=model.response if model else settings.model.scale,
            own=language.own,
        ),
        language=language,
        weekly=results.data.period_type == "week",
        step=promotion_step(results.data),
        confidence=model.confidence if model else report.confidence,
        model_terms=model.terms if model else (),
    )
