"""The curve as a reader sees it: of the fit's own numbers, concave from nothing on, and marked where nobody was."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pytest

from model_problems import PROVENANCE, settings
from reportgen.model.analysis import analyse_market
from reportgen.model.effects.curve import TOLD
from reportgen.panel.curves import ResponseCurve
from reportgen.panel.grid import MarketPanel, make_panel
from reportgen.report.document import build_report
from reportgen.results import MarketResults, ResponseShape, from_json, to_json

WANTED = settings(model={"shape": "saturating"})


def flattening_panel(size: int = 60, periods: int = 30) -> MarketPanel:
    """Hill's curve that is half way at four visits: 300 times a / (1 + a / 4), persistence .4, carry-over .5."""
    rng = np.random.default_rng(5)
    usual = rng.gamma(3.0, 2.0, size)
    promotion = rng.poisson(usual[:, None], (size, periods)).astype(float)
    level = 2_000.0 + 200.0 * rng.standard_normal(size)
    carried, before = usual.copy(), level + 500.0 * usual / (1.0 + usual / 4.0)
    sales = np.empty((size, periods))
    for t in range(periods):
        carried = 0.5 * promotion[:, t] + 0.5 * carried
        before = 0.6 * level + 300.0 * carried / (1.0 + carried / 4.0) + 0.4 * before + 40.0 * rng.standard_normal(size)
        sales[:, t] = before
    return make_panel("M", sales, promotion)


@lru_cache
def analysed() -> MarketResults:
    return analyse_market(flattening_panel(), WANTED, PROVENANCE)


@pytest.fixture
def shape() -> ResponseShape:
    (found,) = analysed().shapes
    return found


def test_one_more_at_usual_promotion_is_what_is_kept_up(shape: ResponseShape) -> None:
    assert shape.usual == pytest.approx(analysed().data.promotion_mean[0])
    usual = shape.at(1.0)
    assert usual is not None
    assert shape.points[usual].marginal == pytest.approx(analysed().effects[0].kept_up.estimate)
    curve = ResponseCurve(kind=shape.kind, scale=shape.scale, usual=shape.usual)
    ratio = shape.points[usual].estimate / shape.points[usual].marginal / shape.usual
    assert ratio == pytest.approx(float(curve.bend(np.array([shape.usual]))[0]) / shape.usual)
    assert shape.reach == pytest.approx(ratio)


def test_the_curve_starts_at_nothing_and_brings_less_and_less(shape: ResponseShape) -> None:
    levels = np.array([point.promotion for point in shape.points])
    brought = np.array([point.estimate for point in shape.points])
    assert (levels[0], brought[0]) == (0.0, 0.0)
    steps = np.diff(brought) / np.diff(levels)
    assert (steps > 0.0).all()
    assert (np.diff(steps) < 0.0).all()
    assert all((p.lower or 0.0) <= p.estimate <= (p.upper or 0.0) for p in shape.points)


def test_levels_that_are_spoken_of_and_the_range_that_was_seen_are_exact(shape: ResponseShape) -> None:
    assert 0.0 <= shape.lowest < shape.usual < shape.highest
    for times in TOLD:
        place = shape.at(times)
        assert (place is not None) == (shape.lowest <= times * shape.usual <= shape.highest)
    for point in shape.points:
        assert point.seen == (shape.lowest <= point.promotion <= shape.highest)


def test_what_flattens_is_found_where_it_flattens(shape: ResponseShape) -> None:
    """Pharmacies differ in their usual promotion: straight columns of what they began with would bend it too much."""
    usual = shape.at(1.0)
    assert usual is not None
    point = shape.points[usual]
    assert point.estimate == pytest.approx(500.0 * shape.usual / (1.0 + shape.usual / 4.0), rel=0.08)
    assert (shape.kind, shape.scale) == ("hill", pytest.approx(4.0, rel=0.25))


def test_the_market_goes_round_and_has_a_report() -> None:
    results = analysed()
    assert from_json(to_json(results)) == results
    report = build_report(results, WANTED)
    assert "Promotion brings less the more of it there is" in report.summary.verdict.sentence
