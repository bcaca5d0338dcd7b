"""The curve that markets share: what is found, what it does to totals, what stays a line."""

from __future__ import annotations

import sys
from dataclasses import replace
from functools import cache
from math import exp, log
from pathlib import Path

import numpy as np
import pytest

from reportgen.model.agreed.shape import answer_shape, own_shapes, search_shapes
from reportgen.model.analysis import analyse_market
from reportgen.model.effects.incremental import recursion_totals
from reportgen.model.market.bend import Bend, bends_of, can_bend, curved, shapes_from_plain
from reportgen.model.market.refusals import usable_frame
from reportgen.panel.curves import ResponseCurve
from reportgen.results import Provenance, from_json, to_json
from reportgen.settings.sections import Settings

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

from worlds.draw import draw
from worlds.world import World

KINDS = ("log", "hill", "exponential")
PROVENANCE = Provenance(
    package="", versions=(), source="", data_hash="", settings_hash="", settings=(), seed=0, as_of=""
)
BENT = World(name="curve", pharmacies=60, curve="hill", sigma=1_500.0)
LINE = World(name="line", pharmacies=40, sigma=1_500.0)


def frames(world: World, count: int):
    return {k: usable_frame(draw(world, k).to_panel(str(k)), Settings())[0] for k in range(count)}


def together(found, settings=None):
    settings = settings or Settings()
    return search_shapes(
        lambda question: {str(k): answer_shape(frame, settings, question) for k, frame in found.items()},
        ("promotion",),
        settings,
    )


@cache
def agreed_bent():
    return together(frames(BENT, 6))


@pytest.mark.parametrize("kind", KINDS)
def test_a_curve_starts_at_zero_with_slope_one_at_usual_and_flattens(kind) -> None:
    curve = ResponseCurve(kind=kind, scale=4.0, usual=6.0)
    at = np.linspace(0.0, 30.0, 301)
    values, slopes = curve.bend(at), curve.slope(at)
    assert values[0] == 0.0
    assert curve.slope(np.array([6.0]))[0] == pytest.approx(1.0)
    assert np.all(np.diff(values) > 0.0)
    assert np.all(np.diff(slopes) < 0.0)
    assert np.gradient(values, at)[1:-1] == pytest.approx(slopes[1:-1], rel=1e-3)


@pytest.mark.parametrize("kind", KINDS)
def test_a_wide_curve_is_the_line(kind) -> None:
    at = np.linspace(0.0, 20.0, 9)
    assert ResponseCurve(kind=kind, scale=1e7, usual=6.0).bend(at) == pytest.approx(at, rel=1e-5)
    assert Bend(kind=kind, relative=1e6).reach == pytest.approx(1.0, abs=1e-5)
    assert Bend(kind=kind, relative=0.5).reach > Bend(kind=kind, relative=2.0).reach > 1.0


def test_markets_that_flatten_agree_on_a_curve() -> None:
    (found,) = agreed_bent()
    assert found.bend is not None
    assert found.markets == 6
    assert found.gain > 10.0
    assert found.z > 2.0
    # The true curve is Hill's at its usual promotion: twice what the slope there would bring.
    low, high = (log(found.others[k][0].reach) for k in (1, 2))
    assert low < log(2.0) < high
    assert sum(weight for _, weight in found.others) == pytest.approx(1.0)
    assert log(found.bend.reach) == pytest.approx((low + high) / 2.0, abs=0.02)


def test_straight_markets_stay_straight() -> None:
    (found,) = together(frames(LINE, 5))
    assert found.bend is None


def test_saturating_takes_a_curve_and_linear_none() -> None:
    frame = frames(LINE, 1)[0]
    wanted = Settings.model_validate({"model": {"shape": "saturating"}})
    assert own_shapes(frame, wanted)[0].bend is not None
    assert own_shapes(frame, Settings.model_validate({"model": {"shape": "linear"}})) == ()


def test_promotion_below_zero_has_no_curve() -> None:
    frame = frames(LINE, 1)[0]
    less = replace(frame, promotion=frame.promotion - 100.0)
    assert not can_bend(less, 0)
    assert curved(less, {"promotion": Bend(kind="hill", relative=1.0)}) is less


