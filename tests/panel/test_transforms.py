"""Lag and adstock: one table of cases each, then the properties that hold for any grid."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from reportgen.panel.transforms import adstock, lag

NAN = np.nan
GRIDS = hnp.arrays(
    np.float64,
    hnp.array_shapes(min_dims=2, max_dims=2, max_side=7),
    elements=st.one_of(st.floats(-1e6, 1e6), st.just(NAN)),
)


@pytest.mark.parametrize(
    ("values", "k", "expected"),
    [
        ([[1, 2, 3], [4, 5, 6]], 1, [[NAN, 1, 2], [NAN, 4, 5]]),
        ([[1, 2, 3], [4, 5, 6]], 2, [[NAN, NAN, 1], [NAN, NAN, 4]]),
        ([[1, NAN, 3]], 1, [[NAN, 1, NAN]]),
        ([[1, 2, 3]], 0, [[1, 2, 3]]),
        ([[1, 2]], 5, [[NAN, NAN]]),
    ],
)
def test_lag_counts_periods_within_a_pharmacy(values: list[list[float]], k: int, expected: list[list[float]]) -> None:
    np.testing.assert_array_equal(lag(np.array(values, dtype=float), k), np.array(expected, dtype=float))


def test_lag_refuses_the_future() -> None:
    with pytest.raises(ValueError, match="negative"):
        lag(np.ones((1, 3)), -1)


@pytest.mark.parametrize(
    ("values", "decay", "normalize", "expected"),
    [
        ([[8, 0, 0], [0, 0, 8]], 0.5, False, [[8, 4, 2], [0, 0, 8]]),
        ([[8, 0, 0], [0, 0, 8]], 0.5, True, [[4, 2, 1], [0, 0, 4]]),
        ([[8, NAN, NAN, 1]], 0.5, False, [[8, 4, 2, 2]]),
        ([[NAN, NAN, 4]], 0.25, False, [[0, 0, 4]]),
        ([[3, 1, 2]], 0.0, True, [[3, 1, 2]]),
    ],
)
def test_adstock_carries_over_within_a_pharmacy(
    values: list[list[float]], decay: float, normalize: bool, expected: list[list[float]]
) -> None:
    np.testing.assert_allclose(adstock(np.array(values, dtype=float), decay, normalize), expected)


@pytest.mark.parametrize("decay", [-0.1, 1.0, 1.5, NAN])
def test_adstock_refuses_a_decay_outside_zero_to_one(decay: float) -> None:
    with pytest.raises(ValueError, match="decay"):
        adstock(np.ones((1, 3)), decay)


@given(GRIDS)
def test_decay_zero_is_the_identity(grid: np.ndarray) -> None:
    np.testing.assert_array_equal(adstock(grid, 0.0), np.nan_to_num(grid, nan=0.0))


@given(GRIDS, st.floats(0, 0.99), st.floats(-100, 100))
def test_adstock_is_linear(grid: np.ndarray, decay: float, scale: float) -> None:
    known = np.nan_to_num(grid)
    other = known[:, ::-1]
    together = adstock(known + scale * other, decay)
    np.testing.assert_allclose(together, adstock(known, decay) + scale * adstock(other, decay), atol=1e-4)


@given(GRIDS, st.floats(0, 0.99), st.integers(0, 3))
def test_no_value_moves_to_another_pharmacy(grid: np.ndarray, decay: float, k: int) -> None:
    alone = [(adstock(row[None], decay), lag(row[None], k)) for row in grid]
    np.testing.assert_array_equal(adstock(grid, decay), np.concatenate([a for a, _ in alone]))
    np.testing.assert_array_equal(lag(grid, k), np.concatenate([b for _, b in alone]))


@given(GRIDS)
def test_many_decays_at_once_equal_one_at_a_time(grid: np.ndarray) -> None:
    decays = np.array([[0.0, 0.3], [0.6, 0.9]])
    stacked = adstock(grid, decays)
    for index in np.ndindex(decays.shape):
        np.testing.assert_array_equal(stacked[index], adstock(grid, decays[index]))


def test_normalised_adstock_of_constant_promotion_tends_to_it() -> None:
    assert adstock(np.full((1, 400), 7.0), 0.9)[0, -1] == pytest.approx(7.0)
