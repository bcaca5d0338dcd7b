"""Folders are swapped in whole; a kill, a foreign file system and a stranger's files cost nothing."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from reportgen.batch.state import files, record, swap
from reportgen.errors import EnvironmentMissing

NAME = "markets/a"


def draft(out: Path, text: str, *, sealed: bool = True) -> Path:
    new = swap.draft_folder(out, NAME)
    (new / "figures").mkdir()
    files.write_new(new / "figures" / "a.svg", text.encode())
    if sealed:
        files.write_new(new / record.NAME, record.seal({"files": {"figures/a.svg": files.sha256_bytes(text.encode())}}))
    return new


def build(out: Path, text: str, *, sealed: bool = True) -> None:
    swap.swap_in(draft(out, text, sealed=sealed), out, NAME)


def content(out: Path) -> dict[str, str]:
    top = out / NAME
    return {
        p.relative_to(top).as_posix(): p.read_text() for p in top.rglob("*") if p.is_file() and p.name != record.NAME
    }


def test_the_whole_folder_is_replaced_and_nothing_is_left_over(tmp_path: Path) -> None:
    build(tmp_path, "one")
    build(tmp_path, "two")
    assert content(tmp_path) == {"figures/a.svg": "two"}
    assert not [path for path in (tmp_path / swap.WORK).rglob("*") if path.is_file() and path.name != swap.SEAL]


@pytest.mark.parametrize("torn", [False, True])
def test_notes_of_a_reader_stay(tmp_path: Path, torn: bool) -> None:
    build(tmp_path, "one")
    (tmp_path / NAME / "notes.txt").write_text("call them in May")
    (tmp_path / NAME / "minutes").mkdir()
    (tmp_path / NAME / "minutes" / "june.md").write_text("agreed")
    (tmp_path / NAME / "elsewhere").symlink_to("/nowhere")
    if torn:
        (tmp_path / NAME / record.NAME).write_text("{")
    build(tmp_path, "two")
    assert content(tmp_path) == {"figures/a.svg": "two", "notes.txt": "call them in May", "minutes/june.md": "agreed"}
    assert (tmp_path / NAME / "elsewhere").readlink() == Path("/nowhere")


def test_what_the_record_lists_and_the_new_folder_lacks_goes(tmp_path: Path) -> None:
    build(tmp_path, "one")
    new = swap.draft_folder(tmp_path, NAME)
    files.write_new(new / "report.html", b"page")
    swap.swap_in(new, tmp_path, NAME)
    assert content(tmp_path) == {"report.html": "page"}


def test_a_link_is_replaced_without_touching_its_target(tmp_path: Path) -> None:
    target = tmp_path / "elsewhere"
    target.mkdir()
    (target / "precious").touch()
    (tmp_path / "markets").mkdir()
    (tmp_path / NAME).symlink_to(target)
    build(tmp_path, "one")
    assert not (tmp_path / NAME).is_symlink()
    assert (target / "precious").exists()


def test_a_failed_swap_puts_the_old_folder_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    build(tmp_path, "one")
    new = draft(tmp_path, "two")
    real = Path.replace

    def fail(self: Path, target: Path) -> Path:
        if self == new:
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(self, target)

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(OSError, match="No space"):
        swap.swap_in(new, tmp_path, NAME)
    assert content(tmp_path) == {"figures/a.svg": "one"}


def test_folders_that_cannot_be_renamed_are_copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    build(tmp_path, "one")
    real = Path.replace

    def fail(self: Path, target: Path) -> Path:
        if self.is_dir():
            raise OSError(errno.EXDEV, "Invalid cross-device link")
        return real(self, target)

    monkeypatch.setattr(Path, "replace", fail)
    build(tmp_path, "two")
    assert content(tmp_path) == {"figures/a.svg": "two"}
    assert record.unseal(tmp_path / NAME / record.NAME) is not None


def test_half_a_swap_is_repaired_and_drafts_go(tmp_path: Path) -> None:
    build(tmp_path, "one")
    old = tmp_path / swap.WORK / "old" / NAME
    old.parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / NAME).rename(old)
    left = draft(tmp_path, "two")
    swap.recover(tmp_path)
    assert content(tmp_path) == {"figures/a.svg": "one"}
    assert not left.exists()


def test_a_half_copied_folder_gives_way_to_the_whole_old_one(tmp_path: Path) -> None:
    build(tmp_path, "one")
    old = tmp_path / swap.WORK / "old" / NAME
    old.parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / NAME).rename(old)
    (tmp_path / NAME / "figures").mkdir(parents=True)
    swap.recover(tmp_path)
    assert content(tmp_path) == {"figures/a.svg": "one"}


def test_names_like_ours_elsewhere_are_not_ours(tmp_path: Path) -> None:
    for name in (".old-a", ".new-b-123", ".reportgen-x"):
        (tmp_path / "markets" / name).mkdir(parents=True)
        (tmp_path / "markets" / name / "mine").touch()
    build(tmp_path, "one")
    swap.recover(tmp_path)
    assert len(list((tmp_path / "markets").glob(".*/mine"))) == 3


def test_a_strangers_folder_of_our_name_is_refused(tmp_path: Path) -> None:
    (tmp_path / swap.WORK).mkdir()
    (tmp_path / swap.WORK / "mine").touch()
    with pytest.raises(EnvironmentMissing, match="not its own"):
        swap.draft_folder(tmp_path, NAME)
    swap.recover(tmp_path)
    assert (tmp_path / swap.WORK / "mine").exists()
