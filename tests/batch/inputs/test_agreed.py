"""One decay for all markets, from the settings to results.json."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

import reportgen
from reportgen import api
from reportgen.batch.inputs.source import Source
from reportgen.model.agreed import decay as shared_decay
from reportgen.model.agreed.decay import market_profile, search_shared_decay
from reportgen.panel.simulate import MarketSpec, _demo_rows, simulate_market
from reportgen.results import from_json
from reportgen.settings.sections import Settings

SHARED = {"adstock.scope": "all"}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Two markets with the same decay, and one whose promotion never changes."""
    import numpy as np

    specs = [
        MarketSpec(market="A", pharmacies=20, periods=20, counts=True),
        MarketSpec(market="B", pharmacies=24, periods=18, counts=True, phi=(0.2, 0.1)),
        MarketSpec(market="C", pharmacies=20, periods=20, constant_promotion=True),
    ]
    rows = [_demo_rows(simulate_market(spec, np.random.default_rng(k))) for k, spec in enumerate(specs)]
    (tmp_path / "data").mkdir()
    pd.concat(rows).to_csv(tmp_path / "data/panel.csv", index=False)
    return tmp_path


def build(project: Path, **options: object) -> reportgen.RunResult:
    return reportgen.build(project, overrides=SHARED, formats=["results"], jobs=1, **options)  # type: ignore[arg-type]


def results(project: Path) -> dict[str, reportgen.MarketResults]:
    found = [from_json(path.read_bytes()) for path in sorted((project / "out/markets").glob("*/results.json"))]
    return {one.market: one for one in found}


def test_all_markets_get_the_decay_with_the_highest_summed_profile(project: Path) -> None:
    assert build(project).exit_code == 0
    kept = json.loads((project / "out/run.json").read_text())["agreed"]
    assert (kept["decay"]["markets"], len(kept["key"])) == (2, 64)
    found = results(project)
    assert found["C"].status == "not-estimable"
    first, second = found["A"], found["B"]
    assert first.model.decay_source == second.model.decay_source == "shared"
    assert first.decay.estimate == second.decay.estimate
    assert first.decay.lower < first.decay.estimate < first.decay.upper
    assert first.decay.profile == second.decay.profile
    settings = Settings()
    source = Source(settings, project)
    panels = {market: source.panel(market) for market in source.index.markets}
    here = search_shared_decay(
        lambda decays: {market: market_profile(panel, settings, decays) for market, panel in panels.items()}, 0.95
    )
    assert here.markets == 2
    assert first.decay.estimate == pytest.approx(here.estimate, abs=1e-7)
    alone = [market_profile(panels[m], settings, (here.estimate, here.lower)) for m in ("A", "B")]
    assert sum(top - low for top, low in alone) == pytest.approx(1.9207, abs=1e-3)


def test_nothing_to_do_reads_no_panel_and_keeps_the_decay(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    build(project)
    monkeypatch.setattr(Source, "panel", lambda *_: pytest.fail("a panel was read"))
    again = build(project)
    assert again.count("up-to-date") == 3


def test_new_data_of_one_market_move_all(project: Path) -> None:
    build(project)
    table = pd.read_csv(project / "data/panel.csv")
    table.loc[table.index[5], "sales"] += 20_000
    table.to_csv(project / "data/panel.csv", index=False)
    planned = build(project, dry_run=True)
    assert {market.reason for market in planned.markets} == {"data-changed"}
    before = results(project)["B"].decay.estimate
    build(project)
    assert results(project)["B"].decay.estimate != before


def test_no_market_to_estimate_leaves_every_market_to_itself(project: Path) -> None:
    table = pd.read_csv(project / "data/panel.csv")
    table[table["market"] == "C"].to_csv(project / "data/panel.csv", index=False)
    assert build(project).exit_code == 0
    assert results(project)["C"].status == "not-estimable"
    assert build(project).count("up-to-date") == 1


def test_merged_shards_remember_the_decay_they_share(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for shard in ("1/2", "2/2"):
        assert build(project, shard=shard).exit_code == 0
    assert reportgen.merge(project, overrides=SHARED).exit_code == 0
    monkeypatch.setattr(shared_decay, "search_shared_decay", lambda *a, **k: pytest.fail("searched again"))
    again = build(project)
    assert again.exit_code == 0
    assert {outcome.action for outcome in again.markets} == {"up-to-date"}


def test_few_markets_decide_about_their_curves_each_for_itself(project: Path) -> None:
    """So that a market that is refused, or is new, does not move the numbers of the others."""
    assert reportgen.build(project, formats=["results"], jobs=1).exit_code == 0
    assert json.loads((project / "out/run.json").read_text())["agreed"] is None


def test_many_markets_share_what_they_say_of_the_curve(tmp_path: Path) -> None:
    import numpy as np

    specs = [MarketSpec(market=name, pharmacies=12, periods=14, counts=True) for name in "ABCDE"]
    rows = [_demo_rows(simulate_market(spec, np.random.default_rng(k))) for k, spec in enumerate(specs)]
    (tmp_path / "data").mkdir()
    pd.concat(rows).to_csv(tmp_path / "data/panel.csv", index=False)
    assert reportgen.build(tmp_path, formats=["results"], jobs=1).exit_code == 0
    kept = json.loads((tmp_path / "out/run.json").read_text())["agreed"]
    assert kept["decay"] is None
    shapes = {tuple(one.channel for one in found.shapes) for found in results(tmp_path).values()}
    assert shapes == {tuple(one["channel"] for one in kept["shapes"])}
    assert reportgen.build(tmp_path, formats=["results"], jobs=1).count("up-to-date") == 5


def test_a_scale_that_the_markets_chose_is_the_one_of_the_run(tmp_path: Path) -> None:
    import numpy as np

    specs = [MarketSpec(market=name, pharmacies=20, periods=20, counts=True) for name in "AB"]
    table = pd.concat(_demo_rows(simulate_market(spec, np.random.default_rng(k))) for k, spec in enumerate(specs))
    table["sales"] = np.exp(table["sales"] / table["sales"].mean() * 4.0)
    (tmp_path / "data").mkdir()
    table.to_csv(tmp_path / "data/panel.csv", index=False)
    built = reportgen.build(tmp_path, overrides={"model.response": "auto"}, formats=["results"], jobs=1)
    assert built.response == "log"
    assert {one.model.response for one in results(tmp_path).values()} == {"log"}
    kept = reportgen.build(tmp_path, overrides={"model.response": "auto"}, formats=["results"], jobs=1)
    assert (kept.count("up-to-date"), kept.response) == (2, "log")
    assert api.render(tmp_path, overrides={"model.response": "auto"}, formats=["results"]).response == "log"
