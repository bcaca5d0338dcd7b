"""The published site in Chromium: find a market, open it, go on to the next; nothing is missing wherever it lies."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest

from factories import market_results, overview_results
from reportgen.batch.market import MarketJob, publish
from reportgen.batch.site.build import SiteJob, SiteMarket, build_site
from reportgen.batch.site.refresh import FailedMarket
from reportgen.batch.state import files
from reportgen.batch.state.fingerprint import Fingerprint
from reportgen.render.html import render_report
from reportgen.render.site import site_files
from reportgen.report.document import build_report
from reportgen.report.site.changes import Changes, MarketChange
from reportgen.report.site.market_line import MarketSummary, summarise
from reportgen.report.site.site_pages import build_pages
from reportgen.results import to_json
from reportgen.settings.sections import ReportSettings, Settings

pytestmark = pytest.mark.browser
SETTINGS = Settings(report=ReportSettings(promotion_unit="visit"))
STAMP = Fingerprint(data="d", numbers="n", documents="o", templates="t", code="c")
HOSTILE = "<img src=x onerror=alert(1)>"
MARKETS: dict[str, dict[str, Any]] = {
    "DE-01": {"effect": 1.0}, HOSTILE: {"effect": 0.2}, "IN-02": {"status": "singular"},
    "Z-03": {"status": "not-estimable"}, "पुणे": {"effect": -1.0},
}  # fmt: skip
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small site with real reports, one of them old, and a failed market."""
    out = tmp_path_factory.mktemp("out")
    made = []
    for market, case in MARKETS.items():
        results = market_results(**{"market": market, "pharmacies": 14, **case})
        job = MarketJob(
            market=market, folder=out / "markets" / files.slug(market), root=out, settings=SETTINGS,
            as_of="2024-01-15", stamp=STAMP, formats=("html",),
        )  # fmt: skip
        report = render_report(build_report(results, SETTINGS)).encode()
        done = publish(job, results, {"results.json": to_json(results), "report.html": report})
        made.append(SiteMarket(market=market, slug=done.slug, as_of=done.as_of, hashes=dict(done.files)))
    moved = MarketChange(market="DE-01", kind="up", verdict="works", verdict_before="works", before=1, now=2, se=0.5)
    changes = Changes(since="2023-12-15", entries=(moved,))
    build_site(
        SiteJob(
            out=out, root=out, settings=SETTINGS, as_of="2024-01-31", changes=changes, stamp="s",
            markets=tuple(sorted(made, key=lambda m: m.market)),
            failed={"IN-02": FailedMarket(code="io", message="no disk"), "GONE": FailedMarket(code="x", message="?")},
        )
    )  # fmt: skip
    return out / "site"


def lines(count: int) -> list[MarketSummary]:
    one = summarise(market_results(pharmacies=9), SETTINGS, folder="markets/a", files=("report.html",))
    verdicts = ("works", "unclear", "no-effect")
    return [
        replace(one, market=f"Köln {i:05d}", folder=f"markets/m{i:05d}-0", sales=90_000.0 - 100 * i,
                verdict=verdicts[i % 3])  # type: ignore[arg-type]
        for i in range(count)
    ]  # fmt: skip


@pytest.fixture(scope="module")
def long_list() -> str:
    pages = build_pages(lines(250), SETTINGS, as_of="2024-01-31", across=overview_results(markets=250))
    return site_files(pages)["index.html"].decode()


def rows(page: Any) -> list[list[str]]:
    """Shown cells of the list of markets."""
    found: list[list[str]] = page.locator("#tab-markets tbody tr").evaluate_all(
        "rows => rows.map(r => [...r.cells].map(c => c.innerText.trim()))"
    )
    return found


# --- the list of markets ----------------------------------------------------------------------


