"""The document tree as Typst templates read it: JSON of what paper shows, charts as SVG with their labels apart.

Text is final and stays text: a template prints strings, which Typst never reads as markup. Labels are set by the
template beside the chart's lines, because text in an SVG is neither kerned nor, in Devanagari, allowed in PDF/UA.
Widths of columns are facts about their text; what they become on a page is the template's business.
"""

from __future__ import annotations

import base64
import json
import re
import struct
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any

from reportgen.render.charts.svg import write_svg
from reportgen.report.blocks import Cell, Chart, Column, MarketReport, Table
from reportgen.report.shapes import Label
from reportgen.report.typefaces.widths import text_width

if TYPE_CHECKING:
    from collections.abc import Iterable

_SIGN = re.compile(r"−(?=[^\s\d])|\+(?=[₹€£¥])")
_ALONE = re.compile(r'(?<=d=")(M[\d. -]+)h0(?=")')
"""A dot on its own has no size, and is left out by who reads the SVG."""
_DIGIT = re.compile(r"\d")
_MARK = 1.12
"""Width in em that a status mark takes before its word."""


def as_tree(report: MarketReport, *, brief: bool) -> dict[str, Any]:
    """The report as plain data: of the whole of it the sections, of the ``brief`` its second page.

    Every chart has ``svg`` and ``marks`` (x and y in pixels, text, colour, size in pixels, weight, anchor), every
    column ``narrowest`` and ``widest`` in em.
    """
    tree: dict[str, Any] = {
        field.name: _plain(getattr(report, field.name))
        for field in fields(report)
        if field.name not in {"brief", "sections", "facts", "labels"}
    }
    tree["brand"]["logo"] = _logo(report.brand.logo)
    tree["brief" if brief else "sections"] = _plain(report.brief if brief else report.sections)
    return tree


def as_json(tree: dict[str, Any]) -> str:
    """Text of a tree."""
    return json.dumps(tree, ensure_ascii=False, separators=(",", ":"))


def _plain(value: Any) -> Any:
    if isinstance(value, str):
        # U+2060, the word joiner: no line breaks between a sign and a currency.
        return _SIGN.sub("\\g<0>\u2060", value)
    if isinstance(value, tuple):
        return [_plain(one) for one in value if getattr(one, "only", "") != "screen"]
    if isinstance(value, Chart):
        return _chart(value)
    if isinstance(value, Table):
        return _table(value)
    if hasattr(value, "__slots__"):  # as every part of a document has
        return {name: _plain(getattr(value, name)) for name in value.__slots__}
    return value


def _chart(chart: Chart) -> dict[str, Any]:
    labels = [shape for shape in chart.shapes if isinstance(shape, Label) and shape.text.strip()]
    drawn = tuple(shape for shape in chart.shapes if not isinstance(shape, Label))
    names = ("name", "title", "subtitle", "foot", "alt", "width", "height", "size", "kind")
    return {
        **{name: _plain(getattr(chart, name)) for name in names},
        "svg": _ALONE.sub(r"\1h.01", write_svg(replace(chart, shapes=drawn), tips=False)),
        "marks": [
            (one.place[0] / 10, one.place[1] / 10, one.text.strip(), one.color, one.size, one.weight, one.anchor)
            for one in labels
        ],
    }


def _table(table: Table) -> dict[str, Any]:
    rows = table.rows if table.print_rows is None else [table.rows[i] if i >= 0 else None for i in table.print_rows]
    cells = [[_cell(cell) for cell in row.cells] if row is not None else [] for row in rows]
    columns = [
        {
            "label": _plain(column.label),
            "unit": _plain(column.unit),
            "numeric": column.numeric,
            **_room(column, [line[place] for line in cells if line]),
        }
        for place, column in enumerate(table.columns)
    ]
    shown = [
        {"gap": table.print_note} if row is None else {"tone": row.tone, "cells": line}
        for row, line in zip(rows, cells, strict=True)
    ]
    texts = {name: _plain(getattr(table, name)) for name in ("kind", "name", "caption", "note", "width")}
    return {**texts, "columns": columns, "rows": shown}


def _cell(cell: Cell) -> dict[str, Any]:
    made: dict[str, Any] = {"text": _plain(cell.short or cell.text)}
    if cell.mark:
        made["mark"] = cell.mark
    if cell.bar:
        made["bar"] = _plain(cell.bar)
    return made


def _room(column: Column, cells: list[dict[str, Any]]) -> dict[str, float]:
    """Width in em with cells in one line, and with all breaks that are allowed: none within a number or a status."""
    # In tables figures are as wide as the widest of them.
    texts = [_DIGIT.sub("0", cell["text"]) for cell in cells]
    whole = [text_width(text, 1) + _MARK * ("mark" in cell) for text, cell in zip(texts, cells, strict=True)]
    kept = whole if column.numeric or any("mark" in cell for cell in cells) else _words(texts)
    head = (*_words((column.label,), 600), *_words((column.unit,)))
    # A heading over two lines is no loss.
    halves = (text_width(column.label, 0.6, 600), text_width(column.unit, 0.6))
    return {"narrowest": max((*kept, *head)), "widest": max((*whole, *head, *halves))}


def _words(texts: Iterable[str], weight: int = 400) -> list[float]:
    return [text_width(word, 1, weight) for text in texts for word in text.split(" ")]


def _logo(address: str) -> str:
    """A logo as SVG: a picture becomes one that shows it."""
    if not address:
        return ""
    head, _, body = address.partition(",")
    if head.startswith("data:image/svg+xml"):
        return base64.b64decode(body).decode("utf-8")
    # Width and height of a PNG stand behind its signature and the head of its first chunk (PNG 3, 11.2.1).
    width, height = struct.unpack_from(">II", base64.b64decode(body[:40]), 16)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}">'
        f'<image href="{address}" width="{width}" height="{height}"/></svg>'
    )
