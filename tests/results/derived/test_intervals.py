"""Limits that follow from an estimate alone."""

from __future__ import annotations

import pytest

from reportgen.results.derived.intervals import (
    about_se,
    half_interval,
    interval_se,
    likelihood_limit,
    normal_interval,
    which_side,
)


def test_normal_limits_are_those_of_the_tables() -> None:
    assert normal_interval(10.0, 2.0, 0.95) == pytest.approx((6.080072, 13.919928))
    assert normal_interval(10.0, 2.0, 0.90) == pytest.approx((6.710293, 13.289707))
    assert interval_se(6.080072, 13.919928, 0.95) == pytest.approx(2.0, rel=1e-6)
    assert interval_se(6.710293, 13.289707, 0.90) == pytest.approx(2.0, rel=1e-6)
    assert interval_se(6.0, 6.0, 0.95) is None
    assert likelihood_limit(0.95) == pytest.approx(-3.841459 / 2)


@pytest.mark.parametrize("confidence", [0.8, 0.9, 0.95, 0.99])
def test_half_of_a_normal_interval_is_the_fifty_percent_one_at_every_level(confidence: float) -> None:
    whole = normal_interval(3.0, 0.5, confidence)
    assert half_interval(3.0, *whole, confidence) == pytest.approx(normal_interval(3.0, 0.5, 0.5))


@pytest.mark.parametrize(
    ("lower", "upper", "expected"),
    [(1.0, 3.0, 0.5), (None, 3.0, None), (1.0, None, None), (2.0, 2.0, None), (float("nan"), 3.0, None)],
)
def test_digits_follow_a_width_where_there_is_one(
    lower: float | None, upper: float | None, expected: float | None
) -> None:
    assert about_se(lower, upper) == expected


@pytest.mark.parametrize(
    ("lower", "upper", "of", "side"),
    [
        (1.0, 2.0, 0.0, 1),
        (-2.0, -1.0, 0.0, -1),
        (-1.0, 1.0, 0.0, 0),
        (0.0, 1.0, 0.0, 0),
        (1.0, 2.0, 3.0, -1),
        (None, 2.0, 0.0, 0),
    ],
)
def test_an_interval_that_touches_a_value_lies_on_neither_side(
    lower: float | None, upper: float | None, of: float, side: int
) -> None:
    assert which_side(lower, upper, of) == side
