"""Whole documents against files that a person has read: a plain dump of the objects, and the rendered page.

A report's charts are only named there: what they show, shape by shape, has files of its own. Style and script are
named, not repeated. One command rewrites all:
``REPORTGEN_UPDATE_GOLDEN=1 python -m pytest tests/render/test_golden.py``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from factories import curved, market_results, overview_results
from reportgen.model.across.markets import summarise_markets
from reportgen.render.html import render_brief, render_overview, render_report
from reportgen.report.blocks import Chart, Column, Labels, Mark, Row, Symbol
from reportgen.report.document import build_report
from reportgen.report.figures import ACROSS, CHARTS, draw_charts, draw_market_charts, kind_of
from reportgen.report.shapes import Dots, Label, Piece
from reportgen.report.site.market_line import failed_market, summarise
from reportgen.report.site.overview import build_overview
from reportgen.report.words.formats import Formats
from reportgen.report.words.language import Language
from reportgen.settings.sections import BrandSettings, ReportSettings, Settings

GOLDEN = Path(__file__).resolve().parent.parent / "golden"
INDIA = Settings(report=ReportSettings(promotion_unit="visit"), brand=BrandSettings(name="Example", footer="Internal"))
GERMANY = Settings(report=ReportSettings(promotion_unit="Besuch", locale="de_DE", currency="EUR"))
CASES: dict[str, tuple[Settings, dict[str, Any]]] = {
    "works-unevenly": (INDIA, {"pharmacies": 10}),
    "singular": (INDIA, {"pharmacies": 10, "status": "singular", "market": "पुणे"}),
    "not-estimable": (INDIA, {"pharmacies": 10, "status": "not-estimable", "market": "NA"}),
    "not-estimated": (INDIA, {"pharmacies": 10, "status": "not-estimated"}),
    "weekly-log-german": (
        GERMANY,
        {"pharmacies": 10, "periods": 60, "period": "week", "response": "log", "cost": None},
    ),
}


def _drawn(charts: Iterable[Chart]) -> Iterator[str]:
    """Every shape of every chart on a line, places in tenths of a pixel."""
    for chart in charts:
        yield f"{chart.name} {chart.width:g} x {chart.height:g}"
        for shape in chart.shapes:
            if isinstance(shape, Label):
                look = f"{shape.anchor} {shape.size:g} {shape.weight} {shape.color}"
                yield f"  label {_spots((shape.place,))} {look} {shape.text}"
            else:
                looks = (getattr(shape, f.name) for f in fields(shape) if f.name not in ("pieces", "points"))
                places = [shape.points] if isinstance(shape, Dots) else shape.pieces
                kind = type(shape).__name__.lower()
                yield f"  {kind} {' '.join(map(_short, looks))}: {' | '.join(map(_spots, places))}"
        yield from (f"  tip {_spots((tip.place,))} {tip.text}" for tip in chart.tips)


def _spots(piece: Piece) -> str:
    return " ".join(f"{x},{y}" for x, y in piece)


def _dump(value: Any, indent: int = 0) -> Iterator[str]:
    pad = "  " * indent
    if isinstance(value, Chart):
        yield f"{pad}Chart {value.name} ({value.size})"
    elif isinstance(value, Labels):
        yield f"{pad}Labels"
    elif isinstance(value, Row):
        yield pad + " | ".join(cell.text + (f" [{cell.mark}]" if cell.mark else "") for cell in value.cells)
    elif isinstance(value, (Column, Mark, Symbol)):
        yield pad + " · ".join(str(part) for part in (getattr(value, f.name) for f in fields(value)) if part != "")
    elif is_dataclass(value):
        yield f"{pad}{type(value).__name__}"
        for field in fields(value):
            inner = getattr(value, field.name)
            if inner in ("", None, ()) or field.name in ("kind", "facts"):
                continue
            if isinstance(inner, tuple) or is_dataclass(inner):
                yield f"{pad}  {field.name}:"
                yield from _dump(inner, indent + 2)
            else:
                yield f"{pad}  {field.name}: {_short(inner)}"
    elif isinstance(value, tuple):
        for item in value:
            yield from _dump(item, indent)
    else:
        yield f"{pad}{_short(value)}"


def _short(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _page(html: str) -> str:
    html = re.sub(r"<style>.*?</style>", "<style/>", html, flags=re.DOTALL)
    html = re.sub(r"<script>.*?</script>", "<script/>", html, flags=re.DOTALL)
    html = re.sub(r"sha256-[^&']+", "sha256-x", html)
    html = re.sub(r"<svg xmlns=.*?</svg>", "<svg/>", html, flags=re.DOTALL)
    html = re.sub(r"<figcaption>.*?</figcaption>", "<figcaption/>", html, flags=re.DOTALL)
    html = re.sub(r'(<p class="f">).*?(</p>)', r"\1\2", html, flags=re.DOTALL)
    html = re.sub(r'(<div class="plot"[^>]*aria-label=")[^"]*', r"\1", html)
    return re.sub(r'(<img src="chart:\w+" alt=")[^"]*', r"\1", html)


def _compare(name: str, text: str, update: bool) -> None:
    path = GOLDEN / name
    if update:
        GOLDEN.mkdir(exist_ok=True)
        path.write_text(text, "utf-8")
    assert path.read_text("utf-8") == text, (
        f"{name} differs; read the difference, then rewrite (see the module docstring)"
    )


@pytest.mark.parametrize("case", CASES)
def test_report_is_as_it_was_read(case: str, update_golden: bool) -> None:
    settings, arguments = CASES[case]
    report = build_report(market_results(**arguments), settings)
    _compare(f"{case}.txt", "\n".join(_dump(replace(report, facts=()))) + "\n", update_golden)
    if case == "works-unevenly":
        _compare(f"{case}.html", _page(render_report(report)), update_golden)
        _compare(f"{case}.brief.html", _page(render_brief(report)), update_golden)
    if case == "not-estimable":
        _compare(f"{case}.html", _page(render_report(report)), update_golden)


def test_charts_are_as_they_were_looked_at(update_golden: bool) -> None:
    results = market_results(pharmacies=10)
    assert results.decay is not None
    further = tuple(replace(results.decay, channel=name) for name in ("samples", "events"))
    formats, language = Formats("en_IN", "INR", unit="visit"), Language("en_IN")
    charts = draw_charts(replace(results, more_decays=further), formats, language)
    charts |= draw_charts(curved(results), formats, language, names=("response",))
    assert set(map(kind_of, charts)) == set(CHARTS)
    _compare("charts.txt", "\n".join(_drawn(charts.values())) + "\n", update_golden)
    across = draw_market_charts(overview_results(markets=5), formats, language)
    assert set(across) == set(ACROSS)
    _compare("overview-charts.txt", "\n".join(_drawn(across.values())) + "\n", update_golden)


def test_overview_is_as_it_was_read(update_golden: bool) -> None:
    made = {name: market_results(**{"pharmacies": 10, **arguments}) for name, (_, arguments) in CASES.items()}
    lines = [
        summarise(results, INDIA, folder=f"markets/{name}", files=("report.html",)) for name, results in made.items()
    ]
    across = summarise_markets(list(made.values()), failed=[("gone", "crash")])
    lines.append(failed_market("gone", "worker died"))
    page = build_overview(lines, INDIA, as_of="2024-01-31", across=across)
    _compare("overview.txt", "\n".join(_dump(page)) + "\n", update_golden)
    _compare("overview.html", _page(render_overview(page)), update_golden)
