"""The preview in Chromium: a page under our content policy reloads itself, and tells what failed."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from factories import market_results
from reportgen.publish.preview.server import Board, Shown, open_server
from reportgen.render.site import site_files
from reportgen.report.site.market_line import summarise
from reportgen.report.site.site_pages import build_pages
from reportgen.settings.sections import Settings

pytestmark = pytest.mark.browser


def write(folder: Path, market: str) -> None:
    line = summarise(market_results(market=market, pharmacies=9), Settings(), folder="markets/a", files=())
    for name, content in site_files(build_pages([line], Settings(), as_of="2024-01-31")).items():
        (folder / name).write_bytes(content)


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[str, Board]]:
    write(tmp_path, "FIRST")
    board = Board(Shown(folder=tmp_path, version=1))
    server = open_server(0, board)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    yield server.url, board
    board.close()
    server.shutdown()
    server.server_close()


def test_the_page_reloads_when_the_site_was_made_anew(chromium: Any, served: tuple[str, Board]) -> None:
    url, board = served
    page = chromium.new_page()
    problems: list[str] = []
    page.on("console", lambda message: problems.append(message.text))
    page.goto(url)
    assert "FIRST" in page.locator("#tab-markets").inner_text()
    write(board.shown.folder, "SECOND")
    board.put(version=2)
    page.get_by_text("SECOND").first.wait_for()
    assert page.locator("#tab-markets thead button").count() > 5
    assert problems == []
    page.close()


def test_a_failed_build_is_told_over_the_page_until_it_is_mended(chromium: Any, served: tuple[str, Board]) -> None:
    url, board = served
    page = chromium.new_page()
    page.goto(url)
    board.put(message="data/panel.csv: <b>month</b> is missing")
    page.get_by_role("alert").wait_for()
    assert page.get_by_role("alert").inner_text() == "data/panel.csv: <b>month</b> is missing"
    assert page.get_by_text("FIRST").first.is_visible()
    board.put(message="")
    page.get_by_role("alert").wait_for(state="detached")
    page.close()