def test_totals_follow_the_curve() -> None:
    """Against a recursion written out for one pharmacy."""
    rng = np.random.default_rng(5)
    dose, curve = rng.poisson(5.0, (1, 1, 12)).astype(float), ResponseCurve(kind="log", scale=3.0, usual=5.0)
    used, sales, phi, decay, slope = np.ones((1, 12), dtype=bool), np.full((1, 12), 100.0), 0.4, 0.5, 2.0
    found = recursion_totals(
        used=used, sales=sales, promotion=dose, slopes=np.full((1, 1), slope), phi=[phi], lags=(1,), response="level",
        decay=[decay], curves=(curve,), changes=(-1.0, 0.25),
    )  # fmt: skip

    def path(factor: float) -> np.ndarray:
        stock, last, out = 0.0, 0.0, []
        for x in dose[0, 0]:
            stock = decay * stock + (1.0 - decay) * x
            last = slope * float(curve.bend(np.array([factor * stock]))[0]) + phi * last
            out.append(last)
        return np.array(out)

    assert found.period[0] == pytest.approx(path(1.0))
    assert found.scenario[0] == pytest.approx([-path(1.0).sum(), (path(1.25) - path(1.0)).sum()])


def test_what_is_left_of_promotion_from_before_stays_on_the_curve() -> None:
    frame = frames(BENT, 1)[0]
    bent = curved(frame, {"promotion": Bend(kind="hill", relative=1.0)})
    dose = np.bincount(frame.group, weights=frame.promotion[:, 0]) / np.bincount(frame.group)
    expected = dose[:, None] * 0.5 ** np.arange(1, frame.used.shape[1] + 1)
    assert bent.leftover(0.5) == pytest.approx(expected)
    kept = {
        "used": frame.used, "sales": frame.panel.sales, "slopes": np.ones((1, len(dose))), "phi": [], "lags": (),
        "promotion": frame.panel.promotion, "response": "level", "decay": [0.5], "curves": bent.curves,
    }  # fmt: skip
    found = recursion_totals(**kept, before=bent.before())
    curve, alone = bent.curves[0], recursion_totals(**kept)
    stock = bent.adstock_grid(0.5)
    assert found.period[0, 2:] == pytest.approx((stock - curve.bend(bent.leftover(0.5)))[:, 2:].sum(axis=0))
    assert np.all(found.period[0, 2:6] < alone.period[0, 2:6])


def test_a_curved_market_says_so_in_its_results_and_they_come_back() -> None:
    panel = draw(BENT, 0).to_panel("M")
    shapes = agreed_bent()
    results = analyse_market(panel, Settings(), PROVENANCE, shapes=shapes)
    (shape,) = results.shapes
    assert shape.usual == pytest.approx(float(usable_frame(panel, Settings())[0].promotion.mean()))
    assert shape.reach_lower < shape.reach < shape.reach_upper
    assert shape.reach == pytest.approx(exp(log(bends_of(shapes)["promotion"].reach)))
    rows = {round(row.change, 2): row.sales for row in results.what_if}
    assert abs(rows[-0.25]) > rows[0.25] > 0.0
    brought = [point.estimate for point in shape.points]
    assert brought[0] == 0.0
    assert np.all(np.diff(brought) > 0.0)
    assert np.all(np.diff([point.marginal for point in shape.points]) < 0.0)
    near = min(shape.points, key=lambda point: abs(point.promotion - shape.usual))
    assert near.marginal == pytest.approx(results.long_run.estimate, rel=0.1)
    assert from_json(to_json(results)) == results


def test_shapes_survive_json() -> None:
    import json
    from dataclasses import asdict

    shapes = agreed_bent()
    assert shapes_from_plain(json.loads(json.dumps([asdict(one) for one in shapes]))) == shapes


def test_a_straight_market_among_bent_ones_is_told_so_and_gives_no_total() -> None:
    panel = draw(World(name="line", pharmacies=60, sigma=1_500.0), 0).to_panel("M")
    results = analyse_market(panel, Settings(), PROVENANCE, shapes=agreed_bent())
    assert next(check for check in results.checks if check.id == "saturation").status == "fail"
    assert results.incremental is None
    assert results.shapes[0].points == ()
    assert any(one.check == "saturation" for one in results.withheld)
