"""A response that flattens: every sentence on one more unit names the level, and the curve is told where it belongs."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from factories import channel_results, curved, market_results
from reportgen.report.blocks import Chart, Definitions, Equation, MarketReport, Prose, Table
from reportgen.report.document import build_report
from reportgen.report.figures import draw_charts
from reportgen.report.narrative import summary, trust
from reportgen.report.tables.sheets import build_workbook
from reportgen.report.words.checks import check_name
from reportgen.report.words.formats import Formats
from reportgen.report.words.language import Language
from reportgen.report.words.writer import make_writer
from reportgen.results import CurveKind, MarketResults
from reportgen.settings.sections import ReportSettings, Settings

VISIT = Settings(report=ReportSettings(promotion_unit="visit"))
FLAT = curved(market_results())


def _section(report: MarketReport, anchor: str) -> tuple[Any, ...]:
    return next(section.blocks for section in report.sections if section.anchor == anchor)


def _prose(report: MarketReport, anchor: str) -> str:
    return " ".join(block.text for block in _section(report, anchor) if isinstance(block, Prose))


def _draw(results: MarketResults, *names: str, locale: str = "en_IN") -> Any:
    return draw_charts(results, Formats(locale, "INR", unit="visit"), Language(locale), names=names or None)


def test_sentences_on_one_more_name_the_usual_level_where_they_are_quoted_alone() -> None:
    report = build_report(FLAT, VISIT)
    first = report.summary
    usual = f"than the usual {FLAT.shapes[0].usual:.2f}"
    assert first.verdict.sentence.startswith(f"One more visit a month {usual}, kept up, is associated with")
    assert [figure.name for figure in first.key_figures] == ["kept_up", "brought", "profit"]
    assert usual in first.key_figures[0].unit
    section = next(section for section in report.sections if section.anchor == "carry-over")
    assert section.lead.startswith(f"First month: one more visit {usual} goes with")
    assert f"In all, one more visit {usual} goes with" in section.lead
    chart = next(block for block in section.blocks if isinstance(block, Chart) and block.name == "impulse")
    assert chart.title.startswith(f"One visit more {usual} goes with")
    tables = [block for section in report.sections for block in section.blocks if isinstance(block, Table)]
    for table in tables:
        if table.name in ("pharmacies", "coefficients"):
            assert "The response flattens: effects are those of one more than the usual" in table.note


def test_the_first_page_says_what_one_more_brings_at_half_and_at_twice_the_usual() -> None:
    shape = FLAT.shapes[0]
    half, twice = (shape.at(times) for times in (0.5, 2.0))
    assert half is not None
    assert twice is not None
    sentence = build_report(FLAT, VISIT).summary.verdict.sentence
    assert "Promotion brings less the more of it there is: one more visit a month, kept up, goes with" in sentence
    kept = FLAT.effects[0].kept_up.estimate
    assert kept is not None
    # By the curve itself: at half the usual promotion one more brings (1 + 1/0.8)^2 / (1 + 0.5/0.8)^2 times as much.
    assert shape.points[half].marginal == pytest.approx(kept * (2.25 / 1.625) ** 2)
    assert shape.points[twice].marginal == pytest.approx(kept * (2.25 / 3.5) ** 2)
    only = replace(shape, points=tuple(replace(p, seen=p.promotion < 1.5 * shape.usual) for p in shape.points))
    sentence = build_report(replace(FLAT, shapes=(only,)), VISIT).summary.verdict.sentence
    assert "at half the usual promotion" in sentence
    assert "twice" not in sentence


@pytest.mark.parametrize("effect", [0.01, -1.0])
def test_where_the_answer_is_open_or_harm_no_level_is_promised_anything(effect: float) -> None:
    report = build_report(curved(market_results(effect=effect)), VISIT)
    assert "brings less" not in report.summary.verdict.sentence
    assert "than the usual" in report.summary.verdict.sentence


def test_a_straight_line_says_nothing_of_curves() -> None:
    report = build_report(market_results(), VISIT)
    assert "usual promotion" not in repr(report.summary)
    assert "model.shape" not in _prose(report, "model") + _prose(report, "method")
    assert "response" not in _draw(market_results())


def test_without_the_curve_in_money_it_is_still_said_to_flatten() -> None:
    gone = replace(FLAT, shapes=(replace(FLAT.shapes[0], points=()),))
    assert "response" not in _draw(gone)
    sentence = build_report(gone, VISIT).summary.verdict.sentence
    assert "Promotion brings less the more of it there is." in sentence


@pytest.mark.parametrize(
    ("kind", "formula", "named"),
    [
        ("log", "(c + u) · log(1 + a/c)", "a logarithm that 6 markets share"),
        ("hill", "(c + u)²/c · a/(c + a)", "Hill’s curve that 6 markets share"),
        ("exponential", "c · exp(u/c) · (1 − exp(−a/c))", "an exponential curve that 6 markets share"),
    ],
)
def test_the_model_is_written_with_its_curve(kind: CurveKind, formula: str, named: str) -> None:
    report = build_report(curved(market_results(), kind), VISIT)
    blocks = _section(report, "model")
    equation = next(block for block in blocks if isinstance(block, Equation))
    assert sum("f(" in symbol.text for symbol in equation.symbols) == 2
    symbols = next(block for block in blocks if isinstance(block, Definitions))
    (curve,) = (item.text for item in symbols.items if item.term == "f")
    assert formula in curve
    assert named in _prose(report, "model")
    assert "shifted Box-Cox" in _prose(report, "method")
    assert "Box, Cox (1964)" in repr(_section(report, "method"))


@pytest.mark.parametrize("kind", ["log", "hill", "exponential"])
def test_the_printed_formula_is_the_curve(kind: CurveKind) -> None:
    """The formulas of the report against the curve that the model used: they are written apart."""
    from math import exp, log

    import numpy as np

    from reportgen.panel.curves import ResponseCurve

    c, u = 4.3, 5.9
    written = {
        "log": lambda a: (c + u) * log(1 + a / c),
        "hill": lambda a: (c + u) ** 2 / c * a / (c + a),
        "exponential": lambda a: c * exp(u / c) * (1 - exp(-a / c)),
    }[kind]
    levels = np.array([0.0, 1.0, 5.9, 14.0])
    bent = ResponseCurve(kind=kind, scale=c, usual=u).bend(levels)
    assert bent == pytest.approx([written(float(a)) for a in levels])


def test_how_far_the_sums_reach_beyond_the_data_is_said_once() -> None:
    report = build_report(FLAT, VISIT)
    assert repr(report).count("The least promotion seen, with carry-over, is") == 1
    down = replace(FLAT, shapes=(replace(FLAT.shapes[0], lowest=0.0),))
    assert "within what was seen" in _prose(build_report(down, VISIT), "impact")


def test_the_chart_tells_usual_promotion_and_what_was_not_seen() -> None:
    made = _draw(FLAT)
    chart = made["response"]
    shape = FLAT.shapes[0]
    assert chart.title.startswith(f"At the usual promotion of {shape.usual:.2f}, one visit more, kept up, goes with ₹")
    columns = chart.table.columns
    assert columns == ("promotion", "brings", "brings_lower", "brings_upper", "one_more_brings", "seen")
    assert [row[0] for row in chart.table.rows] == [point.promotion for point in shape.points]
    assert {row[5] for row in chart.table.rows} == {0, 1}
    assert any(getattr(shape, "dash", ()) == (4, 3) for shape in chart.shapes)
    open_answer = _draw(curved(market_results(effect=0.01)), "response")["response"]
    assert "goes with a change of sales of" in open_answer.title


def test_charts_of_the_curve_in_german_and_in_percent() -> None:
    german = _draw(FLAT, "response", locale="de_DE")["response"]
    assert german.title.startswith("Bei der üblichen Promotion von ")
    log = curved(market_results(response="log", period="week", cost=None), "log")
    formats = Formats("en_IN", "INR", unit="visit", response="log")
    made = draw_charts(log, formats, Language("en_IN"), names=("response",))["response"]
    assert "%" in made.title
    assert "₹" not in made.title


def test_each_channel_has_its_own_curve() -> None:
    results = curved(curved(channel_results(("visits", "samples", "mail"))), channel=2)
    made = _draw(results)
    assert [name for name in made if name.startswith("response")] == ["response", "response_3"]
    assert made["response"].title.startswith("visits: ")
    report = build_report(results, VISIT)
    assert report.summary.channels is not None
    assert "visits (" in report.summary.channels.note
    assert "samples (" not in report.summary.channels.note
    blocks = next(block for block in _section(report, "model") if isinstance(block, Definitions))
    assert [item.term for item in blocks.items if item.term.startswith("f")] == ["f (visits)", "f (mail)"]


def test_the_check_of_a_response_that_flattens_names_the_setting() -> None:
    check = next(check for check in FLAT.checks if check.id == "saturation")
    bent, line = make_writer(FLAT, VISIT), make_writer(market_results(), VISIT)
    failed = replace(check, status="fail")
    assert "Set model.shape to “saturating”" in trust.advice(line, failed)
    assert "sooner here than the curve in the model, or later, or not at all" in trust.advice(bent, failed)
    assert "Where the markets share the curve (model.shape)" in trust.advice(bent, failed)
    assert "The curve in the model (model.shape) leaves no sign" in trust.advice(bent, check)
    assert check_name(bent, bent.results, check) != check_name(line, line.results, check)


@pytest.mark.parametrize(
    ("bounds", "words", "raised"),
    [
        ((10.0, 90.0), "and so would a tenth more", True),
        ((-50.0, 40.0), "whether a tenth more would is open", True),
        ((-90.0, -10.0), "but a tenth more would not", False),
    ],
)
def test_on_a_curve_what_pays_as_a_whole_need_not_pay_a_tenth_more(
    bounds: tuple[float, float], words: str, *, raised: bool
) -> None:
    found = curved(market_results(pharmacies=12))
    assert found.roi is not None
    strong = replace(found.pharmacies[0], lower=400.0, upper=700.0, total_slope=500.0)
    found = replace(found, pharmacies=(strong, *found.pharmacies[1:]))
    paying = replace(found.roi, roi=0.4, lower=0.1, upper=0.7)
    rows = tuple(replace(row, profit_lower=bounds[0], profit_upper=bounds[1]) for row in found.what_if)
    lines = summary.actions(make_writer(replace(found, roi=paying, what_if=rows), VISIT))
    assert words in lines[0]
    assert any("Try more promotion" in line for line in lines) is raised
    straight = summary.actions(make_writer(replace(found, roi=paying, what_if=rows, shapes=()), VISIT))
    assert "tenth" not in straight[0]


def test_the_workbook_has_the_level_of_the_effects() -> None:
    sheets = build_workbook(FLAT, VISIT).sheets
    assert ("Usual promotion, where one more brings that", "promotion", FLAT.shapes[0].usual, None, None) in sheets[
        0
    ].rows


def test_german_pages_of_a_curved_market_are_german() -> None:
    report = build_report(FLAT, Settings(report=ReportSettings(promotion_unit="Besuch", locale="de_DE")))
    assert report.summary.verdict.sentence.startswith("1 Besuch mehr pro Monat als die üblichen ")
    assert "bringt umso weniger, je mehr es davon gibt" in report.summary.verdict.sentence
    assert "Märkte gemeinsam haben" in _prose(report, "model")
