"""Many designs at once are the same fits as one by one."""

from __future__ import annotations

import numpy as np
import pytest

from reference_values import design, fitted
from reportgen.model.lmm.crossproducts import Design, RankDeficient
from reportgen.model.lmm.fit import fit_lmm
from reportgen.model.many import fit_many

CASES = ["sim_corrected", "sleepstudy", "sim_long", "orthodont", "sim_slope_0", "sim_missing", "pastes", "sim_channels"]


def designs() -> list[Design]:
    """Designs of unlike size and shape, some twice with pharmacies left out."""
    whole = [design(name) for name in CASES]
    return whole + [item.rows(item.group >= 3) for item in whole[:4]]


@pytest.mark.parametrize("method", ["REML", "ML"])
def test_fits_are_those_of_one_by_one_in_the_given_order(method):
    for made, one in zip(fit_many(designs(), method=method, chunk=3), designs(), strict=True):
        alone = fit_lmm(one, method=method)
        assert made.loglik == pytest.approx(alone.loglik, rel=1e-12)
        assert made.certified == alone.certified
        np.testing.assert_allclose(made.beta, alone.beta, rtol=1e-9, atol=1e-10 * np.abs(alone.beta).max())
        np.testing.assert_allclose(made.psi, alone.psi, rtol=1e-6, atol=1e-8 * max(alone.sigma2, 1e-300))
        assert [a.start for a in made.attempts] == [a.start for a in alone.attempts]


def test_independent_effects_stay_independent():
    made = fit_many([design("sim_uncorrelated")] * 2, rung="uncorrelated")
    assert [fit.psi[0, 1] for fit in made] == [0.0, 0.0]
    assert made[1].loglik == pytest.approx(fitted("sim_uncorrelated").loglik, abs=1e-9)


def test_nothing_in_nothing_out():
    assert fit_many([]) == []


def test_a_design_that_cannot_be_fitted_says_so():
    good = design("sleepstudy")
    bad = Design(
        y=good.y, x=good.x[:, [0, 1, 1]], z=good.z, group=good.group, groups=good.groups,
        names=("a", "b", "c"), z_names=good.z_names,
    )  # fmt: skip
    with pytest.raises(RankDeficient):
        fit_many([good, bad])
