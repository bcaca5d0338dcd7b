"""The user's own sentences: a TOML file of ids and texts in place of what the documents say.

Ids stand in the catalogue ``messages.pot``; a sentence that is worded anew keeps its id. A text outside a table is for
every language, ``[de]`` for one. It has the placeholders of the sentence it replaces, no more and no less; an empty one
leaves the sentence out. What is not written stays as it is.
"""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from string import Formatter

from reportgen.resources import CATALOGUES
from reportgen.settings.coerce import toml_value
from reportgen.settings.messages import toml_refusal

Message = str | tuple[str, str]
"""A sentence, or singular and plural."""
_CLOSE = 0.4


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence:
    """One sentence of the documents. ``placeholders`` in the order in which they stand."""

    id: str
    message: Message
    placeholders: tuple[str, ...]


@lru_cache(maxsize=1)
def sentences() -> Mapping[str, Sentence]:
    """Every sentence by its id, in the order of the modules that say them."""
    from babel.messages.pofile import read_po

    with (CATALOGUES / "messages.pot").open("rb") as source:
        catalogue = read_po(source)
    made = {}
    for message in catalogue:
        if message.id and message.auto_comments:
            key = message.id if isinstance(message.id, str) else (message.id[0], message.id[1])
            parts = [key] if isinstance(key, str) else list(key)
            names = dict.fromkeys(name for part in parts for name in _fields(part))
            made[message.auto_comments[0]] = Sentence(
                id=message.auto_comments[0], message=key, placeholders=tuple(names)
            )
    return made


def find_words(folder: Path, value: object) -> tuple[str, list[str]]:
    """Return where the file of ``report.words`` is, its path from ``folder`` on, and what is wrong with it."""
    if not isinstance(value, str) or not value:
        return "", []
    path = folder.absolute() / value
    return str(path), [f"report.words = {toml_value(value)}: {line.rstrip('.')}." for line in check_words(path)]


def check_words(path: Path) -> list[str]:
    """Return what is wrong with a file of words: one line a problem, each with file, key and what to write."""
    try:
        content = _content(path)
    except ValueError as error:
        return [str(error)]
    return [f"{path.name}: {line}" for line in _problems(content)]


def own_words(path: Path, locale: str) -> Mapping[Message, str | tuple[str, str]]:
    """Return the replacement of every replaced sentence, for one locale.

    Raises
    ------
    ValueError
        If the file cannot be read; it was checked with the settings.
    """
    content, known = _content(path), sentences()
    made: dict[Message, str | tuple[str, str]] = {}
    for table in ("", locale.partition("_")[0], locale):
        entries = content if not table else content.get(table, {})
        for key, text in entries.items() if isinstance(entries, dict) else ():
            if key in known and not isinstance(text, dict):
                made[known[key].message] = (text[0], text[-1]) if isinstance(text, list) else text
    return made


def _content(path: Path) -> dict[str, object]:
    text = ""
    try:
        text = path.read_bytes().decode("utf-8-sig")
        return tomllib.loads(text)
    except FileNotFoundError:
        raise ValueError(f"there is no file {path.name}") from None
    except OSError as error:
        raise ValueError(f"{path.name} cannot be read ({error.strerror})") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        line, said = toml_refusal(text, error)
        raise ValueError(f"{path.name}{f', line {line}' if line else ''}: {said}") from None


def _problems(content: Mapping[str, object], table: str = "") -> Iterator[str]:
    known = sentences()
    for key, value in content.items():
        place = f"[{table}] {key}" if table else key
        if isinstance(value, dict) and not table:
            yield from _language(key)
            yield from _problems(value, key)
        elif key not in known:
            near = difflib.get_close_matches(key, known, n=1, cutoff=_CLOSE)
            hint = f"did you mean {near[0]}?" if near else "`reportgen templates words` lists them."
            yield f"{place}: there is no sentence of this id; {hint}"
        else:
            yield from (f"{place}: {fault}" for fault in _faults(known[key], value))


def _language(name: str) -> Iterator[str]:
    from babel.core import Locale, UnknownLocaleError

    try:
        Locale.parse(name)
    except (ValueError, UnknownLocaleError):
        yield f"[{name}] is no language; write one such as [de] or [de_AT]."


def _faults(sentence: Sentence, value: object) -> Iterator[str]:
    several = isinstance(sentence.message, tuple)
    texts = [value] if isinstance(value, str) else value
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        yield "write text in quotes."
        return
    if len(texts) not in ((1, 2) if several else (1,)):
        yield 'write one text, or two for one and many: ["…", "…"].' if several else "write one text."
        return
    wanted = set(sentence.placeholders)
    for text in texts:
        try:
            found = set(_fields(text))
        except ValueError:
            yield "a brace has no partner; write {{ for one that is printed."
            continue
        shown = ", ".join(f"{{{name}}}" for name in sentence.placeholders) or "none"
        if unknown := sorted(found - wanted):
            yield f"unknown placeholder {{{unknown[0]}}}; this sentence has {shown}."
        elif text and (missing := sorted(wanted - found)):
            yield f"the placeholder {{{missing[0]}}} is missing; this sentence has {shown}."


def _fields(text: str) -> list[str]:
    """Placeholders of a text; one with a format or an attribute counts as another name."""
    made = []
    for _, name, form, conversion in Formatter().parse(text):
        if name is not None:
            made.append(name + (f"!{conversion}" if conversion else "") + (f":{form}" if form else ""))
    return made
