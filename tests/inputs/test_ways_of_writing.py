"""One panel in every way of writing it: exactly the clean numbers, or a refusal that names the cause.

The corpus names its ways one by one and says which must be read; the property test combines them at random (2,000
behind ``slow``, a few otherwise; ``EXAMPLES`` in the environment asks for another number).
"""

from __future__ import annotations

import os
import random
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from intake_tables import DATES, KINDS, NUMBERS, Way, as_text, outcome, panel_rows, read, same, write
from reportgen.errors import InputError

ROWS, ONE = panel_rows(), panel_rows(("North",))
LAYOUTS = (
    "long", "one market", "written once", "shuffled columns", "two blocks", "two header rows", "measure rows",
    "year and month", "tidy",
)  # fmt: skip
AMBIGUOUS_ALONE = {"month first", "year month short"}


def named(way: Way) -> str:
    shown = {"layout": way.layout, "dates": way.dates, "numbers": way.numbers, "kind": way.kind}
    return ", ".join(f"{key} {value}" for key, value in shown.items()) + f", {way.delimiter!r} {way.encoding}"


READ = [
    *(Way(dates=dates) for dates in DATES),
    *(Way(numbers=numbers, delimiter=";") for numbers in NUMBERS),
    *(Way(numbers=numbers, kind="parquet") for numbers in NUMBERS),
    *(Way(numbers=numbers, kind="partitions") for numbers in NUMBERS),
    *(Way(layout=layout) for layout in LAYOUTS),
    *(Way(layout=layout, kind="xlsx") for layout in LAYOUTS),
    *(Way(layout=layout, numbers="german", delimiter=";", dates="named short") for layout in LAYOUTS[:7]),
    *(Way(kind=kind) for kind in KINDS),
    *(Way(kind="xlsx", numbers=numbers) for numbers in ("german", "indian", "euros", "thousands")),
    *(Way(delimiter=sep, quoting=quoting) for sep in ",;\t|" for quoting in (False, True)),
    *(Way(encoding=name) for name in ("utf-8-sig", "utf-16", "utf-16-le", "utf-32", "cp1252")),
    *(Way(newline=end) for end in ("\r\n", "\r")),
    *(Way(title=t, foot=f, kind=kind) for t in (0, 1, 3) for f in (0, 2) for kind in ("csv", "xlsx")),
]
"""Ways that must give the clean numbers."""


@pytest.fixture(scope="module")
def results() -> Counter[str]:
    return Counter()


@pytest.mark.parametrize("way", READ, ids=named)
def test_a_way_of_writing_gives_the_clean_numbers(way: Way, tmp_path: Path, tried: Callable[..., None]) -> None:
    tried(f"way {named(way)}, {way.title} {way.foot} {way.quoting} {way.newline!r}")
    rows = ONE if way.layout == "one market" else ROWS
    assert outcome(rows, way, tmp_path) == ("right", "")


def clean() -> pd.DataFrame:
    return as_text(ROWS, Way())


def csv(table: pd.DataFrame) -> Callable[[Path], str]:
    def make(folder: Path) -> str:
        table.to_csv(folder / "table.csv", index=False)
        return "table.csv"

    return make


def changed(column: str, rows: slice, change: Callable[[str], str], **how: str) -> Callable[[Path], str]:
    """The clean CSV with the texts of some rows of a column changed."""

    def make(folder: Path) -> str:
        table = clean()
        table.loc[table.index[rows], column] = table.loc[table.index[rows], column].map(change)
        table.to_csv(folder / "table.csv", index=False, sep=how.get("sep", ","))
        return "table.csv"

    return make


def lines(change: Callable[[list[str]], list[str]]) -> Callable[[Path], str]:
    def make(folder: Path) -> str:
        text = clean().to_csv(index=False).splitlines()
        (folder / "table.csv").write_text("\n".join(change(text)) + "\n")
        return "table.csv"

    return make


def quoted_at(first: int, second: int | None) -> Callable[[list[str]], list[str]]:
    """A stray quotation mark before the pharmacy of a line, and another one behind that of a later line."""

    def change(text: list[str]) -> list[str]:
        parts = text[first].split(",")
        text[first] = ",".join([parts[0], '"' + parts[1], *parts[2:]])
        if second is not None:
            parts = text[second].split(",")
            text[second] = ",".join([parts[0], parts[1] + '"', *parts[2:]])
        return text

    return change


