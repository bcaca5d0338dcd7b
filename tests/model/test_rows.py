"""Rows of results.json from a fitted market: each number is the one its source says."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pytest
from numpy.testing import assert_allclose

from model_problems import settings, small_panel, two_channel_panel
from reportgen.model.effects.impact import Impact, measure_impact
from reportgen.model.lmm.inference import fixed_covariance
from reportgen.model.lmm.least_squares import within_estimate
from reportgen.model.lmm.leave_one_out import leave_one_out
from reportgen.model.lmm.modes import conditional_covariance, conditional_modes, own_coefficients
from reportgen.model.market.fit import fit_market
from reportgen.model.rows import (
    compare_fit,
    compare_within,
    decay_summaries,
    fit_summary,
    fixed_rows,
    model_summary,
    pharmacy_rows,
    time_summary,
)
from reportgen.panel.features import build_frame


@lru_cache(maxsize=8)
def market(kind: str = "usual", decay: str | float = 0.5, correction: bool = True):
    chosen = settings(adstock={"decay": decay})
    panel = two_channel_panel() if kind == "two" else small_panel(2, pharmacies=30, periods=24)
    return fit_market(build_frame(panel, chosen.model, chosen.adstock), chosen, plain=not correction)


def chosen_row():
    return fixed_rows(market(), 0.95)[1]


def test_coefficient_table_is_in_the_order_of_the_design():
    rows = fixed_rows(market(), 0.95)
    read = slice(0, len(rows))
    assert tuple(row.term for row in rows) == market().design.names[read]
    assert_allclose([row.estimate for row in rows], market().fit.beta[read])
    assert_allclose([row.se**2 for row in rows], np.diag(market().covariance.values)[read])
    assert_allclose([row.se_gls**2 for row in rows], np.diag(market().fit.cov_gls)[read])
    assert_allclose([row.df for row in rows], fixed_covariance(market().fit).df[read])
    assert_allclose([row.column_sd for row in rows], market().design.x.std(axis=0)[read], atol=1e-12)


def test_effects_of_periods_are_no_rows_but_are_counted_and_told_for_the_chart():
    rows, found = fixed_rows(market(), 0.95), time_summary(market(), 0.95)
    periods = market().terms.named("period")
    assert market().design.names == (*(row.term for row in rows), *periods)
    assert found.kind == "periods"
    assert found.count == len(periods) == len(found.effects) - 1 == 21
    effects = np.array([one.estimate for one in found.effects])
    assert effects.sum() == pytest.approx(0.0, abs=1e-6 * np.abs(effects).max())
    assert_allclose(effects[1:] - effects[0], market().fit.beta[len(rows) :])
    assert all(one.lower < one.estimate < one.upper for one in found.effects)


def test_plain_model_beside_the_corrected_one():
    plain = market(correction=False)
    found = compare_fit(plain, chosen_row(), 1800.0, 0.95)
    assert [row.term for row in found.fixed] == ["Intercept", "Adstock_Promotion", "Lag1_Sales", "Lag2_Sales"]
    assert found.long_run == pytest.approx(plain.fit.beta[1] / (1.0 - plain.fit.beta[2:4].sum()))
    assert found.long_run_se > 0.0


def test_within_estimate_beside_the_corrected_one():
    found = compare_within(market(), chosen_row(), 1800.0, 0.95)
    ours = within_estimate(market().design)
    # columns of the correction that fade within a pharmacy are identified within it too
    assert [row.term for row in found.fixed] == [name for name in ours.names if name in market().design.names[:8]]
    assert not any(row.term in market().terms.named("period") for row in found.fixed)
    assert [row.term for row in found.fixed][:3] == ["Adstock_Promotion", "Lag1_Sales", "Lag2_Sales"]
    assert {row.se_gls for row in found.fixed} == {None}
    assert {row.df for row in found.fixed} == {29.0}


@pytest.mark.parametrize(("shift", "apart"), [(0.0, False), (0.2, True)])
def test_comparison_differs_where_the_long_run_does(shift, apart):
    final = market().fit.beta[1] / (1.0 - market().fit.beta[2:4].sum())
    found = compare_fit(market(), chosen_row(), final * (1.0 + shift), 0.95)
    assert found.differs is apart


def test_comparison_without_a_long_run_judges_the_effect_alone():
    assert compare_fit(market(), chosen_row(), None, 0.95).differs is False


def test_pharmacy_rows_carry_modes_totals_and_money():
    found = market()
    impact = measure_impact(found, settings(adstock={"decay": 0.5}))
    influence = leave_one_out(found.fit, found.covariance.values)
    rows = pharmacy_rows(found, impact, influence, 0.95)
    modes, covariance = conditional_modes(found.fit), conditional_covariance(found.fit)
    own = own_coefficients(found.fit)
    for g, row in enumerate(rows):
        assert row.pharmacy == found.frame.pharmacies[g]
        assert (row.intercept, row.slope) == pytest.approx(tuple(modes[g]))
        assert (row.intercept_se, row.slope_se) == pytest.approx(tuple(np.sqrt(np.diag(covariance[g]))))
        assert row.total_slope == pytest.approx(found.fit.beta[1] + modes[g, 1])
        assert row.own_slope == pytest.approx(found.fit.beta[1] + own[g, 1])
        assert row.reliability == pytest.approx(1.0 - covariance[g, 1, 1] / found.fit.psi[1, 1])
        assert row.long_run == pytest.approx(row.total_slope / (1.0 - found.fit.beta[2:4].sum()))
        assert row.effect_without == influence.beta[g, 1]
        rows_of = found.frame.group == g
        assert row.sales_mean == pytest.approx(found.frame.sales[rows_of].mean())
        assert row.incremental_share == pytest.approx(row.incremental / found.frame.sales[rows_of].sum())
    assert sum(row.incremental for row in rows) == pytest.approx(impact.incremental.total)


def test_pharmacy_rows_without_an_impact_have_no_money():
    found = market()
    influence = leave_one_out(found.fit, found.covariance.values)
    impact = measure_impact(found, settings(adstock={"decay": 0.5}))
    nothing = Impact(long_run=impact.long_run, impulse=(), incremental=None, what_if=(), roi=None, by_pharmacy=None)
    assert {row.incremental for row in pharmacy_rows(found, nothing, influence, 0.95)} == {None}


def test_fixed_decay_has_no_profile_and_no_interval():
    (found,) = decay_summaries(market())
    assert (found.estimate, found.estimated, found.profile, found.lower, found.se) == (0.5, False, (), None, None)
    assert found.lag_correlation is None


def test_estimated_decay_tells_its_ridge_with_the_first_lag():
    (found,) = decay_summaries(market(decay="estimate"))
    assert found.estimated
    assert found.lower < found.estimate < found.upper
    assert len(found.profile) == 21
    assert -1.0 < found.lag_correlation < 1.0


def test_two_channels_have_a_summary_each():
    found = decay_summaries(market("two", decay="estimate"))
    assert [one.channel for one in found] == ["calls", "samples"]


def test_fit_summary_is_the_certificate():
    found = fit_summary(market())
    fit = market().fit
    assert found.loglik == fit.loglik
    assert found.certified
    assert found.statsmodels_gap < 1e-6
    assert found.kkt < 1e-7
    assert_allclose(found.theta, fit.theta)
    assert_allclose(found.cov_re.values, fit.psi)
    assert found.sigma**2 == pytest.approx(found.scale)
    assert found.loglik_ml == market().ml.loglik


def test_model_summary_names_what_was_fitted():
    found = model_summary(market("two"), settings(panel={"pharmacy": "Shop"}))
    assert found.groups == "Shop"
    assert found.promotion_terms == ("Adstock_Calls", "Adstock_Samples")
    assert found.random_formula == "~ Adstock_Calls + Adstock_Samples"
    assert found.decays == (0.5, 0.5)
    assert found.lags == (1, 2)
