"""Cross-products: equal to the plain sums, well scaled, and honest about redundant columns."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose

from model_problems import random_design
from reportgen.model.lmm.crossproducts import (
    CrossProducts,
    NoResidualVariation,
    RankDeficient,
    cross_products,
    scaled_columns,
    stack,
)


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
