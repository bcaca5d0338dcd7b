"""An experiment and an estimate, combined by precision: the arithmetic, the check, and what is withheld."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from model_problems import PROVENANCE, settings, small_panel
from reportgen.model.analysis import analyse_market
from reportgen.model.deciding import decisions, withhold
from reportgen.model.effects.calibration import calibrate, combine
from reportgen.model.effects.impact import measure_impact
from reportgen.model.market.fit import fit_market
from reportgen.panel.features import build_frame
from reportgen.results import SizeWithError
from reportgen.results.derived.intervals import normal_interval

PANEL = small_panel(2, pharmacies=30, periods=24)
PERIOD = ("2021-07", "2021-12")


def sized(estimate: float, se: float) -> SizeWithError:
    lower, upper = normal_interval(estimate, se, 0.95)
    return SizeWithError(estimate=estimate, se=se, lower=lower, upper=upper)


def experiment(**changes):
    return {"market": PANEL.market, "effect": 5.0, "se": 1.0, "period": PERIOD, **changes}


def calibrated(*experiments):
    chosen = settings(adstock={"decay": 0.5}, calibration=experiments)
    market = fit_market(build_frame(PANEL, chosen.model, chosen.adstock), chosen)
    impact = measure_impact(market, chosen)
    return calibrate(market, impact, chosen), impact


def test_both_are_combined_by_precision():
    found, weight = combine(sized(10.0, 3.0), sized(4.0, 1.0), 0.95)
    assert weight == pytest.approx(0.1)
    assert found.estimate == pytest.approx(4.6)
    assert found.se == pytest.approx(1.0 / np.sqrt(1.0 / 9.0 + 1.0))
    assert found.upper - found.lower < sized(4.0, 1.0).upper - sized(4.0, 1.0).lower


def test_each_measure_stands_beside_its_own_quantity():
    found, impact = calibrated(
        experiment(), experiment(measures="first-month"), experiment(measures="incremental", effect=100.0)
    )
    kept, first, brought = (one.market for one in found)
    assert kept.estimate == impact.effects[0].kept_up.estimate
    assert first.estimate == impact.effects[0].first_period.estimate
    assert brought.estimate == pytest.approx(impact.point.period[0, 6:12].sum())
    for one in found:
        assert min(one.market.lower, one.experiment.lower) < one.combined.estimate
        assert one.combined.se < min(one.market.se, one.experiment.se)
        assert one.gap == pytest.approx(
            (one.experiment.estimate - one.market.estimate) / np.hypot(one.experiment.se, one.market.se)
        )


def test_other_markets_and_periods_outside_the_record_are_not_compared():
    assert calibrated(experiment(market="other"))[0] == ()
    (found,) = calibrated(experiment(measures="incremental", period=("2019-01", "2019-06")))[0]
    assert found.market is found.combined is found.gap is None


def test_an_experiment_that_disagrees_takes_the_effect_and_stays():
    plain = analyse_market(PANEL, settings(), PROVENANCE)
    kept = plain.effects[0].kept_up
    assert not [check for check in plain.checks if check.id == "calibration-gap"]
    agreeing = experiment(effect=kept.estimate, se=kept.estimate)
    results = analyse_market(PANEL, settings(calibration=[agreeing]), PROVENANCE)
    assert [check.status for check in results.checks if check.id == "calibration-gap"] == ["pass"]
    assert results.calibration[0].combined is not None
    far = experiment(effect=-10.0 * kept.estimate, se=0.1 * kept.estimate)
    results = analyse_market(PANEL, settings(calibration=[far]), PROVENANCE)
    assert {one.quantity for one in results.withheld if one.check == "calibration-gap"} >= {"kept-up", "works"}
    assert results.verdict.code == "unclear"
    (left,) = results.calibration
    assert left.experiment.estimate == far["effect"]
    assert left.market is left.combined is None
    assert left.gap < -3.29


def test_what_is_withheld_is_not_combined():
    kept = analyse_market(PANEL, settings(), PROVENANCE).effects[0].kept_up.estimate
    agreeing = (experiment(effect=kept, se=kept), experiment(measures="incremental", effect=1e4, se=1e9))
    results = analyse_market(PANEL, settings(calibration=agreeing), PROVENANCE)
    check = next(one for one in results.checks if one.id == "totals-in-range")
    left = withhold(replace(results, withheld=decisions([replace(check, status="fail")])))
    assert left.calibration[0].combined is not None
    assert left.calibration[1].combined is left.calibration[1].market is None
