"""Sources: every kind of file and database gives the same markets; every failure is explained."""

from __future__ import annotations

import pickle
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xlsxwriter

from panel_tables import check, codes, load, rows, settings_for, write
from reportgen.errors import EnvironmentMissing, InputError, ReadError
from reportgen.panel.checking.contract import Panel, validate_panel
from reportgen.panel.reading import columnar, database, spreadsheet
from reportgen.panel.reading import read as reading
from reportgen.panel.reading.read import list_markets, read_table
from reportgen.settings.sections import PanelSettings

CODES = ("NA", "NO", "00123", "1E5", "महाराष्ट्र", "a/b=c")


@pytest.fixture
def table() -> pd.DataFrame:
    lines = [line.split(",") for line in rows(CODES)]
    frame = pd.DataFrame(lines, columns=["market", "pharmacy", "month", "sales", "promotion"])
    return frame.astype({"sales": "int64", "promotion": "float64"})


def hashes(panel: Panel) -> dict[str, str]:
    return {code: market.data_hash for code, market in panel.markets.items()}


@pytest.fixture
def expected(tmp_path: Path) -> dict[str, str]:
    return hashes(load(write(tmp_path / "reference.csv", *rows(CODES))))


def write_parquet(folder: Path, table: pd.DataFrame) -> str:
    table.to_parquet(folder / "panel.parquet")
    return "panel.parquet"


def write_typed_parquet(folder: Path, table: pd.DataFrame) -> str:
    typed = table.assign(
        market=table["market"].astype("category").cat.add_categories("unused"),
        month=pd.to_datetime(table["month"]),
        sales=table["sales"].astype("Int64"),
    )
    typed.to_parquet(folder / "typed.parquet")
    return "typed.parquet"


def write_decimal_parquet(folder: Path, table: pd.DataFrame) -> str:
    arrow = pa.Table.from_pandas(table)
    money = arrow.column("sales").cast(pa.decimal128(25, 2))
    pq.write_table(arrow.set_column(3, "sales", money), folder / "decimal.pq")
    return "decimal.pq"


def write_partitioned(folder: Path, table: pd.DataFrame) -> str:
    table.to_parquet(folder / "hive", partition_cols=["market"])
    (folder / "hive" / "_SUCCESS.parquet").write_bytes(b"not data")
    return "hive"


def write_mixed_folder(folder: Path, table: pd.DataFrame) -> str:
    (folder / "parts").mkdir()
    table.iloc[:10].to_parquet(folder / "parts" / "1.parquet")
    table.iloc[10:].astype({"sales": "float64"}).to_parquet(folder / "parts" / "2.parquet")
    return "parts"


def write_excel(folder: Path, table: pd.DataFrame) -> str:
    table.assign(month=pd.to_datetime(table["month"])).to_excel(folder / "panel.xlsx", index=False, engine="xlsxwriter")
    return "panel.xlsx"


FILES = [write_parquet, write_typed_parquet, write_decimal_parquet, write_partitioned, write_mixed_folder, write_excel]


@pytest.mark.parametrize("writer", FILES)
def test_every_kind_of_file_gives_the_same_markets(
    tmp_path: Path, table: pd.DataFrame, expected: dict[str, str], writer: Callable[[Path, pd.DataFrame], str]
) -> None:
    assert hashes(load(tmp_path / writer(tmp_path, table))) == expected


@pytest.mark.parametrize("request_", [{"table": "panel"}, {"query": "SELECT * FROM panel;"}])
@pytest.mark.parametrize("kind", ["sqlite", "duckdb"])
def test_databases_give_the_same_markets(
    tmp_path: Path, table: pd.DataFrame, expected: dict[str, str], kind: str, request_: dict[str, str]
) -> None:
    if kind == "sqlite":
        connection = sqlite3.connect(tmp_path / "data.db")
        table.to_sql("panel", connection, index=False)
        connection.close()
        source = "sqlite:///data.db"
    else:
        with duckdb.connect(str(tmp_path / "data.duckdb")) as duck:
            duck.from_arrow(pa.Table.from_pandas(table)).create("panel")
        source = "duckdb:///data.duckdb"
    settings = settings_for(source, **request_)
    first = read_table(settings.panel, tmp_path)
    assert hashes(validate_panel(first, settings)) == expected
    assert first.sha256 == read_table(settings.panel, tmp_path).sha256


def test_one_market_of_a_partitioned_folder_opens_only_its_files(tmp_path: Path, table: pd.DataFrame) -> None:
    write_partitioned(tmp_path, table)
    for folder in (tmp_path / "hive").glob("market=N*"):
        for file in folder.iterdir():
            if folder.name != "market=NA":
                file.write_bytes(b"damaged")
    settings = PanelSettings(source="hive")
    assert list(list_markets(settings, tmp_path) or ()) == sorted(CODES)
    frame = read_table(settings, tmp_path, market="NA").frame
    assert set(frame["market"]) == {"NA"}
    with pytest.raises(ReadError, match="market=NO"):
        read_table(settings, tmp_path)


