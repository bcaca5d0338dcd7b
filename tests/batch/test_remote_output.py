"""Output at an address: what is published is complete or says nothing, and nothing is sent twice."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fsspec
import pytest

import stub_market
from projects import Project
from reportgen import api
from reportgen.batch import run
from reportgen.batch.request import Request
from reportgen.batch.site import refresh
from reportgen.batch.state import record, swap
from reportgen.batch.state.outcome import RunResult
from reportgen.errors import ConfigError, EnvironmentMissing, LockedError, UsageError
from reportgen.publish import storage
from reportgen.publish.staging import FOLDER, run_in_staging, staging_folder
from reportgen.publish.storage import Storage
from reportgen.settings.sections import Settings

MEMORY = "memory://bucket/reports"


@pytest.fixture(autouse=True)
def _empty_memory() -> Iterator[None]:
    memory = fsspec.filesystem("memory")
    memory.store.clear()
    yield
    memory.store.clear()


@pytest.fixture(scope="module")
def s3_server() -> Iterator[str]:
    """An S3 server on this machine."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def s3(s3_server: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A folder in a new bucket of it, with credentials in the environment."""
    from uuid import uuid4

    import s3fs

    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "here")
    monkeypatch.setenv("AWS_ENDPOINT_URL", s3_server)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    s3fs.S3FileSystem.clear_instance_cache()
    bucket = f"bucket-{uuid4().hex}"
    s3fs.S3FileSystem().mkdir(bucket)
    yield f"s3://{bucket}/a/b"
    s3fs.S3FileSystem.clear_instance_cache()


