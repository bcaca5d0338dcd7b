"""Ticks, limits, and labels that make room for each other."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reportgen.report.figures.drawing.marks import limits, nice_ticks, spread


@pytest.mark.parametrize(
    ("low", "high", "count", "ticks"),
    [
        (0.0, 1.0, 5, (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)),
        (0.0, 100.0, 4, (0.0, 25.0, 50.0, 75.0, 100.0)),
        (-310.0, 205.0, 5, (-200.0, 0.0, 200.0)),
        (3.0, 3.0, 5, (3.0,)),
    ],
)
def test_ticks_are_round_and_inside(low: float, high: float, count: int, ticks: tuple[float, ...]) -> None:
    assert nice_ticks(low, high, count) == ticks


@given(st.floats(-1e9, 1e9), st.floats(1e-6, 1e9), st.integers(2, 8))
def test_ticks_never_leave_the_range_and_are_few(low: float, span: float, count: int) -> None:
    high = low + span
    ticks = nice_ticks(low, high, count)
    assert len(ticks) <= 2 * count + 2
    slack = 1e-6 * max(span, abs(low))
    assert all(low - slack <= tick <= high + slack for tick in ticks)


def test_limits_ignore_missing_values_and_can_include_zero() -> None:
    assert limits([2.0, float("nan"), 4.0], pad=0.0) == (2.0, 4.0)
    low, high = limits([2.0, 4.0], zero=True)
    assert low == 0.0
    assert high > 4.0
    assert limits([], zero=True)[1] > 0
    assert limits([0.0, 0.0], zero=True) == (-0.04, 0.04)
    assert limits([5.0])[0] < 5.0 < limits([5.0])[1]


@given(st.lists(st.floats(0, 100), min_size=1, max_size=6), st.floats(1, 12))
def test_spread_keeps_order_distance_and_range(wanted: list[float], gap: float) -> None:
    placed = spread(wanted, gap, 0.0, 100.0)
    order = sorted(range(len(wanted)), key=lambda i: (wanted[i], i))
    gaps = np.diff([placed[i] for i in order])
    assert (gaps >= gap - 1e-9).all()
    assert min(placed) >= -1e-9
    assert max(placed) <= 100 + 1e-9


def test_spread_leaves_distant_labels_alone() -> None:
    assert spread([10.0, 90.0, 50.0], 5.0, 0.0, 100.0) == [10.0, 90.0, 50.0]
    assert math.isclose(spread([50.0, 50.0], 8.0, 0.0, 100.0)[1], 58.0)
