"""Which column plays which role, and what is proposed where none does."""

from __future__ import annotations

from reportgen.panel.reading.columns import find_columns
from reportgen.settings.coerce import fold_name
from reportgen.settings.sections import PanelSettings


def test_exact_names_win_over_other_spellings() -> None:
    found = find_columns(["Market", "market", "pharmacy", "month", "sales", "promotion"], PanelSettings())
    assert (found.market, found.spare) == ("market", ("Market",))


def test_no_column_plays_two_roles() -> None:
    found = find_columns(["store", "month", "sales"], PanelSettings(market="store", pharmacy="store_id"))
    assert found.market == "store"
    assert [missing.role for missing in found.missing] == ["pharmacy", "promotion"]


def test_channels_keep_the_order_of_the_settings() -> None:
    found = find_columns(["m", "samples", "calls"], PanelSettings(promotion=("calls", "samples")))
    assert found.promotion == ("calls", "samples")


def test_names_are_compared_without_case_blanks_and_composition() -> None:
    assert fold_name("Sales_Amount (₹)") == fold_name("sales amount")
    assert fold_name("Ko\u0308ln") == fold_name("KÖLN")
