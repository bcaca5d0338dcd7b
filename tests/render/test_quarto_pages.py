"""Generated pages as pandoc reads them: structure, tables, charts, references, front matter, and nothing from data."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import pytest
import yaml

from pandoc_ast import JOINER, attributes, found, identifiers, parse, table_shape, text_of
from quarto_samples import HOSTILE, KINDS, MARKER, files, page, report, words
from reportgen.render.quarto import market_files
from reportgen.render.quarto.check import check_pages
from reportgen.report.blocks import Chart, Table

PAGES = [(kind, name) for kind in KINDS for name in ("index.qmd", "brief.qmd")]
pytestmark = pytest.mark.quarto


@pytest.fixture(params=PAGES, ids=lambda pair: f"{pair[0]}-{pair[1][:-4]}")
def named(request: pytest.FixtureRequest) -> tuple[str, str, str]:
    kind, name = request.param
    return kind, name, page(kind, name)


def test_front_matter_is_yaml_with_what_quarto_needs(named: tuple[str, str, str]) -> None:
    kind, name, text = named
    matter = yaml.safe_load(text.split("---\n")[1])
    assert matter.pop("toc", True) is (name == "index.qmd")
    assert set(matter) == {
        "title", "subtitle", "pagetitle", "description-meta", "date", "lang", "engine", "format",
    }  # fmt: skip
    assert matter["engine"] == "markdown"
    assert list(matter["format"]) == ["html", "typst"]
    assert matter["date"] == report(kind).date_iso
    assert matter["lang"] == "en-IN"


def test_title_reads_as_the_market(named: tuple[str, str, str]) -> None:
    kind, _, text = named
    assert text_of(parse(text)["meta"]["title"]).strip() == report(kind).market


def test_no_raw_html_tex_or_shortcode(named: tuple[str, str, str]) -> None:
    _, _, text = named
    tree = parse(text)
    assert not found(tree, "RawInline", "RawBlock", "Note")
    assert "{{<" not in text
    assert ">}}" not in text
    assert "<script" not in text.replace("\\<", "")


def test_later_readers_find_no_shortcode_in_the_parsed_text(named: tuple[str, str, str]) -> None:
    """Quarto's filters look at strings again after pandoc: doubled braces and its own marker must be gone there."""
    _, _, text = named
    for node in found(parse(text), "Str", "Code", "CodeBlock", "MetaString"):
        said = node["c"] if isinstance(node["c"], str) else node["c"][1]
        assert "{{" not in said
        assert "}}" not in said
        assert MARKER[:36] not in said
    for node in found(parse(text), "Image", "Header", "Div", "Span", "Link"):
        for value in attributes(node)[2].values():
            assert "{{" not in value
            assert MARKER[:36] not in value


def test_identifiers_are_unique(named: tuple[str, str, str]) -> None:
    _, _, text = named
    names = identifiers(parse(text)) + re.findall(r"^\$\$ \{#(eq-\w+)\}", text, flags=re.MULTILINE)
    assert len(names) == len(set(names)), sorted(n for n in names if names.count(n) > 1)


def test_references_lead_to_something_on_the_page(named: tuple[str, str, str]) -> None:
    _, _, text = named
    tree = parse(text)
    cited = {c["citationId"] for cite in found(tree, "Cite") for c in cite["c"][0]}
    assert cited <= {*identifiers(tree), *re.findall(r"\{#(tbl-[\w-]+)\}", text)}
    assert cited or not report(named[0]).summary.key_figures or named[1] == "brief.qmd"


def test_every_chart_is_a_file_with_alt_text_caption_and_identifier(named: tuple[str, str, str]) -> None:
    kind, _, text = named
    tree = parse(text)
    images = found(tree, "Image")
    assert images
    for image in images:
        target = image["c"][2][0]
        assert target in files(kind)
        assert attributes(image)[2]["fig-alt"].replace(JOINER, "") in alts(kind)
    for figure in found(tree, "Figure"):
        assert text_of(figure["c"][1]).strip()
    captioned = found(tree, "Figure")
    keyed = [i for i in images if i["c"][2][0].startswith("figures/key-")]
    assert len(captioned) + len(keyed) == len(images)
    assert all(attributes(figure)[0].startswith("fig-") for figure in captioned)


