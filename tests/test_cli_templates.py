"""``reportgen templates``: list, eject, exit codes, nothing overwritten."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from reportgen.cli import main


def _run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["reportgen", *arguments])
    with pytest.raises(SystemExit) as end:
        main()
    return int(end.value.code or 0)


def test_eject_then_list(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    here = ("-C", str(tmp_path))
    assert _run(monkeypatch, "templates", "eject", "sections/summary.html.j2", "--block", "verdict", *here) == 0
    assert 'Now set templates = "templates" under [report]' in capsys.readouterr().out
    assert (tmp_path / "templates" / "sections" / "summary.html.j2").is_file()
    (tmp_path / "reportgen.toml").write_text('[report]\ntemplates = "templates"\n', encoding="utf-8")
    assert _run(monkeypatch, "templates", "list", *here) == 0
    lines = capsys.readouterr().out.splitlines()
    assert any(line.startswith("sections/summary.html.j2") and "[overridden: verdict]" in line for line in lines)
    assert _run(monkeypatch, "templates", "list", "--json", *here) == 0
    listed = json.loads(capsys.readouterr().out)
    assert {entry["state"] for entry in listed} == {"ours", "blocks"}


def test_what_exists_is_not_overwritten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "mine"
    assert _run(monkeypatch, "templates", "eject", "brief.html.j2", str(target)) == 0
    (target / "brief.html.j2").write_text("my work", encoding="utf-8")
    assert _run(monkeypatch, "templates", "eject", "brief.html.j2", str(target)) == 2
    assert "exists already" in capsys.readouterr().err
    assert (target / "brief.html.j2").read_text() == "my work"


def test_exit_codes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    here = ("-C", str(tmp_path))
    assert _run(monkeypatch, "templates", "eject", "brief.htm.j2", *here) == 2
    assert "did you mean brief.html.j2?" in capsys.readouterr().err
    (tmp_path / "reportgen.toml").write_text('[report]\ntemplates = "mine"\n', encoding="utf-8")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "report.html.j2").write_text("{% if %}", encoding="utf-8")
    assert _run(monkeypatch, "templates", "list", *here) == 3
    assert "report.html.j2, line 1" in capsys.readouterr().err
