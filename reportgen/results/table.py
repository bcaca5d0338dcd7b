"""What a table holds before anything is built from it: how it was read, its columns, its markets, its faults, its fate.

Bounded for any number of rows: a calendar is kept of so many pharmacies and periods of a market, values are counted.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from reportgen.results.market import MarketResults

Severity = Literal["error", "warning", "note"]
ColumnRole = Literal[
    "market", "pharmacy", "month", "sales", "promotion", "control", "cost", "territory", "moderator", ""
]
Cell = Literal[".", "r", "0", "s", "p", "2"]
"""One pharmacy in one period: no row, a row, a row with zero sales, without sales, without promotion, several rows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One problem of the table.

    Attributes
    ----------
    code
        Stable identifier, e.g. ``"bad-number"``.
    severity
        ``error``: values beyond doubt wrong, blocks. ``warning``: doubtful, used as stated. ``note``: for information.
    column
        Column of the file it is about, or None.
    market
        Market it is about, or None where it concerns several or none.
    count
        How many rows (keys, columns) are affected.
    rows
        First affected rows as the file counts them (the header is row 1).
    message
        What, where, found, what to do.
    """

    code: str
    severity: Severity
    column: str | None
    market: str | None
    count: int
    rows: tuple[int, ...]
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnFacts:
    """One column of the file: what it is taken for, and what is in it.

    ``filled`` and ``empty`` are rows; ``distinct`` values are counted where the table is one. ``least``, ``most``,
    ``mean``, ``zero`` and ``negative`` are of number columns, ``first`` and ``last`` are ISO periods of the month.
    """

    name: str
    role: ColumnRole
    filled: int
    empty: int
    distinct: int | None = None
    least: float | None = None
    most: float | None = None
    mean: float | None = None
    zero: int = 0
    negative: int = 0
    first: str = ""
    last: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Distribution:
    """How often which values occur in a number column.

    ``values`` has every value with its rows where there are few, else it is empty and ``bins`` counts the values above
    zero between ``10**(k / BINS)`` and ``10**((k + 1) / BINS)`` for each k.
    """

    column: str
    role: ColumnRole
    rows: int
    empty: int
    zero: int
    negative: int
    values: tuple[tuple[float, int], ...]
    bins: tuple[tuple[int, int], ...]


BINS = 240
"""Steps in which a power of ten is counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """Which pharmacy has a row in which period; ``cells`` has one text a pharmacy, one :data:`Cell` a period."""

    periods: tuple[str, ...]
    pharmacies: tuple[str, ...]
    cells: tuple[str, ...]
    pharmacies_left_out: int = 0
    """Not shown: those with the fewest gaps."""
    periods_left_out: int = 0
    """Not shown: the earliest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketFacts:
    """One market as it stands in the table, whether or not it can be built.

    ``filled`` is the share of pharmacies and periods that have a row; ``coverage`` the percent of pharmacies with a row
    in each period from ``period[0]`` on. Sales are per row, promotion by channel.
    """

    market: str
    rows: int
    pharmacies: int
    period: tuple[str, str] | None
    filled: float | None
    sales_mean: float | None
    promotion_mean: tuple[float | None, ...]
    coverage: tuple[int, ...]
    calendar: Calendar | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TableFacts:
    """What was read. ``read`` has what was found of the file itself, as (code, text); empty texts are left out."""

    source: str
    read: tuple[tuple[str, str], ...]
    rows: int
    columns: tuple[ColumnFacts, ...]
    columns_left_out: int
    distributions: tuple[Distribution, ...]
    markets: tuple[MarketFacts, ...]
    pharmacies: int
    """Of all markets together."""
    period_type: Literal["month", "week", "quarter"]
    currency: str


Outcome = Literal["refused", "no-estimate", "withheld", "estimate"]
"""``refused``: its rows break the contract. ``no-estimate``: a report of two pages with the reason. ``withheld``:
fitted, and some numbers are not given. ``estimate``: nothing stands against one before the fit, whose own checks may
still take numbers away.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketProspect:
    """One market before a build."""

    market: str
    outcome: Outcome
    codes: tuple[str, ...] = ()
    """Of the findings that refuse it, of the reasons against an estimate, or of the checks that withhold."""
    known: MarketResults | None = None
    """What its results will hold of that: status, reasons, channels left out, checks of the data, what is withheld.
    ``None`` where the market cannot be read.
    """
