"""PDF by WeasyPrint, which nothing but this, ``fetch.py`` and the drawing of charts uses.

The print rendering of the same templates goes in with charts served from memory by a closed fetcher, a tagged
PDF/UA-1 file comes out, and a short pikepdf pass adds what WeasyPrint leaves out: the scope of header cells. Same
report, same bytes: dates come from the run's date, the file identifier from the content.
"""

from __future__ import annotations

import ctypes.util
import logging
import re
import sys
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reportgen.errors import EnvironmentMissing, RenderError
from reportgen.render.html import Fit, charts, render_brief, render_report
from reportgen.render.pdf import BRIEF_PAGES
from reportgen.render.pdf.fontconfig import use_own_fonts
from reportgen.render.pdf.pango import INSTALL
from reportgen.render.pdf.structure import add_scopes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from reportgen.report.blocks import MarketReport

VARIANT = "pdf/ua-1"
_DATA = re.compile(r"data:[^\s'\")>]*")
"""An embedded file, which nobody can read in a message."""


def report_pdf(report: MarketReport, *, templates: Path | None = None) -> bytes:
    """See :func:`reportgen.render.pdf.report_pdf`."""
    # A page each: what runs over is set more tightly, all of it.
    most = 1 + len([section for section in report.sections if section.only != "screen"])
    return _fitted(report, most, lambda fit: render_report(report, medium="print", templates=templates, fit=fit))


def brief_pdf(report: MarketReport, *, templates: Path | None = None) -> bytes:
    """See :func:`reportgen.render.pdf.brief_pdf`."""
    return _fitted(report, BRIEF_PAGES, lambda fit: render_brief(report, medium="print", templates=templates, fit=fit))


def _fitted(report: MarketReport, most: int, html: Callable[[Fit], str]) -> bytes:
    """The document with every section in the loosest setting that keeps it to its page.

    A page too many is better than none. Where pages are too many and no section is longer than one (sections that
    follow each other on a page) all are set more tightly.
    """
    press, anchors = _Press(report), ["summary", *(section.anchor for section in report.sections)]
    fit: dict[str, str] = {}
    document = press.lay_out(html(fit))
    for step in ("tight", "tight tighter"):
        if len(document.pages) <= most:
            break
        fit |= dict.fromkeys(_overlong(document, anchors) or anchors, step)
        document = press.lay_out(html(fit))
    return press.write(document)


def _overlong(document: Any, anchors: list[str]) -> list[str]:
    """Sections that go on over the end of a page."""
    begins = {name: k for k, page in reversed([*enumerate(document.pages)]) for name in anchors if name in page.anchors}
    ordered = sorted(begins.items(), key=lambda one: one[1])
    ends = [*(place for _, place in ordered[1:]), len(document.pages)]
    return [name for (name, begin), end in zip(ordered, ends, strict=True) if end - begin > 1]


class _Press:
    """Lays out and writes the documents of one report, and lets none out that is not whole."""

    def __init__(self, report: MarketReport) -> None:
        self._weasyprint = load()
        from reportgen.render.pdf.fetch import ClosedFetcher

        self._market = report.market
        self._fetcher = ClosedFetcher(charts(report))

    def lay_out(self, html: str) -> Any:
        """Pages of a document (a ``weasyprint.Document``)."""
        with self._watched():
            source = self._weasyprint.HTML(string=html, url_fetcher=self._fetcher, encoding="utf-8")
            return source.render(pdf_variant=VARIANT)

    def write(self, document: Any) -> bytes:
        """Bytes of a laid out document, finished."""
        with self._watched():
            made: bytes = document.write_pdf(pdf_variant=VARIANT)
        return add_scopes(made)

    @contextmanager
    def _watched(self) -> Iterator[None]:
        """Turn refused addresses, failures and whatever WeasyPrint only logs as an error into a RenderError."""
        from weasyprint.urls import FatalURLFetchingError

        log = _Errors()
        logger = logging.getLogger("weasyprint")
        logger.addHandler(log)
        try:
            yield
        # Told below by its address, together with what an SVG asked for and WeasyPrint swallowed.
        except FatalURLFetchingError:
            pass
        # Whatever its layout stumbles over is a failure of this document. KeyboardInterrupt and MemoryError pass.
        except (
            OSError,
            ValueError,
            TypeError,
            LookupError,
            AttributeError,
            AssertionError,
            ArithmeticError,
            RecursionError,
        ) as error:
            problem = f"{type(error).__name__}: {error}"
            raise RenderError(f"The PDF of {self._market} cannot be made: {problem}.", code="pdf-layout") from error
        finally:
            logger.removeHandler(log)
        # First the cause: what was refused may be logged as an image that failed, too.
        if self._fetcher.refused:
            address = self._fetcher.refused[0]
            raise RenderError(f"The PDF of {self._market} is not allowed to fetch {address!r}.", code="pdf-fetch")
        if log.messages:
            raise RenderError(f"The PDF of {self._market} is not whole: {log.messages[0]}.", code="pdf-incomplete")


class _Errors(logging.Handler):
    """Keeps error messages of this thread (another thread may be printing something else)."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self._thread = threading.get_ident()
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep one message."""
        if record.thread == self._thread:
            self.messages.append(_DATA.sub("data:…", record.getMessage())[:300])


def load() -> Any:
    """Import WeasyPrint with our fonts.

    Raises
    ------
    EnvironmentMissing
        WeasyPrint, Pango or a font package is missing.
    """
    # Before the import: fontconfig reads its file once, when Pango first asks for a font.
    use_own_fonts()
    logging.getLogger("weasyprint").setLevel(logging.ERROR)
    logging.getLogger("fontTools").setLevel(logging.ERROR)
    try:
        with _libraries_by_their_names():
            import weasyprint
    except ImportError:
        raise EnvironmentMissing("WeasyPrint is not installed: pip install weasyprint.", code="no-weasyprint") from None
    except OSError:
        raise EnvironmentMissing(
            f"PDF needs Pango, which this machine lacks. {INSTALL} HTML reports work without it.", code="no-pango"
        ) from None
    return weasyprint


@contextmanager
def _libraries_by_their_names() -> Iterator[None]:
    """Spare the import of WeasyPrint a dozen runs of ldconfig, gcc and ld (0.2 s).

    It asks cffi for each library under the names of every system; those without ``.so`` make ctypes search by running
    these programs. On Linux the last name, ``libpango-1.0.so.0``, is what the loader itself understands.
    """
    if sys.platform != "linux":
        yield
        return
    search = ctypes.util.find_library
    ctypes.util.find_library = lambda name: None  # noqa: ARG005 - the signature is theirs
    try:
        yield
    finally:
        ctypes.util.find_library = search
