"""Publishing that is killed before any of its writes: no record there lies, and the next run makes it whole."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from reportgen.batch.state import files, record
from reportgen.publish.storage import Storage

pytestmark = [pytest.mark.faults]

DRIVER = """
import os, signal, sys
from pathlib import Path
from fsspec.implementations.local import LocalFileSystem
from reportgen.publish.storage import Storage

left = int(sys.argv[3])

def guard(real):
    def call(*args, **options):
        global left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return real(*args, **options)
    return call

for name in ("put_file", "pipe_file", "cp_file", "rm_file"):
    setattr(LocalFileSystem, name, guard(getattr(LocalFileSystem, name)))
storage = Storage(sys.argv[1], Path(sys.argv[2]))
storage.open(write=False)
storage.pull()
storage.publish()
"""


def write_folder(folder: Path, content: dict[str, bytes]) -> None:
    """A sealed folder, as a market's or the site's."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.iterdir():
        old.unlink()
    for name, body in content.items():
        (folder / name).write_bytes(body)
    hashes = {name: files.sha256_bytes(body) for name, body in content.items()}
    (folder / record.NAME).write_bytes(record.seal({"files": hashes}))


def write_run(staging: Path, version: str) -> None:
    """Two markets, a site with a copy of a report, run.json."""
    for market in ("a-00000001", "b-00000002"):
        body = {"results.json": f"{market} {version}".encode(), f"{version}.html": market.encode()}
        write_folder(staging / "markets" / market, body)
    write_folder(staging / "site", {"index.html": version.encode(), "a.html": b"a-00000001"})
    (staging / "run.json").write_text(version)


def tree(top: Path) -> dict[str, bytes]:
    return {p.relative_to(top).as_posix(): p.read_bytes() for p in top.rglob("*") if p.is_file()}


def assert_true(remote: Path) -> None:
    """Every record there says what is there."""
    there = tree(remote)
    for name, content in there.items():
        if name.endswith(record.NAME):
            sealed = record.unseal_bytes(content)
            assert sealed is not None
            for file, digest in sealed["files"].items():
                assert files.sha256_bytes(there[f"{name.removesuffix(record.NAME)}{file}"]) == digest


def test_a_kill_before_any_write_leaves_no_lie_and_nothing_lost(tmp_path: Path) -> None:
    kills = 0
    for k in range(1, 60):
        staging, remote = tmp_path / str(k) / "staging", tmp_path / str(k) / "remote"
        address = f"file://{remote}"
        write_run(staging, "old")
        first = Storage(address, staging)
        first.open(write=True)
        first.publish()
        write_run(staging, "new")
        command = [sys.executable, "-c", DRIVER, address, str(staging), str(k)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
        assert_true(remote)
        if done.returncode == 0:
            break
        assert done.returncode == -9, done.stderr
        kills += 1
        after = subprocess.run([*command[:-1], "0"], capture_output=True, text=True, check=False, timeout=60)
        assert after.returncode == 0, after.stderr
        local = tree(staging)
        local.pop("published.json")
        assert tree(remote) == local
        assert local["run.json"] == b"new"
    assert 12 <= kills < 40
