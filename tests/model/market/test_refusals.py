"""Every reason not to fit, reached by a small panel, through the door a user comes in: analyse_market."""

from __future__ import annotations

import numpy as np
import pytest

from model_problems import PROVENANCE, changed_panel, settings, small_panel
from reportgen.model.analysis import analyse_market
from reportgen.model.market.refusals import LEAST_PERIODS, LEAST_PHARMACIES, refusals
from reportgen.panel.features import build_frame
from reportgen.panel.grid import make_panel
from reportgen.results import from_json, to_json


def analysed(market, /, **sections):
    """The result, after a look at what every refusal has in common."""
    results = analyse_market(market, settings(**sections), PROVENANCE)
    assert from_json(to_json(results)) == results
    assert results.data.rows_read == results.data.rows_used + sum(lost.rows for lost in results.data.rows_lost)
    if results.status == "not-estimable":
        assert results.reasons
        assert results.fixed == ()
        assert results.verdict.code == "cannot-tell"
        assert results.verdict.reasons == tuple(reason.code for reason in results.reasons)
        assert results.charts.monthly is not None
    return results


def codes(results) -> list[str]:
    return [reason.code for reason in results.reasons]


def reason(results, code: str):
    return next(item for item in results.reasons if item.code == code)


def with_promotion(values):
    return changed_panel(small_panel(), promotion=values)


def test_usual_market_is_not_refused():
    assert analysed(small_panel(pharmacies=24), adstock={"decay": 0.5}).status in {"ok", "singular"}


def test_no_promotion_column():
    panel = small_panel()
    bare = make_panel("M", panel.sales, None)
    results = analysed(bare)
    assert codes(results) == ["no-promotion"]
    assert reason(results, "no-promotion").column == "promotion"


def test_constant_promotion_names_the_column_and_its_value():
    results = analysed(with_promotion(np.full((16, 16), 4.0)))
    assert codes(results) == ["promotion-constant"]
    assert (results.reasons[0].column, results.reasons[0].value) == ("promotion", 4.0)


@pytest.mark.parametrize("value", [0.0, -3.0, 1e-300, 1e12])
def test_constant_promotion_of_any_size(value):
    assert codes(analysed(with_promotion(np.full((16, 16), value)))) == ["promotion-constant"]


def test_promotion_that_differs_between_pharmacies_only():
    level = np.random.default_rng(1).uniform(1, 9, 16)
    results = analysed(with_promotion(np.repeat(level[:, None], 16, axis=1)))
    assert codes(results) == ["promotion-not-within"]
    assert results.reasons[0].column == "promotion"


def test_too_few_pharmacies_says_how_many_are_needed():
    results = analysed(small_panel(pharmacies=LEAST_PHARMACIES - 1))
    found = reason(results, "too-few-pharmacies")
    assert (found.value, found.limit) == (LEAST_PHARMACIES - 1, LEAST_PHARMACIES)
    enough = small_panel(pharmacies=LEAST_PHARMACIES, periods=30)
    assert analysed(enough, model={"random_slope": False}).status != "not-estimable"


def test_pharmacies_without_a_usable_row_do_not_count():
    panel = small_panel(pharmacies=9)
    sales = panel.sales.copy()
    sales[:3, 2:] = np.nan
    results = analysed(changed_panel(panel, sales=sales))
    assert reason(results, "too-few-pharmacies").value == 6.0


def test_too_few_months_counts_usable_ones():
    results = analysed(small_panel(periods=7))
    found = reason(results, "too-few-months")
    assert (found.value, found.limit) == (5.0, LEAST_PERIODS)
    assert analysed(small_panel(periods=8, pharmacies=40), adstock={"decay": 0.5}).status in {"ok", "singular"}


def test_one_row_a_pharmacy():
    results = analysed(small_panel(periods=3))
    assert "one-row-per-pharmacy" in codes(results)
    assert "too-few-months" not in codes(results)


def test_constant_sales():
    results = analysed(changed_panel(small_panel(), sales=np.full((16, 16), 500.0)))
    assert reason(results, "constant-response").value == 500.0


def test_sales_that_the_columns_reproduce_exactly():
    panel = small_panel()
    sales = np.repeat(1000.0 + 10.0 * np.arange(16.0)[:, None], 16, axis=1)
    results = analysed(changed_panel(panel, sales=sales), model={"lags": (1,)})
    assert codes(results) in (["constant-response"], ["rank-deficient"])


def test_control_that_copies_another_is_named_with_its_twin():
    rng = np.random.default_rng(1)
    price = rng.normal(100.0, 5.0, (16, 16))
    panel = changed_panel(small_panel(), controls=np.stack([price, 2.0 * price]), control_names=("price", "list price"))
    results = analysed(panel, panel={"controls": ("price", "list price")})
    assert codes(results) == ["rank-deficient"]
    assert (results.reasons[0].column, results.reasons[0].detail) == ("List_Price", "Price")


