"""One real market from panel to published folder, and its tables; small, so that it stays quick."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from factories import market_results
from reportgen.batch.market import MarketJob, build_market
from reportgen.batch.state import files, record
from reportgen.batch.state.fingerprint import fingerprint
from reportgen.panel.grid import make_panel
from reportgen.render.parquet import parquet_files
from reportgen.results import from_json, to_json
from reportgen.settings.sections import Settings


def job(root: Path, formats: tuple[str, ...] = ("html", "pdf", "brief", "xlsx"), **changes: Any) -> MarketJob:
    rng = np.random.default_rng(3)
    promotion = rng.poisson(3, (14, 24)).astype(float)
    size = rng.normal(0, 300, (14, 1))
    sales = 5000 + size + 120 * promotion + rng.normal(0, 100, promotion.shape)
    panel = make_panel("A & <b>", sales, promotion, source="panel.csv")
    settings = Settings()
    made = MarketJob(
        market=panel.market,
        folder=root / "out" / "markets" / "a-b-12345678",
        root=root,
        settings=settings,
        as_of="2024-01-15",
        stamp=replace(fingerprint(settings, root), data=panel.data_hash),
        formats=formats,
        panel=panel,
    )
    return replace(made, **changes)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, record.MarketRecord]:
    root = tmp_path_factory.mktemp("market")
    return root, build_market(job(root))


def test_every_promised_file_is_there_and_matches_its_hash(built: tuple[Path, record.MarketRecord]) -> None:
    root, made = built
    folder = root / "out" / "markets" / made.slug
    names = {name for name, _ in made.files}
    assert {"results.json", "report.html", "report.pdf", "brief.pdf", "report.xlsx"} <= names
    assert {f"data/{name}.parquet" for name in ("coefficients", "pharmacies", "months", "checks")} <= names
    assert any(name.startswith("figures/") for name in names)
    assert record.read_record(folder) == made
    assert record.damaged_files(folder, made) == ()
    on_disk = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert on_disk == names | {record.NAME}


def test_results_and_record_carry_no_path_of_this_machine(built: tuple[Path, record.MarketRecord]) -> None:
    root, made = built
    for name, _ in made.files:
        content = (root / "out" / "markets" / made.slug / name).read_bytes()
        assert str(root).encode() not in content, name
        assert str(Path.home()).encode() + b"/" not in content, name


def test_the_same_inputs_give_the_same_bytes(built: tuple[Path, record.MarketRecord], tmp_path: Path) -> None:
    assert build_market(job(tmp_path)).files == built[1].files


def test_rendering_from_results_gives_the_same_bytes_as_fitting(
    built: tuple[Path, record.MarketRecord], tmp_path: Path
) -> None:
    root, made = built
    again = job(tmp_path, panel=None, results_folder=root / "out" / "markets" / made.slug)
    assert build_market(again).files == made.files


def test_results_alone_make_no_documents(tmp_path: Path) -> None:
    names = {name for name, _ in build_market(job(tmp_path, formats=("results",))).files}
    assert {name for name in names if not name.startswith("data/")} == {"results.json", "track.json"}


def test_a_market_that_fails_leaves_its_folder_as_it_was(
    built: tuple[Path, record.MarketRecord], monkeypatch: pytest.MonkeyPatch
) -> None:
    root, made = built
    folder = root / "out" / "markets" / made.slug
    before = {path: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.rglob("*") if path.is_file()}

    def fail(*args: object, **kwargs: object) -> bytes:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files, "write_new", fail)
    with pytest.raises(OSError, match="No space"):
        build_market(job(root, formats=("results",)))
    after = {path: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.rglob("*") if path.is_file()}
    assert after == before
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]


def test_tables_hold_the_numbers_of_the_results() -> None:
    results = market_results()
    files = parquet_files(results)
    assert files.pop("data/plan.csv").startswith(b'"pharmacy","now","next"')
    tables = {name: pq.read_table(BytesIO(body)) for name, body in files.items()}
    pharmacies = tables["data/pharmacies.parquet"].to_pylist()
    assert [row["slope"] for row in pharmacies] == [row.slope for row in results.pharmacies]
    fixed = [row for row in tables["data/coefficients.parquet"].to_pylist() if row["kind"] == "fixed"]
    assert [(row["term"], row["estimate"]) for row in fixed] == [(row.term, row.estimate) for row in results.fixed]
    assert results.incremental is not None
    months = tables["data/months.parquet"].to_pylist()
    brought = sum(row["incremental"] or 0 for row in months)
    assert brought == pytest.approx(sum(month.incremental for month in results.incremental.months))
    assert tables["data/checks.parquet"].num_rows == len(results.checks)


def test_tables_of_a_market_without_estimates_are_empty_but_typed() -> None:
    results = market_results(status="not-estimable")
    table = pq.read_table(BytesIO(parquet_files(results)["data/coefficients.parquet"]))
    assert str(table.schema.field("estimate").type) == "double"


def test_results_survive_the_round_trip_of_a_render() -> None:
    results = market_results()
    assert to_json(from_json(to_json(results))) == to_json(results)
