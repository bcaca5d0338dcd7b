"""The list of markets: order, intervals drawn in the row, what to do next."""

from __future__ import annotations

import pytest

from factories import market_results
from reportgen.report.site.market_line import MarketSummary, failed_market, summarise
from reportgen.report.site.market_table import table_writer
from reportgen.report.site.worklist import by_gain, worklist
from reportgen.results import EffectSize, Plan
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
    (row,) = worklist(table_writer(settings, [market]), [market], {}).rows
    bar = next(cell.bar for cell in row.cells if cell.bar is not None)
    half = normal_interval(0.0, 20.0, 0.5)[1] / normal_interval(0.0, 20.0, confidence)[1]
    assert bar.high50 - bar.point == pytest.approx(half * (bar.high - bar.point), abs=0.15)
    assert bar.point - bar.low50 == pytest.approx(half * (bar.point - bar.low), abs=0.15)


def plan(outcome: str, gain: float = 0.0, **more: int) -> Plan:
    found = EffectSize(estimate=gain, lower=gain / 2, upper=gain * 2)
    reason = "" if outcome == "recommended" else "gain-not-clear"
    return Plan(outcome=outcome, reason=reason, channel="promotion", gain=found, **more)  # type: ignore[arg-type]


def test_markets_stand_by_what_is_to_gain_and_say_what_to_do_next() -> None:
    made = {
        "little": market_results(market="little", plan=plan("recommended", 5_000.0, gives=2)),
        "keep": market_results(market="keep", plan=plan("keep", 90_000.0)),
        "much": market_results(market="much", plan=plan("recommended", 80_000.0, gives=3, takes=4)),
        "open": market_results(market="open", plan=plan("find-out"), effect=0.01),
        "none": market_results(market="none", status="not-estimable"),
    }
    settings = Settings()
    lines = [summarise(one, settings, folder="m", files=("report.pdf", "brief.pdf")) for one in made.values()]
    lines.append(failed_market("failed", "It broke."))
    assert [one.market for one in by_gain(lines)] == ["much", "little", "keep", "open", "none", "failed"]
    table = worklist(table_writer(settings, lines), lines, {"much": "up"})
    at = {column.label: place for place, column in enumerate(table.columns)}
    rows = {row.cells[0].text: row.cells for row in table.rows}
    said = {name: cells[at["What to do next"]].text for name, cells in rows.items()}
    assert said["much"] == "Give to 3, take from 4"
    assert said["little"] == "Give to 2"
    assert (said["keep"], said["open"], said["failed"]) == ("Keep", "Find out by an experiment", "–")
    assert said["none"].startswith("Vary promotion")
    gain = {name: cells[at["To gain by the plan"]] for name, cells in rows.items()}
    assert gain["much"].sort == 80_000.0
    assert "₹\xa00.80\xa0lakh (₹\xa00.40\xa0lakh to" in gain["much"].text
    assert gain["keep"].text == "–"
    assert rows["much"][at["Since the last run"]].text == "Effect is higher"
    assert "(" not in rows["open"][at["Kept up"]].text, "an open answer is its interval"
    assert "in every row that can be used" in rows["none"][at["Weakest point"]].text
    assert rows["failed"][at["Weakest point"]].text == "It broke."
    assert rows["much"][at["Report"]].link == "m/report.pdf"
    assert rows["much"][at["Brief"]].link == "m/brief.pdf"


def test_what_no_market_has_is_no_column() -> None:
    lines = [summarise(market_results(), Settings(), folder="m", files=())]
    labels = [column.label for column in worklist(table_writer(Settings(), lines), lines, {}).columns]
    assert "To gain by the plan" not in labels
    assert "Since the last run" not in labels
