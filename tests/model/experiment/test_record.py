"""An experiment in the record: the true return whatever sales remember, no carry-over where none can be shown."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from model_problems import PROVENANCE, settings
from reportgen.model.analysis import analyse_market
from reportgen.model.experiment.record import by_lot, experiment_checks, read_experiment
from reportgen.panel.grid import MarketPanel, make_panel
from reportgen.panel.periods import period_index, period_label
from reportgen.results import Verdict, Withheld
from reportgen.results.soundness import faults

RETURN = 4.0


def regions(
    seed: int = 1, *, size: int = 100, periods: int = 60, weeks: int = 4, after: int = 0, lot: bool = True,
    in_proportion: bool = False, brings: float = RETURN,
) -> tuple[MarketPanel, list[str]]:  # fmt: skip
    """Regions by week: half get spend for some weeks; common growth, errors with memory, and no carry-over at all."""
    rng = np.random.default_rng([4, seed])
    own = np.exp(0.6 * rng.standard_normal(size)) * 10_000.0
    t = np.arange(periods)
    common = (
        1.1 ** (t / 52.0) * (1.0 + 0.1 * np.sin(2 * np.pi * t / 52.0)) * np.exp(0.02 * rng.standard_normal(periods))
    )
    errors = rng.standard_normal((size, periods))
    for k in range(1, periods):
        errors[:, k] = 0.5 * errors[:, k - 1] + np.sqrt(0.75) * errors[:, k]
    sales = own[:, None] * common * np.exp(0.04 * errors)
    order = rng.permutation(size) if lot else np.argsort(own)
    start = periods - after - weeks
    spend = np.zeros((size, periods))
    dose = 200.0 * own / own.mean() if in_proportion else np.full(size, 200.0)
    spend[order[: size // 2], start : start + weeks] = dose[order[: size // 2], None]
    panel = make_panel("G", sales + brings * spend, spend, period_type="week", first_period=2660)
    return panel, [panel.period_label(start), panel.period_label(start + weeks - 1)]


def chosen(assigned, design="experiment"):
    return settings(panel={"period": "week"}, model={"design": design, "assigned": assigned})


def read(**options):
    panel, assigned = regions(**options)
    return read_experiment(panel, chosen(assigned))


@pytest.mark.parametrize("in_proportion", [False, True])
def test_the_true_return_is_in_its_interval(in_proportion):
    held = []
    for seed in range(60):
        found = read(seed=seed, in_proportion=in_proportion)
        held.append(found.effect.lower <= RETURN <= found.effect.upper)
        assert found.brought.estimate == pytest.approx(found.effect.estimate * 200.0 * 50 * 4, rel=0.35)
    assert np.mean(held) > 0.87


def test_who_got_more_is_told_whether_by_units_or_by_size():
    for in_proportion in (False, True):
        found = read(in_proportion=in_proportion)
        assert (found.pharmacies, found.more) == (100, 50)
        assert [one.name for one in found.balance] == ["sales", "growth", "promotion"]
        assert max(abs(one.t) for one in found.balance if one.t is not None) < 3.0


def test_carry_over_is_claimed_only_where_it_could_be_seen():
    short, long = read(), read(after=8)
    assert (short.carry_over, short.since, short.periods) == (False, 4, 4)
    assert (long.carry_over, long.since) == (True, 12)
    assert [check.status for check in experiment_checks(short) if check.id == "treated-time"] == ["fail"]
    assert [check.status for check in experiment_checks(long) if check.id == "treated-time"] == ["pass"]


def test_what_was_not_by_lot_is_noticed():
    fair, unfair = (experiment_checks(read(lot=lot))[0] for lot in (True, False))
    assert (fair.id, fair.status, unfair.status) == ("balance", "pass", "fail")


def test_without_an_experiment_in_this_record_there_is_none():
    panel, assigned = regions()
    assert read_experiment(panel, chosen(assigned, "observational")) is None
    assert read_experiment(panel, chosen([])) is None
    assert read_experiment(panel, chosen(["2010-01-04"])) is None
    assert read_experiment(panel, chosen(["2023-01"])) is None, "months in a record of weeks"
    assert read_experiment(panel, chosen([panel.period_label(2), assigned[1]])) is None, "nothing before"


def test_the_lot_decides_the_verdict_and_not_the_checks_of_the_model():
    found = read()
    works = Verdict(code="unclear", reasons=("failed-lags",))
    of_model = Withheld(quantity="works", check="lags", sentence="longer-memory")
    of_data = Withheld(quantity="works", check="entry-slips", sentence="values-out-of-line")
    verdict, kept = by_lot(found, works, (of_model, replace(of_model, quantity="kept-up")))
    assert (verdict.code, [one.quantity for one in kept]) == ("works", ["kept-up"])
    assert by_lot(found, works, (of_data,)) == (works, (of_data,))
    assert by_lot(None, works, (of_model,)) == (works, (of_model,))
    nothing = replace(found, effect=replace(found.effect, lower=-1.0))
    assert by_lot(nothing, works, ())[0].code == "unclear"


def test_a_market_with_an_experiment_goes_through_whole():
    panel, assigned = regions(size=60)
    results = analyse_market(panel, chosen(assigned), PROVENANCE)
    assert results.verdict.code == "works"
    assert results.experiment is not None
    assert results.foresight is None
    assert results.decay is None
    assert results.effects[0].kept_up.estimate is None
    assert results.incremental is None
    assert list(faults(results)) == []


def test_a_record_without_the_experiment_is_not_spoken_of_as_if_by_lot():
    panel, _ = regions(size=30)
    results = analyse_market(panel, chosen(["2010-01-04"]), PROVENANCE)
    assert results.experiment is None
    assert results.model is not None
    assert results.model.design == "observational"


@pytest.mark.parametrize("kind", ["month", "quarter", "week"])
def test_a_period_is_found_by_its_label(kind):
    for index in (24_275, 8_090):
        assert period_index(period_label(index, kind), kind) == index
    assert period_index("2024-01-04", "week") == period_index("2024-01-01", "week")
    assert period_index("2024-02-31", "week") is None
    assert period_index("2024-01", "quarter") is None
