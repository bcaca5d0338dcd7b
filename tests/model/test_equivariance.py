"""Units, calendars and orders: what a change of them must do to every number, and nothing more.

Estimates, standard errors, SDs and the shift of the log-likelihood to 1e-8 at a fixed decay; to 1e-6 at an estimated
one, which a one-dimensional search has found.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from model_problems import PROVENANCE, changed_panel, settings, small_panel
from reportgen.model.analysis import analyse_market
from reportgen.panel.grid import MarketPanel
from reportgen.results import MarketResults, to_json

CHOSEN = settings(adstock={"decay": 0.5})
SALES_UNITS = {
    "Intercept": 1,
    "Adstock_Promotion": 1,
    "Mean_Promotion": 1,
    "Initial_Promotion": 1,
    "Presample_Promotion": 1,
}
"""Power of the sales unit in each coefficient; lags and initial sales have none."""
PROMOTION_UNITS = {"Adstock_Promotion": -1, "Mean_Promotion": -1, "Initial_Promotion": -1, "Presample_Promotion": -1}


def panel() -> MarketPanel:
    return small_panel(2, pharmacies=24, periods=20, gap_share=0.03)


@lru_cache(maxsize=32)
def analysed(key: str = "plain", chosen=CHOSEN) -> MarketResults:
    del key
    return analyse_market(panel(), chosen, PROVENANCE)


def numbers(rows, name) -> np.ndarray:
    return np.array([getattr(row, name) for row in rows], dtype=float)


def assert_same(
    moved: MarketResults, plain: MarketResults, *, sales: float = 1.0, promotion: float = 1.0, tolerance=1e-8
):
    """``moved`` is ``plain`` with sales and promotion counted in other units."""
    assert moved.status == plain.status
    assert [row.term for row in moved.fixed] == [row.term for row in plain.fixed]
    unit = np.array(
        [sales ** SALES_UNITS.get(row.term, 0) * promotion ** PROMOTION_UNITS.get(row.term, 0) for row in plain.fixed]
    )
    se = numbers(plain.fixed, "se") * unit
    for name in ("estimate", "se", "se_gls", "lower", "upper"):
        gap = numbers(moved.fixed, name) - unit * numbers(plain.fixed, name)
        assert_allclose(gap / se, 0.0, atol=tolerance, err_msg=name)
    assert_allclose(numbers(moved.fixed, "df"), numbers(plain.fixed, "df"), rtol=1e-5)
    spread = {"Intercept": sales, "Residual": sales, "Adstock_Promotion": sales / promotion}
    expected = [row.sd * spread[row.term] for row in plain.variances]
    assert_allclose(numbers(moved.variances, "sd"), expected, rtol=tolerance)
    n, p = plain.data.rows_used, len(plain.fixed) + plain.time.count
    volume = sum(PROMOTION_UNITS.get(row.term, 0) for row in plain.fixed) * -np.log(promotion)
    volume += sum(1 for row in plain.fixed if row.term.endswith("_Sales")) * np.log(sales)
    assert moved.fit.loglik == pytest.approx(plain.fit.loglik - (n - p) * np.log(sales) - volume, abs=1e-7)
    assert moved.fit.loglik_ml == pytest.approx(plain.fit.loglik_ml - n * np.log(sales), abs=1e-7)
    assert moved.r2.marginal == pytest.approx(plain.r2.marginal, rel=1e-8)
    assert moved.icc == pytest.approx(plain.icc, rel=1e-8)
    assert moved.long_run.estimate == pytest.approx(plain.long_run.estimate * sales / promotion, rel=1e-8)
    assert moved.incremental.total == pytest.approx(plain.incremental.total * sales, rel=1e-8)
    by_name = {row.pharmacy: row for row in moved.pharmacies}
    for row in plain.pharmacies:
        other = by_name[row.pharmacy]
        assert other.total_slope == pytest.approx(row.total_slope * sales / promotion, rel=1e-7)
        assert other.expected_rank == pytest.approx(row.expected_rank, abs=1e-6)
        assert other.cooks_d == pytest.approx(row.cooks_d, rel=1e-5, abs=1e-9)
    assert [(check.id, check.status) for check in moved.checks] == [(check.id, check.status) for check in plain.checks]
    assert moved.verdict == plain.verdict


@pytest.mark.parametrize("sales", [1000.0, 1e-3, 1e7])
def test_sales_in_other_units(sales):
    moved = analyse_market(changed_panel(panel(), sales=panel().sales * sales), CHOSEN, PROVENANCE)
    assert_same(moved, analysed(), sales=sales)


@pytest.mark.parametrize("promotion", [1000.0, 1e-3, 1e7])
def test_promotion_in_other_units(promotion):
    moved = analyse_market(changed_panel(panel(), promotion=panel().promotion[0] * promotion), CHOSEN, PROVENANCE)
    assert_same(moved, analysed(), promotion=promotion)


def test_both_in_other_units_under_ml_and_without_the_correction():
    chosen = settings(adstock={"decay": 0.5}, model={"method": "ML", "correction": "none"})
    scaled = changed_panel(panel(), sales=panel().sales * 1000.0, promotion=panel().promotion[0] * 1000.0)
    moved, plain = analyse_market(scaled, chosen, PROVENANCE), analysed("ml plain", chosen)
    assert_allclose(numbers(moved.fixed, "estimate"), numbers(plain.fixed, "estimate") * [1e3, 1, 1, 1], rtol=1e-8)
    assert_allclose(numbers(moved.variances, "sd"), numbers(plain.variances, "sd") * [1e3, 1, 1e3], rtol=1e-8)
    shift = plain.data.rows_used * np.log(1000.0)
    assert moved.fit.loglik == pytest.approx(plain.fit.loglik - shift, abs=1e-7)


@pytest.mark.parametrize(("sales", "promotion"), [(1000.0, 1.0), (1.0, 1000.0)])
def test_estimated_decay_does_not_depend_on_units(sales, promotion):
    chosen = settings()
    scaled = changed_panel(panel(), sales=panel().sales * sales, promotion=panel().promotion[0] * promotion)
    moved, plain = analyse_market(scaled, chosen, PROVENANCE), analysed("estimated", chosen)
    assert moved.decay.estimate == pytest.approx(plain.decay.estimate, abs=1e-6)
    assert_same(moved, plain, sales=sales, promotion=promotion, tolerance=1e-6)


@pytest.mark.parametrize("months", [12, 24, -12 * 30])
def test_whole_years_later_is_the_same_market(months):
    shifted = changed_panel(panel(), first_period=panel().first_period + months)
    assert_same(analyse_market(shifted, CHOSEN, PROVENANCE), analysed())


def test_months_shifted_by_less_than_a_year_move_month_dummies_only():
    shifted = analyse_market(changed_panel(panel(), first_period=panel().first_period + 5), CHOSEN, PROVENANCE)
    assert shifted.fixed == analysed().fixed
    assert shifted.pharmacies == analysed().pharmacies
    assert shifted.data.period != analysed().data.period


@examples(max_examples=5)
@given(st.permutations(range(24)))
def test_pharmacies_in_any_order(order):
    """Codes move with their pharmacies, so the panel sorts them back; here the codes stay and the data move."""
    order = list(order)
    old = panel()
    moved = changed_panel(
        old,
        sales=old.sales[order],
        promotion=old.promotion[0][order],
        recorded=old.recorded[order],
        pharmacies=tuple(old.pharmacies[g] for g in order),
    )
    found = analyse_market(moved, CHOSEN, PROVENANCE)
    plain = analysed()
    se = numbers(plain.fixed, "se")
    for name in ("estimate", "se", "se_gls"):
        gap = numbers(found.fixed, name) - numbers(plain.fixed, name)
        assert_allclose(gap / se, 0.0, atol=1e-8)
    assert_allclose(numbers(found.variances, "sd"), numbers(plain.variances, "sd"), rtol=1e-8)
    assert found.fit.loglik == pytest.approx(plain.fit.loglik, abs=1e-8)
    assert found.incremental.total == pytest.approx(plain.incremental.total, rel=1e-9)
    theirs = {row.pharmacy: row for row in plain.pharmacies}
    for row in found.pharmacies:
        assert row.total_slope == pytest.approx(theirs[row.pharmacy].total_slope, rel=1e-8)


def test_rows_of_the_table_in_any_order_give_the_same_bytes(tmp_path):
    """Through the reader: the file's rows shuffled, the results byte for byte the same."""
    from reportgen.panel.checking.contract import validate_panel
    from reportgen.panel.reading.read import read_table

    old = panel()
    rows = [
        f"M,{old.pharmacies[g]},{old.period_label(t)},{old.sales[g, t]:.6f},{old.promotion[0, g, t]:.6f}"
        for g, t in zip(*np.nonzero(old.recorded), strict=True)
    ]
    head = "market,pharmacy,month,sales,promotion"
    texts = []
    for name, seed in (("sorted.csv", None), ("shuffled.csv", 1)):
        order = np.arange(len(rows)) if seed is None else np.random.default_rng(seed).permutation(len(rows))
        (tmp_path / name).write_text("\n".join([head, *(rows[i] for i in order)]) + "\n")
        chosen = settings(panel={"source": name}, adstock={"decay": 0.5})
        read = validate_panel(read_table(chosen.panel, tmp_path), chosen)
        texts.append(to_json(analyse_market(read.markets["M"], chosen, PROVENANCE)))
    assert texts[0] == texts[1]


