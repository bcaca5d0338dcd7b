"""report.xlsx: the only user of XlsxWriter.

Text from data stays text: formulas, links and number guessing are off, so a pharmacy called
``=1+1`` is a string cell. The bytes depend on the content alone (the creation date is the run's).
"""

from __future__ import annotations

import io
import math
from datetime import datetime
from typing import TYPE_CHECKING

from reportgen.report.tables.sheets import build_workbook

if TYPE_CHECKING:
    from xlsxwriter.format import Format
    from xlsxwriter.workbook import Workbook as Book
    from xlsxwriter.worksheet import Worksheet

    from reportgen.report.tables.sheets import Sheet, Workbook
    from reportgen.results import MarketResults
    from reportgen.settings.sections import Settings

OPTIONS = {
    "in_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
    "nan_inf_to_errors": False,
}
# Excel groups in thousands. A number format has room for two conditions, which are lakh and crore; what is negative
# falls to the last part and is grouped in thousands.
_INDIAN = "[>=10000000]{s}##\\,##\\,##\\,##0;[>=100000]{s}##\\,##\\,##0;{s}##,##0"
# Excel takes no sheet name with one of these, nor one of more than 31 letters.
_FORBIDDEN = str.maketrans(dict.fromkeys("[]:*?/\\'", " "))


def render_workbook(results: MarketResults, settings: Settings) -> bytes:
    """Content of report.xlsx: sheets summary, coefficients, pharmacies, plan, months, checks."""
    return _write(build_workbook(results, settings))


def _write(content: Workbook) -> bytes:
    import xlsxwriter

    buffer = io.BytesIO()
    book: Book = xlsxwriter.Workbook(buffer, OPTIONS)
    # The time of creation is part of the file: the date of the report in its place keeps the bytes.
    created = datetime.fromisoformat(content.date or "2000-01-01")
    book.set_properties({"title": content.title, "created": created})
    formats = _formats(book, content)
    for sheet in content.sheets:
        _write_sheet(book.add_worksheet(sheet.name.translate(_FORBIDDEN)[:31]), sheet, formats)
    book.close()
    return buffer.getvalue()


def number_codes(symbol: str, *, indian_grouping: bool) -> dict[str, str]:
    """Number format of each kind of cell; ``symbol`` is the currency sign or empty."""
    # In a number format text stands in quotes, and there is no way to write a quote inside them.
    sign = f'"{symbol.replace(chr(34), "")} "' if symbol else ""
    money = _INDIAN.format(s=sign) if indian_grouping else f"{sign}#,##0;-{sign}#,##0"
    return {"text": "@", "integer": "#,##0", "number": "#,##0.000", "money": money, "percent": "0.0%", "p": "0.0000"}


def _formats(book: Book, content: Workbook) -> dict[str, Format]:
    codes = number_codes(content.symbol, indian_grouping=content.indian_grouping)
    formats = {kind: book.add_format({"num_format": code, "valign": "top"}) for kind, code in codes.items()}
    formats["text"].set_text_wrap()
    formats["heading"] = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"})
    return formats


def _write_sheet(page: Worksheet, sheet: Sheet, formats: dict[str, Format]) -> None:
    page.freeze_panes(1, 1)
    for k, column in enumerate(sheet.columns):
        page.set_column(k, k, column.width)
        page.write_string(0, k, column.heading, formats["heading"])
    for i, row in enumerate(sheet.rows, start=1):
        for k, (value, column) in enumerate(zip(row, sheet.columns, strict=True)):
            if isinstance(value, str):
                # Always as a string: a name such as "=1+1" would else be a formula in the reader's Excel.
                page.write_string(i, k, value, formats["text"])
            elif value is not None and math.isfinite(value):
                page.write_number(i, k, value, formats[column.kind])
    page.autofilter(0, 0, len(sheet.rows), len(sheet.columns) - 1)
