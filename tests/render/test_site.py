"""The pages of our own site: escaped, relative, stable, small; the list of markets as data; the head of a report."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from factories import market_results, overview_results
from reportgen.render.html import render_report
from reportgen.render.site import SLOT, insert, navigation, site_files, sitemap
from reportgen.report.document import build_report
from reportgen.report.site import directory
from reportgen.report.site.changes import Changes, MarketChange
from reportgen.report.site.market_line import MarketSummary, failed_market, summarise
from reportgen.report.site.overview import Download
from reportgen.report.site.site_pages import build_navigation, build_pages
from reportgen.settings.sections import ReportSettings, Settings

SETTINGS = Settings(report=ReportSettings(promotion_unit="visit"))
HOSTILE = ("<script>alert(1)</script>", "</script><svg onload=alert(1)>", "a&b\u2028\"'", "=1+1", "<!--site-->")


class _Page(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def links(self) -> set[str]:
        return {attrs.get("href") or "" for tag, attrs in self.elements if tag == "a"}


def line(market: str, **case: Any) -> MarketSummary:
    results = market_results(**{"pharmacies": 9, "market": market, **case})
    return summarise(results, SETTINGS, folder="markets/m-1", files=("report.html", "brief.pdf"))


def many(count: int) -> list[MarketSummary]:
    one = line("A")
    return [
        replace(one, market=f"M{i:05d}", folder=f"markets/m{i:05d}-0a1b2c3d", kept_up=(one.kept_up or 0) + i)
        for i in range(count)
    ]


def data_of(page: bytes) -> Any:
    found = re.search(r'id="markets-data">(.*?)</script>', page.decode(), re.DOTALL)
    assert found is not None
    return json.loads(found[1])


def pages(lines: list[MarketSummary], **options: Any) -> dict[str, bytes]:
    return site_files(build_pages(lines, SETTINGS, as_of="2024-01-31", **options))


def test_names_are_escaped_on_every_page() -> None:
    lines = [line(name) for name in HOSTILE]
    made = pages([*lines, failed_market("<b>gone</b>", "<script>alert(1)</script>")], sample=market_results())
    assert list(made) == ["index.html", "list.html", "method.html", "404.html"]
    for name, content in made.items():
        page = _Page(content.decode())
        assert not any(key.startswith("on") for _, attrs in page.elements for key in attrs), name
        assert sum(tag == "script" for tag, _ in page.elements) == (3 if name == "index.html" else 2)
    text = " ".join(_Page(made["index.html"].decode()).text.split())
    assert all(" ".join(name.split()) in text for name in HOSTILE)
    names = {row[2] if isinstance(row[2], str) else row[2][0] for row in data_of(made["index.html"])["rows"]}
    assert names == {*(" ".join(name.split()) for name in HOSTILE), "<b>gone</b>"}


def test_every_link_is_relative_and_none_leaves_the_site() -> None:
    made = pages([line("A"), line("B")], sample=market_results())
    for content in made.values():
        links = {link for link in _Page(content.decode()).links() if not link.startswith("https://doi.org/")}
        assert not any(link.startswith(("/", "..")) or ":" in link for link in links)


def test_the_site_is_the_same_in_any_order_of_markets() -> None:
    lines = [line("A"), line("B"), failed_market("C", "no")]
    assert pages(lines) == pages(lines[::-1])


def test_the_list_holds_every_market_and_the_page_the_first() -> None:
    made = pages(many(120))["index.html"]
    found = data_of(made)
    assert len(found["rows"]) == 120
    assert found["rows"][7][:3] == ["", "0a1b2c3d", ["M00007", 0]]
    assert found["files"] == ["report.html", "brief.pdf"]
    assert len(found["rows"][7]) == len(found["numeric"]) + 2
    shown = [text for text in re.findall(r"<th scope=row dir=auto>.*?</th>", made.decode()) if "M0" in text]
    assert len(shown) == 12
    assert 'class="note without-script"><a href="list.html">' in made.decode()


def test_a_thousand_markets_stay_under_400_kb() -> None:
    made = pages(many(1000), across=overview_results(markets=1000))
    assert len(made["index.html"]) <= 400_000
    assert len(made["list.html"]) <= 320_000


def test_the_plain_list_is_paged_by_a_thousand() -> None:
    made = build_pages(many(2100), SETTINGS, as_of="2024-01-31")
    assert [name for name in made if name.startswith("list")] == ["list.html", "list-2.html", "list-3.html"]
    third = made["list-3.html"]
    assert [link.current for link in third.pages] == [False, False, True]
    assert third.pages[2].text == "M02000 – M02099"
    (section,) = third.sections
    assert len(section.blocks[0].rows) == 100  # type: ignore[union-attr]


def test_pharmacies_are_found_on_a_page_of_their_own() -> None:
    names = {"A": ("P1", "</script>", "x\u202ey\n"), "gone": ("P9",)}
    made = pages([line("A"), failed_market("gone", "no")], pharmacies=names)["pharmacies.html"]
    found = data_of(made)
    assert found["markets"] == [["A", "markets/m-1/report.html", "P1\n</script>\nxy"]]
    assert made.count(b"</script>") == 3
    assert b'class="without-script"><a href="data/pharmacies.csv">' in made


def test_too_many_pharmacies_have_no_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(directory, "MOST", 2)
    assert "pharmacies.html" in build_pages([line("A")], SETTINGS, as_of="2024-01-31", pharmacies={"A": ("1", "2")})
    assert "pharmacies.html" not in build_pages([line("A")], SETTINGS, as_of="2024-01-31", pharmacies={"A": ("1",) * 3})
    assert "pharmacies.html" not in build_pages([line("A")], SETTINGS, as_of="2024-01-31")


def test_downloads_are_linked_with_rows_and_size() -> None:
    files = (("CSV", "data/checks.csv", 2_345_678), ("Parquet", "data/checks.parquet", 900))
    page = pages([line("A")], downloads=(Download(name="checks", rows=1234, files=files),))["index.html"].decode()
    assert '<a href="data/checks.csv">checks.csv (2.3 MB)</a>' in page
    assert '<a href="data/checks.parquet">checks.parquet (1 kB)</a>' in page
    assert "1,234" in page
    assert '<a href="index.html#downloads">' in page


def test_old_reports_are_marked_with_their_date() -> None:
    stale = replace(line("A"), stale_since="2023-12-01", trouble="no rows left")
    page = pages([stale, line("B")], across=overview_results(markets=2))["index.html"]
    text = page.decode().replace("\xa0", " ")
    assert data_of(page)["rows"][0][0] == "stale"
    assert ", report of 1 Dec 2023" in text
    assert "Markets with an older report" in text
    assert "no rows left" in text
    assert "market shows an older report" in text


CHANGES = (
    MarketChange(market="A", kind="up", verdict_before="works", verdict="works", before=100.0, now=300.0, se=50.0),
    MarketChange(market="B", kind="verdict", verdict_before="works", verdict="unclear", before=100.0, now=90.0, se=5.0),
    MarketChange(market="C", kind="gone", verdict_before="works", before=100.0, se=50.0),
    MarketChange(market="D", kind="stale", verdict_before="works", verdict="works", date="2023-12-01"),
)


def test_changes_stand_below_the_list_most_important_first() -> None:
    made = build_pages(
        [line("A"), line("B")], SETTINGS, as_of="2024-01-31", changes=Changes(since="2024-01-15", entries=CHANGES)
    )["index.html"]
    section = made.sections[1]
    assert section.anchor == "changes"
    (listed,) = made.sections[0].blocks
    since = [column.label for column in listed.columns].index("Since the last run")  # type: ignore[union-attr]
    words = {row.cells[0].text: row.cells[since].text for row in listed.rows}  # type: ignore[union-attr]
    assert words == {"A": "Effect is higher", "B": "Verdict changed"}
    lead = section.lead.replace("\xa0", " ")
    assert lead.startswith("Against the run of 15 Jan 2024: Verdict changed 1 · Older report kept 1 · Effect is")
    (table,) = section.blocks
    rows = [[c.text.replace("\xa0", " ") for c in row.cells] for row in table.rows]  # type: ignore[union-attr]
    assert [row[:2] for row in rows] == [
        ["B", "Verdict changed"], ["D", "Older report kept, 1 Dec 2023"], ["A", "Effect is higher"],
        ["C", "No longer in the data"],
    ]  # fmt: skip
    assert rows[2][2:] == ["Works · ₹ 100", "Works · ₹ 300"]
    assert rows[3][3] == "–"
    assert table.rows[0].cells[0].link == "markets/m-1/report.html"  # type: ignore[union-attr]


def test_effects_under_other_settings_are_not_compared() -> None:
    changes = Changes(since="2024-01-15", entries=CHANGES[1:2], comparable=False)
    text = pages([line("A")], changes=changes)["index.html"].decode()
    assert "The settings of the model changed as well" in text


def test_very_long_lists_of_changes_are_cut_and_say_so() -> None:
    entries = tuple(MarketChange(market=f"M{i:03d}", kind="new", verdict="works") for i in range(250))
    text = pages([line("A")], changes=Changes(since="2024-01-15", entries=entries))["index.html"].decode()
    assert "50 more are in the list of markets" in text
    assert "M199" in text
    assert "M200" not in text


def test_a_report_gets_its_head_and_changes_nowhere_else() -> None:
    report = render_report(build_report(market_results(market="<!--site-->", pharmacies=9), SETTINGS)).encode()
    assert report.count(SLOT) == 1
    lines = [line(name) for name in ("A & B", "<!--site-->", "C")]
    head = navigation(build_navigation(lines[1], lines[0], lines[2], SETTINGS))
    page = insert(report, head)
    before, _, after = report.partition(SLOT)
    assert page.startswith(before)
    assert page.endswith(after)
    found = _Page(head)
    assert found.links() == {"../../index.html", "../../markets/m-1/report.html"}
    assert [attrs["rel"] for tag, attrs in found.elements if tag == "a" and "rel" in attrs] == ["prev", "next"]
    assert "Previous market: A & B" in {attrs.get("aria-label") for _, attrs in found.elements}
    assert 'aria-current="page"' in head


def test_the_first_and_the_last_market_have_one_neighbour() -> None:
    head = navigation(build_navigation(line("A"), None, line("B"), SETTINGS))
    assert 'rel="prev"' not in head
    assert 'rel="next"' in head


def test_a_report_without_the_mark_stays_as_it_is() -> None:
    assert insert(b"<html></html>", "<nav></nav>") == b"<html></html>"


def test_the_head_speaks_the_language_of_the_report() -> None:
    settings = Settings(report=ReportSettings(locales={"DE-*": "de_DE"}))  # type: ignore[arg-type]
    assert build_navigation(line("DE-1"), None, None, settings).home.text == "Alle Märkte"
    assert build_navigation(line("IN-1"), None, None, settings).home.text == "All markets"


def test_the_sitemap_names_whole_addresses() -> None:
    text = sitemap("https://example.org/reports", ["", "markets/a b/report.html", "x&y.html"], "2024-01-31")
    space = {"s": "http://www.sitemaps.org/schemas/sitemap/0.9"}
    found = [node.text for node in ET.fromstring(text).findall("s:url/s:loc", space)]
    assert found == [
        "https://example.org/reports/", "https://example.org/reports/markets/a%20b/report.html",
        "https://example.org/reports/x%26y.html",
    ]  # fmt: skip


@pytest.mark.parametrize("address", ["ftp://x", "https://", "https://user:secret@example.org", "https://a/?b"])
def test_site_url_must_be_a_plain_web_address(address: str) -> None:
    with pytest.raises(ValueError, match="not a web address"):
        ReportSettings(site_url=address)
