"""Effects by class: right in a world of known truth, nothing told where classes cannot be told apart."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from model_problems import PROVENANCE, settings
from reportgen.model.analysis import analyse_market
from reportgen.model.deciding import withhold
from reportgen.model.effects.moderators import classes_of
from reportgen.panel.grid import MarketPanel, make_panel
from reportgen.results import MarketResults, Withheld, from_json, to_json

WANTED = settings(model={"moderators": ["size_class"]})
NAMES = ("S", "M", "L")


def classed_panel(seed: int = 1, *, gap: float = 5.0, size: int = 60, periods: int = 30) -> MarketPanel:
    """Classes S, M and L with effects of 20, 20 + gap, 20 + 2 gap before persistence of .4, carry-over .5."""
    rng = np.random.default_rng([3, seed])
    code = np.arange(size) % 3
    promotion = rng.poisson(6.0, (size, periods)).astype(float)
    slope = 20.0 + gap * code + 4.0 * rng.standard_normal(size)
    level = 1_000.0 + 200.0 * rng.standard_normal(size) + 50.0 * code
    carried, before = np.full(size, 3.0), level + 10.0 * slope
    sales = np.empty((size, periods))
    for t in range(periods):
        carried = 0.5 * (promotion[:, t] + (carried if t else 6.0))
        before = 0.6 * level + slope * carried + 0.4 * before + 40.0 * rng.standard_normal(size)
        sales[:, t] = before
    return make_panel("M", sales, promotion, moderators=(("size_class", tuple(NAMES[k] for k in code)),))


@lru_cache
def analysed(seed: int = 1, gap: float = 5.0) -> MarketResults:
    return analyse_market(classed_panel(seed, gap=gap), WANTED, PROVENANCE)


def test_each_class_has_its_own_effect() -> None:
    (found,) = analysed().moderators
    assert (found.column, found.reason, found.df[0]) == ("size_class", "", 2.0)
    kept = {row.name: row.kept_up for row in found.classes}
    for name, truth in (("S", 20.0 / 0.6), ("M", 25.0 / 0.6), ("L", 30.0 / 0.6)):
        assert kept[name].lower < truth < kept[name].upper
        assert kept[name].upper - kept[name].lower < 15.0
    assert found.p is not None
    assert found.p < 0.001
    assert [row.pharmacies for row in found.classes] == [20, 20, 20]
    assert from_json(to_json(analysed())) == analysed()


def test_the_market_is_estimated_as_without_classes() -> None:
    panel = classed_panel()
    alone = analyse_market(make_panel("M", panel.sales, panel.promotion[0]), settings(), PROVENANCE)
    assert replace(analysed(), moderators=(), provenance=PROVENANCE) == replace(alone, provenance=PROVENANCE)


def test_classes_that_do_not_differ_are_not_said_to() -> None:
    rare = [analysed(seed, 0.0).moderators[0].p < 0.05 for seed in range(2, 8)]
    assert sum(rare) <= 2


def test_what_is_withheld_of_the_market_is_withheld_of_its_classes() -> None:
    gone = Withheld(quantity="kept-up", check="lags", sentence="lags", channel=None)
    (found,) = withhold(replace(analysed(), withheld=(gone,))).moderators
    assert all(row.kept_up.estimate is None and row.kept_up.withheld == "lags" for row in found.classes)
    assert all(row.first_period.estimate is not None for row in found.classes)
    both = (gone, replace(gone, quantity="first-month"))
    (found,) = withhold(replace(analysed(), withheld=both)).moderators
    assert (found.p, found.statistic, found.df) == (None, None, None)


def test_small_classes_are_told_together() -> None:
    codes, names = classes_of(("a", "a", "a", "b", "c", "c", "d", "d", "d"))
    assert names == ("a", "d", "")
    assert_array_equal(codes, [0, 0, 0, 2, 2, 2, 1, 1, 1])


@pytest.mark.parametrize(
    ("values", "reason"),
    [(("one",) * 60, "one-class"), (tuple(f"c{k % 15}" for k in range(60)), "many-classes")],
)
def test_a_column_without_classes_to_tell_says_why(values: tuple[str, ...], reason: str) -> None:
    panel = classed_panel()
    odd = make_panel("M", panel.sales, panel.promotion[0], moderators=(("c", values),))
    assert [one.reason for one in analyse_market(odd, WANTED, PROVENANCE).moderators] == [reason]


def test_a_class_whose_promotion_never_varies_is_not_told_apart() -> None:
    panel = classed_panel()
    promotion = panel.promotion[0].copy()
    promotion[::3] = 0.0
    odd = make_panel("M", panel.sales, promotion, moderators=panel.moderators)
    assert [one.reason for one in analyse_market(odd, WANTED, PROVENANCE).moderators] == ["not-told-apart"]
