"""Any text, in every place of a page, is read back by pandoc as the text it was."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pandoc_ast import JOINER, attributes, found, parse, text_of
from reportgen.render.quarto import escape
from reportgen.report.words.names import clean

pytestmark = pytest.mark.quarto

ATTACKS = (
    "*x* {{< include /etc/passwd >}} | $y$ <b> @fig-1",
    "{{{< env HOME >}}}", "{{</* pagebreak */>}}", "{{< meta title >}}{{< meta title >}}",
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "</title><svg onload=1>", "--></style>", "]]>",
    "`r system('id')`", "`=html`", "`<b>x</b>`{=html}", "```{python}", "~~~", "::: {.callout}", ":::", "# head", "> q",
    "[a](javascript:alert(1))", "![a](http://x.example/y.png)", "[a]: http://x.example", "[^1]", "^[note]",
    "^up^ ~down~",
    "https://x.example/?a=b&c=d", "mailto:a@b.example", "data:text/html,1", "<https://x.example>", "@someone",
    "[@x; -@y]",
    "$x_{$", "$$", "\\(x\\)", "\\begin{x}", "\\", "\\\\", "a\\", "100 %", "% title", "---", "...", "- a", "+ a", "* a",
    "1. a", "a. b", "(a) b", "iv) b", "#. b", "(@) b", "(@x) b", "| line", "a | b", ": def", "Table: x", "table: x",
    "=====", "-----", "a -- b --- c", "a...b", "it's \"so\" 'so'", "&amp; &#42; &lt;", "{.class #id k=v}", "[x]{.y}",
    "=1+1", "{#eq-model}", "\\_", "a_b_c", "**b**", "__b__", "~~s~~", "==m==", ":smile:", "+++", "!", "![", "a  b",
    "_", "``",
    "b58fc729-690b-4000-b19f-365a4093b2ff;7B7B3C20656E76203E7D7D;",
    "cf5733e5-0370-4aae-8689-61bad1dd9ec0&#x41;",
    "₹ 12.4 lakh", "पुणे औषधालय", "صيدلية النور", "\u2028x\u2029", "Ⅳ) x", "١. x",
)  # fmt: skip


def same(text: str) -> str:
    """How text compares: spaces of every kind alike."""
    return " ".join(text.replace(JOINER, "").split())


def paragraphs(texts: list[str]) -> list[str]:
    """Texts as paragraphs of one page, read back."""
    tree = parse("\n\n".join(str(escape.markdown(text)) for text in texts) + "\n")
    assert [block["t"] for block in tree["blocks"]] == ["Para"] * len(texts)
    kinds = {node["t"] for node in found(tree["blocks"], *KINDS)}
    assert not kinds, kinds
    return [same(text_of(block)) for block in tree["blocks"]]


KINDS = (
    "Emph", "Strong", "Strikeout", "Superscript", "Subscript", "Quoted", "Cite", "Code", "Math", "RawInline",
    "RawBlock", "Link", "Image", "Note", "Span", "Div", "LineBreak",
)  # fmt: skip


def test_attacks_in_prose() -> None:
    texts = [clean(text) for text in ATTACKS]
    assert paragraphs(texts) == [same(text) for text in texts]


@settings(max_examples=10, suppress_health_check=list(HealthCheck))
@given(st.lists(st.text(st.characters(codec="utf-8"), max_size=60), min_size=20, max_size=60))
def test_any_text_in_prose(texts: list[str]) -> None:
    cleaned = [clean(text) for text in texts]
    assert paragraphs(cleaned) == [same(text) for text in cleaned]


@settings(max_examples=10, suppress_health_check=list(HealthCheck))
@given(st.lists(st.text("\\`*_{}[]<>#|$@^~!&=+-.:;\"'()%/ 1aA\u2028\u00a0", max_size=14), min_size=30, max_size=60))
def test_any_signs_in_prose(texts: list[str]) -> None:
    cleaned = [clean(text) for text in texts]
    assert paragraphs(cleaned) == [same(text) for text in cleaned]


@pytest.mark.parametrize(
    ("before", "after", "kind"),
    [
        ("## ", " {#x%d}", "Header"),
        ("- ", "", "Plain"),
        ("[", "]{.unit}", "Span"),
        ("**", "**", "Strong"),
        ("::: {.callout-note}\n## ", "\n:::", "Header"),
    ],
)
def test_attacks_in_other_places(before: str, after: str, kind: str) -> None:
    texts = [clean(text) for text in ATTACKS]
    lines = [f"{before}{escape.markdown(t)}{after % n if '%d' in after else after}" for n, t in enumerate(texts)]
    tree = parse(("\n" if before == "- " else "\n\n").join(lines) + "\n")
    nodes = found(tree["blocks"], kind)
    assert [same(text_of(node)) for node in nodes] == [same(text) for text in texts]
    assert not found(tree["blocks"], "Code", "Math", "RawInline", "RawBlock", "Link", "Image", "Note", "Cite")


def test_attacks_in_table_cells_captions_and_definitions() -> None:
    texts = [clean(text) for text in ATTACKS]
    rows = [f"| {escape.markdown(t)} | 1 |" for t in texts]
    defined = [f"{escape.markdown(t)}\n:   {escape.markdown(t)}" for t in texts]
    tree = parse(
        "\n".join(["| a | b |", "|:----|---:|", *rows, "", f": {escape.markdown(texts[0])} {{#tbl-x}}"]) + "\n"
    )
    (table,) = found(tree["blocks"], "Table")
    cells = [row[1][0] for row in table["c"][4][0][3]]
    assert [same(text_of(cell)) for cell in cells] == [same(text) for text in texts]
    assert same(text_of(table["c"][1])).startswith(same(texts[0]))
    (listed,) = found(parse("\n\n".join(defined) + "\n")["blocks"], "DefinitionList")
    assert [same(text_of(item[0])) for item in listed["c"]] == [same(text) for text in texts]
    assert [same(text_of(item[1])) for item in listed["c"]] == [same(text) for text in texts]


def test_attacks_in_attributes() -> None:
    texts = [clean(text) for text in ATTACKS]
    tree = parse("\n\n".join(f'![](x.svg){{fig-alt="{escape.attribute(t)}"}}' for t in texts) + "\n")
    images = found(tree["blocks"], "Image")
    assert [same(attributes(image)[2]["fig-alt"]) for image in images] == [same(text) for text in texts]


def test_attacks_in_front_matter() -> None:
    texts = [clean(text) for text in ATTACKS]
    lines = [f"t{n}: {escape.scalar_markdown(t)}\nd{n}: {escape.scalar(t)}" for n, t in enumerate(texts)]
    page = "\n".join(["---", *lines, "---", "", "x", ""])
    loaded = yaml.safe_load(page.split("---\n", 1)[1].rsplit("\n---\n", 1)[0])
    meta = parse(page)["meta"]
    for n, text in enumerate(texts):
        assert same(loaded[f"d{n}"]) == same(text)
        assert same(text_of(meta[f"t{n}"])) == same(text)


def test_attacks_in_a_listing_are_text_in_markdown_and_in_raw_html() -> None:
    """A listing's values stand in ``<td><span>…</span></td>``, part Markdown, part HTML."""
    from html import unescape

    texts = [clean(text) for text in ATTACKS]
    cells = [f'<td><span class="listing-title">{escape.entities(text)}</span></td>' for text in texts]
    tree = parse("\n\n".join(cells) + "\n")
    spans = found(tree["blocks"], "Span")
    assert [same(text_of(span)) for span in spans] == [same(text) for text in texts]
    assert [same(unescape(escape.entities(text))) for text in texts] == [same(text) for text in texts]
    assert not [c for text in texts for c in escape.entities(text) if c in "<>{}[]*_`$@|\"'"]


