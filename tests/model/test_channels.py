"""Several promotion channels: decays and slopes of each against a known truth, results of each and of all."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pytest

from reportgen.model.analysis import analyse_market
from reportgen.model.market.decay import DecayLikelihood
from reportgen.model.market.fit import MarketFit, fit_market
from reportgen.panel.features import build_frame
from reportgen.panel.grid import MarketPanel, make_panel
from reportgen.panel.transforms import adstock
from reportgen.results import MarketResults, Provenance, from_json, to_json
from reportgen.settings.sections import Settings

DECAYS, EFFECTS, SPREADS = (0.6, 0.2, 0.4), (900.0, 500.0, 700.0), (250.0, 150.0, 200.0)
PROVENANCE = Provenance(
    package="0", versions=(), source="s", data_hash="0", settings_hash="0", settings=(), seed=1, as_of="2024-01-01"
)


def channel_panel(channels: int, pharmacies: int = 100, periods: int = 30, seed: int = 1) -> MarketPanel:
    """Sales with lags .35 and .15, driven by ``channels`` independent Poisson channels."""
    rng, warm = np.random.default_rng(seed), 40
    dose = rng.poisson(5.0, (channels, pharmacies, warm + periods)).astype(float)
    drive = 20_000.0 + 4_000.0 * rng.standard_normal((pharmacies, 1)) + 2_500.0 * rng.standard_normal(dose.shape[1:])
    for k in range(channels):
        slope = EFFECTS[k] + SPREADS[k] * rng.standard_normal((pharmacies, 1))
        drive += slope * adstock(dose[k], DECAYS[k])
    sales = np.empty_like(drive)
    for t in range(warm + periods):
        sales[:, t] = drive[:, t]
        for lag, weight in ((1, 0.35), (2, 0.15)):
            sales[:, t] += weight * (sales[:, t - lag] if t >= lag else 40_000.0)
    names = ("calls", "mail", "samples")[:channels]
    return make_panel("M", sales[:, warm:], dose[:, :, warm:], channels=names)


@lru_cache(maxsize=4)
def fitted(channels: int) -> MarketFit:
    settings = Settings()
    return fit_market(build_frame(channel_panel(channels), settings.model, settings.adstock), settings)


@lru_cache(maxsize=2)
def analysed(channels: int) -> MarketResults:
    return analyse_market(channel_panel(channels), Settings(), PROVENANCE)


@pytest.mark.parametrize("channels", [2, 3])
def test_decays_and_slopes_are_those_of_the_simulation(channels):
    market = fitted(channels)
    assert market.certified
    assert market.rung == "correlated"
    assert market.fit.psi.shape == (channels + 1, channels + 1)
    for k in range(channels):
        assert abs(market.decays[k] - DECAYS[k]) < 3.0 * market.decay_fit.se[k]
        assert market.decay_fit.se[k] < 0.1
        place = market.index(market.terms.promotion[k])
        se = float(np.sqrt(market.covariance.values[place, place]))
        assert abs(market.fit.beta[place] - EFFECTS[k]) < 3.0 * se
        assert np.sqrt(market.fit.psi[k + 1, k + 1]) == pytest.approx(SPREADS[k], abs=150.0)


@pytest.mark.parametrize("channels", [2, 3])
def test_the_ascent_ends_on_top(channels):
    market = fitted(channels)
    likelihood = DecayLikelihood(market.frame, market.terms)
    best = np.array(market.decays)
    moves = [step for k in range(channels) for step in (np.eye(channels)[k] * 1e-3, -np.eye(channels)[k] * 1e-3)]
    top, *around = likelihood([tuple(best), *(tuple(best + move) for move in moves)])
    assert max(around) < top
    ups, downs = np.array(around[::2]), np.array(around[1::2])
    np.testing.assert_allclose((ups - downs) / (2.0 * top - ups - downs), 0.0, atol=0.05)  # within 2.5e-5 of it


def test_results_have_every_channel():
    found = analysed(2)
    assert found.fit.certified
    assert found.model.random_terms == ("Intercept", "Adstock_Calls", "Adstock_Mail")
    assert (found.decay.channel, found.more_decays[0].channel) == ("calls", "mail")
    assert [one.channel for one in found.channels] == ["calls", "mail"]
    assert found.channels[0].long_run == found.long_run
    assert found.channels[0].impulse == found.impulse
    for one, truth in zip(found.channels, EFFECTS, strict=False):
        assert one.long_run.lower < truth / 0.5 < one.long_run.upper
        assert one.lower < one.incremental < one.upper
    assert from_json(to_json(found)) == found


def test_channels_add_up_to_what_all_brought():
    found = analysed(2)
    assert sum(one.incremental for one in found.channels) == pytest.approx(found.incremental.total, rel=1e-9)
    assert sum(one.share for one in found.channels) == pytest.approx(found.incremental.share, rel=1e-9)
    assert found.channels[0].upper - found.channels[0].lower < found.incremental.upper


def test_one_channel_is_not_listed_again():
    panel = channel_panel(1, pharmacies=15, periods=14)
    assert analyse_market(panel, Settings(), PROVENANCE).channels == ()


@pytest.mark.parametrize("kind", ["zero", "constant", "between"])
def test_a_channel_that_does_not_vary_costs_only_itself(kind):
    panel = channel_panel(2, pharmacies=30, periods=24)
    fixed = {"zero": 0.0, "constant": 4.0, "between": np.arange(30.0)[:, None]}[kind]
    promotion = np.concatenate([np.zeros((1, 30, 24)) + fixed, panel.promotion])
    wider = make_panel("M", panel.sales, promotion, channels=("tv", *panel.channels))
    found = analyse_market(wider, Settings(), PROVENANCE)
    alone = analyse_market(panel, Settings(), PROVENANCE)
    assert found.status in {"ok", "singular"}
    assert found.model.channels == ("calls", "mail")
    (reason,) = found.data.channels_left_out
    assert reason.column == "tv"
    assert reason.code == ("promotion-not-within" if kind == "between" else "promotion-constant")
    assert found.fixed == alone.fixed


def test_a_market_whose_channels_all_stand_still_is_refused_for_each():
    panel = channel_panel(2, pharmacies=30, periods=24)
    still = make_panel("M", panel.sales, np.full((2, 30, 24), 3.0), channels=panel.channels)
    found = analyse_market(still, Settings(), PROVENANCE)
    assert found.status == "not-estimable"
    assert [reason.column for reason in found.reasons] == ["calls", "mail"]


def test_each_channel_has_its_own_verdict():
    found = analysed(2)
    assert [one.verdict.code in {"works", "works-unevenly"} for one in found.channels] == [True, True]
    assert found.verdict.code in {"works", "works-unevenly"}
