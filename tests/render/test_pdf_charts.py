"""Charts in a PDF look as any program draws their SVG; their labels are words set in one run."""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
import pytest
import weasyprint

from reportgen.render import pdf_charts
from reportgen.render.pdf_charts import as_chart, path_operators, take_charts

SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 200 60" width="200" height="60" font-family="Fira Sans" '
    'font-size="12"><g fill="#112233"><text x="100" y="20">AVATAR</text></g>'
    '<g fill="#112233" text-anchor="end"><text x="100" y="40">AVATAR</text></g></svg>'
)


def words(svg: str, folder: Path) -> list[list[str]]:
    """x and text of every word of a PDF that shows ``svg``."""
    page = f"<style>@page{{size:200px 60px;margin:0}}body{{margin:0}}</style>{svg}"
    (folder / "page.pdf").write_bytes(weasyprint.HTML(string=page).write_pdf())
    done = subprocess.run(["pdftotext", "-bbox", folder / "page.pdf", "-"], capture_output=True, text=True, check=True)
    return [line.split('"') for line in done.stdout.splitlines() if "<word" in line]


def test_a_label_is_one_word_anchored_where_the_chart_says(tmp_path: Path) -> None:
    assert take_charts()
    start, end = words(as_chart(SVG), tmp_path)
    assert start[-1].startswith(">AVATAR<")
    assert end[-1].startswith(">AVATAR<")
    assert float(start[1]) == pytest.approx(75.0, abs=0.6)  # 100 px are 75 points
    assert float(end[5]) == pytest.approx(75.0, abs=0.6)


def test_letters_are_kerned(tmp_path: Path) -> None:
    assert take_charts()
    kerned = words(as_chart(SVG), tmp_path)[0]
    loose = words(SVG, tmp_path)[0]
    assert float(kerned[5]) - float(kerned[1]) < float(loose[5]) - float(loose[1])


def test_without_the_table_of_tags_charts_keep_their_texts(monkeypatch: pytest.MonkeyPatch) -> None:
    import weasyprint.svg

    monkeypatch.delattr(weasyprint.svg, "TAGS")
    pdf_charts.take_charts.cache_clear()
    try:
        assert not take_charts()
    finally:
        pdf_charts.take_charts.cache_clear()


@pytest.mark.parametrize(
    ("data", "operators"),
    [
        ("M1 2h2v3", "1 2 m 3 2 l 3 5 l"),
        ("M0 0l1.5 1.5-.5-.5", "0 0 m 1.5 1.5 l 1 1 l"),
        ("M0 0h4v4zM5 5h0", "0 0 m 4 0 l 4 4 l h 5 5 m 5 5 l"),
        ("M-.3 10.4l1-1 .1 2", "-0.3 10.4 m 0.7 9.4 l 0.8 11.4 l"),
    ],
)
def test_path_data_becomes_operators(data: str, operators: str) -> None:
    assert path_operators(data).replace("\n", " ") == operators


def test_small_steps_do_not_drift() -> None:
    assert path_operators("M0 0l" + " ".join(["0.1 0.1"] * 5000)).endswith("\n500 500 l")


def test_a_chart_looks_as_weasyprint_draws_its_svg(tmp_path: Path) -> None:
    """Every mark there is: dashes, areas that let through, rings, dots, diamonds, labels of all anchors."""
    from PIL import Image, ImageChops

    from reportgen.report.figures.drawing import marks
    from reportgen.report.figures.drawing.sheet import Box, sheet
    from reportgen.report.figures.drawing.svg import write_svg

    figure, (axes,) = sheet("marks", 300, 200, [Box(30, 20, 240, 160, (0.0, 8.0), (0.0, 8.0))])
    marks.line(axes, [0, 2, 5, 9], [1, 7, 3, 8], "#0a6a82", dash=(4, 3), alpha=0.6)
    marks.segments(
        axes, *(np.array(v) for v in ([1.0, 2.0], [1.0, 1.0], [1.0, 2.0], [6.0, 5.0])), "#17202b", cap="round", width=4
    )
    marks.band(axes, [0, 4, 8], [1, 2, 1], [3, 4, 5], "#b4490a")
    marks.rectangles(axes, [(5.0, 0.0, 6.0, 4.0)], "#d9dfe5", alpha=0.5)
    marks.dots(axes, [1, 3], [7, 7], "#0a6a82", size=9)
    marks.dots(axes, [5, 7], [7, 7], "#b4490a", size=9, hollow="#ffffff")
    marks.dots(axes, [3, 4], [1, 1], "#55616e", size=8, shape="D", hollow="#ffffff")
    for anchor, x in (("start", 0.5), ("middle", 4.0), ("end", 7.5)):
        marks.label(axes, x, 6.0, "a < b & c", "#17202b", anchor=anchor, weight=600 if anchor == "end" else 400)
    svg = write_svg(figure, "marks")
    assert take_charts()
    pictures = []
    for name, one in (("theirs", svg), ("ours", as_chart(svg))):
        page = f"<style>@page{{size:300px 200px;margin:0}}body{{margin:0}}svg{{display:block}}</style>{one}"
        (tmp_path / f"{name}.pdf").write_bytes(weasyprint.HTML(string=page).write_pdf())
        subprocess.run(["pdftoppm", "-r", "96", "-png", "-singlefile", f"{name}.pdf", name], cwd=tmp_path, check=True)
        pictures.append(Image.open(tmp_path / f"{name}.png").convert("RGB"))
    apart = np.asarray(ImageChops.difference(*pictures)).max(axis=2)
    assert apart.shape == (200, 300)
    assert (np.asarray(pictures[1]).min(axis=2) < 250).mean() > 0.1  # something is drawn at all
    text = np.zeros_like(apart, dtype=bool)
    text[52:72] = True  # the line of labels, which ours kerns
    assert apart[~text].max() <= 2
