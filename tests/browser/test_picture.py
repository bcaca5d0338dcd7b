"""The overview looks as it did; wider tolerance than on paper, because browsers set type in their own ways."""

from __future__ import annotations

from typing import Any

import pytest

import page_pictures as pictures

pytestmark = pytest.mark.browser
MEAN, CLEARLY = 0.02, 0.03


def test_overview_looks_as_it_did(open_page: Any) -> None:
    def screenshot(html: str, width: int, height: int) -> bytes:
        page = open_page(html, width=width, folded=True)
        page.set_viewport_size({"width": width, "height": height})
        made: bytes = page.screenshot()
        return made

    mean, clearly = pictures.difference(pictures.overview(screenshot), "overview")
    assert (mean <= MEAN, clearly <= CLEARLY) == (True, True), f"{mean:.4f}, {clearly:.4f}"
