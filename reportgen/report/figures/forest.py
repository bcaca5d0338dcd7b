"""Coefficients on one scale, the promotion effect under other estimators, ordinary regression, and what-ifs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from reportgen.report.blocks import Chart, ChartTable, Value
from reportgen.report.figures.intervals import Interval, Reference, interval_chart
from reportgen.report.figures.kit import Kit
from reportgen.report.words.names import clean
from reportgen.results.derived.intervals import about_se, normal_interval

if TYPE_CHECKING:
    from reportgen.results import FixedEffect, MarketResults


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """One row of a forest, in response units (promotion effects: for ``Kit.step`` units of promotion)."""

    id: str
    label: str
    estimate: float
    lower: float | None
    upper: float | None
    se: float | None = None

    @property
    def spread(self) -> float | None:
        """The SE, or about one, for the digits that are printed."""
        return self.se or about_se(self.lower, self.upper)

    def times(self, factor: float) -> Estimate:
        """Return the same for ``factor`` units."""
        lower, upper, se = (None if v is None else v * factor for v in (self.lower, self.upper, self.se))
        return replace(self, estimate=self.estimate * factor, lower=lower, upper=upper, se=se)


def table_estimates(rows: tuple[Estimate, ...]) -> ChartTable:
    """Return one row per estimate."""
    values: tuple[tuple[Value, ...], ...] = tuple((r.id, r.estimate, r.lower, r.upper) for r in rows)
    return ChartTable(columns=("id", "estimate", "lower", "upper"), rows=values)


def _as_intervals(rows: tuple[Estimate, ...], kit: Kit, chosen: str = "") -> list[Interval]:
    f = kit.formats
    return [
        Interval(
            label=row.label,
            estimate=kit.shown(row.estimate),
            lower=None if row.lower is None else kit.shown(row.lower),
            upper=None if row.upper is None else kit.shown(row.upper),
            value=(f"{f.effect(row.estimate, row.spread)} ({f.effect_interval(row.lower, row.upper, row.se)})"),
            color="accent" if row.id == chosen or not chosen else "ink",
            bold=row.id == chosen,
        )
        for row in rows
    ]


def _zero(kit: Kit) -> Reference:
    return Reference(value=0.0, label=kit.say("no effect"))


# --- coefficients per standard deviation ------------------------------------------------------


def compute_coefficients(results: MarketResults, kit: Kit) -> tuple[Estimate, ...]:
    """Effect of one standard deviation of each column, largest first; without the intercept."""
    rows = [
        Estimate(
            id=row.term, label=kit.term(row.term), estimate=row.estimate, lower=row.lower, upper=row.upper, se=row.se
        )
        for one in results.fixed
        if (row := one.per_sd()) is not None
    ]
    return tuple(sorted(rows, key=lambda r: -abs(r.estimate)))


def chart_coefficients(results: MarketResults, kit: Kit, name: str = "forest") -> Chart | None:
    """Forest of the coefficients on a comparable scale."""
    rows = compute_coefficients(results, kit)
    if not rows or results.model is None:
        return None
    promotion = next((r for r in rows if r.id in results.model.promotion_terms), rows[0])
    drawn, tips = interval_chart(
        _as_intervals(rows, kit, promotion.id),
        kit,
        ticks=kit.effect_ticks,
        references=[_zero(kit)],
        heading=kit.say(
            "Change of sales for one standard deviation more, per pharmacy {per_period}", per_period=kit.per_period
        ),
    )
    f = kit.formats
    title = kit.say(
        "One standard deviation more promotion goes with {effect} in sales per pharmacy; "
        "the largest term is “{term}” with {largest}.",
        effect=f.effect(promotion.estimate, promotion.se, plus=True),
        term=rows[0].label,
        largest=f.effect(rows[0].estimate, rows[0].se, plus=True),
    )
    return kit.chart(
        name,
        drawn,
        title=title,
        tips=tips,
        table=table_estimates(rows),
        subtitle=kit.say("Fixed effects on one scale: coefficient times the standard deviation of its column"),
        foot=kit.foot(kit.uncertainty),
    )


# --- the promotion effect under other choices -------------------------------------------------


def compute_estimators(results: MarketResults, kit: Kit) -> tuple[Estimate, ...]:
    """Promotion effect of the chosen, plain and within models, and of the sensitivity runs."""
    if results.model is None or not results.model.promotion_terms:
        return ()
    term = results.model.promotion_terms[0]
    rows: list[Estimate] = []

    def add(identity: str, label: str, source: tuple[FixedEffect, ...]) -> None:
        # Another model may lack the term: it has no row then.
        row = next((r for r in source if r.term == term), None)
        if row is not None:
            rows.append(
                Estimate(id=identity, label=label, estimate=row.estimate, lower=row.lower, upper=row.upper, se=row.se)
            )

    add("model", kit.say("This report"), results.fixed)
    if results.plain is not None:
        add("plain", kit.say("Plain model, no correction"), results.plain.fixed)
    if results.within is not None:
        add("within", kit.say("Within pharmacies only"), results.within.fixed)
    for item in results.sensitivity:
        if item.estimate is not None:
            detail = clean(item.detail or "", 40)
            label = {
                "without-most-influential": kit.say("Without {pharmacy}", pharmacy=detail or "?"),
                "month-dummies": kit.by_period("With a term per calendar month", "With a term per calendar week"),
                "one-effect": kit.say("With one effect for all"),
            }.get(item.id, item.id)
            rows.append(Estimate(id=item.id, label=label, estimate=item.estimate, lower=item.lower, upper=item.upper))
    return tuple(row.times(kit.step) for row in rows) if len(rows) > 1 else ()


def chart_estimators(results: MarketResults, kit: Kit, name: str = "estimators") -> Chart | None:
    """Promotion effect under every choice made."""
    rows = compute_estimators(results, kit)
    if not rows:
        return None
    own = rows[0]
    references = [
        _zero(kit),
        Reference(value=kit.shown(own.estimate), label=kit.say("this report"), color="accent", dashed=True),
    ]
    drawn, tips = interval_chart(
        _as_intervals(rows, kit, "model"),
        kit,
        ticks=kit.effect_ticks,
        references=references,
        heading=kit.coefficient_unit,
    )
    f = kit.formats
    low, high = min(rows, key=lambda r: r.estimate), max(rows, key=lambda r: r.estimate)
    title = kit.say(
        "{what}: {low} to {high} in {count} ways of estimating it; this report uses {own}.",
        what=kit.coefficient,
        low=f.effect(low.estimate, own.se),
        high=f.effect(high.estimate, own.se),
        count=f.integer(len(rows)),
        own=f.effect(own.estimate, own.se),
    )
    return kit.chart(
        name,
        drawn,
        title=title,
        tips=tips,
        table=table_estimates(rows),
        foot=kit.foot(kit.uncertainty),
        subtitle=kit.say("{what}, for {dose} more, estimated in different ways", what=kit.coefficient, dose=kit.dose),
    )


# --- ordinary regression ----------------------------------------------------------------------


def compute_ordinary(results: MarketResults, kit: Kit) -> tuple[Estimate, ...]:
    """Promotion effect under ordinary regression and under the mixed model, same plain terms."""
    if results.ordinary is None or results.model is None:
        return ()
    row = next((t for t in results.ordinary.terms if t.term in results.model.promotion_terms), None)
    if row is None or row.mixed_se is None:
        return ()
    named = (
        ("ordinary", kit.say("Ordinary regression"), row.ols, row.ols_se),
        ("mixed", kit.say("Mixed model, same terms"), row.mixed, row.mixed_se),
    )
    made = []
    for name, label, estimate, se in named:
        lower, upper = normal_interval(estimate, se, kit.confidence)
        made.append(Estimate(id=name, label=label, estimate=estimate, lower=lower, upper=upper, se=se).times(kit.step))
    return tuple(made)


def chart_ordinary(results: MarketResults, kit: Kit, name: str = "ordinary") -> Chart | None:
    """What ignoring the pharmacies would have said."""
    rows = compute_ordinary(results, kit)
    if not rows:
        return None
    drawn, tips = interval_chart(
        _as_intervals(rows, kit, "mixed"),
        kit,
        ticks=kit.effect_ticks,
        references=[_zero(kit)],
        heading=kit.coefficient_unit,
    )
    f, (ols, mixed) = kit.formats, rows
    assert ols.se is not None and mixed.se is not None  # noqa: S101, PT018 - both rows are made with an SE
    title = kit.say(
        "Ordinary regression would say {ols} instead of {mixed}, with an interval {ratio} times as wide.",
        ols=f.effect(ols.estimate, ols.se),
        mixed=f.effect(mixed.estimate, mixed.se),
        ratio=f.decimal(ols.se / mixed.se if mixed.se else None, 2),
    )
    return kit.chart(
        name,
        drawn,
        title=title,
        tips=tips,
        table=table_estimates(rows),
        foot=kit.foot(kit.uncertainty),
        subtitle=kit.say(
            "{what}, for {dose} more, when pharmacies are ignored and when they are not",
            what=kit.coefficient,
            dose=kit.dose,
        ),
    )
