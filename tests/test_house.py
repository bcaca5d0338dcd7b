"""The house keeps its order: size of rooms, the tree of ARCHITECTURE.md, no circles, tests beside what they test."""

from __future__ import annotations

import ast
import graphlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

MOST_LINES = 400
MOST_MODULES = 14
LONGEST, MOST_STATEMENTS = 70, 44
"""Lines of a function beside its docstring, and statements, of which a call over thirty lines is one."""
WHOLE_PROGRAM = {"attacks", "benchmarks", "browser", "faults", "golden", "inputs", "quarto", "reference"}
"""Folders of tests that run the whole program, or hold what tests compare with."""


@pytest.fixture(scope="module")
def package(checkout: Path) -> Path:
    return checkout / "reportgen"


def folders(top: Path) -> list[Path]:
    return [path for path in (top, *sorted(top.rglob("*"))) if path.is_dir() and path.name != "__pycache__"]


def test_no_module_is_longer_than_a_reader_keeps_in_mind(package: Path) -> None:
    lines = {path: len(path.read_text("utf-8").splitlines()) for path in package.rglob("*.py")}
    assert {path.name: count for path, count in lines.items() if count > MOST_LINES} == {}


def functions(package: Path) -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    for path in package.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield f"{path.relative_to(package).as_posix()}:{node.name}", node


def test_no_function_is_longer_than_a_screen(package: Path) -> None:
    long = {}
    for name, node in functions(package):
        told = ast.get_docstring(node, clean=False)
        lines = (node.end_lineno or 0) - node.lineno + 1 - (len(told.splitlines()) if told else 0)
        statements = sum(isinstance(inner, ast.stmt) for inner in ast.walk(node))
        if lines > LONGEST or statements > MOST_STATEMENTS:
            long[name] = lines, statements
    assert long == {}


def test_no_room_is_crowded(package: Path) -> None:
    rooms = {path.relative_to(package).as_posix(): len(list(path.glob("*.py"))) for path in folders(package)}
    assert rooms.pop("report/figures") > 0  # a file per chart
    assert {name: count for name, count in rooms.items() if count > MOST_MODULES} == {}


def test_the_architecture_draws_every_room_and_no_other(package: Path, checkout: Path) -> None:
    text = (checkout / "ARCHITECTURE.md").read_text("utf-8")
    drawn = set()
    way: list[str] = []
    for indent, name in re.findall(r"^( *)([a-z]+)/ +\S", text[text.index("## The tree") :], re.MULTILINE):
        way[len(indent) // 2 :] = [name]
        drawn.add("/".join(way))
    there = {path.relative_to(checkout).as_posix() for path in folders(package)}
    assert {name for name in drawn if name.startswith("reportgen")} == there
    assert len(text.splitlines()) <= 100


def test_every_room_says_what_it_is_for_and_what_it_leaves_to_others(package: Path) -> None:
    for folder in folders(package):
        module = folder / "__init__.py"
        if module.is_file():
            said = ast.get_docstring(ast.parse(module.read_text("utf-8"))) or ""
            assert len(re.findall(r"[.!:;](\s|$)", said)) >= 2, folder


def test_a_file_that_is_named_in_words_is_there(package: Path) -> None:
    paths = [path.relative_to(package).as_posix() for path in package.rglob("*.py")]
    named = [
        (path.name, name)
        for path in package.rglob("*.py")
        for name in re.findall(r"``((?:[a-z_]+/)*[a-z_]+\.py)``", path.read_text("utf-8"))
    ]
    assert [one for one in named if not any(f"/{there}".endswith(f"/{one[1]}") for there in paths)] == []


def imports(tree: ast.AST) -> Iterator[tuple[str, str]]:
    """Module and name of every import, those inside functions too, those for types only left out."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            continue
        if isinstance(node, ast.ImportFrom) and node.module:
            yield from ((node.module, name.name) for name in node.names)
        elif isinstance(node, ast.Import):
            yield from ((name.name, "") for name in node.names)
        yield from imports(node)


def test_no_imports_in_a_circle(package: Path) -> None:
    paths = {".".join(path.relative_to(package.parent).with_suffix("").parts): path for path in package.rglob("*.py")}
    modules = {name.removesuffix(".__init__"): ast.parse(path.read_text("utf-8")) for name, path in paths.items()}
    graph = {}
    for module, tree in modules.items():
        found = {f"{source}.{name}" if f"{source}.{name}" in modules else source for source, name in imports(tree)}
        graph[module] = found & set(modules)
    graphlib.TopologicalSorter(graph).prepare()  # raises with the circle


ADDING = {
    "sum", "fsum", "accumulate", "cumsum", "nansum", "cumprod", "prod", "nanprod", "dot", "matmul", "einsum",
    "mean", "nanmean", "fmean", "average", "median", "nanmedian", "std", "nanstd", "stdev", "var", "nanvar", "variance",
    "quantile", "nanquantile", "percentile", "nanpercentile", "quantiles", "inv_cdf", "NormalDist",
}  # fmt: skip
"""Names that make one number of many, or a limit of an estimate. Counting what is listed (``len``, ``Counter``,
``count_nonzero``) makes no new number."""
PLACING = {
    "report/figures/ranking.py": "the points farthest from the middle are named",
    "report/site/directory.py": "too many pharmacies make no page",
    "render/slides/pages.py": "texts take the size at which they fit",
}
"""Modules that use such a number to choose what is drawn, and print none."""


def added_up(path: Path) -> list[str]:
    """What a module calls, or hands to another call (``map(sum, rows)``), that adds up."""
    calls = [node for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Call)]
    names = [node.func.attr if isinstance(node.func, ast.Attribute) else ast.unparse(node.func) for node in calls]
    handed = [one.id for node in calls for one in node.args if isinstance(one, ast.Name) and one.id in {"sum", "fsum"}]
    return [name for name in [*names, *handed] if name in ADDING]


def test_pages_add_nothing_up(package: Path) -> None:
    """Numbers on a page come from ``results/``; drawing and the widths of letters are geometry."""
    geometry = (package / "report/figures/drawing", package / "report/typefaces")
    found = {
        path.relative_to(package).as_posix(): names
        for room in ("report", "render")
        for path in (package / room).rglob("*.py")
        if not any(path.is_relative_to(folder) for folder in geometry) and (names := added_up(path))
    }
    assert {name: names for name, names in found.items() if name not in PLACING} == {}
    assert set(PLACING) <= set(found)


def test_every_part_of_a_document_is_written_by_someone(package: Path, checkout: Path) -> None:
    blocks = ast.parse((package / "report/blocks.py").read_text("utf-8"))
    parts = {
        part.target.id
        for kind in blocks.body
        if isinstance(kind, ast.ClassDef)
        for part in kind.body
        if isinstance(part, ast.AnnAssign) and isinstance(part.target, ast.Name)
    }
    writers = [path for ending in ("j2", "js") for path in (checkout / "templates").rglob(f"*.{ending}")]
    writers += [path for room in ("render", "publish", "report") for path in (package / room).rglob("*.py")]
    read = {name for path in writers for name in re.findall(r"\.(\w+)", path.read_text("utf-8"))}
    assert parts - read == set()


def test_tests_lie_where_the_code_lies(package: Path, checkout: Path) -> None:
    there = {path.relative_to(package) for path in folders(package)}
    tests = {path.relative_to(checkout / "tests") for path in folders(checkout / "tests")}
    beside = {path for path in tests if path.parts and path.parts[0] not in WHOLE_PROGRAM and path.name[0] != "."}
    assert beside <= there
