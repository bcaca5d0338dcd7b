"""One market of a world through the product: what it prints, and what was true."""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from reportgen.model.analysis import analyse_market
from reportgen.model.market.bend import Shapes
from reportgen.panel.features import build_frame
from reportgen.panel.grid import MarketPanel
from reportgen.panel.slips import set_aside
from reportgen.results import MarketResults, Provenance
from reportgen.settings.sections import Settings
from worlds.draw import Draw, draw
from worlds.world import World

QUANTITIES = ("first", "kept", "incremental")
Row = dict[str, Any]
PROVENANCE = Provenance(
    package="", versions=(), source="simulation", data_hash="", settings_hash="", settings=(), seed=0, as_of=""
)


def settings_of(world: World) -> Settings:
    """The settings a user starts with, without forecasts: they touch no estimate and cost a quarter of the time."""
    model = {"forecast": 0, "response": world.response}
    return Settings.model_validate({"panel": {"period": "week" if world.weekly else "month"}, "model": model})


def seen_panel(world: World, drawn: Draw, seed: int) -> MarketPanel:
    """What the analysis sees of a draw."""
    panel = drawn.to_panel(f"{world.name} {seed}")
    return set_aside(panel) if world.set_aside else panel


def study(world: World, seed: int, settings: Settings | None = None, shapes: Shapes | None = None) -> Row:
    """Estimates, intervals and truth of one market, its verdict and its checks.

    ``shapes`` is what this and other markets agreed on of the response; None: the market is alone.
    """
    drawn, settings = draw(world, seed), settings or settings_of(world)
    panel = seen_panel(world, drawn, seed)
    before = time.process_time()
    results = analyse_market(panel, settings, PROVENANCE, shapes=shapes)
    seconds = time.process_time() - before
    frame = build_frame(panel, settings.model, settings.adstock)
    row: Row = {
        "world": world.name,
        "seed": seed,
        "status": results.status,
        "verdict": results.verdict.code,
        "reasons": " ".join(results.verdict.reasons),
        "warned": " ".join(check.id for check in results.checks if check.status in {"review", "fail"}),
        "failed": " ".join(check.id for check in results.checks if check.status == "fail"),
        "seconds": seconds,
    }
    row |= {f"value:{check.id}": check.value for check in results.checks}
    row |= {f"limit:{check.id}": check.threshold for check in results.checks}
    truth, printed = drawn.truth(frame.used), _printed(results)
    for name in QUANTITIES:
        row[f"{name}:truth"] = truth[name]
        for part, value in zip(("estimate", "lower", "upper"), printed[name], strict=True):
            row[f"{name}:{part}"] = np.nan if value is None else float(value)
    return row


def _printed(results: MarketResults) -> dict[str, tuple[float | None, float | None, float | None]]:
    """Estimate and interval of each quantity; None where it is not printed."""
    nothing = (None, None, None)
    first = results.impulse[0] if results.impulse else None
    kept, total = results.long_run, results.incremental
    return {
        "first": nothing if first is None else (first.effect, first.lower, first.upper),
        "kept": nothing if kept is None else (kept.estimate, kept.lower, kept.upper),
        "incremental": nothing if total is None else (total.total, total.lower, total.upper),
    }
