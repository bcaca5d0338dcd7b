"""The documentation is whole and true: nothing public is missing from it, and what it shows to run runs."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import get_args

import pytest

import reference
import reportgen
from factories import market_results
from reportgen import charts, schema
from reportgen.model.checks.rules import RULES
from reportgen.project.start import write_demo
from reportgen.report.document import build_report
from reportgen.results import Status
from reportgen.results.verdict import Quantity, VerdictCode
from reportgen.settings.read import load_settings
from reportgen.settings.sections import Settings

DOCS = Path(__file__).resolve().parent.parent / "docs"
WRITTEN = {"first-reports.md"}
"""Pages that another test writes and runs."""
PAGES = sorted(
    path.relative_to(DOCS).as_posix()
    for path in DOCS.rglob("*.md")
    if not {"_build", "generated", "notebooks"} & set(path.parts) and path.name not in WRITTEN
)
TREE = sorted(path for path in DOCS.rglob("*.md") if not {"_build", "generated"} & set(path.relative_to(DOCS).parts))


@pytest.fixture(scope="module")
def generated() -> dict[str, str]:
    return {name: make() for name, make in reference.PAGES.items()}


def blocks(page: str, *kinds: str) -> list[tuple[str, str]]:
    text = (DOCS / page).read_text("utf-8")
    return [
        (kind, body)
        for kind, body in re.findall(r"^```(\w+)\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
        if kind in kinds
    ]


def test_every_command_and_option_is_there(generated: dict[str, str]) -> None:
    page = generated["commands.md"]
    for name, command in reference.all_commands().items():
        assert f"## `{name}`" in page
        assert command.help, name
        for one in command.params:
            if one.name != "help" and not getattr(one, "hidden", False):
                assert getattr(one, "help", None), f"{name} {one.name}"


def test_every_setting_is_there_with_what_it_means(generated: dict[str, str]) -> None:
    settings = reference.all_settings()
    assert len(settings) > 60
    for one in settings:
        assert f"`{one.key}`" in generated["settings.md"]
        assert len(one.description) > 10, one.key


def test_every_field_is_there_with_what_it_means(generated: dict[str, str]) -> None:
    for name in schema.FILES:
        found = schema.published_schema(name)
        for kind, item in {found["title"]: found, **found["$defs"]}.items():
            for field, content in item["properties"].items():
                assert f"| `{field}` |" in generated["fields.md"]
                assert content.get("description"), f"{kind}.{field}: say what it is below it, or in schema/meanings.py"


def test_every_check_is_there_with_its_rule_and_what_it_withholds(generated: dict[str, str]) -> None:
    for name in RULES:
        assert f"## `{name}`\n" in generated["checks.md"]
    assert generated["checks.md"].count("Withholds: ") == len(RULES)


def test_every_verdict_quantity_and_exit_code_is_there(generated: dict[str, str]) -> None:
    assert set(reference.VERDICTS) == set(get_args(VerdictCode))
    assert set(reference.QUANTITIES) == set(get_args(Quantity))
    assert {one.exit_code for one in reference.classes().values()} <= set(reference.EXIT_CODES)
    for code in reference.EXIT_CODES:
        assert f"| `{code}` |" in generated["verdicts.md"]


def test_every_public_name_is_there_with_its_words(generated: dict[str, str]) -> None:
    page = generated["api.md"]
    for name, thing in reference.api_names().items():
        assert f"`{name}`" in page
        assert thing.shows if name.startswith("charts.") else thing.__doc__, name
    for name in (*reportgen.__all__, *charts.__all__):
        assert name in page or name.startswith("__") or name in {"ACROSS", "KINDS", "ChartAcross", "ChartKind"}


def test_every_class_and_code_of_error_is_there(generated: dict[str, str]) -> None:
    trouble = (DOCS / "how-to/troubleshooting.md").read_text("utf-8")
    for name in reference.classes():
        assert f"| `{name}` |" in trouble
        assert f"## {name}\n" in generated["messages.md"]
    source = "\n".join(path.read_text("utf-8") for path in reference.PACKAGE.rglob("*.py"))
    codes = set(re.findall(r'\bcode="([a-z-]+)",?\s*\)\s*(?:from|$)', source, re.MULTILINE))
    told = {one.code for one in reference.all_messages()}
    assert len(told) > 120
    assert sorted(code for code in codes - told if f'Reason(code="{code}"' not in source) == []


@pytest.mark.parametrize("status", ["ok", "not-estimable"])
def test_every_section_of_a_report_has_a_page_that_explains_it(status: Status) -> None:
    pages = {path.stem for path in (DOCS / "reading").glob("*.md")}
    report = build_report(market_results(status=status), Settings())
    assert {section.anchor for section in report.sections} - {"why"} <= pages
    for path in (DOCS / "reading").glob("*.md"):
        text = path.read_text("utf-8")
        assert path.stem == "index" or ("## For managers" in text and "## For statisticians" in text), path.stem


METHODS = sorted({path.stem for path in (DOCS / "explanation").glob("*.md")} - {"index", "reality", "sources"})


@pytest.mark.parametrize("method", METHODS)
def test_every_method_has_a_formula_a_source_when_it_fails_and_an_example(method: str) -> None:
    text = (DOCS / "explanation" / f"{method}.md").read_text("utf-8")
    for part in ("\n$$", "**Source.**", "**When it fails.**", "```python\n"):
        assert part in text, part
    sources = (DOCS / "explanation" / "sources.md").read_text("utf-8").splitlines()
    for name, year in re.findall(r"([A-Z][\wäöüèé]+)(?: et al\.)? \(?((?:19|20)\d\d)\b", text):
        assert any(name in line and f"({year}" in line for line in sources), f"{name} {year}"


def test_every_page_is_in_a_table_of_contents() -> None:
    listed = set()
    for path in TREE:
        for body in re.findall(r"^```\{toctree\}\n(.*?)^```", path.read_text("utf-8"), re.MULTILINE | re.DOTALL):
            for line in body.splitlines():
                if line and not line.startswith(":"):
                    listed.add((path.parent / line).resolve())
    for path in TREE:
        assert (path.name == "index.md" and path.parent == DOCS) or path.with_suffix("").resolve() in listed, path


def test_links_between_pages_lead_somewhere() -> None:
    for path in TREE:
        for link in re.findall(r"\]\(([^)#\s]+)", path.read_text("utf-8")):
            if "://" not in link and not link.startswith("mailto:"):
                target = (path.parent / link).resolve()
                assert target.exists() or "generated" in target.parts, f"{path.name}: {link}"


@pytest.mark.parametrize("page", [page for page in PAGES if blocks(page, "toml")])
def test_settings_that_are_shown_are_settings(page: str, tmp_path: Path) -> None:
    (tmp_path / "logo.svg").write_text('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"/>', "utf-8")
    for _, body in blocks(page, "toml"):
        keys = set(tomllib.loads(body))
        assert keys
        # Other files than reportgen.toml: of a package, of sentences, of the order of a report.
        if keys <= {*Settings.model_fields, "calibration"}:
            (tmp_path / "reportgen.toml").write_text(body, "utf-8")
            load_settings(tmp_path / "reportgen.toml")


@pytest.mark.slow
@pytest.mark.parametrize("page", [page for page in PAGES if blocks(page, "python", "console")])
def test_what_is_shown_runs(page: str, tmp_path: Path) -> None:
    """Every Python and console block of a page, in its order, in one folder with the demo project."""
    write_demo(tmp_path / "demo")
    lines = ["import os, shlex, subprocess, sys", "import matplotlib", "matplotlib.use('agg')"]
    for kind, body in blocks(page, "python", "console"):
        if kind == "python":
            lines.append(body)
            continue
        for line in body.splitlines():
            if line.startswith("$ reportgen "):
                lines.append(
                    f"_done = subprocess.run([sys.executable, '-m', 'reportgen', *shlex.split({line[12:]!r})])"
                )
                lines.append(f"assert _done.returncode in (0, 7), {line!r}")
    (tmp_path / "page.py").write_text("\n".join(lines), "utf-8")
    env = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "PYTHONPATH": str(DOCS.parent)}
    done = subprocess.run(
        [sys.executable, "page.py"], cwd=tmp_path, env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]


@pytest.mark.slow
@pytest.mark.skipif(
    any(importlib.util.find_spec(name) is None for name in ("sphinx", "furo", "myst_nb", "latex2mathml")),
    reason="the extra reportgen-lmm[docs] is not installed",
)
def test_the_site_builds_without_a_warning_and_without_a_dead_link() -> None:
    done = subprocess.run(["scripts/docs.sh"], cwd=DOCS.parent, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert " 0 dead" in done.stdout


def test_the_readme_is_short_and_leads_on() -> None:
    text = (DOCS.parent / "README.md").read_text("utf-8")
    assert len(text.splitlines()) <= 120
    for link in re.findall(r"\]\(([^)#\s]+)", text):
        assert "://" in link or (DOCS.parent / link).exists(), link
