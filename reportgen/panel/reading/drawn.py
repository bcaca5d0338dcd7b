"""Tables drawn with lines, as database clients and Markdown write them: a line of dashes below the names, or a frame.

``psql``, ``mysql``, ``sqlcmd``, ``sqlplus``, Markdown and reStructuredText. Cells are told by the signs between them
or by the places of the dashes, blanks around them are padding. A table in columns of blanks without any line says
nowhere for certain where a column ends, so it is refused.
"""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reportgen.errors import ReadError

_TOP = 60
"""Lines among which the first line of dashes is looked for."""
_RULE = re.compile(r"[\s+|:=,;\-─━═┌┬┐├┼┤└┴┘╔╦╗╠╬╣╚╩╝╞╪╡╟╫╢│║┃]+")
_DASHES = re.compile(r"[-=─━═]+")
_BARS = "|│║┃"
_UNUSUAL = "^~\x01\x1f"
"""Signs that part columns where the usual ones do not occur."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Undrawn:
    """A drawn table as text with commas; ``lines[i]`` is the line of the file (from 1) of its line i."""

    text: str
    lines: tuple[int, ...]

    def lines_from(self, header: int, rows: int) -> NDArray[np.intp]:
        """Lines of the file of the ``rows`` below the line ``header`` (from 1) of the text."""
        return np.array(self.lines[header : header + rows], dtype=np.intp)


def is_rule(line: str) -> bool:
    """Whether a line only parts the names from the rows: dashes in two groups or more."""
    groups = _DASHES.findall(line)
    return len(groups) > 1 and bool(_RULE.fullmatch(line)) and min(map(len, groups)) > 1


def undraw(text: str) -> Undrawn | None:
    """A drawn table as text with commas; None where there is no line of dashes at the top."""
    top = text[:65_536].split("\n")[:_TOP]
    first = next((i for i, line in enumerate(top) if is_rule(line)), None)
    if first is None:
        return None
    lines = text.split("\n")
    above = next((i for i in range(first - 1, -1, -1) if lines[i].strip()), None)
    # A frame has a line above the names, too.
    header = above if above is not None and not _is_title(lines[above], lines[first]) else first + 1
    if header >= len(lines):
        return None
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    kept = []
    names = lines[header].strip()
    for i, line in enumerate(lines):
        # Names are written again on each page of some clients.
        if is_rule(line) or (i != header and names and line.strip() == names):
            continue
        cells = _cells(line, lines[first], names) if i >= header else [line.strip()]
        writer.writerow(cells if any(cells) else [])
        kept.append(i + 1)
    return Undrawn(text=stream.getvalue(), lines=tuple(kept))


def _is_title(line: str, rule: str) -> bool:
    """Whether the line above a line of dashes stands above a frame and holds no names."""
    return len(_cells(line, rule, line)) < 2 or (
        rule.lstrip()[:1] in {"+", "┌", "╔"} and line.lstrip()[:1] not in _BARS
    )


def _cells(line: str, rule: str, names: str) -> list[str]:
    """Cells of a line, by the bars of the names, the delimiter of the rule, or the places of its dashes."""
    bar = next((sign for sign in _BARS if sign in names), "")
    if bar:
        inner = line.strip()
        if bar not in inner:
            return [inner]
        if names.startswith(bar):
            inner = inner.removeprefix(bar).removesuffix(bar)
        return [cell.strip().replace(f"\\{bar}", bar) for cell in re.split(rf"(?<!\\){re.escape(bar)}", inner)]
    sign = next((sign for sign in ",;\t" if sign in rule), "")
    if sign:
        return [cell.strip() for cell in next(csv.reader([line], delimiter=sign), [])]
    spans = [found.span() for found in _DASHES.finditer(rule)]
    cells = [line[start:end].strip() for start, end in spans]
    ends = [0, *(end for _, end in spans)]
    starts = [*(start for start, _ in spans), len(line)]
    gaps = [line[end:start] for end, start in zip(ends, starts, strict=True)]
    # The last column may be wider than its dashes; text in any other gap belongs to no column.
    cells[-1] = line[spans[-1][0] :].strip()
    return [line.strip()] if "".join(gaps[:-1]).strip() else cells


def refuse_blank_columns(lines: list[str], delimiter: str, name: str) -> None:
    """Raise where no sign parts the columns but blanks do; ``lines`` are those at the top that are not empty."""
    words = [len(line.split()) for line in lines]
    if len(words) < 3 or words[0] < 3 or delimiter in lines[0]:
        return
    # Commas of numbers are fewer than the columns.
    if sorted(line.count(delimiter) for line in lines)[len(lines) // 2] > 2:
        return
    aligned = sum("  " in line.strip() for line in lines) > len(lines) / 2
    if aligned or words.count(words[0]) > 0.8 * len(words):
        raise ReadError(
            f"{name}: the columns are parted by blanks, which does not say for certain where each one ends. Export the "
            "table as CSV, or with tabs or semicolons between the columns.",
            code="fixed-width",
        )


def unusual_delimiter(lines: list[str]) -> str:
    """A sign that parts all lines alike into three columns or more, where none of the usual ones does; else ""."""
    filled = [line for line in lines if line.strip()]
    for sign in _UNUSUAL:
        counts = {line.count(sign) for line in filled}
        if len(counts) == 1 and min(counts) > 1:
            return sign
    return ""
