"""Months and weeks as people write them."""

from __future__ import annotations

from datetime import UTC, date, datetime

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reportgen.panel.periods import period_label, period_of, period_start
from reportgen.panel.reading.values.dates import ParsedPeriods, parse_periods

OUTCOMES = ("missing", "bad", "impossible", "ambiguous", "other")


def read(values: list[object], period_type: str = "month", dtype: str = "str") -> list[str]:
    return labels(parse_periods(pd.Series(values, dtype=dtype), period_type), period_type)  # type: ignore[arg-type]


def labels(parsed: ParsedPeriods, period_type: str = "month") -> list[str]:
    return [
        period_label(int(index), period_type)  # type: ignore[arg-type]
        if index >= 0
        else next(name for name in OUTCOMES if getattr(parsed, name)[i])
        for i, index in enumerate(parsed.index)
    ]


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("2021-03", "2021-03"),
        ("2021/3", "2021-03"),
        ("2021.03.15", "2021-03"),
        ("202103", "2021-03"),
        ("20210315", "2021-03"),
        ("2021-03-15T23:30:00Z", "2021-03"),
        ("2021-03-15 23:30+05:30", "2021-03"),
        ("03/2021", "2021-03"),
        ("31.03.2021", "2021-03"),
        ("31/03/2021", "2021-03"),
        ("03/31/2021", "2021-03"),
        ("Mar 2021", "2021-03"),
        ("March, 2021", "2021-03"),
        ("Mar-21", "2021-03"),
        ("15 Mar 2021", "2021-03"),
        ("2021 March", "2021-03"),
        ("März 2021", "2021-03"),
        ("Ma\u0308rz 2021", "2021-03"),
        ("'2021-03", "2021-03"),
        ("44271", "2021-03"),
        ("Mar", "2024-03"),
        ("2021-13", "impossible"),
        ("2026-02-30", "impossible"),
        ("1021-03", "impossible"),
        ("3021-03", "impossible"),
        ("99999", "impossible"),
        ("2021", "bad"),
        ("Q1 2021", "other"),
        ("2021-W10", "other"),
        ("Foo 2021", "bad"),
        ("2021 Foo", "bad"),
        ("soon", "bad"),
        ("NaT", "missing"),
        ("", "missing"),
        (None, "missing"),
        ("01/02/2026", "ambiguous"),
    ],
)
def test_months(text: str | None, label: str) -> None:
    assert read([text]) == [label]


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("2021-01-04", "2021-01-04"),
        ("2021-01-10", "2021-01-04"),
        ("2021-W01", "2021-01-04"),
        ("2020W53-7", "2020-12-28"),
        ("10.01.2021", "2021-01-04"),
        ("2021-W54", "impossible"),
        ("2021-01", "bad"),
        ("Jan 2021", "bad"),
        ("Jan", "bad"),
        ("202101", "bad"),
    ],
)
def test_weeks(text: str, label: str) -> None:
    assert read([text], "week") == [label]


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["01/02/2026", "13/02/2026"], ["2026-02", "2026-02"]),
        (["01/02/2026", "02/13/2026"], ["2026-01", "2026-02"]),
        (["01/01/2026", "01/02/2026"], ["2026-01", "2026-02"]),
        (["01/01/2026", "02/01/2026"], ["2026-01", "2026-02"]),
        (["02/03/2026", "03/04/2026"], ["ambiguous", "ambiguous"]),
        (["13/01/2026", "01/13/2026", "02/03/2026"], ["2026-01", "2026-01", "ambiguous"]),
        (["03/03/2026"], ["2026-03"]),
    ],
)
def test_other_dates_decide_between_day_and_month_first(texts: list[str], expected: list[str]) -> None:
    assert read(list(texts)) == expected


def test_weekly_dates_in_january_do_not_decide_it() -> None:
    assert read(["01/04/2021", "01/11/2021"], "week") == ["ambiguous", "ambiguous"]


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        (pd.Series([202101, 202102]), ["2021-01", "2021-02"]),
        (pd.Series([44197.0, None]), ["2021-01", "missing"]),
        (pd.Series(pd.to_datetime(["2021-01-31", None])), ["2021-01", "missing"]),
        (pd.Series(pd.to_datetime(["2021-01-31T23:00:00"])).dt.tz_localize("Asia/Kolkata"), ["2021-01"]),
        (pd.Series(np.array(["0999-01-01"], dtype="datetime64[s]")), ["impossible"]),
        (pd.Series(pd.period_range("2021-01", periods=2, freq="M")), ["2021-01", "2021-02"]),
        (
            pd.Series([date(2021, 1, 1), datetime(2021, 2, 1, 5, tzinfo=UTC), "Mar 2021"], dtype=object),
            ["2021-01", "2021-02", "2021-03"],
        ),
        (pd.Series([True, False]), ["bad", "bad"]),
    ],
)
def test_typed_columns(column: pd.Series, expected: list[str]) -> None:
    assert labels(parse_periods(column, "month")) == expected


def test_ways_of_writing_are_told_apart() -> None:
    parsed = parse_periods(
        pd.Series(["2021-01", "Feb 2021", "Mar", "44271", "2021-05-01T00:00Z"], dtype="str"), "month"
    )
    assert parsed.styles == ("iso", "named", "no-year", "serial")
    assert parsed.no_year.tolist() == [False, False, True, False, False]
    assert parsed.serial.tolist() == [False, False, False, True, False]
    assert parsed.zone.tolist() == [False, False, False, False, True]


@given(st.dates(date(1900, 1, 1), date(2100, 12, 31)))
def test_iso_dates_find_their_period_typed_or_not(day: date) -> None:
    for period_type in ("month", "week"):
        expected = period_of(day, period_type)  # type: ignore[arg-type]
        text = parse_periods(pd.Series([day.isoformat()], dtype="str"), period_type)  # type: ignore[arg-type]
        typed = parse_periods(pd.Series(pd.to_datetime([day])), period_type)  # type: ignore[arg-type]
        assert text.index[0] == typed.index[0] == expected
        start = period_start(expected, period_type)  # type: ignore[arg-type]
        assert start <= day
        assert (day - start).days < (7 if period_type == "week" else 31)


def test_weeks_start_on_monday() -> None:
    assert period_start(period_of(date(2021, 1, 10), "week"), "week").weekday() == 0


@given(st.lists(st.one_of(st.none(), st.text(max_size=10)), max_size=10))
def test_no_text_is_too_strange(values: list[str | None]) -> None:
    parsed = parse_periods(pd.Series(values, dtype=object), "month")
    outcomes = sum(getattr(parsed, name).astype(int) for name in OUTCOMES) + (parsed.index >= 0)
    assert (outcomes == 1).all()
