"""An analyst's own table, read with nothing said but ``init --data``: the clean numbers, or a question that names them.

Every table that once went wrong is here as a small one of the same kind, and some that stand beside it.
"""

from __future__ import annotations

import os
import random
import sqlite3
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from inputs.test_ways_of_writing import READ, draw, named
from intake_tables import Way, as_text, guided, panel_rows, read, same, write
from reportgen.errors import InputError

ROWS, ONE = panel_rows(), panel_rows(("North",))
Make = Callable[[Path], str]


def clean(rows: pd.DataFrame = ROWS) -> pd.DataFrame:
    return as_text(rows, Way())


def save(table: pd.DataFrame, **options: Any) -> Make:
    def make(folder: Path) -> str:
        table.to_csv(folder / "table.csv", index=False, **options)
        return "table.csv"

    return make


def lines(change: Callable[[list[str]], list[str]]) -> Make:
    def make(folder: Path) -> str:
        (folder / "table.csv").write_text("\n".join(change(clean().to_csv(index=False).splitlines())) + "\n")
        return "table.csv"

    return make


def way(**how: Any) -> Make:
    rows = ONE if how.get("layout") == "one market" else ROWS
    return lambda folder: write(rows, Way(**how), folder)[0]


def brands(column: str) -> tuple[Make, pd.DataFrame]:
    """Two brands in each pharmacy and month; the second sells half."""
    second = ROWS.assign(sales=(ROWS["sales"] / 2).round(2))
    table = pd.concat([clean().assign(**{column: "A"}), clean(second).assign(**{column: "B"})])
    true = pd.concat([
        ROWS.assign(market=ROWS["market"] + " · A"), second.assign(market=second["market"] + " · B")
    ])  # fmt: skip
    return save(table), true


def territories() -> tuple[Make, pd.DataFrame]:
    """Pharmacy codes that are unique within a territory only."""
    south = ROWS["market"] == "South"
    code = ROWS["pharmacy"].str[1:]
    table = clean().assign(market="India", territory=np.where(south, "T2", "T1"), pharmacy=code)
    true = ROWS.assign(market="India", pharmacy=np.where(south, "T2 · ", "T1 · ") + code)
    return save(table), true


def days(parts: int) -> Make:
    """Sales and visits of a month in several transactions with their days."""
    table = clean().astype({"sales": float, "promotion": float})
    pieces = []
    for part in range(parts):
        cents = (table["sales"] * 100).round().astype(int)
        share = cents // parts + (cents % parts > part)
        visits = table["promotion"] if part == 0 else 0
        piece = table.assign(sales=share / 100, promotion=visits, date=table["month"] + f"-{3 + 5 * part:02d}")
        pieces.append(piece.drop(columns="month"))
    return save(pd.concat(pieces).sort_values(["market", "pharmacy", "date"]))


def sheets(folder: Path, *, column: bool) -> str:
    with pd.ExcelWriter(folder / "table.xlsx", engine="xlsxwriter") as book:
        pd.DataFrame({"Monthly sales and visits": ["Prepared by the data team"]}).to_excel(
            book, sheet_name="Cover", index=False
        )
        for market, own in ROWS.groupby("market"):
            table = clean(own).astype({"sales": float, "promotion": float})
            (table if column else table.drop(columns="market")).to_excel(book, sheet_name=str(market), index=False)
    return "table.xlsx"


def partitions(name: str) -> Make:
    """A folder by market whose files are not called .parquet."""

    def make(folder: Path) -> str:
        clean().to_parquet(folder / "table", partition_cols=["market"], index=False)
        for i, file in enumerate(sorted((folder / "table").rglob("*.parquet"))):
            if i == 0:
                file.rename(file.with_name(name))
        return "table"

    return make


def far_cell(folder: Path) -> str:
    import xlsxwriter

    with xlsxwriter.Workbook(folder / "table.xlsx") as book:
        sheet = book.add_worksheet("data")
        for i, row in enumerate([list(clean().columns), *clean().to_numpy().tolist()]):
            for j, cell in enumerate(row):
                sheet.write(i, j, float(cell) if i and j > 2 else cell)
        sheet.write_blank(1_048_575, 16_383, None, book.add_format({"bold": True}))
    return "table.xlsx"


def database(folder: Path) -> str:
    with sqlite3.connect(folder / "table.db") as connection:
        clean().to_sql("panel", connection, index=False)
    connection.close()
    return f"sqlite:///{folder / 'table.db'}"


