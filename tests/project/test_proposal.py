"""``init --data``: reportgen.toml from the columns of a table; what is sure, guessed and missing is told apart."""

from __future__ import annotations

import sqlite3
import sys
from pathlib import Path

import pytest

import reportgen
from reportgen.cli import main
from reportgen.errors import ConfigError, ReadError, UsageError
from reportgen.project.proposal import Proposal, propose


def write(folder: Path, header: str, periods: tuple[str, ...], row: str) -> Path:
    path = folder / "sales.csv"
    lines = [row.format(market, pharmacy, period) for market in "AB" for pharmacy in "PQ" for period in periods]
    path.write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")
    return path


def roles(proposal: Proposal) -> dict[str, tuple[str, str]]:
    return {role.name: (role.column, role.sureness) for role in proposal.roles}


MONTHS = tuple(f"2023-{month:02d}" for month in range(1, 13))
MONDAYS = ("2023-01-02", "2023-01-09", "2023-01-16", "2023-01-23")


def test_usual_headings_are_found_similar_ones_guessed_and_the_rest_said_to_be_missing(tmp_path: Path) -> None:
    data = write(tmp_path, "Markt,Store Code,Month,Net sales (€),weather", MONTHS, "{},{},{},10,1")
    proposal = propose(str(data), tmp_path / "new")
    assert roles(proposal) == {
        "market": ("Markt", "found"),
        "pharmacy": ("Store Code", "found"),
        "month": ("Month", "found"),
        "sales": ("Net sales (€)", "guessed"),
        "promotion": ("", "missing"),
    }
    assert (proposal.rows, proposal.spare) == (48, ("weather",))
    assert proposal.values["report.currency"] == "EUR"
    assert [finding.code for finding in proposal.errors] == ["missing-column"]


def test_weeks_are_noticed(tmp_path: Path) -> None:
    data = write(tmp_path, "market,pharmacy,date,sales,visits", MONDAYS, "{},{},{},10,1")
    proposal = propose(str(data), tmp_path / "new")
    assert (proposal.values["panel.period"], proposal.errors) == ("week", ())
    assert roles(proposal)["promotion"] == ("visits", "guessed")


def test_what_the_caller_decided_stays(tmp_path: Path) -> None:
    data = write(tmp_path, "market,pharmacy,date,sales,price,visits", MONTHS, "{},{},{},10,1,2")
    given = {"panel.promotion": "price", "report.currency": "USD"}
    proposal = propose(str(data), tmp_path, given)
    assert (proposal.values["report.currency"], roles(proposal)["promotion"]) == ("USD", ("price", "found"))
    with pytest.raises(ConfigError, match=r"report\.currency"):
        propose(str(data), tmp_path, {"report.currency": "money"})


def test_the_file_has_the_columns_a_path_from_its_folder_and_the_doubts(tmp_path: Path) -> None:
    data = write(tmp_path, "Markt,Store,Month,Sales value,besuche,price", MONTHS, "{},{},{},10,1,2")
    written = reportgen.init(tmp_path / "sub" / "new", data=data)
    settings = reportgen.load_settings(tmp_path / "sub" / "new")
    assert settings.panel.source == "../../sales.csv"
    assert (settings.panel.market, settings.panel.sales, settings.panel.promotion) == (
        "Markt",
        "Sales value",
        ("besuche",),
    )
    text = next(path for path in written if path.suffix == ".toml").read_text("utf-8")
    assert '# GUESSED from the columns of sales.csv: please check.\npromotion = "besuche"' in text
    assert "# Columns of sales.csv without a role: price.\n# controls = []" in text
    assert not (tmp_path / "sub" / "new" / "data").exists()
    assert reportgen.check(tmp_path / "sub" / "new").exit_code == 0


def test_headings_cannot_break_the_file(tmp_path: Path) -> None:
    data = tmp_path / "odd.csv"
    data.write_text('market,pharmacy,month,sales,"pro""\n[run]\nmotion",extra]\nA,B,2023-01,1,1,1\n', "utf-8")
    reportgen.init(tmp_path / "new", data=data)
    assert reportgen.load_settings(tmp_path / "new").panel.market == "market"


def test_a_table_of_a_database(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "sales.db") as connection:
        connection.execute("CREATE TABLE facts (market TEXT, pharmacy TEXT, month TEXT, sales REAL, promotion REAL)")
        connection.execute("INSERT INTO facts VALUES ('A', 'P', '2023-01', 10, 1)")
    connection.close()
    url = f"sqlite:///{tmp_path}/sales.db"
    proposal = propose(url, tmp_path / "new", {"panel.table": "facts"})
    assert (proposal.values["panel.source"], proposal.values["panel.table"]) == (url, "facts")
    assert {sureness for _, sureness in roles(proposal).values()} == {"found"}


def test_nothing_is_written_where_the_table_cannot_be_read_or_a_project_exists(tmp_path: Path) -> None:
    with pytest.raises(ReadError, match="no such file"):
        reportgen.init(tmp_path / "new", data="no-such-file.csv")
    assert not (tmp_path / "new").exists()
    reportgen.init(tmp_path / "old")
    with pytest.raises(UsageError, match="already has"):
        reportgen.init(tmp_path / "old", data="no-such-file.csv")


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ("market,pharmacy,month,sales,promotion", ["sales.csv: 48 rows.", "Now: reportgen build -C new"]),
        (
            "a,b,month,sales,promotion",
            ["NOT FOUND: write its name to market under [panel]", "name the missing columns"],
        ),
        ("region,store,month,sales,price", ["a guess: please check it", "Without a role: price", "Now: mend the data"]),
    ],
)
def test_the_command_says_what_it_understood_and_what_to_do(
    tmp_path: Path,
    header: str,
    said: list[str],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    write(tmp_path, header, MONTHS, "{},{},{},10,1")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["reportgen", "init", "new", "--data", "sales.csv"])
    with pytest.raises(SystemExit) as caught:
        main()
    out = capsys.readouterr().out
    assert not caught.value.code
    for words in said:
        assert words in out
