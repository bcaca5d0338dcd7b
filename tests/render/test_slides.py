"""Slides: numbers as in the results, native charts that can be edited, the company's looks, the same bytes."""

from __future__ import annotations

import io
import math
import shutil
import subprocess
import time
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pptx
import pytest
from python_calamine import CalamineWorkbook

from factories import channel_results, curved, market_results, overview_results, planned_forecast
from reportgen.batch import formats
from reportgen.batch.formats import Formats, choose_formats
from reportgen.errors import ConfigError, EnvironmentMissing
from reportgen.render.slides import package
from reportgen.render.slides.pages import render_deck
from reportgen.report.site.market_line import failed_market, summarise
from reportgen.report.site.overview import build_overview
from reportgen.report.slides.across import build_across
from reportgen.report.slides.deck import Deck
from reportgen.report.slides.market import build_deck
from reportgen.results import EffectSize, MarketMove, MarketResults, MarketsPlan, Plan, PlanRow
from reportgen.settings.read import load_settings
from reportgen.settings.sections import BrandSettings, ReportSettings, Settings

VISIT = Settings(report=ReportSettings(promotion_unit="visit"))
GERMAN = Settings(report=ReportSettings(locale="de_DE", currency="EUR", promotion_unit="Besuch"))


def with_plan() -> MarketResults:
    """Six pharmacies get more, six less."""
    one = market_results()
    rows = []
    for k, row in enumerate(one.pharmacies[:12]):
        moved = 1.0 if k < 6 else -1.0
        gain = EffectSize(estimate=moved * 100.0 * k, lower=moved * 100.0 * k - 80.0, upper=moved * 100.0 * k + 80.0)
        effect = EffectSize(estimate=500.0 - k, lower=100.0, upper=900.0)
        action: Any = "give" if moved > 0 else "take"
        rows.append(
            PlanRow(
                pharmacy=row.pharmacy, now=4.0, next=4.0 + moved, action=action, reason="", effect=effect, gain=gain
            )
        )
    plan = Plan(
        outcome="recommended", reason="", channel="promotion", recent=("2023-01", "2023-12"), periods=12, bound=0.25,
        step=1.0, total_now=160.0, total_next=160.0, given=6.0, taken=6.0, gives=6, takes=6, loss=0.004,
        gain=EffectSize(estimate=43_210.0, lower=20_000.0, upper=61_000.0), rows=tuple(rows),
    )  # fmt: skip
    return replace(one, plan=plan)


CASES: dict[str, MarketResults] = {
    "usual": market_results(),
    "weekly log": market_results(period="week", periods=60, response="log", cost=None),
    "negative": market_results(effect=-1.0),
    "open": market_results(effect=0.01),
    "singular": market_results(status="singular"),
    "no estimate": market_results(status="not-estimable"),
    "not proven": market_results(status="not-estimated"),
    "few": market_results(pharmacies=6),
    "many, long names": market_results(pharmacies=150, names="long"),
    "hostile names": market_results(names="hostile", market="<b>&{{ 7*7 }}"),
    "arabic": market_results(names="arabic"),
    "channels": channel_results(("visits", "samples"), clear=1),
    "curved": curved(market_results()),
    "forecast under the plan": planned_forecast(market_results()),
    "plan": with_plan(),
}
both = pytest.mark.parametrize("settings", [VISIT, GERMAN], ids=["English", "German"])
every = pytest.mark.parametrize("name", CASES)


def resolve(found: Any, path: str) -> Any:
    for step in path.split("."):
        found = found[int(step)] if step.isdigit() else getattr(found, step)
    return found


def as_written(values: Any) -> list[Any]:
    """Numbers of a workbook, which has them to 16 digits."""
    return ["" if value is None else pytest.approx(value, rel=1e-14) for value in values]


def across(settings: Settings = VISIT) -> Deck:
    lines = [summarise(one, settings, folder="m", files=()) for one in CASES.values()]
    lines.append(failed_market("ZZ", "It failed."))
    found = overview_results(markets=45)
    return build_across(build_overview(lines, settings, as_of="2024-01-31", across=found), lines, found, settings)


def opened(deck: Deck, template: Path | None = None) -> Any:
    return pptx.Presentation(io.BytesIO(render_deck(deck, template=template)))