def test_one_market_of_one_parquet_file(tmp_path: Path, table: pd.DataFrame) -> None:
    settings = PanelSettings(source=write_parquet(tmp_path, table))
    assert list_markets(settings, tmp_path) is None
    assert set(read_table(settings, tmp_path, market="00123").frame["market"]) == {"00123"}


def test_keys_stored_as_numbers_become_text(tmp_path: Path) -> None:
    frame = pd.DataFrame({"market": [7, 7], "pharmacy": [1.0, 200000.0], "month": [202101, 202101], "sales": [1, 2]})
    frame.to_parquet(tmp_path / "numbers.parquet")
    market = load(tmp_path / "numbers.parquet").markets["7"]
    assert market.pharmacies == ("1", "200000")


def test_keys_stored_as_bytes_or_lists_become_text(tmp_path: Path) -> None:
    columns = {"market": [b"A", b"A"], "pharmacy": [[1], None], "month": ["2021-01"] * 2, "sales": [1, 2]}
    pq.write_table(pa.table(columns), tmp_path / "odd.parquet")
    frame = read_table(PanelSettings(source="odd.parquet"), tmp_path).frame
    assert frame["market"].tolist() == ["A", "A"]
    assert frame["pharmacy"].fillna("?").tolist() == ["[1]", "?"]


def test_damage_inside_parquet_is_a_read_error_or_a_table(tmp_path: Path, table: pd.DataFrame) -> None:
    path = tmp_path / write_parquet(tmp_path, table)
    data, generator = path.read_bytes(), np.random.default_rng(1)
    outcomes = set()
    for position in generator.integers(4, len(data) - 4, size=40):
        damaged = bytearray(data)
        damaged[position] ^= 0x10
        path.write_bytes(damaged)
        try:
            load(path)
            outcomes.add("table")
        except InputError as error:
            outcomes.add(error.code)
    assert "damaged-file" in outcomes


def test_workbook_with_title_merged_cells_formulas_and_a_hidden_sheet(tmp_path: Path) -> None:
    with xlsxwriter.Workbook(tmp_path / "book.xlsx") as book:
        notes = book.add_worksheet("notes")
        notes.write(0, 0, "ignore")
        sheet = book.add_worksheet("data")
        notes.hide()
        sheet.activate()
        sheet.set_first_sheet()
        sheet.write(0, 0, "Sales of pharmacies, confidential")
        sheet.write_row(2, 0, ["Market Code", "Pharmacy Code", "Month", "Sales", "Promotion"])
        sheet.merge_range(3, 0, 5, 0, "DE")
        day = book.add_format({"num_format": "mmm yy"})
        for i in range(3):
            sheet.write(3 + i, 1, 123)
            sheet.write(3 + i, 2, 44197 + 31 * i, day if i else None)
            sheet.write_formula(3 + i, 3, "=10*2", None, 20 + i)
            sheet.write_boolean(3 + i, 4, i == 1)
        sheet.set_row(4, None, None, {"hidden": True})
    panel = load(tmp_path / "book.xlsx")
    market = panel.markets["DE"]
    assert market.pharmacies == ("123",)
    np.testing.assert_array_equal(market.sales, [[20, 21, 22]])
    np.testing.assert_array_equal(market.promotion, [[[0, 1, 0]]])
    assert market.period_label(0) == "2021-01"
    assert {"excel-date", "truth-values"} <= codes(panel.findings)


def test_finding_rows_are_those_of_the_sheet(tmp_path: Path) -> None:
    with xlsxwriter.Workbook(tmp_path / "book.xlsx") as book:
        sheet = book.add_worksheet()
        sheet.write(0, 0, "title")
        for i, line in enumerate(
            [["market", "pharmacy", "month", "sales", "promotion"], ["A", "P", "2021-01", "x", 1]]
        ):
            sheet.write_row(i + 1, 0, line)
    assert next(f for f in check(tmp_path / "book.xlsx") if f.code == "bad-number").rows == (3,)


def test_sheet_is_chosen_by_name(tmp_path: Path, table: pd.DataFrame, expected: dict[str, str]) -> None:
    with pd.ExcelWriter(tmp_path / "two.xlsx", engine="xlsxwriter") as book:
        pd.DataFrame({"a": [1]}).to_excel(book, sheet_name="first")
        table.to_excel(book, sheet_name="second", index=False)
    assert hashes(load(tmp_path / "two.xlsx", table="second")) == expected
    with pytest.raises(ReadError, match="first, second"):
        load(tmp_path / "two.xlsx", table="third")


