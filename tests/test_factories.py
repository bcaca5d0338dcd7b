"""The hand-written results speak the language of the real ones: same checks, same terms, same rules."""

from __future__ import annotations

import pytest

from factories import CHECKS, market_results
from model_problems import PROVENANCE, settings, small_panel
from reportgen.model.analysis import analyse_market
from reportgen.model.checks.rules import RULES, grade
from reportgen.results import MarketResults


@pytest.fixture(scope="module")
def real() -> MarketResults:
    return analyse_market(small_panel(2, pharmacies=30, periods=24), settings(), PROVENANCE)


def test_checks_are_the_real_ones(real):
    assert {name for name, *_ in CHECKS} == {check.id for check in real.checks}
    for name, status, value, threshold in CHECKS:
        rule = RULES[name]
        if name not in {"convergence", "decay-edge"}:  # graded by their own functions
            assert threshold == rule.review, name
            assert grade(name, value).status == status, name


@pytest.mark.parametrize("response", ["level", "log"])
def test_terms_are_the_real_ones(response):
    made = market_results(response=response)
    real = analyse_market(small_panel(2, pharmacies=24), settings(model={"response": response}), PROVENANCE)
    assert [row.term for row in made.fixed] == [row.term for row in real.fixed]
    for name in ("formula", "random_formula", "promotion_terms", "lag_terms", "correction_terms", "random_terms"):
        assert getattr(made.model, name) == getattr(real.model, name), name
    assert [row.term for row in made.variances] == [row.term for row in real.variances]


def test_parts_are_the_real_ones(real):
    made = market_results(cost=None)
    for name in MarketResults.__slots__:
        # What lies ahead is made where it is asked for.
        if name in {"reasons", "roi", "bootstrap", "more_decays", "plan", "forecast"}:
            continue
        assert (getattr(made, name) in (None, ())) == (getattr(real, name) in (None, ())), name


def test_attempts_and_shapes_are_the_real_ones(real):
    made = market_results()
    assert {attempt.start for attempt in made.fit.attempts} <= {
        "moment",
        "narrow",
        "between",
        "near-zero",
        "wide",
        "grid",
    }
    assert len(made.fit.theta) == len(real.fit.theta)
    assert [item.id for item in made.sensitivity] == [item.id for item in real.sensitivity]
    assert [item.id for item in made.ordinary.assumptions] == [item.id for item in real.ordinary.assumptions]
    assert [item.name for item in made.charts.qq] == [item.name for item in real.charts.qq]
    assert [item.change for item in made.what_if] == [item.change for item in real.what_if]
