"""The demo table is what its dictionary says, and is made the same each time."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from reportgen.panel.simulate import demo_panel, demo_specs, write_demo

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
