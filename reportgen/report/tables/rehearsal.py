"""How often the method found the truth in panels made from a market's own data, or from all markets'."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from reportgen.report.blocks import Cell, Column, Heading, Row, Table
from reportgen.report.tables.cells import NONE, text
from reportgen.report.words.phrases import mark
from reportgen.results.derived.rehearsal import missed, share

if TYPE_CHECKING:
    from reportgen.report.words.formats import Formats
    from reportgen.report.words.writer import Writer
    from reportgen.results import RehearsalKind, RehearsalRow

KINDS: dict[RehearsalKind, str] = {
    "as-fitted": mark("as the model has it"),
    "growth": mark("sales grow by 10% a year"),
    "season": mark("a season of 15% of sales"),
    "saturation": mark("the response flattens: half of all is had at usual promotion"),
    "drift": mark("the effect grows fourfold over the record"),
    "slips": mark("0.3% of sales written ten times too large"),
    "late-booking": mark("30% of promotion recorded a period late"),
}

REASONS = {
    "unclear-effect": mark(
        "Effect or carry-over are too uncertain here for a rehearsal: the quick estimate of its panels would tell "
        "intervals that are too short."
    ),
    "no-draws": mark("This market’s fit is none that sales could be drawn from, so nothing was rehearsed."),
}


def rehearsed(w: Writer) -> tuple[Heading | str | Table | None, ...]:
    """Heading, words and table of the market's rehearsal; nothing where there was none."""
    found = w.results.rehearsal
    if found is None:
        return ()
    heading = Heading(text=w.say("Rehearsal"), anchor="rehearsal")
    if not found.rows:
        return heading, w.say(REASONS[found.reason or "no-draws"])
    own = found.rows[0]
    lead = w.say(
        "{panels} panels were drawn from this market’s own promotion and fit, with known effect, and estimated again. "
        "As the model has it, the interval of one unit kept up held the truth in {kept} of {count}.",
        panels=w.count(found.panels, "rehearsal.panels"),
        kept=w.count(own.kept_held, "rehearsal.rows.0.kept_held"),
        count=w.count(own.panels, "rehearsal.rows.0.panels"),
    )
    if own.total_panels:
        total = w.say(
            "That of what promotion brought held it in {total} of them.",
            total=w.count(own.total_held, "rehearsal.rows.0.total_held"),
        )
        lead = w.sentences(lead, total)
    table = rehearsal_table(w.say, w.formats, found.rows)
    # Paper has the sentence: a page is a page.
    return heading, lead, replace(table, only="screen")


def rehearsal_table(say: Callable[..., str], f: Formats, rows: Sequence[RehearsalRow]) -> Table:
    """A row a kind of panel: how many intervals held the truth, and how many of the others a check withheld."""
    totals = any(row.total_panels for row in rows)
    heads = [say("Kept up: held the truth"), say("missed, and noticed")]
    if totals:
        heads += [say("Total: held the truth"), say("missed, and noticed")]
    return Table(
        name="rehearsal",
        caption=say("How often the truth was found, and how often checks noticed where it was not"),
        columns=(
            Column(label=say("Sales were made"), numeric=False),
            Column(label=say("Panels")),
            *(Column(label=head) for head in heads),
        ),
        rows=tuple(_row(say, f, row, totals=totals) for row in rows),
        note=say(
            "Each panel has its own carry-over, coefficients and intervals; the ratio of variances and the columns of "
            "time are those of the market. Noticed: a check of curvature, drift, the next period’s promotion or slips "
            "of the pen withholds the number. What no check can see, such as visits in months foreseen to be good, is "
            "not among the kinds; the other checks of a report may notice more."
        ),
        width="auto",
        tools=False,
    )


def _row(say: Callable[..., str], f: Formats, row: RehearsalRow, *, totals: bool) -> Row:
    cells = [text(say(KINDS[row.kind])), Cell(text=f.integer(row.panels), sort=row.panels)]
    cells += _counts(say, f, row.panels, row.kept_held, row.kept_noticed)
    if totals:
        cells += _counts(say, f, row.total_panels, row.total_held, row.total_noticed)
    return Row(cells=tuple(cells))


def _counts(say: Callable[..., str], f: Formats, panels: int, held: int, noticed: int) -> list[Cell]:
    wrong = missed(panels, held)
    if not wrong:
        return [Cell(text=f.percent(share(held, panels), digits=0), sort=share(held, panels)), text(NONE)]
    told = say("{noticed} of {missed}", noticed=f.integer(noticed), missed=f.integer(wrong))
    return [
        Cell(text=f.percent(share(held, panels), digits=0), sort=share(held, panels)),
        Cell(text=told, sort=share(noticed, wrong)),
    ]
