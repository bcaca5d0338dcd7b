"""The public API is a list, and the list is true."""

from __future__ import annotations

import inspect
import subprocess
import sys

import pytest

import reportgen
from reportgen.cli.app import app


def test_every_listed_name_exists_and_has_a_docstring() -> None:
    for name in reportgen.__all__:
        thing = getattr(reportgen, name)
        assert name == "__version__" or inspect.getdoc(thing), name


def test_dir_is_the_list() -> None:
    assert dir(reportgen) == sorted(reportgen.__all__)


def test_unlisted_names_do_not_exist() -> None:
    with pytest.raises(AttributeError, match="no attribute 'fit'"):
        _ = reportgen.fit  # type: ignore[attr-defined]


def test_the_api_has_the_verbs_of_the_commands() -> None:
    commands = {command.callback.__name__.rstrip("_") for command in app.registered_commands if command.callback}
    assert commands <= set(reportgen.__all__) | {"merge", "preview", "quarto"}


def test_importing_the_package_loads_nothing_else() -> None:
    code = "import sys, reportgen; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    modules = done.stdout.split()
    loaded = {name.split(".")[0] for name in modules}
    assert "reportgen" in loaded
    assert not loaded & {"numpy", "pandas", "pydantic", "typer", "rich", "matplotlib", "weasyprint"}
    assert not [name for name in modules if name.startswith("reportgen.")]
