"""Incremental sales: the engine against two full runs of the market, with promotion and without."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from reportgen.model.effects import incremental as inc
from reportgen.panel.transforms import adstock


def run_market(promotion, slopes, phi, lags, decay, first, noise, log, scale=1.0):
    """Step a market through its months from given sales before each pharmacy's first used period; (G, T) response."""
    channels, size, periods = promotion.shape
    out = np.zeros((size, periods))
    for i in range(size):
        stock = np.zeros(channels)
        for t in range(periods):
            stock = (1 - decay) * promotion[:, i, t] + decay * stock
            if t < first[i]:
                out[i, t] = 3.0 + noise[i, t]
                continue
            carried = sum(p * out[i, t - lag] for p, lag in zip(phi, lags, strict=True))
            out[i, t] = 1.0 + carried + scale * (slopes[:, i] @ stock) + noise[i, t]
    return np.exp(out / 10) if log else out


@pytest.fixture(params=[(1, (1, 2)), (2, (1, 3)), (3, (2,))])
def market(request):
    channels, lags = request.param
    rng = np.random.default_rng(11)
    size, periods = 6, 15
    first = np.array([3, 3, 4, 6, 3, 14])
    used = (np.arange(periods) >= first[:, None]) & (rng.random((size, periods)) > 0.25)
    used[np.arange(size), first] = True
    return {
        "promotion": rng.poisson(2.0, (channels, size, periods)).astype(float),
        "slopes": rng.normal(1.0, 0.5, (channels, size)),
        "phi": np.array([0.4, 0.25])[: len(lags)],
        "lags": lags,
        "decay": np.array([0.3, 0.6, 0.0])[:channels],
        "first": first,
        "used": used,
        "noise": rng.normal(0, 0.3, (size, periods)),
    }


@pytest.mark.parametrize("response", ["level", "log"])
def test_totals_are_the_difference_of_two_runs_of_the_market(market, response):
    m, log = market, response == "log"
    common = (m["promotion"], m["slopes"], m["phi"], m["lags"], m["decay"], m["first"], m["noise"], log)
    happened = run_market(*common)
    found = inc.recursion_totals(
        used=m["used"],
        sales=happened,
        promotion=m["promotion"],
        slopes=m["slopes"] / (10 if log else 1),
        phi=m["phi"],
        lags=m["lags"],
        response=response,
        decay=m["decay"],
    )
    brought = np.where(m["used"], happened - run_market(*common, scale=0.0), 0.0)
    assert found.period[0] == pytest.approx(brought.sum(axis=0), abs=1e-10)
    assert found.pharmacy[0] == pytest.approx(brought.sum(axis=1), abs=1e-10)
    assert found.total[0] == pytest.approx(brought.sum())
    for change, value in zip(found.changes, found.scenario[0], strict=True):
        other = run_market(*common, scale=1.0 + change)
        assert value == pytest.approx(np.where(m["used"], other - happened, 0.0).sum(), abs=1e-9)


def test_adstock_given_or_made_from_promotion_is_the_same(market):
    m = market
    arguments = {
        "used": m["used"],
        "sales": np.ones(m["used"].shape),
        "phi": m["phi"],
        "lags": m["lags"],
        "response": "level",
        "slopes": m["slopes"],
    }
    stock = np.stack([adstock(x, d, normalize=False) for x, d in zip(m["promotion"], m["decay"], strict=True)])
    given = inc.recursion_totals(promotion=stock, **arguments)
    made = inc.recursion_totals(promotion=m["promotion"], decay=m["decay"], normalize=False, **arguments)
    assert made.period == pytest.approx(given.period, abs=1e-12)


def test_missing_promotion_counts_as_none(market):
    m = market
    arguments = {
        "used": m["used"],
        "sales": np.ones(m["used"].shape),
        "phi": m["phi"],
        "lags": m["lags"],
        "response": "level",
        "slopes": m["slopes"],
        "decay": m["decay"],
    }
    holes, zeros = m["promotion"].copy(), m["promotion"].copy()
    holes[:, 2, 5], zeros[:, 2, 5] = np.nan, 0.0
    assert inc.recursion_totals(promotion=holes, **arguments).total == pytest.approx(
        inc.recursion_totals(promotion=zeros, **arguments).total
    )


