"""PDF: tagged, closed, the same bytes every time, two pages where two are promised."""

from __future__ import annotations

import base64
import os
import subprocess
import sys
from io import BytesIO
from pathlib import Path
from typing import Any

import pikepdf
import pytest

from factories import market_results
from pdf_structure import elements
from reportgen.errors import EnvironmentMissing, RenderError
from reportgen.render.pdf import brief_pdf, fontconfig, report_pdf
from reportgen.render.pdf import weasy as pdf_module
from reportgen.report.blocks import MarketReport
from reportgen.report.document import build_report
from reportgen.settings.sections import ReportSettings, Settings

SETTINGS = Settings(report=ReportSettings(promotion_unit="visit"))


@pytest.fixture(scope="module")
def report() -> MarketReport:
    return build_report(market_results(pharmacies=20, market="Größe पुणे"), SETTINGS)


@pytest.fixture(scope="module")
def document(report: MarketReport) -> bytes:
    return report_pdf(report)


def test_the_document_is_tagged_titled_and_outlined(document: bytes) -> None:
    with pikepdf.open(BytesIO(document)) as pdf:
        assert pdf.Root.MarkInfo.Marked
        assert str(pdf.Root.Lang) == "en-IN"
        assert str(pdf.docinfo["/Title"]) == "Größe पुणे · Promotion impact"
        assert "/Outlines" in pdf.Root
        tagged = elements(pdf.Root.StructTreeRoot)
        headers = [e for e in tagged if e.get("/S") == pikepdf.Name.TH]
        assert headers
        assert {str(e.A.Scope) for e in headers} == {"/Column", "/Row"}
        figures = [e for e in tagged if e.get("/S") == pikepdf.Name.Figure]
        assert len(figures) > 20
        assert all(str(e.get("/Alt", "")) for e in figures)


def test_the_checker_for_accessibility_finds_nothing(document: bytes, report: MarketReport, tmp_path: Path) -> None:
    for name, content in (("report.pdf", document), ("brief.pdf", brief_pdf(report))):
        path = tmp_path / name
        path.write_bytes(content)
        done = subprocess.run(
            [sys.executable, "-m", "pdfua", "check", str(path)], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr


def test_no_table_crosses_a_page(document: bytes) -> None:
    with pikepdf.open(BytesIO(document)) as pdf:
        tables = [e for e in elements(pdf.Root.StructTreeRoot) if e.get("/S") == pikepdf.Name.Table]
        for table in tables:
            pages = {element.Pg.objgen for element in elements(table) if "/Pg" in element}
            assert len(pages) <= 1


def test_qpdf_has_no_complaint(document: bytes) -> None:
    with pikepdf.open(BytesIO(document)) as pdf:
        assert pdf.check_pdf_syntax() == []


def test_same_report_same_bytes_in_another_process(tmp_path: Path) -> None:
    code = (
        "import sys, hashlib; sys.path.insert(0, 'tests')\n"
        "from factories import market_results\n"
        "from reportgen.settings.sections import Settings\n"
        "from reportgen.report.document import build_report\n"
        "from reportgen.render.pdf import brief_pdf\n"
        "print(hashlib.sha256(brief_pdf(build_report(market_results(pharmacies=9), Settings()))).hexdigest())\n"
    )
    root = Path(__file__).resolve().parents[2]
    env = {**os.environ, "PYTHONHASHSEED": "7"}
    other = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=root, env=env, check=True)
    import hashlib

    ours = brief_pdf(build_report(market_results(pharmacies=9), Settings()))
    assert other.stdout.strip() == hashlib.sha256(ours).hexdigest()