def test_the_list_is_sorted_by_number_in_both_directions_and_by_word(open_page: Any, long_list: str) -> None:
    page = open_page(long_list)
    heads = page.locator("#tab-markets thead th")

    def amounts() -> list[float]:
        return [float(row[2].replace("₹", "").replace(",", "").replace("\u2212", "-")) for row in rows(page)]

    heads.nth(2).locator("button").click()
    assert heads.nth(2).get_attribute("aria-sort") == "ascending"
    assert amounts() == sorted(amounts())
    lowest = amounts()[0]
    heads.nth(2).locator("button").press("Enter")
    assert heads.nth(2).get_attribute("aria-sort") == "descending"
    assert amounts() == sorted(amounts(), reverse=True)
    assert amounts()[0] > lowest
    heads.nth(1).locator("button").click()
    assert {row[1] for row in rows(page)[:84]} == {"Works"}
    assert heads.nth(2).get_attribute("aria-sort") is None


def test_the_list_is_searched_without_accents_and_filtered_by_verdict(open_page: Any, long_list: str) -> None:
    page = open_page(long_list)
    page.get_by_label("Search markets").fill("koln 0012")
    assert sorted(row[0] for row in rows(page)) == [f"Köln {i:05d}" for i in (12, *range(120, 130))]
    page.get_by_label("Verdict").select_option("unclear")
    assert {row[1] for row in rows(page)} == {"Unclear"}
    assert page.locator(".pager [role=status]").inner_text() == "1 to 3 of 3"
    page.get_by_label("Search markets").fill("nowhere")
    assert page.locator("#tab-markets tbody").inner_text() == "No market fits."
    page.get_by_label("Search markets").fill("no effect 249")
    assert rows(page)[0][0:2] == ["No market fits."]
    page.get_by_label("Verdict").select_option("")
    page.get_by_label("Search markets").fill("works 00249")
    assert [row[0] for row in rows(page)] == ["Köln 00249"]


def test_the_list_is_turned_by_pages(open_page: Any, long_list: str) -> None:
    page = open_page(long_list)
    status, back, on = (page.locator(".pager [role=status]"), *(page.locator(".pager button").nth(i) for i in (0, 1)))
    assert status.inner_text() == "1 to 100 of 250"
    assert back.is_disabled()
    on.click()
    on.click()
    assert status.inner_text() == "201 to 250 of 250"
    assert on.is_disabled()
    assert rows(page)[0][0] == "Köln 00200"
    back.click()
    assert rows(page)[0][0] == "Köln 00100"


def test_the_chosen_rows_are_exported_whole(open_page: Any, long_list: str) -> None:
    page = open_page(long_list, permissions=["clipboard-read", "clipboard-write"])
    page.get_by_label("Verdict").select_option("works")
    box = page.locator("#tab-markets")
    with page.expect_download() as download:
        box.get_by_role("button", name="Download CSV").click()
    table = Path(download.value.path()).read_bytes().decode("utf-8-sig").split("\r\n")
    assert download.value.suggested_filename == "markets.csv"
    assert len(table) == 85
    assert table[0].startswith('"Market","Verdict","Sales (whole period)"')
    first = table[1].split('","')
    assert first[:2] == ['"Köln 00000', "Works"]
    assert float(first[2]) == pytest.approx(90_000, rel=0.01)
    box.get_by_role("button", name="Copy table").click()
    page.get_by_role("button", name="Copied").wait_for()
    assert len(page.evaluate("navigator.clipboard.readText()").split("\n")) == 85


def test_the_script_draws_the_rows_that_the_page_was_printed_with(open_page: Any, long_list: str) -> None:
    with_script, without = open_page(long_list), open_page(long_list, java_script_enabled=False)
    assert rows(with_script)[:12] == rows(without)
    assert with_script.locator("#tab-markets tbody svg").count() == 100
    read = """row => [...row.querySelectorAll('line, circle')]
        .map(e => Math.round(parseFloat(e.getAttribute('x1') || e.getAttribute('cx'))))"""
    first = "#tab-markets tbody tr"
    assert with_script.locator(first).first.evaluate(read) == without.locator(first).first.evaluate(read)
    assert without.get_by_role("link", name="All markets on plain pages").is_visible()
    assert with_script.get_by_role("link", name="All markets on plain pages").is_hidden()


