"""Write the simulated panels that R and Python both read: ``python tests/reference/simulate_panels.py``.

The panels are the default model of a market with known truth: pharmacies differ in size and
response, promotion is targeted at the larger ones, sales follow two lags, promotion carries over
with decay 0.5. Values are rounded before they are written, so every reader holds the same doubles;
lags are columns of the file, so no reader has to agree on how a lag is made.
"""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

DATA = Path(__file__).parent / "data"
PHI = (0.35, 0.15)
DECAY = 0.5


def simulate(
    seed: int,
    pharmacies: int,
    periods: int,
    slope_sd: float,
    *,
    channels: int = 1,
    intercept_sd: float = 30.0,
    missing: float = 0.0,
) -> tuple[list[str], list[list[str]]]:
    """Header and rows of one panel.

    ``slope_sd`` is in sales units per promotion unit (the residual SD is 10); ``missing`` is the
    share of rows dropped at random after the lags are made.
    """
    rng = np.random.default_rng(seed)
    size = rng.normal(0.0, 1.0, pharmacies)
    base = 100.0 + intercept_sd * size
    slope = 5.0 + slope_sd * rng.normal(size=(channels, pharmacies))
    level = 2.0 + 0.5 * size
    promotion = np.maximum(level[None, :, None] + rng.normal(0.0, 1.0, (channels, pharmacies, periods)), 0.0).round(2)
    adstock = np.zeros_like(promotion)
    adstock[..., 0] = promotion[..., 0]
    for t in range(1, periods):
        adstock[..., t] = promotion[..., t] + DECAY * adstock[..., t - 1]
    adstock = adstock.round(4)
    sales = np.empty((pharmacies, periods))
    noise = rng.normal(0.0, 10.0, (pharmacies, periods))
    drive = base[:, None] + (slope[..., None] * adstock).sum(axis=0) + noise
    sales[:, 0] = drive[:, 0] / (1 - sum(PHI))
    sales[:, 1] = drive[:, 1] / (1 - PHI[1]) + PHI[0] * sales[:, 0]
    for t in range(2, periods):
        sales[:, t] = drive[:, t] + PHI[0] * sales[:, t - 1] + PHI[1] * sales[:, t - 2]
    sales = sales.round(2)
    names = ["adstock"] if channels == 1 else [f"adstock{c + 1}" for c in range(channels)]
    header = ["pharmacy", "month", "sales", *names, "lag1", "lag2", "first", "mean_promotion"]
    mean = promotion[..., 2:].mean(axis=(0, 2)).round(4)
    rows = []
    for g in range(pharmacies):
        for t in range(2, periods):
            keep = rng.random() >= missing
            if keep:
                values = [sales[g, t], *adstock[:, g, t], sales[g, t - 1], sales[g, t - 2], sales[g, 1], mean[g]]
                rows.append([f"P{g:03d}", str(t + 1), *(repr(float(value)) for value in values)])
    return header, rows


PANELS = {
    "sim_slope_0": {"seed": 11, "pharmacies": 100, "periods": 12, "slope_sd": 0.0},
    "sim_slope_small": {"seed": 12, "pharmacies": 100, "periods": 12, "slope_sd": 0.5},
    "sim_slope_large": {"seed": 13, "pharmacies": 100, "periods": 12, "slope_sd": 2.0},
    "sim_long": {"seed": 14, "pharmacies": 60, "periods": 36, "slope_sd": 0.5},
    "sim_wide": {"seed": 15, "pharmacies": 200, "periods": 36, "slope_sd": 1.0, "missing": 0.5},
    "sim_missing": {"seed": 16, "pharmacies": 100, "periods": 12, "slope_sd": 2.0, "missing": 0.3},
    "sim_channels": {"seed": 17, "pharmacies": 100, "periods": 12, "slope_sd": 1.5, "channels": 2},
    "sim_singular": {"seed": 18, "pharmacies": 40, "periods": 10, "slope_sd": 0.0, "intercept_sd": 0.0},
}


def main() -> None:
    """Write every panel of ``PANELS``."""
    DATA.mkdir(exist_ok=True)
    for name, arguments in PANELS.items():
        header, rows = simulate(**arguments)  # type: ignore[arg-type]
        with (DATA / f"{name}.csv").open("w", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(header)
            writer.writerows(rows)


if __name__ == "__main__":
    main()
