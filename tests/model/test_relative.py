"""``model.response = "relative"``: pharmacies of unequal size that scatter and respond in proportion to it."""

from __future__ import annotations

import re

import numpy as np
import pytest

from model_problems import PROVENANCE, changed_panel, settings, small_panel
from reportgen.model.agreed.choices import choose_alone
from reportgen.model.analysis import analyse_market
from reportgen.model.checks.rivals import scale_gains
from reportgen.model.market.fit import fit_market
from reportgen.panel.features import build_frame
from reportgen.render.html import render_report
from reportgen.report.document import build_report
from reportgen.results.derived.standing import standings

PERSISTENCE, DECAY, EFFECT = 0.4, 0.5, 60.0


def unequal(seed: int, pharmacies: int = 40, periods: int = 30, spread: float = 0.9, grows: float = 1.0):
    """A market in proportion to size, promotion the same everywhere, and the true sum that promotion brought.

    Effects grow with size to the power ``grows``.
    """
    rng = np.random.default_rng(seed)
    length = 60 + periods
    size = np.exp(spread * rng.standard_normal(pharmacies))
    dose = rng.poisson(5.0, (pharmacies, length)).astype(float)
    shocks, errors = 30.0 * rng.standard_normal(length), 60.0 * rng.standard_normal((pharmacies, length))
    slope = EFFECT * size ** (grows - 1.0) * (1.0 + 0.3 * rng.standard_normal(pharmacies))
    level = 1_200.0 + 100.0 * rng.standard_normal(pharmacies)
    paths = []
    for record in (dose, np.where(np.arange(length) < 62, dose, 0.0)):
        stock, sales = np.zeros(pharmacies), np.full((pharmacies, length), 3_000.0)
        for t in range(1, length):
            stock = (1.0 - DECAY) * record[:, t] + DECAY * stock
            sales[:, t] = level + PERSISTENCE * sales[:, t - 1] + slope * stock + shocks[t] + errors[:, t]
        paths.append(size[:, None] * sales)
    panel = changed_panel(
        small_panel(seed, pharmacies=pharmacies, periods=periods), sales=paths[0][:, 60:], promotion=dose[:, 60:]
    )
    return panel, float((paths[0] - paths[1])[:, 62:].sum())


def analysed(panel, **model):
    return analyse_market(panel, settings(model={"shape": "linear", "forecast": 2, **model}), PROVENANCE)


def test_sums_hold_the_truth_where_money_withholds_and_logarithms_are_further_off():
    held, far = 0, []
    for seed in range(4):
        panel, truth = unequal(seed)
        found = analysed(panel, response="relative")
        assert found.verdict.code in {"works", "works-unevenly"}
        assert found.incremental is not None
        held += found.incremental.lower <= truth <= found.incremental.upper
        far.append(found.incremental.total / truth - 1.0)
    assert held >= 3
    assert abs(np.median(far)) < 0.06


def test_the_scale_is_found_by_the_check_and_by_the_markets_themselves():
    panel, _ = unequal(1)
    level = analysed(panel)
    scale = next(check for check in level.checks if check.id == "scale")
    assert (scale.status, scale.detail) == ("fail", "relative")
    (choice,) = choose_alone(panel, settings(model={"response": "auto"}))
    assert (choice.chosen, set(choice.rivals)) == ("relative", {"relative", "log"})


def test_gains_are_the_same_from_every_side():
    panel, _ = unequal(2)
    gains = {}
    for scale in ("level", "relative", "log"):
        chosen = settings(adstock={"decay": DECAY}, model={"response": scale, "pharmacy_trend": False})
        gains[scale] = scale_gains(fit_market(build_frame(panel, chosen.model, chosen.adstock), chosen))
    assert gains["level"]["relative"] == pytest.approx(-gains["relative"]["level"], abs=1e-3)
    assert gains["level"]["log"] == pytest.approx(-gains["log"]["level"], abs=1e-3)
    assert gains["relative"]["log"] == pytest.approx(gains["level"]["log"] - gains["level"]["relative"], abs=1e-3)


def test_effects_that_do_not_grow_with_size_are_noticed_and_nothing_is_told():
    for seed in (1, 3):
        found = analysed(unequal(seed, grows=0.0)[0], response="relative")
        check = next(check for check in found.checks if check.id == "effect-by-size")
        assert check.status == "fail"
        assert found.verdict.code == "unclear"
        assert found.incremental is None or found.incremental.total is None
    assert not [check for check in analysed(unequal(1)[0]).checks if check.id == "effect-by-size"]


def test_sums_are_those_of_the_pharmacies_in_their_own_money():
    panel, _ = unequal(3)
    found = analysed(panel, response="relative")
    assert found.incremental is not None
    assert sum(row.incremental for row in found.pharmacies) == pytest.approx(found.incremental.total)
    assert sum(month.incremental for month in found.incremental.months) == pytest.approx(found.incremental.total)
    ahead = sum(sum(row.expected) for row in found.forecast.pharmacies)
    assert ahead == pytest.approx(found.forecast.total.estimate)
    assert ahead == pytest.approx(2.0 * panel.sales[:, -6:].mean(axis=1).sum(), rel=0.1)
    large = max(found.pharmacies, key=lambda row: row.sales_mean)
    assert large.long_run > 2.0 * found.long_run.estimate
    # Above the market is who responds more for its size, not who is large.
    sides = standings(found)
    assert 0 < sum(map(abs, sides)) < len(sides) / 2


def test_a_pharmacy_written_in_another_unit_changes_its_own_numbers_only():
    """Sales of some pharmacies times a constant: all that is relative stays, up to the size of the average one."""
    panel, _ = unequal(4)
    factor = np.ones(len(panel.pharmacies))
    factor[::3] = 7.0
    one = analysed(panel, response="relative")
    other = analysed(changed_panel(panel, sales=panel.sales * factor[:, None]), response="relative")
    size = other.long_run.estimate / one.long_run.estimate
    assert other.model.decay == pytest.approx(one.model.decay, abs=1e-6)
    assert other.long_run.upper / one.long_run.upper == pytest.approx(size, rel=1e-5)
    for k, (before, after) in enumerate(zip(one.pharmacies, other.pharmacies, strict=True)):
        assert after.incremental == pytest.approx(factor[k] * before.incremental, rel=1e-5)
        assert after.long_run == pytest.approx(factor[k] * before.long_run, rel=1e-5)


def test_pharmacies_of_one_size_are_what_they_are_in_money():
    panel, _ = unequal(5, spread=0.0)
    sales = panel.sales.copy()
    sales[:, :2] = sales[:, :2].mean()
    panel = changed_panel(panel, sales=sales)
    level, relative = analysed(panel), analysed(panel, response="relative")
    assert relative.long_run.estimate == pytest.approx(level.long_run.estimate, rel=1e-7)
    assert relative.incremental.total == pytest.approx(level.incremental.total, rel=1e-7)
    assert relative.plan.outcome == level.plan.outcome


def test_its_report_speaks_of_a_pharmacy_of_average_size_in_money():
    panel, _ = unequal(1)
    found = analysed(panel, response="relative")
    page = re.sub(r"<[^>]+>", "", render_report(build_report(found, settings(model={"response": "relative"}))))
    assert "per pharmacy of average size and month" in page
    assert "works on sales over each pharmacy’s size" in page
