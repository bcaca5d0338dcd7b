"""Whatever tells a user to install this package gets this package: `reportgen` on the index is a stranger's."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

import reportgen
from reportgen.project.recipes import RECIPES, WHEEL
from reportgen.project.start import start_project

INSTALLS = ("reportgen.yml", "github-pages.yml", "Dockerfile")
"""Files of recipes that install this package."""


@pytest.fixture(scope="module")
def project(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("a project")
    start_project(folder, recipe=",".join(RECIPES))
    (folder / "wheels").mkdir()
    shutil.copy(wheel, folder / "wheels")
    return folder


@pytest.fixture(scope="module")
def strangers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An index on which others offer all our names, in our version and in a later one."""
    index = tmp_path_factory.mktemp("index")
    for name in ("reportgen", "reportgen_lmm"):
        shelf = index / name.replace("_", "-")
        shelf.mkdir()
        for version in (reportgen.__version__, "99.0"):
            info = f"{name}-{version}.dist-info"
            with zipfile.ZipFile(shelf / f"{name}-{version}-py3-none-any.whl", "w") as made:
                made.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
                made.writestr(
                    f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: x\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
                )
                made.writestr(f"{info}/RECORD", "")
        links = "".join(f'<a href="{path.name}">{path.name}</a>' for path in sorted(shelf.iterdir()))
        (shelf / "index.html").write_text(f"<!DOCTYPE html><html><body>{links}</body></html>")
    return index


def lines(path: Path) -> list[str]:
    """What follows `pip install` in a file, to the end of the line or of the quoted command."""
    return re.findall(r"pip install ([^\n`]*)", path.read_text("utf-8"))


def taken(line: str, project: Path, index: Path | None = None) -> list[str]:
    """Addresses of what pip would install; the packages below it are left out, none of which has one of our names."""
    arguments = [
        word.replace("/wheels/", f"{project}/wheels/") if word[0] == "/" else word for word in shlex.split(line)
    ]
    environ = dict(os.environ)
    if index is not None:
        environ = {name: value for name, value in environ.items() if not name.startswith("PIP_")}
        environ |= {"PIP_INDEX_URL": index.as_uri(), "PIP_CONFIG_FILE": os.devnull}
    command = [sys.executable, "-m", "pip", "install", "--dry-run", "--ignore-installed", "--no-deps", "--quiet"]
    done = subprocess.run(
        [*command, "--report", "-", *arguments],
        cwd=project,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return [item["download_info"]["url"] for item in json.loads(done.stdout)["install"]]


def install_lines(project: Path) -> list[tuple[str, str]]:
    files = [path for path in sorted(project.rglob("*")) if path.is_file() and path.suffix != ".whl"]
    return [(path.name, line) for path in files for line in lines(path)]


@pytest.mark.parametrize("others", [False, True], ids=["the index of this machine", "an index of strangers"])
def test_every_recipe_installs_our_file_and_nothing_else(project: Path, strangers: Path, others: bool) -> None:
    found = install_lines(project)
    assert sorted(name for name, _ in found) == sorted(INSTALLS)
    for name, line in found:
        ours = (project / "wheels" / WHEEL).as_uri()
        assert taken(line, project, strangers if others else None) == [ours], (name, line)


@pytest.mark.parametrize("line", [f'"reportgen=={reportgen.__version__}"', "reportgen-lmm", '"reportgen-lmm[s3]>=0.1"'])
def test_a_line_with_a_name_in_it_would_be_caught(project: Path, strangers: Path, line: str) -> None:
    assert taken(f"--find-links wheels {line}", project, strangers) != [(project / "wheels" / WHEEL).as_uri()]


def test_no_text_tells_anybody_to_install_a_name_that_is_not_ours(checkout: Path) -> None:
    told = 0
    for top in ("README.md", "reportgen", "templates", "scripts", "Makefile"):
        paths = [checkout / top] if (checkout / top).is_file() else sorted((checkout / top).rglob("*"))
        for path in (path for path in paths if path.suffix in {".md", ".py", ".yml", ".j2", ".sh", "", ".txt"}):
            for line in lines(path) if path.is_file() else ():
                names = re.findall(r"(?<![\w./-])reportgen(?:-lmm)?(?=\[|==|['\"`\s]|$)", line)
                assert set(names) <= {"reportgen-lmm"}, (path, line)
                told += len(names)
    assert told >= 3


def test_every_extra_that_is_named_exists(checkout: Path) -> None:
    extras = tomllib.loads((checkout / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    named = {
        name
        for path in [checkout / "README.md", *(checkout / "reportgen").rglob("*.py")]
        for name in re.findall(r"reportgen-lmm\[(\w+)\]", path.read_text("utf-8"))
    }
    assert {"s3", "dask", "duckdb"} <= named <= set(extras)