BRANDS, BRANDS_TRUE = brands("brand")
PRODUCTS, PRODUCTS_TRUE = brands("product")
TERRITORIES, TERRITORIES_TRUE = territories()
RIGHT: dict[str, tuple[Make, pd.DataFrame]] = {
    "two brands": (BRANDS, BRANDS_TRUE),
    "two products": (PRODUCTS, PRODUCTS_TRUE),
    "codes within territories": (TERRITORIES, TERRITORIES_TRUE),
    "two transactions a month": (days(2), ROWS),
    "five transactions a month": (days(5), ROWS),
    "footnotes": (way(foot=2), ROWS),
    "title lines": (way(title=2), ROWS),
    "title lines and footnotes": (way(title=3, foot=3, delimiter=";"), ROWS),
    "codes on their first row": (way(layout="written once"), ROWS),
    "codes on their first row of a workbook": (way(layout="written once", kind="xlsx"), ROWS),
    "2021M01": (way(dates="M"), ROWS),
    "01/21": (way(dates="month year short"), ROWS),
    "21-Jan": (way(dates="number and name"), ROWS),
    "no market column": (way(layout="one market"), ONE),
    "thousands as k": (way(numbers="thousands"), ROWS),
    "lakh": (way(numbers="lakh"), ROWS),
    "crore": (way(numbers="crore"), ROWS),
    "months in columns": (way(layout="two blocks", dates="named short"), ROWS),
    "months in columns under two names": (way(layout="two header rows"), ROWS),
    "a measure a row": (way(layout="measure rows"), ROWS),
    "year and month": (way(layout="year and month"), ROWS),
    "a sheet a market with its column": (lambda f: sheets(f, column=True), ROWS),
    "a sheet a market": (lambda f: sheets(f, column=False), ROWS),
    "a partition called .PARQUET": (partitions("part-0.PARQUET"), ROWS),
    "a partition without an ending": (partitions("part-0000"), ROWS),
    "a blank cell at the end of the sheet": (far_cell, ROWS),
    "SQLite": (database, ROWS),
    "JSON": (way(kind="json"), ROWS),
    "headings of marketing": (
        save(clean().set_axis(["geo", "location", "timestamp", "net_sales", "rep_visits"], axis=1)), ROWS,
    ),
    "headings in French": (
        save(clean().set_axis(["Région", "Pharmacie", "Mois", "Chiffre d'affaires", "Visites"], axis=1)), ROWS,
    ),
    "headings in Spanish": (save(clean().set_axis(["Región", "Farmacia", "Mes", "Ventas", "Visitas"], axis=1)), ROWS),
    "headings in Portuguese": (
        save(clean().set_axis(["Região", "Farmácia", "Mês", "Vendas", "Visitas"], axis=1)), ROWS,
    ),
    "headings in German": (save(clean().set_axis(["Gebiet", "Apotheke", "Monat", "Umsatz", "Besuche"], axis=1)), ROWS),
    "headings in Hindi": (save(clean().set_axis(["क्षेत्र", "दुकान", "महीना", "बिक्री", "विज़िट"], axis=1)), ROWS),
    "columns that are none of ours": (
        save(clean().assign(competitor_sales=7, population=90_000, target_sales=1, price=3.5)), ROWS,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", RIGHT)
def test_a_table_is_understood_without_a_word(name: str, tmp_path: Path, tried: Callable[..., None]) -> None:
    tried(f"first table {name}")
    make, true = RIGHT[name]
    found, settings = guided(make(tmp_path), tmp_path)
    assert same(found, true, one_market=settings.get("panel.market") == "") == ""


def changed(column: str, rows: slice, change: Callable[[str], str]) -> Make:
    table = clean()
    table.loc[table.index[rows], column] = table.loc[table.index[rows], column].map(change)
    return save(table)


def quoted(first: int, second: int) -> Callable[[list[str]], list[str]]:
    """A quotation mark opens in one line, another one stands in a later line."""

    def change(text: list[str]) -> list[str]:
        text[first] = text[first].replace(",", ',"', 1)
        if second:
            parts = text[second].split(",")
            text[second] = ",".join([parts[0], parts[1] + '"', *parts[2:]])
        return text

    return change


def note(folder: Path) -> str:
    """A column of notes in which a quotation mark never closes."""
    text = clean().assign(note="ok").to_csv(index=False).splitlines()
    text[11] = text[11].removesuffix("ok") + '"as agreed'
    (folder / "table.csv").write_text("\n".join(text) + "\n")
    return "table.csv"


def dots(only: slice) -> Make:
    return changed("sales", only, lambda v: f"{round(float(v)):,}".replace(",", "."))


def dotted_below_thousand(folder: Path) -> str:
    table = clean()
    table["sales"] = [f"{round(float(v) / 25):,}".replace(",", ".") for v in table["sales"]]
    return save(table, sep=";")(folder)


def summed(name: str, *, last: bool) -> Make:
    table = clean().astype({"sales": float, "promotion": float})
    sums = table.groupby(["market", "month"], sort=False)[["sales", "promotion"]].sum().reset_index()
    both = [table, sums.assign(pharmacy=name)]
    return save(pd.concat(both if last else both[::-1])[list(table.columns)])


def error_cells(folder: Path) -> str:
    import xlsxwriter

    with xlsxwriter.Workbook(folder / "table.xlsx") as book:
        sheet = book.add_worksheet("data")
        for i, row in enumerate([list(clean().columns), *clean().to_numpy().tolist()]):
            for j, cell in enumerate(row):
                sheet.write(i, j, float(cell) if i and j > 2 else cell)
        for row, text in ((10, "#DIV/0!"), (20, "#N/A"), (30, "#REF!")):
            sheet.write_formula(row, 3, "=1/0", None, text)
    return "table.xlsx"


def one_text(folder: Path) -> str:
    table = clean().astype({"sales": float, "promotion": float}).astype({"sales": object})
    table.loc[60, "sales"] = "41.200"
    table.to_excel(folder / "table.xlsx", index=False, engine="xlsxwriter")
    return "table.xlsx"


def two_partitions(folder: Path) -> str:
    """Whole thousands with commas in all markets; halves with a comma in the promotion of one."""
    table = clean()
    table["sales"] = [f"{round(float(v)):,}" for v in table["sales"]]
    south = table["market"] == "South"
    table.loc[south, "promotion"] = table.loc[south, "promotion"] + ",5"
    table.to_parquet(folder / "table.parquet", index=False)
    table.to_parquet(folder / "table", partition_cols=["market"], index=False)
    return "table"


ASKED: dict[str, tuple[Make, str, tuple[str, ...]]] = {
    "dots as thousands": (dots(slice(None)), "ambiguous-number", ("sales", "row 2", "panel.decimal")),
    "dots as thousands beside numbers below 1,000": (
        dotted_below_thousand, "ambiguous-number", ("sales", "row", "panel.decimal")),
    "dots in one market": (dots(slice(56, None)), "ambiguous-number", ("sales", "row 58", "panel.decimal")),
    "a text with a dot among numbers": (one_text, "ambiguous-number", ("sales", "row 62", "panel.decimal")),
    "commas that one market makes decimals": (two_partitions, "ambiguous-number", ("sales", "panel.decimal")),
    "rupees and dollars": (
        changed("sales", slice(None), lambda v: ("₹" if float(v) < 45_000 else "$") + v), "other-currency",
        ("sales", "row", "report.currency")),
    "nil and a dash": (
        changed("promotion", slice(None, None, 2), lambda _: "nil"), "empty-promotion",
        ("promotion", "row 2", "panel.empty_promotion")),
    "a pharmacy that is the total": (summed("Total", last=True), "sum-of-others", ("Total", "panel.leave_out")),
    "a subtotal above its rows": (summed("Subtotal", last=False), "sum-of-others", ("Subtotal", "panel.leave_out")),
    "a word that no list knows": (summed("Σ", last=True), "sum-of-others", ("Σ", "panel.leave_out")),
    "20,000 minus signs": (changed("sales", slice(5, 6), lambda _: "-" * 20_000), "bad-number", ("sales", "row 7")),
    "a stray quotation mark": (lines(quoted(10, 20)), "broken-quote", ("line 11",)),
    "a quotation mark that never closes": (note, "broken-quote", ("line 12",)),
    "error cells": (error_cells, "error-cell", ("sales", "row 11", "#DIV/0!")),
}  # fmt: skip


@pytest.mark.parametrize("name", ASKED)
def test_what_cannot_be_known_is_asked_with_its_place_and_the_answer(
    name: str, tmp_path: Path, tried: Callable[..., None]
) -> None:
    tried(f"first table {name}")
    make, code, words = ASKED[name]
    source = make(tmp_path)
    with pytest.raises(InputError) as caught:
        guided(source, tmp_path)
    assert caught.value.code == code
    assert [word for word in (source, *words) if word not in caught.value.message] == []


@pytest.mark.parametrize("decimal", [",", ".", ""])
def test_a_table_gives_the_same_numbers_whole_and_by_markets(
    decimal: str, tmp_path: Path, tried: Callable[..., None]
) -> None:
    tried(f"first table whole and by markets, panel.decimal {decimal!r}")
    folder, found = two_partitions(tmp_path), []
    for source in ("table.parquet", folder):
        try:
            markets = read(source, tmp_path, {"panel.decimal": decimal})
        except InputError as error:
            found.append(error.code)
        else:
            found.append([markets[name].sales.tolist() for name in sorted(markets)])
    assert found[0] == found[1]


def weeks(write_week: Callable[[int], str], heading: str) -> Make:
    table = clean()
    table["month"] = [write_week(t) for t in ROWS["t"]]
    return save(table.rename(columns={"month": heading}))


@pytest.mark.parametrize(
    ("heading", "written"),
    [
        ("week", lambda t: f"2020{40 + t}" if t < 14 else f"2021{t - 13:02d}"),
        ("week", lambda t: f"2020-W{40 + t}"),
        ("week", lambda t: f"W{40 + t} 2020"),
        ("date", lambda t: str(np.datetime64("2020-09-28") + 7 * t)),
    ],
)
def test_weeks_are_weeks_by_their_values(
    heading: str, written: Callable[[int], str], tmp_path: Path, tried: Callable[..., None]
) -> None:
    tried(f"first table weeks as {written(0)}")
    found, settings = guided(weeks(written, heading)(tmp_path), tmp_path)
    assert settings["panel.period"] == "week"
    assert found["North"].n_periods == 14
    true = ROWS[ROWS["market"] == "North"].pivot(index="pharmacy", columns="t", values="sales").to_numpy()
    np.testing.assert_allclose(found["North"].sales, true)


@pytest.mark.parametrize("form", ["{y}Q{q}", "{y}-Q{q}", "Q{q} {y}", "Q{q}/{y}"])
def test_quarters_are_a_period(form: str, tmp_path: Path, tried: Callable[..., None]) -> None:
    tried(f"first table quarters as {form}")
    table = clean()
    table["month"] = [form.format(y=2020 + t // 4, q=t % 4 + 1) for t in ROWS["t"]]
    found, settings = guided(save(table)(tmp_path), tmp_path)
    assert settings["panel.period"] == "quarter"
    assert found["South"].n_periods == 14
    true = ROWS[ROWS["market"] == "South"].pivot(index="pharmacy", columns="t", values="sales").to_numpy()
    np.testing.assert_allclose(found["South"].sales, true)


def test_no_role_is_guessed_from_the_beginning_of_a_word(tmp_path: Path, tried: Callable[..., None]) -> None:
    tried("first table population and competitors' sales")
    from reportgen.project.proposal import propose

    table = pd.DataFrame(
        {
            "geo": np.repeat([f"G{i:02d}" for i in range(10)], 30),
            "time": np.tile([str(np.datetime64("2023-01-02") + 7 * t) for t in range(30)], 10),
            "competitor_sales": np.linspace(-2, 2, 300).round(3),
            "conversions": np.arange(300) + 1000,
            "population": 900_000,
        }
    )
    save(table)(tmp_path)
    found = {role.name: role.column for role in propose(str(tmp_path / "table.csv"), tmp_path / "p").roles}
    assert found == {"market": "(one market)", "pharmacy": "geo", "month": "time", "sales": "", "promotion": ""}


def test_nothing_is_written_to_a_source(tmp_path: Path, tried: Callable[..., None]) -> None:
    tried("first table a query that deletes")
    source = database(tmp_path)
    for query in ("with a as (select 1) delete from panel returning *", "delete from panel", "drop table panel"):
        with pytest.raises(InputError):
            read(source, tmp_path, {"panel.query": query, "panel.table": ""})
    assert same(guided(source, tmp_path)[0], ROWS) == ""


def run(count: int, seed: int, folder: Path) -> Counter[str]:
    """Ways of writing drawn at random, read with nothing said."""
    rng = random.Random(seed)
    found: Counter[str] = Counter()
    wrong = []
    for i, how in enumerate(
        [*READ, *(draw(rng) for _ in range(count))] if count > 100 else [draw(rng) for _ in range(count)]
    ):
        place = folder / str(i)
        place.mkdir()
        rows = panel_rows(("North",) if how.layout == "one market" else ("North", "South"), seed=i)
        try:
            markets, _ = guided(write(rows, how, place)[0], place)
        except InputError:
            found["asked"] += 1
            continue
        difference = same(markets, rows, one_market=how.layout == "one market")
        found["wrong" if difference else "right"] += 1
        wrong += [f"{named(how)}: {difference}"] * bool(difference)
    assert not wrong, "\n".join(wrong[:5])
    return found


def test_no_proposal_is_wrong(tmp_path: Path, tried: Callable[..., None]) -> None:
    tried()
    found = run(int(os.environ.get("EXAMPLES", "30")), 21, tmp_path)
    assert found["right"] > 0.9 * sum(found.values())


@pytest.mark.slow
def test_two_thousand_tables_are_understood_or_asked_about(tmp_path: Path, tried: Callable[..., None]) -> None:
    tried()
    found = run(int(os.environ.get("EXAMPLES", "2000")), 22, tmp_path)
    assert found["right"] > 0.9 * sum(found.values())
