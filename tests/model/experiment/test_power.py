"""The future goes on from the record, and the smallest effect is the one that is seen as often as it says."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pytest

from model_problems import settings, small_panel
from reportgen.model.experiment.assign import assign, baseline
from reportgen.model.experiment.future import draw_future
from reportgen.model.experiment.power import showings
from reportgen.model.market.fit import fit_market
from reportgen.panel.features import build_frame


@lru_cache(maxsize=4)
def fitted(**model):
    chosen = settings(model=model, adstock={"decay": 0.5})
    panel = small_panel(2, pharmacies=40, periods=30)
    return fit_market(build_frame(panel, chosen.model, chosen.adstock), chosen)


def trial(market, lengths, **changes):
    drawn = assign(baseline(market.frame.panel, market.frame.grid_rows), np.random.default_rng(1))
    options = {"draws": 300, **changes}
    return showings(market, drawn, 3.0, lengths, np.random.default_rng(2), **options)


@pytest.mark.parametrize("response", ["level", "log"])
def test_sales_go_on_where_the_record_ends(response):
    market = fitted(response=response)
    groups = np.arange(40)
    future = draw_future(market, groups, 6, 400, np.random.default_rng(3))
    expected = future.mean_sales(0.0, np.zeros((400, 40)), 6).mean(axis=0)
    last = market.frame.panel.sales[:, -12:].mean(axis=1)
    assert np.corrcoef(expected, last)[0, 1] > 0.9
    assert expected.mean() == pytest.approx(last.mean(), rel=0.05)


def test_an_effect_that_is_kept_up_settles_where_it_should():
    market = fitted()
    future = draw_future(market, np.arange(40), 80, 2, np.random.default_rng(3))
    assert future.step[:, -1] == pytest.approx(future.settled, rel=1e-3)
    given = np.ones((2, 40))
    short = future.mean_sales(100.0, given, 1) - future.mean_sales(100.0, 0.0 * given, 1)
    assert 0.0 < short.mean() < 100.0


def test_more_periods_show_smaller_effects_and_more_power_larger_ones():
    few, many = trial(fitted(), (2, 8))
    assert few.smallest > many.smallest
    assert trial(fitted(), (2,), power=0.9)[0].smallest > few.smallest


@pytest.mark.parametrize("response", ["level", "log"])
def test_the_smallest_effect_has_the_power_that_was_asked_for(response):
    market = fitted(response=response)
    (found,) = trial(market, (6,))
    (again,) = trial(market, (6,), estimate=found.smallest)
    assert again.power == pytest.approx(0.8, abs=0.01)
    assert trial(market, (6,), estimate=0.0)[0].power < 0.1
    assert found.meanwhile > 0.0
