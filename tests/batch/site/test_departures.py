"""Markets that the data no longer have: named first, and reports stay where suspiciously many are gone at once."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

import stub_market
from projects import Project
from reportgen.batch import run
from reportgen.batch.merge import merge
from reportgen.batch.request import Request, Shard
from reportgen.batch.state import files
from reportgen.batch.state.outcome import GoneMarkets, RunResult, Silent

MARKETS = tuple(f"M{n:02d}" for n in range(20))


class Listening(Silent):
    """Keeps what a run said of gone markets, and what the site had at that moment."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.told: list[tuple[GoneMarkets, set[str]]] = []

    def gone(self, markets: GoneMarkets) -> None:
        self.told.append((markets, on_site(self.project)))


def on_site(project: Project) -> set[str]:
    site = project.root / "out" / "site" / "markets"
    return {market for market in project_markets(project) if (site / files.slug(market) / "report.html").is_file()}


def project_markets(project: Project) -> set[str]:
    return {*MARKETS, *project.data}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    made = Project(tmp_path, monkeypatch)
    made.data = {market: float(n) for n, market in enumerate(MARKETS)}
    made.build()
    return made


def lose(project: Project, count: int) -> tuple[str, ...]:
    gone = MARKETS[:count]
    project.data = {market: value for market, value in project.data.items() if market not in gone}
    return gone


def build(project: Project, **request: Any) -> tuple[RunResult, Listening]:
    project.save()
    heard = Listening(project)
    asked = Request(**request)
    result = run.build(project.settings, project.root, asked, work=stub_market.work, progress=heard)
    return result, heard


def test_a_few_are_named_while_their_reports_are_there_and_then_leave(project: Project) -> None:
    gone = lose(project, 2)
    result, heard = build(project)
    assert result.exit_code == 0
    assert heard.told == [(GoneMarkets(names=gone, of=20), set(MARKETS))]
    assert on_site(project) == set(MARKETS[2:])
    assert all((project.root / "out" / "markets" / files.slug(market) / "report.html").is_file() for market in gone)
    assert project.run_json()["gone"] == {"names": list(gone), "of": 20, "kept": []}


def test_many_stay_with_their_date_until_confirmed_and_the_run_says_so(project: Project) -> None:
    gone = lose(project, 3)
    for _ in range(2):
        result, heard = build(project)
        assert (result.exit_code, result.gone) == (1, GoneMarkets(names=gone, of=20, kept=gone))
        assert [said.kept for said, _ in heard.told] == [gone]
        assert on_site(project) == set(MARKETS)
        assert (project.run_json()["exit_code"], project.run_json()["gone"]["kept"]) == (1, list(gone))
    page = (project.root / "out" / "site" / "index.html").read_text()
    assert "No longer in the data; the report stays until that is confirmed." in page
    stale = page[page.index('<section id="stale"') :]
    assert len(re.findall(r"\b15\sJan\s2024\b", stale[: stale.index("</table>")])) == 3
    confirmed, _ = build(project, drop_gone=True)
    assert (confirmed.exit_code, on_site(project)) == (0, set(MARKETS[3:]))
    again, heard = build(project)
    assert (again.exit_code, again.gone, heard.told) == (0, None, [])


def test_a_table_that_is_whole_again_needs_no_confirmation(project: Project) -> None:
    whole = dict(project.data)
    lose(project, 10)
    assert build(project)[0].exit_code == 1
    project.data = whole
    result, heard = build(project)
    assert (result.exit_code, heard.told, on_site(project)) == (0, [], set(MARKETS))
    assert "No longer in the data" not in (project.root / "out" / "site" / "index.html").read_text()


@pytest.mark.parametrize("answer", [True, False])
def test_a_person_is_asked_once_for_many_and_never_for_few(project: Project, answer: bool) -> None:
    asked: list[GoneMarkets] = []
    confirm = {"confirm": lambda gone: bool(asked.append(gone)) or answer}
    lose(project, 1)
    build(project, **confirm)
    assert asked == []
    project.data = dict(list(project.data.items())[5:])
    result, _ = build(project, **confirm)
    assert [len(gone.names) for gone in asked] == [5]
    assert (result.exit_code, len(on_site(project))) == ((0, 14) if answer else (1, 19))


@pytest.mark.parametrize(("share", "kept"), [(0.0, 1), (0.05, 0), (1.0, 0)])
def test_how_many_are_too_many_is_a_setting(project: Project, share: float, kept: int) -> None:
    lose(project, 1)
    project.change(run={"gone_share": share})
    result, _ = build(project)
    assert result.gone is not None
    assert len(result.gone.kept) == kept


def test_a_dry_run_names_them_and_asks_nothing(project: Project) -> None:
    lose(project, 15)
    result, heard = build(project, dry_run=True, confirm=lambda gone: pytest.fail("asked"))
    assert len(heard.told) == 1
    assert result.gone is not None
    assert on_site(project) == set(MARKETS)


def test_a_selection_is_no_loss(project: Project) -> None:
    result, heard = build(project, select=("M01",), force=True)
    assert (result.exit_code, heard.told, on_site(project)) == (0, [], set(MARKETS))


def test_reports_that_left_do_not_come_back_by_rendering_but_with_the_data(project: Project) -> None:
    whole = dict(project.data)
    lose(project, 2)
    build(project)
    project.change(report={"title": "Other"})
    rendered = run.render(project.settings, project.root, Request(), work=stub_market.work)
    assert (rendered.exit_code, on_site(project)) == (0, set(MARKETS[2:]))
    project.data = whole
    build(project)
    assert on_site(project) == set(MARKETS)
    assert run.render(project.settings, project.root, Request(), work=stub_market.work).count("up-to-date") == 20


def test_reports_that_wait_are_rendered_with_the_others(project: Project) -> None:
    lose(project, 9)
    build(project)
    project.change(report={"title": "Other"})
    rendered = run.render(project.settings, project.root, Request(), work=stub_market.work)
    assert (rendered.exit_code, on_site(project)) == (0, set(MARKETS))
    page = (project.root / "out" / "site" / "index.html").read_text()
    assert page.count("No longer in the data; the report stays until that is confirmed.") == 9
    assert build(project)[0].exit_code == 1
    assert build(project, drop_gone=True)[0].exit_code == 0


def test_without_run_json_the_site_itself_tells_what_was_there(project: Project) -> None:
    gone = lose(project, 8)
    (project.root / "out" / "run.json").unlink()
    assert build(project)[0].gone == GoneMarkets(names=gone, of=20, kept=gone)


def test_without_a_site_run_json_tells_what_was_there(project: Project) -> None:
    gone = lose(project, 8)
    shutil.rmtree(project.root / "out" / "site")
    assert build(project)[0].gone == GoneMarkets(names=gone, of=20, kept=gone)
    assert on_site(project) == set(MARKETS)


def test_merged_shards_that_lost_markets_ask_too(project: Project) -> None:
    gone = lose(project, 8)
    project.save()
    for index in (1, 2):
        build(project, shard=Shard(index=index, count=2))
    assert merge(project.settings, project.root).exit_code == 1
    assert on_site(project) == set(MARKETS)
    merged = merge(project.settings, project.root, Request(drop_gone=True))
    assert (merged.exit_code, on_site(project)) == (0, set(MARKETS) - set(gone))
    assert json.loads((project.root / "out" / "run.json").read_text())["departed"] == list(gone)
