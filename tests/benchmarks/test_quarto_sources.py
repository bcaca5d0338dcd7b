"""CPU time of one market's Quarto pages: drawn from results.json, and taken over from a build that made them."""

from __future__ import annotations

import gc
import time
from dataclasses import replace
from pathlib import Path

import pytest

import factories
from reportgen.batch import files
from reportgen.batch.quarto_pages import SourceJob, write_market
from reportgen.config import Settings
from reportgen.results import to_json

pytestmark = pytest.mark.benchmark
MARKETS = 20


def jobs(root: Path) -> list[SourceJob]:
    made = []
    for seed in range(MARKETS + 2):
        slug = f"m{seed}"
        folder = root / "markets" / slug
        folder.mkdir(parents=True)
        results = factories.market_results(seed=seed, pharmacies=100, market=f"M{seed}")
        (folder / "results.json").write_bytes(to_json(results))
        made.append(
            SourceJob(
                market=f"M{seed}",
                slug=slug,
                results=folder / "results.json",
                project=root / "site",
                settings=Settings(),
                overrides="",
                formats=("html", "typst"),
                draw=True,
                drawn={},
                method=False,
            )
        )
    return made


def seconds_each(todo: list[SourceJob]) -> float:
    for job in todo[:2]:
        write_market(job)
    gc.collect()
    gc.freeze()
    start = time.process_time()
    for job in todo[2:]:
        write_market(job)
    return (time.process_time() - start) / (len(todo) - 2)


def test_sources_of_a_thousand_markets(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    todo = jobs(tmp_path)
    drawn = seconds_each(todo)
    taken = []
    for job in todo:
        written = tmp_path / "site" / "markets" / job.slug
        target = job.results.parent / "quarto"
        written.rename(target)
        hashes = {p.relative_to(target).as_posix(): files.sha256_file(p) for p in target.rglob("*.*")}
        taken.append(replace(job, drawn=hashes))
    over = seconds_each(taken)
    with capsys.disabled():
        print(
            f"\nQuarto sources, CPU per market of 100 pharmacies: {1000 * drawn:.0f} ms drawn, "
            f"{1000 * over:.0f} ms taken over"
        )
        print(
            f"1,000 markets on 2 quiet cores: {drawn * 500:.0f} s drawn, {over * 500:.0f} s taken over (extrapolated)"
        )
    assert over < 0.25 * drawn
