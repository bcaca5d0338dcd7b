"""Formatting never lies at the edges, and agrees with Babel in between."""

from __future__ import annotations

import math

import numpy as np
import pytest
from babel.numbers import format_decimal

from reportgen.report.words.formats import MISSING, Formats

IN, DE, US = Formats("en_IN", "INR"), Formats("de_DE", "EUR"), Formats("en_US", "USD")


def spaced(text: str) -> str:
    return text.replace("\u00a0", " ").replace("\u2212", "-")


@pytest.mark.parametrize("locale", ["en_IN", "de_DE", "en_US", "fr_FR", "pl_PL", "de_CH", "hi_IN"])
def test_decimals_agree_with_babel(locale: str) -> None:
    formats = Formats(locale, "EUR")
    values = np.random.default_rng(3).lognormal(3, 5, 300) * np.where(np.arange(300) % 2, 1, -1)
    for value in (*map(float, values), 0.0, 999.0, 1000.0, 99_999.0, 100_000.0, 12_345_678.0):
        ours = spaced(formats.decimal(value, 2)).replace("\u202f", " ")
        theirs = format_decimal(value, format="#,##,##0.00" if "IN" in locale else "#,##0.00", locale=locale)
        theirs = theirs.lstrip("-") if abs(value) < 0.005 else theirs  # we never sign a zero
        assert ours == spaced(theirs).replace("\u202f", " ")


@pytest.mark.parametrize("value", [None, math.nan, math.inf, -math.inf])
def test_missing_number_is_a_dash_in_every_form(value: float | None) -> None:
    shown = [
        IN.integer(value), IN.decimal(value, 2), IN.number(value), IN.percent(value), IN.money(value),
        IN.money_short(value), IN.p_value(value), IN.interval(value, 1.0), IN.interval(0.0, value, "money"),
    ]  # fmt: skip
    assert set(shown) == {MISSING}


@pytest.mark.parametrize(
    ("formats", "value", "shown"),
    [
        (IN, 1_240_000.0, "₹ 12.4 lakh"),
        (IN, 123_456_789.0, "₹ 12.3 crore"),
        (IN, -9_999_900.0, "-₹ 1.0 crore"),
        (IN, 99_900.0, "₹ 99,900"),
        (IN, 412.3, "₹ 412"),
        (DE, 1_240_000.0, "1,2 Mio. €"),
        (DE, -1_240_000.0, "-1,2 Mio. €"),
        (US, 1_240_000.0, "$1.2M"),
        (US, 999_960.0, "$1.0M"),
        (US, 0.0, "$0"),
    ],
)
def test_short_money_uses_the_units_of_the_locale(formats: Formats, value: float, shown: str) -> None:
    assert spaced(formats.money_short(value)) == shown


@pytest.mark.parametrize(
    ("value", "se", "shown"),
    [
        (412.37, 54.0, "₹ 412"),
        (412.37, 0.5, "₹ 412.37"),
        (1_240_000.0, 5000.0, "₹ 12,40,000"),
        (0.01234, 0.002, "₹ 0.0123"),
        (45.3, None, "₹ 45.30"),
        (-0.4, 3.0, "₹ 0"),
    ],
)
def test_money_has_the_digits_its_error_supports(value: float, se: float | None, shown: str) -> None:
    assert spaced(IN.money(value, se)) == shown


@pytest.mark.parametrize(
    ("value", "se", "shown"),
    [
        (0.31234, 0.021, "0.312"),
        (250.4, 38.7, "250"),
        (0.0, None, "0"),
        (2.5, None, "2.50"),
        (-0.0004, 0.1, "0.00"),
        (123456.0, 2.0, "1,23,456.0"),
    ],
)
def test_number_shows_two_digits_of_its_error(value: float, se: float | None, shown: str) -> None:
    assert spaced(IN.number(value, se)) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0.0, "0%"), (1e-9, "<0.1%"), (-1e-9, ">-0.1%"), (0.1286, "12.9%"), (1.0, "100.0%"), (0.99999, ">99.9%"),
        (-0.25, "-25.0%"), (2.5, "250.0%"),
    ],
)  # fmt: skip
def test_percent_is_zero_only_for_zero_and_hundred_only_for_one(value: float, shown: str) -> None:
    assert spaced(IN.percent(value)) == shown


def test_percent_follows_locale_and_error() -> None:
    assert spaced(DE.percent(0.1286)) == "12,9 %"
    assert IN.percent(0.1286, 0.0004) == "12.860%"
    assert IN.percent(0.25, digits=0, plus=True) == "+25%"


@pytest.mark.parametrize(
    ("p", "shown"),
    [(0.0, "<0.001"), (0.00099, "<0.001"), (0.034, "0.034"), (0.0996, "0.10"), (0.52, "0.52"), (0.9999, ">0.99")],
)
def test_p_value_is_never_written_as_zero_or_one(p: float, shown: str) -> None:
    assert IN.p_value(p) == shown


