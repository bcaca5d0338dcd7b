"""The only door of a PDF: charts from memory and ``data:`` URLs; everything else stops the document.

WeasyPrint swallows ordinary exceptions of a fetcher and leaves the image out, so a refusal must be its
``FatalURLFetchingError``, which is a ``BaseException``. Imported lazily, with WeasyPrint.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from weasyprint.urls import FatalURLFetchingError, URLFetcher, URLFetcherResponse

from reportgen.render.charts.operators import chart_image

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reportgen.report.blocks import Chart

SCHEME = "chart:"


class ClosedFetcher(URLFetcher):  # type: ignore[misc]  # WeasyPrint ships no types
    """Serves ``chart:name`` from memory.

    Parameters
    ----------
    charts
        By name; kept, because images only name what is drawn of them (``charts/operators.py``).
    """

    def __init__(self, charts: Mapping[str, Chart]) -> None:
        super().__init__(allowed_protocols={"data"}, allow_redirects=False, fail_on_errors=True)
        self.charts = charts
        self.refused: list[str] = []
        """Addresses asked for in vain: WeasyPrint swallows even a fatal error inside an SVG."""

    def fetch(self, url: str, headers: Mapping[str, str] | None = None) -> URLFetcherResponse:
        """Return a chart or the content of a ``data:`` URL.

        Raises
        ------
        FatalURLFetchingError
            For every other address.
        """
        if url.startswith(SCHEME) and url.removeprefix(SCHEME) in self.charts:
            image = chart_image(self.charts[url.removeprefix(SCHEME)])
            return URLFetcherResponse(url, image.encode(), {"Content-Type": "image/svg+xml"})
        if url[:5].lower() == "data:":
            try:
                return super().fetch(url, headers)
            except Exception:  # noqa: BLE001 - whatever is wrong with it, the document must not go on without it
                return self._refuse(url)
        return self._refuse(url)

    def _refuse(self, url: str) -> NoReturn:
        self.refused.append(url[:120])
        raise FatalURLFetchingError(f"refused address {url[:120]!r}")
