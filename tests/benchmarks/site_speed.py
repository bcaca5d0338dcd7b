"""The site of many markets: time to build it from results, size of the overview, and how soon it answers in Chromium.

``python tests/benchmarks/site_speed.py [MARKETS ...]`` writes ``results/site_speed.md``. The markets are copies of
eight worked-out ones (40 pharmacies, 36 months) with other names and numbers; every one has a real report up to 1,000
markets, a small page beyond. The build is one process.
"""

from __future__ import annotations

import gzip
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from factories import market_results
from reportgen.batch.site.build import SiteJob, SiteMarket, build_site
from reportgen.batch.state import files
from reportgen.render.html import render_report
from reportgen.report.document import build_report
from reportgen.results import MarketResults, from_json, to_json
from reportgen.settings.sections import ReportSettings, Settings

SETTINGS = Settings(report=ReportSettings(promotion_unit="visit"))
RESULTS = Path(__file__).resolve().parent / "results" / "site_speed.md"
CITIES = ("Ahmedabad", "Bengaluru", "Chennai", "Delhi", "Hyderabad", "Jaipur", "Kolkata", "Mumbai", "Nagpur", "Pune")
REAL = 1000
_CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or ""
_READY = """() => new Promise((done) => requestAnimationFrame(() => setTimeout(() => done(performance.now()))))"""
_SORT = """() => { const start = performance.now();
  document.querySelectorAll("#tab-markets thead th")[3].querySelector("button").click();
  document.body.offsetHeight; return performance.now() - start; }"""
_SEARCH = """() => { const start = performance.now(), box = document.querySelector("input[type=search]");
  box.value = "pune"; box.dispatchEvent(new Event("input")); document.body.offsetHeight;
  return performance.now() - start; }"""


def variants() -> list[MarketResults]:
    """Eight markets that differ in verdict and effect, one of them without an estimate."""
    cases: list[dict[str, Any]] = [
        {"effect": 1.0}, {"effect": 0.3}, {"effect": -0.5}, {"effect": 2.0}, {"effect": 1.4, "status": "singular"},
        {"effect": 0.7}, {"status": "not-estimable"}, {"effect": 1.2},
    ]  # fmt: skip
    return [market_results(seed=i, pharmacies=40, periods=36, **case) for i, case in enumerate(cases)]


def scaled(results: MarketResults, name: str, factor: float) -> MarketResults:
    """The same market under another name, with effects that differ by ``factor``."""
    long_run, incremental = results.long_run, results.incremental
    if long_run is None or incremental is None:
        return replace(results, market=name)
    changed = {
        key: None if (value := getattr(long_run, key)) is None else value * factor
        for key in ("estimate", "se", "lower", "upper", "total_pulse")
    }
    return replace(
        results,
        market=name,
        long_run=replace(long_run, **changed),
        incremental=replace(incremental, total=incremental.total * factor, share=incremental.share * factor),
        fixed=tuple(
            row if row.estimate is None else replace(row, estimate=row.estimate * factor) for row in results.fixed
        ),
    )


def write_markets(out: Path, count: int) -> Iterator[SiteMarket]:
    """Put ``count`` market folders in place."""
    made = variants()
    pages = [render_report(build_report(results, SETTINGS)).encode() for results in made]
    for number in range(count):
        kind = (number * 5) % len(made)
        name = f"IN-{CITIES[number % len(CITIES)]} {number:05d}"
        results = scaled(made[kind], name, 0.6 + 0.8 * ((number * 7919) % 1000) / 1000)
        content = {
            "results.json": to_json(results),
            "report.html": pages[kind] if count <= REAL else b"<!doctype html><title>x</title><!--site-->",
            "brief.pdf": b"%PDF-1.7 " + name.encode(),
        }
        folder = out / "markets" / files.slug(name)
        folder.mkdir(parents=True)
        for file, body in content.items():
            (folder / file).write_bytes(body)
        hashes = {file: files.sha256_bytes(body) for file, body in content.items()}
        yield SiteMarket(market=name, slug=folder.name, as_of="2024-01-15", hashes=hashes)


def seconds(job: SiteJob) -> tuple[float, float]:
    """CPU and wall time of one build."""
    wall, cpu = time.perf_counter(), time.process_time()
    build_site(job)
    return time.process_time() - cpu, time.perf_counter() - wall


def in_chromium(page_file: Path) -> dict[str, float]:
    """Milliseconds until the list stands and the page answers, to sort it, and to search it; best of three."""
    from playwright.sync_api import sync_playwright

    found: list[dict[str, float]] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=_CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        for _ in range(3):
            page = browser.new_page(viewport={"width": 1280, "height": 900})
            page.goto(page_file.as_uri(), wait_until="commit")
            page.wait_for_selector(".pager")
            ready = page.evaluate(_READY)
            found.append({"ready": ready, "sort": page.evaluate(_SORT), "search": page.evaluate(_SEARCH)})
            page.close()
        browser.close()
    return {key: min(one[key] for one in found) for key in found[0]}


def measure(count: int) -> list[str]:
    """One column of the table."""
    with tempfile.TemporaryDirectory() as name:
        out = Path(name)
        markets = tuple(sorted(write_markets(out, count), key=lambda one: one.market))
        job = SiteJob(
            out=out, root=out, settings=SETTINGS, as_of="2024-01-31", markets=markets, failed={}, changes=None,
            stamp="s",
        )  # fmt: skip
        start = time.process_time()
        for one in markets:
            from_json((out / "markets" / one.slug / "results.json").read_bytes())
        reading = time.process_time() - start
        first = seconds(job)
        again = seconds(replace(job, stamp="t"))
        index = (out / "site" / "index.html").read_bytes()
        page = in_chromium(out / "site" / "index.html")
        data = sum(path.stat().st_size for path in (out / "site" / "data").iterdir())
    return [
        f"{count:,}", f"{first[0]:.1f} ({first[1]:.1f})", f"{again[0]:.1f} ({again[1]:.1f})", f"{reading:.1f}",
        f"{len(index) / 1000:,.0f}",
        f"{len(gzip.compress(index)) / 1000:,.0f}", f"{data / 1e6:,.1f}", f"{page['ready']:.0f}", f"{page['sort']:.0f}",
        f"{page['search']:.0f}",
    ]  # fmt: skip


def main() -> None:
    """Measure, print and write the table."""
    labels = [
        "Markets", "Whole site from results: CPU s (wall s)", "Again, reports unchanged: CPU s (wall s)",
        "of it reading the results, CPU s",
        "index.html, kB", "compressed, kB", "Tables to download (CSV and Parquet), MB",
        "Chromium: list drawn and answering, ms", "sort by a column, ms", "search, ms",
    ]  # fmt: skip
    measure(8)  # everything loaded, charts' figures made
    columns = [measure(int(text)) for text in sys.argv[1:] or ["100", "1000", "10000"]]
    rows = ["| " + " | ".join(cells) + " |" for cells in zip(labels, *columns, strict=True)]
    text = "\n".join([rows[0], "|---" * (len(columns) + 1) + "|", *rows[1:]])
    load = f"load of this machine at the end {os.getloadavg()[0]:.0f} on {os.cpu_count()} cores"
    command = f"`python tests/benchmarks/site_speed.py`, one process, best of three in Chromium, {load}."
    head = f"# The site of many markets\n\n{command}"
    RESULTS.write_text(f"{head}\n\n{text}\n", encoding="utf-8")
    sys.stdout.write(text + "\n")


if __name__ == "__main__":
    main()
