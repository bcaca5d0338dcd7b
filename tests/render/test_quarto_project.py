"""The files around the pages: configuration, listing, overview, method page, themes; all keys are documented ones."""

from __future__ import annotations

import re
import tomllib
from html import unescape
from pathlib import Path
from typing import Any

import pytest
import yaml

import factories
from pandoc_ast import JOINER, attributes, found, identifiers, parse, text_of
from quarto_samples import HOSTILE, KINDS, files, page, report, words
from reportgen.render.quarto import configuration, look_files, method_file, overview_files, site_of
from reportgen.render.quarto.check import check_pages
from reportgen.render.quarto.theme import tokens
from reportgen.report.site.market_line import MarketSummary, failed_market, summarise
from reportgen.report.site.overview import Overview, build_overview
from reportgen.settings.sections import Settings

pytestmark = pytest.mark.quarto
ROOT = Path(__file__).resolve().parents[2]
KEYS = tomllib.loads((ROOT / "tests" / "quarto" / "documented_keys.toml").read_text("utf-8"))


def summaries(names: tuple[str, ...] = ("A", "B", "C")) -> tuple[MarketSummary, ...]:
    made = []
    for seed, name in enumerate(names, start=1):
        results = factories.market_results(seed=seed, market=name, pharmacies=8 + seed)
        made.append(summarise(results, Settings(), folder=f"markets/{name.lower()}-0{seed}", files=("report.html",)))
    results = factories.market_results(status="not-estimable", market="Z", pharmacies=6)
    made.append(summarise(results, Settings(), folder="markets/z-09", files=("report.html",)))
    return (*made, failed_market("broken", "the file ended early"))


def overview(names: tuple[str, ...] = ("A", "B", "C"), settings: Settings | None = None) -> Overview:
    across = factories.overview_results(markets=3, excluded=1, names=("A", "B", "C"))
    return build_overview(summaries(names), settings or Settings(), as_of="2024-01-31", across=across)


def configured(settings: Settings | None = None, **options: Any) -> dict[str, Any]:
    site = site_of(overview(settings=settings), words(), paper="A4", formats=("html", "typst"))
    made: dict[str, Any] = yaml.safe_load(configuration(site, **options))
    return made


def paths(value: Any, above: str = "") -> set[str]:
    """Every key of nested mappings, lists passed over."""
    if isinstance(value, dict):
        made = set()
        for key, inner in value.items():
            here = f"{above}.{key}" if above else str(key)
            made |= paths(inner, here) or {here}
        return made
    if isinstance(value, list):
        return {path for part in value for path in paths(part, above)} | ({above} if value else set())
    return {above} if above else set()


def test_every_key_of_the_configuration_is_documented() -> None:
    known = {*KEYS["project"], *KEYS["format"]}
    assert paths(configured(pre_render="x")) <= known
    assert paths(yaml.safe_load((ROOT / "_quarto.yml").read_text("utf-8"))) <= known


def test_every_documented_key_is_used() -> None:
    used = paths(configured(pre_render="x"))
    assert used >= {*KEYS["project"], *KEYS["format"]} - {"website.navbar.left"}


def test_every_key_of_every_front_matter_is_documented() -> None:
    texts = [page(kind, name) for kind in KINDS for name in ("index.qmd", "brief.qmd")]
    made = overview_files(overview(), words()) | method_file(report("ok"), words())
    texts += [body.decode() for name, body in made.items() if name.endswith(".qmd")]
    for text in texts:
        used = {re.sub(r"(field-display-names)\..*", r"\1", key) for key in paths(matter(text))}
        assert used <= set(KEYS["page"])


def test_every_attribute_and_class_of_quarto_is_documented() -> None:
    ours = {
        "key-figures",
        "key-figure",
        "value",
        "lead",
        "note",
        "table-note",
        "scope",
        "foot",
        "number",
        "unit",
        "gap",
    }
    ours |= {"verdict", "subtitle"}
    ours |= {"shape", "totals", "total", "default", "sort-key", "uri"}
    shapes = {
        "pass",
        "review",
        "fail",
        "not-run",
        "works",
        "works-unevenly",
        "unclear",
        "no-effect",
        "negative",
        "cannot-tell",
    }
    for kind in KINDS:
        for name in ("index.qmd", "brief.qmd"):
            for node in found(parse(page(kind, name))["blocks"], "Div", "Span", "Image", "CodeBlock", "Header", "Link"):
                _, classes, settings = attributes(node)
                assert set(settings) <= set(KEYS["attributes"])
                assert set(classes) <= set(KEYS["classes"]) | ours | shapes


