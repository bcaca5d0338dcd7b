"""The demo rendered by the real program, and its site opened in Chromium."""

from __future__ import annotations

import functools
import http.server
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import factories
from quarto_runs import put
from quarto_samples import HOSTILE
from reportgen.batch.state import files
from reportgen.publish.quarto.program import Rendered, find_quarto, render_project
from reportgen.publish.quarto.sources import write_sources
from reportgen.settings.sections import Settings

pytestmark = [pytest.mark.quarto, pytest.mark.browser, pytest.mark.slow]
NAMES = ("PL-01", "DE/02", "महाराष्ट्र", HOSTILE)


@pytest.fixture(scope="module")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Rendered]:
    """A site of four markets with an estimate (one of hostile name) and one without."""
    root = tmp_path_factory.mktemp("run")
    for seed, name in enumerate(NAMES, start=1):
        put(root, factories.market_results(seed=seed, market=name, pharmacies=6 + 7 * seed, periods=24))
    put(root, factories.market_results(status="not-estimable", market="ZZ", pharmacies=6))
    project = root / "site"
    settings = Settings.model_validate({"run": {"jobs": 1}})
    assert write_sources(settings, root, project, formats=("html", "typst")).exit_code == 0
    return project, render_project(project, find_quarto())


@pytest.fixture(scope="module")
def served(rendered: tuple[Path, Rendered]) -> Iterator[str]:
    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *arguments: Any) -> None:
            pass

    handler = functools.partial(Quiet, directory=str(rendered[0] / "_site"))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def page(served: str) -> Iterator[Any]:
    """A page that remembers requests to other hosts and errors of scripts."""
    import shutil

    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.strange = []
        page.on("pageerror", lambda error: page.strange.append(str(error)))
        page.on("dialog", lambda dialog: page.strange.append(dialog.message))
        page.on(
            "request",
            lambda r: (
                page.strange.append(r.url) if not r.url.startswith((served, "data:", "about:", "blob:")) else None
            ),
        )
        yield page
        browser.close()


def test_every_page_is_rendered_and_the_second_time_none(rendered: tuple[Path, Rendered]) -> None:
    project, done = rendered
    assert done.failed == ()
    assert len(done.done) == 12
    again = render_project(project, done.program)
    assert (again.done, again.up_to_date) == ((), 12)


def test_pdfs_have_their_pages(rendered: tuple[Path, Rendered]) -> None:
    from pypdf import PdfReader

    folder = rendered[0] / "_site" / "markets" / files.slug("PL-01")
    assert len(PdfReader(folder / "index.pdf").pages) >= 10
    assert len(PdfReader(folder / "brief.pdf").pages) == 2
    assert "PL-01" in PdfReader(folder / "brief.pdf").pages[0].extract_text()


def test_listing_sorts_and_filters(page: Any, served: str) -> None:
    page.goto(f"{served}/index.html")
    rows = page.locator(".quarto-listing-table tbody tr")
    rows.first.wait_for()
    assert rows.count() == 4
    assert HOSTILE in page.locator(".quarto-listing-table").inner_text().replace("\u2060", "")
    page.locator(".quarto-listing-table th a.sort").last.click()
    counts = [int(row.locator("td").last.inner_text()) for row in rows.all()]
    assert counts in (sorted(counts), sorted(counts, reverse=True))
    page.locator(".quarto-listing-filter input").press_sequentially("PL-0")
    page.wait_for_function("document.querySelectorAll('.quarto-listing-table tbody tr').length == 1")
    assert page.strange == []


def test_search_finds_a_market(page: Any, served: str) -> None:
    page.goto(f"{served}/index.html")
    page.locator("#quarto-search button").first.click()
    page.locator(".aa-DetachedContainer input, #quarto-search input").first.fill("DE/02")
    hit = page.locator(".aa-Item a", has_text="DE/02").first
    hit.wait_for()
    hit.click()
    page.wait_for_url(f"**/markets/{files.slug('DE/02')}/**")
    assert page.strange == []


def test_market_page_shows_its_charts_and_keeps_its_width(page: Any, served: str) -> None:
    page.goto(f"{served}/markets/{files.slug('PL-01')}/index.html")
    broken = page.evaluate("[...document.images].filter(i => i.complete && !i.naturalWidth && i.offsetParent).length")
    assert broken == 0
    assert page.evaluate("[...document.images].every(i => i.alt.length > 0)")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert page.locator("math").count() == 1
    assert page.locator("a.quarto-xref").first.inner_text().startswith("Figure")
    assert page.strange == []


def test_hostile_market_is_text_on_its_page(page: Any, served: str) -> None:
    page.goto(f"{served}/markets/{files.slug(HOSTILE)}/index.html")
    assert page.locator("h1").first.inner_text().replace("\u2060", "") == HOSTILE
    assert "root:" not in page.content()
    assert page.strange == []


def test_dark_mode_can_be_chosen(page: Any, served: str) -> None:
    page.goto(f"{served}/index.html")
    before = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.locator(".quarto-color-scheme-toggle").first.click()
    page.wait_for_function(f"getComputedStyle(document.body).backgroundColor != '{before}'")
    assert page.strange == []


@pytest.mark.parametrize("name", ["index.html", f"markets/{files.slug('PL-01')}/index.html"])
def test_dark_text_can_be_read(page: Any, served: str, name: str) -> None:
    """Bootstrap's own colours for tabs and inputs are for light paper."""
    from axe_core_python.sync_playwright import Axe

    page.goto(f"{served}/{name}")
    page.locator(".quarto-color-scheme-toggle").first.click()
    page.wait_for_function("document.body.classList.contains('quarto-dark')")
    found = Axe().run(page, options={"runOnly": ["color-contrast"]})
    assert [node["html"] for violation in found["violations"] for node in violation["nodes"]] == []
    charts = page.locator("main figure img[src$='.svg']").evaluate_all(
        "all => all.map(i => getComputedStyle(i).filter)"
    )
    assert charts
    assert all("invert" in one for one in charts)


@pytest.mark.parametrize("name", ["index.html", f"markets/{files.slug('PL-01')}/index.html"])
def test_what_scrolls_on_a_phone_is_reached_by_keyboard(page: Any, served: str, name: str) -> None:
    from axe_core_python.sync_playwright import Axe

    page.set_viewport_size({"width": 390, "height": 800})
    page.goto(f"{served}/{name}")
    page.wait_for_selector("[tabindex='0']")
    found = Axe().run(page, options={"runOnly": ["scrollable-region-focusable"]})
    assert [node["html"][:200] for violation in found["violations"] for node in violation["nodes"]] == []
    assert page.strange == []
