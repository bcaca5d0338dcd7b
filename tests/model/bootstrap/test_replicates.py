"""Copies of a market whose territories share errors: the variance and the correlation that the process says."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from model_problems import settings, small_panel
from reportgen.model.bootstrap.replicates import Simulator
from reportgen.model.bootstrap.run import process_of
from reportgen.model.market.fit import fit_market
from reportgen.panel.features import build_frame
from reportgen.panel.grid import make_panel


def simulator(together: float) -> Simulator:
    panel = small_panel(2, pharmacies=16, periods=20)
    names = tuple(f"T{k % 3}" for k in range(16))
    made = settings(panel={"territory": "t"}, model={"time": "periods"})
    named = make_panel("M", panel.sales, panel.promotion[0], territories=names)
    market = fit_market(build_frame(named, made.model, made.adstock), made)
    return Simulator(market.frame, replace(process_of(market, market.fit), together=together))


@pytest.mark.parametrize("together", [0.0, 0.1, 0.6])
def test_pharmacies_of_a_territory_share_errors_as_far_as_theprocess_of_says(together: float) -> None:
    drawn = simulator(together)
    noise = np.random.default_rng(5).standard_normal((4_000, 16, 3))
    errors = drawn._errors(noise)[:, :, 0]
    found = np.corrcoef(errors.T)
    same = np.arange(16)[:, None] % 3 == np.arange(16) % 3
    off = ~np.eye(16, dtype=bool)
    assert errors.std() == pytest.approx(1.0, abs=0.02)
    assert found[same & off].mean() == pytest.approx(together, abs=0.02)
    assert found[~same].mean() == pytest.approx(0.0, abs=0.02)
    assert drawn._errors(noise) is noise or together > 0.0
