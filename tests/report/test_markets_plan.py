"""Promotion between markets in words and rows."""

from __future__ import annotations

import pytest

from reportgen.report.site.market_table import table_writer
from reportgen.report.site.markets_plan import between_markets
from reportgen.results import EffectSize, MarketMove, MarketsPlan
from reportgen.settings.sections import Settings


def size(estimate: float, half: float) -> EffectSize:
    return EffectSize(estimate=estimate, lower=estimate - half, upper=estimate + half)


def recommended() -> MarketsPlan:
    rows = (
        MarketMove(market="A", now=200.0, next=150.0, action="take", effect=size(400.0, 90.0), gain=size(-20e3, 4e3)),
        MarketMove(market="B", now=200.0, next=250.0, action="give", effect=size(1100.0, 90.0), gain=size(55e3, 4e3)),
    )
    return MarketsPlan(
        outcome="recommended", reason="", total=400.0, moved=50.0, gives=1, takes=1, gain=size(35e3, 6e3),
        gain_year=420e3, loss=1e-9, regret=0.0, rows=rows,
    )  # fmt: skip


@pytest.mark.parametrize("locale", ["en_GB", "de_DE"])
def test_the_decision_and_its_worth_lead_and_the_table_gives_first(locale):
    w = table_writer(Settings.model_validate({"report": {"locale": locale, "currency": "EUR"}}))
    lead, table = between_markets(w, recommended()).blocks
    assert "35" in lead.text
    assert "{" not in lead.text
    assert [row.cells[0].text for row in table.rows] == ["B", "A"]
    # A downloaded table has both limits.
    assert [len(cell.raw) for cell in table.rows[0].cells] == [0, 0, 0, 0, 0, 2, 0, 2]


@pytest.mark.parametrize(
    "reason", ["few-markets", "several-currencies", "effects-hardly-differ", "gain-not-clear", "nothing-to-move"]
)
def test_without_a_plan_it_says_why_and_lists_nothing(reason):
    section = between_markets(table_writer(Settings()), MarketsPlan(outcome="keep", reason=reason))
    assert len(section.blocks) == 1
    assert section.blocks[0].text.endswith(".")


def test_results_of_an_older_version_say_nothing():
    assert between_markets(table_writer(Settings()), None).blocks == ()
