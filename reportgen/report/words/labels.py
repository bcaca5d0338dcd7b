"""The words of a page that are not about any market: navigation, buttons, running feet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reportgen.report.blocks import Labels
from reportgen.report.words.phrases import mark

if TYPE_CHECKING:
    from reportgen.report.words.language import Language

DEFAULT_TITLE = mark("Promotion impact")
"""Default of ``report.title``, named here for the catalogues; a title of one's own is printed as it was written."""


def page_labels(language: Language) -> Labels:
    """Labels in the language of the page."""
    _ = language.gettext
    return Labels(
        contents=_("Contents"),
        skip=_("Skip to the content"),
        filter=_("Filter rows"),
        copy=_("Copy table"),
        copied=_("Copied"),
        download=_("Download CSV"),
        lower=_("Lower limit"),
        upper=_("Upper limit"),
        sort=_("Sort by this column"),
        larger=_("Zoom in"),
        smaller=_("Zoom out"),
        files=_("Files"),
        close=_("Close"),
        pdf=_("Report (PDF)"),
        brief=_("Brief (PDF)"),
        data=_("Data"),
    )