@pytest.mark.parametrize("response", ["level", "log"])
@pytest.mark.parametrize("block", [1, 3, 64])
def test_every_draw_is_its_own_run_whatever_the_block(market, response, block):
    m, rng = market, np.random.default_rng(5)
    draws = 7
    slopes = 0.05 * m["slopes"] + rng.normal(0, 0.02, (draws, *m["slopes"].shape))
    phi = m["phi"] + rng.normal(0, 0.02, (draws, m["phi"].size))
    decay = np.clip(m["decay"] + rng.normal(0, 0.02, (draws, m["decay"].size)), 0, 1)
    sales = rng.uniform(5, 9, m["used"].shape)
    sales[~m["used"]] = np.nan
    arguments = {
        "used": m["used"],
        "sales": sales,
        "promotion": m["promotion"],
        "lags": m["lags"],
        "response": response,
    }
    together = inc.recursion_totals(slopes=slopes, phi=phi, decay=decay, block=block, **arguments)
    for i in range(draws):
        alone = inc.recursion_totals(slopes=slopes[i], phi=phi[i], decay=decay[i], **arguments)
        assert together.period[i] == pytest.approx(alone.period[0], abs=1e-12)
        assert together.pharmacy[i] == pytest.approx(alone.pharmacy[0], abs=1e-12)
        assert together.scenario[i] == pytest.approx(alone.scenario[0], abs=1e-11)


def test_draws_of_one_argument_are_matched_with_the_estimate_of_the_others(market):
    m = market
    arguments = {
        "used": m["used"],
        "sales": np.ones(m["used"].shape),
        "promotion": m["promotion"],
        "lags": m["lags"],
        "response": "level",
    }
    drawn = inc.recursion_totals(slopes=m["slopes"], phi=np.tile(m["phi"], (3, 1)), **arguments)
    assert drawn.total.shape == (3,)
    assert np.ptp(drawn.total) == 0


def test_order_of_pharmacies_changes_nothing(market):
    m, order = market, np.array([3, 0, 5, 1, 4, 2])
    arguments = {"phi": m["phi"], "lags": m["lags"], "response": "level"}
    plain = inc.recursion_totals(
        used=m["used"], sales=np.ones(m["used"].shape), promotion=m["promotion"], slopes=m["slopes"], **arguments
    )
    mixed = inc.recursion_totals(
        used=m["used"][order],
        sales=np.ones(m["used"].shape),
        promotion=m["promotion"][:, order],
        slopes=m["slopes"][:, order],
        **arguments,
    )
    assert mixed.pharmacy[0] == pytest.approx(plain.pharmacy[0][order])
    assert mixed.period == pytest.approx(plain.period)


def test_gap_passes_the_difference_on_without_counting_it():
    used = np.array([[False, True, False, True]])
    found = inc.recursion_totals(
        used=used,
        sales=np.full((1, 4), 50.0),
        promotion=np.array([[[9.0, 1.0, 2.0, 0.0]]]),
        slopes=np.array([[10.0]]),
        phi=[0.5],
        lags=(1,),
        response="level",
    )
    assert found.period[0] == pytest.approx([0.0, 10.0, 0.0, 0.5 * (20.0 + 0.5 * 10.0)])


def test_without_lags_only_adstock_counts():
    found = inc.recursion_totals(
        used=np.ones((1, 2), dtype=bool),
        sales=np.full((1, 2), 50.0),
        promotion=np.array([[[1.0, 2.0]]]),
        slopes=[[3.0]],
        phi=np.zeros(0),
        lags=(),
        response="level",
    )
    assert found.period[0] == pytest.approx([3.0, 6.0])


