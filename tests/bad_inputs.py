"""The corpus of bad inputs (RELIABILITY.md): sixty ways a sales table arrives, and what must become of each.

Most cases are three markets, of which only ``BAD`` is touched, so that containment can be checked: ``OK1`` and ``OK2``
must come out as in a clean run. Other cases are about the whole file. Used here at the level of the panel and of one
market's analysis; whole builds over the same corpus are the batch's tests.
"""

from __future__ import annotations

import gzip
import pickle
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
import xlsxwriter

from reportgen.panel.simulate import MarketSpec, simulate_market

COLUMNS = ["market", "pharmacy", "month", "sales", "promotion"]
OTHERS = ("OK1", "OK2")
ESTIMATED = frozenset({"ok", "singular"})
REFUSED_BEFORE_FITTING = frozenset({"not-estimable"})
ANY = ESTIMATED | {"not-estimable", "not-estimated"}


@dataclass(frozen=True, kw_only=True)
class BadInput:
    """One case.

    ``make`` writes the file(s) into a folder and returns ``panel.source``. ``refused``: code of the error that stops
    the whole run under ``bad_markets = "refuse"``; ``contained``: whether "contain" then leaves the other markets as
    they were. ``found``: codes of findings that must be among those reported. ``status``: what the analysis of ``BAD``
    may come to where it is read, None where ``BAD`` is not analysed.
    """

    name: str
    make: Callable[[Path], str]
    refused: str = ""
    contained: bool = False
    found: frozenset[str] = frozenset()
    status: frozenset[str] | None = None
    panel: dict[str, object] = field(default_factory=dict)
    model: dict[str, object] = field(default_factory=dict)


def clean_table(markets: tuple[str, ...] = (*OTHERS, "BAD"), pharmacies: int = 9, periods: int = 14) -> pd.DataFrame:
    """Markets that can be estimated; every column is text."""
    parts = []
    for i, market in enumerate(markets):
        spec = MarketSpec(market=market, pharmacies=pharmacies, periods=periods, counts=True)
        draw = simulate_market(spec, np.random.default_rng((60, i)))
        row, column = np.divmod(np.arange(pharmacies * periods), periods)
        part = pd.DataFrame({"market": market, "pharmacy": [f"{market}-{g + 1:02d}" for g in row]})
        part["month"] = [f"{2021 + t // 12}-{t % 12 + 1:02d}" for t in column]
        part["sales"] = np.rint(draw.sales).astype(int).ravel().astype(str)
        part["promotion"] = draw.promotion.astype(int).ravel().astype(str)
        parts.append(part)
    return pd.concat(parts, ignore_index=True).astype("str")


def save(table: pd.DataFrame, folder: Path, **how: object) -> str:
    """Write ``panel.csv``."""
    table.to_csv(folder / "panel.csv", **({"index": False, "encoding": "utf-8"} | how))  # type: ignore[call-overload]
    return "panel.csv"


def table_case(change: Callable[[pd.DataFrame], pd.DataFrame | None], **how: object) -> Callable[[Path], str]:
    """Make a file from the clean table after ``change`` (in place, or a new table)."""

    def make(folder: Path) -> str:
        table = clean_table()
        changed = change(table)
        return save(table if changed is None else changed, folder, **how)

    return make


def bad(table: pd.DataFrame) -> pd.Series:
    """Rows of the market BAD."""
    return table["market"] == "BAD"


def setting(column: str, value: object, rows: slice = slice(3, 4)) -> Callable[[Path], str]:
    """Make a file where some rows of BAD have another value."""

    def change(table: pd.DataFrame) -> None:
        table.loc[table.index[bad(table)][rows], column] = value

    return table_case(change)


def appending(*lines: str) -> Callable[[Path], str]:
    """Make a file with lines added."""

    def make(folder: Path) -> str:
        source = save(clean_table(), folder)
        with (folder / source).open("a", encoding="utf-8") as stream:
            stream.writelines(line + "\n" for line in lines)
        return source

    return make


def raw(data: bytes, name: str = "panel.csv") -> Callable[[Path], str]:
    """Make a file of given bytes."""

    def make(folder: Path) -> str:
        (folder / name).write_bytes(data)
        return name

    return make


def csv_bytes(encoding: str = "utf-8", **how: object) -> bytes:
    """The clean table as CSV."""
    text: str = clean_table().to_csv(index=False, **how)  # type: ignore[call-overload]
    return text.encode(encoding)


def parquet(
    change: Callable[[pd.DataFrame], pd.DataFrame], name: str = "panel.parquet", **how: object
) -> Callable[[Path], str]:
    """Make a Parquet file or folder from the changed table with numbers as numbers."""

    def make(folder: Path) -> str:
        table = clean_table().astype({"sales": "int64", "promotion": "int64"})
        change(table).to_parquet(folder / name, **how)  # type: ignore[call-overload]
        return name

    return make


