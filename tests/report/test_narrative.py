"""Words: read from codes, numbers from the results, nothing claimed that the status does not allow."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass, replace
from typing import Any

import pytest

from factories import (
    calibrations,
    changed_results,
    curved,
    experiment,
    market_results,
    planned_forecast,
    territory_results,
    tracked_results,
)
from reportgen.report.blocks import Bullets, Callout, MarketReport, Prose, Table
from reportgen.report.document import build_report
from reportgen.report.figures import draw_charts
from reportgen.report.narrative import carry_over, foundation, ordinary, reasons, sections, summary, trust
from reportgen.report.narrative.ahead.key_figures import key_figures
from reportgen.report.narrative.beyond.assigned import experiment_arms
from reportgen.report.narrative.verdict import WORDS, effect_sentence, shown_code, verdict_line
from reportgen.report.words.checks import check_name
from reportgen.report.words.language import Language
from reportgen.report.words.terms import random_label, term_label, term_unit
from reportgen.report.words.writer import Writer, make_writer
from reportgen.results import (
    Check,
    ClassEffect,
    EffectSize,
    MarketResults,
    ModelTerm,
    ModeratorEffects,
    Reason,
    TimeKind,
    Verdict,
)
from reportgen.settings.sections import ReportSettings, Settings

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
    "calibrated": {"calibration": calibrations(alone=True)},
    "by lot": {"design": "experiment", "experiment": experiment()},
    "by lot, open": {"design": "experiment", "experiment": experiment(effect=30.0)},
    "ninety": {"confidence": 0.9},
    "many": {"pharmacies": 150},
    "changed, with a plan": {"changed": True},
    "territories compared within": {"errors": "periods"},
    "territories as clusters": {"errors": "clustered"},
    "curved": {"curve": "hill"},
    "curved weekly log": {"curve": "log", "period": "week", "response": "log", "cost": None},
    "curved harm": {"curve": "exponential", "effect": -1.0},
    "curved, open": {"curve": "hill", "effect": 0.01},
}

COUNTS: dict[str, Callable[[MarketResults], float | None]] = {
    "count:attempts": lambda r: len(r.fit.attempts) if r.fit else None,
    "count:checks-failed": lambda r: sum(c.status == "fail" for c in r.checks),
    "count:checks-passed": lambda r: sum(c.status == "pass" for c in r.checks),
    "count:checks-run": lambda r: sum(c.status != "not-run" for c in r.checks),
    "count:pharmacies": lambda r: len(r.pharmacies),
    "count:settings": lambda r: len(r.change.settings),
    "count:pharmacies-above-zero": lambda r: sum((p.lower or 0) > 0 for p in r.pharmacies),
    "count:pharmacies-above-market": lambda r: sum((p.lower or 0) > r.fixed[1].estimate for p in r.pharmacies),
    "count:pharmacies-not-responding": lambda r: sum(
        (p.lower or 0) <= 0 and (p.upper or 0) < r.fixed[1].estimate for p in r.pharmacies
    ),
}


def _results(**case: Any) -> MarketResults:
    case = dict(case)
    if "curve" in case:
        kind = case.pop("curve")
        return curved(market_results(**case), kind)
    if case.pop("changed", False):
        return tracked_results(changed_results(planned_forecast(market_results(**case))))
    return territory_results(**case) if "errors" in case else market_results(**case)


def _writer(settings: Settings = VISIT, **case: Any) -> Writer:
    return make_writer(_results(**case), settings)


def _resolve(results: Any, path: str) -> Any:
    for step in path.split("."):
        results = results[int(step)] if step.isdigit() else getattr(results, step)
    return results


def _prose(report: MarketReport) -> Iterator[str]:
    """Every sentence of the narrative (chart titles are tested with the charts)."""
    first = report.summary
    yield from (first.scope, first.verdict.sentence, *first.actions, *first.confidence)
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
    case = CASES[request.param]
    results = _results(**case)
    return results, build_report(results, VISIT)


def test_every_recorded_number_is_in_the_results(built: tuple[MarketResults, MarketReport]) -> None:
    results, report = built
    assert report.facts
    for fact in report.facts:
        if fact.source in ("count:step", "count:rest", "text:period", "text:setting", "model.confidence"):
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


WORDING = ("1", "0", "2", "24", "52", "100", "50", "100", "2002", "2008", "2010", "2018")
"""Numerals of fixed wording: "of every 1", "reliability is 1 … 0", "fewer than 24 months", expected rank, years of
sources."""


def test_few_territories_are_said_on_the_first_page() -> None:
    few = territory_results("clustered")
    said = " ".join(build_report(few, VISIT).summary.confidence)
    assert "comparing 8 territories over time, not 40 pharmacies" in said
    assert "6.3 degrees of freedom" in said
    assert few.territories is not None
    many = replace(few, territories=replace(few.territories, count=24, independent=24, df=19.0))
    for quiet in (many, territory_results("periods"), market_results()):
        assert "territories over time" not in " ".join(build_report(quiet, VISIT).summary.confidence)


def test_effects_of_territories_months_take_up_the_season() -> None:
    unseen = Check(id="seasonality", status="not-run", value=None, threshold=1.0)
    found = territory_results("periods")
    assert found.time is not None
    kinds: dict[TimeKind, bool] = {"none": True, "trend": True, "season": False, "territory-periods": False}
    for kind, said in kinds.items():
        other = replace(found, time=replace(found.time, kind=kind), checks=(unseen,))
        lines = " ".join(build_report(other, VISIT).summary.confidence)
        assert ("Whether the season carries part of the effect" in lines) is said, kind


def test_references_on_clustered_errors_stand_where_errors_are_clustered() -> None:
    for how, said in (("periods", False), ("clustered", True)):
        assert ("Pustejovsky, Tipton (2018)" in repr(build_report(territory_results(how), VISIT))) is said


def moderated(p: float | None, reason: Any = "") -> MarketResults:
    size = EffectSize(estimate=310.0, lower=250.0, upper=370.0)
    row = ClassEffect(name="Large", pharmacies=12, channel="promotion", first_period=size, kept_up=size)
    rows = () if reason else (row, replace(row, name="", pharmacies=4))
    one = ModeratorEffects(column="size_class", reason=reason, classes=rows, statistic=4.0, df=(1.0, 30.0), p=p)
    return market_results(moderators=(one,))


def test_classes_have_a_table_and_a_sentence_on_whether_they_differ() -> None:
    for p, said in (
        (0.003, "differ in their effect (p\u00a0=\u00a00.003)"),
        (0.4, "cannot be said (p\u00a0=\u00a00."),
        (None, "Too few territories"),
    ):
        report = build_report(moderated(p), VISIT)
        section = next(one for one in report.sections if one.anchor == "pharmacies")
        assert said in " ".join(block.text for block in section.blocks if isinstance(block, Prose))
        (table,) = [block for block in section.blocks if isinstance(block, Table) and block.name == "classes-1"]
        assert [row.cells[0].text for row in table.rows] == ["Large", "Small classes together"]
        for fact in report.facts:
            if fact.source.startswith("moderators"):
                assert _resolve(moderated(p), fact.source) == fact.value


def test_classes_without_numbers_say_why() -> None:
    said = " ".join(_prose(build_report(moderated(None, "one-class"), VISIT)))
    assert "By size_class nothing is told: fewer than two classes" in said


def test_data_and_model_say_how_territories_are_in_the_model() -> None:
    within, apart = (" ".join(_prose(build_report(territory_results(how), VISIT))) for how in ("periods", "clustered"))
    assert "8 territories of this market (with 3 to 7 pharmacies each)" in within
    assert "One effect per month of every territory (271 in all)" in within
    assert "41.0% is left beside what is common to a month of a territory" in within
    assert "they would leave 4.3% of its movement, and at least 10.0% is needed" in apart
    assert "clustered by territory and corrected for their number (CR2" in apart


@pytest.mark.parametrize("status", ["not-estimated", "not-estimable"])
def test_a_market_without_a_proven_estimate_never_works(status: Any) -> None:
    writer = _writer(status=status)
    for code in ("works", "works-unevenly"):
        results = replace(writer.results, verdict=Verdict(code=code, reasons=()))
        line = verdict_line(make_writer(results, VISIT))
        assert line.word == "Cannot tell"


def test_pharmacies_that_do_not_differ_are_a_finding_and_no_doubt() -> None:
    results = _writer(status="singular").results
    verdict = Verdict(code="works", reasons=("effect-positive", "no-differences-found"))
    line = verdict_line(make_writer(replace(results, verdict=verdict), VISIT))
    assert line.word == "Works"
    assert "No differences between pharmacies were found." in line.sentence


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
        "One more visit a month, kept up, is associated with ₹\u00a0417 more sales per pharmacy and month "
        "(95% interval ₹\u00a0276 to ₹\u00a0557)."
    )


def test_a_negative_effect_is_less_sales_with_a_signed_interval() -> None:
    sentence = effect_sentence(_writer(effect=-1.0))
    assert "less sales" in sentence
    assert "−₹" in sentence.split("interval of the change")[1]


def test_where_nothing_settles_the_first_month_is_told_and_nothing_kept_up() -> None:
    results = market_results()
    (effects,) = results.effects
    unknown = EffectSize(estimate=None, lower=None, upper=None, withheld="not-stationary")
    drifting = replace(results, effects=(replace(effects, kept_up=unknown, in_all=unknown),))
    writer = make_writer(drifting, VISIT)
    assert re.match(r"One more visit is associated with .* in the first month", effect_sentence(writer))
    assert [figure.label for figure in key_figures(writer, {})] == [
        "First month",
        "Sales that go with promotion",
        "Profit of promotion",
    ]


def test_where_the_answer_is_open_the_interval_leads() -> None:
    results = replace(market_results(), verdict=Verdict(code="unclear", reasons=("interval-includes-zero",)))
    writer = make_writer(results, VISIT)
    sentence = verdict_line(writer).sentence
    assert "goes with a change of sales per pharmacy and month of ₹\u00a0276 to ₹\u00a0557" in sentence
    assert "417" not in sentence
    for figure in key_figures(writer, {}):
        assert "417" not in figure.value
        assert figure.value == "Not known" or " to " in figure.value


def test_the_figures_of_page_1_are_a_months_and_say_of_which() -> None:
    results = market_results(cost=None)
    assert results.incremental is not None
    assert results.incremental.recent is not None
    kept_up, brought, profit = key_figures(make_writer(results, VISIT), {})
    assert kept_up.label == "Kept up"
    assert brought.unit.startswith("a month, mean of Jan\u00a02023 – Dec\u00a02023: ")
    assert brought.unit.endswith(" a year")
    assert (profit.value, profit.unit) == (
        "Not known", "Cost and margin would tell: set panel.cost and panel.margin.",
    )  # fmt: skip
    size = EffectSize(estimate=21_000.0, lower=-4_000.0, upper=46_000.0)
    recent = replace(results.incremental.recent, profit=size)
    earned = replace(results, incremental=replace(results.incremental, recent=recent))
    shown = key_figures(make_writer(earned, VISIT), {})[2]
    assert shown.value == "₹\u00a021,000"
    assert shown.interval == "95% interval −₹\u00a04,000 to ₹\u00a046,000"
    # Results of a version that held no figure of a month tell the sum over the record, and say so.
    older = replace(results, incremental=replace(results.incremental, recent=None))
    kept_up, whole = key_figures(make_writer(older, VISIT), {})
    assert whole.unit.startswith("over the whole period")


@pytest.mark.parametrize(
    ("locale", "unit", "units", "told"),
    [
        ("en_IN", "visit", "", "visits"), ("en_GB", "delivery", "", "deliveries"), ("en_IN", "box", "", "boxes"),
        ("en_IN", "unit", "", "units of promotion"), ("en_IN", "display share", "", "units (display share)"),
        ("de_DE", "Besuch", "", "Einheiten (Besuch)"), ("de_DE", "Besuch", "Besuche", "Besuche"),
    ],
)  # fmt: skip
def test_several_units_have_the_name_that_the_settings_give(locale: str, unit: str, units: str, told: str) -> None:
    report = ReportSettings(locale=locale, promotion_unit=unit, promotion_units=units)
    assert make_writer(market_results(), Settings(report=report)).units == told


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
    assert check_name(writer, writer.results, check) == "Check of tomorrow"
    assert trust.advice(writer, check) == "Ask a statistician to look at it."
    assert trust.rule(writer, check)


def test_every_check_of_the_statistics_has_words() -> None:
    from reportgen.model.checks.rules import RULES

    assert set(RULES) <= set(trust.CHECKS)


def test_advice_is_at_most_three_lines() -> None:
    for case in CASES.values():
        lines = summary.actions(_writer(**case))
        assert 1 <= len(lines) <= 3
        assert len(set(lines)) == len(lines)


def test_pharmacies_that_stand_out_are_named_and_the_chart_counts_the_same() -> None:
    results = market_results(pharmacies=12, cost=None)
    rows = [replace(row, lower=400.0, upper=700.0, total_slope=500.0) for row in results.pharmacies[:2]]
    rows += [replace(row, lower=-50.0, upper=90.0, total_slope=20.0) for row in results.pharmacies[2:3]]
    results = replace(results, pharmacies=(*rows, *results.pharmacies[3:]))
    writer = make_writer(results, VISIT)
    lines = summary.actions(writer)
    assert lines[0] == "Try more promotion in 2 pharmacies that respond reliably above average: P0001, P0002."
    assert lines[1].startswith("Question promotion in 1 pharmacy that responds below average")
    chart = draw_charts(results, writer.formats, Language("en_IN"), names=("caterpillar",))["caterpillar"]
    assert chart.title.endswith("2 respond clearly more than average, 1 clearly less.")


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


# --- the rarer sentences --------------------------------------------------------------------------


def _changed(results: MarketResults, **fields: Any) -> Writer:
    return make_writer(replace(results, **fields), VISIT)


def test_half_life_in_words() -> None:
    results = market_results()
    assert results.long_run is not None
    said = {
        value: carry_over.lead(_changed(results, long_run=replace(results.long_run, half_life=value)))
        for value in (0.0, 0.8, 1.0, 2.4)
    }
    assert "in the first month" in said[0.0]
    assert "by the second month." in said[0.8]
    assert "by the second month." in said[1.0]
    assert "after 2.4 months" in said[2.4]


def test_drifting_sales_have_no_long_run() -> None:
    assert "drift so strongly" in carry_over.lead(_changed(market_results(), long_run=None))


def test_decay_set_estimated_and_at_the_edge() -> None:
    results = market_results()
    assert results.decay is not None
    (fixed,) = carry_over.decay_words(_changed(results, decay=replace(results.decay, estimated=False)))
    assert "was set, not estimated" in fixed
    edge = carry_over.decay_words(_changed(results, decay=replace(results.decay, at_edge=True, lag_correlation=None)))
    assert "edge of the range" in edge[-1]
    assert carry_over.decay_words(_changed(results, decay=None)) == ()


def test_what_a_difference_between_estimates_means() -> None:
    results = market_results()
    assert results.plain is not None
    assert results.within is not None
    same, other = replace(results.plain, differs=False), replace(results.within, differs=True)
    assert "The three estimates agree" in sections.comparison_words(_changed(results, plain=same))
    assert "lie between the two" in sections.comparison_words(_changed(results, plain=same, within=other))
    both = sections.comparison_words(_changed(results, within=other))
    assert both.startswith("The seed model differs")
    assert "lie between the two" in both
    assert sections.comparison_words(_changed(results, plain=None, within=None)) == ""


def test_controls_and_unknown_columns_have_their_sentence() -> None:
    results = market_results()
    price = replace(results.fixed[-1], term="Price")
    level = sections.coefficient_sentences(_changed(results, fixed=(*results.fixed, price)))
    assert level[-1].startswith("Price: ")
    assert "per unit" in level[-1]
    log = market_results(response="log")
    price = replace(log.fixed[1], term="Price", estimate=-0.7, se=0.02, lower=-0.74, upper=-0.66)
    assert (
        "Price: one unit more goes with −50"
        in sections.coefficient_sentences(_changed(log, fixed=(*log.fixed, price)))[-1]
    )
    bare = replace(results.fixed[0], lower=None)
    assert sections.coefficient_sentences(_changed(results, fixed=(bare,))) == ()


@pytest.mark.parametrize(
    ("error", "words"),
    [
        ("full-information", "full-information"),
        ("gls", "generalised least squares"),
        ("cluster", "clustered by pharmacy"),
    ],
)
def test_which_standard_errors_are_printed(error: Any, words: str) -> None:
    results = market_results()
    assert results.model is not None
    assert words in foundation.standard_error_words(
        _changed(results, model=replace(results.model, standard_error=error))
    )


def test_the_model_in_words_follows_its_parts() -> None:
    results = market_results(period="week", response="log")
    assert results.model is not None
    one = replace(results.model, random_terms=("Intercept",), correction="none")
    said = " ".join(foundation.model_words(_changed(results, model=one)))
    assert "in a week" in said
    assert "one for all" in said
    assert "logarithm" in said
    assert "Further columns" not in said


def test_certificates_tell_how_close_and_what_was_left_out() -> None:
    results = market_results()
    assert results.fit is not None
    assert foundation.certificate(_changed(results, fit=replace(results.fit, statsmodels_gap=0.0))).endswith(
        "to 1e-12."
    )
    assert "Not certified" in foundation.certificate(_changed(results, fit=replace(results.fit, certified=False)))
    assert "not compared with statsmodels" in foundation.certificate(_writer(status="singular"))


def test_singular_markets_tell_which_kind() -> None:
    flat = sections.pharmacies_lead(_writer(status="singular"))
    assert flat == "No difference in response between pharmacies can be told apart from chance."
    tied = replace(market_results(), status="singular")
    assert "fully related" in sections.pharmacies_lead(make_writer(tied, VISIT))


def test_money_that_is_missing_is_left_out() -> None:
    results = market_results()
    assert results.incremental is not None
    assert results.roi is not None
    none = _changed(results, incremental=None)
    assert sections.impact_lead(none) == "Incremental sales cannot be given for this market."
    assert sections.impact_words(none) == ()
    no_share = _changed(results, incremental=replace(results.incremental, share=None, recent=None))
    assert sections.impact_lead(no_share).endswith(").")
    open_ended = _changed(results, roi=replace(results.roi, lower=None, upper=None, break_even_lower=None))
    assert "(" not in sections.roi_words(open_ended)
    assert sections.roi_words(_changed(results, roi=None)) == ""


@pytest.mark.parametrize(
    ("lower", "upper", "words"), [(0.2, 0.9, "keep it"), (-0.9, -0.2, "Spend less"), (-0.2, 0.4, "is open")]
)
def test_advice_on_money_follows_the_whole_interval(lower: float, upper: float, words: str) -> None:
    results = market_results()
    assert results.roi is not None
    changed = replace(results.roi, roi=(lower + upper) / 2, lower=lower, upper=upper)
    assert words in summary.actions(_changed(results, roi=changed))[0]


def test_ordinary_regression_that_was_not_run_is_silent() -> None:
    writer = _changed(market_results(), ordinary=None)
    assert ordinary.lead(writer) == ""
    assert ordinary.words(writer) == ()


def test_weekly_terms_and_channels_are_named() -> None:
    writer = _writer(period="week")
    channel = {"channel": 0, "label": "Calls"}
    terms = (
        ModelTerm(term="Lag1_Log_Sales", role="lag", lag=1),
        ModelTerm(term="Lag2_Sales", role="lag", lag=2),
        ModelTerm(term="Adstock_Calls", role="promotion", **channel),
        ModelTerm(term="Mean_Promotion_Calls", role="mean-promotion", **channel),
        ModelTerm(term="Presample_Promotion", role="presample-promotion", channel=0),
        ModelTerm(term="Price", role="control", label="Price"),
        ModelTerm(term="Lagos_Price", role="control", label="Lagos_Price"),
    )
    writer = replace(writer, model_terms=terms)
    assert term_label(writer, "Lag1_Log_Sales") == "Sales 1 week before"
    assert term_label(writer, "Lag2_Sales") == "Sales 2 weeks before"
    assert term_label(writer, "Adstock_Calls") == "Calls"
    assert term_label(writer, "Mean_Promotion_Calls") == "Average promotion of the pharmacy: Calls"
    assert term_label(writer, "Presample_Promotion") == "Promotion before the record, fading out"
    assert random_label(writer, "Adstock_Calls") == "Calls"
    assert term_unit(writer, "Price") == "₹ per unit"
    assert (term_label(writer, "Lagos_Price"), term_unit(writer, "Lagos_Price")) == ("Lagos Price", "₹ per unit")


def test_a_long_list_of_names_is_cut_and_counted() -> None:
    assert _writer().listed(["A", "B", "C", "D", "E"]) == "A, B, C and 2 more"


def test_names_from_right_to_left_are_fenced_off_in_sentences() -> None:
    name = "صيدلية النور 10"
    w = make_writer(market_results(), VISIT)
    assert w.say("without {pharmacy} {effect}", pharmacy=name, effect="₹ 233") == f"without \u2068{name}\u2069 ₹ 233"
    assert w.listed([name, "P1"]) == f"\u2068{name}\u2069, P1"
    assert w.say("{pharmacy}", pharmacy="औषधालय 3") == "औषधालय 3"


def test_periods_of_an_experiment_that_cannot_be_read_are_not_passed_over() -> None:
    assigned = Settings.model_validate({"model": {"design": "experiment", "assigned": ["2023-09", "2023-12"]}})
    assert "no experiment can be read in this market" in experiment_arms(_writer(assigned))
    assert "interval is too narrow" in experiment_arms(_writer(assigned, design="experiment", experiment=experiment()))
    assert experiment_arms(_writer()) == ""


def test_an_amount_and_its_interval_are_written_in_one_unit() -> None:
    results = market_results()
    assert results.incremental is not None
    assert results.incremental.recent is not None
    recent = replace(results.incremental.recent, estimate=81_256.0, lower=56_000.0, upper=107_000.0)
    results = replace(results, incremental=replace(results.incremental, recent=recent))
    brought = key_figures(make_writer(results, VISIT), {})[1]
    assert brought.value == "₹\u00a00.81\u00a0lakh"
    assert brought.interval == "95% interval ₹\u00a00.56\u00a0lakh to ₹\u00a01.07\u00a0lakh"
