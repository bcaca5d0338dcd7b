"""The demo table is what its dictionary says, and is made the same each time."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from model_problems import PROVENANCE
from panel_tables import load
from reportgen.errors import UsageError
from reportgen.model.analysis import analyse_market
from reportgen.panel.demos import SETTINGS, DemoKind, make_demo, write_demos
from reportgen.panel.simulate import demo_panel, demo_specs, write_demo
from reportgen.project.start import write_demo as write_demo_project
from reportgen.settings.read import load_settings

DATA = Path(__file__).parents[2] / "data"


def test_generator_reproduces_the_demo_file_byte_for_byte(tmp_path: Path) -> None:
    write_demo(tmp_path / "demo.csv")
    assert (tmp_path / "demo.csv").read_bytes() == (DATA / "demo_panel.csv").read_bytes()


def test_demo_has_ten_markets_with_their_peculiarities() -> None:
    table = demo_panel()
    sizes = table.groupby("market")["pharmacy"].nunique()
    assert sizes.size == 10
    assert sizes.between(25, 120).all()
    assert {"NA", "महाराष्ट्र"} <= set(sizes.index)
    assert (table["sales"] > 0).all()
    assert sorted(table["month"].unique())[::35] == ["2021-01", "2023-12"]
    spread = table.groupby("market")["promotion"].std()
    assert spread[spread == 0].index.tolist() == ["IN-KL"]
    rows = table.groupby("market").size() / sizes
    assert rows[rows < 36].index.tolist() == ["IN-RJ"]
    assert not table.duplicated(["market", "pharmacy", "month"]).any()


def test_dictionary_names_the_true_effects() -> None:
    text = (DATA / "README.md").read_text(encoding="utf-8")
    for spec in demo_specs():
        line = next(line for line in text.splitlines() if line.startswith(f"| `{spec.market}` |"))
        if not spec.constant_promotion:
            cells = [cell.strip() for cell in line.strip("|").split("|")]
            assert cells[1:4] == [str(spec.pharmacies), f"{spec.beta:g}", f"{spec.decay:g}"]
            assert float(cells[6].replace(",", "")) == np.round(spec.long_run)


def test_generator_reproduces_the_other_demo_files_byte_for_byte(tmp_path: Path) -> None:
    write_demos(tmp_path)
    for kind in SETTINGS:
        assert (tmp_path / f"demo_{kind}.csv").read_bytes() == (DATA / f"demo_{kind}.csv").read_bytes()


@pytest.mark.parametrize("kind", SETTINGS)
def test_reports_of_the_other_demos_hold_their_truth(kind: DemoKind, tmp_path: Path) -> None:
    write_demo_project(tmp_path, kind)
    settings = load_settings(tmp_path / "reportgen.toml").settings
    markets = load(tmp_path / "data" / "panel.csv", promotion=list(settings.panel.promotion)).markets
    (panel,) = markets.values()
    truth, found = make_demo(kind), analyse_market(panel, settings, PROVENANCE)
    assert found.incremental is not None
    assert found.incremental.lower < truth.total < found.incremental.upper
    for one in found.effects:
        assert one.kept_up.lower < truth.kept_up[one.channel] < one.kept_up.upper
    assert bool(found.shapes) == (kind == "saturating")
    assert (found.experiment is not None) == (kind == "experiment")
    text = (DATA / "README.md").read_text(encoding="utf-8")
    assert f"{truth.total / 1e6:.1f} million" in text or kind == "experiment"
    assert all(f"{round(value):,}" in text for value in truth.kept_up.values())


def test_a_demo_of_an_unknown_kind_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="Did you mean channels"):
        write_demo_project(tmp_path, "channel")