def alts(kind: str) -> set[str]:
    """Alt text of every chart of a report."""
    doc = report(kind)
    loose = [doc.summary.chart, *(k.chart for k in doc.summary.key_figures)]
    blocks = [b for section in doc.sections for b in section.blocks]
    figures = [b for b in (*loose, *blocks) if isinstance(b, Chart)]
    return {" ".join(f.alt.split()) for f in figures}


def test_charts_are_well_formed_and_carry_no_tooltips(named: tuple[str, str, str]) -> None:
    for name, body in files(named[0]).items():
        if name.endswith(".svg"):
            ET.fromstring(body)  # our own text
            assert b"data-tip" not in body


def test_every_row_of_every_table_has_all_cells(named: tuple[str, str, str]) -> None:
    _, _, text = named
    for table in found(parse(text), "Table"):
        columns, rows = table_shape(table)
        assert rows
        assert set(rows) == {columns}


@pytest.mark.parametrize("kind", KINDS)
def test_tables_have_the_shape_and_caption_of_the_report(kind: str) -> None:
    made = {}
    for table in found(parse(page(kind)), "Table"):
        caption = re.sub(r"\s*\{#(tbl-[\w-]+)\}\s*$", "", text_of(table["c"][1]).strip())
        made.setdefault(caption, []).append((table_shape(table)[0], len(table_shape(table)[1]) - 1))
    blocks = [b for section in report(kind).sections for b in section.blocks if isinstance(b, Table)]
    assert {" ".join(b.caption.split()) for b in blocks} == {" ".join(caption.split()) for caption in made}
    for block in blocks:
        shapes = next(v for k, v in made.items() if " ".join(k.split()) == " ".join(block.caption.split()))
        assert (len(block.columns), len(block.rows)) in shapes


@pytest.mark.parametrize("kind", KINDS)
def test_sections_and_headings_follow_the_report(kind: str) -> None:
    heads = [node for node in found(parse(page(kind))["blocks"], "Header") if node["c"][0] == 2]
    named = [attributes(node)[0] for node in heads]
    anchors = [section.anchor for section in report(kind).sections]
    assert [name for name in named if name in set(anchors)] == anchors
    for node in heads:
        for section in report(kind).sections:
            if attributes(node)[0] == section.anchor:
                assert text_of(node["c"][2]).strip() == f"{section.number} {section.title}"


@pytest.mark.parametrize("kind", KINDS)
def test_verdict_is_a_callout_with_its_sentence(kind: str) -> None:
    first = next(d for d in found(parse(page(kind)), "Div") if any("callout" in c for c in attributes(d)[1]))
    verdict = report(kind).summary.verdict
    said = " ".join(text_of(first).split())
    assert said.startswith(verdict.word)
    assert " ".join(verdict.sentence.split()) in said
    if kind == "not-estimable":
        assert "callout-warning" in attributes(first)[1]


def test_hostile_market_is_shown_as_text_everywhere() -> None:
    tree = parse(page("hostile"))
    assert HOSTILE in text_of(tree["meta"]["title"])
    said = text_of(tree["blocks"])
    for name in ("<script>alert(1)</script>", "$x_{$", "{{ 7*7 }}", "back\\slash ${jndi}", 'A & B "quoted"'):
        assert name in said
    assert not [m for m in found(tree, "Math") if "x_" in m["c"][1] and "text" not in m["c"][1]]
    targets = {link["c"][2][0] for link in found(tree, "Link")}
    assert all(t.startswith(("https://", "../../", "brief.qmd")) for t in targets)


def test_marker_of_newer_versions_is_shown_as_text() -> None:
    assert text_of(parse(page("marker"))["meta"]["title"]).strip() == MARKER


def test_equation_is_display_math_with_identifier() -> None:
    math = found(parse(page("ok")), "Math")
    assert [m["c"][0]["t"] for m in math] == ["DisplayMath"]
    assert r"\beta _{1}\cdot \text{Adstock Promotion}_{i,t}" in math[0]["c"][1]
    assert "$$ {#eq-model}" in page("ok")


