"""What holds for a whole source: how its numbers and dates are written, and its currency.

Found once and handed to whoever reads a part of it, so that a market gives the same numbers read alone, from its own
files or with all others.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from reportgen.panel.reading.columns import Columns
from reportgen.panel.reading.values.conventions import NumberEvidence, decide, survey_numbers
from reportgen.panel.reading.values.currency import (
    currency_columns,
    currency_of_heading,
    settle_currency,
    survey_codes,
    survey_signs,
)
from reportgen.panel.reading.values.date_forms import Written
from reportgen.panel.reading.values.date_order import DateConvention, order_dates
from reportgen.panel.reading.values.dates import survey_dates
from reportgen.panel.reading.values.numbers import Convention
from reportgen.settings.sections import Settings

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True, kw_only=True)
class Conventions:
    """How a source is written.

    ``currency`` is its code, ``said`` the one that its heading and signs name, whatever the settings say; "" for none.
    """

    numbers: Convention = field(default_factory=Convention)
    dates: DateConvention = field(default_factory=DateConvention)
    currency: str = ""
    said: str = ""

    @property
    def key(self) -> str:
        """Hash of all of it, for what is remembered between runs."""
        return hashlib.sha256(repr((self.numbers, self.dates, self.currency, self.said)).encode()).hexdigest()


@dataclass(slots=True, kw_only=True)
class Evidence:
    """What the parts of a source say, added up."""

    numbers: NumberEvidence = field(default_factory=NumberEvidence)
    dates: set[Written] = field(default_factory=set)
    signs: Counter[str] = field(default_factory=Counter)
    heading: str = ""

    def update(self, frame: pd.DataFrame, columns: Columns) -> None:
        """Add one table or part of it; columns that are not in it are left out."""
        numbers = [frame[name] for name in columns.numbers if name in frame.columns]
        self.numbers.update(survey_numbers(numbers))
        if columns.month in frame.columns:
            self.dates |= survey_dates(frame[columns.month])
        self.heading = self.heading or columns.sales
        # Promotion may be money of another kind, or none; sales and cost are in the currency of the report.
        for name in (columns.sales, columns.cost):
            if name and name in frame.columns:
                self.signs.update(survey_signs(frame[name]))
        for name in currency_columns(columns.spare):
            if name in frame.columns:
                self.signs.update(survey_codes(frame[name]))

    def conclude(self, settings: Settings, delimiter: str = "") -> Conventions:
        """Return the conventions; settings decide over what was found."""
        panel = settings.panel
        said = settle_currency(currency_of_heading(self.heading), self.signs)
        currency = settings.report.currency or said
        first = panel.dates.removesuffix("-first")
        return Conventions(
            numbers=decide(self.numbers, panel.decimal, delimiter, currency),
            dates=order_dates(self.dates, panel.period, first),  # type: ignore[arg-type]
            currency=currency,
            said=said,
        )


def find_conventions(frame: pd.DataFrame, columns: Columns, settings: Settings, delimiter: str = "") -> Conventions:
    """Conventions of a table that is the whole source."""
    found = Evidence()
    found.update(frame, columns)
    return found.conclude(settings, delimiter)
