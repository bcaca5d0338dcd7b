"""Sales that are mostly zero are not trusted to a straight line; those of ordinary markets are not suspected."""

from __future__ import annotations

import numpy as np
import pytest

from model_problems import PROVENANCE, changed_panel, settings, small_panel
from reportgen.model.analysis import analyse_market
from reportgen.model.checks.entries import check_entries, check_many_zeros
from reportgen.panel.slips import set_aside


def counted(orders: float, seed: int = 0):
    """Sales of a few packs a month: ``orders`` on average, one more by every third visit."""
    rng = np.random.default_rng(seed)
    panel = small_panel(seed, pharmacies=40, periods=24)
    dose = rng.poisson(3.0, (40, 24)).astype(float)
    return changed_panel(panel, sales=100.0 * rng.poisson(orders * (0.5 + dose / 6.0)), promotion=dose)


@pytest.mark.parametrize(("orders", "status"), [(4.0, "pass"), (1.0, "review"), (0.3, "fail")])
def test_the_share_of_zeros_is_graded(orders, status):
    panel = counted(orders)
    found = check_many_zeros(panel)
    assert found.status == status
    assert found.value == pytest.approx(np.mean(panel.sales == 0.0))


def test_ordinary_sales_have_none():
    assert [check.status for check in check_entries(small_panel(3))] == ["pass", "pass", "pass"]


def test_unknown_sales_and_those_set_aside_are_no_zeros():
    panel = small_panel(4, pharmacies=20, periods=24)
    sales = panel.sales.copy()
    sales[:, :3] = np.nan
    sales[:2, 5] = 0.0
    changed = changed_panel(panel, sales=sales)
    assert check_many_zeros(changed).value == pytest.approx(2 / (20 * 21))
    assert check_many_zeros(set_aside(changed)).value == 0.0


def test_nothing_is_said_of_an_effect_on_sales_that_are_mostly_zero():
    results = analyse_market(counted(0.3), settings(), PROVENANCE)
    assert results.verdict.code == "unclear"
    taken = {one.quantity for one in results.withheld if one.check == "many-zeros"}
    assert taken == {"first-month", "in-all", "kept-up", "totals", "works"}
