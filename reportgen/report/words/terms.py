"""Names and units of model terms, as a reader says them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reportgen.report.words.names import clean
from reportgen.report.words.phrases import mark
from reportgen.report.words.units import channel_unit

if TYPE_CHECKING:
    from reportgen.report.words.phrases import Phrases
    from reportgen.report.words.writer import Writer
    from reportgen.results import BootstrapRow, ModelTerm

RESIDUAL = "Residual"
"""Term of the residual among the variances."""
_NAMED: dict[str, str] = {
    "intercept": mark("Level of the average pharmacy"),
    "initial-sales": mark("First sales on record"),
    "mean-promotion": mark("Average promotion of the pharmacy"),
    "initial-promotion": mark("First promotion on record"),
    "presample-promotion": mark("Promotion before the record, fading out"),
    "trend": mark("Trend of the market"),
}
_PER_PROMOTION = ("promotion", "mean-promotion", "initial-promotion", "presample-promotion")


def term_role(w: Phrases, term: str) -> ModelTerm | None:
    """What the column ``term`` of the model is, ``None`` where the results do not say."""
    return next((column for column in w.model_terms if column.term == term), None)


def term_label(w: Phrases, term: str) -> str:
    """``Lag1_Sales`` → ``Sales 1 month before``; columns of the table keep their (cleaned) name."""
    if term == RESIDUAL:
        return w.say(mark("Residual"))
    column = term_role(w, term)
    if column is None:
        return _named(term)
    if column.role == "lag":
        count = column.lag or 0
        message = (
            w.language.ngettext("Sales {count} week before", "Sales {count} weeks before", count)
            if w.weekly
            else w.language.ngettext("Sales {count} month before", "Sales {count} months before", count)
        )
        return message.format(count=count)
    if column.role == "promotion":
        return _named(column.label) if column.label else w.say(mark("Promotion, with carry-over"))
    if column.role in _NAMED:
        label = w.say(_NAMED[column.role])
        return f"{label}: {_named(column.label)}" if column.label else label
    return _named(term)


def random_label(w: Phrases, term: str) -> str:
    """A random effect as the SD of something between pharmacies."""
    if term == RESIDUAL:
        return w.say("Residual, within a pharmacy")
    column = term_role(w, term)
    if column is not None and column.role == "intercept":
        return w.say("Level of sales, between pharmacies")
    if column is not None and column.role == "promotion" and not column.label:
        return w.say("Promotion effect, between pharmacies")
    if column is not None and column.role == "trend":
        return w.say("Trend, between pharmacies")
    return term_label(w, term)


def bootstrap_label(w: Writer, row: BootstrapRow) -> str:
    """What one row of the bootstrap is about."""
    if row.quantity == "long-run":
        label = w.say("Kept up")
        return label if w.results.channels == () else f"{label}: {term_label(w, row.term)}"
    if row.quantity == "decay":
        label = w.say("Decay")
        return label if not w.results.more_decays else f"{label}: {term_label(w, row.term)}"
    if row.quantity == "sd":
        return w.say("Standard deviation: {what}", what=random_label(w, row.term))
    if row.quantity == "correlation":
        return w.say("Correlation: {pair}", pair=f"{term_label(w, row.term)} × {term_label(w, row.other or '')}")
    return term_label(w, row.term)


def term_unit(w: Phrases, term: str) -> str:
    """Unit of the coefficient of ``term``."""
    column = term_role(w, term)
    role = "" if column is None else column.role
    if term == RESIDUAL or role == "intercept":
        return w.say("log points") if w.log else w.formats.symbol
    sales = w.say("log") if w.log else w.formats.symbol
    if role == "trend":
        return _together(w.say("{sales} per year", sales=sales))
    if role in ("lag", "initial-sales"):
        return _together(w.say("{sales} per {sales}", sales="%" if w.log else sales))
    if role in _PER_PROMOTION:
        unit = _promotion_unit(w, column)
        return _together(w.say("{sales} per {unit}", sales=sales, unit=unit))
    return w.say("{sales} per unit", sales=sales)


def _promotion_unit(w: Phrases, column: ModelTerm | None) -> str:
    """What one unit of the column's promotion is called; with several channels, of its own."""
    channels = [one for one in w.model_terms if one.role == "promotion"]
    if column is not None and column.channel is not None and len(channels) > 1:
        return channel_unit(w.language, channels[column.channel].label)
    named = clean(w.formats.unit, 30)
    return w.say("unit") if named == "unit" else named


def _together(unit: str) -> str:
    """Keep a short unit on one line."""
    return unit.replace(" ", "\u00a0") if len(unit) <= 16 else unit


def _named(term: str) -> str:
    return clean(term.replace("_", " "), 40)
