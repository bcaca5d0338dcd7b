"""The drawn intervals of the overview."""

from __future__ import annotations

import pytest

from reportgen.report.site.market_line import MarketSummary
from reportgen.report.site.market_table import table_writer
from reportgen.results.derived.intervals import normal_interval
from reportgen.settings.sections import Settings


@pytest.mark.parametrize("confidence", [0.8, 0.95])
def test_the_thick_half_of_a_drawn_interval_is_half_of_it_at_every_level(confidence: float) -> None:
    lower, upper = normal_interval(100.0, 20.0, confidence)
    market = MarketSummary(
        market="A", status="ok", verdict="works", reason="", folder="markets/a", files=("report.html",), pharmacies=9,
        months=24, sales_mean=1000.0, kept_up=100.0, kept_up_lower=lower, kept_up_upper=upper,
    )  # fmt: skip
    settings = Settings.model_validate({"report": {"confidence": confidence}})
    (row,) = table_writer(settings, [market]).markets([market]).rows
    bar = next(cell.bar for cell in row.cells if cell.bar is not None)
    half = normal_interval(0.0, 20.0, 0.5)[1] / normal_interval(0.0, 20.0, confidence)[1]
    assert bar.high50 - bar.point == pytest.approx(half * (bar.high - bar.point), abs=0.15)
    assert bar.point - bar.low50 == pytest.approx(half * (bar.point - bar.low), abs=0.15)
