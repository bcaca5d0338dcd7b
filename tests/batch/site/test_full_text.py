"""The index of all text: made by the program where it is asked for, sealed with the site; else a failure in words."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from reportgen.batch.site import full_text
from reportgen.batch.site.full_text import index_pages
from reportgen.errors import EnvironmentMissing, RenderError


def program(folder: Path, script: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "pagefind"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return folder


@pytest.fixture
def site(tmp_path: Path) -> Path:
    folder = tmp_path / "site"
    folder.mkdir()
    (folder / "index.html").write_text("<html lang=en><body><h1>Words</h1><p>counterfactual</p></body></html>")
    return folder


def test_the_program_indexes_the_pages(site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = importlib.util.find_spec("pagefind_bin")
    assert found is not None
    assert found.origin is not None
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "pagefind").symlink_to(Path(found.origin).with_name("pagefind"))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    hashes = index_pages(site)
    assert {"pagefind/pagefind.js", "pagefind/pagefind-ui.js", "pagefind/pagefind-ui.css"} <= set(hashes)
    made = (path for path in (site / "pagefind").rglob("*") if path.is_file())
    assert {path.relative_to(site).as_posix() for path in made} == set(hashes)
    before = dict(hashes)
    assert index_pages(site) == before


def test_without_the_program_it_says_how_to_get_it(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(EnvironmentMissing, match=r"pagefind\.app"):
        index_pages(site)


def test_a_program_of_the_current_folder_is_not_used(
    site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(tmp_path / "here", "touch was-run")
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setenv("PATH", f".:{tmp_path / 'here'}")
    with pytest.raises(EnvironmentMissing):
        index_pages(site)
    assert not list(tmp_path.rglob("was-run"))


@pytest.mark.parametrize(
    ("script", "said"),
    [("echo nothing to index; exit 1", "nothing to index"), ("exit 0", "status 0"), ("/bin/sleep 60", "took over")],
)
def test_a_program_that_fails_is_a_failure_in_words(
    site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, said: str
) -> None:
    monkeypatch.setenv("PATH", str(program(tmp_path / "bin", script)))
    monkeypatch.setattr(full_text, "SECONDS", 1.0)
    with pytest.raises(RenderError, match=said):
        index_pages(site)
