"""The answer and its grounds: verdict, reasons, and what is not given."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

VerdictCode = Literal["works", "works-unevenly", "unclear", "no-effect", "negative", "cannot-tell"]
OPEN_VERDICTS: frozenset[VerdictCode] = frozenset({"unclear", "no-effect"})
"""Verdicts under which intervals lead, and no estimate stands alone."""
Quantity = Literal["first-month", "decay", "in-all", "kept-up", "totals", "works"]
"""What a check can withhold: the three quantities of an effect, the carry-over, the sums, and the verdict."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why a market has its status: a stable code, and the facts its sentence needs.

    ``column`` names the offending column, ``value`` what was found, ``limit`` what is needed.
    """

    code: str
    column: str | None = None
    value: float | None = None
    limit: float | None = None
    detail: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The one-word answer and the codes that led to it."""

    code: VerdictCode
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Withheld:
    """A quantity that is not given because a deciding check is not met; its numbers are ``null`` in these results."""

    quantity: Quantity
    check: str
    """Check that took it; ``sentence`` is the code of the sentence that says why."""
    sentence: str
    channel: str | None = None
    """The channel that loses it; ``None``: all."""