def test_configuration_says_what_the_issue_asks() -> None:
    made = configured()
    assert made["project"]["type"] == "website"
    assert made["project"]["output-dir"] == "_site"
    assert "pre-render" not in made["project"]
    assert made["execute"] == {"enabled": False, "freeze": False}
    assert made["website"]["search"] is True
    assert "sidebar" not in made["website"]
    assert set(made["format"]) == {"html", "typst", "pdf"}
    assert made["format"]["html"]["html-math-method"] == "mathml"
    assert made["format"]["pdf"]["pdf-engine"] == "weasyprint"
    assert set(made["format"]["html"]["theme"]) == {"light", "dark"}
    assert made["lang"] == "en-IN"


def test_root_project_has_the_shape_of_a_generated_one_and_a_pre_render_step() -> None:
    root = yaml.safe_load((ROOT / "_quarto.yml").read_text("utf-8"))
    step = root["project"].pop("pre-render")
    made = configured()
    assert step == "bash scripts/quarto_sources.sh"
    assert (ROOT / step.split()[1]).is_file()
    for volatile in ("title", "description"):
        root["website"].pop(volatile)
        made["website"].pop(volatile)
    assert root == made


def test_a_render_leaves_the_checkout_as_it_was() -> None:
    """Quarto adds these lines where they are missing."""
    lines = (ROOT / ".gitignore").read_text("utf-8").splitlines()
    assert {"/.quarto/", "**/*.quarto_ipynb"} <= set(lines)


def test_settings_that_look_like_code_are_text_in_the_configuration() -> None:
    settings = Settings.model_validate(
        {
            "report": {"title": "{{< env HOME >}} *x*: [y](z)"},
            "brand": {"name": "a: b # c", "footer": "<script>"},
        }
    )
    made = configured(settings)
    for value in (made["website"]["title"], made["website"]["page-footer"]["left"]):
        assert "{{" not in value
        assert not found(parse(value)["blocks"], "RawInline", "Link", "Emph")
    assert text_of(parse(made["website"]["title"])["blocks"]).strip() == "a: b # c · {{< env HOME >}} *x*: [y](z)"


def matter(text: str) -> dict[str, Any]:
    made: dict[str, Any] = yaml.safe_load(text.split("---\n")[1])
    return made


def listing(page: Overview) -> list[dict[str, str]]:
    made: list[dict[str, str]] = yaml.safe_load(overview_files(page, words())["markets/listing.yml"])
    return made


def shown(value: str) -> str:
    """A value of the listing as it is read."""
    return unescape(re.sub(r"\[[^\]]*\]\{[^}]*\}", "", value)).replace(JOINER, "").strip()


def test_listing_has_a_row_per_market_and_a_field_per_column() -> None:
    page = overview()
    table = next(b for s in page.sections if s.anchor == "markets" for b in s.blocks if b.kind == "table")
    made = overview_files(page, words())
    head = matter(made["index.qmd"].decode())["listing"]
    items = listing(page)
    assert {item.get("path", "") for item in items} == {
        "a-01/index.qmd", "b-02/index.qmd", "c-03/index.qmd", "z-09/index.qmd", "",
    }  # fmt: skip
    assert set(head["field-display-names"]) == set(head["fields"]) == set(items[0]) - {"path"}
    assert head["filter-ui"]
    assert head["sort-ui"]
    assert head["type"] == "table"
    assert head["contents"] == "markets/listing.yml"
    for row, item in zip(table.rows, items, strict=True):
        texts = [shown(item[field]) for field in head["fields"]]
        assert texts == [cell.text for cell in row.cells][: len(texts)]
    assert "tbl-markets" not in made["index.qmd"].decode()


def test_listing_sorts_by_the_number_behind_the_text() -> None:
    page = overview()
    table = next(b for s in page.sections if s.anchor == "markets" for b in s.blocks if b.kind == "table")
    values = [row.cells[2].sort for row in table.rows]
    keys = [int(re.match(r"\[(\d+)\]", item["column2"])[1]) for item in listing(page)]  # type: ignore[index]
    known = [i for i, value in enumerate(values) if value is not None]
    assert sorted(known, key=lambda i: keys[i]) == sorted(known, key=lambda i: values[i] or 0)


