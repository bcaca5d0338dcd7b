"""`reportgen quarto` as a user meets it: messages, exit codes, and the sources whatever happens to the program."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from typer.testing import CliRunner

from quarto_runs import put, small
from reportgen.batch.request import Request
from reportgen.cli.app import app

SCRIPT = """#!/bin/sh
if [ "$1" = --version ]; then echo 1.6.1; exit 0; fi
mkdir -p _site/markets
find . -name '*.qmd' | while read -r page; do
  out="_site/${page%.qmd}.html"; mkdir -p "$(dirname "$out")"; echo made > "$out"
done
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    put(tmp_path, small("A"))
    (tmp_path / "reportgen.toml").write_text('[run]\nout = "out"\njobs = 1\n', encoding="utf-8")
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    return tmp_path


def run(project: Path, *arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["quarto", "-C", str(project), *arguments])
    return done.exit_code, done.output


def program(project: Path) -> None:
    (project / "bin").mkdir()
    path = project / "bin" / "quarto"
    path.write_text(SCRIPT, encoding="utf-8")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


def test_without_the_program_the_sources_are_ready(project: Path) -> None:
    code, said = run(project)
    assert code == 0
    assert "1 markets in" in said
    assert "The sources are ready in" in said
    assert "quarto.org" in said
    assert (project / "out" / "quarto" / "index.qmd").is_file()


def test_render_without_the_program_ends_with_7_and_the_sources(project: Path) -> None:
    code, said = run(project, "--render")
    assert code == 7
    assert "not on PATH" in said
    assert "The sources are ready in" in said
    assert (project / "out" / "quarto" / "index.qmd").is_file()


def test_program_is_stated_and_runs_where_it_is(project: Path) -> None:
    program(project)
    code, said = run(project, str(project / "site"), "--to", "html")
    assert (code, "Found quarto 1.6.1 (" in said) == (0, True)
    code, said = run(project, str(project / "site"), "--to", "html", "--render")
    assert code == 0
    assert "4 pages rendered, 0 up to date" in said
    assert "_site/index.html" in said
    code, said = run(project, str(project / "site"), "--to", "html", "--render")
    assert "0 pages rendered, 4 up to date" in said


def test_unknown_format_is_a_usage_error(project: Path) -> None:
    code, said = run(project, "--to", "docx")
    assert code == 2
    assert "html, typst, pdf" in said


def test_without_results_the_numbers_are_built_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import reportgen.batch.run as batch_run
    from reportgen.batch.state.outcome import RunResult

    asked = []

    def build(settings: object, root: Path, request: Request, **options: object) -> RunResult:
        asked.append((settings.report.formats, tuple(request.select)))  # type: ignore[attr-defined]
        put(tmp_path, small("A"))
        return RunResult(out=tmp_path / "out", index=None, markets=(), seconds=0.1)

    monkeypatch.setattr(batch_run, "build", build)
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    code, said = run(tmp_path, "--select", "A")
    assert (code, asked) == (0, [(("results",), ("A",))])
    assert "1 drawn" in said
    assert "to build" not in said  # that is for the build to say, once
