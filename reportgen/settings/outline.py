"""The order of a report: which sections and blocks it has, in HTML, PDF and Quarto alike.

A project's ``outline.toml`` in its folder of templates names them in order; what it does not name is left out, ``"*"``
stands for all the rest, and sections and paragraphs of one's own stand where they are written. Ours, in
``templates/outline.toml``, names everything there is: the names are those of the addresses in a page.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from reportgen.resources import templates_dir
from reportgen.settings.coerce import toml_value
from reportgen.settings.messages import toml_refusal

FILE = "outline.toml"
REST = "*"
PLACEHOLDERS = ("market", "period", "date")
"""Of paragraphs of one's own."""
_NAME = re.compile(r"[a-z][a-z0-9-]{0,40}")
_FIELD = re.compile(r"\{([^{}]*)\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Own:
    """A paragraph of the user's."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One section, or the rest of them; ``blocks`` is ``None`` where they stay as they are.

    A section of the user's own has a title, and paragraphs only.
    """

    name: str
    title: str = ""
    blocks: tuple[str | Own, ...] | None = None


@cache
def known() -> Mapping[str, tuple[str, ...]]:
    """Every section with the names of its blocks, in the order in which they stand."""
    text = (templates_dir() / FILE).read_text("utf-8").replace("\n# blocks =", "\nblocks =")
    return {one["name"]: tuple(one["blocks"]) for one in tomllib.loads(text)["section"]}


def unfit_outline(folder: Path, value: object, place: str) -> list[str]:
    """Return what is wrong with the outline below ``report.templates``; its path begins at ``folder``."""
    if not isinstance(value, str) or not value:
        return []
    found = check_outline(folder.absolute() / value)
    return [f"{place}: report.templates = {toml_value(value)}: {line}" for line in found]


def check_outline(folder: Path) -> list[str]:
    """Return what is wrong with the outline in a folder of templates, a line a problem; nothing without one."""
    path = folder / FILE
    if not path.is_file():
        return []
    try:
        entries = _content(path)
    except ValueError as error:
        return [str(error)]
    lines = [line for number, one in enumerate(entries, 1) for line in _faults(one, number)]
    names = [one.get("name") for one in entries]
    lines += [f"[[section]] {name}: it stands twice." for name in dict.fromkeys(names) if names.count(name) > 1]
    return [f"{FILE}: {line}" for line in lines]


def read_outline(folder: Path | None) -> tuple[Entry, ...] | None:
    """Return the outline in a folder of templates, ``None`` without one. It was checked with the settings.

    Raises
    ------
    ValueError
        If it is no TOML.
    """
    path = folder / FILE if folder is not None else None
    if path is None or not path.is_file():
        return None
    made = []
    for one in _content(path):
        blocks = one.get("blocks")
        parts = None if blocks is None else tuple(b if isinstance(b, str) else Own(text=b["text"]) for b in blocks)
        made.append(Entry(name=one["name"], title=one.get("title", ""), blocks=parts))
    return tuple(made)


def _content(path: Path) -> list[dict[str, Any]]:
    text = ""
    try:
        text = path.read_bytes().decode("utf-8-sig")
        content = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        line, said = toml_refusal(text, error)
        raise ValueError(f"{path.name}{f', line {line}' if line else ''}: {said}") from None
    found = content.get("section", [])
    if set(content) - {"section"} or not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise ValueError(f"{path.name}: write sections as [[section]], each with a name.")
    return found


def _faults(one: Mapping[str, Any], number: int) -> Iterator[str]:
    name = one.get("name")
    if not isinstance(name, str) or not (name == REST or _NAME.fullmatch(name)):
        yield f'[[section]] number {number}: give it a name such as name = "pharmacies".'
        return
    place = f"[[section]] {name}"
    if extra := sorted(set(one) - {"name", "title", "blocks"}):
        yield f"{place}: there is no {extra[0]}; write name, title and blocks."
    if not isinstance(one.get("title", ""), str):
        yield f"{place}: write the title as text in quotes."
    there = known().get(name)
    if there is None and name != REST and not one.get("title"):
        near = difflib.get_close_matches(name, known(), n=1, cutoff=0.4)
        hint = f"did you mean {near[0]}? " if near else ""
        yield f"{place}: there is no section of this name; {hint}One of your own has a title."
        return
    blocks = one.get("blocks", [])
    if not isinstance(blocks, list) or (name == REST and blocks):
        yield f"{place}: write blocks as a list of names."
        return
    yield from (f"{place}: {line}" for block in blocks for line in _block_faults(block, there))


def _block_faults(block: object, there: tuple[str, ...] | None) -> Iterator[str]:
    if isinstance(block, dict):
        text = block.get("text")
        if set(block) != {"text"} or not isinstance(text, str):
            yield 'write a paragraph of your own as {text = "…"}.'
        elif unknown := [field for field in _FIELD.findall(text) if field not in PLACEHOLDERS]:
            yield f"unknown placeholder {{{unknown[0]}}}; there are {', '.join(f'{{{p}}}' for p in PLACEHOLDERS)}."
    elif there is None:
        yield 'a section of your own has paragraphs only: {text = "…"}.'
    elif not isinstance(block, str) or block not in (*there, REST):
        near = difflib.get_close_matches(str(block), there, n=1, cutoff=0.4)
        hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(there)}."
        yield f"it has no block {block!r}; {hint}"