def damaged_parquet(damage: Callable[[bytearray], bytes]) -> Callable[[Path], str]:
    """Make a damaged Parquet file."""

    def make(folder: Path) -> str:
        path = folder / parquet(lambda table: table)(folder)
        path.write_bytes(damage(bytearray(path.read_bytes())))
        return path.name

    return make


def flip(data: bytearray) -> bytes:
    """Flip a bit of the footer's length."""
    data[-7] ^= 0x10
    return bytes(data)


def missing(_: Path) -> str:
    """Name a file that is not there."""
    return "absent.csv"


def folder_only(folder: Path) -> str:
    """Name an empty folder."""
    (folder / "panel").mkdir()
    return "panel"


def device(folder: Path) -> str:
    """Name a pipe: it may not be waited for."""
    import os

    os.mkfifo(folder / "panel.csv")
    return "panel.csv"


def workbook(name: str) -> Callable[[Path], str]:
    """Make a workbook with a hidden sheet, a title, merged market cells, formulas and day numbers."""

    def make(folder: Path) -> str:
        table = clean_table()
        with xlsxwriter.Workbook(folder / name) as book:
            hidden = book.add_worksheet("old")
            sheet = book.add_worksheet("sales")
            hidden.hide()
            sheet.activate()
            sheet.set_first_sheet()
            sheet.write(0, 0, "Monthly sales")
            sheet.write_row(1, 0, COLUMNS)
            months = {
                text: 44197 + int(np.datetime64(text) - np.datetime64("2021-01")) * 30.44 for text in table["month"]
            }
            for i, (_, pharmacy, month, sales, promotion) in enumerate(table.itertuples(index=False), start=2):
                sheet.write(i, 1, pharmacy)
                sheet.write(i, 2, int(months[month]) + 5)
                sheet.write_formula(i, 3, f"={sales}+0", None, int(sales))
                sheet.write(i, 4, int(promotion))
            for market in (*OTHERS, "BAD"):
                rows = np.flatnonzero(table["market"] == market) + 2
                sheet.merge_range(int(rows[0]), 0, int(rows[-1]), 0, market)
        return name

    return make


def promotion_of(values: Callable[[pd.DataFrame], object]) -> Callable[[Path], str]:
    """Make a file where the promotion of BAD is computed from its rows."""

    def change(table: pd.DataFrame) -> None:
        own = bad(table)
        table.loc[own, "promotion"] = pd.Series(values(table[own]), index=table.index[own]).astype(str)

    return table_case(change)