def texts(slide: Any) -> list[str]:
    found = [shape.text_frame.text for shape in slide.shapes if shape.has_text_frame]
    tables = [shape.table for shape in slide.shapes if shape.has_table]
    return found + [cell.text for table in tables for row in table.rows for cell in row.cells]


# --- numbers ----------------------------------------------------------------------------------


@both
@every
def test_every_number_is_that_of_the_results(name: str, settings: Settings) -> None:
    results = CASES[name]
    deck = build_deck(results, settings)
    log = results.model is not None and results.model.response == "log"
    for slide in deck.slides:
        for fact in slide.facts:
            if not fact.source.startswith(("count:", "text:")) and fact.source != "model.confidence":
                assert resolve(results, fact.source) == fact.value, fact
        for series in slide.chart.series if slide.chart else ():
            for field, drawn in zip(series.fields, (series.values, series.lower, series.upper), strict=False):
                held = [resolve(results, f"{place}.{field}".rstrip(".")) if place else None for place in series.places]
                if log and series.places[0].startswith("pharmacies"):
                    assert drawn == pytest.approx([pytest.approx(math.expm1(v)) for v in held])
                else:
                    assert list(drawn) == held


@every
def test_the_file_holds_the_numbers_in_chart_and_workbook(name: str) -> None:
    deck = build_deck(CASES[name], VISIT)
    for slide, made in zip(deck.slides, opened(deck).slides, strict=True):
        charts = [shape.chart for shape in made.shapes if shape.has_chart]
        assert len(charts) == (slide.chart is not None)
        if slide.chart is None:
            continue
        plot = charts[0].plots[0]
        assert list(plot.categories) == list(slide.chart.categories)
        assert [tuple(one.values) for one in plot.series] == [one.values for one in slide.chart.series]
        book = CalamineWorkbook.from_filelike(io.BytesIO(charts[0].part.chart_workbook.xlsx_part.blob))
        rows = book.get_sheet_by_name("Sheet1").to_python()[1:]
        assert [row[0] for row in rows] == list(slide.chart.categories)
        for column, one in enumerate(slide.chart.series, start=1):
            assert [row[column] for row in rows] == as_written(one.values)
        first = slide.chart.series[0]
        if first.lower:
            assert [row[2] for row in rows] == as_written(first.lower)
            assert [row[3] for row in rows] == as_written(first.upper)
            assert [row[4] for row in rows] == as_written(
                [v - low for v, low in zip(first.values, first.lower, strict=True)]
            )


def test_charts_over_all_markets_are_those_of_overview_json() -> None:
    found = overview_results(markets=45)
    drawn = [one.chart.series[0] for one in across().slides if one.chart is not None]
    assert len(drawn) == 3
    for series in drawn:
        assert list(series.values) == [resolve(found, f"{place}.estimate") for place in series.places]
    assert sum(len(series.values) for series in drawn) == 45


def test_the_deck_over_all_markets_has_the_plan_between_them_as_the_page_has_it() -> None:
    size = EffectSize(estimate=35e3, lower=20e3, upper=50e3)
    moves = tuple(
        MarketMove(market=name, now=200.0, next=200.0 + by, action=action, effect=size, gain=size)  # type: ignore[arg-type]
        for name, by, action in (("B", 50.0, "give"), ("A", -50.0, "take"))
    )
    plan = MarketsPlan(
        outcome="recommended", reason="", total=400.0, moved=50.0, gives=1, takes=1, gain=size, gain_year=420e3,
        loss=1e-9, regret=0.0, rows=moves,
    )  # fmt: skip
    found = replace(overview_results(markets=5), plan=plan)
    lines = [summarise(CASES["usual"], VISIT, folder="m", files=())]
    page = build_overview(lines, VISIT, as_of="2024-01-31", across=found)
    slide = next(one for one in build_across(page, lines, found, VISIT).slides if one.name == "between")
    assert slide.title.startswith("Move 50")
    assert slide.table is not None
    assert [row[:2] for row in slide.table.rows] == [("B", "Give"), ("A", "Take")]
    assert "between" not in {one.name for one in across().slides}


# --- content ----------------------------------------------------------------------------------


