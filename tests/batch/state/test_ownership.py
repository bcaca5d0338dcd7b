"""What is not ours is refused before anything is written."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from reportgen.batch.state import files, record, swap
from reportgen.batch.state.ownership import refuse_foreign_output, refuse_foreign_pages
from reportgen.errors import ConfigError
from reportgen.settings.sections import Settings


def project(root: Path, **sections: object) -> Settings:
    (root / "data").mkdir(exist_ok=True)
    (root / "data" / "panel.csv").write_text("market")
    (root / "reportgen.toml").write_text("")
    return Settings.model_validate(sections)


def check(settings: Settings, root: Path) -> None:
    refuse_foreign_output(settings, root, root / settings.run.out)


def snapshot(root: Path) -> list[str]:
    return sorted(path.as_posix() for path in root.rglob("*"))


@pytest.mark.parametrize("out", [".", "data", "..", "out/.."])
def test_an_output_that_holds_the_project_or_its_input(tmp_path: Path, out: str) -> None:
    root = tmp_path / "p"
    root.mkdir()
    settings = project(root, run={"out": out})
    before = snapshot(tmp_path)
    with pytest.raises(ConfigError, match=r"holds (reportgen\.toml|the input)"):
        check(settings, root)
    assert snapshot(tmp_path) == before


def test_an_output_that_holds_the_templates_or_the_logo(tmp_path: Path) -> None:
    (tmp_path / "look").mkdir()
    (tmp_path / "look" / "logo.svg").touch()
    with pytest.raises(ConfigError, match="holds the templates"):
        check(project(tmp_path, run={"out": "look"}, report={"templates": "look"}), tmp_path)
    with pytest.raises(ConfigError, match="holds the logo"):
        check(project(tmp_path, run={"out": "look"}, brand={"name": "X", "logo": "look/logo.svg"}), tmp_path)


def test_a_database_in_the_output(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "x.db").touch()
    with pytest.raises(ConfigError, match="holds the input"):
        check(project(tmp_path, panel={"source": f"sqlite:///{tmp_path}/out/x.db", "table": "t"}), tmp_path)


@pytest.mark.parametrize(
    "make",
    [
        lambda out: (out / "site").mkdir(),
        lambda out: (out / "markets").mkdir(),
        lambda out: (out / "run.json").write_text("{}"),
        lambda out: (out / "site").write_text("a file"),
    ],
)
def test_names_we_replace_that_somebody_else_made(tmp_path: Path, make: Callable[[Path], object]) -> None:
    out = tmp_path / "out"
    out.mkdir()
    make(out)
    with pytest.raises(ConfigError, match="did not write") as caught:
        check(project(tmp_path), tmp_path)
    assert caught.value.exit_code == 3


def test_a_site_put_in_place_of_ours(tmp_path: Path) -> None:
    settings = project(tmp_path)
    swap.work_folder(tmp_path / "out")
    (tmp_path / "out" / "markets").mkdir()
    check(settings, tmp_path)
    (tmp_path / "out" / "site").mkdir()
    (tmp_path / "out" / "site" / "index.html").write_text("mine")
    with pytest.raises(ConfigError, match="folder site that reportgen did not write"):
        check(settings, tmp_path)


def test_our_own_output_also_of_an_earlier_version_and_damaged(tmp_path: Path) -> None:
    settings = project(tmp_path)
    site = tmp_path / "out" / "site"
    site.mkdir(parents=True)
    files.write_new(site / record.NAME, record.seal({"files": {}}))
    check(settings, tmp_path)
    swap.work_folder(tmp_path / "out")
    (site / record.NAME).write_text("{torn")
    check(settings, tmp_path)


def test_other_things_beside_ours_do_not_matter(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "README.md").write_text("mine")
    (out / ".old-site").mkdir()
    check(project(tmp_path), tmp_path)


def test_a_file_as_output(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("")
    with pytest.raises(ConfigError, match="out is a file"):
        check(project(tmp_path), tmp_path)


def pages(settings: Settings, root: Path, folder: Path) -> None:
    refuse_foreign_pages(settings, root, folder, record_name="_reportgen.json")


@pytest.mark.parametrize("folder", ["out", "out/site", "out/markets/x", "out/pages", ".", "data"])
def test_quarto_pages_in_the_output_or_around_the_project(tmp_path: Path, folder: str) -> None:
    (tmp_path / "out").mkdir()
    with pytest.raises(ConfigError, match=r"lies inside the output|did not write"):
        pages(project(tmp_path), tmp_path, tmp_path / folder)


def test_quarto_pages_among_files_of_others(tmp_path: Path) -> None:
    settings = project(tmp_path)
    folder = tmp_path / "web"
    folder.mkdir()
    pages(settings, tmp_path, folder)
    (folder / "_quarto.yml").touch()
    (folder / ".git").mkdir()
    pages(settings, tmp_path, folder)
    (folder / "thesis.qmd").touch()
    pages(settings, tmp_path, folder)
    (folder / "index.qmd").touch()
    with pytest.raises(ConfigError, match=r"index\.qmd"):
        pages(settings, tmp_path, folder)
    (folder / "_quarto.yml").unlink()
    with pytest.raises(ConfigError, match=r"thesis\.qmd"):
        pages(settings, tmp_path, folder)
    (folder / "_reportgen.json").touch()
    pages(settings, tmp_path, folder)
    pages(settings, tmp_path, tmp_path / "out" / "quarto")
