"""Which documents a run makes of each market: those asked for and those there are, less what cannot be made here.

Asking for a format adds it; only ``--only`` takes one away. Without the libraries of PDF everything else is made,
unless PDF was asked for by name; the same holds for slides.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reportgen.errors import EnvironmentMissing
from reportgen.render import pdf
from reportgen.render.slides import package
from reportgen.settings.sections import Settings

if TYPE_CHECKING:
    from reportgen.batch.plan import PlannedMarket

PRINTED = frozenset({"pdf", "brief"})
SLIDES = frozenset({"pptx"})
_NUMBERS_ONLY = "results"


@dataclass(frozen=True, slots=True, kw_only=True)
class Formats:
    """What is asked for and what can be had."""

    asked: frozenset[str]
    only: bool = False
    """Documents of other formats are removed."""
    lacking: frozenset[str] = frozenset()
    """What cannot be made here."""
    missing: str = ""
    """What that lacks, and how to get it."""

    def of(self, there: Collection[str] = ()) -> tuple[str, ...]:
        """Return the formats that a market is to have, sorted, given those that are ``there``."""
        wanted = (self.asked if self.only else self.asked | set(there)) - self.lacking
        # "results" is what every market has anyway: it stands for itself only where nothing else is wanted.
        return tuple(sorted(wanted - {_NUMBERS_ONLY})) or (_NUMBERS_ONLY,)

    def warnings(self, plans: Sequence[PlannedMarket]) -> list[str]:
        """Return what is to be said of documents that are not made, or no more."""
        said = []
        # Of markets that are not built again nothing is removed and nothing is missing.
        built = [plan for plan in plans if plan.reason not in {"up-to-date", "refused"}]
        lost = [set(plan.record.formats) - set(plan.formats) - {_NUMBERS_ONLY} for plan in built if plan.record]
        missed = self.lacking & self.asked.union(*lost)
        if missed & PRINTED:
            said.append(f"Made without PDF. {self.missing}")
        if missed & SLIDES:
            said.append(f"Slides need python-pptx, which is not installed: made without them. {package.INSTALL}")
        removed = sorted(set().union(*lost) - self.lacking)
        if self.only and removed:
            count = sum(bool(formats - self.lacking) for formats in lost)
            said.append(f"--only removes {', '.join(removed)} of {count} market{'s' if count != 1 else ''}.")
        return said


def choose_formats(settings: Settings, *, only: bool, elsewhere: bool) -> Formats:
    """Return the formats of a run.

    Parameters
    ----------
    elsewhere
        Documents are made on other machines, of which nothing is known here.

    Raises
    ------
    EnvironmentMissing
        If PDF is asked for by name, or slides, and this machine cannot make them.
    """
    asked = frozenset(settings.report.formats)
    engine = settings.report.pdf_engine
    missing = "" if elsewhere else pdf.lacking(engine)
    lacking = PRINTED if missing else frozenset[str]()
    if not elsewhere and package.slides_missing():
        lacking |= SLIDES
    if SLIDES & lacking & asked:
        raise EnvironmentMissing(
            f"Slides need python-pptx, which is not installed: {package.INSTALL}.", code="no-slides"
        )
    # Only where the user wrote them down: the default must not fail on a machine without Pango.
    if lacking & asked and settings.report.model_fields_set & {"formats", "pdf_engine"}:
        code = "no-typst" if engine == "typst" else "no-pango"
        raise EnvironmentMissing(f"{missing} Without PDF: --formats html.", code=code)
    return Formats(asked=asked, only=only, lacking=lacking, missing=missing)
