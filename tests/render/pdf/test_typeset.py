"""PDF by Typst: the same numbers and headings as by WeasyPrint, tagged, closed, the same bytes every time."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import pikepdf
import pypdfium2
import pytest

from factories import market_results
from pdf_structure import elements
from reportgen.errors import EnvironmentMissing, RenderError, TemplateError
from reportgen.render import pdf
from reportgen.render.html import charts
from reportgen.render.pdf import brief_pdf, glyphs, report_pdf, typeset
from reportgen.render.pdf.tree import as_json, as_tree
from reportgen.render.templates import ejected, list_templates
from reportgen.report import blocks
from reportgen.report.blocks import Bullets, Callout, Code, Definition, Definitions, Equation, MarketReport, Symbol
from reportgen.report.document import build_report
from reportgen.report.shapes import Label
from reportgen.settings.sections import BrandSettings, ReportSettings, Settings

ROOT = Path(__file__).resolve().parents[3]
SETTINGS = Settings(report=ReportSettings(promotion_unit="visit"))
CASES: list[dict[str, Any]] = [
    {"pharmacies": 60, "market": "Pune"},
    {"pharmacies": 20, "market": "Größe पुणे", "names": "long"},
    {"status": "not-estimable", "pharmacies": 12},
    {"period": "week", "response": "log", "pharmacies": 12, "market": "A market with a long name " * 4},
]


@pytest.fixture(scope="module")
def report() -> MarketReport:
    return build_report(market_results(pharmacies=20, market="Größe पुणे"), SETTINGS)


@pytest.fixture(scope="module")
def document(report: MarketReport) -> bytes:
    return report_pdf(report, engine="typst")


def read(content: bytes) -> tuple[str, list[str], int]:
    """Text, headings and number of pages."""
    opened = pypdfium2.PdfDocument(content)
    try:
        text = "\n".join(page.get_textpage().get_text_range() for page in opened)
        return text, [re.sub(r"\s+", "", mark.get_title()) for mark in opened.get_toc()], len(opened)
    finally:
        opened.close()


NUMBER = r"\d[\d.,]*\d|\d"


def numbers(text: str, report: MarketReport) -> Counter[str]:
    """Every number of a document but those of its pages and of what pages repeat: head, foot, heads of long tables."""
    whole = re.sub(r"(?<=[\d.])\s*\n\s*(?=\.?\d)(?=\S*/)", "", text)  # a reference's number, broken over lines
    parts = [block for section in report.sections for block in section.blocks]
    heads = [f"{c.label} {c.unit}" for table in parts if isinstance(table, blocks.Table) for c in table.columns]
    repeated = set(re.findall(NUMBER, " ".join((report.market, report.period, report.date, *heads))))
    found = Counter(re.findall(NUMBER, whole))
    return Counter({one: n for one, n in found.items() if one not in repeated and not re.fullmatch("[12]?\\d", one)})


@pytest.mark.parametrize("case", CASES)
def test_both_engines_print_every_number_and_heading(case: dict[str, Any]) -> None:
    locale, paper = ("de_DE" if "names" in case else "en_IN"), "A4"
    settings = Settings(report=ReportSettings(promotion_unit="visit", paper=paper, locale=locale))  # type: ignore[arg-type]
    made = build_report(market_results(**case), settings)
    for write in (report_pdf, brief_pdf):
        (one, headings, _), (other, others, pages) = (
            read(write(made, engine=engine)) for engine in ("weasyprint", "typst")
        )
        assert others == headings
        ours, theirs = numbers(other, made), numbers(one, made)
        left = {*(ours - theirs), *(theirs - ours)}
        # WeasyPrint set tightly leaves out notes below charts and the small charts of the key figures, whose intervals
        # are written beside them.
        small = [figure.chart for figure in made.summary.key_figures if figure.chart]
        marks = [shape.text for chart in small for shape in chart.shapes if isinstance(shape, Label)]
        spared = numbers(" ".join([*marks, *(chart.foot for chart in charts(made).values())]), made)
        left -= set(spared)
        if write is brief_pdf:
            assert pages == 2
        assert left == set()


def test_the_document_is_tagged_titled_and_outlined(document: bytes) -> None:
    with pikepdf.open(BytesIO(document)) as opened:
        assert opened.Root.MarkInfo.Marked
        assert str(opened.Root.Lang) == "en-IN"
        assert str(opened.docinfo["/Title"]) == "Größe पुणे · Promotion impact"
        assert opened.check_pdf_syntax() == []
        tagged = elements(opened.Root.StructTreeRoot)
        headers = [e for e in tagged if e.get("/S") == pikepdf.Name.TH]
        assert {str(e.A.Scope) for e in headers} == {"/Column", "/Row"}
        figures = [e for e in tagged if e.get("/S") == pikepdf.Name.Figure]
        assert len(figures) > 15
        assert all(str(e.get("/Alt", "")) for e in figures)


def test_the_checker_for_accessibility_finds_nothing(document: bytes, report: MarketReport, tmp_path: Path) -> None:
    for name, content in (("report.pdf", document), ("brief.pdf", brief_pdf(report, engine="typst"))):
        path = tmp_path / name
        path.write_bytes(content)
        command = [sys.executable, "-m", "pdfua", "check", str(path)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


def test_same_report_same_bytes_in_another_process_that_loads_neither_weasyprint_nor_matplotlib() -> None:
    code = """
