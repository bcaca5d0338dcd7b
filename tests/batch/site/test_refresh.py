"""The site's folder: when it is made again, what is in it, and that it is whole or not there."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pyarrow.csv as pacsv
import pyarrow.parquet as pq
import pytest

from factories import market_results
from reportgen.batch.market import MarketJob, publish
from reportgen.batch.site.refresh import FailedMarket, SiteState, refresh_site
from reportgen.batch.state import files, record, swap
from reportgen.batch.state.fingerprint import Fingerprint
from reportgen.render.parquet import market_tables
from reportgen.results import overview_from_json, to_json
from reportgen.settings.sections import Settings

STAMP = Fingerprint(data="d", numbers="n", documents="o", templates="t", code="c")
REPORT = b"<!doctype html><title>x</title><!--site--><main>x</main>"


def complete(out: Path, market: str, effect: float = 1.0, **more: bytes) -> str:
    results = market_results(market=market, pharmacies=5, periods=12, effect=effect)
    slug = files.slug(market)
    job = MarketJob(
        market=market, folder=out / "markets" / slug, root=out, settings=Settings(), as_of="2024-01-15", stamp=STAMP,
        formats=("html",),
    )  # fmt: skip
    content = {"results.json": to_json(results), "report.html": REPORT, "report.pdf": b"%PDF " + market.encode()}
    publish(job, results, content | more)
    return slug


def refresh(
    out: Path, markets: tuple[str, ...], failed: dict[str, FailedMarket] | None = None, **options: Any
) -> SiteState:
    settings = options.pop("settings", Settings())
    return refresh_site(
        out, out, settings, as_of="2024-01-15", markets=markets, failed=failed or {}, run_stamp=STAMP, **options
    )


def listed(site: Path) -> set[str]:
    return {path.relative_to(site).as_posix() for path in site.rglob("*") if path.is_file()}


def broken_links(site: Path) -> list[str]:
    """Every link of every page that leads to nothing inside the site."""
    missing = []
    for page in site.rglob("*.html"):
        for link in re.findall(r'href="([^"]*)"', page.read_text("utf-8")):
            parts = urlsplit(link)
            if parts.scheme or not parts.path:
                continue
            target = (page.parent / unquote(parts.path)).resolve()
            if not target.is_file() or not target.is_relative_to(site.resolve()):
                missing.append(f"{page.name}: {link}")
    return missing


def test_the_folder_holds_all_it_links_to_and_can_be_moved(tmp_path: Path) -> None:
    markets = ("A", "<b>B</b>", "पुणे")
    for market in markets:
        complete(tmp_path, market)
    assert refresh(tmp_path, markets).changed
    moved = tmp_path / "some" / "where else"
    shutil.copytree(tmp_path / "site", moved)
    shutil.rmtree(tmp_path / "site")
    shutil.rmtree(tmp_path / "markets")
    assert broken_links(moved) == []
    found = listed(moved)
    assert {"index.html", "list.html", "method.html", "404.html", "_OK.json"} <= found
    names = ("report.html", "report.pdf", "results.json")
    assert {f"markets/{files.slug(market)}/{name}" for market in markets for name in names} <= found
    assert "<b>B</b>" not in (moved / "index.html").read_text()


def test_documents_are_links_where_the_disk_has_them(tmp_path: Path) -> None:
    slug = complete(tmp_path, "A")
    refresh(tmp_path, ("A",))
    here, there = (tmp_path / top / "markets" / slug / "report.pdf" for top in ("site", "."))
    assert here.stat().st_ino == there.stat().st_ino


def test_documents_are_copies_where_it_has_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from reportgen.batch.site import build as site

    def refuse(*_: object) -> None:
        raise OSError(1, "Operation not permitted")

    slug = complete(tmp_path, "A")
    monkeypatch.setattr(site.os, "link", refuse)
    site._link(tmp_path / "markets" / slug / "report.pdf", tmp_path / "copy.pdf")
    assert (tmp_path / "copy.pdf").read_bytes() == b"%PDF A"


def test_neighbours_are_in_the_order_of_the_codes(tmp_path: Path) -> None:
    slugs = {market: complete(tmp_path, market) for market in ("C", "A", "B")}
    refresh(tmp_path, ("C", "A", "B"))
    page = (tmp_path / "site" / "markets" / slugs["B"] / "report.html").read_text()
    assert re.findall(r'rel="(\w+)" href="([^"]*)"', page) == [
        ("prev", f"../../markets/{slugs['A']}/report.html"), ("next", f"../../markets/{slugs['C']}/report.html"),
    ]  # fmt: skip
    assert page.replace(re.search(r"<nav.*</nav>", page, re.DOTALL)[0], "<!--site-->").encode() == REPORT  # type: ignore[index]


def test_site_is_built_again_only_when_something_changed(tmp_path: Path) -> None:
    complete(tmp_path, "A")
    assert refresh(tmp_path, ("A",)).changed
    assert not refresh(tmp_path, ("A",)).changed
    complete(tmp_path, "A", effect=2.0)
    assert refresh(tmp_path, ("A",)).changed


def test_only_pages_that_changed_are_written(tmp_path: Path) -> None:
    slugs = [complete(tmp_path, market) for market in ("A", "B", "C", "D")]
    pages = [tmp_path / "site" / "markets" / slug / "report.html" for slug in slugs]
    refresh(tmp_path, ("A", "B", "C", "D"))
    before = [page.stat().st_ino for page in pages]
    complete(tmp_path, "A", **{"report.html": REPORT + b"new"})
    refresh(tmp_path, ("A", "B", "C", "D"))
    assert [page.stat().st_ino == old for page, old in zip(pages, before, strict=True)] == [False, True, True, True]
    refresh(tmp_path, ("A", "C", "D"))
    assert pages[3].stat().st_ino == before[3]
    assert f"../../markets/{slugs[2]}/report.html" in pages[0].read_text()
    assert not pages[1].exists()


@pytest.mark.parametrize("name", ["index.html", "data/overview.csv", "markets/{slug}/report.html"])
def test_a_damaged_file_is_made_again(tmp_path: Path, name: str) -> None:
    slug = complete(tmp_path, "A")
    refresh(tmp_path, ("A",))
    page = tmp_path / "site" / name.format(slug=slug)
    good = page.read_bytes()
    page.write_bytes(good[:-5] + b"XXXXX")
    assert refresh(tmp_path, ("A",)).changed
    assert page.read_bytes() == good


def test_what_the_run_has_verified_is_not_read_again_but_a_file_of_its_own_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from reportgen.batch.state import record

    slug = complete(tmp_path, "A")
    refresh(tmp_path, ("A",))
    found = record.read_record(tmp_path / "markets" / slug)
    assert found is not None
    read: list[str] = []
    hashed = files.sha256_file
    monkeypatch.setattr(files, "sha256_file", lambda path: (read.append(path.name), hashed(path))[1])
    assert not refresh(tmp_path, ("A",), verified={"A": found}).changed
    assert "report.html" in read
    assert "report.pdf" not in read
    page = tmp_path / "site" / "markets" / slug / "report.pdf"
    page.unlink()
    page.write_bytes(b"%PDF B")
    assert refresh(tmp_path, ("A",), verified={"A": found}).changed
    assert page.read_bytes() == b"%PDF A"


def test_the_same_input_makes_the_same_bytes(tmp_path: Path) -> None:
    for top in ("one", "two"):
        for market in ("A", "B")[:: 1 if top == "one" else -1]:
            complete(tmp_path / top, market)
        refresh(tmp_path / top, ("A", "B"))
    one, two = tmp_path / "one" / "site", tmp_path / "two" / "site"
    assert listed(one) == listed(two)
    assert [name for name in listed(one) if (one / name).read_bytes() != (two / name).read_bytes()] == []


def test_an_incomplete_folder_is_not_on_the_site(tmp_path: Path) -> None:
    complete(tmp_path, "A")
    slug = complete(tmp_path, "B")
    (tmp_path / "markets" / slug / "_OK.json").unlink()
    refresh(tmp_path, ("A", "B"))
    assert slug not in (tmp_path / "site" / "index.html").read_text()


def test_failed_markets_are_listed_with_their_reason_and_old_reports_with_their_date(tmp_path: Path) -> None:
    complete(tmp_path, "A")
    failed = {
        "Z": FailedMarket(code="timeout", message="took too long"),
        "A": FailedMarket(code="io", message="no disk left"),
    }
    assert refresh(tmp_path, ("A", "Z"), failed).changed
    page = (tmp_path / "site" / "index.html").read_text().replace("\xa0", " ")
    assert "took too long" in page
    assert "no disk left" in page
    assert "report of 15 Jan 2024" in page


def test_pages_that_no_longer_exist_are_removed(tmp_path: Path) -> None:
    complete(tmp_path, "A")
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "page-9.html").touch()
    refresh(tmp_path, ("A",))
    assert not (tmp_path / "site" / "page-9.html").exists()


def test_a_site_that_cannot_be_made_leaves_the_old_one(tmp_path: Path) -> None:
    slug = complete(tmp_path, "A")
    refresh(tmp_path, ("A",))
    before = {name: (tmp_path / "site" / name).read_bytes() for name in listed(tmp_path / "site")}
    (tmp_path / "markets" / slug / "results.json").write_text("{}")
    (tmp_path / "site" / "index.html").unlink()
    state = refresh(tmp_path, ("A",))
    assert state.failure is not None
    assert state.failure.code == "results-version"
    assert listed(tmp_path / "site") == set(before) - {"index.html"}
    assert not list((tmp_path / swap.WORK / "new").iterdir())


def test_a_swap_that_was_cut_short_is_repaired(tmp_path: Path) -> None:
    complete(tmp_path, "A")
    refresh(tmp_path, ("A",))
    (tmp_path / swap.WORK / "old").mkdir(exist_ok=True)
    (tmp_path / "site").rename(tmp_path / swap.WORK / "old" / "site")
    (tmp_path / swap.WORK / "new" / "site-1").mkdir()
    swap.recover(tmp_path)
    assert not refresh(tmp_path, ("A",)).changed
    assert (tmp_path / "site" / "index.html").is_file()
    assert not (tmp_path / swap.WORK / "new" / "site-1").exists()


def test_nothing_to_show_makes_no_site(tmp_path: Path) -> None:
    assert not refresh(tmp_path, ()).changed
    assert not (tmp_path / "site").exists()


@pytest.mark.parametrize("content", ["", "[]", '{"sha256": "x"}'])
def test_a_torn_seal_of_the_site_is_not_trusted(tmp_path: Path, content: str) -> None:
    complete(tmp_path, "A")
    refresh(tmp_path, ("A",))
    (tmp_path / "site" / "_OK.json").write_text(content)
    assert refresh(tmp_path, ("A",)).changed


def test_downloads_hold_every_market_and_run_no_formula(tmp_path: Path) -> None:
    markets = ("=1+1", "B")
    for market in markets:
        complete(tmp_path, market)
    refresh(tmp_path, markets)
    data = tmp_path / "site" / "data"
    for name, table in market_tables(market_results(market="B", pharmacies=5, periods=12, effect=1.0)).items():
        whole = pq.read_table(data / f"{name}.parquet")
        assert whole.column("market").to_pylist() == [m for m in markets for _ in range(table.num_rows)]
        assert whole.slice(table.num_rows).drop_columns("market").equals(table)
        plain = pacsv.read_csv(data / f"{name}.csv")
        assert set(plain.column("market").to_pylist()) == ({"'=1+1", "B"} if table.num_rows else set())
        assert plain.column_names == whole.column_names
    across = overview_from_json((data / "overview.json").read_bytes())
    assert [market.market for market in across.markets] == ["=1+1", "B"]
    overview = pq.read_table(data / "overview.parquet")
    assert overview.column("market").to_pylist() == ["=1+1", "B"]
    assert None not in overview.column("kept_up").to_pylist()


def test_a_sitemap_is_written_where_the_address_is_known(tmp_path: Path) -> None:
    slug = complete(tmp_path, "A")
    refresh(tmp_path, ("A",))
    assert not (tmp_path / "site" / "sitemap.xml").exists()
    settings = Settings.model_validate({"report": {"site_url": "https://example.org/r"}})
    assert refresh(tmp_path, ("A",), settings=settings).changed
    text = (tmp_path / "site" / "sitemap.xml").read_text()
    assert f"<loc>https://example.org/r/markets/{slug}/report.html</loc>" in text
    assert "<loc>https://example.org/r/</loc>" in text
    assert "404" not in text


def test_the_site_knows_what_changed_since_the_run_before(tmp_path: Path) -> None:
    for market in ("A", "B"):
        complete(tmp_path, market)
    first = refresh(tmp_path, ("A", "B")).headlines
    assert first is not None
    assert first.changes is None
    complete(tmp_path, "A", effect=3.0)
    complete(tmp_path, "C")
    second = refresh(tmp_path, ("A", "B", "C"), before=first).headlines
    assert second is not None
    assert second.changes is not None
    assert [(entry.market, entry.kind) for entry in second.changes.entries] == [("A", "up"), ("C", "new")]
    page = (tmp_path / "site" / "index.html").read_text()
    assert "What changed since the last run" in page
    again = refresh(tmp_path, ("A", "B", "C"), before=second)
    assert not again.changed
    assert again.headlines == second


def test_a_record_of_an_earlier_version_has_no_standard_error(tmp_path: Path) -> None:
    slug = complete(tmp_path, "A")
    path = tmp_path / "markets" / slug / record.NAME
    content = record.unseal(path)
    assert content is not None
    del content["headline"]["se"]
    path.write_bytes(record.seal(content))
    found = record.read_record(path.parent)
    assert found is not None
    assert found.headline.se is None
    assert refresh(tmp_path, ("A",)).changed


def test_a_file_system_without_hard_links_gets_copies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object, **__: object) -> None:
        raise OSError("Operation not supported")

    for name in ("linked", "copied"):
        complete(tmp_path / name, "A")
        if name == "copied":
            monkeypatch.setattr("os.link", refused)
        refresh(tmp_path / name, ("A",))
        # Made again with a neighbour: the page of A is taken over by a second name, or by its bytes.
        complete(tmp_path / name, "B")
        refresh(tmp_path / name, ("A", "B"))
    linked, copied = (tmp_path / name / "site" for name in ("linked", "copied"))
    assert listed(linked) == listed(copied)
    assert all((linked / name).read_bytes() == (copied / name).read_bytes() for name in listed(linked))


def test_where_a_file_system_knows_one_case_no_two_files_meet(tmp_path: Path) -> None:
    for market in ("North", "NORTH", "north"):
        complete(tmp_path, market)
    refresh(tmp_path, ("NORTH", "North", "north"))
    names = [path.relative_to(tmp_path).as_posix().casefold() for path in tmp_path.rglob("*")]
    assert len(names) == len(set(names))
