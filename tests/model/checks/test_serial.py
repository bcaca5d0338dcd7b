"""Autocorrelation and m2: unbiased in short panels with gaps, calendar-true, and able to see what is there."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reportgen.model.checks import serial as sc


def panel(rng, size=100, periods=24, missing=0.1, rho=0.0, spread=5.0):
    """Residual rows of a panel: AR(1) errors, a pharmacy level that was not removed, and gaps."""
    errors = np.empty((size, periods))
    errors[:, 0] = rng.normal(size=size)
    for t in range(1, periods):
        errors[:, t] = rho * errors[:, t - 1] + np.sqrt(1 - rho**2) * rng.normal(size=size)
    seen = rng.random((size, periods)) >= missing
    seen[:, 0] = True
    group, column = np.nonzero(seen)
    return errors[seen] + spread * rng.normal(size=size)[group], group, column


def test_white_errors_have_no_autocorrelation_in_short_panels_with_levels():
    rng = np.random.default_rng(1)
    found = [sc.within_autocorrelation(*panel(rng, periods=8, missing=0.2), most=4).values for _ in range(300)]
    assert np.mean(found, axis=0) == pytest.approx(np.zeros(4), abs=0.01)


def test_what_was_removed_of_the_level_does_not_matter():
    residuals, group, column = panel(np.random.default_rng(2))
    level = np.random.default_rng(3).normal(size=100)[group]
    a = sc.within_autocorrelation(residuals, group, column)
    b = sc.within_autocorrelation(residuals - 0.7 * level, group, column)
    assert a.values == pytest.approx(b.values, abs=1e-12)


def test_pairs_are_taken_by_calendar_and_inside_pharmacies():
    residuals, group, column = panel(np.random.default_rng(4), size=30, periods=14, missing=0.3)
    found = sc.within_autocorrelation(residuals, group, column, most=12)
    rows = np.bincount(group)
    centred = residuals - (np.bincount(group, weights=residuals) / rows)[group]
    variance = np.sum(centred**2) / (residuals.size - 30)
    for lag, value, bound in zip(found.lags, found.values, found.bounds, strict=True):
        pairs = [
            (i, j)
            for i in range(residuals.size)
            for j in range(residuals.size)
            if group[i] == group[j] and column[i] - column[j] == lag
        ]
        expected = np.mean([centred[i] * centred[j] + variance / rows[group[i]] for i, j in pairs]) / variance
        assert value == pytest.approx(expected)
        assert bound == pytest.approx(1.959964 / np.sqrt(len(pairs)), rel=1e-5)


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=20)
def test_order_of_pharmacies_and_shift_of_calendar_change_nothing(seed):
    rng = np.random.default_rng(seed)
    residuals, group, column = panel(rng, size=12, periods=10)
    order = rng.permutation(12)
    plain = sc.within_autocorrelation(residuals, group, column)
    moved = sc.within_autocorrelation(residuals, order[group], column + 7)
    assert plain.values == pytest.approx(moved.values)


def test_lags_without_enough_pairs_are_missing():
    residuals, group, column = panel(np.random.default_rng(5), size=4, periods=5, missing=0.0)
    found = sc.within_autocorrelation(residuals, group, column, most=12)
    assert found.values[1] is not None
    assert found.values[2:] == (None,) * 10
    single = sc.within_autocorrelation(np.ones(20), np.arange(20), np.zeros(20, dtype=np.intp))
    assert sc.check_autocorrelation(single).status == "not-run"


@pytest.mark.parametrize(("rho", "status"), [(0.0, "pass"), (0.05, "pass"), (0.2, "review"), (0.5, "fail")])
def test_autocorrelation_is_graded_by_size(rho, status):
    residuals, group, column = panel(np.random.default_rng(6), size=300, periods=36, rho=rho)
    check = sc.check_autocorrelation(sc.within_autocorrelation(residuals, group, column))
    assert check.status == status
    if rho >= 0.2:
        assert (check.detail, check.value) == ("1", pytest.approx(rho, abs=0.06))


def test_autocorrelation_of_small_white_panels_is_rarely_flagged():
    rng = np.random.default_rng(7)
    flags = []
    for _ in range(300):
        found = sc.within_autocorrelation(*panel(rng, size=15, periods=12, missing=0.0), most=6)
        flags.append(sc.check_autocorrelation(found).status != "pass")
    assert np.mean(flags) < 0.08


def test_m2_of_white_errors_is_standard_normal():
    rng = np.random.default_rng(8)
    found = [sc.arellano_bond(*panel(rng, size=80, periods=10)).statistic for _ in range(400)]
    assert np.mean(found) == pytest.approx(0.0, abs=0.15)
    assert np.std(found) == pytest.approx(1.0, abs=0.1)


def test_m1_is_negative_and_m2_sees_autocorrelated_errors():
    rng = np.random.default_rng(9)
    residuals, group, column = panel(rng, size=200, periods=24)
    assert sc.arellano_bond(residuals, group, column, order=1).correlation == pytest.approx(-0.5, abs=0.03)
    residuals, group, column = panel(rng, size=2000, periods=24, rho=0.3)
    found = sc.arellano_bond(residuals, group, column)
    assert found.correlation == pytest.approx(-0.3 * 0.7 / 2, abs=0.02)
    assert found.p < 1e-6
    assert sc.check_arellano_bond(found).status in {"review", "fail"}


def test_m2_matches_its_definition_over_gaps():
    residuals, group, column = panel(np.random.default_rng(10), size=20, periods=12, missing=0.3)
    at = {(g, c): r for g, c, r in zip(group, column, residuals, strict=True)}
    share = np.zeros(20)
    for g, c in sorted(at):
        if all((g, c - k) in at for k in (1, 2, 3)):
            share[g] += (at[g, c] - at[g, c - 1]) * (at[g, c - 2] - at[g, c - 3])
    found = sc.arellano_bond(residuals, group, column)
    assert found.statistic == pytest.approx(share.sum() / np.sqrt(np.sum(share**2)))


def test_estimation_noise_is_part_of_the_variance_of_m2():
    """A lag coefficient estimated at 0: without the correction the variance is 5/6 of what it should be."""
    rng, raw, corrected = np.random.default_rng(11), [], []
    for _ in range(300):
        size, periods = 120, 20
        y = rng.normal(size=(size, periods + 1))
        x, response = y[:, :-1].reshape(-1, 1), y[:, 1:].ravel()
        group, column = np.repeat(np.arange(size), periods), np.tile(np.arange(periods), size)
        bread = 1 / float(x[:, 0] @ x[:, 0])
        residuals = response - x[:, 0] * bread * float(x[:, 0] @ response)
        influence = bread * np.bincount(group, weights=x[:, 0] * residuals)[:, None]
        raw.append(sc.arellano_bond(residuals, group, column).statistic)
        corrected.append(sc.arellano_bond(residuals, group, column, columns=x, influence=influence).statistic)
    assert np.std(corrected) == pytest.approx(1.0, abs=0.1)
    assert np.std(raw) / np.std(corrected) == pytest.approx((5 / 6) ** 0.5, abs=0.03)


def test_tiny_correlation_passes_however_many_rows():
    found = sc.ArellanoBond(statistic=-5.0, p=1e-6, correlation=-0.02, products=500_000)
    check = sc.check_arellano_bond(found)
    assert (check.status, check.value, check.threshold) == ("pass", 5.0, pytest.approx(12.5))
    strong = sc.ArellanoBond(statistic=-30.0, p=0.0, correlation=-0.12, products=500_000)
    assert sc.check_arellano_bond(strong).status == "fail"


def test_m2_is_not_run_without_enough_history():
    residuals, group, column = panel(np.random.default_rng(12), periods=3, missing=0.0)
    assert sc.arellano_bond(residuals, group, column) is None
    assert sc.arellano_bond(residuals * 0, group, column, order=1) is None
    residuals, group, column = panel(np.random.default_rng(12), periods=1, missing=0.0)
    assert sc.arellano_bond(residuals, group, column) is None
    assert sc.check_arellano_bond(None).status == "not-run"
