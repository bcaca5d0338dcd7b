"""Programs and fonts that a report may need: missing, hanging, failing, loud; no fonts, a font without the sign.

Quarto is played by a program of that name on PATH, through ``reportgen quarto --render``; what it is asked and how its
messages are read is ``tests/publish/quarto/test_program.py``'s.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from io import BytesIO
from pathlib import Path

import psutil
import pypdf
import pytest

from real_runs import CHECKOUT, RealProject, small_table, tree
from reportgen.publish.quarto import program as quarto_program

VERSION = 'if [ "$1" = --version ]; then echo 1.5.57; exit 0; fi\n'
FAILURES = {
    "failing": ("echo 'ERROR: no good' >&2; exit 1", 1, "no good"),
    "failing without a word": ("exit 3", 1, "status 3"),
    "printing 100 MB": ("head -c 100000000 /dev/zero | tr '\\0' x; echo; echo 'ERROR: loud' >&2; exit 1", 1, "loud"),
    "killed": ("kill -9 $$", 1, "status -9"),
    "hanging": ("sleep 300 & sleep 300", 1, "took over"),
    "printing bytes": ("head -c 3000 /dev/urandom; exit 4", 1, "status 4"),
}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> RealProject:
    made = RealProject(tmp_path_factory.mktemp("p"))
    made.write(small_table("A"), report={"formats": ["html"]})
    assert made.run("build", "--quiet").code == 0
    assert made.run("quarto").code == 0
    return made


def stand_in(folder: Path, body: str, version: str = VERSION) -> str:
    """Put a program called quarto on a PATH of its own and return that PATH."""
    folder.mkdir(exist_ok=True)
    (folder / "quarto").write_text(f"#!/bin/sh\n{version}{body}\n")
    (folder / "quarto").chmod(0o755)
    return f"{folder}{os.pathsep}/usr/bin{os.pathsep}/bin"


@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=() if n in {"failing", "hanging"} else pytest.mark.slow) for n in FAILURES]
)
def test_a_program_that_goes_wrong_costs_its_pages_only(
    project: RealProject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    body, code, words = FAILURES[name]
    before = tree(project.out / "markets")
    monkeypatch.setenv("PATH", stand_in(tmp_path / "bin", body))
    monkeypatch.setattr(quarto_program, "START_SECONDS", 0.3)
    began, memory = time.monotonic(), psutil.Process().memory_info().rss
    ended = project.run("quarto", "--render", "--timeout", "0.2")
    assert time.monotonic() - began < 40
    assert psutil.Process().memory_info().rss - memory < 100_000_000
    assert ended.code == code, ended.said
    assert words in ended.said
    assert len(ended.said) < 20_000
    assert tree(project.out / "markets") == before
    assert not [p for p in psutil.process_iter(["cmdline"]) if str(tmp_path) in " ".join(p.info["cmdline"] or ())]


@pytest.mark.parametrize("version", ["", 'if [ "$1" = --version ]; then echo 1.2.0; exit 0; fi\n', "exit 1\n"])
def test_a_program_that_is_missing_old_or_broken_is_seven(
    project: RealProject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str
) -> None:
    path = stand_in(tmp_path / "bin", "exit 1", version)
    monkeypatch.setenv("PATH", path if version else str(tmp_path / "empty"))
    ended = project.run("quarto", "--render")
    assert ended.code == 7, ended.said
    assert "Install Quarto" in ended.said
    assert project.run("build").code == 0, "everything else works without it"


def words_of(pdf: Path) -> str:
    return " ".join(page.extract_text() for page in pypdf.PdfReader(BytesIO(pdf.read_bytes())).pages)


def without(*folders: str) -> list[str]:
    """Start a command where these folders are empty."""
    covered = " && ".join(f"mount -t tmpfs none {folder}" for folder in folders)
    return ["unshare", "-m", "sh", "-c", f'{covered} && exec "$@"', "sh"]


@pytest.mark.slow
def test_a_machine_without_fonts_makes_the_same_pdf(tmp_path: Path) -> None:
    """Our fonts come with the package: the system's may all be gone."""
    folders = [
        folder for folder in ("/usr/share/fonts", "/usr/local/share/fonts", "/etc/fonts") if Path(folder).is_dir()
    ]
    trees = []
    for name, prefix in (("with", []), ("without", without(*folders))):
        made = RealProject(tmp_path / name)
        made.write(small_table("A"), report={"formats": ["html", "brief"]})
        done = subprocess.run(
            [*prefix, sys.executable, "-m", "reportgen", "build", "--quiet"],
            cwd=made.root,
            env=os.environ | {"PYTHONPATH": str(CHECKOUT), "HOME": str(tmp_path / f"home-{name}")},
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert done.returncode == 0, done.stderr
        trees.append(tree(made.out))
        assert "Promotion impact" in words_of(made.folder("A") / "brief.pdf")
    assert trees[0] == trees[1]


@pytest.mark.slow
def test_without_our_font_packages_the_report_says_what_to_install(tmp_path: Path) -> None:
    made = RealProject(tmp_path)
    made.write(small_table("A"), report={"formats": ["brief"]})
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "sitecustomize.py").write_text(
        "import importlib.util as u\n"
        "real = u.find_spec\n"
        "def find(name, *rest):\n"
        "    return None if name.startswith('fontpkg') else real(name, *rest)\n"
        "u.find_spec = find\n"
        "import sys\n"
        "class Gone:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if 'fontpkg' in name or 'font_fira' in name or 'font_mukta' in name or name == 'fonts':\n"
        "            raise ModuleNotFoundError(name)\n"
        "sys.meta_path.insert(0, Gone())\n"
    )
    ended = made.program("build", PYTHONPATH=f"{tmp_path / 'lib'}{os.pathsep}{CHECKOUT}")
    assert ended.code in {1, 7}, ended.said
    assert "Traceback" not in ended.said
    assert "pip install" in ended.said


SIGNS = {
    "hieroglyphs": "\U00013000\U00013001",
    "tags": "a\U000e0041b",
    "private": "\ue000",
    "unassigned": "\u0378",
    "emoji": "👩‍👩‍👧",
}


@pytest.mark.slow
def test_signs_that_no_font_has_do_not_stop_a_report(tmp_path: Path) -> None:
    made = RealProject(tmp_path)
    table = small_table("A")
    names = {f"A-{i + 1:02d}": f"{sign} {i}" for i, sign in enumerate(SIGNS.values())}
    table["pharmacy"] = table["pharmacy"].map(lambda name: names.get(name, name))
    table["market"] = "".join(SIGNS.values())
    made.write(table, report={"formats": ["html", "brief", "pdf"]})
    ended = made.program("build")
    assert ended.code == 0, ended.said
    made.assert_sound()
