"""Cells and headers that begin like a formula stay text: in report.xlsx, in the tables, in what pages let one copy."""

from __future__ import annotations

import csv
import zipfile
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree as ET

import pyarrow.parquet as pq
import pytest

from real_runs import RealProject, small_table

LEADS = {"equals": "=", "plus": "+", "minus": "-", "at": "@", "tab": "\t", "return": "\r", "bar": "|", "percent": "%"}
FORMULA = "cmd|' /C calc'!A0"

pytestmark = [pytest.mark.attacks]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> RealProject:
    """Names of market, pharmacies, promotion and title that begin with each sign."""
    made = RealProject(tmp_path_factory.mktemp("p"))
    table = small_table("A")
    names = {f"A-{i + 1:02d}": f"{lead}{FORMULA}{i}" for i, lead in enumerate(LEADS.values())}
    table["pharmacy"] = table["pharmacy"].map(names)
    table["market"] = f"={FORMULA}"
    table = table.rename(columns={"promotion": f"=HYPERLINK({FORMULA})"})
    made.write(
        panel={"promotion": f"=HYPERLINK({FORMULA})"},
        report={"formats": ["xlsx"], "title": f"@{FORMULA}", "promotion_unit": f"+{FORMULA}"},
        brand={"name": f"-{FORMULA}", "footer": f"={FORMULA}"},
    )
    table.to_csv(made.root / "data" / "panel.csv", index=False, quoting=csv.QUOTE_ALL)
    ended = made.run("build", "--quiet")
    assert ended.code == 0, ended.said
    return made


def test_the_workbook_has_no_formula_no_link_and_no_outside_part(
    built: RealProject, tried: Callable[..., None]
) -> None:
    tried(*(f"{name} in a cell" for name in LEADS), "formula as a header", "formula as a title")
    (path,) = built.out.glob("markets/*/report.xlsx")
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
        for name in names:
            assert "externalLink" not in name
            assert "vba" not in name.lower()
            text = archive.read(name)
            if name.endswith(".rels"):
                assert b"http" not in text.replace(b"http://schemas.openxmlformats.org", b"")
                assert b'TargetMode="External"' not in text
            if name.startswith("xl/worksheets/"):
                tree = ET.fromstring(text)
                kinds = {str(element.tag).rpartition("}")[2] for element in tree.iter()}
                assert not kinds & {"f", "hyperlink", "hyperlinks"}
        strings = archive.read("xl/sharedStrings.xml").decode()
    for i, lead in enumerate(LEADS.values()):
        if lead not in "\t\r":
            assert f"{lead}{FORMULA}{i}" in strings


def test_tables_for_other_programs_keep_the_names_as_they_are(built: RealProject) -> None:
    (path,) = built.out.glob("markets/*/data/pharmacies.parquet")
    found = pq.read_table(path).column("pharmacy").to_pylist()
    assert len(found) == len(LEADS)
    assert sum(name.startswith(tuple("=+-@|%")) for name in found) == 6


def test_what_is_printed_on_the_terminal_moves_nothing(built: RealProject) -> None:
    ended = built.run("build", "--force")
    assert ended.code == 0
    assert "\r" not in ended.said
    assert "\x1b" not in ended.said


def test_a_downloaded_table_has_no_formula(built: RealProject, chromium: object, tmp_path: Path) -> None:
    from playwright.sync_api import Browser

    assert isinstance(chromium, Browser)
    built.write(report={"formats": ["html"]})
    assert built.run("render").code == 0
    page = chromium.new_context(accept_downloads=True).new_page()
    page.goto(next(built.out.glob("markets/*/report.html")).as_uri() + "#tab-pharmacies")
    with page.expect_download() as download:
        page.locator("#tab-pharmacies").get_by_role("button", name="CSV").click()
    lines = Path(download.value.path()).read_bytes().decode("utf-8-sig").split("\r\n")
    assert len(lines) >= len(LEADS)
    for line in lines:
        for cell in line.split('","'):
            assert not cell.strip('"').startswith(("=", "+", "@", "\t", "\r", "|", f"-{FORMULA}")), line
    page.context.close()
