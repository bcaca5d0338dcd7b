"""Digits where random effects dwarf the residual: against a likelihood computed with 50 digits."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from reference_values import FOLDER, fitted, reference
from reportgen.model.lmm.columns import Design
from reportgen.model.lmm.fit import fit_lmm

EXTREME = reference("extreme")


@pytest.fixture(scope="module")
def extreme() -> Design:
    path = FOLDER / "data" / "extreme.csv"
    header = path.read_text().splitlines()[0].split(",")
    table = np.loadtxt(path, delimiter=",", skiprows=1)  # reads every double exactly; pandas does not
    x = [name for name in header if name.startswith("x")]
    z = [name for name in header if name.startswith("z")]
    ones = np.ones((len(table), 1))
    group = table[:, 0].astype(np.intp)
    return Design(
        y=table[:, 1],
        x=np.hstack([ones, table[:, 2 : 2 + len(x)]]),
        z=np.hstack([ones, table[:, 2 + len(x) :]]),
        group=group,
        groups=int(group[-1]) + 1,
        names=("Intercept", *x),
        z_names=("Intercept", *z),
    )


def test_likelihood_has_ten_digits_at_relative_sd_of_thousands(extreme):
    fit = fit_lmm(extreme, rung=EXTREME["rung"])
    assert np.abs(fit.scaled_lower).max() > 5000.0
    assert fit.certified
    assert fit.loglik == pytest.approx(EXTREME["loglik"], abs=1e-7)


def test_products_are_made_again_only_where_digits_are_lost(extreme):
    assert fit_lmm(extreme, rung=EXTREME["rung"]).digits_lost
    assert not fitted("sim_corrected").digits_lost
    assert not fitted("cheese").digits_lost


@pytest.mark.parametrize("unit", [1e-6, 1e6])
def test_units_of_the_response_change_only_the_units(extreme, unit):
    plain = fit_lmm(extreme, rung=EXTREME["rung"])
    scaled = fit_lmm(
        Design(
            y=extreme.y * unit, x=extreme.x, z=extreme.z, group=extreme.group, groups=extreme.groups,
            names=extreme.names, z_names=extreme.z_names,
        ),
        rung=EXTREME["rung"],
    )  # fmt: skip
    assert scaled.loglik + scaled.degrees * np.log(unit) == pytest.approx(plain.loglik, abs=1e-6)
    se = np.sqrt(np.diag(plain.cov_gls))
    assert_allclose((scaled.beta / unit - plain.beta) / se, 0.0, atol=1e-5)