@every
def test_five_slides_and_three_where_nothing_was_estimated(name: str) -> None:
    results = CASES[name]
    deck = build_deck(results, VISIT)
    assert len(deck.slides) == (5 if results.fixed else 3)
    made = opened(deck)
    for slide, page in zip(deck.slides, made.slides, strict=True):
        assert page.shapes.title.text_frame.text == slide.title
        said = texts(page)
        assert slide.kicker in said
        for one in slide.lists:
            assert any(item in text for item in one.items for text in said)
        notes = page.notes_slide.notes_text_frame.text
        assert "results.json" in notes
        for fact in slide.facts:
            if not fact.source.startswith(("count:", "text:")):
                assert fact.source in notes


def test_the_first_slide_holds_the_decision_its_worth_and_who_gets_what() -> None:
    slide = build_deck(CASES["plan"], VISIT).slides[0]
    title = slide.title.replace("\xa0", " ")
    assert title.startswith("Move 6 of 160 visits a month from 6 pharmacies to 6 others: ₹ 43,210 more sales")
    assert slide.table is not None
    assert [row[0] for row in slide.table.rows] == ["Give"] * 4 + ["Take"] * 4
    assert slide.table.rows[0][1:3] == (CASES["plan"].pharmacies[0].pharmacy, "4.0 → 5.0")
    assert {fact.source for fact in slide.facts} >= {
        "plan.gain.estimate",
        "plan.rows.1.gain.lower",
        "plan.rows.11.next",
    }


def test_where_the_answer_is_open_no_estimate_stands_alone() -> None:
    deck = build_deck(CASES["open"], VISIT)
    figures = {card.label: card.value for card in deck.slides[0].cards}
    assert all(" to " in value or value == "Not known" for value in figures.values())
    assert deck.slides[1].chart is not None
    assert deck.slides[1].chart.hollow
    assert " to " in deck.slides[2].title


@both
def test_charts_and_tables_are_native_and_described(settings: Settings) -> None:
    for deck in (build_deck(CASES["usual"], settings), across(settings)):
        content = render_deck(deck)
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            assert not [name for name in archive.namelist() if "media" in name or name.endswith((".png", ".jpeg"))]
            assert not [name for name in archive.namelist() if b'TargetMode="External"' in archive.read(name)]
        for slide in pptx.Presentation(io.BytesIO(content)).slides:
            for shape in slide.shapes:
                if shape.has_chart or shape.has_table:
                    (properties,) = shape._element.xpath("./p:nvGraphicFramePr/p:cNvPr")
                    assert len(properties.get("descr")) > 20


def test_everything_stands_on_its_slide() -> None:
    for deck in (*(build_deck(one, GERMAN) for one in CASES.values()), across()):
        made = opened(deck)
        for slide in made.slides:
            for shape in slide.shapes:
                assert shape.left >= 0
                assert shape.top >= 0
                assert shape.left + shape.width <= made.slide_width
                assert shape.top + shape.height <= made.slide_height, shape.name


# --- looks ------------------------------------------------------------------------------------


def company(path: Path, *, accent: str = "AB12CD") -> Path:
    """A company's template: another size and colour, one slide that must go."""
    base = pptx.Presentation()
    base.slides.add_slide(base.slide_layouts[0]).shapes.title.text = "Your title here"
    buffer = io.BytesIO()
    base.save(buffer)
    with zipfile.ZipFile(buffer) as old, zipfile.ZipFile(path, "w") as new:
        for name in old.namelist():
            body = old.read(name)
            if name == "[Content_Types].xml" and path.suffix == ".potx":
                body = body.replace(b"presentation.main+xml", b"template.main+xml")
            if "theme1" in name:
                body = body.replace(b"4F81BD", accent.encode())
            new.writestr(name, body)
    return path


@pytest.mark.parametrize("ending", ["potx", "pptx"])
def test_the_companys_template_gives_size_and_theme(tmp_path: Path, ending: str) -> None:
    template = company(tmp_path / f"company.{ending}")
    made = opened(build_deck(CASES["usual"], VISIT), template)
    assert (made.slide_width, made.slide_height) == (9144000, 6858000)
    assert len(made.slides) == 5
    assert "Your title here" not in " ".join(text for slide in made.slides for text in texts(slide))
    content = render_deck(build_deck(CASES["usual"], VISIT), template=template)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert b"AB12CD" in archive.read("ppt/theme/theme1.xml")


