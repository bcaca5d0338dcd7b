"""An experiment in the record: what promotion that was assigned at random brought while it was.

Pharmacies are compared with each other by :mod:`reportgen.model.experiment.readout`, given sales, growth and promotion
before: nothing of the market's model is needed, neither its lags nor its carry-over, and what happens to all
pharmacies at once falls out. What remains of an effect afterwards is the model's to say, and only where the record
goes on for ``LEAST_PERIODS`` since the assignment began: in fewer, persistence of sales passes for carry-over.

Where promotion was assigned in the whole record (no ``model.assigned``) the model itself is the readout.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import sqrt

import numpy as np

from reportgen.model.checks.rules import grade
from reportgen.model.experiment.assign import LEAST_PHARMACIES
from reportgen.model.experiment.readout import contrast, known_before
from reportgen.model.lmm.columns import Array
from reportgen.panel.grid import Booleans, MarketPanel
from reportgen.panel.periods import PER_YEAR, period_index
from reportgen.results import Balance, BalanceName, Check, Experiment, SizeWithError, Verdict, Withheld
from reportgen.settings.sections import Settings

LEAST_PERIODS = 6
"""Periods since the assignment began from which on the model may say what remains of an effect."""
LEAST_BEFORE = 4
OF_THE_DATA = frozenset({"balance", "entry-slips", "zero-months", "many-zeros"})
"""Checks that take the verdict from an experiment too; all others are of the model, which it does not need."""


def read_experiment(panel: MarketPanel, settings: Settings) -> Experiment | None:
    """What the assigned promotion of the first channel brought; None without one in this market's record."""
    span = _span(panel, settings)
    if span is None:
        return None
    first, last = span
    inside, before = slice(first, last + 1), slice(max(0, first - PER_YEAR[panel.period_type]), first)
    half = (before.start + first) // 2
    known = np.isfinite(panel.sales)
    there = known[:, before.start : half].any(axis=1) & known[:, half:first].any(axis=1)
    rows = np.flatnonzero(there & (known[:, inside].mean(axis=1) > 0.5))
    if len(rows) < LEAST_PHARMACIES:
        return None
    sales, promotion = panel.sales[rows], np.nan_to_num(panel.promotion[0][rows])
    size, growth, usual, scale = known_before(sales[:, before], promotion[:, before])
    given = promotion[:, inside].mean(axis=1)
    extra = given - usual
    if not np.ptp(extra) > 0.0 or not (more := _arm(extra, size)).any():
        return None
    found = contrast(np.nanmean(sales[:, inside], axis=1)[None], given, np.column_stack([size, growth, usual]), scale)
    reach = float(found.reach(settings.report.confidence)[0])
    units = float((extra[:, None] * known[rows, inside]).sum())
    return Experiment(
        channel=panel.channels[0],
        period=(panel.period_label(first), panel.period_label(last)),
        periods=last - first + 1,
        before=first,
        since=panel.n_periods - first,
        pharmacies=len(rows),
        more=int(more.sum()),
        effect=_sized(float(found.value[0]), float(found.se[0]), reach, 1.0),
        brought=_sized(float(found.value[0]), float(found.se[0]), reach, units),
        carry_over=panel.n_periods - first >= LEAST_PERIODS,
        balance=_balance(more, {"sales": size, "growth": growth, "promotion": usual}),
    )


def as_recorded(panel: MarketPanel, settings: Settings) -> Settings:
    """The settings without their experiment where it cannot be read in this record: then nothing in it is by lot."""
    if not settings.model.assigned or read_experiment(panel, settings) is not None:
        return settings
    return settings.model_copy(update={"model": settings.model.model_copy(update={"design": "observational"})})


def _span(panel: MarketPanel, settings: Settings) -> tuple[int, int] | None:
    """First and last column of the assignment; None where there is none in this record, or too little before it."""
    model = settings.model
    if model.design != "experiment" or not model.assigned:
        return None
    ends = [period_index(text, panel.period_type) for text in (model.assigned[0], model.assigned[-1])]
    if ends[0] is None or ends[1] is None:
        return None
    first, last = ends[0] - panel.first_period, ends[1] - panel.first_period
    return (first, last) if LEAST_BEFORE <= first <= last < panel.n_periods else None


def _sized(value: float, se: float, reach: float, units: float) -> SizeWithError:
    ends = sorted(((value - reach) * units, (value + reach) * units))
    return SizeWithError(estimate=value * units, se=se * abs(units), lower=ends[0], upper=ends[1])


def _arm(extra: Array, size: Array) -> Booleans:
    """Who got more: above the middle of the range, of units or of units by size, whichever parts them better."""
    best, found = -1.0, np.zeros(len(extra), dtype=bool)
    for values in (extra, extra / np.where(size > 0.0, size, 1.0)):
        above = values > (values.min() + values.max()) / 2.0
        if above.any() and not above.all():
            between = above.mean() * (1.0 - above.mean()) * (values[above].mean() - values[~above].mean()) ** 2
            if between / values.var() > best:
                best, found = float(between / values.var()), above
    return found


def _balance(more: Booleans, known: dict[BalanceName, Array]) -> tuple[Balance, ...]:
    """Means of both arms before, and whether the lot goes with sales or growth, usual promotion being equal."""
    x = np.column_stack([np.ones(len(more)), *known.values()])
    x = x / np.where(x.std(axis=0) > 0.0, x.std(axis=0), 1.0)
    inverse = np.linalg.pinv(x.T @ x)
    slopes = inverse @ x.T @ more
    left = more - x @ slopes
    noise = float(left @ left) / (len(more) - x.shape[1])
    rows = []
    for k, (name, values) in enumerate(known.items(), start=1):
        se, sd = sqrt(max(noise * float(inverse[k, k]), 0.0)), float(values.std())
        mine, others = float(values[more].mean()), float(values[~more].mean())
        rows.append(
            Balance(
                name=name,
                more=mine,
                others=others,
                difference=(mine - others) / sd if sd > 0.0 else 0.0,
                t=float(slopes[k]) / se if name != "promotion" and se > 0.0 else None,
            )
        )
    return tuple(rows)


def experiment_checks(found: Experiment | None) -> tuple[Check, ...]:
    """Whether the arms were alike before, and whether the record is long enough to show carry-over."""
    if found is None:
        return ()
    return (
        grade("balance", max((abs(one.t) for one in found.balance if one.t is not None), default=None)),
        grade("treated-time", float(found.since)),
    )


def by_lot(
    found: Experiment | None, verdict: Verdict, decided: Sequence[Withheld]
) -> tuple[Verdict, tuple[Withheld, ...]]:
    """The verdict that the experiment gives, and what is withheld of it: checks of the model decide nothing here."""
    if found is None:
        return verdict, tuple(decided)
    kept = tuple(one for one in decided if one.quantity != "works" or one.check in OF_THE_DATA)
    if any(one.quantity == "works" for one in kept):
        return verdict, kept
    if found.effect.lower > 0.0:
        return replace(verdict, code="works", reasons=("effect-positive",)), kept
    if found.effect.upper < 0.0:
        return replace(verdict, code="negative", reasons=("effect-negative",)), kept
    return replace(verdict, code="unclear", reasons=("interval-includes-zero",)), kept
