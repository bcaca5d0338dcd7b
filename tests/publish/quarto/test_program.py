"""The program quarto, played by scripts: missing, old, hanging, loud, failing; and what its messages mean."""

from __future__ import annotations

import os
import stat
import time
from pathlib import Path

import pytest

from reportgen.errors import EnvironmentMissing
from reportgen.publish.quarto import program as quarto_program
from reportgen.publish.quarto.program import (
    Quarto,
    complaints,
    find_quarto,
    render_project,
    run_program,
)
from reportgen.publish.quarto.record import Written, read_written

PAGES = tuple(f"markets/m{i}/{name}.qmd" for i in range(4) for name in ("index", "brief"))


def program(folder: Path, body: str, version: str = "1.5.57") -> Path:
    """A script called quarto that says its version and otherwise runs ``body`` (sh)."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "quarto"
    path.write_text(f'#!/bin/sh\nif [ "$1" = --version ]; then echo {version}; exit 0; fi\nshift\n{body}\n', "utf-8")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


RENDERS = """
echo "$@" >> calls
[ $# = 0 ] && set -- $(cat pages) --no-clean
for page in "$@"; do
  case "$page" in --*) continue;; esac
  case " $BAD " in *" $page "*)
    echo "[1/8] $page"
    echo "ERROR: In file $page (line 3, columns 1--4) Field \\"format\\" has value nonsense" >&2
    exit 1;;
  esac
  out=_site/${page%.qmd}.html
  mkdir -p "$(dirname "$out")"
  echo made > "$out"
done
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "site"
    folder.mkdir()
    written = Written(formats=("html",))
    for i in range(4):
        own = {page: f"hash of {page}" for page in PAGES if f"/m{i}/" in page}
        written.markets[f"m{i}"] = {"market": f"M{i}", "stamp": "s", "files": own}
    written.site = {"stamp": "s", "files": {"index.qmd": "i", "theme/light.scss": "t"}}
    written.save(folder)
    (folder / "pages").write_text(" ".join([*PAGES, "index.qmd"]), "utf-8")
    return folder


def calls(project: Path) -> list[str]:
    return (project / "calls").read_text("utf-8").splitlines()


def test_program_is_found_by_absolute_path_with_its_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = program(tmp_path / "bin", "exit 0")
    monkeypatch.setenv("PATH", f"{path.parent}:{os.environ['PATH']}")
    assert find_quarto() == Quarto(path=path, version="1.5.57")


@pytest.mark.parametrize(("version", "code"), [("1.3.450", "quarto-old"), ("", "quarto-broken"), ("0.9", "quarto-old")])
def test_old_or_broken_program_is_refused_with_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str, code: str
) -> None:
    path = program(tmp_path / "bin", "exit 0", version)
    monkeypatch.setenv("PATH", f"{path.parent}:{os.environ['PATH']}")
    with pytest.raises(EnvironmentMissing, match=r"quarto\.org") as caught:
        find_quarto()
    assert caught.value.code == code
    assert caught.value.exit_code == 7


@pytest.mark.parametrize("where", [".", "", "here"])
def test_program_of_the_current_folder_is_never_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    program(tmp_path, "touch ran")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", f"{tmp_path if where == 'here' else where}:/usr/bin:/bin")
    with pytest.raises(EnvironmentMissing, match="not on PATH"):
        find_quarto()
    assert not (tmp_path / "ran").exists()


def test_first_render_is_one_run_and_the_second_none(project: Path, tmp_path: Path) -> None:
    quarto = Quarto(path=program(tmp_path / "bin", RENDERS), version="1.5")
    first = render_project(project, quarto)
    assert (len(first.done), first.up_to_date, first.failed) == (9, 0, ())
    assert calls(project) == [""]
    second = render_project(project, quarto)
    assert (second.done, second.up_to_date) == ((), 9)
    assert len(calls(project)) == 1
    assert len(render_project(project, quarto, force=True).done) == 9


def test_only_changed_and_missing_pages_are_rendered(project: Path, tmp_path: Path) -> None:
    quarto = Quarto(path=program(tmp_path / "bin", RENDERS), version="1.5")
    render_project(project, quarto)
    written = read_written(project)
    written.markets["m1"]["files"]["markets/m1/brief.qmd"] = "another hash"
    written.save(project)
    (project / "_site" / "index.html").unlink()
    again = render_project(project, quarto)
    assert set(again.done) == {"markets/m1/brief.qmd", "index.qmd"}
    assert calls(project)[-1] == "index.qmd markets/m1/brief.qmd --no-clean"


def test_pages_are_followed_by_an_option(project: Path, tmp_path: Path) -> None:
    """Quarto hands further pages to pandoc, which reads them into the first one, unless an option follows them."""
    quarto = Quarto(path=program(tmp_path / "bin", RENDERS), version="1.5")
    render_project(project, quarto)
    (project / "_site" / "index.html").unlink()
    render_project(project, quarto)
    assert calls(project)[-1].split()[-1].startswith("--")


def test_changed_theme_renders_every_page(project: Path, tmp_path: Path) -> None:
    quarto = Quarto(path=program(tmp_path / "bin", RENDERS), version="1.5")
    render_project(project, quarto)
    written = read_written(project)
    written.site["files"]["theme/light.scss"] = "other"
    written.save(project)
    assert len(render_project(project, quarto).done) == 9


