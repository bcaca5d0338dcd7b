"""Reference pages of the documentation, written from the program: ``python scripts/reference.py FOLDER``.

Commands from the command line, settings from their fields, fields of results.json and overview.json from their types,
checks from rules, words and decisions, messages from the ``raise`` statements, the Python API from its docstrings.
"""

from __future__ import annotations

import ast
import inspect
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple, get_args

import click
import typer
from pydantic import BaseModel
from pydantic_core import PydanticUndefined

import reportgen
from reportgen import charts, errors, plugins, schema
from reportgen.cli.app import app
from reportgen.model.checks.rules import RULES
from reportgen.model.deciding import TABLE
from reportgen.report.words.check_words import CHECKS
from reportgen.results.verdict import Quantity, VerdictCode
from reportgen.settings.sections import Settings

PACKAGE = Path(reportgen.__file__).parent

VERDICTS = {
    "works": "The intervals of the promotion effect and of the sales it brought lie above zero; no check took it away.",
    "works-unevenly": "The same; the test says that pharmacies differ, and the spread is large enough to matter.",
    "unclear": "The interval holds zero and sizes that would matter, estimators disagree, sales do not settle, or "
    "a check that is not met withholds the verdict.",
    "no-effect": "The interval holds zero, and all of it is within 2 % of sales.",
    "negative": "The interval lies below zero.",
    "cannot-tell": "Nothing was estimated, or the effect has no interval; the reasons are on the first page.",
}
"""By hand, after the table of ``model/verdict.py``; that every code is here is tested."""
QUANTITIES = {
    "first-month": "what one more unit brings in its own period",
    "decay": "the carry-over",
    "in-all": "what one more unit brings, summed over all periods",
    "kept-up": "what one more unit in every period brings, once sales have settled",
    "totals": "what all promotion brought: incremental sales, what-if rows, return",
    "works": "the words “works” and “works unevenly”",
}
EXIT_CODES = {
    0: "all fine, or everything up to date",
    1: "finished; at least one market (or the overview) failed, or reports of markets that are gone wait",
    2: "usage",
    3: "settings or template",
    4: "input",
    5: "nothing selected",
    6: "another run holds the lock of the output folder",
    7: "this machine lacks something (`reportgen doctor` says what), or cannot use the storage or mail server",
    130: "interrupted; the same command goes on",
}


def cell(text: object) -> str:
    """Text in one cell of a table."""
    return " ".join(str(text).replace("|", "\\|").replace("``", "`").split())


def table(head: tuple[str, ...], rows: list[tuple[object, ...]]) -> list[str]:
    """A Markdown table."""
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return [*lines, *("| " + " | ".join(map(cell, row)) + " |" for row in rows), ""]


# --- commands ---------------------------------------------------------------------------------------


def walk(command: click.Command, path: tuple[str, ...]) -> Iterator[tuple[str, click.Command]]:
    """Every command under its whole name, groups first."""
    yield " ".join(path), command
    for name, sub in sorted(getattr(command, "commands", {}).items()):
        if not sub.hidden:
            yield from walk(sub, (*path, name))


def all_commands() -> dict[str, click.Command]:
    """Commands by their whole name."""
    return dict(walk(typer.main.get_command(app), ("reportgen",)))


def plain(text: str | None) -> str:
    """Help text without the marks of rich."""
    return re.sub(r"\[/?(?:bold|dim|cyan|italic|link[^\]]*)\]", "", inspect.cleandoc(text or "")).replace("\b", "")


def commands_page() -> str:
    lines = ["# Commands", "", "From the command line itself; `--help` after any of them says the same.", ""]
    for name, command in all_commands().items():
        lines += [f"## `{name}`", "", plain(command.help), ""]
        rows: list[tuple[object, ...]] = []
        for one in command.params:
            if getattr(one, "hidden", False) or one.name == "help":
                continue
            option = one.opts[0].startswith("-")
            flags = (*one.opts, *one.secondary_opts) if option else (str(one.metavar or one.name).upper(),)
            names = ", ".join(f"`{flag}`" for flag in flags)
            rows.append((names, plain(getattr(one, "help", "") or "")))
        if rows:
            lines += table(("option or argument", "meaning"), rows)
    return "\n".join(lines)


# --- settings ---------------------------------------------------------------------------------------


class Setting(NamedTuple):
    """One key of reportgen.toml."""

    key: str
    default: object
    kind: str
    description: str


def all_settings() -> list[Setting]:
    """Every setting, `section.key`; those of ``[[calibration]]`` too."""
    found: list[Setting] = []
    for section, field in Settings.model_fields.items():
        kind = next((one for one in (field.annotation, *get_args(field.annotation)) if _is_section(one)), None)
        if kind is None:
            found.append(Setting(section, field.default, _kind(field.annotation), field.description or ""))
            continue
        for name, own in kind.model_fields.items():
            default = own.default_factory() if callable(own.default_factory) else own.default  # type: ignore[call-arg]
            found.append(Setting(f"{section}.{name}", default, _kind(own.annotation), own.description or ""))
    return found


