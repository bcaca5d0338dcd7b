"""The numbers of the charts on slides, as the results hold them, with the place of each."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from reportgen.report.slides.deck import Look, NativeChart, Series, Tone
from reportgen.report.words import quantities
from reportgen.report.words.names import clean, told_apart
from reportgen.report.words.phrases import mark
from reportgen.results.derived.kept_up import coefficients, shown_effects, shows_kept_up
from reportgen.results.derived.standing import standings

if TYPE_CHECKING:
    from reportgen.report.slides.deck import Unit
    from reportgen.report.words.phrases import Phrases
    from reportgen.report.words.writer import Writer
    from reportgen.results import ForecastPeriod, IncrementalMonth

MOST_BARS = 16
"""Pharmacies in one chart; of more, both ends."""
NAME = 26
"""Letters of a name on a slide."""
_TONES: dict[int, Tone] = {1: "above", 0: "", -1: "below"}


def effects_of_pharmacies(w: Writer, *, hollow: bool) -> NativeChart | None:
    """Effects of pharmacies with their intervals, highest first: all, or the half of a chart at each end."""
    kept_up = shows_kept_up(w.results) and not w.results.shapes
    found = shown_effects(w.results) if kept_up else coefficients(w.results)
    rows = [
        (one, clean(row.pharmacy), side)
        for one, row, side in zip(found, w.results.pharmacies, standings(w.results), strict=True)
        if None not in (one.estimate, one.lower, one.upper)
    ]
    rows.sort(key=lambda one: (-(one[0].estimate or 0.0), one[1]))
    if not rows:
        return None
    if len(rows) > MOST_BARS:
        rows = [*rows[: MOST_BARS // 2], *rows[-MOST_BARS // 2 :]]
    what = w.say(quantities.KEPT_UP) if kept_up else quantities.coefficient(w, w.results.model)
    names = [name for _, name, _ in rows]
    bars = Series(
        name=what,
        values=tuple(_drawn(w, one.estimate) for one, _, _ in rows),
        lower=tuple(_drawn(w, one.lower) for one, _, _ in rows),
        upper=tuple(_drawn(w, one.upper) for one, _, _ in rows),
        places=tuple(one.place for one, _, _ in rows),
        fields=("estimate" if kept_up else "total_slope", "lower", "upper"),
        tones=tuple(_TONES[side] for _, _, side in rows),
    )
    message = mark("Bars: {what} of {count} pharmacies with {level} intervals, highest first: {names}.")
    title = f"{what}, {w.formats.symbol if not w.log else '%'} {w.per_unit}"
    made = interval_bars(w, bars, names, message, title=title, level=w.level, unit="percent" if w.log else "money")
    return replace(made, hollow=hollow)


def interval_bars(
    w: Phrases, bars: Series, names: list[str], message: str, *, title: str, level: str, unit: Unit
) -> NativeChart:
    """Bars with intervals, one a name, highest first; ``message`` says that to who cannot see them."""
    alt = w.say(
        message, what=bars.name, count=w.formats.integer(len(names)), level=level, names=", ".join(names[:3])
    )  # fmt: skip
    categories = told_apart(names, lambda name: clean(name, NAME))
    return NativeChart(kind="bars", title=title, alt=alt, categories=categories, series=(bars,), unit=unit)


def months(w: Writer) -> NativeChart | None:
    """Sales of the market by period and what they would have been without promotion; then what is to be expected."""
    found = w.results.incremental.months if w.results.incremental is not None else ()
    if not found:
        return sales(w)
    ahead = w.results.forecast.periods if w.results.forecast is not None else ()
    level, past, coming = w.formats.level(w.confidence), "incremental.months", "forecast.periods"
    lower, upper = w.say("Lower limit ({level})", level=level), w.say("Upper limit ({level})", level=level)
    lines: list[tuple[str, str, str, Look]] = [
        (past, "sales", w.say("Sales"), "main"),
        (past, "without", w.say("Without promotion"), "muted"),
    ]
    if not ahead:
        lines += [(past, "without_lower", lower, "limit"), (past, "without_upper", upper, "limit")]
    else:
        lines += [
            (coming, "estimate", w.say("Expected as usual"), "coming"),
            (coming, "lower", lower, "limit"),
            (coming, "upper", upper, "limit"),
        ]
        if any(one.planned is not None for one in ahead):
            lines.append((coming, "planned", w.say("Expected as planned"), "planned"))
    rows: list[tuple[str, int, IncrementalMonth | ForecastPeriod]] = [
        *((past, k, one) for k, one in enumerate(found)),
        *((coming, k, one) for k, one in enumerate(ahead)),
    ]
    return NativeChart(
        kind="lines",
        title=w.say("Sales of the market {per_period}, {currency}", per_period=w.per_period, currency=w.formats.symbol),
        alt=w.say("Lines: sales of the market by period, and the estimate of sales without promotion."),
        categories=tuple(w.formats.period(one.period) for _, _, one in rows),
        series=tuple(
            Series(
                name=name,
                # Of months to come there are no sales yet, and of past ones no forecast.
                values=tuple(getattr(one, field) if part == own else None for part, _, one in rows),
                places=tuple(f"{part}.{k}" if part == own else "" for part, k, _ in rows),
                fields=(field,),
                look=look,
            )
            for own, field, name, look in lines
        ),
        unit="money",
    )


def sales(w: Writer) -> NativeChart | None:
    """Sales of the market by period, as read."""
    monthly = w.results.charts.monthly
    if monthly is None or not monthly.periods:
        return None
    return NativeChart(
        kind="lines",
        title=w.say("Sales of the market {per_period}, {currency}", per_period=w.per_period, currency=w.formats.symbol),
        alt=w.say("Line: sales of the market by period, as read."),
        categories=tuple(w.formats.period(period) for period in monthly.periods),
        series=(
            Series(
                name=w.say("Sales"),
                values=monthly.sales_total,
                places=tuple(f"charts.monthly.sales_total.{k}" for k in range(len(monthly.periods))),
                fields=("",),
            ),
        ),
        unit="money",
    )


def _drawn(w: Writer, value: float | None) -> float | None:
    """Effect of the promotion that a report speaks of, as it is written: money, or a share."""
    return None if value is None else w.formats.effect_value(value * w.step)
