"""From an analyst's own table to its first report in three commands, without editing it: the transcripts of the docs.

``REPORTGEN_UPDATE_GOLDEN=1`` writes ``docs/first-reports.md`` anew; read it as the analyst.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from intake_tables import Way, as_text, panel_rows, write
from reportgen.cli import main

DOCS = Path(__file__).resolve().parent.parent / "docs" / "first-reports.md"
ROWS = panel_rows(("North", "South"), pharmacies=9, periods=26)
HEAD = """# From your own table to a first report

Ten tables as analysts have them, none of them edited: `init --data` reads the table and writes settings that fit it,
`check` says what is in it and what a build will do, `build` makes the reports. What is a guess is marked as one, here
and in `reportgen.toml`.
"""


def way(**how: str | int) -> Callable[[Path], str]:
    rows = ROWS[ROWS["market"] == "North"] if how.get("layout") == "one market" else ROWS
    return lambda folder: write(rows, Way(**how), folder)[0]  # type: ignore[arg-type]


def csv(table: pd.DataFrame) -> Callable[[Path], str]:
    def make(folder: Path) -> str:
        table.to_csv(folder / "table.csv", index=False)
        return "table.csv"

    return make


def weekly(folder: Path) -> str:
    table = as_text(ROWS, Way()).rename(columns={"month": "week"})
    table["week"] = [f"{2020 + (30 + t) // 53}{(30 + t) % 53 + (30 + t) // 53 + (30 + t < 53):02d}" for t in ROWS["t"]]
    return csv(table)(folder)


def daily(folder: Path) -> str:
    table = as_text(ROWS, Way()).astype({"sales": float, "promotion": float})
    parts = [
        table.assign(sales=(table["sales"] / 2).round(2), promotion=table["promotion"] * (day == 4),
                     date=table["month"] + f"-{day:02d}").drop(columns="month")
        for day in (4, 18)
    ]  # fmt: skip
    return csv(pd.concat(parts).sort_values(["market", "pharmacy", "date"]))(folder)


def brands(folder: Path) -> str:
    second = ROWS.assign(sales=(ROWS["sales"] * 0.6).round(2))
    return csv(pd.concat([as_text(ROWS, Way()).assign(brand="Alpha"), as_text(second, Way()).assign(brand="Beta")]))(
        folder
    )


def sheets(folder: Path) -> str:
    with pd.ExcelWriter(folder / "table.xlsx", engine="xlsxwriter") as book:
        pd.DataFrame({"Monthly sales and visits": ["Prepared for the review"]}).to_excel(book, sheet_name="Cover")
        for market, own in ROWS.groupby("market"):
            table = as_text(own, Way()).drop(columns="market").astype({"sales": float, "promotion": float})
            table.to_excel(book, sheet_name=str(market), index=False)
    return "table.xlsx"


TABLES: dict[str, Callable[[Path], str]] = {
    "Months in columns, one block for sales and one for visits": way(layout="two blocks", dates="named short"),
    "Months in columns under a row of groups": way(layout="two header rows", dates="named short", delimiter=";"),
    "A row for each measure": way(layout="measure rows"),
    "Year and month in two columns, titles above, footnotes below": way(layout="year and month", title=2, foot=2),
    "A German export: semicolons, decimal commas, € signs, codes only on their first row": way(
        layout="written once", numbers="euros", delimiter=";", encoding="cp1252", dates="german day"
    ),
    "Weeks written 202105": weekly,
    "Transactions with their days": daily,
    "No market column": way(layout="one market", dates="M"),
    "Two brands in every pharmacy": brands,
    "A workbook with a cover and a sheet for each market": sheets,
}


def say(folder: Path, typed: str, capsys: pytest.CaptureFixture[str]) -> tuple[str, int]:
    """What is printed, without the places of this machine, and the exit code."""
    sys.argv = ["reportgen", *typed.split()]
    with pytest.raises(SystemExit) as caught:
        main()
    said = capsys.readouterr()
    lines = [line.rstrip() for line in (said.out + said.err).replace(str(folder), "").splitlines()]
    return "\n".join(line for line in lines if not line.startswith("wrote ")), int(caught.value.code or 0)


def begin(name: str, folder: Path) -> list[str]:
    """The three commands."""
    return [f"init mine --data {TABLES[name](folder)}", "check -C mine", "build -C mine"]


def test_the_docs_show_what_is_printed_for_ten_tables(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, update_golden: bool
) -> None:
    monkeypatch.setattr(sys, "argv", sys.argv)
    monkeypatch.setenv("COLUMNS", "110")
    assert len(TABLES) == 10
    parts = [HEAD]
    for number, name in enumerate(TABLES):
        folder = tmp_path / str(number)
        folder.mkdir()
        monkeypatch.chdir(folder)
        source, *_ = folder.iterdir() if (commands := begin(name, folder)) else ()
        parts += [f"\n## {name}\n", *opening(source), "```console"]
        for typed in commands[:2]:
            said, code = say(folder, typed, capsys)
            assert code == 0, said
            parts += [f"$ reportgen {typed}", said]
        parts += [f"$ reportgen {commands[2]}", "```"]
    text = "\n".join(parts) + "\n"
    if update_golden:
        DOCS.parent.mkdir(exist_ok=True)
        DOCS.write_text(text, encoding="utf-8")
    assert text == DOCS.read_text("utf-8")


def opening(source: Path) -> list[str]:
    """The first lines of a table of text, cut to the width of a page."""
    if source.suffix != ".csv":
        return []
    data = source.read_bytes()
    text = data.decode("cp1252" if b"\x80" in data and b";" in data else "utf-8")
    lines = text.splitlines()[:4]
    return ["```text", *(line if len(line) <= 90 else line[:89] + "…" for line in lines), "```", ""]


@pytest.mark.slow
@pytest.mark.parametrize("name", TABLES)
def test_the_third_command_makes_the_reports(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", sys.argv)
    monkeypatch.chdir(tmp_path)
    for typed in (*begin(name, tmp_path)[:2], "build -C mine --set report.formats=html"):
        said, code = say(tmp_path, typed, capsys)
        assert code == 0, said
    reports = list((tmp_path / "mine" / "out" / "markets").glob("*/report.html"))
    assert reports
    assert np.all([path.stat().st_size > 10_000 for path in reports])
