"""Chart labels in a PDF are words set in one run, where the chart wants them."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
import weasyprint

from reportgen.render import labels
from reportgen.render.labels import take_labels, with_labels

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
    assert take_labels()
    start, end = words(with_labels(SVG), tmp_path)
    assert start[-1].startswith(">AVATAR<")
    assert end[-1].startswith(">AVATAR<")
    assert float(start[1]) == pytest.approx(75.0, abs=0.6)  # 100 px are 75 points
    assert float(end[5]) == pytest.approx(75.0, abs=0.6)


def test_letters_are_kerned(tmp_path: Path) -> None:
    assert take_labels()
    kerned = words(with_labels(SVG), tmp_path)[0]
    loose = words(SVG, tmp_path)[0]
    assert float(kerned[5]) - float(kerned[1]) < float(loose[5]) - float(loose[1])


def test_without_the_table_of_tags_charts_keep_their_texts(monkeypatch: pytest.MonkeyPatch) -> None:
    import weasyprint.svg

    monkeypatch.delattr(weasyprint.svg, "TAGS")
    labels.take_labels.cache_clear()
    try:
        assert not take_labels()
    finally:
        labels.take_labels.cache_clear()
