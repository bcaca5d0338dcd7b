"""What every family of charts needs to make one.

``Kit`` bundles words, number formats and colours of one report, so that each family is three plain functions: compute
(results → data), table (data → rows), draw (planes, data). Sentences here are titles and notes of charts; all others
are the narrative's.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from reportgen.report.blocks import Chart, ChartTable, Slim
from reportgen.report.figures.drawing.theme import WIDE, Theme
from reportgen.report.shapes import Tip as TipShape
from reportgen.report.words import quantities
from reportgen.report.words.formats import Formats
from reportgen.report.words.language import Language
from reportgen.report.words.phrases import Phrases
from reportgen.report.words.terms import term_label
from reportgen.report.words.units import promotion_step
from reportgen.results.derived.intervals import half_interval

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reportgen.report.figures.drawing.plane import Sheet
    from reportgen.results import MarketResults

Tip = tuple[float, float, str]
"""Pixels (y up) and the words there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kit(Phrases):
    """Words, formats, colours and the facts that most notes repeat."""

    theme: Theme
    rows: str = ""
    """``3,264 rows of 96 pharmacies, Jan 2021 – Dec 2023``."""
    read: str = ""
    """The same for all rows read."""
    coefficient: str = ""
    """Name of the coefficient of promotion."""
    usual: str = ""
    """Usual promotion, at which effects of one unit are told on a curve; empty for a straight line."""

    def plural(self, singular: str, plural: str, count: int, **values: str) -> str:
        """Translate by number; the message writes it as ``{count}``."""
        text = self.language.ngettext(singular, plural, count)
        return text.format(count=self.formats.integer(count), **values)

    def periods(self, count: int) -> str:
        """``12 months`` or ``52 weeks``."""
        if self.weekly:
            return self.plural("{count} week", "{count} weeks", count)
        return self.plural("{count} month", "{count} months", count)

    @property
    def effect_unit(self) -> str:
        """Unit of the promotion effect, for axes: ``₹ per visit``."""
        per = self.unit if self.step == 1 else f"{self.shortest(self.step)} {self.unit}"
        if self.log:
            return self.say("% of sales per {unit}", unit=per)
        return self.say("{currency} per {unit}", currency=self.formats.symbol, unit=per)

    @property
    def coefficient_unit(self) -> str:
        """Name and unit of the coefficient of promotion, for axes."""
        return f"{self.coefficient}, {self.effect_unit}"

    @property
    def dose(self) -> str:
        """``one visit``, or ``0.1 display share``: the promotion that an effect is told for."""
        if self.step == 1:
            return self.say("one {unit}", unit=self.unit)
        return f"{self.shortest(self.step)} {self.unit}"

    @property
    def dose_here(self) -> str:
        """The same where it is told alone: on a curve ``one visit more than the usual 5.94``."""
        if not self.usual:
            return self.dose
        return self.say("{dose} more than the usual {usual}", dose=self.dose, usual=self.usual)

    @property
    def at_usual(self) -> str:
        """Note on the level at which effects are told on a curve."""
        return quantities.at_usual(self, self.usual) if self.usual else ""

    @property
    def pointwise(self) -> str:
        """``95%``: the level of bands that are the same in every report."""
        return self.formats.percent(0.95, digits=0)

    @property
    def uncertainty(self) -> str:
        """How intervals are drawn."""
        return self.say(
            "Thin line {level} interval, thick line {half}; a hollow mark means that the interval crosses zero.",
            level=self.level,
            half=self.formats.percent(0.5, digits=0),
        )

    def term(self, term: str) -> str:
        """Name a model term as the tables do."""
        return term_label(self, term)

    def half(self, estimate: float, lower: float | None, upper: float | None) -> tuple[float, float]:
        """Return the 50 % interval inside a (``confidence``) interval, each side scaled by normal quantiles."""
        if lower is None or upper is None:
            return estimate, estimate
        return half_interval(estimate, lower, upper, self.confidence)

    def shown(self, value: float | None) -> float:
        """Return a number in response units as drawn: money, or a share at log response; NaN where missing."""
        if value is None:
            return float("nan")
        made = self.formats.effect_value(value)
        return float("nan") if made is None else made

    def effect(self, value: float | None) -> float:
        """Return the effect of ``step`` units of promotion as drawn."""
        return self.shown(None if value is None else value * self.step)

    def write_effect(self, value: float | None, se: float | None = None) -> str:
        """Write the effect of ``step`` units of promotion."""
        scaled = None if value is None else value * self.step
        return self.formats.effect(scaled, None if se is None else se * self.step)

    def effect_ticks(self, ticks: tuple[float, ...]) -> tuple[str, ...]:
        """Labels of an axis of effects (drawn values)."""
        return self.formats.ticks(ticks, "percent" if self.log else "money")

    def foot(self, *notes: str) -> str:
        """Rows and period, then the notes given."""
        return " ".join(part for part in (f"{self.rows}." if self.rows else "", *notes) if part)

    def chart(
        self,
        name: str,
        drawn: Sheet,
        *,
        title: str,
        subtitle: str,
        alt: str = "",
        foot: str = "",
        table: ChartTable,
        tips: Sequence[Tip] = (),
        zoom: bool = False,
        slim: Sheet | None = None,
    ) -> Chart:
        """Bundle what was drawn with its words."""
        spoken = f"{title} {alt}".strip() if title.endswith(".") else f"{title}. {alt}".strip()
        return Chart(
            name=name,
            title=title,
            subtitle=subtitle,
            foot=foot,
            alt=spoken,
            width=round(drawn.width, 1),
            height=round(drawn.height, 1),
            shapes=drawn.shapes(),
            tips=tuple(TipShape(drawn.spot(x, y), text) for x, y, text in tips),
            table=table,
            size="full" if drawn.width >= WIDE * 0.75 else "half" if drawn.width > WIDE * 0.4 else "third",
            zoom=zoom,
            slim=None
            if slim is None
            else Slim(width=round(slim.width, 1), height=round(slim.height, 1), shapes=slim.shapes()),
        )


def kit_for(results: MarketResults, formats: Formats, language: Language, theme: Theme) -> Kit:
    """Kit of one market's report."""
    data = results.data
    used = data.rows_used or data.rows_read
    made = Kit(
        step=promotion_step(data),
        formats=formats,
        language=language,
        theme=theme,
        weekly=data.period_type == "week",
        confidence=results.model.confidence if results.model else 0.95,
        model_terms=results.model.terms if results.model else (),
    )
    rows, read = (made.plural("{count} row", "{count} rows", n) for n in (used, data.rows_read))
    shops = made.plural("{count} pharmacy", "{count} pharmacies", data.pharmacies)
    period = formats.period_range(*data.period)
    both = [made.say("{rows} of {pharmacies}, {period}", rows=r, pharmacies=shops, period=period) for r in (rows, read)]
    return replace(
        made,
        rows=both[0],
        read=both[1],
        coefficient=quantities.coefficient(made, results.model),
        usual=usual_level(results, formats),
    )


def usual_level(results: MarketResults, formats: Formats) -> str:
    """Usual promotion of the first channel where its response is a curve, else nothing."""
    shape = results.shape_of(None)
    return "" if shape is None else formats.number(shape.usual)
