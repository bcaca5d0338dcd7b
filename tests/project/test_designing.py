"""`reportgen design`: a draw as a file that is not replaced, and what it would show."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import reportgen
from model_problems import small_panel
from reportgen.cli.designing import show_design
from reportgen.errors import InputError, UsageError
from reportgen.settings.sections import Settings


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("design") / "panel.csv"
    rows = ["market,pharmacy,month,sales,promotion"]
    for market, pharmacies, periods in (("A", 24, 24), ("B", 9, 5)):
        panel = small_panel(3, pharmacies=pharmacies, periods=periods)
        rows += [
            f"{market},{market}{g:02d},{panel.period_label(t)},{panel.sales[g, t]:.2f},{panel.promotion[0, g, t]:.0f}"
            for g in range(pharmacies)
            for t in range(periods)
        ]
    path.write_text("\n".join(rows), "utf-8")
    return path


def designed(table: Path, folder: Path, **options):
    return reportgen.design(folder, data=table, market=options.pop("market", "A"), **options)


def test_the_draw_is_a_file_and_the_report_tells_what_it_shows(table: Path, tmp_path: Path) -> None:
    report = designed(table, tmp_path, periods=3)
    rows = list(csv.DictReader(report.file.read_text("utf-8").splitlines()))
    assert report.file.parent == tmp_path
    assert len(rows) == report.pharmacies == report.in_market == 24
    assert sum(row["arm"] == "more" for row in rows) == report.more == 12
    planned = {row["arm"]: float(row["promotion_planned"]) - float(row["promotion_before"]) for row in rows}
    assert planned == {"more": pytest.approx(report.dose, abs=0.011), "as before": 0.0}
    assert [one.periods for one in report.lengths] == [1, 2, 3, 6]
    assert {one.name for one in report.balance} == {"sales", "growth", "promotion"}
    assert report.estimate is None


def test_the_same_seed_is_the_same_draw(table: Path, tmp_path: Path) -> None:
    one = designed(table, tmp_path).file.read_bytes()
    assert designed(table, tmp_path, file=tmp_path / "again.csv").file.read_bytes() == one
    assert designed(table, tmp_path, seed=7, file=tmp_path / "other.csv").file.read_bytes() != one


def test_a_draw_that_is_there_stays(table: Path, tmp_path: Path) -> None:
    report = designed(table, tmp_path)
    before = report.file.read_bytes()
    with pytest.raises(UsageError, match="--overwrite"):
        designed(table, tmp_path, seed=7)
    assert report.file.read_bytes() == before
    assert designed(table, tmp_path, seed=7, overwrite=True).file.read_bytes() != before
    with pytest.raises(UsageError, match="no folder"):
        designed(table, tmp_path, file=tmp_path / "none" / "x.csv")


def test_what_does_not_exist_is_named(table: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no such market"):
        designed(table, tmp_path, market="C")
    with pytest.raises(UsageError, match=r"Name one market"):
        designed(table, tmp_path, market="")
    with pytest.raises(UsageError, match="from 8 to 24"):
        designed(table, tmp_path, pharmacies=25)
    with pytest.raises(UsageError, match="there are promotion"):
        designed(table, tmp_path, channel="calls")
    for odd in ({"dose": -1.0}, {"dose": float("nan")}, {"periods": 0}, {"power": 1.0}):
        with pytest.raises(UsageError, match="--dose one above 0"):
            designed(table, tmp_path, **odd)
    with pytest.raises(InputError, match="there is none"):
        designed(table, tmp_path, market="B")
    assert not list(tmp_path.glob("*.csv"))


def test_the_experiment_is_planned_on_the_scale_that_the_report_has(tmp_path: Path) -> None:
    panel = small_panel(3, pharmacies=24, periods=24)
    sales = np.exp(8.0 + (panel.sales - panel.sales.mean()) / panel.sales.std())
    rows = [
        f"A,A{g:02d},{panel.period_label(t)},{sales[g, t]:.2f},{panel.promotion[0, g, t]:.0f}"
        for g in range(24)
        for t in range(24)
    ]
    table = tmp_path / "panel.csv"
    table.write_text("\n".join(["market,pharmacy,month,sales,promotion", *rows]), "utf-8")
    auto, money = ({"model.response": response} for response in ("auto", "level"))
    alone = designed(table, tmp_path, overrides=auto)
    reportgen.build(tmp_path, data=table, formats=["html"], overrides=auto)
    after = designed(table, tmp_path, overwrite=True, overrides=auto)
    assert (alone.response, alone.estimate, after.response) == ("log", None, "log")
    assert after.lengths[0].smallest == alone.lengths[0].smallest
    assert after.estimate is not None
    other = designed(table, tmp_path, overwrite=True, overrides=money)
    assert (other.response, other.estimate) == ("level", None), "a share of sales is no money"


def test_what_a_design_does_not_count_is_said(table: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report = designed(table, tmp_path, overrides={"panel.territory": "pharmacy"})
    assert report.territories
    assert not report.flattens
    show_design(replace(report, flattens=True), Settings())
    said = " ".join(capsys.readouterr().out.split())
    assert "flattens, and effects are told as those of a straight line" in said
    assert "drawn and simulated one by one" in said
