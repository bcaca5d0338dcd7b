"""The wheel is what users get: it must carry the templates and data, and nothing of this machine."""

from __future__ import annotations

import contextlib
import email
import re
import subprocess
import sys
import tomllib
import zipfile
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel unpacked as pip does it, away from the checkout."""
    target = tmp_path_factory.mktemp("site")
    command = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        "--no-index",
        "--target",
        str(target),
        str(wheel),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return target


def test_wheel_carries_the_catalogues_of_words(wheel: Path, checkout: Path) -> None:
    catalogues = {path.relative_to(checkout).as_posix() for path in (checkout / "reportgen/report/locale").glob("*.po")}
    assert catalogues
    assert catalogues <= set(zipfile.ZipFile(wheel).namelist())


def python(code: str, installed: Path) -> str:
    """Run code with the installed wheel in front, outside the checkout."""
    program = f"import sys; sys.path.insert(0, {str(installed)!r})\n{code}"
    done = subprocess.run(
        [sys.executable, "-P", "-c", program], capture_output=True, text=True, check=False, cwd=installed.parent
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_wheel_carries_every_template_and_data_file(wheel: Path, checkout: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    for top in ("templates", "data"):
        for path in (checkout / top).rglob("*"):
            if path.is_file():
                assert f"reportgen/_{top}/{path.relative_to(checkout / top).as_posix()}" in names


def test_wheel_carries_the_package_its_types_and_its_words_only(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    tops = {name.split("/")[0] for name in names}
    assert tops == {"reportgen", next(top for top in tops if top.endswith(".dist-info"))}
    assert "reportgen/py.typed" in names
    assert not [name for name in names if "__pycache__" in name or name.endswith(".pyc")]


def test_installed_wheel_finds_its_templates_and_data(installed: Path) -> None:
    code = "from reportgen.resources import templates_dir, data_dir; print(templates_dir()); print(data_dir())"
    templates, data = python(code, installed).splitlines()
    assert Path(templates) == installed / "reportgen" / "_templates"
    assert Path(data) == installed / "reportgen" / "_data"
    assert (Path(templates) / "html" / "report.html.j2").is_file()
    assert (Path(data) / "demo_panel.csv").is_file()


def test_installed_wheel_starts_and_writes_a_project(installed: Path, tmp_path: Path) -> None:
    code = (
        f"import reportgen.cli, sys\nsys.argv = ['reportgen', 'init', {str(tmp_path / 'new')!r}]\nreportgen.cli.main()"
    )
    assert "reportgen.toml" in python(code, installed)
    assert (tmp_path / "new" / "data" / "panel.csv").is_file()


def closure(wanted: list[str]) -> set[str]:
    """Names of these requirements and of all that they require, on any Python that reportgen runs on."""
    found: set[tuple[str, frozenset[str]]] = set()

    def applies(needed: Requirement, extras: frozenset[str]) -> bool:
        places = [{"python_version": f"3.{minor}", "python_full_version": f"3.{minor}.9"} for minor in range(11, 15)]
        tried = [{"extra": extra} | place for extra in extras for place in places]
        return needed.marker is None or any(needed.marker.evaluate(place) for place in tried)

    def walk(lines: list[str], extras: frozenset[str]) -> None:
        for needed in map(Requirement, lines):
            entry = (canonicalize_name(needed.name), frozenset(needed.extras))
            if applies(needed, extras) and entry not in found:
                found.add(entry)
                with contextlib.suppress(metadata.PackageNotFoundError):  # needed on another Python only
                    walk(metadata.requires(needed.name) or [], entry[1] | {""})

    walk(wanted, frozenset({""}))
    return {name for name, _ in found}


def pins(text: str) -> set[str]:
    return {line.split("==")[0] for line in text.splitlines() if "==" in line}


def test_every_dependency_is_pinned_for_tests(checkout: Path) -> None:
    extras = tomllib.loads((checkout / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    assert closure(extras["dev"]) <= pins((checkout / "constraints.txt").read_text())


def test_what_set_up_installs_side_by_side_is_what_reportgen_needs(checkout: Path) -> None:
    """Set-up takes the first part of the pins as they stand and resolves nothing: they must be complete."""
    told = tomllib.loads((checkout / "pyproject.toml").read_text())
    run, develop = (checkout / "constraints.txt").read_text().split("# To develop")
    build = closure(told["build-system"]["requires"]) | {"pip", "editables"}
    assert pins(run) == closure(told["project"]["dependencies"]) | build
    assert not pins(run) & pins(develop)


def test_the_index_page_tells_who_where_and_for_what(wheel: Path, checkout: Path) -> None:
    with zipfile.ZipFile(wheel) as opened:
        name = next(name for name in opened.namelist() if name.endswith(".dist-info/METADATA"))
        page = email.message_from_bytes(opened.read(name))
    told = tomllib.loads((checkout / "pyproject.toml").read_text())["project"]
    assert (page["Name"], page["Author"], page["Requires-Python"]) == (told["name"], "reportgen contributors", ">=3.11")
    minors = {line.rpartition(" :: ")[2] for line in page.get_all("Classifier") or [] if ":: Python :: 3." in line}
    assert minors == {"3.11", "3.12", "3.13", "3.14"}
    addresses = [line.partition(", ")[2] for line in page.get_all("Project-URL") or []]
    assert not [address for address in addresses if re.search(r"//[^/]*\b(example|localhost|test)\b", address)]
    body = page.get_payload()
    assert isinstance(body, str)
    links = ["".join(found) for found in re.findall(r'\]\(([^)#][^)]*)\)|(?:src|href)="([^"]+)"', body)]
    assert not [link for link in links if not link.startswith("https://")]  # there is nothing beside an index page
    named = re.findall(r"\(`([^`]+\.md)`\)", body)
    assert named
    assert not [name for name in named if not (checkout / name).is_file()]


def test_version_stands_in_one_place(checkout: Path) -> None:
    import reportgen

    assert f"## {reportgen.__version__}" in (checkout / "CHANGELOG.md").read_text()


def test_the_project_s_own_workflows_call_what_is_there(checkout: Path) -> None:
    import yaml

    targets = set(re.findall(r"^([a-z-]+):", (checkout / "Makefile").read_text("utf-8"), re.MULTILINE))
    workflows = sorted((checkout / ".github/workflows").glob("*.yml"))
    assert [path.stem for path in workflows] == ["docs", "release", "test"]
    for path in workflows:
        text = path.read_text("utf-8")
        made = yaml.safe_load(text)
        assert made["permissions"] == {"contents": "read"}
        assert set(re.findall(r"\bmake ([a-z-]+)", text)) <= targets
        assert all((checkout / name).is_file() for name in re.findall(r"(?<![\w/.-])scripts/[\w.]+", text))
        assert not re.search(r"password:|secrets\.", text)
