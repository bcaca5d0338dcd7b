"""The slips of a first hour: what somebody gets wrong, and every word the program answers, as a golden transcript.

``REPORTGEN_UPDATE_GOLDEN=1`` writes the transcript anew; read it as the person who slipped.
"""

from __future__ import annotations

import difflib
import shutil
import sys
from pathlib import Path

import pytest

from reportgen.cli import main

GOLDEN = Path(__file__).parent / "golden" / "first_hour.txt"


def toml(text: str) -> dict[str, str]:
    return {"reportgen.toml": text}


SLIPS: dict[str, tuple[str, dict[str, str]]] = {
    "a command misspelled": ("bild", {}),
    "an option misspelled": ("build --jobz 2", {}),
    "a word for a number": ("build -j two", {}),
    "a project that is not there": ("build -C nowhere", {}),
    "a table for a project": ("check -C data/panel.csv", {}),
    "no table yet": ("build -C empty", {}),
    "a table misspelled": ("build sale.csv", {}),
    "a folder for a table": ("build notes", {}),
    "a page for a table": ("init new --data sales.html", {}),
    "Feather": ("check sales.feather", {}),
    "headings of one's own": ("build headings.csv", {}),
    "a file for the output": ("build --out sales.csv", {}),
    "a format that does not exist": ("build --formats html,docx", {}),
    "a market that is not there": ("build --select C", {}),
    "--set without its section": ("build --set lags=1", {}),
    "a setting misspelled": ("build", toml("[model]\nlag = [1]\n")),
    "text without quotes": ("build", toml("[report]\ntitle = Our report\n")),
    "five values that do not fit, all told at once": (
        "build",
        toml(
            "[report]\ncurrency = 'Rs'\nlocale = 'de-DE'\n[brand]\naccent = 'blue'\nlogo = 'logo.png'\n"
            "[adstock]\ndecay = 1.5\n"
        ),
    ),
    "rendering before building": ("render", {}),
    "a project begun twice": ("init begun", {}),
    "a table in the way of the sample data": ("init started", {}),
    "a language nobody has translated": ("build --dry-run --set report.locale=fr_FR", {}),
    "a preview of nothing": ("preview nowhere", {}),
    "a template that is not there": ("templates eject summary.html", {}),
    "help as a word": ("help", {}),
    "one dash for two": ("build -formats html", {}),
    "a name with a space": ("build my sales.csv", {}),
    "two tables": ("check sales.csv headings.csv", {}),
    "minutes in words": ("build --timeout 5min", {}),
    "memory with its unit": ("build --memory 2GB", {}),
    "an option without its value": ("build --select", {}),
    "a web address for a table": ("check https://example.org/sales.csv", {}),
    "a database without its table": ("check sqlite:///sales.db", {}),
    "the settings for a table": ("check reportgen.toml", toml("[run]\n")),
    "a table for a new project": ("init sales.csv", {}),
    "a table for the demo": ("demo sales.csv", {}),
    "the word of a spreadsheet for a setting": ("check --set panel.sheet=Notes", {}),
    "a section misspelled": ("build --set modle.lags=1", {}),
    "percent for a share": ("build --set report.confidence=95", {}),
    "a language by its name": ("build --set report.locale=English", {}),
    "an empty file": ("check empty.csv", {}),
    "column names and nothing else": ("check header.csv", {}),
    "a part that cannot be": ("build --shard 3/2", {}),
    "mail from nobody": ("mail", {}),
}
"""What went wrong → what was typed, and files that were there."""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    lines = ["market,pharmacy,month,sales,promotion"]
    for market, least in (("A", 1000), ("B", 1009)):
        lines += [
            f"{market},{market}{p},2023-{m:02d},{least + 100 * p + 37 * ((7 * m + 3 * p) % 11)},{(m * p + m) % 4}"
            for p in range(3)
            for m in range(1, 13)
        ]
    table = "\n".join(lines) + "\n"
    for name in ("data", "empty", "notes", "begun", "started/data"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "data" / "panel.csv").write_text(table)
    (tmp_path / "started" / "data" / "panel.csv").write_text(table)
    (tmp_path / "sales.csv").write_text(table)
    (tmp_path / "headings.csv").write_text(table.replace("pharmacy,month", "Chemist,Period", 1))
    (tmp_path / "notes" / "read me.txt").write_text("x")
    (tmp_path / "empty.csv").write_text("")
    (tmp_path / "header.csv").write_text("market,pharmacy,month,sales,promotion\n")
    (tmp_path / "sales.html").write_text("<table></table>")
    (tmp_path / "sales.feather").write_bytes(b"ARROW1\0\0")
    (tmp_path / "begun" / "reportgen.toml").write_text("")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    return tmp_path


def answer(folder: Path, typed: str, files: dict[str, str], capsys: pytest.CaptureFixture[str]) -> str:
    """What is printed and the exit code, as a person sees them."""
    for name, text in files.items():
        (folder / name).write_text(text)
    sys.argv = ["reportgen", *typed.split()]
    with pytest.raises(SystemExit) as caught:
        main()
    said = capsys.readouterr()
    shown = "".join(f"$ cat {name}\n{text}" for name, text in files.items())
    answered = (said.out + said.err).replace(str(folder), "/home/me")
    lines = [line.rstrip() for line in answered.splitlines()]
    return shown + f"$ reportgen {typed}\n" + "\n".join(lines) + f"\n[{caught.value.code}]\n"


def transcript(folder: Path, capsys: pytest.CaptureFixture[str]) -> str:
    """All slips, each in the same fresh folder."""
    fresh = folder.with_name("fresh")
    shutil.copytree(folder, fresh)
    parts = []
    for slip, (typed, files) in SLIPS.items():
        for path in folder.iterdir():
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        shutil.copytree(fresh, folder, dirs_exist_ok=True)
        parts.append(f"## {slip}\n{answer(folder, typed, files, capsys)}")
    return "\n".join(parts)


def test_every_slip_of_a_first_hour_is_answered_with_its_cause(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, update_golden: bool
) -> None:
    monkeypatch.setattr(sys, "argv", sys.argv)
    assert len(SLIPS) >= 40
    said = transcript(folder, capsys)
    assert "Traceback" not in said
    assert "unexpected" not in said
    if update_golden:
        GOLDEN.write_text(said, encoding="utf-8")
    expected = GOLDEN.read_text("utf-8")
    difference = "\n".join(difflib.unified_diff(expected.splitlines(), said.splitlines(), "golden", "now", lineterm=""))
    assert said == expected, difference


def test_a_table_that_is_there_is_never_written_over(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = (folder / "started" / "data" / "panel.csv").read_bytes()
    said = answer(folder, "init started", {}, capsys)
    assert (folder / "started" / "data" / "panel.csv").read_bytes() == before
    assert "started/data/panel.csv is there already and stays as it is." in said
