"""`reportgen init --data` on a terminal: what is unsure is asked, and what is answered is written."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import typer

from intake_tables import Way, as_text, panel_rows
from reportgen.cli import main
from reportgen.settings.read import load_settings

ROWS = panel_rows()


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Callable[[dict[str, str]], list[str]]:
    """A terminal whose user answers by the words of a question; returns what was asked."""

    def begin(answers: dict[str, str]) -> list[str]:
        asked: list[str] = []

        def prompt(text: str, default: str = "", **_: object) -> str:
            asked.append(text)
            return next((answer for words, answer in answers.items() if words in text), default)

        def confirm(text: str, **_: object) -> bool:
            asked.append(text)
            return next((answer == "y" for words, answer in answers.items() if words in text), False)

        for stream in (sys.stdin, sys.stderr):
            monkeypatch.setattr(stream, "isatty", lambda: True, raising=False)
        monkeypatch.setattr(typer, "prompt", prompt)
        monkeypatch.setattr(typer, "confirm", confirm)
        return asked

    return begin


def settings_of(folder: Path) -> object:
    return load_settings(folder / "reportgen.toml").settings.panel


def begin(folder: Path) -> int:
    before = sys.argv
    sys.argv = ["reportgen", "init", str(folder / "mine"), "--data", str(folder / "table.csv")]
    try:
        main()
    except SystemExit as end:
        return int(end.code or 0)
    finally:
        sys.argv = before
    return 0


def test_guesses_are_asked_and_kept_or_changed(tmp_path: Path, terminal: Callable[..., list[str]]) -> None:
    table = as_text(ROWS, Way()).set_axis(["geo", "location", "timestamp", "net_sales", "rep_visits"], axis=1)
    table.assign(gross_sales=table["net_sales"]).to_csv(tmp_path / "table.csv", index=False)
    asked = terminal({"sales": "gross_sales"})
    assert begin(tmp_path) == 0
    assert [text for text in asked if "Which column is" in text] == [
        f"Which column is {role}?" for role in ("market", "pharmacy", "month", "sales", "promotion")
    ]
    panel = settings_of(tmp_path / "mine")
    assert (panel.market, panel.sales, panel.promotion) == ("geo", "gross_sales", ("rep_visits",))  # type: ignore[attr-defined]
    assert "GUESSED" not in (tmp_path / "mine" / "reportgen.toml").read_text()


def test_questions_of_the_table_are_asked_one_after_the_other(
    tmp_path: Path, terminal: Callable[..., list[str]]
) -> None:
    table = as_text(ROWS, Way())
    table.loc[::2, "promotion"] = "nil"
    table.loc[[3, 9, 30], "sales"] = "9999999"
    table.loc[ROWS["t"] > 8, "pharmacy"] = table["pharmacy"].str.lower()
    table.to_csv(tmp_path / "table.csv", index=False)
    asked = terminal({"empty_promotion": "zero", "spellings": "join", "panel.missing": "y"})
    assert begin(tmp_path) == 0
    panel = settings_of(tmp_path / "mine")
    assert (panel.empty_promotion, panel.spellings, panel.missing) == ("zero", "join", ("9999999",))  # type: ignore[attr-defined]
    assert len(asked) == 3


def test_nothing_is_asked_twice_and_nothing_need_be_answered(
    tmp_path: Path, terminal: Callable[..., list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    table = as_text(ROWS, Way())
    table.loc[::2, "promotion"] = "nil"
    table.to_csv(tmp_path / "table.csv", index=False)
    asked = terminal({})
    assert begin(tmp_path) == 0
    assert len(asked) == 1
    assert "panel.empty_promotion" in capsys.readouterr().err


def test_nobody_is_asked_where_nobody_could_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    as_text(ROWS, Way()).rename(columns={"market": "geo"}).to_csv(tmp_path / "table.csv", index=False)
    monkeypatch.setattr(typer, "prompt", lambda *_, **__: pytest.fail("asked"))
    assert begin(tmp_path) == 0
