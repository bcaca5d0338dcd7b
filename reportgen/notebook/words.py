"""The first page of a report as text, for a console."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reportgen.report.blocks import MarketReport

WIDTH = 96


def summary_text(document: MarketReport, assumed: tuple[str, ...] = ()) -> str:
    """Answer, key figures with intervals, what to do, how sure, checks."""
    first = document.summary
    lines = [
        document.document_title,
        first.scope,
        "",
        *_wrapped(f"{first.verdict.word}. {first.verdict.sentence}"),
        "",
        *(f"{one.label}: {one.value} {one.unit} {one.interval}".rstrip() for one in first.key_figures),
    ]
    for title, items in ((first.actions_title, first.actions), (first.confidence_title, first.confidence)):
        if items:
            lines += ["", title, *_bullets(items)]
    lines += ["", *(f"[{mark.code}] {mark.word}" for mark in first.strip if mark.code in {"review", "fail"})]
    if assumed:
        lines += ["", "Guessed about the table:", *_bullets(assumed)]
    return "\n".join(lines).strip()


def _wrapped(text: str, first: str = "", rest: str = "") -> list[str]:
    return textwrap.wrap(text, WIDTH, initial_indent=first, subsequent_indent=rest)


def _bullets(items: Iterable[str]) -> list[str]:
    return [line for item in items for line in _wrapped(item, "- ", "  ")]
