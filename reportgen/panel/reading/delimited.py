"""Delimited text: encoding, delimiter, quoting, compression; every field stays text.

Numbers and dates are read later, when all of them have been seen. Lines that do not fit the header are kept aside
and reported together. Rejected: pandas' reader, which turns ``NA`` into a missing value, ``00123`` into a number and
stops at the first ragged line.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import re
import zlib
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from reportgen.errors import ReadError
from reportgen.panel.reading.drawn import refuse_blank_columns, undraw, unusual_delimiter
from reportgen.panel.reading.header import SEARCHED, count_footnotes, find_header, name_groups
from reportgen.panel.reading.quoting import broken_quote, check_quotes, record_lines
from reportgen.panel.reading.raw import RaggedRow, RawTable

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray
    from pyarrow.csv import InvalidRow

MAX_BYTES = 2 * 1024**3
_CHUNK = 1 << 20
_BOMS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe\x00\x00", "utf-32"), (b"\x00\x00\xfe\xff", "utf-32"))
_UTF16_BOMS = (b"\xff\xfe", b"\xfe\xff")
_DELIMITERS = ",;\t|"
_SEPARATOR_LINE = re.compile(r"\s*sep=(.)\n", re.IGNORECASE)
_HEAD, _TAIL = 65_536, 8_192
"""Characters looked at for a header and for footnotes."""
_SAMPLE = 60
_NUMBER = re.compile(r"[\d.,\s-]+")


def read_delimited(path: Path, max_bytes: int = MAX_BYTES, wanted: Sequence[str] = ()) -> RawTable:
    """Text file, plain or gzip, as a table of text columns.

    Parameters
    ----------
    wanted
        Column names that show which line is the header.

    Raises
    ------
    ReadError
        ``empty-file``, ``damaged-file``, ``too-large``, ``bad-encoding``, ``nul-bytes``, ``duplicate-column``,
        ``damaged-text``, ``broken-quote``, ``fixed-width``.
    """
    data = path.read_bytes()
    name, digest = path.name, hashlib.sha256(data).hexdigest()
    # The magic number of gzip (RFC 1952, 2.3.1), whatever the file is called.
    if data[:2] == b"\x1f\x8b":
        data = _decompress(data, name, max_bytes)
    if len(data) > max_bytes:
        raise _too_large(name, max_bytes)
    text, encoding, assumed = _decode(data, name)
    del data  # as large as the file, like each of its other forms below
    if not text.strip():
        raise ReadError(f"{name}: the file is empty. Export the table again, with a header row.", code="empty-file")
    if "\x00" in text:
        line = text.count("\n", 0, text.index("\x00")) + 1
        raise ReadError(
            f"{name}: the file has NUL bytes (first in line {line}), so it is damaged or not text. Export it again.",
            code="nul-bytes",
        )
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    # Excel's own first line (sep=;) decides, where there is one.
    separator = _SEPARATOR_LINE.match(text)
    if drawn := undraw(text):
        text, separator = drawn.text, None
    delimiter = separator[1] if separator else "," if drawn else _sniff_delimiter(text)
    if not drawn:
        refuse_blank_columns([line for line in text[:_HEAD].split("\n")[:_SAMPLE] if line.strip()], delimiter, name)
    above, start = _find_start(text, delimiter, wanted, separator.end() if separator else 0)
    body = text[start:]
    first = text.count("\n", 0, start) + 1
    header, width = _read_header(body, delimiter, name, above[-1] if above else ())
    body, left_out = _cut_footnotes(body, delimiter, len(header))
    encoded = body.encode("utf-8", "surrogatepass")
    del text, body
    # So that a line end stands behind every record, which is how records are counted.
    if not encoded.endswith(b"\n"):
        encoded += b"\n"
    quotes = check_quotes(encoded, delimiter, width, first, name)
    frame, ragged = _parse(encoded, delimiter, header, width, name)
    lines = record_lines(encoded, quotes, first)[1:] if quotes.opens.size else None
    _reconcile(frame, ragged, lines, encoded, first, name)
    if drawn:
        # Lines of dashes are gone; messages count those of the file.
        lines = drawn.lines_from(first, len(frame))
    return RawTable(
        frame=frame,
        source=name,
        first_row=first + 1,
        sha256=digest,
        delimiter="" if drawn else delimiter,
        encoding=encoding,
        assumed_encoding=assumed,
        ragged=ragged,
        lines=lines,
        above=above,
        left_out=left_out,
    )


def _reconcile(
    frame: pd.DataFrame,
    ragged: tuple[RaggedRow, ...],
    lines: NDArray[np.intp] | None,
    data: bytes,
    first: int,
    name: str,
) -> None:
    """Refuse a reading whose records are not the lines of the file."""
    expected = data.count(b"\n") - 1 if lines is None else len(lines)
    if lines is not None:
        # A record of several lines that does not fit the header: its quote did not close, and took in the rows after
        # it.
        for row in ragged:
            after = lines[row.position + 1] if row.position + 1 < len(lines) else first + data.count(b"\n")
            if after - lines[row.position] > 1:
                raise broken_quote(name, int(lines[row.position]))
    if len(frame) != expected:
        raise ReadError(
            f"{name}: the file has {expected:,} lines below its header, but they were read as {len(frame):,} rows. "
            "Check the quotation marks, or export the table again.",
            code="damaged-text",
        )


def _find_start(
    text: str, delimiter: str, wanted: Sequence[str], start: int
) -> tuple[tuple[tuple[str, ...], ...], int]:
    """Rows above the header, and where in the text it begins."""
    lines = text[start : start + _HEAD].split("\n")
    if len(text) > start + _HEAD:
        # The last line was cut off by the number of characters.
        lines.pop()
    rows = [next(csv.reader([line], delimiter=delimiter), []) for line in lines[: SEARCHED * 2]]
    header = find_header(rows, wanted) or 0
    for line in lines[:header]:
        start += len(line) + 1
    return tuple(tuple(cell.strip() for cell in row) for row in rows[:header] if any(c.strip() for c in row)), start


def _cut_footnotes(body: str, delimiter: str, width: int) -> tuple[str, tuple[str, ...]]:
    """Text without the footnotes at its end, and these."""
    tail = body[-_TAIL:]
    if len(body) > _TAIL:
        tail = tail[tail.index("\n") + 1 :] if "\n" in tail else ""
    # The tail begins inside a field in quotes: what looks like its lines may be one cell.
    if '"' in tail and tail.count('"') % 2:
        return body, ()
    lines = tail.rstrip("\n").split("\n")
    ended = len(tail) - len(tail.rstrip("\n"))
    rows = [next(csv.reader([line], delimiter=delimiter), []) for line in lines]
    # The whole table is in sight, its header too, which is no footnote however narrow it is.
    if len(body) <= _TAIL:
        rows[0] = ["header", "of", "the", "table"]
    count = count_footnotes(rows, width)
    if not count:
        return body, ()
    length = sum(len(line) + 1 for line in lines[-count:]) - 1 + ended
    said = tuple(" ".join(cell.strip() for cell in row if cell.strip()) for row in rows[-count:])
    said = tuple(text for text in said if text)
    return (body[: len(body) - length], said) if said else (body, ())


def _too_large(name: str, max_bytes: int) -> ReadError:
    limit = f"{max_bytes / 1024**2:,.0f} MiB"
    return ReadError(
        f"{name}: the table is larger than {limit} once unpacked. Split it by market, or store it as Parquet.",
        code="too-large",
    )


def _decompress(stored: bytes, name: str, max_bytes: int) -> bytes:
    parts: list[bytes] = []
    total = 0
    try:
        with gzip.open(io.BytesIO(stored)) as stream:
            while chunk := stream.read(_CHUNK):
                # Counted while it is unpacked: a gzip file says its size only at its end, and modulo 2^32.
                total += len(chunk)
                if total > max_bytes:
                    raise _too_large(name, max_bytes)
                parts.append(chunk)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise ReadError(
            f"{name}: the compressed file is damaged ({error}). Copy or export it again.", code="damaged-file"
        ) from error
    return b"".join(parts)


def _decode(data: bytes, name: str) -> tuple[str, str, bool]:
    """Text, its encoding, and whether that is only an assumption."""
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            return _strict(data, "utf-8-sig" if encoding == "utf-8" else encoding, name), encoding, False
    if data.startswith(_UTF16_BOMS):
        return _strict(data, "utf-16", name), "utf-16", False
    sample = data[:4096]
    # Half the bytes of plain letters in UTF-16 are zero; the half in which they stand tells the order of bytes.
    if sample.count(0) > len(sample) // 4:
        encoding = "utf-16-le" if sample[1::2].count(0) > sample[::2].count(0) else "utf-16-be"
        return _strict(data, encoding, name), encoding, False
    try:
        # Text in another encoding is almost never valid UTF-8 (its bytes above 127 come in fixed patterns), so
        # success decides.
        return data.decode("utf-8"), "utf-8", False
    except UnicodeDecodeError:
        # The commonest of the others; it reads nearly any bytes, which is why it is only an assumption.
        return _strict(data, "cp1252", name), "cp1252", True


def _strict(data: bytes, encoding: str, name: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ReadError(
            f"{name}: line {line} is not {encoding} text (byte {error.start:,}). Save the file as UTF-8.",
            code="bad-encoding",
        ) from error


def _sniff_delimiter(text: str) -> str:
    """The delimiter that splits most lines into equally many columns; on a tie the first of ``, ; tab |``."""
    # Text in quotes may hold any delimiter and says nothing.
    lines = [re.sub(r'"[^"]*"', "", line) for line in text[:_HEAD].split("\n")[:_SAMPLE] if line.strip()]

    def columns(delimiter: str) -> float:
        counts = Counter(line.count(delimiter) for line in lines)
        # The commonest count of a line, zero last: a sign that half the lines have equally often is the delimiter,
        # not a decimal sign that comes and goes.
        usual, times = max(counts.items(), key=lambda item: (item[1] if item[0] else 0, item[0]))
        return usual * times / len(lines) if 2 * times >= len(lines) else 0.0

    if best := max(columns(delimiter) for delimiter in _DELIMITERS):
        return next(delimiter for delimiter in _DELIMITERS if columns(delimiter) == best)
    if sign := unusual_delimiter(lines):
        return sign
    return max(_DELIMITERS, key=lines[0].count)


def _read_header(text: str, delimiter: str, name: str, above: Sequence[str] = ()) -> tuple[list[str], int]:
    """Column names without empty ones at the end, and the number of fields of the header line."""
    lines = iter(csv.reader(io.StringIO(text[:1_000_000]), delimiter=delimiter))
    try:
        header = [field.strip() for field in next(lines)]
    except (StopIteration, csv.Error) as error:
        raise ReadError(
            f"{name}: the first line cannot be read as column names ({error}). Put the names in line 1.",
            code="damaged-text",
        ) from error
    width = len(header)
    while len(header) > 1 and not header[-1]:
        header.pop()
    repeated = sorted({column for column in header if header.count(column) > 1 and column})
    if repeated and (told_apart := name_groups(header, above)):
        header, repeated = told_apart, []
    if repeated:
        places = ", ".join(f'"{c}" in columns {_places(header, c)}' for c in repeated)
        raise ReadError(
            f"{name}: a column name occurs more than once ({places}). Rename or remove one.", code="duplicate-column"
        )
    if all(_NUMBER.fullmatch(column) for column in header if column):
        raise ReadError(f"{name}: there are no column names above the rows. Put the names in line 1.", code="no-header")
    return [column or f"(column {i})" for i, column in enumerate(header, start=1)], width


def _places(header: list[str], column: str) -> str:
    return " and ".join(str(i) for i, other in enumerate(header, start=1) if other == column)


def _parse(
    data: bytes, delimiter: str, header: list[str], width: int, name: str
) -> tuple[pd.DataFrame, tuple[RaggedRow, ...]]:
    import pyarrow as pa
    from pyarrow import csv as arrow_csv

    ragged: list[RaggedRow] = []
    fields_of: list[list[str]] = []

    def keep_aside(row: InvalidRow) -> str:
        fields = next(csv.reader([row.text], delimiter=delimiter), [])
        fields_of.append((fields + [""] * len(header))[: len(header)])
        # Arrow counts from 1 and the header is its first row.
        ragged.append(RaggedRow(position=row.number - 2, expected=len(header), found=row.actual_columns))
        return "skip"

    names = header + [f"(unnamed {i})" for i in range(width - len(header))]
    try:
        table = arrow_csv.read_csv(
            pa.BufferReader(data),
            read_options=arrow_csv.ReadOptions(
                # No threads: in parallel Arrow does not know the numbers of the rows it calls invalid.
                use_threads=False,
                column_names=names,
                skip_rows_after_names=1,
                # A record longer than a block is an error of Arrow's; this holds any that is a row of a table.
                block_size=1 << 26,
            ),
            parse_options=arrow_csv.ParseOptions(
                delimiter=delimiter,
                newlines_in_values=True,
                ignore_empty_lines=False,
                invalid_row_handler=keep_aside,
            ),
            convert_options=arrow_csv.ConvertOptions(
                # "NA" and "" stay what they are, a market's code for one; and that the bytes are UTF-8 is known by now.
                column_types=dict.fromkeys(names, pa.string()),
                strings_can_be_null=False,
                check_utf8=False,
            ),
        )
    except pa.ArrowInvalid as error:
        raise ReadError(
            f"{name}: the text cannot be split into columns ({str(error).splitlines()[0]}). "
            "Check the quotes, or export the table again.",
            code="damaged-text",
        ) from error
    frame: pd.DataFrame = table.select(header).to_pandas()
    return (_put_back(frame, fields_of, [row.position for row in ragged]) if ragged else frame), tuple(ragged)


def _put_back(frame: pd.DataFrame, rows: list[list[str]], positions: list[int]) -> pd.DataFrame:
    """Frame with ``rows`` inserted so that they end up at ``positions``."""
    import numpy as np
    import pandas as pd

    total = len(frame) + len(rows)
    # Where each row of the two parts ends up: the kept ones fill the places that the ragged ones leave.
    others = np.delete(np.arange(total), positions)
    order = np.empty(total, dtype=np.intp)
    order[others] = np.arange(len(frame))
    order[positions] = np.arange(len(frame), total)
    extra = pd.DataFrame(rows, columns=frame.columns, dtype="str")
    return pd.concat([frame, extra], ignore_index=True).iloc[order].reset_index(drop=True)
