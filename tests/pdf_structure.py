"""What a reader finds in the structure of a tagged PDF."""

from __future__ import annotations

from typing import Any

import pikepdf


def elements(top: Any) -> list[Any]:
    """Element ``top`` of the structure tree and every one below it."""
    found, todo = [], [top]
    while todo:
        element = todo.pop()
        found.append(element)
        kids = element.get("/K")
        if isinstance(kids, pikepdf.Dictionary):
            todo.append(kids)
        elif isinstance(kids, pikepdf.Array):
            todo.extend(kid for kid in kids if isinstance(kid, pikepdf.Dictionary))
    return found