@pytest.fixture(params=["memory", "file", "s3"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "memory":
        return MEMORY
    if request.param == "file":
        return f"file://{tmp_path}/elsewhere/reports"
    found: str = request.getfixturevalue("s3")
    return found


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """Three markets built by a stand-in, and a site that is one sealed page."""
    monkeypatch.setattr(refresh, "refresh_site", site)
    (tmp_path / "project").mkdir()
    return Project(tmp_path / "project", monkeypatch)


def site(out: Path, *_: object, markets: tuple[str, ...], **__: object) -> Any:
    """A site of one page that names the markets; also a copy of a report, as the real one has."""
    from reportgen.batch.site.refresh import SiteState

    folder = out / "site"
    folder.mkdir(exist_ok=True)
    content = {"index.html": " ".join(markets).encode()}
    for report in sorted((out / "markets").glob("*/report.html")):
        content[f"{report.parent.name}.html"] = report.read_bytes()
    sealed = record.seal({"stamp": "", "files": {name: record.sha256_bytes(body) for name, body in content.items()}})
    changed = not (folder / record.NAME).is_file() or (folder / record.NAME).read_bytes() != sealed
    for name, body in {**content, record.NAME: sealed}.items():
        (folder / name).write_bytes(body)
    return SiteState(changed=changed)


def build(project: Project, address: str, **request: Any) -> RunResult:
    project.change(run={"out": address})
    project.save()

    def work(settings: Settings) -> RunResult:
        return run.build(settings, project.root, Request(**request), work=stub_market.work)

    return run_in_staging(project.settings, project.root, work, dry_run=bool(request.get("dry_run")))


def remote(address: str) -> dict[str, bytes]:
    """All files below an address."""
    system, top = fsspec.core.url_to_fs(address)
    system.invalidate_cache()
    return {str(name).removeprefix(str(top)).lstrip("/"): system.cat_file(name) for name in system.find(top)}


def local(project: Project, address: str) -> dict[str, bytes]:
    top = staging_folder(project.root, address)
    return {path.relative_to(top).as_posix(): path.read_bytes() for path in top.rglob("*") if path.is_file()}


def assert_true(address: str) -> None:
    """Every ``_OK.json`` there says what is there."""
    there = remote(address)
    for name, content in there.items():
        if name.endswith(record.NAME):
            folder = name.rpartition("/")[0]
            sealed = record.unseal_bytes(content)
            assert sealed is not None
            for file, digest in sealed["files"].items():
                assert record.sha256_bytes(there[f"{folder}/{file}"]) == digest, (folder, file)


def test_the_address_holds_what_a_local_run_makes(project: Project, address: str) -> None:
    result = build(project, address)
    assert (result.exit_code, result.count("built")) == (0, 3)
    there, here = remote(address), local(project, address)
    assert set(there) == set(here) - {storage.LEDGER, ".lock", f"{swap.WORK}/{swap.SEAL}"}
    assert all(there[name] == here[name] for name in there)
    assert_true(address)
    assert result.published == f"{address}: 10 uploaded, 5 copied there, 0 unchanged"


def test_a_second_build_on_another_machine_builds_and_sends_nothing(project: Project, address: str) -> None:
    build(project, address)
    before = remote(address)
    files = project.root / FOLDER
    files.rename(project.root / "another machine")
    result = build(project, address)
    assert (result.count("up-to-date"), result.exit_code) == (3, 0)
    assert result.published.startswith(f"{address}: 0 uploaded, ")
    assert remote(address) == before
    assert build(project, address).published.startswith(f"{address}: 0 uploaded, ")


def test_only_what_changed_is_sent(project: Project, address: str) -> None:
    build(project, address)
    project.data["B"] = 7.0
    result = build(project, address)
    assert {one.market: one.action for one in result.markets if one.action == "built"} == {"B": "built"}
    # its _OK.json and run.json; results and report of the stand-in do not depend on the data
    assert result.published.startswith(f"{address}: 2 uploaded, ")
    assert_true(address)


def test_files_that_a_market_no_longer_has_are_removed(project: Project, address: str) -> None:
    build(project, address)
    name = next(name for name in remote(address) if name.endswith("/report.html"))
    system, top = fsspec.core.url_to_fs(address)
    system.pipe_file(f"{top}/{name.rpartition('/')[0]}/old.pdf", b"old")
    project.data = dict.fromkeys(project.data, 9.0)
    build(project, address)
    assert not [name for name in remote(address) if name.endswith("old.pdf")]


def test_another_machines_newer_markets_are_taken_over(project: Project) -> None:
    build(project, MEMORY)
    (project.root / FOLDER).rename(project.root / "first")
    project.data["A"] = 5.0
    build(project, MEMORY)
    (project.root / FOLDER).rename(project.root / "second")
    (project.root / "first").rename(project.root / FOLDER)
    assert build(project, MEMORY).count("up-to-date") == 3


def test_dry_run_says_why_and_sends_nothing(project: Project) -> None:
    result = build(project, MEMORY, dry_run=True)
    assert result.count("planned") == 3
    assert remote(MEMORY) == {}


class Fails:
    """Makes the k-th call of a storage's writing methods fail."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, k: int) -> None:
        from fsspec.implementations.memory import MemoryFileSystem

        self.left = k
        for name in ("pipe_file", "put_file", "cp_file", "rm_file"):
            monkeypatch.setattr(MemoryFileSystem, name, self._guard(getattr(MemoryFileSystem, name)))

    def _guard(self, real: Any) -> Any:
        def call(*args: Any, **kwargs: Any) -> Any:
            self.left -= 1
            if self.left == 0:
                raise PermissionError("the token has expired")
            return real(*args, **kwargs)

        return call


@pytest.mark.parametrize("k", [pytest.param(k, marks=() if k % 4 == 3 else pytest.mark.slow) for k in range(3, 18)])
def test_an_upload_that_fails_leaves_no_record_that_lies_and_the_next_run_goes_on(
    project: Project, monkeypatch: pytest.MonkeyPatch, k: int
) -> None:
    build(project, MEMORY)
    project.data = dict.fromkeys(project.data, 4.0)
    project.change(report={"title": "Other"})
    with monkeypatch.context() as patch:
        fails = Fails(patch, k)
        result = build(project, MEMORY)
    assert_true(MEMORY)
    assert fails.left <= 0
    assert result.exit_code == 7
    assert "cannot write to it (the token has expired)" in result.publish_error
    assert "the same command goes on from there" in result.publish_error
    again = build(project, MEMORY)
    assert (again.exit_code, again.count("up-to-date")) == (0, 3)
    here = local(project, MEMORY)
    assert all(here[name] == content for name, content in remote(MEMORY).items())


def test_storage_that_cannot_be_written_is_said_before_anything_is_built(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    Fails(monkeypatch, 1)
    with pytest.raises(EnvironmentMissing, match="cannot write to it") as caught:
        build(project, MEMORY)
    assert caught.value.exit_code == 7
    assert not (staging_folder(project.root, MEMORY) / "markets").exists()


def test_a_bucket_that_does_not_exist_is_seven(project: Project, s3: str) -> None:
    with pytest.raises(EnvironmentMissing, match="s3://no-such-bucket/x: cannot write to it"):
        build(project, "s3://no-such-bucket/x")


def test_a_damaged_remote_folder_is_not_taken_over_and_is_mended(project: Project) -> None:
    build(project, MEMORY)
    before = remote(MEMORY)
    system = fsspec.filesystem("memory")
    name = next(name for name in before if name.endswith("/results.json"))
    system.pipe_file(f"/bucket/reports/{name}", b"{}")
    (project.root / FOLDER).rename(project.root / "another machine")
    result = build(project, MEMORY)
    assert (result.count("built"), result.count("up-to-date")) == (1, 2)
    assert_true(MEMORY)


def test_names_in_a_remote_record_cannot_leave_the_folder(tmp_path: Path) -> None:
    system = fsspec.filesystem("memory")
    digest = record.sha256_bytes(b"evil")
    sealed = record.seal({"files": {"../../../evil.txt": digest}})
    system.pipe_file("/bucket/reports/markets/x-00000000/_OK.json", sealed)
    system.pipe_file("/bucket/evil.txt", b"evil")
    there = Storage(MEMORY, tmp_path / "a" / "b" / "out")
    there.open(write=False)
    there.listing.add("markets/x-00000000/../../../evil.txt")
    there.pull()
    assert not list(tmp_path.rglob("evil.txt"))


def test_two_runs_of_one_project_cannot_share_the_staging_folder(project: Project) -> None:
    def second(settings: Settings) -> RunResult:
        return build(project, MEMORY)

    project.change(run={"out": MEMORY})
    with pytest.raises(LockedError):
        run_in_staging(project.settings, project.root, second)


@pytest.mark.parametrize(
    ("out", "error", "words"),
    [
        ("abc://x/y", ConfigError, "run.out = abc://x/y"),
        ("s3://key:secret@bucket/x", ConfigError, "holds a user or password"),
        ("gs://bucket/x", EnvironmentMissing, "needs a driver"),
    ],
)
def test_addresses_that_cannot_be_used_are_named_without_secrets(
    project: Project, out: str, error: type[Exception], words: str
) -> None:
    with pytest.raises(error) as caught:
        build(project, out)
    assert words in str(caught.value)
    assert "secret" not in str(caught.value)


def test_what_needs_a_local_folder_says_so(tmp_path: Path) -> None:
    given = {"run.out": MEMORY}
    with pytest.raises(UsageError, match="merge needs a local output folder"):
        api.merge(tmp_path, overrides=given)
    with pytest.raises(UsageError, match="--shard needs a local output folder"):
        api.build(tmp_path, shard="1/2", overrides=given)
    with pytest.raises(UsageError, match="quarto needs a local output folder"):
        api.quarto(tmp_path, overrides=given)
    assert list(tmp_path.iterdir()) == []


def test_the_ledger_of_another_address_counts_nothing(project: Project) -> None:
    build(project, MEMORY)
    path = staging_folder(project.root, MEMORY) / storage.LEDGER
    content = json.loads(path.read_text())
    content.pop("sha256")
    path.write_bytes(record.seal({**content, "address": "memory://elsewhere"}))
    assert build(project, MEMORY).count("up-to-date") == 3