def keys_as_words(table: pd.DataFrame) -> None:
    """Pharmacies of BAD called NA, NO, ON, nan, null, None, TRUE, 00123, 1E5."""
    words = ["NA", "NO", "ON", "nan", "null", "None", "TRUE", "00123", "1E5"]
    own = bad(table)
    table.loc[own, "pharmacy"] = np.repeat(words, own.sum() // len(words))


def many_rows(markets: int, pharmacies: int, periods: int) -> Callable[[Path], str]:
    """Make a large, thin table."""

    def make(folder: Path) -> str:
        i = np.arange(markets * pharmacies * periods)
        market, rest = np.divmod(i, pharmacies * periods)
        pharmacy, period = np.divmod(rest, periods)
        table = pd.DataFrame({"market": pd.Series(market).map("M{:05d}".format)})
        table["pharmacy"] = pd.Series(pharmacy).map("P{:05d}".format)
        table["month"] = pd.Series(period).map("2021-{:02d}".format).str.replace("-00", "-12")
        return save(table.assign(sales=1000 + i % 7, promotion=i % 3), folder)

    return make


def one_group_each(count: int) -> Callable[[Path], str]:
    """Make a file where BAD has only ``count`` pharmacies."""
    return table_case(lambda t: t[~bad(t) | t["pharmacy"].isin([f"BAD-{g + 1:02d}" for g in range(count)])])


FILES = (
    BadInput(name="empty file", make=raw(b""), refused="empty-file"),
    BadInput(name="header only", make=raw(b"market,pharmacy,month,sales,promotion\n"), refused="no-rows"),
    BadInput(name="missing file", make=missing, refused="missing-file"),
    BadInput(name="a folder", make=folder_only, refused="empty-folder"),
    BadInput(name="not a regular file", make=device, refused="not-a-file"),
    BadInput(name="truncated parquet", make=damaged_parquet(lambda d: bytes(d[:-30])), refused="damaged-file"),
    BadInput(name="bit-flipped parquet", make=damaged_parquet(flip), refused="damaged-file"),
    BadInput(
        name="damaged gzip", make=raw(gzip.compress(csv_bytes(), mtime=0)[:-40], "p.csv.gz"), refused="damaged-file"
    ),
    BadInput(name="gzip", make=raw(gzip.compress(csv_bytes(), mtime=0), "p.csv.gz"), status=ESTIMATED),
    BadInput(name="UTF-16", make=raw(csv_bytes("utf-16")), status=ESTIMATED),
    BadInput(
        name="cp1252",
        make=raw(csv_bytes().replace(b"BAD-01", "BÄD-01".encode("cp1252"))),
        found=frozenset({"assumed-encoding"}),
        status=ESTIMATED,
    ),
    BadInput(name="byte order mark", make=raw(csv_bytes("utf-8-sig")), status=ESTIMATED),
    BadInput(name="NUL bytes", make=raw(csv_bytes().replace(b"BAD-03", b"BAD\x0003", 1)), refused="nul-bytes"),
    BadInput(name="ragged rows", make=appending("BAD,BAD-01,2023-01,5"), refused="ragged-row", contained=True),
    BadInput(
        name="semicolon and decimal comma",
        make=table_case(lambda t: t.assign(sales=t["sales"] + ",50"), sep=";"),
        status=ESTIMATED,
    ),
    BadInput(
        name="duplicate column names",
        make=raw(csv_bytes().replace(b"month,sales", b"sales,sales", 1)),
        refused="duplicate-column",
    ),
    BadInput(name="pickle renamed", make=raw(pickle.dumps(COLUMNS), "panel.parquet"), refused="pickle"),
    BadInput(name="workbook", make=workbook("panel.xlsx"), found=frozenset({"excel-date"}), status=ESTIMATED),
    BadInput(name="workbook that may hold macros", make=workbook("panel.xlsm"), status=ESTIMATED),
    BadInput(
        name="Hive partition market=NA",
        make=parquet(lambda t: t.assign(market=t["market"].replace("BAD", "NA")), "hive", partition_cols=["market"]),
    ),
)
SCHEMA = (
    BadInput(name="missing column", make=table_case(lambda t: t.drop(columns="sales")), refused="missing-column"),
    BadInput(name="extra column", make=table_case(lambda t: t.assign(note="x")), status=ESTIMATED),
    BadInput(name="wrong-type column", make=setting("sales", "2021-01-01"), refused="bad-number", contained=True),
    BadInput(name="no sales at all", make=setting("sales", "", slice(None)), status=REFUSED_BEFORE_FITTING),
    BadInput(name="negative sales", make=setting("sales", "-1"), refused="negative-sales", contained=True),
    BadInput(name="infinite sales", make=setting("sales", "-inf"), refused="infinite", contained=True),
    BadInput(name="1e308", make=setting("sales", "1e308"), refused="absurd-number", contained=True),
    BadInput(name="1.234,50 among whole numbers", make=setting("sales", "1.234,50"), status=ESTIMATED),
    BadInput(name="currency and thousands", make=setting("sales", "₹ 41,200"), status=ESTIMATED),
    BadInput(
        name="boolean promotion",
        make=table_case(lambda t: t.assign(promotion=(t["promotion"].astype(int) > 5).astype(str))),
        found=frozenset({"truth-values"}),
        status=ANY,
    ),
    BadInput(
        name="percent against share",
        make=promotion_of(lambda t: t["promotion"].astype(int) / 20),
        found=frozenset({"mixed-scale"}),
        status=ESTIMATED,
    ),
    BadInput(name="nullable integers", make=parquet(lambda t: t.astype({"sales": "Int64"})), status=ESTIMATED),
    BadInput(
        name="categorical with unused levels",
        make=parquet(lambda t: t.assign(market=t["market"].astype("category").cat.add_categories("none"))),
        status=ESTIMATED,
    ),
    BadInput(
        name="market as number",
        make=parquet(lambda t: t.assign(market=t["market"].map({"OK1": 1.0, "OK2": 2.0, "BAD": 3.0}))),
    ),
)
KEYS = (
    BadInput(name="keys NA NO ON nan null None TRUE", make=table_case(keys_as_words), status=ESTIMATED),
    BadInput(
        name="00123 beside 123",
        make=appending("BAD,00123,2021-01,5,1", "BAD,123,2021-01,5,1"),
        found=frozenset({"similar-pharmacy"}),
        status=ESTIMATED,
    ),
    BadInput(
        name="a pharmacy in two markets",
        make=setting("pharmacy", "OK1-01", slice(14)),
        found=frozenset({"pharmacy-in-several-markets"}),
        status=ESTIMATED,
    ),
    BadInput(name="duplicate rows", make=appending("BAD,BAD-01,2021-01,5,1"), refused="duplicate-rows", contained=True),
    BadInput(
        name="DE and de with a blank, meant as two",
        make=setting("market", "bad ", slice(14)),
        panel={"spellings": "apart"},
        found=frozenset({"similar-market"}),
        status=ESTIMATED,
    ),
    BadInput(name="DE and de with a blank", make=setting("market", "bad ", slice(14)), refused="split-market"),
    BadInput(
        name="NFC and NFD",
        make=appending("BAD,Köln,2021-01,5,1", "BAD,Ko\u0308ln,2021-01,5,1"),
        found=frozenset({"similar-pharmacy"}),
        status=ESTIMATED,
    ),
    BadInput(
        name="long, emoji, right-to-left and zero-width",
        make=appending(f"BAD,{'x' * 200},2021-01,5,1", "BAD,🙂\u202e\u200b,2021-01,5,1"),
        found=frozenset({"invisible-pharmacy"}),
        status=ESTIMATED,
    ),
    BadInput(name="empty pharmacy", make=setting("pharmacy", "  "), refused="empty-pharmacy", contained=True),
    BadInput(name="empty market", make=appending(",X,2021-01,5,1"), refused="empty-market", contained=True),
)
TIME = (
    BadInput(
        name="gaps",
        make=table_case(lambda t: t.drop(index=t.index[bad(t)][5:9])),
        found=frozenset({"gaps"}),
        status=ESTIMATED,
    ),
    BadInput(name="month 13", make=setting("month", "2021-13"), refused="impossible-date", contained=True),
    BadInput(name="30 February", make=setting("month", "2026-02-30"), refused="impossible-date", contained=True),
    BadInput(name="01/02/2026", make=setting("month", "01/02/2026"), refused="ambiguous-date", contained=True),
    BadInput(
        name="mixed date formats",
        make=setting("month", "Apr 2021"),
        found=frozenset({"mixed-dates"}),
        status=ESTIMATED,
    ),
    BadInput(
        name="time zones",
        make=table_case(lambda t: t.assign(month=t["month"] + "-01T00:00:00+05:30")),
        found=frozenset({"time-zone"}),
        status=ESTIMATED,
    ),
    BadInput(
        name="one month only",
        make=table_case(lambda t: t[~bad(t) | (t["month"] == "2021-01")]),
        status=REFUSED_BEFORE_FITTING,
    ),
    BadInput(
        name="future months",
        make=table_case(lambda t: t.assign(month=t["month"].str.replace("2022", "2031").str.replace("2021", "2030"))),
        found=frozenset({"future-period"}),
        status=ESTIMATED,
    ),
    BadInput(name="typing error in a year", make=setting("month", "2091-04"), refused="absurd-span", contained=True),
    BadInput(name="shuffled rows", make=table_case(lambda t: t.sample(frac=1.0, random_state=1)), status=ESTIMATED),
)
MODEL = (
    BadInput(name="constant promotion", make=setting("promotion", "3", slice(None)), status=REFUSED_BEFORE_FITTING),
    BadInput(
        name="promotion collinear with the month",
        make=promotion_of(lambda t: t["month"].rank(method="dense").astype(int)),
        status=ANY,
    ),
    BadInput(name="one pharmacy", make=one_group_each(1), status=REFUSED_BEFORE_FITTING),
    BadInput(name="two pharmacies", make=one_group_each(2), status=REFUSED_BEFORE_FITTING),
    BadInput(
        name="one row each",
        make=table_case(lambda t: t[~bad(t) | (t["month"] == "2021-05")]),
        status=REFUSED_BEFORE_FITTING,
    ),
    BadInput(name="constant sales", make=setting("sales", "40000", slice(None)), status=REFUSED_BEFORE_FITTING),
    BadInput(
        name="equal pharmacies",
        make=table_case(
            lambda t: t.assign(sales=np.where(bad(t), 40000 + (np.arange(len(t)) * 7919) % 997, t["sales"]))
        ),
        status=ESTIMATED,
    ),
    BadInput(
        name="promotion times 1e9",
        make=promotion_of(lambda t: t["promotion"].astype(int) * 10**9),
        status=ESTIMATED,
    ),
    BadInput(name="one extreme outlier", make=setting("sales", "999999999"), status=ESTIMATED),
    BadInput(
        name="zero sales with a log response",
        make=setting("sales", "0"),
        model={"response": "log"},
        found=frozenset({"zero-sales"}),
        status=ESTIMATED,
    ),
    BadInput(
        name="promotion separates pharmacies",
        make=promotion_of(lambda t: t["pharmacy"].str[-2:].astype(int)),
        status=REFUSED_BEFORE_FITTING,
    ),
    BadInput(name="fifty thousand pharmacies", make=many_rows(1, 50_000, 2)),
    BadInput(name="ten thousand markets of one row", make=many_rows(10_000, 1, 1)),
)
CASES = (*FILES, *SCHEMA, *KEYS, *TIME, *MODEL)
