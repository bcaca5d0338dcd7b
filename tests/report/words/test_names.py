"""Names from data, made safe to show."""

from __future__ import annotations

import unicodedata

import pytest

from reportgen.report.words.names import LIMIT, clean, told_apart


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("PH001", "PH001"),
        ("  two\t words\n", "two words"),
        ("line\u202ebidi", "linebidi"),
        ("a\x00b\x1bc", "abc"),
        ("bad\ud800half", "badhalf"),
        ("e\u0301", "é"),
        ("पुणे औषधालय", "पुणे औषधालय"),
        ("صيدلية النور", "صيدلية النور"),
        ("$x_{$ <b>", "$x_{$ <b>"),
        ("\u200f\x00", "–"),
    ],
)
def test_name_is_shown_without_what_could_harm_the_line(raw: str, shown: str) -> None:
    assert clean(raw) == shown


def test_long_name_keeps_its_end_at_the_cap() -> None:
    shown = clean("x" * 200 + " 17")
    assert len(shown) == LIMIT
    assert shown.endswith("xx 17")
    assert shown.count("…") == 1


def test_a_shortened_name_does_not_begin_with_half_a_letter() -> None:
    assert clean("कि" * 30, 12).partition("…")[2] in ("कि", "किकि", "")


def test_every_control_character_is_dropped() -> None:
    for code in range(0x11000):
        if unicodedata.category(chr(code)) in {"Cc", "Cs"}:
            assert clean(f"a{chr(code)}b") in {"ab", "a b"}


def test_names_that_would_look_alike_lose_the_beginning_they_share() -> None:
    long = [f"Apotheke am alten Marktplatz gegenüber dem Rathaus Nr. {i:02d} Nordseite" for i in range(40)]
    shown = told_apart(long, lambda name: clean(name, 20))
    assert len(set(shown)) == 40
    assert shown[7] == "…07 Nordseite"


def test_names_that_fit_are_left_alone() -> None:
    names = ["PH-001", "PH-002", "PH-002"]
    assert told_apart(names, lambda name: clean(name, 20)) == tuple(names)


def test_codes_without_a_space_are_told_apart_too() -> None:
    codes = [f"{'X' * 50}{i}{'Y' * 50}" for i in (17, 18)]
    assert [text[:2] for text in told_apart(codes, lambda name: clean(name, 20))] == ["…7", "…8"]