def _is_section(kind: object) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)


def _kind(annotation: object) -> str:
    values = [value for one in (annotation, *get_args(annotation)) for value in get_args(one) if isinstance(value, str)]
    if values:
        return ", ".join(f"`{value}`" if value else "empty" for value in dict.fromkeys(values))
    text = str(getattr(annotation, "__name__", annotation))
    plain_names = {
        "NoneType": "empty", "typing.": "", "tuple": "list", "str": "text", "bool": "true or false",
        "int": "whole number", "float": "number",
    }  # fmt: skip
    for old, new in plain_names.items():
        text = text.replace(old, new)
    return "text or list" if "[" in text or "Annotated" in text else text


def settings_page() -> str:
    lines = [
        "# Settings",
        "",
        "Keys of `reportgen.toml`, by section. A setting comes from the command line (`--set section.key=value`),",
        "else from the environment (`REPORTGEN_SECTION_KEY`), else from the file, else from the default:",
        "`reportgen config show` tells which.",
        "",
    ]
    rows: dict[str, list[tuple[object, ...]]] = {}
    for one in all_settings():
        section = one.key.partition(".")[0]
        value = "needed" if one.default is PydanticUndefined else f"`{_shown(one.default)}`"
        rows.setdefault(section, []).append((f"`{one.key}`", value, one.kind, one.description))
    for section, own in rows.items():
        lines += [f"## `[{section}]`", "", *table(("setting", "default", "values", "meaning"), own)]
    return "\n".join(lines)


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return "[" + ", ".join(map(_shown, value)) + "]"
    return '""' if value in ("", None) else str(value)


# --- results, checks, verdicts ----------------------------------------------------------------------


def fields_page() -> str:
    text = schema.schema_text(schema.TABLES).replace("\n# ", "\n## ")
    note = (
        "The files are stable: a later version adds fields and takes none away within a `schema_version`. The schemas "
        "are in the package (`reportgen/schema`)."
    )
    return re.sub(r"\A(# [^\n]*\n)", rf"\1\n{note}\n", text)


def checks_page() -> str:
    lines = [
        "# Checks",
        "",
        "Every check of a report: what is measured, where it leaves “passed” and where it fails, and what a status",
        "takes from the report. Where few data make a harmless size likely by chance the limit is higher;",
        "results.json has the limit that counted. Sources of the limits: `reportgen/model/checks/rules.py`.",
        "",
    ]
    for name, rule in RULES.items():
        words = CHECKS[name]
        sign = "<" if rule.worse < 0 else ">"
        limits = f"worth a look where {sign} {rule.review:g}" + (
            f", failed where {sign} {rule.fail:g}" if rule.fail else ""
        )
        taken = [row for row in TABLE if row.check == name]
        withheld = "; ".join(f"where {row.at}: {', '.join(row.withholds)}" for row in taken) or "nothing"
        lines += [
            f"## `{name}`", "", f"**{words.name}.** {words.rule}.", "", f"Limits: {limits}.", "",
            f"Withholds: {withheld}.", "", f"Where it is not met: {words.advice}", "",
        ]  # fmt: skip
    return "\n".join(lines)


def verdicts_page() -> str:
    lines = ["# Verdicts, withheld quantities, exit codes", "", "## Verdicts", ""]
    lines += table(("code", "means"), [(f"`{code}`", VERDICTS[code]) for code in get_args(VerdictCode)])
    lines += ["## What a check can withhold", ""]
    lines += table(("quantity", "is"), [(f"`{name}`", QUANTITIES[name]) for name in get_args(Quantity)])
    lines += [
        "## Exit codes",
        "",
        *table(("code", "means"), [(f"`{code}`", text) for code, text in EXIT_CODES.items()]),
    ]
    return "\n".join(lines)


# --- messages ---------------------------------------------------------------------------------------


class Message(NamedTuple):
    """One thing the program can say when it stops, or that costs a market."""

    kind: str
    code: str
    text: str


def classes() -> dict[str, type[errors.ReportgenError]]:
    """Every class of the error tree."""
    return {name: one for name, one in vars(errors).items()
            if inspect.isclass(one) and issubclass(one, errors.ReportgenError)}  # fmt: skip


def all_messages() -> list[Message]:
    """Class, code and text of every error that is raised with a code written down."""
    found: set[Message] = set()
    known = classes()
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in known):
                continue
            code = next((one.value for one in node.keywords if one.arg == "code"), None)
            if isinstance(code, ast.Constant) and node.args:
                found.add(Message(node.func.id, str(code.value), _text(node.args[0])))
    return sorted(found)


