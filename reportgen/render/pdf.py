"""report.pdf and brief.pdf; the only place that uses WeasyPrint, imported when the first PDF is asked for.

The print rendering of the same templates goes in with charts served from memory by a closed fetcher, a tagged
PDF/UA-1 file comes out, and a short pikepdf pass adds what WeasyPrint leaves out: the scope of header cells. Same
report, same bytes: dates come from the run's date, the file identifier from the content.
"""

from __future__ import annotations

import logging
from io import BytesIO
from typing import TYPE_CHECKING, Any

from reportgen.errors import EnvironmentMissing, RenderError
from reportgen.render.fontconfig import use_own_fonts
from reportgen.render.html import charts, render_brief, render_report
from reportgen.report.figures.svg import for_print

if TYPE_CHECKING:
    from reportgen.report.blocks import MarketReport

VARIANT = "pdf/ua-1"
PACKAGES = "libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0"


def report_pdf(report: MarketReport, *, overrides: str = "") -> bytes:
    """Tagged PDF of the whole report.

    Raises
    ------
    RenderError
        The document asks for something outside itself, or cannot be laid out.
    EnvironmentMissing
        Pango or a font package is missing.
    TemplateError
        A template failed.
    """
    return _pdf(render_report(report, medium="print", overrides=overrides), report)


def brief_pdf(report: MarketReport, *, overrides: str = "") -> bytes:
    """Tagged PDF of the two-page brief; raises as :func:`report_pdf`."""
    return _pdf(render_brief(report, medium="print", overrides=overrides), report)


def _pdf(html: str, report: MarketReport) -> bytes:
    weasyprint = load_weasyprint()
    from weasyprint.urls import FatalURLFetchingError

    from reportgen.render.fetch import ClosedFetcher

    fetcher = ClosedFetcher({name: for_print(figure.svg) for name, figure in charts(report).items()})
    try:
        made = weasyprint.HTML(string=html, url_fetcher=fetcher, encoding="utf-8").write_pdf(pdf_variant=VARIANT)
    except FatalURLFetchingError as error:
        raise RenderError(f"The PDF of {report.market} is not allowed to fetch: {error}.", code="pdf-fetch") from None
    except (OSError, ValueError, TypeError, IndexError, KeyError, AttributeError, AssertionError) as error:
        kind = type(error).__name__
        raise RenderError(
            f"The PDF of {report.market} cannot be laid out: {kind}: {error}.", code="pdf-layout"
        ) from error
    return add_scopes(made)


def load_weasyprint() -> Any:
    """Import WeasyPrint with our fonts.

    Raises
    ------
    EnvironmentMissing
        WeasyPrint, Pango or a font package is missing.
    """
    use_own_fonts()
    logging.getLogger("weasyprint").setLevel(logging.ERROR)
    logging.getLogger("fontTools").setLevel(logging.ERROR)
    try:
        import weasyprint
    except ImportError:
        raise EnvironmentMissing("WeasyPrint is not installed: pip install weasyprint.", code="no-weasyprint") from None
    except OSError:
        raise EnvironmentMissing(
            f"PDF needs Pango, which this machine lacks. On Debian or Ubuntu: apt install {PACKAGES}. "
            "HTML reports work without it.",
            code="no-pango",
        ) from None
    return weasyprint


def add_scopes(pdf: bytes) -> bytes:
    """Give each table header cell its scope (column in a table head, else row), and a content-based identifier."""
    import pikepdf
    from pikepdf import Dictionary, Name

    with pikepdf.open(BytesIO(pdf)) as document:
        root = document.Root.get("/StructTreeRoot")
        todo: list[tuple[Any, bool]] = [] if root is None else [(root, False)]
        while todo:
            element, head = todo.pop()
            kind = element.get("/S")
            head = head or kind == Name.THead
            if kind == Name.TH and "/A" not in element:
                scope = Name.Column if head else Name.Row
                element.A = Dictionary(O=Name.Table, Scope=scope)
            kids = element.get("/K")
            if isinstance(kids, pikepdf.Dictionary):
                todo.append((kids, head))
            elif isinstance(kids, pikepdf.Array):
                todo.extend((kid, head) for kid in kids if isinstance(kid, pikepdf.Dictionary))
        out = BytesIO()
        document.save(out, deterministic_id=True, object_stream_mode=pikepdf.ObjectStreamMode.generate)
    return out.getvalue()
