"""The catalogue of translations: every sentence of the code into ``messages.pot``, and from there into each language.

``python scripts/catalogue.py`` reads the sources of every folder that speaks (``SOURCES``), writes
``locale/messages.pot`` and merges it into every ``locale/<language>.po``: new messages arrive empty, obsolete ones go.
Every message has an id, by which ``report.words`` replaces it: its first words and a hash of all of it. One that is
worded anew keeps its id (it is the nearest to one that has gone), so ids that users have written down stay.
With ``--check`` nothing is written, and the exit code says whether the files are as they should be.

Babel keeps the files; finding the messages is done here on the syntax tree, because sentences are often chosen inside
the call (``say("a" if weekly else "b")``) and Babel's own tokenizer would glue the two together. Rejected: marking
templates, which print finished strings only.
"""

from __future__ import annotations

import ast
import difflib
import hashlib
import re
import sys
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reportgen.resources import CATALOGUES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from babel.messages.catalog import Catalog, Message

TEMPLATE = CATALOGUES / "messages.pot"
SOURCES = ("batch", "project", "publish", "render", "report")
KEYWORDS: dict[str, tuple[tuple[int, ...], ...]] = {
    "_": ((1,),),
    "gettext": ((1,),),
    "say": ((1,),),
    "mark": ((1,),),
    "by_period": ((1,), (2,)),
    "ngettext": ((1, 2),),
    "plural": ((1, 2),),
}
"""Function → the arguments (counted from one) that make a message; two in one group are singular and plural."""

_SPECS = {name: groups[0] if len(groups[0]) > 1 else None for name, groups in KEYWORDS.items()}
"""What Babel asks of the calls that :func:`messages_of` found: two parts, or one."""

_PLACEHOLDER = re.compile(r"\{(\w*)\}")
_REWORDED = 0.7
"""Likeness from which a new message is an old one in other words."""
_WORDS = 6
_MERGING = (b"<<<<<<<", b"=======", b">>>>>>>")
Found = tuple[int, str | tuple[str, ...]]


def extract(fileobj: Any, keywords: Iterable[str], comment_tags: object, options: object) -> Iterator[Any]:
    """Extraction method for Babel: yield ``(line, function, message, comments)`` of one Python file."""
    del comment_tags, options
    for line, name, message in messages_of(fileobj.read().decode("utf-8"), frozenset(keywords)):
        yield line, name, message, []


def messages_of(source: str, names: frozenset[str]) -> Iterator[tuple[int, str, str | tuple[str, ...]]]:
    """Yield line, function and message of every call in ``source`` to one of ``names``."""
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        name = _name(node.func)
        for group in KEYWORDS.get(name, ()) if name in names else ():
            if len(node.args) < max(group):
                continue
            texts = [_literals(node.args[place - 1]) for place in group]
            for parts in zip(*texts, strict=False):
                yield node.lineno, name, parts[0] if len(parts) == 1 else parts


def _name(function: ast.expr) -> str:
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


def _literals(argument: ast.expr) -> list[str]:
    """Texts that ``argument`` may be: itself, or either side of a choice."""
    if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
        return [argument.value] if argument.value else []
    if isinstance(argument, ast.IfExp):
        return _literals(argument.body) + _literals(argument.orelse)
    return []


def collect(root: Path = CATALOGUES.parents[1]) -> Catalog:
    """Catalogue of every message below ``root`` (the package), sorted by file; English only."""
    from babel.messages.catalog import Catalog
    from babel.messages.extract import extract_from_file

    catalogue = Catalog(project="reportgen", header_comment=_HEADER, charset="utf-8", fuzzy=False)
    for path in sorted(p for folder in SOURCES for p in (root / folder).rglob("*.py")):
        found = extract_from_file(extract, path, keywords=_SPECS)
        for _line, message, _comments, _context in sorted(found, key=lambda item: item[0]):
            catalogue.add(message, locations=[(path.relative_to(root).as_posix(), 0)])
    return catalogue


def identify(catalogue: Catalog, before: Catalog) -> None:
    """Give every message an id, as a comment: that of ``before``, of the message it replaces, or a new one."""
    held = {message.id: message.auto_comments[0] for message in before if message.id and message.auto_comments}
    now = {message.id for message in catalogue if message.id}
    # Ids whose message has gone, by its text.
    gone = {_shown(key): name for key, name in held.items() if key not in now}
    taken = {name for key, name in held.items() if key in now}
    for message in catalogue:
        if not message.id:
            continue
        name = held.get(message.id)
        if name is None:
            near = difflib.get_close_matches(_shown(message.id), gone, n=1, cutoff=_REWORDED)
            name = gone.pop(near[0]) if near else new_id(message.id)
            if name in taken:
                name = new_id(message.id)
            taken.add(name)
        message.auto_comments = [name]