def test_paper_gets_every_chosen_row_and_no_buttons(open_page: Any, long_list: str) -> None:
    page = open_page(long_list)
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert len(rows(page)) == 250
    page.emulate_media(media="print")
    assert not any(page.locator(what).first.is_visible() for what in (".tools", ".pager", ".parts"))
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert len(rows(page)) == 100


def test_ten_thousand_markets_open_and_sort(open_page: Any) -> None:
    html = site_files(build_pages(lines(10_000), SETTINGS, as_of="2024-01-31"))["index.html"].decode()
    page = open_page(html)
    assert page.locator(".pager [role=status]").inner_text() == "1 to 100 of 10,000"
    took = page.evaluate(
        """() => { const start = performance.now();
        document.querySelectorAll('#tab-markets thead th')[2].querySelector('button').click();
        document.body.offsetHeight; return performance.now() - start; }"""
    )
    assert took < 2000


# --- the way around ---------------------------------------------------------------------------


def test_a_market_is_found_opened_and_left_for_its_neighbours(open_page: Any, site: Path) -> None:
    page = open_page(site / "index.html")
    page.get_by_label("Search markets").fill("de-01")
    page.locator("#tab-markets tbody a").first.click()
    assert page.locator("h1").inner_text() == "DE-01"
    seen = ["DE-01"]
    while page.locator("a[rel=next]").count():
        page.locator("a[rel=next]").click()
        seen.append(page.locator("h1").inner_text())
    assert seen == sorted(MARKETS)[sorted(MARKETS).index("DE-01") :]
    page.locator("a[rel=prev]").click()
    assert page.locator("h1").inner_text() == seen[-2]
    page.get_by_role("link", name="All markets").click()
    assert page.locator("h1").inner_text() == "All markets"
    page.get_by_role("link", name="Method and glossary").click()
    assert page.locator("h1").inner_text() == "Method and glossary"
    assert page.locator("[aria-current=page]").inner_text() == "Method and glossary"


def test_the_keyboard_is_enough(open_page: Any, site: Path) -> None:
    page = open_page(site / "index.html")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.type === 'search'"):
            break
    page.keyboard.type("works")
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("!!document.activeElement.closest('#tab-markets tbody a')"):
            break
    focus = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert focus == "solid"
    page.keyboard.press("Enter")
    page.wait_for_selector(".crumbs")
    assert page.locator("h1").inner_text() in MARKETS


def test_a_pharmacy_is_found_in_every_market_that_has_it(open_page: Any, site: Path) -> None:
    page = open_page(site / "index.html")
    page.get_by_role("link", name="Search pharmacies").click()
    page.locator("input[type=search]:focus").wait_for()  # the new page takes the keys only from then on
    page.keyboard.type("p0007")
    page.get_by_role("status").filter(has_text="4 of 4 found").wait_for()
    page.get_by_role("searchbox").fill("p")
    assert page.locator(".found li").count() == min(100, 4 * 14)
    page.get_by_role("searchbox").fill("nobody")
    assert page.get_by_role("status").inner_text() == "No pharmacy fits."
    page.get_by_role("searchbox").fill("0007")
    page.locator(".found li", has_text="DE-01").locator("a").click()
    assert page.locator("h1").inner_text() == "DE-01"
    assert page.evaluate("location.hash") == "#pharmacies"
    assert page.locator("#pharmacies").count() == 1


def test_marks_filter_by_what_changed_and_what_is_old(open_page: Any, site: Path) -> None:
    page = open_page(site / "index.html")
    page.get_by_label("Show").select_option("changed")
    assert [row[0] for row in rows(page)] == ["DE-01"]
    page.get_by_label("Show").select_option("stale")
    ((name, verdict, *_),) = rows(page)
    assert (name, verdict.replace("\xa0", " ")) == ("IN-02", "Works, report of 15 Jan 2024")
    assert "no disk" in page.locator("#tab-stale").inner_text()


def test_charts_over_markets_tell_their_points(open_page: Any, site: Path) -> None:
    page = open_page(site / "index.html")
    mark = page.locator("#fig-market_forest [data-tip]").first
    mark.scroll_into_view_if_needed()
    mark.hover(force=True)
    assert page.locator(".tip").inner_text()