def thousandths(folder: Path, sep: str, group: str) -> str:
    """Whole sales written with a lone separator before three digits."""
    table = clean()
    table["sales"] = [f"{int(float(v)):,}".replace(",", group) for v in table["sales"]]
    table.to_csv(folder / "table.csv", index=False, sep=sep)
    return "table.csv"


def two_orders(folder: Path) -> str:
    table = clean()
    north = table["market"] == "North"
    day, month = table["month"].str[5:] + "/" + table["month"].str[:4], table["month"].str[5:] + "/01/"
    table["month"] = np.where(north, "01/" + day, month + table["month"].str[:4])
    table.to_csv(folder / "table.csv", index=False)
    return "table.csv"


def halves(folder: Path, sign: str) -> str:
    """Sales of whole thousands beside promotion with halves, both with one sign."""
    table = clean()
    table["sales"] = [f"{int(float(v)):,}".replace(",", sign) for v in table["sales"]]
    table["promotion"] = [v + sign + "5" for v in table["promotion"]]
    table.to_csv(folder / "table.csv", index=False)
    return "table.csv"


def with_total(level: str) -> Callable[[Path], str]:
    """Rows that sum a market's pharmacies, or the markets."""

    def make(folder: Path) -> str:
        table = clean().astype({"sales": float, "promotion": float})
        keys = ["market", "month"] if level == "pharmacy" else ["pharmacy", "month"]
        sums = table.groupby(keys, sort=False)[["sales", "promotion"]].sum().reset_index()
        if level == "market":
            table["pharmacy"] = table["pharmacy"].str[1:]
            sums = table.groupby(keys, sort=False)[["sales", "promotion"]].sum().reset_index()
        sums[level] = "Gesamt"
        pd.concat([table, sums])[list(table.columns)].to_csv(folder / "table.csv", index=False)
        return "table.csv"

    return make


def doubled(folder: Path) -> str:
    table = clean()
    again = table.assign(pharmacy=table["pharmacy"].str.lower().str.replace("0", "-0", n=1))
    pd.concat([table, again]).to_csv(folder / "table.csv", index=False)
    return "table.csv"


def workbook(change: Callable[[object, object], None], **options: bool) -> Callable[[Path], str]:
    def make(folder: Path) -> str:
        import xlsxwriter

        with xlsxwriter.Workbook(folder / "table.xlsx", dict(options)) as book:
            sheet = book.add_worksheet("data")
            sheet.write_row(0, 0, list(clean().columns))
            for i, row in enumerate(clean().itertuples(index=False), start=1):
                for j, cell in enumerate(row):
                    if j > 2:
                        sheet.write_number(i, j, float(cell))
                    else:
                        sheet.write_string(i, j, cell)
            change(book, sheet)
        return "table.xlsx"

    return make


def other_sheet(book: object, _: object) -> None:
    sheet = book.add_worksheet("more")  # type: ignore[attr-defined]
    for i, row in enumerate([["a", "b", "c", "d"], ["x", "y", 1, 2], ["x", "z", 3, 4]]):
        sheet.write_row(i, 0, row)


def error_cell(kind: str) -> Callable[[object, object], None]:
    return lambda _, sheet: sheet.write_formula(5, 3, "=1/0", None, kind)  # type: ignore[attr-defined]


def text_cell(text: str) -> Callable[[object, object], None]:
    return lambda _, sheet: sheet.write_string(5, 3, text)  # type: ignore[attr-defined]


def mixed_partition(file: str, content: bytes | None) -> Callable[[Path], str]:
    def make(folder: Path) -> str:
        clean().to_parquet(folder / "table", partition_cols=["market"], index=False)
        target = folder / "table" / file
        target.parent.mkdir(exist_ok=True)
        target.write_bytes(content or b"market,pharmacy\n")
        return "table"

    return make


