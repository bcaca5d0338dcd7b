"""The finished report: plain data, all sections in order, one frame for every status; and the overview."""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from typing import Any

import pytest
from pydantic import ValidationError

from factories import curved, market_results, overview_results
from reportgen.errors import ConfigError
from reportgen.report.blocks import Chart, MarketReport, Table
from reportgen.report.brand import load_brand
from reportgen.report.document import build_report
from reportgen.report.figures import CHARTS, kind_of
from reportgen.report.site.market_line import MarketSummary, failed_market, summarise
from reportgen.report.site.overview import build_overview
from reportgen.settings.coerce import contrast_on_white
from reportgen.settings.sections import BrandSettings, ReportSettings, Settings

SETTINGS = Settings(report=ReportSettings(promotion_unit="visit"))


@pytest.fixture(scope="module")
def report() -> MarketReport:
    return build_report(market_results(pharmacies=20), SETTINGS)


def _assert_plain(value: Any) -> None:
    if is_dataclass(value):
        assert value.__dataclass_params__.frozen  # type: ignore[attr-defined]
        for field in fields(value):
            _assert_plain(getattr(value, field.name))
    elif isinstance(value, tuple):
        for item in value:
            _assert_plain(item)
    else:
        assert value is None or isinstance(value, (str, int, float, bool)), type(value)


def test_report_holds_plain_data_only(report: MarketReport) -> None:
    _assert_plain(report)


def test_sections_follow_the_storyboard(report: MarketReport) -> None:
    assert [s.anchor for s in report.sections] == [
        "pharmacies", "impact", "carry-over", "trust", "model", "ordinary", "method",
    ]  # fmt: skip
    assert [s.number for s in report.sections] == [str(i) for i in range(2, 9)]
    assert report.summary.title == "The plan"
    assert report.brief.section.anchor == report.sections[0].anchor
    assert report.brief.section.blocks[:-1] == report.sections[0].blocks


@pytest.mark.parametrize("straight", [True, False])
def test_every_chart_that_was_drawn_is_shown_once(report: MarketReport, *, straight: bool) -> None:
    if not straight:
        report = build_report(curved(market_results(pharmacies=20)), SETTINGS)
    shown = [b.name for s in report.sections for b in s.blocks if isinstance(b, Chart)]
    shown += [key.chart.name for key in report.summary.key_figures if key.chart]
    assert report.summary.chart is not None
    shown.append(report.summary.chart.name)
    assert len(shown) == len(set(shown))
    assert set(map(kind_of, shown)) == set(CHARTS) - ({"response"} if straight else set())


def test_every_channel_has_its_carry_over_drawn() -> None:
    results = market_results()
    assert results.decay is not None
    further = tuple(replace(results.decay, channel=f"channel {k}") for k in range(2, 6))
    report = build_report(replace(results, more_decays=further), SETTINGS)
    shown = [b.name for s in report.sections for b in s.blocks if isinstance(b, Chart)]
    assert [name for name in shown if kind_of(name) == "decay"] == ["decay", *(f"decay_{k}" for k in range(2, 6))]


@pytest.mark.parametrize("status", ["not-estimable", "not-estimated"])
def test_a_market_without_estimate_has_the_same_frame(status: Any) -> None:
    made = build_report(market_results(status=status), SETTINGS)
    assert [s.anchor for s in made.sections] == ["data", "method"]
    assert made.summary.verdict.word == "Cannot tell"
    assert not made.summary.key_figures
    assert made.summary.chart is not None
    assert made.summary.chart.name == "timeline"
    assert made.summary.title == "Why there is no estimate"
    assert made.sections[-1].only == "screen"
    assert made.summary.actions


def test_limits_are_prominent(report: MarketReport) -> None:
    first = report.sections[-1].blocks[0]
    assert first.kind == "callout"
    assert first.title == "What this report cannot tell"


def test_same_results_same_report() -> None:
    results = market_results(pharmacies=12)
    assert build_report(results, SETTINGS) == build_report(results, SETTINGS)


def test_table_names_are_unique(report: MarketReport) -> None:
    names = [b.name for s in report.sections for b in s.blocks if isinstance(b, Table)]
    assert len(names) == len(set(names))


# --- brand --------------------------------------------------------------------------------------


def test_pale_accents_are_refused_with_their_contrast() -> None:
    assert contrast_on_white("#000000") == pytest.approx(21)
    assert load_brand(BrandSettings(accent="#0A6A82")).accent == "#0a6a82"
    with pytest.raises(ValidationError, match=r"contrast on white is 1\.1"):
        BrandSettings(accent="#ffff00")
    with pytest.raises(ValidationError, match="six digits"):
        BrandSettings(accent="red; background: url(//x)")


def test_logos_are_embedded_and_active_ones_refused(tmp_path: Any) -> None:
    plain, active, text, large = (tmp_path / name for name in ("a.svg", "b.svg", "c.txt", "d.png"))
    plain.write_text('<svg xmlns="http://www.w3.org/2000/svg"><path d="M0 0h9"/></svg>')
    assert load_brand(BrandSettings(logo=str(plain))).logo.startswith("data:image/svg+xml;base64,")
    active.write_text("<svg onload='alert(1)'></svg>")
    text.write_text("hello")
    large.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(300_000))
    for path, words in (
        (active, "scripts"),
        (text, "neither"),
        (large, "at most"),
        (tmp_path / "no.png", "there is no file"),
    ):
        with pytest.raises(ConfigError, match=words):
            load_brand(BrandSettings(logo=str(path)))


# --- overview -----------------------------------------------------------------------------------


def _summaries() -> list[MarketSummary]:
    cases: list[dict[str, Any]] = [
        {"market": "B", "effect": 1.0},
        {"market": "A", "effect": -1.0, "cost": None},
        {"market": "C", "status": "not-estimable"},
        {"market": "D", "response": "log", "cost": None},
    ]
    made = [
        summarise(
            market_results(pharmacies=10, **case), SETTINGS, folder=f"markets/{case['market']}", files=("report.html",)
        )
        for case in cases
    ]
    return [*made, failed_market("E", "worker died\x00")]


def test_overview_lists_every_market_once_with_links() -> None:
    page = build_overview(_summaries(), SETTINGS, as_of="2024-01-31")
    tables = {b.name: b for s in page.sections for b in s.blocks if isinstance(b, Table)}
    rows = tables["markets"].rows
    assert [row.cells[0].text for row in rows] == ["B", "D", "A", "C", "E"]
    assert [row.cells[0].link for row in rows] == [f"markets/{one}/report.html" for one in "BDAC"] + [""]
    assert "was 4 in every row" in rows[3].cells[5].text
    assert rows[4].cells[5].text == "worker died"


def test_totals_are_those_of_overview_json() -> None:
    across = overview_results(markets=3)
    skewed = replace(across.totals, incremental=10e5, incremental_lower=6e5, incremental_upper=19e5, estimated=3)
    page = build_overview(_summaries(), SETTINGS, as_of="2024-01-31", across=replace(across, totals=skewed))
    assert page.totals[0].value.replace("\xa0", " ") == "₹ 10.0 lakh"
    assert "(₹ 6.0 lakh to ₹ 19.0 lakh; markets taken as independent)" in page.totals[0].label.replace("\xa0", " ")
    assert page.totals[1].value == "3"


def test_an_empty_run_says_so() -> None:
    page = build_overview([failed_market("E", "")], SETTINGS, as_of="2024-01-31")
    assert page.lead == "No market could be estimated; the list below says why."
