"""What every test shares: a quiet environment, one BLAS thread, and small projects to build."""

from __future__ import annotations

import os

# Before numpy is imported anywhere: timing and results must not depend on BLAS threads.
for _name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")
os.environ.setdefault("TZ", "UTC")

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest

hypothesis.settings.register_profile(
    "steady", deadline=None, derandomize=True, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("steady")  # a busy machine and a lucky draw are no failures of the code under test

ROOT = Path(__file__).resolve().parent.parent
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome") or ""
ARGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Drop settings of the caller that would change what a build does."""
    for name in list(os.environ):
        if name.startswith("REPORTGEN_") and name != "REPORTGEN_UPDATE_GOLDEN":
            monkeypatch.delenv(name)
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)


@pytest.fixture(scope="session")
def checkout() -> Path:
    """Return the top folder of the checkout."""
    return ROOT


@pytest.fixture(scope="session")
def wheel(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the wheel of this checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(checkout)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="session")
def update_golden() -> bool:
    """Return whether golden files are to be rewritten (``REPORTGEN_UPDATE_GOLDEN=1``)."""
    return os.environ.get("REPORTGEN_UPDATE_GOLDEN") == "1"


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """Yield a running browser, one for all tests of a process: Playwright allows no second."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        # WeasyPrint's fonts, if it ran in this process before, are not the browser's.
        env = {key: value for key, value in os.environ.items() if key != "FONTCONFIG_FILE"}
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGS, env=env)
        yield browser
        browser.close()


# --- the three corpora of RELIABILITY.md, counted -------------------------------------------------

SUITES = {
    "inputs": ("bad inputs tried", "contained"),
    "faults": ("faults injected", "survived"),
    "attacks": ("attacks tried", "withstood"),
}
"""Folder of tests, or marker, and the words of the count."""


def _suite(item: pytest.Item) -> str:
    """Return the corpus that a test belongs to: by its folder, or by its marker wherever it is."""
    folder = item.path.parent.name
    if folder in SUITES:
        return folder
    return next((name for name in SUITES if name != "inputs" and item.get_closest_marker(name)), "")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Note the corpus of every test where its report carries it, also from a worker of xdist; give slow ones time."""
    for item in items:
        if any(item.get_closest_marker(name) for name in ("slow", "faults", "benchmark")):
            item.add_marker(pytest.mark.timeout(3600), append=False)
        if suite := _suite(item):
            item.user_properties.append(("suite", suite))


@pytest.fixture
def tried(request: pytest.FixtureRequest) -> Callable[..., None]:
    """Return a function that names the cases a test tries; a test that names none counts as one case.

    A case that several tests name is one case, and it is passed if all of them pass. ``tried()`` without a name says
    that the test is about the corpus and is no case of its own.
    """

    def name(*cases: str) -> None:
        request.node.user_properties.extend([("case", case) for case in cases] or [("case", "")])

    return name


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Print how many cases of each corpus were tried, and how many of them passed."""
    found: dict[str, dict[str, bool]] = {name: {} for name in SUITES}
    for outcome in ("passed", "failed", "error"):
        for report in terminalreporter.stats.get(outcome, []):
            noted = [tuple(pair) for pair in getattr(report, "user_properties", ())]
            suite = dict(noted).get("suite")
            if suite is None or (outcome == "passed" and report.when != "call"):
                continue
            for case in [value for key, value in noted if key == "case"] or [report.nodeid]:
                if case or outcome != "passed":
                    found[suite][case] = found[suite].get(case, True) and outcome == "passed"
    if any(found.values()):
        counts = [
            f"{len(cases)} {tried}, {sum(cases.values())} {passed}"
            for (tried, passed), cases in zip(SUITES.values(), found.values(), strict=True)
        ]
        terminalreporter.write_line("; ".join(counts))
