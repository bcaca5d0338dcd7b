"""Where foresight makes an effect out of nothing, the correlation that would explain it is the true one."""

from __future__ import annotations

import numpy as np
import pytest

from model_problems import changed_panel, settings, small_panel
from reportgen.model.checks.foresight import foresight
from reportgen.model.market.fit import fit_market
from reportgen.model.rows import fixed_rows
from reportgen.panel.features import build_frame

DECAY = 0.5


def fitted(foreseen: float, effect: float, reacts: float = 0.0):
    """Many pharmacies; a month's visits have correlation ``foreseen`` with what is unforeseeable in its sales, and
    ``reacts`` with that of the month before."""
    rng = np.random.default_rng(11)
    shape = (200, 30)
    error = rng.standard_normal(shape)
    last = np.roll(error, 1, axis=1)
    rest = np.sqrt(1.0 - foreseen**2 - reacts**2) * rng.standard_normal(shape)
    dose = 6.0 + 1.5 * (foreseen * error + reacts * last + rest)
    stock = np.zeros(shape)
    sales = np.zeros(shape)
    level = 100.0 + 10.0 * rng.standard_normal(200)
    for t in range(30):
        stock[:, t] = (1.0 - DECAY) * dose[:, t] + (DECAY * stock[:, t - 1] if t else 0.0)
        past = 0.4 * sales[:, t - 1] if t else level
        sales[:, t] = level + past + effect * stock[:, t] + 4.0 * error[:, t]
    chosen = settings(model={"lags": [1]}, adstock={"decay": DECAY})
    panel = changed_panel(small_panel(1, pharmacies=200, periods=30), sales=sales, promotion=dose)
    market = fit_market(build_frame(panel, chosen.model, chosen.adstock), chosen)
    return market, fixed_rows(market, 0.95)[market.index("Adstock_Promotion")]


@pytest.mark.parametrize("foreseen", [0.2, 0.4])
def test_an_effect_of_foresight_alone_needs_the_foresight_there_was(foreseen):
    market, row = fitted(foreseen, effect=0.0)
    found = foresight(market, row)
    assert found.correlation == pytest.approx(foreseen, abs=0.05)
    assert 0.0 < found.correlation_at_limit < found.correlation


def test_promotion_that_reacts_to_last_period_is_what_can_be_seen():
    """Next period's visits go with this period's error by .3; nothing is foreseen."""
    quiet, reacting = (foresight(*fitted(0.0, 2.0, reacts=reacts)).observed for reacts in (0.0, 0.3))
    assert abs(quiet) < 0.04
    assert reacting == pytest.approx(0.3, abs=0.05)


def test_a_larger_effect_needs_stronger_foresight():
    weak, strong = (foresight(*fitted(0.0, effect)) for effect in (1.0, 3.0))
    assert 2.0 < strong.correlation / weak.correlation < 4.0


def test_an_effect_that_may_be_nothing_needs_none():
    assert foresight(*fitted(0.0, effect=0.0)) is None
