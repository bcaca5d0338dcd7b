"""One market from panel to results, as the batch calls it: every setting, every shape of panel, never an exception."""

from __future__ import annotations

import json
from dataclasses import fields, is_dataclass, replace
from functools import lru_cache
from types import SimpleNamespace

import jsonschema
import numpy as np
import pytest

from model_problems import PROVENANCE, changed_panel, settings, small_panel, two_channel_panel
from reportgen import schema
from reportgen.model.analysis import _flat_direction, analyse_market
from reportgen.model.checks.rules import RULES
from reportgen.model.lmm import reml
from reportgen.results import MarketResults, from_json, to_json

PLAIN = (str, int, float, bool, type(None))
LEVELS = ("territories", "calibration", "experiment", "moderators", "rehearsal", "shapes")
"""What only settings and curved responses bring."""
RUNS = ("track", "change")
"""What only a run before this one brings."""
VALIDATOR = jsonschema.Draft202012Validator(schema.published_schema("results.schema.json"))


def leaves(value, where="results"):
    """Every leaf with its place; a NumPy scalar that slipped in is found by its exact type."""
    if is_dataclass(value):
        for item in fields(value):
            yield from leaves(getattr(value, item.name), f"{where}.{item.name}")
    elif type(value) is tuple:
        for number, item in enumerate(value):
            yield from leaves(item, f"{where}[{number}]")
    else:
        yield where, value


def sound(results: MarketResults) -> MarketResults:
    """What must hold for any results: plain types, JSON both ways, the schema, and sums that add up."""
    strange = [(where, type(value)) for where, value in leaves(results) if type(value) not in PLAIN]
    assert strange == []
    text = to_json(results)
    assert from_json(text) == results, "a number is NaN or infinite"
    VALIDATOR.validate(json.loads(text))
    data = results.data
    assert data.rows_read == data.rows_used + sum(lost.rows for lost in data.rows_lost)
    ids = [(check.id, check.channel) for check in results.checks]
    assert len(set(ids)) == len(ids)
    assert {name for name, _ in ids} <= set(RULES)
    if results.fixed:
        assert data.rows_used == sum(row.rows for row in results.pharmacies)
        assert len(results.pharmacies) == data.pharmacies
        effect = {row.term: row for row in results.fixed}[results.model.promotion_terms[0]]
        for row in results.pharmacies:
            assert row.total_slope == pytest.approx(effect.estimate + (row.slope or 0.0), rel=1e-9, abs=1e-9)
            assert row.lower < row.total_slope < row.upper
        assert 0.0 <= results.r2.marginal <= results.r2.conditional <= 1.0
        assert results.fit.certified
        if results.incremental is not None:
            total = sum(month.incremental for month in results.incremental.months)
            assert total == pytest.approx(results.incremental.total, rel=1e-9, abs=1e-6)
    return results


def analysed(market, /, *, shared_decay=None, **sections) -> MarketResults:
    return sound(analyse_market(market, settings(**sections), PROVENANCE, shared_decay=shared_decay))


@lru_cache(maxsize=1)
def usual() -> MarketResults:
    return analysed(small_panel(2, pharmacies=30, periods=24))


def test_usual_market_has_every_part():
    found = usual()
    assert found.status == "ok"
    assert found.reasons == ()
    empty = [name for name in MarketResults.__slots__ if getattr(found, name) in (None, ())]
    expected = {"reasons", "optima", "more_decays", "channels", "roi", "bootstrap", "withheld", "sizes"}
    assert set(empty) <= {*expected, *LEVELS, *RUNS}
    assert found.model.formula.startswith("Sales ~ Adstock_Promotion + Lag1_Sales + Lag2_Sales + Initial_Sales")
    assert (found.model.rung, found.model.standard_error) == ("correlated", "full-information")
    charts = found.charts
    assert None not in (
        charts.monthly,
        charts.residuals,
        charts.autocorrelation,
        charts.scale_location,
        charts.predictive,
    )
    assert [plot.name for plot in charts.qq] == ["residuals", "Intercept", "Adstock_Promotion"]
    assert len(charts.multiples) == 12
    assert charts.promotion_range[0] < charts.promotion_center < charts.promotion_range[1]


