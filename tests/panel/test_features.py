"""Model rows: worked examples by hand, then properties on random panels with gaps and late starters."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reportgen.panel.derived import term_name
from reportgen.panel.features import ModelFrame, build_frame
from reportgen.panel.grid import MarketPanel, make_panel
from reportgen.panel.simulate import MarketSpec, simulate_panel
from reportgen.results import RowsLost
from reportgen.settings.sections import AdstockSettings, ModelSettings

NAN = np.nan


def frame_of(panel: MarketPanel, **model: object) -> ModelFrame:
    return build_frame(panel, ModelSettings.model_validate(model), AdstockSettings())


def named(frame: ModelFrame) -> tuple[str, ...]:
    return tuple(column.term for column in frame.initial_terms)


def two_pharmacies() -> MarketPanel:
    """A is complete; B starts in the second period and misses the fifth."""
    sales = [[10, 11, 12, 13, 14, 15, 16, 17], [NAN, 21, 22, 23, NAN, 25, 26, 27]]
    promotion = [[1, 2, 3, 4, 5, 6, 7, 8], [NAN, 4, 0, 0, NAN, 0, 2, 2]]
    return make_panel("M", sales, promotion, pharmacies=("A", "B"))


def test_rows_lags_and_corrections_of_a_small_market_by_hand() -> None:
    frame = frame_of(two_pharmacies())
    assert frame.pharmacies == ("A", "B")
    np.testing.assert_array_equal(frame.group, [0, 0, 0, 0, 0, 0, 1, 1])
    np.testing.assert_array_equal(frame.column, [2, 3, 4, 5, 6, 7, 3, 7])
    np.testing.assert_array_equal(frame.response, [12, 13, 14, 15, 16, 17, 23, 27])
    np.testing.assert_array_equal(frame.lags[:, 0], [11, 12, 13, 14, 15, 16, 22, 26])
    np.testing.assert_array_equal(frame.lags[:, 1], [10, 11, 12, 13, 14, 15, 21, 25])
    assert frame.lag_names == ("Lag1_Sales", "Lag2_Sales")
    assert frame.correction_names == ("Initial_Sales",)
    np.testing.assert_array_equal(frame.correction[:, 0], [11] * 6 + [22] * 2)
    known = dict(zip(named(frame), frame.initial.T, strict=True))
    expected = {
        "Before1_Sales": (11, 22),
        "Before2_Sales": (10, 21),
        "Average_Promotion": (5.5, 1.0),
        "Before1_Promotion": (2, 0),
        "Before2_Promotion": (1, 4),
    }
    assert tuple(known) == tuple(expected)
    for name, (a, b) in expected.items():
        np.testing.assert_allclose(known[name], [a] * 6 + [b] * 2, err_msg=name)
    assert frame.rows_lost == (RowsLost(reason="first-periods", rows=4), RowsLost(reason="gap", rows=2))


def test_adstock_runs_through_a_gap_as_zero_promotion() -> None:
    frame = frame_of(two_pharmacies(), lags=())
    b = frame.group == 1
    np.testing.assert_allclose(frame.adstock((0.5,))[b, 0] * 2, [4, 2, 1, 0.25, 2.125, 3.0625])


def test_adstock_profile_has_one_column_per_decay() -> None:
    frame = frame_of(two_pharmacies())
    decays = np.linspace(0, 0.9, 5)
    profile = frame.adstock_profile(decays)
    assert profile.shape == (8, 5)
    for k, decay in enumerate(decays):
        np.testing.assert_array_equal(profile[:, k], frame.adstock((decay,))[:, 0])


def test_each_lost_row_has_the_first_reason_that_applies() -> None:
    sales = [[10, 0, 12, NAN, 14, 15, 16, 17, 18, 19, 20]]
    promotion = [[1, 1, 1, 1, 1, 1, 1, NAN, 1, 1, 1]]
    price = [[1, 1, 1, 1, 1, 1, NAN, 1, 1, 1, 1]]
    panel = make_panel("M", sales, promotion, controls=price, control_names=("price",))
    frame = frame_of(panel, lags=[1], response="log")
    assert {loss.reason: loss.rows for loss in frame.rows_lost} == {
        "missing-sales": 1,
        "missing-promotion": 1,
        "missing-control": 1,
        "non-positive-sales": 1,
        "first-periods": 1,
        "gap": 2,
    }
    np.testing.assert_array_equal(frame.column, [5, 8, 9, 10])
    assert frame.response_name == "Log_Sales"
    assert frame.lag_names == ("Lag1_Log_Sales",)
    np.testing.assert_allclose(frame.response, np.log([15, 18, 19, 20]))
    np.testing.assert_array_equal(frame.sales, [15, 18, 19, 20])


def test_first_periods_count_from_the_first_record_even_if_its_sales_are_unknown() -> None:
    recorded = np.ones((1, 5), dtype=bool)
    frame = frame_of(make_panel("M", [[NAN, 2, 3, 4, 5]], [[1, 2, 3, 4, 5]], recorded=recorded))
    losses = {loss.reason: loss.rows for loss in frame.rows_lost}
    assert losses == {"missing-sales": 1, "first-periods": 1, "gap": 1}


def test_without_lag_one_the_initial_condition_is_the_last_known_sale() -> None:
    frame = frame_of(make_panel("M", [[10, NAN, 12, 13, 14]], [[1, 2, 3, 4, 5]]), lags=[2])
    np.testing.assert_array_equal(frame.column, [2, 4])
    assert frame.correction[0, 0] == 10


def test_without_lags_there_is_no_initial_condition() -> None:
    assert frame_of(two_pharmacies(), lags=()).correction_names == ()


@pytest.mark.parametrize(
    ("lags", "names"),
    [
        ([], ("Average_Promotion",)),
        ([1], ("Before1_Sales", "Average_Promotion", "Before1_Promotion")),
        ([2], ("Before1_Sales", "Average_Promotion", "Before2_Promotion")),
        (
            [1, 2, 3],
            (
                "Before1_Sales",
                "Before_Sales_Mean",
                "Before2_Sales",
                "Average_Promotion",
                "Before1_Promotion",
                "Before2_Promotion",
            ),
        ),
    ],
)
def test_what_is_known_before_the_first_row_reaches_as_far_as_the_lags(lags: list[int], names: tuple[str, ...]) -> None:
    assert named(frame_of(two_pharmacies(), lags=lags)) == names


def test_unknown_promotion_before_the_first_row_counts_as_none() -> None:
    frame = frame_of(make_panel("M", [[10, 11, 12, 13]], [[NAN, 3, 4, 5]]))
    known = dict(zip(named(frame), frame.initial[0], strict=True))
    assert (known["Before1_Promotion"], known["Before2_Promotion"]) == (3, 0)


def test_several_channels_have_their_own_terms() -> None:
    sales = np.arange(1.0, 9.0).reshape(1, 8)
    panel = make_panel("M", sales, np.stack([sales, sales * 2]), channels=("calls", "free samples"))
    frame = frame_of(panel)
    assert frame.channel_terms == ("Adstock_Calls", "Adstock_Free_Samples")
    assert frame.correction_names == ("Initial_Sales",)
    assert frame.adstock((0.0, 0.5)).shape == (6, 2)
    with pytest.raises(ValueError, match="2 channels"):
        frame.adstock((0.5,))


def test_a_market_without_promotion_has_no_channel() -> None:
    frame = frame_of(make_panel("M", np.ones((2, 6)), None))
    assert frame.channel_terms == ()
    assert frame.adstock(()).shape == (frame.response.size, 0)


def test_a_market_with_no_usable_row_gives_an_empty_frame() -> None:
    frame = frame_of(make_panel("M", [[1.0], [2.0]], [[1.0], [2.0]]))
    assert frame.response.size == 0
    assert frame.pharmacies == ()
    assert frame.lags.shape == (0, 2)
    assert frame.correction.shape == (0, 1)
    assert frame.initial.shape == (0, 5)
    assert frame.adstock((0.3,)).shape == (0, 1)


def test_arrays_cannot_be_changed() -> None:
    frame = frame_of(two_pharmacies())
    with pytest.raises(ValueError, match="read-only"):
        frame.response[0] = 1.0
    with pytest.raises(ValueError, match="read-only"):
        frame.panel.sales[0, 0] = 1.0


@pytest.mark.parametrize(
    ("column", "term"),
    [("price", "Price"), ("display share", "Display_Share"), ("Sales (₹)", "Sales"), ("कीमत", "कीमत"), ("%", "Column")],
)
def test_column_names_become_readable_terms(column: str, term: str) -> None:
    assert term_name(column) == term


def test_controls_whose_terms_collide_stay_apart() -> None:
    panel = make_panel(
        "M", np.ones((1, 5)), np.ones((1, 5)), controls=np.ones((2, 1, 5)), control_names=("price", "Price")
    )
    assert frame_of(panel).control_names == ("Price", "Price_2")


def test_a_control_called_like_a_term_of_the_model_gets_a_name_of_its_own() -> None:
    names = ("Intercept", "Adstock promotion", "Lag1 sales", "Mean promotion", "Lagos price")
    panel = make_panel("M", np.ones((1, 5)), np.ones((1, 5)), controls=np.ones((5, 1, 5)), control_names=names)
    found = frame_of(panel).control_names
    assert found == ("Intercept_2", "Adstock_Promotion_2", "Lag1_Sales_2", "Mean_Promotion_2", "Lagos_Price")


PANELS = st.builds(
    lambda seed, pharmacies, periods, gaps, late: simulate_panel(
        MarketSpec(pharmacies=pharmacies, periods=periods, gap_share=gaps, late_share=late, burn_in=3),
        np.random.default_rng(seed),
    ),
    st.integers(0, 2**20),
    st.integers(1, 6),
    st.integers(1, 15),
    st.sampled_from([0.0, 0.2, 0.6]),
    st.sampled_from([0.0, 0.5]),
)


@given(PANELS, st.sampled_from([(), (1,), (1, 2), (2,), (1, 12)]), st.sampled_from(["level", "log"]))
@settings(max_examples=60)
def test_rows_lost_plus_used_is_rows_read(panel: MarketPanel, lags: tuple[int, ...], response: str) -> None:
    frame = frame_of(panel, lags=lags, response=response)
    assert frame.response.size + sum(loss.rows for loss in frame.rows_lost) == panel.rows_read
    assert not np.isnan(frame.lags).any()
    assert not np.isnan(frame.correction).any()
    assert (np.diff(frame.group) >= 0).all()
    assert set(frame.group) == set(range(len(frame.pharmacies)))


@given(PANELS)
@settings(max_examples=30)
def test_each_pharmacy_alone_has_the_same_rows(panel: MarketPanel) -> None:
    frame = frame_of(panel)
    whole = np.column_stack([frame.response, frame.lags, frame.correction, frame.adstock((0.4,))])
    parts = [
        frame_of(
            make_panel("M", panel.sales[i : i + 1], panel.promotion[0, i : i + 1], recorded=panel.recorded[i : i + 1])
        )
        for i in range(len(panel.pharmacies))
    ]
    alone = [np.column_stack([p.response, p.lags, p.correction, p.adstock((0.4,))]) for p in parts]
    np.testing.assert_array_equal(whole, np.concatenate(alone))
