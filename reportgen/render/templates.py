"""The templates that a project can override: which there are, their blocks, what they get, and copies to start from.

An override is a file of the same name in the project's folder. It is a whole copy, or it extends ours by its other
name, ``reportgen/<name>``, and says only the blocks that differ (of a Typst template: functions); those keep up with
later versions. Both begin with a comment that names the version they came from, so that a later list can say that ours
has changed since.

Reading and writing settings and files of a project is ``batch``'s. Rejected: names without folder or ending
(``overview`` would be two templates).
"""

from __future__ import annotations

import difflib
import hashlib
import re
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Literal

from jinja2 import Environment, TemplateSyntaxError, nodes

from reportgen.errors import TemplateError, UsageError
from reportgen.render.environment import OURS, SIGNS
from reportgen.render.html import Page
from reportgen.report.blocks import MarketReport, Section
from reportgen.report.site.overview import Overview
from reportgen.resources import templates_dir

if TYPE_CHECKING:
    from pathlib import Path

State = Literal["ours", "copy", "blocks", "unknown"]

OUTLINE = "outline.toml"
"""The order of a report: no template of Jinja's, changed as a whole."""
_TYPST = ".typ"
_FUNCTION = re.compile(r"^(?://.*\n)*#let ([\w-]+)\(.*\n(?:[ })\]].*\n)*", re.MULTILINE)
"""A function of a Typst template with the comment above it, up to its end."""
_ORIGIN = re.compile(r"reportgen (\S+), ([0-9a-f]{12})")
_DOC = {"overview.html.j2": Overview, "overview.qmd.j2": Overview}
_NO_DOC = {"macros.html.j2", "macros.qmd.j2", "front.qmd.j2", "quarto.yml.j2"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """One template: what can be overridden in it, and what a project has overridden."""

    name: str
    blocks: tuple[str, ...]
    state: State
    """``ours``; ``copy`` or ``blocks`` of the project; ``unknown``: a file that overrides nothing."""
    overridden: tuple[str, ...] = ()
    """Blocks that the project's file has of its own."""
    outdated: bool = False
    """Whether ours has changed since the project's file was ejected."""
    nearest: str = ""
    """For ``unknown``: the template that may have been meant."""


def template_names() -> tuple[str, ...]:
    """Names of all templates, those of the pages first."""
    found: list[str] = []
    for family, endings in {"html": ".j2", "quarto": ".j2", "typst": _TYPST}.items():
        found += _files(templates_dir() / family, endings)
    return tuple(found)


def _files(folder: Path, *endings: str) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for ending in endings for path in folder.rglob(f"*{ending}"))


def list_templates(own: Path | None) -> tuple[Template, ...]:
    """Every template with its blocks and what ``own`` has of its own; files that override nothing last.

    Raises
    ------
    TemplateError
        A template of the project is malformed (with file and line).
    """
    names = template_names()
    made = [_look_up(name, own) for name in names]
    there = own is not None and (own / OUTLINE).is_file()
    made.append(Template(name=OUTLINE, blocks=(), state="copy" if there else "ours"))
    if own is not None and own.is_dir():
        present = _files(own, ".j2", _TYPST)
        made += [
            Template(name=name, blocks=(), state="unknown", nearest=_nearest(name, names))
            for name in present
            if name not in names
        ]
    return tuple(made)


def ejected(name: str, version: str, blocks: tuple[str, ...] = ()) -> str:
    """Text of an override of ``name``: a whole copy, or one that extends ours with ``blocks`` to change.

    Raises
    ------
    UsageError
        There is no template or no block of that name; the message says the nearest.
    """
    names = template_names()
    if name == OUTLINE and not blocks:
        return (templates_dir() / OUTLINE).read_text("utf-8")
    if name not in names:
        known = _nearest(name, names)
        hint = f"; did you mean {known}?" if known else f"; there are {', '.join(names)}."
        raise UsageError(f"There is no template {name!r}{hint}", code="no-template")
    source = _source(name)
    if not blocks:
        return _head(name, version, source, "The whole template: it no longer changes with reportgen.") + source
    known_blocks = _blocks(name, source)
    for block in blocks:
        if block not in known_blocks:
            there = ", ".join(known_blocks) or "none; eject the whole template"
            raise UsageError(f"{name} has no block {block!r}; its blocks: {there}.", code="no-block")
    lead = _head(name, version, source, "Only these blocks differ; the rest is ours and changes with reportgen.")
    if _family(name) == "typst":
        functions = {found[1]: found[0] for found in _FUNCTION.finditer(source)}
        return lead + "\n".join([f'#import "/{OURS}/{name}": *\n', *(functions[block] for block in blocks)])
    start, end = _signs(name)["block"]
    extends = f'{start} extends "{OURS}/{name}" {end}'
    # Macros that ours imports are not inherited with its blocks.
    imports = re.findall(rf"^{re.escape(start)} import .*$", source, flags=re.MULTILINE)
    parts = [_block_text(name, source, block) for block in blocks]
    return lead + "\n".join([extends, *imports, *parts]) + "\n"


# --- one template -----------------------------------------------------------------------------