def test_estimates_are_near_the_truth_of_the_simulation():
    found = usual()
    rows = {row.term: row for row in found.fixed}
    for term, truth in (("Adstock_Promotion", 900.0), ("Lag1_Sales", 0.35), ("Lag2_Sales", 0.15)):
        assert abs(rows[term].estimate - truth) < 4.0 * rows[term].se
    assert abs(found.long_run.estimate - 1800.0) < 4.0 * found.long_run.se
    assert found.verdict.code in {"works", "works-unevenly"}


def test_same_market_same_bytes_whatever_ran_before():
    panel = small_panel(2, pharmacies=30, periods=24)
    np.random.default_rng().standard_normal(10)
    analyse_market(small_panel(7), settings(), PROVENANCE)
    assert to_json(analyse_market(panel, settings(), PROVENANCE)) == to_json(usual())


def test_seed_moves_simulated_intervals_only():
    other = analysed(small_panel(2, pharmacies=30, periods=24), run={"seed": 5})
    assert other.fixed == usual().fixed
    assert other.incremental.total == usual().incremental.total
    assert other.incremental.lower != usual().incremental.lower


VARIANTS = {
    "log": {"model": {"response": "log"}},
    "one lag": {"model": {"lags": (1,)}},
    "no lags": {"model": {"lags": ()}},
    "long lags": {"model": {"lags": (1, 12)}},
    "no slope": {"model": {"random_slope": False}},
    "ml": {"model": {"method": "ML"}},
    "plain": {"model": {"correction": "none"}},
    "ladder": {"model": {"ladder": True}},
    "experiment": {"model": {"design": "experiment"}},
    "fixed decay": {"adstock": {"decay": 0.3}},
    "no carry-over": {"adstock": {"decay": 0.0}},
    "raw weights": {"adstock": {"normalize": False}},
    "wide intervals": {"report": {"confidence": 0.99}},
}


@pytest.mark.parametrize("name", VARIANTS)
def test_every_setting_gives_sound_results(name):
    sections = VARIANTS[name]
    found = analysed(small_panel(2, pharmacies=24, periods=24), **sections)
    assert found.status in {"ok", "singular"}
    model = found.model
    wanted = sections.get("model", {})
    assert model.response == wanted.get("response", "level")
    assert model.lags == wanted.get("lags", (1, 2))
    assert model.method == wanted.get("method", "REML")
    assert model.correction == wanted.get("correction", "initial-conditions")
    assert model.design == wanted.get("design", "observational")
    assert ("Adstock_Promotion" in model.random_terms) == (name != "no slope")
    assert (model.correction_terms == ()) == (name == "plain")
    assert model.decay_source == ("fixed" if "decay" in sections.get("adstock", {}) else "estimated")


def test_without_lags_there_is_no_initial_sale_and_the_long_run_is_the_effect():
    found = analysed(small_panel(2, pharmacies=24, periods=24), model={"lags": ()})
    assert "Initial_Sales" not in found.model.correction_terms
    effect = next(row for row in found.fixed if row.term == "Adstock_Promotion")
    assert found.long_run.estimate == pytest.approx(effect.estimate)
    assert found.data.rows_used == 24 * 24


def test_without_a_random_slope_pharmacies_have_no_deviation():
    found = analysed(small_panel(2, pharmacies=24, periods=24), model={"random_slope": False})
    assert found.slope_test is None
    assert {row.slope for row in found.pharmacies} == {None}
    assert {row.expected_rank for row in found.pharmacies} == {None}
    assert found.correlations == ()
    assert found.model.rung == "intercept"


def test_weeks():
    panel = small_panel(3, pharmacies=20, periods=60, period_type="week", first_period=105_000)
    found = analysed(panel)
    assert found.data.period_type == "week"
    assert found.quality.holdout_periods == 6


