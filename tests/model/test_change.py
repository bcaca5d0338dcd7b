"""Why an answer changed: forty planted causes, parts that add up, and what cannot be told apart."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import lru_cache
from math import fsum

import numpy as np
import pytest

from reportgen.batch.state.fingerprint import number_settings
from reportgen.model import analysis
from reportgen.model.analysis import analyse_market
from reportgen.model.change import compare, cut_to, is_news, refitting
from reportgen.panel.grid import MarketPanel, make_panel
from reportgen.panel.simulate import MarketSpec, simulate_market
from reportgen.results import MarketResults, Provenance
from reportgen.results.derived.intervals import normal_interval
from reportgen.settings.sections import Settings

SETTINGS = Settings.model_validate({"adstock": {"decay": 0.5}, "model": {"forecast": 0, "pharmacy_trend": False}})
OTHERS = (
    {"lags": ()}, {"lags": (), "correction": "none"}, {"correction": "none"}, {"lags": (), "time": "season+trend"},
    {"lags": (1,)},
)  # fmt: skip


@lru_cache(maxsize=4)
def record(seed: int) -> MarketPanel:
    return simulate_market(MarketSpec(pharmacies=10, periods=24), np.random.default_rng([5, seed])).to_panel()


def months(panel: MarketPanel, start: int, end: int, factor: np.ndarray | float = 1.0) -> MarketPanel:
    return make_panel(
        panel.market, (panel.sales * factor)[:, start:end], panel.promotion[:, :, start:end],
        pharmacies=panel.pharmacies, first_period=panel.first_period + start,
    )  # fmt: skip


@pytest.fixture(autouse=True)
def nothing_withheld(monkeypatch: pytest.MonkeyPatch) -> None:
    """Planted causes are drastic: checks would take the very numbers whose change is split."""
    monkeypatch.setattr(analysis, "decisions", lambda checks: ())


def provenance(settings: Settings, code: str) -> Provenance:
    chosen = number_settings(settings)
    exact = json.dumps(chosen, sort_keys=True)
    return Provenance(
        package="reportgen", versions=(("reportgen", code),), source="t.csv", data_hash="", settings_hash=exact,
        settings=tuple((key, str(value)) for key, value in sorted(chosen.items())), seed=1, as_of="2026-01-31",
        settings_exact=exact, code=code,
    )  # fmt: skip


def results(panel: MarketPanel, settings: Settings = SETTINGS, code: str = "1") -> MarketResults:
    return analyse_market(panel, settings, provenance(settings, code))


@lru_cache(maxsize=20)
def usual(seed: int, periods: int = 20) -> MarketResults:
    """Results of a record as it is, by the present program and settings."""
    return results(months(record(seed), 0, periods))


def other(k: int) -> Settings:
    model = SETTINGS.model.model_copy(update=OTHERS[k % len(OTHERS)])
    return SETTINGS.model_copy(update={"model": model})


def otherwise(one: MarketResults, factor: float) -> MarketResults:
    """As another version of the program would have estimated it."""
    size = one.effects[0].kept_up
    size = replace(size, estimate=size.estimate * factor, lower=size.lower * factor, upper=size.upper * factor)
    total = replace(one.incremental, total=one.incremental.total * factor)
    return replace(one, effects=(replace(one.effects[0], kept_up=size),), incremental=total)


def revised(seed: int, periods: int, size: float) -> MarketPanel:
    factor = np.ones(record(seed).sales.shape)
    factor[: 3 + seed % 4, 4 + seed % 6 : 9 + seed % 6] = size
    return months(record(seed), 0, periods, factor)


def planted(cause: str, seed: int) -> tuple[MarketResults, MarketPanel, Settings, str]:
    """The earlier results and what the present run is made from: one thing differs much, in some a second a little."""
    before = months(record(seed % 5), 0, 20)
    beside = seed % 2 == 1
    if cause == "periods":
        late = np.ones(record(seed % 5).sales.shape)
        late[:, 20:] = 1.0 + 0.05 * record(seed % 5).promotion[0][:, 20:] * (0.5 + 0.2 * (seed % 3))
        return usual(seed % 5), months(record(seed % 5), 0, 24, late), SETTINGS, "1"
    if cause == "revised":
        now = revised(seed % 5, 21 if beside else 20, 1.8 + 0.1 * seed)
        return usual(seed % 5), now, SETTINGS, "1"
    if cause == "settings":
        now = months(record(seed % 5), 0, 21) if beside else before
        return results(before, other(seed)), now, SETTINGS, "1"
    now = months(record(seed % 5), 0, 21) if beside else before
    earlier = replace(usual(seed % 5), provenance=provenance(SETTINGS, "0"))
    return otherwise(earlier, 0.4 if seed % 4 < 2 else 2.5), now, SETTINGS, "1"


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("cause", ["periods", "revised", "settings", "version"])
def test_the_planted_cause_is_named_and_parts_add_up(cause: str, seed: int):
    old, panel, settings, code = planted(cause, seed)
    same = cause in ("settings", "version")
    new = usual(seed % 5, panel.n_periods) if same else results(panel, settings, code)
    change = compare(old, new, refitting(old, panel, settings))
    assert change.main == (cause,)
    assert fsum(part.effect for part in change.parts) == pytest.approx(change.effect.change, abs=1e-9)
    assert fsum(part.incremental for part in change.parts) == pytest.approx(change.incremental.change, abs=1e-9)
    assert change.effect.now == new.effects[0].kept_up.estimate
    assert is_news(change)


def test_nothing_else_is_no_news():
    one = results(months(record(0), 0, 20))
    change = compare(one, one)
    assert change.main == ("remaining",)
    assert not is_news(change)


def test_several_causes_from_stored_results_are_one_part():
    old, new = results(months(record(0), 0, 20), other(1)), results(revised(0, 22, 1.5), SETTINGS, "2")
    change = compare(old, new)
    assert [part.causes for part in change.parts] == [("version", "revised", "periods", "settings")]
    assert change.new_periods == 2
    assert change.revised_periods == 5
    split = compare(old, new, refitting(old, revised(0, 22, 1.5), SETTINGS))
    assert [part.causes for part in split.parts] == [("version", "revised"), ("periods",), ("settings",)]
    assert fsum(part.effect for part in split.parts) == pytest.approx(change.effect.change, abs=1e-9)


def test_noise_of_new_months_is_the_difference_of_the_variances():
    old, new = results(months(record(1), 0, 20)), results(months(record(1), 0, 24))
    change = compare(old, new)
    assert change.rule == "new-data"
    assert change.effect.within == (abs(change.effect.change) <= change.effect.limit)
    same = compare(old, results(months(record(1), 0, 20), other(0)))
    assert same.rule == "one-se"


@pytest.mark.parametrize("confidence", [0.8, 0.95])
def test_one_standard_error_is_the_same_at_every_level_of_the_intervals(confidence: float):
    one = usual(1)
    lower, upper = normal_interval(one.effects[0].kept_up.estimate, 2.0, confidence)
    size = replace(one.effects[0].kept_up, lower=lower, upper=upper)
    new = replace(
        one, effects=(replace(one.effects[0], kept_up=size),), model=replace(one.model, confidence=confidence)
    )
    assert compare(one, new).effect.limit == pytest.approx(2.0)


def test_a_panel_is_cut_to_a_span_with_the_pharmacies_that_were_there():
    panel = months(record(2), 0, 24)
    recorded = panel.recorded.copy()
    recorded[3, :20] = False
    late = replace(panel, recorded=recorded)
    cut = cut_to(late, (panel.period_label(0), panel.period_label(19)))
    assert cut.n_periods == 20
    assert panel.pharmacies[3] not in cut.pharmacies
    assert cut_to(late, ("2030-01", "2030-05")) is None


def test_a_number_that_is_withheld_has_no_parts_and_all_that_differs_is_named():
    old, panel = usual(1), months(record(1), 0, 22)
    new = results(panel, other(0))
    kept = replace(new.effects[0], kept_up=replace(new.effects[0].kept_up, estimate=None, lower=None, upper=None))
    change = compare(old, replace(new, effects=(kept,), incremental=None), refitting(old, panel, other(0)))
    (part,) = change.parts
    assert (part.causes, part.effect, part.incremental) == (("periods", "settings"), None, None)
    assert change.effect.change is None
