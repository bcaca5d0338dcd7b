"""Pictures of finished pages from fixed results: what the README shows, and what the image tests compare with.

Fonts come from packages and PDFium from one too, so a picture hardly depends on the machine; the overview is a page
in Chromium. ``python scripts/pictures.py`` writes all of them into ``tests/golden/pictures``.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from PIL import Image

from factories import market_results, overview_results
from reportgen.render.html import render_overview, render_report
from reportgen.render.pdf import brief_pdf, report_pdf
from reportgen.render.pdf.weasy import _Press
from reportgen.report.blocks import MarketReport
from reportgen.report.document import build_report
from reportgen.report.site.market_line import summarise
from reportgen.report.site.site_pages import INDEX, build_pages
from reportgen.results import MarketResults
from reportgen.settings.sections import BrandSettings, ReportSettings, Settings

FOLDER = Path(__file__).resolve().parent / "golden" / "pictures"
SETTINGS = Settings(
    report=ReportSettings(promotion_unit="visit"), brand=BrandSettings(name="Example", footer="Synthetic data")
)
DPI = 96
COLOURS = 48
"""Of the stored files; flat charts and text lose nothing that an eye would see."""

Screenshot = Callable[[str, int, int], bytes]


def results() -> MarketResults:
    """Return the market of all pictures but the overview."""
    return market_results(market="Pune", pharmacies=60, seed=4, cost=None)


def report() -> MarketReport:
    """Return its report."""
    return build_report(results(), SETTINGS)


def pdf_page(content: bytes, number: int = 0) -> Image.Image:
    """Page ``number`` of a PDF as a picture."""
    import pypdfium2

    document = pypdfium2.PdfDocument(content)
    try:
        picture: Image.Image = document[number].render(scale=DPI / 72).to_pil().convert("RGB")
    finally:
        document.close()
    return picture


def brief_first() -> Image.Image:
    """First page of the brief."""
    return pdf_page(brief_pdf(report()))


def report_first() -> Image.Image:
    """First page of the report."""
    return pdf_page(report_pdf(report()))


def caterpillar() -> Image.Image:
    """The caterpillar chart with its title and notes."""
    made = report()
    chart = next(b for s in made.sections for b in s.blocks if getattr(b, "name", "") == "caterpillar")
    alone = tuple(
        replace(s, blocks=(replace(chart, only=""),), lead="") for s in made.sections if s.anchor == "pharmacies"
    )
    press = _Press(replace(made, sections=alone))
    picture = pdf_page(press.write(press.lay_out(render_report(replace(made, sections=alone), medium="print"))), 1)
    return _cropped(picture.crop((0, 70, picture.width, picture.height - 70)))


def overview(screenshot: Screenshot) -> Image.Image:
    """The page over all markets, as Chromium shows it."""
    cases: list[dict[str, Any]] = [
        {"market": "Pune", "seed": 4}, {"market": "Nashik", "seed": 2, "effect": 0.4},
        {"market": "Nagpur", "seed": 3, "effect": 2.0}, {"market": "Solapur", "seed": 5, "effect": 0.0},
        {"market": "Satara", "seed": 6, "effect": 1.4}, {"market": "Goa", "status": "not-estimable"},
    ]  # fmt: skip
    lines = [
        summarise(
            market_results(pharmacies=24, **{"cost": None, **case}), SETTINGS,
            folder=f"markets/{case['market']}", files=("report.html", "report.pdf", "brief.pdf"),
        )
        for case in cases
    ]  # fmt: skip
    names = tuple(str(case["market"]) for case in cases[:5])
    across = overview_results(markets=5, excluded=0, names=names)
    page = build_pages(lines, SETTINGS, as_of="2024-01-31", across=across)[INDEX]
    return Image.open(io.BytesIO(screenshot(render_overview(page), 1180, 1150))).convert("RGB")


def _cropped(picture: Image.Image) -> Image.Image:
    """Cut white margins, but for a few pixels."""
    from PIL import ImageChops

    left, top, right, bottom = ImageChops.difference(picture, Image.new("RGB", picture.size, "white")).getbbox() or (
        0,
        0,
        *picture.size,
    )
    return picture.crop((max(left - 12, 0), max(top - 12, 0), right + 12, bottom + 12))


PAPER: dict[str, Callable[[], Image.Image]] = {
    "brief": brief_first,
    "report": report_first,
    "caterpillar": caterpillar,
}


def store(name: str, picture: Image.Image) -> Path:
    """Write a reference picture."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    path = FOLDER / f"{name}.png"
    picture.quantize(COLOURS, dither=Image.Dither.NONE).save(path, optimize=True)
    return path


def difference(picture: Image.Image, name: str) -> tuple[float, float]:
    """Mean difference of grey, and the share of clearly other pixels, at a third of the size, both 0 to 1."""
    import numpy as np

    stored = Image.open(FOLDER / f"{name}.png").convert("RGB")
    if stored.size != picture.size:
        return 1.0, 1.0
    size = (picture.width // 3, picture.height // 3)
    one, other = (
        np.asarray(p.convert("L").resize(size, Image.Resampling.BOX), dtype=float) / 255 for p in (picture, stored)
    )
    apart = np.abs(one - other)
    return float(apart.mean()), float((apart > 0.2).mean())