def test_controls_and_log_response_together():
    rng = np.random.default_rng(1)
    panel = small_panel(2, pharmacies=24, periods=24)
    price = rng.normal(100.0, 5.0, panel.sales.shape)
    panel = changed_panel(
        panel, sales=panel.sales * (price / 100.0) ** -1.5, controls=price, control_names=("unit price",)
    )
    found = analysed(panel, model={"response": "log"})
    row = next(row for row in found.fixed if row.term == "Unit_Price")
    assert row.upper < 0.0
    assert found.model.control_terms == ("Unit_Price",)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_gaps_and_late_starters(seed):
    found = analysed(small_panel(seed, pharmacies=24, periods=24, gap_share=0.1, late_share=0.4))
    assert {lost.reason for lost in found.data.rows_lost} == {"first-periods", "gap"}
    assert found.data.group_size.min < found.data.group_size.max
    assert found.status in {"ok", "singular"}


def test_two_channels_report_the_first_and_count_both():
    found = analysed(two_channel_panel())
    assert found.model.channels == ("calls", "samples")
    assert len(found.model.decays) == 2
    assert (found.decay.channel, found.more_decays[0].channel) == ("calls", "samples")
    assert len(found.correlations) == 3


def test_shared_decay_is_used_and_told():
    found = analysed(small_panel(2, pharmacies=24, periods=24), shared_decay=0.4)
    assert (found.model.decay, found.model.decay_source) == (0.4, "shared")
    assert found.decay.profile == ()


def test_cost_and_margin_give_a_return():
    panel = changed_panel(small_panel(2, pharmacies=24, periods=24), cost=150.0)
    found = analysed(panel, panel={"margin": 0.3})
    assert found.roi.lower < found.roi.roi < found.roi.upper
    assert found.roi.margin == 0.3
    assert all(row.profit is not None for row in found.what_if)
    assert analysed(panel).roi is None


def singular_panel(seed: int = 1):
    return small_panel(seed, pharmacies=24, periods=24, sd_slope=0.0)


def test_no_slope_variance_is_singular_with_everything_finite():
    found = next(
        result for result in (analysed(singular_panel(seed)) for seed in range(1, 12)) if result.status == "singular"
    )
    assert [reason.code for reason in found.reasons] == ["singular"]
    assert found.fit.singular
    assert found.fit.certified
    assert 0.0 < found.r2.marginal < 1.0
    assert all(np.isfinite([row.slope, row.slope_se, row.total_slope]).all() for row in found.pharmacies)
    assert "no-differences-found" in found.verdict.reasons
    assert found.verdict.code in {"works", "unclear"}
    assert found.sensitivity[-1].id == "one-effect"
    check = next(check for check in found.checks if check.id == "convergence")
    assert check.status == "review"


@pytest.mark.parametrize(
    ("psi", "name"),
    [
        (np.diag([4.0, 0.0]), "Adstock_Promotion"),
        (np.diag([0.0, 4.0]), "Intercept"),
        (np.zeros((2, 2)), "Intercept"),
        (np.full((2, 2), 4.0), None),
    ],
)
def test_flat_effect_is_named_and_a_perfect_correlation_is_not(psi, name):
    design = SimpleNamespace(z=np.ones((5, 2)), z_names=("Intercept", "Adstock_Promotion"))
    assert _flat_direction(SimpleNamespace(fit=SimpleNamespace(psi=psi, sigma2=1.0), design=design)) == name


def test_no_difference_between_pharmacies_at_all():
    panel = small_panel(1, pharmacies=24, periods=24, sd_slope=0.0, sd_intercept=0.0, targeting=0.0)
    assert analysed(panel).status in {"ok", "singular"}


