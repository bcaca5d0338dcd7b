"""Measures one below the other, headers that come again, dates that were numbers: read rightly or refused by cause."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from intake_tables import NUMBERS, Way, as_text, guided, panel_rows, read, same
from reportgen.api import check
from reportgen.errors import InputError

ROWS = panel_rows()


def save(table: pd.DataFrame, folder: Path, kind: str) -> str:
    if kind == "parquet":
        table.to_parquet(folder / "table.parquet", index=False)
        return "table.parquet"
    if kind == "folder":
        table.to_parquet(folder / "table", partition_cols=["market"], index=False)
        return "table"
    if kind == "xlsx":
        table.to_excel(folder / "table.xlsx", index=False)
        return "table.xlsx"
    table.to_csv(folder / "table.csv", index=False, sep=";")
    return "table.csv"


def tidy(names: tuple[str, str], column: str, value: str, **way: str) -> pd.DataFrame:
    table = as_text(ROWS, Way(**way)).rename(columns=dict(zip(("sales", "promotion"), names, strict=True)))
    return table.melt(
        id_vars=["market", "pharmacy", "month"], value_vars=list(names), var_name=column, value_name=value
    )


@pytest.mark.parametrize("kind", ["csv", "xlsx", "parquet", "folder"])
@pytest.mark.parametrize(
    ("names", "column", "value"),
    [(("sales", "promotion"), "kpi", "value"), (("Umsatz", "Besuche"), "Kennzahl", "Wert"),
     (("Net sales", "Rep visits"), "metric", "amount"), (("Sales", "Visits"), "what", "n")],
)  # fmt: skip
def test_measures_one_below_the_other_are_put_side_by_side(
    names: tuple[str, str], column: str, value: str, kind: str, tmp_path: Path, tried: Callable[..., None]
) -> None:
    tried(f"measures {names} in rows, {kind}")
    for i, way in enumerate([{}, {"numbers": "german"}, {"dates": "compact"}]):
        table = tidy(names, column, value, **way)
        made = [table, table.sample(frac=1, random_state=i), table.assign(unit=table[column].map({names[0]: "INR"}))]
        for j, one in enumerate(made):
            place = tmp_path / f"{i}{j}"
            place.mkdir()
            source = save(one.fillna("n"), place, kind)
            chosen = {"panel.sales": names[0], "panel.promotion": names[1]}
            assert same(read(source, place, chosen), ROWS) == ""
            if kind != "folder":
                assert same(guided(source, place)[0], ROWS) == ""


def test_a_measure_twice_names_its_rows(tmp_path: Path, tried: Callable[..., None]) -> None:
    tried("a measure twice in rows")
    table = tidy(("sales", "promotion"), "kpi", "value")
    source = save(pd.concat([table, table.iloc[[7]]]), tmp_path, "csv")
    with pytest.raises(InputError, match=r'kpi "sales" occurs more than once .* \(first: rows 9 and 226\)'):
        read(source, tmp_path, {})


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_names_of_columns_that_come_again_are_no_row(kind: str, tmp_path: Path, tried: Callable[..., None]) -> None:
    tried(f"the header again among the rows, {kind}")
    table = as_text(ROWS, Way(numbers="english"))
    header = pd.DataFrame([dict(zip(table.columns, table.columns, strict=True))])
    source = save(pd.concat([table.head(30), header, table.iloc[30:80], header, table.iloc[80:]]), tmp_path, kind)
    assert same(read(source, tmp_path, {}), ROWS) == ""
    notes = [f.message for f in check(data=tmp_path / source).findings if f.code == "repeated-header"]
    assert "2 rows with the names of the columns again left out" in notes[0]


@pytest.mark.parametrize("form", ["{y}{m:02d}.0", "{y}{m:02d}01.0", "{y}{m:02d}.00"])
def test_dates_that_were_numbers(form: str, tmp_path: Path, tried: Callable[..., None]) -> None:
    tried(f"dates as {form}")
    table = as_text(ROWS, Way())
    table["month"] = [form.format(y=text[:4], m=int(text[5:])) for text in table["month"]]
    source = save(table, tmp_path, "csv")
    assert same(read(source, tmp_path, {}), ROWS) == ""


@pytest.mark.parametrize("numbers", list(NUMBERS)[:6])
def test_a_column_of_words_that_speak_of_measures_is_left_alone(
    numbers: str, tmp_path: Path, tried: Callable[..., None]
) -> None:
    tried(f"a column of words beside sales, {numbers}")
    table = as_text(ROWS, Way(numbers=numbers))
    table["campaign"] = ["sales week" if i % 3 else "visit week" for i in range(len(table))]
    assert same(read(save(table, tmp_path, "csv"), tmp_path, {}), ROWS) == ""


def test_channels_in_rows_are_no_measures(tmp_path: Path, tried: Callable[..., None]) -> None:
    tried("channels in rows without sales")
    table = tidy(("sales rep visits", "emails"), "channel", "value")
    source = save(table, tmp_path, "csv")
    for reading in (lambda: read(source, tmp_path, {}), lambda: guided(source, tmp_path)):
        with pytest.raises(InputError) as caught:
            reading()
        assert caught.value.code == "missing-column"
