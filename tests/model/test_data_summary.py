"""What the data show before any model: counts that add up, series by period, a chosen few pharmacies."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from model_problems import changed_panel, settings, small_panel
from reportgen.model.data_summary import EACH_ROLE, chosen_pharmacies, monthly_series, summarise_data
from reportgen.panel.features import build_frame
from reportgen.panel.grid import make_panel


def summary(panel, /, **sections):
    chosen = settings(**sections)
    return summarise_data(build_frame(panel, chosen.model, chosen.adstock))


def test_counts_periods_and_levels():
    panel = small_panel()
    found = summary(panel)
    assert (found.rows_read, found.rows_used, found.pharmacies, found.months) == (256, 224, 16, 16)
    assert found.period == ("2021-01", "2022-04")
    assert (found.group_size.min, found.group_size.mean, found.group_size.max) == (14, 14.0, 14)
    assert found.sales_total == pytest.approx(panel.sales.sum())
    assert found.sales_mean == pytest.approx(panel.sales[:, 2:].mean())
    assert_allclose(found.promotion_mean, panel.promotion[0][:, 2:].mean())
    assert_allclose(found.promotion_sd, panel.promotion[0][:, 2:].std())


@pytest.mark.parametrize("seed", range(1, 6))
def test_rows_read_are_rows_used_and_lost(seed):
    panel = small_panel(seed, gap_share=0.15, late_share=0.4)
    found = summary(panel)
    assert found.rows_read == int(panel.recorded.sum())
    assert found.rows_read == found.rows_used + sum(lost.rows for lost in found.rows_lost)
    assert {lost.reason for lost in found.rows_lost} == {"first-periods", "gap"}
    assert found.group_size.min < found.group_size.max


def test_period_counts_recorded_months_only():
    panel = small_panel()
    recorded = panel.recorded.copy()
    recorded[:, :3] = False
    hidden = np.where(recorded, panel.sales, np.nan)
    found = summary(changed_panel(panel, sales=hidden, recorded=recorded))
    assert found.period == ("2021-04", "2022-04")
    assert found.months == 13


def test_weeks_are_labelled_by_their_monday():
    found = summary(small_panel(period_type="week", first_period=105_000))
    assert found.period_type == "week"
    assert len(found.period[0]) == len("2021-01-04")


def test_market_without_a_usable_row_is_described_by_its_records():
    found = summary(small_panel(periods=2))
    assert (found.rows_used, found.pharmacies) == (0, 16)
    assert (found.group_size.min, found.group_size.max) == (0, 0)
    assert found.sales_mean == pytest.approx(small_panel(periods=2).sales.mean())
    assert found.promotion_mean[0] == pytest.approx(small_panel(periods=2).promotion.mean())


def test_market_without_promotion_or_sales():
    empty = make_panel("M", np.full((3, 4), np.nan), None, recorded=np.ones((3, 4), dtype=bool))
    found = summary(empty)
    assert (found.promotion_mean, found.promotion_sd) == ((), ())
    assert (found.sales_total, found.sales_mean) == (None, None)


def test_infinite_values_do_not_reach_the_summary():
    panel = small_panel()
    sales, promotion = panel.sales.copy(), panel.promotion[0].copy()
    sales[2, 5] = promotion[3, 6] = np.inf
    found = summary(changed_panel(panel, sales=sales, promotion=promotion))
    assert np.isfinite([found.sales_total, found.sales_mean, *found.promotion_mean, *found.promotion_sd]).all()


def test_monthly_series_by_hand():
    sales = np.array([[1.0, 2.0, np.nan], [3.0, 6.0, np.nan], [5.0, np.nan, np.nan]])
    series = monthly_series(make_panel("M", sales, [[1.0, 2.0, 3.0], [3.0, np.nan, 5.0], [8.0, 4.0, np.nan]]))
    assert series.periods == ("2021-01", "2021-02", "2021-03")
    assert series.sales_total == (9.0, 8.0, None)
    assert series.sales_median == (3.0, 4.0, None)
    assert series.sales_q25 == (2.0, 3.0, None)
    assert series.sales_q75 == (4.0, 5.0, None)
    assert series.promotion_mean == (4.0, 3.0, 4.0)
    assert series.pharmacies == (3, 2, 0)


def test_monthly_series_without_promotion():
    assert monthly_series(make_panel("M", np.ones((2, 2)), None)).promotion_mean == (None, None)


def test_chosen_pharmacies_have_one_role_each():
    panel = small_panel(pharmacies=40)
    chosen = chosen_pharmacies(panel)
    assert len(chosen) == 4 * EACH_ROLE
    assert len({one.pharmacy for one in chosen}) == 4 * EACH_ROLE
    mean = dict(zip(panel.pharmacies, panel.sales.mean(axis=1), strict=True))
    by_role = {
        role: [one.pharmacy for one in chosen if one.role == role] for role in ("largest", "smallest", "typical")
    }
    order = sorted(mean, key=mean.get)
    assert by_role["largest"] == order[::-1][:3]
    assert by_role["smallest"] == order[:3]
    middle = np.median(list(mean.values()))
    assert by_role["typical"] == sorted(mean, key=lambda name: abs(mean[name] - middle))[:3]


def test_odd_pharmacies_follow_the_oddness_given():
    panel = small_panel(pharmacies=40)
    typical = chosen_pharmacies(panel)
    taken = {one.pharmacy for one in typical if one.role != "odd"}
    oddness = np.arange(40.0)
    oddness[::2] = np.nan
    chosen = [one.pharmacy for one in chosen_pharmacies(panel, oddness) if one.role == "odd"]
    expected = [name for name in np.array(panel.pharmacies)[1::2][::-1] if name not in taken][:3]
    assert chosen == expected


def test_few_pharmacies_are_shown_once():
    chosen = chosen_pharmacies(small_panel(pharmacies=5))
    assert len(chosen) == 5
    assert {one.role for one in chosen} == {"largest", "smallest"}


def test_pharmacies_with_few_records_are_not_shown():
    panel = small_panel(pharmacies=20)
    sales = panel.sales.copy()
    sales[0, 1:] = np.nan
    sales[0, 0] = 1e9
    shown = {one.pharmacy for one in chosen_pharmacies(changed_panel(panel, sales=sales))}
    assert panel.pharmacies[0] not in shown


def test_nothing_known_nothing_chosen():
    empty = make_panel("M", np.full((3, 4), np.nan), np.full((3, 4), np.nan), recorded=np.ones((3, 4), dtype=bool))
    assert chosen_pharmacies(empty) == ()


def test_series_keep_seven_digits_and_gaps():
    sales = np.array([[1.0 / 3.0, np.nan, 2e6 / 3.0]] * 2)
    shown = chosen_pharmacies(make_panel("M", sales, None, recorded=np.ones((2, 3), dtype=bool)))[0]
    assert shown.sales == (0.3333333, None, 666666.7)
    assert shown.promotion == (None, None, None)


@pytest.mark.parametrize(("periods", "compared"), [(30, 12), (16, 8), (9, 4)])
def test_the_change_compares_whole_years_where_there_are_two_else_halves(periods, compared):
    panel = small_panel(periods=periods)
    found = monthly_series(panel)
    middle = np.nanmedian(panel.sales, axis=0)
    assert found.compared == compared
    assert found.change == pytest.approx(middle[-compared:].mean() / middle[:compared].mean() - 1)
    assert found.typical == pytest.approx(np.median(middle))


def test_a_change_without_a_base_is_unknown():
    panel = small_panel()
    sales = panel.sales.copy()
    sales[:, :8] = 0.0
    assert monthly_series(changed_panel(panel, sales=sales)).change is None
    sales[:, :8] = np.nan
    assert monthly_series(changed_panel(panel, sales=sales)).change is None
