"""Nothing that comes from data, settings or the current folder is ever run.

What the source may not contain is checked over the whole source; what names may not do is checked by a build with
columns, markets and controls called like code; programs of the current folder must not be started.
"""

from __future__ import annotations

import ast
import pickle
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from real_runs import RealProject, small_table

CODE = [
    "__import__('os').system('touch pwned')",
    "C(open('pwned', 'w'))",
    "`touch pwned`",
    "@__import__('os').system('touch pwned')",
    "I(exec('import os; os.system(\"touch pwned\")'))",
    "sales ~ promotion",
    "a + b : c | d",
    "index",
    "{{7*7}}",
    "$(touch pwned)",
    "Q('x')",
    "lambda: 0",
]

pytestmark = [pytest.mark.attacks]


def modules(checkout: Path) -> Iterator[tuple[str, ast.AST]]:
    for path in sorted((checkout / "reportgen").rglob("*.py")):
        yield path.relative_to(checkout).as_posix(), ast.parse(path.read_text("utf-8"))


def test_the_source_has_no_eval_query_pickle_shell_or_yaml(checkout: Path, tried: Callable[..., None]) -> None:
    tried("eval", "query", "pickle", "shell", "yaml")
    found = []
    for name, tree in modules(checkout):
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                called = node.func
                plain = called.id if isinstance(called, ast.Name) else getattr(called, "attr", "")
                if isinstance(called, ast.Name) and plain in {"eval", "exec", "compile", "__import__"}:
                    found.append((name, node.lineno, plain))
                if plain in {"read_pickle", "to_pickle", "unsafe_load", "full_load"}:
                    found.append((name, node.lineno, plain))
                if isinstance(called, ast.Attribute) and plain in {"query", "eval"} and "database" not in name:
                    found.append((name, node.lineno, plain))
                if any(k.arg == "shell" and getattr(k.value, "value", None) is not False for k in node.keywords):
                    found.append((name, node.lineno, "shell"))
            if isinstance(node, (ast.Import, ast.ImportFrom)):
                names = [node.module or ""] if isinstance(node, ast.ImportFrom) else [a.name for a in node.names]
                bad = {"pickle", "dill", "marshal", "shelve", "yaml"}
                found += [(name, node.lineno, n) for n in names if n.partition(".")[0] in bad]
    assert found == []


@pytest.mark.parametrize("text", [pytest.param(t, marks=() if i < 1 else pytest.mark.slow) for i, t in enumerate(CODE)])
def test_columns_and_codes_called_like_code_are_names(text: str, tmp_path: Path) -> None:
    made = RealProject(tmp_path)
    table = small_table("A", "B")
    table["market"] = table["market"].map({"A": text, "B": "B"})
    table["pharmacy"] = [f"{text}{name}" for name in table["pharmacy"]]
    table["price"] = [str(100 + i * 7 % 13) for i in range(len(table))]
    table = table.rename(columns={"promotion": text, "price": f"{text} 2", "month": f"{text} 3"})
    made.write(
        table,
        panel={"promotion": text, "controls": [f"{text} 2"], "month": f"{text} 3"},
        report={"formats": ["results"]},
    )
    ended = made.run("build", "--quiet")
    assert ended.code == 0, ended.said
    assert text in made.account()["markets"] or len(made.account()["markets"]) == 2
    assert not list(tmp_path.rglob("pwned"))
    assert not Path("pwned").exists()


class Bomb:
    def __reduce__(self) -> tuple[object, ...]:
        return (exec, ("open('pwned', 'w').close()",))


@pytest.mark.parametrize("name", ["panel.parquet", "panel.csv", "panel.xlsx", "panel.pkl", "panel.csv.gz"])
def test_pickled_code_is_never_loaded(name: str, tmp_path: Path) -> None:
    made = RealProject(tmp_path)
    made.write(panel={"source": f"data/{name}"})
    (tmp_path / "data" / name).write_bytes(pickle.dumps(Bomb()))
    ended = made.run("build")
    assert ended.code == 4, ended.said
    assert not list(tmp_path.rglob("pwned"))


@pytest.mark.parametrize(
    "name", [*(pytest.param(n, marks=pytest.mark.slow) for n in ("run.json", "_OK.json")), "results.json"]
)
def test_pickled_code_in_our_own_files_is_never_loaded(name: str, tmp_path: Path) -> None:
    made = RealProject(tmp_path)
    made.write(small_table("A"), report={"formats": ["results"]})
    assert made.run("build", "--quiet").code == 0
    for path in made.out.rglob(name):
        path.write_bytes(pickle.dumps(Bomb()))
    assert made.run("build", "--quiet").code == 0
    assert not list(tmp_path.rglob("pwned"))
    made.assert_sound()


PROGRAMS = ("quarto", "pandoc", "typst", "rsvg-convert", "git", "fc-match", "fc-list", "chromium")


@pytest.mark.slow
def test_no_program_of_the_current_folder_is_started(tmp_path: Path) -> None:
    """With the project's folder, the empty entry and ``.`` first on PATH, as an attacker's archive would like it."""
    made = RealProject(tmp_path)
    made.write(small_table("A"), report={"formats": ["html", "quarto"]})
    for program in PROGRAMS:
        (tmp_path / program).write_text(f"#!/bin/sh\ntouch {tmp_path}/pwned-{program}\necho 1.9.0\n")
        (tmp_path / program).chmod(0o755)
    path = f"::.:{tmp_path}:{Path(sys.executable).parent}"
    for command in (("build", "--quiet"), ("doctor",), ("quarto",), ("quarto", "--render")):
        ended = made.program(*command, PATH=path)
        assert ended.code in {0, 7}, ended.said
    assert [found.name for found in tmp_path.rglob("pwned*")] == []


@pytest.mark.slow
def test_modules_of_the_current_folder_are_not_imported(tmp_path: Path) -> None:
    """The installed command does not look for its libraries beside the data."""
    import shutil
    import subprocess

    command = Path(sys.executable).with_name("reportgen")
    assert command.exists() or shutil.which("reportgen")
    made = RealProject(tmp_path)
    made.write(small_table("A"), report={"formats": ["results"]})
    for module in ("numpy", "pandas", "json", "reportgen", "sitecustomize", "babel"):
        (tmp_path / f"{module}.py").write_text(f"open('pwned-{module}', 'w').close()\n")
    done = subprocess.run([command, "build", "--quiet"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert list(tmp_path.glob("pwned*")) == []


def test_settings_are_data_whatever_they_hold(tmp_path: Path) -> None:
    made = RealProject(tmp_path)
    made.write(
        small_table("A"),
        report={"formats": ["html"], "title": CODE[0], "promotion_unit": "$(touch pwned)"},
        brand={"footer": "{{7*7}}", "name": "${HOME} %(HOME)s ~"},
    )
    assert made.run("build", "--quiet").code == 0
    page = (made.folder("A") / "report.html").read_text("utf-8")
    assert "{{7*7}}" in page
    assert "${HOME} %(HOME)s ~" in page
    assert not re.search(r">\s*49\s*<", page.split("<footer")[-1])
    assert not list(tmp_path.rglob("pwned"))
