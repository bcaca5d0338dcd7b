"""What is said of a value that does not fit a setting: what may stand there, in plain words, with an example.

Told from the settings' own types and bounds, so that it cannot fall behind them. A setting with a rule of its own words
its refusal itself, in :mod:`reportgen.settings.coerce`.
"""

from __future__ import annotations

import difflib
import json
import re
import types
from collections.abc import Collection, Mapping, Sequence
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic.fields import FieldInfo

from reportgen.settings.coerce import is_table, toml_value

_PLAIN = {bool: "true or false", int: "a whole number", float: "a number", str: "text in quotes"}


def refusal(key: str, field: FieldInfo, value: object, own_words: str = "") -> str:
    """Return what is wrong with the value of a setting and what to write.

    Parameters
    ----------
    key
        ``section.key``
    own_words
        What the setting's own rule says; without it, what its type allows is told.
    """
    shown = json.dumps(value, ensure_ascii=False, default=str)[:80]
    said = own_words or f"write {allowed(field)}"
    example = _example(field)
    also = f"; for example {key.partition('.')[2]} = {example}" if example and not own_words else ""
    return f"{key} = {shown}: {said}{also}."


def allowed(field: FieldInfo) -> str:
    """Return what may stand in a setting: ``a whole number from 1 to 24``, ``"level" or "log"``."""
    return "a table" if is_table(field) else _allowed(field.annotation, field.metadata)


def _allowed(kind: Any, rules: Sequence[Any]) -> str:
    origin, parts = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return _allowed(parts[0], [*_rules(parts[1:]), *rules])
    if origin is Literal:
        return _either([json.dumps(part) for part in parts])
    if origin in {Union, types.UnionType}:
        return _either([_allowed(part, rules) for part in parts if part is not type(None)])
    if origin is tuple:
        least, most = _bound(rules, "min_length"), _bound(rules, "max_length")
        size = "" if most is None else f" of {least} to {most}" if least else f" of at most {most}"
        return f"a list{size}, each {_allowed(parts[0], ())}"
    return _PLAIN[kind] + (_range(rules) if kind in {int, float} else "")


def _rules(metadata: Sequence[Any]) -> list[Any]:
    """Return the bounds among what annotates a type; those of a ``Field`` stand inside it."""
    return [rule for item in metadata for rule in (item.metadata if isinstance(item, FieldInfo) else (item,))]


def _bound(rules: Sequence[Any], name: str) -> Any:
    return next((found for rule in rules if (found := getattr(rule, name, None)) is not None), None)


def _range(rules: Sequence[Any]) -> str:
    least, most = _bound(rules, "ge"), _bound(rules, "le")
    above, below = _bound(rules, "gt"), _bound(rules, "lt")
    if least is not None and most is not None:
        return f" from {least:g} to {most:g}"
    low = f"above {above:g}" if above is not None else f"not below {least:g}" if least is not None else ""
    high = f"below {below:g}" if below is not None else f"not above {most:g}" if most is not None else ""
    said = " and ".join(part for part in (low, high) if part)
    return f" {said}" if said else ""


def _either(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"


def _example(field: FieldInfo) -> str:
    """Return a value as it would stand in reportgen.toml: the setting's example, else its default."""
    value = field.examples[0] if field.examples else field.default
    empty = value is None or value in ((), "")
    return "" if empty else toml_value(dict(value) if is_table(field) and not isinstance(value, Mapping) else value)


def toml_refusal(text: str, error: ValueError) -> tuple[int, str]:
    """Return the line of a text that is no TOML (0: unknown) and what to write."""
    number = int(found[1]) if (found := re.search(r"at line (\d+)", str(error))) else 0
    lines = text.splitlines()
    written = lines[number - 1].strip()[:80] if 0 < number <= len(lines) else ""
    shown = f": {written}" if written else ""
    if written.startswith("[") and written in (line.strip() for line in lines[: number - 1]):
        return number, f"{written} is there already: write its settings under the first one."
    rule = 'Sections stand in brackets, texts in quotes, each setting on a line of its own: title = "My report".'
    return number, f"not valid TOML{shown}. {rule}"


def did_you_mean(word: str, known: Collection[str]) -> str:
    """What to add to a message of an unknown word: the nearest known one, if one is near."""
    near = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f" Did you mean {near[0]}?" if near else ""


def at_line(file: str, line: int) -> str:
    """``reportgen.toml, line 12``; the file alone where the line is not known."""
    return f"{file}, line {line}" if line else file
