"""Pages as pandoc itself understands them: parse, walk, collect; and the numbers that a text prints."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from functools import cache
from html.parser import HTMLParser
from typing import Any

import pypandoc

JOINER = "\u2060"
NUMBER = re.compile(r"\d(?:[\d.,\u00a0\u202f]*\d)?")

Node = dict[str, Any]


@cache
def parse(text: str) -> Node:
    """AST of a page, read as pandoc reads Markdown."""
    done = subprocess.run(
        [pypandoc.get_pandoc_path(), "-f", "markdown", "-t", "json"],
        input=text.encode(),
        capture_output=True,
        check=True,
        timeout=60,
    )
    assert not done.stderr, done.stderr.decode()
    tree: Node = json.loads(done.stdout)
    return tree


def walk(node: Any) -> Iterator[Node]:
    """Every element with a type below ``node``, in reading order; metadata first."""
    if isinstance(node, dict):
        if "t" in node:
            yield node
        for key in ("meta", "blocks", "c") if "blocks" in node else tuple(node):
            if key in node:
                yield from walk(node[key])
    elif isinstance(node, list):
        for part in node:
            yield from walk(part)


def found(tree: Any, *kinds: str) -> list[Node]:
    """Elements of some types."""
    return [node for node in walk(tree) if node["t"] in kinds]


def text_of(node: Any) -> str:
    """Text that a reader sees, without the invisible joiner."""
    parts = []
    for piece in walk(node):
        if piece["t"] == "Str":
            parts.append(piece["c"])
        elif piece["t"] in {"Space", "SoftBreak", "LineBreak"}:
            parts.append(" ")
        elif piece["t"] in {"Code", "Math", "CodeBlock", "MetaString"}:
            parts.append(f" {piece['c'] if piece['t'] == 'MetaString' else piece['c'][1]} ")
        elif piece["t"] in {"Para", "Plain", "Header", "Table", "Image"}:
            parts.append(" ")
    return "".join(parts).replace(JOINER, "")


def attributes(node: Node) -> tuple[str, list[str], dict[str, str]]:
    """Identifier, classes and attributes of an element that has them; empty ones otherwise."""
    content = node.get("c")
    if not isinstance(content, list):
        return "", [], {}
    for part in content:
        if isinstance(part, list) and len(part) == 3 and isinstance(part[0], str) and isinstance(part[2], list):
            return part[0], part[1], dict(part[2])
    return "", [], {}


def identifiers(tree: Any) -> list[str]:
    """Every identifier of a page, with those of equations, which pandoc leaves in the text."""
    kinds = {"Header", "Div", "Span", "Image", "Figure", "Table", "CodeBlock", "Link", "Code"}
    names = [attributes(node)[0] for node in walk(tree) if node["t"] in kinds]
    return [name for name in names if name]


def table_shape(table: Node) -> tuple[int, list[int]]:
    """Number of columns, and cells in each row of head and body."""
    _, _, columns, head, bodies, _ = table["c"]
    rows = [*head[1], *(row for body in bodies for row in body[3])]
    return len(columns), [len(row[1]) for row in rows]


def numbers(text: str) -> set[str]:
    """Numbers as they are printed."""
    return {part.replace("\u00a0", "").replace("\u202f", "") for part in NUMBER.findall(text)}


class SectionText(HTMLParser):
    """Text of each ``<section id>`` of a report, without drawings, scripts and buttons."""

    _hidden = frozenset({"svg", "script", "style", "nav", "button", "head"})

    def __init__(self) -> None:
        super().__init__()
        self.sections: dict[str, str] = {}
        self._open: list[str] = []
        self._skipped = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in self._hidden:
            self._skipped += 1
        elif tag == "section":
            self._open.append(dict(attrs).get("id") or "")
        if tag in {"td", "th", "p", "h1", "h2", "h3", "li", "dt", "dd", "figcaption", "caption", "div"}:
            self.handle_data(" ")

    def handle_endtag(self, tag: str) -> None:
        if tag in self._hidden:
            self._skipped -= 1
        elif tag == "section":
            self._open.pop()

    def handle_data(self, data: str) -> None:
        if self._open and not self._skipped:
            self.sections[self._open[-1]] = self.sections.get(self._open[-1], "") + data


def html_sections(page: str) -> dict[str, str]:
    """Text of a report's sections by identifier."""
    reader = SectionText()
    # What stands in a cell that script draws over is part of a drawing.
    reader.feed(re.sub(r'(<td[^>]* data-b="[^"]*">)[^<]*', r"\1", page))
    return reader.sections