def test_interval_joins_both_ends_in_words() -> None:
    assert spaced(IN.interval(305.2, 519.4, "money")) == "₹ 305 to ₹ 519"
    assert spaced(IN.interval(1.01e6, 1.47e6, "money-short")) == "₹ 10.1 lakh to ₹ 14.7 lakh"
    assert IN.interval(0.1, 0.2, "percent") == "10.0% to 20.0%"
    assert IN.interval(0.271, 0.353) == "0.271 to 0.353"


def test_log_effects_are_written_as_percent_changes() -> None:
    log = Formats("en_IN", "INR", response="log")
    assert log.effect(math.log(1.015), 0.002) == "1.50%"
    assert log.effect_interval(math.log(0.99), math.log(1.02)) == spaced(log.effect_interval(-0.01005, 0.0198)).replace(
        "-", "\u2212"
    )
    assert log.effect(None) == MISSING
    assert log.effect_interval(None, 1.0) == MISSING
    assert log.effect_value(1000.0) == math.inf
    assert spaced(IN.effect(250.0, 38.0)) == "₹ 250"
    assert spaced(IN.effect_interval(174.0, 326.0)) == "₹ 174 to ₹ 326"


def test_plus_sign_marks_changes_but_not_zero() -> None:
    assert spaced(IN.money(120.0, plus=True)) == "+₹ 120"
    assert IN.decimal(0.0, 1, plus=True) == "0.0"
    assert spaced(IN.money_short(1.2e6, plus=True)) == "+₹ 12.0 lakh"


def test_value_dispatches_on_kind() -> None:
    assert IN.value(0.5, "percent") == "50.0%"
    assert spaced(IN.value(2e6, "money-short")) == "₹ 20.0 lakh"
    assert IN.value(0.5) == "0.500"


@pytest.mark.parametrize(
    ("formats", "values", "kind", "shown"),
    [
        (IN, (0.0, 5e5, 1e6), "money", ("₹ 0", "₹ 5 lakh", "₹ 10 lakh")),
        (IN, (0.0, 0.025, 0.05), "percent", ("0%", "2.5%", "5.0%")),
        (US, (-10000.0, 0.0, 10000.0), "money", ("-$10K", "$0", "$10K")),
        (DE, (0.0, 0.5, 1.0), "number", ("0", "0,5", "1,0")),
        (DE, (), "number", ()),
    ],
)
def test_ticks_share_one_scale(formats: Formats, values: tuple[float, ...], kind: str, shown: tuple[str, ...]) -> None:
    assert tuple(map(spaced, formats.ticks(values, kind))) == shown  # type: ignore[arg-type]


def test_periods_are_written_as_the_locale_does() -> None:
    assert spaced(IN.period("2021-03")) == "Mar 2021"
    assert spaced(IN.period("2021-01-04")) == "4 Jan 2021"
    assert spaced(IN.period_range("2021-01", "2023-12")) == "Jan 2021 – Dec 2023"
    assert spaced(IN.period_range("2021-01", "2021-01")) == "Jan 2021"
    assert spaced(IN.date("2024-01-31")) == "31 Jan 2024"


def test_time_axis_names_months_and_writes_each_year_once() -> None:
    labels = tuple(f"{2021 + i // 12}-{i % 12 + 1:02d}" for i in range(36))
    ticks = IN.axis_periods(labels)
    assert len(ticks) == 12
    assert [t.month for t in ticks[:4]] == ["Jan", "Apr", "Jul", "Oct"]
    assert [t.year for t in ticks if t.year] == ["2021", "2022", "2023"]


def test_time_axis_of_weeks_marks_the_first_week_of_a_month() -> None:
    labels = ("2021-01-04", "2021-01-11", "2021-01-18", "2021-01-25", "2021-02-01", "2021-02-08")
    assert [(t.position, t.month) for t in IN.axis_periods(labels)] == [(0, "Jan"), (4, "Feb")]


def test_time_axis_of_one_odd_month_still_has_a_label() -> None:
    assert [t.month for t in IN.axis_periods(("2021-05",), most=0)] == ["May"]


def test_symbol_is_the_currency_sign() -> None:
    assert (IN.symbol, DE.symbol) == ("₹", "€")


@pytest.mark.parametrize(
    ("confidence", "text"), [(0.95, "95%"), (0.975, "97.5%"), (0.9, "90%"), (0.999, "99.9%"), (0.68, "68%")]
)
def test_a_level_of_confidence_keeps_the_decimals_it_has(confidence: float, text: str) -> None:
    assert Formats("en_IN", "INR").level(confidence) == text
