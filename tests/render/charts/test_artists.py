"""Charts on a matplotlib axes of the user's: the same picture as the report's, of artists that can be changed."""

from __future__ import annotations

import subprocess
import sys
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
import weasyprint
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from drawings import chart_of, labels
from factories import market_results
from reportgen.errors import InputError
from reportgen.render.charts.artists import add_artists, draw
from reportgen.render.charts.svg import write_svg
from reportgen.report.figures import draw_charts
from reportgen.report.shapes import Area, Dots, Label, Line
from reportgen.report.words.formats import Formats
from reportgen.report.words.language import Language


def picture(chart_width: float, chart_height: float, dpi: int = 96) -> tuple[Figure, object]:
    figure = Figure(figsize=(chart_width / 72, chart_height / 72), dpi=dpi)
    FigureCanvasAgg(figure)
    return figure, figure.add_axes((0, 0, 1, 1))


def pixels(file: Path | BytesIO) -> np.ndarray:
    """A picture made 100 × 100 pixels, so that edges are averages."""
    return np.asarray(Image.open(file).convert("RGB").resize((100, 100), Image.Resampling.BOX), dtype=float)


def test_the_picture_is_that_of_the_report(tmp_path: Path) -> None:
    box = ((100, 900), (100, 300), (500, 300), (500, 900))
    chart = chart_of(
        Area((box,), "#0a6a82", 0.5),
        Line((((50, 500), (950, 500)), ((500, 50), (500, 950))), "#b4490a", 1.0, 3.0, (6, 3), "butt"),
        Dots(((700, 300), (850, 300)), "#17202b", "#ffffff", 1.0, 8.0, 2.0, "round"),
        Dots(((700, 700),), "#17202b", "#17202b", 1.0, 8.0, 0.0, "diamond"),
    )
    figure, axes = picture(100, 100)
    add_artists(chart, axes)  # type: ignore[arg-type]
    file = BytesIO()
    figure.savefig(file, format="png", dpi=288)
    ours = pixels(file)
    page = f"<style>@page{{size:100px 100px;margin:0}}body{{margin:0}}svg{{display:block}}</style>{write_svg(chart)}"
    (tmp_path / "page.pdf").write_bytes(weasyprint.HTML(string=page).write_pdf())
    subprocess.run(["pdftoppm", "-r", "384", "-png", "-singlefile", "page.pdf", "page"], cwd=tmp_path, check=True)
    theirs = np.asarray(
        Image.open(tmp_path / "page.png").convert("RGB").resize((100, 100), Image.Resampling.BOX), dtype=float
    )
    assert (theirs.min(axis=2) < 240).mean() > 0.2
    assert (np.abs(ours - theirs).max(axis=2) > 60).mean() < 0.02


def test_every_chart_becomes_artists_that_can_be_restyled() -> None:
    results = market_results(names="hostile")
    for name in draw_charts(results, Formats("en_IN", "INR"), Language("en_IN")):
        figure, axes = picture(680, 300, dpi=72)
        chart = draw(results, name, axes)  # type: ignore[arg-type]
        assert [text.get_text() for text in axes.texts] == labels(chart)  # type: ignore[attr-defined]
        assert len(axes.get_children()) > len(chart.shapes)  # type: ignore[attr-defined]
        for text in axes.texts:  # type: ignore[attr-defined]
            text.set_color("red")
        figure.draw_without_rendering()


@pytest.mark.parametrize("name", ["decay_2", "no such chart"])
def test_a_chart_that_these_results_do_not_have_is_refused(name: str) -> None:
    _, axes = picture(680, 300)
    with pytest.raises(InputError, match=name):
        draw(market_results(), name, axes)  # type: ignore[arg-type]


def test_texts_grow_with_the_axes() -> None:
    chart = chart_of(Label((500, 500), "a", "#000000", 12, 400, "middle"))
    sizes = []
    for inches in (1, 2):
        axes = Figure(figsize=(inches, inches)).add_axes((0, 0, 1, 1))
        add_artists(chart, axes)
        sizes.append(axes.texts[0].get_size())
    assert sizes[1] == pytest.approx(2 * sizes[0])


def test_no_document_needs_matplotlib() -> None:
    code = """
import sys; sys.path.insert(0, "tests")
from factories import market_results
from reportgen.batch.workers.worker import load_stack
load_stack("weasyprint")
from reportgen.render.html import render_report
from reportgen.render.pdf import brief_pdf, report_pdf
from reportgen.render.quarto import market_files
from reportgen.report.document import build_report
from reportgen.report.words.language import Language
from reportgen.report.words.publishing import site_words
from reportgen.settings.sections import Settings
report = build_report(market_results(names="long"), Settings())
render_report(report), report_pdf(report), brief_pdf(report), market_files(report, site_words(Language("en_IN")))
print(sorted(name for name in sys.modules if name.partition(".")[0] == "matplotlib"))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_without_settings_a_chart_is_that_of_a_report_without_settings() -> None:
    results = market_results()
    _, axes = picture(680, 300)
    made = draw(results, "forest", axes)  # type: ignore[arg-type]
    assert (
        made
        == draw_charts(results, Formats("en_IN", "INR", unit="unit"), Language("en_IN"), names=["forest"])["forest"]
    )
