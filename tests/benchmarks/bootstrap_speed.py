"""Time of the parametric bootstrap of one market; writes results/bootstrap_speed.md.

``python tests/benchmarks/bootstrap_speed.py``

CPU seconds of one thread, once each. Every copy is rebuilt through the recursion and estimated again; its decay is held
or estimated again, too. The last rows compare the copies' decays with a full search on the same rows.
"""

from __future__ import annotations

import os
import time
from dataclasses import replace

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np

from problems import written
from reportgen.model.bootstrap import run as bootstrap
from reportgen.model.bootstrap.replicates import Simulator
from reportgen.model.market.decay import estimate_decay
from reportgen.model.market.fit import MarketFit, fit_market
from reportgen.model.market.quality import slope_test
from reportgen.panel import transforms
from reportgen.panel.features import build_frame
from reportgen.panel.simulate import MarketSpec, simulate_panel
from reportgen.settings.sections import Settings

TITLE = """# Parametric bootstrap

`python tests/benchmarks/bootstrap_speed.py`, CPU time of one thread.

| Market | What | Replicates | Seconds | Failed |
|---|---|---:|---:|---:|
"""


def market(pharmacies: int, periods: int) -> MarketFit:
    """A simulated market, fitted."""
    settings = Settings()
    panel = simulate_panel(MarketSpec(pharmacies=pharmacies, periods=periods), np.random.default_rng(1))
    return fit_market(build_frame(panel, settings.model, settings.adstock), settings)


def decay_errors(fitted: MarketFit, copies: int = 10) -> float:
    """Largest difference of the copies' decays to a full search, in standard errors of the decay."""
    simulator = Simulator(fitted.frame, bootstrap._process(fitted, fitted.fit))
    noise = np.random.default_rng(0).standard_normal((copies, *simulator.noise_shape))
    responses = simulator.draw(noise)
    made = bootstrap.Copies(fitted.frame, fitted.terms, fitted.fit, responses)
    ours, _ = bootstrap._decays(fitted, made, True)
    used, worst = simulator.used, 0.0
    for k, response in enumerate(responses):
        lags = np.column_stack([transforms.lag(response, lag)[used] for lag in simulator.lags])
        frame = replace(fitted.frame, response=response[used], lags=lags)
        worst = max(worst, abs(ours[k, 0] - estimate_decay(frame, fitted.terms).estimates[0]))
    assert fitted.decay_fit is not None
    return worst / (fitted.decay_fit.se[0] or np.nan)


def main() -> None:
    rows = []
    for pharmacies, periods in ((200, 36), (60, 24)):
        fitted = market(pharmacies, periods)
        for estimated in (False, True):
            start = time.process_time()
            draws = bootstrap.bootstrap_market(fitted, 500, np.random.default_rng(1), estimate_decays=estimated)
            what = "decay estimated again" if estimated else "decay held"
            seconds = time.process_time() - start
            rows.append(f"| {pharmacies}×{periods} | {what} | 500 | {seconds:.2f} | {draws.failed} |")
    few = market(15, 36)
    test = slope_test(few)
    assert test is not None
    start = time.process_time()
    found = bootstrap.bootstrap_slope_test(few, test, np.random.default_rng(1))
    seconds = time.process_time() - start
    rows.append(f"| 15×36 | slope test of few pharmacies | {found.replicates} | {seconds:.2f} | 0 |")
    lines = [
        f"Largest difference of 10 copies' decays to a full search, {g}×{t}, in standard errors: "
        f"{decay_errors(market(g, t)):.4f}."
        for g, t in ((200, 36), (60, 24))
    ]
    written("bootstrap_speed", TITLE + "\n".join([*rows, "", *lines]) + "\n")


if __name__ == "__main__":
    main()
