"""Who gets more is decided by lot within strata, the same lot for the same seed."""

from __future__ import annotations

import numpy as np
import pytest

from model_problems import changed_panel, small_panel
from reportgen.model.experiment.assign import TooFewPharmacies, assign, baseline, draw_lots

PANEL = small_panel(2, pharmacies=45, periods=30)
EVERY = np.arange(45)


def generator(seed=1):
    return np.random.default_rng(seed)


def test_half_of_every_stratum_gets_more():
    drawn = assign(baseline(PANEL, EVERY), generator())
    assert abs(drawn.more.sum() - (1 - drawn.more).sum()) <= 1
    for code in np.unique(drawn.stratum):
        inside = drawn.more[drawn.stratum == code]
        assert abs(inside.sum() - (1 - inside).sum()) <= 1


def test_strata_are_of_size_and_within_size_of_growth():
    drawn = assign(baseline(PANEL, EVERY), generator())
    size, fast = drawn.stratum // 2, drawn.stratum % 2
    for code in range(size.max()):
        assert drawn.baseline.size[size == code].max() <= drawn.baseline.size[size == code + 1].min()
    for code in range(size.max() + 1):
        slow = drawn.baseline.growth[(size == code) & (fast == 0)]
        assert slow.max() <= drawn.baseline.growth[(size == code) & (fast == 1)].min()


def test_the_seed_decides_and_another_draws_anew():
    one, again, other = (assign(baseline(PANEL, EVERY), generator(seed)).more for seed in (1, 1, 2))
    assert (one == again).all()
    assert (one != other).any()


def test_of_some_every_stratum_has_its_share():
    known = baseline(PANEL, EVERY)
    drawn = assign(known, generator(), number=20)
    assert len(drawn.more) == len(set(drawn.baseline.rows)) == 20
    whole = np.bincount(assign(known, generator()).stratum)
    part = np.bincount(drawn.stratum, minlength=len(whole))
    assert np.all(np.abs(part - whole * 20 / 45) < 1.5)


def test_lots_are_fair():
    lots = draw_lots(np.array([0, 0, 0, 1, 1, 1, 1]), 4000, generator())
    assert np.all(np.abs(lots.mean(axis=0) - 0.5) < 0.03)
    assert set(lots.sum(axis=1)) == {3.0, 4.0}


def test_pharmacies_that_have_stopped_selling_do_not_take_part():
    sales = PANEL.sales.copy()
    sales[:5, -4:] = np.nan
    known = baseline(changed_panel(PANEL, sales=sales), EVERY)
    assert set(known.rows) == set(range(5, 45))
    assert set(baseline(PANEL, np.arange(10, 30)).rows) == set(range(10, 30))
    with pytest.raises(TooFewPharmacies, match="7 pharmacies"):
        baseline(PANEL, np.arange(7))
