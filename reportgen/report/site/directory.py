"""Every pharmacy of every market: what the page that finds a pharmacy searches.

Pharmacies are not in the list of markets: a thousand markets have as many pharmacies as a page may have bytes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from reportgen.report.site.market_table import address
from reportgen.report.words.names import LIMIT, clean

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reportgen.report.site.market_line import MarketSummary
    from reportgen.report.words.language import Language

MOST = 300_000
"""Pharmacies on the page; beyond there is none, and ``data/pharmacies.csv`` has them all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Directory:
    """Markets with their pharmacies, and the words of the page."""

    search: str
    hint: str
    nothing: str
    shown: str
    """``%1`` of ``%2`` found."""
    table: str
    """Link to the whole table, for readers without JavaScript."""
    markets: tuple[tuple[str, str, tuple[str, ...]], ...]
    """Name, address of the report, names of its pharmacies."""


def build_directory(
    lines: Sequence[MarketSummary], pharmacies: Mapping[str, Sequence[str]], language: Language
) -> Directory | None:
    """Directory of all markets that have a report; None where there are no pharmacies, or too many."""
    total = sum(len(names) for names in pharmacies.values())
    if not 0 < total <= MOST:
        return None
    _ = language.gettext
    return Directory(
        search=_("Search pharmacies"),
        hint=_("Type a part of a pharmacy’s code."),
        nothing=_("No pharmacy fits."),
        shown=_("{first} of {count} found").format(first="%1", count="%2"),
        table=_("All pharmacies as a table (CSV)"),
        markets=tuple(
            (clean(line.market), address(line), tuple(_clean(name) for name in pharmacies[line.market]))
            for line in lines
            if line.market in pharmacies and address(line)
        ),
    )


def _clean(name: str) -> str:
    """The same as ``clean``, at once for names that need no cleaning."""
    plain = name.isascii() and name.isprintable() and len(name) <= LIMIT and "  " not in name and name == name.strip()
    return name if plain and name else clean(name)
