"""Months in columns beside columns that sum them up, say a unit, or lack a measure: read rightly, and said."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from intake_tables import KINDS, NUMBERS, Way, as_text, guided, lay_out, panel_rows, read, same
from reportgen.api import check
from reportgen.errors import InputError

ROWS = panel_rows()
NAMED = {"panel.sales": "Sales", "panel.promotion": "Visits"}


def number(text: str) -> float:
    return float(text.replace(".", "").replace(",", ".") if "," in text else text)


def summed(how: str, cells: list[str], numbers: str) -> str:
    values = [number(cell) for cell in cells]
    return NUMBERS[numbers](sum(values) if how == "sum" else sum(values) / len(values))


def with_column(
    cells: list[list[str]], name: str, how: str, first: int, last: int, at: int, numbers: str = "plain"
) -> list[list[str]]:
    """Cells with a column that sums the columns ``first`` to ``last``, put at ``at`` of the table."""
    head = 1
    made = []
    for i, row in enumerate(cells):
        new = name if i < head else summed(how, row[first:last], numbers)
        made.append([*row[:at], new, *row[at:]])
    return made


def written(cells: list[list[str]], folder: Path, kind: str, numbers: str = "plain") -> str:
    way = Way(kind=kind, numbers=numbers, delimiter=";" if numbers == "german" else ",")
    return KINDS[kind](cells, ROWS, way, folder)


TOTALS = [
    ("Total", "sum"), ("YTD", "sum"), ("Avg", "mean"), ("Grand total", "sum"), ("Gesamt", "sum"), ("Ø", "mean"),
    ("Durchschnitt", "mean"), ("Promedio", "mean"), ("Row sum", "sum"), ("Alles", "sum"), ("2021", "sum"),
]  # fmt: skip


@pytest.mark.parametrize("kind", ["csv", "xlsx", "parquet", "json"])
@pytest.mark.parametrize(("name", "how"), TOTALS)
def test_a_column_of_sums_is_left_out(
    name: str, how: str, kind: str, tmp_path: Path, tried: Callable[..., None]
) -> None:
    tried(f"a column {name} of {how}, {kind}")
    for i, (layout, numbers) in enumerate(
        [("measure rows", "plain"), ("measure rows", "german"), ("two blocks", "plain")]
    ):
        cells, _ = lay_out(as_text(ROWS, Way(numbers=numbers, dates="named short")), layout)
        start = 3 if layout == "measure rows" else 2
        place = tmp_path / str(i)
        place.mkdir()
        source = written(
            with_column(cells, name, how, start, start + 14, random.Random(i).choice([start + 14, start]), numbers),
            place, kind, numbers,
        )  # fmt: skip
        assert same(read(source, place, NAMED), ROWS) == ""
        assert same(guided(source, place)[0], ROWS) == ""


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_quarters_and_years_among_the_months_are_left_out_and_said(
    kind: str, tmp_path: Path, tried: Callable[..., None]
) -> None:
    tried(f"quarters and years among months, {kind}")
    cells, _ = lay_out(as_text(ROWS, Way(dates="named short")), "measure rows")
    # November 2020 is the first month, in the fourth column.
    made = with_column(cells, "Total", "sum", 3, 17, 17)
    made = with_column(made, "2021", "sum", 5, 17, 17)
    for quarter, at in ((4, 17), (3, 14), (2, 11), (1, 8)):
        made = with_column(made, f"Q{quarter} 2021", "sum", at - 3, at, at)
    source = written(made, tmp_path, kind)
    assert same(read(source, tmp_path, NAMED), ROWS) == ""
    said = [f.message for f in check(data=tmp_path / source, overrides=NAMED).findings if f.code == "sum-columns"]
    assert '6 columns that only sum up the periods left out ("Q1 2021"' in said[0]


def test_a_unit_beside_each_measure(tmp_path: Path, tried: Callable[..., None]) -> None:
    tried("a unit and a note beside each measure")
    cells, _ = lay_out(as_text(ROWS, Way()), "measure rows")
    for header, sales, visits in (("unit", "INR", "count"), ("Source", "ERP", "CRM")):
        cells = [
            [*row[:3], header if i == 0 else sales if row[2] == "Sales" else visits, *row[3:]]
            for i, row in enumerate(cells)
        ]
    assert same(read(written(cells, tmp_path, "csv"), tmp_path, NAMED), ROWS) == ""


def test_pharmacies_written_once_above_their_measures(tmp_path: Path, tried: Callable[..., None]) -> None:
    tried("codes written once above two measures")
    cells, _ = lay_out(as_text(ROWS, Way()), "measure rows")
    once = [[*(["", ""] if i and i % 2 == 0 else row[:2]), *row[2:]] for i, row in enumerate(cells)]
    source = written(once, tmp_path, "csv")
    assert same(read(source, tmp_path, {**NAMED, "panel.fill_down": True}), ROWS) == ""


def test_a_pharmacy_without_the_rows_of_one_measure(tmp_path: Path, tried: Callable[..., None]) -> None:
    tried("a measure that is not there for a pharmacy")
    cells, _ = lay_out(as_text(ROWS, Way()), "measure rows")
    for place in (2, 1):
        source = written([row for i, row in enumerate(cells) if i != place], tmp_path, "csv")
        true = ROWS.copy()
        true.loc[true["pharmacy"] == "N001", "promotion" if place == 2 else "sales"] = np.nan
        with pytest.raises(InputError) if place == 2 else pytest.MonkeyPatch.context():
            read(source, tmp_path, NAMED)
        assert same(read(source, tmp_path, {**NAMED, "panel.empty_promotion": "missing"}), true) == ""


def test_a_measure_twice_for_one_pharmacy_names_both_lines(tmp_path: Path, tried: Callable[..., None]) -> None:
    tried("a measure twice")
    cells, _ = lay_out(as_text(ROWS, Way()), "measure rows")
    source = written([*cells, cells[1]], tmp_path, "csv")
    with pytest.raises(InputError, match=r'"Sales" occurs more than once for the same keys \(first: rows 2 and 18\)'):
        read(source, tmp_path, NAMED)


def test_a_line_with_a_field_too_few_is_no_row_of_other_months(tmp_path: Path, tried: Callable[..., None]) -> None:
    tried("months in columns, a field too few")
    for layout in ("measure rows", "two blocks"):
        cells, _ = lay_out(as_text(ROWS, Way()), layout)
        cells[2] = [*cells[2][:6], *cells[2][7:]]
        source = written(cells, tmp_path, "csv")
        with pytest.raises(InputError, match=r"line 3 has \d+ fields") as caught:
            read(source, tmp_path, NAMED)
        assert caught.value.code == "ragged-row"


def test_numbers_beside_the_months_that_sum_up_nothing_stay(tmp_path: Path, tried: Callable[..., None]) -> None:
    tried("a number of each pharmacy beside its months")
    wide, _ = lay_out(as_text(ROWS, Way()), "two blocks")
    sizes = {row[1]: str(100 + 7 * i) for i, row in enumerate(wide[1:])}
    cells = [[*row[:2], "beds" if i == 0 else sizes[row[1]], *row[2:]] for i, row in enumerate(wide)]
    settings = {**NAMED, "panel.controls": ["beds"]}
    found = read(written(cells, tmp_path, "csv"), tmp_path, settings)
    assert same(found, ROWS) == ""
    assert found["North"].controls[0, :, 0].tolist() == [100.0, 107.0, 114.0, 121.0]
    assert not pd.isna(found["South"].controls).any()
