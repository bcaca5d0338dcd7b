"""A package beside reportgen adds a check, a section and a reader; it is installed, and nothing is forked."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from reportgen import plugins
from reportgen.errors import MarketError

HERE = Path(__file__).parent / "golden/own_package"
ASK = """
import reportgen
a = reportgen.analyse("sales.tally").one
print(a.checks.loc["own-largest-share", "status"])
print([s.title for s in a.document.sections][-2:], a.document.sections[-2].number)
page = a.report("x.html").read_text("utf-8")
print("key account manager" in page, "no pharmacy should hold" in page)
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the package, installed there by pip as a user would."""
    top = tmp_path_factory.mktemp("plugin")
    shutil.copytree(HERE, top / "source")
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation"]
    done = subprocess.run(
        [*command, "--target", str(top / "site"), str(top / "source")], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return top / "site"


def write_tally(path: Path) -> None:
    import numpy as np

    rng = np.random.default_rng(4)
    lines = ["market|pharmacy|month|sales|promotion"]
    for k in range(12):
        for t in range(18):
            visits = rng.poisson(3)
            sales = f"{900 + 40 * visits + rng.normal(0, 30):.2f}".replace(".", ",")
            lines.append(f"A|0{k:02d}|{2022 + t // 12}-{t % 12 + 1:02d}|{sales}|{visits}")
    path.write_text("\n".join(lines) + "\n", "utf-8")


def test_its_check_section_and_reader_are_used(installed: Path, tmp_path: Path) -> None:
    write_tally(tmp_path / "sales.tally")
    env = {**os.environ, "PYTHONPATH": str(installed)}
    done = subprocess.run(
        [sys.executable, "-c", ASK], cwd=tmp_path, env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    sections = "['Key accounts', 'Limits, method, glossary, provenance'] 8"
    assert done.stdout.splitlines()[-3:] == ["pass", sections, "True True"]


def test_a_plugin_that_fails_is_named_and_costs_the_market(monkeypatch: pytest.MonkeyPatch) -> None:
    from importlib.metadata import EntryPoint

    point = EntryPoint(name="broken", value="math:nothing_of_this_name", group="reportgen.checks")
    one = plugins.Plugin(group="reportgen.checks", name="broken", value=point.value, package="theirs 2.0", point=point)
    with pytest.raises(MarketError, match=r"reportgen\.checks broken of theirs 2\.0 failed: AttributeError"):
        one.call(None, None)