def test_control_that_never_changes_is_a_copy_of_the_intercept():
    panel = changed_panel(small_panel(), controls=np.full((16, 16), 3.0), control_names=("price",))
    results = analysed(panel, panel={"controls": ("price",)})
    assert (codes(results), results.reasons[0].detail) == (["rank-deficient"], "Intercept")


def test_control_of_zeros_resembles_nothing():
    panel = changed_panel(small_panel(), controls=np.zeros((16, 16)), control_names=("price",))
    results = analysed(panel, panel={"controls": ("price",)})
    assert (codes(results), results.reasons[0].column, results.reasons[0].detail) == (["rank-deficient"], "Price", None)


def test_control_that_copies_promotion_at_one_decay_of_the_grid():
    panel = small_panel()
    panel = changed_panel(panel, controls=2.0 * panel.promotion[0], control_names=("visits",))
    results = analysed(panel, panel={"controls": ("visits",)})
    assert (codes(results), results.reasons[0].detail) == (["rank-deficient"], "at some decays")


def test_fewer_rows_than_coefficients():
    """Six usable rows in the median, but with three random slopes nearly as many coefficients as rows."""
    panel = small_panel(pharmacies=9, periods=8)
    sales = panel.sales.copy()
    sales[5:, 4:] = np.nan
    promotion = np.stack([panel.promotion[0], *np.random.default_rng(3).normal(size=(2, 9, 8))])
    results = analysed(changed_panel(panel, sales=sales, promotion=promotion, channels=("a", "b", "c")))
    found = reason(results, "too-few-rows")
    assert found.value == 5 * 6 + 4 * 2
    assert found.limit == 1 + 3 + 2 + 4 * 9 + 1


def test_no_usable_row_at_all():
    panel = small_panel()
    results = analysed(changed_panel(panel, sales=np.full((16, 16), np.nan)))
    assert "no-usable-rows" in codes(results)
    assert results.data.rows_used == 0
    assert results.data.sales_total is None


def test_one_period_only():
    assert "no-usable-rows" in codes(analysed(small_panel(periods=1)))


@pytest.mark.parametrize(("part", "column"), [("sales", "sales"), ("promotion", "promotion"), ("controls", "controls")])
def test_infinite_values_are_named(part, column):
    panel = small_panel()
    if part == "controls":
        values = np.random.default_rng(1).normal(size=(1, 16, 16))
        values[0, 3, 10] = np.inf
        panel = changed_panel(panel, controls=values, control_names=("price",))
        results = analysed(panel, panel={"controls": ("price",)})
    else:
        values = getattr(panel, part).copy()
        values[..., 3, 10] = np.inf
        results = analysed(changed_panel(panel, **{part: values}))
    assert reason(results, "infinite-values").column == column


def test_all_reasons_are_told_at_once():
    panel = small_panel(pharmacies=4, periods=6)
    results = analysed(changed_panel(panel, promotion=np.full((4, 6), 1.0)))
    assert codes(results) == ["too-few-pharmacies", "too-few-months", "promotion-constant"]


def test_second_channel_is_examined_too():
    panel = small_panel()
    both = np.stack([panel.promotion[0], np.full((16, 16), 2.0)])
    chosen = settings(panel={"promotion": ("calls", "samples")})
    frame = build_frame(
        changed_panel(panel, promotion=both, channels=("calls", "samples")), chosen.model, chosen.adstock
    )
    assert [(item.code, item.column) for item in refusals(frame)] == [("promotion-constant", "samples")]


def test_log_of_sales_that_are_all_zero():
    panel = changed_panel(small_panel(), sales=np.zeros((16, 16)))
    results = analysed(panel, model={"response": "log"})
    assert "no-usable-rows" in codes(results)
    assert {lost.reason for lost in results.data.rows_lost} == {"non-positive-sales"}


def test_uncertified_fit_has_no_estimates(monkeypatch):
    from reportgen.model.market.fit import MarketFit

    monkeypatch.setattr(MarketFit, "certified", property(lambda self: False))
    results = analysed(small_panel())
    assert results.status == "not-estimated"
    assert codes(results) == ["not-certified"]
    assert results.fixed == ()
    assert results.pharmacies == ()
    assert results.fit is not None
    assert not results.fit.certified


def test_no_promotion_column_and_no_usable_row():
    bare = make_panel("M", np.full((3, 4), np.nan), None, recorded=np.ones((3, 4), dtype=bool))
    assert codes(analysed(bare)) == ["no-promotion", "too-few-pharmacies", "no-usable-rows"]
