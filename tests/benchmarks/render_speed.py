"""Reports a minute from results: HTML, tagged PDF and brief of 300 pharmacies; writes results/render_speed.md.

``python tests/benchmarks/render_speed.py [reports]``. CPU seconds of one process (median over reports), wall clock of
two processes at once. *Stock writers*: the same report with its charts as matplotlib figures, written by its own SVG
backend and drawn by WeasyPrint's SVG code: what a straightforward program would do.
"""

from __future__ import annotations

import gc
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from io import StringIO
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np

from problems import written
from reportgen.batch.workers.worker import load_stack
from reportgen.panel.simulate import MarketSpec, simulate_market
from reportgen.results import MarketResults, Provenance
from reportgen.settings.sections import Settings


def analysed() -> tuple[MarketResults, Settings]:
    """Results of one market of 300 pharmacies × 36 months."""
    from reportgen.model.analysis import analyse_market

    settings = Settings()
    panel = simulate_market(MarketSpec(pharmacies=300, periods=36, counts=True), np.random.default_rng(1)).to_panel()
    provenance = Provenance(
        package="reportgen", versions=(), source="panel.csv", data_hash="", settings_hash="", settings=(), seed=1,
        as_of="2024-01-15",
    )  # fmt: skip
    return analyse_market(panel, settings, provenance), settings


def documents(results: MarketResults, settings: Settings) -> dict[str, int]:
    """Size of each document in bytes."""
    from reportgen.render.html import render_report
    from reportgen.render.pdf import brief_pdf, report_pdf
    from reportgen.report.document import build_report

    report = build_report(results, settings)
    return {
        "HTML": len(render_report(report).encode()),
        "PDF": len(report_pdf(report)),
        "brief": len(brief_pdf(report)),
    }


def cpu(action: Callable[[], Any], times: int) -> float:
    """Median CPU seconds of one call, the first left out; garbage is collected between calls, as workers do."""
    action()
    found = []
    for _ in range(times):
        gc.collect()
        gc.disable()
        start = time.process_time()
        action()
        found.append(time.process_time() - start)
        gc.enable()
    return statistics.median(found)


def use_stock_writers() -> None:
    """Take away what makes ours fast: our own SVG, operators instead of SVG in a PDF, labels set as one run."""
    import matplotlib as mpl
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    from reportgen.render import html
    from reportgen.render.charts.artists import add_artists
    from reportgen.render.pdf import fetch
    from reportgen.report.blocks import Chart

    def stock(chart: Chart, **_: Any) -> str:
        figure = Figure(figsize=(chart.width / 72, chart.height / 72), dpi=72)
        add_artists(chart, figure.add_axes((0, 0, 1, 1)))
        text = StringIO()
        with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": "reportgen"}):
            FigureCanvasSVG(figure).print_svg(text, metadata={"Date": None})
        made = text.getvalue()
        return made[made.index("<svg") :]

    html.write_svg = fetch.chart_image = stock  # type: ignore[assignment]


def main(reports: int = 8) -> int:
    """Measure and write the table."""
    load_stack("weasyprint")
    results, settings = analysed()
    if os.environ.get("RENDER_ONLY"):
        documents(results, settings)
        print("ready", flush=True)
        sys.stdin.readline()
        for _ in range(reports):
            gc.disable()
            documents(results, settings)
            gc.enable()
            gc.collect()
        return 0
    sizes = documents(results, settings)
    ours = cpu(lambda: documents(results, settings), reports)
    rate = together(reports)
    use_stock_writers()
    stock_sizes = documents(results, settings)
    stock = cpu(lambda: documents(results, settings), max(3, reports // 3))
    rows = [
        f"| {name} | {spent:.2f} | " + " | ".join(f"{size / 1000:.0f}" for size in found.values()) + " |"
        for name, spent, found in (("ours", ours, sizes), ("matplotlib figures, stock SVG", stock, stock_sizes))
    ]
    text = [
        "# Rendering",
        "",
        "`python tests/benchmarks/render_speed.py`: HTML, tagged PDF and brief of one market of 300 pharmacies × 36",
        "months from its results, one process.",
        "",
        "| | CPU s a report | HTML, KB | PDF, KB | brief, KB |",
        "|---|---:|---:|---:|---:|",
        *rows,
        "",
        f"Ratio {stock / ours:.1f}. Two processes at once: {rate:.0f} reports a minute.",
    ]
    written("render_speed", "\n".join(text) + "\n")
    return 0


def together(reports: int) -> float:
    """Reports a minute of two processes at once."""
    command = [sys.executable, __file__, str(reports)]
    environment = {**os.environ, "RENDER_ONLY": "1"}
    both = [
        subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    for process in both:
        assert process.stdout is not None
        process.stdout.readline()
    start = time.perf_counter()
    for process in both:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    for process in both:
        process.wait()
    return 60 * 2 * reports / (time.perf_counter() - start)


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
