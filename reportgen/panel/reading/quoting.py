"""Whether the quotes of a delimited text say what they seem to: no record may swallow the lines after it.

A quote opens a field at its start and closes it before the next delimiter; a quote that never closes, or two stray
ones far apart, would join lines without a word. Rejected: leaving it to the parser, which reads any of it.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reportgen.errors import ReadError

_QUOTE, _NEWLINE = 34, 10


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Quotes:
    """Where fields in quotes run over lines. ``opens`` and ``closes`` ``(k,)`` are byte positions of their quotes."""

    opens: NDArray[np.intp]
    closes: NDArray[np.intp]


def check_quotes(data: bytes, delimiter: str, width: int, first_line: int, name: str) -> Quotes:
    r"""Fields that run over several lines.

    Parameters
    ----------
    data
        Header and rows, lines ending in ``\n``.
    width
        Number of fields of the header.
    first_line
        Line number of the header in the file.

    Raises
    ------
    ReadError
        ``broken-quote`` with the line where it opens.
    """
    if b'"' not in data:
        nowhere = np.empty(0, dtype=np.intp)
        return Quotes(opens=nowhere, closes=nowhere)
    buffer = np.frombuffer(data, dtype=np.uint8)
    places = np.flatnonzero(buffer == _QUOTE)
    spans = _plain_spans(buffer, places, ord(delimiter)) if len(delimiter.encode()) == 1 else None
    if spans is None:
        found = list(_walk(data, delimiter.encode(), first_line, name))
        spans = (np.array([a for a, _ in found], dtype=np.intp), np.array([b for _, b in found], dtype=np.intp))
    lines = np.flatnonzero(buffer == _NEWLINE)
    # A field runs over lines where another number of line ends lies before its end than before its start.
    over = np.searchsorted(lines, spans[0]) != np.searchsorted(lines, spans[1])
    opens, closes = spans[0][over], spans[1][over]
    for start, end in zip(opens.tolist(), closes.tolist(), strict=True):
        if _swallows_rows(data, start, end, delimiter.encode(), width):
            raise broken_quote(name, first_line + int(np.searchsorted(lines, start)))
    return Quotes(opens=opens, closes=closes)


def record_lines(data: bytes, quotes: Quotes, first_line: int) -> NDArray[np.intp]:
    """Line number in the file of each record, the header first."""
    ends = np.flatnonzero(np.frombuffer(data, dtype=np.uint8) == _NEWLINE)
    if quotes.opens.size:
        # The last field in quotes that opens before each line end; inside it the line end belongs to the field.
        span = np.searchsorted(quotes.opens, ends) - 1
        inside = (span >= 0) & (ends < quotes.closes[np.maximum(span, 0)])
        starts = np.flatnonzero(~inside) + 1
    else:
        starts = np.arange(1, ends.size + 1)
    starts = np.concatenate([[0], starts])
    whole = data.endswith(b"\n")
    return np.asarray((starts[:-1] if whole else starts) + first_line, dtype=np.intp)


def broken_quote(name: str, line: int) -> ReadError:
    """The error of a quote that opens in ``line`` and does not close where it should."""
    return ReadError(
        f"{name}: a quotation mark that opens in line {line:,} does not close in its field, so the lines after it "
        "would be lost. Close it, or double quotation marks that belong to the text.",
        code="broken-quote",
    )


def _plain_spans(
    buffer: NDArray[np.uint8], places: NDArray[np.intp], delimiter: int
) -> tuple[NDArray[np.intp], NDArray[np.intp]] | None:
    """Opening and closing quotes where they simply alternate, None where they do not."""
    if places.size % 2:
        return None
    opens, closes = places[::2], places[1::2]
    joined = closes[:-1] + 1 == opens[1:]  # two quotes inside a field are one of its characters
    opens = opens[np.concatenate([[True], ~joined])]
    closes = closes[np.concatenate([~joined, [True]])]
    # Quotes alternate cleanly only if each opens after a delimiter or a line end and closes before one.
    before = buffer[np.maximum(opens - 1, 0)]
    after = buffer[np.minimum(closes + 1, buffer.size - 1)]
    good_start = (opens == 0) | (before == delimiter) | (before == _NEWLINE)
    good_end = (closes == buffer.size - 1) | (after == delimiter) | (after == _NEWLINE)
    return (opens, closes) if good_start.all() and good_end.all() else None


def _walk(data: bytes, delimiter: bytes, first_line: int, name: str) -> Iterator[tuple[int, int]]:
    """Fields in quotes, one after the other, of a text where quotes also stand inside plain fields."""
    quoted = re.compile(rb'"(?:[^"]|"")*"')
    plain = re.compile(rb"[^" + re.escape(delimiter) + rb"\n]*")
    place = 0
    while (quote := data.find(b'"', place)) >= 0:
        # Lines without a quote are passed over whole; from the start of this one on it is read field by field.
        place = max(place, data.rfind(b"\n", 0, quote) + 1)
        while place < len(data):
            if data[place : place + 1] == b'"':
                match = quoted.match(data, place)
                # Behind the closing quote there may be a delimiter or the end of the line, and nothing else.
                after = data[match.end() : match.end() + 1] if match else b"?"
                if match is None or after not in {b"", b"\n", delimiter}:
                    raise broken_quote(name, first_line + data.count(b"\n", 0, place))
                yield place, match.end() - 1
                place = match.end()
            else:
                found = plain.match(data, place)
                place = found.end() if found else place
            place += 1
            if data[place - 1 : place] in {b"\n", b""}:
                break


def _swallows_rows(data: bytes, start: int, end: int, delimiter: bytes, width: int) -> bool:
    """Whether a field over several lines is rows of the table: its delimiters fall where those of rows would."""
    before = data[data.rfind(b"\n", 0, start) + 1 : start].decode("utf-8", "replace")
    # The column in which the quote opens: fields before it on its line.
    fields = next(csv.reader([before], delimiter=delimiter.decode()), [""])
    column = len(fields) - 1
    lines = data[start + 1 : end].split(b"\n")
    return (
        width > 2
        and lines[0].count(delimiter) == width - 1 - column
        and lines[-1].count(delimiter) == column
        and all(line.count(delimiter) == width - 1 for line in lines[1:-1])
    )
