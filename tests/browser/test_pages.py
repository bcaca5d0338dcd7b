"""Pages in Chromium: nothing runs but our script, nothing is fetched, axe finds nothing, the tools work."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from factories import market_results
from reportgen.model.prospects import foresee_market
from reportgen.panel.checking.contract import survey_panel
from reportgen.panel.checking.facts import TableSurvey
from reportgen.panel.reading.raw import RawTable
from reportgen.render.html import render_overview, render_report
from reportgen.render.site import site_files
from reportgen.report.datapage.page import build_data_page
from reportgen.report.document import build_report
from reportgen.report.site.market_line import failed_market, summarise
from reportgen.report.site.site_pages import build_pages
from reportgen.results import MarketProspect, MarketResults, Plan, PlanGroup
from reportgen.settings.sections import BrandSettings, PanelSettings, ReportSettings, Settings

pytestmark = pytest.mark.browser
SETTINGS = Settings(report=ReportSettings(promotion_unit="visit"))
HOSTILE = '<script>alert(1)</script><img src=x onerror=alert(1)></title>{{7*7}}"><svg onload=alert(1)>'


def _report(settings: Settings = SETTINGS, **case: Any) -> str:
    return render_report(build_report(market_results(**{"pharmacies": 14, **case}), settings))


def _site() -> str:
    cases: list[dict[str, Any]] = [
        {"market": HOSTILE},
        {"market": "B", "effect": -1.0},
        {"market": "C", "status": "not-estimable"},
    ]
    lines = [
        summarise(
            market_results(pharmacies=9, **case), SETTINGS, folder=f"markets/{i}", files=("report.html", "brief.pdf")
        )
        for i, case in enumerate(cases)
    ]
    pages = build_pages([*lines, failed_market("D", HOSTILE)], SETTINGS, as_of="2024-01-31")
    return site_files(pages)["index.html"].decode()


def _data_page() -> str:
    """A page of a table with gaps, doubled and empty rows, and hostile names."""
    rows = [
        (market, f"{HOSTILE[:9]}{p}", f"2022-{m:02d}", "" if (p * m) % 17 == 3 else str(100 + p * m), str((p * m) % 4))
        for market in (HOSTILE, "B") for p in range(35) for m in range(1, 12) if (p + m) % 7
    ]  # fmt: skip
    frame = pd.DataFrame([*rows, rows[0]], columns=["market", "pharmacy", "month", "sales", "promotion"])
    settings = SETTINGS.model_copy(update={"panel": PanelSettings(bad_markets="contain")})
    survey, raw = TableSurvey(settings), RawTable(frame=frame, source=HOSTILE, first_row=2, sha256="")
    panel = survey_panel(raw, settings, see=survey.add)
    markets = [foresee_market(one, settings) for one in panel.markets.values()]
    markets += [MarketProspect(market=name, outcome="refused", codes=("x",)) for name in panel.refused]
    page = build_data_page(survey.finish(HOSTILE), panel.findings, markets, settings, builds=True, as_of="2024-01-31")
    return render_overview(page)


@pytest.fixture(scope="module")
def pages() -> dict[str, str]:
    hostile = Settings(
        report=ReportSettings(title=HOSTILE, promotion_unit=HOSTILE[:30]),
        brand=BrandSettings(name=HOSTILE, footer=HOSTILE),
    )
    return {
        "report": _report(),
        "many": _report(pharmacies=125, status="singular"),
        "refusal": _report(status="not-estimable"),
        "hostile": _report(hostile, market=HOSTILE, names="hostile"),
        "site": _site(),
        "data": _data_page(),
    }


KINDS = ("report", "many", "refusal", "hostile", "site", "data")


@pytest.mark.parametrize(
    ("kind", "width", "scheme"),
    [
        ("report", 1280, "light"), ("refusal", 390, "dark"), ("data", 1280, "light"), ("data", 390, "dark"),
        *(
            pytest.param(*case, marks=pytest.mark.slow)
            for case in (
                ("report", 390, "dark"), ("report", 1280, "dark"), ("report", 390, "light"), ("refusal", 390, "light"),
                ("refusal", 1280, "dark"), ("site", 1280, "light"), ("site", 390, "dark"), ("many", 1280, "dark"),
                ("hostile", 390, "dark"),
            )
        ),
    ],
)  # fmt: skip
def test_axe_finds_nothing(open_page: Any, pages: dict[str, str], axe: str, kind: str, width: int, scheme: str) -> None:
    page = open_page(pages[kind], width=width, color_scheme=scheme, reduced_motion="reduce", bypass_csp=True)
    page.evaluate(axe)
    tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
    found = page.evaluate("(tags) => axe.run({runOnly: tags})", tags)["violations"]
    assert [(v["id"], [n["target"] for n in v["nodes"]][:3], v["nodes"][0].get("failureSummary")) for v in found] == []


@pytest.mark.parametrize("kind", KINDS)
def test_no_page_is_wider_than_its_window(open_page: Any, pages: dict[str, str], kind: str) -> None:
    page = open_page(pages[kind])
    for width in (320, 390, 1280):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_hostile_names_are_shown_and_run_nothing(open_page: Any, pages: dict[str, str]) -> None:
    page = open_page(pages["hostile"])
    assert page.locator("h1").inner_text().startswith("<script>alert(1)</script><img src=x")
    assert page.locator("script").count() == 2
    assert page.locator("[onload], [onerror]").count() == 0
    assert "alert(1)" in page.title()


def test_tables_sort_by_number_and_say_so(open_page: Any, pages: dict[str, str]) -> None:
    page = open_page(pages["report"])
    table = page.locator("#tab-pharmacies table")
    button = table.locator("thead th").nth(2).locator("button")
    read = "rows => rows.map(r => Number(r.cells[2].dataset.v))"
    button.click()
    up = table.locator("tbody tr").evaluate_all(read)
    assert up == sorted(up)
    assert table.locator("thead th").nth(2).get_attribute("aria-sort") == "ascending"
    button.press("Enter")
    assert table.locator("tbody tr").evaluate_all(read) == up[::-1]


def test_tables_filter_and_count(open_page: Any, pages: dict[str, str]) -> None:
    page = open_page(pages["report"])
    box = page.locator("#tab-pharmacies")
    box.locator("input").fill("p0007")
    assert box.locator("tbody tr:visible").count() == 1
    assert box.locator("[role=status]").inner_text() == "1 / 14"


def test_csv_has_numbers_and_no_formulas(open_page: Any, pages: dict[str, str]) -> None:
    page = open_page(pages["hostile"])
    with page.expect_download() as download:
        page.locator("#tab-pharmacies").get_by_role("button", name="Download CSV").click()
    text = Path(download.value.path()).read_bytes().decode("utf-8-sig")
    assert download.value.suggested_filename == "pharmacies.csv"
    lines = text.split("\r\n")
    assert len(lines) == 15
    assert not any(line.startswith(('"=', '"+', '"-', '"@')) for line in lines)
    assert any(line.startswith("\"'=2+5") for line in lines)


def test_csv_holds_what_the_data_files_hold(open_page: Any, pages: dict[str, str]) -> None:
    """Both limits of an interval, periods and codes, not what a table is sorted by."""
    page = open_page(pages["report"])
    results = market_results(pharmacies=14)
    exported = {}
    for name in ("pharmacies", "months", "checks"):
        with page.expect_download() as download:
            page.locator(f"#tab-{name}").get_by_role("button", name="Download CSV").click()
        lines = Path(download.value.path()).read_text("utf-8-sig").splitlines()
        exported[name] = list(csv.DictReader(lines))
    by_name = {row.pharmacy: row for row in results.pharmacies}
    for line in exported["pharmacies"]:
        row = by_name[line["Pharmacy"]]
        low, high = (float(line[f"95% interval: {end} limit"]) for end in ("Lower", "Upper"))
        assert (low, high) == pytest.approx((row.lower, row.upper), rel=1e-6)
    assert results.incremental is not None
    months = [(line["Month"], float(line["Sales"])) for line in exported["months"]]
    assert months == [(one.period, pytest.approx(one.sales, rel=1e-6)) for one in results.incremental.months]
    assert [line["Status"] for line in exported["checks"]] == [check.status for check in results.checks]


def test_the_page_opens_at_the_plan_and_folds_the_rest(open_page: Any, pages: dict[str, str]) -> None:
    page = open_page(pages["report"], folded=True)
    folds = page.locator("main details")
    assert folds.count() == 7
    assert page.locator("main details[open]").count() == 0
    assert all(folds.nth(k).locator("summary .line").inner_text() for k in range(7))
    assert page.locator(".toc a[aria-current]").inner_text().endswith("The plan")
    page.locator(".toc a", has_text="Can we trust it?").click()
    page.locator("#fig-checks").wait_for(state="visible")
    assert page.locator("main details[open]").count() == 1
    page.keyboard.press("Tab")
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator("main details[open]").count() == 7
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.locator("main details[open]").count() == 1


def _planned() -> MarketResults:
    results = market_results(pharmacies=14)
    draws = tuple(900.0 + 4.0 * k for k in range(51))
    less = tuple(-one for one in draws)
    groups = (
        PlanGroup(name="strong", pharmacies=7, now=40.0, less=less, more=draws),
        PlanGroup(
            name="weak",
            pharmacies=7,
            now=30.0,
            less=tuple(-one / 2 for one in draws),
            more=tuple(one / 2 for one in draws),
        ),
    )
    plan = Plan(outcome="keep", reason="gain-not-clear", channel="promotion", bound=0.25, sales=50_000.0, groups=groups)
    return replace(results, plan=plan)


def test_a_plan_of_ones_own_is_worth_what_the_draws_say(open_page: Any) -> None:
    page = open_page(render_report(build_report(_planned(), SETTINGS)))
    box = page.locator(".planner")
    one, other = box.locator("[type=number]").all()
    one.fill("25")
    assert box.locator("dd").nth(0).inner_text() == "₹1,000 (₹904 to ₹1,096)"
    assert box.locator("dd").nth(1).inner_text().startswith("₹51,000")
    other.fill("-25")
    assert box.locator("dd").nth(0).inner_text().startswith("₹500")
    assert box.locator("[type=range]").nth(1).input_value() == "-25"
    box.locator("[type=range]").nth(1).focus()
    page.keyboard.press("End")
    assert other.input_value() == "25"
    assert box.locator("dd").nth(0).inner_text().startswith("₹1,500")


def test_every_pharmacy_has_an_address_a_card_and_a_mark(open_page: Any, pages: dict[str, str]) -> None:
    page = open_page(pages["report"], folded=True)
    page.evaluate("location.hash = 'P0007'")
    card = page.locator(".card")
    card.wait_for(state="visible")
    assert card.locator("h3").inner_text() == "P0007"
    assert "own data alone" in card.inner_text()
    assert page.locator("tr.here th").inner_text() == "P0007"
    assert page.locator("[data-tip].hit").count() >= 1
    page.keyboard.press("Escape")
    assert card.is_hidden()


def test_copy_puts_the_table_on_the_clipboard(open_page: Any, pages: dict[str, str]) -> None:
    page = open_page(pages["report"], permissions=["clipboard-read", "clipboard-write"])
    page.locator("#tab-months").get_by_role("button", name="Copy table").click()
    page.get_by_role("button", name="Copied").wait_for()
    assert "Month\tSales\t" in page.evaluate("navigator.clipboard.readText()")


def test_tooltips_name_the_pharmacy(open_page: Any, pages: dict[str, str]) -> None:
    page = open_page(pages["report"])
    mark = page.locator("#fig-caterpillar [data-tip]").first
    mark.scroll_into_view_if_needed()
    mark.hover(force=True)
    assert page.locator(".tip").inner_text().startswith("P00")
    page.keyboard.press("Escape")
    assert page.locator(".tip").is_hidden()


def test_caterpillars_zoom_by_button_and_key_and_back(open_page: Any, pages: dict[str, str]) -> None:
    page = open_page(pages["report"])
    figure = page.locator("#fig-caterpillar")
    plot, svg = figure.locator(".plot"), figure.locator("svg")
    width = svg.bounding_box()["width"]
    figure.get_by_role("button", name="Zoom in").press("Enter")
    assert svg.bounding_box()["width"] == pytest.approx(2 * width, abs=1)
    assert plot.bounding_box()["height"] <= 0.86 * 900
    plot.focus()
    page.keyboard.press("+")
    assert svg.bounding_box()["width"] == pytest.approx(4 * width, abs=1)
    page.keyboard.press("ArrowDown")
    page.wait_for_timeout(300)
    assert plot.evaluate("e => e.scrollTop") > 0
    page.keyboard.press("0")
    assert svg.bounding_box()["width"] == pytest.approx(width, abs=1)
    page.keyboard.press("-")
    page.keyboard.press("x")
    assert svg.bounding_box()["width"] == pytest.approx(width, abs=1)
    assert page.evaluate("document.documentElement.scrollWidth") <= 1280


def test_paper_shows_a_zoomed_chart_whole(open_page: Any, pages: dict[str, str]) -> None:
    page = open_page(pages["report"])
    figure = page.locator("#fig-caterpillar")
    figure.get_by_role("button", name="Zoom in").click()
    page.emulate_media(media="print")
    svg, plot = (figure.locator(what).bounding_box() for what in ("svg", ".plot"))
    assert svg["width"] == pytest.approx(plot["width"], abs=1)
    assert svg["height"] == pytest.approx(plot["height"], abs=1)
    assert figure.locator(".tools").is_hidden()


def test_deep_links_reach_their_section(open_page: Any, pages: dict[str, str]) -> None:
    page = open_page(pages["report"], reduced_motion="reduce")
    page.locator("nav a", has_text="Can we trust it?").click()
    assert page.evaluate("location.hash") == "#trust"
    assert page.locator("#trust").evaluate("e => Math.abs(e.getBoundingClientRect().top) < 200")


def test_without_javascript_everything_is_there(open_page: Any, pages: dict[str, str]) -> None:
    page = open_page(pages["report"], java_script_enabled=False)
    assert page.locator("#tab-pharmacies tbody tr").count() == 14
    assert page.locator("figure svg").count() > 20
    assert page.locator(".tools").count() == 0


def test_site_filters_and_links(open_page: Any, pages: dict[str, str]) -> None:
    page = open_page(pages["site"])
    assert page.locator("#tab-markets tbody tr").count() == 4
    assert page.locator("#tab-markets tbody th a").first.get_attribute("href") == "markets/0/report.html"


def test_intervals_are_drawn_in_every_row_from_its_places_and_told_without_script(
    open_page: Any, pages: dict[str, str]
) -> None:
    page = open_page(pages["many"])
    cells = page.locator("#tab-pharmacies td[data-b]")
    assert cells.count() == page.locator("#tab-pharmacies svg.bar").count() == 125
    places = [float(one) for one in (cells.first.get_attribute("data-b") or "").split()]
    drawn = cells.first.locator("line:not([class='z']):not([class='m'])").first
    assert [drawn.get_attribute(name) for name in ("x1", "x2")] == [f"{places[0]:g}%", f"{places[4]:g}%"]
    assert "own data alone" in (cells.first.locator("svg").get_attribute("aria-label") or "")
    bare = open_page(pages["many"], java_script_enabled=False, folded=True)
    assert "₹" in (bare.locator("#tab-pharmacies td[data-b]").first.text_content() or "")


def test_a_phone_shows_the_charts_drawn_for_it(open_page: Any, pages: dict[str, str]) -> None:
    page = open_page(pages["report"], width=390)
    wide, slim = page.locator("#fig-forecast .plot"), page.locator("#fig-forecast .slim svg")
    assert (wide.is_visible(), slim.is_visible()) == (False, True)
    assert slim.bounding_box()["width"] <= 390
    page.set_viewport_size({"width": 1280, "height": 900})
    assert (wide.is_visible(), slim.is_visible()) == (True, False)
