"""Every bad input through a whole build: exit code, the other markets' bytes, one plain line, and back to clean.

The pass rule of RELIABILITY.md at the boundary users see: the command line, ``out/`` and run.json. What is said of
each input is ``test_bad_inputs.py``'s; generated tables are ``test_any_table.py``'s.

Where each line of the corpus is (all in ``tests/bad_inputs.py`` unless another place is named):

=======================================  =====================================================================
case                                     test
=======================================  =====================================================================
File: empty … Hive partition market=NA   ``FILES``: 20 cases; compression bomb: ``test_a_bomb_meets_a_cap``;
                                         unreadable: ``test_a_file_nobody_may_read``
Schema: missing … mixed-type key         ``SCHEMA``: 14 cases
Keys: NA … empty, blank                  ``KEYS``: 9 cases
Time: gaps … shuffled rows               ``TIME``: 8 cases
Model: constant … 10,000 markets         ``MODEL``: 15 cases; no rows after filters: ``test_nothing_left_to_build``
hypothesis frames                        ``test_any_table.py``
=======================================  =====================================================================
"""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from bad_inputs import CASES, OTHERS, BadInput, clean_table, save
from panel_tables import AS_OF
from real_runs import CHECKOUT, RealProject, tree

LARGE = {"fifty thousand pharmacies", "ten thousand markets of one row"}
QUICK = {case.name for case in CASES if case.refused} | {"no sales at all", "keys NA NO ON nan null None TRUE"}


def project(root: Path) -> RealProject:
    """A project whose results do not depend on anything but the table."""
    made = RealProject(root)
    made.write(clean_table(), report={"formats": ["results"]}, run={"as_of": AS_OF, "jobs": 2})
    return made


def numbers(made: RealProject, market: str) -> dict[str, object]:
    """Results of a market without how its file was called and read."""
    content: dict[str, object] = json.loads((made.folder(market) / "results.json").read_bytes())
    provenance = content["provenance"]
    assert isinstance(provenance, dict)
    left_out = ("source", "settings", "settings_exact", "settings_hash")
    return {**content, "provenance": {key: value for key, value in provenance.items() if key not in left_out}}


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> RealProject:
    made = project(tmp_path_factory.mktemp("clean"))
    assert made.run("build").code == 0
    return made


def assert_plain(said: str, root: Path) -> None:
    """Nothing that only a programmer reads, and no path of the machine."""
    for word in ("Traceback", "Something unexpected", str(root), "site-packages", "Error(", "errno"):
        assert word not in said, said


def sources(case: BadInput, made: RealProject) -> dict[str, object]:
    """Write the case's files and return its settings of the panel."""
    return {"source": f"data/{case.make(made.root / 'data')}", **case.panel}


def _marked(case: BadInput) -> object:
    return pytest.param(case, marks=() if case.name in QUICK else pytest.mark.slow, id=case.name)


@pytest.mark.parametrize("case", [_marked(case) for case in CASES if case.name not in LARGE])
def test_a_build_is_refused_or_contains_the_bad_market(
    case: BadInput, tmp_path: Path, clean: RealProject, tried: Callable[..., None]
) -> None:
    tried(case.name)
    made = project(tmp_path)
    (made.root / "data" / "panel.csv").unlink()
    made.write(panel=sources(case, made), model=case.model)
    ended = made.run("build", "--quiet")
    assert_plain(ended.said, tmp_path)
    if case.refused:
        assert ended.code == 4, ended.said
        assert not made.out.exists()
        place = made.settings["panel"]["source"]
        assert ended.err.startswith((f"Error: {Path(place).name}: ", f"Error: {place}: ")), ended.err
    else:
        assert ended.code == 0, ended.said
        if set(OTHERS) <= set(made.account()["markets"]) and not case.model and "bad " not in made.account()["markets"]:
            assert_same_where_untouched(made, clean, case)
    if case.contained:
        made.write(panel={"bad_markets": "contain"})
        ended = made.run("build")
        if case.refused == "empty-market":  # rows of no market: nobody's report is bad, but it is said
            assert (ended.code, ended.err.count("market is empty in 1 row (row 380)")) == (0, 1), ended.said
            assert any("row 380" in text for text in made.account()["warnings"])
            return
        assert ended.code == 1, ended.said
        assert_plain(ended.said, tmp_path)
        for market in OTHERS:
            assert numbers(made, market) == numbers(clean, market)
        failed = {m: e for m, e in made.account()["markets"].items() if e["status"] == "failed"}
        assert len(failed) == 1
        assert next(iter(failed.values()))["failure"]["code"] == case.refused
    made.assert_sound()


