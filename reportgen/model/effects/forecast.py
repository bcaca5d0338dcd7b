"""The forecast of a market: draws of the next periods, summed over pharmacies."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from reportgen.model.effects.impact import market_generator
from reportgen.model.effects.incremental import percentile_limits
from reportgen.model.effects.sales_ahead import Ahead, draw_ahead, going_on
from reportgen.model.lmm.columns import Array
from reportgen.model.market.fit import MarketFit
from reportgen.panel.features import ModelFrame
from reportgen.panel.periods import PER_YEAR
from reportgen.results import Forecast, ForecastPeriod, ForecastSum, PharmacyAhead, Plan
from reportgen.settings.sections import Settings

DRAWS = 1000
KEPT = 6
"""Periods of the record whose sales are kept by pharmacy, at least: what a later run scores promises by."""


def forecast(market: MarketFit, settings: Settings, plan: Plan | None = None) -> Forecast | None:
    """The next ``model.forecast`` periods; ``None`` where none are asked for or no pharmacy goes on.

    A plan that is recommended stands beside them: each pharmacy's promotion changed by the share that it says.
    """
    periods, frame = settings.model.forecast, market.frame
    factor = _factor(frame, plan)
    if not periods or not len(going_on(frame)):
        return None
    rng = market_generator(settings, frame.panel.market, "forecast")
    ahead = draw_ahead(market, periods, DRAWS, rng, factor=factor)
    usual = ahead.usual.sum(axis=1)
    planned = None if ahead.planned is None else ahead.planned.sum(axis=1)
    confidence = settings.report.confidence
    rows = _periods(frame, ahead, usual, planned, factor, confidence)
    total = _total(usual.sum(axis=1), None if planned is None else planned.sum(axis=1), confidence)
    before = [row.year_before for row in rows if row.year_before is not None]
    return Forecast(
        periods=rows,
        total=replace(total, year_before=sum(before) if len(before) == len(rows) else None),
        usual=ahead.rule,
        movement=ahead.movement,
        draws=len(usual),
        ended=len(frame.pharmacies) - len(ahead.groups),
        recent_periods=_labels(frame, _recent(frame, periods)),
        pharmacies=_pharmacies(frame, ahead, periods),
    )


def _factor(frame: ModelFrame, plan: Plan | None) -> Array | None:
    """Promotion under the plan over that as usual, (c, G); None where nothing is recommended.

    A share and no number of units: one cannot take from a period without any, and the plan's total would not be kept.
    """
    if plan is None or plan.outcome != "recommended" or plan.channel not in frame.panel.channels:
        return None
    shares = {row.pharmacy: row.next / row.now for row in plan.rows if row.next is not None and row.now}
    factor = np.ones((len(frame.panel.channels), len(frame.pharmacies)))
    factor[frame.panel.channels.index(plan.channel)] = [shares.get(name, 1.0) for name in frame.pharmacies]
    return factor


def _periods(
    frame: ModelFrame, ahead: Ahead, usual: Array, planned: Array | None, factor: Array | None, confidence: float
) -> tuple[ForecastPeriod, ...]:
    end = frame.panel.n_periods
    rows = []
    for k in range(usual.shape[1]):
        lower, upper = percentile_limits(usual[:, k], confidence)
        promotion = ahead.promotion[:, k]
        row = ForecastPeriod(
            period=frame.panel.period_label(end + k),
            estimate=float(usual[:, k].mean()), lower=lower, upper=upper,
            planned=None, planned_lower=None, planned_upper=None,
            year_before=_year_before(frame, ahead, k),
            promotion=float(promotion.mean()), planned_promotion=None,
        )  # fmt: skip
        if planned is not None and factor is not None:
            low, high = percentile_limits(planned[:, k], confidence)
            row = replace(
                row, planned=float(planned[:, k].mean()), planned_lower=low, planned_upper=high,
                planned_promotion=float((promotion * factor[0, ahead.groups]).mean()),
            )  # fmt: skip
        rows.append(row)
    return tuple(rows)


def _total(usual: Array, planned: Array | None, confidence: float) -> ForecastSum:
    lower, upper = percentile_limits(usual, confidence)
    made = ForecastSum(estimate=float(usual.mean()), lower=lower, upper=upper)
    if planned is None:
        return made
    (low, high), (least, most) = percentile_limits(planned, confidence), percentile_limits(planned - usual, confidence)
    return replace(
        made, planned=float(planned.mean()), planned_lower=low, planned_upper=high,
        gain=float((planned - usual).mean()), gain_lower=least, gain_upper=most,
        loss=float(np.mean(planned < usual)),
    )  # fmt: skip


def _year_before(frame: ModelFrame, ahead: Ahead, k: int) -> float | None:
    """Sales of the same pharmacies a year earlier; an unknown one is the pharmacy's last known before it."""
    end, year = frame.panel.n_periods, PER_YEAR[frame.panel.period_type]
    column = end + k - year * (1 + k // year)
    sales = frame.panel.sales[frame.grid_rows][ahead.groups]
    past = sales[:, : (column if column >= 0 else end - 1) + 1]
    known = np.isfinite(past)
    place = np.where(known, np.arange(past.shape[1]), -1).max(axis=1)
    if np.mean(place >= 0) < 1.0:
        return None
    return float(past[np.arange(len(past)), place].sum())


def _recent(frame: ModelFrame, periods: int) -> range:
    end = frame.panel.n_periods
    return range(max(end - max(KEPT, 2 * periods), 0), end)


def _labels(frame: ModelFrame, columns: range) -> tuple[str, ...]:
    return tuple(frame.panel.period_label(column) for column in columns)


def _pharmacies(frame: ModelFrame, ahead: Ahead, periods: int) -> tuple[PharmacyAhead, ...]:
    sales = frame.panel.sales[frame.grid_rows][ahead.groups][:, list(_recent(frame, periods))]
    expected = ahead.usual.mean(axis=0)
    return tuple(
        PharmacyAhead(
            pharmacy=frame.pharmacies[int(group)],
            expected=tuple(map(float, expected[row])),
            recent=tuple(float(value) if np.isfinite(value) else None for value in sales[row]),
        )
        for row, group in enumerate(ahead.groups)
    )
