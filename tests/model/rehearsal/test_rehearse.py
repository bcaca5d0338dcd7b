"""Rehearsal: panels whose truth is known, quick estimates equal to the fit's, counts that add up."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pytest
from numpy.testing import assert_allclose

from model_problems import settings, small_panel
from reportgen.model.effects.impact import Impact, measure_impact
from reportgen.model.lmm.modes import conditional_modes
from reportgen.model.market.fit import MarketFit, fit_market
from reportgen.model.market.refusals import usable_frame
from reportgen.model.market.terms import market_design
from reportgen.model.rehearsal.notice import CHECKS, Notice
from reportgen.model.rehearsal.quick import Quick, Whitened, moving_columns
from reportgen.model.rehearsal.run import rehearse
from reportgen.model.rehearsal.worlds import KINDS, draw_panels
from reportgen.results.derived.rehearsal import together

ASKED = {"model": {"rehearsal": 70}}


@lru_cache(maxsize=2)
def fitted() -> tuple[MarketFit, Impact]:
    panel = small_panel(11, pharmacies=40, periods=30, beta=1400.0)
    frame, _ = usable_frame(panel, settings(**ASKED))
    market = fit_market(frame, settings(**ASKED))
    return market, measure_impact(market, settings(**ASKED))


def test_the_quick_estimate_of_the_market_s_own_sales_is_the_printed_one() -> None:
    market, impact = fitted()
    design = market_design(market.frame, market.terms, market.decays)
    used, lags, term = market.frame.used[market.frame.grid_rows], market.terms.lags, market.terms.promotion[0]
    one = Whitened(design, used, market.fit.psi / market.fit.sigma2, lags, term, market.random_index(term))
    made = one.regress(moving_columns(market.frame.response_grid()[None], market.terms.lag_periods, used))
    assert_allclose(made.beta[0], market.fit.beta[[market.index(name) for name in (term, *lags)]], rtol=1e-7)
    assert_allclose(made.modes[0], conditional_modes(market.fit)[:, 1], rtol=1e-6, atol=1e-6)
    # Carry-over is another model's for the market itself.
    found = Quick(market).estimate(market.frame.response_grid()[None])
    assert found.kept[0] == pytest.approx(impact.long_run.estimate, rel=0.05)
    assert found.total[0] == pytest.approx(impact.incremental.total, rel=0.05)
    assert found.kept_se[0] == pytest.approx(impact.long_run.se, rel=0.25)


def test_panels_of_a_known_effect_are_found_without_bias() -> None:
    market, _ = fitted()
    panels = draw_panels(market, "as-fitted", 200, np.random.default_rng(1))
    found = Quick(market).estimate(panels.responses)
    for estimate, truth in ((found.kept, panels.kept), (found.total, panels.total)):
        assert np.mean(estimate / truth) == pytest.approx(1.0, abs=0.04)
    assert panels.kept.mean() == pytest.approx(market.fit.beta[1] / (1.0 - market.fit.beta[2:4].sum()), rel=0.02)


def test_what_goes_wrong_is_noticed_by_its_own_check() -> None:
    market, _ = fitted()
    quick, notice = Quick(market), Notice(market)
    rates = {}
    for kind in KINDS:
        panels = draw_panels(market, kind, 60, np.random.default_rng(2))
        rates[kind] = notice(panels.responses, quick.estimate(panels.responses).effect).mean(axis=0)
    own = rates["as-fitted"]
    assert own.max() < 0.15
    for kind, check in (("saturation", "saturation"), ("drift", "drift"), ("late-booking", "lead-placebo")):
        assert rates[kind][CHECKS.index(check)] > own[CHECKS.index(check)] + 0.25, (kind, rates[kind])
    assert rates["slips"][CHECKS.index("entry-slips")] > 0.8


def test_counts_add_up_and_are_drawn_by_market_and_seed_alone() -> None:
    market, impact = fitted()
    found = rehearse(market, impact, settings(**ASKED))
    assert found is not None
    assert found == rehearse(market, impact, settings(**ASKED))
    assert sum(row.panels for row in found.rows) == 70
    for row in found.rows:
        assert 0 <= row.kept_noticed <= min(row.panels - row.kept_held, row.kept_withheld)
        assert 0 <= row.total_noticed <= min(row.total_panels - row.total_held, row.total_withheld)
    both = together([found, found])
    assert [row.kept_held for row in both] == [2 * row.kept_held for row in found.rows]
    other = rehearse(market, impact, settings(**ASKED, run={"seed": 5}))
    assert other != found


def test_a_market_whose_effect_is_unclear_is_not_rehearsed_and_says_why() -> None:
    frame, _ = usable_frame(small_panel(3, beta=0.0), settings(**ASKED))
    market = fit_market(frame, settings(**ASKED))
    found = rehearse(market, measure_impact(market, settings(**ASKED)), settings(**ASKED))
    assert found is not None
    assert found.rows == ()
    assert found.reason in ("unclear-effect", "no-draws")


def test_without_the_setting_nothing_is_rehearsed() -> None:
    assert rehearse(*fitted(), settings()) is None
