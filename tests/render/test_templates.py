"""Overrides: every template can be ejected, unchanged copies change nothing, one block can be changed alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from factories import market_results
from quarto_samples import words
from reportgen.errors import TemplateError, UsageError
from reportgen.render.html import render_brief, render_report
from reportgen.render.quarto.pages import market_files
from reportgen.render.site import site_files
from reportgen.render.templates import OUTLINE, Template, ejected, list_templates, template_names
from reportgen.report.blocks import MarketReport
from reportgen.report.document import build_report
from reportgen.report.site.market_line import summarise
from reportgen.report.site.site_pages import build_pages
from reportgen.settings.sections import ReportSettings, Settings

SETTINGS = Settings(report=ReportSettings(promotion_unit="visit"))


@pytest.fixture(scope="module")
def report() -> MarketReport:
    return build_report(market_results(pharmacies=20), SETTINGS)


def _write(folder: Path, name: str, text: str) -> Path:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text, encoding="utf-8")
    return folder


def _find(folder: Path, name: str) -> Template:
    return next(template for template in list_templates(folder) if template.name == name)


def test_unchanged_copies_of_all_templates_render_the_same_bytes(report: MarketReport, tmp_path: Path) -> None:
    for name in (*template_names(), OUTLINE):
        _write(tmp_path, name, ejected(name, "0.1.0"))
    chosen, rows = (
        tmp_path,
        [summarise(market_results(pharmacies=20), SETTINGS, folder="markets/a", files=("report.html",))],
    )
    assert render_report(report, templates=chosen) == render_report(report)
    assert render_report(report, medium="print", templates=chosen) == render_report(report, medium="print")
    assert render_brief(report, templates=chosen) == render_brief(report)
    pages = build_pages(rows, SETTINGS, as_of="2024-01-15")
    assert site_files(pages, templates=chosen) == site_files(pages)
    assert market_files(report, words(), templates=chosen) == market_files(report, words())
    assert {template.state for template in list_templates(tmp_path)} == {"copy"}


@pytest.mark.parametrize(
    ("name", "block"),
    [(template.name, block) for template in list_templates(None) for block in template.blocks],
)
def test_every_unchanged_block_renders_the_same_bytes(
    report: MarketReport, tmp_path: Path, name: str, block: str
) -> None:
    chosen = _write(tmp_path, name, ejected(name, "0.1.0", (block,)))
    if name.endswith(".html.j2"):
        assert render_report(report, templates=chosen) == render_report(report)
        assert render_brief(report, templates=chosen) == render_brief(report)
    else:
        assert market_files(report, words(), templates=chosen) == market_files(report, words())
    found = _find(tmp_path, name)
    assert found.state == "blocks"
    assert block in found.overridden


def test_one_block_is_changed_and_the_rest_is_ours(report: MarketReport, tmp_path: Path) -> None:
    name = "sections/summary.html.j2"
    text = ejected(name, "0.1.0", ("verdict",)).replace('<p class="sentence">', '<p class="sentence house">')
    before, after = render_report(report), render_report(report, templates=_write(tmp_path, name, text))
    assert after == before.replace('<p class="sentence">', '<p class="sentence house">')
    assert after != before


def test_the_head_says_what_data_a_template_gets() -> None:
    text = ejected("sections/section.html.j2", "0.1.0")
    for word in ("MarketReport(", "Section(", "Page(", "key_figures"):
        assert (word in text) is (word != "key_figures")
    assert "Overview(" in ejected("overview.html.j2", "0.1.0")


def test_a_change_of_ours_is_noticed(tmp_path: Path) -> None:
    text = ejected("report.html.j2", "0.0.9")
    _write(tmp_path, "report.html.j2", text.replace(text.split(", ")[1][:12], "000000000000", 1))
    assert _find(tmp_path, "report.html.j2").outdated
    _write(tmp_path, "report.html.j2", text)
    assert not _find(tmp_path, "report.html.j2").outdated


def test_a_file_that_overrides_nothing_is_listed_with_the_nearest_name(tmp_path: Path) -> None:
    _write(tmp_path, "reprot.html.j2", "")
    assert _find(tmp_path, "reprot.html.j2").state == "unknown"
    assert _find(tmp_path, "reprot.html.j2").nearest == "report.html.j2"


def test_what_does_not_exist_is_refused_with_the_nearest_match(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"'raport.html.j2'; did you mean report.html.j2\?"):
        ejected("raport.html.j2", "0.1.0")
    with pytest.raises(UsageError, match="no block 'verdikt'; its blocks: verdict"):
        ejected("sections/summary.html.j2", "0.1.0", ("verdikt",))
    _write(tmp_path, "report.html.j2", "\n{% block x %}")
    with pytest.raises(TemplateError, match=r"report\.html\.j2, line 2"):
        list_templates(tmp_path)
