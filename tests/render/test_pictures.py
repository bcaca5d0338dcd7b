"""Finished pages look as they did when a person last looked at them (``python scripts/pictures.py`` renews them).

Tolerance, at a third of the size: on average 0.4 % of the range from white to black, and 0.5 % of the pixels clearly
other. Another anti-aliasing stays below it, a moved line or another colour does not.
"""

from __future__ import annotations

import pytest
from PIL import ImageChops

import page_pictures as pictures

MEAN, CLEARLY = 0.004, 0.005


@pytest.mark.parametrize("name", sorted(pictures.PAPER))
def test_page_looks_as_it_did(name: str) -> None:
    mean, clearly = pictures.difference(pictures.PAPER[name](), name)
    assert (mean <= MEAN, clearly <= CLEARLY) == (True, True), f"{name}: {mean:.4f}, {clearly:.4f}"


def test_a_page_that_moved_by_two_millimetres_is_noticed() -> None:
    moved = ImageChops.offset(pictures.PAPER["caterpillar"](), 0, 8)
    assert pictures.difference(moved, "caterpillar") > (MEAN, CLEARLY)


def test_pictures_are_small() -> None:
    sizes = {path.name: path.stat().st_size for path in pictures.FOLDER.glob("*.png")}
    assert set(sizes) == {"brief.png", "report.png", "caterpillar.png", "overview.png"}
    assert max(sizes.values()) <= 80_000
