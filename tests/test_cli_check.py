"""`reportgen check` as a user meets it: what a build will do is said per market, and then it does that."""

from __future__ import annotations

import io
import json
import random
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from real_runs import RealProject
from reportgen.batch.state.files import slug

Dose = Callable[[int, int], int]


def table() -> str:
    """Markets of nine pharmacies, each with one thing that a build will say of it."""
    draw = random.Random(3)
    rows = ["market,pharmacy,month,sales,visits,samples"]

    def market(code: str, *, size: int = 9, months: int = 14, visits: Dose | None = None, samples: Dose | None = None,
               sales: Callable[[], float] | None = None) -> None:  # fmt: skip
        for p in range(size):
            base = 1000 + 100 * draw.random()
            for m in range(months):
                v = visits(p, m) if visits else draw.randint(0, 6)
                s = samples(p, m) if samples else draw.randint(0, 9)
                y = sales() if sales else round(base + 30 * v + 5 * s + draw.gauss(0, 60), 2)
                rows.append(f"{code},{code}{p:02d},{2022 + m // 12}-{m % 12 + 1:02d},{y},{v},{s}")

    market("GOOD")
    market("FEW", size=5)
    market("SHORT", months=5)
    market("ZERO", visits=lambda p, m: 0, samples=lambda p, m: 0)
    market("CONST", visits=lambda p, m: 4, samples=lambda p, m: 3)
    market("ONE", samples=lambda p, m: 3)
    market("NATIONAL", visits=lambda p, m: m * 7 % 5, samples=lambda p, m: m * 5 % 7)
    market("FLAT", sales=lambda: 500.0)
    return "\n".join(rows) + "\n"


def frame(text: str) -> pd.DataFrame:
    return pd.read_csv(io.StringIO(text), dtype=str)


@pytest.fixture
def project(tmp_path: Path) -> RealProject:
    made = RealProject(tmp_path)
    made.write(
        frame(table()), panel={"promotion": ["visits", "samples"]}, report={"formats": ["results"], "locale": "de_DE"}
    )
    return made


def test_what_check_says_of_each_market_is_what_a_build_does(project: RealProject) -> None:
    said = json.loads(project.run("check", "--json").out)
    assert said["builds"] is True
    seen = {one["market"]: one for one in said["markets"]}
    assert {market: (one["outcome"], one["codes"]) for market, one in seen.items()} == {
        "GOOD": ("estimate", []),
        "FEW": ("no-estimate", ["too-few-pharmacies"]),
        "SHORT": ("no-estimate", ["too-few-months"]),
        "ZERO": ("no-estimate", ["promotion-constant", "promotion-constant"]),
        "CONST": ("no-estimate", ["promotion-constant", "promotion-constant"]),
        "ONE": ("estimate", []),
        "NATIONAL": ("withheld", ["common-campaigns"]),
        "FLAT": ("no-estimate", ["constant-response"]),
    }
    assert project.run("build").code == 0
    for market, one in seen.items():
        built = json.loads((project.root / "out" / "markets" / slug(market) / "results.json").read_text())
        assert (built["status"] == "not-estimable") == (one["outcome"] == "no-estimate"), market
        if one["outcome"] == "no-estimate":
            assert built["reasons"] == one["reasons"], market
        else:
            assert built["data"]["channels_left_out"] == one["channels_left_out"], market
            assert {gone["check"] for gone in one["withheld"]} <= {gone["check"] for gone in built["withheld"]}, market


def test_the_terminal_names_the_reason_in_english_and_what_would_help(project: RealProject) -> None:
    done = project.run("check")
    said = " ".join(done.out.split())
    assert done.code == 0
    assert "FEW report without an estimate Only 5 pharmacies have usable rows" in said
    assert "Report at least 8 pharmacies together" in said
    assert "samples is left out: it is the same in every row." in said
    assert "2 estimate; 1 estimate, some of it withheld; 5 report without an estimate." in said
    assert not (project.root / "out").exists()


@pytest.mark.parametrize(("bad_markets", "builds"), [("refuse", False), ("contain", True)])
def test_a_market_that_breaks_the_contract_is_refused_and_may_stop_all(
    project: RealProject, bad_markets: str, builds: bool
) -> None:
    broken = table().replace("GOOD,GOOD00,2022-01,", "GOOD,GOOD00,2022-01,x")
    project.write(
        frame(broken),
        panel={"promotion": ["visits", "samples"], "bad_markets": bad_markets},
        report={"formats": ["results"]},
    )
    done = project.run("check", "--json")
    said = json.loads(done.out)
    assert (done.code, said["builds"]) == (4, builds)
    outcomes = {one["market"]: (one["outcome"], one["codes"]) for one in said["markets"]}
    assert outcomes["GOOD"] == ("refused", ["bad-number"])
    assert outcomes["FEW"] == ("no-estimate", ["too-few-pharmacies"])
    assert ("Nothing is built from this table" in project.run("check").out) == (not builds)
    assert project.run("build", "--select", "FEW").code == (0 if builds else 4)