@pytest.mark.parametrize("shift", [1e5, -3e4])
def test_constant_added_to_sales_moves_the_intercept_only(shift):
    """y + c: lags and the initial sale move with it, so the intercept takes c (1 - phi1 - phi2 - gamma0)."""
    moved = analyse_market(changed_panel(panel(), sales=panel().sales + shift), CHOSEN, PROVENANCE)
    plain = analysed()
    rows = {row.term: row for row in plain.fixed}
    carried = sum(rows[term].estimate for term in ("Lag1_Sales", "Lag2_Sales", "Initial_Sales"))
    for row in moved.fixed:
        expected = rows[row.term].estimate + (shift * (1.0 - carried) if row.term == "Intercept" else 0.0)
        assert abs(row.estimate - expected) / rows[row.term].se < 1e-7, row.term
        if row.term != "Intercept":
            assert row.se == pytest.approx(rows[row.term].se, rel=1e-8)
    assert_allclose(numbers(moved.variances, "sd"), numbers(plain.variances, "sd"), rtol=1e-8)
    assert moved.fit.loglik == pytest.approx(plain.fit.loglik, abs=1e-7)
    assert moved.incremental.total == pytest.approx(plain.incremental.total, rel=1e-8)


def test_no_value_moves_from_one_pharmacy_to_the_next():
    """Another pharmacy's data change: this one's columns do not, and with fixed estimates neither would its numbers."""
    from reportgen.model.market.terms import market_design, model_terms
    from reportgen.panel.features import build_frame

    old = panel()
    sales, promotion = old.sales.copy(), old.promotion[0].copy()
    sales[7] *= 3.0
    promotion[7] += 5.0
    designs = []
    for one in (old, changed_panel(old, sales=sales, promotion=promotion)):
        frame = build_frame(one, CHOSEN.model, CHOSEN.adstock)
        designs.append(market_design(frame, model_terms(frame, correction=True, random_slope=True), (0.5,)))
    others = designs[0].group != 7
    assert_allclose(designs[1].x[others], designs[0].x[others], rtol=0.0)
    assert not np.allclose(designs[1].x[~others], designs[0].x[~others])
