"""Where a market stands: means of the last year, who has left, bounds in whole units."""

from __future__ import annotations

import numpy as np
import pytest

from reportgen.model.planning.today import today
from reportgen.panel.grid import make_panel
from reportgen.settings.statistics import PlanSettings


def panel(promotion, **rest):
    grid = np.array(promotion, dtype=float)
    return make_panel("X", np.full(grid.shape, 100.0), grid, period_type="month", first_period=2020 * 12, **rest)


def steady(*levels, periods=24):
    return panel([[level] * periods for level in levels])


def test_now_is_the_mean_of_the_last_year_and_bounds_are_whole_units_over_the_year():
    grid = [[9.0] * 12 + [4.0] * 6 + [5.0] * 6, [2.0] * 24]
    found = today(panel(grid), PlanSettings(), 0)
    assert found.now.tolist() == [4.5, 2.0]
    assert found.recent == ("2021-01", "2021-12")
    # A quarter of 54 and of 24 units a year.
    assert found.room.tolist() == [13, 6]
    assert (found.step, found.periods) == (1.0, 12)


def test_fixed_pharmacies_and_those_without_promotion_have_no_room():
    found = today(steady(4.0, 4.0, 0.0), PlanSettings(fixed=("P0001",)), 0)
    assert found.room.tolist() == [0, 12, 0]
    assert found.active.all()


def test_a_pharmacy_without_a_row_in_the_last_quarter_has_left():
    recorded = np.ones((2, 24), dtype=bool)
    recorded[1, -4:] = False
    found = today(panel([[4.0] * 24] * 2, recorded=recorded), PlanSettings(), 0)
    assert found.active.tolist() == [True, False]
    assert found.room.tolist() == [12, 0]


@pytest.mark.parametrize(("level", "step"), [(4.0, 1.0), (4.25, 1.0), (1.2e5, 10000.0), (0.02, 0.001)])
def test_steps_are_whole_where_promotion_was(level, step):
    assert today(steady(level), PlanSettings(), 0).step == pytest.approx(step)


def test_a_budget_beyond_the_bound_is_refused():
    with pytest.raises(ValueError, match="beyond bound"):
        PlanSettings(budget=30.0)
