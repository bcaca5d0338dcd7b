"""Storage that fails under a run: every k-th fsync, rename and write, full disks, small limits, odd folders.

Pass rule (RELIABILITY.md): whatever is at a final path is complete; the exit code and run.json agree with the disk;
building again after the cause is gone gives the tree of an undisturbed run.
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from real_runs import tree
from reportgen.batch.state import record

DRIVER = Path(__file__).resolve().parent.parent / "faults_driver.py"
MARKETS = {"A": 1, "B": 2, "C": 3, "D": 4}

pytestmark = [pytest.mark.faults]


def prepare(root: Path) -> Path:
    (root / "data").mkdir(parents=True)
    (root / "data" / "panel.csv").write_text(json.dumps([MARKETS, []]))
    (root / "no-site").touch()
    return root


def drive(root: Path, *, jobs: int = 1, before: tuple[str, ...] = (), **options: object) -> int:
    command = [*before, sys.executable, str(DRIVER), str(root), str(jobs)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120, **options)  # type: ignore[call-overload]
    assert "Traceback" not in done.stderr, done.stderr
    return int(done.returncode)


def assert_complete(root: Path) -> int:
    """Every folder at a final path is complete; return how many there are."""
    folders = list((root / "out" / "markets").glob("*"))
    for folder in folders:
        found = record.read_record(folder)
        assert found is not None, folder
        assert record.damaged_files(folder, found) == ()
    return len(folders)


def assert_account(root: Path, code: int) -> None:
    """run.json is whole and says what the exit code says, unless it could not be written."""
    path = root / "out" / "run.json"
    if path.exists():
        content = record.unseal(path)
        assert content is not None
        if code in {0, 1}:
            assert content["exit_code"] == code


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    root = prepare(tmp_path_factory.mktemp("clean") / "p")
    assert drive(root) == 0
    return tree(root / "out" / "markets")


def inject(calls: str, what: str, when: int) -> tuple[str, ...]:
    return (
        "strace",
        "-f",
        "--seccomp-bpf",
        "-o",
        os.devnull,
        "-e",
        f"trace={calls}",
        "-e",
        f"inject={calls}:{what}:when={when}",
    )


RENAMES = "rename,renameat,renameat2"
SWEEPS = [
    *[("fsync", "error=EIO", k) for k in range(1, 22)],
    *[("fsync", "error=ENOSPC", k) for k in (1, 3, 5, 8)],
    *[("fsync", "signal=KILL", k) for k in range(1, 22, 2)],
    *[(RENAMES, "error=ENOSPC", k) for k in range(1, 6)],
    *[(RENAMES, "error=EIO", k) for k in range(1, 6)],
    *[(RENAMES, "signal=KILL", k) for k in range(1, 6)],
    *[("mkdir", "error=ENOSPC", k) for k in range(1, 7)],
    *[("mkdir", "signal=KILL", k) for k in range(1, 7)],
    *[("unlink,unlinkat,rmdir", "signal=KILL", k) for k in range(1, 4)],
    *[("ftruncate,fdatasync,fsync", "error=EDQUOT", k) for k in (2, 4, 6)],
    *[("sendto,sendmsg", "signal=KILL", k) for k in range(1, 5)],
    *[("flock", "error=ENOLCK", k) for k in (1, 2)],
    *[("clone,clone3,vfork", "error=EAGAIN", k) for k in (2, 3)],
]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize(("calls", "what", "when"), SWEEPS)
def test_a_failing_system_call_costs_at_most_its_market(
    tmp_path: Path, clean: dict[str, str], calls: str, what: str, when: int
) -> None:
    root = prepare(tmp_path / "p")
    code = drive(root, before=inject(calls, what, when))
    assert code in {0, 1, 7, -9, 137}, code
    assert_complete(root)
    assert_account(root, code)
    assert drive(root) == 0
    assert tree(root / "out" / "markets") == clean


@pytest.mark.parametrize(("calls", "what"), [("fsync", "error=EIO"), (RENAMES, "signal=KILL")])
def test_a_failing_system_call_is_survived(tmp_path: Path, clean: dict[str, str], calls: str, what: str) -> None:
    root = prepare(tmp_path / "p")
    drive(root, before=inject(calls, what, 2))
    assert_complete(root)
    assert drive(root) == 0
    assert tree(root / "out" / "markets") == clean


@contextlib.contextmanager
def mounted(folder: Path, options: str) -> Iterator[None]:
    folder.mkdir(parents=True, exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def can_mount() -> bool:
    probe = subprocess.run(["unshare", "-m", "true"], capture_output=True, check=False)
    return os.geteuid() == 0 and probe.returncode == 0


needs_mount = pytest.mark.skipif(not can_mount(), reason="mounting a small file system needs root")


@needs_mount
def test_a_full_disk_fails_markets_and_is_recovered_from(tmp_path: Path, clean: dict[str, str]) -> None:
    root = prepare(tmp_path / "p")
    with mounted(root / "out", "size=44k"):
        code = drive(root)
        assert code in {1, 7}
        assert_complete(root)
        subprocess.run(["mount", "-o", "remount,size=10m", str(root / "out")], check=True)
        assert drive(root) == 0
        assert tree(root / "out" / "markets") == clean


@needs_mount
def test_a_read_only_output_is_seven_and_changes_nothing(tmp_path: Path) -> None:
    root = prepare(tmp_path / "p")
    with mounted(root / "out", "size=1m,ro"):
        assert drive(root) == 7
        assert list((root / "out").iterdir()) == []


def test_a_file_size_limit_fails_markets_and_is_recovered_from(tmp_path: Path, clean: dict[str, str]) -> None:
    root = prepare(tmp_path / "p")

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (300, resource.RLIM_INFINITY))

    assert drive(root, preexec_fn=limit) in {1, 7}
    assert assert_complete(root) == 0
    assert drive(root) == 0
    assert tree(root / "out" / "markets") == clean


def test_64_file_descriptors_are_enough(tmp_path: Path, clean: dict[str, str]) -> None:
    root = prepare(tmp_path / "p")

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))

    assert drive(root, jobs=2, preexec_fn=limit) == 0
    assert tree(root / "out" / "markets") == clean


def test_a_linked_output_folder_is_written_through(tmp_path: Path, clean: dict[str, str]) -> None:
    root = prepare(tmp_path / "p")
    (tmp_path / "elsewhere").mkdir()
    (root / "out").symlink_to(tmp_path / "elsewhere")
    assert drive(root) == 0
    assert tree(root / "out" / "markets") == clean
    assert (tmp_path / "elsewhere" / "run.json").exists()


def test_output_that_is_deleted_between_runs_is_made_again(tmp_path: Path, clean: dict[str, str]) -> None:
    root = prepare(tmp_path / "p")
    drive(root)
    shutil.rmtree(root / "out" / "markets")
    assert drive(root) == 0
    assert tree(root / "out" / "markets") == clean


def test_output_that_is_deleted_during_a_run_is_recovered_from(tmp_path: Path, clean: dict[str, str]) -> None:
    root = prepare(tmp_path / "p")
    (root / "data" / "panel.csv").write_text(json.dumps([MARKETS | {f"slow-{n}": 1 for n in range(4)}, []]))
    running = subprocess.Popen([sys.executable, str(DRIVER), str(root), "1"], stderr=subprocess.PIPE, text=True)
    wait_for(root, 2)
    shutil.rmtree(root / "out", ignore_errors=True)
    _, errors = running.communicate(timeout=60)
    assert "Traceback" not in errors
    (root / "data" / "panel.csv").write_text(json.dumps([MARKETS, []]))
    shutil.rmtree(root / "out", ignore_errors=True)
    assert drive(root) == 0
    assert tree(root / "out" / "markets") == clean


def wait_for(root: Path, markets: int) -> None:
    import time

    for _ in range(600):
        if len(list((root / "out" / "markets").glob("[a-z]*/_OK.json"))) >= markets:
            return
        time.sleep(0.05)
    raise TimeoutError


@pytest.mark.parametrize("change", [{"schema_version": 99}, {"markets": None}])
def test_a_newer_or_odd_manifest_is_not_used(tmp_path: Path, clean: dict[str, str], change: dict[str, object]) -> None:
    root = prepare(tmp_path / "p")
    drive(root)
    path = root / "out" / "run.json"
    content = record.unseal(path)
    assert content is not None
    path.write_bytes(record.seal(content | change))
    assert drive(root) == 0
    assert tree(root / "out" / "markets") == clean


def test_a_clock_that_went_back_changes_nothing(tmp_path: Path, clean: dict[str, str]) -> None:
    root = prepare(tmp_path / "p")
    drive(root)
    for path in (root / "out").rglob("*"):
        os.utime(path, (2_000_000_000, 2_000_000_000))
    before = {path: path.stat().st_mtime for path in (root / "out" / "markets").rglob("*.html")}
    assert drive(root) == 0
    assert {path: path.stat().st_mtime for path in before} == before
    assert tree(root / "out" / "markets") == clean