def test_bad_pages_cost_themselves_only(project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    quarto = Quarto(path=program(tmp_path / "bin", RENDERS), version="1.5")
    bad = ("markets/m1/index.qmd", "markets/m3/brief.qmd")
    monkeypatch.setenv("BAD", " ".join(bad))
    made = render_project(project, quarto)
    assert made.exit_code == 1
    assert {failure.page for failure in made.failed} == set(bad)
    assert made.failed[0].message == (
        "markets/m1/index.qmd, line 3: In file markets/m1/index.qmd (line 3, columns 1--4) "
        'Field "format" has value nonsense'
    )
    assert len(made.done) == 7
    assert len(calls(project)) <= 10
    monkeypatch.setenv("BAD", "")
    mended = render_project(project, quarto)
    assert set(mended.done) == set(bad)
    assert mended.exit_code == 0


def test_silent_failure_is_narrowed_down_by_halves(project: Path, tmp_path: Path) -> None:
    body = 'echo "$@" >> calls\n[ $# = 0 ] && exit 3\ncase " $* " in *m2/index*) exit 3;; esac\n'
    made = render_project(project, Quarto(path=program(tmp_path / "bin", body), version="1.5"))
    assert [failure.page for failure in made.failed] == ["markets/m2/index.qmd"]
    assert made.failed[0].message == "markets/m2/index.qmd: Quarto ended with status 3."


def test_hanging_program_is_ended_with_its_children(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quarto_program, "START_SECONDS", 0.2)
    written = read_written(project)
    written.markets = {"m0": written.markets["m0"]}
    written.site = {"stamp": "", "files": {}}
    written.save(project)
    body = "sleep 300 & echo $! >> children; wait"
    start = time.monotonic()
    made = render_project(project, Quarto(path=program(tmp_path / "bin", body), version="1.5"), page_seconds=0.2)
    assert time.monotonic() - start < 10
    assert {failure.code for failure in made.failed} == {"quarto-timeout"}
    for child in (project / "children").read_text("utf-8").split():
        state = Path(f"/proc/{child}/stat")
        assert not state.exists() or state.read_text("utf-8").rpartition(")")[2].split()[0] == "Z"


def test_loud_program_takes_no_memory_and_its_last_words_are_kept(tmp_path: Path) -> None:
    import psutil

    path = program(tmp_path / "bin", "head -c 100000000 /dev/zero | tr '\\0' x; echo; echo ERROR: the end >&2; exit 1")
    before = psutil.Process().memory_info().rss
    ended = run_program([str(path), "render"], tmp_path, 60.0)
    assert ended.code == 1
    assert len(ended.output) < 1_000_000
    assert "ERROR: the end" in ended.output
    assert psutil.Process().memory_info().rss - before < 50_000_000


def test_program_that_cannot_start_is_a_failure(tmp_path: Path) -> None:
    ended = run_program([str(tmp_path / "nothing")], tmp_path, 5.0)
    assert ended.code == 1
    assert "No such file" in ended.output


SAID = [
    (
        ("[3/9] markets/m1/index.qmd\nERROR: In file markets/m1/index.qmd\n"
        "(line 7, columns 3--9) Field \"lang\" is odd\n"),
        "markets/m1/index.qmd", 7, 'In file markets/m1/index.qmd (line 7, columns 3--9) Field "lang" is odd',
    ),
    (
        'Error parsing YAML metadata at "/tmp/x/markets/m2/brief.qmd" (line 2, column 1):\nYAML parse exception\n',
        "markets/m2/brief.qmd", 2, None,
    ),
    (
        ("[5/9] markets/m3/index.qmd\n\x1b[31mERROR: "
            "YAMLError: bad indentation of a mapping entry at line 4, column 2\x1b[0m\n"
        "\n"
        "Stack trace:\n    at foo (file:///x.js:1:2)\n"),
        "markets/m3/index.qmd", 4, "YAMLError: bad indentation of a mapping entry at line 4, column 2",
    ),
    (
        "[2/9] markets/m0/brief.qmd\nerror: failed to decode SVG\n  ┌─ brief.typ:41:12\n",
        "markets/m0/brief.qmd", 41, None,
    ),
    ("ERROR: Unable to locate a version of Python 3\n", "", 0, "Unable to locate a version of Python 3"),
]  # fmt: skip


@pytest.mark.parametrize(("output", "file", "line", "text"), SAID)
def test_messages_name_page_and_line(output: str, file: str, line: int, text: str | None) -> None:
    found = complaints(output, PAGES)
    assert found
    assert (found[0].line if found[0].file else 0) == line
    assert found[0].file == file
    assert text is None or found[0].text == text
    assert "Stack trace" not in found[0].text
    assert "\x1b" not in str(found[0])


def test_quiet_output_has_no_complaint() -> None:
    assert complaints("[1/2] index.qmd\nOutput created: _site/index.html\n", PAGES) == ()


def test_doctor_says_path_and_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from reportgen.project import doctor

    path = program(tmp_path / "bin", "exit 0")
    monkeypatch.setenv("PATH", f"{path.parent}:/usr/bin:/bin")
    probe = doctor._quarto()
    assert (probe.state, probe.found) == ("ok", f"1.5.57, {path}")
    program(tmp_path / "bin", "exit 0", "1.2")
    assert doctor._quarto().state == "warning"
    assert "at least 1.4" in doctor._quarto().found


def test_doctor_warns_of_the_converter_that_loses_charts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from reportgen.project import doctor

    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    assert doctor._rsvg_convert().state == "ok"
    program(tmp_path / "bin", "exit 0").rename(tmp_path / "bin" / "rsvg-convert")
    probe = doctor._rsvg_convert()
    assert probe.state == "warning"
    assert "WeasyPrint" in probe.advice
