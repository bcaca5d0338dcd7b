"""A look at pages before anybody renders them: what would break a render or show the wrong thing.

Not a Markdown parser: our own templates wrote the pages, so plain patterns find identifiers, references, targets and
front matter. The tests parse the same pages with pandoc itself.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

_IDENTIFIER = re.compile(r"(?<!\\)\{#([A-Za-z0-9_-]+)")
_REFERENCE = re.compile(r"(?<!\\)@((?:fig|tbl|eq)-[A-Za-z0-9-]+)")
_TARGET = re.compile(r"(?<!\\)\]\(([^()\s]+)\)")
_FENCE = re.compile(r"^:::+ *(.*)$", re.MULTILINE)
_CODE = re.compile(r"^(`{3,})[^\n]*\n.*?^\1$", re.MULTILINE | re.DOTALL)


def check_pages(files: Mapping[str, bytes], *, outside: Collection[str] = ()) -> tuple[str, ...]:
    """What is wrong with the pages among ``files``; empty if nothing is.

    Parameters
    ----------
    files
        One folder's files by name; links and charts must be among them.
    outside
        Targets outside the folder that may be linked to.
    """
    known = {*files, *outside}
    pages = ((name, body.decode()) for name, body in files.items() if name.endswith(".qmd"))
    return tuple(f"{name}: {trouble}" for name, text in pages for trouble in _troubles(text, known))


def _troubles(text: str, known: Collection[str]) -> Iterator[str]:
    yield from _front_matter(text)
    # Nothing is read in a block of code.
    body = _CODE.sub("", text)
    if "{{<" in text:
        yield "a shortcode."
    identifiers = _IDENTIFIER.findall(body)
    for name in sorted({name for name in identifiers if identifiers.count(name) > 1}):
        yield f"the identifier {name} is not unique."
    for name in sorted(set(_REFERENCE.findall(body)) - set(identifiers)):
        yield f"nothing has the identifier {name}."
    for target in sorted(set(_TARGET.findall(body))):
        if not target.startswith(("http://", "https://", "#")) and target not in known:
            yield f"{target} does not exist."
    opened = 0
    for opening in _FENCE.findall(body):
        # A fence with attributes opens, a bare one closes.
        opened += 1 if opening else -1
    if opened:
        yield "a block is not closed."


def _front_matter(text: str) -> Iterator[str]:
    """Scalars that hold data are JSON strings on lines of their own."""
    head, _, _ = text.removeprefix("---\n").partition("\n---\n")
    if not text.startswith("---\n") or head == text:
        yield "no front matter."
    for line in head.split("\n"):
        key, _, value = line.partition(": ")
        if value.startswith('"'):
            try:
                json.loads(value)
            except ValueError:
                yield f"{key.strip()} is no string."