def test_attacks_in_code() -> None:
    for text in ("```\nx\n````\n", "{{< include x >}}", "~~~\n`````{python}\n1\n`````"):
        (block,) = found(parse(f"{escape.code_block(text)}\n")["blocks"], "CodeBlock")
        assert block["c"][1].replace(JOINER, "").strip() == text.strip()
        assert "{{" not in block["c"][1]


def test_attacks_in_equations_stay_one_equation() -> None:
    made = [escape.tex(f"·{clean(text)}") for text in ATTACKS]
    tree = parse("\n\n".join(f"$$\ny = {one}\n$$ {{#eq-m{n}}}\n\nafter" for n, one in enumerate(made)) + "\n")
    assert [math["c"][1].strip() for math in found(tree["blocks"], "Math")] == [f"y = {one}".strip() for one in made]
    assert not [one for one in made if "{{<" in one]
    assert [text_of(block).strip() for block in tree["blocks"][1::2]] == ["after"] * len(made)


def test_words_of_an_equation_keep_the_space_between_them() -> None:
    made = {escape.tex(f"·Adstock{space}Promotion") for space in (" ", "\u00a0")}
    assert made == {r"\cdot \text{Adstock Promotion}"}


def test_links_are_plain_addresses() -> None:
    assert escape.address("https://doi.org/10.1111/2041-210X.12225") == "https://doi.org/10.1111/2041-210X.12225"
    assert escape.address("../../index.qmd") == "../../index.qmd"
    for bad in ("javascript:alert(1)", "data:text/html,1", "a b", "x)y", "{{<x>}}", "", "JAVASCRIPT:1", "a:b", "<x>"):
        assert escape.address(bad) == "#"


def test_every_scalar_is_json() -> None:
    values: list[Any] = [json.loads(str(escape.scalar(text))) for text in ATTACKS]
    assert [same(value) for value in values] == [same(text) for text in ATTACKS]
