"""Months without a year: that of a column beside them where it is certain, else a question."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from intake_tables import FRENCH, GERMAN, HINDI, SHORT, Way, as_text, guided, month_of, panel_rows, read, same, save
from reportgen.errors import InputError

ROWS = panel_rows()
YEARS = [month_of(t)[0] for t in ROWS["t"]]
MONTHS = [month_of(t)[1] for t in ROWS["t"]]


def table(months: Callable[[int], str], years: dict[str, Callable[[int, int], str]]) -> pd.DataFrame:
    made = as_text(ROWS, Way()).assign(month=[months(m) for m in MONTHS])
    for name, write in years.items():
        made[name] = [write(y, m) for y, m in zip(YEARS, MONTHS, strict=True)]
    return made


def as_numbers(made: pd.DataFrame) -> pd.DataFrame:
    """Every column of numbers as such."""
    return made.astype({name: float for name in made.columns if made[name].str.fullmatch(r"\d+(\.\d+)?").all()})


WRITTEN: dict[str, Callable[[int], str]] = {
    "Jan": lambda m: SHORT[m - 1], "January in German": lambda m: GERMAN[m - 1], "in French": lambda m: FRENCH[m - 1],
    "in Hindi": lambda m: HINDI[m - 1], "1": str, "01": lambda m: f"{m:02d}", "M01": lambda m: f"M{m:02d}",
}  # fmt: skip
NAMED: dict[str, Callable[[int, int], str]] = {
    "Year": lambda y, _: str(y), "Jahr": lambda y, _: str(y), "calendar year": lambda y, _: f"CY{y}",
    "year": lambda y, _: f"{y % 100:02d}", "Année": lambda y, _: str(y),
}  # fmt: skip


@pytest.mark.parametrize("kind", ["csv", "xlsx", "folder"])
@pytest.mark.parametrize("written", WRITTEN)
def test_a_column_of_years_gives_the_year(written: str, kind: str, tmp_path: Path, tried: Callable[..., None]) -> None:
    tried(f"months as {written} beside a year, {kind}")
    for i, (name, write) in enumerate(NAMED.items()):
        place = tmp_path / str(i)
        place.mkdir()
        made = table(WRITTEN[written], {name: write})
        source = save(made if kind == "csv" else as_numbers(made), place, kind)
        assert same(read(source, place, {}), ROWS) == ""
        assert same(read(source, place, {"panel.month": [name, "month"]}), ROWS) == ""


def financial(begins: int, form: str) -> Callable[[int, int], str]:
    def write(year: int, month: int) -> str:
        last = year + (1 < begins <= month)
        return form.format(last=last, short=last % 100, first=last - 1, before=(last - 1) % 100)

    return write


@pytest.mark.parametrize("begins", [4, 7, 10])
@pytest.mark.parametrize(
    ("name", "form"),
    [("FY", "FY{short:02d}"), ("FY", "FY {first}-{short:02d}"), ("Financial year", "{first}/{last}"),
     ("fiscal_year", "{last}"), ("Year", "FY{last}"),
     ("year", "{before:02d}-{short:02d}"), ("Wirtschaftsjahr", "WJ {first}/{short:02d}")],
)  # fmt: skip
def test_a_financial_year_is_asked_about_until_its_beginning_is_said(
    name: str, form: str, begins: int, tmp_path: Path, tried: Callable[..., None]
) -> None:
    tried(f"{name} {form} from month {begins}")
    source = save(table(WRITTEN["Jan"], {name: financial(begins, form)}), tmp_path)
    for month in ("month", [name, "month"], ["month", name]):
        with pytest.raises(InputError) as caught:
            read(source, tmp_path, {"panel.month": month})
        assert caught.value.code == "financial-year"
        assert [w for w in (name, "panel.year_begins") if w not in caught.value.message] == []
        assert same(read(source, tmp_path, {"panel.month": month, "panel.year_begins": begins}), ROWS) == ""


@pytest.mark.parametrize(
    "years",
    [{"launched": lambda y, _: str(y)}, {"year": lambda y, _: str(y), "base year": lambda *_: "2019"},
     {"vintage": lambda y, _: str(y), "edition": lambda *_: "2020"}],
)  # fmt: skip
def test_a_column_that_may_be_the_year_is_asked_about(
    years: dict[str, Any], tmp_path: Path, tried: Callable[..., None]
) -> None:
    tried(f"years called {list(years)}")
    source = save(table(WRITTEN["Jan"], years), tmp_path)
    with pytest.raises(InputError) as caught:
        read(source, tmp_path, {})
    assert [
        w for w in ("no year", f'panel.month = ["{next(iter(years))}", "month"]') if w not in caught.value.message
    ] == []


def test_the_year_in_which_a_pharmacy_opened_is_not_that_of_its_months(
    tmp_path: Path, tried: Callable[..., None]
) -> None:
    tried("the year of opening")
    made = table(WRITTEN["Jan"], {})[[y == 2021 for y in YEARS]]
    opened = {pharmacy: str(1990 + 3 * i) for i, pharmacy in enumerate(made["pharmacy"].unique())}
    source = save(made.assign(year_opened=made["pharmacy"].map(opened)), tmp_path)
    with pytest.raises(InputError, match=r'may stand in "year_opened".* or panel\.year if all rows are of one year'):
        read(source, tmp_path, {})
    found = read(source, tmp_path, {"panel.year": 2021})
    assert {panel.period_label(0) for panel in found.values()} == {"2021-01"}


@pytest.mark.parametrize("title", ["Sales 2021", "Report for FY 2021", ""])
def test_a_year_above_the_table_or_in_the_name_of_its_file_is_asked_about(
    title: str, tmp_path: Path, tried: Callable[..., None]
) -> None:
    tried(f"a year in {title or 'the name of the file'}")
    only = table(WRITTEN["Jan"], {})[[y == 2021 for y in YEARS]]
    name = "table.csv" if title else "sales_2021.csv"
    (tmp_path / name).write_text((f"{title},,,,\n" if title else "") + only.to_csv(index=False))
    with pytest.raises(InputError, match=r"panel\.year = 2021"):
        read(name, tmp_path, {})
    found = read(name, tmp_path, {"panel.year": 2021})
    assert found["North"].period_label(0) == "2021-01"


def test_months_of_two_years_without_a_year_say_why_they_repeat(tmp_path: Path, tried: Callable[..., None]) -> None:
    tried("months of two years without a year")
    for written in ("Jan", "1"):
        with pytest.raises(InputError) as caught:
            read(save(table(WRITTEN[written], {}), tmp_path), tmp_path, {})
        assert 'add a column of years and set panel.month = ["year", "month"]' in caught.value.message


def test_months_in_columns_beside_a_year(tmp_path: Path, tried: Callable[..., None]) -> None:
    tried("Jan to Dec in columns beside a year")
    made = table(WRITTEN["Jan"], {"Year": NAMED["Year"]})
    keys = ["market", "pharmacy", "Year"]
    wide = pd.concat(
        [made.pivot(index=keys, columns="month", values=v)[SHORT].assign(measure=v) for v in ("sales", "promotion")]
    )
    wide.reset_index()[[*keys, "measure", *SHORT]].to_csv(tmp_path / "table.csv", index=False)
    found, settings = guided("table.csv", tmp_path)
    assert same(found, ROWS) == "", settings
    assert same(read("table.csv", tmp_path, {}), ROWS) == ""


def test_init_proposes_year_and_month(tmp_path: Path, tried: Callable[..., None]) -> None:
    tried("init beside FY and Year")
    found, _ = guided(save(table(WRITTEN["Jan"], {"Year": NAMED["Year"]}), tmp_path), tmp_path)
    assert same(found, ROWS) == ""
    with pytest.raises(InputError, match=r"panel\.year_begins"):
        guided(save(table(WRITTEN["Jan"], {"FY": financial(4, "FY{short:02d}")}), tmp_path), tmp_path)
