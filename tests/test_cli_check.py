"""`reportgen check` as a user meets it: what a build will do is said per market, and then it does that."""

from __future__ import annotations

import io
import json
import random
import re
from collections.abc import Callable
from datetime import date, timedelta
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
    assert "no findings. The data can be used." in said
    project.write(frame("\n".join(line for line in table().splitlines() if line.startswith(("market", "FEW")))))
    assert "no findings, but no market gets an estimate." in project.run("check").out


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


def page_of(project: RealProject, name: str = "data.html", *options: str) -> str:
    done = project.run("check", "--html", name, *options)
    assert done.code == 0, done.said
    return (project.root / name).read_text("utf-8")


def test_the_data_page_is_one_file_and_nothing_else_is_written(project: RealProject) -> None:
    before = {path.name for path in project.root.rglob("*")}
    done = project.run("check", "--html", "data.html")
    assert (done.code, done.out.splitlines()[-1]) == (0, "Open data.html")
    assert {path.name for path in project.root.rglob("*")} == before | {"data.html"}
    page = (project.root / "data.html").read_text("utf-8")
    assert re.findall(r'(?:src|href)="(?!#|data:)[^"]*"', page) == []
    assert str(project.root) not in page
    assert page_of(project) == page


def test_the_page_says_what_a_build_will_do_in_the_readers_language(project: RealProject) -> None:
    page = page_of(project)
    assert '<html lang="de-DE"' in page
    assert "Nur 5 Apotheken haben" in page
    assert page.count("Bericht ohne Schätzung") >= 5
    assert not re.search(
        r"\b(What|Which|Rows|the)\b", re.sub(r"<script.*?</script>|<style.*?</style>", "", page, flags=re.DOTALL)
    )
    english = page_of(project, "english.html", "--set", "report.locale=en_GB")
    assert "Only 5 pharmacies have usable rows" in english


def test_text_of_the_table_is_text_on_the_page(tmp_path: Path) -> None:
    hostile = "<script>alert(1)</script>"
    made = RealProject(tmp_path)
    made.write(
        frame(table().replace("GOOD", hostile).replace("samples", "<img src=x onerror=alert(1)>")),
        panel={"promotion": ["visits", "<img src=x onerror=alert(1)>"]},
    )
    page = page_of(made)
    assert hostile not in page
    assert "<img src=x" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


def test_a_file_that_is_no_data_page_of_ours_stays(project: RealProject) -> None:
    target = project.root / "mine.html"
    target.write_text("<h1>my notes</h1>")
    done = project.run("check", "--html", "mine.html")
    assert (done.code, target.read_text()) == (2, "<h1>my notes</h1>")
    assert "Nothing was changed" in done.err
    assert "--overwrite" in done.err
    page = page_of(project, "mine.html", "--overwrite")
    target.write_text(page.replace("<main", "<p>a note of mine</p><main"), "utf-8")
    assert project.run("check", "--html", "mine.html").code == 2
    assert "a note of mine" in target.read_text("utf-8")
    target.write_text(page, "utf-8")
    assert page_of(project, "mine.html", "--set", "report.title=Other") != page


@pytest.mark.parametrize(
    "name", ["data/panel.csv", "data", "nowhere/data.html", "out/site/data.html", "out/markets/data.html", "link.html"]
)
def test_some_places_are_never_written_to(project: RealProject, name: str) -> None:
    for folder in ("out/site", "out/markets"):
        (project.root / folder).mkdir(parents=True)
    (project.root / "link.html").symlink_to("data/panel.csv")
    before = {path: path.read_bytes() for path in project.root.rglob("*") if path.is_file()}
    for more in ((), ("--overwrite",)):
        done = project.run("check", "--html", name, *more)
        assert (done.code, len(done.err.splitlines())) == (2, 1), done.said
    assert {path: path.read_bytes() for path in project.root.rglob("*") if path.is_file()} == before


def test_a_table_that_cannot_be_built_has_a_page_too(project: RealProject) -> None:
    project.write(frame(table().replace("2022-01,", "2022-13,")))
    done = project.run("check", "--html", "data.html", "--set", "report.locale=en_GB")
    assert done.code == 4
    page = (project.root / "data.html").read_text("utf-8")
    assert "Nothing is built from this table until 1 kind of error is mended." in page
    assert "bad-date" in page or "month" in page


def test_a_thousand_markets_make_a_page_that_opens(tmp_path: Path) -> None:
    lines = ["market,pharmacy,month,sales,promotion"]
    lines += [
        f"M{k:04d},P{p},2022-{m:02d},{100 + (k * p * m) % 97},{(k + p * m) % 5}"
        for k in range(1000) for p in range(3) for m in range(1, 8) if (k + p + m) % 11
    ]  # fmt: skip
    made = RealProject(tmp_path)
    made.write(frame("\n".join(lines)))
    page = page_of(made, "data.html", "--set", "report.locale=en_GB")
    assert len(page) < 1_500_000
    assert page.count("<tr>") > 1000
    assert "Drawn pharmacy by pharmacy are the 12 markets with the most gaps; 988 others" in page
    assert "940 more markets are in the table." in page


@pytest.mark.parametrize(("period", "first"), [("week", "2021-01-04"), ("quarter", "2021-Q1")])
def test_weeks_and_quarters_are_foreseen_drawn_and_built(tmp_path: Path, period: str, first: str) -> None:
    draw = random.Random(5)
    days = [date(2021, 1, 4) + timedelta(weeks=k) for k in range(24)]
    labels = {
        "week": [day.isoformat() for day in days],
        "quarter": [f"{2021 + k // 4}-Q{k % 4 + 1}" for k in range(24)],
    }
    rows = [
        ("A", f"P{p}", label, round(1000 + 90 * p + 30 * visits + draw.gauss(0, 20), 2), visits)
        for p in range(9) for label in labels[period] for visits in [draw.randint(0, 5)]
    ]  # fmt: skip
    made = RealProject(tmp_path)
    made.write(
        pd.DataFrame(rows, columns=["market", "pharmacy", "month", "sales", "promotion"]),
        panel={"period": period}, report={"formats": ["html"]},
    )  # fmt: skip
    page = page_of(made, "data.html", "--set", "report.locale=en_GB")
    assert labels[period][0] == first
    assert "every period has a row in all of 9 pharmacies" in page
    assert made.run("build").code == 0
    (folder,) = (tmp_path / "out" / "markets").iterdir()
    assert json.loads((folder / "results.json").read_text())["status"] in {"ok", "singular"}
