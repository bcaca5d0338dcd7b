"""How long the commands take, as a user sees it: wall-clock seconds of whole processes.

``make bench`` prints the table of the README. Times are the best of a few runs: other load on the machine only adds.
"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from reportgen.panel.simulate import MarketSpec, simulate_market

pytestmark = [pytest.mark.benchmark]


def seconds(*arguments: str, times: int = 1) -> float:
    found = []
    for _ in range(times):
        start = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-m", "reportgen", *arguments], capture_output=True, text=True, check=False
        )
        found.append(time.perf_counter() - start)
        assert done.returncode == 0, done.stderr
    return min(found)


def tell(what: str, found: float, target: float) -> None:
    sys.stdout.write(f"\n| {what} | {found:.2f} s | {target:g} s |")
    assert found <= target, what


def test_help() -> None:
    tell("`reportgen --help`", seconds("--help", times=5), 0.4)


@pytest.fixture(scope="module")
def one_market(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A table of one market of 300 pharmacies × 36 months."""
    market = simulate_market(MarketSpec(pharmacies=300, periods=36), np.random.default_rng(1))
    folder = tmp_path_factory.mktemp("one")
    lines = ["market,pharmacy,month,sales,promotion"]
    for p in range(300):
        for m in range(36):
            promotion = np.asarray(market.promotion).reshape(-1, 300, 36)[0, p, m]
            lines.append(f"A,P{p:03d},{2021 + m // 12}-{m % 12 + 1:02d},{market.sales[p, m]:.0f},{promotion:g}")
    (folder / "panel.csv").write_text("\n".join(lines) + "\n")
    return folder


def test_one_report_cold(one_market: Path) -> None:
    arguments = ("build", str(one_market / "panel.csv"), "-C", str(one_market), "--force")
    tell("one report of 300 pharmacies, cold: HTML, PDF, brief, site", seconds(*arguments, times=3), 3.0)


def test_demo_and_a_second_run(tmp_path: Path) -> None:
    tell("`reportgen demo`: 10 markets, HTML, PDF, brief, site", seconds("demo", str(tmp_path / "demo")), 30.0)
    tell("the same again, nothing to do", seconds("build", "-C", str(tmp_path / "demo"), times=3), 3.0)