REFUSED: dict[str, tuple[Callable[[Path], str], str]] = {
    **{f"quote opens in line {n}": (lines(quoted_at(n, None)), "broken-quote") for n in (2, 7, 40, 110)},
    **{
        f"stray quotes in lines {a} and {b}": (lines(quoted_at(a, b)), "broken-quote")
        for a, b in ((2, 3), (5, 9), (8, 60), (30, 31), (2, 112))
    },
    "dots alone, comma": (lambda f: thousandths(f, ",", "."), "ambiguous-number"),
    "dots alone, semicolon": (lambda f: thousandths(f, ";", "."), "ambiguous-number"),
    "dots alone, tab": (lambda f: thousandths(f, "\t", "."), "ambiguous-number"),
    "commas alone, comma": (lambda f: thousandths(f, ",", ","), "ambiguous-number"),
    "commas alone, tab": (lambda f: thousandths(f, "\t", ","), "ambiguous-number"),
    **{
        f"{sign!r} alone in sales, beside promotion with {sign!r} and halves": (
            lambda f, s=sign: halves(f, s), "ambiguous-number",
        )
        for sign in ".,"
    },
    "commas alone, semicolon": (lambda f: thousandths(f, ";", ","), "ambiguous-number"),
    **{
        f"dots as thousands in rows {a} to {b} beside decimals": (
            changed("sales", slice(a, b), lambda v: f"{int(float(v)):,}".replace(",", ".")),
            "ambiguous-number",
        )
        for a, b in ((0, 56), (56, 112), (70, 84))
    },
    **{
        f"sales {text[:12]!r}": (changed("sales", slice(3, 4), lambda _, t=text: t), "bad-number")
        for text in ("12 34", "100 2", "1 2345", "3 kg", "-" * 20_000, "9" * 70, "1.2.3", "1,2,3", "0x10", "1_000")
    },
    **{
        f"error {text}": (changed("sales", slice(3, 4), lambda _, t=text: t), "error-cell")
        for text in ("#DIV/0!", "#N/A", "#REF!", "#VALUE!", "#NAME?", "#BEZUG!", "#NV", "Err:502")
    },
    **{
        f"workbook error {text}": (workbook(error_cell(text)), "error-cell")
        for text in ("#DIV/0!", "#N/A", "#REF!", "#VALUE!", "#NUM!")
    },
    "a credit marked CR": (changed("sales", slice(3, 4), lambda v: v + " CR"), "ambiguous-number"),
    "notes marked k and m": (changed("sales", slice(3, 5), lambda v: v + " k"), "ambiguous-number"),
    "days first in one market, months first in another": (two_orders, "ambiguous-date"),
    "workbook with a text 41.200": (workbook(text_cell("41.200")), "ambiguous-number"),
    "workbook with a text 1 2": (workbook(text_cell("1 2")), "bad-number"),
    "workbook with another table": (workbook(other_sheet), "other-sheets"),
    "euros among rupees": (lambda f: _two_currencies(f, "₹", "€"), "other-currency"),
    "dollars among euros": (lambda f: _two_currencies(f, "€", "$"), "other-currency"),
    "pounds among rupees": (lambda f: _two_currencies(f, "Rs. ", "£"), "other-currency"),
    "a total of pharmacies": (with_total("pharmacy"), "sum-of-others"),
    "a total of markets": (with_total("market"), "sum-of-others"),
    "the table twice with other codes": (doubled, "same-series"),
    **{
        f"promotion {word!r} in half the rows": (
            changed("promotion", slice(None, None, 2), lambda _, w=word: w), "empty-promotion",
        )
        for word in ("", "nil", "-", "–", "x", "n/a", "NULL")
    },
    "promotion only x and blank": (
        changed("promotion", slice(None), lambda v: "x" if float(v) > 2 else ""), "tick-marks"),
    "epoch days": (changed("month", slice(None), lambda v: str(
        int((np.datetime64(v + "-01") - np.datetime64("1970-01-01")).astype(int)))), "day-number"),
    "UTC month ends": (changed("month", slice(None), lambda v: str(
        np.datetime64(v + "-01") - np.timedelta64(330, "m")) + "Z"), "time-at-edge"),
    "days or months": (changed("month", slice(None), lambda v: f"0{int(v[-2:]) % 9 + 1}/0{int(v[2:4]) - 18}/2021"),
                       "ambiguous-date"),
    "quarters as months": (
        changed("month", slice(None), lambda v: f"{v[:4]}Q{(int(v[-2:]) + 2) // 3}"), "other-period"),
    "a CSV among partitions": (mixed_partition("market=East/part.csv", None), "other-files"),
    "a damaged file among partitions": (mixed_partition("market=East/part-0000", b"NOT A TABLE"), "other-files"),
    "a CSV beside partitions": (mixed_partition("extra.csv", None), "other-files"),
}  # fmt: skip


def _two_currencies(folder: Path, first: str, second: str) -> str:
    table = clean()
    table["sales"] = [f"{first if i < 80 else second}{v}" for i, v in enumerate(table["sales"])]
    table.to_csv(folder / "table.csv", index=False)
    return "table.csv"


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_unsure_is_refused_with_the_place_and_what_to_do(
    name: str, tmp_path: Path, tried: Callable[..., None]
) -> None:
    tried(f"refused {name}")
    make, code = REFUSED[name]
    source = make(tmp_path)
    with pytest.raises(InputError) as caught:
        read(source, tmp_path, {})
    assert code in {caught.value.code, *(part for part in (code,) if _says(caught.value.message, part))}
    assert caught.value.exit_code == 4
    first = caught.value.message.splitlines()[0]
    assert first.startswith(source)
    assert first.rstrip()[-1] in ".?"


