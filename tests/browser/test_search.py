"""The page that searches all text, from a web server, under our content policy and with pagefind's own files."""

from __future__ import annotations

import importlib.util
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from factories import market_results
from reportgen.batch.site.full_text import index_pages
from reportgen.publish.preview.server import Board, Shown, open_server
from reportgen.render.site import site_files
from reportgen.report.site.market_line import summarise
from reportgen.report.site.site_pages import build_pages
from reportgen.settings.sections import ReportSettings, Settings

pytestmark = pytest.mark.browser
SETTINGS = Settings(report=ReportSettings(search="pagefind"))


@pytest.fixture
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    found = importlib.util.find_spec("pagefind_bin")
    assert found is not None
    assert found.origin is not None
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "pagefind").symlink_to(Path(found.origin).with_name("pagefind"))
    site = tmp_path / "site"
    site.mkdir()
    results = market_results(market="A", pharmacies=9)
    line = summarise(results, SETTINGS, folder="markets/a", files=())
    for name, content in site_files(build_pages([line], SETTINGS, as_of="2024-01-31", sample=results)).items():
        (site / name).write_bytes(content)
    with monkeypatch.context() as patch:
        patch.setenv("PATH", str(tmp_path / "bin"))
        index_pages(site)
    board = Board(Shown(folder=site))
    server = open_server(0, board)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    yield server.url
    board.close()
    server.shutdown()
    server.server_close()


def test_words_of_any_page_are_found_and_nothing_else_is_asked(chromium: Any, served: str) -> None:
    page = chromium.new_page()
    problems: list[str] = []
    page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    page.on("request", lambda r: None if r.url.startswith((served, "data:", "blob:")) else problems.append(r.url))
    page.goto(served)
    page.get_by_role("link", name="Search all text").click()
    page.locator(".pagefind-ui__search-input").fill("Satterthwaite")
    page.locator(".pagefind-ui__result-link").first.wait_for()
    page.locator(".pagefind-ui__result-link").first.click()
    page.wait_for_url("**/method.html*")
    assert problems == []
    page.close()


def test_from_a_disk_the_page_says_why_it_cannot_search(chromium: Any, tmp_path: Path) -> None:
    line = summarise(market_results(market="A", pharmacies=9), SETTINGS, folder="markets/a", files=())
    path = tmp_path / "search.html"
    path.write_bytes(site_files(build_pages([line], SETTINGS, as_of="2024-01-31"))["search.html"])
    page = chromium.new_page()
    page.goto(path.as_uri())
    assert "works where the pages come from a web server" in page.locator("main").inner_text()
    page.close()
