from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reportgen.batch.state import files

HOSTILE = [
    "../../x", "/etc/x", "..", ".", "CON", "a/b", "a\\b", "C:", "trailing. ", " ", "", "x" * 300, "nul\0byte",
    "महाराष्ट्र", "🙂" * 80, "\u202eRTL", "zero\u200bwidth", "DE", "de", "De ", "e\u0301", "é", "\udcff", "-rf", "~",
]  # fmt: skip


@pytest.mark.parametrize("code", HOSTILE)
def test_slug_is_one_harmless_folder_name(code: str, tmp_path: Path) -> None:
    name = files.slug(code)
    assert name.isascii()
    assert name == name.lower()
    assert len(name) <= 49
    assert (tmp_path / name).resolve().parent == tmp_path.resolve()
    (tmp_path / name).mkdir()


def test_slugs_of_hostile_codes_do_not_collide() -> None:
    assert len({files.slug(code) for code in HOSTILE}) == len(HOSTILE)


def test_slug_keeps_what_can_be_read() -> None:
    assert files.slug("Île-de-France").startswith("ile-de-france-")
    assert files.slug("मुंबई").startswith("market-")


@given(st.text())
def test_slug_of_any_text_ends_in_eight_hex_digits(code: str) -> None:
    text, digest = files.slug(code).rsplit("-", 1)
    assert text
    assert len(digest) == 8
    assert set(digest) <= set("0123456789abcdef")


def test_write_atomic_replaces_and_leaves_no_temporary(tmp_path: Path) -> None:
    path = tmp_path / "run.json"
    files.write_atomic(path, b"one")
    files.write_atomic(path, b"two")
    assert path.read_bytes() == b"two"
    assert [entry.name for entry in tmp_path.iterdir()] == ["run.json"]


def test_failed_write_keeps_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "run.json"
    files.write_atomic(path, b"one")

    def fail(descriptor: int) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr("os.fsync", fail)
    with pytest.raises(OSError, match="Input/output"):
        files.write_atomic(path, b"two")
    assert path.read_bytes() == b"one"
    assert [entry.name for entry in tmp_path.iterdir()] == ["run.json"]


@pytest.mark.parametrize("count", [3, 40])
def test_all_files_are_written_and_flushed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    flushed: list[str] = []
    monkeypatch.setattr(files, "sync_file", lambda path: flushed.append(path.name))
    content = {f"part/{k}.txt": str(k).encode() for k in range(count)}
    files.write_all(tmp_path, content)
    assert {name: (tmp_path / name).read_bytes() for name in content} == content
    assert sorted(flushed) == sorted(f"{k}.txt" for k in range(count))


def test_a_flush_that_fails_among_many_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(path: Path) -> None:
        if path.name == "7":
            raise OSError(5, "Input/output error")

    monkeypatch.setattr(files, "sync_file", fail)
    with pytest.raises(OSError, match="Input/output"):
        files.write_all(tmp_path, {str(k): b"" for k in range(40)})


def test_files_are_flushed_one_by_one_where_no_thread_starts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: object) -> None:
        raise RuntimeError("can't start new thread")

    flushed: list[str] = []
    monkeypatch.setattr("threading.Thread.start", refuse)
    monkeypatch.setattr(files, "sync_file", lambda path: flushed.append(path.name))
    files.write_all(tmp_path, {str(k): b"" for k in range(40)})
    assert len(flushed) == 40
