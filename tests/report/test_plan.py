"""The plan in words and rows: a decision with its worth, no advice against it, every number from the results."""

from __future__ import annotations

from dataclasses import replace

import pytest

from factories import market_results
from reportgen.report.document import build_report
from reportgen.report.narrative.ahead.plan import decision, plan_lines
from reportgen.report.tables import pharmacies
from reportgen.report.tables.sheets import build_workbook
from reportgen.report.words.writer import make_writer
from reportgen.results import EffectSize, Plan, PlanExperiment, PlanProfit, PlanRow
from reportgen.settings.sections import Settings


def size(estimate: float, half: float) -> EffectSize:
    return EffectSize(estimate=estimate, lower=estimate - half, upper=estimate + half)


def a_plan(**changes) -> Plan:
    """A plan for the pharmacies of the factory: the first third gets more, the last third less."""
    names = [row.pharmacy for row in market_results().pharmacies]
    third = len(names) // 3
    rows = []
    for k, name in enumerate(names):
        moved = 0.75 if k < third else -0.75 if k >= len(names) - third else 0.0
        rows.append(
            PlanRow(
                pharmacy=name, now=4.0, next=4.0 + moved,
                action="give" if moved > 0 else "take" if moved < 0 else "keep",
                reason="" if moved else "as-good-as-others",
                effect=size(900.0 - 10.0 * k, 300.0),
                gain=size(moved * (900.0 - 10.0 * k), 225.0) if moved else None,
            )
        )  # fmt: skip
    base = Plan(
        outcome="recommended", reason="", channel="promotion", recent=("2023-01", "2023-12"), periods=12, bound=0.25,
        step=1.0, budget=0.0, total_now=4.0 * len(names), total_next=4.0 * len(names), given=0.75 * third,
        taken=0.75 * third, gives=third, takes=third, gain=size(43_210.0, 20_000.0), gain_year=518_520.0, share=0.0123,
        loss=0.002, regret=3.0, experiment=PlanExperiment(periods=6, dose=2.0), rows=tuple(rows),
    )  # fmt: skip
    return replace(base, **changes)


def kept(reason: str, outcome: str = "keep", **changes) -> Plan:
    made = a_plan()
    rows = tuple(replace(row, next=row.now, action="keep", reason="not-recommended", gain=None) for row in made.rows)
    empty = {"gain": None, "gain_year": None, "share": None, "loss": None, "regret": None, "gives": 0, "takes": 0}
    return replace(made, outcome=outcome, reason=reason, rows=rows, **{**empty, **changes})


def writer(plan: Plan, locale: str = "en_GB"):
    return make_writer(
        replace(market_results(), plan=plan), Settings.model_validate({"report": {"locale": locale, "currency": "EUR"}})
    )


def test_one_sentence_holds_the_decision_its_worth_and_the_chance_of_a_loss():
    w = writer(a_plan())
    told = decision(w)
    assert told.startswith("Move ")
    for part in ("€43,210", "95% interval €23,210 to €63,210", "chance of a loss below 1%"):
        assert part in told
    sources = {fact.source for fact in w.facts}
    assert {"plan.gain.estimate", "plan.gain.lower", "plan.gain.upper", "plan.gives", "plan.takes"} <= sources


def test_it_leads_the_first_page_and_the_old_advice_on_single_pharmacies_gives_way():
    report = build_report(replace(market_results(), plan=a_plan()), Settings())
    assert report.summary.verdict.sentence.startswith("Move ")
    assert not any("Try more promotion" in line or "Question promotion" in line for line in report.summary.actions)
    assert not any("follows size" in line for line in report.summary.actions)


def test_the_table_of_pharmacies_gives_first_and_takes_last_and_says_now_and_next():
    table = pharmacies(writer(a_plan()))
    actions = [row.cells[1].text for row in table.rows]
    assert actions == sorted(actions, key=["Give", "Keep", "Take"].index)
    assert len(table.rows) == len(market_results().pharmacies)
    assert table.rows[0].cells[2].text == "4.0 → 4.8"
    assert "25%" in table.note
    assert len(pharmacies(writer(kept("effects-hardly-differ"))).columns) == len(table.columns) - 1


@pytest.mark.parametrize("locale", ["en_GB", "de_DE"])
@pytest.mark.parametrize(
    "plan",
    [
        *(kept(reason) for reason in ("nothing-to-move", "effects-hardly-differ", "no-effect")),
        kept("gain-not-clear", gain=size(100.0, 400.0)),
        *(kept(reason, "find-out") for reason in ("no-estimate", "not-stationary", "effect-negative")),
        kept("effect-unknown", "find-out"),
        kept("withheld", "find-out", check="linearity"),
        a_plan(budget=-0.1, against_even=size(30_000.0, 10_000.0)),
        a_plan(
            profit=PlanProfit(
                cost=200.0, margin=0.3, break_even=666.7, profit=size(12_000.0, 5_000.0), best_total=200.0,
                best_change=0.12, best_profit=size(20_000.0, 8_000.0),
            )
        ),
    ],
    ids=lambda plan: f"{plan.outcome}-{plan.reason}-{plan.budget}-{plan.profit is not None}",
)  # fmt: skip
def test_every_outcome_is_said_in_its_own_words_and_never_says_stop(plan, locale):
    w = writer(plan, locale)
    told = " ".join([decision(w), *plan_lines(w)])
    assert decision(w)
    assert "{" not in told
    assert "stop" not in told.casefold()
    if plan.outcome == "find-out":
        assert "reportgen design" in told
    if plan.reason == "gain-not-clear":
        assert plan_lines(w)


def test_results_of_an_older_version_have_no_plan_and_no_word_of_one():
    w = make_writer(replace(market_results(), plan=None), Settings())
    assert (decision(w), plan_lines(w)) == ("", ())


def test_the_workbook_has_a_sheet_of_it():
    sheets = {
        sheet.name: sheet for sheet in build_workbook(replace(market_results(), plan=a_plan()), Settings()).sheets
    }
    row = sheets["The plan"].rows[0]
    assert row[1:4] == ("Give", 4.0, 4.75)
    assert len(sheets["The plan"].columns) == len(row)
