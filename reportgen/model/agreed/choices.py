"""Scale and lags of sales, once for all markets of a run (``model.response``, ``model.lags`` = "auto").

Each market is asked what the checks of rival models ask it: the gain in deviance of sales over a pharmacy's size and of
logarithms over money, with the Jacobian, and of longer sets of lags, on identical rows, at its own decay. Gains are
summed, those of lags less BIC's price (Schwarz 1978). A set of lags that some market is too short for is no candidate:
lags are one for all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import fsum, log
from typing import Literal

import numpy as np

from reportgen.model.checks.rivals import lag_gains, scale_gains
from reportgen.model.market.fit import MarketFit, fit_market
from reportgen.model.market.refusals import refusals, usable_frame
from reportgen.model.prospects import BREAKDOWNS
from reportgen.panel.grid import MarketPanel
from reportgen.results import SettingChoice
from reportgen.settings.sections import Settings

Setting = Literal["response", "lags"]
Gains = Mapping[str, float]
"""Rival -> gain in deviance over what is set, less its price."""
MOST_LOST = 0.01
"""Share of rows without a logarithm (sales of zero or less) beyond which logarithms are no candidate."""
Ask = Callable[[Settings, Setting], Mapping[str, Gains | None]]
"""Asks every market; the answers by its code, None where it cannot be estimated."""


def market_gains(panel: MarketPanel, settings: Settings, setting: Setting) -> Gains | None:
    """One market's gains; ``None`` where it cannot be estimated."""
    frame, _ = usable_frame(panel, settings)
    if refusals(frame):
        return None
    try:
        market = fit_market(frame, settings)
        return _gains_of(market, setting)
    except BREAKDOWNS:
        return None


def _gains_of(market: MarketFit, setting: Setting) -> Gains:
    if setting == "lags":
        return {
            ", ".join(map(str, (*market.terms.lag_periods, *further))): gain - len(further) * log(rows)
            for further, gain, rows in lag_gains(market)
        }
    lost = float(np.mean(market.frame.sales <= 0.0)) > MOST_LOST
    return {scale: gain for scale, gain in scale_gains(market).items() if scale != "log" or not lost}


def choose(ask: Ask, settings: Settings) -> tuple[SettingChoice, ...]:
    """What the markets together ask for, of the settings that are ``auto``: the scale first, lags on that scale."""
    made: list[SettingChoice] = []
    for setting in open_settings(settings):
        answers = [gains for gains in ask(chosen(settings, made), setting).values() if gains is not None]
        rivals = [name for name in (answers[0] if answers else ()) if all(name in gains for gains in answers)]
        gains = {name: fsum(answer[name] for answer in answers) for name in rivals}
        best = max(gains, key=lambda name: gains[name], default=None)
        begun = "level" if setting == "response" else ", ".join(map(str, settings.model.lag_periods))
        made.append(
            SettingChoice(
                setting=setting,
                chosen=best if best is not None and gains[best] > 0.0 else begun,
                begun=begun,
                rivals=tuple(gains),
                gains=tuple(gains.values()),
                markets=len(answers),
            )
        )
    return tuple(made)


def choose_alone(panel: MarketPanel, settings: Settings) -> tuple[SettingChoice, ...]:
    """What one market asks for, where the others of the run are not asked."""
    return choose(lambda made, setting: {panel.market: market_gains(panel, made, setting)}, settings)


def open_settings(settings: Settings) -> tuple[Setting, ...]:
    """Settings that the markets decide."""
    asked: dict[Setting, object] = {"response": settings.model.response, "lags": settings.model.lags}
    return tuple(setting for setting, value in asked.items() if value == "auto")


def chosen(settings: Settings, choices: Sequence[SettingChoice]) -> Settings:
    """The settings with what was chosen in the place of ``auto``."""
    return settings.settled({choice.setting: choice.chosen for choice in choices})
