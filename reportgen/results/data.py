"""What was read and what was used."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from reportgen.results.verdict import Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class RowsLost:
    """Rows that were read but not used, by reason code."""

    reason: str
    rows: int


SlipKind = Literal["too-large", "too-small", "zero"]


@dataclass(frozen=True, slots=True, kw_only=True)
class EntrySlip:
    """A value that looks like a slip of the pen: ten or a hundred times a pharmacy's own level, or a zero month."""

    pharmacy: str
    period: str
    column: str
    """Promotion channel; empty for sales."""
    kind: SlipKind
    value: float
    usual: float
    """Median of the pharmacy's values above zero."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupSize:
    """Used rows per pharmacy."""

    min: int
    mean: float
    max: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DataSummary:
    """What was read and what was used. ``rows_read == rows_used + sum(rows_lost)``."""

    rows_read: int
    rows_used: int
    rows_lost: tuple[RowsLost, ...]
    pharmacies: int
    """Pharmacies with at least one used row (all pharmacies read, if nothing is used)."""
    months: int
    """Calendar periods between the first and the last record, both included."""
    period: tuple[str, str]
    """First and last period read, ISO: ``2021-01`` (month) or ``2021-01-04`` (Monday of a week)."""
    period_type: Literal["month", "week", "quarter"]
    group_size: GroupSize
    sales_total: float | None
    sales_mean: float | None
    """Mean sales per used pharmacy-period, in money."""
    promotion_mean: tuple[float, ...]
    promotion_sd: tuple[float, ...]
    """Per channel, over used rows, in promotion units."""
    promotion_usual: tuple[float | None, ...] = ()
    """Per channel, mean over used rows with promotion (above zero), in promotion units."""
    sales_promoted: tuple[float | None, ...] = ()
    """Per channel, mean sales of used rows with promotion, in money."""
    promoted_rows: tuple[int, ...] = ()
    """Per channel, used rows with promotion."""
    channels_left_out: tuple[Reason, ...] = ()
    """Promotion columns that are no part of the model, each with the reason; the others are estimated."""
    slips: tuple[EntrySlip, ...] = ()
    """Values that look like slips of the pen, by pharmacy and period; the first 200."""
    slips_found: int = 0
    """How many there are in all."""
    slips_set_aside: bool = False
    """Whether their rows were left out (``panel.outliers``)."""
    currency: str = ""
    """ISO 4217 code that signs or the heading of the table say; "" where they say none, or the settings do."""
    fingerprints: tuple[str, ...] = ()
    """Of every period of ``charts.monthly``, 16 hex digits of what its rows hold; revisions are found by them."""
