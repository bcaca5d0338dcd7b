"""Sums and copies of other rows: found in ordinary sales, and not in counts and amounts that fit together by chance."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from reportgen.panel.checking.key_checks import Keys
from reportgen.panel.checking.total_checks import check_totals
from reportgen.panel.reading.columns import find_columns
from reportgen.settings.sections import PanelSettings

Floats = NDArray[np.float64]
COLUMNS = find_columns(["market", "pharmacy", "month", "sales", "promotion"], PanelSettings())


def found(sales: Floats) -> dict[str, str]:
    """Code and advice of what is said of sales ``(markets, pharmacies, periods)``."""
    market, pharmacy, period = (axis.ravel() for axis in np.indices(sales.shape))
    keys = [
        Keys(codes=codes, names=tuple(f"{letter}{k:04d}" for k in range(size)))
        for letter, codes, size in zip("MP", (market, pharmacy), sales.shape, strict=False)
    ]
    problems = check_totals(keys[0], keys[1], period, sales.ravel(), COLUMNS)
    return {problem.code: problem.advice for problem in problems}


def with_total(sales: Floats) -> Floats:
    return np.concatenate([sales, sales.sum(axis=1, keepdims=True)], axis=1)


def lognormal(seed: int, shape: tuple[int, int, int]) -> Floats:
    return np.exp(np.random.default_rng(seed).normal(8.0, 0.4, shape))


@pytest.mark.parametrize("mean", [0.2, 0.5, 1.0, 3.0])
@pytest.mark.parametrize("shape", [(50, 3, 6), (50, 10, 4), (50, 30, 12), (1, 100, 6), (1, 300, 12)])
def test_small_counts_that_are_alike_by_chance_are_no_sums_and_no_copies(
    shape: tuple[int, int, int], mean: float
) -> None:
    for seed in range(4):
        assert found(np.random.default_rng(seed).poisson(mean, shape).astype(float)) == {}


def test_small_pharmacies_among_large_ones_are_alike_by_chance() -> None:
    for seed in range(4):
        rng = np.random.default_rng(seed)
        assert found(rng.poisson(np.exp(rng.normal(-1.0, 1.0, (1, 600, 1))), (1, 600, 12)).astype(float)) == {}


@pytest.mark.parametrize("decimals", [2, 9])
def test_sales_in_millions_are_no_sums_but_their_total_is(decimals: int) -> None:
    sales = lognormal(1, (3, 12, 36)) / 1e6
    assert found(sales.round(decimals)) == {}
    assert list(found(with_total(sales.round(decimals)))) == ["sum-of-others"]


@pytest.mark.parametrize("unit", [1.0, 1e4, 1e6])
def test_totals_and_copies_of_few_periods_are_found(unit: float) -> None:
    for shape in ((1, 3, 4), (200, 3, 4), (200, 10, 6)):
        assert "sum-of-others" in found(with_total(lognormal(2, shape) / unit))
    for shape in ((1, 3, 6), (200, 3, 6), (1, 600, 6)):
        sales = (lognormal(3, shape) / unit).round(6)
        sales[:, -1] = sales[:, 0]
        assert "same-series" in found(sales)


def test_totals_and_copies_of_counts_are_found() -> None:
    counts = np.random.default_rng(4).poisson(3.0, (1, 12, 12)).astype(float)
    assert list(found(with_total(counts))) == ["sum-of-others"]
    counts[:, -1] = counts[:, 0]
    assert list(found(counts)) == ["same-series"]


def test_all_sums_are_named_in_the_setting_that_leaves_them_out() -> None:
    blocks = [with_total(lognormal(seed, (1, 4, 12))) for seed in range(5)]
    sums = ", ".join(f'"P{4 + 5 * k:04d}"' for k in range(5))
    assert found(np.concatenate(blocks, axis=1))["sum-of-others"] == (
        f"Set panel.leave_out = [{sums}] to leave them out, or remove the rows."
    )
