"""Tables of the data and the model: rows, fit, coefficients, variances, three estimates side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reportgen.report.blocks import Cell, Column, Row, Table
from reportgen.report.narrative import foundation
from reportgen.report.narrative.beyond.curve import level_note
from reportgen.report.narrative.method import random_part, start_name
from reportgen.report.narrative.sections import comparison_words
from reportgen.report.tables.cells import NONE, interval_label, number, span, text
from reportgen.report.words import quantities
from reportgen.report.words.names import clean
from reportgen.report.words.terms import random_label, term_label, term_unit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reportgen.report.words.writer import Writer
    from reportgen.results import Comparison, FixedEffect


def rows_lost(w: Writer) -> Table:
    """Rows read = rows used + rows lost, by reason."""
    data = w.results.data
    rows = [Row(cells=(text(w.say("Rows read")), Cell(text=w.formats.integer(data.rows_read), sort=data.rows_read)))]
    rows += [
        Row(
            cells=(text(foundation.lost_label(w, item.reason)), Cell(text=w.formats.integer(item.rows), sort=item.rows))
        )
        for item in data.rows_lost
    ]
    used = (text(w.say("Rows used")), Cell(text=w.formats.integer(data.rows_used), sort=data.rows_used))
    rows.append(Row(cells=used, tone="strong"))
    return Table(
        name="rows",
        caption=w.say("Rows read, set aside and used"),
        columns=(Column(label=w.say("What happened to the rows"), numeric=False), Column(label=w.say("Rows"))),
        rows=tuple(rows),
        width="auto",
        tools=False,
    )


def attempts(w: Writer) -> Table | None:
    """Every run of the optimiser, for a market without a certified fit."""
    fit = w.results.fit
    if fit is None or not fit.attempts:
        return None
    rows = tuple(
        Row(
            cells=(
                text(random_part(w, item.rung)),
                text(start_name(w, item.start)),
                Cell(text=w.formats.decimal(item.loglik, 3), sort=item.loglik),
                Cell(text=w.formats.integer(item.iterations), sort=item.iterations),
                text(w.say("yes") if item.converged else w.say("no")),
            )
        )
        for item in fit.attempts
    )
    return Table(
        name="attempts",
        caption=w.say("Attempts to fit the model"),
        columns=(
            Column(label=w.say("Random part"), numeric=False),
            Column(label=w.say("Start"), numeric=False),
            Column(label=w.say("Log-likelihood")),
            Column(label=w.say("Iterations")),
            Column(label=w.say("Converged"), numeric=False),
        ),
        rows=rows,
        width="auto",
    )


def coefficients(w: Writer) -> Table | None:
    """The fixed effects."""
    if not w.results.fixed:
        return None
    return Table(
        name="coefficients",
        caption=w.say("Coefficients"),
        columns=(
            Column(label=w.say("Term"), numeric=False),
            Column(label=w.say("In the formula"), numeric=False),
            Column(label=w.say("Unit"), numeric=False),
            Column(label=w.say("Estimate")),
            Column(label=w.say("SE")),
            Column(label=interval_label(w)),
            Column(label=w.say("df")),
            Column(label="t"),
            Column(label="p"),
            Column(label=w.say("Per SD")),
        ),
        rows=tuple(_coefficient(w, row) for row in w.results.fixed),
        note=w.sentences(
            w.say("The last column makes terms comparable: the effect of one standard deviation of the column."),
            level_note(w),
        ),
    )


def _coefficient(w: Writer, row: FixedEffect) -> Row:
    scaled = row.per_sd()
    digits = 0 if row.df is not None and row.df >= 100 else 1
    return Row(
        cells=(
            text(term_label(w, row.term)),
            text(clean(row.term)),
            text(term_unit(w, row.term)),
            number(w, row.estimate, row.se),
            number(w, row.se, row.se),
            span(w, row.lower, row.upper, row.se),
            Cell(text=w.formats.decimal(row.df, digits), sort=row.df),
            Cell(text=w.formats.decimal(row.statistic, 2), sort=row.statistic),
            Cell(text=w.formats.p_value(row.p), sort=row.p),
            number(w, scaled.estimate if scaled else None, scaled.se if scaled else None),
        )
    )


def variances(w: Writer) -> Table | None:
    """Standard deviations between and within pharmacies, and correlations."""
    if not w.results.variances:
        return None
    rows = [
        Row(
            cells=(
                text(random_label(w, row.term)),
                text(term_unit(w, row.term)),
                number(w, row.sd),
                span(w, row.lower, row.upper),
            )
        )
        for row in w.results.variances
    ]
    for item in w.results.correlations:
        pair = " × ".join(term_label(w, term) for term in item.terms)
        value = Cell(text=w.formats.decimal(item.value, 2), sort=item.value)
        label = w.say("Correlation: {pair}", pair=pair)
        rows.append(Row(cells=(text(label), text(""), value, span(w, item.lower, item.upper))))
    return Table(
        name="variances",
        caption=w.say("How much pharmacies differ"),
        columns=(
            Column(label=w.say("Source"), numeric=False),
            Column(label=w.say("Unit"), numeric=False),
            Column(label=w.say("Standard deviation")),
            Column(label=interval_label(w)),
        ),
        rows=tuple(rows),
    )


def comparison(w: Writer) -> Table | None:
    """Plain, corrected and within-pharmacy estimates side by side."""
    if w.results.plain is None and w.results.within is None:
        return None
    model = w.results.model
    terms = [*model.promotion_terms, *model.lag_terms] if model else []
    rows = [Row(cells=(text(term_label(w, term)), text(term_unit(w, term)), *_estimates(w, term))) for term in terms]
    long_run = w.results.long_run
    used = NONE if long_run is None else _with_se(w, long_run.estimate, long_run.se)
    rows.append(
        Row(
            cells=(
                text(w.say(quantities.KEPT_UP)),
                text(term_unit(w, model.promotion_terms[0]) if model and model.promotion_terms else ""),
                text(_long(w, w.results.plain)),
                text(used),
                text(_long(w, w.results.within)),
            ),
            tone="strong",
        )
    )
    corrected = w.say("Corrected, used here") if model and model.correction != "none" else w.say("Used here")
    return Table(
        name="comparison",
        caption=w.say("The seed model, this one and the one within pharmacies, side by side"),
        columns=(
            Column(label=w.say("Term"), numeric=False),
            Column(label=w.say("Unit"), numeric=False),
            Column(label=w.say("Seed model"), unit=w.say("no correction")),
            Column(label=corrected),
            Column(label=w.say("Within pharmacies"), unit=w.say("own level for each")),
        ),
        rows=tuple(rows),
        note=w.sentences(comparison_words(w), w.say("Standard errors in brackets.")),
        width="auto",
    )


def _with_se(w: Writer, estimate: float | None, se: float | None) -> str:
    if estimate is None:
        return NONE
    text = w.formats.number(estimate, se)
    return text if se is None else f"{text} ({w.formats.number(se, se)})"


def _estimates(w: Writer, term: str) -> tuple[Cell, Cell, Cell]:
    def cell(fixed: Sequence[FixedEffect]) -> Cell:
        row = next((row for row in fixed if row.term == term), None)
        return text(NONE) if row is None else Cell(text=_with_se(w, row.estimate, row.se), sort=row.estimate)

    plain, within = w.results.plain, w.results.within
    return cell(plain.fixed if plain else ()), cell(w.results.fixed), cell(within.fixed if within else ())


def _long(w: Writer, other: Comparison | None) -> str:
    return NONE if other is None else _with_se(w, other.long_run, other.long_run_se)
