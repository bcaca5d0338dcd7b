"""What a check decides: from a failed check to what may not be printed, in one table (METHODS 13).

A check that is at least as bad as its row says (``at``) withholds the quantities named there, everywhere: the numbers
become ``null`` in the results, so that no page, workbook, overview or program can print them, and ``withheld`` says
which check took them and under which sentence the first page tells it. ``works`` is the verdict: withheld, no market
is said to work (or to work against). The words of the sentences are the report's.

A new check needs a rule in :mod:`reportgen.model.checks.rules`, a row here if it decides, and two sentences in the
report: of the check, and of ``sentence`` below. A check of one channel (``Check.channel``) takes that channel's numbers
only; the totals are of all channels together and go with any of them.

Rejected: thresholds beside the checks that use them (a check's limit is its rule's; here is only what follows), and
numbers that are kept and marked (whoever reads the file prints them).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from reportgen.results import (
    BootstrapSummary,
    Calibration,
    ChannelEffect,
    Check,
    Comparison,
    EffectSize,
    Forecast,
    ForecastSum,
    LongRun,
    MarketResults,
    ModeratorEffects,
    PharmacyRow,
    PromotionEffects,
    Quantity,
    ResponseShape,
    Withheld,
)

EVERYTHING: tuple[Quantity, ...] = ("first-month", "decay", "in-all", "kept-up", "totals", "works")
EFFECT: tuple[Quantity, ...] = ("first-month", "in-all", "kept-up", "totals", "works")
"""Where the effect itself is in doubt, not only how it spreads over time."""
LONG_RUN: tuple[Quantity, ...] = ("in-all", "kept-up", "works")
"""Where sales do not show within the record what becomes of an effect."""
SPREAD: tuple[Quantity, ...] = ("first-month", "decay")
"""How an effect spreads over periods; errors that are correlated and carry-over are near substitutes."""


@dataclass(frozen=True, slots=True)
class Decision:
    """One row of the table: ``check`` decides where its status is ``at`` or worse."""

    check: str
    at: Literal["review", "fail"]
    withholds: tuple[Quantity, ...]
    sentence: str


TABLE: tuple[Decision, ...] = (
    Decision("convergence", "fail", EVERYTHING, "best-fit-not-proven"),
    Decision("second-optimum", "fail", EFFECT, "two-answers"),
    Decision("stationarity", "fail", (*LONG_RUN, "totals"), "sales-do-not-settle"),
    Decision("balance", "fail", EFFECT, "arms-differed"),
    Decision("treated-time", "fail", ("decay", "first-month", "in-all", "kept-up", "totals"), "treated-too-short"),
    Decision("calibration-gap", "fail", EFFECT, "experiment-disagrees"),
    Decision("entry-slips", "review", EFFECT, "values-out-of-line"),
    Decision("zero-months", "fail", EFFECT, "zeros-for-missing"),
    Decision("many-zeros", "fail", EFFECT, "mostly-zero"),
    Decision("scale", "fail", EFFECT, "other-scale"),
    Decision("effect-by-size", "fail", EFFECT, "effect-not-in-proportion"),
    Decision("lags", "fail", EVERYTHING, "longer-memory"),
    Decision("lead-placebo", "fail", EFFECT, "promotion-follows-sales"),
    Decision("carry-over-shape", "fail", EFFECT, "visits-foresee-sales"),
    Decision("correction-gap", "fail", EFFECT, "estimators-disagree"),
    Decision("seasonality", "fail", EFFECT, "season-not-separated"),
    Decision("common-campaigns", "fail", EFFECT, "campaigns-common"),
    Decision("few-territories", "fail", EFFECT, "few-territories"),
    Decision("unnamed-territories", "fail", EFFECT, "territories-left-out"),
    Decision("time-effects", "fail", EFFECT, "time-left-out"),
    Decision("pharmacy-trend", "fail", EFFECT, "growth-differs"),
    Decision("influence", "fail", ("works",), "one-pharmacy-decides"),
    Decision("verdict-without-most-influential", "fail", ("works",), "one-pharmacy-decides"),
    Decision("decay-edge", "fail", ("decay", *LONG_RUN), "carry-over-at-edge"),
    Decision("long-memory", "fail", LONG_RUN, "memory-too-long"),
    Decision("totals-in-range", "fail", ("totals", "works"), "totals-beyond-sales"),
    Decision("elasticity", "fail", ("in-all", "kept-up", "totals", "works"), "implausibly-large"),
    Decision("level-shifts", "fail", EFFECT, "levels-shift"),
    Decision("yearly-levels", "fail", (*LONG_RUN, "totals"), "levels-move"),
    Decision("promotion-follows-levels", "fail", EFFECT, "visits-follow-levels"),
    Decision("drift", "fail", ("first-month", "in-all", "kept-up"), "effect-drifts"),
    Decision("saturation", "review", ("totals",), "effect-flattens"),
    Decision("memory", "review", SPREAD, "memory-left"),
    Decision("autocorrelation", "review", SPREAD, "memory-left"),
    Decision("arellano-bond-m2", "fail", SPREAD, "memory-left"),
)
"""Every check that decides, the gravest first: the first page tells them in this order."""

_SEVERITY = {"not-run": 0, "pass": 0, "review": 1, "fail": 2}


def decisions(checks: Sequence[Check]) -> tuple[Withheld, ...]:
    """What these checks withhold, in the order of the table: one entry a check and quantity."""
    return tuple(
        Withheld(quantity=quantity, check=check.id, sentence=row.sentence, channel=check.channel)
        for row in TABLE
        for check in checks
        if check.id == row.check and _SEVERITY[check.status] >= _SEVERITY[row.at]
        for quantity in row.withholds
    )


def withhold(results: MarketResults) -> MarketResults:
    """Results without the numbers that ``results.withheld`` names; idempotent."""
    gone = results.withheld
    if not gone:
        return results
    channels = results.model.channels if results.model is not None else ()
    lost = {name: _lost(gone, name) for name in channels}
    first = lost[channels[0]] if channels else _lost(gone, None)
    decays = [one for one in (results.decay, *results.more_decays) if one is not None]
    kept = [one for one in decays if "decay" not in lost.get(one.channel, first)]
    leading = [one for one in kept if channels and one.channel == channels[0]]
    made = replace(
        results,
        forecast=None if any(one.check == "convergence" for one in gone) else results.forecast,
        decay=leading[0] if leading else None,
        more_decays=tuple(one for one in kept if one not in leading),
        effects=tuple(_effects(one, gone) for one in results.effects),
        long_run=None if results.long_run is None else _long_run(results.long_run, first),
        impulse=() if "first-month" in first else results.impulse,
        channels=tuple(_channel(one, lost.get(one.channel, first)) for one in results.channels),
        pharmacies=tuple(_pharmacy(row, first) for row in results.pharmacies),
        plain=_comparison(results.plain, first),
        within=_comparison(results.within, first),
        bootstrap=_bootstrap(results.bootstrap, results, lost, first),
        calibration=tuple(_calibration(one, lost.get(one.channel or "", first)) for one in results.calibration),
        moderators=tuple(_by_class(one, gone) for one in results.moderators),
        shapes=tuple(_shape(one, lost.get(one.channel, first)) for one in results.shapes),
        elasticity=None if any(one.quantity == "kept-up" for one in gone) else results.elasticity,
    )
    return _without_totals(made) if any(one.quantity == "totals" for one in gone) else made


def _lost(gone: Sequence[Withheld], channel: str | None) -> frozenset[Quantity]:
    """What one channel loses: what all lose, and its own."""
    return frozenset(one.quantity for one in gone if one.channel in (None, channel))


def _taken(gone: Sequence[Withheld], channel: str) -> dict[Quantity, str]:
    """Check that takes each quantity of one channel."""
    taken: dict[Quantity, str] = {}
    for item in gone:
        if item.channel in (None, channel):
            taken.setdefault(item.quantity, item.check)
    return taken


def _by_class(one: ModeratorEffects, gone: Sequence[Withheld]) -> ModeratorEffects:
    """Effects of classes go with those of the market; a test of classes without any effect says nothing."""
    classes = []
    for row in one.classes:
        taken = _taken(gone, row.channel)
        first, kept = _size(row.first_period, taken.get("first-month")), _size(row.kept_up, taken.get("kept-up"))
        classes.append(replace(row, first_period=first, kept_up=kept))
    told = [size for row in classes for size in (row.first_period, row.kept_up) if size.estimate is not None]
    made = replace(one, classes=tuple(classes))
    return made if told else replace(made, statistic=None, df=None, p=None)


def _effects(one: PromotionEffects, gone: Sequence[Withheld]) -> PromotionEffects:
    """The three effects of one channel, each without its numbers where a check took it, with the check's name."""
    taken = _taken(gone, one.channel)
    return replace(
        one,
        first_period=_size(one.first_period, taken.get("first-month")),
        in_all=_size(one.in_all, taken.get("in-all")),
        kept_up=_size(one.kept_up, taken.get("kept-up")),
    )


