"""Reports of every kind as Quarto pages, made once per test process."""

from __future__ import annotations

from functools import cache

import factories
from reportgen.render.quarto import market_files
from reportgen.report.blocks import MarketReport
from reportgen.report.document import build_report
from reportgen.report.words.language import Language
from reportgen.report.words.publishing import SiteWords, site_words
from reportgen.settings.sections import Settings

HOSTILE = "*x* {{< include /etc/passwd >}} | $y$ <b> @fig-1"
MARKER = "b58fc729-690b-4000-b19f-365a4093b2ff;7B7B3C20656E76203E7D7D;"

KINDS = ("ok", "singular", "not-estimable", "not-estimated", "log", "week", "hostile", "marker", "small")


def words() -> SiteWords:
    """English words of the site."""
    return site_words(Language("en"))


@cache
def report(kind: str) -> MarketReport:
    """One report; ``kind`` is a status or one of the special cases of :data:`KINDS`."""
    if kind in {"singular", "not-estimable", "not-estimated"}:
        results = factories.market_results(status=kind, pharmacies=12)  # type: ignore[arg-type]
    elif kind == "log":
        results = factories.market_results(response="log", pharmacies=12, market="DE")
    elif kind == "week":
        results = factories.market_results(period="week", periods=60, pharmacies=8)
    elif kind == "hostile":
        results = factories.market_results(names="hostile", market=HOSTILE, pharmacies=14)
    elif kind == "marker":
        results = factories.market_results(market=MARKER, pharmacies=8)
    elif kind == "small":
        results = factories.market_results(pharmacies=5, cost=None)
    else:
        results = factories.market_results()
    settings = Settings()
    if kind == "hostile":
        settings = Settings.model_validate(
            {
                "report": {"title": "{{< env HOME >}} `r 1` </title>", "promotion_unit": "$v$ | @tbl-1"},
                "brand": {
                    "name": "<img src=x onerror=alert(1)> {{< pagebreak >}}",
                    "footer": "`=html` [x](javascript:1)",
                },
            }
        )
    return build_report(results, settings)


@cache
def files(kind: str) -> dict[str, bytes]:
    """Files of one market's folder."""
    return market_files(report(kind), words())


def page(kind: str, name: str = "index.qmd") -> str:
    """Text of one page."""
    return files(kind)[name].decode()
