"""Cross-products: equal to the plain sums, well scaled, and honest about redundant columns."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose

from model_problems import random_design, stack
from reportgen.model.lmm.columns import Design, NoResidualVariation, RankDeficient, with_periods
from reportgen.model.lmm.crossproducts import CrossProducts, cross_products, scaled_columns
from reportgen.model.lmm.fit import fit_lmm


@pytest.mark.parametrize("q", [1, 2, 3])
@pytest.mark.parametrize("correlated", [True, False])
def test_blocks_are_the_sums_over_the_rows_of_each_pharmacy(q, correlated):
    design = random_design(q=q)
    products, _ = cross_products(design, correlated=correlated)
    w, z, _ = scaled_columns(design, correlated=correlated)
    assert (products.p, products.q, products.groups, products.n[0]) == (4, q, 20, len(w))
    for i in range(design.groups):
        rows = design.group == i
        assert_allclose(products.zz[0, i], z[rows].T @ z[rows], atol=1e-10)
        assert_allclose(products.zw[0, i], z[rows].T @ w[rows], atol=1e-10)
    c = products.c[0].reshape(-1, w.shape[1])
    assert_allclose(products.within[0] + c.T @ c, w.T @ w, atol=1e-9)


def test_scaled_columns_are_orthonormal_and_lead_back_to_the_data():
    design = random_design()
    w, z, scaling = scaled_columns(design)
    n = len(w)
    assert_allclose(w[:, :-1].T @ w[:, :-1] / n, np.eye(4), atol=1e-12)
    assert_allclose(z.T @ z / n, np.eye(2), atol=1e-12)
    assert_allclose(w[:, :-1], design.x @ scaling.x_inverse, atol=1e-12)
    assert_allclose(z, design.z @ scaling.z_inverse, atol=1e-12)
    assert_allclose(scaling.y_scale * w[:, -1] + design.x @ scaling.offset, design.y, atol=1e-12)
    assert scaling.x_logdet == pytest.approx(-np.linalg.slogdet(scaling.x_inverse)[1])


def test_units_of_the_columns_do_not_change_the_products():
    design = random_design()
    plain, _ = cross_products(design)
    moved, _ = cross_products(
        replace(design, x=design.x * [1.0, 1e9, 1e-9, 1e3], z=design.z * [1.0, 1e9], y=design.y * 1e6)
    )
    assert_allclose(moved.zz, plain.zz, rtol=1e-9, atol=1e-9)
    assert_allclose(moved.within, plain.within, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("centred", [False, True])
def test_nearly_saturated_pharmacies_keep_their_digits(centred):
    """A level a million times the error: differences of sums would leave two digits."""
    design = random_design(sd=(1e6, 1e5, 1.0))
    beta = np.arange(1.0, 5.0) if centred else None
    products, scaling = cross_products(design, centre=beta)
    w, z, _ = scaled_columns(design, centre=beta)
    left = 0.0
    for i in range(design.groups):
        rows = design.group == i
        basis = np.linalg.qr(z[rows])[0]
        residual = w[rows, -1] - basis @ (basis.T @ w[rows, -1])
        residual -= basis @ (basis.T @ residual)
        left += float(residual @ residual)
    assert products.within[0, -1, -1] == pytest.approx(left, rel=1e-6)
    assert scaling.y_scale > 1e3


def test_redundant_column_is_named_by_its_position():
    design = random_design()
    x = np.column_stack([design.x, 2.0 * design.x[:, 1] - design.x[:, 3]])
    with pytest.raises(RankDeficient, match="column 4 is a linear combination") as caught:
        cross_products(replace(design, x=x))
    assert caught.value.column == 4


def test_column_of_zeros_is_redundant():
    design = random_design()
    x = design.x.copy()
    x[:, 2] = 0.0
    with pytest.raises(RankDeficient) as caught:
        cross_products(replace(design, x=x))
    assert caught.value.column == 2


def test_more_columns_than_rows_are_redundant():
    design = random_design(groups=1, most=4, p=4, q=1)
    wide = np.column_stack([design.x, np.random.default_rng(1).normal(size=(4, 2))])
    with pytest.raises(RankDeficient) as caught:
        cross_products(replace(design, x=wide))
    assert caught.value.column == 4


@pytest.mark.parametrize("level", [0.0, 1.0, 1e12])
def test_response_that_the_columns_reproduce_is_refused(level):
    design = random_design()
    with pytest.raises(NoResidualVariation):
        cross_products(replace(design, y=level * (design.x @ np.ones(4))))


def test_stacked_problems_are_padded_and_taken_apart_again():
    first, _ = cross_products(random_design(1, groups=12))
    second, _ = cross_products(random_design(2, groups=20))
    both = stack([first, second])
    assert both.rc.shape == (2, 20, 2, 7)
    assert not both.rc[0, 12:].any()
    back = both.take(np.array([1]))
    assert_allclose(back.rc, second.rc)
    assert_allclose(back.within, second.within)
    assert isinstance(both.take(slice(0, 1)), CrossProducts)


def test_column_is_found_by_name():
    design = random_design()
    assert_allclose(design.column("x2"), design.x[:, 2])


def market_with_periods(groups: int = 12, periods: int = 9, *, missing: float = 0.2) -> Design:
    """A design with an effect of every period, some rows missing, and one column after the period effects."""
    rng = np.random.default_rng([3, groups, periods])
    present = rng.random((groups, periods)) >= missing
    present[:, :2] = present[:2] = True
    group, period = np.nonzero(present)
    n = len(group)
    x = np.column_stack([np.ones(n), rng.normal(size=n) + period, 1e4 + rng.normal(size=groups)[group]])
    y = x[:, 1] + np.sin(period) + rng.normal(size=groups)[group] + rng.normal(size=n)
    design = Design(
        y=y, x=x, z=x[:, :2].copy(), group=group.astype(np.intp), groups=groups, names=("Intercept", "a", "b"),
        z_names=("Intercept", "a"), y_name="y",
    )  # fmt: skip
    design = with_periods(design, period.astype(np.intp), tuple(f"P{t}" for t in range(1, periods)))
    return replace(design, x=np.column_stack([design.x, rng.normal(size=n)]), names=(*design.names, "last"))


@pytest.mark.parametrize("correlated", [True, False])
def test_period_effects_by_code_equal_their_written_out_columns(correlated):
    design = market_with_periods()
    plain = replace(design, period=None)
    for method in ("REML", "ML"):
        rung = "correlated" if correlated else "uncorrelated"
        coded, written = fit_lmm(design, method=method, rung=rung), fit_lmm(plain, method=method, rung=rung)
        assert coded.loglik == pytest.approx(written.loglik, abs=1e-9)
        assert_allclose(coded.beta, written.beta, atol=1e-8)
        assert_allclose(coded.cov_gls, written.cov_gls, rtol=1e-7, atol=1e-10)
        assert_allclose(coded.psi, written.psi, rtol=1e-6, atol=1e-9)


def test_scaled_columns_with_period_effects_lead_back_to_the_data():
    design = market_with_periods()
    w, z, scaling = scaled_columns(design)
    n, p = design.x.shape
    assert_allclose(w[:, :-1].T @ w[:, :-1] / n, np.eye(p), atol=1e-11)
    assert_allclose(w[:, :-1], design.x @ scaling.x_inverse, atol=1e-9)
    assert_allclose(scaling.y_scale * w[:, -1] + design.x @ scaling.offset, design.y, atol=1e-9)
    assert scaling.x_logdet == pytest.approx(-np.linalg.slogdet(scaling.x_inverse)[1])
    products, _ = cross_products(design)
    for i in range(design.groups):
        rows = design.group == i
        assert_allclose(products.zw[0, i], z[rows].T @ w[rows], atol=1e-9)


def test_rows_of_a_design_lose_the_effects_of_periods_that_are_gone():
    design = market_with_periods()
    kept = design.rows(~np.isin(design.period, [0, 4]))
    assert kept.names == ("Intercept", "a", "b", "P2", "P3", "P5", "P6", "P7", "P8", "last")
    assert fit_lmm(kept).loglik == pytest.approx(fit_lmm(replace(kept, period=None)).loglik, abs=1e-9)


def test_a_column_common_to_all_pharmacies_of_a_period_is_redundant_beside_period_effects():
    design = market_with_periods()
    common = np.cos(np.arange(9.0))[design.period]
    with pytest.raises(RankDeficient) as error:
        cross_products(replace(design, x=np.column_stack([design.x, common]), names=(*design.names, "national")))
    assert error.value.column == len(design.names)
    with pytest.raises(ValueError, match="intercept"):
        with_periods(replace(design, x=design.x + 1.0), design.period, ("P",) * 8)
    with pytest.raises(ValueError, match="each with rows"):
        with_periods(design, np.minimum(design.period, 7), ("P",) * 8)
