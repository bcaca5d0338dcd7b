"""Delimited text: whatever its encoding, delimiter and line ends, every field arrives as written."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from reportgen.errors import ReadError
from reportgen.panel.reading.delimited import read_delimited
from reportgen.panel.reading.raw import RawTable


def read(folder: Path, data: bytes, **limits: int) -> RawTable:
    path = folder / "panel.csv"
    path.write_bytes(data)
    return read_delimited(path, **limits)


def fields(table: RawTable) -> list[list[str]]:
    return table.frame.to_numpy().tolist()


@pytest.mark.parametrize("value", ["NA", "NO", "ON", "nan", "null", "None", "TRUE", "00123", "1E5", " x ", "₹", "🙂"])
def test_fields_stay_text(tmp_path: Path, value: str) -> None:
    assert fields(read(tmp_path, f"a,b\n{value},1\n".encode())) == [[value, "1"]]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252"])
def test_encodings(tmp_path: Path, encoding: str) -> None:
    table = read(tmp_path, "Markt;Umsatz\nKöln;1,5\n".encode(encoding))
    assert list(table.frame.columns) == ["Markt", "Umsatz"]
    assert fields(table) == [["Köln", "1,5"]]
    assert table.assumed_encoding == (encoding == "cp1252")


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_delimiters(tmp_path: Path, delimiter: str) -> None:
    table = read(tmp_path, delimiter.join(["a", '"b,;|\ty"', "c"]).encode() + b"\n" + delimiter.join("123").encode())
    assert table.delimiter == delimiter
    assert list(table.frame.columns) == ["a", "b,;|\ty", "c"]
    assert fields(table) == [["1", "2", "3"]]


def test_excel_separator_line_is_not_data(tmp_path: Path) -> None:
    table = read(tmp_path, b"sep=;\r\na;b\r\n1;2\r\n")
    assert fields(table) == [["1", "2"]]
    assert table.file_rows().tolist() == [3]


def test_blank_lines_above_the_header_are_skipped(tmp_path: Path) -> None:
    assert read(tmp_path, b"\n \r\na,b\n1,2\n").file_rows().tolist() == [4]


def test_quoted_line_breaks_and_delimiters(tmp_path: Path) -> None:
    assert fields(read(tmp_path, b'"a\nb",c\n"x\ny","1,200"\n')) == [["x\ny", "1,200"]]


def test_unnamed_columns_at_the_end_are_dropped_and_in_the_middle_named(tmp_path: Path) -> None:
    assert list(read(tmp_path, b"a,,b,\n1,2,3,\n").frame.columns) == ["a", "(column 2)", "b"]


def test_gzip(tmp_path: Path) -> None:
    assert fields(read(tmp_path, gzip.compress(b"a,b\n1,2\n", mtime=0))) == [["1", "2"]]


def test_ragged_lines_keep_their_place_and_number(tmp_path: Path) -> None:
    table = read(tmp_path, b"a,b\n1,2\n\n3,4,5\n7\n8,9\n")
    assert fields(table) == [["1", "2"], ["", ""], ["3", "4"], ["7", ""], ["8", "9"]]
    assert [(row.position, row.found) for row in table.ragged] == [(2, 3), (3, 1)]
    assert table.file_rows().tolist() == [2, 3, 4, 5, 6]


def test_header_only_is_a_table_without_rows(tmp_path: Path) -> None:
    assert fields(read(tmp_path, b"a,b")) == []


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty-file"),
        (b" \n\n", "empty-file"),
        (b"a,b\n1,\x002\n", "nul-bytes"),
        (b"a,a\n1,2\n", "duplicate-column"),
        (b",\n1,2\n", "no-header"),
        (b"\x81,b\n1,2\n", "bad-encoding"),
        ("a,b\n".encode("utf-16") + b"\x00\xd8\n\x00", "bad-encoding"),
        (gzip.compress(b"a,b\n1,2\n", mtime=0)[:-6], "damaged-file"),
        (gzip.compress(b"a,b\n1,2\n", mtime=0)[:-8] + b"\x00" * 8, "damaged-file"),
    ],
)
def test_unreadable_text_is_explained(tmp_path: Path, data: bytes, code: str) -> None:
    with pytest.raises(ReadError) as caught:
        read(tmp_path, data)
    assert caught.value.code == code
    assert caught.value.message.startswith("panel.csv: ")


def test_compression_bomb_stops_at_the_cap(tmp_path: Path) -> None:
    bomb = gzip.compress(b"a,b\n" + b"1,2\n" * 1_000_000, mtime=0)
    assert len(bomb) < 20_000
    with pytest.raises(ReadError) as caught:
        read(tmp_path, bomb, max_bytes=1_000_000)
    assert caught.value.code == "too-large"


def test_large_plain_text_stops_at_the_cap(tmp_path: Path) -> None:
    with pytest.raises(ReadError, match="larger"):
        read(tmp_path, b"a,b\n" + b"1,2\n" * 1000, max_bytes=1000)
