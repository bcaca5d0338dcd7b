"""What is told of a table is what is in it, whole or part by part, the rows that break the contract included."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from reportgen.panel.checking import contract
from reportgen.panel.checking.facts import MOST_PERIODS, MOST_PHARMACIES, TableSurvey
from reportgen.panel.reading.raw import RawTable
from reportgen.results import BINS, TableFacts
from reportgen.settings.sections import Settings

SETTINGS = Settings.model_validate({"panel": {"promotion": ["visits", "samples"], "empty_promotion": "missing"}})


def frame(seed: int = 1, pharmacies: int = 9, months: int = 20) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    rows = [
        (market, f"{market}{p:02d}", f"{2022 + m // 12}-{m % 12 + 1:02d}", f"{rng.lognormal(7, 1):.2f}",
         str(rng.integers(0, 7)), f"{rng.normal(5, 3):.3f}", "x")
        for market in ("A", "B", "C") for p in range(pharmacies) for m in range(months) if rng.random() < 0.9
    ]  # fmt: skip
    made = pd.DataFrame(rows, columns=["market", "pharmacy", "month", "sales", "visits", "samples", "remark"])
    made.loc[3, "sales"] = "0"
    made.loc[5, "sales"] = ""
    made.loc[7, "visits"] = ""
    made.loc[9, "remark"] = " "
    return made


def look(*tables: pd.DataFrame, settings: Settings = SETTINGS) -> TableFacts:
    survey = TableSurvey(settings)
    for table in tables:
        raw = RawTable(frame=table.reset_index(drop=True), source="t.csv", first_row=2, sha256="")
        contract.survey_panel(raw, settings, see=survey.add)
    return survey.finish("t.csv")


def test_numbers_are_those_of_the_table() -> None:
    table = frame()
    facts = look(table)
    columns = {one.name: one for one in facts.columns}
    sales = pd.to_numeric(table["sales"]).dropna()
    assert (facts.rows, [one.name for one in facts.columns]) == (len(table), list(table.columns))
    assert (columns["sales"].filled, columns["sales"].empty, columns["sales"].zero) == (len(table) - 1, 1, 1)
    assert (columns["sales"].least, columns["sales"].most) == (sales.min(), sales.max())
    assert columns["sales"].mean == pytest.approx(sales.mean())
    assert (columns["market"].role, columns["market"].distinct, columns["pharmacy"].distinct) == ("market", 3, 27)
    assert (columns["month"].first, columns["month"].last) == ("2022-01", "2023-08")
    assert (columns["remark"].role, columns["remark"].empty) == ("", 1)
    for market in facts.markets:
        own = table[table["market"] == market.market]
        assert (market.rows, market.pharmacies) == (len(own), own["pharmacy"].nunique())
        assert market.sales_mean == pytest.approx(pd.to_numeric(own["sales"]).mean())
        assert market.promotion_mean[1] == pytest.approx(own["samples"].astype(float).mean())
        assert market.filled == pytest.approx(len(own) / (9 * 20))


def test_every_value_is_counted_once() -> None:
    table = frame()
    for one in look(table).distributions:
        known = pd.to_numeric(table[one.column]).dropna()
        assert one.rows - one.empty == len(known)
        assert sum(count for _, count in one.bins) == (known > 0).sum()
        assert (one.zero, one.negative) == ((known == 0).sum(), (known < 0).sum())
        assert dict(one.values) == (known.value_counts().to_dict() if one.column == "visits" else {})
        for step, count in one.bins:
            assert ((known >= 10 ** (step / BINS)) & (known < 10 ** ((step + 1) / BINS))).sum() == count


def test_the_calendar_shows_every_row_as_what_it_is() -> None:
    table = frame()
    doubled = pd.concat([table, table.iloc[[11]]])
    market = look(doubled).markets[0]
    calendar = market.calendar
    assert calendar is not None
    own = doubled[doubled["market"] == "A"].reset_index(drop=True)
    for pharmacy, line in zip(calendar.pharmacies, calendar.cells, strict=True):
        for period, cell in zip(calendar.periods, line, strict=True):
            rows = own[(own["pharmacy"] == pharmacy) & (own["month"] == period)]
            if len(rows) != 1:
                assert cell == ("." if rows.empty else "2")
            elif rows.iloc[0]["sales"] == "":
                assert cell == "s"
            elif rows.iloc[0]["visits"] == "":
                assert cell == "p"
            else:
                assert cell == ("0" if float(rows.iloc[0]["sales"]) == 0 else "r")


def test_part_by_part_is_the_same_as_whole() -> None:
    table = frame()
    whole = look(table)
    parts = look(*(part for _, part in table.groupby("market")))
    assert parts.markets == whole.markets
    assert parts.rows == whole.rows
    for one, other in zip(parts.distributions, whole.distributions, strict=True):
        assert replace(one, values=()) == replace(other, values=())
    for one, other in zip(parts.columns, whole.columns, strict=True):
        assert (one.filled, one.empty, one.least, one.most, one.first, one.last) == (
            other.filled, other.empty, other.least, other.most, other.first, other.last,
        )  # fmt: skip


def test_what_is_kept_of_a_market_is_bounded_and_says_so() -> None:
    months = [f"{2000 + m // 12}-{m % 12 + 1:02d}" for m in range(200)]
    rows = [("A", f"{p:03d}", month, "5", "1", "2") for p in range(150) for month in months if p % 3 or month > "2010"]
    table = pd.DataFrame(rows, columns=["market", "pharmacy", "month", "sales", "visits", "samples"])
    calendar = look(table).markets[0].calendar
    assert calendar is not None
    assert (len(calendar.pharmacies), len(calendar.periods)) == (MOST_PHARMACIES, MOST_PERIODS)
    assert (calendar.pharmacies_left_out, calendar.periods_left_out) == (150 - MOST_PHARMACIES, 200 - MOST_PERIODS)
    assert calendar.periods[-1] == months[-1]


@pytest.mark.parametrize(
    "change",
    [
        lambda t: t.assign(sales="x"),
        lambda t: t.assign(month="13/13/13"),
        lambda t: t.drop(columns="sales"),
        lambda t: t.assign(market=""),
        lambda t: t.iloc[:0],
    ],
)
def test_a_table_that_breaks_the_contract_is_told_of_all_the_same(change: object) -> None:
    table = change(frame())  # type: ignore[operator]
    facts = look(table)
    assert facts.rows == len(table)
    assert {one.name for one in facts.columns} <= set(table.columns)
