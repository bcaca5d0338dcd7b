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


def market(folder: Path, text: str) -> Path:
    new = files.temporary_folder(folder)
    (new / "figures").mkdir()
    files.write_new(new / "figures" / "a.svg", text.encode())
    return new


def test_swap_in_replaces_the_whole_folder(tmp_path: Path) -> None:
    final = tmp_path / "markets" / "a"
    files.swap_in(market(final, "one"), final)
    (final / "stray").touch()
    files.swap_in(market(final, "two"), final)
    assert (final / "figures" / "a.svg").read_text() == "two"
    assert not (final / "stray").exists()
    assert [entry.name for entry in final.parent.iterdir()] == ["a"]


def test_swap_in_replaces_a_link_without_touching_its_target(tmp_path: Path) -> None:
    target = tmp_path / "elsewhere"
    target.mkdir()
    (target / "precious").touch()
    final = tmp_path / "markets" / "a"
    final.parent.mkdir()
    final.symlink_to(target)
    files.swap_in(market(final, "one"), final)
    assert not final.is_symlink()
    assert (target / "precious").exists()


def test_failed_swap_puts_the_old_folder_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    final = tmp_path / "markets" / "a"
    files.swap_in(market(final, "one"), final)
    new = market(final, "two")
    real = Path.replace

    def fail(self: Path, target: Path) -> Path:
        if self.name.startswith(files.TEMPORARY):
            raise OSError(28, "No space left on device")
        return real(self, target)

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(OSError, match="No space"):
        files.swap_in(new, final)
    assert (final / "figures" / "a.svg").read_text() == "one"


def test_recover_restores_a_half_swapped_folder_and_drops_temporaries(tmp_path: Path) -> None:
    (tmp_path / (files.REPLACED + "a")).mkdir()
    (tmp_path / (files.REPLACED + "b")).mkdir()
    (tmp_path / "b").mkdir()
    (tmp_path / (files.TEMPORARY + "c-123")).mkdir()
    (tmp_path / (files.TEMPORARY + "d-123")).touch()
    files.recover(tmp_path)
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["a", "b"]
    files.recover(tmp_path / "missing")


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
