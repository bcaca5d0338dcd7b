"""Ordinary regression on the same rows, and how far its assumptions are from holding."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from model_problems import settings, small_panel
from reportgen.model.market.fit import fit_market
from reportgen.model.ordinary import between_share, ordinary_regression
from reportgen.panel.features import build_frame
from reportgen.results import SlopeTest


@lru_cache(maxsize=4)
def market(response: str = "level"):
    chosen = settings(adstock={"decay": 0.5}, model={"response": response})
    panel = small_panel(2, pharmacies=20, periods=24)
    return fit_market(build_frame(panel, chosen.model, chosen.adstock), chosen)


def test_terms_are_those_of_the_model_without_the_correction_and_equal_statsmodels():
    found = ordinary_regression(market(), None, None)
    assert [row.term for row in found.terms] == ["Intercept", "Adstock_Promotion", "Lag1_Sales", "Lag2_Sales"]
    design = market().design
    kept = [*range(4), *(market().index(term) for term in market().terms.named("period"))]
    theirs = sm.OLS(design.y, design.x[:, kept]).fit()
    assert_allclose([row.ols for row in found.terms], theirs.params[:4], rtol=1e-7)
    assert_allclose([row.ols_se for row in found.terms], theirs.bse[:4], rtol=1e-7)
    assert found.loglik_ml == pytest.approx(theirs.llf, rel=1e-12)


def test_mixed_columns_are_those_of_the_market():
    found = ordinary_regression(market(), None, None)
    assert_allclose([row.mixed for row in found.terms], market().fit.beta[:4])
    assert_allclose([row.mixed_se for row in found.terms], np.sqrt(np.diag(market().covariance.values))[:4])
    assert found.se_ratio == pytest.approx(found.terms[1].mixed_se / found.terms[1].ols_se)


@pytest.mark.parametrize("response", ["level", "log"])
def test_gap_of_incremental_sales_moves_one_for_one(response):
    first, second = (ordinary_regression(market(response), None, value) for value in (0.0, 1000.0))
    assert first.incremental_gap - second.incremental_gap == pytest.approx(1000.0, rel=1e-6)
    assert ordinary_regression(market(response), None, None).incremental_gap is None


@pytest.mark.parametrize(("p", "status"), [(None, "not-run"), (0.001, "fail"), (0.03, "review"), (0.4, "pass")])
def test_equal_effects_follow_the_slope_test(p, status):
    test = None if p is None else SlopeTest(statistic=1.0, p=p, reference="mixture-1-2")
    found = {item.id: item for item in ordinary_regression(market(), test, None).assumptions}
    assert set(found) == {"independence", "equal-effects", "constant-variance", "normality"}
    assert (found["equal-effects"].status, found["equal-effects"].value) == (status, p)


def test_between_share_of_pure_noise_and_of_pure_level():
    group = np.repeat(np.arange(50), 10)
    rng = np.random.default_rng(1)
    level = rng.normal(size=50)[group]
    assert between_share(rng.normal(size=500), group) < 0.05
    assert between_share(level, group) == pytest.approx(1.0)
    assert between_share(level + rng.normal(size=500), group) == pytest.approx(0.5, abs=0.12)


@pytest.mark.parametrize(("share", "status"), [(0.0, "pass"), (0.08, "review"), (0.5, "fail")])
def test_independence_is_judged_by_the_share_between_pharmacies(share, status):
    from reportgen.model.lmm.inference import FixedCovariance
    from reportgen.model.lmm.least_squares import LeastSquares
    from reportgen.model.ordinary import _assumptions

    group = np.repeat(np.arange(400), 10)
    rng = np.random.default_rng(1)
    residuals = np.sqrt(share) * rng.normal(size=400)[group] + np.sqrt(1.0 - share) * rng.normal(size=4000)
    ols = LeastSquares(
        names=(), beta=np.zeros(0), residuals=residuals, sigma2=1.0,
        covariance=FixedCovariance(values=np.zeros((0, 0)), kind="gls", df=np.zeros(0)),
    )  # fmt: skip
    assert _assumptions(ols, rng.normal(size=4000), group, None)[0].status == status


def test_between_share_needs_two_pharmacies_and_spare_rows():
    assert between_share(np.arange(4.0), np.zeros(4, dtype=int)) == 0.0
    assert between_share(np.arange(4.0), np.arange(4)) == 0.0
    assert between_share(np.zeros(6), np.repeat([0, 1], 3)) == 0.0


@examples(max_examples=30)
@given(st.lists(st.tuples(st.integers(0, 5), st.floats(-1e3, 1e3)), min_size=3, max_size=40))
def test_between_share_is_a_share(rows):
    group, values = np.array([g for g, _ in rows]), np.array([v for _, v in rows])
    assert 0.0 <= between_share(values, group) <= 1.0
