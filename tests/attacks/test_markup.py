"""Markup in every text that a user or the data give: pages opened in Chromium run nothing and ask for nothing outside.

The pages are those of whole builds by the command line: table, fit, report, brief, overview with its search, charts,
Quarto sources, workbook. In every page anything that would have been a script sets ``window.pwned``.

Where each line of RELIABILITY.md's attacks is:

========================================  ============================================================================
case                                      test
========================================  ============================================================================
18 strings × market, pharmacy, column,    ``test_markup.py`` (below), once more at the level of the pages in
brand, title, footer, file name           ``tests/render/test_html.py``, ``tests/browser`` and ``tests/report/figures``
``</script>`` inside embedded JSON        ``test_json_inside_a_page_cannot_end_its_script``
SVG text and titles; mathtext             ``test_charts_as_files_run_nothing_and_draw_no_formula``
search index                              ``test_the_search_of_the_overview_shows_names_as_text``
templates: sandbox, range, include, link  ``test_templates.py``
unknown variable with file and line       ``test_templates.py``
PDF: fetch channels, file://, bombs       ``test_pdf.py``
spreadsheets                              ``test_spreadsheets.py``
paths                                     ``test_paths.py``
code: eval, query, pickle, formula        ``test_code.py``; settings and ``--select``: ``test_paths.py``
secrets                                   ``test_secrets.py``
Quarto and pandoc by absolute path        ``test_paths.py``, ``test_code.py``
preview server                            ``tests/publish/preview/test_watch.py`` (address, Host header, no ``..``)
========================================  ============================================================================
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from real_runs import RealProject, small_table

RUN = "window.pwned=(window.pwned||0)+1"
STRINGS = {
    "script": f"<script>{RUN}</script>",
    "img onerror": f"<img src=x onerror={RUN}>",
    "svg onload": f"<svg onload={RUN}>",
    "end of title": f"</title><script>{RUN}</script>",
    "end of attribute": f'"><script>{RUN}</script>',
    "end of single quotes": f"' onmouseover='{RUN}' x='",
    "expression": "{{7*7}}",
    "statement": "{% for x in y %}",
    "javascript address": f"javascript:{RUN}",
    "data address": f"data:text/html,<script>{RUN}</script>",
    "end of comment and style": f"--></style><script>{RUN}</script>",
    "line separator": f"a\u2028{RUN}//\u2029b",
    "end of CDATA": f"]]><script>{RUN}</script>",
    "end of script": f"</script><script>{RUN}</script>",
    "mathtext": "$x_{$ \\frac{1}{0}$",
    "entity": "&#60;script&#62;&lt;b&gt;",
    "event in tag": f"<details open ontoggle={RUN}><iframe srcdoc='<script>parent.{RUN}</script>'>",
    "css": "}</style><style>*{display:none}body{background:url(http://127.0.0.1:9/x)}",
}
PLACES = ("market", "pharmacy", "column", "brand", "title", "footer", "file name")

pytestmark = [pytest.mark.attacks, pytest.mark.browser]


def hostile_project(root: Path, texts: list[str]) -> RealProject:
    """One market for each text: in its code, its pharmacies, the column of promotion, brand, title, footer, file."""
    made = RealProject(root)
    markets = [f"M{i}" for i in range(len(texts))]
    table = small_table(*markets)
    names = dict(zip(markets, texts, strict=True))
    table["market"] = table["market"].map(names)
    table["pharmacy"] = [f"{text}{code[-2:]}" for text, code in zip(table["market"], table["pharmacy"], strict=True)]
    first = texts[0]
    table = table.rename(columns={"promotion": first})
    name = re.sub(r"[/\0]", "", first)[:80] + ".csv"
    made.write(
        panel={"source": f"data/{name}", "promotion": first},
        report={"title": first, "promotion_unit": first[:60], "formats": ["html", "xlsx"]},
        brand={"name": first, "footer": first},
    )
    table.to_csv(made.root / "data" / name, index=False, encoding="utf-8")
    return made


def opened(chromium: Any, path: Path) -> tuple[Any, list[str]]:
    """Open a file as a reader does; return the page and whatever it complained of, asked for or popped up."""
    noted: list[str] = []
    page = chromium.new_context(viewport={"width": 1280, "height": 900}).new_page()
    page.on("console", lambda m: noted.append(m.text) if m.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: noted.append(str(error)))
    page.on("dialog", lambda dialog: (noted.append("dialog"), dialog.dismiss()))
    inside = (f"{path.parents[1].as_uri()}/", "data:", "blob:")  # the output's own files
    page.on("request", lambda r: None if r.url.startswith(inside) else noted.append(r.url))
    page.goto(path.as_uri(), wait_until="load")
    return page, noted


def poke(page: Any) -> None:
    """Move over, focus and click what there is: a trap may need a hand."""
    page.evaluate(
        """() => { for (const e of document.querySelectorAll('body *')) {
            for (const kind of ['mouseover', 'mouseenter', 'focus', 'toggle', 'error', 'load'])
              e.dispatchEvent(new Event(kind, {bubbles: false}));
        } for (const d of document.querySelectorAll('details')) d.open = true;
          for (const b of document.querySelectorAll('th button')) b.click(); }"""
    )
    for box in page.locator("input[type=search], input:not([type])").all()[:6]:
        if box.is_visible():
            box.fill("<")
            box.fill("")
    page.wait_for_timeout(30)


def assert_nothing_ran(page: Any, noted: list[str], own_scripts: int) -> None:
    assert page.evaluate("window.pwned") is None
    assert noted == []
    assert page.evaluate("document.querySelectorAll('script').length") == own_scripts
    handlers = "[...document.querySelectorAll('*')].flatMap(e => e.getAttributeNames()).filter(n => /^on/.test(n))"
    assert page.evaluate(handlers) == []
    unsafe = "[...document.querySelectorAll('[href],[src],[action]')].map(e => e.href?.baseVal ?? e.href ?? e.src)"
    links = [str(link) for link in page.evaluate(unsafe) if not str(link).startswith("https://doi.org/")]
    assert not [link for link in links if link.startswith(("javascript:", "data:text", "http"))]
    assert page.evaluate("document.querySelectorAll('iframe, object, embed, base, link[rel=stylesheet]').length") == 0
    assert page.evaluate("getComputedStyle(document.querySelector('h1')).display") != "none"


@pytest.fixture(scope="module")
def clean_scripts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, int]:
    """Number of scripts that pages have of their own."""
    made = RealProject(tmp_path_factory.mktemp("clean"))
    made.write(small_table("A"), report={"formats": ["html"]})
    assert made.run("build", "--quiet").code == 0
    count = re.compile(r"<script[ >]")
    pages = [*made.out.glob("markets/*/*.html"), *made.out.glob("site/*.html")]
    return {path.name: len(count.findall(path.read_text("utf-8"))) for path in pages}


QUICK = ("end of script",)


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=() if name in QUICK else pytest.mark.slow) for name in STRINGS]
)
def test_names_that_are_markup_stay_text_everywhere(
    name: str, tmp_path: Path, chromium: Any, clean_scripts: dict[str, int], tried: Callable[..., None]
) -> None:
    tried(*(f"{name} in {place}" for place in PLACES))
    text = STRINGS[name]
    made = hostile_project(tmp_path, [text])
    ended = made.run("build", "--quiet")
    assert ended.code == 0, ended.said
    market = " ".join(text.split())
    page, noted = opened(chromium, made.folder(_stored(made)) / "report.html")
    poke(page)
    assert_nothing_ran(page, noted, clean_scripts["report.html"])
    shown = " ".join(page.locator("body").inner_text().split())
    assert market[:30] in shown or _bare(market)[:12] in _bare(shown)
    assert "49" not in page.locator("h1").first.inner_text()
    page.context.close()
    for path in sorted((made.out / "site").glob("*.html")):
        page, noted = opened(chromium, path)
        poke(page)
        assert_nothing_ran(page, noted, clean_scripts[path.name])
        page.context.close()
    assert_charts_are_inert(made)


def _stored(made: RealProject) -> str:
    (market,) = made.account()["markets"]
    return str(market)


def _bare(text: str) -> str:
    return re.sub(r"[^\w<>$]", "", text)


def assert_charts_are_inert(made: RealProject) -> None:
    for path in sorted((made.out / "markets").glob("*/figures/*.svg")):
        tree = ET.fromstring(path.read_bytes())
        for element in tree.iter():
            assert str(element.tag).rpartition("}")[2] not in {"script", "foreignObject", "iframe", "image", "a", "use"}
            assert not [key for key in element.attrib if key.lower().startswith("on")]


@pytest.mark.slow
def test_charts_as_files_run_nothing_and_draw_no_formula(tmp_path: Path, chromium: Any) -> None:
    """A chart of its own, as a reader opens or embeds it: a document with the market's and pharmacies' names."""
    made = hostile_project(tmp_path, [f"$x_{{${STRINGS['script']}</title>]]>"])
    made.write(report={"formats": ["html"]})
    assert made.run("build", "--quiet").code == 0
    assert_charts_are_inert(made)
    paths = sorted((made.out / "markets").glob("*/figures/*.svg"))
    page, noted = opened(chromium, paths[0])
    noted.clear()
    for path in paths:
        page.goto(path.as_uri())
        assert page.evaluate("window.pwned") is None
    page.context.close()
    assert set(noted) <= {path.as_uri() for path in paths}
    found = [path.name for path in paths if "$x_{$" in path.read_text("utf-8")]
    assert found, "the names should be in a chart, as text"


@pytest.mark.slow
def test_the_search_of_the_overview_shows_names_as_text(
    tmp_path: Path, chromium: Any, clean_scripts: dict[str, int]
) -> None:
    texts = [STRINGS["img onerror"], STRINGS["end of script"], STRINGS["end of attribute"], "plain"]
    made = hostile_project(tmp_path, texts)
    made.write(report={"title": "T", "promotion_unit": "visit", "formats": ["html"]}, brand={"name": "", "footer": ""})
    assert made.run("build", "--quiet").code == 0
    page, noted = opened(chromium, made.out / "site" / "index.html")
    box = page.locator("input").first
    for typed in ("<img", "</script>", '">', "plain"):
        box.fill(typed)
        page.wait_for_timeout(50)
        assert any(typed in text for text in page.locator("a:visible").all_inner_texts())
    poke(page)
    assert_nothing_ran(page, noted, clean_scripts["index.html"])
    page.context.close()


def test_json_inside_a_page_cannot_end_its_script(tmp_path: Path) -> None:
    texts = [STRINGS["end of script"], "<!--<script>", STRINGS["line separator"]]
    made = hostile_project(tmp_path, texts)
    made.write(report={"formats": ["html"]})
    assert made.run("build", "--quiet").code == 0
    for path in [*made.out.glob("markets/*/report.html"), made.out / "site" / "index.html"]:
        for kind, body in re.findall(r"<script([^>]*)>(.*?)</script>", path.read_text("utf-8"), flags=re.DOTALL):
            assert "<!--" not in body
            assert RUN not in body.split("//")[0] or "json" in kind
            if "json" in kind:
                json.loads(body)
                assert "<" not in body


def test_names_in_other_outputs_are_data(tmp_path: Path) -> None:
    """run.json, results.json and the log lines of every market are JSON whatever the names are."""
    made = hostile_project(tmp_path, list(STRINGS.values()))
    made.write(report={"formats": ["results"]})
    ended = made.run("build", "--log-format", "json")
    assert ended.code == 0, ended.said
    assert len(made.account()["markets"]) == len(STRINGS)
    for path in made.out.glob("markets/*/results.json"):
        assert json.loads(path.read_bytes())["market"] in {
            " ".join(text.split(" ")) for text in STRINGS.values()
        } | set(made.account()["markets"])
    events = [json.loads(line) for line in ended.err.split("\n") if line]
    assert len(events) >= len(STRINGS)
