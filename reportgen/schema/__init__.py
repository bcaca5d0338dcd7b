"""The published JSON Schemas of results.json and overview.json: files beside this module, written from the types.

``python -m reportgen.schema`` writes them, and ``fields.md``, the same as tables to read; a test fails where they are
not what the types say. The text of every field is its docstring in ``results/``. Every
field is always written (a missing number is ``null``), so every field is required; fields that a later version adds
are allowed. Rejected: a hand-written schema, which would drift, and one made at run time only, which other programs
cannot read.
"""

from __future__ import annotations

import ast
import json
from functools import lru_cache
from pathlib import Path
from typing import Any

from reportgen import results
from reportgen.results import MarketResults, OverviewResults, market, markets
from reportgen.schema.meanings import MEANINGS

FILES: dict[str, tuple[type[MarketResults | OverviewResults], int, str]] = {
    "results.schema.json": (MarketResults, market.SCHEMA_VERSION, "results.json: one market of a reportgen run"),
    "overview.schema.json": (
        OverviewResults,
        markets.SCHEMA_VERSION,
        "overview.json: all markets of a reportgen run",
    ),
}
"""Published files, each with its outermost type, the version of its shape, and its title."""
TABLES = "fields.md"
FOLDER = Path(__file__).parent
_SOURCES = sorted(Path(results.__file__).parent.rglob("*.py"))


def published_schema(name: str) -> dict[str, Any]:
    """The JSON Schema that a file of ``FILES`` has to hold.

    Raises
    ------
    KeyError
        If there is no such file.
    """
    root, version, title = FILES[name]
    schema = results.json_schema(root)
    texts = _field_texts()
    for kind, item in {root.__name__: schema, **schema["$defs"]}.items():
        item["required"] = list(item["properties"])
        for field, content in item["properties"].items():
            content.pop("title", None)
            content.pop("default", None)
            told = texts.get((kind, field)) or MEANINGS.get(f"{kind}.{field}") or MEANINGS.get(field)
            if told:
                content["description"] = told
        # From the class, and first: versions of pydantic differ in whether and where they write it.
        rest = {key: value for key, value in item.items() if key != "description"}
        item.clear()
        item.update({"description": texts[kind, ""]} if (kind, "") in texts else {}, **rest)
    schema["properties"]["schema_version"]["const"] = version
    head = {"$schema": schema.pop("$schema"), "$id": f"urn:reportgen:{name}:{version}", "title": title}
    return {**head, **schema, "title": title}


def schema_text(name: str) -> str:
    """The content of ``results.schema.json``, ``overview.schema.json`` or ``fields.md``."""
    if name == TABLES:
        return "\n".join(["# Every field of results.json and overview.json", "", *_tables()]).replace("``", "`") + "\n"
    return json.dumps(published_schema(name), indent=1, ensure_ascii=False) + "\n"


def write_schemas(folder: Path = FOLDER) -> tuple[Path, ...]:
    """Write every published file into ``folder``."""
    written = tuple(folder / name for name in (*FILES, TABLES))
    for path in written:
        path.write_text(schema_text(path.name), encoding="utf-8")
    return written


@lru_cache(maxsize=1)
def _field_texts() -> dict[tuple[str, str], str]:
    """Docstrings of the results' classes (field ``""``), and those below their fields as one line each."""
    found: dict[tuple[str, str], str] = {}
    for item in (item for path in _SOURCES for item in ast.parse(path.read_text(encoding="utf-8")).body):
        if not isinstance(item, ast.ClassDef):
            continue
        if words := ast.get_docstring(item):
            found[item.name, ""] = words
        for field, text in zip(item.body, item.body[1:], strict=False):
            if not (isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name)):
                continue
            if isinstance(text, ast.Expr) and isinstance(text.value, ast.Constant):
                found[item.name, field.target.id] = " ".join(str(text.value.value).split())
    return found


def _tables() -> list[str]:
    """One Markdown table per type, the outermost types first."""
    lines: list[str] = []
    shown: set[str] = set()
    for name, (root, _, title) in FILES.items():
        schema = published_schema(name)
        for kind, item in {root.__name__: {**schema, "description": title}, **schema["$defs"]}.items():
            if kind in shown:
                continue
            shown.add(kind)
            lines += [f"## {kind}", "", item.get("description", ""), "", "| field | type | meaning |", "|---|---|---|"]
            lines += [
                f"| `{field}` | {_kind(content)} | {content.get('description', '')} |"
                for field, content in item["properties"].items()
            ]
            lines.append("")
    return lines[:-1]


def _kind(content: dict[str, Any]) -> str:
    """The type of a field in words: ``number or null``, ``list of PharmacyRow``."""
    if "$ref" in content:
        return str(content["$ref"]).rpartition("/")[2]
    if "anyOf" in content:
        return " or ".join(_kind(option) for option in content["anyOf"])
    if "const" in content:
        return str(content["const"])
    if "enum" in content:
        return ", ".join(f"`{value}`" for value in content["enum"])
    if "prefixItems" in content:
        return f"[{', '.join(_kind(part) for part in content['prefixItems'])}]"
    if content["type"] == "array":
        return f"list of {_kind(content['items'])}"
    return str(content["type"])
