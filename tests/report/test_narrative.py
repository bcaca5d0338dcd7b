"""Words: read from codes, numbers from the results, nothing claimed that the status does not allow."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass, replace
from typing import Any

import pytest

from factories import market_results
from reportgen.config import ReportSettings, Settings
from reportgen.report.blocks import Bullets, Callout, MarketReport, Prose
from reportgen.report.document import build_report
from reportgen.report.narrative import reasons, summary, trust
from reportgen.report.narrative.verdict import WORDS, effect_sentence, shown_code, verdict_line
from reportgen.report.narrative.writer import Writer, make_writer
from reportgen.results import Check, MarketResults, Reason, Verdict

VISIT = Settings(report=ReportSettings(promotion_unit="visit"))

CASES: dict[str, dict[str, Any]] = {
    "usual": {},
    "weekly-log": {"period": "week", "response": "log", "cost": None},
    "negative": {"effect": -1.0},
    "none": {"effect": 0.01},
    "singular": {"status": "singular"},
    "not-estimable": {"status": "not-estimable"},
    "not-estimated": {"status": "not-estimated"},
    "experiment": {"design": "experiment"},
    "ninety": {"confidence": 0.9},
    "many": {"pharmacies": 150},
}

COUNTS: dict[str, Callable[[MarketResults], float | None]] = {
    "count:attempts": lambda r: len(r.fit.attempts) if r.fit else None,
    "count:checks-failed": lambda r: sum(c.status == "fail" for c in r.checks),
    "count:checks-passed": lambda r: sum(c.status == "pass" for c in r.checks),
    "count:checks-run": lambda r: sum(c.status != "not-run" for c in r.checks),
    "count:pharmacies": lambda r: len(r.pharmacies),
    "count:pharmacies-above-zero": lambda r: sum((p.lower or 0) > 0 for p in r.pharmacies),
    "count:pharmacies-above-market": lambda r: sum((p.lower or 0) > r.fixed[1].estimate for p in r.pharmacies),
    "count:pharmacies-not-responding": lambda r: sum(
        (p.lower or 0) <= 0 and (p.upper or 0) < r.fixed[1].estimate for p in r.pharmacies
    ),
}


def _writer(settings: Settings = VISIT, **case: Any) -> Writer:
    return make_writer(market_results(**case), settings)


def _resolve(results: Any, path: str) -> Any:
    for step in path.split("."):
        results = results[int(step)] if step.isdigit() else getattr(results, step)
    return results


def _prose(report: MarketReport) -> Iterator[str]:
    """Every sentence of the narrative (chart titles are tested with the charts)."""
    first = report.summary
    yield from (first.scope, first.verdict.sentence, *first.actions, *first.confidence, report.brief.lead)
    for key in first.key_figures:
        yield from (key.value, key.unit, key.interval, key.note)
    for section in report.sections:
        if section.anchor == "method":
            continue
        yield section.lead
        for block in section.blocks:
            if isinstance(block, Prose):
                yield block.text
            elif isinstance(block, (Bullets, Callout)):
                yield from block.items


@pytest.fixture(scope="module", params=list(CASES))
def built(request: pytest.FixtureRequest) -> tuple[MarketResults, MarketReport]:
    results = market_results(**CASES[request.param])
    return results, build_report(results, VISIT)


def test_every_recorded_number_is_in_the_results(built: tuple[MarketResults, MarketReport]) -> None:
    results, report = built
    assert report.facts
    for fact in report.facts:
        if fact.source in ("count:step", "count:rest", "text:period", "model.confidence"):
            continue
        expected = COUNTS[fact.source](results) if fact.source in COUNTS else _resolve(results, fact.source)
        assert expected == fact.value, fact


def test_every_number_in_prose_is_recorded(built: tuple[MarketResults, MarketReport]) -> None:
    results, report = built
    numeral = re.compile(r"\d+(?:[.,]\d+)*")
    recorded = {token for fact in report.facts for token in numeral.findall(fact.text)}
    names = " ".join(row.pharmacy for row in results.pharmacies) + " ".join(
        item.detail or "" for item in results.reasons
    )
    allowed = recorded | set(numeral.findall(names)) | set(WORDING)
    for sentence in _prose(report):
        for token in numeral.findall(sentence):
            assert token in allowed, f"{token!r} in {sentence!r}"


WORDING = ("1", "0", "2", "24", "52", "100", "50", "100")
"""Numerals of fixed wording: "of every 1", "reliability is 1 … 0", "fewer than 24 months", expected rank."""


@pytest.mark.parametrize("status", ["singular", "not-estimated", "not-estimable"])
def test_a_market_without_a_proven_estimate_never_works(status: Any) -> None:
    writer = _writer(status=status)
    for code in ("works", "works-unevenly"):
        results = replace(writer.results, verdict=Verdict(code=code, reasons=()))
        line = verdict_line(make_writer(results, VISIT))
        assert line.word in {"Unclear", "Cannot tell"}
        assert "Works" not in line.word


def test_every_verdict_has_a_word_and_a_tone() -> None:
    assert {word for word, _ in WORDS.values()} == {
        "Works", "Works unevenly", "Unclear", "No effect seen", "Works against", "Cannot tell",
    }  # fmt: skip


def test_observational_effects_are_associations_and_experiments_bring() -> None:
    assert "is associated with ₹\u00a0" in effect_sentence(_writer())
    assert "brings ₹\u00a0" in effect_sentence(_writer(design="experiment"))
    assert "proves" not in " ".join(_prose(build_report(market_results(), VISIT))).lower()


def test_the_sentence_has_estimate_interval_and_unit() -> None:
    sentence = effect_sentence(_writer())
    assert sentence == (
        "One more visit a month is associated with ₹\u00a0417 more sales per pharmacy and month in the long run "
        "(95% interval ₹\u00a0276 to ₹\u00a0557)."
    )


def test_a_negative_effect_is_less_sales_with_a_signed_interval() -> None:
    sentence = effect_sentence(_writer(effect=-1.0))
    assert "less sales" in sentence
    assert "−₹" in sentence.split("interval of the change")[1]


def test_without_a_long_run_the_immediate_effect_is_told() -> None:
    results = market_results()
    assert results.long_run is not None
    drifting = replace(results, long_run=replace(results.long_run, stationary=False, estimate=None))
    writer = make_writer(drifting, VISIT)
    assert "at once" in effect_sentence(writer)
    assert summary.key_figures(writer, {})[1].note.startswith("Sales carry over so strongly")


def test_log_effects_are_percentages_of_sales() -> None:
    assert re.search(
        r"associated with [\d.]+% more sales per pharmacy and week", effect_sentence(_writer(**CASES["weekly-log"]))
    )


def test_a_share_is_told_in_steps_that_happen() -> None:
    results = market_results(response="log")
    small = replace(results, data=replace(results.data, promotion_mean=(0.2,), promotion_sd=(0.25,)))
    writer = make_writer(small, Settings(report=ReportSettings(promotion_unit="display share")))
    assert writer.step == pytest.approx(0.1)
    assert effect_sentence(writer).startswith("0.1 more display share")


CODES = (
    "too-few-pharmacies", "too-few-months", "promotion-constant", "promotion-not-within", "no-promotion",
    "rank-deficient", "no-usable-rows", "one-row-per-pharmacy", "too-few-rows", "infinite-values", "constant-response",
    "not-certified", "singular", "contract", "a-code-of-tomorrow",
)  # fmt: skip


@pytest.mark.parametrize("code", CODES)
def test_every_reason_is_explained_without_gaps(code: str) -> None:
    reason = Reason(code=code, column="calls", value=4.0, limit=8.0, detail="twice in row 7")
    writer = _writer(status="not-estimable", reasons=(reason,))
    for text in (reasons.found(writer, reason), reasons.cure(writer, reason)):
        assert text
        assert "{" not in text
        assert "None" not in text


def test_reasons_without_numbers_still_read() -> None:
    reason = Reason(code="too-few-pharmacies")
    assert "None" not in reasons.found(_writer(status="not-estimable", reasons=(reason,)), reason)


def test_the_constant_promotion_is_told_with_its_value() -> None:
    line = verdict_line(_writer(status="not-estimable"))
    assert line.word == "Cannot tell"
    assert "was 4 in every row" in line.sentence


def test_failed_checks_come_first_then_the_most_telling() -> None:
    checks = (
        Check(id="holdout", status="review", value=1.1, threshold=1.0),
        Check(id="lead-placebo", status="review", value=2.4, threshold=1.96),
        Check(id="outliers", status="fail", value=0.03, threshold=0.005),
        Check(id="convergence", status="pass", value=None, threshold=None),
    )
    results = replace(market_results(), checks=checks)
    assert [c.id for c in trust.most_important(results)] == ["outliers", "lead-placebo", "holdout", "convergence"]
    assert summary.checks_line(make_writer(results, VISIT)) == "1 of 4 checks passed. 1 failed."


def test_an_unknown_check_is_printed_not_lost() -> None:
    check = Check(id="check-of-tomorrow", status="review", value=1.0, threshold=0.5)
    writer = _writer()
    assert trust.name(writer, check) == "Check of tomorrow"
    assert trust.advice(writer, check) == "Ask a statistician to look at it."
    assert trust.rule(writer, check)


def test_every_check_of_the_statistics_has_words() -> None:
    from reportgen.model.checks import RULES

    assert set(RULES) <= set(trust.CHECKS)


def test_advice_is_at_most_three_lines() -> None:
    for case in CASES.values():
        lines = summary.actions(_writer(**case))
        assert 1 <= len(lines) <= 3
        assert len(set(lines)) == len(lines)


def test_pharmacies_that_stand_out_are_named() -> None:
    results = market_results(pharmacies=12, cost=None)
    rows = [replace(row, lower=400.0, upper=700.0, total_slope=500.0) for row in results.pharmacies[:2]]
    rows += [replace(row, lower=-50.0, upper=90.0, total_slope=20.0) for row in results.pharmacies[2:3]]
    writer = make_writer(replace(results, pharmacies=(*rows, *results.pharmacies[3:])), VISIT)
    lines = summary.actions(writer)
    assert lines[0] == "Try more promotion in 2 pharmacies that respond reliably above average: P0001, P0002."
    assert lines[1].startswith("Question promotion in 1 pharmacy where")


def test_shown_code_leaves_other_verdicts_alone() -> None:
    assert shown_code(market_results(effect=-1.0)) == "negative"
    assert shown_code(market_results(status="singular", effect=0.01)) == "no-effect"


def test_no_text_of_a_report_has_an_open_placeholder(built: tuple[MarketResults, MarketReport]) -> None:
    def texts(value: Any) -> Iterator[str]:
        if isinstance(value, str):
            yield value
        elif isinstance(value, tuple):
            for item in value:
                yield from texts(item)
        elif is_dataclass(value):
            for field in fields(value):
                if field.name not in ("svg", "facts"):
                    yield from texts(getattr(value, field.name))

    for text in texts(built[1]):
        assert not re.search(r"\{\w*\}", text), text
        assert not re.search(r"\bnan\b|\bNone\b|\binf\b", text), text
