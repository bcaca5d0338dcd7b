from __future__ import annotations

import pytest

from reportgen.batch.selection import select_markets, split_patterns
from reportgen.errors import NothingSelectedError, UsageError

MARKETS = ("DE", "NA", "PL-N", "PL-S", "de", "महाराष्ट्र")
STATUSES = {"DE": "ok", "NA": "failed", "PL-N": "singular", "PL-S": "ok"}


def chosen(select: str = "", exclude: str = "") -> tuple[str, ...]:
    return select_markets(MARKETS, STATUSES, select=split_patterns([select]), exclude=split_patterns([exclude]))


@pytest.mark.parametrize(
    ("select", "exclude", "expected"),
    [
        ("", "", MARKETS),
        ("DE", "", ("DE",)),
        ("DE, NA", "", ("DE", "NA")),
        ("PL-*", "", ("PL-N", "PL-S")),
        ("PL-*", "PL-S", ("PL-N",)),
        ("status:failed", "", ("NA",)),
        ("status:ok,NA", "", ("DE", "NA", "PL-S")),
        ("status:new", "", ("de", "महाराष्ट्र")),
        ("", "status:ok", ("NA", "PL-N", "de", "महाराष्ट्र")),
        ("महा*", "", ("महाराष्ट्र",)),
        ("[Dd]E,de", "", ("DE", "de")),
    ],
)
def test_patterns_choose_markets(select: str, exclude: str, expected: tuple[str, ...]) -> None:
    assert chosen(select, exclude) == expected


def test_a_pattern_is_a_glob_and_never_code_or_a_regular_expression() -> None:
    for hostile in ("(a+)+$", "__import__('os')", "$(id)", "../*"):
        with pytest.raises(NothingSelectedError):
            chosen(hostile)


def test_nothing_selected_names_the_pattern_and_some_markets() -> None:
    with pytest.raises(
        NothingSelectedError, match=r"no market matches XX without PL-N\. There are: DE, NA, PL-N, PL-S, de, …"
    ):
        chosen("XX", "PL-N")


def test_unknown_status_lists_the_known_ones() -> None:
    with pytest.raises(UsageError, match="status:broken: unknown status; use one of ok, singular"):
        split_patterns(["status:broken"])