def test_our_own_base_has_the_brands_colour_and_its_name() -> None:
    brand = Settings(brand=BrandSettings(name="Example Pharma", accent="#7a1fa2", footer="Internal"))
    deck = build_deck(CASES["usual"], brand)
    content = render_deck(deck)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert b"7A1FA2" in archive.read("ppt/theme/theme1.xml")
    made = pptx.Presentation(io.BytesIO(content))
    assert made.core_properties.author == "Example Pharma"
    assert any("Example Pharma · Internal" in text for text in texts(made.slides[0]))


def test_a_template_that_cannot_be_used_is_refused_when_settings_are_read(tmp_path: Path) -> None:
    (tmp_path / "no.potx").write_bytes(b"no archive")
    with zipfile.ZipFile(tmp_path / "macro.potm", "w") as archive:
        archive.writestr("ppt/presentation.xml", "")
        archive.writestr("ppt/vbaProject.bin", "")
    settings = tmp_path / "reportgen.toml"
    for name, said in (
        ("gone.potx", "there is no file gone.potx"),
        ("no.potx", "is no presentation"),
        ("macro.potm", "holds macros"),
    ):
        settings.write_text(f'[brand]\nslides = "{name}"\n')
        with pytest.raises(ConfigError, match=f"line 2: brand.slides .*{said}"):
            load_settings(settings)
    company(tmp_path / "company.potx")
    settings.write_text('[brand]\nslides = "company.potx"\n')
    assert load_settings(settings).settings.brand.slides == str(tmp_path / "company.potx")
    with zipfile.ZipFile(tmp_path / "hollow.pptx", "w") as archive:
        archive.writestr("ppt/presentation.xml", "")
    with pytest.raises(ConfigError, match=r"hollow\.pptx cannot be opened"):
        render_deck(build_deck(CASES["usual"], VISIT), template=tmp_path / "hollow.pptx")


# --- file and format --------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["usual", "no estimate"])
def test_same_slides_same_bytes_whatever_the_time(name: str) -> None:
    deck = build_deck(CASES[name], VISIT)
    first = render_deck(deck)
    time.sleep(2.1)  # an archive counts in steps of two seconds
    assert render_deck(build_deck(CASES[name], VISIT)) == first


def test_a_market_of_300_pharmacies_takes_little_room_and_time() -> None:
    results = market_results(pharmacies=300)
    render_deck(build_deck(results, VISIT))
    started = time.process_time()
    content = render_deck(build_deck(results, VISIT))
    assert time.process_time() - started <= 0.3
    assert len(content) <= 250_000


def test_without_python_pptx_slides_by_name_are_an_error_and_others_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(package, "slides_missing", lambda: True)
    wanted = load_settings(tmp_path / "none", overrides={"report.formats": "html,pptx"}).settings
    with pytest.raises(EnvironmentMissing, match=r"pip install 'reportgen-lmm\[slides\]'"):
        choose_formats(wanted, only=False, elsewhere=False)
    usual = choose_formats(load_settings(tmp_path / "none").settings, only=False, elsewhere=False)
    assert usual.of(("pptx",)) == ("brief", "html", "pdf")
    assert usual.warnings([]) == []
    assert "Slides need python-pptx" in Formats(asked=formats.SLIDES, lacking=formats.SLIDES).warnings([])[0]


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice is not installed")
def test_libreoffice_opens_every_deck(tmp_path: Path) -> None:
    for k, deck in enumerate((build_deck(CASES["usual"], VISIT), build_deck(CASES["hostile names"], GERMAN), across())):
        path = tmp_path / f"{k}.pptx"
        path.write_bytes(render_deck(deck))
        home = f"-env:UserInstallation=file://{tmp_path}/home"
        command = ["soffice", home, "--headless", "--convert-to", "pdf", "--outdir", str(tmp_path), str(path)]
        subprocess.run(command, check=True, capture_output=True, timeout=200)
        assert (tmp_path / f"{k}.pdf").stat().st_size > 5000