def _size(found: EffectSize, check: str | None) -> EffectSize:
    if check is None or found.withheld is not None:
        return found
    return EffectSize(estimate=None, lower=None, upper=None, withheld=check)


def _long_run(found: LongRun, lost: frozenset[Quantity]) -> LongRun:
    if "kept-up" in lost:
        found = replace(found, estimate=None, se=None, lower=None, upper=None, method="none", multiplier=None)
    if "in-all" in lost:
        found = replace(found, total_pulse=None)
    # A half-life is of the decay and of all that follows: without either it has nothing to be half of.
    return replace(found, half_life=None) if "decay" in lost or "in-all" in lost else found


def _channel(one: ChannelEffect, lost: frozenset[Quantity]) -> ChannelEffect:
    made = replace(one, long_run=_long_run(one.long_run, lost), impulse=() if "first-month" in lost else one.impulse)
    return replace(made, incremental=None, lower=None, upper=None, share=None) if "totals" in lost else made


_MEASURED: dict[str, Quantity] = {"kept-up": "kept-up", "first-month": "first-month", "incremental": "totals"}


def _calibration(one: Calibration, lost: frozenset[Quantity]) -> Calibration:
    """The experiment stays; what is combined with a number that is not given goes with it."""
    gone = _MEASURED[one.measures] in lost
    return replace(one, market=None, combined=None, weight=None) if gone else one


