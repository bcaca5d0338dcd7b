"""Weekly markets speak of weeks, not of months."""

from __future__ import annotations

import re

import pytest

from factories import market_results
from reportgen.render.html import render_report
from reportgen.report.document import build_report
from reportgen.settings.sections import ReportSettings, Settings


@pytest.mark.parametrize(("locale", "month"), [("en_IN", r"\bmonths?\b"), ("de_DE", r"\bMonat\w*")])
def test_weeks_are_not_called_months(locale: str, month: str) -> None:
    settings = Settings(report=ReportSettings(locale=locale, promotion_unit="visit"))
    page = render_report(build_report(market_results(period="week", periods=104), settings))
    page = re.sub(r"<(style|script)\b.*?</\1>", " ", page, flags=re.DOTALL)
    text = " ".join(re.sub(r"<[^>]+>", " ", page).split())
    found = [text[max(0, one.start() - 50) : one.end() + 30] for one in re.finditer(month, text, re.IGNORECASE)]
    # The glossary names both.
    assert [one for one in found if not re.search("First month, first week|Erster Monat, erste Woche", one)] == []
