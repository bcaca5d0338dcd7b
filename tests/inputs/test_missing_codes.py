"""Codes for a missing value among numbers: asked about with the setting that answers, and read as empty under it."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from intake_tables import Way, as_text, panel_rows, read, same, save
from reportgen.errors import InputError

ROWS = panel_rows(pharmacies=6)
CODES = ("9999999", "999999", "99999", "-99", "-999", "-9", "-1", "9999999.99", "2147483647", "5000000", "-9999")
WRITTEN = {
    "comma": (",", lambda v: v),
    "german": (";", lambda v: v.replace(".", ",")),
    "padded": ("|", lambda v: f" {v} "),
}


def with_code(
    code: str, column: str, places: list[int], folder: Path, kind: str = "csv", written: str = "comma"
) -> str:
    table = as_text(ROWS, Way())
    table.loc[table.index[places], column] = code
    sep, change = WRITTEN[written]
    if kind == "csv":
        table[["sales", "promotion"]] = table[["sales", "promotion"]].map(change)
    else:
        table = table.astype({"sales": float, "promotion": float})
    return save(table, folder, kind, sep)


def drawn(seed: int, count: int) -> list[int]:
    """Rows of one market, so that every kind of source asks the same."""
    return sorted(random.Random(seed).sample(range(len(ROWS) // 2), count))


@pytest.mark.parametrize("column", ["sales", "promotion"])
@pytest.mark.parametrize("code", CODES)
def test_a_code_is_asked_about_and_then_read_as_empty(
    code: str, column: str, tmp_path: Path, tried: Callable[..., None]
) -> None:
    tried(f"code {code} in {column}")
    for i, (kind, written) in enumerate(
        [("csv", "comma"), ("csv", "german"), ("csv", "padded"), ("xlsx", "comma"), ("folder", "comma")]
    ):
        place = tmp_path / str(i)
        place.mkdir()
        rows = drawn(i, 4)
        source = with_code(code, column, rows, place, kind, written)
        with pytest.raises(InputError) as caught:
            read(source, place, {})
        said = caught.value.message
        assert caught.value.code == "placeholder"
        assert [w for w in (column, "4 rows", code, "panel.missing", "panel.accept") if w not in said] == []
        assert "negative" not in said
        true = ROWS.astype({"promotion": float}).copy()
        true.loc[true.index[rows], column] = np.nan
        assert same(read(source, place, {"panel.missing": [code], "panel.empty_promotion": "missing"}), true) == ""


def test_one_answer_is_enough_for_codes_of_several_columns(tmp_path: Path, tried: Callable[..., None]) -> None:
    tried("codes in two columns")
    table = as_text(ROWS, Way())
    table.loc[table.index[[3, 9, 30]], "sales"] = "9999999"
    table.loc[table.index[[4, 9, 31, 90]], "promotion"] = "-99"
    table.to_csv(tmp_path / "table.csv", index=False)
    with pytest.raises(InputError) as caught:
        read("table.csv", tmp_path, {})
    assert caught.value.message.count('panel.missing = ["-99", "9999999"]') >= 2
    read("table.csv", tmp_path, {"panel.missing": ["-99", 9999999]})
    assert read("table.csv", tmp_path, {"panel.accept": ["placeholder"], "panel.negative_sales": "keep"})


def test_words_can_stand_for_a_missing_value(tmp_path: Path, tried: Callable[..., None]) -> None:
    tried("words for missing")
    table = as_text(ROWS, Way())
    table.loc[table.index[[3, 9]], "sales"] = "Closed"
    table.to_csv(tmp_path / "table.csv", index=False)
    with pytest.raises(InputError, match=r"panel\.missing"):
        read("table.csv", tmp_path, {})
    true = ROWS.copy()
    true.loc[true.index[[3, 9]], "sales"] = np.nan
    assert same(read("table.csv", tmp_path, {"panel.missing": "closed"}), true) == ""


def ordinary(name: str) -> pd.DataFrame:
    """Tables whose repeated, round or large numbers are what they say."""
    rng = np.random.default_rng(8)
    table = ROWS.copy()
    n = len(table)
    made: dict[str, Any] = {
        "a price of 999": {"sales": 999.0 * rng.poisson(2.0, n)},
        "percent up to 99": {"promotion": np.minimum(rng.integers(0, 101, n), 99)},
        "0 and 1": {"promotion": (rng.random(n) < 0.05).astype(float)},
        "rare large orders": {"sales": np.exp(rng.normal(8, 1.2, n)).round(0)},
        "a spend that is always 5000": {"promotion": 5000.0 * (rng.random(n) < 0.1)},
        "a spend of 250, 500 and 5000": {"promotion": rng.choice([0, 250, 500, 5000], n, p=[0.5, 0.2, 0.2, 0.1])},
        "small counts with 9": {"promotion": rng.poisson(5.0, n)},
        "sales near 9999": {"sales": rng.normal(9999, 40, n).round(0)},
        "a fee of 10000 beside visits that cost up to 500": {
            "promotion": np.where(rng.random(n) < 0.1, 10_000, rng.integers(0, 500, n))
        },
        "sales capped at 9999": {"sales": np.minimum(rng.lognormal(8.7, 0.4, n), 9999.0).round(0)},
        "returns of one pack of 99": {"sales": np.where(rng.random(n) < 0.08, -99.0, 99.0 * rng.poisson(3.0, n))},
        "returns of one pack, counted": {"sales": np.where(rng.random(n) < 0.08, -1.0, rng.poisson(6.0, n))},
        "returns": {"sales": np.where(rng.random(n) < 0.05, -rng.integers(1, 400, n), rng.integers(500, 900, n))},
    }
    return table.assign(**made[name])


@pytest.mark.parametrize(
    "name",
    ["a price of 999", "percent up to 99", "0 and 1", "rare large orders", "a spend that is always 5000",
     "a spend of 250, 500 and 5000", "small counts with 9", "sales near 9999",
     "a fee of 10000 beside visits that cost up to 500", "sales capped at 9999", "returns of one pack of 99",
     "returns of one pack, counted",
     "returns"],
)  # fmt: skip
def test_ordinary_numbers_are_not_suspected(name: str, tmp_path: Path, tried: Callable[..., None]) -> None:
    tried(f"no code: {name}")
    as_text(ordinary(name), Way()).to_csv(tmp_path / "table.csv", index=False)
    true = as_text(ordinary(name), Way()).astype({"sales": float, "promotion": float})
    found = read("table.csv", tmp_path, {"panel.negative_sales": "keep"})
    assert same(found, true.assign(t=ROWS["t"])) == ""
