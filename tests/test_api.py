"""The public API is a list, and the list is true."""

from __future__ import annotations

import inspect
import subprocess
import sys

import pytest

import reportgen
from reportgen import api
from reportgen.cli.app import app
from reportgen.notebook import verbs


def test_every_listed_name_exists_and_has_a_docstring() -> None:
    for name in reportgen.__all__:
        thing = getattr(reportgen, name)
        assert name == "__version__" or inspect.getdoc(thing), name


def test_dir_is_the_list() -> None:
    assert dir(reportgen) == sorted(reportgen.__all__)


def test_unlisted_names_do_not_exist() -> None:
    with pytest.raises(AttributeError, match="no attribute 'fit'"):
        _ = reportgen.fit  # type: ignore[attr-defined]


def test_the_list_is_what_the_api_defines_and_the_types_it_gives_and_takes() -> None:
    defined = {
        name for name, thing in vars(api).items() if inspect.isfunction(thing) and thing.__module__ == api.__name__
    }
    types = {name for name in reportgen.__all__ if inspect.isclass(getattr(reportgen, name))}
    assert {name for name in defined if not name.startswith("_")} == set(api.__all__)
    every = {*api.__all__, *verbs.__all__, *types, "draw", "__version__"}
    assert set(reportgen.__all__) == set(reportgen._HOMES) == every
    assert types == {
        "MarketAnalyses", "MarketAnalysis", "MarketOutcome", "MarketResults", "ReportgenError", "RunResult", "Settings",
    }  # fmt: skip


def test_every_command_is_a_verb_of_the_api() -> None:
    commands = {command.callback.__name__.rstrip("_") for command in app.registered_commands if command.callback}
    of_the_shell = {"completion"}
    assert commands - of_the_shell == set(api.__all__) - {"load_settings"}


def test_importing_the_package_loads_nothing_else() -> None:
    code = "import sys, reportgen; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    modules = done.stdout.split()
    loaded = {name.split(".")[0] for name in modules}
    assert "reportgen" in loaded
    assert not loaded & {"numpy", "pandas", "pydantic", "typer", "rich", "matplotlib", "weasyprint"}
    assert not [name for name in modules if name.startswith("reportgen.")]
