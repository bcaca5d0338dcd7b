"""One document of one market, written where the analyst wants it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from reportgen.batch.state.files import write_atomic
from reportgen.errors import UsageError

if TYPE_CHECKING:
    from reportgen.notebook.analysis import MarketAnalysis


def write_report(analysis: MarketAnalysis, path: Path) -> Path:
    """See :meth:`MarketAnalysis.report`."""
    path = path.absolute()
    write_atomic(path, _content(analysis, _kind(path)))
    return path


def _content(analysis: MarketAnalysis, kind: str) -> bytes:
    if kind == "json":
        from reportgen.results import to_json

        return to_json(analysis.results)
    if kind == "xlsx":
        from reportgen.render.workbook import render_workbook

        return render_workbook(analysis.results, analysis.settings)
    if kind == "html":
        from reportgen.render.html import render_report

        return render_report(analysis.document).encode()
    from reportgen.render.pdf import brief_pdf, report_pdf

    return brief_pdf(analysis.document) if kind == "brief.pdf" else report_pdf(analysis.document)


def _kind(path: Path) -> str:
    """The ending, ``brief.pdf`` before ``pdf``."""
    found = re.search(r"(?:(?<=[.\-_])|^)(brief\.pdf)$|\.(html|pdf|xlsx|json)$", path.name.casefold())
    if found is None:
        raise UsageError(
            f"{path.name}: the ending says what to write: .html, .pdf, .brief.pdf, .xlsx or .json.", code="bad-format"
        )
    return found[1] or found[2]