def _shape(one: ResponseShape, lost: frozenset[Quantity]) -> ResponseShape:
    """How the response flattens stays; what its levels bring goes with the effect kept up or the sums."""
    return replace(one, points=()) if lost & {"kept-up", "totals"} else one


def _pharmacy(row: PharmacyRow, lost: frozenset[Quantity]) -> PharmacyRow:
    return replace(row, long_run=None) if "kept-up" in lost else row


def _comparison(other: Comparison | None, lost: frozenset[Quantity]) -> Comparison | None:
    if other is None or "kept-up" not in lost:
        return other
    return replace(other, long_run=None, long_run_se=None)


def _bootstrap(
    found: BootstrapSummary | None,
    results: MarketResults,
    lost: dict[str, frozenset[Quantity]],
    first: frozenset[Quantity],
) -> BootstrapSummary | None:
    if found is None or results.model is None:
        return found
    named = dict(zip(results.model.promotion_terms, results.model.channels, strict=True))
    quantity: dict[str, Quantity] = {"long-run": "kept-up", "decay": "decay"}
    return replace(
        found,
        rows=tuple(
            row for row in found.rows if quantity.get(row.quantity) not in lost.get(named.get(row.term, ""), first)
        ),
    )


def _without_totals(results: MarketResults) -> MarketResults:
    """Without the sums over the record, which are of all channels together."""
    ordinary = results.ordinary
    return replace(
        results,
        forecast=None if results.forecast is None else _as_usual(results.forecast),
        incremental=None,
        what_if=(),
        roi=None,
        pharmacies=tuple(replace(row, incremental=None, incremental_share=None) for row in results.pharmacies),
        ordinary=None if ordinary is None else replace(ordinary, incremental_gap=None),
    )


def _as_usual(found: Forecast) -> Forecast:
    """What is to be expected stays; what the plan would add is a sum of effects and goes."""
    periods = tuple(
        replace(one, planned=None, planned_lower=None, planned_upper=None, planned_promotion=None)
        for one in found.periods
    )
    total = found.total
    usual = ForecastSum(estimate=total.estimate, lower=total.lower, upper=total.upper, year_before=total.year_before)
    return replace(found, periods=periods, total=usual)
