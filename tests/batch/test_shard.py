from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from projects import Project
from reportgen.batch.merge import merge
from reportgen.batch.request import Shard, parse_shard
from reportgen.batch.site import refresh
from reportgen.batch.site.refresh import SiteState
from reportgen.errors import InputError, UsageError


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    monkeypatch.setattr(refresh, "refresh_site", lambda *args, **kwargs: SiteState(changed=False))
    made = Project(tmp_path, monkeypatch)
    made.data = {f"M{n}": float(n) for n in range(9)}
    return made


def build_shards(project: Project, count: int = 3, **request: Any) -> None:
    for index in range(1, count + 1):
        project.build(shard=Shard(index=index, count=count), **request)


@pytest.mark.parametrize("text", ["1", "0/3", "4/3", "a/b", "1/0", "-1/3", "1/99999", "1/3/5"])
def test_shards_are_written_i_of_n(text: str) -> None:
    with pytest.raises(UsageError, match="write i/n"):
        parse_shard(text)
    assert parse_shard(" 2/8 ") == Shard(index=2, count=8)
    assert parse_shard("") is None


def test_every_market_belongs_to_exactly_one_shard() -> None:
    for count in (1, 3, 7):
        shards = [Shard(index=index, count=count) for index in range(1, count + 1)]
        for n in range(200):
            assert sum(shard.holds(f"M{n}") for shard in shards) == 1


def test_merged_shards_are_the_tree_of_one_run(project: Project) -> None:
    project.build()
    whole = project.tree()
    shutil.rmtree(project.root / "out")
    build_shards(project)
    result = merge(project.settings, project.root)
    assert (result.exit_code, result.count("built")) == (0, 9)
    assert project.tree() == whole
    again = merge(project.settings, project.root)
    assert again.count("up-to-date") == 9


def test_after_a_merge_a_build_has_nothing_to_do_and_reads_nothing(project: Project) -> None:
    build_shards(project)
    merge(project.settings, project.root)
    reads = project.reads
    assert project.build().count("up-to-date") == 9
    assert project.reads == reads


def test_failures_of_shards_are_failures_of_the_merged_run(project: Project) -> None:
    project.data["raise-X"] = 1.0
    build_shards(project)
    result = merge(project.settings, project.root)
    assert (result.exit_code, result.count("failed"), result.count("built")) == (1, 1, 9)
    assert project.run_json()["markets"]["raise-X"]["failure"]["code"] == "does-not-work"


def test_a_shard_without_markets_is_fine(project: Project) -> None:
    project.data = {"M1": 1.0}
    build_shards(project, 4)
    assert merge(project.settings, project.root).count("built") == 1


def test_a_missing_shard_is_named(project: Project) -> None:
    with pytest.raises(UsageError, match="there are no shards"):
        merge(project.settings, project.root)
    project.build(shard=Shard(index=1, count=3))
    with pytest.raises(UsageError, match="shard 2, 3 of 3 has not finished"):
        merge(project.settings, project.root)
    project.build(shard=Shard(index=1, count=2))
    with pytest.raises(UsageError, match="different counts: 2, 3"):
        merge(project.settings, project.root)


@pytest.mark.parametrize("name", ["report.html", "_OK.json"])
def test_a_damaged_shard_is_refused_and_nothing_is_changed(project: Project, name: str) -> None:
    build_shards(project)
    path = next((project.root / "out" / "shards").glob(f"2-of-3/markets/*/{name}"))
    path.write_text("other")
    with pytest.raises(InputError, match=r"2-of-3: the folder .* is damaged"):
        merge(project.settings, project.root)
    assert not (project.root / "out" / "markets").exists()


def test_a_torn_run_json_of_a_shard_is_refused(project: Project) -> None:
    build_shards(project)
    (project.root / "out" / "shards" / "2-of-3" / "run.json").write_text("{")
    with pytest.raises(InputError, match=r"2-of-3: run\.json is damaged"):
        merge(project.settings, project.root)


def test_a_started_shard_goes_on_where_it_stopped(project: Project) -> None:
    shard = Shard(index=1, count=2)
    first = project.build(shard=shard)
    again = project.build(shard=shard)
    assert again.count("up-to-date") == first.count("built")
