"""Copies of a market's rows drawn from its fit, as a frame."""

from __future__ import annotations

import numpy as np
import pandas as pd

from reportgen.errors import InputError, UsageError
from reportgen.model.bootstrap.replicates import Simulator
from reportgen.model.bootstrap.run import process_of
from reportgen.model.market.fit import MarketFit


def simulated(fit: MarketFit, copies: int, seed: int) -> pd.DataFrame:
    """See :meth:`MarketAnalysis.simulate`.

    Raises
    ------
    InputError
        Least squares is no model to draw from.
    UsageError
        No copies.
    """
    if copies < 1:
        raise UsageError("simulate: ask for one copy or more.", code="bad-number")
    if fit.rung == "pooled":
        raise InputError("A fit by least squares has no random effects to draw.", code="no-fit")
    frame = fit.frame
    simulator = Simulator(frame, process_of(fit, fit.fit))
    rng = np.random.default_rng([seed & 0xFFFFFFFF, 19])
    drawn = simulator.draw(rng.standard_normal((copies, *simulator.noise_shape)))[:, frame.group, frame.column]
    rows = len(frame.group)
    made = {
        "copy": np.repeat(np.arange(1, copies + 1), rows),
        "pharmacy": np.tile(np.array(frame.pharmacies, dtype=object)[frame.group], copies),
        "period": np.tile(np.array([frame.panel.period_label(int(k)) for k in frame.column], dtype=object), copies),
        "sales": frame.money(drawn, frame.group).reshape(-1),
    }
    return pd.DataFrame(made | {
        name: np.tile(frame.promotion[:, k], copies) for k, name in enumerate(frame.panel.channels)
    })  # fmt: skip
