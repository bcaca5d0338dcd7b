"""report.html and the Quarto page of the same results print the same numbers, section by section."""

from __future__ import annotations

import re
from typing import Any

import pytest

from pandoc_ast import attributes, html_sections, numbers, parse, text_of
from quarto_samples import page, report
from reportgen.render.html import render_report

pytestmark = pytest.mark.quarto
KINDS = ("ok", "singular", "not-estimable", "not-estimated", "log", "week", "small")


def on_screen(blocks: list[Any]) -> list[Any]:
    """Blocks as a screen shows them once: not what is for paper, not the short form of a table shown in full."""
    whole = {name.removesuffix("-all") for name in re.findall(r"(tbl-[\w-]+-all)\}", text_of(blocks))}
    kept = []
    for block in blocks:
        if block["t"] == "Div":
            if attributes(block)[2].get("unless-format") == "html":
                continue
            kept.append({"t": "Div", "c": [block["c"][0], on_screen(block["c"][1])]})
        elif block["t"] == "Table" and any(f"{{#{name}}}" in text_of(block["c"][1]) for name in whole):
            continue
        else:
            kept.append(block)
    return kept


def quarto_sections(kind: str) -> dict[str, str]:
    """Text of a page's sections by the anchors of the report; what stands before them is the summary."""
    tree = parse(page(kind))
    anchors = {section.anchor for section in report(kind).sections}
    meta = tree["meta"]
    made = {"summary": f"{text_of(meta['title'])} {text_of(meta['subtitle'])}"}
    here = "summary"
    for block in on_screen(tree["blocks"]):
        if block["t"] == "Header" and attributes(block)[0] in anchors:
            here = attributes(block)[0]
        text = re.sub(r"\{#[\w-]+\}", " ", text_of(block))
        made[here] = f"{made.get(here, '')} {re.sub(r'@?(?:fig|tbl|eq)-[a-z0-9-]+', ' ', text)}"
    return made


@pytest.mark.parametrize("kind", KINDS)
def test_every_section_prints_the_same_numbers(kind: str) -> None:
    ours = html_sections(render_report(report(kind)))
    theirs = quarto_sections(kind)
    assert set(ours) == set(theirs)
    for anchor, text in ours.items():
        html, quarto = numbers(text), numbers(theirs[anchor])
        assert html == quarto, f"{anchor}: only html {sorted(html - quarto)}, only quarto {sorted(quarto - html)}"


def test_the_comparison_sees_hundreds_of_numbers() -> None:
    found = numbers(" ".join(quarto_sections("ok").values()))
    assert len(found) > 400


def test_a_changed_digit_would_be_seen() -> None:
    ours = html_sections(render_report(report("ok")))
    changed = ours["impact"].replace("13.0%", "12.8%")
    assert numbers(changed) != numbers(quarto_sections("ok")["impact"])
