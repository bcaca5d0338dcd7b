"""report.xlsx: numbers as numbers, text as text, identical bytes."""

from __future__ import annotations

import io
import zipfile

import pytest
from python_calamine import CalamineWorkbook

from factories import market_results
from reportgen.render.workbook import render_workbook
from reportgen.report.tables.sheets import build_workbook
from reportgen.settings.sections import Settings


def sheets(content: bytes) -> dict[str, list[list[object]]]:
    book = CalamineWorkbook.from_filelike(io.BytesIO(content))
    return {name: book.get_sheet_by_name(name).to_python() for name in book.sheet_names}


def test_workbook_has_the_tidy_sheets() -> None:
    results = market_results()
    found = sheets(render_workbook(results, Settings()))
    assert list(found) == ["Summary", "Coefficients", "Pharmacies", "Months", "Next months", "Checks"]
    assert len(found["Pharmacies"]) == 1 + len(results.pharmacies)
    assert len(found["Checks"]) == 1 + len(results.checks)
    estimates = {row[1]: row[3] for row in found["Coefficients"] if row[0] == "This report"}
    assert estimates == pytest.approx({row.term: row.estimate for row in results.fixed})


@pytest.mark.parametrize("name", ["=1+1", "+cmd", "-2", "@SUM(A1)", "\t=1", "|calc", "https://example.org", "007"])
def test_names_from_data_stay_text(name: str) -> None:
    content = render_workbook(market_results(market=name), Settings())
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        pages = b"".join(archive.read(item) for item in archive.namelist() if "sheet" in item)
    assert b"<f>" not in pages
    assert b"hyperlink" not in pages
    assert name.strip() in [row[1] for row in sheets(content)["Summary"]]


def test_equal_results_give_equal_bytes() -> None:
    assert render_workbook(market_results(), Settings()) == render_workbook(market_results(), Settings())


def test_market_without_estimates_has_what_the_data_show() -> None:
    found = sheets(render_workbook(market_results(status="not-estimable"), Settings()))
    assert "Pharmacies" not in found
    assert "Summary" in found
    assert "Months" in found


def test_the_status_is_written_in_words() -> None:
    summary = build_workbook(market_results(status="singular"), Settings()).sheets[0]
    assert next(row[1] for row in summary.rows if row[0] == "Status") == (
        "estimated; how pharmacies differ is at the limit of what the data show"
    )