def test_the_missing_page_finds_home_from_any_depth(open_page: Any, site: Path, tmp_path: Path) -> None:
    deep = tmp_path / "p" / "markets" / "gone-0" / "report.html"
    deep.parent.mkdir(parents=True)
    shutil.copy(site / "404.html", deep)
    shutil.copy(site / "index.html", tmp_path / "p" / "index.html")
    page = open_page(deep)
    assert page.locator("h1").inner_text() == "Page not found"
    page.get_by_role("link", name="All markets").click()
    assert page.locator("h1").inner_text() == "All markets"


def test_every_link_leads_somewhere_wherever_the_folder_lies(open_page: Any, site: Path, tmp_path: Path) -> None:
    moved = tmp_path / "a b" / "ü#c"
    shutil.copytree(site, moved)
    page = open_page(moved / "index.html")
    todo, seen = [(moved / "index.html").as_uri()], set()
    while todo:
        address = todo.pop()
        if address in seen:
            continue
        seen.add(address)
        path = Path(unquote(urlsplit(address).path))
        assert path.is_relative_to(moved), address
        assert path.is_file(), address
        if path.suffix == ".html":
            page.goto(address)
            found = page.locator("a[href]").evaluate_all("links => links.map(a => a.href.split('#')[0])")
            todo += [link for link in found if link.startswith("file:")]
    assert len(seen) >= 4 + len(MARKETS) + 10


# --- how it looks -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        "index.html",
        "list.html",
        "method.html",
        "pharmacies.html",
        "404.html",
        pytest.param("report", marks=pytest.mark.slow),
    ],
)
@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
def test_axe_finds_nothing_on_any_page(
    open_page: Any, site: Path, axe: str, name: str, width: int, scheme: str
) -> None:
    path = next(site.glob("markets/de-01-*/report.html")) if name == "report" else site / name
    page = open_page(path, width=width, color_scheme=scheme, reduced_motion="reduce", bypass_csp=True)
    page.evaluate(axe)
    found = page.evaluate("(tags) => axe.run({runOnly: tags})", TAGS)["violations"]
    assert [(v["id"], [n["target"] for n in v["nodes"]][:3], v["nodes"][0].get("failureSummary")) for v in found] == []


def test_no_page_is_wider_than_a_phone(open_page: Any, site: Path) -> None:
    for path in [*site.glob("*.html"), next(site.glob("markets/img*/report.html"))]:
        page = open_page(path)
        for width in (320, 390, 1280):
            page.set_viewport_size({"width": width, "height": 900})
            assert page.evaluate("document.documentElement.scrollWidth") <= width, (path.name, width)


def test_pages_from_right_to_left_fit_their_window(open_page: Any) -> None:
    settings = Settings(report=ReportSettings(locale="ar_EG", currency="EGP"))
    html = site_files(build_pages(lines(3), settings, as_of="2024-01-31"))["index.html"].decode()
    page = open_page(html)
    assert page.evaluate("document.documentElement.scrollWidth") <= 1280
    page.keyboard.press("Tab")
    box = page.locator(".skip").bounding_box()
    assert box["x"] >= 0
    assert box["y"] >= 0


def test_dark_pages_are_dark(open_page: Any, site: Path) -> None:
    page = open_page(site / "index.html", color_scheme="dark")
    colour = page.evaluate("getComputedStyle(document.querySelector('.tools select')).backgroundColor")
    assert max(int(part) for part in colour.removeprefix("rgb(").removesuffix(")").split(",")) < 80


def test_names_from_data_are_shown_and_run_nothing(open_page: Any, site: Path) -> None:
    page = open_page(site / "index.html")
    assert HOSTILE in [row[0] for row in rows(page)]
    assert page.locator("[onerror], [onload]").count() == 0
    page.get_by_label("Search markets").fill("onerror")
    page.locator("#tab-markets tbody th a").click()
    assert page.locator(".crumbs").inner_text().count(HOSTILE) == 1
