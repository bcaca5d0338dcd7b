"""Columns that formulas make from controls."""

from __future__ import annotations

import numpy as np
from numpy.testing import assert_allclose

from reportgen.panel.derived import control_columns
from reportgen.panel.features import build_frame
from reportgen.panel.grid import MarketPanel, make_panel
from reportgen.settings.statistics import AdstockSettings, ModelSettings

START = "Sales ~ Adstock_Promotion + Lag1_Sales"


def panel(price: np.ndarray) -> MarketPanel:
    rng = np.random.default_rng(3)
    return make_panel(
        "M", 100.0 + rng.random(price.shape), rng.random(price.shape), controls=price[None], control_names=("price",)
    )


def prices() -> np.ndarray:
    return np.random.default_rng(4).uniform(1.0, 9.0, size=(5, 14))


def test_transforms_are_what_they_are_called() -> None:
    price = prices()
    made, names = control_columns(panel(price), f"{START} + price + log(Price) + I(price**3) + poly(price, 2)")
    assert names == ("Price", "Log_Price", "Price_Power3", "Price_Poly1", "Price_Poly2")
    scores = (price - price.mean()) / price.std()
    assert_allclose(made, [price, np.log(price), price**3, scores, scores**2])


def test_a_spline_is_straight_beyond_its_knots_and_smooth() -> None:
    line = np.linspace(0.0, 10.0, 2001)[None]
    made, names = control_columns(panel(line), f"{START} + spline(price, 4)")
    assert names == tuple(f"Price_Spline{k}" for k in range(1, 5))
    step = 10.0 / 2000
    second = np.diff(made[:, 0], 2) / step**2
    assert_allclose(second[:, :90], 0.0, atol=1e-6)  # the first knot is the .05 quantile
    assert_allclose(second[:, -90:], 0.0, atol=1e-6)
    assert np.abs(np.diff(second)).max() < 0.01
    assert np.linalg.matrix_rank(made[:, 0].T) == 4


def test_an_interaction_is_about_the_means() -> None:
    price = prices()
    made, names = control_columns(panel(price), f"{START} + price*Trend")
    assert names == ("Price", "Price_By_Trend")
    years = np.arange(14) / 12.0
    assert_allclose(made[-1], (price - price.mean()) * (years - years.mean()))


def test_rows_without_a_logarithm_are_lost_as_those_without_the_control() -> None:
    price = prices()
    price[2, 5] = 0.0
    model = ModelSettings(formula=f"{START} + log(price)", lags=(1,))
    frame = build_frame(panel(price), model, AdstockSettings())
    assert frame.control_names == ("Log_Price",)
    assert {lost.reason: lost.rows for lost in frame.rows_lost}["missing-control"] == 1
    assert frame.panel.rows_read == len(frame.response) + sum(lost.rows for lost in frame.rows_lost)


def test_a_name_that_another_term_has_gets_a_number() -> None:
    model = ModelSettings(formula=f"{START} + `Trend`", lags=(1,))
    rng = np.random.default_rng(1)
    made = make_panel(
        "M", rng.random((4, 9)), rng.random((4, 9)), controls=rng.random((1, 4, 9)), control_names=("Trend",)
    )
    assert build_frame(made, model, AdstockSettings()).control_names == ("Trend_2",)
