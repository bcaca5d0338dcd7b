"""The search for a shared decay on profiles whose sum is known, and what a market makes of it."""

from __future__ import annotations

import numpy as np
import pytest

from reportgen.model.agreed.decay import SharedDecay, market_profile, search_shared_decay
from reportgen.model.analysis import analyse_market
from reportgen.model.market.decay import HIGHEST
from reportgen.model.market.fit import fit_market
from reportgen.panel.features import build_frame
from reportgen.panel.simulate import MarketSpec, simulate_panel
from reportgen.results import Provenance
from reportgen.settings.sections import Settings
from reportgen.settings.statistics import AdstockSettings

PROVENANCE = Provenance(
    package="0", versions=(), source="s", data_hash="0", settings_hash="0", settings=(), seed=1, as_of="2024-01-01"
)


def parabolas(centres, se):
    """Profiles -(d - centre)^2 / (2 se^2) of as many markets as there are centres."""

    def evaluate(decays):
        return {str(k): tuple(-0.5 * ((d - c) / se) ** 2 for d in decays) for k, c in enumerate(centres)}

    return evaluate


@pytest.mark.parametrize("markets", [1, 30, 3000])
def test_maximum_and_interval_of_summed_parabolas(markets):
    centres = np.random.default_rng(1).normal(0.47, 0.05, markets)
    found = search_shared_decay(parabolas(centres, 0.08), 0.95)
    se = 0.08 / np.sqrt(markets)
    assert found.estimate == pytest.approx(centres.mean(), abs=1e-3 * se)
    assert found.lower == pytest.approx(centres.mean() - 1.96 * se, abs=2e-3 * se)
    assert found.upper == pytest.approx(centres.mean() + 1.96 * se, abs=2e-3 * se)
    assert found.se == pytest.approx(se, rel=2e-3)
    assert found.markets == markets
    assert not found.at_edge
    assert max(point.loglik_ml for point in found.support) == pytest.approx(0.0, abs=0.2)
    assert found.support[0].loglik_ml == pytest.approx(-5.5, abs=0.1)


@pytest.mark.parametrize(("centre", "end"), [(-0.2, 0.0), (1.3, HIGHEST)])
def test_maximum_at_an_end_of_the_range(centre, end):
    found = search_shared_decay(parabolas([centre], 0.3), 0.95)
    assert found.estimate == pytest.approx(end, abs=1e-9)
    assert found.at_edge
    assert end in (found.lower, found.upper)
    assert found.se is None
    assert found.as_fit(2).covariance is None


def test_markets_without_a_profile_count_in_no_sum():
    calls = []

    def evaluate(decays):
        calls.append(decays)
        late = None if len(calls) > 1 else tuple(-100.0 * (d - 0.9) ** 2 for d in decays)
        return {**parabolas([0.4], 0.1)(decays), "never": None, "at first": late}

    found = search_shared_decay(evaluate, 0.95)
    assert found.markets == 1
    assert found.estimate == pytest.approx(0.4, abs=1e-4)
    assert search_shared_decay(lambda _: {"never": None}, 0.95) is None
    assert search_shared_decay(lambda _: {}, 0.95) is None


def test_no_market_left_in_a_later_round_is_no_decay():
    calls = []

    def evaluate(decays):
        calls.append(decays)
        return parabolas([0.4], 0.02)(decays) if len(calls) == 1 else {"0": None}

    assert search_shared_decay(evaluate, 0.95) is None


def test_several_channels_move_together():
    found = search_shared_decay(parabolas([0.4], 0.05), 0.95)
    both = found.as_fit(2)
    assert both.estimates == (found.estimate, found.estimate)
    assert np.array(both.covariance) == pytest.approx(np.full((2, 2), found.se**2))
    assert (len(found.as_fit(1).support), len(both.support)) == (len(found.support), 0)


def test_a_market_that_cannot_be_estimated_has_no_profile():
    settings = Settings()
    constant = simulate_panel(MarketSpec(pharmacies=12, periods=14, constant_promotion=True), np.random.default_rng(1))
    assert market_profile(constant, settings, (0.2, 0.5)) is None
    good = simulate_panel(MarketSpec(pharmacies=12, periods=14), np.random.default_rng(1))
    assert len(market_profile(good, settings, (0.2, 0.5))) == 2


def test_the_shared_decay_leaves_less_uncertain_than_an_own_one_and_more_than_a_known_one():
    settings = Settings(adstock=AdstockSettings(scope="all"))
    panel = simulate_panel(MarketSpec(pharmacies=30, periods=20), np.random.default_rng(3))
    frame = build_frame(panel, settings.model, settings.adstock)
    own = fit_market(frame, settings)
    shared = search_shared_decay(parabolas([own.decays[0]], 0.5 * own.decay_fit.se[0]), 0.95)
    assert isinstance(shared, SharedDecay)
    together = fit_market(frame, settings, decay_fit=shared.as_fit(1), source="shared")
    known = fit_market(frame, settings, decays=(shared.estimate,), source="shared")
    se = [float(np.sqrt(one.covariance.values[1, 1])) for one in (known, together, own)]
    assert se[0] < se[1] < se[2]
    found = analyse_market(panel, settings, PROVENANCE, shared_decay=shared)
    assert (found.decay.estimate, found.model.decay_source) == (shared.estimate, "shared")
    assert found.decay.lower == shared.lower
