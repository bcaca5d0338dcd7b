"""Completion by the Tab key: what the program offers, and that each shell takes its script."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest


def program(tmp_path: Path, *arguments: str, **environ: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "reportgen", *arguments],
        cwd=tmp_path,
        env=os.environ | environ,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def offered(tmp_path: Path, *words: str) -> set[str]:
    line = {"COMP_WORDS": " ".join(words), "COMP_CWORD": str(len(words) - 1)}
    return set(program(tmp_path, _REPORTGEN_COMPLETE="complete_bash", **line).split())


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("reportgen", "re"), {"rehearse", "render"}),
        (("reportgen", "config", "s"), {"show", "schema"}),
        (("reportgen", "build", "--fo"), {"--formats", "--force"}),
        (("reportgen", "build", "--formats", "html,p"), {"html,pdf", "html,pptx"}),
        (("reportgen", "build", "--log-format", "j"), {"json"}),
        (("reportgen", "completion", ""), {"bash", "zsh", "fish"}),
    ],
)
def test_the_program_offers_what_may_come_next(tmp_path: Path, words: tuple[str, ...], expected: set[str]) -> None:
    assert offered(tmp_path, *words) == expected


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_reads_its_script(tmp_path: Path, shell: str) -> None:
    script = tmp_path / "script"
    script.write_text(program(tmp_path, "completion", shell))
    assert "_REPORTGEN_COMPLETE=complete_bash" in script.read_text()
    if found := shutil.which(shell):
        done = subprocess.run([found, "-n", str(script)], capture_output=True, text=True, check=False, timeout=30)
        assert (done.returncode, done.stderr) == (0, "")


def test_bash_completes_a_command(tmp_path: Path) -> None:
    (tmp_path / "reportgen").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m reportgen "$@"\n')
    (tmp_path / "reportgen").chmod(0o755)
    (tmp_path / "script").write_text(program(tmp_path, "completion", "bash"))
    asked = (
        "source ./script; COMP_WORDS=(reportgen doc); COMP_CWORD=1; _reportgen reportgen doc reportgen; "
        'echo "${COMPREPLY[@]}"; complete -p reportgen'
    )
    done = subprocess.run(
        ["bash", "-c", asked],
        cwd=tmp_path,
        env=os.environ | {"PATH": f"{tmp_path}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.stdout.splitlines() == ["doctor", "complete -o default -F _reportgen reportgen"], done.stderr
