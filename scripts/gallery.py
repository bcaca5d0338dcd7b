"""Pictures of the documentation, ``docs/pictures``: first pages of eight reports and the overview.

``python scripts/gallery.py`` writes them; it needs Chromium. Few colours and half the size keep the repository small.
Markets are those the tests make; look at the pictures before committing.
"""

from __future__ import annotations

import io
import sys
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(TOP / "scripts"))
sys.path.insert(0, str(TOP / "tests"))

from PIL import Image

import factories
import page_pictures
from pictures import screenshot
from reportgen.render.html import render_report
from reportgen.report.document import build_report
from reportgen.results import MarketResults
from reportgen.settings.sections import BrandSettings, ReportSettings, Settings

FOLDER = TOP / "docs" / "pictures"
WIDTH, HEIGHT, COLOURS = 1180, 1120, 32
PLAIN = Settings(report=ReportSettings(promotion_unit="visit"))
GERMAN = Settings(
    report=ReportSettings(locale="de_DE", currency="EUR", promotion_unit="Besuch"),
    brand=BrandSettings(name="Nordwind Pharma", accent="#7a1f5c"),
)


def reports() -> dict[str, tuple[MarketResults, Settings]]:
    """Results and settings of every report of the gallery, by the name of its picture."""
    make = factories.market_results
    return {
        "works": (make(status="singular", market="Pune"), PLAIN),
        "works-unevenly": (make(market="Pune", pharmacies=60, seed=4), PLAIN),
        "no-effect": (make(market="Nagpur", effect=0.01), PLAIN),
        "negative": (make(market="Nashik", effect=-1.0), PLAIN),
        "channels": (factories.channel_results(("visits", "mailings", "samples"), market="Thane"), PLAIN),
        "curve": (factories.curved(make(market="Pune")), PLAIN),
        "german": (make(market="DE-07", response="log"), GERMAN),
        "cannot-tell": (make(market="Goa", status="not-estimable"), PLAIN),
    }


def main() -> None:
    """Write all pictures and say how large they are."""
    FOLDER.mkdir(exist_ok=True)
    made = {
        name: Image.open(io.BytesIO(screenshot(render_report(build_report(*one)), WIDTH, HEIGHT)))
        for name, one in reports().items()
    } | {"overview": page_pictures.overview(screenshot)}
    for name, picture in made.items():
        half = picture.convert("RGB").resize(
            (picture.width * 2 // 3, picture.height * 2 // 3), Image.Resampling.LANCZOS
        )
        path = FOLDER / f"{name}.png"
        half.quantize(COLOURS).save(path, optimize=True)
        sys.stdout.write(f"{path.name}: {half.width} x {half.height}, {path.stat().st_size // 1000} kB\n")


if __name__ == "__main__":
    main()
