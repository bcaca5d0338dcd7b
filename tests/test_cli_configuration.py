"""``reportgen config``: what holds, why, and the schema that editors read."""

from __future__ import annotations

import json
import sys
import tomllib
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from reportgen.cli import main
from reportgen.project.start import write_demo, write_project
from reportgen.settings.read import list_settings, load_settings, settings_schema
from reportgen.settings.sections import SCHEMA_FILE
from reportgen.settings.write import settings_text


def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *arguments: str) -> tuple[int, str, str]:
    monkeypatch.setattr(sys, "argv", ["reportgen", *arguments])
    with pytest.raises(SystemExit) as caught:
        main()
    said = capsys.readouterr()
    return int(caught.value.code or 0), said.out, said.err


def checked(text: str) -> list[str]:
    """What the schema has against a settings file."""
    validator = jsonschema.Draft202012Validator(settings_schema())
    return [error.message for error in validator.iter_errors(tomllib.loads(text))]


def test_show_names_what_decided_each_value(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "reportgen.toml").write_text('# mine\n[run]\njobs = 3\nout = "there"\n')
    monkeypatch.setenv("REPORTGEN_REPORT_TITLE", "Sales")
    code, out, _ = run(capsys, monkeypatch, "config", "show", str(tmp_path), "--set", "run.jobs=2")
    rows = {line.split()[0]: " ".join(line.split()[1:]) for line in out.splitlines() if "." in line.split()[0]}
    assert code == 0
    assert rows["run.jobs"] == "2 command line"
    assert rows["run.out"] == '"there" reportgen.toml, line 4'
    assert rows["report.title"] == '"Sales" REPORTGEN_REPORT_TITLE'
    assert rows["model.lags"] == "[1, 2] default"
    _, out, _ = run(capsys, monkeypatch, "config", "show", "-C", str(tmp_path), "--changed", "--json")
    listed = {row["setting"]: (row["value"], row["origin"]) for row in json.loads(out)}
    assert listed == {
        "run.jobs": (3, "file"),
        "run.out": ("there", "file"),
        "report.title": ("Sales", "environment"),
    }


def test_show_without_a_file_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    code, out, err = run(capsys, monkeypatch, "config", "show", str(tmp_path), "--changed")
    assert (code, out) == (0, "Every setting is left at its default.\n")
    assert "There is no reportgen.toml" in err


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("[run]\n\n  jobs=1 # two", ", line 3"),
        ("run.jobs = 1\n", ", line 1"),
        ("run = {jobs = 1}", ""),
        ('[brand]\nname = """\n[run]\njobs = 2\n"""\n[run]\njobs = 1\n', ""),
    ],
)
def test_the_line_is_right_or_not_given(tmp_path: Path, text: str, line: str) -> None:
    path = tmp_path / "reportgen.toml"
    path.write_text(text)
    loaded = load_settings(path)
    assert (loaded.settings.run.jobs, loaded.places["run.jobs"]) == (1, "reportgen.toml" + line)


def test_tables_are_listed_as_tables_and_passwords_not_at_all(tmp_path: Path) -> None:
    given = {"report.locales": {"DE-*": "de_DE"}, "panel.source": "postgresql://me:secret@host/db"}
    rows = {row.setting: row for row in list_settings(load_settings(tmp_path / "none", overrides=given))}
    assert (rows["report.locales"].value, rows["report.locales"].default) == ({"DE-*": "de_DE"}, {})
    assert rows["panel.source"].value == "postgresql://me:***@host/db"
    assert all(row.description for row in rows.values())


def test_the_schema_is_one_and_accepts_what_init_and_demo_write(tmp_path: Path) -> None:
    jsonschema.Draft202012Validator.check_schema(settings_schema())
    for write in (write_project, write_demo):
        folder = tmp_path / write.__name__
        write(folder)
        text = (folder / "reportgen.toml").read_text("utf-8")
        assert checked(text) == []
        first = text.splitlines()[0]
        assert first.startswith("#:schema ./")
        assert json.loads((folder / first.removeprefix("#:schema ./")).read_text("utf-8")) == settings_schema()


def test_the_schema_accepts_every_key_switched_on() -> None:
    text = settings_text({}).replace("\n# margin", "\n## margin")
    lines = [line.removeprefix("# ") if line.startswith("# ") and " = " in line else line for line in text.splitlines()]
    lines = [line for line in lines if line.startswith("[") or (" = " in line and not line.startswith("#"))]
    switched_on = "\n".join(line for line in lines if _is_toml(line))
    assert len(tomllib.loads(switched_on)["run"]) > 4
    assert checked(switched_on) == []


def _is_toml(line: str) -> bool:
    try:
        tomllib.loads(line)
    except tomllib.TOMLDecodeError:
        return False
    return True


@pytest.mark.parametrize(
    "text",
    [
        "[model]\nlag = [1]",
        "[modle]\nlags = [1]",
        "[run]\njobs = -1",
        "[adstock]\ndecay = 1.0",
        '[report]\nformats = ["word"]',
        '[report]\nlocales = ["de"]',
    ],
)
def test_the_schema_refuses_what_the_program_refuses(text: str) -> None:
    assert len(checked(text)) == 1


def test_schema_command_prints_it_with_a_description_for_every_key(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    code, out, _ = run(capsys, monkeypatch, "config", "schema")
    schema: dict[str, Any] = json.loads(out)
    assert (code, schema["title"]) == (0, "reportgen.toml")
    for section in schema["$defs"].values():
        assert section["description"]
        assert all(key["description"] for key in section["properties"].values())


def test_init_names_the_schema_file_that_it_writes(tmp_path: Path) -> None:
    assert tmp_path / SCHEMA_FILE in write_project(tmp_path)[0]