import sys, hashlib; sys.path.insert(0, "tests")
from factories import market_results
from pdf_structure import elements
from reportgen.settings.sections import Settings
from reportgen.report.document import build_report
from reportgen.render.pdf import brief_pdf
made = brief_pdf(build_report(market_results(pharmacies=9), Settings()), engine="typst")
print(hashlib.sha256(made).hexdigest(), *sorted({"weasyprint", "matplotlib", "fontTools"} & set(sys.modules)))
"""
    env = {**os.environ, "PYTHONHASHSEED": "7", "TZ": "Asia/Kolkata"}
    other = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, env=env, check=True)
    import hashlib

    ours = brief_pdf(build_report(market_results(pharmacies=9), Settings()), engine="typst")
    assert other.stdout.strip() == hashlib.sha256(ours).hexdigest()


def test_weasyprint_does_not_load_typst() -> None:
    code = "import sys; from reportgen.render import pdf; pdf.load_engine('weasyprint'); print('typst' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout.strip() == "False"


def test_size_at_300_pharmacies() -> None:
    assert len(report_pdf(build_report(market_results(pharmacies=300), SETTINGS), engine="typst")) <= 350_000


# --- text is data, and every kind of block is drawn -----------------------------------------------

EVIL = '#import "/etc/passwd" $x^2$ *b* _i_ `c` [a](b) = h // @ref <l> \\ #read("/etc/passwd") &lt;'


def test_every_block_prints_its_text_as_it_is(report: MarketReport) -> None:
    bar = blocks.IntervalBar(point=50, low=10, high=90, low50=30, high50=70, zero=20, hollow=True, alt="an interval")
    table = blocks.Table(
        name="odd", caption=f"caption {EVIL}", note="a note",
        columns=(blocks.Column(label="name", numeric=False), blocks.Column(label="value", unit="unit")),
        rows=(
            blocks.Row(cells=(blocks.Cell(text="one", mark="pass"), blocks.Cell(text="1", bar=bar)), tone="strong"),
            blocks.Row(cells=(blocks.Cell(text=EVIL), blocks.Cell(text="2", short="two")), tone="muted"),
        ),
        print_rows=(0, -1, 1), print_note="left out",
    )  # fmt: skip
    parts = (
        Callout(tone="warning", title="warned", items=("first", EVIL)),
        Callout(tone="note", title="noted", items=("alone",)),
        Equation(symbols=(Symbol(text="y", index="it"), Symbol(text=" = x   "), Symbol(text="z"))),
        Code(text=f"code {EVIL}\n  indented", caption="typed"), Bullets(items=("bullet", EVIL)), table,
        Definitions(items=(Definition(term="term", text="meaning", link="https://example.org/a"),) * 25),
        blocks.Prose(text="only there", only="screen"), blocks.Prose(text="small print", style="note", only="print"),
    )  # fmt: skip
    section = blocks.Section(anchor="odd", number="2", title=EVIL, lead="leading", blocks=parts)
    text, headings, _ = read(report_pdf(replace(report, sections=(section,)), engine="typst"))
    assert re.sub(r"\s+", "", f"2{EVIL}") in headings
    joined = re.sub(r"\s+", "", text)
    for word in (
        "warned",
        "noted",
        "alone",
        "y it=x z",
        "indented",
        "typed",
        "bullet",
        "leftout",
        "two",
        "small print",
        EVIL,
    ):
        assert re.sub(r"\s+", "", word) in joined, word
    assert "only there" not in text
    assert joined.count("meaning") == 25


@pytest.mark.parametrize(
    "name", ["राम मेडिकल", "בית מרקחת", "صيدلية النور", "Φαρμακείο", "Ärzte & Søn", "⋮⅓", "𝔘nicode"]
)
def test_names_in_other_scripts_are_text(name: str) -> None:
    made = build_report(market_results(pharmacies=9, market=name), SETTINGS)
    content = brief_pdf(made, engine="typst")
    with pikepdf.open(BytesIO(content)) as opened:
        assert str(opened.docinfo["/Title"]).startswith(made.market)
    assert glyphs.choose_fonts(name).text == name


def test_a_letter_that_no_font_has_is_marked_and_fails_nothing(report: MarketReport) -> None:
    assert glyphs.choose_fonts("A\U0003134f").text == "A\ufffd"
    brief_pdf(replace(report, market="A\U0003134f"), engine="typst")


def test_right_to_left_pages_are_mirrored(report: MarketReport) -> None:
    report_pdf(replace(report, direction="rtl", lang="he"), engine="typst")


def test_brand_and_logo(report: MarketReport, tmp_path: Path) -> None:
    from PIL import Image

    Image.new("RGB", (40, 20), "#c00000").save(tmp_path / "logo.png")
    (tmp_path / "logo.svg").write_text(
        '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><path d="M0 0h9v9z"/></svg>'
    )
    for logo in ("logo.png", "logo.svg"):
        brand = BrandSettings(name="House", logo=str(tmp_path / logo), accent="#7a1fa2", footer="Confidential")
        made = build_report(market_results(pharmacies=9), Settings(brand=brand))
        content = brief_pdf(made, engine="typst")
        assert {"House", "Confidential"} <= set(re.findall(r"\w+", read(content)[0]))
        page = pypdfium2.PdfDocument(content)[0].render(scale=1).to_pil().convert("RGB").crop((40, 40, 120, 75))
        colours = {colour for _, colour in page.getcolors(99999)}
        assert (192, 0, 0) in colours if logo.endswith("png") else (0, 0, 0) in colours


# --- templates ------------------------------------------------------------------------------------

TYPST = [template for template in list_templates(None) if template.name.endswith(".typ")]


def write(folder: Path, name: str, text: str) -> Path:
    (folder / name).write_text(text, "utf-8")
    return folder


def test_unchanged_copies_and_blocks_give_the_same_bytes(report: MarketReport, document: bytes, tmp_path: Path) -> None:
    for template in TYPST:
        write(tmp_path, template.name, ejected(template.name, "0.1.0"))
    assert report_pdf(report, templates=tmp_path, engine="typst") == document
    for template in TYPST:
        if template.blocks:
            write(tmp_path, template.name, ejected(template.name, "0.1.0", template.blocks))
    assert report_pdf(report, templates=tmp_path, engine="typst") == document
    states = {template.name: template.state for template in list_templates(tmp_path) if template.name.endswith(".typ")}
    assert (states["blocks.typ"], states["report.typ"]) == ("blocks", "copy")


def test_one_block_or_one_colour_is_changed_and_the_rest_is_ours(report: MarketReport, tmp_path: Path) -> None:
    assert "chart" in {block for template in TYPST for block in template.blocks}
    text = ejected("blocks.typ", "0.1.0", ("verdict",)).replace("it.sentence", '"house " + it.sentence')
    write(
        tmp_path, "theme.typ", '#import "/reportgen/theme.typ": *\n#let margin = (top: 30mm, x: 18mm, bottom: 15mm)\n'
    )
    made = read(report_pdf(report, templates=write(tmp_path, "blocks.typ", text), engine="typst"))[0]
    assert "house " in made


@pytest.mark.parametrize(
    ("markup", "said"),
    [
        ('#read("../secret.txt")', "blocks.typ, line 3"),
        ('#read("/etc/passwd")', "blocks.typ, line 3"),
        ('#image("/secret.png")', "blocks.typ, line 3"),
        ('#import "@preview/cetz:0.3.0"', "may not fetch"),
        ('#eval("import \\"@preview/cetz:0.3.0\\"")', "may not fetch"),
        ("#nosuch", "unknown variable"),
    ],
)
def test_a_template_reads_nothing_beside_templates_and_fetches_nothing(
    report: MarketReport, tmp_path: Path, markup: str, said: str
) -> None:
    (tmp_path / "secret.txt").write_text("secret")
    folder = tmp_path / "own"
    folder.mkdir()
    (folder / "link.typ").symlink_to(tmp_path / "secret.txt")
    write(folder, "blocks.typ", f'#import "/reportgen/blocks.typ": *\n\n{markup}\n')
    before = dict(os.environ)
    with pytest.raises(TemplateError, match=said):
        brief_pdf(report, templates=folder, engine="typst")
    assert dict(os.environ) == before


def test_a_link_out_of_the_folder_is_not_followed(report: MarketReport, tmp_path: Path) -> None:
    (tmp_path / "secret.typ").write_text("#let x = 1")
    folder = tmp_path / "own"
    folder.mkdir()
    (folder / "link.typ").symlink_to(tmp_path / "secret.typ")
    write(folder, "blocks.typ", '#import "/reportgen/blocks.typ": *\n#import "/link.typ": x\n')
    with pytest.raises(TemplateError, match=r"blocks\.typ, line 2"):
        brief_pdf(report, templates=folder, engine="typst")


# --- the machine ----------------------------------------------------------------------------------


def test_a_missing_wheel_is_told_with_its_command(report: MarketReport, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "typst", None)
    with pytest.raises(EnvironmentMissing, match=r"pip install 'reportgen-lmm\[typst\]'"):
        typeset.load()
    monkeypatch.setattr(pdf, "find_spec", lambda _: None)
    assert "reportgen-lmm[typst]" in pdf.lacking("typst")


def test_what_typst_refuses_is_an_error_with_the_market(report: MarketReport, monkeypatch: pytest.MonkeyPatch) -> None:
    import typst

    class Broken:
        def __init__(self, **_: Any) -> None: ...

        def compile(self, **_: Any) -> bytes:
            error = typst.TypstError("it will not do")
            error.message, error.diagnostic = "it will not do", "error: it will not do"
            raise error

    monkeypatch.setattr(typst, "Compiler", Broken)
    with pytest.raises(RenderError, match=f"The PDF of {report.market} cannot be made: it will not do"):
        brief_pdf(report, engine="typst")


def test_the_tree_is_plain_and_complete(report: MarketReport) -> None:
    tree = as_tree(report, brief=False)
    assert [section["title"] for section in tree["sections"]] == [section.title for section in report.sections]
    assert '"only":"screen"' not in as_json(tree)
