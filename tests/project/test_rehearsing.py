"""`reportgen rehearse` and `model.rehearsal`: counts of the markets, the same as a build prints, nothing written."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

import reportgen
from reportgen.cli.app import app
from reportgen.errors import NothingSelectedError
from reportgen.panel.simulate import MarketSpec, _demo_rows, simulate_market
from reportgen.results import from_json


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("rehearsal")
    specs = [
        MarketSpec(market="A", pharmacies=40, periods=30, counts=True, beta=1_400.0),
        MarketSpec(market="B", pharmacies=12, periods=16, counts=True, beta=0.0),
    ]
    rows = [_demo_rows(simulate_market(spec, np.random.default_rng([21, k]))) for k, spec in enumerate(specs)]
    pd.concat(rows).to_csv(folder / "panel.csv", index=False)
    (folder / "reportgen.toml").write_text(
        '[panel]\nsource = "panel.csv"\n[model]\nrehearsal = 20\n[report]\nformats = "html"\n[run]\njobs = 1\n'
    )
    return folder


def test_a_rehearsal_writes_nothing_and_is_what_a_build_prints(project: Path) -> None:
    before = sorted(path.name for path in project.iterdir())
    found = reportgen.rehearse(project=project, panels=20)
    assert sorted(path.name for path in project.iterdir()) == before
    assert found.markets["A"] is not None
    assert found.markets["B"] is not None
    assert found.markets["B"].reason in ("unclear-effect", "no-draws")
    assert [row.kind for row in found.together] == [row.kind for row in found.markets["A"].rows]
    build = reportgen.build(project)
    results = [from_json(path.read_bytes()) for path in sorted((project / "out" / "markets").glob("*/results.json"))]
    assert [one.rehearsal for one in results] == [found.markets["A"], found.markets["B"]]
    assert build.exit_code == 0
    page = next((project / "out" / "markets").glob("a-*/report.html")).read_text("utf-8")
    assert "20 panels were drawn from this market’s own promotion and fit" in page
    assert "How often the truth was found" in (project / "out" / "site" / "index.html").read_text("utf-8")
    overview = json.loads((project / "out" / "site" / "data" / "overview.json").read_bytes())
    assert overview["rehearsed"] == 1


def test_the_command_prints_a_table_or_json(project: Path) -> None:
    run = CliRunner().invoke(app, ["rehearse", "A", "-C", str(project), "--panels", "20"])
    assert run.exit_code == 0, run.output
    assert "as the model has it" in run.output
    run = CliRunner().invoke(app, ["rehearse", "A", "-C", str(project), "--panels", "20", "--json"])
    told = json.loads(run.output)
    assert told["panels"] == 20
    assert told["markets"]["A"]["rows"][0]["kind"] == "as-fitted"


def test_an_unknown_market_is_refused(project: Path) -> None:
    with pytest.raises(NothingSelectedError):
        reportgen.rehearse("nowhere", project)
