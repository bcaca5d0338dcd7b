"""Experiments beside the market's own estimates, and both together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reportgen.report.blocks import Cell, Column, Row, Table
from reportgen.report.narrative.beyond.experiment import measured
from reportgen.report.tables.cells import NONE, effect, effect_span, interval_label, text

if TYPE_CHECKING:
    from reportgen.report.words.writer import Writer
    from reportgen.results import Calibration, SizeWithError


def calibration(w: Writer) -> Table | None:
    """Three rows an experiment: what it found, what this market's fit says, both combined."""
    if not w.results.calibration:
        return None
    rows = [row for one in w.results.calibration for row in _rows(w, one)]
    return Table(
        name="calibration",
        caption=w.say("Experiment and estimate"),
        columns=(
            Column(label=w.say("What"), numeric=False),
            Column(label=w.say("Source"), numeric=False),
            Column(label=w.say("Estimate")),
            Column(label=interval_label(w)),
            Column(label=w.say("Weight")),
        ),
        rows=tuple(rows),
        width="auto",
    )


def _rows(w: Writer, one: Calibration) -> list[Row]:
    named, period = measured(w, one), w.formats.period_range(*one.period)
    weight = one.weight
    sources = (
        (w.say("Experiment, {period}", period=period), one.experiment, weight),
        (w.say("This market’s estimate"), one.market, None if weight is None else 1.0 - weight),
        (w.say("Together"), one.combined, None),
    )
    return [
        Row(
            cells=(
                text(named),
                text(source),
                *_sized(w, one, size),
                Cell(text=NONE if share is None else w.formats.percent(share, digits=0), sort=share),
            )
        )
        for source, size, share in sources
    ]


def _sized(w: Writer, one: Calibration, size: SizeWithError | None) -> tuple[Cell, Cell]:
    if size is None:
        return text(NONE), text(NONE)
    if one.measures != "incremental":
        return effect(w, size.estimate, size.se), effect_span(w, size.lower, size.upper, size.se)
    bounds = w.formats.interval(size.lower, size.upper, "money", size.se)
    return Cell(text=w.formats.money(size.estimate, size.se), sort=size.estimate), Cell(text=bounds, sort=size.lower)


def balance(w: Writer) -> Table | None:
    """How alike the pharmacies of an experiment were before it."""
    found = w.results.experiment
    if found is None:
        return None
    names = {"sales": w.say("Sales"), "growth": w.say("Growth"), "promotion": w.say("Promotion")}

    def shown(name: str, value: float) -> str:
        if name == "growth":
            return w.formats.percent(value, plus=True)
        return w.formats.money(value) if name == "sales" else w.formats.number(value)

    rows = tuple(
        Row(
            cells=(
                text(names[one.name]),
                Cell(text=shown(one.name, one.more), sort=one.more),
                Cell(text=shown(one.name, one.others), sort=one.others),
                Cell(text=w.formats.decimal(one.difference, 2), sort=one.difference),
                Cell(text=NONE if one.t is None else w.formats.decimal(one.t, 2), sort=one.t),
            )
        )
        for one in found.balance
    )
    return Table(
        name="balance",
        caption=w.say("Pharmacies of the experiment before it began"),
        columns=(
            Column(label=w.say("Before"), numeric=False),
            Column(label=w.say("Those with more")),
            Column(label=w.say("The others")),
            Column(label=w.say("Difference"), unit=w.say("standard deviations")),
            Column(label="t"),
        ),
        rows=rows,
        width="auto",
    )