def _look_up(name: str, own: Path | None) -> Template:
    source = _source(name)
    blocks = _blocks(name, source)
    path = None if own is None else own / name
    if path is None or not path.is_file():
        return Template(name=name, blocks=blocks, state="ours")
    text = path.read_text("utf-8", "replace")
    origin = _ORIGIN.search(text)
    outdated = origin is not None and origin[2] != _digest(source)
    if _family(name) == "typst":
        extends = f'"/{OURS}/{name}"' in text
        defined = tuple(found[1] for found in _FUNCTION.finditer(text))
        state: State = "blocks" if extends else "copy"
        return Template(name=name, blocks=blocks, state=state, overridden=defined, outdated=outdated)
    tree = _parse(name, text)
    # Its own other name only: a file that extends a third one is a whole template of the user's.
    extends = any(
        isinstance(found.template, nodes.Const) and found.template.value == f"{OURS}/{name}"
        for found in tree.find_all(nodes.Extends)
    )
    return Template(
        name=name,
        blocks=blocks,
        state="blocks" if extends else "copy",
        overridden=tuple(dict.fromkeys(block.name for block in tree.find_all(nodes.Block))),
        outdated=outdated,
    )


def _source(name: str) -> str:
    return (templates_dir() / _family(name) / name).read_text("utf-8")


def _family(name: str) -> str:
    return "typst" if name.endswith(_TYPST) else "html" if name.endswith(".html.j2") else "quarto"


def _signs(name: str) -> dict[str, tuple[str, str]]:
    if _family(name) == "typst":
        return {"comment": ("/*", "*/")}
    if _family(name) == "html":
        return {"block": ("{%", "%}"), "comment": ("{#", "#}"), "variable": ("{{", "}}")}
    return {kind: (SIGNS[f"{kind}_start_string"], SIGNS[f"{kind}_end_string"]) for kind in ("block", "comment")}


def _parse(name: str, text: str) -> nodes.Template:
    options: dict[str, Any] = {} if _family(name) == "html" else SIGNS
    try:
        return Environment(autoescape=True, **options).parse(text)
    except TemplateSyntaxError as error:
        raise TemplateError(f"{name}, line {error.lineno}: {error.message}.", code="template-syntax") from None


def _blocks(name: str, text: str) -> tuple[str, ...]:
    if _family(name) == "typst":
        # A function that another one of the same file calls would stay ours there: only the rest can be overridden.
        functions = [(found[1], text[: found.start()] + text[found.end() :]) for found in _FUNCTION.finditer(text)]
        return tuple(known for known, rest in functions if not re.search(rf"(?<![\w-]){known}\(", rest))
    return tuple(block.name for block in _parse(name, text).find_all(nodes.Block))


def _block_text(name: str, source: str, block: str) -> str:
    """Source of one block, from its opening to its own end."""
    start, end = (re.escape(sign) for sign in _signs(name)["block"])
    depth, begin = 0, 0
    for sign in re.finditer(rf"{start}-?\s*(block\s+(\w+)|endblock\b[^%]*?)\s*-?{end}", source):
        if depth == 0 and sign[2] == block:
            begin, depth = sign.start(), 1
        elif depth:
            # A block may hold blocks: its end is the one at which as many were closed as opened.
            depth += 1 if sign[2] else -1
            if depth == 0:
                return source[begin : sign.end()]
    raise TemplateError(f"{name}: the block {block} has no end.", code="template-syntax")


# --- the comment at its head ------------------------------------------------------------------


def _head(name: str, version: str, source: str, note: str) -> str:
    start, end = _signs(name)["comment"]
    lines = [f"{name} of reportgen {version}, {_digest(source)}. {note}", *_data(name)]
    lines.append(
        "All text is final (language, numbers, names) and is escaped where it is printed; nothing else is seen."
    )
    return f"{start} " + "\n   ".join(lines) + f" {end}\n"


def _data(name: str) -> list[str]:
    """What a template gets, in words."""
    if _family(name) == "typst":
        return [f"doc: {_fields(MarketReport)} as JSON; reportgen/render/pdf/tree.py says what differs."]
    if name in _NO_DOC:
        return ["Gets what its callers hand over; see the names in brackets."]
    doc = _DOC.get(name, MarketReport)
    given = [f"doc: {_fields(doc)}"]
    if name.endswith("section.html.j2"):
        given.append(f"section: {_fields(Section)}")
    if _family(name) == "html":
        given.append(f"page: {_fields(Page)}")
    else:
        given.append("page: the same content as pieces of Markdown; reportgen/render/quarto/pages.py has its fields.")
    return [*given, "Fields are described in reportgen/report/blocks.py; block.kind says what a block is."]


def _fields(kind: type) -> str:
    return f"{kind.__name__}({', '.join(field.name for field in fields(kind))})"


def _digest(source: str) -> str:
    return hashlib.sha256(source.encode()).hexdigest()[:12]


def _nearest(name: str, names: tuple[str, ...]) -> str:
    bare = {known.rpartition("/")[2].partition(".")[0]: known for known in reversed(names)}
    if name in bare:
        return bare[name]
    return next(iter(difflib.get_close_matches(name, names, n=1, cutoff=0.5)), "")
