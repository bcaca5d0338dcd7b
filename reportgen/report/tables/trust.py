"""Tables of trust: checks, sensitivity, ordinary regression."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reportgen.report.blocks import Cell, Column, Row, Table
from reportgen.report.narrative import trust
from reportgen.report.tables.cells import NONE, effect, effect_span, interval_label, number, text
from reportgen.report.words import quantities
from reportgen.report.words.checks import check_name, limit_text, value_text
from reportgen.report.words.names import clean
from reportgen.report.words.terms import term_label, term_unit

if TYPE_CHECKING:
    from reportgen.report.words.writer import Writer

_SEVERITY = {"fail": 0.0, "review": 1.0, "pass": 2.0, "not-run": 3.0}


def checks(w: Writer) -> Table | None:
    """The check list: rule, value, threshold, status in word and shape, advice."""
    if not w.results.checks:
        return None
    rows = tuple(
        Row(
            cells=(
                text(check_name(w, w.results, check)),
                Cell(
                    text=trust.status_word(w, check.status, near_limit=check.near_limit),
                    mark=check.status,
                    sort=_SEVERITY[check.status],
                    raw=(check.status,),
                ),
                Cell(text=value_text(w, check), sort=check.value),
                Cell(text=limit_text(w, check), sort=check.threshold),
                text(trust.rule(w, check)),
                text(trust.advice(w, check)),
            )
        )
        for check in w.results.checks
    )
    return Table(
        name="checks",
        caption=w.say("Check list"),
        columns=(
            Column(label=w.say("Check"), numeric=False),
            Column(label=w.say("Status"), numeric=False),
            Column(label=w.say("Value")),
            Column(label=w.say("Limit")),
            Column(label=w.say("Rule"), numeric=False),
            Column(label=w.say("What it means"), numeric=False),
        ),
        rows=rows,
    )


def sensitivity(w: Writer) -> Table | None:
    """The promotion effect under other choices."""
    if not w.results.sensitivity:
        return None
    names = {
        "without-most-influential": w.say("Without the most influential pharmacy ({pharmacy})"),
        "month-dummies": w.by_period(
            "With a level for each calendar month", "With a level for each season of the year"
        ),
        "one-effect": w.say("With one effect for all pharmacies"),
    }
    rows = tuple(
        Row(
            cells=(
                text(names.get(item.id, clean(item.id)).replace("{pharmacy}", clean(item.detail or NONE, 40))),
                effect(w, item.estimate),
                effect_span(w, item.lower, item.upper),
            )
        )
        for item in w.results.sensitivity
    )
    return Table(
        name="sensitivity",
        caption=w.say("{what}, under other choices", what=quantities.coefficient(w, w.results.model)),
        columns=(
            Column(label=w.say("Choice"), numeric=False),
            Column(label=quantities.coefficient(w, w.results.model), unit=w.per_unit),
            Column(label=interval_label(w)),
        ),
        rows=rows,
        width="auto",
    )


def ordinary(w: Writer) -> Table | None:
    """Ordinary regression against the mixed model, term by term."""
    found = w.results.ordinary
    if found is None:
        return None
    rows = tuple(
        Row(
            cells=(
                text(term_label(w, row.term)),
                text(term_unit(w, row.term)),
                number(w, row.ols, row.ols_se),
                number(w, row.ols_se, row.ols_se),
                number(w, row.mixed, row.mixed_se),
                number(w, row.mixed_se, row.mixed_se),
            )
        )
        for row in found.terms
    )
    return Table(
        name="ordinary",
        caption=w.say("Ordinary regression and the mixed model, on the same rows"),
        columns=(
            Column(label=w.say("Term"), numeric=False),
            Column(label=w.say("Unit"), numeric=False),
            Column(label=w.say("Ordinary")),
            Column(label=w.say("SE")),
            Column(label=w.say("Mixed")),
            Column(label=w.say("SE")),
        ),
        rows=rows,
    )


def assumptions(w: Writer) -> Table | None:
    """Which assumptions of ordinary regression fail here."""
    found = w.results.ordinary
    if found is None or not found.assumptions:
        return None
    rows = tuple(
        Row(
            cells=(
                text(trust.assumption_name(w, item)),
                Cell(
                    text=trust.status_word(w, item.status),
                    mark=item.status,
                    sort=_SEVERITY[item.status],
                    raw=(item.status,),
                ),
                Cell(text=trust.assumption_value(w, item), sort=item.value),
                Cell(text=trust.assumption_limit(w, item), sort=item.threshold),
                text(trust.assumption_meaning(w, item)),
            )
        )
        for item in found.assumptions
    )
    return Table(
        name="assumptions",
        caption=w.say("What ordinary regression takes for granted"),
        columns=(
            Column(label=w.say("Assumption"), numeric=False),
            Column(label=w.say("Status"), numeric=False),
            Column(label=w.say("Value")),
            Column(label=w.say("Limit")),
            Column(label=w.say("What it costs"), numeric=False),
        ),
        rows=rows,
    )
