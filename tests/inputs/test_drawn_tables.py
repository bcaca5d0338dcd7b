"""Tables as database clients, Markdown and printers draw them: the clean numbers, or the cause in words."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from intake_tables import Way, as_text, guided, month_of, panel_rows, read, same
from reportgen.errors import InputError

ROWS = panel_rows()
Cells = list[list[str]]


def cells_of(**way: str) -> Cells:
    table = as_text(ROWS, Way(**way))
    return [list(table.columns), *table.to_numpy().tolist()]


def padded(cells: Cells, between: str, left: str = "", right: str = "") -> list[str]:
    widths = [max(len(row[j]) for row in cells) for j in range(len(cells[0]))]
    return [
        left
        + between.join(
            c.rjust(w) if i and j > 2 else c.ljust(w) for j, (c, w) in enumerate(zip(row, widths, strict=True))
        )
        + right
        for i, row in enumerate(cells)
    ]


def dashes(cells: Cells, cross: str, dash: str = "-", more: int = 0, left: str = "", right: str = "") -> str:
    widths = [max(len(row[j]) for row in cells) + more for j in range(len(cells[0]))]
    return left + cross.join(dash * width for width in widths) + right


def psql(cells: Cells) -> list[str]:
    head, *body = padded(cells, " | ", " ")
    return [head, dashes(cells, "+", more=2), *body, f"({len(body)} rows)", ""]


def mysql(cells: Cells) -> list[str]:
    head, *body = padded(cells, " | ", "| ", " |")
    rule = dashes(cells, "+", more=2, left="+", right="+")
    return [rule, head, rule, *body, rule, f"{len(body)} rows in set (0.01 sec)"]


def boxes(cells: Cells) -> list[str]:
    head, *body = padded(cells, " │ ", "│ ", " │")
    return [
        dashes(cells, "┬", "─", 2, "┌", "┐"), head, dashes(cells, "┼", "─", 2, "├", "┤"), *body,
        dashes(cells, "┴", "─", 2, "└", "┘"),
    ]  # fmt: skip


def markdown(cells: Cells) -> list[str]:
    head, *body = padded(cells, " | ", "| ", " |")
    return ["# Sales and visits", "", head, "|---|:---|---|---:|---:|", *body]


def markdown_bare(cells: Cells) -> list[str]:
    return [" | ".join(cells[0]), "--- | --- | --- | ---: | ---:", *(" | ".join(row) for row in cells[1:])]


def grid(cells: Cells) -> list[str]:
    rule = dashes(cells, "+", more=2, left="+", right="+")
    head, *body = padded(cells, " | ", "| ", " |")
    made = [rule, head, rule.replace("-", "=")]
    for line in body:
        made += [line, rule]
    return made


def sqlcmd(cells: Cells) -> list[str]:
    head, *body = padded(cells, " ")
    return [head, dashes(cells, " "), *body, "", f"({len(body)} rows affected)"]


def sqlplus(cells: Cells) -> list[str]:
    head, *body = padded(cells, " ")
    made = ["SQL> select * from panel;", ""]
    for i in range(0, len(body), 50):
        made += [head, dashes(cells, " "), *body[i : i + 50], ""]
    return [*made, f"{len(body)} rows selected."]


def sqlcmd_commas(cells: Cells) -> list[str]:
    head, *body = padded(cells, ",")
    return [head, dashes(cells, ","), *body, "", f"({len(body)} rows affected)"]


def simple(cells: Cells) -> list[str]:
    head, *body = padded(cells, "  ")
    rule = dashes(cells, "  ", "=")
    return [rule, head, rule, *body, rule]


READ = {
    f.__name__: f for f in (psql, mysql, boxes, markdown, markdown_bare, grid, sqlcmd, sqlplus, sqlcmd_commas, simple)
}


@pytest.mark.parametrize("drawn", READ)
def test_a_drawn_table_is_read(drawn: str, tmp_path: Path, tried: Callable[..., None]) -> None:
    tried(f"drawn by {drawn}")
    for i, way in enumerate(
        [{}, {"dates": "named short"}, {"numbers": "english"}, {"numbers": "rupees", "dates": "M"}]
    ):
        if drawn == "sqlcmd_commas" and "numbers" in way:
            continue
        for name, end, encoding in (("table.txt", "\n", "utf-8"), ("table.csv", "\r\n", "utf-16")):
            place = tmp_path / f"{i}{name}"
            place.mkdir()
            (place / name).write_bytes(end.join(READ[drawn](cells_of(**way))).encode(encoding))
            assert same(read(name, place, {}), ROWS) == ""
            assert same(guided(name, place)[0], ROWS) == ""


@pytest.mark.parametrize("drawn", READ)
def test_rows_named_are_lines_of_the_file(drawn: str, tmp_path: Path, tried: Callable[..., None]) -> None:
    tried(f"drawn by {drawn}, with a word among the numbers")
    cells = cells_of()
    cells[70][3] = "word"
    lines = READ[drawn](cells)
    (tmp_path / "table.txt").write_text("\n".join(lines))
    line = next(i for i, text in enumerate(lines, start=1) if "word" in text)
    with pytest.raises(InputError, match=f'row {line} "word"'):
        read("table.txt", tmp_path, {})


@pytest.mark.parametrize("drawn", ["psql", "mysql", "sqlcmd", "markdown"])
def test_a_damaged_line_is_refused(drawn: str, tmp_path: Path, tried: Callable[..., None]) -> None:
    tried(f"drawn by {drawn}, a line damaged")
    for seed in range(4):
        lines = READ[drawn](cells_of())
        at = random.Random(seed).randrange(10, 90)
        lines[at] = (
            lines[at][:7] + "NNNNNNN" + lines[at][7:]
            if drawn == "sqlcmd"
            else " ".join(lines[at].rsplit("|", 2)[:2]) + "|"
        )
        (tmp_path / "table.txt").write_text("\n".join(lines))
        with pytest.raises(InputError) as caught:
            read("table.txt", tmp_path, {})
        assert f"row {at + 1}" in caught.value.message


@pytest.mark.parametrize("between", ["  ", "    ", " "])
def test_columns_parted_by_blanks_are_refused_with_the_cause(
    between: str, tmp_path: Path, tried: Callable[..., None]
) -> None:
    tried(f"columns parted by {len(between)} blanks")
    for numbers in ("plain", "english", "comma"):
        cells = cells_of(numbers=numbers)
        lines = padded(cells, between) if len(between) > 1 else [" ".join(row) for row in cells]
        (tmp_path / "table.txt").write_text("\n".join(lines))
        with pytest.raises(InputError, match=r"parted by blanks.*Export the table") as caught:
            read("table.txt", tmp_path, {})
        assert caught.value.code == "fixed-width"


@pytest.mark.parametrize("sign", ["^", "~", "\x01", "\x1f"])
def test_unusual_delimiters(sign: str, tmp_path: Path, tried: Callable[..., None]) -> None:
    tried(f"delimiter {sign!r}")
    (tmp_path / "table.txt").write_text("\n".join(sign.join(row) for row in cells_of()))
    assert same(read("table.txt", tmp_path, {}), ROWS) == ""


@pytest.mark.parametrize("kind", ["csv", "xlsx", "parquet", "wide"])
def test_an_october_that_lost_its_zero_is_asked_about(kind: str, tmp_path: Path, tried: Callable[..., None]) -> None:
    tried(f"2021.1 for October, {kind}")
    for form in ("{y}.{m:02d}", "{y}.{m}"):
        table = as_text(ROWS, Way())
        table["month"] = [form.format(y=month_of(t)[0], m=month_of(t)[1]) for t in ROWS["t"]]
        numbers = table.astype({"month": float, "sales": float, "promotion": float})
        name = "table.csv"
        if kind == "csv":
            numbers.to_csv(tmp_path / name, index=False)
        elif kind == "xlsx":
            name = "table.xlsx"
            numbers.to_excel(tmp_path / name, index=False)
        elif kind == "parquet":
            name = "table.parquet"
            numbers.to_parquet(tmp_path / name, index=False)
        else:
            text = table.assign(month=numbers["month"].astype(str).str.replace("2021.1$", "2021.1", regex=True))
            sales = text.pivot_table(index=["market", "pharmacy"], columns="month", values="sales", aggfunc="first")
            sales.add_prefix("sales ").assign(**{"promotion 2020.11": "1"}).reset_index().to_csv(
                tmp_path / name, index=False
            )
        with pytest.raises(InputError) as caught:
            read(name, tmp_path, {})
        assert caught.value.code in {"lost-zero", "duplicate-column"}
        assert "October" in caught.value.message


def test_dotted_months_without_doubt_are_read(tmp_path: Path, tried: Callable[..., None]) -> None:
    tried("2021.10 as text")
    for form in ("{y}.{m:02d}", "{y}.{m}"):
        table = as_text(ROWS, Way())
        table["month"] = [form.format(y=month_of(t)[0], m=month_of(t)[1]) for t in ROWS["t"]]
        table.to_csv(tmp_path / "table.csv", index=False)
        assert same(read("table.csv", tmp_path, {}), ROWS) == ""


@pytest.mark.parametrize("name", ["table.xls", "table.xlsx"])
@pytest.mark.parametrize("sign", ["\t", ",", ";"])
def test_text_under_the_name_of_a_workbook_is_read(
    sign: str, name: str, tmp_path: Path, tried: Callable[..., None]
) -> None:
    tried(f"text with {sign!r} called {name}")
    for encoding in ("utf-8", "utf-16", "utf-8-sig"):
        (tmp_path / name).write_bytes("\n".join(sign.join(row) for row in cells_of()).encode(encoding))
        assert same(read(name, tmp_path, {}), ROWS) == ""


@pytest.mark.parametrize("start", ["<html><body>", '<?xml version="1.0"?>', "\n  <table>"])
def test_a_web_page_under_the_name_of_a_workbook_is_refused(
    start: str, tmp_path: Path, tried: Callable[..., None]
) -> None:
    tried(f"{start} called table.xls")
    for encoding in ("utf-8", "utf-16", "utf-8-sig"):
        (tmp_path / "table.xls").write_bytes((start + as_text(ROWS, Way()).to_html(index=False)).encode(encoding))
        with pytest.raises(InputError, match="web page or XML under the name of a workbook") as caught:
            read("table.xls", tmp_path, {})
        assert caught.value.code == "other-kind"