@pytest.mark.parametrize(
    "case",
    [
        {"pharmacies": 150},
        {"status": "not-estimable", "pharmacies": 12},
        {"status": "singular", "pharmacies": 12},
        {
            "period": "week",
            "response": "log",
            "pharmacies": 12,
            "names": "long",
            "market": "A market with a long name " * 4,
        },
    ],
)
def test_the_brief_has_two_pages(case: dict[str, Any]) -> None:
    settings = Settings(report=ReportSettings(promotion_unit="visit", paper="Letter" if "period" in case else "A4"))
    content = brief_pdf(build_report(market_results(**case), settings))
    with pikepdf.open(BytesIO(content)) as pdf:
        assert len(pdf.pages) == 2
    assert len(content) <= 120_000


def test_size_at_300_pharmacies() -> None:
    assert len(report_pdf(build_report(market_results(pharmacies=300), SETTINGS))) <= 350_000


# --- the closed door ------------------------------------------------------------------------------

ADDRESSES = (
    "file:///etc/passwd", "http://127.0.0.1:9/x.svg", "https://localhost:9/", "ftp://localhost/", "chart:nosuch",
    "//localhost/x", "FILE:///etc/passwd", "data:broken", "jar:file:///x",
)  # fmt: skip


# A relative address in a style sheet has no meaning without a base and is dropped, so it is left out here.
CHANNELS = [("img", address) for address in ADDRESSES] + [
    (where, address) for where in ("css", "link", "attachment") for address in ADDRESSES[:2]
]


@pytest.mark.parametrize(("where", "address"), CHANNELS)
def test_a_refused_address_fails_the_document(report: MarketReport, tmp_path: Path, address: str, where: str) -> None:
    markup = {
        "img": f'<img src="{address}" alt="x">',
        "css": f'<p style="background-image: url({address})">x</p>',
        "link": f'<link rel="stylesheet" href="{address}">',
        "attachment": f'<link rel="attachment" href="{address}">',
    }[where]
    text = '{% extends "base.html.j2" %}{% block main %}<h1>x</h1>' + markup + "{% endblock %}"
    (tmp_path / "report.html.j2").write_text(text)
    with pytest.raises(RenderError, match=r"not allowed to fetch|not whole"):
        report_pdf(report, templates=tmp_path)


def test_a_picture_inside_the_document_cannot_fetch_either(report: MarketReport, tmp_path: Path) -> None:
    inner = '<image href="file:///etc/passwd" width="9" height="9"/>'
    evil = f'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9">{inner}</svg>'
    address = "data:image/svg+xml;base64," + base64.b64encode(evil.encode()).decode()
    text = f'{{% extends "base.html.j2" %}}{{% block main %}}<h1>x</h1><img src="{address}" alt="x">{{% endblock %}}'
    (tmp_path / "report.html.j2").write_text(text)
    with pytest.raises(RenderError, match="etc/passwd"):
        report_pdf(report, templates=tmp_path)


# --- the machine ----------------------------------------------------------------------------------


def test_missing_pango_names_the_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    import builtins

    real = builtins.__import__

    def without(name: str, *args: Any, **kwargs: Any) -> Any:
        if name == "weasyprint":
            raise OSError("cannot load library 'libpango-1.0-0'")
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(EnvironmentMissing, match=r"libpango-1.0-0 libpangoft2-1.0-0"):
        pdf_module.load()


def test_missing_weasyprint_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "weasyprint", None)
    with pytest.raises(EnvironmentMissing, match="pip install weasyprint"):
        pdf_module.load()


def test_our_fonts_come_first_and_the_file_is_rewritten_only_when_it_differs(tmp_path: Path) -> None:
    path = fontconfig._write(tmp_path / "a", ["/x & y"])
    before = path.stat().st_mtime_ns
    assert fontconfig._write(tmp_path / "a", ["/x & y"]) == path
    assert path.stat().st_mtime_ns == before
    assert "<dir>/x &amp; y</dir>" in path.read_text()
    assert path.read_text().index("Fira Sans") < path.read_text().index("Mukta")


def test_a_read_only_home_falls_back_to_a_temporary_folder(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    assert fontconfig._write(blocked / "fonts", ["/x"]).name == "fonts.conf"