def duplicate_columns(folder: Path) -> str:
    names = ["market", "market", "month"]
    pq.write_table(pa.table([["a"], ["b"], ["c"]], names=names), folder / "twice.parquet")
    return "twice.parquet"


def pickled(folder: Path) -> str:
    (folder / "panel.parquet").write_bytes(pickle.dumps({"market": ["A"]}))
    return "panel.parquet"


def truncated(folder: Path) -> str:
    path = folder / write_parquet(folder, pd.DataFrame({"market": ["A"] * 100}))
    path.write_bytes(path.read_bytes()[:-20])
    return path.name


def flipped(folder: Path) -> str:
    path = folder / write_parquet(folder, pd.DataFrame({"market": ["A"] * 100}))
    data = bytearray(path.read_bytes())
    data[-6] ^= 0x40
    path.write_bytes(data)
    return path.name


def zipped_text(folder: Path) -> str:
    import zipfile

    with zipfile.ZipFile(folder / "panel.csv", "w") as archive:
        archive.writestr("panel.csv", "market,pharmacy\n")
    return "panel.csv"


def empty_workbook(folder: Path) -> str:
    xlsxwriter.Workbook(folder / "empty.xlsx").close()
    return "empty.xlsx"


def repeated_workbook_columns(folder: Path) -> str:
    with xlsxwriter.Workbook(folder / "twice.xlsx") as book:
        book.add_worksheet().write_row(0, 0, ["market", "market", "month"])
    return "twice.xlsx"


def named(name: str, data: bytes) -> Callable[[Path], str]:
    def make(folder: Path) -> str:
        (folder / name).write_bytes(data)
        return name

    return make


def folder_of_nothing(folder: Path) -> str:
    (folder / "nothing").mkdir()
    return "nothing"


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (lambda _: "absent.csv", "missing-file"),
        (folder_of_nothing, "empty-folder"),
        (named("panel.csv", b""), "empty-file"),
        (named("panel.parquet", b""), "empty-file"),
        (named("panel.xlsx", b""), "empty-file"),
        (named("panel.parquet", b"PAR1"), "damaged-file"),
        (named("panel.parquet", b"a,b\n1,2\n"), "not-parquet"),
        (named("panel.xlsx", b"a,b\n1,\x002\n"), "damaged-file"),
        (named("panel.xls", b"\xd0\xcf\x11\xe0 and more"), "damaged-file"),
        (named("panel.pkl", b"anything"), "pickle"),
        (pickled, "pickle"),
        (truncated, "damaged-file"),
        (flipped, "damaged-file"),
        (zipped_text, "damaged-file"),
        (duplicate_columns, "duplicate-column"),
        (empty_workbook, "empty-file"),
        (repeated_workbook_columns, "duplicate-column"),
    ],
)
def test_unreadable_sources_are_explained(tmp_path: Path, make: Callable[[Path], str], code: str) -> None:
    source = make(tmp_path)
    with pytest.raises(ReadError) as caught:
        read_table(PanelSettings(source=source), tmp_path)
    assert caught.value.code == code
    assert caught.value.message.startswith(f"{source}: ")
    assert str(tmp_path) not in caught.value.message


def test_a_misspelt_file_is_proposed(tmp_path: Path) -> None:
    write(tmp_path / "sales_2021.csv")
    with pytest.raises(ReadError, match=r'Did you mean "sales_2021\.csv"\?'):
        read_table(PanelSettings(source="sales_2012.csv"), tmp_path)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (PermissionError(13, "Permission denied"), "unreadable"),
        (MemoryError(), "too-large"),
        (OSError(5, "I/O"), "unreadable"),
    ],
)
def test_failures_of_the_machine_are_explained(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException, code: str
) -> None:
    path = write(tmp_path / "panel.csv", *rows())

    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(reading, "read_delimited", fail)
    with pytest.raises(ReadError) as caught:
        load(path)
    assert caught.value.code == code


