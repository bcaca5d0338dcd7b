"""What stands beside the amounts: a currency or a unit of each row, and rows that sum up the periods."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from intake_tables import Way, as_text, guided, panel_rows, read, same, save
from reportgen.api import check
from reportgen.errors import InputError

ROWS = panel_rows()


def halves(first: str, second: str) -> list[str]:
    return [first] * 70 + [second] * 42


@pytest.mark.parametrize("kind", ["csv", "xlsx", "folder"])
@pytest.mark.parametrize("name", ["currency", "Währung", "local_ccy", "Devise"])
def test_a_column_of_currencies_counts(name: str, kind: str, tmp_path: Path, tried: Callable[..., None]) -> None:
    tried(f"currencies in {name}, {kind}")
    for i, (first, second) in enumerate([("INR", "USD"), ("€", "£"), ("Euro", "Dollar"), ("inr", "EUR")]):
        place = tmp_path / str(i)
        place.mkdir()
        source = save(as_text(ROWS, Way()).assign(**{name: halves(first, second)}), place, kind)
        with pytest.raises(InputError) as caught:
            read(source, place, {})
        assert caught.value.code == "other-currency"
        assert [w for w in (name, second, "report.currency") if w not in caught.value.message] == []
    (tmp_path / "one").mkdir()
    source = save(as_text(ROWS, Way()).assign(**{name: "INR"}), tmp_path / "one", kind)
    found = read(source, tmp_path / "one", {})
    assert same(found, ROWS) == ""
    assert found["North"].currency == "INR"
    with pytest.raises(InputError, match=r"report\.currency"):
        read(source, tmp_path / "one", {"report.currency": "EUR"})


@pytest.mark.parametrize("name", ["unit", "Einheit", "scale"])
def test_a_column_of_units_counts(name: str, tmp_path: Path, tried: Callable[..., None]) -> None:
    tried(f"units in {name}")
    for first, second in (("INR", "INR lakh"), ("'000", "million"), ("EUR", "TEUR")):
        source = save(as_text(ROWS, Way()).assign(**{name: halves(first, second)}), tmp_path)
        with pytest.raises(InputError, match=f"{name} is another unit than elsewhere in"):
            read(source, tmp_path, {})
    for unit, warned in (("EUR '000", True), ("packs", False)):
        source = save(as_text(ROWS, Way()).assign(**{name: unit}), tmp_path)
        assert same(read(source, tmp_path, {}), ROWS) == ""
        codes = {f.code for f in check(data=tmp_path / source).findings}
        assert ("heading-unit" in codes) is warned


def with_sums(kind: str) -> pd.DataFrame:
    table = as_text(ROWS, Way()).astype({"sales": float, "promotion": float})

    def line(market: str, pharmacy: str, month: str, own: pd.DataFrame) -> pd.DataFrame:
        values = [market, pharmacy, month, own["sales"].sum(), own["promotion"].sum()]
        return pd.DataFrame([values], columns=table.columns)

    parts = []
    for (market, pharmacy), own in table.groupby(["market", "pharmacy"], sort=False):
        parts.append(own)
        if kind in {"named", "month"}:
            parts.append(
                line(
                    market,
                    f"{pharmacy} total" if kind == "named" else pharmacy,
                    "" if kind == "named" else "Total",
                    own,
                )
            )
    if kind in {"grand", "named"}:
        parts.append(line("Grand total", "", "", table))
    if kind == "markets":
        parts += [line(f"Sum {market}", "", "", own) for market, own in table.groupby("market", sort=False)]
    return pd.concat(parts, ignore_index=True)


@pytest.mark.parametrize("file", ["csv", "xlsx"])
@pytest.mark.parametrize("kind", ["named", "month", "grand", "markets"])
def test_rows_that_sum_up_periods_are_named_as_such(
    kind: str, file: str, tmp_path: Path, tried: Callable[..., None]
) -> None:
    tried(f"sums of periods, {kind}, {file}")
    source = save(with_sums(kind), tmp_path, file)
    for reading in (lambda: read(source, tmp_path, {}), lambda: guided(source, tmp_path)):
        with pytest.raises(InputError) as caught:
            reading()
        assert caught.value.code == "sum-of-others"
        assert "rows without a month sum up other rows" in caught.value.message
    if kind == "month":
        assert "Remove the rows." in caught.value.message
        return
    left = caught.value.message.split("panel.leave_out = ")[1].split("]")[0]
    names = [name.strip(' "[') for name in left.split(",")]
    assert same(read(source, tmp_path, {"panel.leave_out": names}), ROWS) == ""


def test_a_month_that_is_missing_is_no_sum(tmp_path: Path, tried: Callable[..., None]) -> None:
    tried("two months that are missing")
    table = as_text(ROWS, Way())
    table.loc[[5, 40], "month"] = ""
    with pytest.raises(InputError, match="month is empty in 2 rows"):
        read(save(table, tmp_path), tmp_path, {})
