"""Labels stay on their pictures, wide and slim, in markets of odd kinds."""

from __future__ import annotations

from typing import Any

import pytest

from factories import market_results
from reportgen.report.figures import draw_charts
from reportgen.report.shapes import Label
from reportgen.report.typefaces.widths import text_width
from reportgen.report.words.formats import Formats
from reportgen.report.words.language import Language

CASES: dict[str, tuple[dict[str, Any], str]] = {
    "weekly in German": ({"period": "week", "periods": 156, "response": "log"}, "de_DE"),
    "few": ({"pharmacies": 12}, "en_IN"),
    "many": ({"pharmacies": 500}, "de_DE"),
    "long names": ({"names": "long"}, "en_IN"),
    "Arabic names": ({"names": "arabic"}, "en_IN"),
}


@pytest.mark.parametrize("case", CASES)
def test_every_label_stays_on_its_picture(case: str) -> None:
    wanted, locale = CASES[case]
    results = market_results(**wanted)
    assert results.model is not None
    formats = Formats(locale, "INR", unit="visit", response=results.model.response)
    for name, chart in draw_charts(results, formats, Language(locale)).items():
        for width, shapes in (
            (chart.width, chart.shapes),
            *([(chart.slim.width, chart.slim.shapes)] if chart.slim else []),
        ):
            for one in shapes:
                if isinstance(one, Label):
                    size, at = text_width(one.text, one.size, one.weight), one.place[0] / 10
                    left = {"start": at, "middle": at - size / 2, "end": at - size}[one.anchor]
                    assert left >= -0.5, (name, one.text)
                    assert left + size <= width + 0.5, (name, one.text)


def test_charts_over_time_are_drawn_for_phones_too() -> None:
    charts = draw_charts(market_results(), Formats("en_IN", "INR", unit="visit"), Language("en_IN"))
    slim = {name: chart.slim for name, chart in charts.items() if chart.slim}
    assert {"without_promotion", "forecast"} <= set(slim)
    assert all(one.width <= 340 for one in slim.values() if one)