def _says(message: str, code: str) -> bool:
    """Whether a message of several findings has the one that is looked for."""
    words = {
        "ambiguous-number": "panel.decimal", "bad-number": "is not a number", "error-cell": "error of a formula",
        "empty-promotion": "panel.empty_promotion", "sum-of-others": "sums of other rows",
    }  # fmt: skip
    return words.get(code, "\x00") in message


ANSWERED: dict[str, tuple[Callable[[Path], str], dict[str, object]]] = {
    "dots are thousands": (lambda f: thousandths(f, ";", "."), {"panel.decimal": ","}),
    "commas are thousands": (lambda f: thousandths(f, ";", ","), {"panel.decimal": "."}),
    "quoted commas are thousands": (lambda f: thousandths(f, ",", ","), {"panel.decimal": "."}),
    "totals left out": (with_total("pharmacy"), {"panel.leave_out": ["Gesamt"]}),
    "UTC month ends of India": (REFUSED["UTC month ends"][0], {"panel.timezone": "Asia/Kolkata"}),
}


@pytest.mark.parametrize("name", ANSWERED)
def test_the_setting_that_a_question_names_answers_it(name: str, tmp_path: Path, tried: Callable[..., None]) -> None:
    tried(f"answered {name}")
    make, settings = ANSWERED[name]
    found = read(make(tmp_path), tmp_path, settings)
    tolerance = 1.0 if "thousands" in name else 0.006
    assert same(found, ROWS, tolerance=tolerance) == ""


def draw(rng: random.Random) -> Way:
    """A random way of writing."""
    kind = rng.choice(
        ["csv", "csv", "csv", "xlsx", "xlsx", "parquet", "partitions", "sqlite", "json", "gzip", "sheets", "drawn"]
    )
    layout = rng.choice(["long"] * 4 + list(LAYOUTS[1:]))
    if kind in {"parquet", "partitions", "sqlite", "json", "sheets", "drawn"} and layout == "two header rows":
        layout = "two blocks"
    if kind in {"partitions", "sheets"} and layout in {"one market", "written once"}:
        layout = "long"
    text = kind in {"csv", "gzip", "xlsx"}
    return Way(
        kind=kind, layout=layout, dates=rng.choice(list(DATES)), numbers=rng.choice(list(NUMBERS)),
        delimiter=rng.choice(",;\t|"), encoding=rng.choice(["utf-8", "utf-8-sig", "utf-16", "utf-32"]),
        newline=rng.choice(["\n", "\r\n"]), title=rng.choice([0, 0, 1, 2]) if text else 0,
        foot=rng.choice([0, 0, 1, 3]) if text else 0, quoting=rng.random() < 0.3,
    )  # fmt: skip


def run(count: int, seed: int, folder: Path) -> Counter[str]:
    rng = random.Random(seed)
    found: Counter[str] = Counter()
    wrong = []
    for i in range(count):
        way = draw(rng)
        place = folder / str(i)
        place.mkdir()
        rows = panel_rows(("North",) if way.layout == "one market" else ("North", "South"), seed=i)
        result, words = outcome(rows, way, place)
        found[result] += 1
        if result == "WRONG" or (result == "refused" and not words):
            wrong.append(f"{named(way)}: {words}")
    assert not wrong, "\n".join(wrong[:5])
    return found


def test_no_combination_is_read_wrongly(tmp_path: Path, tried: Callable[..., None]) -> None:
    tried()
    found = run(int(os.environ.get("EXAMPLES", "40")), 11, tmp_path)
    assert found["right"] > 0.8 * sum(found.values())


@pytest.mark.slow
def test_two_thousand_combinations_are_read_rightly_or_refused(tmp_path: Path, tried: Callable[..., None]) -> None:
    tried()
    found = run(int(os.environ.get("EXAMPLES", "2000")), 12, tmp_path)
    assert found["right"] > 0.8 * sum(found.values())


def test_the_corpus_is_large_and_every_way_of_it_differs(tmp_path: Path, tried: Callable[..., None]) -> None:
    tried()
    assert len(READ) + len(REFUSED) + len(ANSWERED) >= 150
    write(ROWS, Way(), tmp_path)
