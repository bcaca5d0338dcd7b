"""A setting stands in one place, is described there, and somebody reads it."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from pydantic.fields import FieldInfo

from reportgen.settings.sections import CalibrationSettings, Settings, sections

FIELDS: dict[str, FieldInfo] = {
    f"{name}.{key}": field
    for name, section in (*sections().items(), ("calibration", CalibrationSettings))
    for key, field in section.model_fields.items()
}


class Readers(ast.NodeVisitor):
    """``section.key`` of what is read off a section: ``settings.run.jobs``, ``run.jobs``, ``self.top``."""

    def __init__(self) -> None:
        self.found: set[str] = set()
        self.known: dict[str, str] = {}

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        before = dict(self.known)
        if node.name.endswith("Settings"):
            self.known["self"] = node.name.removesuffix("Settings").lower()
        self.generic_visit(node)
        self.known = before

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        before = dict(self.known)
        for argument in (*node.args.args, *node.args.kwonlyargs):
            kind = ast.unparse(argument.annotation) if argument.annotation else ""
            if kind.endswith("Settings") and kind != "Settings":
                self.known[argument.arg] = kind.removesuffix("Settings").lower()
        self.generic_visit(node)
        self.known = before

    def visit_Assign(self, node: ast.Assign) -> None:
        targets = node.targets[0].elts if isinstance(node.targets[0], ast.Tuple) else node.targets
        values = node.value.elts if isinstance(node.value, ast.Tuple) else [node.value]
        for target, value in zip(targets, values, strict=False):
            if (
                isinstance(target, ast.Name)
                and isinstance(value, ast.Attribute)
                and value.attr in Settings.model_fields
            ):
                self.known[target.id] = value.attr
        self.generic_visit(node)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        owner = node.value
        name = owner.attr if isinstance(owner, ast.Attribute) else owner.id if isinstance(owner, ast.Name) else ""
        self.found.add(f"{self.known.get(name, name).strip('_')}.{node.attr}")
        self.generic_visit(node)


@pytest.fixture(scope="module")
def read(checkout: Path) -> set[str]:
    readers = Readers()
    for path in (checkout / "reportgen").rglob("*.py"):
        readers.visit(ast.parse(path.read_text("utf-8")))
    return readers.found


@pytest.mark.parametrize("key", FIELDS)
def test_a_setting_is_described_and_read(key: str, read: set[str]) -> None:
    assert len(FIELDS[key].description or "") > 10
    assert key in read


def test_a_setting_that_nobody_reads_would_be_found(read: set[str]) -> None:
    assert not {"adstock.lags", "panel.jobs", "run.title"} & read
