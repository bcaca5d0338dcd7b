"""Words of published pages that no report has: navigation, links between pages.

Only the Quarto route needs them; a report's own words come with its blocks.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reportgen.report.words.language import Language


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteWords:
    """Labels in the language of the site."""

    overview: str
    method: str
    method_lead: str
    markets: str
    brief: str
    full_report: str
    evidence: str
    """Introduces references to figures and tables."""
    all_rows: str
    between: str
    """On paper: where the rows are that a short table leaves out."""
    read_on: str
    generated: str


def site_words(language: Language) -> SiteWords:
    """Words of the pages around the reports."""
    _ = language.gettext
    return SiteWords(
        overview=_("All markets"),
        method=_("Method and glossary"),
        method_lead=_("How every number of these pages was made, what it cannot tell, and what the words mean."),
        markets=_("Markets"),
        brief=_("Brief of two pages"),
        full_report=_("Full report"),
        evidence=_("See"),
        all_rows=_("All rows"),
        between=_("The rows in between are on the web page."),
        read_on=_("The full report, with every pharmacy, is on the web page of this market."),
        generated=_("Made by reportgen"),
    )
