"""HTML: self-contained, escaped, small; user templates run in a sandbox and fail with file and line."""

from __future__ import annotations

import base64
import hashlib
import itertools
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from factories import market_results
from reportgen.errors import TemplateError
from reportgen.render.html import render_brief, render_report, style
from reportgen.report.blocks import MarketReport
from reportgen.report.document import build_report
from reportgen.settings.sections import BrandSettings, ReportSettings, Settings

SETTINGS = Settings(report=ReportSettings(promotion_unit="visit"))
HOSTILE = (
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "<svg onload=alert(1)>", "</title><b>", '"><i>',
    "{{7*7}}", "{% raw %}", "javascript:alert(1)", "--></style>", "a\u2028b", "]]>", "$x_{$", "</script>",
)  # fmt: skip


class _Page(HTMLParser):
    """Elements of a page with their attributes, and the text of each."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def count(self, tag: str) -> int:
        return sum(name == tag for name, _ in self.elements)


@pytest.fixture(scope="module")
def report() -> MarketReport:
    return build_report(market_results(pharmacies=20), SETTINGS)


@pytest.fixture(scope="module")
def page(report: MarketReport) -> str:
    return render_report(report)


def test_the_frame_of_a_page(page: str) -> None:
    found = _Page(page)
    assert page.startswith("<!doctype html>")
    assert (found.count("h1"), found.count("main"), found.count("nav"), found.count("title")) == (1, 1, 1, 1)
    assert found.count("table") == found.count("caption")
    assert all(attrs.get("scope") in ("col", "row") for tag, attrs in found.elements if tag == "th")
    assert found.elements[0][1]["lang"] == "en-IN"


def test_headings_do_not_skip_a_level(page: str) -> None:
    levels = [int(tag[1]) for tag, _ in _Page(page).elements if re.fullmatch(r"h[1-6]", tag)]
    levels = levels[levels.index(1) :]
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))


def test_nothing_is_asked_from_outside(page: str) -> None:
    for tag, attrs in _Page(page).elements:
        for name in ("src", "href", "action", "data", "poster", "srcset", "xlink:href"):
            address = attrs.get(name) or ""
            outside = address.startswith(("http:", "https:", "//", "ftp:"))
            assert not outside or (tag == "a" and address.startswith("https://doi.org/")), (tag, address)
    assert "@import" not in page
    assert not re.search(r"url\((?!\"?data:)", page)


def test_the_policy_lets_only_our_script_run(page: str) -> None:
    script = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    assert len(script) == 1
    digest = base64.b64encode(hashlib.sha256(script[0].encode()).digest()).decode()
    policy = next(a["content"] for t, a in _Page(page).elements if a.get("http-equiv") == "Content-Security-Policy")
    assert policy is not None
    assert f"script-src 'sha256-{digest}'" in policy
    assert "default-src 'none'" in policy
    assert not re.search(r"\son\w+=", re.sub(r"<script.*?</script>", "", page, flags=re.DOTALL))
    json.loads(re.findall(r'<script type="application/json" id="words">(.*?)</script>', page)[0])


def test_every_inner_link_has_a_target_and_ids_are_unique(page: str) -> None:
    elements = _Page(page).elements
    ids = [attrs["id"] for _, attrs in elements if "id" in attrs]
    assert len(ids) == len(set(ids))
    targets = [a["href"][1:] for t, a in elements if t == "a" and (a.get("href") or "").startswith("#")]  # type: ignore[index]
    assert targets
    assert set(targets) <= set(ids)


def test_size_at_300_pharmacies() -> None:
    html = render_report(build_report(market_results(pharmacies=300), SETTINGS))
    assert len(html.encode()) <= 350_000


def test_same_report_same_bytes(report: MarketReport, page: str) -> None:
    assert render_report(report) == page


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_are_text(name: str) -> None:
    results = market_results(pharmacies=9, market=f"{name} market", names="hostile")
    settings = Settings(
        report=ReportSettings(title=name, promotion_unit=name[:30]), brand=BrandSettings(name=name, footer=name)
    )
    report = build_report(results, settings)
    clean = _Page(render_report(build_report(market_results(pharmacies=9), SETTINGS)))
    for html in (render_report(report), render_report(report, medium="print"), render_brief(report)):
        found = _Page(html)
        assert " ".join(name.split()) in " ".join(found.text.split())
        assert found.count("script") <= clean.count("script")
        assert found.count("title") == 1 + html.count('<svg class="bar" viewBox="0 0 160 18" role="img"><title>')
        assert not any(key.startswith("on") for _, attrs in found.elements for key in attrs)
        assert not any((attrs.get("href") or "").startswith(("javascript:", "data:")) for _, attrs in found.elements)
        assert "49" not in re.findall(r"<h1[^>]*>([^<]*)</h1>", html)[0]


def test_accent_of_the_brand_reaches_the_page() -> None:
    settings = Settings(brand=BrandSettings(accent="#7a1f5c", name="Ours"))
    html = render_report(build_report(market_results(pharmacies=9), settings))
    assert ":root{--accent:#7a1f5c}" in html
    assert "var(--accent)" in html


def test_paper_size_is_the_setting() -> None:
    assert "@page{size:Letter}" in style("print", "Letter")
    assert "@page{size:A4}" in style("print", "A4")


# --- templates of the user ----------------------------------------------------------------------


def _override(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return folder


def test_a_block_can_be_replaced(tmp_path: Path, report: MarketReport) -> None:
    text = '{% extends "base.html.j2" %}{% block main %}<h1>Ours: {{ doc.market }}</h1>{% endblock %}'
    html = render_report(report, templates=_override(tmp_path, "report.html.j2", text))
    assert "<h1>Ours: PL-01</h1>" in html


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{% block main %}\n{{ doc.nosuch }}", "line"),
        ("one\n{{ doc.nosuch }}", r"report.html.j2, line 2: .*nosuch"),
        ("{% if %}", "line 1"),
        ('{% include "../../../etc/passwd" %}', "does not exist"),
        ('{% include "/etc/passwd" %}', "does not exist"),
        ("{{ doc.__class__.__mro__ }}", "unsafe"),
        ("{{ ''.__class__.__base__.__subclasses__() }}", "unsafe|access"),
        ("{{ doc.sections.__init__.__globals__ }}", "unsafe|access|undefined|no attribute"),
        ("{{ cycler.__init__.__globals__.os.popen('id') }}", "unsafe|access|undefined|no attribute"),
        ("{% for i in range(999999999) %}x{% endfor %}", "Range too big|range"),
        ("{{ lipsum.__globals__ }}", "unsafe|access|undefined|no attribute"),
        ("{{ self._TemplateReference__context }}", "unsafe|access|undefined|no attribute"),
        ("{{ ('%s' * 9).format(doc) .__class__ }}", "unsafe|access"),
    ],
)
def test_templates_of_the_user_cannot_escape(tmp_path: Path, report: MarketReport, text: str, words: str) -> None:
    with pytest.raises(TemplateError, match=words):
        render_report(report, templates=_override(tmp_path, "report.html.j2", text))


def test_no_line_breaks_between_a_sign_and_its_currency() -> None:
    html = render_report(build_report(market_results(pharmacies=12, effect=-1.0), SETTINGS))
    assert "−\u2060₹" in html
    assert "−₹" not in html


def test_a_negative_effect_is_a_change_not_more_sales() -> None:
    made = build_report(market_results(pharmacies=12, effect=-1.0), SETTINGS).summary.key_figures
    assert made[0].value.startswith("−")
    assert made[0].unit.startswith("change of sales per pharmacy")
    assert made[1].label == "Change of sales with promotion"
    assert made[1].value.startswith("−")
