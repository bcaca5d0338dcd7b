"""report.pdf and brief.pdf, by one of two engines from the same document tree.

``weasy`` lays out the print rendering of the HTML templates; ``typeset`` hands the tree to Typst, which needs nothing
but its wheel. ``structure`` finishes the files of both. An engine is imported when its first document is asked for, or
by :func:`load_engine`; what a document holds is decided in :mod:`reportgen.report`.
"""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reportgen.render.pdf import pango

if TYPE_CHECKING:
    from reportgen.report.blocks import MarketReport
    from reportgen.settings.sections import PdfEngine

BRIEF_PAGES = 2
TYPST_INSTALL = "pip install 'reportgen-lmm[typst]'"
_MODULES = {"weasyprint": "weasy", "typst": "typeset"}


def report_pdf(report: MarketReport, *, templates: Path | None = None, engine: PdfEngine = "weasyprint") -> bytes:
    """Tagged PDF of the whole report.

    Raises
    ------
    RenderError
        The document asks for something outside itself, or cannot be made whole.
    EnvironmentMissing
        The engine, a library of it or a font package is missing.
    TemplateError
        A template failed.
    """
    made: bytes = _module(engine).report_pdf(report, templates=templates)
    return made


def brief_pdf(report: MarketReport, *, templates: Path | None = None, engine: PdfEngine = "weasyprint") -> bytes:
    """Tagged PDF of the two-page brief, set more tightly where it would run over; raises as :func:`report_pdf`."""
    made: bytes = _module(engine).brief_pdf(report, templates=templates)
    return made


def load_engine(engine: PdfEngine) -> None:
    """Import all that an engine needs; raises ``EnvironmentMissing`` where it is not here."""
    _module(engine).load()


def lacking(engine: PdfEngine) -> str:
    """Return what is certainly missing for PDF here and how to get it, as a sentence; empty where nothing is."""
    if engine == "typst":
        return "" if find_spec("typst") else f'PDF by pdf_engine = "typst" needs its wheel: {TYPST_INSTALL}.'
    return f"PDF needs libraries that this machine lacks. {pango.INSTALL}" if pango.pango_missing() else ""


def _module(engine: PdfEngine) -> Any:
    return import_module(f"{__name__}.{_MODULES[engine]}")
