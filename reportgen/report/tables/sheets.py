"""Content of report.xlsx: tidy sheets, one fact a cell, numbers as numbers.

The workbook is for going on with the numbers, so nothing is rounded here; the number format of a
column is presentation and is chosen by kind. Names from data are cleaned as everywhere else.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from reportgen.report.narrative import trust
from reportgen.report.narrative.ahead.plan import ACTIONS, STAYS
from reportgen.report.narrative.beyond.experiment import measured
from reportgen.report.narrative.verdict import WORDS, status_label, verdict_line
from reportgen.report.words import quantities
from reportgen.report.words.checks import check_name
from reportgen.report.words.names import clean
from reportgen.report.words.terms import bootstrap_label, random_label, term_label, term_unit
from reportgen.report.words.writer import Writer, make_writer
from reportgen.results import EffectSize

if TYPE_CHECKING:
    from reportgen.results import FixedEffect, MarketResults
    from reportgen.settings.sections import Settings

Kind = Literal["text", "integer", "number", "money", "percent", "p"]
Value = str | int | float | None
EMPTY = EffectSize(estimate=None, lower=None, upper=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """Heading, kind of value, and width in characters."""

    heading: str
    kind: Kind = "number"
    width: int = 14


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """One tidy table; ``rows`` have one value per column."""

    name: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Value, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Workbook:
    """All sheets of one market, with the currency symbol and grouping its money cells use."""

    title: str
    date: str
    symbol: str
    indian_grouping: bool
    sheets: tuple[Sheet, ...]


def build_workbook(results: MarketResults, settings: Settings) -> Workbook:
    """Sheets of one market: summary, coefficients, pharmacies, months, forecast, checks."""
    settings = settings.for_market(results.market)
    w = make_writer(results, settings)
    sheets = (_summary(w), _coefficients(w), _pharmacies(w), _plan(w), _months(w), _forecast(w), _checks(w))
    return Workbook(
        title=f"{clean(results.market)} · {w.say(clean(settings.report.title))}",
        date=results.provenance.as_of,
        symbol=w.formats.symbol if w.formats.currency else "",
        indian_grouping=settings.report.locale.endswith("_IN"),
        sheets=tuple(sheet for sheet in sheets if sheet.rows),
    )


def _summary(w: Writer) -> Sheet:
    results, verdict = w.results, verdict_line(w)
    data = results.data
    rows: list[tuple[Value, ...]] = [
        (w.say("Market"), clean(results.market), None, None, None),
        (w.say("Verdict"), verdict.word, None, None, None),
        (w.say("In a sentence"), verdict.sentence, None, None, None),
        (w.say("Status"), status_label(w), None, None, None),
        (w.say("First period"), data.period[0], None, None, None),
        (w.say("Last period"), data.period[1], None, None, None),
        (w.say("Pharmacies"), None, data.pharmacies, None, None),
        (w.say("Rows read"), None, data.rows_read, None, None),
        (w.say("Rows used"), None, data.rows_used, None, None),
    ]
    rows += _effects(w)
    if results.incremental is not None and results.incremental.total is not None:
        brought = results.incremental
        rows.append((w.say("Incremental sales"), w.formats.currency, brought.total, brought.lower, brought.upper))
        rows.append(
            (w.say("Incremental share of sales"), None, brought.share, brought.share_lower, brought.share_upper)
        )
    for item in results.channels:
        label = f"{w.say('Incremental sales')}: {clean(item.channel)}"
        rows.append((label, w.formats.currency, item.incremental, item.lower, item.upper))
    rows += _outside(w)
    if results.roi is not None:
        rows.append((w.say("Return on promotion"), None, results.roi.roi, results.roi.lower, results.roi.upper))
    columns = (
        Column(heading=w.say("Quantity"), kind="text", width=38),
        Column(heading=w.say("Text"), kind="text", width=46),
        Column(heading=w.say("Value"), width=18),
        Column(heading=w.say("Lower limit"), width=18),
        Column(heading=w.say("Upper limit"), width=18),
    )
    return Sheet(name=w.say("Summary"), columns=columns, rows=tuple(rows))


def _outside(w: Writer) -> list[tuple[Value, ...]]:
    """What was assigned by lot brought, and experiments with what they say together with the market."""
    rows: list[tuple[Value, ...]] = []
    if (found := w.results.experiment) is not None:
        period = w.formats.period_range(*found.period)
        size = found.effect
        rows.append((w.say("Experiment, {period}", period=period), w.per_unit, size.estimate, size.lower, size.upper))
    for one in w.results.calibration:
        period = w.formats.period_range(*one.period)
        for label, held in (
            (w.say("Experiment, {period}", period=period), one.experiment),
            (w.say("Together"), one.combined),
        ):
            if held is not None:
                rows.append((f"{measured(w, one)}: {label}", None, held.estimate, held.lower, held.upper))
    return rows


def _effects(w: Writer) -> list[tuple[Value, ...]]:
    """The three effects of every channel, and the coefficient, under their names."""
    rows: list[tuple[Value, ...]] = []
    model = w.results.model
    for k, one in enumerate(w.results.effects):
        verdict = w.results.channels[k].verdict if k < len(w.results.channels) else None
        name = clean(one.channel)
        if verdict is not None:
            rows.append((f"{w.say('Verdict')}: {name}", w.say(WORDS[verdict.code][0]), None, None, None))
        unit = term_unit(w, one.term)
        for label, found in (
            (quantities.first_period(w), one.first_period),
            (w.say(quantities.IN_ALL), one.in_all),
            (w.say(quantities.KEPT_UP), one.kept_up),
        ):
            rows.append((f"{label} ({unit})", name, found.estimate, found.lower, found.upper))
        if (shape := w.results.shape_of(one.channel)) is not None:
            rows.append((w.say("Usual promotion, where one more brings that"), name, shape.usual, None, None))
        row = next((row for row in w.results.fixed if row.term == one.term), None)
        if row is not None and model is not None and model.normalize:
            label = f"{quantities.coefficient(w, model)} ({unit})"
            rows.append((label, term_label(w, row.term), row.estimate, row.lower, row.upper))
    return rows


def _coefficients(w: Writer) -> Sheet:
    results = w.results
    models: list[tuple[str, tuple[FixedEffect, ...]]] = [(w.say("This report"), results.fixed)]
    if results.plain is not None:
        models.append((w.say("Plain"), results.plain.fixed))
    if results.within is not None:
        models.append((w.say("Within pharmacies"), results.within.fixed))
    rows: list[tuple[Value, ...]] = [
        (
            name,
            row.term,
            term_label(w, row.term),
            row.estimate,
            row.se,
            row.df,
            row.statistic,
            row.p,
            row.lower,
            row.upper,
        )
        for name, table in models
        for row in table
    ]
    spread = w.say("Standard deviation")
    rows += [
        (spread, item.term, random_label(w, item.term), item.sd, None, None, None, None, item.lower, item.upper)
        for item in results.variances
    ]
    if results.bootstrap is not None:
        rows += [
            (
                w.say("Bootstrap"),
                item.term,
                bootstrap_label(w, item),
                item.estimate,
                item.se,
                None,
                None,
                None,
                item.lower,
                item.upper,
            )
            for item in results.bootstrap.rows
        ]
    columns = (
        Column(heading=w.say("Model"), kind="text", width=20),
        Column(heading=w.say("In the formula"), kind="text", width=22),
        Column(heading=w.say("Term"), kind="text", width=34),
        Column(heading=w.say("Estimate")),
        Column(heading=w.say("SE")),
        Column(heading="df"),
        Column(heading="t"),
        Column(heading="p", kind="p"),
        Column(heading=w.say("Lower limit")),
        Column(heading=w.say("Upper limit")),
    )
    return Sheet(name=w.say("Coefficients"), columns=columns, rows=tuple(rows))


def _pharmacies(w: Writer) -> Sheet:
    rows = tuple(
        (
            clean(row.pharmacy), row.rows, row.sales_mean, row.promotion_mean, row.total_slope, row.lower, row.upper,
            row.long_run, row.slope, row.slope_se, row.intercept, row.intercept_se, row.reliability,
            row.expected_rank, row.incremental, row.incremental_share, row.cooks_d, row.effect_without,
        )
        for row in w.results.pharmacies
    )  # fmt: skip
    money: Kind = "number" if w.log else "money"
    columns = (
        Column(heading=w.say("Pharmacy"), kind="text", width=24),
        Column(heading=w.say("Rows"), kind="integer", width=8),
        Column(heading=w.say("Mean sales"), kind="money"),
        Column(heading=w.say("Mean promotion")),
        Column(heading=quantities.coefficient(w, w.results.model), kind=money),
        Column(heading=w.say("Lower limit"), kind=money),
        Column(heading=w.say("Upper limit"), kind=money),
        Column(heading=w.say(quantities.KEPT_UP), kind=money),
        Column(heading=w.say("Deviation of the effect"), kind=money),
        Column(heading=w.say("SE")),
        Column(heading=w.say("Deviation of the level"), kind=money),
        Column(heading=w.say("SE")),
        Column(heading=w.say("Reliability"), kind="percent"),
        Column(heading=w.say("Expected rank, 0-100")),
        Column(heading=w.say("Incremental sales"), kind="money", width=18),
        Column(heading=w.say("Incremental share of sales"), kind="percent"),
        Column(heading=w.say("Cook’s distance")),
        Column(heading=w.say("Market effect without it"), kind=money),
    )
    return Sheet(name=w.say("Pharmacies"), columns=columns, rows=rows)


def _plan(w: Writer) -> Sheet:
    plan = w.results.plan
    rows: list[tuple[Value, ...]] = []
    for row in plan.rows if plan is not None else ():
        kept, gain = row.effect or EMPTY, row.gain or EMPTY
        rows.append((
            clean(row.pharmacy), w.say(ACTIONS[row.action]), row.now, row.next, kept.estimate, kept.lower, kept.upper,
            gain.estimate, gain.lower, gain.upper, w.say(STAYS[row.reason]) if row.reason else "",
        ))  # fmt: skip
    money: Kind = "number" if w.log else "money"
    limits = (w.say("Lower limit"), w.say("Upper limit"))
    columns = (
        Column(heading=w.say("Pharmacy"), kind="text", width=24),
        Column(heading=w.say("Action"), kind="text"),
        Column(heading=w.say("Now")),
        Column(heading=w.say("Next")),
        Column(heading=w.say(quantities.KEPT_UP), kind=money),
        *(Column(heading=limit, kind=money) for limit in limits),
        Column(heading=w.say("Change of sales"), kind="money"),
        *(Column(heading=limit, kind="money") for limit in limits),
        Column(heading=w.say("Why it stays"), kind="text", width=30),
    )
    return Sheet(name=w.say("The plan"), columns=columns, rows=tuple(rows))


def _months(w: Writer) -> Sheet:
    months = w.results.incremental.months if w.results.incremental is not None else ()
    rows: tuple[tuple[Value, ...], ...] = tuple(
        (m.period, m.pharmacies, m.sales, m.without, m.without_lower, m.without_upper, m.incremental) for m in months
    )
    monthly = w.results.charts.monthly
    if not rows and monthly is not None:
        series = zip(monthly.periods, monthly.pharmacies, monthly.sales_total, strict=True)
        rows = tuple((period, count, total, None, None, None, None) for period, count, total in series)
    columns = (
        Column(heading=w.say("Period"), kind="text"),
        Column(heading=w.say("Pharmacies"), kind="integer"),
        Column(heading=w.say("Sales"), kind="money", width=18),
        Column(heading=w.say("Without promotion"), kind="money", width=18),
        Column(heading=w.say("Lower limit"), kind="money", width=18),
        Column(heading=w.say("Upper limit"), kind="money", width=18),
        Column(heading=w.say("Incremental sales"), kind="money", width=18),
    )
    return Sheet(name=w.by_period("Months", "Weeks"), columns=columns, rows=rows)


def _forecast(w: Writer) -> Sheet:
    periods = w.results.forecast.periods if w.results.forecast is not None else ()
    rows = tuple(
        (
            one.period, one.estimate, one.lower, one.upper, one.planned, one.planned_lower, one.planned_upper,
            one.year_before, one.promotion, one.planned_promotion,
        )
        for one in periods
    )  # fmt: skip
    lower, upper = w.say("Lower limit"), w.say("Upper limit")
    columns = (
        Column(heading=w.say("Period"), kind="text"),
        Column(heading=w.say("As usual"), kind="money", width=18),
        Column(heading=lower, kind="money", width=18),
        Column(heading=upper, kind="money", width=18),
        Column(heading=w.say("As planned"), kind="money", width=18),
        Column(heading=lower, kind="money", width=18),
        Column(heading=upper, kind="money", width=18),
        Column(heading=w.say("A year before"), kind="money", width=18),
        Column(heading=w.say("Promotion as usual")),
        Column(heading=w.say("Promotion as planned")),
    )
    return Sheet(name=w.by_period("Next months", "Next weeks"), columns=columns, rows=rows)


def _checks(w: Writer) -> Sheet:
    rows = tuple(
        (
            check_name(w, w.results, check), check.id, trust.status_word(w, check.status), check.value, check.threshold,
            trust.rule(w, check), trust.advice(w, check),
        )
        for check in w.results.checks
    )  # fmt: skip
    columns = (
        Column(heading=w.say("Check"), kind="text", width=28),
        Column(heading=w.say("Code"), kind="text", width=30),
        Column(heading=w.say("Result"), kind="text"),
        Column(heading=w.say("Value")),
        Column(heading=w.say("Limit")),
        Column(heading=w.say("Rule"), kind="text", width=60),
        Column(heading=w.say("What it means"), kind="text", width=60),
    )
    return Sheet(name=w.say("Checks"), columns=columns, rows=rows)
