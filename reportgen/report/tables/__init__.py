"""The tables of a report: numbers of the results set in the formats of the locale, row by row.

Each function takes the writer and gives one finished :class:`~reportgen.report.blocks.Table` (or ``None`` where there
is nothing to show). Cells keep the number behind the text for sorting and CSV. Numbers in tables are exact, in prose
and key figures short. No stars, no colour without a word.
"""

from reportgen.report.tables.bootstrap import bootstrap
from reportgen.report.tables.effects import channels, impulse, months
from reportgen.report.tables.experiment import balance, calibration
from reportgen.report.tables.forecast import forecast
from reportgen.report.tables.model import attempts, coefficients, comparison, rows_lost, variances
from reportgen.report.tables.pharmacies import pharmacies, plan_lists
from reportgen.report.tables.trust import assumptions, checks, ordinary, sensitivity

__all__ = [
    "assumptions", "attempts", "balance", "bootstrap", "calibration", "channels", "checks", "coefficients",
    "comparison", "forecast", "impulse", "months", "ordinary", "pharmacies", "plan_lists", "rows_lost", "sensitivity",
    "variances",
]  # fmt: skip
