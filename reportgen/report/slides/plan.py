"""The plan on a slide: who gets more and who gets less, those whose change is worth most first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reportgen.report.narrative.ahead.plan import ACTIONS, moved
from reportgen.report.slides.charts import NAME
from reportgen.report.slides.deck import SlideTable
from reportgen.report.words.names import clean
from reportgen.results.derived.intervals import about_se

if TYPE_CHECKING:
    from reportgen.report.words.writer import Writer
    from reportgen.results import PlanAction, PlanRow

MOST = 4
"""Pharmacies of each list."""


def plan_table(w: Writer) -> SlideTable | None:
    """Both ends of the plan; ``None`` where no change is recommended."""
    plan = w.results.plan
    if plan is None or plan.outcome != "recommended":
        return None
    rows = [_row(w, i, row) for action in ("give", "take") for i, row in _first(plan.rows, action)]
    return SlideTable(
        columns=(
            w.say("Action"),
            w.say("Pharmacy"),
            f"{w.say('Promotion')} {w.per_period}",
            f"{w.say('Change of sales')} {w.per_period}",
            w.say("{level} interval", level=w.level),
        ),
        rows=tuple(rows),
        widths=(0.12, 0.22, 0.2, 0.18, 0.28),
        alt=w.say("Table: pharmacies that get more and less promotion, now and next, and what that changes."),
    )


def _first(rows: tuple[PlanRow, ...], action: PlanAction) -> list[tuple[int, PlanRow]]:
    """Give where one more unit brings most, take where one less costs least."""
    sign = -1.0 if action == "give" else 1.0
    found = [(i, row) for i, row in enumerate(rows) if row.action == action]
    found.sort(key=lambda item: sign * (item[1].effect.estimate or 0.0) if item[1].effect is not None else 0.0)
    return found[:MOST]


def _row(w: Writer, i: int, row: PlanRow) -> tuple[str, ...]:
    gain, change, bounds = row.gain, "–", "–"
    if gain is not None and gain.estimate is not None:
        change = w.money(gain.estimate, f"plan.rows.{i}.gain.estimate", plus=True, se=about_se(gain.lower, gain.upper))
        if gain.lower is not None and gain.upper is not None:
            sources = (f"plan.rows.{i}.gain.lower", f"plan.rows.{i}.gain.upper")
            bounds = w.interval((gain.lower, gain.upper), sources, "money-short")
    return (
        w.say(ACTIONS[row.action]),
        clean(row.pharmacy, NAME),
        w.fact(moved(w, row), row.next or 0.0, f"plan.rows.{i}.next"),
        change,
        bounds,
    )
