"""What promotion brings a period of late: the last year, from where effects of before the record are through."""

from __future__ import annotations

import numpy as np
import pytest

from model_problems import PROVENANCE, changed_panel, settings, small_panel
from reportgen.model.analysis import analyse_market
from reportgen.model.effects.incremental import RecursionTotals
from reportgen.model.effects.recent import summarise_recent

PERIODS = tuple(f"2022-{m:02d}" for m in range(1, 13)) + tuple(f"2023-{m:02d}" for m in range(1, 7))
USED = np.ones((2, 18), dtype=bool)
SALES = np.full((2, 18), 50.0)


def totals(*rows: np.ndarray) -> RecursionTotals:
    period = np.vstack(rows)
    return RecursionTotals(period=period, pharmacy=period[:, :2], scenario=period[:, :1], changes=(-1.0,))


def test_the_mean_is_of_the_last_year_with_the_year_and_the_profit_beside_it():
    brought = np.arange(18.0)
    draws = totals(*(brought + shift for shift in range(-20, 21)))
    found = summarise_recent(
        totals(brought),
        draws,
        used=USED,
        sales=SALES,
        periods=PERIODS,
        settled=3,
        year=12,
        margin=0.5,
        spend=np.full(18, 2.0),
    )
    assert found.period == ("2022-07", "2023-06")
    assert (found.periods, found.sales, found.estimate, found.year) == (12, 100.0, 11.5, 138.0)
    assert found.share == pytest.approx(0.115)
    assert found.lower < found.estimate < found.upper
    assert found.profit.estimate == pytest.approx(0.5 * 11.5 - 2.0)
    assert found.profit.lower == pytest.approx(0.5 * found.lower - 2.0)


def test_the_start_is_left_out_unless_too_little_would_be_left():
    brought = totals(np.arange(18.0))
    given = {"used": USED, "sales": SALES, "periods": PERIODS, "year": 12}
    assert summarise_recent(brought, brought, settled=10, **given).period == ("2022-11", "2023-06")
    assert summarise_recent(brought, brought, settled=40, **given).period == ("2023-04", "2023-06")
    gone = USED & (np.arange(18) < 6)
    assert summarise_recent(brought, brought, settled=3, **{**given, "used": gone}) is None


def test_a_market_tells_it_and_its_profit_only_where_cost_and_margin_are_given():
    panel = small_panel(2, pharmacies=20, periods=24)
    bare = analyse_market(panel, settings(adstock={"decay": 0.3}), PROVENANCE).incremental
    assert bare.recent.profit is None
    assert bare.months[0].period < bare.settled <= bare.recent.period[0]
    last = bare.months[-bare.recent.periods :]
    assert bare.recent.estimate == pytest.approx(np.mean([one.incremental for one in last]))
    told = settings(adstock={"decay": 0.3}, panel={"margin": 0.4, "cost": 3.0})
    earned = analyse_market(changed_panel(panel, cost=3.0), told, PROVENANCE).incremental.recent
    assert earned.estimate == bare.recent.estimate
    assert earned.profit.lower < earned.profit.estimate < earned.profit.upper
    assert earned.profit.estimate < 0.4 * earned.estimate
