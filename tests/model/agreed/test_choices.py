"""Scale and lags that all markets choose together."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from reportgen.model.agreed.choices import choose, chosen, market_gains, open_settings
from reportgen.settings.sections import Settings

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

from worlds.draw import draw
from worlds.world import World

AUTO = Settings.model_validate({"model": {"lags": "auto", "response": "auto"}})


def panels(count: int = 3, **world: object):
    made = World(name="choices", pharmacies=40, **world)
    return {str(k): draw(made, k).to_panel(str(k)) for k in range(count)}


def together(markets, settings=AUTO):
    return choose(
        lambda made, setting: {key: market_gains(panel, made, setting) for key, panel in markets.items()}, settings
    )


def test_the_plain_world_keeps_level_and_two_lags() -> None:
    scale, lags = together(panels())
    assert (scale.setting, scale.chosen, scale.markets) == ("response", "level", 3)
    assert (lags.setting, lags.chosen) == ("lags", "1, 2")
    assert max(lags.gains) < 0.0
    assert "1, 2, 12" in lags.rivals


def test_a_world_of_proportions_gets_logarithms() -> None:
    found = together(panels(log=True, beta=0.0225, sd_slope=0.0075, sigma=0.05))
    assert found[0].chosen == "log"
    assert found[0].gains[0] > 10.0
    assert chosen(AUTO, found).model.response == "log"


def test_memory_of_a_year_gets_the_lag_of_a_year() -> None:
    found = together(panels(phi=((1, 0.25), (2, 0.1), (12, 0.3))))
    assert found[1].chosen == "1, 2, 12"
    assert chosen(AUTO, found).model.lags == (1, 2, 12)


def test_a_market_too_short_for_a_set_takes_it_from_all() -> None:
    markets = panels(2, phi=((1, 0.25), (2, 0.1), (12, 0.3))) | {"short": panels(1, periods=14)["0"]}
    assert all("12" not in rival for rival in together(markets)[1].rivals)


def test_what_the_user_has_set_stays() -> None:
    settings = Settings.model_validate({"model": {"lags": [1], "response": "auto"}})
    assert open_settings(settings) == ("response",)
    assert settings.settled({"lags": "1, 2, 3", "response": "log"}).model.lags == (1,)


@pytest.mark.parametrize("lags", ["some", 0, [0], [1, 1]])
def test_other_words_and_numbers_are_refused(lags: object) -> None:
    with pytest.raises(ValueError, match="lags"):
        Settings.model_validate({"model": {"lags": lags}})
