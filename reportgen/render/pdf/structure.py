"""The pass over a finished PDF: what both engines leave out of its structure, and bytes that repeat.

Neither WeasyPrint nor Typst says of every header cell what it heads.
"""

from __future__ import annotations

from io import BytesIO
from typing import Any


def add_scopes(pdf: bytes, *, first_cells: bool = False) -> bytes:
    """Give each table header cell its scope (column in a table head, else row), and a content-based identifier.

    Parameters
    ----------
    first_cells
        The first cell of each row of a table's body is the row's header, whatever it is tagged as.
    """
    import pikepdf
    from pikepdf import Dictionary, Name

    with pikepdf.open(BytesIO(pdf)) as document:
        root = document.Root.get("/StructTreeRoot")
        todo: list[tuple[Any, bool]] = [] if root is None else [(root, False)]
        while todo:
            element, head = todo.pop()
            kind = element.get("/S")
            # Whether a header cell heads a column or a row is told by where it stands; a stack, since a deep table
            # would exhaust recursion.
            head = head or kind == Name.THead
            if kind == Name.TH:
                # PDF/UA needs the scope of every header cell (ISO 14289-1, 7.5); attribute owner Table, ISO 32000-1,
                # 14.8.5.7.
                element.A = Dictionary(O=Name.Table, Scope=Name.Column if head else Name.Row)
            kids = element.get("/K")
            if isinstance(kids, pikepdf.Dictionary):
                kids = [kids]
            elif not isinstance(kids, pikepdf.Array):
                continue
            if first_cells and kind == Name.TR and not head and len(kids) > 1 and kids[0].get("/S") == Name.TD:
                kids[0].S = Name.TH
            todo.extend((kid, head) for kid in kids if isinstance(kid, pikepdf.Dictionary))
        out = BytesIO()
        # The identifier of a PDF is a random number by default: the same report would never have the same bytes.
        document.save(out, deterministic_id=True, object_stream_mode=pikepdf.ObjectStreamMode.generate)
    return out.getvalue()
