"""Three more demo tables, one market each: a response that flattens, two channels, an experiment.

Each asks for settings that hold for a whole project, so none can stand in the table of ten markets
(:mod:`reportgen.panel.simulate`). Sales follow the model with a known truth, which the data dictionary states:

    y_it = c + a_i + sum_k (beta_k + b_i) f_k(A_ikt) + .35 y_i,t-1 + .15 y_i,t-2 + e_it
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from reportgen.panel.curves import ResponseCurve
from reportgen.panel.grid import Floats
from reportgen.panel.periods import period_label
from reportgen.panel.simulate import DEMO_SEED, _recursion
from reportgen.panel.transforms import adstock

if TYPE_CHECKING:
    import pandas as pd

DemoKind = Literal["saturating", "channels", "experiment"]
PHI = (0.35, 0.15)
BURN_IN, PERIODS, FIRST = 60, 36, 2021 * 12
CURVE = ResponseCurve(kind="hill", scale=6.0, usual=6.0)
"""Half of all there is to have is had at six visits a month."""
ASSIGNED = ("2023-05", "2023-12")
MORE = 3
"""Visits a month that half of the pharmacies got by lot in these months."""

DRAWS = {"saturating": 3}
"""Which draw is kept: alone a market hardly tells one curve from another (of four draws three gave the true one)."""
SETTINGS: Mapping[DemoKind, Mapping[str, object]] = {
    "saturating": {"model.shape": "saturating"},
    "channels": {"panel.promotion": ["visits", "samples"]},
    "experiment": {"model.design": "experiment", "model.assigned": list(ASSIGNED)},
}
"""What each asks for, beside the settings of every demo."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Demo:
    """A table and what is true of it.

    ``table`` market, pharmacy, month, sales and the channels; ``kept_up`` money of one more unit kept up, by channel
    (at mean promotion); ``total`` what promotion brought from the third month on.
    """

    table: pd.DataFrame
    kept_up: dict[str, float]
    total: float


def make_demo(kind: DemoKind) -> Demo:
    """Draw one of them, the same each time."""
    rng = np.random.default_rng([DEMO_SEED + DRAWS.get(kind, 0), 100 + len(kind)])
    if kind == "channels":
        visits = _visits(rng, 60, 5.0, 1.3)
        samples = _visits(rng, 60, 8.0, 2.0)
        parts = [("visits", visits, 800.0, 0.6, None), ("samples", samples, 350.0, 0.2, None)]
        return _sold(rng, "IN-HP", parts, 42_000.0)
    if kind == "saturating":
        # Spread wide: without months of little and of much promotion no curve is to be seen.
        level = 6.0 * np.exp(0.6 * rng.standard_normal((80, 1)) - 0.18)
        visits = rng.poisson(level * np.exp(0.3 * rng.standard_normal((80, BURN_IN + PERIODS)))).astype(np.float64)
        return _sold(rng, "IN-UP", [("promotion", visits, 900.0, 0.5, CURVE)], 40_000.0)
    visits = _visits(rng, 80, 5.0, 1.2)
    lot = rng.permutation(np.arange(80) % 2 == 0)
    begins = BURN_IN + 28
    visits[lot, begins:] += MORE
    return _sold(rng, "IN-AS", [("promotion", visits, 800.0, 0.5, None)], 45_000.0)


def write_demos(folder: Path) -> None:
    """Write the three tables as CSV, byte for byte the same each time."""
    for kind in SETTINGS:
        made = make_demo(kind)
        made.table.to_csv(folder / f"demo_{kind}.csv", index=False, lineterminator="\n", encoding="utf-8")


def _visits(rng: np.random.Generator, pharmacies: int, mean: float, spread: float) -> Floats:
    level = np.maximum(mean + spread * rng.standard_normal((pharmacies, 1)), 0.5)
    return np.asarray(rng.poisson(np.broadcast_to(level, (pharmacies, BURN_IN + PERIODS))), dtype=np.float64)


def _sold(
    rng: np.random.Generator, market: str, parts: Sequence[tuple[str, Floats, float, float, ResponseCurve | None]],
    baseline: float,
) -> Demo:  # fmt: skip
    """Sales of a market whose channels are (name, units, effect, decay, curve)."""
    import pandas as pd

    size = len(parts[0][1])
    rest = 1.0 - sum(PHI)
    drive = baseline * rest + 4_000.0 * rng.standard_normal((size, 1))
    drive = drive + 2_000.0 * rng.standard_normal((size, BURN_IN + PERIODS))
    bare = drive.copy()
    for _, units, effect, decay, curve in parts:
        slope = effect + 0.25 * effect * rng.standard_normal((size, 1))
        stock, before = adstock(units, decay), units.copy()
        # Without promotion from the third month on: what was given before goes on working.
        before[:, BURN_IN + 2 :] = 0.0
        left = adstock(before, decay)
        bend = (lambda held: held) if curve is None else curve.bend
        drive = drive + slope * bend(stock)
        bare = bare + slope * bend(left)
    sales, without = (_recursion(one, PHI)[:, BURN_IN:] for one in (drive, bare))
    labels = [period_label(FIRST + t, "month") for t in range(PERIODS)]
    prefix = market.rpartition("-")[2]
    table = pd.DataFrame(
        {
            "market": market,
            "pharmacy": np.repeat([f"{prefix}-{i + 1:03d}" for i in range(size)], PERIODS),
            "month": labels * size,
            "sales": np.rint(sales).astype(np.int64).ravel(),
            **{name: units[:, BURN_IN:].astype(np.int64).ravel() for name, units, *_ in parts},
        }
    )
    kept = {
        name: effect / rest * (1.0 if curve is None else float(curve.slope(units[:, BURN_IN:].mean())))
        for name, units, effect, _, curve in parts
    }
    return Demo(table=table, kept_up=kept, total=float((sales - without)[:, 2:].sum()))
