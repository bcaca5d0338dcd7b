"""The planner of a page: groups of pharmacies, and draws of what they make of more or less promotion."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reportgen.report.blocks import Planner, PlannerGroup
from reportgen.report.words.phrases import mark

if TYPE_CHECKING:
    from reportgen.report.words.writer import Writer
    from reportgen.results import PlanGroupName

GROUPS: dict[PlanGroupName, str] = {
    "give": mark("Those to give to"),
    "keep": mark("Those to keep"),
    "take": mark("Those to take from"),
    "strong": mark("Third that responds most"),
    "middle": mark("Middle third"),
    "weak": mark("Third that responds least"),
}


def planner(w: Writer) -> Planner | None:
    """``None`` where results hold no draws, or nothing may be said of effects."""
    plan = w.results.plan
    if plan is None or not plan.groups or not plan.sales or not plan.bound:
        return None
    f = w.formats
    return Planner(
        title=w.say("Try a plan of your own"),
        lead=w.say(
            "Change the promotion of a group, each of its pharmacies by the same share; sales to be expected "
            "{per_period}, once they have settled, follow from draws of all estimates together.",
            per_period=w.per_period,
        ),
        groups=tuple(
            PlannerGroup(
                label=w.say(GROUPS[one.name]),
                note=w.say(
                    "{pharmacies}, {now} {unit} {per_period}",
                    pharmacies=w.language.ngettext("{count} pharmacy", "{count} pharmacies", one.pharmacies).format(
                        count=f.integer(one.pharmacies)
                    ),
                    now=f.decimal(one.now, 0 if one.now >= 10 else 1),
                    unit=w.units,
                    per_period=w.per_period,
                ),
                less=one.less,
                more=one.more,
            )
            for one in plan.groups
        ),
        bound=plan.bound,
        sales=plan.sales,
        level=w.confidence,
        currency=f.currency,
        change=w.say("Change of sales"),
        result=w.say("Sales to be expected"),
        loss=w.say("Chance of a loss"),
        to=w.say("to"),
    )
