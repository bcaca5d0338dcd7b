"""Quarto sources of many markets: time of ``reportgen quarto`` from results, with two processes, charts included.

``python tests/benchmarks/quarto_speed.py [MARKETS ...]`` writes ``results/quarto_speed.md``. The markets are eight
worked-out ones (100 pharmacies, 36 months) under other names; nothing is taken over from another market or run.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from factories import market_results
from quarto_runs import put
from reportgen.publish.quarto.sources import write_sources
from reportgen.settings.sections import Settings

RESULTS = Path(__file__).resolve().parent / "results" / "quarto_speed.md"
PHARMACIES = 100


def timed(root: Path, project: Path) -> tuple[float, int]:
    """Seconds of one command, and the markets it drew."""
    settings = Settings.model_validate({"run": {"jobs": 2}})
    start = time.perf_counter()
    done = write_sources(settings, root, project)
    if done.exit_code:
        raise SystemExit("The sources were not written.")
    return time.perf_counter() - start, done.drawn


def measure(count: int) -> list[str]:
    """One column of the table."""
    kinds = [market_results(seed=seed, pharmacies=PHARMACIES, effect=0.4 + 0.2 * seed) for seed in range(8)]
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        for number in range(count):
            put(root, replace(kinds[number % len(kinds)], market=f"IN-{number:05d}"))
        project = root / "site"
        first = timed(root, project)
        again = timed(root, project)
        if (first[1], again[1]) != (count, 0):
            raise SystemExit(f"Drawn: {first[1]}, then {again[1]} of {count}.")
        made = [path for path in (project / "markets").rglob("*") if path.is_file()]
        size = sum(path.stat().st_size for path in made)
    return [f"{count:,}", f"{first[0]:.1f}", f"{again[0]:.1f}", f"{len(made):,}", f"{size / 1e6:,.0f}"]


def main() -> None:
    """Measure, print and write the table."""
    labels = ["Markets", "Sources written, s", "Again, nothing changed, s", "Files", "MB"]
    before = os.getloadavg()[0]
    columns = [measure(int(count)) for count in sys.argv[1:] or ("100", "1000")]
    rows = [[label, *(column[row] for column in columns)] for row, label in enumerate(labels)]
    lines = [f"| {' | '.join(row)} |" for row in rows]
    lines.insert(1, "|" + "---|" * (len(columns) + 1))
    text = (
        "# Quarto sources of many markets\n\n"
        f"`python tests/benchmarks/quarto_speed.py`, {PHARMACIES} pharmacies × 36 months a market, two processes on "
        f"{os.cpu_count()} cores; load of this machine before: {before:.1f}.\n\n" + "\n".join(lines) + "\n"
    )
    print(text)
    RESULTS.write_text(text, "utf-8")


if __name__ == "__main__":
    main()
