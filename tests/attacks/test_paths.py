"""Market codes, options and projects that try to leave the output folder, move the cursor or leak secrets."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import sys
from pathlib import Path

import pytest

from projects import Project
from reportgen.batch.site import refresh
from reportgen.batch.site.refresh import SiteState
from reportgen.cli import console, main
from reportgen.errors import ConfigError, EnvironmentMissing, NothingSelectedError

HOSTILE = [
    "../../x", "/etc/x", "..", ".", "CON", "aux.txt", "a/b", "a\\b", "C:", "C:\\x", "dot.", "space ", "x" * 300,
    "~root", "$(touch pwned)", "`touch pwned`", "; touch pwned", "%2e%2e%2f", "-rf", "--out=/tmp", "*", "?", "[a]",
    "status:failed", "new\nline", "tab\there", "\u202egpj.exe", "zero\u200bwidth", "\ufeffbom", "🙂" * 60, "é",
    "e\u0301", "DE", "de", "De", "_OK.json", "site", ".new-x", ".old-x", "run.json", "\x1b[2J", "{{7*7}}", "%s%n",
    "</script><script>alert(1)</script>",
]  # fmt: skip

pytestmark = [pytest.mark.attacks]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    monkeypatch.setattr(refresh, "refresh_site", lambda *args, **kwargs: SiteState(changed=False))
    (tmp_path / "home").mkdir()
    return Project(tmp_path / "home" / "project", monkeypatch)


def test_hostile_market_codes_stay_inside_the_output(project: Project) -> None:
    project.data = {code: float(n) for n, code in enumerate(HOSTILE)}
    result = project.build()
    assert (result.exit_code, result.count("built")) == (0, len(HOSTILE))
    top = project.root.parent.parent
    outside = [path for path in top.rglob("*") if path.is_file() and project.root / "out" not in path.parents]
    assert outside == [project.root / "data" / "panel.csv"]
    folders = sorted(path.name for path in (project.root / "out" / "markets").iterdir())
    assert len(folders) == len(HOSTILE)
    assert len({name.lower() for name in folders}) == len(HOSTILE)
    assert project.build().count("up-to-date") == len(HOSTILE)


@pytest.mark.parametrize("code", HOSTILE)
def test_a_hostile_code_prints_as_harmless_text(code: str) -> None:
    shown = console.printable(code)
    assert shown.isprintable() or all(char.isprintable() or char in "\u200c\u200d" for char in shown)
    assert "\x1b" not in shown
    assert "\u202e" not in shown
    assert len(shown) <= 2000


@pytest.mark.parametrize("out", ["../elsewhere", "/proc/self/nope", "data/panel.csv/out"])
def test_an_output_folder_that_cannot_be_is_refused_or_contained(project: Project, out: str) -> None:
    project.change(run={"out": out})
    with contextlib.suppress(EnvironmentMissing):
        project.build()
    assert not (project.root / "out").exists()


def test_a_planted_link_in_the_output_is_not_followed(project: Project) -> None:
    project.build()
    precious = project.root.parent / "precious"
    precious.mkdir()
    (precious / "file").write_text("keep me")
    victim = next((project.root / "out" / "markets").glob("a-*"))
    for path in victim.iterdir():
        path.unlink()
    victim.rmdir()
    victim.symlink_to(precious)
    project.build()
    assert (precious / "file").read_text() == "keep me"
    assert [path.name for path in precious.iterdir()] == ["file"]
    assert not victim.is_symlink()


def test_a_planted_link_in_place_of_run_json_is_replaced_not_followed(project: Project) -> None:
    out = project.root / "out"
    precious = project.root.parent / "precious.txt"
    precious.write_text("keep me")
    out.mkdir(parents=True)
    (out / "run.json").symlink_to(precious)
    with pytest.raises(ConfigError, match="did not write"):  # a folder that was never ours
        project.build()
    (out / "run.json").unlink()
    project.build()
    (out / "run.json").unlink()
    (out / "run.json").symlink_to(precious)
    project.build(force=True)
    assert precious.read_text() == "keep me"
    assert not (out / "run.json").is_symlink()


def test_secrets_of_the_machine_never_reach_the_outputs(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_PASSWORD", "canary-secret-1")
    monkeypatch.setenv("API_TOKEN", "canary-secret-2")
    project.build()
    forbidden = [
        b"canary-secret",
        str(project.root).encode(),
        str(Path.home()).encode() + b"/",
        socket.gethostname().encode(),
    ]
    for path in (project.root / "out").rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            for word in forbidden:
                assert word not in content, (path.name, word)


def test_the_password_of_a_database_is_not_printed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(
        sys, "argv", ["reportgen", "build", "postgresql://user:canary-secret@127.0.0.1:9/db", "--debug"]
    )
    with pytest.raises(SystemExit) as caught:
        main()
    said = capsys.readouterr()
    assert caught.value.code in {3, 4, 7}
    assert "canary-secret" not in said.out + said.err


@pytest.mark.parametrize(
    "pattern", ["$(touch pwned)", "(a+)+$", "*" * 40 + "b", "[" * 500, "__import__('os').system('id')"]
)
def test_a_selection_is_a_glob_whatever_it_looks_like(project: Project, pattern: str) -> None:
    project.data = {"a" * 60: 1.0, "B": 2.0}
    project.save()
    with contextlib.suppress(NothingSelectedError):
        project.build(select=(pattern,))
    assert not (project.root / "pwned").exists()


def test_settings_hold_no_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "reportgen.toml").write_text("[model]\nformula = \"sales ~ __import__('os').system('touch pwned')\"\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["reportgen", "build"])
    with pytest.raises(SystemExit) as caught:
        main()
    capsys.readouterr()
    assert caught.value.code in {3, 4}
    assert not (tmp_path / "pwned").exists()


@pytest.mark.parametrize("name", ["reportgen.yaml", "reportgen.yml", "reportgen.py", "sitecustomize.py"])
def test_only_toml_is_read_for_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    from reportgen import Settings, load_settings

    (tmp_path / name).write_text("!!python/object/apply:os.system ['touch pwned']\n")
    monkeypatch.chdir(tmp_path)
    assert load_settings(tmp_path) == Settings()
    assert not (tmp_path / "pwned").exists()


def test_records_are_json_never_pickle(project: Project) -> None:
    project.build()
    record = next((project.root / "out" / "markets").glob("*/_OK.json"))
    record.write_bytes(b"cos\nsystem\n(S'touch pwned'\ntR.")
    assert project.build().exit_code == 0
    assert not Path("pwned").exists()
    assert json.loads(record.read_bytes())["market"]


def test_a_hidden_program_on_a_relative_path_is_not_run(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    from reportgen.programs import find_program

    project.root.mkdir(parents=True, exist_ok=True)
    (project.root / "quarto").write_text("#!/bin/sh\ntouch pwned\n")
    (project.root / "quarto").chmod(0o755)
    monkeypatch.chdir(project.root)
    monkeypatch.setenv("PATH", f".{os.pathsep}{project.root}")
    assert find_program("quarto") is None
