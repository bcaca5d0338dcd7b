"""Sales over a pharmacy's size: what counts as size, and the way back to money."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from model_problems import changed_panel, small_panel
from reportgen.panel.scale import in_money, on_scale, pharmacy_sizes

LAGS = (1, 2)


def test_sizes_are_first_sales_over_their_mean():
    panel = small_panel(1, pharmacies=5, periods=20)
    sizes = pharmacy_sizes(panel, "relative", LAGS)
    assert sizes == pytest.approx(panel.sales[:, :2].mean(axis=1) / panel.sales[:, :2].mean())
    assert pharmacy_sizes(panel, "relative", (1, 12)) == pytest.approx(
        panel.sales[:, :12].mean(axis=1) / panel.sales[:, :12].mean()
    )
    assert np.array_equal(pharmacy_sizes(panel, "level", LAGS), np.ones(5))
    assert np.array_equal(pharmacy_sizes(panel, "log", LAGS), np.ones(5))


def test_a_beginning_far_from_what_is_usual_is_no_size():
    panel = small_panel(1, pharmacies=4, periods=20)
    sales = panel.sales.copy()
    sales[0, :2] = 0.05 * np.median(sales[0])
    sales[1, :3] = np.nan
    sales[2] = 0.0
    panel = replace(changed_panel(panel, sales=sales))
    sizes = pharmacy_sizes(panel, "relative", LAGS)
    unit = sales[3, :2].mean() / sizes[3]
    assert sizes[0] * unit == pytest.approx(np.median(sales[0]))
    assert sizes[1] * unit == pytest.approx(sales[1, 3:5].mean())
    assert sizes[2] == 1.0
    assert np.isfinite(sizes).all()
    assert (sizes > 0.0).all()


@pytest.mark.parametrize("scale", ["level", "relative", "log"])
def test_responses_become_the_money_they_were(scale):
    sales = np.exp(np.random.default_rng(1).normal(8.0, 1.0, (6, 10)))
    sizes = np.linspace(0.2, 3.0, 6)
    assert in_money(on_scale(sales, scale, sizes), scale, sizes[:, None]) == pytest.approx(sales)