def test_hostile_market_in_the_listing_is_text() -> None:
    (item, *_) = [item for item in listing(overview((HOSTILE, "B", "C"))) if "passwd" in item["title"]]
    assert shown(item["title"]) == HOSTILE
    assert not set("<>{}[]*`$@|") & set(item["title"])


def test_markets_without_estimate_stand_in_the_list_with_reasons() -> None:
    said = {shown(item["title"]): " ".join(map(shown, item.values())) for item in listing(overview())}
    assert any("the file ended early" in text for text in said.values())
    assert "no estimate possible" in said["broken"] or any("no estimate possible" in text for text in said.values())
    tree = parse(overview_files(overview(), words())["index.qmd"].decode())
    assert not found(tree, "RawInline", "RawBlock")
    assert len(identifiers(tree)) == len(set(identifiers(tree)))


def test_overview_pages_pass_the_check() -> None:
    made = overview_files(overview(), words()) | method_file(report("ok"), words())
    assert check_pages(made, outside=("markets/z-09/index.qmd",)) == ()


def test_overview_stays_small_with_a_thousand_markets() -> None:
    one = summaries(("A",))[0]
    import dataclasses

    many = [dataclasses.replace(one, market=f"M{i:04d}", folder=f"markets/m{i:04d}-0") for i in range(1500)]
    made = overview_files(build_overview(many, Settings(), as_of="2024-01-31"), words())
    assert len(made["index.qmd"]) < 6_000
    items = yaml.load(made["markets/listing.yml"], Loader=yaml.CSafeLoader)
    assert len(items) == 1500
    assert len(made["markets/listing.yml"]) < 1_000_000


def test_method_page_is_about_no_market() -> None:
    text = method_file(report("ok"), words())["method.qmd"].decode()
    said = text_of(parse(text)["blocks"])
    assert "PL-01" not in text
    assert "SHA-256" not in said
    assert "Conditional mode (BLUP)" in said
    assert "10.18637/jss.v067.i01" in said
    assert "cannot prove" in said


@pytest.mark.parametrize("name", ["light", "dark"])
def test_themes_take_every_colour_from_the_tokens(name: str) -> None:
    site = site_of(overview(), words(), paper="A4")
    text = look_files(site)[f"theme/{name}.scss"].decode()
    values = tokens("tokens.css") | (tokens("dark.css") if name == "dark" else {})
    assert f"$body-bg: {values['paper']} !default;" in text
    assert f"$primary: {values['accent']} !default;" in text
    assert "/*-- scss:defaults --*/" in text
    assert "/*-- scss:rules --*/" in text
    head, rules = text.split("/*-- scss:rules --*/")
    assert set(re.findall(r"#[0-9a-f]{6}", head)) <= set(values.values())
    own = re.sub(r":root \{.*?\n\}", "", rules, flags=re.DOTALL)
    assert not re.findall(r"#[0-9a-fA-F]{3,6}", own)
    assert ("invert(" in own) == (name == "dark")  # charts are drawn for light paper
    assert text.count("{") == text.count("}")


def test_brand_colour_is_the_accent_of_the_light_theme() -> None:
    settings = Settings.model_validate({"brand": {"accent": "#7a1f5c"}})
    site = site_of(overview(settings=settings), words(), paper="Letter")
    made = look_files(site)
    assert b"$primary: #7a1f5c" in made["theme/light.scss"]
    assert b"#7a1f5c" not in made["theme/dark.scss"]
    assert site.paper == "us-letter"


def test_typefaces_come_with_their_licences_and_only_where_needed() -> None:
    page = overview()
    with_paper = set(look_files(site_of(page, words(), paper="A4", formats=("html", "typst"))))
    without = set(look_files(site_of(page, words(), paper="A4", formats=("html",))))
    assert {"theme/fonts/FiraSans-Regular.ttf", "theme/fonts/Mukta-Regular.ttf"} <= with_paper
    assert not [name for name in without if name.endswith(".ttf")]
    assert "theme/fonts/LICENSE-FiraSans.txt" in without
    assert "theme/fonts/LICENSE-Mukta.txt" in with_paper


def test_style_sheet_names_only_files_of_the_project() -> None:
    made = look_files(site_of(overview(), words(), paper="A4"))
    named = re.findall(r'url\("([^"]+)"\)', made["theme/fonts.css"].decode())
    assert {f"theme/{name}" for name in named} <= set(made)
    assert files("small")
