"""One warm market from its rows to HTML, PDF and brief, by each engine of PDF; writes results/pdf_engines.md.

``python tests/benchmarks/pdf_engines.py [rounds]``. One process, engines interleaved, another market every round (Typst
remembers what it laid out); medians of CPU seconds (threads of an engine included) beside the wall clock, of 40 and 300
pharmacies × 36 months.
"""

from __future__ import annotations

import gc
import os
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np

from problems import written
from reportgen.batch.workers.worker import load_stack
from reportgen.panel.simulate import MarketSpec, simulate_market
from reportgen.results import Provenance
from reportgen.settings.sections import PdfEngine, Settings

ENGINES: tuple[PdfEngine, ...] = ("weasyprint", "typst")
Times = dict[str, list[tuple[float, float]]]


def main(rounds: int = 7) -> int:
    """Measure and write the table."""
    for engine in ENGINES:
        load_stack(engine)
    load = os.getloadavg()[0]
    text = [
        "# Engines of PDF",
        "",
        "`python tests/benchmarks/pdf_engines.py`: one warm market in one process, another one every round,",
        f"engines interleaved, {rounds} rounds; medians of CPU seconds (wall clock), load {load:.0f} on two cores.",
        "",
        "| | 40 × 36 | 300 × 36 |",
        "|---|---:|---:|",
    ]
    measured = [rows(pharmacies, rounds) for pharmacies in (40, 300)]
    text += [f"| {name} | " + " | ".join(found[name] for found in measured) + " |" for name in measured[0]]
    written("pdf_engines", "\n".join(text) + "\n")
    return 0


def rows(pharmacies: int, rounds: int) -> dict[str, str]:
    """What is printed of one size."""
    times, sizes = measure(pharmacies, rounds)
    cpu = {name: statistics.median(one for one, _ in found) for name, found in times.items()}
    wall = {name: statistics.median(one for _, one in found) for name, found in times.items()}
    made = {name: f"{cpu[name]:.2f} ({wall[name]:.2f})" for name in cpu}
    common = cpu["numbers"] + cpu["document and HTML"]
    whole = {engine: common + cpu[f"PDF and brief, {engine}"] for engine in ENGINES}
    for engine in ENGINES:
        made[f"all of it, {engine}"] = f"{whole[engine]:.2f}"
        made[f"KB of PDF and brief, {engine}"] = " + ".join(f"{size / 1000:.0f}" for size in sizes[engine])
    pdf = cpu["PDF and brief, weasyprint"] / cpu["PDF and brief, typst"]
    made["WeasyPrint by Typst: PDF and brief; all of it"] = f"{pdf:.1f}; {whole['weasyprint'] / whole['typst']:.1f}"
    return made


def measure(pharmacies: int, rounds: int) -> tuple[Times, dict[str, tuple[int, int]]]:
    """CPU and wall seconds of each stage in every round, the first left out, and sizes of both PDFs in bytes."""
    from reportgen.model.analysis import analyse_market
    from reportgen.render.html import render_report
    from reportgen.render.pdf import brief_pdf, report_pdf
    from reportgen.report.document import build_report

    settings = Settings()
    spec = MarketSpec(pharmacies=pharmacies, periods=36, counts=True)
    provenance = Provenance(
        package="reportgen", versions=(), source="panel.csv", data_hash="", settings_hash="", settings=(), seed=1,
        as_of="2024-01-15",
    )  # fmt: skip
    times: Times = {}
    sizes: dict[str, tuple[int, int]] = {}
    for seed in range(rounds + 1):
        panel = simulate_market(spec, np.random.default_rng(seed)).to_panel()
        results = timed(times, "numbers", lambda: analyse_market(panel, settings, provenance))  # noqa: B023
        report = build_report(results, settings)
        timed(times, "document and HTML", lambda: render_report(build_report(results, settings)))  # noqa: B023
        for engine in ENGINES:
            sizes[engine] = timed(
                times, f"PDF and brief, {engine}",
                lambda: tuple(len(write(report, engine=engine)) for write in (report_pdf, brief_pdf)),  # noqa: B023
            )  # fmt: skip
    return {name: found[1:] for name, found in times.items()}, sizes


def timed(times: Times, name: str, action: Callable[[], Any]) -> Any:
    """What ``action`` gives; its seconds are noted. Garbage is collected before it, as workers do."""
    gc.collect()
    gc.disable()
    cpu, wall = time.process_time(), time.perf_counter()
    made = action()
    times.setdefault(name, []).append((time.process_time() - cpu, time.perf_counter() - wall))
    gc.enable()
    return made


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
