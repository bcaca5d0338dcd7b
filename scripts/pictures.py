"""Write the pictures of the README and of the image tests: ``python scripts/pictures.py``.

Look at them before committing: the tests take them as right from then on. Needs Chromium for the overview.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

import page_pictures as pictures


def screenshot(html: str, width: int, height: int) -> bytes:
    """Picture of a page in Chromium."""
    from playwright.sync_api import sync_playwright

    program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        path = Path(folder) / "page.html"
        path.write_text(html, encoding="utf-8")
        # As the tests have it: WeasyPrint's fonts are not the browser's.
        env = {key: value for key, value in os.environ.items() if key != "FONTCONFIG_FILE"}
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-gpu"], env=env)
        page = browser.new_page(viewport={"width": width, "height": height})
        page.goto(path.as_uri())
        made = page.screenshot()
        browser.close()
    return made


def main() -> None:
    """Write all pictures and say how large they are."""
    made = {name: draw() for name, draw in pictures.PAPER.items()} | {"overview": pictures.overview(screenshot)}
    for name, picture in made.items():
        path = pictures.store(name, picture)
        sys.stdout.write(f"{path.name}: {picture.width} x {picture.height}, {path.stat().st_size // 1000} kB\n")


if __name__ == "__main__":
    main()
