"""Names and units of model terms, as a reader says them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from reportgen.report.words.names import clean
from reportgen.report.words.writer import mark

if TYPE_CHECKING:
    from reportgen.report.words.writer import Writer
    from reportgen.results import BootstrapRow

_KNOWN = {
    "Intercept": mark("Level of the average pharmacy"),
    "Residual": mark("Residual"),
    "Adstock_Promotion": mark("Promotion, with carry-over"),
    "Initial_Sales": mark("First sales on record"),
    "Initial_Log_Sales": mark("First sales on record"),
}
_OF_CHANNELS = {
    "Mean_Promotion": mark("Average promotion of the pharmacy"),
    "Initial_Promotion": mark("First promotion on record"),
    "Presample_Promotion": mark("Promotion before the record, fading out"),
}
_LAG = re.compile(r"Lag(\d+)_(Log_)?Sales\Z")


def term_label(w: Writer, term: str) -> str:
    """``Lag1_Sales`` → ``Sales 1 month before``; unknown terms keep their (cleaned) name."""
    lag = _LAG.match(term)
    if lag:
        message = (
            w.language.ngettext("Sales {count} week before", "Sales {count} weeks before", int(lag[1]))
            if w.weekly
            else w.language.ngettext("Sales {count} month before", "Sales {count} months before", int(lag[1]))
        )
        return message.format(count=lag[1])
    if term in _KNOWN:
        return w.say(_KNOWN[term])
    for prefix, label in _OF_CHANNELS.items():
        if term == prefix:
            return w.say(label)
        if term.startswith(f"{prefix}_"):
            return f"{w.say(label)}: {_named(term, f'{prefix}_')}"
    return _named(term, "Adstock_")


def random_label(w: Writer, term: str) -> str:
    """A random effect as the SD of something between pharmacies."""
    if term == "Intercept":
        return w.say("Level of sales, between pharmacies")
    if term == "Residual":
        return w.say("Residual, within a pharmacy")
    if term == "Adstock_Promotion":
        return w.say("Promotion effect, between pharmacies")
    return term_label(w, term)


def bootstrap_label(w: Writer, row: BootstrapRow) -> str:
    """What one row of the bootstrap is about."""
    if row.quantity == "long-run":
        label = w.say("Effect in the long run")
        return label if w.results.channels == () else f"{label}: {term_label(w, row.term)}"
    if row.quantity == "decay":
        label = w.say("Decay")
        return label if not w.results.more_decays else f"{label}: {term_label(w, row.term)}"
    if row.quantity == "sd":
        return w.say("Standard deviation: {what}", what=random_label(w, row.term))
    if row.quantity == "correlation":
        return w.say("Correlation: {pair}", pair=f"{term_label(w, row.term)} × {term_label(w, row.other or '')}")
    return term_label(w, row.term)


def term_unit(w: Writer, term: str) -> str:
    """Unit of the coefficient of ``term``."""
    if term in ("Intercept", "Residual"):
        return w.say("log points") if w.log else w.formats.symbol
    sales = w.say("log") if w.log else w.formats.symbol
    if term.startswith("Lag") or term in ("Initial_Sales", "Initial_Log_Sales"):
        return _together(w.say("{sales} per {sales}", sales="%" if w.log else sales))
    if term.startswith(("Adstock_", "Mean_Promotion", "Initial_Promotion", "Presample_Promotion")):
        named = clean(w.formats.unit, 30)
        unit = w.say("unit") if named == "unit" else named
        return _together(w.say("{sales} per {unit}", sales=sales, unit=unit))
    return w.say("{sales} per unit", sales=sales)


def _together(unit: str) -> str:
    """Keep a short unit on one line."""
    return unit.replace(" ", "\u00a0") if len(unit) <= 16 else unit


def _named(term: str, prefix: str) -> str:
    return clean(term.removeprefix(prefix).replace("_", " "), 40)
