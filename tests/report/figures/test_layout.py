"""Nothing on a chart is cut off and no two labels touch, for every kind of market and name."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from typing import Any

import pytest

from factories import market_results, overview_results
from reportgen.report.blocks import Chart
from reportgen.report.figures import draw_charts, draw_market_charts
from reportgen.report.shapes import SHIFT, Label
from reportgen.report.typefaces.widths import text_width
from reportgen.report.words.formats import Formats
from reportgen.report.words.language import Language

Box = tuple[float, float, float, float, str]


def texts(chart: Chart) -> list[Box]:
    """Box (left, top, right, bottom) and words of every label."""
    boxes = []
    for label in (shape for shape in chart.shapes if isinstance(shape, Label)):
        width = text_width(label.text, label.size, label.weight)
        left, base = label.place[0] / 10 - SHIFT[label.anchor] * width, label.place[1] / 10
        boxes.append((left, base - 0.72 * label.size, left + width, base + 0.1 * label.size, label.text))
    return boxes


def faults(chart: Chart) -> list[str]:
    """Labels outside the picture, and pairs that overlap by more than a pixel."""
    found, boxes = [], texts(chart)
    for left, top, right, bottom, words in boxes:
        if left < -1 or right > chart.width + 1 or top < -1 or bottom > chart.height + 1:
            found.append(
                f"{chart.name}: {words!r} leaves the picture ({left:.0f}, {top:.0f}, {right:.0f}, {bottom:.0f})"
            )
    found.extend(
        f"{chart.name}: {a[4]!r} touches {b[4]!r}"
        for a, b in combinations(boxes, 2)
        if min(a[2], b[2]) - max(a[0], b[0]) > 1 and min(a[3], b[3]) - max(a[1], b[1]) > 1
    )
    return found


CASES: dict[str, tuple[dict[str, Any], str, str]] = {
    "usual": ({}, "en_IN", "INR"),
    "large": ({"pharmacies": 300}, "en_IN", "INR"),
    "three columns": ({"pharmacies": 100, "names": "long"}, "de_DE", "EUR"),
    "two columns": ({"pharmacies": 60, "effect": -1.0}, "en_US", "USD"),
    "small": ({"pharmacies": 12, "periods": 24}, "de_DE", "EUR"),
    "no effect": ({"effect": 0.01}, "en_IN", "INR"),
    "harm": ({"effect": -1.0, "names": "long"}, "en_IN", "INR"),
    "logarithm": ({"response": "log", "names": "hostile"}, "de_DE", "EUR"),
    "weeks": ({"period": "week", "periods": 104, "pharmacies": 30}, "en_US", "USD"),
    "long history": ({"periods": 120}, "en_IN", "INR"),
    "singular": ({"status": "singular"}, "fr_FR", "EUR"),
    "devanagari": ({"names": "devanagari", "pharmacies": 45}, "hi_IN", "INR"),
    "arabic": ({"names": "arabic", "pharmacies": 50}, "en_US", "USD"),
    "not estimable": ({"status": "not-estimable", "names": "long"}, "en_IN", "INR"),
}


@pytest.mark.parametrize("case", CASES)
def test_labels_of_a_market_stay_inside_and_apart(case: str) -> None:
    arguments, locale, currency = CASES[case]
    formats = Formats(locale, currency, unit="visit", response=arguments.get("response", "level"))
    charts = draw_charts(market_results(**arguments), formats, Language(locale))
    assert [fault for chart in charts.values() for fault in faults(chart)] == []


def test_labels_of_extreme_results_stay_inside_and_apart() -> None:
    results = market_results(pharmacies=88, response="log", period="week", periods=60, names="long")
    wild = tuple(
        replace(p, own_slope=9.0 if i == 3 else p.own_slope, slope=6.0 if i == 5 else p.slope)
        for i, p in enumerate(results.pharmacies)
    )
    share = replace(results.data, promotion_mean=(0.1,), promotion_sd=(0.15,))
    assert results.decay is not None
    assert results.long_run is not None
    edge = replace(results.decay, estimate=0.0, lower=None, upper=None, at_edge=True)
    at_once = replace(results.long_run, half_life=0.0)
    results = replace(results, pharmacies=wild, data=share, decay=edge, long_run=at_once)
    charts = draw_charts(results, Formats("en_US", "USD", unit="display share", response="log"), Language("en_US"))
    assert [fault for chart in charts.values() for fault in faults(chart)] == []
    assert "per 0.1 display share" in charts["caterpillar"].subtitle
    assert charts["impulse"].title.startswith("0.1 display share goes with")
    assert charts["impulse"].title.endswith("half of it is there in the first week.")


@pytest.mark.parametrize("count", [1, 2, 46, 90])
@pytest.mark.parametrize("named", [False, True])
def test_labels_over_markets_stay_inside_and_apart(count: int, *, named: bool) -> None:
    names = tuple(f"{i:02d} Market of the very long name, northern and eastern part" for i in range(count))
    overview = overview_results(markets=count, names=names if named else ())
    charts = draw_market_charts(overview, Formats("en_IN", "INR", unit="visit"), Language("en_IN"))
    assert [fault for chart in charts.values() for fault in faults(chart)] == []
