"""The table of the parametric bootstrap: every estimate with its spread over the simulated copies of the market."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reportgen.report.blocks import Column, Row, Table
from reportgen.report.tables.cells import interval_label, number, span, text
from reportgen.report.words.terms import bootstrap_label

if TYPE_CHECKING:
    from reportgen.report.words.writer import Writer


def bootstrap(w: Writer) -> Table | None:
    """Estimate, bootstrap SE and percentile interval of coefficients, long run, decay, SDs and correlations."""
    found = w.results.bootstrap
    if found is None:
        return None
    f = w.formats
    note = w.say(
        "{replicates} copies of the market, sales simulated month after month and everything estimated again; "
        "{failed} without a proven best fit are left out.",
        replicates=f.integer(found.replicates),
        failed=f.integer(found.failed),
    )
    if found.not_stationary:
        note = w.sentences(
            note,
            w.language.ngettext(
                "{count} copy has no effect kept up.",
                "{count} copies have no effect kept up.",
                found.not_stationary,
            ).format(count=f.integer(found.not_stationary)),
        )
    return Table(
        name="bootstrap",
        caption=w.say("The same estimates by parametric bootstrap"),
        columns=(
            Column(label=w.say("Quantity"), numeric=False),
            Column(label=w.say("Estimate")),
            Column(label=w.say("SE")),
            Column(label=interval_label(w)),
        ),
        rows=tuple(
            Row(
                cells=(
                    text(bootstrap_label(w, row)),
                    number(w, row.estimate, row.se),
                    number(w, row.se, row.se),
                    span(w, row.lower, row.upper, row.se),
                )
            )
            for row in found.rows
        ),
        note=note,
        width="auto",
    )