def test_tables_beyond_the_caps_are_refused(
    tmp_path: Path, table: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(columnar, "MAX_ROWS", 10)
    monkeypatch.setattr(spreadsheet, "MAX_BYTES", 1000)
    for writer in (write_parquet, write_excel):
        with pytest.raises(ReadError) as caught:
            load(tmp_path / writer(tmp_path, table))
        assert caught.value.code == "too-large"


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        ({"source": "sqlite:///data.db"}, "missing-table"),
        ({"source": "sqlite:///data.db", "table": "a", "query": "SELECT 1"}, "missing-table"),
        ({"source": "sqlite:///data.db", "query": "DROP TABLE panel"}, "bad-query"),
        ({"source": "sqlite:///data.db", "table": "absent"}, "database"),
        ({"source": "sqlite:///data.db", "query": "SELECT 1 AS a, 2 AS a"}, "duplicate-column"),
        ({"source": "sqlite:///absent.db", "table": "a"}, "missing-file"),
        ({"source": "duckdb:///absent.duckdb", "table": "a"}, "missing-file"),
        ({"source": "duckdb:///data.db", "query": "SELECT nonsense"}, "database"),
        ({"source": "postgresql://user:secret@host/db", "table": "a"}, "password-in-settings"),
        ({"source": "postgresql://user@host/db?password=secret", "table": "a"}, "password-in-settings"),
        ({"source": "mysql://user@host/db?ssl_ca=x&ssl_key_passphrase=secret", "table": "a"}, "password-in-settings"),
        ({"source": "duckdb:///data.db?motherduck_token=secret", "table": "a"}, "password-in-settings"),
        ({"source": "://", "table": "a"}, "bad-url"),
    ],
)
def test_database_failures_are_explained(tmp_path: Path, settings: dict[str, str], code: str) -> None:
    sqlite3.connect(tmp_path / "data.db").close()
    with pytest.raises(ReadError) as caught:
        read_table(PanelSettings.model_validate(settings), tmp_path)
    assert caught.value.code == code
    assert "secret" not in caught.value.message


def sqlite_panel(path: Path, *, extra: str = "", market: str = "A") -> None:
    connection = sqlite3.connect(path)
    connection.execute(f"CREATE TABLE panel (market, pharmacy, month, sales, promotion{extra})")
    connection.execute(
        "INSERT INTO panel (market, pharmacy, month, sales, promotion) VALUES (?, '1', '2021-01', 5, 1)", (market,)
    )
    connection.commit()
    connection.close()


@pytest.mark.parametrize(
    "query",
    [
        "with a as (select 1) delete from panel returning *",
        "WITH a AS (SELECT 1) INSERT INTO panel SELECT * FROM panel RETURNING *",
        "with a as (select 1) update panel set sales = 0 returning *",
        "select 1; delete from panel",
        "select * from panel; drop table panel",
    ],
)
def test_no_query_writes_to_its_source(tmp_path: Path, query: str) -> None:
    path = tmp_path / "data.db"
    sqlite_panel(path)
    before = path.read_bytes()
    with pytest.raises(ReadError):
        read_table(PanelSettings(source="sqlite:///data.db", query=query), tmp_path)
    assert path.read_bytes() == before
    opened = database._opened_read_only(
        database._url(PanelSettings(source="sqlite:///data.db", table="panel"), tmp_path)
    )
    with closing(opened["creator"]()) as connection, pytest.raises(sqlite3.OperationalError, match="readonly"):
        connection.execute(query.partition(";")[2] or query).fetchall()


def test_words_in_quotes_do_not_make_a_query_a_write(tmp_path: Path) -> None:
    sqlite_panel(tmp_path / "a #%.db", extra=', "drop table"', market="delete from; x")
    query = """select market, pharmacy, month, sales, promotion, "drop table" from panel -- ; update x set
        where market <> 'drop table x;';"""
    frame = read_table(PanelSettings(source="sqlite:///a #%.db", query=query), tmp_path).frame
    assert frame["market"].tolist() == ["delete from; x"]


def test_an_unknown_database_needs_its_driver(tmp_path: Path) -> None:
    with pytest.raises(EnvironmentMissing, match="no driver"):
        read_table(PanelSettings(source="nosuch://host/db", table="a"), tmp_path)


def test_password_comes_from_the_environment_and_is_never_repeated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REPORTGEN_DB_PASSWORD", "canary-7261")
    url = database._url(PanelSettings(source="postgresql://user@host/db", table="a"), tmp_path)
    assert url.password == "canary-7261"
    assert database._clean("login with canary-7261 failed") == "login with *** failed"


def test_types_of_a_database_are_kept(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "data.db")
    connection.execute("CREATE TABLE panel (market, pharmacy, month, sales, promotion)")
    values = [(b"A", 1, "2021-01", 5, None), ("NA", 2.0, "2021-01", 5.5, 1), (None, "x", "2021-01", None, 2)]
    connection.executemany("INSERT INTO panel VALUES (?, ?, ?, ?, ?)", values)
    connection.commit()
    connection.close()
    frame = read_table(PanelSettings(source="sqlite:///data.db", table="panel"), tmp_path).frame
    assert frame["market"].fillna("?").tolist() == ["A", "NA", "?"]
    assert frame["pharmacy"].tolist() == ["1", "2", "x"]
    assert frame["sales"].dtype == "float64"


def test_input_errors_exit_with_four() -> None:
    assert issubclass(ReadError, InputError)
    assert ReadError.exit_code == 4
