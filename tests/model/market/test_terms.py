"""Which columns a model has, what they hold, and which of them say nothing new."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from model_problems import changed_panel, settings, small_panel, two_channel_panel
from reportgen.model.market.terms import (
    decay_terms,
    dependent_columns,
    market_design,
    model_terms,
    without_dependent,
)
from reportgen.panel.features import build_frame


def frame_of(panel, **sections):
    chosen = settings(**sections)
    return build_frame(panel, chosen.model, chosen.adstock)


def test_default_terms_and_formulas():
    terms = model_terms(frame_of(small_panel()), correction=True, random_slope=True)
    assert terms.fixed == (
        "Intercept", "Adstock_Promotion", "Lag1_Sales", "Lag2_Sales",
        "Initial_Sales", "Mean_Promotion", "Initial_Promotion", "Presample_Promotion",
    )  # fmt: skip
    assert terms.formula == (
        "Sales ~ Adstock_Promotion + Lag1_Sales + Lag2_Sales + Initial_Sales + Mean_Promotion + Initial_Promotion"
        " + Presample_Promotion"
    )
    assert terms.random_formula == "~ Adstock_Promotion"


def test_plain_model_is_the_seed_model():
    terms = model_terms(frame_of(small_panel()), correction=False, random_slope=True)
    assert terms.formula == "Sales ~ Adstock_Promotion + Lag1_Sales + Lag2_Sales"
    assert terms.correction == ()


def test_random_intercept_only():
    terms = model_terms(frame_of(small_panel()), correction=False, random_slope=False)
    assert terms.random == ("Intercept",)
    assert terms.random_formula == "~ 1"


def test_no_columns_but_the_intercept_still_make_a_formula():
    terms = model_terms(frame_of(small_panel(), model={"lags": ()}), correction=False, random_slope=False)
    assert terms.keep(lambda column: column.role == "intercept").formula == "Sales ~ 1"


def test_several_channels_have_their_own_columns_and_corrections():
    frame = frame_of(two_channel_panel())
    terms = model_terms(frame, correction=True, random_slope=True)
    assert terms.promotion == ("Adstock_Calls", "Adstock_Samples")
    assert terms.correction == (
        "Initial_Sales", "Mean_Promotion_Calls", "Mean_Promotion_Samples",
        "Initial_Promotion_Calls", "Initial_Promotion_Samples",
        "Presample_Promotion_Calls", "Presample_Promotion_Samples",
    )  # fmt: skip
    design = market_design(frame, terms, (0.6, 0.2))
    assert design.x.shape[1] == len(terms.fixed)
    assert design.z_names == ("Intercept", "Adstock_Calls", "Adstock_Samples")
    assert_allclose(design.column("Adstock_Samples"), frame.adstock_profile(0.2, 1))


def test_log_response_names_its_columns():
    terms = model_terms(frame_of(small_panel(), model={"response": "log"}), correction=True, random_slope=True)
    assert terms.response == "Log_Sales"
    assert terms.lags == ("Lag1_Log_Sales", "Lag2_Log_Sales")


def test_design_holds_the_columns_of_the_frame():
    frame = frame_of(small_panel(gap_share=0.1, late_share=0.3))
    terms = model_terms(frame, correction=True, random_slope=True)
    design = market_design(frame, terms, (0.5,))
    carried = frame.adstock((0.5,))[:, 0]
    assert_allclose(design.x[:, 0], 1.0)
    assert_allclose(design.column("Adstock_Promotion"), carried)
    assert_allclose(design.z, design.x[:, :2])
    assert_allclose(design.column("Lag2_Sales"), frame.lags[:, 1])
    assert design.groups == len(frame.pharmacies)
    for i in range(design.groups):
        rows = design.group == i
        assert_allclose(design.column("Initial_Sales")[rows], frame.correction[rows, 0])
        assert_allclose(design.column("Mean_Promotion")[rows], carried[rows].mean())
        assert_allclose(design.column("Initial_Promotion")[rows], carried[rows][0])


def test_decays_are_estimated_given_everything_before_the_first_row():
    frame = frame_of(two_channel_panel())
    terms = model_terms(frame, correction=True, random_slope=True)
    found = decay_terms(frame, terms)
    roles = ("intercept", "promotion", "lag", "control")
    initial = tuple(column.term for column in frame.initial_terms)
    assert found.correction == (*initial, "Presample_Promotion_Calls", "Presample_Promotion_Samples")
    assert [column for column in found.columns if column.role in roles] == [
        column for column in terms.columns if column.role in roles
    ]
    design = market_design(frame, found, (0.5, 0.3))
    for k, name in enumerate(initial):
        assert_allclose(design.column(name), frame.initial[:, k])
    plain = model_terms(frame, correction=False, random_slope=True)
    assert decay_terms(frame, plain) == plain


def test_rows_are_the_same_at_every_decay():
    frame = frame_of(small_panel(gap_share=0.1))
    terms = model_terms(frame, correction=True, random_slope=True)
    low, high = market_design(frame, terms, (0.1,)), market_design(frame, terms, (0.9,))
    assert_allclose(low.y, high.y)
    assert_allclose(low.column("Lag1_Sales"), high.column("Lag1_Sales"))
    assert not np.allclose(low.column("Adstock_Promotion"), high.column("Adstock_Promotion"))


def test_dependent_column_is_named_with_the_column_it_resembles_most():
    panel = small_panel()
    copied = changed_panel(panel, controls=3.0 * panel.promotion[0], control_names=("visits",))
    frame = frame_of(copied)
    terms = model_terms(frame, correction=False, random_slope=True)
    assert dependent_columns(market_design(frame, terms, (0.0,))) == {"Visits": "Adstock_Promotion"}
    assert dependent_columns(market_design(frame, terms, (0.5,))) == {}


def test_column_of_zeros_resembles_nothing():
    panel = changed_panel(small_panel(), controls=np.zeros((16, 16)), control_names=("price",))
    frame = frame_of(panel)
    terms = model_terms(frame, correction=False, random_slope=True)
    assert dependent_columns(market_design(frame, terms, (0.5,))) == {"Price": ""}


def test_correction_columns_that_say_nothing_new_are_left_out():
    """Every pharmacy starts with the same promotion: its first adstock is a multiple of the intercept."""
    panel = small_panel()
    promotion = panel.promotion[0].copy()
    promotion[:, :3] = 2.0
    frame = frame_of(changed_panel(panel, promotion=promotion))
    terms = model_terms(frame, correction=True, random_slope=True)
    design = market_design(frame, terms, (0.5,))
    assert without_dependent(design, terms).correction == ("Initial_Sales", "Mean_Promotion", "Presample_Promotion")
    kept = market_design(frame, without_dependent(design, terms), (0.5,))
    assert_allclose(kept.x, np.column_stack([design.column(name) for name in kept.names]))


@pytest.mark.parametrize("decays", [(), (0.1, 0.2)])
def test_one_decay_per_channel(decays):
    frame = frame_of(small_panel())
    with pytest.raises(ValueError, match="decays for 1 channels"):
        market_design(frame, model_terms(frame, correction=False, random_slope=True), decays)