@pytest.fixture
def small():
    used = np.array([[False, True, True], [False, True, False]])
    sales = np.array([[np.nan, 100.0, 60.0], [np.nan, 40.0, np.nan]])
    arguments = {
        "used": used,
        "sales": sales,
        "promotion": np.ones((1, 2, 3)),
        "phi": [0.0],
        "lags": (1,),
        "response": "level",
    }
    point = inc.recursion_totals(slopes=[[10.0, 20.0]], **arguments)
    spread = (np.arange(1, 400) / 200.0 - 1.0)[:, None, None]
    draws = inc.recursion_totals(slopes=np.array([[10.0, 20.0]]) * (1 + spread), **arguments)
    return used, sales, point, draws


def test_summary_adds_up_and_carries_its_intervals(small):
    used, sales, point, draws = small
    found = inc.summarise_incremental(point, draws, used=used, sales=sales, periods=("a", "b", "c"))
    assert (found.total, found.share, found.draws) == (pytest.approx(40.0), pytest.approx(0.2), 399)
    assert (found.lower, found.upper) == pytest.approx((40 * 0.05, 40 * 1.95))
    assert (found.share_lower, found.share_upper) == pytest.approx((0.01, 0.39))
    assert [m.period for m in found.months] == ["b", "c"]
    assert sum(m.incremental for m in found.months) == pytest.approx(found.total)
    first = found.months[0]
    assert (first.sales, first.without, first.pharmacies) == (140.0, pytest.approx(110.0), 2)
    assert (first.without_lower, first.without_upper) == pytest.approx((140 - 30 * 1.95, 140 - 30 * 0.05))


def test_summary_of_zero_sales_has_no_share(small):
    used, sales, point, draws = small
    found = inc.summarise_incremental(point, draws, used=used, sales=sales * 0, periods=("a", "b", "c"))
    assert (found.share, found.share_lower, found.share_upper) == (None, None, None)


def test_what_if_scales_sales_and_charges_the_cost(small):
    _, _, point, draws = small
    stop, *_, more = inc.tabulate_what_if(point, draws, sales_total=200.0, margin=0.5, cost=8.0)
    assert (stop.change, stop.sales, stop.share) == (-1.0, pytest.approx(-40.0), pytest.approx(-0.2))
    assert stop.profit == pytest.approx(-20 + 8)
    assert (stop.lower, stop.upper) == pytest.approx((-78.0, -2.0))
    assert (more.change, more.sales, more.profit) == (0.25, pytest.approx(10.0), pytest.approx(5 - 2))
    assert (more.profit_lower, more.profit_upper) == pytest.approx((0.5 * 0.5 - 2, 0.5 * 19.5 - 2))
    plain = inc.tabulate_what_if(point, draws, sales_total=0.0)
    assert (plain[0].profit, plain[0].share) == (None, None)


def test_roi_is_zero_at_the_break_even_cost(small):
    _, _, point, draws = small
    found = inc.return_on_promotion(point, draws, cost=8.0, units=3.0, margin=0.5)
    assert found.roi == pytest.approx((20 - 8) / 8)
    assert found.break_even_cost == pytest.approx(20 / 3)
    assert (found.lower, found.break_even_upper) == pytest.approx((1 / 8 - 1, 39 / 3))
    again = inc.return_on_promotion(point, draws, cost=3.0 * 20 / 3, units=3.0, margin=0.5)
    assert again.roi == pytest.approx(0.0)
    free = inc.return_on_promotion(point, draws, cost=0.0, units=0.0, margin=0.5)
    assert (free.roi, free.break_even_cost) == (None, None)


def test_no_array_of_draws_by_pharmacies_by_periods_is_made():
    rng = np.random.default_rng(2)
    arguments = {
        "used": np.ones((200, 36), dtype=bool),
        "sales": np.full((200, 36), 100.0),
        "promotion": rng.poisson(3, (1, 200, 36)).astype(float),
        "slopes": rng.normal(2, 0.1, (400, 1, 200)),
        "phi": rng.normal([0.3, 0.1], 0.02, (400, 2)),
        "lags": (1, 2),
        "response": "log",
    }
    tracemalloc.start()
    inc.recursion_totals(**arguments)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 0.25 * 400 * 200 * 36 * 8
