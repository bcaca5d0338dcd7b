"""The plain model's likelihood often has two optima; the better one must be found, confirmed, or not certified."""

from __future__ import annotations

import numpy as np
import pytest

from reference_values import design, fitted
from reportgen.model.lmm.crossproducts import cross_products
from reportgen.model.lmm.fit import full_loglik
from reportgen.model.lmm.reml import minimise, starts

TWO_OPTIMA = ("sim_slope_0", "sim_slope_small", "sim_slope_large", "sim_wide")


@pytest.mark.parametrize("name", TWO_OPTIMA)
def test_best_of_many_random_starts_is_not_better(name):
    products, scaling = cross_products(design(name))
    rng = np.random.default_rng(7)
    scattered = rng.normal(size=(24, 3)) * 10.0 ** rng.uniform(-2.5, 1.5, size=(24, 1))
    found = minimise(products.take(np.zeros(24, dtype=np.intp)), scattered, reml=True)
    deviances = found.deviance[found.converged]
    assert np.ptp(deviances) > 1.0, "the case no longer has two optima"
    best = full_loglik(deviances.min(), products.n[0], products.p, scaling, reml=True)
    assert fitted(name).loglik == pytest.approx(float(best), abs=1e-6)


@pytest.mark.parametrize("name", TWO_OPTIMA)
def test_disagreeing_starts_are_settled_by_further_ones(name):
    fit = fitted(name)
    assert [attempt.start for attempt in fit.attempts] == ["moment", "narrow", "between", "near-zero", "wide"]
    assert fit.certified
    at_best = [attempt for attempt in fit.attempts if attempt.loglik > fit.loglik - 1e-6]
    assert 2 <= len(at_best) < 5


def test_agreeing_starts_need_no_further_ones():
    assert [attempt.start for attempt in fitted("sim_corrected").attempts] == ["moment", "narrow"]


def test_start_at_a_saddle_stops_at_once_and_then_leaves_it():
    products, _ = cross_products(design("sim_wide"))
    found = minimise(products, np.zeros_like(starts(products)[0]), reml=True)
    assert found.converged[0]
    assert found.iterations[0] < 60