def new_id(key: str | Sequence[str]) -> str:
    """First words of a message and four digits of its hash: ``works-unevenly-1f0c``."""
    text = _shown(key)
    words = re.findall(r"[a-z0-9]+", text.lower().replace("’", ""))[:_WORDS]
    return "-".join([*words, hashlib.sha256(text.encode()).hexdigest()[:4]])


def read(path: Path) -> Catalog:
    """Read a catalogue file."""
    from babel.messages.pofile import read_po

    # The template is made again after a merge of branches, whose signs it may still hold.
    lines = [line for line in path.read_bytes().splitlines(keepends=True) if not line.startswith(_MERGING)]
    return read_po(BytesIO(b"".join(lines)), locale=None if path == TEMPLATE else path.stem)


def write(path: Path, catalogue: Catalog) -> None:
    """Write a catalogue file in the one form that is kept: no dates, file names without lines."""
    path.write_bytes(as_bytes(catalogue))


def as_bytes(catalogue: Catalog) -> bytes:
    """Content of a catalogue file."""
    from babel.messages.pofile import write_po

    out = BytesIO()
    write_po(out, catalogue, width=116, include_lineno=False, ignore_obsolete=True, omit_header=True)
    head = [_HEADER, 'msgid ""', 'msgstr ""', '"Content-Type: text/plain; charset=utf-8\\n"']
    if catalogue.locale is not None:
        head += [f'"Language: {catalogue.locale_identifier}\\n"', f'"Plural-Forms: {catalogue.plural_forms}\\n"']
    return ("\n".join(head) + "\n\n").encode() + out.getvalue()


def merge(catalogue: Catalog, template: Catalog) -> None:
    """Bring ``catalogue`` to the messages of ``template``; nothing is guessed."""
    catalogue.update(template, no_fuzzy_matching=True)
    catalogue.obsolete.clear()
    for message in catalogue:
        message.auto_comments = []


def faults(catalogue: Catalog, template: Catalog) -> list[str]:
    """What is wrong with a language: missing, empty, obsolete messages, placeholders that differ."""
    wanted = {message.id for message in template if message.id}
    held = {message.id: message for message in catalogue if message.id}
    lines = [f"missing: {_shown(key)}" for key in wanted - held.keys()]
    lines += [f"obsolete: {_shown(key)}" for key in held.keys() - wanted]
    for key in wanted & held.keys():
        lines += [f"{fault}: {_shown(key)}" for fault in _message_faults(held[key])]
    return sorted(lines)


def _message_faults(message: Message) -> Iterator[str]:
    made = message.string or ""
    texts, sources = ([part] if isinstance(part, str) else list(part) for part in (made, message.id))
    allowed = {name for text in sources for name in _PLACEHOLDER.findall(text)}
    if not all(texts):
        yield "untranslated"
    elif any(set(_PLACEHOLDER.findall(text)) != allowed for text in texts):
        yield "other placeholders"
    if message.fuzzy:
        yield "fuzzy"


def _shown(key: str | Sequence[str]) -> str:
    return key if isinstance(key, str) else " | ".join(key)


def main(arguments: Sequence[str]) -> int:
    """Write the template and merge it into every language; ``--check`` only compares."""
    check = "--check" in arguments
    template = collect()
    identify(template, read(TEMPLATE) if TEMPLATE.is_file() else template)
    wrong: list[str] = []
    if not check:
        write(TEMPLATE, template)
    elif not TEMPLATE.is_file() or TEMPLATE.read_bytes() != as_bytes(template):
        wrong.append(f"{TEMPLATE.name}: not what the code says; run python scripts/catalogue.py")
    for path in sorted(CATALOGUES.glob("*.po")):
        catalogue = read(path)
        if not check:
            merge(catalogue, template)
            write(path, catalogue)
        wrong += [f"{path.name}: {line}" for line in faults(catalogue, template)]
    sys.stdout.write("".join(f"{line}\n" for line in wrong))
    return 1 if wrong else 0


_HEADER = "# Words of reportgen's documents. Made by `make words`; the message is the English text."

if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