def assert_same_where_untouched(made: RealProject, clean: RealProject, case: BadInput) -> None:
    """The markets whose rows are as they were came out as they were."""
    for market in OTHERS:
        ours, theirs = numbers(made, market), numbers(clean, market)
        if ours["provenance"]["data_hash"] == theirs["provenance"]["data_hash"]:  # type: ignore[index]
            differing = [key for key in ours if ours[key] != theirs[key] and key != "provenance"]
            assert differing == [], case.name


@pytest.mark.parametrize(
    "name",
    [
        "negative sales",
        *(pytest.param(name, marks=pytest.mark.slow) for name in ("month 13", "no sales at all", "gaps")),
    ],
)
def test_the_clean_tree_comes_back_when_the_cause_is_gone(name: str, tmp_path: Path) -> None:
    (case,) = (case for case in CASES if case.name == name)
    made = project(tmp_path)
    made.write(panel={**sources(case, made), "bad_markets": "contain"})
    made.run("build", "--quiet")
    save(clean_table(), made.root / "data")
    assert made.run("build", "--quiet").code == 0
    undisturbed = project(tmp_path / "undisturbed")
    undisturbed.write(panel={"source": "data/panel.csv", "bad_markets": "contain"})
    assert undisturbed.run("build", "--quiet").code == 0
    assert tree(made.out / "markets") == tree(undisturbed.out / "markets")
    assert set(tree(made.out)) == set(tree(undisturbed.out))  # the overview also says what changed since the run before


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "markets"), [("fifty thousand pharmacies", 1), ("ten thousand markets of one row", 10_000)]
)
def test_large_thin_tables_end(name: str, markets: int, tmp_path: Path, tried: Callable[..., None]) -> None:
    """All markets are planned; a hundred of ten thousand are built (all of them: the benchmark ``many_markets.py``)."""
    tried(name)
    (case,) = (case for case in CASES if case.name == name)
    made = project(tmp_path)
    made.write(panel=sources(case, made))
    planned = made.run("build", "--dry-run")
    assert (planned.code, planned.out.count(" new ")) == (0, markets), planned.said[-500:]
    ended = made.run("build", "--quiet", "--select", "M000*")
    assert ended.code == 0, ended.said[-2000:]
    assert len(made.account()["markets"]) == min(markets, 100)
    assert {entry["status"] for entry in made.account()["markets"].values()} == {"not-estimable"}
    made.assert_sound()


def test_a_file_nobody_may_read(tmp_path: Path) -> None:
    made = project(tmp_path)
    (made.root / "data" / "panel.csv").chmod(0)
    without_rights = ["setpriv", "--bounding-set=-all"] if os.geteuid() == 0 else []
    assert_refused(made, [*without_rights, sys.executable, "-m", "reportgen", "build", "--quiet"], "panel.csv")


def assert_refused(made: RealProject, command: list[str], file: str) -> None:
    """The command ends with 4 and a plain sentence on ``file``; nothing is written."""
    done = subprocess.run(
        command,
        cwd=made.root,
        env=os.environ | {"PYTHONPATH": str(CHECKOUT)},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 4, done.stderr
    assert done.stderr.startswith(f"Error: {file}: ")
    assert_plain(done.stderr, made.root)
    assert not made.out.exists()


BOMB = """
import resource, sys
resource.setrlimit(resource.RLIMIT_DATA, (1 << 30, 1 << 30))
from reportgen.cli import main
sys.argv = ["reportgen", "build", "--quiet"]
main()
"""


@pytest.mark.slow
@pytest.mark.parametrize("cap", ["of the table", "of the process"])
def test_a_bomb_meets_a_cap(cap: str, tmp_path: Path) -> None:
    """Three gigabytes of one row in a few megabytes: refused in words, whichever limit it meets first."""
    made = project(tmp_path)
    block = gzip.compress(b"A,P1,2021-01,1,1\n" * (1 << 22), compresslevel=9, mtime=0)
    with (made.root / "data" / "panel.csv.gz").open("wb") as stream:
        stream.write(gzip.compress(b"market,pharmacy,month,sales,promotion\n", mtime=0))
        for _ in range(48):
            stream.write(block)
    assert (made.root / "data" / "panel.csv.gz").stat().st_size < 20_000_000
    made.write(panel={"source": "data/panel.csv.gz"})
    started = ["-m", "reportgen", "build", "--quiet"] if cap == "of the table" else ["-c", BOMB]
    assert_refused(made, [sys.executable, *started], "panel.csv.gz")


def test_nothing_left_to_build(tmp_path: Path) -> None:
    made = project(tmp_path)
    ended = made.run("build", "--select", "nosuch-*")
    assert ended.code == 5
    assert not made.out.exists()
