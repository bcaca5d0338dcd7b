from __future__ import annotations

from pathlib import Path

import pytest

from factories import market_results
from reportgen.batch import files
from reportgen.batch.fingerprint import Fingerprint
from reportgen.batch.market import MarketJob, publish
from reportgen.batch.overview import FailedMarket, SiteJob, SiteState, build_site, refresh_site
from reportgen.config import Settings
from reportgen.results import to_json

STAMP = Fingerprint(data="d", numbers="n", documents="o", templates="t", code="c")


def complete(out: Path, market: str, effect: float = 1.0) -> str:
    results = market_results(market=market, pharmacies=5, periods=12, effect=effect)
    slug = files.slug(market)
    job = MarketJob(
        market=market,
        folder=out / "markets" / slug,
        root=out,
        settings=Settings(),
        as_of="2024-01-15",
        stamp=STAMP,
        formats=("html",),
    )
    publish(job, results, {"results.json": to_json(results), "report.html": b"<title>x</title>"})
    return slug


def refresh(out: Path, markets: tuple[str, ...], failed: dict[str, FailedMarket] | None = None) -> SiteState:
    settings = Settings()
    return refresh_site(out, out, settings, as_of="2024-01-15", markets=markets, failed=failed or {}, run_stamp=STAMP)


def test_site_lists_every_complete_market_and_links_its_report(tmp_path: Path) -> None:
    slugs = [complete(tmp_path, market) for market in ("A", "<b>B</b>")]
    assert refresh(tmp_path, ("A", "<b>B</b>")) == SiteState(changed=True)
    page = (tmp_path / "site" / "index.html").read_text()
    for slug in slugs:
        assert f"../markets/{slug}/report.html" in page
    assert "<b>B</b>" not in page


def test_site_is_built_again_only_when_something_changed(tmp_path: Path) -> None:
    complete(tmp_path, "A")
    assert refresh(tmp_path, ("A",)).changed
    assert not refresh(tmp_path, ("A",)).changed
    complete(tmp_path, "A", effect=2.0)
    assert refresh(tmp_path, ("A",)).changed


def test_a_damaged_page_is_built_again(tmp_path: Path) -> None:
    complete(tmp_path, "A")
    refresh(tmp_path, ("A",))
    page = tmp_path / "site" / "index.html"
    good = page.read_bytes()
    page.write_bytes(good[:-5])
    assert refresh(tmp_path, ("A",)).changed
    assert page.read_bytes() == good


def test_an_incomplete_folder_is_not_on_the_site(tmp_path: Path) -> None:
    complete(tmp_path, "A")
    slug = complete(tmp_path, "B")
    (tmp_path / "markets" / slug / "_OK.json").unlink()
    refresh(tmp_path, ("A", "B"))
    assert slug not in (tmp_path / "site" / "index.html").read_text()


def test_failed_markets_are_listed_with_their_reason(tmp_path: Path) -> None:
    complete(tmp_path, "A")
    failed = {
        "Z": FailedMarket(code="timeout", message="took too long"),
        "A": FailedMarket(code="io", message="no disk"),
    }
    assert refresh(tmp_path, ("A", "Z"), failed).changed
    page = (tmp_path / "site" / "index.html").read_text()
    assert "took too long" in page


def test_pages_that_no_longer_exist_are_removed(tmp_path: Path) -> None:
    slug = complete(tmp_path, "A")
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "page-9.html").touch()
    job = SiteJob(
        out=tmp_path,
        root=tmp_path,
        settings=Settings(),
        as_of="2024-01-15",
        complete=(slug,),
        failed={},
        stamp="s",
    )
    build_site(job)
    assert sorted(path.name for path in (tmp_path / "site").iterdir()) == ["_OK.json", "index.html"]


def test_a_site_that_cannot_be_made_is_a_failure_not_a_crash(tmp_path: Path) -> None:
    slug = complete(tmp_path, "A")
    (tmp_path / "markets" / slug / "results.json").write_text("{}")
    state = refresh(tmp_path, ("A",))
    assert state.failure is not None
    assert state.failure.code == "results-version"


def test_nothing_to_show_makes_no_site(tmp_path: Path) -> None:
    assert not refresh(tmp_path, ()).changed
    assert not (tmp_path / "site").exists()


@pytest.mark.parametrize("content", ["", "[]", '{"sha256": "x"}'])
def test_a_torn_seal_of_the_site_is_not_trusted(tmp_path: Path, content: str) -> None:
    complete(tmp_path, "A")
    refresh(tmp_path, ("A",))
    (tmp_path / "site" / "_OK.json").write_text(content)
    assert refresh(tmp_path, ("A",)).changed
