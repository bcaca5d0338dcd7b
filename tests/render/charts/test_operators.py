"""Charts in a PDF look as any program draws their SVG; their labels are words set in one run."""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
import pytest
import weasyprint

from drawings import chart_of
from reportgen.render.charts import operators
from reportgen.render.charts.operators import chart_image, path_operators, take_charts
from reportgen.render.charts.svg import write_svg
from reportgen.render.pdf.fetch import ClosedFetcher
from reportgen.report.blocks import Chart
from reportgen.report.shapes import Label, Piece

LABELS = (
    Label((1000, 200), "AVATAR", "#112233", 12, 400, "start"),
    Label((1000, 400), "AVATAR", "#112233", 12, 400, "end"),
)


def pdf(chart: Chart, folder: Path, *, ours: bool) -> Path:
    """A page that shows ``chart``, drawn by our operators or as WeasyPrint draws its SVG."""
    image = '<img src="chart:chart">' if ours else write_svg(chart)
    size = f"{chart.width:g}px {chart.height:g}px"
    page = f"<style>@page{{size:{size};margin:0}}body{{margin:0}}svg,img{{display:block}}</style>{image}"
    path = folder / f"{'ours' if ours else 'theirs'}.pdf"
    path.write_bytes(weasyprint.HTML(string=page, url_fetcher=ClosedFetcher({"chart": chart})).write_pdf())
    return path


def words(chart: Chart, folder: Path, *, ours: bool = True) -> list[list[str]]:
    """x and text of every word of a PDF that shows ``chart``."""
    made = pdf(chart, folder, ours=ours)
    done = subprocess.run(["pdftotext", "-bbox", made, "-"], capture_output=True, text=True, check=True)
    return [line.split('"') for line in done.stdout.splitlines() if "<word" in line]


def test_a_label_is_one_word_anchored_where_the_chart_says(tmp_path: Path) -> None:
    assert take_charts()
    start, end = words(chart_of(*LABELS, width=200.0, height=60.0), tmp_path)
    assert start[-1].startswith(">AVATAR<")
    assert end[-1].startswith(">AVATAR<")
    assert float(start[1]) == pytest.approx(75.0, abs=0.6)  # 100 px are 75 points
    assert float(end[5]) == pytest.approx(75.0, abs=0.6)


def test_letters_are_kerned(tmp_path: Path) -> None:
    chart = chart_of(*LABELS, width=200.0, height=60.0)
    kerned, loose = words(chart, tmp_path)[0], words(chart, tmp_path, ours=False)[0]
    assert float(kerned[5]) - float(kerned[1]) < float(loose[5]) - float(loose[1])


def test_without_the_table_of_tags_charts_keep_their_texts(monkeypatch: pytest.MonkeyPatch) -> None:
    import weasyprint.svg

    monkeypatch.delattr(weasyprint.svg, "TAGS")
    operators.take_charts.cache_clear()
    try:
        assert "AVATAR</text>" in chart_image(chart_of(*LABELS))
    finally:
        operators.take_charts.cache_clear()


@pytest.mark.parametrize(
    ("pieces", "closed", "operators"),
    [
        ([((10, 20), (30, 20), (30, 50))], False, "1 2 m 3 2 l 3 5 l"),
        ([((0, 0), (40, 0), (40, 40)), ((50, 50), (50, 50))], True, "0 0 m 4 0 l 4 4 l h 5 5 m 5 5 l h"),
        ([((-3, 104), (7, 94), (8, 114))], False, "-0.3 10.4 m 0.7 9.4 l 0.8 11.4 l"),
    ],
)
def test_pieces_become_operators(pieces: list[Piece], closed: bool, operators: str) -> None:
    assert path_operators(pieces, closed=closed).replace("\n", " ") == operators


def test_a_chart_looks_as_weasyprint_draws_its_svg(tmp_path: Path) -> None:
    """Every mark there is: dashes, areas that let through, rings, dots, diamonds, labels of all anchors."""
    from PIL import Image, ImageChops

    from reportgen.report.figures.drawing import marks
    from reportgen.report.figures.drawing.plane import Box, sheet

    made, (axes,) = sheet(300, 200, [Box(30, 20, 240, 160, (0.0, 8.0), (0.0, 8.0))])
    marks.line(axes, [0, 2, 5, 9], [1, 7, 3, 8], "#0a6a82", dash=(4, 3), alpha=0.6)
    marks.segments(
        axes, *(np.array(v) for v in ([1.0, 2.0], [1.0, 1.0], [1.0, 2.0], [6.0, 5.0])), "#17202b", cap="round", width=4
    )
    marks.band(axes, [0, 4, 8], [1, 2, 1], [3, 4, 5], "#b4490a")
    marks.rectangles(axes, [(5.0, 0.0, 6.0, 4.0)], "#d9dfe5", alpha=0.5)
    marks.dots(axes, [1, 3], [7, 7], "#0a6a82", size=9)
    marks.dots(axes, [5, 7], [7, 7], "#b4490a", size=9, hollow="#ffffff")
    marks.dots(axes, [3, 4], [1, 1], "#55616e", size=8, shape="diamond", hollow="#ffffff")
    for anchor, x in (("start", 0.5), ("middle", 4.0), ("end", 7.5)):
        marks.label(axes, x, 6.0, "a < b & c", "#17202b", anchor=anchor, weight=600 if anchor == "end" else 400)
    chart = chart_of(*made.shapes(), width=300.0, height=200.0)
    assert take_charts()
    pictures = []
    for ours in (False, True):
        name = pdf(chart, tmp_path, ours=ours).stem
        subprocess.run(["pdftoppm", "-r", "96", "-png", "-singlefile", f"{name}.pdf", name], cwd=tmp_path, check=True)
        pictures.append(Image.open(tmp_path / f"{name}.png").convert("RGB"))
    apart = np.asarray(ImageChops.difference(*pictures)).max(axis=2)
    assert apart.shape == (200, 300)
    assert (np.asarray(pictures[1]).min(axis=2) < 250).mean() > 0.1  # something is drawn at all
    text = np.zeros_like(apart, dtype=bool)
    text[52:72] = True  # the line of labels, which ours kerns
    assert apart[~text].max() <= 2
