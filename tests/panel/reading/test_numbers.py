"""Numbers as people write them, one convention per file."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reportgen.panel.reading.values.conventions import decide, survey_numbers
from reportgen.panel.reading.values.numbers import Convention, parse_numbers


def find_convention(columns: list[pd.Series], delimiter: str) -> Convention:
    return decide(survey_numbers(columns), "", delimiter)


POINT, COMMA = Convention(), Convention(decimal_comma=True)
BAD = "bad"


def read(text: str | None, convention: Convention = POINT) -> float | str:
    parsed = parse_numbers(pd.Series([text], dtype="str"), convention)
    return BAD if parsed.bad[0] else float(parsed.values[0])


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1200", 1200),
        (" +3.5 ", 3.5),
        ("-4", -4),
        ("−4", -4),
        ("5.", 5),
        (".5", 0.5),
        ("1e5", 1e5),
        ("2.E3", 2000),
        ("1,200", 1200),
        ("1,20,000", 120000),
        ("1,234,567.89", 1234567.89),
        ("₹ 1,200", 1200),
        ("₹1,20,000/-", 120000),
        ("Rs. 500", 500),
        ("INR 500", 500),
        ("-$1,200.50", -1200.5),
        ("(350)", -350),
        ("1 200", 1200),
        ("1\u00a0200.5", 1200.5),
        ("1'200", 1200),
        ("45%", 45),
        ("57.7k", 57700),
        ("1.2 M", 1.2e6),
        ("₹ 3.5 lakh", 350000),
        ("2 crore", 2e7),
        ("5L", 5e5),
        ("(1.5k)", -1500),
        ("1 234 567", 1234567),
        ("100 20", BAD),
        ("12\n345", BAD),
        ("12 345 67", BAD),
        ("#N/A", BAD),
        ("#DIV/0!", BAD),
        ("-" * 20_000, BAD),
        ("9" * 65, BAD),
        ("3 kg", BAD),
        ("१२३", 123),
        ("TRUE", 1),
        ("no", 0),
        ("∞", np.inf),
        ("-inf", -np.inf),
        ("abc", BAD),
        ("1,2", BAD),
        ("1.2.3", BAD),
        ("12 34 ab", BAD),
        ("0x10", BAD),
        ("1_000", BAD),
        ("2021-01-01", BAD),
    ],
)
def test_decimal_point(text: str, value: float | str) -> None:
    assert read(text) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1.234,50", 1234.5),
        ("1,5", 1.5),
        ("-2,5 €", -2.5),
        ("1.200", 1200),
        ("1.234.567", 1234567),
        ("7", 7),
        ("1e3", 1000),
        ("1,5e3", 1500),
        (",5", 0.5),
        ("3.4", BAD),
        ("1,2,3", BAD),
    ],
)
def test_decimal_comma(text: str, value: float | str) -> None:
    assert read(text, COMMA) == value


@pytest.mark.parametrize("text", ["", "  ", "NA", "n/a", "nan", "NULL", "None", "-", "–", "nil", None])
def test_usual_words_for_missing(text: str | None) -> None:
    assert np.isnan(float(read(text)))


@pytest.mark.parametrize(
    ("texts", "delimiter", "expected"),
    [
        (["1200", "3"], ";", Convention()),
        (["1,200"], ",", Convention(decimal_comma=True, ambiguous=",")),
        (["1,200"], ";", Convention(decimal_comma=True, ambiguous=",")),
        (["1.200"], ",", Convention(ambiguous=".")),
        (["998", "1.003"], ";", Convention(ambiguous=".")),
        (["1.200", "1,200"], ",", Convention(ambiguous=".,")),
        (["1.200", "1.234.567"], ";", COMMA),
        (["1.200", "0.5"], ";", Convention()),
        (["1 234,567"], "\t", COMMA),
        (["1'234.567"], ";", Convention()),
        (["1,200", "1,20,000"], ";", Convention()),
        (["1,200", "0,5"], ",", COMMA),
        (["1.234,50", "7"], ",", COMMA),
        (["1,200", "2.5"], ";", Convention()),
        (["1,5", "2.5", "3.25"], ",", Convention(mixed=True)),
        (["1,5", "2,5", "3.25"], ",", Convention(decimal_comma=True, mixed=True)),
    ],
)
def test_the_whole_file_decides_the_convention(texts: list[str], delimiter: str, expected: Convention) -> None:
    assert find_convention([pd.Series(texts, dtype="str")], delimiter) == expected


@pytest.mark.parametrize(
    ("sales", "doses", "asked"),
    [
        (["45,846", "47,904"], ["7,5", "9"], ("sales",)),
        (["45.846", "998"], ["7.5", "9"], ("sales",)),
        (["45,846", "47,904"], ["7.5", "9"], ()),
        (["45.846", "47.904"], ["1.500", "0.250"], ()),
        (["45.846", "47.9"], ["1.5", "2"], ()),
        (["45.846", "47.904"], ["1.234.567", "2"], ()),
    ],
)
def test_decimals_of_another_column_do_not_make_thousands_decimals(
    sales: list[str], doses: list[str], asked: tuple[str, ...]
) -> None:
    columns = [pd.Series(sales, dtype="str", name="sales"), pd.Series(doses, dtype="str", name="doses")]
    assert find_convention(columns, ",").asked == asked


def test_one_comma_cannot_turn_points_into_thousands() -> None:
    column = pd.Series(["123.456", "2.5", "7.25", "1,5"], dtype="str")
    parsed = parse_numbers(column, find_convention([column], ","))
    np.testing.assert_array_equal(parsed.values, [np.nan, 2.5, 7.25, np.nan])
    assert parsed.bad.tolist() == [False, False, False, True]
    assert parsed.ambiguous.tolist() == [True, False, False, False]


@pytest.mark.parametrize(
    ("column", "values"),
    [
        (pd.Series([1, None, 3], dtype="Int64"), [1, np.nan, 3]),
        (pd.Series([1.5, np.inf]), [1.5, np.inf]),
        (pd.Series([True, False]), [1, 0]),
        (pd.Series([True, None], dtype="boolean"), [1, np.nan]),
        (pd.Series(["1", "2"], dtype="category"), [1, 2]),
        (pd.Series([1, "2", None, 2.5], dtype=object), [1, 2, np.nan, 2.5]),
        (pd.Series([None, None], dtype=object), [np.nan, np.nan]),
    ],
)
def test_typed_columns_keep_their_values(column: pd.Series, values: list[float]) -> None:
    np.testing.assert_array_equal(parse_numbers(column, POINT).values, values)


@given(st.lists(st.integers(-(10**12), 10**12), max_size=20))
def test_grouped_numbers_read_as_written(numbers: list[int]) -> None:
    grouped = pd.Series([f"{n:,}" for n in numbers], dtype="str")
    dotted = pd.Series([f"{n:,}".replace(",", ".") for n in numbers], dtype="str")
    np.testing.assert_array_equal(parse_numbers(grouped, POINT).values, numbers)
    np.testing.assert_array_equal(parse_numbers(dotted, COMMA).values, numbers)


@given(st.lists(st.one_of(st.none(), st.text(max_size=8), st.floats().map(str)), max_size=20), st.booleans())
def test_no_text_is_too_strange(values: list[str | None], comma: bool) -> None:
    parsed = parse_numbers(pd.Series(values, dtype=object), Convention(decimal_comma=comma))
    assert parsed.values.shape == (len(values),)
    assert np.isnan(parsed.values[parsed.bad]).all()
