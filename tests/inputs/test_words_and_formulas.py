"""Words where numbers are meant, and formulas that nobody calculated: said, or refused with the cause."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import xlsxwriter

from intake_tables import Way, as_text, guided, panel_rows, read, same
from reportgen.api import check
from reportgen.errors import InputError

ROWS = panel_rows()
YES_NO = [
    ("yes", "no"), ("Oui", "Non"), ("ja", "nein"), ("TRUE", "FALSE"), ("Y", "N"), ("sí", "no"), ("sim", "não"),
    ("हाँ", "नहीं"), ("wahr", "falsch"), ("VRAI", "FAUX"), ("si", "no"), ("1", "0"),
]  # fmt: skip


@pytest.mark.parametrize(("yes", "no"), YES_NO[:-2])
def test_yes_and_no_are_read_and_said(yes: str, no: str, tmp_path: Path, tried: Callable[..., None]) -> None:
    tried(f"promotion {yes} and {no}")
    true = ROWS.assign(promotion=(ROWS["promotion"] > 2).astype(float))
    table = as_text(ROWS, Way())
    table["promotion"] = [yes if value else no for value in true["promotion"]]
    table.to_csv(tmp_path / "table.csv", index=False)
    assert same(read("table.csv", tmp_path, {}), true) == ""
    said = [f.message for f in check(data=tmp_path / "table.csv").findings if f.severity == "warning"]
    assert [w for w in (f'"{yes}" as 1', f'"{no}" as 0') if w not in said[0]] == []
    table["promotion"], table["sales"] = "3", table["promotion"]
    table.to_csv(tmp_path / "table.csv", index=False)
    with pytest.raises(InputError, match="amounts of money"):
        read("table.csv", tmp_path, {})


def strip_results(path: Path) -> None:
    """Leave formulas alone in their cells, as libraries write them that do not calculate."""
    with zipfile.ZipFile(path) as book:
        parts = {name: book.read(name) for name in book.namelist()}
    with zipfile.ZipFile(path, "w") as book:
        for name, content in parts.items():
            book.writestr(name, re.sub(rb' t="str"(><f>.*?</f>)<v>[^<]*</v>', rb"\1", content))


def workbook(folder: Path, write: Callable[[object, int, int, str], object], *, calculated: bool) -> str:
    table = as_text(ROWS, Way())
    with xlsxwriter.Workbook(folder / "table.xlsx") as book:
        sheet = book.add_worksheet("data")
        sheet.write_row(0, 0, list(table.columns))
        for i, row in enumerate(table.itertuples(index=False), start=1):
            for j, cell in enumerate(row):
                value = float(cell) if j > 2 else cell
                if not calculated and write(sheet, i, j, cell) is not None:
                    continue
                sheet.write(i, j, value)
    return "table.xlsx"


@pytest.mark.parametrize("column", range(5))
def test_a_workbook_whose_formulas_nobody_calculated_is_refused(
    column: int, tmp_path: Path, tried: Callable[..., None]
) -> None:
    tried(f"formulas without a result in column {column}")
    table = as_text(ROWS, Way())
    name = str(table.columns[column])

    def by_xlsxwriter(sheet: object, i: int, j: int, cell: str) -> object:
        return sheet.write_formula(i, j, f'=T("{cell}")') if j == column else None  # type: ignore[attr-defined]

    def by_a_library(sheet: object, i: int, j: int, cell: str) -> object:
        return sheet.write_formula(i, j, f'=T("{cell}")', None, "") if j == column else None  # type: ignore[attr-defined]

    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    workbook(tmp_path / "a", by_a_library, calculated=False)
    strip_results(tmp_path / "a" / "table.xlsx")
    workbook(tmp_path / "b", by_xlsxwriter, calculated=False)
    for place in ("a", "b"):
        with pytest.raises(InputError) as caught:
            read("table.xlsx", tmp_path / place, {})
        assert "no-result" in {
            caught.value.code,
            *(w for w in ("no-result",) if "does not calculate" in caught.value.message),
        }
        said = caught.value.message
        assert f"{name} holds formulas without a result" in said
        assert "does not calculate" in said
        if column > 2:
            with pytest.raises(InputError, match=r"does not calculate|nothing is proposed"):
                guided("table.xlsx", tmp_path / place)


def test_formulas_with_results_are_read(tmp_path: Path, tried: Callable[..., None]) -> None:
    tried("formulas with results, zeros among them")
    table = as_text(ROWS, Way())
    with xlsxwriter.Workbook(tmp_path / "table.xlsx") as book:
        sheet = book.add_worksheet("data")
        sheet.write_row(0, 0, [*table.columns, "returns"])
        for i, row in enumerate(table.itertuples(index=False), start=1):
            sheet.write_row(i, 0, row[:3])
            sheet.write_formula(i, 3, f"={row[3]}+0", None, float(row[3]))
            sheet.write_formula(i, 4, f"={row[4]}*1", None, float(row[4]))
            sheet.write_formula(i, 5, "=0*1", None, 0)
    assert same(read("table.xlsx", tmp_path, {}), ROWS) == ""


@pytest.mark.parametrize("text", ["#N/A", "#REF!", "#VALUE!", "#NV", "#BEZUG!"])
@pytest.mark.parametrize("column", ["market", "pharmacy"])
def test_the_error_of_a_formula_is_no_code(column: str, text: str, tmp_path: Path, tried: Callable[..., None]) -> None:
    tried(f"{text} as a {column}")
    table = as_text(ROWS, Way())
    table.loc[table.index[[5, 70]], column] = text
    table.to_csv(tmp_path / "table.csv", index=False)
    with pytest.raises(InputError, match=rf'{column} is an error of a formula in 2 rows \(row 7 "{text}"'):
        read("table.csv", tmp_path, {})


@pytest.mark.parametrize("code", ["0%", "0.00%", "0.0\\ %", "0%;[Red]-0%"])
def test_percentages_of_a_workbook_are_those_of_its_csv(code: str, tmp_path: Path, tried: Callable[..., None]) -> None:
    tried(f"a workbook with {code}")
    table = as_text(ROWS, Way())
    true = ROWS.assign(promotion=(ROWS["promotion"] * 1.125).round(3))
    with xlsxwriter.Workbook(tmp_path / "table.xlsx") as book:
        sheet, style = book.add_worksheet("data"), book.add_format({"num_format": code})
        plain = book.add_format({"num_format": "0.00"})
        sheet.write_row(0, 0, list(table.columns))
        for i, row in enumerate(table.itertuples(index=False), start=1):
            sheet.write_row(i, 0, row[:3])
            sheet.write_number(i, 3, float(row[3]), plain)
            share = float(true["promotion"].iloc[i - 1]) / 100
            if i % 2:
                sheet.write_number(i, 4, share, style)
            else:
                sheet.write_formula(i, 4, f"={share!r}", style, share)
    assert same(read("table.xlsx", tmp_path, {}), true) == ""
    assert "percent" in {f.code for f in check(data=tmp_path / "table.xlsx").findings}
    table.assign(promotion=[f"{value:g}%" for value in ROWS["promotion"]]).to_csv(tmp_path / "table.csv", index=False)
    assert same(read("table.csv", tmp_path, {}), ROWS) == ""
