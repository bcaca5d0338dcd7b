"""When not to fit: reasons found before the likelihood is touched, with the column or count named."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from reportgen.panel.features import ModelFrame, build_frame
from reportgen.panel.grid import MarketPanel
from reportgen.results import Reason
from reportgen.settings.sections import Settings

LEAST_PHARMACIES = 8
LEAST_PERIODS = 6
"""Median usable periods per pharmacy."""
SAME = 1e-12
"""Relative spread under which a column counts as constant."""


def usable_frame(panel: MarketPanel, settings: Settings) -> tuple[ModelFrame, tuple[Reason, ...]]:
    """Frame of the channels that vary, and why each of the others is left out.

    A channel that no data could tell from the average costs only itself; where none varies all stay, and the market is
    refused with their reasons.
    """
    frame = build_frame(panel, settings.model, settings.adstock)
    idle = {reason.column: reason for reason in _idle_channels(frame)}
    kept = [k for k, channel in enumerate(panel.channels) if channel not in idle]
    if not idle or not kept:
        return frame, ()
    less = replace(panel, channels=tuple(panel.channels[k] for k in kept), promotion=panel.promotion[kept])
    return build_frame(less, settings.model, settings.adstock), tuple(idle.values())


def refusals(frame: ModelFrame) -> tuple[Reason, ...]:
    """Every reason not to fit this market, in the order a reader should hear them; empty: go on."""
    found: list[Reason] = []
    channels = frame.panel.channels
    if not channels:
        found.append(Reason(code="no-promotion", column="promotion"))
    n, groups = len(frame.response), len(frame.pharmacies)
    if n == 0:
        return (*found, *_too_small(frame), Reason(code="no-usable-rows", value=0.0))
    found += _too_small(frame)
    found += _bad_columns(frame)
    q = 1 + len(channels)
    columns = 1 + len(channels) + frame.lags.shape[1] + frame.controls.shape[1]
    if groups and n <= columns + q * groups and not found:
        found.append(Reason(code="too-few-rows", value=float(n), limit=float(columns + q * groups + 1)))
    return tuple(found)


def _too_small(frame: ModelFrame) -> list[Reason]:
    found = []
    groups = len(frame.pharmacies) or len(frame.panel.pharmacies)
    if groups < LEAST_PHARMACIES:
        found.append(Reason(code="too-few-pharmacies", value=float(groups), limit=float(LEAST_PHARMACIES)))
    if len(frame.response) == 0:
        return found
    sizes = np.bincount(frame.group, minlength=groups)
    if int(sizes.max()) == 1:
        found.append(Reason(code="one-row-per-pharmacy", value=1.0, limit=2.0))
    elif float(np.median(sizes)) < LEAST_PERIODS:
        found.append(Reason(code="too-few-months", value=float(np.median(sizes)), limit=float(LEAST_PERIODS)))
    return found


def _bad_columns(frame: ModelFrame) -> list[Reason]:
    found = []
    for name, values in (("sales", frame.response), ("lagged sales", frame.lags), ("controls", frame.controls)):
        if not np.isfinite(values).all():
            found.append(Reason(code="infinite-values", column=name))
    if _constant(frame.response):
        found.append(Reason(code="constant-response", column="sales", value=float(frame.response[0])))
    for k, channel in enumerate(frame.panel.channels):
        if not np.isfinite(frame.promotion[:, k]).all():
            found.append(Reason(code="infinite-values", column=channel))
    return found + _idle_channels(frame)


def _idle_channels(frame: ModelFrame) -> list[Reason]:
    """Channels that do not vary, or not within any pharmacy."""
    found = []
    for k, channel in enumerate(frame.panel.channels):
        values = frame.promotion[:, k]
        # Of all recorded cells, not of the rows alone: who looks at the table sees a channel vary that varies only
        # where rows are lost; the next rule takes it.
        recorded = frame.panel.promotion[k][frame.panel.recorded]
        recorded = recorded[np.isfinite(recorded)]
        if not np.isfinite(values).all():
            continue
        if _constant(recorded):
            value = float(recorded[0]) if recorded.size else None
            found.append(Reason(code="promotion-constant", column=channel, value=value))
        elif values.size and not _varies_within(frame, values):
            found.append(Reason(code="promotion-not-within", column=channel))
    return found


def _constant(values: np.ndarray) -> bool:
    return values.size == 0 or bool(np.ptp(values) <= SAME * np.max(np.abs(values)))


def _varies_within(frame: ModelFrame, values: np.ndarray) -> bool:
    counts = np.bincount(frame.group)
    means = np.bincount(frame.group, weights=values) / counts
    spread = np.max(np.abs(values - means[frame.group]))
    return bool(spread > 1e-9 * max(float(np.max(np.abs(values))), 1e-300))