def _text(node: ast.expr) -> str:
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "…" for part in node.values)
    if isinstance(node, ast.BinOp):
        return _text(node.left) + _text(node.right)
    return "…"


def messages_page() -> str:
    lines = [
        "# Messages",
        "",
        "What the program says when it stops, or when one market fails, by class and code; `…` are the names and",
        "numbers of your case. [Troubleshooting](../../how-to/troubleshooting.md) says what to do about the common",
        "ones. Findings of the data contract are listed by `reportgen check` with file, column and rows.",
        "",
    ]
    messages = all_messages()
    for name, kind in classes().items():
        own = [(f"`{one.code}`", one.text) for one in messages if one.kind == name]
        lines += [f"## {name}", "", f"{inspect.getdoc(kind).splitlines()[0]} Exit code {kind.exit_code}.", ""]  # type: ignore[union-attr]
        lines += table(("code", "text"), own) if own else []
    return "\n".join(lines)


# --- Python -----------------------------------------------------------------------------------------


def api_names() -> dict[str, Any]:
    """Every public name with the thing it is: of the package, of an analysis, of charts."""
    found = {f"reportgen.{name}": getattr(reportgen, name) for name in reportgen.__all__ if name != "__version__"}
    for kind in (reportgen.MarketAnalysis, reportgen.MarketAnalyses):
        found |= {
            f"{kind.__name__}.{name}": thing
            for name, thing in vars(kind).items()
            if not name.startswith("_") and inspect.getdoc(thing)
        }
    found |= {f"charts.{one.name}": one for one in (*charts.KINDS, *charts.ACROSS)}
    return found


def api_page() -> str:
    lines = ["# Python API", "", "Public names; whatever is not here may change.", ""]
    for name, thing in api_names().items():
        if name.startswith("charts."):
            continue
        lines += [f"## `{name}`", ""]
        if callable(thing) and not inspect.isclass(thing):
            lines += ["```text", _signature(name, thing), "```", ""]
        lines += [*_docstring(inspect.getdoc(thing) or ""), ""]
    lines += ["## `reportgen.charts`", "", *_docstring(inspect.getdoc(charts) or ""), ""]
    lines += table(
        ("function", "shows"), [(f"`charts.{one.name}`", one.shows) for one in (*charts.KINDS, *charts.ACROSS)]
    )
    lines += ["## Entry points", "", *_docstring(inspect.getdoc(plugins) or "")]
    return "\n".join(lines)


def _signature(name: str, thing: Any) -> str:
    signature = inspect.signature(thing)
    short = name.rpartition(".")[2]
    parts = [str(one) for key, one in signature.parameters.items() if key != "self"]
    one_line = f"{short}({', '.join(parts)})"
    if len(one_line) <= 100:
        return one_line
    return f"{short}(\n    " + ",\n    ".join(parts) + ",\n)"


def _docstring(text: str) -> list[str]:
    """A docstring as Markdown: sections of numpy's style as lists, literal blocks and tables as they stand."""
    lines: list[str] = []
    rows = text.splitlines()
    k, section = 0, False
    while k < len(rows):
        row = rows[k]
        following = rows[k + 1] if k + 1 < len(rows) else ""
        if following and set(following.strip()) == {"-"} and row.strip():
            lines += ["", f"**{row.strip()}**", ""]
            section, k = True, k + 2
            continue
        if row.strip() == "::" or re.fullmatch(r"=+( +=+)+", row.strip()):
            block = []
            begun = row.strip() != "::"
            k += 0 if begun else 1
            while k < len(rows) and (
                (begun and rows[k].strip()) or (not begun and (not rows[k].strip() or rows[k][:1] == " "))
            ):
                block.append(rows[k])
                k += 1
            lines += ["", "```text", inspect.cleandoc("\n".join(block)), "```", ""]
            continue
        if section and row and row[:1] != " ":
            lines.append(f"- `{row.strip()}`")
        elif section and row.strip():
            lines.append("  " + _roles(row.strip()))
        else:
            lines.append(_roles(row))
        k += 1
    return lines


def _roles(text: str) -> str:
    """Cross references of docstrings as plain code."""
    return re.sub(r":\w+:`~?([^`]+)`", r"`\1`", text).replace("``", "`")


PAGES = {
    "commands.md": commands_page,
    "settings.md": settings_page,
    "fields.md": fields_page,
    "checks.md": checks_page,
    "verdicts.md": verdicts_page,
    "messages.md": messages_page,
    "api.md": api_page,
}
"""Generated pages and what writes them."""


def write(folder: Path) -> None:
    """Write every page that is not as it should be."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, make in PAGES.items():
        text = make().rstrip() + "\n"
        path = folder / name
        if not path.is_file() or path.read_text("utf-8") != text:
            path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]) if len(sys.argv) > 1 else Path("docs/reference/generated"))
