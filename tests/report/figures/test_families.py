"""What each family computes before it draws: numbers by hand, order, counts, and the words made from them."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from drawings import labels
from factories import market_results
from reportgen import results as r
from reportgen.report.figures import (
    Theme,
    caterpillar,
    decay,
    draw_charts,
    forest,
    hierarchy,
    impulse,
    influence,
    intervals,
    kit_for,
    multiples,
    predictive,
    qq,
    residuals,
    strip,
    timeline,
)
from reportgen.report.figures.kit import Kit
from reportgen.report.words.formats import Formats
from reportgen.report.words.language import Language

RESULTS = market_results()


def kit(results: r.MarketResults = RESULTS, *, response: str = "level", locale: str = "en_IN") -> Kit:
    formats = Formats(locale, "INR", unit="visit", response=response)  # type: ignore[arg-type]
    return kit_for(results, formats, Language(locale), Theme())


def test_fifty_percent_interval_scales_each_side() -> None:
    low, high = kit().half(10.0, 10.0 - 1.959964, 10.0 + 2 * 1.959964)
    assert low == pytest.approx(10 - 0.674490, abs=1e-5)
    assert high == pytest.approx(10 + 2 * 0.674490, abs=1e-5)
    assert kit().half(10.0, None, 12.0) == (10.0, 10.0)


@pytest.mark.parametrize(
    ("lower", "upper", "crosses"),
    [(1.0, 2.0, False), (-2.0, -1.0, False), (-1.0, 1.0, True), (0.0, 1.0, True), (None, 1.0, True)],
)
def test_mark_is_hollow_where_the_interval_crosses_zero(lower: float | None, upper: float, *, crosses: bool) -> None:
    assert intervals.Interval(label="", estimate=1.0, lower=lower, upper=upper).crosses is crosses


def test_caterpillar_sorts_and_counts_what_its_title_says() -> None:
    data = caterpillar.compute_caterpillar(RESULTS, kit())
    assert data is not None
    assert (np.diff(data.estimate) <= 0).all()
    assert data.above_zero == sum((p.lower or 0) > 0 for p in RESULTS.pharmacies)
    apart = [p for p in RESULTS.pharmacies if (p.lower or 0) > 250 or (p.upper or 0) < 250]
    assert np.count_nonzero(data.deviation) == len(apart)
    assert data.average == pytest.approx(250.0)
    title = draw_charts(RESULTS, kit().formats, Language("en_IN"), names=("caterpillar",))["caterpillar"].title
    assert title.startswith(f"Sales rise with promotion in {data.above_zero} of 40 pharmacies")


def test_caterpillar_of_harm_counts_the_falling() -> None:
    harmed = market_results(effect=-1.0)
    title = draw_charts(harmed, kit().formats, Language("en_IN"), names=("caterpillar",))["caterpillar"].title
    assert title.startswith("Sales fall with promotion in")


@pytest.mark.parametrize(("count", "rows"), [(12, 12), (40, 40), (90, 90), (300, 40)])
def test_caterpillar_names_all_up_to_120_and_the_ends_beyond(count: int, rows: int) -> None:
    chart = draw_charts(market_results(pharmacies=count), kit().formats, Language("en_IN"), names=("caterpillar",))
    assert len(chart["caterpillar"].tips) == rows
    assert len(chart["caterpillar"].table.rows) == count


def test_log_effects_are_drawn_as_percent_changes() -> None:
    results = market_results(response="log")
    data = caterpillar.compute_caterpillar(results, kit(results, response="log"))
    assert data is not None
    top = max(p.total_slope or 0 for p in results.pharmacies)
    assert data.estimate[0] == pytest.approx(math.expm1(top))


def test_timeline_copes_with_gaps_and_with_one_period() -> None:
    monthly = RESULTS.charts.monthly
    assert monthly is not None
    holes = replace(monthly, sales_median=(None, *monthly.sales_median[1:]), promotion_mean=(None,) * 36)
    made = timeline.chart_timeline(replace(RESULTS, charts=replace(RESULTS.charts, monthly=holes)), kit())
    assert made is not None
    assert made.table.rows[0][1] is None
    single = replace(
        monthly, periods=("2021-01",), sales_total=(1.0,), sales_median=(5.0,), sales_q25=(4.0,), sales_q75=(6.0,),
        promotion_mean=(0.0,), pharmacies=(3,), typical=5.0, change=None, compared=0,
    )  # fmt: skip
    chart = timeline.chart_timeline(replace(RESULTS, charts=r.Charts(monthly=single)), kit())
    assert chart is not None
    assert chart.title == "The median pharmacy sells ₹\u00a05.00 a month."
    unknown = replace(single, sales_median=(None,), typical=None)
    assert timeline.chart_timeline(replace(RESULTS, charts=r.Charts(monthly=unknown)), kit()) is None


@pytest.mark.parametrize(
    ("effect", "words"),
    [(1.0, "Promotion goes with"), (-1.0, "lower than without promotion"), (0.01, "cannot be told apart")],
)
def test_counterfactual_title_follows_the_interval(effect: float, words: str) -> None:
    chart = timeline.chart_counterfactual(market_results(effect=effect), kit())
    assert chart is not None
    assert words in chart.title


def test_counterfactual_without_total_still_draws() -> None:
    assert RESULTS.incremental is not None
    bare = replace(RESULTS, incremental=replace(RESULTS.incremental, total=None))
    chart = timeline.chart_counterfactual(bare, kit())
    assert chart is not None
    assert "34 periods" in chart.title


def test_multiples_run_from_largest_to_smallest_and_appear_once() -> None:
    series = RESULTS.charts.multiples
    twice = replace(RESULTS, charts=replace(RESULTS.charts, multiples=(*series, *series)))
    data = multiples.compute_multiples(twice)
    assert data is not None
    assert len(data.names) == len(set(data.names)) == 12
    assert data.roles[0] == "largest"
    assert data.roles[-1] == "smallest"
    lone = replace(RESULTS, charts=replace(RESULTS.charts, multiples=series[:1]))
    chart = multiples.chart_multiples(lone, kit())
    assert chart is not None
    assert "sells" in chart.title


def test_coefficients_are_per_standard_deviation_largest_first() -> None:
    rows = forest.compute_coefficients(RESULTS, kit())
    promotion = next(f for f in RESULTS.fixed if f.term == "Adstock_Promotion")
    found = next(row for row in rows if row.id == "Adstock_Promotion")
    assert promotion.column_sd is not None
    assert found.estimate == pytest.approx(promotion.estimate * promotion.column_sd)
    assert [abs(row.estimate) for row in rows] == sorted((abs(row.estimate) for row in rows), reverse=True)
    assert "Intercept" not in {row.id for row in rows}


def test_estimators_hold_every_choice_made() -> None:
    ids = [row.id for row in forest.compute_estimators(RESULTS, kit())]
    assert ids == ["model", "plain", "within", "without-most-influential", "month-dummies"]
    assert forest.compute_estimators(replace(RESULTS, plain=None, within=None, sensitivity=()), kit()) == ()


def test_ordinary_regression_is_compared_on_the_promotion_term() -> None:
    ols, mixed = forest.compute_ordinary(RESULTS, kit())
    assert ols.estimate == pytest.approx(mixed.estimate * 1.15)
    assert ols.upper is not None
    assert ols.se is not None
    assert ols.upper - ols.estimate == pytest.approx(1.959964 * ols.se, rel=1e-5)


def test_profile_is_measured_from_its_top_with_the_limit_of_the_level() -> None:
    data = decay.compute_profile(RESULTS.decay, 0.95)
    assert data is not None
    assert data.drop.max() == 0
    assert data.limit == pytest.approx(-1.9207, abs=1e-4)
    assert RESULTS.decay is not None
    assert decay.compute_profile(replace(RESULTS.decay, profile=()), 0.95) is None


def test_impulse_sums_up_to_the_long_run() -> None:
    data = impulse.compute_response(RESULTS, kit())
    assert data is not None
    assert np.cumsum(data.effect) == pytest.approx(data.total)
    assert RESULTS.long_run is not None
    fractional = replace(RESULTS, long_run=replace(RESULTS.long_run, half_life=1.4))
    chart = impulse.chart_impulse(fractional, kit())
    assert chart is not None
    assert "1.4 months" in chart.title
    without = impulse.chart_impulse(replace(RESULTS, long_run=None), kit())
    assert without is not None
    assert "half" not in without.title


def test_influence_sorts_by_change_of_the_effect() -> None:
    data = influence.compute_influence(RESULTS, kit())
    assert data is not None
    assert (np.diff(np.abs(data.without - data.effect)) <= 1e-9).all()
    log = market_results(response="log")
    chart = influence.chart_influence(log, kit(log, response="log"))
    assert chart is not None
    assert "%" in chart.title


def test_residual_cells_keep_every_row() -> None:
    data = residuals.compute_cloud(RESULTS.charts.residuals)
    assert data is not None
    assert data.counts.sum() == RESULTS.data.rows_used
    table = residuals.table_cloud(data)
    assert sum(int(row[-1] or 0) for row in table.rows) == RESULTS.data.rows_used
    empty = r.Density(x_edges=(0.0, 1.0), y_edges=(0.0, 1.0), counts=((0,),), smooth_x=(), smooth_y=())
    assert residuals.compute_cloud(empty) is None


def test_autocorrelations_outside_the_band_are_counted() -> None:
    found = r.Autocorrelation(lags=(1, 2, 3), values=(0.3, None, -0.01), bounds=(0.1, 0.1, 0.1))
    results = replace(RESULTS, charts=replace(RESULTS.charts, autocorrelation=found))
    chart = residuals.chart_autocorrelation(results, kit())
    assert chart is not None
    assert chart.title.startswith("1 of 2 autocorrelations outside the band; largest 0.30 at lag 1")
    nothing = r.Autocorrelation(lags=(1,), values=(None,), bounds=(None,))
    assert residuals.compute_memory(replace(RESULTS, charts=r.Charts(autocorrelation=nothing))) is None


def test_quantiles_are_thinned_evenly() -> None:
    z = tuple(float(v) for v in np.linspace(-3, 3, 999))
    wide = r.QQ(name="residuals", theoretical=z, sample=z, lower=tuple(v - 1 for v in z), upper=tuple(v + 1 for v in z))
    data = qq.compute_quantiles(wide)
    assert data is not None
    assert len(data.sample) == qq.MOST
    assert not data.outside.any()
    assert qq.compute_quantiles(replace(wide, theoretical=z[:2])) is None


def test_predictive_check_counts_bins_outside() -> None:
    check = r.PredictiveCheck(
        edges=(0.0, 1.0, 2.0), observed=(30.0, 70.0), simulated=(50.0, 50.0), lower=(40.0, 40.0), upper=(60.0, 80.0)
    )
    data = predictive.compute_predictive(replace(RESULTS, charts=r.Charts(predictive=check)))
    assert data is not None
    assert data.outside == 1
    assert sum(data.observed) == pytest.approx(1.0)


def test_effects_are_told_for_an_amount_that_happens() -> None:
    share = replace(RESULTS, data=replace(RESULTS.data, promotion_mean=(0.1,), promotion_sd=(0.15,)))
    made = kit(share)
    assert made.step == pytest.approx(0.1)
    assert made.dose == "0.1 visit"
    assert made.effect(250.0) == pytest.approx(25.0)
    assert made.write_effect(None) == "–"
    assert forest.compute_estimators(share, made)[0].estimate == pytest.approx(25.0)
    spending = replace(RESULTS, data=replace(RESULTS.data, promotion_mean=(9000.0,), promotion_sd=(2500.0,)))
    assert kit(spending).effect_unit == "₹ per 1,000 visit"
    assert kit().dose == "one visit"


def test_notes_are_in_the_locale_and_by_period() -> None:
    weekly = market_results(period="week", periods=60)
    made = kit(weekly, locale="de_DE")
    assert "2.313 Zeilen aus 40 Apotheken" in made.rows
    assert made.per_period == "pro Woche"
    assert made.periods(2) == "2 Wochen"
    assert replace(made, confidence=0.975).level.startswith("97,5")


def _with_rows(rows: list[int]) -> r.MarketResults:
    some = RESULTS.pharmacies[: len(rows)]
    used = sum(rows)
    size = r.GroupSize(min=min(rows, default=0), mean=used / max(len(rows), 1), max=max(rows, default=0))
    return replace(
        RESULTS,
        pharmacies=tuple(
            replace(p, rows=n, pharmacy=f"P{i:02d}") for i, (p, n) in enumerate(zip(some, rows, strict=True))
        ),
        data=replace(RESULTS.data, pharmacies=len(rows), rows_used=used, months=36, group_size=size),
    )


def test_hierarchy_shows_most_and_fewest_rows_and_counts_the_rest() -> None:
    data = hierarchy.compute_hierarchy(_with_rows([34, 20, 34, 30, 34, 33]))
    assert data is not None
    assert data.rows == (34, 34, 34, 33, 30, 20)
    assert data.names[-1] == "P01"
    assert data.shown == (0, 1, 2, None, 5)
    few = hierarchy.compute_hierarchy(_with_rows([34, 20]))
    assert few is not None
    assert few.shown == (0, 1)
    assert hierarchy.compute_hierarchy(_with_rows([])) is None


def test_hierarchy_title_says_how_many_periods_are_used() -> None:
    chart = hierarchy.chart_hierarchy(_with_rows([34, 34]), kit())
    assert chart is not None
    assert chart.title == "Of 36 months, 34 are used in every pharmacy."
    assert chart.alt.endswith("2 pharmacies, 68 rows used.")
    assert labels(chart).count("34 of 36") == 2
    uneven = hierarchy.chart_hierarchy(_with_rows([34, 20]), kit())
    assert uneven is not None
    assert uneven.title == "Of 36 months, 20 to 34 are used in a pharmacy, 27.0 on average."
    assert uneven.table.rows == (("P00", 34, 36), ("P01", 20, 36))


def test_hierarchy_of_long_panels_is_a_bar() -> None:
    long = replace(_with_rows([150, 140]), data=replace(_with_rows([150, 140]).data, months=156, period_type="week"))
    chart = hierarchy.chart_hierarchy(long, kit(long))
    assert chart is not None
    assert "156 weeks" in labels(chart)
    assert "week used" in chart.subtitle


def test_at_the_limit_no_single_pharmacy_is_set_apart() -> None:
    sure = replace(
        RESULTS,
        pharmacies=tuple(replace(p, lower=p.total_slope, upper=p.total_slope) for p in RESULTS.pharmacies),
    )
    tied = replace(sure, status="singular")
    data = caterpillar.compute_caterpillar(tied, kit())
    chart = caterpillar.chart_caterpillar(tied, kit())
    assert data is not None
    assert chart is not None
    assert not data.deviation.any()
    assert "only their order can be read" in chart.title
    assert "Second colour" not in chart.foot
    assert caterpillar.compute_caterpillar(sure, kit()).deviation.any()  # type: ignore[union-attr]


def test_what_may_be_zero_has_no_half_and_no_shares() -> None:
    inc = RESULTS.incremental
    assert inc is not None
    unsure = replace(
        RESULTS,
        impulse=tuple(replace(p, cumulative_lower=-1.0) for p in RESULTS.impulse),
        incremental=replace(inc, lower=-1.0),
    )
    response = impulse.chart_impulse(unsure, kit())
    assert response is not None
    assert "cannot be told apart from zero" in response.title
    assert "half" not in response.title


def test_totals_of_changing_pharmacies_say_so() -> None:
    inc = RESULTS.incremental
    assert inc is not None
    months = (*inc.months[:-1], replace(inc.months[-1], pharmacies=1))
    thin = timeline.chart_counterfactual(replace(RESULTS, incremental=replace(inc, months=months)), kit())
    whole = timeline.chart_counterfactual(RESULTS, kit())
    assert thin is not None
    assert whole is not None
    assert "Only 1 to " in thin.foot
    assert "Only" not in whole.foot


def test_no_pharmacy_clear_of_zero_is_said_so() -> None:
    wide = replace(RESULTS, pharmacies=tuple(replace(p, lower=-1e6, upper=1e6) for p in RESULTS.pharmacies))
    chart = caterpillar.chart_caterpillar(wide, kit())
    assert chart is not None
    assert chart.title.startswith(f"In none of {len(RESULTS.pharmacies)} pharmacies is the effect clear of zero;")


def test_an_axis_too_narrow_for_its_numbers_keeps_two_of_them() -> None:
    from reportgen.report.figures.drawing.plane import Box, sheet

    for ends in ((-7000.0, 8000.0), (0.0, 9.0), (-1.0, 1.2)):
        _, (axes,) = sheet(120, 60, [Box(10, 10, 60, 30, ends, (0.0, 1.0))])
        drawn: list[tuple[float, ...]] = []

        def tell(at: tuple[float, ...], drawn: list[tuple[float, ...]] = drawn) -> tuple[str, ...]:
            drawn.append(at)
            return tuple("−₹ 10,000" for _ in at)

        intervals.fit_ticks(axes, kit(), tell)
        assert len(drawn[-1]) >= 2


def test_the_strip_has_every_check_once_and_the_nearest_to_its_limit_first() -> None:
    groups = strip.compute_strip(RESULTS, kit())
    rows = [line for group in groups for line in group]
    assert sorted(line.check.id for line in rows if line.check) == sorted(check.id for check in RESULTS.checks)
    for group in groups:
        assert group[0].check is None
        used = [line.used for line in group[1:] if line.used is not None]
        assert used == sorted(used, reverse=True)
    firsts = [group[1].used or 0.0 for group in groups]
    assert firsts == sorted(firsts, reverse=True)
    chart = strip.chart_strip(RESULTS, kit())
    assert chart is not None
    assert len(chart.table.rows) == len(RESULTS.checks)
    assert strip.chart_strip(replace(RESULTS, checks=()), kit()) is None