def test_explosive_sales_have_no_long_run_but_a_report():
    panel = small_panel(2, pharmacies=20, periods=16)
    growth = 1000.0 * 1.35 ** np.arange(16)
    found = analysed(changed_panel(panel, sales=panel.sales * 0.05 + growth * panel.sales[:, :1] / 40_000.0))
    assert found.fixed
    assert found.long_run.estimate is None
    assert not found.long_run.stationary
    assert found.incremental is None
    assert found.verdict.code == "unclear"
    assert "not-stationary" in found.verdict.reasons


def test_pooled_rung_is_reported_as_such(monkeypatch):
    monkeypatch.setattr(reml, "KKT_TOLERANCE", -1.0)
    found = analysed(small_panel(2, pharmacies=24, periods=24), model={"ladder": True})
    assert (found.model.rung, found.model.standard_error) == ("pooled", "cluster")
    assert found.optima == ()
    assert not found.fit.singular
    assert {row.df for row in found.fixed} == {23.0}
    assert {row.se_gls for row in found.fixed} == {None}
    assert found.slope_test is None


def test_dependent_correction_columns_are_left_out():
    panel = small_panel(2, pharmacies=24, periods=24)
    promotion = panel.promotion[0].copy()
    promotion[:, :3] = 2.0
    found = analysed(changed_panel(panel, promotion=promotion))
    assert "Initial_Promotion" not in found.model.correction_terms
    assert "Mean_Promotion" in found.model.correction_terms
    assert [row.term for row in found.fixed][-1] == found.model.correction_terms[-1]


@pytest.mark.parametrize("scale", [1e-6, 1e9])
def test_money_of_any_size(scale):
    panel = small_panel(2, pharmacies=24, periods=24)
    assert analysed(changed_panel(panel, sales=panel.sales * scale)).status in {"ok", "singular"}


def test_negative_and_zero_promotion():
    panel = small_panel(2, pharmacies=24, periods=24)
    assert analysed(changed_panel(panel, promotion=panel.promotion[0] - 6.0)).status in {"ok", "singular"}
    rare = np.where(np.random.default_rng(1).random(panel.sales.shape) < 0.05, 1.0, 0.0)
    assert analysed(changed_panel(panel, promotion=rare)).status in {"ok", "singular"}


def test_three_hundred_pharmacies_with_plan_and_forecast_stay_under_420_kilobytes():
    found = analysed(small_panel(1, pharmacies=300, periods=36))
    assert len(to_json(found)) <= 420_000
    assert len(found.pharmacies) == 300


def test_provenance_and_market_code_pass_through():
    panel = changed_panel(small_panel(pharmacies=24), market="NA")
    found = analyse_market(panel, settings(adstock={"decay": 0.5}), replace(PROVENANCE, seed=77))
    assert (found.market, found.provenance.seed) == ("NA", 77)


def test_a_formula_that_says_what_is_set_gives_the_same_numbers():
    found = analysed(small_panel(), model={"formula": "Sales ~ Adstock_Promotion + Lag1_Sales + Lag2_Sales"})
    plain = analysed(small_panel())
    assert found.model.typed == ("Sales ~ Adstock_Promotion + Lag1_Sales + Lag2_Sales", "")
    assert replace(found, model=replace(found.model, typed=None)) == plain


def test_columns_that_a_formula_makes_are_controls_of_the_model():
    seed = small_panel(4, pharmacies=30, periods=24)
    price = np.random.default_rng(8).uniform(5.0, 15.0, seed.sales.shape)
    market = changed_panel(
        seed, sales=seed.sales - 900.0 * np.log(price), controls=price[None], control_names=("price",)
    )
    text = "Sales ~ Adstock_Promotion + Lag1_Sales + Lag2_Sales + log(price) + price:Trend"
    found = analysed(market, model={"formula": text})
    assert found.model.control_terms == ("Log_Price", "Price_By_Trend")
    assert "Lag2_Sales + Log_Price + Price_By_Trend + Initial_Sales" in found.model.formula
    row = next(row for row in found.fixed if row.term == "Log_Price")
    assert row.lower < -900.0 < row.upper
