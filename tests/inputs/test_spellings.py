"""One market or pharmacy written in two ways: a question that names both, never two halves or two copies."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from intake_tables import Way, as_text, panel_rows, read, same, save
from reportgen.api import check
from reportgen.errors import InputError

ROWS = panel_rows()
SPELLED: Mapping[str, Callable[[str], str]] = {
    "the other case": str.swapcase,
    "a blank behind": lambda text: text + " ",
    "two blanks before": lambda text: "  " + text,
    "a dash": lambda text: text[:1] + "-" + text[1:],
    "no zeros": lambda text: text.replace("0", ""),
    "full width": lambda text: "".join(chr(ord(c) + 0xFEE0) if c.isascii() and c.isalnum() else c for c in text),
    "a zero-width blank": lambda text: text[:2] + "\u200b" + text[2:],
}


def refused(source: str, folder: Path, settings: Mapping[str, Any] | None = None) -> InputError:
    with pytest.raises(InputError) as caught:
        read(source, folder, settings or {})
    return caught.value


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
@pytest.mark.parametrize("spelled", SPELLED)
def test_a_pharmacy_that_changes_its_spelling_is_one(
    spelled: str, kind: str, tmp_path: Path, tried: Callable[..., None]
) -> None:
    tried(f"pharmacies in {spelled} from a month on, {kind}")
    for i, (since, both) in enumerate([(5, False), (9, False), (11, True)]):
        place = tmp_path / str(i)
        place.mkdir()
        table = as_text(ROWS, Way())
        late = (ROWS["t"] >= since) & ROWS["pharmacy"].isin(["N001", "S003"] if both else ["N001"])
        table.loc[late, "pharmacy"] = table.loc[late, "pharmacy"].map(SPELLED[spelled])
        source = save(table, place, kind)
        error = refused(source, place)
        assert error.code == "split-pharmacy"
        assert [w for w in ('"N001"', "panel.spellings", "row ") if w not in error.message] == []
        found = read(source, place, {"panel.spellings": "join"})
        commonest = ROWS.copy()
        if since < 7:
            commonest.loc[commonest["pharmacy"] == "N001", "pharmacy"] = SPELLED[spelled]("N001")
        assert same(found, commonest) == ""
        assert len(read(source, place, {"panel.spellings": "apart"})["North"].pharmacies) == 5


@pytest.mark.parametrize("kind", ["csv", "xlsx", "folder"])
@pytest.mark.parametrize("spelled", [*SPELLED][:3])
def test_a_file_that_is_there_twice_under_another_spelling_of_its_market(
    spelled: str, kind: str, tmp_path: Path, tried: Callable[..., None]
) -> None:
    tried(f"doubled markets in {spelled}, {kind}")
    for i, rename in enumerate([lambda p: p, SPELLED[spelled], lambda p: "X" + p]):
        place = tmp_path / str(i)
        place.mkdir()
        table = as_text(ROWS, Way())
        again = table.assign(market=table["market"].map(SPELLED[spelled]), pharmacy=table["pharmacy"].map(rename))
        source = save(pd.concat([table, again]), place, kind)
        error = refused_in_check(source, place) if kind == "folder" else refused(source, place)
        assert error.code in {"split-market", "same-series"}
        assert '"North"' in error.message


def refused_in_check(source: str, folder: Path) -> InputError:
    """The first error of `reportgen check`, which looks at the markets of a folder together."""
    found = [f for f in check(data=folder / source).findings if f.severity == "error"]
    return InputError(found[0].message, code=found[0].code)


@pytest.mark.parametrize("other", ["Nord", "north region", "N2"])
def test_the_same_series_in_markets_of_other_names(other: str, tmp_path: Path, tried: Callable[..., None]) -> None:
    tried(f"doubled market called {other}")
    table = as_text(ROWS, Way())
    again = table[table["market"] == "North"].assign(market=other)
    source = save(pd.concat([table, again]), tmp_path)
    error = refused(source, tmp_path)
    assert error.code == "same-series"
    assert "4 pharmacy codes" in error.message
    assert sorted(read(source, tmp_path, {"panel.accept": ["same-series"]})) == sorted(["North", "South", other])


@pytest.mark.parametrize("kind", ["csv", "folder"])
def test_a_market_that_changes_its_spelling_is_one(kind: str, tmp_path: Path, tried: Callable[..., None]) -> None:
    tried(f"a market in capitals from a month on, {kind}")
    table = as_text(ROWS, Way())
    table.loc[(ROWS["t"] >= 9) & (ROWS["market"] == "North"), "market"] = "NORTH"
    source = save(table, tmp_path, kind)
    if kind == "folder":
        assert refused_in_check(source, tmp_path).code == "split-market"
        return
    assert refused(source, tmp_path).code == "split-market"
    assert same(read(source, tmp_path, {"panel.spellings": "join"}), ROWS) == ""
    # None of the halves is built where bad markets are left out.
    assert list(read(source, tmp_path, {"panel.bad_markets": "contain"})) == ["South"]


def test_a_doubled_file_stays_a_duplicate_when_spellings_are_joined(tmp_path: Path, tried: Callable[..., None]) -> None:
    tried("a doubled file, joined")
    table = as_text(ROWS, Way())
    source = save(pd.concat([table, table.assign(pharmacy=table["pharmacy"].str.lower())]), tmp_path)
    assert refused(source, tmp_path, {"panel.spellings": "join"}).code == "duplicate-rows"


@pytest.mark.parametrize("spelled", SPELLED)
def test_two_pharmacies_that_only_look_alike_stay_two(spelled: str, tmp_path: Path, tried: Callable[..., None]) -> None:
    tried(f"two pharmacies alike but for {spelled}")
    rng = np.random.default_rng(4)
    other = ROWS[ROWS["pharmacy"] == "N001"]
    other = other.assign(pharmacy=SPELLED[spelled]("N001"), sales=(other["sales"] * rng.uniform(0.4, 0.6)).round(2))
    rows = pd.concat([ROWS, other])
    source = save(as_text(rows, Way()), tmp_path)
    assert same(read(source, tmp_path, {}), rows) == ""
    assert "similar-pharmacy" in {f.code for f in check(data=tmp_path / source).findings}


def test_folders_are_not_told_of_a_setting_that_does_not_join_them(tmp_path: Path, tried: Callable[..., None]) -> None:
    tried("two folders alike")
    other = ROWS[ROWS["market"] == "North"].assign(market="north", sales=lambda rows: rows["sales"] * 1.7 + 9.0)
    source = save(as_text(pd.concat([ROWS, other]), Way()), tmp_path, "folder")
    (said,) = [f.message for f in check(data=tmp_path / source).findings if f.code == "similar-market"]
    assert "Give their folders one name if they mean the same." in said
    assert "join" not in said