def test_equation_becomes_mathml_without_a_complaint() -> None:
    import subprocess

    import pypandoc

    for kind in ("ok", "log", "hostile"):
        done = subprocess.run(
            [pypandoc.get_pandoc_path(), "-f", "markdown", "-t", "html", "--mathml"],
            input=page(kind).encode(), capture_output=True, check=True,
        )  # fmt: skip
        assert b"<math" in done.stdout
        assert not done.stderr, done.stderr.decode()


def test_small_charts_stand_in_rows_and_nothing_in_tabs() -> None:
    rows = [d for d in found(parse(page("ok")), "Div") if attributes(d)[2].get("layout-ncol") == "3"]
    assert len(rows) >= 2
    assert all(1 <= len(found(row["c"], "Image")) <= 3 for row in rows)
    assert "panel-tabset" not in page("ok")


def test_long_table_is_short_on_paper_and_whole_on_screens() -> None:
    tree = parse(page("ok"))
    screens = [d for d in found(tree, "Div") if attributes(d)[2].get("when-format") == "html"]
    whole = [d for d in screens if "tbl-pharmacies-all" in str(d)]
    assert whole
    assert "callout" in str(whole[0])
    paper = [d for d in found(tree, "Div") if attributes(d)[2].get("unless-format") == "html"]
    assert words().between in text_of(paper)
    assert text_of(tree["blocks"]).count(words().between) == text_of(paper).count(words().between)
    gaps = [s for s in found(tree, "Span") if "gap" in attributes(s)[1]]
    assert {text_of([gap]).strip() for gap in gaps} == {"…"}


def test_link_to_the_pdf_is_called_so_whatever_makes_it() -> None:
    for name in ("index.qmd", "brief.qmd"):
        made = yaml.safe_load(page("ok", name).split("---\n")[1])["format"]
        assert made["html"] == {"format-links": ["html", {"format": "typst", "text": "PDF", "icon": "file-pdf"}]}
    only = market_files(report("ok"), words(), ("html", "pdf"))["index.qmd"].decode()
    assert yaml.safe_load(only.split("---\n")[1])["format"] == {"html": "default", "pdf": "default"}


def test_code_is_shown_and_never_run() -> None:
    text = page("ok")
    (block,) = found(parse(text), "CodeBlock")
    identifier, classes, settings = attributes(block)
    assert (identifier, classes, settings) == ("", ["default"], {"shortcodes": "false"})
    assert "smf.mixedlm(" in block["c"][1]
    assert not re.search(r"```\s*\{\w", text)


def test_pages_pass_their_own_check() -> None:
    for kind in KINDS:
        assert check_pages(files(kind), outside=("../../index.qmd",)) == ()


def test_check_names_what_is_wrong() -> None:
    good = files("small")
    text = good["index.qmd"].decode()
    cases = {
        "the identifier what-to-do is not unique.": text + "\n## A {#what-to-do}\n",
        "nothing has the identifier fig-gone.": text + "\nSee @fig-gone.\n",
        "figures/gone.svg does not exist.": text + "\n![x](figures/gone.svg)\n",
        "a shortcode.": text + "\n{{< include x >}}\n",
        "a block is not closed.": text + "\n::: {.x}\n",
        "no front matter.": text.removeprefix("---\n"),
        "title is no string.": text.replace('title: "', 'title: "\\x', 1),
    }
    for trouble, changed in cases.items():
        said = check_pages({**good, "index.qmd": changed.encode()}, outside=("../../index.qmd",))
        assert f"index.qmd: {trouble}" in said


def test_formats_stand_in_the_front_matter() -> None:
    made = market_files(report("small"), words(), ("html", "pdf"))
    assert yaml.safe_load(made["index.qmd"].decode().split("---\n")[1])["format"] == {
        "html": "default", "pdf": "default",
    }  # fmt: skip


def test_same_report_gives_the_same_bytes() -> None:
    assert market_files(report("small"), words()) == files("small")


def test_pages_need_nothing_but_their_own_folder() -> None:
    for name in ("index.qmd", "brief.qmd"):
        links = {link["c"][2][0] for link in found(parse(page("ok", name)), "Link")}
        inside = {link for link in links if not link.startswith("https://")}
        assert inside <= {"../../index.qmd", "index.qmd", "brief.qmd"}
