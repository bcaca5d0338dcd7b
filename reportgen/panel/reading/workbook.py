"""What a workbook's own XML says that its cell values do not: formula errors, the calendar, blank cells far away.

The reader of cells returns an error as an empty cell and reserves room up to the last cell that has a format, so both
are looked up here first. Only ``.xlsx`` and its kin are XML; other workbooks have none of it.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from reportgen.errors import ReadError

MOST_CELLS = 60_000_000
"""Cells of the smallest rectangle that holds all values of a sheet."""
_SPARSE = 5_000_000
"""Cells of a rectangle up to which nothing is asked about how full it is."""
_CELL = re.compile(rb'<c r="([A-Z]{1,3})(\d{1,7})"')
_ERROR = re.compile(rb'<c r="([A-Z]{1,3})(\d{1,7})"[^>]*\bt="e"[^>]*>(?:(?!</c>).)*?<v>([^<]*)</v>', re.DOTALL)
_FORMULA = re.compile(
    rb'<c r="([A-Z]{1,3})(\d{1,7})"[^>]*>\s*<f[^>]*?(?:/>|>[^<]*</f>)\s*(?:<v>([^<]*)</v>|<v\s*/>)?\s*</c>'
)
NO_RESULT = "#UNCALCULATED!"
"""What stands in a formula cell without a result."""
_LEAST_ZEROS = 3
_BLANK = re.compile(rb"<c [^>]*?/>|<c [^>/]*?></c>")
_NUMBER = re.compile(
    rb'<c r="([A-Z]{1,3})(\d{1,7})"([^>]*)>\s*(?:<f[^>]*?(?:/>|>[^<]*</f>))?\s*<v>(-?[\d.]+(?:[eE][-+]?\d+)?)</v>'
)
_NUMBER_FORMAT = re.compile(rb'<numFmt [^>]*?numFmtId="(\d+)"[^>]*?formatCode="([^"]*)"')
_STYLES = "xl/styles.xml"
_STRINGS = "xl/sharedStrings.xml"
_STRING = re.compile(rb"<si>(.*?)</si>|<si/>", re.DOTALL)
_TAG = re.compile(rb"<[^>]*>")
_SHEET = re.compile(rb'<sheet [^>]*?name="([^"]*)"[^>]*?r:id="([^"]*)"')
_TARGET = re.compile(rb"<Relationship [^>]*?>")


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkbookFacts:
    """Facts of a workbook.

    ``data`` are its bytes without blank cells, where it has such far from its values, else None; ``errors`` maps
    sheet name → (row, column), both from 0 → text of an error, :data:`NO_RESULT`, or a percentage as it is shown;
    ``from_1904`` is its calendar.
    """

    data: bytes | None = None
    errors: Mapping[str, Mapping[tuple[int, int], str]]
    from_1904: bool = False


def look_into(path: Path) -> WorkbookFacts:
    """Read the facts of a workbook.

    Raises
    ------
    ReadError
        ``too-large`` if its values lie so far apart that the rectangle around them does not fit.
    """
    if not zipfile.is_zipfile(path):
        return WorkbookFacts(errors={})
    try:
        with zipfile.ZipFile(path) as archive:
            names = set(archive.namelist())
            if "xl/workbook.xml" not in names:
                return WorkbookFacts(errors={})
            book = archive.read("xl/workbook.xml")
            sheets = _sheets(archive, book, names)
            strings = archive.read(_STRINGS) if _STRINGS in names else b""
            percent = _percent_styles(archive.read(_STYLES)) if _STYLES in names else frozenset()
            found = {
                name: _sheet_facts(archive.read(part), strings, percent, path.name, name)
                for name, part in sheets.items()
            }
            changed = {sheets[name]: content for name, (_, content) in found.items() if content is not None}
            data = _rewritten(archive, changed) if changed else None
    except (zipfile.BadZipFile, KeyError, NotImplementedError, RuntimeError):
        return WorkbookFacts(errors={})  # the reader of cells says what is wrong
    from_1904 = re.search(rb'<workbookPr [^>]*date1904="(1|true)"', book) is not None
    return WorkbookFacts(
        data=data, errors={name: errors for name, (errors, _) in found.items() if errors}, from_1904=from_1904
    )


def _sheets(archive: zipfile.ZipFile, book: bytes, names: set[str]) -> dict[str, str]:
    """Sheet name → its part of the archive."""
    import html

    # A sheet's name stands in workbook.xml, its part under a relation's id in workbook.xml.rels.
    targets = {}
    for relation in _TARGET.findall(archive.read("xl/_rels/workbook.xml.rels")):
        key, target = re.search(rb'Id="([^"]*)"', relation), re.search(rb'Target="([^"]*)"', relation)
        if key and target:
            targets[key[1]] = target[1].decode().removeprefix("/xl/").removeprefix("/")
    made = {}
    for name, key in _SHEET.findall(book):
        part = "xl/" + targets.get(key, "")
        if part in names:
            made[html.unescape(name.decode())] = part
    return made


def _percent_styles(styles: bytes) -> frozenset[bytes]:
    """Numbers of the styles that show a number as a percentage."""
    custom = {
        number for number, code in _NUMBER_FORMAT.findall(styles) if b"%" in re.sub(rb"&quot;.*?&quot;", b"", code)
    }
    block = re.search(rb"<cellXfs.*?</cellXfs>", styles, re.DOTALL)
    formats = re.findall(rb'<xf [^>]*?numFmtId="(\d+)"', block[0]) if block else []
    # 9 and 10 are Excel's own (0% and 0.00%).
    return frozenset(str(i).encode() for i, number in enumerate(formats) if number in custom | {b"9", b"10"})


def _percentages(xml: bytes, percent: frozenset[bytes]) -> dict[tuple[int, int], str]:
    """Cells that a reader of the sheet sees as percentages, as written there: 0.05 is ``5%``."""
    found = {}
    for letters, row, attributes, value in _NUMBER.findall(xml):
        style = re.search(rb'\bs="(\d+)"', attributes)
        if style and style[1] in percent and not re.search(rb'\bt="[^n]', attributes):
            text = f"{(Decimal(value.decode()) * 100).normalize():f}"
            # Never three decimals alone, which might be thousands.
            text += "0" if len(text.partition(".")[2]) == 3 else ""
            found[int(row) - 1, column_number(letters) - 1] = f"{text}%"
    return found


def _sheet_facts(
    xml: bytes, strings: bytes, percent: frozenset[bytes], source: str, name: str
) -> tuple[dict[tuple[int, int], str], bytes | None]:
    errors: dict[tuple[int, int], str] = {}
    if b't="e"' in xml:
        errors = {
            (int(row) - 1, column_number(letters) - 1): text.decode() for letters, row, text in _ERROR.findall(xml)
        }
    if any(b's="' + style + b'"' in xml for style in percent):
        errors |= _percentages(xml, percent)
    if b"<f" in xml:
        errors |= _without_result(xml)
    cells, height, width = _extent(xml)
    if height * width <= _SPARSE:
        return errors, None
    # A cell that has only a format; a sheet formatted to its last row has millions of them.
    cleaned = _BLANK.sub(b"", xml)
    # A cell of blanks points to a shared string of blanks: as empty as one that has a format only.
    blank = [i for i, item in enumerate(_STRING.findall(strings)) if not _TAG.sub(b"", item).strip()]
    if blank:
        places = b"|".join(str(i).encode() for i in blank)
        cleaned = re.sub(rb'<c [^>]*?t="s"[^>]*?><v>(?:' + places + rb")</v></c>", b"", cleaned)
    cells, height, width = _extent(cleaned)
    # The reader of cells makes the whole rectangle, filled or not; one cell in two hundred is a table with a stray note
    # far away.
    if height * width > MOST_CELLS or (height * width > _SPARSE and height * width > 200 * cells):
        raise ReadError(
            f'{source}: the values of sheet "{name}" lie in {height:,} rows and {width:,} columns, too far apart for '
            "a table. Delete cells that do not belong to it, or save the table as CSV.",
            code="too-large",
        )
    return errors, cleaned


def _without_result(xml: bytes) -> dict[tuple[int, int], str]:
    """Formula cells that nobody calculated: without a result, or with the 0 that all of them have."""
    cells = [
        ((int(row) - 1, column_number(letters) - 1), result.strip()) for letters, row, result in _FORMULA.findall(xml)
    ]
    zeros = len(cells) >= _LEAST_ZEROS and all(result in {b"", b"0", b"0.0"} for _, result in cells)
    return {place: NO_RESULT for place, result in cells if zeros or not result}


def _extent(xml: bytes) -> tuple[int, int, int]:
    """Number of cells, last row and last column."""
    cells = _CELL.findall(xml)
    rows = max((int(row) for _, row in cells), default=0)
    return len(cells), rows, max((column_number(letters) for letters in {letters for letters, _ in cells}), default=0)


def column_number(letters: bytes) -> int:
    """``A`` is 1, ``XFD`` is 16,384."""
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def _rewritten(archive: zipfile.ZipFile, changed: Mapping[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as copy:
        for item in archive.infolist():
            copy.writestr(item.filename, changed.get(item.filename) or archive.read(item))
    return stream.getvalue()
